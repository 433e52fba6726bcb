"""Exact norms against linear programs over every function, their proofs, and the axioms of a norm."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from fw_circuits import htmc
from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.exceptions import InputError
from fw_circuits.htmc.column_generation import Generated
from fw_circuits.htmc.cube import values_on_cube
from fw_circuits.htmc.exact import leftover
from tests.helpers.norms import FEW, GAMMAS, every_function, functions


def full_program(f, n, gamma, intercept=False):
    """The norm by one linear program in which every normal function is a column."""
    signs, kappa = every_function(n)
    T, prices = signs[:, ::2], kappa[::2] ** (1 / gamma)
    free = np.ones((len(f), 1)) if intercept else np.zeros((len(f), 0))
    cost = np.concatenate([prices, prices, np.zeros(2 * free.shape[1])])
    found = linprog(cost, A_eq=np.hstack([T, -T, free, -free]), b_eq=f, method="highs-ds")
    assert found.status == 0
    return found.fun


def polar(u, n, gamma):
    signs, kappa = every_function(n)
    return np.abs(u @ signs / kappa ** (1 / gamma)).max()


def check_proof(found, f, n, gamma):
    """Both ends of the claim, by the definition."""
    signs, kappa = every_function(n)
    assert found.lower <= found.value * (1 + 1e-12)
    assert found.value - found.lower <= 1e-9 * found.value
    assert found.lower == pytest.approx(max(0.0, found.dual @ f), rel=1e-12)
    assert polar(found.dual, n, gamma) <= 1 + 1e-12
    total = found.constant + signs[:, found.tables] @ found.weights
    np.testing.assert_allclose(total, f, atol=1e-9 * max(np.abs(f).max(), 1e-300))
    assert (found.gates == [minimal_cost(int(t), n) for t in found.tables]).all()
    paid = kappa[found.tables] ** (1 / gamma) @ np.abs(found.weights)
    assert found.value == pytest.approx(paid, rel=1e-9, abs=1e-300)
    if found.intercept:
        assert abs(found.dual.sum()) <= 1e-12 * max(1.0, np.abs(found.dual).sum())
    else:
        assert found.constant == 0.0


@pytest.mark.parametrize(
    ("kind", "gamma", "intercept"), [("reals", 2.5, False), ("reals", 4.0, True), ("exactly one of four", 2.5, False)]
)
def test_four_inputs_agree_with_all_32768_columns(kind, gamma, intercept):
    f = np.random.default_rng(1).normal(size=16) if kind == "reals" else every_function(4)[0][:, 0x0116]
    found = htmc.exact_norm(f, 4, gamma, intercept=intercept)
    assert found.value == pytest.approx(full_program(f, 4, gamma, intercept), rel=1e-7)
    check_proof(found, f, 4, gamma)


@FEW
@given(functions(most=3), GAMMAS, st.booleans())
def test_fewer_inputs_agree_with_all_columns(function, gamma, intercept):
    n, f = function
    found = htmc.exact_norm(f, n, gamma, intercept=intercept)
    scale = np.abs(f).max() or 1.0
    assert found.value / scale == pytest.approx(full_program(f / scale, n, gamma, intercept), rel=1e-7, abs=1e-12)


@FEW
@given(functions(), GAMMAS, st.booleans())
def test_the_proof_holds_by_the_definition(function, gamma, intercept):
    n, f = function
    found = htmc.exact_norm(f, n, gamma, intercept=intercept)
    check_proof(found, f, n, gamma)
    assert found.verify() <= 1e-9


def test_verify_sees_a_false_claim():
    found = htmc.exact_norm(0x0116, 4, 2.5)
    assert found.verify() <= 1e-9
    aside = np.random.default_rng(0).normal(size=16)
    aside -= found.function * (aside @ found.function) / 16  # <dual, f> stays, feasibility does not
    changes = [
        {"dual": found.dual + 0.1 * aside},
        {"dual": 1.01 * found.dual},
        {"value": 1.01 * found.value},
        {"weights": 1.01 * found.weights},
        {"constant": 0.01},
        {"tables": found.tables ^ 6},
        {"lower": 1.01 * found.lower},
        {"gates": found.gates + np.uint8(1)},
    ]
    for change in changes:
        assert replace(found, **change).verify() > 1e-4, change


@FEW
@given(functions(), GAMMAS, st.booleans(), st.floats(-100, 100).filter(lambda a: abs(a) > 1e-3), st.data())
def test_axioms(function, gamma, intercept, factor, data):
    n, f = function
    f = f / (np.abs(f).max() or 1.0)
    g = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=f.size)

    def norm(values):
        return htmc.exact_norm(values, n, gamma, intercept=intercept).value

    assert norm(factor * f) == pytest.approx(abs(factor) * norm(f), rel=1e-9)
    assert norm(f + g) <= (norm(f) + norm(g)) * (1 + 1e-9)
    least = np.ptp(f) / 2 if intercept else np.abs(f).max()  # atoms lie between -1 and 1 and cost at least 1
    assert norm(f) >= least * (1 - 1e-12)
    if intercept:
        assert norm(f + 7.0) == pytest.approx(norm(f), rel=1e-7, abs=1e-9)
        assert norm(f) <= htmc.exact_norm(f, n, gamma).value * (1 + 1e-9)


@FEW
@given(functions(), GAMMAS, st.booleans(), st.randoms(use_true_random=False))
def test_permuting_and_complementing_changes_nothing(function, gamma, intercept, random):
    n, f = function
    order, flips = random.sample(range(n), n), random.randrange(1 << n)
    patterns = [sum((v >> order[i] & 1) << i for i in range(n)) ^ flips for v in range(1 << n)]
    one = htmc.exact_norm(f, n, gamma, intercept=intercept).value
    other = htmc.exact_norm(-f[patterns], n, gamma, intercept=intercept).value
    assert other == pytest.approx(one, rel=1e-9, abs=1e-300)


@FEW
@given(functions(most=3), GAMMAS, st.booleans())
def test_an_input_that_is_not_read_costs_nothing(function, gamma, intercept):
    n, f = function
    wide = htmc.exact_norm(np.tile(f, 2), n + 1, gamma, intercept=intercept).value
    assert wide == pytest.approx(htmc.exact_norm(f, n, gamma, intercept=intercept).value, rel=1e-9, abs=1e-300)


def test_norms_known_by_hand():
    assert htmc.exact_norm(0xFFFF, 4, 3.0).value == pytest.approx(1.0)  # a constant is an atom of cost 1
    assert htmc.exact_norm(0xFFFF, 4, 3.0, intercept=True).value == 0.0
    assert htmc.exact_norm([0.0] * 8, 3, 3.0).value == 0.0
    assert htmc.exact_norm(0x6996, 4, 3.0).value == pytest.approx(3 ** (1 / 3))
    count = np.array([v.bit_count() for v in range(16)])  # 2 + the half sum of four literals
    assert htmc.exact_norm(count, 4, 3.0, intercept=True).value == pytest.approx(2.0)
    assert htmc.exact_norm(count, 4, 3.0).value == pytest.approx(4.0)


def test_as_gamma_grows_the_norm_becomes_that_of_free_circuits():
    # Every sign vector at price 1: the gauge is the largest absolute value.
    f = np.random.default_rng(5).normal(size=16)
    assert htmc.exact_norm(f, 4, 1e9).value == pytest.approx(np.abs(f).max(), rel=1e-6)


def test_only_signs_are_a_truth_table():
    assert [values_on_cube(v, 1)[1] for v in ([1, -1], [2, -1], [0, 1], 2)] == [1, None, None, 2]


def test_a_nonzero_residual_adds_its_cost():
    # One vertex: half a conjunction of n literals, and half the constant.
    nothing = np.zeros(0)
    for n, gates in ((0, 1), (1, 1), (2, 1), (4, 3)):
        left = Generated(0.0, nothing, 0.0, nothing.astype(np.int64), nothing, np.eye(1 << n)[0] * -0.5, 1)
        assert leftover(left, n, 3.0) == pytest.approx(0.5 * (1 + gates ** (1 / 3)) / 2)
        assert leftover(left, n, 3.0) >= htmc.exact_norm(left.residual, n, 3.0).value * (1 - 1e-12)


@pytest.mark.parametrize(
    ("table", "n", "gamma", "message"),
    [
        (3, 5, 3.0, "five_input_bracket"),
        (3, True, 3.0, "n is True"),
        (16, 2, 3.0, "0 to 15"),
        (1.5, 2, 3.0, "table is 1.5"),
        ([1.0, 2.0], 2, 3.0, "expected \\(4,\\)"),
        ([1.0, np.nan], 1, 3.0, "value 1 is not finite"),
        (["a", "b"], 1, 3.0, "real numbers"),
        (1, 1, 0.0, "gamma is 0.0"),
    ],
)
def test_what_cannot_be_used_is_refused(table, n, gamma, message):
    with pytest.raises(InputError, match=message):
        htmc.exact_norm(table, n, gamma)
