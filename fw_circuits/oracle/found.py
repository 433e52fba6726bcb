"""Functions that a search found: their record, the order of answers, and the best over all levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array, Ints

#: value: signed sum of the weights times the factor of the cost; table: bit v is the value at pattern v, 0 at
#: pattern 0; lit: ascending, -1 from ``arity`` on.  ``fwc_found`` in ``csrc/search/search.h`` is the same.
FOUND = np.dtype([("value", "f8"), ("table", "u8"), ("arity", "i8"), ("lit", "i4", (6,))])


def nothing(k: int = 0) -> Array:
    """k empty records."""
    return np.zeros(k, FOUND)


def in_order(found: Array) -> Array:
    """Functions in the order of answers: score descending, fewer inputs, subset, table."""
    lit = found["lit"].T[::-1]
    return found[np.lexsort([found["table"], *lit, found["arity"], -np.abs(found["value"])])]


def named(found: Array, index: Ints) -> Array:
    """The same with the literals' numbers in their level: they ascend, so the order of answers does not change."""
    found = found.copy()
    used = found["lit"] >= 0
    found["lit"][used] = index[found["lit"][used]]
    return found


@dataclass(frozen=True)
class LevelFound:
    """Result of one level.

    Attributes
    ----------
    found : records, sorted
        ``lit`` are literals of the level.
    screened : int or None
        How many literals the larger subsets were taken from; None: all; 0: there are none.
    open_cost : int or None
        Least cost of a circuit in the scope that was not searched; None: none.
    exact : int
        Subsets of at most this many were taken from all literals.
    counts : tuple
        Subsets, or functions, that passed one bound after the other (``csrc/search/search.h``).
    """

    found: Array
    screened: int | None = None
    open_cost: int | None = None
    exact: int = 3
    counts: tuple[int, ...] = (0, 0, 0)


class Best:
    """The k best functions of the levels so far; ties: fewer inputs, then the earlier level."""

    def __init__(self, k: int, floor: float = 0.0) -> None:
        self.k = k
        self.found, self.level = nothing(), np.zeros(0, np.int64)
        self._floor = floor

    @property
    def floor(self) -> float:
        """Score that a further function has to reach."""
        return max(self._floor, abs(float(self.found["value"][-1])) if len(self.found) == self.k else 0.0)

    def add(self, found: Array, level: int) -> None:
        """Take in the functions of one more level."""
        both = np.concatenate([self.found, found])
        levels = np.concatenate([self.level, np.full(len(found), level)])
        # Stable: within a level the order of answers is already there.
        order = np.lexsort([levels, both["arity"], -np.abs(both["value"])])[: self.k]
        self.found, self.level = both[order], levels[order]
