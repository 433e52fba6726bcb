"""Oracle over functions of a popcount: thresholds, exact counts, intervals, any symmetric function.

For literals S, each possibly complemented, the best function of their count is read off the sums of the weights
by count.  Which S: prefixes of the literals ordered by their correlation with the weights (a threshold
correlates with each of its literals) and by the leading eigenvectors of the pairwise correlations (an exact
count correlates with pairs only), and of the literals as they stand; then a local search adds, removes and
complements single literals.  Costs are those of the circuits built.  The search over S is not exhaustive.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.circuits.families import complement_inputs, symmetric_circuit
from fw_circuits.oracle.families.counting import (
    KINDS,
    Group,
    best_change,
    by_count,
    changed,
    cost_of,
    gates,
    patterns,
    prefixes,
    recount,
)
from fw_circuits.oracle.families.frame import Candidate, FamilyOracle, LevelProblem, pair_candidates
from fw_circuits.oracle.families.pair_sums import TABLES
from fw_circuits.oracle.families.sample import MOST_ROWS, Sample
from fw_circuits.tetrakis import Atom

#: Sets of each kind and measure that functions are read off; moves of one local search.
BUILT, MOVES = 2, 40
#: What the longer circuits of the answer must explain beyond the shorter ones, and how many are built at most.
STEP, MOST_BUILT = 1.03, 6
#: Literals of an order whose prefixes are counted.
MOST_COUNTED = 512
#: Up to this many literals both ways of counting are built where their estimates are close.
BOTH = 8
#: No function is built that is neither a threshold nor an interval of more literals: its decoder would take long.
MOST_ANY = 127
#: Vectors and turns of the subspace iteration for the leading eigenvectors.
VECTORS, TURNS = 8, 10

#: A set of literals, and the best score by kind of a function of their count.
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

    def _work(self, n: int, n_rows: int) -> float:
        r = min(n_rows, MOST_ROWS)
        return 2e8 + 4.0 * r * n * 60 + 60e3 * n * 60

    def _family(self, problem: LevelProblem) -> tuple[list[Candidate], bool]:
        candidates = pair_candidates(problem, tuple(TABLES))
        if problem.literals.n < 3 or not problem.w.any():
            return candidates, False
        rows = problem.sample
        counted = self._starts(problem, rows)
        for kind, measure in (
            ("ends", "score"),
            ("intervals", "score"),
            ("intervals", "raw"),
            ("anything", "score"),
        ):
            if counted and not problem.stopped():
                start = self._best(counted, kind, measure, 1)[0][0]
                counted.append(self._climb(problem, rows, start, kind, measure))
        chosen: dict[tuple[bytes, bytes], Group] = {}
        for kind in KINDS:
            for measure in ("score", "raw"):
                for group, _ in self._best(counted, kind, measure, BUILT):
                    chosen[group.members.tobytes(), group.flips.tobytes()] = group
        found: dict[tuple[bytes, bytes, tuple[int, ...]], Candidate] = {}
        for group in chosen.values():
            found |= self._candidates(problem, rows, group)
        return candidates + self._few(list(found.values())), False

    def _candidates(
        self, problem: LevelProblem, rows: Sample, group: Group
    ) -> dict[tuple[bytes, bytes, tuple[int, ...]], Candidate]:
        """The best functions of one count, each kind, by literals, complements and values; none of one gate."""
        h = by_count(group.count(rows), rows.w, len(group.members))
        result = {}
        for values in patterns(h):
            if len(values) > MOST_ANY + 1 and sum(a != b for a, b in pairwise(values)) > 2:
                continue
            # Counting what is 0 gives the same function; the cheaper of the two, first the first input as it is.
            ways = [(values, h, group.flips), (values[::-1], h[::-1], ~group.flips)]
            ways.sort(key=lambda way: bool(way[2][0]))
            normal = [(tuple(v ^ pattern[0] for v in pattern), sums, flips) for pattern, sums, flips in ways]
            costs = [cost_of(pattern) for pattern, _, _ in normal]
            if costs[1] < costs[0]:
                normal.reverse()
            pattern, sums, flips = normal[0]
            if min(costs) > 1:
                close = len(values) <= BOTH + 1 and abs(costs[1] - costs[0]) <= 2
                two = [(pattern, flips) for pattern, _, flips in normal[: 1 + close]]
                build = partial(_atom, problem, group.members, two)
                inner = abs(float(sums @ (2.0 * np.array(pattern) - 1.0)))
                key = group.members.tobytes(), flips.tobytes(), pattern
                result[key] = Candidate(inner, min(costs), build, slow=True)
        return result

    def _few(self, found: list[Candidate]) -> list[Candidate]:
        """Those worth building: the best scores, what explains most, and steps in between."""
        best = sorted(found, key=lambda c: -c.inner * c.cost ** (-1.0 / self.gamma))
        front: list[Candidate] = []
        for c in sorted(found, key=lambda c: (c.cost, -c.inner)):
            if not front or c.inner > front[-1].inner * (1 + 1e-9):
                if len(front) > 1 and c.inner < front[-2].inner * STEP:
                    front.pop()
                front.append(c)
        wanted = [*best[:2], *front[-1:], *(c for c in best if any(c is f for f in front)), *best]
        return list({id(c): c for c in wanted}.values())[:MOST_BUILT]

    def _starts(self, problem: LevelProblem, rows: Sample) -> list[Counted]:
        """Prefixes of the literals in several orders: of each order the best by each kind and measure."""
        n = problem.literals.n
        signed = [problem.pairs.single, *leading(problem.pairs.correlations).T]
        orders = [(np.argsort(-np.abs(v), kind="stable"), v < 0) for v in signed]
        orders.append((np.arange(n), np.zeros(n, bool)))
        counted: list[Counted] = []
        for order, flips in orders:
            if counted and problem.stopped():
                break
            order = np.ascontiguousarray(order[:MOST_COUNTED])
            scores = prefixes(rows, order, flips)
            sizes = np.arange(2, len(order) + 1)
            chosen = {
                int(i) + 2
                for kind in KINDS
                for measure in ("score", "raw")
                for i in np.argsort(-self._measure(kind, measure, scores, sizes), kind="stable")[:BUILT]
            }
            for m in sorted(chosen):
                members = np.sort(order[:m])
                counted.append((Group(members, flips[members]), scores[m - 2]))
        return counted

    def _measure(self, kind: str, measure: str, scores: Floats, m: Array) -> Floats:
        raw: Floats = scores[..., list(KINDS).index(kind)]
        return raw if measure == "raw" else raw * gates(kind, m) ** (-1.0 / self.gamma)

    def _best(self, counted: list[Counted], kind: str, measure: str, k: int) -> list[Counted]:
        values = [float(self._measure(kind, measure, s, np.asarray(len(g.members)))) for g, s in counted]
        return [counted[i] for i in np.argsort(-np.array(values), kind="stable")[:k]]

    def _climb(self, problem: LevelProblem, rows: Sample, group: Group, kind: str, measure: str) -> Counted:
        """Local search: the best change of a single literal, as long as it helps."""
        count, value = group.count(rows), 0.0
        for turn in range(MOVES + 1):
            m = len(group.members)
            if not turn:
                h = by_count(count, rows.w, m)
                scores = np.array([score(h) for score in KINDS.values()])
                value = float(self._measure(kind, measure, scores, np.asarray(m)))
            if turn == MOVES or problem.stopped():
                break
            sizes = np.array([m - 1, m, m + 1])
            factor = np.ones(3) if measure == "raw" else gates(kind, np.maximum(1, sizes)) ** (-1.0 / self.gamma)
            best, move, literal = best_change(rows, group, count, kind, factor)
            if best <= value * (1 + 1e-9):
                break
            count = recount(rows, count, group, move, literal)
            value, group = best, changed(group, move, literal)
        h = by_count(count, rows.w, len(group.members))
        return group, np.array([score(h) for score in KINDS.values()])


def leading(matrix: Floats, k: int = 2) -> Floats:
    """About the eigenvectors of the k eigenvalues of largest size of a symmetric matrix, its diagonal taken for 0.

    Subspace iteration from the same start always (Rutishauser, 1969): where no eigenvalue stands out, so does no set
    of literals, and any vector of the subspace will do.

    Examples
    --------
    >>> v = leading(np.array([[0.0, 2.0, 0.1], [2.0, 0.0, 0.1], [0.1, 0.1, 0.0]]), 1)[:, 0]
    >>> bool(abs(abs(v[0]) - 0.5**0.5) < 1e-2), bool(abs(v[2]) < 0.1)
    (True, True)
    """
    matrix = matrix - np.diag(np.diag(matrix))
    matrix, n = matrix / max(float(np.abs(matrix).max()), 1e-300), len(matrix)
    basis, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((n, min(n, VECTORS))))
    for _ in range(TURNS):
        basis, _ = np.linalg.qr(matrix @ basis)
    vectors, _, _ = np.linalg.svd(matrix @ basis, full_matrices=False)
    found: Floats = vectors[:, :k]
    return found * np.where(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])] < 0, -1.0, 1.0)


def _atom(problem: LevelProblem, members: Ints, ways: list[tuple[tuple[int, ...], Array]]) -> Atom:
    """The smallest circuit of one function, given in one or two ways."""
    circuit, flips = min(((symmetric_circuit(v), flips) for v, flips in ways), key=lambda way: way[0].n_gates)
    return problem.atom(complement_inputs(circuit, flips.tolist()), members.tolist())
