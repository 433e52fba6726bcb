"""Disk full and no permission at every write: a clear error, the old file as it was, nothing left beside it.

Each case runs in a child: the limit of the size of files ("full": in the middle of any byte), a mounted file system
of a few pages ("mounted", where the user may mount), another user ("denied"), no folder, a folder in the file's place.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import shutil
import signal
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np

from fw_circuits import Circuit, solve
from fw_circuits.circuits.formats import WRITERS
from fw_circuits.cli import main
from fw_circuits.exceptions import FwCircuitsError
from fw_circuits.report import write_page
from fw_circuits.report.plots import plot_circuit, plot_convergence

from ._common import Part, forked, scratch

OLD = b"the old file\n"
NOBODY = 65534
#: Where the files that commands read are; of this process.
_INPUTS = Path()
CLONE_NEWNS, MS_PRIVATE_REC = 0x20000, 1 << 18 | 1 << 14


@cache
def solution():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (60, 4))
    return solve(X, X[:, 0] ^ X[:, 1] & X[:, 2], lam=0.01, n_jobs=1)


def _checkpoint(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a checkpoint that cannot be saved may be a warning: the work goes on
        X = np.random.default_rng(0).integers(0, 2, (30, 3))
        solve(X, X[:, 0] & X[:, 1], lam=0.01, n_jobs=1, checkpoint=path)


def _command(*words):
    """The command line; its message is the error."""
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(io.StringIO()):
        status = main([str(word) for word in words])
    if status:
        assert status == 1 and said.getvalue().startswith("fw-circuits: "), said.getvalue()
        assert "Traceback" not in said.getvalue()
        raise OSError(0, said.getvalue())


def _predict(path):
    _command("predict", _INPUTS / "s.npz", _INPUTS / "t.csv", "--output", path)


def _page(path):
    write_page(_INPUTS / "results", path)


WRITES: dict[str, Callable[[Path], object]] = {
    "s.npz": lambda path: solution().save(path),
    "checkpoint.npz": _checkpoint,
    **{f"c{e}": lambda path: Circuit(3, ((6, 1, 2), (8, 4, 3)), (10, 9)).write(path) for e in WRITERS},
    "net.onnx": lambda path: solution().to_resnet().to_onnx(path),
    "convergence.png": lambda path: plot_convergence(solution(), path),
    "circuit.png": lambda path: plot_circuit(solution().atoms[0], path),
    "page.html": _page,
    "predictions.csv": _predict,
}
FAULTS = ("full", "mounted", "denied", "no folder", "a folder")
CASES = tuple(product(WRITES, FAULTS))


def case(seed: int) -> str:
    """One write under one fault; further seeds run out of space at other bytes."""
    name, fault = CASES[seed % len(CASES)]
    rng = np.random.default_rng([seed, 60])
    with scratch() as home:
        folder = home / "out"
        folder.mkdir()
        _inputs(home)
        whole = home / "whole"
        whole.mkdir()
        WRITES[name](whole / name)  # it works, and so large it is
        size = (whole / name).stat().st_size
        os.chmod(home, 0o755)
        return f"{fault}: " + forked(lambda: _under(fault, folder, name, size, rng))


def _inputs(home):
    global _INPUTS
    _INPUTS = home
    solution().save(home / "s.npz")
    (home / "t.csv").write_text("x0,x1,x2,x3\n" + "0,1,1,0\n" * 40)
    (home / "results").mkdir()
    (home / "results" / "a.run.json").write_text(json.dumps({"name": "a", "mode": "quick", "status": "ok"}))


def _under(fault, folder, name, size, rng):
    """In the child: set the fault up, write, and look at what is there."""
    path, old = folder / name, rng.random() < 0.7 and fault not in ("no folder", "a folder")
    if fault == "mounted" and not _mounted(folder):
        return "skipped, no mount"
    if old:
        path.write_bytes(OLD)
    if fault == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(rng.integers(size)),) * 2)
    elif fault == "mounted":
        with open(folder / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(folder).free)
    elif fault == "denied":
        os.chmod(folder, 0o555)
        if os.geteuid() == 0:
            os.setuid(NOBODY)
    elif fault == "no folder":
        path = folder / "missing" / name
    else:
        path.mkdir()
    before = sorted(os.listdir(folder))
    try:
        WRITES[name](path)
    except (OSError, FwCircuitsError, UserWarning) as error:
        text = str(error)
        assert name in text or name in str(getattr(error, "filename", "")), f"the file is not named: {text!r}"
        assert ".tmp" not in text, f"the message names a temporary file: {text!r}"
    else:
        raise AssertionError("no error")
    assert sorted(os.listdir(folder)) == before, f"left behind: {set(os.listdir(folder)) - set(before)}"
    assert not old or path.read_bytes() == OLD, "the old file is damaged"
    return "refused"


def _mounted(folder):
    """A file system of 64 KB at the folder, in a name space of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_PRIVATE_REC, None):
        return False
    return not libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=64k")


def _warm() -> None:
    """Caches that a first use writes must not meet the fault."""
    with scratch() as home:
        (home / "out").mkdir()
        _inputs(home)
        for name, write in WRITES.items():
            write(home / "out" / name)


PART = Part("disk", "disk full and no permission at every write", case, len(CASES), _warm)
