"""Checks of the settings of a solve: everything that is wrong at once, and what is right as plain Python values."""

import math
import numbers
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits.exceptions import InputError

LOSSES = ("squared", "logistic", "huber")
METHODS = ("vanilla", "away", "pairwise", "corrective")
MAX_LEVEL = 16


def _real_problem(name: str, value: Any, *, low: float, open_low: bool, finite: bool = True) -> str | None:
    sign = ">" if open_low else ">="
    wanted = f"{name} is {value!r}; expected a {'finite ' if finite else ''}number {sign} {low:g}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return wanted
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond all floats
        return wanted
    inside = number > low if open_low else number >= low
    return None if inside and (math.isfinite(number) or not finite) else wanted


def _is_int(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


def _levels_problem(levels: Any) -> str | None:
    wanted = f"levels is {levels!r}; expected distinct whole numbers from 1 to {MAX_LEVEL}, such as (1, 2, 3)"
    if not isinstance(levels, tuple | list) or not levels:
        return wanted
    good = all(_is_int(k) and 1 <= k <= MAX_LEVEL for k in levels) and len(set(levels)) == len(levels)
    return None if good else wanted


@dataclass(frozen=True)
class Settings:
    """What `check_parameters` let through, as plain Python values."""

    gamma: float
    tau: float | None
    lam: float | None
    eps: float | None
    tol: float
    max_iter: int
    time_limit: float | None
    levels: tuple[int, ...] | None
    max_gates: int | None
    n_jobs: int | None
    huber_threshold: float


def check_parameters(
    *,
    gamma: Any = 3.0,
    tau: Any = None,
    lam: Any = None,
    eps: Any = None,
    tol: Any = 1e-3,
    max_iter: Any = 500,
    time_limit: Any = None,
    loss: Any = "squared",
    method: Any = "corrective",
    levels: Any = None,
    max_gates: Any = None,
    n_jobs: Any = None,
    huber_threshold: Any = 1.0,
) -> Settings:
    """Check the settings of a solve, all at once, before any arithmetic; they come back as plain Python values.

    Ranges: gamma > 0 (a warning up to 2: theory section 3); at most one of tau >= 0, lam > 0, eps > 0; tol >=
    0; max_iter >= 1; time_limit > 0 seconds or None; levels distinct in 1..16 or None; max_gates >= 0 or
    None; n_jobs a whole number other than 0, or None; huber_threshold > 0.  NumPy scalars and arrays of no axes are
    taken as the numbers that they hold, arrays of levels as tuples: a saved solution holds plain numbers.

    Raises
    ------
    InputError
        One error that lists everything that is wrong.

    Examples
    --------
    >>> check_parameters(gamma=-1.0, loss="hinge")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: 2 settings cannot be used:
    - gamma is -1.0; expected a finite number > 0 (and > 2 for the HTMC statements)
    - loss is 'hinge'; known losses: squared, logistic, huber
    """
    gamma, tau, lam, eps, tol, max_iter, time_limit, max_gates, n_jobs, huber_threshold = map(
        _plain, (gamma, tau, lam, eps, tol, max_iter, time_limit, max_gates, n_jobs, huber_threshold)
    )
    if isinstance(levels, np.ndarray) and levels.ndim == 1:
        levels = tuple(levels.tolist())
    problems: list[str | None] = []
    gamma_problem = _real_problem("gamma", gamma, low=0, open_low=True)
    problems.append(gamma_problem and gamma_problem + " (and > 2 for the HTMC statements)")
    given = [f"{n}={v!r}" for n, v in (("tau", tau), ("lam", lam), ("eps", eps)) if v is not None]
    if len(given) > 1:
        problems.append(f"{' and '.join(given)} were given; expected at most one of tau, lam and eps")
    for name, value, low, open_low, finite in (
        ("tau", tau, 0, False, True),
        ("lam", lam, 0, True, True),
        ("eps", eps, 0, True, True),
        ("time_limit", time_limit, 0, True, False),
    ):
        if value is not None:
            problems.append(_real_problem(name, value, low=low, open_low=open_low, finite=finite))
    problems.append(_real_problem("tol", tol, low=0, open_low=False))
    problems.append(_real_problem("huber_threshold", huber_threshold, low=0, open_low=True))
    if not _is_int(max_iter) or max_iter < 1:
        problems.append(f"max_iter is {max_iter!r}; expected a whole number >= 1")
    if not isinstance(loss, type) and loss not in LOSSES:  # a class is checked where it is used
        problems.append(f"loss is {loss!r}; known losses: {', '.join(LOSSES)}")
    if method not in METHODS:
        problems.append(f"method is {method!r}; known methods: {', '.join(METHODS)}")
    if levels is not None:
        problems.append(_levels_problem(levels))
    if max_gates is not None and (not _is_int(max_gates) or max_gates < 0):
        problems.append(
            f"max_gates is {max_gates!r}; expected a whole number >= 0, or None for the oracle's own limit"
        )
    if n_jobs is not None and (not _is_int(n_jobs) or n_jobs == 0):
        problems.append(f"n_jobs is {n_jobs!r}; expected a number of threads, -1 for all of them, or None")
    wrong = [p for p in problems if p]
    if wrong:
        head = "1 setting" if len(wrong) == 1 else f"{len(wrong)} settings"
        raise InputError(f"{head} cannot be used:\n" + "\n".join(f"- {p}" for p in wrong))
    if gamma <= 2:
        warnings.warn(
            f"gamma is {gamma!r}, not above 2: the gauge is still a norm, but the statements about HTMC "
            "norms and circuit size do not apply; use gamma > 2 for them.",
            UserWarning,
            stacklevel=3,
        )
    return Settings(
        gamma=float(gamma), tau=_float_or_none(tau), lam=_float_or_none(lam), eps=_float_or_none(eps), tol=float(tol),
        max_iter=int(max_iter), time_limit=_float_or_none(time_limit),
        levels=None if levels is None else tuple(int(k) for k in levels),
        max_gates=None if max_gates is None else int(max_gates), n_jobs=None if n_jobs is None else int(n_jobs),
        huber_threshold=float(huber_threshold),
    )  # fmt: skip


def check_random_state(random_state: Any) -> int | None:
    """A seed as an int >= 0, or None for another one each time; a NumPy generator draws it.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> check_random_state(np.int64(3)), check_random_state(np.random.RandomState(0)) >= 0
    (3, True)
    """
    if random_state is None:
        return None
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    seed = _plain(random_state)
    if not _is_int(seed) or seed < 0:
        raise InputError(
            f"random_state is {random_state!r}; expected an integer of at least 0, a NumPy RandomState or Generator, "
            "or None."
        )
    return int(seed)


def _plain(value: Any) -> Any:
    """The entry of an array of no axes; everything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _float_or_none(value: Any) -> float | None:
    return None if value is None else float(value)


def check_penalties(lams: Any, n_lams: Any, ratio: Any, name: str = "lams") -> None:
    """Check the penalties of a path: the list ``lams`` if there is one, else how many and down to which ratio.

    Raises
    ------
    InputError
        An empty list or one with anything but finite numbers > 0; n_lams not a whole number >= 1; ratio not in (0, 1).

    Examples
    --------
    >>> check_penalties([0.1, 0.0], 20, 1e-3)
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: lams is [0.1, 0.0]; expected one or more finite numbers > 0.
    """
    if lams is not None:
        good = np.ndim(lams) == 1 and len(lams) > 0
        if not good or any(_real_problem(name, v, low=0, open_low=True) for v in lams):
            shown = lams.tolist() if isinstance(lams, np.ndarray) else lams
            raise InputError(f"{name} is {shown!r}; expected one or more finite numbers > 0.")
    elif not _is_int(n_lams) or n_lams < 1 or _real_problem("", ratio, low=0, open_low=True) or ratio >= 1:
        raise InputError(
            f"n_lams={n_lams!r}, ratio={ratio!r}; expected a whole number n_lams >= 1 and 0 < ratio < 1."
        )
