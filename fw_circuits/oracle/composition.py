"""Deep circuits by composition: the subset search once more, with the gates of known circuits as further literals.

The subset oracle sees functions of four literals.  Here the gates inside the circuits that were `observe`d (the
active atoms) join the literals of their level, and the same kernels search this *pool*: a function of four members
of the pool is a circuit of dozens of gates over the literals.  The search knows only the gates of the function on
top, so its scores are upper bounds; each candidate is then built, every gate once wherever it is shared, simplified,
and scored again at its true cost (theory, section 5; pool and beam are original to this package).

What is not checked: circuits that are no function of four members of the pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fw_circuits._bits import clear_padding, unpack_bits
from fw_circuits._checks import check_integer
from fw_circuits._typing import Array, Floats, Words
from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.catalogue import minimal_circuit
from fw_circuits.circuits.circuit import Circuit, of_arrays
from fw_circuits.circuits.passes import compact, simplify
from fw_circuits.lattice import LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop, best_first, best_pairs
from fw_circuits.oracle.data import LevelsOracle
from fw_circuits.oracle.exact import subset_pass
from fw_circuits.oracle.exact.literal_choice import RATE, work
from fw_circuits.oracle.exact.subset import SubsetOracle
from fw_circuits.oracle.found import FOUND
from fw_circuits.oracle.literals import Literals
from fw_circuits.tetrakis import Atom
from fw_circuits.tetrakis.atom import outputs

#: Members of the pool that pairs, triples and quadruples are taken from.
PAIRS, TRIPLES, QUADS = 2000, 192, 96
#: Candidates that are built whatever the time.
LAST = 10
#: Seconds of a search: for each level and for each observed gate, whatever the number of rows; and of the
#: multiplications for pairs, triples and quads of the pool (`literal_choice.work`), as multiples of 1 / RATE.
EACH_LEVEL, EACH_GATE, SHARES = 8e-3, 6e-6, (0.8, 0.35, 0.4)

#: An atom with its score.
Scored = tuple[float, Atom]


@dataclass(frozen=True)
class Pool:
    """Signals that may be composed: ``literals.index[i]`` is ``node - 1`` in the netlist of ``builder``."""

    builder: Builder
    literals: Literals


class CompositionOracle(LevelsOracle):
    """Functions of four gates of the observed circuits and literals, found by beam search.

    Parameters
    ----------
    base : SubsetOracle
        Literals, lattice, gamma, threads and memory are taken from it.
    pairs, triples, quads : int
        Members of the pool whose pairs, triples and quadruples are searched: the first by age, the others by the best
        function of fewer members that they take part in.
    beam : int
        Candidates of each search that are built and scored at their true cost.
    max_gates : int
        Circuits with more gates are left out.

    Raises
    ------
    InputError
        If a count is not a positive integer.

    Examples
    --------
    The parity of six literals out of two parities of three:

    >>> from fw_circuits.circuits import Circuit
    >>> from fw_circuits.lattice import Lattice
    >>> lattice = Lattice.boolean(6)
    >>> X = (np.arange(64)[:, None] >> np.arange(6)) & 1
    >>> base = SubsetOracle([lattice.rows(X, 1)], lattice, gamma=3.0)
    >>> oracle = CompositionOracle(base)
    >>> half = Circuit(3, ((6, 1, 2), (6, 4, 3)), (10,))
    >>> oracle.observe([Atom(half, 1, (0, 1, 2), lattice), Atom(half, 1, (3, 4, 5), lattice)])
    >>> answer = oracle.search(np.where(X.sum(axis=1) % 2, 1.0, -1.0), k=1)
    >>> answer.atoms[0].n_gates, round(answer.value, 6) == round(64 * 5 ** (-1 / 3), 6)
    (5, True)
    """

    def __init__(
        self,
        base: SubsetOracle,
        *,
        pairs: int = PAIRS,
        triples: int = TRIPLES,
        quads: int = QUADS,
        beam: int = 100,
        max_gates: int = 64,
    ) -> None:
        super().__init__(base.data)
        self.base = base
        sizes = {"pairs": pairs, "triples": triples, "quads": quads, "beam": beam, "max_gates": max_gates}
        self.pairs, self.triples, self.quads, self.beam, self.max_gates = (
            check_integer(name, size, 1) for name, size in sizes.items()
        )
        self._atoms: Sequence[Atom] = ()

    def observe(self, atoms: Sequence[Atom]) -> None:
        """Take the gates of these atoms into the pool, in place of those of earlier ones."""
        self._atoms = tuple(atoms)

    def price(self) -> float:
        """Estimate of the work of the next search, in multiplications with additions as in `literal_choice.work`.

        Divided by `literal_choice.RATE` it is about the seconds on two threads.  It follows from the sizes of pool and
        data alone, so it repeats.  0 without observed atoms: there is nothing to search.

        Examples
        --------
        >>> from fw_circuits.lattice import Lattice
        >>> lattice = Lattice.boolean(3)
        >>> oracle = CompositionOracle(SubsetOracle([lattice.rows(np.eye(3), 1)], lattice))
        >>> oracle.price()
        0.0
        """
        total = 0.0
        for rows in (level.rows for level in self.data.levels):
            gates = sum(atom.n_gates for atom in self._atoms if atom.level == rows.level)
            if any(atom.level == rows.level for atom in self._atoms):
                n = rows.n_literals + min(gates, self.pairs)
                sizes = (n, min(n, self.triples), min(n, self.quads))
                total += RATE * (EACH_LEVEL + EACH_GATE * min(gates, self.pairs))
                total += sum(
                    share * work(m, arity, rows.n_rows)
                    for share, m, arity in zip(SHARES, sizes, (2, 3, 4), strict=True)
                )
        return total

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best compositions; without observed atoms there are none.

        ``upper_bound`` covers all functions of at most four of the ``quads`` chosen members of the pool.
        """
        found: list[Scored] = []
        ended = stop or (lambda: False)
        bound = tail = 0.0
        size, complete = 0, True
        settings = replace(self.base.settings, k=max(self.beam, k), per_support=1, max_literals=None, work=np.inf)
        for rows in (level.rows for level in self.data.levels):
            w = np.ascontiguousarray(rows.pull(g))
            tail = max(tail, float(np.abs(w).sum()) * (1 + 1e-12))
            here = [atom for atom in self._atoms if atom.level == rows.level]
            if not here:
                continue
            pool = self._screen(make_pool(here, rows, self.pairs), w, ended)
            level = subset_pass.search_level(pool.literals, w, self.base.tables, settings, 0.0, stop)
            size += pool.literals.n
            if level.open_cost is not None:
                complete, bound = False, tail
            bound = max(bound, float(np.abs(level.found["value"]).max(initial=0.0)))
            found += self._build(pool, rows, w, level.found, k, ended)
        scope = f"all functions of at most 4 of {size} chosen gates and literals of the circuits observed"
        return OracleAnswer.of(*best_pairs(found, k), scope, bound=bound, complete=complete, tail=tail)

    def _screen(self, pool: Pool, w: Floats, ended: Stop) -> Pool:
        """The members with the best pairs, then of these the ones with the best triples."""
        literals = pool.literals
        for most, arity in ((self.triples, 2), (self.quads, 3)):
            if literals.n > most:
                best = subset_pass.best_by_literal(literals, w, self.base.tables, self.base.settings, arity, ended)
                literals = literals.take(np.sort(best_first(best, most)))
        return Pool(pool.builder, literals)

    def _build(self, pool: Pool, rows: LevelRows, w: Floats, found: Array, k: int, ended: Stop) -> list[Scored]:
        """Candidates as atoms over the literals, with their true scores; equal functions on the rows once.

        All are built and counted, the best of them rewritten; a few also when time is over: it takes milliseconds.
        """
        netlist = np.array(pool.builder.gates, dtype=np.int32).reshape(-1, 3)
        candidates: list[tuple[float, Array, int]] = []
        for value, table, n, members in zip(*(found[name].tolist() for name in FOUND.names or ()), strict=True):
            if len(candidates) >= LAST and ended():
                break
            top = minimal_circuit(table, n)
            gates, output = compose(netlist, rows.n_literals, [i + 1 for i in members[:n]], top)
            score = abs(value) / self.base.tables.factor[max(1, top.n_gates)]
            candidates.append((score * max(1, len(gates)) ** (-1.0 / self.gamma), gates, output))
        candidates.sort(key=lambda candidate: -candidate[0])
        atoms: list[Atom] = []
        for _, gates, output in candidates[: 2 * k]:
            if len(atoms) >= LAST and ended():
                break
            support, large = project(gates, output, rows.n_literals)
            atom = Atom(simplify(large), rows.level, support, self.lattice)
            if atom.n_gates <= self.max_gates and support:
                atoms.append(atom)
        return self._scored(atoms, rows, w)

    def _scored(self, atoms: Sequence[Atom], rows: LevelRows, w: Floats) -> list[Scored]:
        """Scores in float64 over all rows, from the circuits; of those equal or opposite on the rows the first."""
        words = outputs(atoms, rows)
        clear_padding(words, rows.n_rows)
        first: dict[bytes, Scored] = {}
        for atom, column in zip(atoms, words, strict=True):
            signs = 2.0 * unpack_bits(column[None], rows.n_rows)[0] - 1.0
            name = np.packbits(signs == signs[0]).tobytes()
            first.setdefault(name, (float(w @ signs) * atom.cost ** (-1.0 / self.gamma), atom))
        return list(first.values())


