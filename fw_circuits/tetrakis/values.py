"""Values of many atoms at once, on any rows.

Rows of 0 and 1 (of the ends of each column) are vertices at every level: their bits are packed once, and every
circuit runs over 64 of them per word.  Other rows are triangulated once a level, in the coordinates that any atom of
the level reads (or few times, where these are many).  Further coordinates only split the weight of a vertex among
vertices that look the same to an atom, and weights are multiples of 2^-44, whose sums are exact: each value is, bit
for bit, that of its atom alone, whatever the other atoms and rows are.  (Original to this package.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from fw_circuits._bits import pack_bits, unpack_bits
from fw_circuits._kernels import select
from fw_circuits._typing import Array, Floats, Ints, Words
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.batch import Batch
from fw_circuits.lattice import Lattice, triangulate_columns

#: Working memory of one block of rows, in bytes.
BLOCK_BYTES = 1 << 23
#: Coordinates of one triangulation, unless one atom reads more: a point has as many vertices, about one word of them.
WIDEST = 48


class HasCircuit(Protocol):
    """What is read of an atom here."""

    @property
    def circuit(self) -> Circuit:
        """A circuit of one output."""

    @property
    def level(self) -> int:
        """A level of the lattice."""

    @property
    def literals(self) -> tuple[int, ...]:
        """Literals of the level that the inputs read."""


def values_at(atoms: Sequence[HasCircuit], lattice: Lattice, points: Array) -> Floats:
    """Values of atoms on one lattice at checked points, (N, n_features) to (len(atoms), N).

    Examples
    --------
    >>> from fw_circuits.tetrakis import Atom
    >>> lattice = Lattice.boolean(2)
    >>> both = Atom(Circuit(2, ((8, 1, 2),), (6,)), 1, (0, 1), lattice)
    >>> values_at([both], lattice, np.array([[1.0, 1.0], [1.0, 0.25]])).tolist()
    [[1.0, -0.5]]
    """
    plan, values = Plan(atoms, lattice), np.empty((len(atoms), len(points)))
    for start, block in plan.blocks(points):
        words = plan.bits(block)
        values[:, start : start + len(block)] = (
            plan.interpolated(block) if words is None else 2.0 * unpack_bits(words, len(block)) - 1.0
        )
    return values


def add_values(atoms: Sequence[HasCircuit], coef: Floats, lattice: Lattice, points: Array, total: Floats) -> None:
    """``total += coef[j] * T_j(points)``, one atom after the other, in place.

    Examples
    --------
    >>> from fw_circuits.tetrakis import Atom
    >>> lattice, total = Lattice.boolean(2), np.zeros(2)
    >>> both = Atom(Circuit(2, ((8, 1, 2),), (6,)), 1, (0, 1), lattice)
    >>> add_values([both], np.array([3.0]), lattice, np.array([[1.0, 1.0], [1.0, 0.25]]), total)
    >>> total.tolist()
    [3.0, -1.5]
    """
    plan, kernels = Plan(atoms, lattice), select("_circuits", None)
    add_signed = kernels.add_signed if kernels else add_signed_numpy
    coef = np.ascontiguousarray(coef, np.float64)
    for start, block in plan.blocks(points):
        words, part = plan.bits(block), total[start : start + len(block)]
        if words is not None:
            add_signed(words, coef, part)
        else:
            plan.add_interpolated(block, coef, part)


@dataclass(frozen=True)
class Group:
    """Atoms of one level: which of all they are, which of the plan's columns they read, their circuits over these."""

    level: int
    index: Ints
    place: Ints
    batch: Batch

    def vertices(self, unit: Floats) -> tuple[Words, Ints, Floats]:
        """Outputs of the circuits at the vertices of points, the ends of each point's vertices, and the weights."""
        z = (unit if len(self.place) == unit.shape[1] else unit[:, self.place]) * ((1 << self.level) - 1)
        ends, words, weights = triangulate_columns(z, self.level)
        return self.batch.evaluate(words), ends, weights


