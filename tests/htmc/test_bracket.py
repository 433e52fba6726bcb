"""The norm of a solution between its two ends: exact norms lie inside, and at an optimum the ends meet."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits import htmc, solve
from fw_circuits.exceptions import SolverWarning
from tests.helpers.norms import FEW, GAMMAS, cube, functions


@FEW
@given(functions().filter(lambda nf: nf[0] > 0), GAMMAS, st.sampled_from([0.3, 0.03]), st.booleans())
def test_the_bracket_of_a_solution_contains_its_exact_norm(function, gamma, share, with_target):
    n, target = function
    target = target / (np.abs(target).max() or 1.0)
    X = cube(n)
    with warnings.catch_warnings(action="ignore", category=SolverWarning):
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
