"""Grow a netlist gate by gate with structural hashing: no gate that could be a wire, and no gate twice.

Gates are kept *normal*: value 0 at operands (0, 0), both operands read, lower node first.  A complement moves
into the signal that `Builder.gate` returns, so a gate and its complement are one gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fw_circuits.circuits.circuit import Circuit, known
from fw_circuits.circuits.gate import AND, XOR, Gate, complement_a, complement_b, swap_operands

FALSE, TRUE = 0, 1


def normal_gate(table: int, a: int, b: int) -> tuple[Gate | None, int]:
    """Bring a gate on two *signals* to normal form.

    Parameters
    ----------
    table : int
        0..15.
    a, b : int
        Signals ``2 * node + complemented``.

    Returns
    -------
    gate : Gate or None
        The normal gate on nodes; None if the value is a constant or one of the operands.
    signal : int
        Without a gate the signal itself; with one, 1 if its output is to be complemented, else 0.

    Examples
    --------
    NAND of ~x and y is an OR-like gate with its output as it is; the AND of a node with itself is the node.

    >>> normal_gate(7, 3, 4)
    (Gate(table=4, a=1, b=2), 1)
    >>> normal_gate(8, 3, 3)
    (None, 3)
    """
    if a & 1:
        table, a = complement_a(table), a ^ 1
    if b & 1:
        table, b = complement_b(table), b ^ 1
    if a == FALSE:
        table = (table & 1) * 3 | (table >> 2 & 1) * 12
    if b == FALSE:
        table = (table & 3) * 5
    if a == b:
        table = (table & 1) * 5 | (table >> 3) * 10
    if table in (0, 15):
        return None, table & 1
    if table in (5, 10):  # reads a alone
        return None, a ^ (table == 5)
    if table in (3, 12):  # reads b alone
        return None, b ^ (table == 3)
    if a > b:
        table, a, b = swap_operands(table), b, a
    complemented = table & 1
    return Gate(table ^ 15 if complemented else table, a >> 1, b >> 1), complemented


class Builder:
    """A netlist under construction.

    >>> builder = Builder(2)
    >>> x, y = builder.inputs
    >>> nand, conjunction = builder.gate(7, x, y), builder.gate(8, x, y)
    >>> nand ^ conjunction, len(builder.gates)
    (1, 1)
    >>> builder.circuit([nand]).truth_table()
    7
    """

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs
        self.gates: list[Gate] = []
        self._node: dict[Gate, int] = {}

    @property
    def inputs(self) -> list[int]:
        """Signals of the inputs."""
        return [2 * (1 + i) for i in range(self.n_inputs)]

    def find(self, gate: Gate) -> int | None:
        """Node of a normal gate, or None if it does not exist yet.

        >>> Builder(2).find(Gate(8, 1, 2)) is None
        True
        """
        return self._node.get(gate)

    def gate(self, table: int, a: int, b: int) -> int:
        """Signal of a gate on two signals; adds a gate only if it is needed.

        >>> Builder(1).gate(6, 2, 3)
        1
        """
        gate, signal = normal_gate(table, a, b)
        if gate is None:
            return signal
        node = self._node.get(gate)
        if node is None:
            gate = Gate(int(gate.table), int(gate.a), int(gate.b))
            self.gates.append(gate)
            node = self._node[gate] = self.n_inputs + len(self.gates)
        return 2 * node + signal

    def fold(self, table: int, signals: Sequence[int]) -> int:
        """Signal of an associative gate over any number of signals, one at least.

        >>> builder = Builder(3)
        >>> hex(builder.circuit([builder.fold(XOR, builder.inputs)]).truth_table())
        '0x96'
        """
        value = signals[0]
        for signal in signals[1:]:
            value = self.gate(table, value, signal)
        return value

    def mux(self, select: int, high: int, low: int) -> int:
        """Signal of ``select ? high : low``.

        >>> builder = Builder(3)
        >>> hex(builder.circuit([builder.mux(6, 4, 2)]).truth_table())
        '0xca'
        """
        if high >> 1 == low >> 1:
            return high if high == low else self.gate(XOR, select, low)
        if low <= TRUE:  # low is constant: (select & high) or its dual
            return self.gate(AND, select, high ^ low) ^ low
        if high <= TRUE:
            return self.gate(AND, select ^ 1, low ^ high) ^ high
        return self.gate(XOR, low, self.gate(AND, select, self.gate(XOR, low, high)))

    def add(self, circuit: Circuit, inputs: Sequence[int]) -> list[int]:
        """Copy a circuit onto the given input signals; returns the signals of all its nodes.

        >>> builder = Builder(2)
        >>> builder.add(Circuit(1, (), (3,)), [4])
        [0, 4]
        """
        signals = [FALSE, *inputs]
        for table, a, b in circuit.gates:
            signals.append(self.gate(table, signals[a], signals[b]))
        return signals

    def circuit(
        self, outputs: Iterable[int], input_names: Sequence[str] = (), output_names: Sequence[str] = ()
    ) -> Circuit:
        """The netlist so far with the given output signals."""
        if input_names or output_names:
            return Circuit(self.n_inputs, tuple(self.gates), tuple(outputs), tuple(input_names), tuple(output_names))
        return known(self.n_inputs, tuple(self.gates), tuple(map(int, outputs)))


def output_signals(circuit: Circuit, signals: Sequence[int]) -> list[int]:
    """Outputs of a circuit whose nodes were mapped to `signals`.

    >>> output_signals(Circuit(1, (), (3,)), [0, 4])
    [5]
    """
    return [signals[output >> 1] ^ (output & 1) for output in circuit.outputs]
