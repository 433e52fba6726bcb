"""How many threads to use: the one place that listens to what was said from outside.

``None`` hears every limit; -1 is every core that the process may run on; a number is that number.  In a forked child
the answer is always 1, and the kernels keep to it whatever they are asked for (``csrc/forked.h``): OpenMP's threads do
not survive a fork, and a region that waits for them would never end.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from joblib import cpu_count
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits

from fw_circuits._kernels import select
from fw_circuits.exceptions import InputError

__all__ = ["is_forked", "one_thread_after_fork", "threads_of", "worthwhile"]

#: Work of a search from which a second thread pays: to wake one takes some ten microseconds, longer on a busy machine.
SECOND = 4e8

_LOADED_IN = os.getpid()


def is_forked() -> bool:
    """Whether this process was forked after the package was loaded."""
    return os.getpid() != _LOADED_IN


def threads_of(n_jobs: Any) -> int:
    """Number of threads for an ``n_jobs``.

    Parameters
    ----------
    n_jobs : int or None
        A number; -1: every core that the process may run on.  None: the least of those cores, the CPU quota of the
        container, ``OMP_NUM_THREADS``, the limits that joblib and threadpoolctl have set, and ``LOKY_MAX_CPU_COUNT``.

    Returns
    -------
    int
        At least 1; 1 in a forked child.

    Raises
    ------
    InputError
        If it is neither of these.

    Examples
    --------
    >>> threads_of(3), threads_of(None) <= threads_of(-1)
    (3, True)
    """
    if n_jobs is None:
        kernels = select("_threads", None)  # what the OpenMP runtime of the compiled kernels was told
        told = kernels.max_threads() if kernels else _cores()
        return 1 if is_forked() else max(1, min(_cores(), int(cpu_count()), told, *_limits()))
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)) or (n_jobs < 1 and n_jobs != -1):
        raise InputError(
            f"n_jobs is {n_jobs!r}; expected a number of threads above 0, -1 for all cores, or None for what the "
            "environment allows."
        )
    if is_forked():
        return 1
    return _cores() if n_jobs == -1 else int(n_jobs)


def worthwhile(n_threads: int, work: float) -> int:
    """That many threads where they pay: one below `SECOND` multiplications with additions.

    Examples
    --------
    >>> worthwhile(2, 1e5), worthwhile(2, 1e12)
    (1, 2)
    """
    return n_threads if work >= SECOND else 1


def one_thread_after_fork() -> AbstractContextManager[Any]:
    """In a forked child, keep the OpenMP regions of other packages to one thread for a while; else nothing."""
    return threadpool_limits(limits=1, user_api="openmp") if is_forked() else nullcontext()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _limits() -> list[int]:
    """Limits that the OpenMP runtime was not told of: the environment as it is now, and joblib's context."""
    found = []
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # "4,2": nested regions
    if first.isdecimal() and int(first) > 0:
        found.append(int(first))
    backend, _ = get_active_backend()
    inner = getattr(backend, "inner_max_num_threads", None)
    if inner is not None:
        found.append(int(inner))
    if getattr(backend, "nesting_level", 0) and threading.current_thread() is not threading.main_thread():
        found.append(1)  # one of joblib's own threads: its siblings use the other cores
    return found
