"""A relaxed lasso over known atoms: few of them, fitted to optimality."""

import time

import numpy as np
import pytest
from scipy.optimize import minimize

from fw_circuits import solve
from fw_circuits.objective import make_loss
from fw_circuits.solver import refit as module
from fw_circuits.solver.refit import refit


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (400, 12)).astype(float)
    y = np.where(X[:, :3].sum(axis=1) + X[:, 3] * X[:, 4] + 0.3 * rng.normal(size=400) > 2.0, 1.0, -1.0)
    return X, y, solve(X, y, loss="logistic", lam=1e-3)


@pytest.mark.parametrize("most", [1, 3, 10])
def test_at_most_so_many_atoms_with_the_least_penalised_loss(found, most):
    X, y, solution = found
    fewer = refit(solution.combination, X, make_loss("logistic", y), 3.0, most)
    assert 1 <= len(fewer.atoms) <= most < len(solution.atoms)
    assert {atom.key for atom in fewer.atoms} <= {atom.key for atom in solution.atoms}
    T = np.stack([atom(X) for atom in fewer.atoms], axis=1)
    weights = np.array([atom.cost ** (1 / 3) for atom in fewer.atoms])

    def loss(v):
        return np.mean(np.logaddexp(0.0, -y * (v[0] + T @ v[1:])))

    at = np.concatenate([[fewer.intercept], fewer.coef])
    slope = (T.T @ (-y / (1.0 + np.exp(y * (at[0] + T @ at[1:]))))) / len(y)
    lam = np.median(-slope / (np.sign(fewer.coef) * weights))  # the same for each atom that stays
    np.testing.assert_allclose(-slope, lam * np.sign(fewer.coef) * weights, atol=0.01 * lam * weights.max())
    free = minimize(loss, at)
    assert free.fun <= loss(at) <= free.fun + 0.02  # little of the penalty is left


def test_more_atoms_fit_better_and_the_time_is_kept(found):
    X, y, solution = found
    loss = make_loss("logistic", y)
    values = [loss.value(refit(solution.combination, X, loss, 3.0, most)(X)) for most in (1, 4, 16)]
    assert values[0] > values[1] > values[2]
    late = refit(solution.combination, X, loss, 3.0, 16, end=time.perf_counter())
    assert late.atoms == () and late.intercept == pytest.approx(loss.constant)


def test_squared_loss_and_no_atoms_at_all(found):
    X, y, solution = found
    loss = make_loss("squared", y)
    fewer = refit(solution.combination, X, loss, 3.0, 5)
    T = np.column_stack([np.ones(len(y)), *(atom(X) for atom in fewer.atoms)])
    least = np.mean((y - T @ np.linalg.lstsq(T, y)[0]) ** 2) / 2
    assert least <= loss.value(fewer(X)) <= 1.05 * least + module.LEAST
    nothing = refit(late_free(solution.combination), X, loss, 3.0, 5)
    assert nothing.atoms == () and nothing.intercept == pytest.approx(y.mean())


def late_free(combination):
    """The same without its atoms."""
    return type(combination)((), np.zeros(0), combination.intercept, combination.lattice)
