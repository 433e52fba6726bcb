"""Exact norms against linear programs over every function, the axioms of a norm, brackets of solutions, and rates."""

import itertools
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fw_circuits import Circuit, htmc, path, solve
from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.htmc.classes import class_norm
from fw_circuits.htmc.column_generation import Generated
from fw_circuits.htmc.cube import small_functions, values_on_cube
from fw_circuits.htmc.exact import feasible, leftover

FEW = settings(max_examples=15, deadline=None)
GAMMAS = st.sampled_from([2.5, 3.0, 4.0])


@cache
def every_function(n):
    """Signs of all functions of n inputs as columns, and their costs: from bits and `minimal_cost` alone."""
    tables = np.arange(1 << (1 << n))
    signs = np.where(tables >> np.arange(1 << n)[:, None] & 1, 1.0, -1.0)
    return signs, np.array([max(1, minimal_cost(int(t), n)) for t in tables])


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


@st.composite
def functions(draw, most=4):
    """(n, values): signs, small integers, reals of any scale, few non-zeros."""
    n = draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = 1 << n
    kind = draw(st.sampled_from(["signs", "integers", "reals", "spike"]))
    values = {
        "signs": rng.choice([-1.0, 1.0], size),
        "integers": rng.integers(-3, 4, size).astype(float),
        "reals": rng.normal(size=size) * 10.0 ** rng.integers(-9, 9),
        "spike": np.eye(size)[rng.integers(size)],
    }[kind]
    return n, values


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
    ("kind", "gamma", "intercept"),
    [("reals", 2.5, False), ("reals", 4.0, True), ("exactly one of four", 2.5, False)],
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
    assert found.value / scale == pytest.approx(
        full_program(f / scale, n, gamma, intercept), rel=1e-7, abs=1e-12
    )


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


def test_a_large_constant_costs_no_precision_where_it_is_free():
    f = np.random.default_rng(0).normal(size=32)
    for g, norm in (
        (f[:16], lambda v: htmc.exact_norm(v, 4, 3.0, intercept=True)),
        (f, lambda v: htmc.five_input_bracket(v, 3.0, intercept=True, max_gates=4)),
    ):
        one, other = norm(g), norm(g + 1e9)  # where neighbours are 1e-7 apart
        end = "value" if g.size == 16 else "upper"
        assert other.lower == pytest.approx(one.lower, rel=1e-6)
        assert getattr(other, end) == pytest.approx(getattr(one, end), rel=1e-6)
        assert other.constant - 1e9 == pytest.approx(one.constant, abs=1e-5)
    assert htmc.exact_norm(f[:16] + 1e9, 4, 3.0, intercept=True).gap <= 1e-9
    far = replace(htmc.exact_norm(f[:16] + 1e3, 4, 3.0, intercept=True), value=3.0)
    assert far.verify() > 0.1  # at the scale of what is paid for, not of the constant
    X = cube(4)
    solution = solve(X, f[:16] + 1e6, lam=1e-3, n_jobs=1)
    found = htmc.norm_bracket(solution, X, n_jobs=1)
    assert found.lower <= found.upper * (1 + 1e-12)


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
    assert wide == pytest.approx(
        htmc.exact_norm(f, n, gamma, intercept=intercept).value, rel=1e-9, abs=1e-300
    )


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


@pytest.mark.parametrize("n", [2, 3])
def test_classes_cover_all_functions_and_share_their_norm(n):
    rows = htmc.norm_table(2.5, n)
    orbits = {int(row.table, 16): set(npn_orbit(int(row.table, 16), n)) for row in rows}
    assert set.union(*orbits.values()) == set(range(1 << (1 << n)))
    assert all(min(orbit) == table for table, orbit in orbits.items())
    for row, orbit in zip(rows, orbits.values(), strict=True):
        assert row.size == len(orbit)
        for table in sorted(orbit)[:: 1 if n == 2 else 9]:
            assert htmc.exact_norm(table, n, 2.5).value == pytest.approx(row.norm, rel=1e-9)


def npn_orbit(table, n):
    """All functions that permuting and complementing inputs and output make of one."""
    for order in itertools.permutations(range(n)):
        for flips in range(1 << n):
            at = [sum((v >> order[i] & 1) << i for i in range(n)) ^ flips for v in range(1 << n)]
            moved = sum((table >> at[v] & 1) << v for v in range(1 << n))
            yield from (moved, moved ^ ((1 << (1 << n)) - 1))


