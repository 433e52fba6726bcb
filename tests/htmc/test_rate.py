"""The rate of a power law, its interval, and what the notes say about it."""

import numpy as np
import pytest

from fw_circuits import htmc, path, solve
from fw_circuits.exceptions import InputError


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
        htmc.rate_of_points(np.exp(rng.normal(size=10) * 0.3) * errors**-3.0, errors, level=0.8) for _ in range(250)
    ]
    assert 0.72 < np.mean([r.low <= 3.0 <= r.high for r in draws]) < 0.88  # three standard errors
    assert np.mean([len(r.notes) > 0 for r in draws]) < 0.05  # a bend is seen in 1 % of straight lines


def test_the_interval_widens_with_few_points():
    # Three points, one degree of freedom: t(0.975) = 12.7062; slope 1, residuals (1, -2, 1) / 6 of log(gates).
    found = htmc.rate_of_points(np.exp([0.0, 0.5, 2.0]), np.exp([0.0, -1.0, -2.0]))
    assert (found.gamma, found.high - found.gamma) == pytest.approx((1.0, 12.7062 * np.sqrt(1 / 12)), rel=1e-5)
    assert found.gamma - found.low == pytest.approx(found.high - found.gamma)


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


@pytest.mark.parametrize(
    ("gates", "errors", "level", "message"),
    [
        ([1, 2], [1, 2], 0.95, "three or more"),
        ([1, 2, 3], [1, 2], 0.95, "two equal vectors"),
        ([1, 2, -3], [1, 2, 3], 0.95, "negative"),
        ([1, 2, 3], [1, 2, 3], 1.0, "probability"),
    ],
)
def test_what_cannot_be_used_is_refused(gates, errors, level, message):
    with pytest.raises(InputError, match=message):
        htmc.rate_of_points(gates, errors, level=level)
    with pytest.raises(InputError, match="path is list"):
        htmc.rate([])
