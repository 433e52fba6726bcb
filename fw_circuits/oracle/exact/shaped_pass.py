"""One pass over the subsets of one level's literals that contain constrained ones: every allowed function, exactly.

Original to this package.  The constrained literals come first, column by column with the highest bit of each first;
then a set has an allowed function that depends on all of it exactly if each lower bit in it follows the next higher
bit of its column.  Sums over rows where two to four literals are true are products of matrices; a Moebius transform
turns them into sums by pattern, `signed_tables` bounds what allowed functions can score, and what may be among the
best is scored in full.  Weights are rounded to multiples of a power of two whose sums are exact in float64, so that
nothing depends on the order of summation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.lattice import LevelRows
from fw_circuits.oracle.base import Stop
from fw_circuits.oracle.exact.signed_tables import Signature, SignedTables, signed_tables
from fw_circuits.oracle.found import FOUND, in_order, nothing
from fw_circuits.oracle.shape import Shape

#: Sums of rounded weights stay below this power of two, so that they are exact.
EXACT = 2.0**51
#: Subsets whose allowed functions are scored at a time.
SCORED = 64
#: Bits of a column that a function of four literals may read.
TOP_BITS = 4
#: Work of one 4-subset beside its sums over rows, in multiplications with additions; one of three takes a quarter.
OVERHEAD = 16000.0


@dataclass(frozen=True)
class Ordered:
    """Literals in the order of the pass.

    Attributes
    ----------
    index : (n,)
        Their numbers in the level.
    rank : (n,)
        0 for a free literal and the highest bit of a constrained column, 1 for the next bit, ...
    flip : (n,) bool
        Whether the literal is complemented: a bit of a decreasing column.
    bits : (n, n_rows) uint8
        The oriented literals on the rows.
    n_constrained : int
    """

    index: Ints
    rank: Ints
    flip: Array
    bits: Bits
    n_constrained: int

    @classmethod
    def of(cls, rows: LevelRows, shape: Shape) -> Ordered:
        """The literals of a level; left out are those that cannot give any function that the others do not give."""
        k, bits = rows.level, unpack_bits(rows.words, rows.n_rows)
        chosen, seen = list[tuple[int, int, bool]](), set[tuple[int, bytes]]()
        columns = [c for c, d in enumerate(shape.directions) if d]
        order = [(c * k + bit, k - 1 - bit, shape.directions[c]) for c in columns for bit in range(k)[::-1]]
        order += [(c * k + bit, 0, 0) for c, d in enumerate(shape.directions) if not d for bit in range(k)]
        for literal, rank, direction in order:
            if rank >= TOP_BITS:
                continue
            if direction == 0 or k == 1:  # of a column of several bits lower ones are read with higher ones
                column = bits[literal] ^ bits[literal][:1] if direction == 0 and not shape.positive else bits[literal]
                key = (direction, column.tobytes())
                if key in seen or (not shape.positive and column.min(initial=1) == column.max(initial=0)):
                    continue
                seen.add(key)
            chosen.append((literal, rank, direction < 0))
        index, ranks, flip = np.array(chosen, dtype=np.int64).reshape(-1, 3).T
        oriented = bits[index] ^ flip[:, None].astype(np.uint8)
        n_constrained = int(np.count_nonzero(np.isin(index // k, columns)))
        return cls(index, ranks, flip.astype(bool), np.ascontiguousarray(oriented), n_constrained)

    @property
    def n(self) -> int:
        """Number of literals."""
        return len(self.index)

    def take(self, keep: Ints) -> Ordered:
        """Only those (ascending)."""
        constrained = int(np.count_nonzero(keep < self.n_constrained))
        return Ordered(self.index[keep], self.rank[keep], self.flip[keep], self.bits[keep], constrained)


class ShapedPass:
    """The best allowed functions of sets of literals, small sets first.

    Parameters
    ----------
    literals : Ordered
    weights : (n_rows,)
    positive : bool
        All sets are searched, not only those with a constrained literal.
    gamma, max_gates, k, per_support
        As in `SubsetOracle`.
    found, floor : records, float
        Functions that are known, and the score that others have to reach.
    """

    def __init__(
        self, literals: Ordered, weights: Floats, positive: bool, gamma: float, max_gates: int, k: int,
        per_support: int, found: Array | None = None, floor: float = 0.0,
    ) -> None:  # fmt: skip
        self.literals, self.weights, self.positive = literals, weights, positive
        self.gamma, self.max_gates, self.k, self.per_support = gamma, max_gates, k, per_support
        self.delta = float(2.0 ** np.ceil(np.log2(max(float(np.abs(weights).sum()) / EXACT, 2.0**-1000))))
        self.q = np.rint(weights / self.delta)
        self.slack = float(np.abs(weights - self.q * self.delta).sum())
        self.found, self.floor = nothing() if found is None else found, floor
        self.best = np.zeros(literals.n)
        bits = literals.bits.astype(np.float64)
        self._sums: Floats = (bits * self.q) @ bits.T
        self._triples: list[Floats] = []

    @property
    def threshold(self) -> float:
        """Score that a further function has to reach."""
        return max(self.floor, float(np.abs(self.found["value"][-1])) if len(self.found) == self.k else 0.0)

    def pairs(self) -> None:
        """All sets of one or two literals."""
        n, rank, total = self.literals.n, self.literals.rank, np.full(1, self.q.sum())
        one = np.flatnonzero(rank[: self._firsts] == 0)
        self._consider(one[:, None], [np.repeat(total, len(one)), np.diagonal(self._sums)[one]])
        a, b = np.triu_indices(n, 1)
        good = (a < self._firsts) & (rank[a] == 0) & self._follows(a, b)
        a, b, s = a[good], b[good], self._sums
        self._consider(np.stack([a, b], axis=1), [np.repeat(total, len(a)), s[a, a], s[b, b], s[a, b]])

    def triples(self, ended: Stop, keep: bool) -> bool:
        """All sets of three, after the pairs; False when ended early.  ``keep`` their sums for sets of four."""
        n, rank, s, total = self.literals.n, self.literals.rank, self._sums, float(self.q.sum())
        for a in range(n if keep else min(self._firsts, n)):
            if ended():
                return False
            t = self._products(self._rows(a))
            if keep:
                self._triples.append(t)
            if a >= self._firsts or rank[a] > 0:
                continue
            b, c = (i + a + 1 for i in np.triu_indices(n - a - 1, 1))
            good = self._follows(a, b) & self._follows(b, c)
            b, c = b[good], c[good]
            ones = np.ones(len(b))
            self._consider(
                np.stack([np.full(len(b), a), b, c], axis=1),
                [total * ones, s[a, a] * ones, s[b, b], s[a, b], s[c, c], s[a, c], s[b, c], t[b, c]],
            )
        return True

    def quads(self, ended: Stop) -> bool:
        """All sets of four, after the triples whose sums were kept; False when ended early."""
        n, rank, s, total = self.literals.n, self.literals.rank, self._sums, float(self.q.sum())
        for a in np.flatnonzero(rank[: self._firsts] == 0).tolist():
            rows, ta = self._rows(a), self._triples[a]
            for b in range(a + 1, n - 2):
                if ended():
                    return False
                if not self._follows(np.array([a]), np.array([b]))[0]:
                    continue
                u = self._products(rows[self.literals.bits[b, rows] == 1], b + 1)
                tb, (c, d) = self._triples[b], np.triu_indices(n - b - 1, 1)
                good = self._follows(b, c + b + 1) & self._follows(c + b + 1, d + b + 1)
                c, d = c[good], d[good]
                all_four, c, d = u[c, d], c + b + 1, d + b + 1
                ones = np.ones(len(c))
                self._consider(
                    np.stack([np.full(len(c), a), np.full(len(c), b), c, d], axis=1),
                    [total * ones, s[a, a] * ones, s[b, b] * ones, s[a, b] * ones,
                     s[c, c], s[a, c], s[b, c], ta[b, c], s[d, d], s[a, d], s[b, d], ta[b, d],
                     s[c, d], ta[c, d], tb[c, d], all_four],
                )  # fmt: skip
        return True

    @property
    def _firsts(self) -> int:
        """How many literals may come first in a set."""
        return self.literals.n if self.positive else self.literals.n_constrained

    def _follows(self, before: Ints | int, after: Ints) -> Array:
        """Whether a literal may come next in a set: a lower bit only right after the next higher one."""
        follows: Array = (self.literals.rank[after] == 0) | (after == np.asarray(before) + 1)
        return follows

    def _rows(self, a: int) -> Ints:
        return np.flatnonzero((self.literals.bits[a] == 1) & (self.q != 0.0))

    def _products(self, rows: Ints, first: int = 0) -> Floats:
        """Sums of the weights of some rows where two literals are true."""
        bits = self.literals.bits[first:, rows].astype(np.float64)
        sums: Floats = (bits * self.q[rows]) @ bits.T
        return sums

    def _consider(self, places: Ints, sums: list[Floats]) -> None:
        """Score sets (P, m), given the sums of weights where a subset of them is true, by its mask."""
        m = places.shape[1]
        if not len(places):
            return
        h = np.stack(sums, axis=-1)
        for i in range(m):  # Moebius: from "at least these are true" to "exactly these are"
            view = h.reshape(len(h), -1, 2, 1 << i)
            view[:, :, 0] -= view[:, :, 1]
        h *= self.delta
        for signature, some in self._signatures(places):
            tables = signed_tables(signature, self.gamma, self.max_gates)
            if tables.top > 0.0:
                self._score(places[some], h[some], tables)

    def _signatures(self, places: Ints) -> Iterator[tuple[Signature, Ints]]:
        """Sets by what their allowed functions depend on."""
        kind = np.where(places < self.literals.n_constrained, np.minimum(self.literals.rank[places], 1), 2)
        kind += 3 * (self.literals.flip[places] if self.positive else 0)
        code = kind @ 6 ** np.arange(places.shape[1])
        for value in np.unique(code):
            some = np.flatnonzero(code == value)
            kinds = kind[some[0]]
            starts = np.flatnonzero(kinds % 3 == 0).tolist()
            constrained = int(np.count_nonzero(kinds % 3 < 2))
            runs = tuple(j - i for i, j in pairwise([*starts, constrained]))
            origin = int((kinds >= 3) @ (1 << np.arange(len(kinds)))) if self.positive else None
            yield Signature(len(kinds), runs, origin), some

    def _score(self, places: Ints, h: Floats, tables: SignedTables) -> None:
        small = places.shape[1] < 4
        bounds = tables.bounds(h, 0.0 if small else self.threshold * (1 - 1e-12))
        if small:
            np.maximum.at(self.best, places, bounds[:, None])
        order = np.argsort(-bounds, kind="stable")
        for start in range(0, len(order), SCORED):
            some = order[start : start + SCORED]
            some = some[bounds[some] * (1 + 1e-12) >= self.threshold]
            if not len(some):
                return
            scores = (h[some] @ tables.signs.T) * tables.factor
            good = (scores >= self.threshold) & (scores > 0.0)
            new = list[Array]()
            for row in np.flatnonzero(good.any(axis=1)).tolist():
                which = np.flatnonzero(good[row])
                which = which[np.argsort(-scores[row, which], kind="stable")][: self.per_support or None]
                new += [self._record(places[some[row]], int(tables.tables[i]), float(tables.factor[i])) for i in which]
            if new:
                self.found = in_order(np.concatenate([self.found, *new]))[: self.k]

    def _record(self, places: Ints, table: int, factor: float) -> Array:
        """A function as a record: literals of the level in ascending order, false where they are 0, scored again."""
        m, lit = len(places), self.literals.index[places]
        order, flips = np.argsort(lit), self.literals.flip[places]
        cells = np.arange(1 << m)
        source = sum(((cells >> i & 1) ^ int(flips[j])) << int(j) for i, j in enumerate(order))
        true = table >> np.asarray(source) & 1
        pattern = sum((self.literals.bits[places[j]] ^ flips[j]).astype(np.int64) << i for i, j in enumerate(order))
        h = np.bincount(np.asarray(pattern), self.weights, 1 << m)
        record = np.zeros(1, FOUND)
        record["arity"], record["lit"] = m, -1
        record["lit"][0, :m] = lit[order]
        record["value"] = float(h @ (2.0 * (true ^ true[0]) - 1.0)) * factor
        record["table"] = int((true ^ true[0]) @ (1 << cells))
        return record
