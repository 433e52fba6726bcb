"""The frame of the oracles over structured families: levels, exact scores, ranking, and bounds that hold.

A family is searched level by level.  Whatever was found, one bound covers every circuit: those of one gate are
functions of two literals, all of which are scored, and those of more gates have the factor 2^(-1/gamma) at most
(theory, section 4).  A family that was searched to its end is bounded by its best member instead.

The search of a family ranks *candidates*, of which it knows what they explain and about what they cost; circuits are
built for the few that the answer may contain.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._typing import Floats
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop, best_first
from fw_circuits.oracle.data import LevelsOracle
from fw_circuits.oracle.families import pair_sums
from fw_circuits.oracle.families.pair_sums import PairSums
from fw_circuits.oracle.families.sample import Sample
from fw_circuits.oracle.literals import Literals
from fw_circuits.tetrakis import Atom


@dataclass(frozen=True)
class LevelProblem:
    """What a family is searched for on one level: weights of the rows, sums over pairs, number of atoms."""

    lattice: Lattice
    rows: LevelRows
    literals: Literals
    w: Floats
    pairs: PairSums
    k: int
    stop: Stop | None

    def stopped(self) -> bool:
        """Whether the search should end."""
        return self.stop is not None and self.stop()

    @cached_property
    def sample(self) -> Sample:
        """All rows, or a sample where there are very many."""
        return Sample.of(self.literals, self.w)

    def atom(self, circuit: Circuit, places: Sequence[int]) -> Atom:
        """A circuit over the literals at these places."""
        return Atom(circuit, self.rows.level, tuple(int(self.literals.index[i]) for i in places), self.lattice)


@dataclass(frozen=True)
class Candidate:
    """What a circuit explains, ``inner = |<g, T>|``, about what it costs, and how it is built.

    ``slow``: building it takes milliseconds.
    """

    inner: float
    cost: float
    build: Callable[[], Atom]
    slow: bool = False


@dataclass(frozen=True)
class Scored:
    """An atom, ``inner = <g, T>``, its bits on the rows (complemented if the first is 1), and its score."""

    atom: Atom
    inner: float
    column: bytes
    score: float

    @property
    def order(self) -> tuple[float, int, int, int, tuple[int, ...]]:
        """Sorts best first: score, fewer gates, fewer literals, earlier level, literals."""
        atom = self.atom
        return (-abs(self.score), atom.cost, len(atom.literals), atom.level, atom.literals)


class FamilyOracle(LevelsOracle, ABC):
    """Searches one family on all levels; a subclass says how, in `_family`, and what it costs, in `_work`.

    Of an atom and its complement, which differ in the sign of their score, it proposes always the same one.
    """

    #: The members of the family, in the plural.
    name = ""

    @abstractmethod
    def _family(self, problem: LevelProblem) -> tuple[list[Candidate], bool]:
        """Candidates on one level, and whether no other member of the family can be better."""

    @abstractmethod
    def _work(self, n: int, n_rows: int) -> float:
        """Work of a search on one level beside the sums over pairs, in the unit of `price`."""

    def _select(self, scored: list[Scored], k: int) -> list[Scored]:
        return spread(scored, k)

    def price(self) -> float:
        """Estimate of the work of the next search, known before it is made: it looks at no clock.

        Returns
        -------
        float
            In multiplications with additions, of which `literal_choice.RATE` take a second.  Families that share
            their data and weights take the sums over pairs once, which is not known here.
        """
        sizes = [(level.literals.n, level.literals.n_rows) for level in self.data.levels]
        pairs = sum(3e7 + n * n * (1500 + (1.2 + 60 / max(1, n)) * n_rows) for n, n_rows in sizes)
        return pairs + sum(self._work(n, n_rows) for n, n_rows in sizes)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k atoms to go on with, over all levels."""
        candidates: list[Candidate] = []
        scopes, every, complete = [], abs(float(g.sum())), True
        short = any(level.literals.n < level.rows.n_literals for level in self.data.levels)
        constant = every if short else 0.0
        pulled: dict[int, tuple[LevelRows, Floats]] = {}
        for place, (rows, literals) in enumerate((level.rows, level.literals) for level in self.data.levels):
            n, where, w = rows.n_literals, f"literals of level {rows.level}", rows.pull(g)
            pulled[rows.level] = rows, w
            mass = float(np.abs(w).sum()) * (1 + 1e-12)
            stopped = stop is not None and stop()
            pairs = None if stopped else pair_sums.shared(self.data, place, w, stop)
            if pairs is None:
                every, complete = max(every, mass), False
                scopes.append(f"every circuit over the {where} (not searched)")
                continue
            every = max(every, pairs.most, mass * 2.0 ** (-1.0 / self.gamma))
            problem = LevelProblem(self.lattice, rows, literals, w, pairs, k, stop)
            found, whole = self._family(problem) if literals.n else ([], True)
            complete = complete and whole
            candidates += found
            scopes.append(
                f"all {self.name} of all {n} {where}"
                if whole
                else f"every circuit over the {n} {where}, by the sum of |weights| from 2 gates on"
            )
        best = self._select(self._built(candidates, pulled, k, stop), k)
        return OracleAnswer.of(
            [s.atom for s in best],
            [s.score for s in best],
            "; ".join(scopes),
            bound=constant if complete else every,
            max_gates=0 if complete else 1,
            complete=complete,
            tail=every,
        )

    def _built(
        self, candidates: list[Candidate], pulled: dict[int, tuple[LevelRows, Floats]], k: int, stop: Stop | None
    ) -> list[Scored]:
        """The candidates that the answer may contain, until k differ on the rows, scored in float64 over all rows.

        Once ``stop`` says so, the first of the slow candidates is built if it is not large, and no other.
        """
        result: list[Scored] = []
        columns: set[tuple[int, bytes]] = set()
        slow = 0
        for candidate in wanted(candidates, self.gamma):
            if len(columns) >= k:
                break
            slow += candidate.slow
            if candidate.slow and (slow > 1 or candidate.cost > LARGE) and stop is not None and stop():
                continue
            atom = candidate.build()
            rows, w = pulled[atom.level]
            words = np.ascontiguousarray(rows.words[list(atom.literals)])
            bits = unpack_bits(atom.circuit.evaluate_words(words), rows.n_rows)[0]
            inner = float(w @ (2.0 * bits - 1.0))
            column = np.packbits(bits ^ bits[0]).tobytes()
            result.append(Scored(atom, inner, column, inner * atom.cost ** (-1.0 / self.gamma)))
            if inner and any(column):
                columns.add((atom.level, column))
        return result


