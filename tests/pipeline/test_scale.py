"""Units: ``c y + b`` has c times the solution, for every loss with a unit and every form; error bounds out of reach."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import Status, certify, lam_max, load, path, solve
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.objective import ErrorBound, Penalised, least_loss, make_loss
from fw_circuits.pipeline import problem
from fw_circuits.solver import solve_reference

RNG = np.random.default_rng(0)
X = RNG.integers(0, 2, (80, 5)).astype(float)
Y = (X[:, 0] != X[:, 1]) + 0.5 * X[:, 2] * X[:, 3] + 0.1 * RNG.standard_t(2, size=80)
#: Parameter of each form at scale 1, and the power of the scale that it grows with.
FORMS = {"lam": ({"lam": 0.03}, 1), "tau": ({"tau": 0.5}, 1), "eps": ({"eps": 0.02}, 2),
         "eps out of reach": ({"eps": 1e-5}, 2)}  # fmt: skip


def quietly(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolverWarning)
        return solve(*args, n_jobs=1, **options)


@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
def test_a_target_of_unit_spread_keeps_its_origin(loss, spread):
    y = 10.0 + spread * np.array([0.0, 2.0, 0.0, 2.0])
    fitted, columns = make_loss(loss, y, huber_threshold=5.0), np.array([[-1.0, 1.0, -1.0, 1.0]])
    coef, intercept = solve_reference(fitted, Penalised(0.1), columns, np.ones(1))
    assert intercept == pytest.approx(10.0 + spread, abs=1e-6)
    assert coef == pytest.approx([max(spread - 0.1, 0.0)], abs=1e-6)
    solution = quietly([[0], [1], [0], [1]], y, loss=loss, huber_threshold=5.0, lam=0.1)
    assert solution.status is Status.OPTIMAL and solution.intercept == pytest.approx(10.0 + spread, abs=1e-6)


@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("form", FORMS)
def test_the_unit_of_the_target_does_not_matter(loss, form):
    given_, power = FORMS[form]
    one = quietly(X, Y, loss=loss, huber_threshold=0.3, tol=1e-4, **given_)
    assert one.status is (Status.INFEASIBLE if "reach" in form else Status.OPTIMAL)
    for c, b in ((1e-8, 0.0), (1e-3, 0.01), (1e8, -3e8)):
        scaled = {name: value * c**power for name, value in given_.items()}
        other = quietly(X, c * Y + b, loss=loss, huber_threshold=0.3 * c, tol=1e-4, **scaled)
        assert other.status is one.status
        assert other.certificate.loss == pytest.approx(c * c * one.certificate.loss, rel=2e-3)
        if other.status is Status.OPTIMAL:
            unit = c if "eps" in form else c * c
            assert other.certificate.primal == pytest.approx(unit * one.certificate.primal, rel=2e-4)
            assert other.norm == pytest.approx(c * one.norm, rel=2e-2)


def test_the_default_penalty_follows_the_unit():
    one, other = (lam_max(X, c * Y, n_jobs=1) for c in (1.0, 1e-8))
    assert other == pytest.approx(1e-8 * one, rel=1e-9)


def test_the_default_threshold_is_one_in_the_unit_of_the_target():
    c = 1e-5
    plain, given_ = (quietly(X, c * Y, loss="huber", lam=0.03 * c, **o) for o in ({}, {"huber_threshold": 1.0}))
    assert plain.status is Status.OPTIMAL and plain.huber_threshold == 1.0
    assert np.array_equal(plain.coef, given_.coef)
    squared = quietly(X, c * Y, lam=0.03 * c)  # all residuals are below the threshold
    assert plain.certificate.primal == pytest.approx(squared.certificate.primal, rel=2e-3)


@pytest.mark.parametrize("form", [{"lam": 1e-2}, {"tau": 5e5}, {"eps": 4e5}])
def test_a_threshold_far_below_the_spread_is_solved_too(form):
    solution = quietly(X, 1e6 * Y, loss="huber", **form)
    assert solution.status is Status.OPTIMAL


def test_the_threshold_is_kept_with_the_solution(tmp_path):
    solution = quietly(X, Y, loss="huber", huber_threshold=np.float32(0.25), lam=0.01, checkpoint=tmp_path / "c.npz")
    again = load(tmp_path / "c.npz")
    assert again.huber_threshold == 0.25
    assert certify(again, X, Y).primal == pytest.approx(solution.certificate.primal, rel=1e-12)
    assert path(X, Y, loss="huber", huber_threshold=0.25, lams=[0.01], n_jobs=1)[0].huber_threshold == 0.25
    assert lam_max(X, Y, loss="huber", huber_threshold=0.01) < 0.5 * lam_max(X, Y, loss="huber")


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, "1", None])
def test_a_bad_threshold_is_refused(value):
    with pytest.raises(InputError, match="huber_threshold"):
        solve(X, Y, loss="huber", huber_threshold=value)


@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("c", [1e-8, 1e8])
def test_the_reference_solver_sees_units(loss, c):
    columns, scales = 2.0 * X[:, :3].T - 1.0, np.ones(3)

    def at(c):
        target = make_loss(loss, c * Y, huber_threshold=0.3 * c)
        return [solve_reference(target, form, columns, scales) for form in (Penalised(0.02 * c), ErrorBound(0.0 * c))]

    for (coef, intercept), (other, shifted) in zip(at(1.0), at(c), strict=True):
        assert np.allclose(other / c, coef, atol=1e-6) and shifted / c == pytest.approx(intercept, abs=1e-6)


def equal_rows(loss):
    """Rows many of which are equal, a noisy target, and the least loss of any function of the columns."""
    rng = np.random.default_rng(1)
    points = rng.integers(0, 2, (80, 3)).astype(float)
    y = rng.normal(size=80) if loss != "logistic" else rng.integers(0, 2, 80)
    target = make_loss(loss, np.where(y > 0, 1.0, -1.0) if loss == "logistic" else y)
    return points, y, least_loss(target, points)


@pytest.mark.parametrize("loss", ["squared", "huber", "logistic"])
@pytest.mark.parametrize("part", [0.9999, 0.9, 1e-6])
def test_an_error_bound_below_the_least_loss_ends_soon_with_that_loss(loss, part):
    points, y, least = equal_rows(loss)
    with pytest.warns(SolverWarning, match="reaches the error bound"):
        solution = solve(points, y, eps=part * least, loss=loss, n_jobs=1, max_iter=60)
    c = solution.certificate
    assert solution.status is Status.INFEASIBLE and len(solution.trace) < 30
    assert c.loss == pytest.approx(least, rel=1e-5) and c.least_loss == pytest.approx(least, rel=1e-12)
    assert f"the least loss reached is {c.loss:.6g}" in c.describe() and "some rows are equal" in c.describe()


@pytest.mark.parametrize("loss", ["squared", "huber", "logistic"])
def test_an_error_bound_above_the_least_loss_is_met(loss):
    points, y, least = equal_rows(loss)
    eps = 1.01 * least
    solution = solve(points, y, eps=eps, loss=loss, n_jobs=1)
    assert solution.status is Status.OPTIMAL and solution.certificate.loss <= eps * (1 + 1e-6)


@pytest.mark.parametrize("part", [0.9, 0.999999, 1e-6])
def test_circuits_too_small_for_the_error_bound_end_it_too(part):
    corners = np.array([[(i >> j) & 1 for j in range(5)] for i in range(32)], dtype=float)  # no two rows are equal
    y = np.random.default_rng(2).normal(size=32)
    parity = 1.0 - 2.0 * (corners.sum(axis=1) % 2)  # all that functions of four literals leave
    least = 0.5 * np.mean(y * parity) ** 2
    solution = quietly(corners, y, eps=part * least, max_iter=60)
    c = solution.certificate
    assert solution.status is Status.INFEASIBLE and len(solution.trace) < 30 and c.least_loss == 0.0
    assert c.loss == pytest.approx(least, rel=1e-6) and "norm of at least" in c.describe()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5), st.integers(0, 3)), min_size=1, max_size=12),
       st.sampled_from(["squared", "huber", "logistic"]))  # fmt: skip
def test_no_function_of_the_columns_is_below_the_least_loss(rows, loss):
    points, y, weights = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    weights = weights + (weights.sum() == 0)
    target = make_loss(loss, np.where(y > 0, 1.0, -1.0) if loss == "logistic" else y, weights / weights.sum())
    least = least_loss(target, points[:, None])
    assert least >= 0.0
    reached = 0.0
    for value in np.unique(points):
        here = points == value
        grid = np.linspace(-30, 30, 60_001) if loss == "logistic" else np.linspace(-5, 5, 4001)
        part = make_loss(loss, target.y[here], target.weights[here])
        reached += min(part.value(np.full(here.sum(), c)) for c in grid[:: 100 if loss == "logistic" else 10])
    assert least <= reached + 1e-12


@pytest.mark.parametrize(
    "seed", [3, np.int64(3), np.array(3), np.random.RandomState(0), np.random.default_rng(0), None]
)
def test_random_state_reaches_the_oracle_everywhere(seed, monkeypatch):
    seen = []
    real = problem.make_oracle
    monkeypatch.setattr(problem, "make_oracle", lambda *a, **o: seen.append(o["random_state"]) or real(*a, **o))
    solve(X, Y, lam=0.1, random_state=seed, n_jobs=1)
    path(X, Y, lams=[0.1], random_state=seed, n_jobs=1)
    lam_max(X, Y, random_state=seed, n_jobs=1)
    assert len(seen) == 3 and all(v is None if seed is None else type(v) is int for v in seen)
    if isinstance(seed, int | np.integer | np.ndarray):
        assert seen == [3, 3, 3]


@pytest.mark.parametrize("seed", [-1, 1.5, True, "0", [1]])
def test_other_seeds_are_refused(seed):
    for call in (solve, path, lam_max):
        with pytest.raises(InputError, match="random_state"):
            call(X, Y, random_state=seed)
