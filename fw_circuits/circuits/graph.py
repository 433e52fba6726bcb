"""Circuits as networkx graphs and back.

Nodes carry ``kind`` ("constant", "input", "gate" or "output"), gates also ``table``, inputs and outputs
``name`` and ``index``.  Edges run from operand to reader and carry ``position`` (0 or 1) at a gate and
``complemented``.  A file format may have made text, floats or empty fields of them (GraphML, GEXF, GML, tables of
edges): `from_networkx` takes "1", 1.0 and "True" for 1 and an empty field for none, and refuses what it cannot read.
"""

from __future__ import annotations

import re
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


def to_networkx(circuit: Circuit, *, multigraph: bool = False) -> nx.DiGraph:
    """Graph of a circuit; `from_networkx` gives the circuit back exactly, also from a file that keeps attributes.

    Parameters
    ----------
    circuit : Circuit
    multigraph : bool
        How a gate reads one node twice: by two parallel edges, or (False) by one edge and one through a node named
        "wire".  Many algorithms, the Weisfeiler-Lehman hash among them, take no multigraph.

    Returns
    -------
    networkx.DiGraph, a MultiDiGraph with `multigraph`
        Nodes are whole numbers: the circuit's nodes, then one for each output, then the wires.  The constant is a node
        only if something reads it.

    Examples
    --------
    >>> graph = to_networkx(Circuit(2, ((8, 1, 2),), (7,)))
    >>> graph.nodes[3]
    {'kind': 'gate', 'table': 8, 'name': 'and', 'index': 0}
    >>> list(graph.edges(data=True))[2]
    (3, 4, {'position': 0, 'complemented': True})
    """
    graph = nx.MultiDiGraph() if multigraph else nx.DiGraph()
    graph.graph["n_outputs"] = circuit.n_outputs
    wires = circuit.n_nodes + circuit.n_outputs
    for i, name in enumerate(circuit.input_names):
        graph.add_node(1 + i, kind="input", name=name, index=i)
    for j, (table, a, b) in enumerate(circuit.gates):
        node = circuit.n_inputs + 1 + j
        graph.add_node(node, kind="gate", table=table, name=GATE_NAMES[table], index=j)
        graph.add_edge(a, node, position=0, complemented=False)
        if a == b and not multigraph:
            graph.add_node(wires, kind="gate", name="wire", index=j)
            graph.add_edge(a, wires, position=0, complemented=False)
            b, wires = wires, wires + 1
        graph.add_edge(b, node, position=1, complemented=False)
    for j, (signal, name) in enumerate(zip(circuit.outputs, circuit.output_names, strict=True)):
        node = circuit.n_nodes + j
        graph.add_node(node, kind="output", name=name, index=j)
        graph.add_edge(signal >> 1, node, position=0, complemented=bool(signal & 1))
    if 0 in graph:
        graph.nodes[0].update(kind="constant", name="0", value=0)
    return graph


def from_networkx(graph: nx.Graph) -> Circuit:
    """Circuit of a directed graph.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        Node attributes: ``kind`` may be missing where it is plain: a node with ``table``, the ``name`` of a
        gate or predecessors is a gate, any other an input.  A gate is given by ``table`` (0..15) or by its
        ``name``: one of the 16 of `GATE_NAMES`, or "not", "inv", "buf", "wire" with one operand (these cost
        no gate).  A constant has ``value`` 0 or 1, or is named so.  Inputs, gates and outputs are ordered by
        ``index`` if given, else as in the graph; gates are moved only if they come before an operand.  Without output
        nodes, the gates that nobody reads are the outputs.

        Edge attributes: ``position`` (0 or 1) tells the operands apart, needed only where the gate's table
        does; ``complemented`` (default False) puts an inverter on the edge.

        None, NaN and empty text are no attribute; numbers may be floats or text, truth values 0, 1, "True", "False".

    Raises
    ------
    CircuitError
        For an undirected graph, a cycle, an unknown gate or kind, a wrong number of operands, missing positions, or an
        attribute that cannot be read; the message names the node.

    Examples
    --------
    >>> graph = nx.DiGraph([("a", "g"), ("b", "g"), ("g", "h")])
    >>> graph.nodes["g"]["name"], graph.nodes["h"]["name"] = "xor", "not"
    >>> circuit = from_networkx(graph)
    >>> circuit.inputs, circuit.gates, circuit.outputs, circuit.output_names
    (('a', 'b'), (Gate(table=6, a=1, b=2),), (7,), ('h',))
    """
    if not isinstance(graph, nx.Graph):
        raise CircuitError(f"the graph is a {type(graph).__name__}; expected a networkx.DiGraph.")
    if not graph.is_directed():
        raise CircuitError("the graph is undirected; expected edges from operand to reader; use networkx.DiGraph.")
    kinds = {node: _kind(graph, node) for node in graph}
    inputs, outputs = (_ordered(graph, kinds, kind) for kind in ("input", "output"))
    for node in (*inputs, *(node for node in graph if kinds[node] == "constant")):
        if graph.in_degree(node):
            raise CircuitError(f"{kinds[node]} {node!r} has {graph.in_degree(node)} operands; expected none.")
    signals: dict[Hashable, int] = {node: 2 * (1 + i) for i, node in enumerate(inputs)}
    for node in graph:
        if kinds[node] == "constant":
            value = _number(graph.nodes[node], "value", f"constant {node!r}", 1)
            name = str(_given(graph.nodes[node], "name", "")).lower()
            signals[node] = int(name in ("1", "true")) if value is None else value
    gates: list[Gate] = []
    for node in _topological(graph, _ordered(graph, kinds, "gate")):
        gate = _gate(graph, node, signals)
        if isinstance(gate, Gate):
            gates.append(gate)
            gate = 2 * (len(inputs) + len(gates))
        signals[node] = gate
    if not outputs and _number(graph.graph, "n_outputs", "the graph") != 0:
        outputs = [node for node in graph if kinds[node] == "gate" and graph.out_degree(node) == 0]
    ends = [_end(graph, node, signals) if kinds[node] == "output" else signals[node] for node in outputs]
    input_names, output_names = (
        [str(node if kinds[node] == "gate" else _given(graph.nodes[node], "name", node)) for node in nodes]
        for nodes in (inputs, outputs)
    )
    return Circuit(len(inputs), tuple(gates), tuple(ends), tuple(input_names), tuple(output_names))


