"""Losses against finite differences and their conjugates; forms against the bounds they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.objective import LOSSES, find_loss, make_form, make_loss
from tests.helpers.losses import Poisson, SquaredHinge

#: Those of one output; the multinomial loss is in tests/solver/test_multinomial.py.
NAMES = sorted(set(LOSSES) - {"multinomial"})
KINDS = [*NAMES, SquaredHinge, Poisson]


def problem(kind, seed, n=12):
    rng = np.random.default_rng(seed)
    y = rng.choice([-1.0, 1.0], n) if find_loss(kind).labels else 2.0 * rng.normal(size=n)
    y = rng.poisson(2.0, n).astype(float) if kind is Poisson else y
    q = rng.random(n) * (rng.random(n) < 0.8) + 1e-3
    return make_loss(kind, y, q / q.sum()), rng.normal(size=n), rng


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_is_minus_the_derivative(kind):
    loss, f, _ = problem(kind, 0)
    h = 1e-6
    numeric = [(loss.value(f - h * e) - loss.value(f + h * e)) / (2 * h) for e in np.eye(f.size)]
    assert np.allclose(loss.negative_gradient(f), numeric, atol=1e-8)


@pytest.mark.parametrize("kind", ["squared", "logistic", SquaredHinge, Poisson])
def test_hessian_is_the_derivative_of_the_gradient(kind):
    loss, f, _ = problem(kind, 1)
    h = 1e-5
    numeric = (loss.negative_gradient(f - h) - loss.negative_gradient(f + h)) / (2 * h)
    assert np.allclose(loss.hessian_diagonal(f), numeric, atol=1e-8)


@pytest.mark.parametrize("kind", [*NAMES, SquaredHinge])
def test_smoothness_is_the_largest_second_derivative(kind):
    loss, f, _ = problem(kind, 2)
    seen = [(loss.hessian_diagonal(at) / loss.weights).max() for at in (f, 10.0 * f, np.zeros(12), loss.y)]
    assert max(seen) == pytest.approx(loss.smoothness, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6), scale=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_dual_bounds_the_loss_from_below_and_touches_it(kind, seed, scale):
    loss, f, rng = problem(kind, seed)
    here = loss.negative_gradient(f)
    assert loss.dual(here) - here @ f == pytest.approx(loss.value(f), abs=1e-10)
    elsewhere = scale * loss.negative_gradient(rng.normal(size=f.size))
    assert loss.dual(elsewhere) - elsewhere @ f <= loss.value(f) + 1e-10


@pytest.mark.parametrize("kind", ["logistic", "huber", Poisson])
def test_dual_is_minus_infinity_beyond_its_limit(kind):
    loss, f, _ = problem(kind, 3)
    theta = loss.negative_gradient(f)
    limit = loss.dual_limit(theta)
    assert loss.dual_limit(0.01 * theta) == pytest.approx(100.0 * limit, rel=1e-9)
    assert np.isfinite(loss.dual(limit * theta)) and loss.dual(1.01 * limit * theta) == -np.inf


@pytest.mark.parametrize("kind", KINDS)
def test_intercept_is_stationary(kind):
    for seed in range(20):
        loss, f, _ = problem(kind, seed)
        assert abs(loss.negative_gradient(f + loss.intercept(f)).sum()) < 1e-12


def test_intercept_survives_far_starts_and_a_flat_loss():
    loss = make_loss("logistic", np.array([1.0, 1.0, -1.0]))
    f = np.array([500.0, -800.0, 300.0])
    assert abs(loss.negative_gradient(f + loss.intercept(f, start=1e4)).sum()) < 1e-9


@pytest.mark.parametrize("form", ["lam", "tau", "eps"])
@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_dual_of_every_form_is_below_every_feasible_primal(form, kind, seed):
    """Weak duality against random points, with the polar of a random dictionary of atoms of scale 1."""
    loss, _, rng = problem(kind, seed)
    atoms = rng.choice([-1.0, 1.0], (4, loss.y.size))
    theta = loss.negative_gradient(rng.normal(size=loss.y.size))
    theta -= loss.weights * theta.sum()
    polar = np.abs(atoms @ theta).max()
    for _ in range(10):
        coef = rng.normal(size=4) * rng.random()
        f = coef @ atoms
        f += loss.intercept(f)
        parameter = {"lam": 0.1, "tau": np.abs(coef).sum(), "eps": loss.value(f)}[form]
        problem_form = make_form(**{form: parameter})
        primal = problem_form.primal(loss.value(f), float(np.abs(coef).sum()))
        assert np.isfinite(primal)
        assert problem_form.dual(loss, theta, float(polar)) <= primal + 1e-9


def test_exactly_one_parameter_is_asked_for():
    with pytest.raises(InputError, match="exactly one of lam, tau, eps"):
        make_form(lam=1.0, tau=1.0)
    with pytest.raises(InputError, match="expected one of 'squared'"):
        make_loss("hinge", np.zeros(2))


@pytest.mark.parametrize("seed", [108, 2158, 3178, 3684])
def test_intercept_is_finite_from_where_it_already_is(seed):
    """The step is below the rounding of the intercept while one end of the bracket is still infinite."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 14))
    loss, f = make_loss("huber", rng.normal(size=n)), rng.normal(size=n)
    b = loss.intercept(f)
    assert loss.intercept(f, b) == pytest.approx(b, abs=1e-12)


