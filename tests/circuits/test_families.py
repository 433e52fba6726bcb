"""Circuits of the structured families against the functions that they are named for."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.circuits.families import complement_inputs, parity_circuit, symmetric_circuit
from tests.helpers.circuits import patterns


@pytest.mark.parametrize("n", range(1, 9))
def test_parity(n):
    circuit = parity_circuit(n)
    assert (circuit.evaluate(patterns(n))[:, 0] == patterns(n).sum(axis=1) % 2).all() and circuit.n_gates == n - 1


@pytest.mark.parametrize("n", range(1, 6))
def test_every_symmetric_function(n):
    count = patterns(n).sum(axis=1)
    for values in product((0, 1), repeat=n + 1):
        circuit = symmetric_circuit(values)
        assert (circuit.evaluate(patterns(n))[:, 0] == np.array(values)[count]).all()
        if n <= 4:
            assert circuit.n_gates == minimal_cost(circuit.truth_table(), n)


@given(st.integers(6, 40), st.data())
def test_large_symmetric_functions(n, data):
    values = tuple(data.draw(st.lists(st.integers(0, 1), min_size=n + 1, max_size=n + 1)))
    flips = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    bits = np.random.default_rng(n).random((300, n)) < np.linspace(0, 1, 300)[:, None]
    plain = symmetric_circuit(values)
    circuit = complement_inputs(plain, flips)
    assert (circuit.evaluate(bits)[:, 0] == np.array(values)[(bits ^ flips).sum(axis=1)]).all()
    assert circuit.n_gates <= plain.n_gates <= 5 * n


def test_all_and_none_take_one_gate_an_input():
    n = 11
    for values in ((0,) * n + (1,), (1,) * n + (0,), (0,) + (1,) * n, (1,) + (0,) * n):
        assert symmetric_circuit(values).n_gates == n - 1
