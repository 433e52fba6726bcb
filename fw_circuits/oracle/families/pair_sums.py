"""Every function of at most two literals, exactly: all circuits of one gate.

With h11[i, j] the sum of the weights over the rows where both literals are 1 (one matrix product), the sums over
the other three patterns follow, and the ten functions of two inputs are signed sums of the four.
"""

from __future__ import annotations

import numpy as np

from fw_circuits._typing import Bits, Floats
from fw_circuits.circuits.gate import AND, GATE_TABLES, OR, XOR
from fw_circuits.oracle.base import best_first

#: Gate tables: those of value 0 at (0, 0), one of each pair of complements.
TABLES = {"and": AND, "gt": GATE_TABLES["gt"], "lt": GATE_TABLES["lt"], "or": OR, "xor": XOR}
BLOCK = 1 << 13


def moments(bits: Bits, w: Floats) -> Floats:
    """Sum of the weights where both literals are 1, (n, n); the diagonal contains those of one literal.

    Examples
    --------
    >>> moments(np.array([[1, 1, 0], [1, 0, 0]], np.uint8), np.array([2.0, 3.0, 5.0])).tolist()
    [[5.0, 2.0], [2.0, 2.0]]
    """
    total = np.zeros((len(bits), len(bits)))
    for start in range(0, bits.shape[1], BLOCK):
        block = bits[:, start : start + BLOCK].astype(np.float64)
        total += (block * w[start : start + BLOCK]) @ block.T
    return total


def inner_products(both: Floats, total: float) -> dict[str, Floats]:
    """``<w, c>``, c = +1 or -1, of the functions of `TABLES` of every pair (i, j), from `moments`."""
    ones = np.diag(both)
    left, right = ones[:, None] - both, ones[None, :] - both
    return {
        "and": 2 * both - total,
        "gt": 2 * left - total,
        "lt": 2 * right - total,
        "or": 2 * (left + right + both) - total,
        "xor": 2 * (left + right) - total,
    }


def best_pairs(products: dict[str, Floats], names: tuple[str, ...], k: int) -> list[tuple[int, int, int]]:
    """The k best ``(gate table, i, j)``, i < j, of the named functions; ties: in the order of names, i, j."""
    n = len(products["and"])
    i, j = np.triu_indices(n, 1)
    best = best_first(np.concatenate([products[name][i, j] for name in names]), k)
    return [(TABLES[names[b // len(i)]], int(i[b % len(i)]), int(j[b % len(i)])) for b in best]
