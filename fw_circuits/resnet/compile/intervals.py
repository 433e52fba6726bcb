"""Circuits as integer combinations of intervals: no sorting and no copies.

Original to this package, and cheap for few literals.

In the layer-cake form ``T_C(x) = integral over t in [0, 1] of c(v(x, t))`` (theory, section 2) a literal is true
for t in one interval: bit O for t < s and bit E for t > s make it ``[s - odd, s + even)`` with odd = s if bit O is 1,
else 0, and even = 1 - s if bit E is 1, else 0.  Both ends are continuous in x.  A conjunction is an intersection,
``[max of the lower ends, min of the upper ends)``, and a gate is affine in its operands and their conjunction.  So a
circuit is ``sum of integer * [low, high)``, and its integral costs one relu per minimum, maximum and length.  Equal
sets of ends give equal neurons, so that atoms share the conjunctions of their literals whatever else they read.

Intervals from 0 (all positive literals at level 1) stay single under more gates than AND: ``[0, a) or [0, b)`` is
``[0, max(a, b))`` and ``[0, a) xor [0, b)`` is ``[min(a, b), max(a, b))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fw_circuits.circuits import Circuit
from fw_circuits.resnet.compile.builder import Builder, Expr

#: A wire with more terms than this makes a circuit too long for intervals.
MAX_TERMS = 32

Ends = frozenset[int]


@dataclass(frozen=True)
class Interval:
    """``[max of low, min of high)`` within [0, 1); the numbers are ends that ``Intervals`` knows; none: 0 or 1."""

    low: Ends = frozenset()
    high: Ends = frozenset()


#: An integer combination of (indicators of) intervals.
Sum = dict[Interval, int]
ALL = Interval()


@dataclass(frozen=True)
class Wire:
    """Where a wire is 1, and where it is 0; the two add up to 1."""

    one: Sum
    zero: Sum


class Intervals:
    """Runs circuits without dead gates on intervals; what is equal is built once.

    Examples
    --------
    Three functions of x0 and x1 share one neuron, that of min(x0, x1):

    >>> from fw_circuits.circuits import Gate
    >>> b = Builder(2)
    >>> sets = Intervals(b)
    >>> ends = [(b.input(i), Expr(const=1.0)) for i in (0, 1)]
    >>> x = [sets.literal((Expr(), s), (s, one)) for s, one in ends]
    >>> outputs = [sets.run(Circuit(2, (Gate(table, 1, 2),), (6,)), x, merge=True) for table in (8, 14, 6)]
    >>> b.assemble(outputs).forward([[0.25, 0.75]]).tolist(), b.n_neurons
    ([[0.25, 0.75, 0.5]], 1)
    """

    def __init__(self, b: Builder) -> None:
        self._b = b
        self._ends: list[Expr] = []
        self._number: dict[object, int] = {}
        self._minimum: dict[Ends, Expr] = {frozenset(): Expr(const=1.0)}
        self._maximum: dict[Ends, Expr] = {frozenset(): Expr()}
        #: Intervals whose lower end never exceeds the upper one: their length needs no relu.
        self._proper: set[Interval] = {ALL}

    def literal(self, one: tuple[Expr, Expr], zero: tuple[Expr, Expr] | None = None) -> Wire:
        """A literal from the ends of the interval where it is 1, and of that where it is 0.

        Without the latter the complement is 1 minus the literal, which shares more between atoms and has more terms.
        """
        true = {self._proper_interval(*one): 1}
        return Wire(true, {self._proper_interval(*zero): 1} if zero else _add({ALL: 1}, true, -1))

    def run(self, circuit: Circuit, literals: Sequence[Wire], merge: bool) -> Expr | None:
        """The measure of the set where the circuit is 1; None if a wire has more than ``MAX_TERMS`` terms.

        With ``merge``, unions and differences of intervals from 0 or to 1 become one interval; without, every
        circuit over the same literals ends with the same conjunctions of literals.
        """
        wires = [Wire({}, {ALL: 1}), *literals]
        for table, a, c in circuit.gates:
            wire = self._gate(table, wires[a], wires[c], merge)
            if max(len(wire.one), len(wire.zero)) > MAX_TERMS:
                return None
            wires.append(wire)
        (signal,) = circuit.outputs
        wire = wires[signal >> 1]
        return self.measure(wire.zero if signal & 1 else wire.one)

    def measure(self, combination: Sum) -> Expr:
        """The combination of the intervals' lengths."""
        total = Expr()
        for interval, factor in combination.items():
            length = self._highest(interval) - self._lowest(interval)
            if interval not in self._proper and interval.low and interval.high:
                length = self._b.relu(length)
            total += length * float(factor)
        return total

    def _gate(self, table: int, x: Wire, y: Wire, merge: bool) -> Wire:
        if table in (0, 10, 12):
            return (Wire({}, {ALL: 1}), x, y)[(0, 10, 12).index(table)]
        if table & 1:  # make the gate 0 at (0, 0); its complement swaps the two parts
            wire = self._gate(15 - table, x, y, merge)
            return Wire(wire.zero, wire.one)
        if table == 6:
            one = self._xor(x, y, merge)
        else:
            if table == 14:
                zero = self._product(x.zero, y.zero)
                return Wire(self._complement(zero, merge), zero)
            operands = {2: (x.one, y.zero), 4: (x.zero, y.one), 8: (x.one, y.one)}
            one = self._product(*operands[table])
        return Wire(one, self._complement(one, merge))

    def _xor(self, x: Wire, y: Wire, merge: bool) -> Sum:
        """Intervals from 0 give one interval; else x + y - 2 x y."""
        a, c = self._from_zero(x), self._from_zero(y)
        if merge and a and c:
            low = self._highest(Interval(high=a[0] | c[0]))
            high = self._highest(Interval(high=a[0])) + self._highest(Interval(high=c[0])) - low
            one: Sum = {self._proper_interval(low, high): 1}
            return self._complement(one, merge) if a[1] != c[1] else one
        return _add(_add(x.one, y.one, 1), self._product(x.one, y.one), -2)

    def _from_zero(self, x: Wire) -> tuple[Ends, bool] | None:
        """Upper ends of the wire or of its complement (True), if that is one interval from 0."""
        for part, complemented in ((x.one, False), (x.zero, True)):
            if len(part) == 1:
                ((interval, factor),) = part.items()
                if factor == 1 and not interval.low and interval.high:
                    return interval.high, complemented
        return None

    def _complement(self, x: Sum, merge: bool) -> Sum:
        if merge and len(x) == 1:
            ((interval, factor),) = x.items()
            if factor == 1 and interval.high and not interval.low:
                return {self._proper_interval(self._highest(interval), Expr(const=1.0)): 1}
            if factor == 1 and interval.low and not interval.high:
                return {self._proper_interval(Expr(), self._lowest(interval)): 1}
        return _add({ALL: 1}, x, -1)

    def _product(self, x: Sum, y: Sum) -> Sum:
        total: Sum = {}
        for p, m in x.items():
            for q, n in y.items():
                both = Interval(p.low | q.low, p.high | q.high)
                total = _add(total, {both: m * n}, 1)
        return total

    def _proper_interval(self, low: Expr, high: Expr) -> Interval:
        interval = Interval(self._end(low, 0.0), self._end(high, 1.0))
        self._proper.add(interval)
        return interval

    def _end(self, value: Expr, neutral: float) -> Ends:
        if not value.terms and value.const == neutral:
            return frozenset()
        number = self._number.setdefault(value.key, len(self._ends))
        if number == len(self._ends):
            self._ends.append(value)
            self._minimum[frozenset({number})] = self._maximum[frozenset({number})] = value
        return frozenset({number})

    def _highest(self, interval: Interval) -> Expr:
        return self._extreme(interval.high, self._minimum, least=True)

    def _lowest(self, interval: Interval) -> Expr:
        return self._extreme(interval.low, self._maximum, least=False)

    def _extreme(self, ends: Ends, known: dict[Ends, Expr], least: bool) -> Expr:
        """Minimum or maximum of some ends, from that of all but one, which exists already if possible."""
        if ends not in known:
            without = [ends - {end} for end in sorted(ends, reverse=True)]
            rest = next((part for part in without if part in known), without[0])
            a, (last,) = self._extreme(rest, known, least), ends - rest
            c = self._ends[last]
            low = self._b.minimum(a, c)
            known[ends] = low if least else a + c - low
        return known[ends]


def _add(x: Sum, y: Sum, factor: int) -> Sum:
    total = dict(x)
    for interval, m in y.items():
        value = total.get(interval, 0) + factor * m
        if value:
            total[interval] = value
        else:
            total.pop(interval, None)
    return total