def test_all_222_classes():
    rows = htmc.norm_table(2.5)
    assert [len(rows), sum(row.size for row in rows)] == [222, 1 << 16]
    assert np.bincount([row.gates for row in rows]).tolist() == [
        2,
        2,
        5,
        20,
        34,
        75,
        72,
        12,
    ]  # theory, section 1
    for row in rows:
        assert row.own == pytest.approx(max(1, row.gates) ** (1 / 2.5))
        assert row.norm - 1e-9 <= row.lower <= row.norm * (1 + 1e-12)
        assert row.norm == min(row.own, row.others) and row.extreme == (row.own < row.others * (1 - 1e-9))
        assert (row.n_atoms == 1) == (row.ratio == 1.0)
    # Found here, proved by the two ends: all but "exactly one" and "at most one" of four are extreme.
    assert [row.table for row in rows if not row.extreme] == ["0x0116", "0x0117"]
    for row in rows[::37]:
        found = htmc.exact_norm(int(row.table, 16), 4, 2.5)
        assert found.value == pytest.approx(row.norm, rel=1e-9) and found.lower == pytest.approx(
            row.lower, rel=1e-9
        )


def test_a_tie_is_no_extreme_point():
    # Half the sum of four signed functions of cost 1, so 2 at every gamma; its five gates cost 2 at this one.
    row = class_norm(0x1BD8, 1, 4, np.log(5) / np.log(2))
    assert row.others == pytest.approx(2.0) and row.own == pytest.approx(2.0) and row.gates == 5
    assert not row.extreme and row.n_atoms == 1
    assert class_norm(0x1BD8, 1, 4, 3.0).extreme and class_norm(0x1BD8, 1, 4, 2.0).n_atoms == 4


def test_only_signs_are_a_truth_table():
    assert [values_on_cube(v, 1)[1] for v in ([1, -1], [2, -1], [0, 1], 2)] == [1, None, None, 2]


def test_the_cost_as_others_leaves_the_function_out():
    signs, kappa = every_function(3)
    for row in htmc.norm_table(3.0, 3):
        f = signs[:, int(row.table, 16)]
        keep = np.abs(f @ signs) < 8  # neither the function nor its complement
        T, prices = signs[:, keep], kappa[keep] ** (1 / 3.0)
        others = linprog(prices, A_eq=T, b_eq=f).fun  # complements are columns, too
        assert row.others == pytest.approx(others, rel=1e-7)


def symmetric(values):
    return sum(1 << v for v in range(32) if values[v.bit_count()])


@settings(max_examples=6, deadline=None)
@given(functions(), GAMMAS, st.booleans())
def test_five_inputs_bracket_the_norm_of_functions_of_fewer(function, gamma, intercept):
    n, f = function
    wide = np.tile(f, 1 << (5 - n))
    exact = htmc.exact_norm(f, n, gamma, intercept=intercept)
    found = htmc.five_input_bracket(wide, gamma, intercept=intercept, max_gates=4)
    assert found.lower <= exact.value * (1 + 1e-9) and exact.lower <= found.upper * (1 + 1e-9) + 1e-300
    signs = np.where(found.tables >> np.arange(32)[:, None] & 1, 1.0, -1.0)
    np.testing.assert_allclose(
        signs @ found.weights + found.constant, wide, atol=1e-8 * (np.abs(f).max() or 1.0)
    )
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
    assert (
        abs(centred.sum()) < 1e-12 and np.abs(listed.scores(centred) / listed.prices(3.0)).max() <= 1 + 1e-12
    )


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


def cube(n):
    return (np.arange(1 << n)[:, None] >> np.arange(n)) & 1


