"""One pass over the 5- and 6-subsets of one level's literals for functions of few gates.

`GateOracle` says what is promised; ``csrc/search/gates.h`` says how a pass goes and why it cannot drop a winner.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations
from math import comb

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._typing import Array, Floats
from fw_circuits.oracle import reference
from fw_circuits.oracle.base import Stop
from fw_circuits.oracle.exact.pace import in_slices
from fw_circuits.oracle.found import FOUND, LevelFound, named, nothing
from fw_circuits.oracle.gate_classes import GateClass
from fw_circuits.oracle.literals import Literals, padded
from fw_circuits.oracle.reference import GateSearch
from fw_circuits.oracle.screen import PassSettings, Screen, rounded_up

#: Rows of one chunk: prefixes of three or four columns have few rows in each.
CHUNK = 1024


def scratch_bytes(n_words: int, ld: int, k: int) -> int:
    """Bytes of scratch memory of one thread, as ``csrc/search/gates.c`` lays them out."""
    return rounded_up(FOUND.itemsize * k + 8 * n_words + 4 * (ld * ld + 17 * ld + CHUNK + (2 << 16)))


def memory_bytes(n: int, n_rows: int, n_threads: int, gates: int, k: int = 10) -> int:
    """Bytes that a pass over n literals and n_rows rows allocates at most.

    Examples
    --------
    >>> memory_bytes(40, 6400, 2, 4) < 2**24 < memory_bytes(40, 6400, 2, 5) < 2**27
    True
    """
    if n < 5:
        return 0
    ld, n_words = padded(n), -(-n_rows // 64)
    sums = 4 * ld * ld * sum(comb(n, j) for j in range(gates - 1))
    lists = 4 * (gates - 1) * comb(n, gates - 1)
    scratch = n_threads * scratch_bytes(n_words, ld, k)
    return sums + lists + scratch + (8 * ld + n) * n_rows + 8 * n * n_words + 64 * n_rows + 64 * k + (1 << 21)


def check_memory(literals: Literals, settings: PassSettings, gates: int) -> None:
    """Refuse a pass that would exceed the budget (BudgetError)."""
    n, n_rows = literals.n, literals.n_rows
    need = memory_bytes(n, n_rows, settings.n_threads, gates, settings.k)
    what = f"all circuits of {gates} gates over {n} literals and {n_rows} rows need"
    settings.check_memory(need, what, "fewer gates, fewer literals")


def search_level(
    literals: Literals,
    weights: Floats,
    classes: list[GateClass],
    settings: PassSettings,
    floor: float = 0.0,
    ended: Stop = lambda: False,
) -> LevelFound:
    """Best functions of the classes over the literals with score >= floor; ``ended`` is asked about every 50 ms."""
    n = literals.n
    gates = max(kind.gates for kind in classes)
    if n < 5 or not weights.any():  # without weights every score is 0, and smaller functions come first
        return LevelFound(nothing())
    present = [kind for kind in classes if kind.arity <= n]
    screen = Screen.of(literals, weights, CHUNK)
    search: type[GateSearch] = select("_search", reference).GateSearch
    run = search(screen, settings, nothing(settings.k), floor, present, gates - 1)
    # With prefixes of m columns come functions of m + 2 inputs.
    done = all(_stage(run, n, literals.n_rows, m, ended) for m in range(min(gates, n - 1)))
    return LevelFound(named(run.found(), literals.index), None, None if done else 4, 4, run.counts)


def _stage(run: GateSearch, n: int, n_rows: int, m: int, ended: Stop) -> bool:
    # All m-subsets of columns that leave two later ones.
    flat: Iterable[int] = chain.from_iterable(combinations(range(n - 2), m))
    prefixes: Array = np.fromiter(flat, np.int32).reshape(comb(n - 2, m), m)
    # Multiplications and additions, padding included; a short first slice where subsets may take longer than sums.
    work = (32.0 if m >= 3 else 4.0) * comb(n, m + 2) * n_rows / 2**m
    return in_slices(len(prefixes), lambda i, j: run.prefixes(prefixes[i:j], m >= 3), ended, work)