@pytest.mark.parametrize("form", [{"lam": 1.0}, {"tau": 1.0}])
def test_rounding_error_is_no_dual_point_of_any_size(form):
    """Scaled up until it is large, its sum is large too, and the bound is valid for points of sum 0."""
    loss = make_loss("logistic", np.array([-1.0, -1.0, 1.0]), np.array([0.3, 0.7, 0.0]))
    noise = np.array([-1e-32, -2e-32, 0.0])  # what is left of a gradient where one label has all the weight
    assert make_form(**form).dual(loss, noise, 1e-32) <= loss.value(np.full(3, -36.2))


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("s", [0.01, 0.3, 0.99])
def test_derivatives_of_the_dual_along_a_ray(kind, s):
    loss, f, _ = problem(kind, 4)
    theta = loss.dual_point(f)
    theta *= s * min(1.0, loss.dual_limit(theta))
    h = 1e-4
    low, here, high = (loss.dual(t * theta) for t in (1 - h, 1.0, 1 + h))
    slope, curvature = loss.dual_derivatives(theta)
    assert slope == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-9)
    assert curvature == pytest.approx((high - 2.0 * here + low) / h**2, rel=1e-2, abs=1e-5)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("form", ["lam", "tau", "eps"])
@given(seed=st.integers(0, 10**6), parameter=st.floats(-3, 2), size=st.floats(-3, 1), share=st.floats(0.01, 1))
@settings(max_examples=60, deadline=None)
def test_no_multiple_of_a_dual_point_gives_a_much_better_bound(form, kind, seed, parameter, size, share):
    loss, f, _ = problem(kind, seed)
    theta, parameter = loss.dual_point(10.0**size * f), 10.0**parameter
    upper = share * float(np.abs(theta).sum())
    found = make_form(**{form: parameter}).dual(loss, theta, upper)
    limit = min(loss.dual_limit(theta), parameter / upper if form == "lam" else 50.0)
    grid = limit * np.r_[np.linspace(0.0, 1.0, 400)[1:], np.geomspace(1e-4, 1.0, 100)]
    best = {
        "lam": lambda s: loss.dual(s * theta),
        "tau": lambda s: loss.dual(s * theta) - s * parameter * upper,
        "eps": lambda s: (loss.dual(s * theta) - parameter) / (s * upper),
    }[form]
    most = max(0.0, *(best(s) for s in grid))
    assert found >= most - 1e-4 * abs(most) - 1e-9
