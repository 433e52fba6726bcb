"""Oracle over parities: functions that no smaller circuit correlates with.

Up to 24 literals per level, exact: one Walsh-Hadamard transform scores all of them.  Beyond, all parities of two
literals, and those that pooled elimination over GF(2) finds (see `walsh`); what was found is then a lower
bound, and the upper bound is the one for every circuit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits._typing import Floats, Ints
from fw_circuits.circuits.families import parity_circuit
from fw_circuits.lattice import Lattice, LevelRows, transpose_bits
from fw_circuits.oracle.data import OracleData
from fw_circuits.oracle.families import walsh
from fw_circuits.oracle.families.counting import by_count
from fw_circuits.oracle.families.frame import FamilyOracle, LevelProblem, Scored, pair_atoms, ranked, spread
from fw_circuits.tetrakis import Atom

#: One transform of 2^24 numbers takes 128 MiB.
MOST_EXACT = 24
#: Unknowns that a draw leaves to its transform.
BITS = 12
#: Word operations that all draws of one search may take together, and draws between two questions to ``stop``.
WORK, BATCH = 1_000_000_000, 64
#: A parity that explains this share of the weights ends the draws: far more than chance gives any.
ENOUGH = 0.4


class ParityOracle(FamilyOracle):
    """Search the parities of literals, level by level: all of them up to 24 literals, at random beyond.

    Literals that are constant on the rows, or equal or complementary to an earlier one, are left out: they add
    no parity.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :class:`LevelsOracle`.
    draws : int or None
        Random eliminations of one search on a level of more than 24 literals.  None: as many as about 1e9
        word operations allow, at least 64 (about 12,000 for 40 literals and 2,000 rows).
    random_state : int
        Seed of the draws.

    Raises
    ------
    InputError
        If the rows are of different data, or an option is out of range.

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
    ) -> None:
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        self.draws = None if draws is None else check_integer("draws", draws, 1, note=" or None")
        self.random_state = check_integer("random_state", random_state)

    def _family(self, problem: LevelProblem) -> tuple[list[Atom], bool]:
        if problem.literals.n <= MOST_EXACT:
            return _parities(problem, self._all(problem)), True
        return pair_atoms(problem, ("xor",)) + _parities(problem, self._drawn(problem)), False

    def _select(self, scored: list[Scored], k: int) -> list[Scored]:
        exact = all(level.literals.n <= MOST_EXACT for level in self.data.levels)
        return ranked(scored, k) if exact else spread(scored, k)

    def _all(self, problem: LevelProblem) -> list[Ints]:
        n = problem.literals.n
        keys = transpose_bits(problem.literals.words, len(problem.w))[:, 0].astype(np.int64)
        h = walsh.transform(by_count(keys, problem.w, (1 << n) - 1), self.data.n_threads)
        top = walsh.best_sets(h, self._factor(n), problem.k)
        return [np.flatnonzero(s >> np.arange(n) & 1) for s in top]

    def _factor(self, n: int) -> Floats:
        factor: Floats = np.maximum(1.0, np.arange(n + 1) - 1.0) ** (-1.0 / self.gamma)
        return factor

    def _drawn(self, problem: LevelProblem) -> list[Ints]:
        w, words = problem.w, problem.literals.words
        n, n_rows = len(words), len(w)
        mass = float(np.abs(w).sum())
        if mass == 0:
            return []
        keys = transpose_bits(words, n_rows)
        work = n * n * keys.shape[1] // 2 + n * BITS * words.shape[1] // 2 + n_rows * BITS + (BITS << BITS)
        count = self.draws or max(BATCH, WORK // work)
        found: dict[bytes, float] = {}
        for first in range(0, count, BATCH):
            if problem.stopped():
                break
            batch = min(BATCH, count - first)
            sets, values = walsh.draws(words, keys, w, BITS, self.random_state, first, batch, self.data.n_threads)
            found |= {s.tobytes(): abs(float(v)) for s, v in zip(sets, values, strict=True) if s.any()}
            if max(found.values(), default=0.0) >= ENOUGH * mass:
                break
        factor = self._factor(n)
        members = {s: np.flatnonzero(np.unpackbits(np.frombuffer(s, np.uint8), bitorder="little")) for s in found}
        best = sorted(found, key=lambda s: (-found[s] * factor[len(members[s])], len(members[s]), s))
        return [members[s] for s in best[: problem.k]]


def _parities(problem: LevelProblem, sets: list[Ints]) -> list[Atom]:
    return [problem.atom(parity_circuit(len(members)), members.tolist()) for members in sets]
