"""Oracle over carry chains: comparisons, carries and sum bits of adders over pairs of literals.

The chain is found from its most significant pair down (see `chains`), with the complements that the data
show; every truncation of it is scored, and ends in a constant or in a literal.  The search is not exhaustive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.circuits.families import chain_circuit
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.data import OracleData
from fw_circuits.oracle.families.chains import MANY, MOST_TRIPLES, Chain, Trail, costs, sum_prefixes, trails
from fw_circuits.oracle.families.frame import Candidate, FamilyOracle, LevelProblem, pair_candidates
from fw_circuits.oracle.families.pair_sums import TABLES
from fw_circuits.oracle.families.sample import MOST_ROWS
from fw_circuits.tetrakis import Atom

#: Parities of two literals that are tried in front of a chain.
PREFIXES = 3


class CarryOracle(FamilyOracle):
    """Search carry chains: a < b, a + b and the like, whatever the order of the inputs.

    ``value`` is a lower bound of what the family attains; ``upper_bound`` covers every circuit.  Data determine
    a chain down to about log2(n_rows) pairs.  A longer chain that follows the natural order of the literals and
    explains as much, up to chance, takes the place of those that explain most, unless one of them scores best.
    A penalty on the gates prefers truncations even so: they are cheaper, and wrong on few rows.
    ``truncate=False`` leaves them out.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :class:`LevelsOracle`.
    truncate : bool
        False: where a chain in natural order explains enough, return it alone.

    Examples
    --------
    >>> import numpy as np
    >>> lattice = Lattice.boolean(6)
    >>> X = (np.arange(64)[:, None] >> np.arange(6)) & 1
    >>> more = X[:, :3] @ [1, 2, 4] > X[:, 3:] @ [1, 2, 4]
    >>> oracle = CarryOracle([lattice.rows(X, 1)], lattice, gamma=20.0)
    >>> best = oracle.search(more - more.mean(), k=1).atoms[0]
    >>> best.literals, best.cost, bool(((best(X) > 0) == more).all())
    ((2, 5, 1, 4, 0, 3), 9, True)
    """

    name = "carry chains"

    def __init__(
        self,
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        n_jobs: int | None = None,
        truncate: bool = True,
    ) -> None:
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        self.truncate = bool(truncate)

    def _work(self, n: int, n_rows: int) -> float:
        r = min(n_rows, MOST_ROWS)
        words = 16 if n <= MANY else 8
        triples = 14.0 * words * n**3 / 6 if n <= MOST_TRIPLES else 0.0
        return 1.8e8 + 2.5e4 * r + triples

    def _family(self, problem: LevelProblem) -> tuple[list[Candidate], bool]:
        candidates = pair_candidates(problem, tuple(TABLES))
        rows, index = problem.sample, problem.literals.index
        if not rows.w.any():
            return candidates, False
        found = trails(rows, index, (), problem.stopped)
        for prefix in sum_prefixes(rows, PREFIXES, problem.stopped) if not problem.stopped() else ():
            if problem.stopped():
                break
            found += trails(rows, index, prefix, problem.stopped)
        every = _Ends.of(found)
        whole = every.whole()
        if whole is not None and not self.truncate:
            return [self._candidate(problem, every, whole)], False
        shortlist = every.shortlist(whole, problem.k, self.gamma)
        return candidates + [self._candidate(problem, every, i) for i in shortlist], False

    def _candidate(self, problem: LevelProblem, every: _Ends, i: int) -> Candidate:
        trail, place = every.places[i]
        build = partial(self._built_of, problem, trail, place)
        return Candidate(float(every.inner[i]), float(every.cost[i]), build)

    def _built_of(self, problem: LevelProblem, trail: Trail, place: int) -> Atom:
        return self._atom(problem, trail.chain(place))

    def _atom(self, problem: LevelProblem, chain: Chain) -> Atom:
        places = [*chain.prefix, *(i for pair in chain.pairs for i in pair)]
        # A carry with all its inputs complemented is its complement: leave the first input as it is.
        turn = chain.flips[0][0] if chain.flips else bool(chain.start & 1)
        flips = [(u ^ turn, v ^ turn) for u, v in chain.flips]
        start: int | None = (chain.start & 1) ^ turn
        complemented = False
        if chain.start > 1:
            places.append((chain.start - 2) // 2)
            start, complemented = None, bool(start)
        circuit = chain_circuit(flips, start, len(chain.prefix), complemented)
        return problem.atom(circuit, places)


@dataclass(frozen=True)
class _Ends:
    """The ends of all trails, one after the other."""

    places: list[tuple[Trail, int]]
    inner: Floats
    slack: Floats
    cost: Array
    natural: Array  # whole chains of a plan

    @classmethod
    def of(cls, trails: list[Trail]) -> _Ends:
        sizes = [len(trail.places) for trail in trails]
        places, values = np.vstack([trail.places for trail in trails]), np.vstack([trail.values for trail in trails])
        prefix = np.repeat([len(trail.prefix) for trail in trails], sizes)
        natural = np.zeros(len(places), bool)
        last = np.cumsum(sizes) - 1
        natural[[i for i, trail in zip(last, trails, strict=True) if trail.planned]] = True
        where = [(trail, i) for trail, size in zip(trails, sizes, strict=True) for i in range(size)]
        return cls(where, values[:, 0], values[:, 1], costs(places[:, 0], places[:, 1], prefix), natural)

    def whole(self) -> int | None:
        """The best chain in natural order, if it explains as much as any chain, up to chance."""
        if not self.natural.any():
            return None
        most = int(np.argmax(self.inner))
        enough = self.inner[most] * (1 - 1e-9) - self.slack[most]
        best = int(np.argmax(np.where(self.natural, self.inner, -np.inf)))
        return best if self.inner[best] >= enough else None

    def shortlist(self, whole: int | None, k: int, gamma: float) -> list[int]:
        """The chains worth building: best scores, those that no cheaper one matches, and the natural whole one."""
        best = np.argsort(-self.inner * self.cost ** (-1.0 / gamma), kind="stable")
        if whole is not None and len(best):
            below = (self.inner[best] < self.inner[whole] * (1 - 1e-9)) | (best == whole)
            below[0] = True
            best = best[below]
        order = best[np.lexsort([-self.inner[best], self.cost[best]])]
        before = np.maximum.accumulate(np.concatenate([[-np.inf], self.inner[order]]))[:-1]
        front = order[self.inner[order] > before]
        return list(dict.fromkeys([*best[: 2 * k].tolist(), *front.tolist()]))
