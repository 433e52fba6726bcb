"""Oracle over parities: functions that no smaller circuit correlates with.

Up to 24 literals per level, exact: one Walsh-Hadamard transform scores all of them.  Beyond, all parities of two
literals, and those that pooled elimination over GF(2) finds (see `walsh`); what was found is then a lower
bound, and the upper bound is the one for every circuit.  Draws go on from search to search: a search may be small.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._checks import check_integer, check_real
from fw_circuits._typing import Floats, Ints
from fw_circuits.circuits.families import parity_circuit
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.data import OracleData
from fw_circuits.oracle.families import walsh
from fw_circuits.oracle.families.frame import (
    Candidate,
    FamilyOracle,
    LevelProblem,
    Scored,
    pair_candidates,
    ranked,
    spread,
)
from fw_circuits.oracle.families.sample import Sample
from fw_circuits.tetrakis import Atom

#: One transform of 2^24 numbers takes 128 MiB.
MOST_EXACT = 24
#: Unknowns that a draw leaves to its transform; rows that it is made on, at least and for each literal: a parity agrees
#: with as many rows as it was made of, whatever it is worth.
BITS, ROWS, ROWS_EACH = 12, 1024, 8
#: Work of the draws of one search, in multiplications with additions, and that between two questions to ``stop``.
WORK, BATCH = 5e9, 1e8
#: More literals than that take no part: as many clean rows in a draw are not to be had.
MOST_DRAWN = 1024
#: A parity that explains this share of the weights ends the draws: far more than chance gives any.
ENOUGH = 0.4
#: Parities found that are scored on all rows, for each one wanted.
RESCORED = 4


def draw_work(n: int) -> float:
    """Work of one draw among n literals, in multiplications with additions."""
    blocks = (n + 2 + 511) // 512
    return 1.1e6 + 6e3 * n + min(85.0, 20.0 + 0.12 * n) * n * n * blocks


class ParityOracle(FamilyOracle):
    """Search the parities of literals, level by level: all of them up to 24 literals, at random beyond.

    Literals that are constant on the rows, or equal or complementary to an earlier one, are left out: they add
    no parity.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :class:`LevelsOracle`.
    draws : int or None
        Random eliminations of one search on a level of more than 24 literals.  None: as many as ``work`` allows.
    random_state : int
        Seed of the draws.
    work : float
        Multiplications with additions of all draws of one search on one level, at least one draw; the default is
        about a tenth of a second (4,000 draws among 40 literals, 110 among 512).  It may be set anew at any time.

    Raises
    ------
    InputError
        If the rows are of different data, or an option is out of range.

    Notes
    -----
    Draws are numbered.  A search with other weights than the last begins with the number where that one stopped; one
    with the same weights begins where it began.  So answers repeat with the sequence of searches, their ``work`` and
    the seed, and small searches find in turn what a large one finds at once.  A ``stop`` in between decides how many
    draws are made, as it does for what is found.

    Examples
    --------
    >>> lattice = Lattice.boolean(10)
    >>> X = np.random.default_rng(0).integers(0, 2, (300, 10))
    >>> oracle = ParityOracle([lattice.rows(X, 1)], lattice, gamma=3.0)
    >>> answer = oracle.search(X[:, [1, 4, 5, 9]].sum(axis=1) % 2 - 0.5, k=1)
    >>> answer.atoms[0].literals, answer.atoms[0].cost, answer.value == answer.upper_bound
    ((1, 4, 5, 9), 3, True)
    """

    name = "parities"

    def __init__(
        self,
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        n_jobs: int | None = None,
        draws: int | None = None,
        random_state: int = 0,
        work: float = WORK,
    ) -> None:
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        self.draws = None if draws is None else check_integer("draws", draws, 1, note=" or None")
        self.random_state = check_integer("random_state", random_state)
        self.work = check_real("work", work, 0.0, above=True)
        self._asked: dict[int, tuple[Floats, int, int]] = {}  # level -> weights, first and next number of a draw

    def _work(self, n: int, n_rows: int) -> float:
        if n <= MOST_EXACT:
            return float(60 * n_rows * n + (250 + 6 * n) * 2.0**n)
        return self._count(n) * draw_work(n) + 4e7 if n <= MOST_DRAWN else 0.0

    def _count(self, n: int) -> int:
        return self.draws or max(1, int(self.work / draw_work(n)))

    def _family(self, problem: LevelProblem) -> tuple[list[Candidate], bool]:
        if problem.literals.n <= MOST_EXACT:
            found = self._all(problem)
            return (pair_candidates(problem, ("xor",)), False) if found is None else (found, True)
        return pair_candidates(problem, ("xor",)) + self._drawn(problem), False

    def _select(self, scored: list[Scored], k: int) -> list[Scored]:
        exact = all(level.literals.n <= MOST_EXACT for level in self.data.levels)
        return ranked(scored, k) if exact else spread(scored, k)

    def _all(self, problem: LevelProblem) -> list[Candidate] | None:
        n, threads = problem.literals.n, self.data.n_threads
        keys = problem.literals.by_row[:, 0].astype(np.int64)
        h = walsh.spectrum(keys, problem.w, n, threads, problem.stopped)
        top = None if h is None else walsh.best_sets(h, self._factor(n), problem.k, problem.stopped)
        if h is None or top is None:
            return None
        return [_candidate(problem, float(h[s]), np.flatnonzero(s >> np.arange(n) & 1)) for s in top]

    def _factor(self, n: int) -> Floats:
        factor: Floats = np.maximum(1.0, np.arange(n + 1) - 1.0) ** (-1.0 / self.gamma)
        return factor

    def _drawn(self, problem: LevelProblem) -> list[Candidate]:
        """The best of the parities that the next draws find, scored on all rows."""
        w, n, level = problem.w, problem.literals.n, problem.rows.level
        if n > MOST_DRAWN or not w.any():
            return []
        last, begin, following = self._asked.get(level, (w, 0, 0))
        begin = begin if np.array_equal(last, w) else following
        n_rows = max(ROWS, ROWS_EACH * n)
        rows = Sample.drawn(problem.literals, w, n_rows, begin)
        found: dict[bytes, int] = {}
        count, batch, done = self._count(n), max(1, int(BATCH / draw_work(n))), 0
        while done < count and not problem.stopped():
            size = min(batch, count - done)
            sets, values = walsh.draws(
                rows.words, rows.keys, rows.label, BITS, self.random_state, begin + done, size, self.data.n_threads
            )
            done += size
            found |= {s.tobytes(): int(v) for s, v in zip(sets, values, strict=True) if s.any()}
            if max(found.values(), default=0) >= ENOUGH * n_rows:
                break
        self._asked[level] = w, begin, begin + done
        return self._rescored(problem, found)

    def _rescored(self, problem: LevelProblem, found: dict[bytes, int]) -> list[Candidate]:
        factor, rows = self._factor(problem.literals.n), problem.sample
        ones = {s: int.from_bytes(s, "little").bit_count() for s in found}
        best = sorted(found, key=lambda s: (-found[s] * factor[ones[s]], ones[s], s))[: RESCORED * problem.k]
        candidates = []
        for s in best:
            members = np.flatnonzero(np.unpackbits(np.frombuffer(s, np.uint8), bitorder="little"))
            odd = np.bitwise_xor.reduce(rows.words[members], axis=0)
            inner = float(rows.w @ (2.0 * unpack_bits(odd[None], rows.n_rows)[0] - 1.0))
            candidates.append(_candidate(problem, inner, members))
        return candidates


def _candidate(problem: LevelProblem, inner: float, members: Ints) -> Candidate:
    def build() -> Atom:
        return problem.atom(parity_circuit(len(members)), members.tolist())

    return Candidate(abs(inner), max(1, len(members) - 1), build)
