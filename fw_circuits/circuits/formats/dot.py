"""Graphviz: a drawing of the netlist, inputs at the top, complemented wires dashed.  Written only."""

from __future__ import annotations

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import GATE_NAMES, Gate, and_literals


def text(circuit: Circuit) -> str:
    """The circuit as a directed graph.

    >>> print(text(Circuit(2, ((2, 1, 2),), (7,), ("a", "b"))), end="")
    digraph fw_circuits {
      rankdir=TB;
      n1 [label="a", shape=box];
      n2 [label="b", shape=box];
      n3 [label="and"];
      n1 -> n3;
      n2 -> n3 [style=dashed];
      y0 [label="y0", shape=box, peripheries=2];
      n3 -> y0 [style=dashed];
    }
    """
    lines = ["digraph fw_circuits {", "  rankdir=TB;"]
    if any(0 in gate[1:] for gate in circuit.gates) or any(s < 2 for s in circuit.outputs):
        lines.append('  n0 [label="0", shape=box];')
    lines += [f"  n{1 + i} [label={_quoted(s)}, shape=box];" for i, s in enumerate(circuit.input_names)]
    for node, gate in enumerate(circuit.gates, start=1 + circuit.n_inputs):
        label, a, b = _drawn(gate)
        lines.append(f'  n{node} [label="{label}"];')
        lines += [_edge(a, f"n{node}"), _edge(b, f"n{node}")]
    for j, (signal, name) in enumerate(zip(circuit.outputs, circuit.output_names, strict=True)):
        lines += [f"  y{j} [label={_quoted(name)}, shape=box, peripheries=2];", _edge(signal, f"y{j}")]
    return "\n".join([*lines, "}", ""])


def _drawn(gate: Gate) -> tuple[str, int, int]:
    """Label and operand signals: AND and OR with complemented operands, else the table's own name."""
    if gate.table.bit_count() not in (1, 3):
        return GATE_NAMES[gate.table], 2 * gate.a, 2 * gate.b
    a, b, complement = and_literals(gate)
    return ("or", a ^ 1, b ^ 1) if complement else ("and", a, b)


def _edge(signal: int, reader: str) -> str:
    return f"  n{signal >> 1} -> {reader}{' [style=dashed]' if signal & 1 else ''};"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\0", "?")
    return f'"{escaped}"'