@FEW
@given(functions().filter(lambda nf: nf[0] > 0), GAMMAS, st.sampled_from([0.3, 0.03]), st.booleans())
def test_the_bracket_of_a_solution_contains_its_exact_norm(function, gamma, share, with_target):
    n, target = function
    target = target / (np.abs(target).max() or 1.0)
    X = cube(n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolverWarning)
        solution = solve(X, target, gamma=gamma, lam=share / (1 << n), n_jobs=1, tol=1e-6)
    found = htmc.norm_bracket(solution, X, target if with_target else None, n_jobs=1)
    exact = htmc.exact_norm(solution.decision_function(X), n, gamma, intercept=True).value
    assert found.global_lower <= found.lower * (1 + 1e-12)
    assert found.lower - 1e-9 <= exact <= found.upper + 1e-9
    assert found.upper == solution.norm
    if solution.certificate.certified:  # at an optimum the gradient proves the norm, up to the gap over lam
        assert found.lower >= exact - 10 * 1e-6 * solution.certificate.primal / solution.parameter - 1e-9


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_the_bracket_on_data_is_tight_at_an_optimum(loss):
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (400, 9))
    y = ((X[:, 0] ^ X[:, 1]) + (X[:, 2] & X[:, 3] | X[:, 4]) + 0.2 * rng.normal(size=400) > 1) * 1
    y = y + 100 * (loss == "squared")  # the intercept is free
    solution = solve(X, y, loss=loss, lam=0.02, tol=1e-6, n_jobs=1)
    for target in (None, y):
        found = htmc.norm_bracket(solution, X, target, n_jobs=1)
        assert 0.98 * found.upper <= found.lower <= found.upper * (1 + 1e-9)
        assert 0 < found.global_lower <= found.lower and found.ratio == found.upper / found.lower
        assert f"{found.lower:.6g}" in found.describe()
    perturbed = replace(solution, dual_point=rng.normal(size=400))
    assert htmc.norm_bracket(perturbed, X, y, n_jobs=1).point == "gradient"  # the better of two
    assert htmc.norm_bracket(solution, X, rng.permutation(y), n_jobs=1).point == "dual point"
    few = htmc.norm_bracket(solution, X[:300], n_jobs=1)  # other rows: no dual point
    assert few.point == "values" and 0 < few.lower <= few.upper
    four = htmc.norm_bracket(solution, X, y, oracle="gates4", n_jobs=1)
    assert four.max_gates == 4 and found.global_lower <= four.global_lower <= four.upper * (1 + 1e-9)


def test_the_gradient_of_the_bracket_is_that_of_the_weighted_loss():
    rng = np.random.default_rng(6)
    X = rng.integers(0, 2, (300, 6))
    y = (X[:, 0] ^ X[:, 1]) + (X[:, 2] & X[:, 3]) + 0.3 * rng.normal(size=300)
    weights = rng.choice([0.0, 0.1, 5.0], 300)
    solution = solve(X, y, lam=0.02, sample_weight=weights, tol=1e-6, n_jobs=1)
    alone = replace(solution, dual_point=np.zeros(0))
    found = htmc.norm_bracket(alone, X, y, sample_weight=weights, n_jobs=1)
    assert found.point == "gradient" and 0.98 * found.upper <= found.lower <= found.upper * (1 + 1e-9)
    assert htmc.norm_bracket(alone, X, y, n_jobs=1).lower < 0.98 * found.lower


def test_the_bracket_includes_the_solutions_atoms_in_the_scope():
    # An atom larger than what the oracle searches, where it alone explains f: the bound must not exceed its cost.
    X = np.random.default_rng(4).integers(0, 2, (500, 7))
    y = X[:, :6].sum(axis=1) % 2
    solution = solve(X, y, lam=0.01, oracle="deep", n_jobs=1)
    assert max(atom.n_gates for atom in solution.atoms) == 5
    found = htmc.norm_bracket(solution, X, y, n_jobs=1)
    assert found.lower <= found.upper * (1 + 1e-9)


def test_a_constant_has_norm_zero():
    X = cube(3)
    solution = solve(X, np.ones(8), lam=1.0)
    found = htmc.norm_bracket(solution, X)
    assert (found.lower, found.upper, found.global_lower, found.ratio) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("gamma", [2.0, 3.0, 5.5])
def test_a_power_law_gives_its_exponent(gamma):
    errors = np.geomspace(0.5, 0.01, 12)
    found = htmc.rate_of_points(3.0 * errors**-gamma, errors)
    assert found.gamma == pytest.approx(gamma) and found.high - found.low < 1e-6 and not found.notes
    assert found.decades_error == pytest.approx(np.log10(50)) and found.n_points == 12
    shuffled = np.random.default_rng(0).permutation(12)
    again = htmc.rate_of_points((3.0 * errors**-gamma)[shuffled], errors[shuffled])
    assert again.gamma == pytest.approx(gamma) and (np.diff(again.errors) <= 0).all()


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    errors = np.geomspace(0.5, 0.01, 10)
    draws = [
        htmc.rate_of_points(np.exp(rng.normal(size=10) * 0.3) * errors**-3.0, errors, level=0.8)
        for _ in range(250)
    ]
    assert 0.72 < np.mean([r.low <= 3.0 <= r.high for r in draws]) < 0.88  # three standard errors
    assert np.mean([len(r.notes) > 0 for r in draws]) < 0.05  # a bend is seen in 1 % of straight lines


def test_the_interval_follows_students_t():
    # Three points, one degree of freedom: t(0.975) = 12.7062; slope 1, residuals (1, -2, 1) / 6 of log(gates).
    found = htmc.rate_of_points(np.exp([0.0, 0.5, 2.0]), np.exp([0.0, -1.0, -2.0]))
    assert (found.gamma, found.high - found.gamma) == pytest.approx(
        (1.0, 12.7062 * np.sqrt(1 / 12)), rel=1e-5
    )
    assert found.gamma - found.low == pytest.approx(found.high - found.gamma)


