"""Disjoint decompositions: functions that read some of their inputs through a single bit.

``f(x) = g(rest, h(B))`` for a set B of inputs exactly when the table of f, written with a row for each pattern of B,
has two distinct rows (R. L. Ashenhurst, "The decomposition of switching functions", 1957).  h says which of the two.
A split that exists is taken: gates(f) <= gates(g) + gates(h), with equality where the sum is one less than the inputs
that f reads (read-once formulas); that no circuit is smaller is not claimed.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from fw_circuits._typing import Ints
from fw_circuits.circuits.tables import table_of, table_values

#: Most inputs that are looked for behind one bit.
LARGEST_BOUND = 4


class Decomposition(NamedTuple):
    """``f(x) = outer(rest, inner(bound))``; the rest keeps its order, the new bit is the last input of ``outer``."""

    bound: tuple[int, ...]
    inner: int
    outer: int


@lru_cache(maxsize=1 << 14)
def split_off(table: int, n: int) -> Decomposition | None:
    """A decomposition with the fewest inputs behind the bit; None if there is none with 2 to `LARGEST_BOUND` of them.

    At least two inputs stay outside: a split that leaves one is an expansion at it, which synthesis weighs anyway.

    The function depends on more than one of its n inputs; work and memory grow like 2^n n^4.

    The carry of two bits, where the lowest pair decides by an AND:

    >>> carry = sum(1 << v for v in range(16) if (v & 3) + (v >> 2) >= 4)
    >>> split_off(carry, 4)
    Decomposition(bound=(0, 2), inner=8, outer=232)
    """
    values = table_values(table, n)
    for size in range(2, min(LARGEST_BOUND, n - 2) + 1):
        for bound in combinations(range(n), size):
            found = _two_rows(values[_positions(n, bound)].tobytes(), 1 << (n - size))
            if found is not None:
                return Decomposition(bound, *found)
    return None


def _two_rows(cells: bytes, width: int) -> tuple[int, int] | None:
    # Which rows of the matrix are not the first, and the two rows one after the other; None if three are distinct.
    first, second, which = cells[:width], None, 0
    for p, start in enumerate(range(0, len(cells), width)):
        row = cells[start : start + width]
        if row != first:
            which |= 1 << p
            if second is None:
                second = row
            elif row != second:
                return None
    return None if second is None else (which, table_of(np.frombuffer(first + second, np.uint8)))


@lru_cache(maxsize=1 << 12)
def _positions(n: int, bound: tuple[int, ...]) -> Ints:
    # (2^|bound|, 2^rest): where the patterns of n inputs stand, by the pattern of the bound ones and that of the rest.
    v = np.arange(1 << n).reshape((2,) * n)
    rest = [i for i in range(n) if i not in bound]
    axes = [n - 1 - i for i in (*bound[::-1], *rest[::-1])]  # axis 0 of v is the last input
    return v.transpose(axes).reshape(1 << len(bound), -1)
