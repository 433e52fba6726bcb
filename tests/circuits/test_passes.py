"""Passes, merging and keys: the meaning is kept and gates are never added."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, Gate, merge, passes
from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.catalogue import minimal_circuit, minimal_cost
from fw_circuits.circuits.circuit import of_arrays
from fw_circuits.circuits.cuts import cone, find_cuts
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import circuits, patterns

MORE = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize("apply", [passes.strash, passes.sweep, passes.rewrite, passes.simplify])
@MORE
@given(circuit=circuits(max_gates=25))
def test_a_pass_keeps_the_meaning_and_adds_no_gate(apply, circuit):
    result = apply(circuit)
    assert result.truth_table() == circuit.truth_table()
    assert result.n_gates <= circuit.n_gates
    assert (result.input_names, result.output_names) == (circuit.input_names, circuit.output_names)


@MORE
@given(circuit=circuits(max_inputs=8, max_gates=60))
def test_the_kernels_give_the_circuits_of_the_references(circuit):
    """Gate for gate: cuts, their order, gains and ties included."""
    assert passes.strash(circuit) == passes.strash_python(circuit)
    assert passes.sweep(circuit) == passes.sweep_python(circuit)
    assert passes.simplify(circuit) == passes.simplify_python(circuit)


@MORE
@given(circuit=circuits(max_gates=25), steps=st.integers(0, 7))
def test_steps_on_arrays_are_the_passes(circuit, steps):
    expected = circuit
    for step, apply in ((1, passes.sweep_python), (2, passes.strash_python), (4, passes.sweep_python)):
        expected = apply(expected) if steps & step else expected
    gates, outputs = passes.compact(circuit.n_inputs, circuit.gate_array, circuit.outputs, steps)
    assert of_arrays(circuit.n_inputs, gates, outputs).gates == expected.gates
    assert outputs.tolist() == list(expected.outputs)


def test_large_netlists_are_rewritten_as_by_the_reference():
    """Hundreds of gates: hash tables, long cones, more than one round."""
    rng = np.random.default_rng(11)
    for n in (120, 400):
        gates = [(int(rng.integers(1, 15)), *map(int, rng.integers(max(1, j - 20), 13 + j, 2))) for j in range(n)]
        circuit = Circuit(12, gates, [2 * (12 + n), 2 * (5 + n) + 1])
        assert passes.simplify(circuit) == passes.simplify_python(circuit)


@MORE
@given(circuit=circuits(max_gates=25))
def test_simplify_is_a_fixpoint_without_trivial_dead_or_repeated_gates(circuit):
    result = passes.simplify(circuit)
    assert passes.simplify(result) == result
    assert passes.sweep(result) == result
    assert len(set(result.gates)) == result.n_gates
    for table, a, b in result.gates:
        assert 1 <= a < b and table in (2, 4, 6, 8, 14)


@MORE
@given(table=st.integers(0, 0xFFFF), extra=circuits(max_inputs=4, max_gates=8), order=st.permutations(range(6)))
def test_one_output_of_four_inputs_becomes_smallest(table, extra, order):
    """Whatever a table is wrapped in, on any four of six inputs, simplify finds a smallest circuit again."""
    builder = Builder(6)
    inputs = [2 * (1 + i) for i in order[:4]]
    noise = builder.add(extra, inputs[: extra.n_inputs])[-1]
    small = minimal_circuit(table, 4)
    value = builder.add(small, inputs)[small.outputs[0] >> 1] ^ (small.outputs[0] & 1)
    wrapped = Circuit(
        6, (*builder.gates, Gate(6, value >> 1, noise >> 1), Gate(6, noise >> 1, 7 + len(builder.gates))), ()
    )
    wrapped = Circuit(6, wrapped.gates, (2 * (wrapped.n_nodes - 1) + (value & 1),))
    result = passes.simplify(wrapped)
    assert result.n_gates == minimal_cost(table, 4)
    assert result.truth_table() == wrapped.truth_table()


def test_rewriting_saves_gates_inside_larger_circuits():
    """Two muxes of four gates each, their xor, and an xor written with three gates: 13 gates become 8."""
    gates = []
    for s, a, b in ((1, 2, 3), (1, 4, 5)):
        at = 7 + len(gates)
        gates += [Gate(5, s, s), Gate(8, s, a), Gate(8, at, b), Gate(14, at + 1, at + 2)]
    gates += [Gate(6, 10, 14), Gate(8, 15, 6), Gate(1, 15, 6), Gate(14, 16, 17), Gate(10, 18, 3)]
    circuit = Circuit(6, tuple(gates), (2 * 19, 2 * 10))
    result = passes.simplify(circuit)
    assert result.truth_table() == circuit.truth_table()
    assert result.n_gates <= 8


@MORE
@given(circuit=circuits(max_inputs=5, max_gates=12))
def test_cuts_describe_their_nodes(circuit):
    every = Circuit(circuit.n_inputs, circuit.gates, tuple(2 * v for v in range(circuit.n_nodes)))
    values = every.evaluate(patterns(circuit.n_inputs))
    for node, cuts in enumerate(find_cuts(circuit)):
        for leaves, table in cuts:
            index = (values[:, list(leaves)].astype(int) << np.arange(len(leaves))).sum(axis=1)
            assert np.array_equal(table >> index & 1, values[:, node])
            inside = cone(circuit, node, leaves)
            reads = {v for g in inside for v in circuit.gates[g - circuit.n_inputs - 1][1:]}
            assert reads <= {0, *leaves, *inside}


@MORE
@given(circuit=circuits(max_gates=12), data=st.data())
def test_the_key_ignores_order_and_complements(circuit, data):
    """Gates in another order, operands swapped, a gate replaced by its complement: the same key."""
    simple = passes.simplify(circuit)
    waiting, place, gates = list(range(simple.n_gates)), list(range(1 + simple.n_inputs)), []
    place += [-1] * simple.n_gates
    negated = [0] * simple.n_nodes
    first = simple.n_inputs + 1
    while waiting:
        ready = [j for j in waiting if all(place[v] >= 0 for v in simple.gates[j][1:])]
        j = data.draw(st.sampled_from(ready))
        waiting.remove(j)
        table, a, b = simple.gates[j]
        table = (table & 5) << 1 | table >> 1 & 5 if negated[a] else table
        table = (table & 3) << 2 | table >> 2 if negated[b] else table
        a, b = place[a], place[b]
        if data.draw(st.booleans()):
            table, a, b = table & 9 | (table & 2) << 1 | table >> 1 & 2, b, a
        negated[first + j] = data.draw(st.integers(0, 1))
        place[first + j] = first + len(gates)
        gates.append(Gate(table ^ 15 * negated[first + j], a, b))
    outputs = tuple(2 * place[s >> 1] | (s & 1) ^ negated[s >> 1] for s in simple.outputs)
    other = Circuit(simple.n_inputs, tuple(gates), outputs)
    assert other.truth_table() == circuit.truth_table()
    assert other.key == simple.key == circuit.key


def test_the_key_of_a_tree_ignores_the_order_of_its_gates():
    """((a & b) ^ (c | d)) & ((c | d) ^ (e & f)) with its three leaves' gates in all six orders."""
    keys, leaves = set(), {"p": (8, 1, 2), "q": (14, 3, 4), "r": (8, 5, 6)}
    for order in permutations("pqr"):
        p, q, r = (7 + order.index(name) for name in "pqr")
        gates = (*(leaves[name] for name in order), (6, p, q), (6, r, q), (8, 10, 11))
        keys.add(Circuit(6, gates, (24,)).key)
    assert len(keys) == 1


