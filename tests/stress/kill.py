"""SIGKILL at any moment of a solve with ``checkpoint``: the file is whole, or not there, and a run goes on from it.

The child saves after every pass, so that a good part of its time is writing.  Half of the kills come at a random time
after the start, the others within some milliseconds of a change of the file.  What is left must load, must promise no
bound above the optimum, and a run that starts from it must reach the objective of a run that was never stopped.
"""

from __future__ import annotations

import os
import signal
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from fw_circuits import load, solve
from fw_circuits.pipeline import fit

from ._common import Part, alarm, scratch

#: Seconds after the start, or after a change of the file, within which a child is killed; relative tolerance.
AFTER_START, AFTER_CHANGE, TOL = 0.4, 0.03, 1e-6


def case(seed: int) -> str:
    """One child, killed once."""
    rng = np.random.default_rng([seed, 50])
    X = rng.integers(0, 2, (60, 8))
    y = (X[:, 0] & X[:, 1]) + (X[:, 2] ^ X[:, 3] ^ X[:, 4]) + 0.3 * rng.normal(size=60)
    options = {"lam": 10.0 ** rng.uniform(-3, -1.5), "n_jobs": 1}
    with alarm(120.0), scratch() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = folder / "run.npz"
        if seed % 2:  # an older run's file is there
            solve(X, y, lam=0.1, n_jobs=1).save(path)
        if not _killed(rng, X, y, options, path):
            return "ended before"
        left = [name for name in os.listdir(folder) if name != "run.npz"]
        assert len(left) <= 1 and all(name.endswith(".tmp") for name in left), f"left behind: {left}"
        reference = solve(X, y, tol=TOL, **options)
        if not path.exists():
            assert not seed % 2, "the old file is gone"
            return "nothing yet"
        kept = load(path)
        again = solve(X, y, tol=TOL, warm_start=kept, **options)
    best, most = reference.certificate, again.certificate
    assert best.certified and most.certified, f"{reference.status}, {again.status}"
    assert abs(most.primal - best.primal) <= 2 * TOL * best.primal, f"{most.primal}; never stopped: {best.primal}"
    if kept.parameter == options["lam"]:
        assert kept.certificate.dual <= best.primal * (1 + 1e-9), "the checkpoint's bound is above the optimum"
        assert kept.certificate.primal >= best.dual * (1 - 1e-9), "the checkpoint is better than the optimum"
        return "whole, half-written beside" if left else "whole"
    return "the older file"


def _killed(rng, X, y, options, path: Path) -> bool:
    """Start a solve that would hardly ever end, and kill it; False if it had ended."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            fit.CHECKPOINT_SECONDS = 0.0
            solve(X, y, tol=0.0, max_iter=10**9, method="vanilla", checkpoint=path, **options)
        os._exit(1)
    try:
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0.0, AFTER_START))
        else:
            before = _stamp(path)
            until = time.monotonic() + 30.0
            while _stamp(path) == before and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(rng.uniform(0.0, AFTER_CHANGE))
    finally:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _warm() -> None:
    solve(np.eye(3), np.arange(3.0), lam=0.1, n_jobs=1)


PART = Part("kill", "SIGKILL during a solve with a checkpoint", case, 12, _warm)
