"""Oracle over functions of a popcount: thresholds, exact counts, intervals, any symmetric function.

For literals S, each possibly complemented, the best function of their count is read off the sums of the weights
by count.  Which S: prefixes of the literals ordered by their correlation with the weights (a threshold
correlates with each of its literals) and by the leading eigenvectors of the pairwise correlations (an exact
count correlates with pairs only), and of the literals as they stand; then a local search adds, removes and
complements single literals.  Costs are those of the circuits built.  The search over S is not exhaustive.
"""

from __future__ import annotations

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.circuits.families import complement_inputs, symmetric_circuit
from fw_circuits.oracle.families.counting import KINDS, Group, by_count, changed, gates, neighbours, patterns
from fw_circuits.oracle.families.frame import FamilyOracle, LevelProblem, pair_atoms
from fw_circuits.oracle.families.pair_sums import TABLES
from fw_circuits.tetrakis import Atom

#: Circuits are built for this many sets of each kind; a local search makes at most this many moves.
BUILT, MOVES = 4, 40

#: A set of literals and the sums of the weights by their count.
Counted = tuple[Group, Floats]


class SymmetricOracle(FamilyOracle):
    """Search functions of the number of true literals among some, each possibly complemented.

    ``value`` is a lower bound of what the family attains; ``upper_bound`` covers every circuit.  The parameters are
    those of :class:`LevelsOracle`.

    Examples
    --------
    >>> from fw_circuits.lattice import Lattice
    >>> lattice = Lattice.boolean(8)
    >>> X = np.random.default_rng(0).integers(0, 2, (300, 8))
    >>> oracle = SymmetricOracle([lattice.rows(X, 1)], lattice, gamma=6.0)
    >>> answer = oracle.search((X[:, 1:6].sum(axis=1) >= 3) - 0.5, k=1)
    >>> answer.atoms[0].literals, answer.atoms[0].cost
    ((1, 2, 3, 4, 5), 10)
    """

    name = "symmetric functions"

    def _family(self, problem: LevelProblem) -> tuple[list[Atom], bool]:
        atoms = pair_atoms(problem, tuple(TABLES))
        if problem.literals.n < 3:
            return atoms, False
        counted = self._starts(problem)
        for kind, measure in (
            ("ends", "score"),
            ("intervals", "score"),
            ("intervals", "raw"),
            ("anything", "score"),
        ):
            if not problem.stopped():
                counted.append(self._climb(problem, self._best(counted, kind, measure, 1)[0], kind, measure))
        chosen: dict[tuple[bytes, bytes], Counted] = {}
        for kind in KINDS:
            for measure in ("score", "raw"):
                for group, h in self._best(counted, kind, measure, BUILT):
                    chosen[group.members.tobytes(), group.flips.tobytes()] = group, h
        for group, h in chosen.values():
            atoms += [self._atom(problem, group, values) for values in patterns(h)]
        return atoms, False

    def _atom(self, problem: LevelProblem, group: Group, values: tuple[int, ...]) -> Atom:
        # Counting what is 0 gives the same function; the cheaper of the two, first the first input as it is.
        ways = [(values, group.flips), (values[::-1], ~group.flips)]
        ways.sort(key=lambda way: bool(way[1][0]))
        normal = [(tuple(v ^ pattern[0] for v in pattern), flips) for pattern, flips in ways]
        values, flips = min(normal, key=lambda way: symmetric_circuit(way[0]).n_gates)
        circuit = complement_inputs(symmetric_circuit(values), flips.tolist())
        return problem.atom(circuit, group.members.tolist())

    def _starts(self, problem: LevelProblem) -> list[Counted]:
        """Prefixes of the literals in several orders."""
        total = float(problem.w.sum())
        single = 2 * np.diag(problem.both) - total
        pairs = -problem.products["xor"].copy()  # sum of the weights times both literals as +1 / -1
        np.fill_diagonal(pairs, 0.0)
        values, vectors = np.linalg.eigh(pairs)
        leading = np.argsort(-np.abs(values), kind="stable")[:2]
        signed = [single, *(vectors[:, i] for i in leading)]
        orders = [(np.argsort(-np.abs(v), kind="stable"), v < 0) for v in signed]
        orders.append((np.arange(problem.literals.n), np.zeros(problem.literals.n, bool)))
        counted = []
        for order, flips in orders:
            columns = problem.literals.bits ^ flips[:, None]
            count = columns[order[0]].astype(np.int64)
            for m in range(2, len(order) + 1):
                count += columns[order[m - 1]]
                members = np.sort(order[:m])
                counted.append((Group(members, flips[members]), by_count(count, problem.w, m)))
        return counted

    def _measure(self, kind: str, measure: str, h: Floats, m: Array) -> Floats:
        raw = KINDS[kind](h)
        return raw if measure == "raw" else raw * gates(kind, m) ** (-1.0 / self.gamma)

    def _best(self, counted: list[Counted], kind: str, measure: str, k: int) -> list[Counted]:
        values = [self._measure(kind, measure, h, np.asarray(len(h) - 1)) for _, h in counted]
        return [counted[i] for i in np.argsort(-np.array(values), kind="stable")[:k]]

    def _climb(self, problem: LevelProblem, start: Counted, kind: str, measure: str) -> Counted:
        """Local search: the best change of a single literal, as long as it helps."""
        bits, w = problem.literals.bits, problem.w
        group, h = start
        value = float(self._measure(kind, measure, h, np.asarray(len(h) - 1)))
        for _ in range(MOVES):
            best: tuple[float, str, int] | None = None
            for move, literals, sums in neighbours(bits, w, group):
                if not len(literals):
                    continue
                scores = self._measure(kind, measure, sums, np.asarray(sums.shape[1] - 1))
                i = int(np.argmax(scores))
                if best is None or scores[i] > best[0]:
                    best = (float(scores[i]), move, int(literals[i]))
            if best is None or best[0] <= value * (1 + 1e-9) or problem.stopped():
                break
            value, group = best[0], changed(group, best[1], best[2])
        return group, by_count(group.count(bits), w, len(group.members))
