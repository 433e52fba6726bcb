"""Mutated files: every reader answers with an object or with one of the package's errors, soon and in little memory.

Circuit formats are parsed from bytes; tables and solutions go through a file in memory, and half of the archives are
broken inside, below their checksums.  Measured on some of the files: the peak of what Python and NumPy allocate.  On
all of them: no more than a second a KB, and a limit of the address space.  An archive whose pickle would leave a mark
is among them.
"""

from __future__ import annotations

import os
import resource
import tracemalloc
import warnings
import zipfile
from contextlib import suppress
from functools import cache, partial
from io import BytesIO
from pathlib import Path

import numpy as np

from fw_circuits import load
from fw_circuits.circuits.formats import READERS, WRITERS
from fw_circuits.data import read_table
from fw_circuits.exceptions import CircuitError, FormatError, InputError

from . import samples
from ._common import Part, alarm
from .mutate import mutated

REFUSALS = (CircuitError, FormatError, InputError)
#: Bytes that a reader may allocate: this many for each of the file's, beside what any file costs.
PER_BYTE, BASE = 100, 4 << 20
#: One file in this many is measured; address space beside what is in use.
MEASURED, SPACE = 50, 1 << 30
MARK = Path(f"/tmp/stress-mark-{os.getpid()}")


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __reduce__(self):
        return (open, (str(MARK), "w"))


def circuit_case(ending, seed):
    """One mutated circuit file."""
    rng = np.random.default_rng([seed, 20])
    data = mutated(rng, circuits(ending), samples.WORDS[ending])
    return within_limits(partial(_circuit, ending, data), len(data), seed)


def _circuit(ending, data):
    return READERS[ending](data, "t" + ending)


@cache
def circuits(ending):
    """Valid files: ours, and others as the field's tools write them."""
    return tuple(dict.fromkeys([*(WRITERS[ending](c) for c in samples.random_circuits(40)), *samples.FILES[ending]]))


def table_case(ending, seed):
    """One mutated table."""
    rng = np.random.default_rng([seed, 30])
    files = tables(ending)
    data = inside(rng, files) if ending == ".npz" and rng.random() < 0.5 else mutated(rng, files, samples.WORDS[".csv"])
    return within_limits(partial(_table, ending, data), len(data), seed)


def _table(ending, data):
    dataset = read_table(in_memory(data, ending), [None, 0, "y"][len(data) % 3])
    X = dataset.X
    assert len(X) == len(dataset.y)
    if X.dtype.names:  # text and gaps
        columns = [X[name] for name in dataset.feature_names]
        assert all(
            not np.isinf(c).any() if c.dtype.kind == "f" else {str, type(None)} >= {*map(type, c)} for c in columns
        )
    else:
        assert X.ndim == 2 and np.isfinite(X).all()
    return dataset


@cache
def tables(ending):
    return samples.tables(ending, Bomb())


def solution_case(seed):
    """One mutated solution; what can be loaded can be used."""
    rng = np.random.default_rng([seed, 40])
    files = solutions()
    data = inside(rng, files) if rng.random() < 0.8 else mutated(rng, files)
    return within_limits(partial(_solution, data), len(data), seed)


def _solution(data):
    solution = load(in_memory(data, ".npz"))
    solution.predict(np.full((2, solution.lattice.n_features), 0.25))
    assert repr(solution) and solution.certificate.describe() and len(solution.trace["gap"]) >= 0
    return solution


@cache
def solutions():
    return samples.solutions()


def in_memory(data, ending):
    """A file of these bytes, the same one in every case of this process."""
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
    path = Path(folder) / f"stress-{os.getpid()}{ending}"
    path.write_bytes(data)
    return path


def inside(rng, files):
    """An archive with one broken member and the right checksum for it."""
    with zipfile.ZipFile(BytesIO(files[rng.integers(len(files))])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = list(members)[rng.integers(len(members))]
    members[name] = mutated(rng, [members[name]], samples.WORDS[".npz"]) or b"\n"
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return content.getvalue()


def within_limits(read, size, seed):
    """Call the reader under its limits; the word for what came out."""
    _limit_space()
    measure = seed % MEASURED == 0
    if measure:
        tracemalloc.start()
    try:
        with alarm(max(1.0, size / 1024)), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what a reader passes over
            warnings.simplefilter("error", RuntimeWarning)
            read()
        outcome = "read"
    except REFUSALS as error:
        assert str(error), f"{type(error).__name__} without a message"
        outcome = "refused"
    finally:
        peak = tracemalloc.get_traced_memory()[1] if measure else 0
        tracemalloc.stop()
    assert peak <= BASE + PER_BYTE * size, f"{peak} bytes allocated for a file of {size}"
    assert not MARK.exists(), f"the file was executed: {MARK} is there"
    return outcome


@cache
def _limit_space():
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + SPACE,) * 2)


def _part(name, about, case, files, read):
    def fill():  # what is imported and built at the first call counts for no file
        for data in files():
            with suppress(*REFUSALS):
                read(data)

    return Part(f"files-{name}", f"mutated {about}", case, 2000, fill)


PARTS = (
    *(
        _part(e[1:], f"{e} circuits", partial(circuit_case, e), partial(circuits, e), partial(_circuit, e))
        for e in READERS
    ),
    *(
        _part(e[1:], f"{e} tables", partial(table_case, e), partial(tables, e), partial(_table, e))
        for e in (".csv", ".npz", ".parquet")
    ),
    _part("solution", "saved solutions", solution_case, solutions, _solution),
)
