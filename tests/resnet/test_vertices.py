"""Networks that are exact only where it is asked for: on the domain, or at its corners."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import Lattice, solve
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.builder import Builder as CircuitBuilder
from fw_circuits.circuits.passes import strash, sweep
from fw_circuits.exceptions import InputError
from fw_circuits.resnet import compile_resnet
from fw_circuits.resnet.compile.builder import Builder, Expr
from fw_circuits.resnet.compile.symmetric import cheapest, counts_of_table, of_count
from fw_circuits.resnet.compile.wide_gates import LEAVES, wide_gates
from fw_circuits.tetrakis import Atom
from tests.helpers.circuits import circuits


def corners(n: int) -> np.ndarray:
    return (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(np.float64)


@pytest.mark.parametrize("n", range(1, 7))
def test_every_symmetric_function_of_signed_literals_is_counted(n):
    """All value vectors, under all complements: found, and the network equals the table."""
    patterns = corners(n)
    for code in range(1, 2 ** (n + 1) - 1):
        values = [code >> k & 1 for k in range(n + 1)]
        for mask in {0, 1, (1 << n) - 1, 0b0101 & ((1 << n) - 1)}:
            ones = np.abs(patterns - corners(n)[mask]).sum(axis=1).astype(int)
            table = sum(int(values[k]) << v for v, k in enumerate(ones))
            circuit = Circuit.from_truth_table(table, n)
            if len(circuit.support) < n:
                continue
            flips, found = counts_of_table(table, n)
            b = Builder(n)
            wires = [1.0 - b.input(i) if flip else b.input(i) for i, flip in enumerate(flips)]
            net = b.assemble([of_count(b, wires, found)])
            wanted = [table >> v & 1 for v in range(1 << n)]
            np.testing.assert_allclose(net.forward(patterns), wanted, atol=1e-12)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=9))
@settings(max_examples=200, deadline=None)
def test_counts_take_their_values_and_cost_at_most_the_kinks(values):
    n = len(values) - 1
    b = Builder(n)
    net = b.assemble([of_count(b, [b.input(i) for i in range(n)], values)])
    counts = np.tril(np.ones((n + 1, n)), -1)
    np.testing.assert_allclose(net.forward(counts), values, atol=1e-12)
    kinks = [abs(values[k + 1] - 2 * values[k] + values[k - 1]) * min(k, n - k) for k in range(1, n)]
    assert cheapest(tuple(map(float, values)))[0] <= sum(kinks)


def test_non_symmetric_functions_are_detected():
    assert counts_of_table(0b11001010, 3) is None  # a multiplexer
    assert counts_of_table(0b10010111, 3) is not None  # at most one of three, or all three


@given(circuits(max_inputs=6, max_gates=20))
@settings(max_examples=100, deadline=None)
def test_wide_gates_compute_the_outputs(circuit):
    circuit = sweep(strash(circuit))
    rows = corners(circuit.n_inputs)
    signals = {0: np.zeros(len(rows), dtype=int)} | {1 + i: rows[:, i].astype(int) for i in range(circuit.n_inputs)}
    for node, leaves, flips, values in wide_gates(circuit):
        ones = sum(
            (signals[leaf] ^ flip for leaf, flip in zip(leaves, flips, strict=True)),
            0 * rows.sum(axis=1).astype(int),
        )
        signals[node] = np.array(values, dtype=int)[ones]
        assert 0 < len(leaves) <= LEAVES
    found = np.array([signals[s >> 1] ^ (s & 1) for s in circuit.outputs]).T
    np.testing.assert_array_equal(found, circuit.evaluate(rows.astype(np.uint8)))


def test_wide_gates_find_the_adder():
    """A carry chain of full adders: one majority of three per bit, not four gates."""
    n = 4
    builder = CircuitBuilder(2 * n)
    gate, (first, *pairs) = builder.gate, zip(builder.inputs[:n], builder.inputs[n:], strict=True)
    carry = gate(8, *first)
    for a, b in pairs:
        carry = gate(14, gate(8, a, b), gate(8, carry, gate(6, a, b)))
    circuit = builder.circuit([carry])
    found = wide_gates(circuit)
    assert len(found) == n
    assert [len(gate.leaves) for gate in found] == [2, 3, 3, 3]
    atom = Atom(circuit, 1, tuple(range(2 * n)), Lattice.boolean(2 * n))
    R = compile_resnet([atom], [1.0], 0.0, Lattice.boolean(2 * n), "corners").complexity((0.0, 1.0))
    assert R.lower == pytest.approx(2.0 * (2 * n - 1))  # two relus a majority, one for the first AND, slopes of 2
    assert R.upper <= 1.6 * R.lower


def test_parity_needs_logarithmically_many_neurons_and_little_complexity():
    X = corners(8)
    y = 2.0 * (X.sum(axis=1) % 2) - 1.0
    net = solve(X, y, lam=1e-4, oracle="deep").to_resnet("corners")
    assert net.n_neurons <= 4
    assert net.complexity((0.0, 1.0)).upper <= 29.0  # a relu of 4, 2 and 1 and each counts 2 or 4 times: 28


def test_a_parity_beside_others_shares_its_count():
    b = Builder(4)
    wires = [b.input(i) for i in range(4)]
    first = of_count(b, wires, [0, 0, 1, 1, 1])
    neurons = b.n_neurons
    again = of_count(b, wires, [1, 1, 0, 0, 0])
    assert b.n_neurons == neurons
    assert (first + again).key == Expr(const=1.0).key


def test_unknown_word_is_refused():
    lattice = Lattice.boolean(2)
    with pytest.raises(InputError, match="exact_on is 'vertices'; expected one of 'everywhere', 'domain', 'corners'"):
        compile_resnet([], np.zeros(0), 0.0, lattice, "vertices")


def test_weaker_modes_give_smaller_networks():
    """Outside the box the domain's network differs; between corners the corners' network does."""
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    lattice = Lattice.boolean(2)
    atom = Atom(Circuit.from_truth_table(0b0110, 2), 1, (0, 1), lattice)
    everywhere, domain, at_corners = (
        compile_resnet([atom], [1.0], 0.0, lattice, word) for word in ("everywhere", "domain", "corners")
    )
    for net, other in pairwise((everywhere, domain, at_corners)):
        np.testing.assert_allclose(net.forward(X), other.forward(X), atol=1e-12)
    outside, between = [[1.5, 0.2]], [[0.75, 0.75]]
    assert abs(everywhere.forward(outside) - domain.forward(outside)) > 0.1
    assert abs(domain.forward(between) - at_corners.forward(between)) > 0.1


def test_corners_of_real_columns_are_warned_of(recwarn):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(50, 2))
    real = solve(X, X[:, 0], lam=0.1)
    with pytest.warns(UserWarning, match=r"column 0 runs from .*use exact_on='domain'"):
        real.to_resnet("corners")
    X[:2] = [[0.0, 0.0], [1.0, 1.0]]
    real = solve(X, X[:, 0], lam=0.1)
    with pytest.warns(UserWarning, match=r"levels \(1, 2, 3\)"):
        real.to_resnet("corners")
    recwarn.clear()
    bits = np.round(X)
    bits[:, 1] = 1.0
    solve(bits, bits[:, 0], lam=0.1).to_resnet("corners")
    real.to_resnet("domain")
    assert not [w for w in recwarn if "corners" in str(w.message)]
