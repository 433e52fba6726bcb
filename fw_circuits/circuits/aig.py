"""And-inverter graphs: the netlists of hardware tools, as circuits without exclusive-or gates.

A `Circuit` keeps complements in its signals and gate tables.  One whose gates are all AND-like (a table with
one 1, or one 0) therefore *is* an and-inverter graph: one AND node per gate, inverters free.  Only XOR has to be
taken apart, into three ANDs: ``a ^ b = ~(a & b) & (a | b)`` or ``(a & ~b) | (~a & b)``.  The form is chosen
whose inner nodes the circuit has anyway, so a half adder costs 3 nodes and a full adder 7.
"""

from __future__ import annotations

from fw_circuits.circuits.builder import Builder, output_signals
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import AND, OR, XOR, Gate
from fw_circuits.circuits.passes import strash, sweep

GT, LT = 2, 4


def to_aig(circuit: Circuit) -> Circuit:
    """The same function with AND-like gates alone: `n_gates` of the result is the number of AND nodes.

    Equal nodes are shared and those that no output reads are dropped.  Every gate's table has a single 1 (2, 4, 8) or
    a single 0 (14).

    A full adder: 5 gates over the full basis, 7 AND nodes.

    >>> full = Circuit(
    ...     3, ((6, 1, 2), (6, 4, 3), (8, 1, 2), (8, 4, 3), (14, 6, 7)), (10, 16), output_names=("sum", "carry")
    ... )
    >>> aig = to_aig(full)
    >>> aig.n_gates, sorted({gate.table for gate in aig.gates}), aig.truth_table() == full.truth_table()
    (7, [2, 8, 14], True)
    """
    normal = sweep(strash(circuit))
    there = {gate for gate in normal.gates if gate.table != XOR}
    builder = Builder(circuit.n_inputs)
    signals = [0, *builder.inputs]
    for table, a, b in normal.gates:
        x, y = signals[a], signals[b]
        if table != XOR:
            signals.append(builder.gate(table, x, y))
        elif _have(there, (AND, OR), a, b) >= _have(there, (GT, LT), a, b):
            signals.append(builder.gate(GT, builder.gate(OR, x, y), builder.gate(AND, x, y)))
        else:
            signals.append(builder.gate(OR, builder.gate(GT, x, y), builder.gate(LT, x, y)))
    return sweep(builder.circuit(output_signals(normal, signals), circuit.input_names, circuit.output_names))


def _have(there: set[Gate], tables: tuple[int, int], a: int, b: int) -> int:
    return sum(Gate(table, a, b) in there for table in tables)


def n_ands(circuit: Circuit) -> int:
    """AND nodes of `to_aig` of a circuit: what AIGER files and hardware tools count.

    >>> n_ands(Circuit(2, ((6, 1, 2),), (6,)))
    3
    """
    return to_aig(circuit).n_gates