#: Gates of a circuit whose building takes long, once a stop was heard.
LARGE = 500


def pair_candidates(problem: LevelProblem, names: tuple[str, ...]) -> list[Candidate]:
    """The best literals and the best functions of two literals, at most k of each."""
    single = problem.pairs.single
    found = [
        Candidate(abs(float(single[i])), 1, partial(problem.atom, Circuit(1, (), (2,)), [int(i)]))
        for i in best_first(single, problem.k)
    ]
    return found + [
        Candidate(abs(value), 1, partial(problem.atom, Circuit(2, (Gate(table, 1, 2),), (6,)), [i, j]))
        for value, table, i, j in problem.pairs.best(names, problem.k)
    ]


def wanted(candidates: Iterable[Candidate], gamma: float) -> Iterator[Candidate]:
    """Candidates in the order of `spread`, by their estimated cost."""
    best = sorted(candidates, key=lambda c: -c.inner * c.cost ** (-1.0 / gamma))
    front: list[Candidate] = []
    for c in sorted(best, key=lambda c: (c.cost, -c.inner)):
        if not front or c.inner > front[-1].inner * (1 + 1e-9):
            front.append(c)
    on_front = {id(c) for c in front}
    order = [*best[:1], *front[-1:], *(c for c in best if id(c) in on_front), *best]
    return iter({id(c): c for c in order}.values())


def ranked(scored: list[Scored], k: int) -> list[Scored]:
    """The k best scores."""
    return sorted(scored, key=lambda s: s.order)[:k]


def spread(scored: list[Scored], k: int) -> list[Scored]:
    """At most k atoms that differ on the rows, best score first; none that is constant there or scores 0.

    First come those that no cheaper atom matches in ``|<g, T>|``: the best score and the atom that explains
    most always, then by score; where room is left, the best of the others.  A long circuit that explains
    everything scores low for its size and is kept nevertheless.
    """
    by_column: dict[tuple[int, bytes], Scored] = {}
    for s in sorted(scored, key=lambda s: s.order):
        if s.inner and any(s.column):
            by_column.setdefault((s.atom.level, s.column), s)
    distinct = list(by_column.values())
    front: list[Scored] = []
    for s in sorted(distinct, key=lambda s: (s.atom.cost, -abs(s.inner), *s.order)):
        if not front or abs(s.inner) > abs(front[-1].inner) * (1 + 1e-9):
            front.append(s)
    chosen = distinct[:1]
    for s in [*front[-1:], *sorted(front, key=lambda s: s.order), *distinct]:
        if len(chosen) < k and all(s is not other for other in chosen):
            chosen.append(s)
    return sorted(chosen, key=lambda s: s.order)