def make_pool(atoms: Sequence[Atom], rows: LevelRows, most: int) -> Pool:
    """Literals and gates of atoms as columns; equal or complementary ones once, at most about ``most`` of them.

    Examples
    --------
    >>> from fw_circuits.lattice import Lattice
    >>> lattice = Lattice.boolean(3)
    >>> rows = lattice.rows((np.arange(8)[:, None] >> np.arange(3)) & 1, 1)
    >>> both = Atom(Circuit(2, ((8, 1, 2),), (6,)), 1, (0, 2), lattice)
    >>> make_pool([both], rows, 100).literals.n
    4
    """
    builder = Builder(rows.n_literals)
    for atom in atoms:
        if len(builder.gates) + atom.n_gates > most:
            break
        builder.add(atom.circuit, [2 * (1 + i) for i in atom.literals])
    nodes = range(1, rows.n_literals + 1 + len(builder.gates))
    words: Words = builder.circuit([2 * node for node in nodes]).evaluate_words(rows.words, rows.n_rows)
    return Pool(builder, Literals.distinct(words, rows.n_rows))


def compose(netlist: Array, n_inputs: int, leaves: Sequence[int], top: Circuit) -> tuple[Array, int]:
    """Gates and output signal of ``top`` on nodes of a netlist, without what it does not read.

    Examples
    --------
    >>> netlist = np.array([[8, 1, 2], [14, 1, 2], [6, 1, 2]], np.int32)
    >>> gates, output = compose(netlist, 2, [3, 4], Circuit(2, ((4, 1, 2),), (7,)))  # ~(~(x & y) & (x | y))
    >>> gates.tolist(), output
    ([[8, 1, 2], [14, 1, 2], [4, 3, 4]], 11)
    """
    place = np.array([0, *leaves, *range(1 + n_inputs + len(netlist), 1 + n_inputs + len(netlist) + top.n_gates)])
    above = top.gate_array.copy()
    above[:, 1:] = place[above[:, 1:]]
    (output,) = top.outputs
    gates, outputs = compact(n_inputs, np.concatenate([netlist, above]), [2 * int(place[output >> 1]) | output & 1])
    return gates, int(outputs[0])


def project(gates: Array, output: int, n_inputs: int) -> tuple[tuple[int, ...], Circuit]:
    """The inputs that are read, and the same circuit over these; every gate is read.

    Examples
    --------
    >>> project(np.array([[8, 2, 4]], np.int32), 10, 4)
    ((1, 3), Circuit(n_inputs=2, gates=(Gate(table=8, a=1, b=2),), outputs=(6,), ...))
    """
    read = np.unique(np.append(gates[:, 1:], output >> 1))
    support = read[(read >= 1) & (read <= n_inputs)]
    place = np.zeros(1 + n_inputs + len(gates), np.int32)
    place[support] = np.arange(1, 1 + len(support))
    place[1 + n_inputs :] = np.arange(1 + len(support), 1 + len(support) + len(gates))
    small = np.column_stack([gates[:, 0], place[gates[:, 1:]]])
    circuit = of_arrays(len(support), small, np.array([2 * place[output >> 1] | output & 1]))
    return tuple((support - 1).tolist()), circuit
