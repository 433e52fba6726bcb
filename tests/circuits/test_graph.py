"""networkx: the exact round trip, graphs from elsewhere, and what is refused."""

import json
import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import circuits


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
    graph = circuit.to_networkx(multigraph=True)
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


def written(graph, folder, form):
    """Through a file of networkx."""
    path = folder / f"t.{form}"
    if form == "json":
        return nx.node_link_graph(json.loads(json.dumps(nx.node_link_data(graph))))
    if form == "cytoscape":
        return nx.cytoscape_graph(json.loads(json.dumps(nx.cytoscape_data(graph))))
    if form == "pandas":  # names and kinds do not fit in a table of edges: one of nodes beside it
        kind = nx.MultiDiGraph if graph.is_multigraph() else nx.DiGraph
        nx.to_pandas_edgelist(graph).to_csv(path, index=False)
        back = nx.from_pandas_edgelist(pd.read_csv(path), edge_attr=True, create_using=kind)
        pd.DataFrame(dict(graph.nodes(data=True))).T.to_csv(path)
        nodes = pd.read_csv(path, index_col=0)
        back.add_nodes_from((node, row.to_dict()) for node, row in nodes.iterrows())
        back.graph.update(graph.graph)
        return back
    getattr(nx, f"write_{form}")(graph, path)
    return getattr(nx, f"read_{form}")(path)


@pytest.mark.parametrize("multigraph", [False, True])
@pytest.mark.parametrize("form", ["json", "cytoscape", "graphml", "gexf", "gml", "pandas"])
@settings(max_examples=15, deadline=None)
@given(circuit=circuits(max_gates=8).filter(lambda c: c.n_outputs))
def test_files_of_networkx_give_the_circuit_back(tmp_path_factory, form, multigraph, circuit):
    graph = circuit.to_networkx(multigraph=multigraph)
    assert Circuit.from_networkx(written(graph, tmp_path_factory.mktemp("nx"), form)) == circuit


@settings(max_examples=50, deadline=None)
@given(circuit=circuits(max_gates=8))
def test_the_graph_is_one_that_algorithms_take(circuit):
    graph = circuit.to_networkx()
    assert not graph.is_multigraph() and Circuit.from_networkx(graph) == circuit
    assert sorted(graph) == sorted(graph, key=int)
    assert all({"kind", "name"} <= set(data) for _, data in graph.nodes(data=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networkx tells of hashes of older versions
        first, second = (
            nx.weisfeiler_lehman_graph_hash(g, node_attr="name", edge_attr="complemented")
            for g in (graph, nx.relabel_nodes(graph, lambda node: f"node {node}"))
        )
    assert first == second


def two_gates(**edge):
    """y = a & b by a graph whose edge a -> g has the given attributes."""
    graph = named([("a", "g"), ("b", "g")], g="and")
    graph.edges["a", "g"].update(edge)
    return graph


@pytest.mark.parametrize(
    ("value", "inverted"),
    [
        *((v, False) for v in (None, np.nan, "", " ", pd.NA, pd.NaT, False, 0, 0.0, "0", "0.0", "False", "false")),
        *((v, False) for v in (np.False_, np.int64(0), np.float32(0))),
        *((v, True) for v in (True, 1, 1.0, "1", "1.0", "True", "TRUE", np.True_, np.int8(1), np.float64(1))),
    ],
)
def test_complemented_is_a_truth_value_or_nothing(value, inverted):
    circuit = Circuit.from_networkx(two_gates(complemented=value))
    assert circuit.truth_table() == (0b0100 if inverted else 0b1000)


def test_an_edge_list_with_empty_fields_keeps_its_wires(tmp_path):
    (tmp_path / "t.csv").write_text("source,target,complemented\na,g,\nb,g,True\n")
    graph = nx.from_pandas_edgelist(pd.read_csv(tmp_path / "t.csv"), edge_attr=True, create_using=nx.DiGraph)
    graph.nodes["g"]["name"] = "and"
    assert Circuit.from_networkx(graph).truth_table() == 0b0010


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (two_gates(complemented="yes"), "edge 'a' -> 'g' has the complemented 'yes'; expected 0 or 1"),
        (two_gates(complemented=2), "has the complemented 2"),
        (two_gates(complemented=0.5), "has the complemented 0.5"),
        (two_gates(complemented=[1]), r"has the complemented \[1\]"),
        (two_gates(position="left"), "has the position 'left'; expected 0 or 1"),
        (two_gates(position=0), r"positions \[0, None\]"),
    ],
)
def test_edge_attributes_that_cannot_be_read_are_refused(graph, words):
    with pytest.raises(CircuitError, match=words):
        Circuit.from_networkx(graph)


@pytest.mark.parametrize("table", ["8", 8.0, "8.0", np.int64(8), np.float32(8)])
def test_node_attributes_as_files_give_them(table):
    graph = nx.DiGraph()
    graph.add_node("b", index="10", name=np.nan, kind="")
    graph.add_node("a", index=2.0, name="second", table=np.nan)
    graph.add_node("g", table=table, name=None, index=np.nan)
    graph.add_node("1", kind="constant", value=np.nan, name="1")
    graph.add_edges_from([("a", "g", {"position": "0"}), ("b", "g", {"position": 1.0})])
    graph.add_node("h", name="xor")
    graph.add_edges_from([("1", "h"), ("g", "h")])
    circuit = Circuit.from_networkx(graph)
    assert circuit.input_names == ("second", "b") and circuit.output_names == ("h",)  # 2 before 10
    assert circuit.truth_table() == 0b0111


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ({"x": {"kind": "gate", "table": "seven"}}, "gate 'x' has the table 'seven'; expected 0..15"),
        ({"x": {"kind": "gate", "table": True}}, "gate 'x' has the table True"),
        ({"x": {"kind": "gate", "table": np.array([0, 1])}}, r"gate 'x' has the table array\(\[0, 1\]\)"),
        (
            {"x": {"kind": "input", "index": "first"}},
            "input 'x' has the index 'first'; expected a whole number",
        ),
        (
            {"x": {"kind": "input", "index": 0}, "y": {"kind": "input"}},
            r"inputs have the indices \[0, None\]",
        ),
        ({"x": {"kind": "input", "index": 1}, "y": {"kind": "input", "index": "1"}}, r"indices \[1, 1\]"),
        ({"x": {"kind": "constant", "value": "one"}}, "constant 'x' has the value 'one'"),
    ],
)
def test_node_attributes_that_cannot_be_read_are_refused(nodes, words):
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes.items())
    if "table" in nodes["x"]:
        graph.add_edges_from([("a", "x"), ("b", "x")])
    with pytest.raises(CircuitError, match=words):
        Circuit.from_networkx(graph)


@pytest.mark.parametrize("graph", [None, "a.graphml", {"a": ["b"]}])
def test_what_is_no_graph_is_refused(graph):
    with pytest.raises(CircuitError, match=rf"the graph is a {type(graph).__name__}; expected a networkx\.DiGraph"):
        Circuit.from_networkx(graph)
