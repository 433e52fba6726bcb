"""Rough fits of whole paths: optimality, the exact solver, kernel against reference, rows of weight 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.objective import Penalised, make_loss
from fw_circuits.oracle import ColumnAtom
from fw_circuits.solver import ActiveSet
from fw_circuits.solver.corrective import correct
from fw_circuits.solver.lasso import violation
from fw_circuits.solver.restricted import Restricted, padded

LOSSES = pytest.mark.parametrize("name", ["squared", "logistic"])


def problem(seed, name, m, n, weighted=True):
    """A loss with some rows of weight 0, and columns as Boolean atoms have them: some equal, some dependent."""
    rng = np.random.default_rng(seed)
    T = rng.choice([-1.0, 1.0], (m, n))
    if m >= 4:
        T[3] = T[0]
        T[2] = 0.5 * (T[0] + T[1])
    y = T[0] + 0.7 * T[m // 2] + rng.normal(size=n)
    weights = rng.integers(0, 3, n) + 0.0 if weighted else np.ones(n)
    weights[:2] = 1.0
    y[:2] = 1.0, -1.0
    loss = make_loss(name, np.where(y > 0, 1.0, -1.0) if name == "logistic" else y, weights / weights.sum())
    return loss, T, 1.0 + rng.random(m)


def fitted(loss, T, thresholds, accuracy=1e-7):
    fit = Restricted(loss)
    fit.extend(np.arange(len(T)))
    fit.solve(np.array([padded(row) for row in T]), thresholds, accuracy)
    return fit


@LOSSES
@given(seed=st.integers(0, 10**6), m=st.integers(1, 30), n=st.integers(3, 50), lam=st.sampled_from([0.3, 0.1, 0.02]))
@settings(max_examples=40)
def test_conditions_of_optimality_hold_to_the_accuracy(kernels, name, seed, m, n, lam):
    loss, T, scales = problem(seed, name, m, n)
    fit = fitted(loss, T, lam * scales, 0.01 * lam)
    g = loss.negative_gradient(fit.f)
    assert violation(T @ g, lam * scales, fit.coef) <= 0.0101 * lam and abs(g.sum()) <= 0.0101 * lam
    assert np.allclose(fit.f, fit.intercept + fit.coef @ T, atol=1e-9)  # on rows of weight 0 as well


def test_badly_conditioned_columns_take_their_steps(kernels):
    """25 columns of 47 rows: after 40 steps the violation was still 17 % above what was asked."""
    loss, T, scales = problem(25, "squared", 25, 47)
    fit = fitted(loss, T, 0.02 * scales, 2e-4)
    assert violation(T @ loss.negative_gradient(fit.f), 0.02 * scales, fit.coef) <= 2e-4


@LOSSES
@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_the_exact_solver(kernels, name, seed):
    loss, T, scales = problem(seed, name, 25, 60)
    active = ActiveSet(loss, 3.0)
    active.add([ColumnAtom(j, float(s**3)) for j, s in enumerate(scales)], T.T)
    correct(active, Penalised(0.03))
    assert np.allclose(fitted(loss, T, 0.03 * scales).f, active.f, atol=1e-4)


@LOSSES
@pytest.mark.parametrize("seed", range(10))
def test_kernel_equals_its_reference(name, seed, monkeypatch):
    loss, T, scales = problem(seed, name, 60, 40)
    found = []
    for choice in ("compiled", "python"):
        monkeypatch.setenv("FW_CIRCUITS_KERNELS", choice)
        found.append(fitted(loss, T, 0.01 * scales, 1e-4))
    assert np.allclose(found[0].f, found[1].f, atol=1e-5)
    assert np.allclose(found[0].coef @ T, found[1].coef @ T, atol=1e-5)


@LOSSES
def test_rows_of_weight_zero_change_nothing_but_are_predicted(kernels, name):
    loss, T, scales = problem(3, name, 12, 40)
    some = loss.weights > 0.0
    all_rows, fewer = (
        fitted(loss, T, 0.05 * scales),
        fitted(make_loss(name, loss.y[some], loss.weights[some]), T[:, some], 0.05 * scales),
    )
    assert np.allclose(all_rows.f[some], fewer.f, atol=1e-5) and np.ptp(all_rows.f[~some]) > 0.0
    other = make_loss(name, np.where(some, loss.y, -loss.y), loss.weights)
    assert np.array_equal(fitted(other, T, 0.05 * scales).f, all_rows.f)


def test_from_where_it_stands_and_from_the_start(kernels):
    loss, T, scales = problem(5, "logistic", 20, 50)
    fit, columns = fitted(loss, T, 0.1 * scales), np.array([padded(row) for row in T])
    fit.solve(columns, 0.02 * scales, 1e-7)
    assert np.allclose(fit.f, fitted(loss, T, 0.02 * scales).f, atol=1e-4)
    fit.restart()
    assert not fit.coef.any() and np.all(fit.f == loss.constant) and fit.which.size == 20


def test_steps_that_are_too_long_are_halved(kernels):
    """From a fit that is nearly sure of every label, where the second derivative is nearly 0."""
    rng = np.random.default_rng(0)
    T = rng.choice([-1.0, 1.0], (6, 30))
    loss, columns = make_loss("logistic", T[0]), np.array([padded(row) for row in T])
    fit = fitted(loss, T, np.full(6, 1e-9), 1e-11)
    assert np.abs(fit.f).min() > 10.0
    fit.solve(columns, np.full(6, 0.1), 1e-6)
    assert violation(T @ loss.negative_gradient(fit.f), np.full(6, 0.1), fit.coef) <= 1e-6


def test_no_columns_and_a_perfect_fit(kernels):
    loss = make_loss("squared", np.array([1.0, 3.0]))
    fit = Restricted(loss)
    fit.solve(np.zeros((0, 16)), np.zeros(0), 1e-9)
    assert fit.f.tolist() == [2.0, 2.0]
    separable = make_loss("logistic", np.array([1.0, -1.0]))
    fit = fitted(separable, np.array([[1.0, -1.0]]), np.array([1e-9]), 1e-11)
    assert np.isfinite(fit.f).all() and fit.f[0] > 10.0


def test_it_stops_when_asked(monkeypatch):
    monkeypatch.setattr("fw_circuits.solver.restricted.SLICE", 1.0)
    loss, T, scales = problem(7, "logistic", 20, 50)
    asked = []
    fit = Restricted(loss)
    fit.extend(np.arange(20))
    fit.solve(
        np.array([padded(row) for row in T]), 0.01 * scales, 1e-9, lambda: bool(asked.append(1)) or len(asked) == 2
    )
    assert len(asked) == 2
    assert violation(T @ loss.negative_gradient(fit.f), 0.01 * scales, fit.coef) > 1e-9


def test_the_kernel_checks_its_arrays():
    solver = pytest.importorskip("fw_circuits._kernels._solver")
    row, one, none = np.zeros(16), np.zeros(1), np.zeros(0)
    for columns, which, t in (
        (np.zeros((1, 15)), [0], one),
        (np.zeros((1, 16)), [1], one),
        (np.zeros((1, 16)), [0], none),
    ):
        with pytest.raises(ValueError, match=r"rows of|one length"):
            solver.restricted(
                columns, np.array(which), row, row, t, False, one.copy(), one.copy(), row.copy(), 1e-3, 5, one
            )
