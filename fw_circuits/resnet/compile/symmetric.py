"""Functions of how many of n signals are 1, as piecewise linear functions of their sum (original to this package).

One relu at each inner number where the slope changes, read from the side where it is smaller; values that are mirrored
at some number are folded there first, so a parity of n takes about log2(n) relus.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.cuts import cone
from fw_circuits.circuits.gate import apply_table
from fw_circuits.circuits.tables import variable_table
from fw_circuits.resnet.compile.builder import Builder, Expr


def table_of(circuit: Circuit, node: int, leaves: tuple[int, ...]) -> int:
    """Truth table of a node in terms of the leaves of one of its cuts; leaf i is variable i.

    >>> hex(table_of(Circuit(3, ((8, 1, 2), (6, 4, 3)), (10,)), 5, (3, 4)))
    '0x6'
    """
    n = len(leaves)
    ones = (1 << (1 << n)) - 1
    known = {0: 0} | {leaf: variable_table(i, n) for i, leaf in enumerate(leaves)}
    for inner in reversed(cone(circuit, node, leaves)):
        table, a, b = circuit.gates[inner - circuit.n_inputs - 1]
        known[inner] = apply_table(table, known[a], known[b], ones)
    return known[node]


def counts_of(circuit: Circuit) -> tuple[tuple[bool, ...], tuple[bool, ...]] | None:
    """`counts_of_table` of the output, in terms of the inputs that are read.

    >>> counts_of(Circuit(3, ((6, 1, 3),), (9,)))
    ((False, False), (True, False, True))
    """
    (signal,) = circuit.outputs
    n = len(circuit.support)
    table = table_of(circuit, signal >> 1, tuple(i + 1 for i in circuit.support))
    return counts_of_table(table ^ ((1 << (1 << n)) - 1 if signal & 1 else 0), n)


@lru_cache(maxsize=1 << 16)
def counts_of_table(table: int, n: int) -> tuple[tuple[bool, ...], tuple[bool, ...]] | None:
    """The inputs to complement and the values for 0, 1, ..., n ones then; None if no choice makes the ones count.

    Inputs 0 and i count alike if exchanging them changes nothing, and with opposite signs if exchanging 0 with the
    complement of i does; inputs of a parity do both, and stay as they are.  Bit v of the table is the value at
    ``v = x0 + 2 x1 + ...``.

    Examples
    --------
    >>> counts_of_table(0b10001110, 3)  # at least two of x0, x1, ~x2
    ((False, False, True), (False, False, True, True))
    >>> counts_of_table(0b11001010, 3) is None  # a multiplexer
    True
    """
    patterns = np.arange(1 << n)
    octets = np.frombuffer(table.to_bytes(max(1, (1 << n) // 8), "little"), dtype=np.uint8)
    values = np.unpackbits(octets, bitorder="little")[: 1 << n].astype(bool)
    flips = [False] * n
    for i in range(1, n):
        differ = (patterns ^ patterns >> i) & 1
        flips[i] = not np.array_equal(values, values[patterns ^ differ * (1 | 1 << i)])
    values = values[patterns ^ sum(1 << i for i, flip in enumerate(flips) if flip)]
    by_count = values[(1 << np.arange(n + 1)) - 1]
    ones = np.array([int(v).bit_count() for v in patterns])
    return (tuple(flips), tuple(by_count.tolist())) if np.array_equal(values, by_count[ones]) else None


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
