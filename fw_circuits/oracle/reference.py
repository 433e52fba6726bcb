"""NumPy reference implementations of the compiled searches, and their specification: every subset, every function.

There is no screen: each function is scored from the float64 sums of the weights by pattern.  For integer weights the
kernels of ``csrc/search`` give the same functions with the same scores in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.circuits.read_once import read_once_tables
from fw_circuits.circuits.tables import values_of
from fw_circuits.oracle.found import in_order
from fw_circuits.oracle.gate_classes import GateClass
from fw_circuits.oracle.screen import PassSettings, Screen
from fw_circuits.oracle.tables import Tables

#: Numbers in one block of scores, and functions scored at a time.
BLOCK, FUNCTIONS = 1 << 22, 1 << 15


class Search:
    """Literals and weights of a screen, and the best functions so far; subsets are of the screen's columns."""

    counts: tuple[int, ...] = (0, 0, 0)

    def __init__(self, screen: Screen, settings: PassSettings, found: Array, floor: float) -> None:
        self.literals, self.weights = screen.literals, screen.weights
        self.k, self.per_support = len(found), settings.per_support
        self.threshold = floor
        self._found = found[:0]

    def found(self) -> Array:
        """Best functions so far, sorted."""
        return self._found

    def keep(self, new: Array) -> None:
        """Take in further functions."""
        self._found = in_order(np.concatenate([self._found, new]))[: self.k]


class SubsetSearch(Search):
    """Functions of at most four literals; ``best`` takes the largest score of any subset with a column."""

    def __init__(
        self,
        screen: Screen,
        settings: PassSettings,
        found: Array,
        floor: float,
        tables: Tables,
        best: Floats | None,
        width: int,
    ) -> None:
        super().__init__(screen, settings, found, floor)
        self.factors, self.best = tables.fac, best

    def pair_sums(self, i: int, j: int) -> None:
        """Nothing: there are no sums to share."""

    def pairs(self) -> None:
        """All 1- and 2-subsets."""
        for arity in (1, 2):
            self._score(combinations(range(self.literals.n), arity), arity)

    def triples(self, a0: int, a1: int) -> None:
        """3-subsets whose first column of the screen is in [a0, a1)."""
        n = self.literals.n
        self._score(((a, *rest) for a in range(a0, a1) for rest in combinations(range(a + 1, n), 2)), 3)

    def quads(self, blocks: Array) -> None:
        """4-subsets of the blocks (a, b0, b1): first column a, second in [b0, b1)."""
        n = self.literals.n
        firsts = ((a, b) for a, b0, b1 in blocks.tolist() for b in range(b0, b1))
        self._score(((a, b, *rest) for a, b in firsts for rest in combinations(range(b + 1, n), 2)), 4)

    def _score(self, chosen: Iterable[tuple[int, ...]], arity: int) -> None:
        columns = np.array(list(chosen), dtype=np.int64).reshape(-1, arity)
        subsets = np.sort(self.literals.order[columns], axis=1)
        bits, size = self.literals.bits, 1 << arity
        allowed = np.flatnonzero(self.factors[arity] > 0)
        signs = 2.0 * ((2 * allowed[:, None] >> np.arange(size)) & 1) - 1  # (functions, patterns)
        step = max(1, BLOCK // max(len(allowed), bits.shape[1]))
        for start in range(0, len(subsets), step):
            block = subsets[start : start + step]
            pattern = np.tensordot(1 << np.arange(arity), bits[block].astype(np.int64), axes=(0, 1))
            pattern += size * np.arange(len(block))[:, None]
            tiled = np.broadcast_to(self.weights, pattern.shape).ravel()
            sums = np.bincount(pattern.ravel(), tiled, size * len(block)).reshape(-1, size)
            scores = (sums @ signs.T) * self.factors[arity][allowed]
            size_of = np.abs(scores)
            if self.best is not None and arity < 4:
                np.maximum.at(self.best, columns[start : start + step], size_of.max(axis=1, initial=0.0)[:, None])
            if self.per_support and self.per_support < len(allowed):
                rank = np.argsort(-size_of, axis=1, kind="stable")[:, : self.per_support]
            else:
                rank = np.broadcast_to(np.arange(len(allowed)), scores.shape)
            values = np.take_along_axis(scores, rank, axis=1)
            least = np.abs(self._found["value"][-1]) if len(self._found) == self.k else 0.0
            rows, places = np.nonzero(np.abs(values) >= least)
            new = np.zeros(len(rows), self._found.dtype)
            new["value"], new["arity"], new["lit"] = values[rows, places], arity, -1
            new["lit"][:, :arity] = block[rows]
            new["table"] = 2 * allowed[rank[rows, places]]
            self.keep(new)


class GateSearch(Search):
    """Functions of few gates."""

    def __init__(
        self,
        screen: Screen,
        settings: PassSettings,
        found: Array,
        floor: float,
        classes: list[GateClass],
        levels: int,
    ) -> None:
        super().__init__(screen, settings, found, floor)
        self.classes = classes

    def prefixes(self, columns: Array, examine: bool) -> None:
        """With ``examine``, the subsets of each of the prefixes (P, m) and two later columns of the screen."""
        if not examine:
            return
        n, arity, each = self.literals.n, columns.shape[1] + 2, self.per_support or self.k
        kinds = [kind for kind in self.classes if kind.arity == arity]
        for prefix in columns.tolist():
            for rest in combinations(range(prefix[-1] + 1, n), 2):
                subset = np.sort(self.literals.order[[*prefix, *rest]])
                pattern = (1 << np.arange(arity)) @ self.literals.bits[subset].astype(np.int64)
                h: Floats = np.bincount(pattern, self.weights, 1 << arity).astype(np.float64)
                new = np.concatenate([self._scored(kind, h) for kind in kinds])
                least = np.sort(np.abs(new["value"]))[-min(len(new), each)]
                new = new[np.abs(new["value"]) >= least]
                new["lit"][:, :arity], new["lit"][:, arity:] = subset, -1
                self.keep(in_order(new)[:each])

    def _scored(self, kind: GateClass, h: Floats) -> Array:
        tables = read_once_tables(kind.arity, kind.gates)
        new = np.zeros(len(tables), self._found.dtype)
        for i in range(0, len(tables), FUNCTIONS):
            signs = 2.0 * values_of(tables[i : i + FUNCTIONS], kind.arity) - 1
            new["value"][i : i + FUNCTIONS] = (signs @ h) * kind.factor
        new["table"], new["arity"] = tables, kind.arity
        return new