def test_rewriting_keeps_its_strength():
    """What is left in total of random netlists of 20 gates: a weaker pass must not go unnoticed."""
    rng, left = np.random.default_rng(7), [0, 0]
    for _ in range(60):
        gates = [(rng.integers(1, 15), *rng.integers(1, 7 + j, 2)) for j in range(20)]
        circuit = Circuit(6, gates, 2 * rng.integers(20, 27, 3))
        left[0] += passes.sweep(passes.strash(circuit)).n_gates
        left[1] += passes.simplify(circuit).n_gates
    assert left[0] == 276 and left[1] <= 178


@MORE
@given(first=circuits(max_inputs=3, max_outputs=2), second=circuits(max_inputs=3, max_outputs=2))
def test_equal_keys_mean_equal_functions(first, second):
    if first.key == second.key:
        assert first.n_inputs == second.n_inputs and first.truth_table() == second.truth_table()
    elif first.n_inputs == second.n_inputs and first.n_outputs == second.n_outputs == 1:
        assert first.truth_table() != second.truth_table()


@MORE
@given(parts=st.lists(circuits(max_gates=8, max_outputs=1), max_size=4), data=st.data())
def test_merge_keeps_every_function(parts, data):
    literals = [data.draw(st.lists(st.integers(0, 6), min_size=c.n_inputs, max_size=c.n_inputs)) for c in parts]
    whole = merge(parts, literals, 7)
    assert whole.n_gates <= sum(c.n_gates for c in parts)
    rows = np.random.default_rng(0).integers(0, 2, (70, 7))
    values = whole.evaluate(rows)
    for column, part, places in zip(values.T, parts, literals, strict=True):
        assert np.array_equal(column, part.evaluate(rows[:, places])[:, 0])


def test_merge_counts_shared_gates_once():
    nand, conjunction = Circuit(2, ((7, 1, 2),), (6,)), Circuit(2, ((8, 2, 1),), (6,))
    both = merge([nand, conjunction, conjunction], [(0, 3), (3, 0), (1, 2)], 4)
    assert both.n_gates == 2 and both.n_outputs == 3
    with pytest.raises(CircuitError, match="circuit 0 has 2 outputs"):
        merge([Circuit(1, (), (2, 3))], [(0,)], 1)
    with pytest.raises(CircuitError, match=r"literals \(0, 4\)"):
        merge([nand], [(0, 4)], 4)
    with pytest.raises(CircuitError, match="expected as many"):
        merge([nand], [], 4)
