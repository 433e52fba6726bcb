"""NumPy twin of the compiled search, and its specification: every subset, every function, no screen.

For integer weights both give the same functions with the same scores in the same order.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from fw_circuits._typing import Array, Bits, Floats
from fw_circuits.oracle.tables import Tables

#: Numbers in one block of scores.
BLOCK = 1 << 22


def sort_found(found: Array) -> Array:
    """Functions in the order of answers: score descending, fewer inputs, subset, table."""
    lit = [found["lit"][:, i] for i in (3, 2, 1, 0)]
    return found[np.lexsort([found["table"], *lit, found["arity"], -np.abs(found["value"])])]


def search(
    bits: Bits, weights: Floats, tables: Tables, k: int, per_support: int, dtype: np.dtype, max_arity: int = 4
) -> tuple[Array, Floats]:
    """Best functions of at most ``max_arity`` of the literals.

    Parameters
    ----------
    bits : (n, R)
        Literals, 0 and 1.
    weights : (R,)
    tables : Tables
    k, per_support : int
        Functions wanted in all, and at most per subset (0: no limit).
    dtype : dtype
        Record of one function: value, arity, lit, table.

    Returns
    -------
    found : (at most k,) records, sorted
    best : (n,) largest absolute score of any subset with the literal
    """
    n = len(bits)
    found = np.zeros(0, dtype)
    best = np.zeros(n)
    for arity in range(1, min(max_arity, n) + 1):
        size = 1 << arity
        allowed = np.flatnonzero(tables.fac[arity] > 0)
        signs = 2.0 * ((2 * allowed[:, None] >> np.arange(size)) & 1) - 1  # (functions, patterns)
        subsets = np.array(list(combinations(range(n), arity)))
        step = max(1, BLOCK // max(len(allowed), bits.shape[1]))
        for start in range(0, len(subsets), step):
            block = subsets[start : start + step]
            pattern = np.tensordot(1 << np.arange(arity), bits[block].astype(np.int64), axes=(0, 1))
            pattern += size * np.arange(len(block))[:, None]
            tiled = np.broadcast_to(weights, pattern.shape).ravel()
            sums = np.bincount(pattern.ravel(), tiled, size * len(block)).reshape(-1, size)
            scores = (sums @ signs.T) * tables.fac[arity][allowed]
            size_of = np.abs(scores)
            np.maximum.at(best, block, size_of.max(axis=1, initial=0.0)[:, None])
            if per_support and per_support < len(allowed):
                rank = np.argsort(-size_of, axis=1, kind="stable")[:, :per_support]
            else:
                rank = np.broadcast_to(np.arange(len(allowed)), scores.shape)
            values = np.take_along_axis(scores, rank, axis=1)
            least = np.abs(found["value"][-1]) if len(found) == k else 0.0
            rows, columns = np.nonzero(np.abs(values) >= least)
            new = np.zeros(len(rows), dtype)
            new["value"], new["arity"], new["lit"] = values[rows, columns], arity, -1
            new["lit"][:, :arity] = block[rows]
            new["table"] = 2 * allowed[rank[rows, columns]]
            found = sort_found(np.concatenate([found, new]))[:k]
    return found, best
