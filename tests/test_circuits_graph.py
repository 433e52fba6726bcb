"""networkx: the exact round trip, graphs from elsewhere, and what is refused."""

import networkx as nx
import pytest
from circuit_strategies import circuits
from hypothesis import given, settings

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.exceptions import CircuitError


@settings(max_examples=150, deadline=None)
@given(circuit=circuits())
def test_round_trip_is_exact(circuit):
    circuit = Circuit(
        circuit.n_inputs,
        circuit.gates,
        circuit.outputs,
        tuple(f"in {i}" for i in range(circuit.n_inputs)),
        tuple(f"out {i}" for i in range(circuit.n_outputs)),
    )
    graph = circuit.to_networkx()
    assert nx.is_directed_acyclic_graph(graph)
    assert Circuit.from_networkx(graph) == circuit
    shuffled = nx.MultiDiGraph(n_outputs=circuit.n_outputs)
    shuffled.add_nodes_from(reversed(list(graph.nodes(data=True))))
    shuffled.add_edges_from(reversed(list(graph.edges(data=True))))
    assert Circuit.from_networkx(shuffled) == circuit


def test_an_empty_list_of_outputs_survives():
    circuit = Circuit(1, (Gate(8, 1, 1),), ())
    assert Circuit.from_networkx(circuit.to_networkx()) == circuit


def named(edges, **names):
    graph = nx.DiGraph(edges)
    for node, name in names.items():
        graph.add_node(node, name=name)
    return graph


def test_gates_by_name_inverters_and_edge_complements():
    graph = named([("a", "n"), ("n", "g"), ("b", "g"), ("g", "h"), ("a", "h")], n="not", g="and", h="NOR")
    graph.edges["b", "g"]["complemented"] = True
    circuit = Circuit.from_networkx(graph)
    assert circuit.inputs == ("a", "b") and circuit.n_gates == 2
    patterns = [(a, b) for b in (0, 1) for a in (0, 1)]
    expected = [not ((not a and not b) or a) for a, b in patterns]
    assert circuit.truth_table() == sum(value << v for v, value in enumerate(expected))
    graph = named([("a", "g"), ("b", "g")], g="gt")
    graph.edges["a", "g"]["position"], graph.edges["b", "g"]["position"] = 1, 0
    assert Circuit.from_networkx(graph).truth_table() == 0b0100


def test_outputs_constants_and_tables_by_attribute():
    graph = nx.DiGraph()
    graph.add_node("one", kind="constant", value=1)
    graph.add_node("x", kind="input", index=1, name="second")
    graph.add_node("y", kind="input", index=0)
    graph.add_node("g", table=6)
    graph.add_node("z", kind="output")
    graph.add_edges_from([("one", "g"), ("x", "g"), ("g", "z")])
    circuit = Circuit.from_networkx(graph)
    assert circuit.inputs == ("y", "second") and circuit.output_names == ("z",)
    assert circuit.truth_table() == 0b0011


def edge_positions(graph, positions):
    for (a, b), position in positions.items():
        graph.edges[a, b]["position"] = position
    return graph


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.Graph([("a", "b")]), "undirected"),
        (
            named([("a", "g1"), ("g2", "g1"), ("a", "g2"), ("g1", "g2")], g1="and", g2="or"),
            "gate 'g[12]' reads itself through",
        ),
        (named([("a", "g"), ("b", "g")], g="nandy"), "gate 'g' has the name 'nandy'"),
        (named([("a", "g"), ("b", "g")]), "gate 'g' has the name None"),
        (named([("a", "g")], g="xor"), "gate 'g' has 1 operands; expected 2"),
        (named([("a", "g"), ("b", "g"), ("c", "g")], g="xor"), "gate 'g' has 3 operands"),
        (named([("a", "g"), ("b", "g")], g="not"), "gate 'g' has 2 operands; expected 1"),
        (named([], g="and"), "gate 'g' has 0 operands"),
        (named([("a", "g"), ("b", "g")], g="gt"), "gate 'g' .* no position"),
        (
            edge_positions(named([("a", "g"), ("b", "g")], g="gt"), {("a", "g"): 0, ("b", "g"): 0}),
            r"gate 'g' has operands at positions \[0, 0\]",
        ),
    ],
)
def test_a_bad_graph_is_refused_by_the_name_of_its_node(graph, message):
    with pytest.raises(CircuitError, match=message):
        Circuit.from_networkx(graph)


@pytest.mark.parametrize(
    ("node", "attributes", "edges", "message"),
    [
        ("q", {"kind": "latch"}, [], "node 'q' is of the kind 'latch'"),
        ("q", {"kind": "input"}, [("x", "q")], "input 'q' has 1 operands"),
        ("q", {"kind": "constant", "value": 2}, [], "constant 'q' has the value 2"),
        ("q", {"kind": "output"}, [], "output 'q' has 0 operands"),
        ("q", {"kind": "output"}, [("x", "q"), ("q", "r")], "'r' reads the output 'q'"),
        ("q", {"table": 16}, [("x", "q"), ("y", "q")], "gate 'q' has the table 16"),
    ],
)
def test_a_bad_node_is_refused_by_its_name(node, attributes, edges, message):
    graph = nx.DiGraph()
    graph.add_node(node, **attributes)
    graph.add_edges_from(edges)
    if "r" in graph:
        graph.nodes["r"]["name"] = "not"
    with pytest.raises(CircuitError, match=message):
        Circuit.from_networkx(graph)
