"""NumPy twin of the compiled search for functions of few gates, and its specification: every subset, every function.

For integer weights both give the same functions with the same scores in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from fw_circuits._typing import Array, Bits, Floats
from fw_circuits.circuits.read_once import read_once_tables
from fw_circuits.circuits.tables import values_of
from fw_circuits.oracle.gate_classes import Family

#: Functions scored at a time.
BLOCK = 1 << 15


def sort_found(found: Array) -> Array:
    """Functions in the order of answers: score descending, fewer inputs, subset, table."""
    lit = [found["lit"][:, i] for i in range(found["lit"].shape[1])][::-1]
    return found[np.lexsort([found["table"], *lit, found["arity"], -np.abs(found["value"])])]


def search(
    bits: Bits,
    weights: Floats,
    kinds: Sequence[Family],
    literals: Array,
    k: int,
    per_support: int,
    dtype: np.dtype,
) -> Array:
    """Best functions of the families.

    Parameters
    ----------
    bits : (n, R)
        Literals, 0 and 1.
    weights : (R,)
    kinds : sequence of families
    literals : (n,)
        Names of the literals in the answer.
    k, per_support : int
        Functions wanted in all, and at most per subset (0: no limit).
    dtype : dtype
        Record of one function: value, table, arity, gates, lit.
    """
    found = np.zeros(0, dtype)
    for arity in sorted({kind.arity for kind in kinds}):
        for subset in map(list, combinations(range(len(bits)), arity)):
            pattern = (1 << np.arange(arity)) @ bits[subset].astype(np.int64)
            h: Floats = np.bincount(pattern, weights, 1 << arity).astype(np.float64)
            parts = [_score(kind, h, dtype) for kind in kinds if kind.arity == arity]
            new = np.concatenate(parts)
            least = np.sort(np.abs(new["value"]))[-min(len(new), per_support or k)]
            new = new[np.abs(new["value"]) >= least]
            new["lit"][:, :arity], new["lit"][:, arity:] = literals[subset], -1
            found = sort_found(np.concatenate([found, sort_found(new)[: per_support or k]]))[:k]
    return found


def _score(kind: Family, h: Floats, dtype: np.dtype) -> Array:
    tables = read_once_tables(kind.arity, kind.gates)
    new = np.zeros(len(tables), dtype)
    for i in range(0, len(tables), BLOCK):
        signs = 2.0 * values_of(tables[i : i + BLOCK], kind.arity) - 1
        new["value"][i : i + BLOCK] = (signs @ h) * kind.factor
    new["table"], new["arity"], new["gates"] = tables, kind.arity, kind.gates
    return new
