"""The forms that a Tetrakis function can take in a network; which one is smallest depends on what is there already.

Each form gives the measure of the t in [0, 1] where the circuit is 1 (layer-cake form, theory, section 2), which is
``(1 + T_C) / 2``, or None where it does not apply.  Domain maps, triangle waves, bits, sorted offsets, and gates and
conjunctions of equal operands are shared between all of them, because the builder shares equal neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from fw_circuits.circuits import Circuit
from fw_circuits.lattice import Lattice
from fw_circuits.resnet.compile.builder import Builder, Expr
from fw_circuits.resnet.compile.gadgets import Coordinate, restore, scaled_bit, sort_descending
from fw_circuits.resnet.compile.intervals import Intervals
from fw_circuits.resnet.compile.symmetric import counts_of

#: A wire with more terms than this becomes a coordinate of its own (one more neuron), so that sums stay short.
MAX_TERMS = 16
#: A wire whose error may exceed this many rounding errors is restored to 0 or its scale (two more neurons).
MAX_NOISE = 1024.0
#: Circuits with more inputs than this are not tested for symmetry (2^n patterns).
MAX_SYMMETRIC = 16

Places = tuple[int, ...]
#: A circuit without dead gates, its level, its literals and the varying coordinates that it reads, to a measure.
Form = Callable[[Circuit, int, Places, Places], Expr | None]


class Forms:
    """The builder and what is worth remembering between atoms of one lattice."""

    def __init__(self, lattice: Lattice, clip: bool = True) -> None:
        self.builder = b = Builder(lattice.n_features)
        self.intervals = Intervals(b)
        self.coordinate = cache(lambda level, i: Coordinate(b, lattice, level, i, clip))
        self.neighbour_bits = cache(lambda level, i, p: self.coordinate(level, i).neighbour_bits(p))
        self.interval = cache(lambda level, i, p: self.coordinate(level, i).interval(p))
        self.thresholds = cache(
            lambda level, support: sort_descending(b, [self.coordinate(level, i).s for i in support])
        )
        self.bits = cache(
            lambda level, support, i, p: scaled_bit(
                b, *self.neighbour_bits(level, i, p), self.thresholds(level, support)
            )
        )

    def __iter__(self) -> Iterator[Form]:
        """All forms, the preferred one first."""
        return iter((self.merged, self.conjunctions, self.symmetric, self.copies))

    def conjunctions(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """Intervals that are conjunctions of literals; the same ones for all circuits over these literals."""
        return self._on_intervals(circuit, level, literals, support, merge=False)

    def merged(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """Intervals, as few as possible for this circuit."""
        return self._on_intervals(circuit, level, literals, support, merge=True)

    def _on_intervals(
        self, circuit: Circuit, level: int, literals: Places, support: Places, merge: bool
    ) -> Expr | None:
        wires = []
        for i, p in (divmod(literal, level) for literal in literals):
            low, high = self.interval(level, i, p) if i in support else (Expr(), Expr())
            even, odd = self.neighbour_bits(level, i, p) if merge and i in support else (Expr(), Expr())
            wires.append(self.intervals.literal((low, high), (odd, 1.0 - even) if merge else None))
        return self.intervals.run(circuit, wires, merge)

    def symmetric(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """Level 1, one literal per coordinate, value depends on the number of ones: offsets sorted, nothing else."""
        n = len(circuit.support)
        if level > 1 or n != len(support) or n > MAX_SYMMETRIC:
            return None
        flips, counts = counts_of(circuit) or ((True,), ())
        if any(flips):
            return None
        edges = [Expr(const=1.0), *self.thresholds(level, support), Expr()]
        return sum((high - low for (high, low), c in zip(pairwise(edges), counts, strict=True) if c), Expr())

    def copies(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """One copy per vertex at the scale of its weight (theory, section 6, steps 3 to 5)."""
        edges = [Expr(const=1.0), *self.thresholds(level, support), Expr()]
        scales = [high - low for high, low in pairwise(edges)]
        # Bits of a coordinate that does not vary, or is not read, are 0.
        places = [divmod(literal, level) for literal in literals]
        bits = [self.bits(level, support, i, p) if i in support else [Expr()] * len(scales) for i, p in places]
        total = Expr()
        for j, scale in enumerate(scales):
            total += run_circuit(self.builder, circuit, [bit[j] for bit in bits], scale)
        return total


def run_circuit(b: Builder, circuit: Circuit, inputs: Sequence[Expr], scale: Expr) -> Expr:
    """The output of a circuit whose wires carry 0 or ``scale``, one relu per gate (theory, section 6, step 4).

    ``noise`` bounds the error of each wire, in rounding errors: those of a gate's operands add up, and its own sum's.
    """
    zero = Expr()
    wires, noise = [zero, *inputs], [0.0] + [8.0] * len(inputs)
    for table, a, c in circuit.gates:
        wire = gate(b, table, wires[a], wires[c], scale)
        error = noise[a] + noise[c] + sum(map(abs, wire.terms.values()))
        if error > MAX_NOISE:
            wire, error = restore(b, wire, scale), 8.0
        else:
            wire = b.materialise(wire, MAX_TERMS)
        wires.append(wire)
        noise.append(error)
    (signal,) = circuit.outputs
    return scale - wires[signal >> 1] if signal & 1 else wires[signal >> 1]


def gate(b: Builder, table: int, x: Expr, y: Expr, scale: Expr) -> Expr:
    """A gate on wires in {0, L}, L = scale (theory, section 6, step 4).

    It is ``t00 L + (t10 - t00) x + (t01 - t00) y + (t11 - t10 - t01 + t00) relu(x + y - L)``.  Operands that
    are equal, complements or constants need no relu.

    Examples
    --------
    >>> b = Builder(2)
    >>> x, y, one = b.input(0), b.input(1), Expr(const=1.0)
    >>> gate(b, 6, x, y, one).terms
    {0: 1.0, 1: 1.0, 2: -2.0}
    >>> gate(b, 8, x, 1.0 - x, one).terms, gate(b, 11, x, one, one).terms
    ({}, {0: 1.0})
    """
    t00, t10, t01, t11 = (table >> v & 1 for v in range(4))
    both = t11 - t10 - t01 + t00
    conjunction = _conjunction(b, x, y, scale) if both else Expr()
    return t00 * scale + (t10 - t00) * x + (t01 - t00) * y + both * conjunction


def _conjunction(b: Builder, x: Expr, y: Expr, scale: Expr) -> Expr:
    zero, full = Expr().key, scale.key
    if zero in (x.key, y.key):
        return Expr()
    if x.key in (full, y.key):
        return y
    return x if y.key == full else b.relu(x + y - scale)