def test_a_nonzero_residual_adds_its_cost():
    # One vertex: half a conjunction of n literals, and half the constant.
    nothing = np.zeros(0)
    for n, gates in ((0, 1), (1, 1), (2, 1), (4, 3)):
        left = Generated(0.0, nothing, 0.0, nothing.astype(np.int64), nothing, np.eye(1 << n)[0] * -0.5, 1)
        assert leftover(left, n, 3.0) == pytest.approx(0.5 * (1 + gates ** (1 / 3)) / 2)
        assert leftover(left, n, 3.0) >= htmc.exact_norm(left.residual, n, 3.0).value * (1 - 1e-12)


def test_notes_say_what_makes_a_rate_doubtful():
    few = htmc.rate_of_points([1, 4, 30], [0.5, 0.3, 0.2])
    assert "only 3 points" in few.describe() and "errors cover only 0.4" in few.describe()
    errors = np.geomspace(1.0, 0.01, 20)
    noisy = htmc.rate_of_points(errors**-3.0, np.hypot(errors, 0.1))  # the error stops at the noise
    assert any("bend" in note for note in noisy.notes)
    left = htmc.rate_of_points([0, *errors**-3.0, 1e9], [2.0, *errors, 1e-17])
    assert left.n_points == 20 and any("2 of 22 points" in note for note in left.notes)
    assert left.gamma == pytest.approx(3.0)


def test_the_rate_of_a_path():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (300, 8))
    y = (X * 0.6 ** np.arange(8)).sum(axis=1) + 0.4 * (X[:, 0] ^ X[:, 3] & X[:, 5])
    solutions = path(X, y, n_lams=10, ratio=1e-2, n_jobs=1)
    training, measured = htmc.rate(solutions), htmc.rate(solutions, X, y)
    assert training.gamma == pytest.approx(measured.gamma, rel=1e-6)
    np.testing.assert_allclose(training.errors, measured.errors, rtol=1e-6)
    expected = [np.sqrt(np.mean((s.predict(X) - y) ** 2)) for s in solutions if s.n_gates > 0]
    np.testing.assert_allclose(np.sort(measured.errors), np.sort(expected))
    constrained = [solve(X, y, tau=t, n_jobs=1) for t in (0.5, 0.8, 1.2)]
    np.testing.assert_allclose(htmc.rate(constrained).errors, htmc.rate(constrained, X, y).errors, rtol=1e-6)
    with pytest.raises(InputError, match="rate_of_points"):
        htmc.rate([solve(X, y > 1, loss="logistic", lam=0.05, n_jobs=1)])
    with pytest.raises(InputError, match="classifier"):
        htmc.rate([solve(X, y > 1, loss="logistic", lam=0.05, n_jobs=1)], X, y)


XOR = Circuit.from_truth_table(6, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: htmc.exact_norm(3, 5, 3.0), "five_input_bracket"),
        (lambda: htmc.exact_norm(3, True, 3.0), "n is True"),
        (lambda: htmc.exact_norm(16, 2, 3.0), "0 to 15"),
        (lambda: htmc.exact_norm(1.5, 2, 3.0), "table is 1.5"),
        (lambda: htmc.exact_norm([1.0, 2.0], 2, 3.0), "expected \\(4,\\)"),
        (lambda: htmc.exact_norm([1.0, np.nan], 1, 3.0), "value 1 is not finite"),
        (lambda: htmc.exact_norm(["a", "b"], 1, 3.0), "real numbers"),
        (lambda: htmc.exact_norm(1, 1, 0.0), "gamma is 0.0"),
        (lambda: htmc.norm_table(3.0, 5), "0 to 4"),
        (lambda: htmc.five_input_bracket(1, 3.0, max_gates=7), "4, 5 or 6"),
        (
            lambda: htmc.five_input_bracket(symmetric([0, 1, 1, 1, 0, 0]), 3.0, max_gates=4, circuit=XOR),
            "2 inputs",
        ),
        (lambda: htmc.rate([]), "path is list"),
        (lambda: htmc.rate_of_points([1, 2], [1, 2]), "three or more"),
        (lambda: htmc.rate_of_points([1, 2, 3], [1, 2]), "two equal vectors"),
        (lambda: htmc.rate_of_points([1, 2, -3], [1, 2, 3]), "negative"),
        (lambda: htmc.rate_of_points([1, 2, 3], [1, 2, 3], level=1.0), "probability"),
    ],
)
def test_what_cannot_be_used_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


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
