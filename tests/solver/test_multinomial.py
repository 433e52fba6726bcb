"""The multinomial problem on explicit dictionaries: against cvxpy, the logistic solution, and differences."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.objective import Multinomial, least_loss, make_form, make_loss
from fw_circuits.oracle import ByOutput, DictionaryOracle, OracleAnswer
from fw_circuits.oracle.base import CheckedOracle
from fw_circuits.solution import Status
from fw_circuits.solver import empty_set, frank_wolfe
from fw_circuits.solver.columns import PackedColumns
from fw_circuits.solver.joint import JointColumns

GAMMA = 3.0


def make_problem(K, seed=0, n=60, p=25, signs=True):
    rng = np.random.default_rng(seed)
    columns = rng.choice([-1.0, 1.0], (n, p)) if signs else rng.uniform(-1.0, 1.0, (n, p))
    costs = rng.integers(1, 5, p).astype(float)
    scores = columns[:, :5] @ rng.normal(size=(5, K)) + 0.7 * rng.normal(size=(n, K))
    labels = scores.argmax(axis=1)
    labels[:K] = np.arange(K)
    weights = rng.random(n) + 0.1
    weights[-1] = 0.0
    weights /= weights.sum()
    target, classes = Multinomial.encode_target(labels, n, weights)
    assert len(classes) == K
    loss = Multinomial(target, weights)
    return loss, ByOutput.over(DictionaryOracle(columns, costs, GAMMA), K), columns, costs ** (1 / GAMMA), labels


def reference(loss, form, columns, scales):
    """The optimum by an interior-point method, written down from scratch."""
    n, p = columns.shape
    K = loss.n_outputs
    B, c = cp.Variable((p, K)), cp.Variable(K)
    F = columns @ B + np.ones((n, 1)) @ cp.reshape(c, (1, K), order="C")
    Y = loss.blocks(loss.y).T
    fit = loss.weights @ (cp.log_sum_exp(F, axis=1) - cp.sum(cp.multiply(Y, F), axis=1))
    norm = cp.sum(cp.multiply(scales[:, None] * np.ones((1, K)), cp.abs(B)))
    objective, limits = {"lam": (fit + form.parameter * norm, []), "tau": (fit, [norm <= form.parameter]),
                         "eps": (norm, [fit <= form.parameter])}[form.name]  # fmt: skip
    problem = cp.Problem(cp.Minimize(objective), limits)
    problem.solve(solver=cp.CLARABEL)
    return float(problem.value)


@pytest.mark.parametrize("K", [2, 3, 4])
@pytest.mark.parametrize("signs", [True, False])
def test_the_penalised_optimum_is_that_of_cvxpy(K, signs, kernels):
    loss, oracle, columns, scales, _ = make_problem(K, seed=K, signs=signs)
    form = make_form(lam=0.02)
    exact = reference(loss, form, columns, scales)
    run = frank_wolfe(loss, form, oracle, tol=1e-9)
    run.active.validate()
    assert run.status is Status.OPTIMAL
    assert run.primal == pytest.approx(exact, rel=1e-6) and run.dual == pytest.approx(exact, rel=1e-6)
    assert all(step.gap >= step.primal - exact - 1e-7 for step in run.steps), "a certified gap below the true gap"


@pytest.mark.parametrize("given", [{"tau": 1.5}, {"eps": 0.6}])
def test_the_constrained_forms_reach_the_optimum_too(given):
    loss, oracle, columns, scales, _ = make_problem(3, seed=5)
    form = make_form(**given)
    exact = reference(loss, form, columns, scales)
    run = frank_wolfe(loss, form, oracle, tol=1e-6)
    assert run.status is Status.OPTIMAL
    assert run.primal == pytest.approx(exact, rel=1e-5)
    assert all(step.gap >= step.primal - exact - 1e-6 for step in run.steps if np.isfinite(step.primal))


def test_two_classes_are_the_logistic_problem():
    loss, oracle, columns, scales, labels = make_problem(2, seed=7)
    logistic = make_loss("logistic", 2.0 * labels - 1.0, loss.weights)
    form = make_form(lam=0.02)
    one = frank_wolfe(logistic, form, DictionaryOracle(columns, scales**GAMMA, GAMMA), tol=1e-10)
    two = frank_wolfe(loss, form, oracle, tol=1e-10)
    assert two.primal == pytest.approx(one.primal, rel=1e-8)
    first, second = loss.blocks(two.active.f)
    np.testing.assert_allclose(second - first, one.active.f, atol=1e-3)


@given(st.integers(0, 10**6), st.integers(2, 5), st.floats(0.1, 3.0))
def test_every_multiple_of_a_dual_point_is_a_bound(seed, K, s):
    """Fenchel: ``L(F) >= dual(theta) - <theta, F>``, with equality at the dual point of F."""
    rng = np.random.default_rng(seed)
    loss, *_ = make_problem(K, seed=seed % 1000, n=12, p=6)
    f = rng.normal(size=loss.y.size) * 3.0
    at_best = f + np.repeat(loss.intercept(f), 12)
    theta = loss.dual_point(f)
    assert loss.value(at_best) == pytest.approx(loss.dual(theta) - theta @ at_best, abs=1e-9)
    other = rng.normal(size=loss.y.size)
    assert loss.value(other) >= loss.dual(s * theta) - s * theta @ other - 1e-9
    assert np.abs(loss.blocks(theta).sum(axis=1)).max() <= 1e-12
    limit = loss.dual_limit(theta)
    assert np.isfinite(loss.dual(limit * (1 - 1e-12) * theta)) and loss.dual(1.001 * limit * theta) == -np.inf
    assert loss.dual(np.roll(theta, 1) + 1e-3) == -np.inf


def test_derivatives_are_those_of_differences():
    loss, *_ = make_problem(3, seed=2, n=15)
    rng = np.random.default_rng(0)
    f, move, h = rng.normal(size=45), rng.normal(size=45), 1e-5
    slope = (loss.value(f + h * move) - loss.value(f - h * move)) / (2 * h)
    assert -loss.negative_gradient(f) @ move == pytest.approx(slope, rel=1e-7)
    theta = 0.5 * loss.dual_point(f)
    values = [loss.dual(s * theta) for s in (1 - 1e-4, 1.0, 1 + 1e-4)]
    first, second = loss.dual_derivatives(theta)
    assert first == pytest.approx((values[2] - values[0]) / 2e-4, rel=1e-6)
    assert second == pytest.approx((values[2] - 2 * values[1] + values[0]) / 1e-8, rel=1e-4)


@pytest.mark.parametrize("size", [1.0, 40.0])
def test_intercepts_are_optimal_however_far_away(size):
    loss, *_ = make_problem(4, seed=1)
    f = size * np.random.default_rng(1).normal(size=loss.y.size) + np.repeat([30.0, -20.0, 0.0, 5.0], 60)
    c = loss.intercept(f)
    g = loss.blocks(loss.negative_gradient(f + np.repeat(c, 60)))
    assert np.abs(g.sum(axis=1)).max() <= 1e-10 and abs(c.sum()) <= 1e-9


def test_equal_rows_bound_the_loss():
    labels = np.array([0, 1, 2, 2, 0, 0])
    loss = Multinomial(Multinomial.encode_target(labels, 6)[0], np.full(6, 1 / 6))
    points = np.array([[0.0], [0.0], [0.0], [0.0], [1.0], [1.0]])
    expected = -(0.25 * np.log(0.25) * 2 + 0.5 * np.log(0.5)) * 4 / 6
    assert least_loss(loss, points) == pytest.approx(expected)


@pytest.mark.parametrize("entries", [1, 1 << 22])
def test_second_derivatives_are_those_of_the_definition(entries, monkeypatch):
    monkeypatch.setattr("fw_circuits.solver.joint.ENTRIES", entries)
    rng = np.random.default_rng(0)
    n, K = 20, 3
    columns, outputs = JointColumns(n, K), np.array([2, 0, 1, 0, 2])
    columns.blocks[2] = PackedColumns(n)
    values = rng.choice([-1.0, 1.0], (n, 5))
    columns.append(values, outputs)
    q, p = rng.random(n), rng.dirichlet(np.ones(K), n).T
    T = np.zeros((5, n, K))
    T[np.arange(5), :, outputs] = values.T
    full = np.array([q[i] * (np.diag(p[:, i]) - np.outer(p[:, i], p[:, i])) for i in range(n)])
    gram, cross = columns.second_derivative(q, p)
    np.testing.assert_allclose(gram, np.einsum("aik,ikl,bil->ab", T, full, T), atol=1e-12)
    np.testing.assert_allclose(cross, np.einsum("aik,ikl->al", T, full), atol=1e-12)
    columns.keep(np.array([0, 3, 4]))
    np.testing.assert_array_equal(
        columns.pull(np.arange(60.0)), T[[0, 3, 4]].transpose(0, 2, 1).reshape(3, 60) @ np.arange(60.0)
    )


def test_permuted_classes_permute_the_outputs():
    loss, oracle, *_ = make_problem(3, seed=3)
    order = np.array([2, 0, 1])
    other = Multinomial(loss.blocks(loss.y)[order].ravel(), loss.weights)
    form = make_form(lam=0.02)
    one, two = (frank_wolfe(each, form, oracle, tol=1e-10) for each in (loss, other))
    np.testing.assert_allclose(loss.blocks(one.active.f)[order], loss.blocks(two.active.f), atol=1e-4)


def test_other_methods_are_refused():
    loss, oracle, *_ = make_problem(3)
    with pytest.raises(InputError, match="use method='corrective'"):
        frank_wolfe(loss, make_form(lam=0.1), oracle, method="pairwise")


def test_circuits_found_for_one_class_are_offered_to_all():
    loss, oracle, columns, scales, _ = make_problem(3)
    g = loss.dual_point(loss.at_constant)
    answer = oracle.search(g, 4)
    scores = columns.T @ loss.blocks(g).T / scales[:, None]
    found = {pair.atom.index for pair in answer.atoms}
    assert answer.value == pytest.approx(np.abs(scores).max()) and answer.complete
    for k in range(3):
        mine = [(pair.atom.index, s) for pair, s in zip(answer.atoms, answer.scores, strict=True) if pair.output == k]
        assert len(mine) == 4
        for j, score in mine:
            assert score == pytest.approx(scores[j, k])
        best = np.abs(scores[sorted(found), k])
        assert min(abs(s) for _, s in mine) == pytest.approx(np.sort(best)[-4])


def test_an_empty_set_has_the_best_constants():
    loss, *_ = make_problem(4)
    active = empty_set(loss, GAMMA)
    active.validate()
    share = loss.blocks(loss.y) @ loss.weights
    np.testing.assert_allclose(loss.probabilities(active.f)[:, 0], share)


class Stated(CheckedOracle):
    """Says what it is told to: an answer without atoms."""

    gamma, n_rows = GAMMA, 2

    def __init__(self, scope, **stated):
        self.scope, self.stated = scope, stated

    def answer(self, g, k, stop):
        return OracleAnswer.of([], [], self.scope, **self.stated)

    def evaluate(self, atoms):
        return np.zeros((2, len(atoms)))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_joint_bound_is_that_of_the_worst_output(order):
    each = [Stated("pairs", bound=1.0, tail=3.0, max_gates=4), Stated("all", bound=2.0, max_gates=2, complete=False)]
    answer = ByOutput([each[i] for i in order]).search(np.zeros(4), 1)
    assert (answer.upper_bound, answer.tail, answer.max_gates, answer.complete) == (2.0, np.inf, 2, False)
    assert answer.scope == "; ".join(f"in output {k}: {each[i].scope}" for k, i in enumerate(order))


def test_rounding_errors_are_not_blown_up_to_a_bound():
    loss, *_ = make_problem(3, n=12)
    theta = 1e-17 * np.random.default_rng(0).normal(size=36) * np.tile(loss.weights, 3)
    theta -= np.tile(loss.blocks(theta).mean(axis=0), 3)
    theta[loss.blocks(loss.y).ravel() == 0.0] = -np.abs(theta[loss.blocks(loss.y).ravel() == 0.0])
    assert np.abs(loss.blocks(theta).sum(axis=1)).max() > 0.0
    assert loss.dual_limit(theta) == 1.0
