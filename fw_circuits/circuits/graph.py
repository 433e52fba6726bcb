"""Circuits as networkx graphs and back.

Nodes carry ``kind`` ("constant", "input", "gate" or "output"), gates also ``table``, inputs and outputs
``name`` and ``index``.  Edges run from operand to reader and carry ``position`` (0 or 1) at a gate and
``complemented``.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import networkx as nx

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import (
    GATE_NAMES,
    GATE_TABLES,
    Gate,
    complement_a,
    complement_b,
    swap_operands,
)
from fw_circuits.exceptions import CircuitError

KINDS = ("constant", "input", "gate", "output")
UNARY = {"not": 1, "inv": 1, "buf": 0, "wire": 0}


def to_networkx(circuit: Circuit) -> nx.MultiDiGraph:
    """Graph of a circuit; `from_networkx` gives the circuit back exactly.

    Parameters
    ----------
    circuit : Circuit

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are the circuit's node numbers, and ``("output", j)``.  A multigraph, because a gate may read
        one node twice.  The constant is a node only if something reads it.

    Examples
    --------
    >>> graph = to_networkx(Circuit(2, ((8, 1, 2),), (7,)))
    >>> graph.nodes[3]
    {'kind': 'gate', 'table': 8, 'name': 'and', 'index': 0}
    >>> list(graph.edges(data=True))[2]
    (3, ('output', 0), {'position': 0, 'complemented': True})
    """
    graph = nx.MultiDiGraph(n_outputs=circuit.n_outputs)
    for i, name in enumerate(circuit.input_names):
        graph.add_node(1 + i, kind="input", name=name, index=i)
    for j, (table, a, b) in enumerate(circuit.gates):
        node = circuit.n_inputs + 1 + j
        graph.add_node(node, kind="gate", table=table, name=GATE_NAMES[table], index=j)
        graph.add_edge(a, node, position=0, complemented=False)
        graph.add_edge(b, node, position=1, complemented=False)
    for j, (signal, name) in enumerate(zip(circuit.outputs, circuit.output_names, strict=True)):
        graph.add_node(("output", j), kind="output", name=name, index=j)
        graph.add_edge(signal >> 1, ("output", j), position=0, complemented=bool(signal & 1))
    if 0 in graph:
        graph.nodes[0].update(kind="constant", value=0)
    return graph


def from_networkx(graph: nx.Graph) -> Circuit:
    """Circuit of a directed graph.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        Node attributes: ``kind`` may be missing where it is plain: a node with ``table``, the ``name`` of a
        gate or predecessors is a gate, any other an input.  A gate is given by ``table`` (0..15) or by its
        ``name``: one of the 16 of `GATE_NAMES`, or "not", "inv", "buf", "wire" with one operand (these cost
        no gate).  A constant has ``value`` 0 or 1.  Inputs, gates and outputs are ordered by ``index`` if
        given, else as in the graph; gates are moved only if they come before an operand.  Without output
        nodes, the gates that nobody reads are the outputs.

        Edge attributes: ``position`` (0 or 1) tells the operands apart, needed only where the gate's table
        does; ``complemented`` (default False) puts an inverter on the edge.

    Raises
    ------
    CircuitError
        For an undirected graph, a cycle, an unknown gate or kind, a wrong number of operands, or missing
        positions; the message names the node.

    Examples
    --------
    >>> graph = nx.DiGraph([("a", "g"), ("b", "g"), ("g", "h")])
    >>> graph.nodes["g"]["name"], graph.nodes["h"]["name"] = "xor", "not"
    >>> circuit = from_networkx(graph)
    >>> circuit.inputs, circuit.gates, circuit.outputs, circuit.output_names
    (('a', 'b'), (Gate(table=6, a=1, b=2),), (7,), ('h',))
    """
    if not graph.is_directed():
        raise CircuitError(
            "the graph is undirected; expected edges from operand to reader; use networkx.DiGraph."
        )
    kinds = {node: _kind(graph, node) for node in graph}
    inputs = _ordered(graph, [node for node in graph if kinds[node] == "input"])
    outputs = _ordered(graph, [node for node in graph if kinds[node] == "output"])
    for node in (*inputs, *(node for node in graph if kinds[node] == "constant")):
        if graph.in_degree(node):
            raise CircuitError(f"{kinds[node]} {node!r} has {graph.in_degree(node)} operands; expected none.")
    signals: dict[Hashable, int] = {node: 2 * (1 + i) for i, node in enumerate(inputs)}
    for node in graph:
        if kinds[node] == "constant":
            value = graph.nodes[node].get("value", 0)
            if value not in (0, 1):
                raise CircuitError(f"constant {node!r} has the value {value!r}; expected 0 or 1.")
            signals[node] = int(value)
    gates: list[Gate] = []
    for node in _topological(graph, _ordered(graph, [node for node in graph if kinds[node] == "gate"])):
        operands = _operands(graph, node, signals)
        table, inverted = _table(graph, node, operands)
        if table is None:
            signals[node] = operands[0][1] ^ inverted
            continue
        (first, a), (_, b) = operands
        if first == 1:
            a, b = b, a
        if first is None and swap_operands(table) != table:
            raise CircuitError(
                f"gate {node!r} ({GATE_NAMES[table]}) tells its operands apart, but its edges have no "
                "position; give them the positions 0 and 1."
            )
        table = complement_a(table) if a & 1 else table
        table = complement_b(table) if b & 1 else table
        gates.append(Gate(table, a >> 1, b >> 1))
        signals[node] = 2 * (len(inputs) + len(gates))
    if outputs:
        ends = []
        for node in outputs:
            operands = _operands(graph, node, signals)
            if len(operands) != 1 or graph.out_degree(node):
                raise CircuitError(
                    f"output {node!r} has {len(operands)} operands and {graph.out_degree(node)} readers; "
                    "expected one operand and no reader."
                )
            ends.append(operands[0][1])
    else:
        if graph.graph.get("n_outputs") != 0:
            outputs = [node for node in graph if kinds[node] == "gate" and graph.out_degree(node) == 0]
        ends = [signals[node] for node in outputs]
    input_names, output_names = (
        [str(node if kinds[node] == "gate" else graph.nodes[node].get("name", node)) for node in nodes]
        for nodes in (inputs, outputs)
    )
    return Circuit(len(inputs), tuple(gates), tuple(ends), tuple(input_names), tuple(output_names))


def _kind(graph: nx.Graph, node: Hashable) -> str:
    data = graph.nodes[node]
    named = str(data.get("name", "")).lower() in (*GATE_NAMES, *UNARY)
    guess = "gate" if "table" in data or named or graph.in_degree(node) else "input"
    kind = data.get("kind", guess)
    if kind not in KINDS:
        raise CircuitError(f"node {node!r} is of the kind {kind!r}; expected one of {', '.join(KINDS)}.")
    return str(kind)


def _ordered(graph: nx.Graph, nodes: list[Any]) -> list[Any]:
    """By ``index`` if all nodes have one, else as they are."""
    if all("index" in graph.nodes[node] for node in nodes):
        return sorted(nodes, key=lambda node: graph.nodes[node]["index"])
    return nodes


def _topological(graph: nx.Graph, gates: list[Any]) -> list[Any]:
    """The gates, each after its operands, otherwise in the given order; a gate on a cycle is an error."""
    rank = {node: i for i, node in enumerate(gates)}
    among = nx.DiGraph()
    among.add_nodes_from(gates)
    among.add_edges_from((a, b) for a, b in graph.edges() if a in rank and b in rank)
    try:
        return list(nx.lexicographical_topological_sort(among, key=rank.__getitem__))
    except nx.NetworkXUnfeasible:
        cycle = [a for a, _ in nx.find_cycle(among)]
        raise CircuitError(
            f"gate {cycle[0]!r} reads itself through {', '.join(map(repr, cycle))}; expected no cycle; "
            "cut the loop (registers are not supported)."
        ) from None


def _operands(graph: nx.Graph, node: Any, signals: dict[Hashable, int]) -> list[tuple[int | None, int]]:
    """Pairs (position, signal) of the edges into a node, in the order of their positions."""
    found: list[tuple[int | None, int]] = []
    for source, _, data in graph.in_edges(node, data=True):
        if source not in signals:
            raise CircuitError(f"node {node!r} reads the output {source!r}; read its operand instead.")
        found.append((data.get("position"), signals[source] ^ bool(data.get("complemented", False))))
    positions = [position for position, _ in found]
    if len(found) == 2 and positions != [None, None]:
        if set(positions) != {0, 1}:
            raise CircuitError(f"gate {node!r} has operands at positions {positions}; expected 0 and 1.")
        found.sort(key=lambda pair: pair[0] or 0)
    return found


def _table(graph: nx.Graph, node: Any, operands: list[Any]) -> tuple[int | None, int]:
    """Table of a gate; (None, inverted) for an inverter or buffer."""
    data = graph.nodes[node]
    name = str(data.get("name", "")).lower()
    table = data.get("table", GATE_TABLES.get(name))
    if table is None and name not in UNARY:
        raise CircuitError(
            f"gate {node!r} has the name {data.get('name')!r} and no table; expected a table 0..15 or one of "
            f"{', '.join((*GATE_NAMES, *UNARY))}."
        )
    expected = 1 if table is None else 2
    if len(operands) != expected:
        raise CircuitError(f"gate {node!r} has {len(operands)} operands; expected {expected}.")
    if table is not None and table not in range(16):
        raise CircuitError(f"gate {node!r} has the table {table!r}; expected 0..15, bit va + 2 * vb.")
    return (None, UNARY[name]) if table is None else (int(table), 0)
