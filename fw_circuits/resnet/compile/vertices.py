"""The form that is exact at the vertices of the domain only, which is what Boolean features need.

Original to this package (compare theory, section 6).

At a vertex every coordinate is 0 or 1 and so are all its bits, so a circuit runs once, at scale 1: no triangle waves,
no sorting, no copies.  Its gates are wide ones, functions of the number of ones among several signals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from fw_circuits.circuits import Circuit
from fw_circuits.lattice import Lattice
from fw_circuits.resnet.compile.builder import Builder, Expr
from fw_circuits.resnet.compile.forms import MAX_NOISE, MAX_SYMMETRIC, Form, Places
from fw_circuits.resnet.compile.gadgets import restore
from fw_circuits.resnet.compile.symmetric import counts_of, of_count
from fw_circuits.resnet.compile.wide_gates import wide_gates


class VertexForms:
    """The builder and the forms; the interface of `fw_circuits.resnet.compile.forms.Forms`."""

    def __init__(self, lattice: Lattice) -> None:
        self.builder = Builder(lattice.n_features)
        self.lattice = lattice
        self.coordinate = cache(lambda level, i: EndPoints(self.builder, lattice, i))
        #: Signals are 0 or 1 without rounding, and stay so: sums of integers.
        self.exact = all(knots in ((0.0, 1.0), (0.0,), (1.0,)) for knots in lattice.knots)

    def __iter__(self) -> Iterator[Form]:
        """The only form."""
        return iter((self.counted,))

    def counted(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """A function of the number of ones among all literals where the circuit is one, else wide gates."""
        wires, n = self._wires(level, literals), len(circuit.support)
        if 1 < n <= MAX_SYMMETRIC:
            found = counts_of(circuit)
            if found is not None:
                return self._wide([wires[i] for i in circuit.support], *found)
        values = {0: Expr()} | dict(enumerate(wires, start=1))
        noise = {node: 0.0 if self.exact else 8.0 for node in values}
        for node, leaves, flips, by_count in wide_gates(circuit):
            value = self._wide([values[leaf] for leaf in leaves], flips, by_count)
            error = sum(noise[leaf] for leaf in leaves) + (not self.exact) * sum(map(abs, value.terms.values()))
            if error > MAX_NOISE:
                value, error = restore(self.builder, value, Expr(const=1.0)), 8.0
            values[node], noise[node] = value, error
        (signal,) = circuit.outputs
        return 1.0 - values[signal >> 1] if signal & 1 else values[signal >> 1]

    def _wide(self, wires: Sequence[Expr], flips: Sequence[bool], values: Sequence[bool]) -> Expr:
        counted = [1.0 - wire if flip else wire for wire, flip in zip(wires, flips, strict=True)]
        return of_count(self.builder, counted, values)

    def _wires(self, level: int, literals: Places) -> list[Expr]:
        """The literals at a vertex: all bits of coordinate i are x_i."""
        return [self.coordinate(level, literal // level).s for literal in literals]


class EndPoints:
    """Coordinate i as an affine function of its feature that is 0 and 1 at the ends of the domain."""

    def __init__(self, b: Builder, lattice: Lattice, i: int) -> None:
        knots = lattice.knots[i]
        self.constant = len(knots) == 1
        low, high = knots[0], knots[-1]
        self.s = Expr() if self.constant else b.within(i, low, high) * (1.0 / (high - low))
