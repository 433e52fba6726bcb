"""Circuits of structured families: parities, functions of a popcount, carry chains.

All are built gate by gate from the textbook networks (chains of XOR, full and half adders, multiplexers); only
the functions of the count bits go through the catalogue.  They are small, not proven smallest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fw_circuits.circuits.builder import FALSE, TRUE, Builder, output_signals
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.expansion import expand
from fw_circuits.circuits.gate import AND, OR, XOR
from fw_circuits.circuits.passes import simplify, sweep
from fw_circuits.circuits.tables import values_by_popcount

#: Above this many gates a counting network is not rewritten: it gains next to nothing.
REWRITE_GATES = 60


def parity_circuit(n: int) -> Circuit:
    """Odd number of ones among n >= 1 inputs: n - 1 gates.

    >>> parity_circuit(3).n_gates, hex(parity_circuit(3).truth_table())
    (2, '0x96')
    """
    builder = Builder(n)
    return builder.circuit([builder.fold(XOR, builder.inputs)])


def count_bits(builder: Builder, signals: Sequence[int]) -> list[int]:
    """Signals of the binary count of ones, least significant first: full adders of 5 gates, half adders of 2.

    >>> builder = Builder(3)
    >>> len(count_bits(builder, builder.inputs)), len(builder.gates)
    (2, 5)
    """
    column, bits = list(signals), []
    while column:
        carries = []
        while len(column) > 1:
            a, b = column.pop(0), column.pop(0)
            half = builder.gate(XOR, a, b)
            if column:
                c = column.pop(0)
                other = builder.gate(XOR, b, c)
                # carry = b ^ ((a ^ b) & (b ^ c)): the majority
                carries.append(builder.gate(XOR, b, builder.gate(AND, half, other)))
                column.append(builder.gate(XOR, half, c))
            else:
                carries.append(builder.gate(AND, a, b))
                column.append(half)
        bits.append(column[0])
        column = carries
    return bits


@lru_cache(maxsize=4096)
def symmetric_circuit(values: tuple[int, ...]) -> Circuit:
    """``values[c]`` where c of the inputs are one; there is one input fewer than values, at least one.

    All (or none) of the inputs take n - 1 gates.  Else the ones are counted and the count decoded; the counts
    that do not occur are filled in three ways, and the smallest circuit is kept.

    >>> [symmetric_circuit(v).n_gates for v in ((0, 0, 1, 1), (0, 1, 1, 0), (1, 1, 1, 0))]
    [4, 3, 2]
    """
    n = len(values) - 1
    if len(set(values)) == 1:
        return Circuit(n, (), (values[0],))
    if len(set(values[1:])) == 1 or len(set(values[:-1])) == 1:
        builder = Builder(n)
        signal = builder.fold(OR if values[-1] == values[1] else AND, builder.inputs)
        return builder.circuit([signal ^ values[0]])
    width = n.bit_length()
    room = (1 << width) - len(values)
    circuits = []
    for fill in dict.fromkeys([(values[-1],) * room, (0,) * room, (1,) * room]):
        builder = Builder(n)
        bits = count_bits(builder, builder.inputs)
        decode = circuit_of(sum(v << c for c, v in enumerate(values + fill)), width)
        circuit = sweep(builder.circuit(output_signals(decode, builder.add(decode, bits))))
        circuits.append(simplify(circuit) if circuit.n_gates <= REWRITE_GATES else circuit)
    return min(circuits, key=lambda circuit: circuit.n_gates)


def circuit_of(table: int, n: int) -> Circuit:
    """Circuit of one function of n inputs: by expansion or, where that is smaller, by counting the ones.

    >>> circuit_of(0b10010110, 3).n_gates
    2
    """
    circuit = expand([table], n)
    values = values_by_popcount(table, n) if n > 4 else ()
    return min(circuit, symmetric_circuit(values), key=lambda c: c.n_gates) if values else circuit


def complement_inputs(circuit: Circuit, flips: Sequence[bool]) -> Circuit:
    """The circuit reading the complement of the inputs where ``flips`` is true; no gate more.

    >>> complement_inputs(parity_circuit(2), (True, False)).truth_table()
    9
    """
    builder = Builder(circuit.n_inputs)
    signals = builder.add(circuit, [x ^ bool(flip) for x, flip in zip(builder.inputs, flips, strict=True)])
    return builder.circuit(output_signals(circuit, signals))


def chain_circuit(
    pairs: Sequence[tuple[bool, bool]], start: int | None, prefix: int = 0, complemented: bool = False
) -> Circuit:
    """A carry chain: the majority of two inputs and the carry from below, pair after pair.

    The carry out is the value of the most significant pair whose (complemented) inputs agree; where none does,
    that of ``start``.  4 gates per pair, 1 for the lowest if ``start`` is constant.

    Parameters
    ----------
    pairs : sequence of (bool, bool)
        Most significant first: which input of each pair is complemented.  The inputs are, in this order:
        ``prefix`` of them, two per pair, and the start.
    start : int or None
        Constant carry in, 0 or 1; None: one more input.
    prefix : int
        Inputs whose parity is added to the carry: 2 for the sum bit of an adder.
    complemented : bool
        Whether the start input is complemented; a constant start is as given.

    Examples
    --------
    Carry out of a two-bit adder, and a < b for one bit.

    >>> chain_circuit([(False, False)] * 2, 0).n_gates
    5
    >>> chain_circuit([(True, False)], 0).truth_table()
    4
    """
    builder = Builder(prefix + 2 * len(pairs) + (start is None))
    inputs = builder.inputs
    carry = inputs[-1] ^ complemented if start is None else (TRUE if start else FALSE)
    for i in reversed(range(len(pairs))):
        u, v = (x ^ flip for x, flip in zip(inputs[prefix + 2 * i : prefix + 2 * i + 2], pairs[i], strict=True))
        if carry <= TRUE:
            carry = builder.gate(OR if carry else AND, u, v)
        else:
            carry = builder.mux(builder.gate(XOR, u, v), carry, u)
    return builder.circuit([builder.fold(XOR, [carry, *inputs[:prefix]])])
