"""The frame of the oracles over structured families: levels, exact scores, ranking, and bounds that hold.

A family is searched level by level.  Whatever was found, one bound covers every circuit: those of one gate are
functions of two literals, all of which are scored, and those of more gates have the factor 2^(-1/gamma) at most
(theory, section 4).  A family that was searched to its end is bounded by its best member instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._typing import Floats
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop, best_first
from fw_circuits.oracle.data import LevelsOracle
from fw_circuits.oracle.families import pair_sums
from fw_circuits.oracle.literals import Literals
from fw_circuits.tetrakis import Atom


@dataclass(frozen=True)
class LevelProblem:
    """What a family is searched for on one level: weights of the rows, moments of pairs, number of atoms."""

    lattice: Lattice
    rows: LevelRows
    literals: Literals
    w: Floats
    both: Floats
    products: dict[str, Floats]
    k: int
    stop: Stop | None

    def stopped(self) -> bool:
        """Whether the search should end."""
        return self.stop is not None and self.stop()

    def atom(self, circuit: Circuit, places: Sequence[int]) -> Atom:
        """A circuit over the literals at these places."""
        return Atom(circuit, self.rows.level, tuple(int(self.literals.index[i]) for i in places), self.lattice)


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
    """Searches one family on all levels; a subclass says how, in `_family`.

    Of an atom and its complement, which differ in the sign of their score, it proposes always the same one.
    """

    #: The members of the family, in the plural.
    name = ""

    @abstractmethod
    def _family(self, problem: LevelProblem) -> tuple[list[Atom], bool]:
        """Candidates on one level, and whether no other member of the family can be better."""

    def _select(self, scored: list[Scored], k: int) -> list[Scored]:
        return spread(scored, k)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k atoms to go on with, over all levels."""
        scored: list[Scored] = []
        scopes, every, complete = [], abs(float(g.sum())), True
        levels = [(level.rows, level.literals) for level in self.data.levels]
        constant = every if any(literals.n < rows.n_literals for rows, literals in levels) else 0.0
        for rows, literals in levels:
            n, where, w = rows.n_literals, f"literals of level {rows.level}", rows.pull(g)
            mass = float(np.abs(w).sum()) * (1 + 1e-12)
            if stop is not None and stop():
                every, complete = max(every, mass), False
                scopes.append(f"every circuit over the {where} (not searched)")
                continue
            both = pair_sums.moments(literals.bits, w)
            products = pair_sums.inner_products(both, float(w.sum()))
            single = float(np.abs(2 * np.diag(both) - w.sum()).max(initial=0.0))
            pairs = max((float(np.abs(p).max(initial=0.0)) for p in products.values()), default=0.0)
            every = max(every, single, pairs, mass * 2.0 ** (-1.0 / self.gamma))
            problem = LevelProblem(self.lattice, rows, literals, w, both, products, k, stop)
            atoms, whole = self._family(problem) if literals.n else ([], True)
            complete = complete and whole
            scored += self._scored(atoms, rows, w)
            scopes.append(
                f"all {self.name} of all {n} {where}"
                if whole
                else f"every circuit over the {n} {where}, by the sum of |weights| from 2 gates on"
            )
        best = self._select(scored, k)
        return OracleAnswer.of(
            [s.atom for s in best],
            [s.score for s in best],
            "; ".join(scopes),
            bound=constant if complete else every,
            max_gates=0 if complete else 1,
            complete=complete,
            tail=every,
        )

    def _scored(self, atoms: Iterable[Atom], rows: LevelRows, w: Floats) -> list[Scored]:
        """Scores in float64 over all rows, from the circuit itself."""
        result = []
        for atom in atoms:
            words = np.ascontiguousarray(rows.words[list(atom.literals)])
            bits = unpack_bits(atom.circuit.evaluate_words(words), rows.n_rows)[0]
            inner = float(w @ (2.0 * bits - 1.0))
            column = np.packbits(bits ^ bits[0]).tobytes()
            result.append(Scored(atom, inner, column, inner * atom.cost ** (-1.0 / self.gamma)))
        return result


def pair_atoms(problem: LevelProblem, names: tuple[str, ...]) -> list[Atom]:
    """The best literals and the best functions of two literals, at most k of each."""
    single = 2 * np.diag(problem.both) - problem.w.sum()
    atoms = [problem.atom(Circuit(1, (), (2,)), [i]) for i in best_first(single, problem.k)]
    return atoms + [
        problem.atom(Circuit(2, (Gate(table, 1, 2),), (6,)), [i, j])
        for table, i, j in pair_sums.best_pairs(problem.products, names, problem.k)
    ]


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
    wanted = [*front[-1:], *sorted(front, key=lambda s: s.order), *distinct]
    for s in wanted:
        if len(chosen) < k and all(s is not other for other in chosen):
            chosen.append(s)
    return sorted(chosen, key=lambda s: s.order)
