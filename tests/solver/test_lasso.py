"""The quadratic core: optimality conditions, cvxpy, dependent atoms, kernel against reference."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.objective import make_loss
from fw_circuits.solver.lasso import coordinate_descent, reference_descent, violation, weighted_lasso
from fw_circuits.solver.restricted import Restricted


def quadratic(seed, m, n, dependent=False):
    rng = np.random.default_rng(seed)
    columns = rng.choice([-1.0, 1.0], (m, n)) if dependent else rng.normal(size=(m, n))
    if dependent and m >= 4:  # xor, and, inputs: linearly dependent, as Boolean atoms are
        columns[3] = 1.0 + columns[0] + columns[1] - 2.0 * ((columns[0] > 0) & (columns[1] > 0))
    gram = columns @ columns.T / n
    return gram, columns @ rng.normal(size=n) / n, 0.02 + 0.1 * rng.random(m), rng.normal(size=m)


@pytest.mark.parametrize("dependent", [False, True])
@given(seed=st.integers(0, 10**6), m=st.integers(1, 25), n=st.integers(2, 40))
@settings(max_examples=100, deadline=None)
def test_optimality_conditions_hold_to_rounding(kernels, dependent, seed, m, n):
    gram, r, thresholds, start = quadratic(seed, m, n, dependent)
    b = weighted_lasso(gram, r, thresholds, start)
    assert violation(r - gram @ b, thresholds, b) <= 1e-9 * max(np.abs(r).max(), thresholds.max())


def test_agrees_with_cvxpy():
    gram, r, thresholds, start = quadratic(1, 12, 30)
    b = cp.Variable(12)
    cp.Problem(cp.Minimize(0.5 * cp.quad_form(b, cp.psd_wrap(gram)) - r @ b + thresholds @ cp.abs(b))).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12
    )
    assert np.allclose(weighted_lasso(gram, r, thresholds, start), b.value, atol=1e-6)


def test_empty_and_all_zero():
    assert weighted_lasso(np.zeros((0, 0)), np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0,)
    assert weighted_lasso(np.eye(2), np.array([0.5, -0.5]), np.ones(2), np.ones(2)).tolist() == [0.0, 0.0]


@given(seed=st.integers(0, 10**6), m=st.integers(1, 12), sweeps=st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_descent_equals_its_reference(kernels, seed, m, sweeps):
    gram, r, thresholds, start = quadratic(seed, m, 20)
    by_reference, by_kernel = start.copy(), start.copy()
    made = [reference_descent(gram, thresholds, by_reference, r - gram @ start, sweeps, 1e-12)]
    made.append(coordinate_descent(gram, r, thresholds, by_kernel, max_sweeps=sweeps, tol=1e-12))
    assert made[0] == made[1] and np.allclose(by_reference, by_kernel, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", range(6))
def test_signs_are_kept_and_the_optimum_is_that_of_cvxpy(kernels, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(12, 9)) + rng.normal(size=(12, 1))
    gram, r, t = A.T @ A, A.T @ rng.normal(size=12), 0.1 + rng.random(9)
    signs = rng.integers(-1, 2, 9).astype(float)
    found = weighted_lasso(gram, r, t, np.zeros(9), signs=signs)
    assert (found * signs >= 0.0).all()
    assert violation(r - gram @ found, t, found, signs) <= 1e-9 * np.abs(r).max()
    b = cp.Variable(9)
    objective = 0.5 * cp.quad_form(b, cp.psd_wrap(gram)) - r @ b + t @ cp.abs(b)
    cp.Problem(cp.Minimize(objective), [cp.multiply(signs, b) >= 0.0]).solve(solver=cp.CLARABEL)
    assert np.allclose(found, b.value, atol=1e-5)


@pytest.mark.parametrize("name", ["squared", "logistic"])
def test_rough_solves_keep_signs(name, kernels):
    rng = np.random.default_rng(1)
    T = np.sign(rng.normal(size=(12, 64)) + rng.normal(size=64))
    y = np.sign(rng.normal(size=64) + T[:4].sum(axis=0) - T[4:8].sum(axis=0))
    signs = np.repeat([1.0, -1.0, 0.0], 4) * np.tile([1.0, -1.0], 6)
    loss = make_loss(name, y)
    fit = Restricted(loss)
    fit.extend(np.arange(12), signs)
    fit.solve(T, np.full(12, 0.01), 1e-6)
    assert (fit.coef * signs >= 0.0).all() and np.count_nonzero(fit.coef) >= 3
    slope = T @ loss.negative_gradient(fit.f)
    assert violation(slope, np.full(12, 0.01), fit.coef, signs) <= 1e-5
    assert violation(slope, np.full(12, 0.01), fit.coef) > 0.01  # without signs it would not be the optimum
