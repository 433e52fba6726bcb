"""One pass over the 5- and 6-subsets of one level's literals for functions of few gates.

`GateOracle` says what is promised; ``csrc/gates/gates.h`` says how a pass goes and why it cannot drop a winner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np

from fw_circuits._kernels import use_compiled
from fw_circuits._kernels._gates import FOUND, GateSearch, scratch_bytes
from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import BudgetError
from fw_circuits.oracle.base import Stop
from fw_circuits.oracle.distinct import Columns, aligned, padded, unpack
from fw_circuits.oracle.exact import scan
from fw_circuits.oracle.gate_classes import Family
from fw_circuits.oracle.reference import gates_scan

#: Rows of one chunk: prefixes of three or four columns have few rows in each.
CHUNK = 1024


@dataclass(frozen=True)
class GatesFound:
    """Result of one level; ``found["lit"]`` are literals of the level; ``complete``: not cut short.

    ``counts``: subsets that passed the first bound, subsets with a float64 histogram, functions scored.
    """

    found: Array
    complete: bool
    counts: tuple[int, ...] = (0, 0, 0)


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
    scratch = n_threads * scratch_bytes(n_words, ld, CHUNK, k)
    return sums + lists + scratch + (8 * ld + n) * n_rows + 8 * n * n_words + 64 * n_rows + 64 * k + (1 << 21)


def check_memory(columns: Columns, settings: scan.Settings, gates: int) -> None:
    """Refuse a pass that would exceed the budget.

    Raises
    ------
    BudgetError
        If the estimate exceeds ``settings.memory``.
    """
    need = memory_bytes(columns.n, columns.n_rows, settings.n_threads, gates, settings.k)
    if need > settings.memory:
        raise BudgetError(
            f"all circuits of {gates} gates over {columns.n} literals and {columns.n_rows} rows need "
            f"{need / 2**20:.0f} MiB; the budget is {settings.memory / 2**20:.0f} MiB; "
            "give fewer gates, fewer literals, or more memory."
        )


def search_level(
    columns: Columns,
    weights: Floats,
    kinds: list[Family],
    settings: scan.Settings,
    floor: float = 0.0,
    ended: Stop = lambda: False,
) -> GatesFound:
    """Best functions of the families over the literals with score >= floor.

    Parameters
    ----------
    weights : (n_rows,)
    ended : callable
        Asked about every 50 ms; the pass ends when it says so.
    """
    n = columns.n
    gates = max(family.gates for family in kinds)
    if n < 5 or not weights.any():  # without weights every score is 0, and smaller functions come first
        return GatesFound(np.zeros(0, FOUND), True)
    if not use_compiled():
        bits = unpack(columns.words, columns.n_rows)
        parts = (columns.literals, settings.k, settings.per_support)
        return GatesFound(gates_scan.search(bits, weights, kinds, *parts, FOUND), True)
    run = _start(columns, weights, kinds, settings, floor, gates)
    done = True
    for m in range(gates):  # with prefixes of m columns; functions of m + 2 inputs
        if m + 2 <= n and done:
            done = _stage(run, n, columns.n_rows, m, ended)
    found = run.found()
    used = found["lit"] >= 0
    found["lit"][used] = columns.literals[found["lit"][used]]
    return GatesFound(found, done, run.counts)


def _prefixes(n: int, m: int) -> Array:
    # All m-subsets of columns that leave two later ones.
    flat: Iterable[int] = chain.from_iterable(combinations(range(n - 2), m))
    return np.fromiter(flat, np.int32).reshape(comb(n - 2, m), m)


def _stage(run: GateSearch, n: int, n_rows: int, m: int, ended: Stop) -> bool:
    prefixes = _prefixes(n, m)
    # Multiplications and additions, padding included; a short first slice where subsets may take longer than sums.
    work = (32.0 if m >= 3 else 4.0) * comb(n, m + 2) * n_rows / 2**m
    return scan._slices(len(prefixes), lambda i, j: run.prefixes(prefixes[i:j], m >= 3), ended, work)


def _start(
    columns: Columns,
    weights: Floats,
    kinds: list[Family],
    settings: scan.Settings,
    floor: float,
    gates: int,
) -> GateSearch:
    n, ld, n_words = columns.n, columns.ld, columns.masks.shape[1]
    q, delta, slack = scan.quantise(weights, CHUNK)
    bits = aligned((columns.n_rows, ld), np.float32)
    bits[:, :n] = unpack(columns.masks, columns.n_rows).T
    weighted = aligned(bits.shape, np.float32)
    np.multiply(bits, q.astype(np.float32)[:, None], out=weighted)
    nonzero = np.zeros(8 * n_words, np.uint8)
    octets = np.packbits(q != 0, bitorder="little")
    nonzero[: len(octets)] = octets
    cap = min(settings.k, settings.per_support or settings.k)
    scratch = scratch_bytes(n_words, ld, CHUNK, cap)
    return GateSearch(
        words=columns.words,
        weights=weights,
        order=columns.order,
        flip=columns.flip,
        masks=columns.masks & nonzero.view("<u8").astype(np.uint64),
        bits=bits,
        weighted=weighted,
        chunk=CHUNK,
        total=int(q.sum()),
        delta=delta,
        slack=slack,
        levels=[aligned((comb(n, j), ld, ld), np.int32) for j in range(gates - 1)],
        families=[(f.arity, f.gates, f.factor, f.cores) for f in kinds if f.arity <= n],
        k=settings.k,
        per_support=settings.per_support,
        floor=floor,
        isa=settings.isa,
        scratch=aligned((settings.n_threads, scratch), np.int8),
    )