def _given(data: dict[str, Any], key: str, default: Any = None) -> Any:
    """An attribute; the default if it is missing, None, NaN, NA or blank, as empty fields of a table are."""
    value = data.get(key)
    try:
        missing = value is None or bool(value != value)  # NaN differs from itself
    except TypeError:  # NA of pandas
        missing = True
    except ValueError:  # an array
        missing = False
    return default if missing or (isinstance(value, str) and not value.strip()) else value


def _number(data: dict[str, Any], key: str, owner: str, top: int | None = None) -> int | None:
    """A whole number from 0, up to `top`, given as any number or as text; None if it is missing.

    >>> [_number({"index": value}, "index", "node 'a'") for value in ("10", 2.0, float("nan"))]
    [10, 2, None]
    >>> [_number({"complemented": value}, "complemented", "edge", 1) for value in ("False", True, "1", "")]
    [0, 1, 1, None]
    """
    value = _given(data, key)
    if value is None:
        return None
    text = str(value).strip().lower()
    text = {"true": "1", "false": "0"}.get(text, text) if top == 1 else text
    number = int(match[1]) if (match := re.fullmatch(r"([0-9]{1,18})(\.0*)?", text)) else -1
    if not 0 <= number <= (number if top is None else top):
        wanted = "a whole number" if top is None else "0 or 1" if top == 1 else f"0..{top}, bit va + 2 * vb"
        raise CircuitError(f"{owner} has the {key} {value!r}; expected {wanted}.")
    return number


def _kind(graph: nx.Graph, node: Hashable) -> str:
    data = graph.nodes[node]
    named = str(_given(data, "name", "")).lower() in (*GATE_NAMES, *UNARY)
    guess = "gate" if _given(data, "table") is not None or named or graph.in_degree(node) else "input"
    kind = _given(data, "kind", guess)
    if kind not in KINDS:
        raise CircuitError(f"node {node!r} is of the kind {kind!r}; expected one of {', '.join(KINDS)}.")
    return str(kind)


def _ordered(graph: nx.Graph, kinds: dict[Any, str], kind: str) -> list[Any]:
    """The nodes of a kind by ``index`` if all have one, as they are if none has; gates may be mixed."""
    nodes = [node for node in graph if kinds[node] == kind]
    places = {node: _number(graph.nodes[node], "index", f"{kind} {node!r}") for node in nodes}
    known = [place for place in places.values() if place is not None]
    if known and kind != "gate" and len(set(known)) < len(nodes):
        raise CircuitError(
            f"the {kind}s have the indices {list(places.values())[:8]}; expected a distinct one for each, or none."
        )
    return sorted(nodes, key=lambda node: places[node] or 0) if len(known) == len(nodes) else nodes


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
        edge = f"edge {source!r} -> {node!r}"
        position, complemented = (_number(data, key, edge, 1) for key in ("position", "complemented"))
        found.append((position, signals[source] ^ (complemented or 0)))
    positions = [position for position, _ in found]
    if len(found) == 2 and positions != [None, None]:
        if set(positions) != {0, 1}:
            raise CircuitError(f"gate {node!r} has operands at positions {positions}; expected 0 and 1.")
        found.sort(key=lambda pair: pair[0] or 0)
    return found


def _end(graph: nx.Graph, node: Any, signals: dict[Hashable, int]) -> int:
    """Signal of an output node."""
    operands = _operands(graph, node, signals)
    if len(operands) != 1 or graph.out_degree(node):
        raise CircuitError(
            f"output {node!r} has {len(operands)} operands and {graph.out_degree(node)} readers; "
            "expected one operand and no reader."
        )
    return operands[0][1]


def _gate(graph: nx.Graph, node: Any, signals: dict[Hashable, int]) -> Gate | int:
    """A gate, or the signal of an inverter or buffer."""
    operands = _operands(graph, node, signals)
    data = graph.nodes[node]
    name = str(_given(data, "name", "")).strip().lower()
    table = _number(data, "table", f"gate {node!r}", 15)
    table = GATE_TABLES.get(name) if table is None else table
    if table is None and name not in UNARY:
        raise CircuitError(
            f"gate {node!r} has the name {_given(data, 'name')!r} and no table; expected a table 0..15 or one of "
            f"{', '.join((*GATE_NAMES, *UNARY))}."
        )
    expected = 1 if table is None else 2
    if len(operands) != expected:
        raise CircuitError(f"gate {node!r} has {len(operands)} operands; expected {expected}.")
    if table is None:
        return operands[0][1] ^ UNARY[name]
    (first, a), (_, b) = operands
    if first is None and swap_operands(table) != table:
        raise CircuitError(
            f"gate {node!r} ({GATE_NAMES[table]}) tells its operands apart, but its edges have no "
            "position; give them the positions 0 and 1."
        )
    table = complement_a(table) if a & 1 else table
    table = complement_b(table) if b & 1 else table
    return Gate(table, a >> 1, b >> 1)
