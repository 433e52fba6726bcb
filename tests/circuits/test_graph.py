"""networkx: the exact round trip, graphs from elsewhere, and what is refused."""

import json
import warnings
from dataclasses import replace

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
    inputs, outputs = (f"in {i}" for i in range(circuit.n_inputs)), (f"out {i}" for i in range(circuit.n_outputs))
    circuit = replace(circuit, input_names=inputs, output_names=outputs)
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


def named(edges, **nodes):
    """A graph with names, or other attributes, of some nodes."""
    graph = nx.DiGraph(edges)
    for node, data in nodes.items():
        graph.add_node(node, **({"name": data} if isinstance(data, str) else data))
    return graph


def two_operands(first=(), second=(), **nodes):
    """The edges a -> g and b -> g with the given attributes."""
    return named([("a", "g", dict(first)), ("b", "g", dict(second))], **nodes)


def test_gates_by_name_inverters_and_edge_complements():
    graph = named([("a", "n"), ("n", "g"), ("b", "g"), ("g", "h"), ("a", "h")], n="not", g="and", h="NOR")
    graph.edges["b", "g"]["complemented"] = True
    circuit = Circuit.from_networkx(graph)
    assert circuit.inputs == ("a", "b") and circuit.n_gates == 2
    patterns = [(a, b) for b in (0, 1) for a in (0, 1)]
    expected = [not ((not a and not b) or a) for a, b in patterns]
    assert circuit.truth_table() == sum(value << v for v, value in enumerate(expected))
    graph = two_operands({"position": 1}, {"position": 0}, g="gt")
    assert Circuit.from_networkx(graph).truth_table() == 0b0100


def test_outputs_constants_and_tables_by_attribute():
    inputs = {"x": {"kind": "input", "index": 1, "name": "second"}, "y": {"kind": "input", "index": 0}}
    others = {"one": {"kind": "constant", "value": 1}, "g": {"table": 6}, "z": {"kind": "output"}}
    graph = named([("one", "g"), ("x", "g"), ("g", "z")], **inputs, **others)
    circuit = Circuit.from_networkx(graph)
    assert circuit.inputs == ("y", "second") and circuit.output_names == ("z",)
    assert circuit.truth_table() == 0b0011


REFUSED = [
    (None, r"the graph is a NoneType; expected a networkx\.DiGraph"),
    ("a.graphml", r"the graph is a str; expected a networkx\.DiGraph"),
    ({"a": ["b"]}, r"the graph is a dict; expected a networkx\.DiGraph"),
    (nx.Graph([("a", "b")]), "undirected"),
    (
        named([("a", "g1"), ("g2", "g1"), ("a", "g2"), ("g1", "g2")], g1="and", g2="or"),
        "gate 'g[12]' reads itself through",
    ),
    (two_operands(g="nandy"), "gate 'g' has the name 'nandy'"),
    (two_operands(), "gate 'g' has the name None"),
    (named([("a", "g")], g="xor"), "gate 'g' has 1 operands; expected 2"),
    (named([("a", "g"), ("b", "g"), ("c", "g")], g="xor"), "gate 'g' has 3 operands"),
    (two_operands(g="not"), "gate 'g' has 2 operands; expected 1"),
    (named([], g="and"), "gate 'g' has 0 operands"),
    (two_operands(g="gt"), "gate 'g' .* no position"),
    (two_operands({"position": 0}, {"position": 0}, g="gt"), r"gate 'g' has operands at positions \[0, 0\]"),
    (named([], q={"kind": "latch"}), "node 'q' is of the kind 'latch'"),
    (named([("x", "q")], q={"kind": "input"}), "input 'q' has 1 operands"),
    (named([], q={"kind": "constant", "value": 2}), "constant 'q' has the value 2"),
    (named([], q={"kind": "constant", "value": "one"}), "constant 'q' has the value 'one'"),
    (named([], q={"kind": "output"}), "output 'q' has 0 operands"),
    (named([("x", "q"), ("q", "r")], q={"kind": "output"}, r="not"), "'r' reads the output 'q'"),
    (two_operands(g={"table": 16}), "gate 'g' has the table 16"),
    (two_operands(g={"table": "seven"}), "gate 'g' has the table 'seven'; expected 0..15"),
    (two_operands(g={"table": True}), "gate 'g' has the table True"),
    (two_operands(g={"table": np.array([0, 1])}), r"gate 'g' has the table array\(\[0, 1\]\)"),
    (two_operands({"complemented": "yes"}, g="and"), "edge 'a' -> 'g' has the complemented 'yes'; expected 0 or 1"),
    (two_operands({"complemented": 2}, g="and"), "has the complemented 2"),
    (two_operands({"complemented": 0.5}, g="and"), "has the complemented 0.5"),
    (two_operands({"complemented": [1]}, g="and"), r"has the complemented \[1\]"),
    (two_operands({"position": "left"}, g="and"), "has the position 'left'; expected 0 or 1"),
    (two_operands({"position": 0}, g="and"), r"positions \[0, None\]"),
    (named([], x={"kind": "input", "index": "first"}), "input 'x' has the index 'first'; expected a whole number"),
    (named([], x={"kind": "input", "index": 0}, y={"kind": "input"}), r"inputs have the indices \[0, None\]"),
    (named([], x={"kind": "input", "index": 1}, y={"kind": "input", "index": "1"}), r"indices \[1, 1\]"),
]


@pytest.mark.parametrize(("graph", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_bad_graph_is_refused_by_the_name_of_its_node(graph, message):
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


@pytest.mark.parametrize(
    ("value", "inverted"),
    [
        *((v, False) for v in (None, np.nan, "", " ", pd.NA, pd.NaT, False, 0, 0.0, "0", "0.0", "False", "false")),
        *((v, False) for v in (np.False_, np.int64(0), np.float32(0))),
        *((v, True) for v in (True, 1, 1.0, "1", "1.0", "True", "TRUE", np.True_, np.int8(1), np.float64(1))),
    ],
)
def test_complemented_is_a_truth_value_or_nothing(value, inverted):
    circuit = Circuit.from_networkx(two_operands({"complemented": value}, g="and"))
    assert circuit.truth_table() == (0b0100 if inverted else 0b1000)


def test_an_edge_list_with_empty_fields_keeps_its_wires(tmp_path):
    (tmp_path / "t.csv").write_text("source,target,complemented\na,g,\nb,g,True\n")
    graph = nx.from_pandas_edgelist(pd.read_csv(tmp_path / "t.csv"), edge_attr=True, create_using=nx.DiGraph)
    graph.nodes["g"]["name"] = "and"
    assert Circuit.from_networkx(graph).truth_table() == 0b0010


@pytest.mark.parametrize("table", ["8", 8.0, "8.0", np.int64(8), np.float32(8)])
def test_node_attributes_as_files_give_them(table):
    graph = two_operands({"position": "0"}, {"position": 1.0}, g={"table": table, "name": None, "index": np.nan})
    graph.add_node("b", index="10", name=np.nan, kind="")
    graph.add_node("a", index=2.0, name="second", table=np.nan)
    graph.add_node("1", kind="constant", value=np.nan, name="1")
    graph.add_node("h", name="xor")
    graph.add_edges_from([("1", "h"), ("g", "h")])
    circuit = Circuit.from_networkx(graph)
    assert circuit.input_names == ("second", "b") and circuit.output_names == ("h",)  # 2 before 10
    assert circuit.truth_table() == 0b0111
