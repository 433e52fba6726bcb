"""Exact oracle over the functions of at most four literals that a shape allows: monotone ones, positive coefficients.

Sets without a constrained literal are those of `SubsetOracle`, and searched by its kernels; the others by
`shaped_pass`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.circuits.catalogue import cost_table, minimal_circuit
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop
from fw_circuits.oracle.data import Level, LevelsOracle, OracleData
from fw_circuits.oracle.exact import subset_pass
from fw_circuits.oracle.exact.literal_choice import RATE
from fw_circuits.oracle.exact.pace import Pace
from fw_circuits.oracle.exact.shaped_pass import OVERHEAD, Ordered, ShapedPass
from fw_circuits.oracle.exact.subset import MOST_GATES, atoms_of
from fw_circuits.oracle.found import Best, LevelFound, in_order, nothing
from fw_circuits.oracle.literals import Literals
from fw_circuits.oracle.screen import PassSettings
from fw_circuits.oracle.shape import Shape
from fw_circuits.oracle.tables import tables
from fw_circuits.tetrakis import Atom

#: Multiplications with additions of a pass in a second; only converts seconds.
SPEED = 2e9


@dataclass(frozen=True)
class ShapedLevel:
    """One level: the literals in the order of the pass, and those of free columns alone (None: searched with them)."""

    rows: LevelRows
    ordered: Ordered
    free: Literals | None

    @classmethod
    def of(cls, level: Level, shape: Shape) -> ShapedLevel:
        """Sort the literals of a level."""
        rows, free = level.rows, None
        if not shape.positive:
            columns = np.arange(rows.n_literals) // rows.level
            which = np.flatnonzero(np.array(shape.directions)[columns] == 0)
            found = Literals.distinct(rows.words[which], rows.n_rows)
            free = replace(found, index=which[found.index])
        return cls(rows, Ordered.of(rows, shape), free)


class ShapedOracle(LevelsOracle):
    """Search all signed functions of at most four literals that a shape allows, level by level, exactly.

    A score is that of a signed function: the coefficient of an atom may only have the sign with which the shape allows
    it (`signs`).  Ties are broken as in `SubsetOracle`; answers do not depend on the number of threads.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :class:`LevelsOracle`.
    shape : Shape
        What is allowed.
    max_literals, max_gates, per_support, time_limit
        As in :class:`SubsetOracle`.
    pass_seconds : float or None
        4-subsets are taken from fewer literals, the best in subsets of at most three, where a search would take longer
        on a machine of a fixed speed; None: no limit.
    memory : int
        Budget in bytes of the arrays of one pass.

    Examples
    --------
    >>> lattice = Lattice.boolean(3)
    >>> X = (np.arange(8)[:, None] >> np.arange(3)) & 1
    >>> shape = Shape.of((1, 1, 0), False, ("a", "b", "c"))
    >>> oracle = ShapedOracle([lattice.rows(X, 1)], lattice, shape=shape)
    >>> answer = oracle.search(np.where(X[:, 0] ^ X[:, 1], 1.0, -1.0), k=1)
    >>> answer.atoms[0].formula(), round(float(answer.scores[0]), 6), answer.upper_bound == answer.value
    ('x0 | x1', 4.0, True)
    """

    def __init__(
        self, levels_rows: Sequence[LevelRows] | OracleData, lattice: Lattice | None = None, gamma: float = 3.0,
        n_jobs: int | None = None, *, shape: Shape, max_literals: int | None = None, max_gates: int | None = None,
        per_support: int | None = None, time_limit: float | None = None, pass_seconds: float | None = None,
        memory: int = 2**30,
    ) -> None:  # fmt: skip
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        self.shape, self.time_limit, self.pass_seconds, self.memory = shape, time_limit, pass_seconds, memory
        self.max_literals, self.per_support = max_literals, per_support or 0
        self.most = MOST_GATES if max_gates is None else check_integer("max_gates", max_gates, 0, note=" or None")
        self.max_gates = self.most if self.most < MOST_GATES else None
        self.levels = [ShapedLevel.of(level, shape) for level in self.data.levels]
        self.tables = tables(cost_table(), self.gamma, self.most)

    def narrowed(self, max_literals: int) -> ShapedOracle:
        """The same search with 4-subsets of at most this many literals: for many searches whose bounds nobody needs."""
        oracle = copy(self)
        oracle.max_literals = min(max_literals, self.max_literals or max_literals)
        return oracle

    def signs(self, atoms: Sequence[Atom]) -> Floats:
        """Which signs the coefficients of atoms may have, by their circuits alone (`Shape.signs`)."""
        return self.shape.signs(atoms)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best signed functions of all levels."""
        best, scopes, bound, tail, max_gates, complete, slack = Best(k), [], abs(float(g.sum())), 0.0, 3, True, 0.0
        for i, level in enumerate(self.levels):
            w = np.ascontiguousarray(level.rows.pull(g))
            share = None if self.time_limit is None else self.time_limit / len(self.levels)
            parts, error = self._search(level, w, k, best.floor, Pace(share, stop))
            mass = float(np.abs(w).sum()) * (1 + 1e-12)
            for part in parts:
                best.add(part.found, i)
                gates = 3 if part.screened is None else part.exact - 1
                max_gates = min(max_gates, gates if self.max_gates is None else min(gates, self.max_gates))
                if part.open_cost is not None:
                    complete = False
                    bound = max(bound, mass * float(self.tables.factor[part.open_cost]))
            tail = max(tail, mass * float(self.tables.factor[max_gates + 1]))
            slack = max(slack, error)
            scopes.append(scope(level, parts))
        if self.max_gates is not None:
            scopes.append(f"of these the functions of at most {self.max_gates} gates")
        # Rounded weights may have hidden a function that is better by the rounding error of two scores.
        bound = max(bound, 2.0 * slack + float(np.abs(best.found["value"]).max(initial=0.0)))
        words = f"{'; '.join(scopes)}; in all of them the signed functions that are {self.shape.describe()}"
        return OracleAnswer.of(atoms_of(best, self.data, minimal_circuit), best.found["value"].copy(), words,
                               bound=bound, tail=tail, max_gates=max_gates, complete=complete)  # fmt: skip

    def _search(
        self, level: ShapedLevel, w: Floats, k: int, floor: float, pace: Pace
    ) -> tuple[list[LevelFound], float]:
        """What the kernels find among free literals, and the pass among the others."""
        parts, found = list[LevelFound](), nothing()
        if level.free is not None and level.free.n:
            limit = np.inf if self.pass_seconds is None else RATE * self.pass_seconds / len(self.levels)
            settings = PassSettings(k, self.per_support, 1, self.memory, self.max_literals, work=limit)
            share = None if pace.limit is None else 0.3 * pace.limit
            free = subset_pass.search_level(level.free, w, self.tables, settings, floor, pace.stop, share)
            parts.append(free)
            found = free.found
        part, slack = self._shaped(level.ordered, w, k, found, floor, pace)
        return [*parts, part], slack

    def _shaped(
        self, ordered: Ordered, w: Floats, k: int, found: Array, floor: float, pace: Pace
    ) -> tuple[LevelFound, float]:
        """The pass: pairs, triples and 4-subsets of all literals, or larger ones of those that did best."""
        make = (self.shape.positive, self.gamma, self.most, k, self.per_support)
        run = ShapedPass(ordered, w, *make, found, floor)
        run.pairs()
        arity, n = subset_pass.arity_of(self.tables), ordered.n
        limit = self._fitting(ordered, arity, pace)
        if arity == 2 or n < 3:
            return LevelFound(run.found), run.slack
        if work(ordered, self.shape.positive, 3) > self._work(pace):
            limit, exact, done = min(limit, n - 1), 2, True
        else:
            exact, done = 3, run.triples(pace.ended, limit == n and arity == 4)
        if not done:
            return LevelFound(run.found, None, 2), run.slack
        if limit == n or arity == 3:
            done = arity == 3 or run.quads(pace.ended)
            return LevelFound(run.found, None, None if done else 3), run.slack
        small = ordered.take(closed(ordered, np.argsort(-run.best, kind="stable"), limit))
        part = ShapedPass(small, w, *make, run.found, floor)
        done = part.triples(pace.ended, keep=True) and part.quads(pace.ended)
        found = in_order(np.unique(np.concatenate([run.found, part.found])))[:k]
        return LevelFound(found, small.n, None if done else exact, exact), run.slack

    def _work(self, pace: Pace) -> float:
        seconds = [s for s in (self.pass_seconds, pace.limit) if s is not None]
        return SPEED * min(seconds, default=np.inf) / len(self.levels)

    def _fitting(self, ordered: Ordered, arity: int, pace: Pace) -> int:
        """How many literals 4-subsets can be taken from."""
        limit = ordered.n if self.max_literals is None or arity < 4 else min(ordered.n, self.max_literals)
        share = 1.0
        budget, n_rows = self._work(pace), ordered.bits.shape[1]
        while limit > 4:
            share = limit / ordered.n
            memory = 8.0 * (limit**3 + limit * n_rows) + 200.0 * 16 * limit**2
            if memory <= self.memory and share**4 * work(ordered, self.shape.positive, 4) <= budget:
                break
            limit -= 1
        return limit


