"""Forms that are exact at the corners of the domain only: what Boolean features need (ours; theory, section 6, step 4).

At a corner every coordinate is 0 or 1 and so are all its bits, so a circuit runs once, at scale 1: no waves, no
sorting, no copies.  A function of the number of ones among n wires is piecewise linear in their sum, one relu for each
of the n - 1 inner numbers at which its slope changes; other circuits take one relu per gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from fw_circuits.circuits import Circuit
from fw_circuits.lattice import Lattice
from fw_circuits.resnet.builder import Builder, Expr
from fw_circuits.resnet.forms import MAX_SYMMETRIC, Form, Places, run_circuit


class Corners:
    """The builder and the forms; the interface of `fw_circuits.resnet.forms.Forms`."""

    def __init__(self, lattice: Lattice) -> None:
        self.builder = Builder(lattice.n_features)
        self.lattice = lattice
        self.coordinate = cache(lambda level, i: Corner(self.builder, lattice, i))

    def __iter__(self) -> Iterator[Form]:
        """Both forms, the preferred one first."""
        return iter((self.counted, self.gates))

    def counted(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """The sum of the literals, some of them complemented, and one relu per change of slope."""
        read = circuit.support
        if not 1 < len(read) <= MAX_SYMMETRIC:
            return None
        found = signed_counts(circuit)
        if found is None:
            return None
        flips, values = found
        wires = self._wires(level, literals)
        counted = [1.0 - wires[i] if flip else wires[i] for i, flip in zip(read, flips, strict=True)]
        return of_count(self.builder, counted, values)

    def gates(self, circuit: Circuit, level: int, literals: Places, support: Places) -> Expr | None:
        """One relu per gate."""
        return run_circuit(self.builder, circuit, self._wires(level, literals), Expr(const=1.0))

    def _wires(self, level: int, literals: Places) -> list[Expr]:
        """The literals at a corner: all bits of coordinate i are x_i, in Gray code the highest one; others are 0."""
        wires = []
        for i, p in (divmod(literal, level) for literal in literals):
            stays_zero = self.lattice.gray and p < level - 1
            wires.append(Expr() if stays_zero else self.coordinate(level, i).s)
        return wires


def signed_counts(circuit: Circuit) -> tuple[list[bool], list[bool]] | None:
    """The inputs to complement and the values for 0, 1, ..., n ones then; None if no choice makes the ones count.

    Inputs 0 and i count alike if exchanging them changes nothing, and with opposite signs if exchanging 0 with the
    complement of i does; inputs of a parity do both, and stay as they are.

    Examples
    --------
    >>> signed_counts(Circuit.from_truth_table(0b10001110, 3))  # at least two of x0, x1, ~x2
    ([False, False, True], [False, False, True, True])
    """
    read, n = circuit.support, len(circuit.support)
    bits = np.zeros((1 << n, circuit.n_inputs), dtype=np.uint8)
    patterns = np.arange(1 << n)
    bits[:, list(read)] = patterns[:, None] >> np.arange(n) & 1
    table = circuit.evaluate(bits)[:, 0].astype(bool)
    flips = [False]
    for i in range(1, n):
        pair = patterns & 1, patterns >> i & 1
        exchanged = patterns ^ ((pair[0] ^ pair[1]) * (1 | 1 << i))
        flips.append(not np.array_equal(table, table[exchanged]))
    flipped = patterns ^ sum(1 << i for i, flip in enumerate(flips) if flip)
    ones = bits[:, list(read)].sum(axis=1)
    values = table[flipped]
    by_count = values[(1 << np.arange(n + 1)) - 1]
    return (flips, by_count.tolist()) if np.array_equal(values, by_count[ones]) else None


class Corner:
    """Coordinate i as an affine function of its feature that is 0 and 1 at the ends of the domain."""

    def __init__(self, b: Builder, lattice: Lattice, i: int) -> None:
        knots = lattice.knots[i]
        self.constant = len(knots) == 1
        self.s = Expr() if self.constant else (b.input(i) - knots[0]) * (1.0 / (knots[-1] - knots[0]))


def of_count(b: Builder, wires: Sequence[Expr], values: Sequence[float]) -> Expr:
    """The function of ``S = wires[0] + ... + wires[n-1]`` that takes n + 1 values at 0, 1, ..., n, at little R(theta).

    Examples
    --------
    >>> b = Builder(3)
    >>> majority = of_count(b, [b.input(i) for i in range(3)], [0, 0, 1, 1])
    >>> b.assemble([majority]).forward([[1, 0, 1], [0, 0, 1]]).tolist(), b.n_neurons
    ([1.0, 0.0], 2)
    >>> b = Builder(8)
    >>> parity = of_count(b, [b.input(i) for i in range(8)], [0, 1, 0, 1, 0, 1, 0, 1, 0])
    >>> b.n_neurons  # where seven changes of slope would need seven
    3
    """
    count, values = sum(wires, Expr()), tuple(map(float, values))
    while (mirror := cheapest(values)[1]) is not None:
        count = count - 2.0 * b.relu(count - 0.5 * mirror)
        values = values[: mirror // 2 + 1]
    n, kinks = len(values) - 1, bends(values)
    rise, start, bent = (values[1] - values[0] if n else 0.0), values[0], Expr()
    for k, change in kinks.items():
        if 2 * k >= n:
            bent += b.relu(count - float(k)) * change
        else:  # relu(S - k) = relu(k - S) + S - k, and the former is the smaller one
            bent += b.relu(float(k) - count) * change
            rise, start = rise + change, start - change * k
    return count * rise + bent + start


def bends(values: Sequence[float]) -> dict[int, float]:
    """By how much the slope changes, at the inner numbers where it does.

    >>> bends([0, 0, 1, 1])
    {1: 1.0, 2: -1.0}
    """
    changes = np.diff(np.asarray(values, dtype=np.float64), 2)
    return {k + 1: change for k, change in enumerate(changes.tolist()) if change}


@cache
def cheapest(values: tuple[float, ...]) -> tuple[float, int | None]:
    """Least share in R(theta) of a function of the count S in 0..n, and the sum of the numbers to fold together.

    A fold ``S - 2 relu(S - m / 2)`` takes S to m - S where that is smaller; it needs ``values[S] = values[m - S]``.  A
    relu costs its largest activation times how much what it writes can change the value.  None: kinks cost less.

    >>> cheapest((0.0, 1.0, 0.0, 1.0, 0.0)), cheapest((0.0, 0.0, 1.0, 1.0))
    ((6.0, 4), (2.0, None))
    """
    n = len(values) - 1
    best: tuple[float, int | None] = (sum(abs(c) * min(k, n - k) for k, c in bends(values).items()), None)
    for m in range(n, 2 * n):
        if all(values[s] == values[m - s] for s in range(m - n, n + 1)):
            inner = values[: m // 2 + 1]
            steepest = float(np.abs(np.diff(inner)).max(initial=0.0))
            cost = (2 * n - m) * steepest + cheapest(inner)[0]
            if cost < best[0]:
                best = cost, m
    return best