class Plan:
    """Circuits of atoms laid out for the kernels, for rows of 0 and 1 and for others."""

    def __init__(self, atoms: Sequence[HasCircuit], lattice: Lattice) -> None:
        self.lattice = lattice
        batch = Batch.of([atom.circuit for atom in atoms], [atom.literals for atom in atoms])
        self._level = np.fromiter((atom.level for atom in atoms), np.int64, len(atoms))
        coordinate, self._bit = np.divmod(batch.inputs, np.repeat(self._level, np.diff(batch.input_start)))
        read = np.zeros(lattice.n_features, bool)
        read[coordinate] = True
        self.columns = np.flatnonzero(read)
        self._place = (np.cumsum(read) - 1)[coordinate]
        # At the ends of a column all bits of its code are equal, so that the coordinate stands for each of them.
        self._batch = batch.over(self._place)
        knots = [lattice.knots[i] for i in self.columns.tolist()]
        self._low = np.array([t[0] if len(t) > 1 else np.inf for t in knots])
        self._high = np.array([t[-1] if len(t) > 1 else np.inf for t in knots])

    def blocks(self, points: Array) -> Iterator[tuple[int, Array]]:
        """Blocks of rows that keep the working memory bounded, with the number of their first row."""
        d, k, m = min(len(self.columns), WIDEST), int(self._level.max(initial=1)), len(self._level)
        # Of a row: coordinates, values, vertices.
        numbers = 2 * len(self.columns) + 2 * d + m + (d + 1) * (2 + (d * k + m) / 64)
        step = max(64, int(BLOCK_BYTES / (8 * numbers)) // 64 * 64)
        for start in range(0, len(points), step):
            yield start, points[start : start + step]

    def bits(self, block: Array) -> Words | None:
        """Outputs of all circuits on rows that are 0 or 1 in every column read, packed; None for other rows."""
        if not (block.dtype in (np.uint8, np.bool_) or (block.dtype == np.float64 and block.dtype.isnative)):
            block = block.astype(np.float64)
        kernels = select("_circuits", None)
        pack_ends = kernels.pack_ends if kernels else pack_ends_numpy
        words = pack_ends(block, self.columns, self._low, self._high)
        return None if words is None else self._batch.evaluate(words)

    def interpolated(self, block: Array) -> Floats:
        """Values at any rows, (atoms, rows)."""
        kernels, unit = select("_circuits", None), self._unit(block)
        interpolate = kernels.interpolate if kernels else interpolate_numpy
        values = np.empty((len(self._level), len(block)))
        for group in self._groups:
            values[group.index] = interpolate(*group.vertices(unit))
        return values

    def add_interpolated(self, block: Array, coef: Floats, total: Floats) -> None:
        """Add ``coef[j] * values[j]`` at any rows, one atom after the other."""
        kernels = select("_circuits", None)
        if kernels and len({group.level for group in self._groups}) == 1:  # then the groups are in order
            unit = self._unit(block)
            for group in self._groups:
                kernels.add_interpolated(*group.vertices(unit), coef[group.index], total)
            return
        for b, column in zip(coef, self.interpolated(block), strict=True):
            total += b * column

    def _unit(self, block: Array) -> Floats:
        return self.lattice.transform(block, self.columns.tolist(), check_input=False)

    @cached_property
    def _groups(self) -> list[Group]:
        level, groups = self._level, list[Group]()
        for k in sorted(set(level.tolist())):
            index = np.flatnonzero(level == k)
            parts = [index] if len(self.columns) <= WIDEST else self._parts(index.tolist())
            groups += [self._group(k, part) for part in parts]
        return groups

    def _parts(self, index: list[int]) -> list[Ints]:
        """Atoms of one level in runs that read few columns together."""
        starts, parts, columns = self._batch.input_start.tolist(), list[list[int]](), set[int]()
        for j in index:
            read = set(self._place[starts[j] : starts[j + 1]].tolist())
            if not parts or len(columns | read) > WIDEST:
                parts.append([])
                columns = set()
            parts[-1].append(j)
            columns |= read
        return [np.array(part) for part in parts]

    def _group(self, level: int, index: Ints) -> Group:
        chosen = np.zeros(len(self._level), bool)
        chosen[index] = True
        used = np.flatnonzero(np.repeat(chosen, np.diff(self._batch.input_start)))
        columns, place = np.unique(self._place[used], return_inverse=True)
        inputs = np.zeros(len(self._place), np.int32)
        inputs[used] = place * level + self._bit[used]
        return Group(level, index, columns, self._batch.over(inputs).take(index))


def pack_ends_numpy(X: Array, columns: Ints, low: Floats, high: Floats) -> Words | None:
    """NumPy reference of the kernel: packed ``X[:, columns] >= high``; None where a number is between the ends.

    >>> pack_ends_numpy(np.array([[5, 0], [2, 1], [7, 0]]), np.array([0]), np.array([2.0]), np.array([5.0])).tolist()
    [[5]]
    """
    chosen = X[:, columns]
    ones = chosen >= high
    return pack_bits(ones.T) if np.all(ones | (chosen <= low)) else None


def add_signed_numpy(words: Words, coef: Floats, total: Floats) -> None:
    """NumPy reference of the kernel: ``total += coef[j] * (2 bit - 1)`` for the bits of each row of words."""
    for b, signs in zip(coef, 2.0 * unpack_bits(words, len(total)) - 1.0, strict=True):
        total += b * signs


def interpolate_numpy(words: Words, ends: Ints, weights: Floats) -> Floats:
    """NumPy reference of the kernel: for each point the sum of its vertices' weights, + where their bit is 1."""
    if len(ends) == 1:
        return np.empty((len(words), 0))
    signs = 2.0 * unpack_bits(words, len(weights)) - 1.0
    return np.asarray(np.add.reduceat(weights * signs, ends[:-1], axis=1))