def work(ordered: Ordered, positive: bool, arity: int) -> float:
    """Multiplications with additions of the sets of three or four literals, roughly."""
    n, n_rows = ordered.n, ordered.bits.shape[1]
    firsts = n if positive else ordered.n_constrained
    if arity == 3:
        return float(firsts * n**2 * n_rows / 2 + sum((n - a) ** 2 / 2 for a in range(firsts)) * OVERHEAD / 4)
    sets = sum((n - a) ** 3 / 6 for a in range(firsts))
    return float(sets * (OVERHEAD + n_rows / 2))


def closed(ordered: Ordered, ranking: Ints, most: int) -> Ints:
    """About the first ``most`` of a ranking, each with the higher bits of its column; ascending."""
    chosen = set[int]()
    for i in ranking.tolist():
        wanted = {i - j for j in range(int(ordered.rank[i]) + 1)}
        if len(chosen | wanted) <= most:
            chosen |= wanted
    return np.array(sorted(chosen), dtype=np.int64)


def scope(level: ShapedLevel, parts: Sequence[LevelFound]) -> str:
    """What was searched on a level."""
    where = f"{level.rows.n_literals} literals of level {level.rows.level}"
    if all(part.screened is None for part in parts):
        return f"all functions of at most 4 of all {where}"
    exact = min(part.exact for part in parts if part.screened is not None)
    counts = " and of ".join(f"{part.screened} screened" for part in parts if part.screened is not None)
    return f"all functions of at most {exact} of all {where} and of at most 4 of {counts} ones"
