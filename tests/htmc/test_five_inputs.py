"""Brackets of norms on the cube of five inputs: proofs of both ends, and functions known by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import Circuit, htmc
from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.exceptions import InputError
from fw_circuits.htmc.cube import small_functions
from fw_circuits.htmc.exact import feasible
from tests.helpers.norms import GAMMAS, functions, symmetric


@settings(max_examples=6, deadline=None)
@given(functions(), GAMMAS, st.booleans())
def test_five_inputs_bracket_the_norm_of_functions_of_fewer(function, gamma, intercept):
    n, f = function
    wide = np.tile(f, 1 << (5 - n))
    exact = htmc.exact_norm(f, n, gamma, intercept=intercept)
    found = htmc.five_input_bracket(wide, gamma, intercept=intercept, max_gates=4)
    assert found.lower <= exact.value * (1 + 1e-9) and exact.lower <= found.upper * (1 + 1e-9) + 1e-300
    signs = np.where(found.tables >> np.arange(32)[:, None] & 1, 1.0, -1.0)
    np.testing.assert_allclose(signs @ found.weights + found.constant, wide, atol=1e-8 * (np.abs(f).max() or 1.0))
    paid = np.maximum(1, found.gates) ** (1 / gamma) @ np.abs(found.weights)
    assert found.upper == pytest.approx(paid, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("intercept", [False, True])
def test_the_dual_vector_of_five_inputs_is_feasible(intercept):
    f = np.random.default_rng(2).normal(size=32)
    found = htmc.five_input_bracket(f, 3.0, intercept=intercept, max_gates=4)
    listed = small_functions(5, 4)
    signs = np.where(listed.tables.astype(np.int64) >> np.arange(32)[:, None] & 1, 1.0, -1.0)
    assert np.abs(found.dual @ signs / np.maximum(1, listed.gates) ** (1 / 3)).max() <= 1 + 1e-12
    assert np.abs(found.dual).sum() <= 5 ** (1 / 3) * (1 + 1e-12)
    assert found.lower == pytest.approx(found.dual @ f) and found.lower < found.upper and not found.exact


@pytest.mark.parametrize(("ball", "factor"), [(np.inf, 7.0), (1.0, 7.0), (0.5, 14.0)])
def test_any_vector_is_made_feasible(ball, factor):
    # One entry of 7: every function scores 7, the cheapest ones at price 1, and sum|u| is 7, too.
    listed = small_functions(5, 4)
    u = 7.0 * np.eye(32)[3]
    np.testing.assert_allclose(feasible(u, listed, listed.prices(3.0), ball=ball), u / factor)
    np.testing.assert_array_equal(feasible(u / 20, listed, listed.prices(3.0), ball=ball), u / 20)
    centred = feasible(u, listed, listed.prices(3.0), intercept=True, ball=ball)
    assert abs(centred.sum()) < 1e-12 and np.abs(listed.scores(centred) / listed.prices(3.0)).max() <= 1 + 1e-12


def test_five_inputs_known_by_hand():
    parity = htmc.five_input_bracket(symmetric([0, 1, 0, 1, 0, 1]), 3.0, max_gates=4)
    assert parity.exact and parity.upper == pytest.approx(4 ** (1 / 3)) and parity.gates.tolist() == [4]
    majority = htmc.five_input_bracket(symmetric([0, 0, 0, 1, 1, 1]), 3.0, max_gates=4)
    assert majority.lower == pytest.approx(5 ** (1 / 3)) and majority.upper <= 10 ** (1 / 3) * (1 + 1e-9)
    assert "between" in majority.describe() and "both ends agree" in parity.describe()


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_five_inputs_scale_with_the_function(factor):
    f = np.random.default_rng(0).normal(size=32)
    one = htmc.five_input_bracket(f, 3.0, max_gates=4)
    other = htmc.five_input_bracket(factor * f, 3.0, max_gates=4)
    assert not one.exact and not other.exact and "between" in other.describe()
    assert (other.lower / factor, other.upper / factor) == pytest.approx((one.lower, one.upper), rel=1e-9)
    signs = np.where(other.tables >> np.arange(32)[:, None] & 1, 1.0, -1.0)
    np.testing.assert_allclose(signs @ other.weights / factor, f, atol=1e-8)
    assert htmc.five_input_bracket(factor * np.eye(32)[0], 3.0, intercept=True, max_gates=4).exact
    assert htmc.five_input_bracket(np.full(32, 0.7 * factor), 3.0, intercept=True, max_gates=4).exact


def test_five_inputs_report_no_gates_where_none_are_needed():
    for table in (symmetric([0] * 6), 0xAAAAAAAA):  # a constant and an input: cost 1, no gates
        found = htmc.five_input_bracket(table, 3.0, max_gates=4)
        assert found.exact and found.gates.tolist() == [0] and found.upper == pytest.approx(1.0)


def test_the_list_of_five_inputs_contains_each_function_once_at_its_cost():
    listed = small_functions(5, 4)
    assert (np.diff(listed.tables.astype(np.int64)) > 0).all() and not (listed.tables & 1).any()
    assert np.bincount(listed.gates).tolist() == [6, 50, 570, 5785, 54913]  # half of theory, section 1
    narrow = listed.tables[listed.tables < 1 << 16]  # x4 = 1 gives 0: and with ~x4, at least one gate more
    for table in narrow[1::500].tolist():
        assert listed.gates[listed.place(table)] > minimal_cost(table, 4)
    for table in range(0, 1 << 16, 998):  # x4 is not read
        place = listed.place(table | table << 16)
        assert (place >= 0) == (minimal_cost(table, 4) <= 4)
        assert place < 0 or listed.gates[place] == minimal_cost(table, 4)


def test_a_circuit_at_hand_lowers_the_upper_end():
    gates = ((6, 2, 5), (8, 3, 6), (2, 2, 5), (6, 4, 7), (8, 1, 9), (6, 3, 10), (4, 8, 11))
    circuit = Circuit(5, gates, (24,))
    table = circuit.truth_table()
    assert Circuit.from_truth_table(table, 5).n_gates > 7  # else another function shows more
    plain = htmc.five_input_bracket(table, 3.0, max_gates=4)
    found = htmc.five_input_bracket(table, 3.0, max_gates=4, circuit=circuit)
    assert found.gates.tolist() == [7] and found.upper == pytest.approx(7 ** (1 / 3))
    assert found.lower == pytest.approx(plain.lower) and found.upper < plain.upper
    with pytest.raises(InputError, match="another function"):
        htmc.five_input_bracket(table ^ 1, 3.0, max_gates=4, circuit=circuit)
    with pytest.raises(InputError, match="real values"):
        htmc.five_input_bracket(np.arange(32), 3.0, max_gates=4, circuit=circuit)


def test_wrong_sizes_are_refused():
    with pytest.raises(InputError, match="4, 5 or 6"):
        htmc.five_input_bracket(1, 3.0, max_gates=7)
    table, xor = symmetric([0, 1, 1, 1, 0, 0]), Circuit.from_truth_table(6, 2)
    with pytest.raises(InputError, match="2 inputs"):
        htmc.five_input_bracket(table, 3.0, max_gates=4, circuit=xor)
