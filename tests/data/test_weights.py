"""A row of weight 3 is three rows, one of weight 0 is none: in the domain, the labels, the folds and the model."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import (
    CircuitClassifier,
    CircuitClassifierCV,
    CircuitRegressor,
    CircuitRegressorCV,
    Lattice,
    certify,
    lam_max,
    path,
    solve,
)
from fw_circuits._validation import check_target
from fw_circuits.exceptions import InputError
from fw_circuits.lattice.domain import weighted_quantiles

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1]
W = RNG.integers(0, 4, 60)
COUNTS = st.lists(st.integers(0, 5), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize("domain", ["minmax", "quantile"])
@pytest.mark.parametrize("scale", [1.0, 0.1, 7.0])
def test_weights_are_repeats(domain, scale):
    options = {"lam": 0.02, "tol": 1e-8, "domain": domain, "n_jobs": 1}
    weighted = solve(X, Y, sample_weight=scale * W, **options)
    repeated = solve(np.repeat(X, W, axis=0), np.repeat(Y, W), **options)
    absent = solve(X[W > 0], Y[W > 0], sample_weight=W[W > 0], **options)
    for other in (repeated, absent):
        assert weighted.lattice == other.lattice
        np.testing.assert_allclose(weighted.predict(X), other.predict(X), atol=1e-9)
        assert weighted.certificate.primal == pytest.approx(other.certificate.primal, rel=1e-9)
    assert certify(weighted, X, Y, sample_weight=W, tol=1e-8, n_jobs=1).certified
    assert lam_max(X, Y, sample_weight=W, domain=domain, n_jobs=1) == pytest.approx(
        lam_max(np.repeat(X, W, axis=0), np.repeat(Y, W), domain=domain, n_jobs=1)
    )


@pytest.mark.parametrize("domain", ["minmax", "quantile"])
def test_estimators_fit_what_solve_fits(domain):
    x = np.repeat(RNG.lognormal(size=(40, 1)), np.r_[np.full(20, 1), np.full(20, 30)], axis=0)
    y = np.log(x[:, 0])
    a = solve(x, y, lam=1e-3, domain=domain, n_jobs=1)
    b = CircuitRegressor(lam=1e-3, domain=domain, n_jobs=1).fit(x, y).solution_
    assert a.lattice == b.lattice
    np.testing.assert_allclose(a.predict(x), b.predict(x), atol=1e-9)
    labels = Y > 0
    weighted = CircuitClassifier(lam=0.01, domain=domain, n_jobs=1).fit(X, labels, sample_weight=W)
    repeated = CircuitClassifier(lam=0.01, domain=domain, n_jobs=1).fit(np.repeat(X, W, axis=0), np.repeat(labels, W))
    np.testing.assert_array_equal(weighted.decision_function(X), repeated.decision_function(X))


@given(st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12), COUNTS, st.floats(1e-6, 1e6))
@settings(max_examples=60, deadline=None)
def test_the_domain_of_weights_is_that_of_repeats(values, counts, scale):
    counts = np.array(counts)
    x = np.array(values[: len(counts)])[:, None]
    for domain in ("minmax", "quantile"):
        options = {"levels": (1, 3), "domain": domain}
        repeated = Lattice.fit(np.repeat(x, counts, axis=0), **options)
        assert Lattice.fit(x, sample_weight=counts, **options) == repeated
        assert Lattice.fit(x, sample_weight=scale * counts, **options) == repeated
        assert Lattice.fit(np.repeat(x, 3 * counts, axis=0)[::-1], **options) == repeated


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=30), st.integers(2, 9))
def test_quantiles_against_numpy(values, n):
    column, parts = np.array(values, dtype=float), np.linspace(0, 1, n)
    want = np.quantile(column, parts, method="averaged_inverted_cdf")
    places = parts * len(values)
    ties = np.abs(places - np.round(places)) < 1e-9  # where NumPy may miss a tie by rounding
    np.testing.assert_array_equal(weighted_quantiles(column, parts)[~ties], want[~ties])
    np.testing.assert_array_equal(weighted_quantiles(-column, parts), -weighted_quantiles(column, parts)[::-1])


def test_the_ends_are_knots_however_little_they_weigh():
    knots = Lattice.fit([[0.0], [1.0], [2.0]], levels=(3,), domain="quantile", sample_weight=[1e-15, 1, 1e-15]).knots[0]
    assert (knots[0], knots[-1]) == (0.0, 2.0)
    with pytest.raises(InputError, match="sample_weight has 2 entries"):
        Lattice.fit([[0.0]], levels=(1,), sample_weight=[1, 2])


def test_values_of_rows_of_weight_0_do_not_count():
    bits = RNG.integers(0, 2, (40, 3)).astype(float)
    wild = np.vstack([[[7.0, -2.0, 0.5]] * 15, bits])  # first, so that they would move every fold
    y, w = np.append(np.full(15, 99.0), bits[:, 0]), np.append(np.zeros(15), np.ones(40))
    assert solve(wild, y, sample_weight=w, lam=0.01, n_jobs=1).lattice == Lattice.boolean(3)
    model = CircuitRegressorCV(n_lams=3, cv=3, n_jobs=1)
    losses = model.fit(wild, y, sample_weight=w).cv_losses_
    assert model.levels_ == (1,)
    np.testing.assert_allclose(losses, model.fit(bits, bits[:, 0]).cv_losses_, rtol=1e-9)


# --- constant targets ---


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("constant", [0.0, 0.1, 1 / 3, -5.0, 1e8 + 0.1, 1e-9])
@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_a_target_that_is_constant_where_it_counts(constant, loss):
    w = np.where(np.arange(60) % 3 == 0, 0.0, 1.0 + np.arange(60))
    y = np.where(w > 0, constant, Y)
    options = {"loss": loss, "sample_weight": w, "n_jobs": 1, "levels": (1,)}
    solutions = [solve(X, y, **options, **form) for form in ({}, {"lam": 0.1}, {"tau": 1.0}, {"eps": 0.1})]
    for s in solutions + path(X, y, **options, n_lams=2):
        assert (s.intercept, len(s.atoms), s.status.name) == (constant, 0, "OPTIMAL") and s.certificate.certified
    assert lam_max(X, y, **options) == 0.0
    if loss == "squared":
        for model in (CircuitRegressor(n_jobs=1), CircuitRegressorCV(n_lams=2, cv=3, n_jobs=1)):
            for target, weights in ((y, w), (np.full(60, constant), None)):
                assert set(model.fit(X, target, sample_weight=weights).predict(X)) == {constant}
                assert not model.feature_importances_.any()


def test_a_single_label_where_it_counts():
    y = np.where(Y > 0, "up", "down")
    w = (Y > 0).astype(float)
    for call in (solve, partial(solve, lam=0.1), path, lam_max):
        with pytest.raises(InputError, match="single label on its rows of weight > 0, 'up'"):
            call(X, y, loss="logistic", sample_weight=w)
    for model in (CircuitClassifier(), CircuitClassifierCV(cv=3)):
        for target, weights in ((y, w), (np.full(60, "up"), None)):
            with pytest.raises(InputError, match=r"only one class is present.*'up'"):
                model.fit(X, target, sample_weight=weights)


def test_a_third_label_of_weight_0_is_not_there():
    y = np.where(Y > 0, "up", "down").astype(object)
    y[::4] = "aside"
    w = np.where(np.arange(60) % 4 == 0, 0.0, 1.0)
    some = w > 0
    a = solve(X, y, loss="logistic", sample_weight=w, lam=0.01, tol=1e-8, n_jobs=1)
    b = solve(X[some], y[some], loss="logistic", lam=0.01, tol=1e-8, n_jobs=1)
    assert a.classes.tolist() == ["down", "up"] and a.lattice == b.lattice
    np.testing.assert_allclose(a.decision_function(X), b.decision_function(X), atol=1e-7)
    assert certify(a, X, y, sample_weight=w, tol=1e-6, n_jobs=1).certified
    for model in (
        CircuitClassifier(lam=0.01, n_jobs=1),
        CircuitClassifierCV(n_lams=2, cv=2, levels=(1,), n_jobs=1),
    ):
        got = model.fit(X, y, sample_weight=w).decision_function(X)
        assert model.classes_.tolist() == ["down", "up"]
        np.testing.assert_allclose(got, model.fit(X[some], y[some]).decision_function(X), atol=1e-9)
    signs, classes = check_target([5, 1, 2, 1], 4, "logistic", np.array([0.0, 1.0, 1.0, 0.0]))
    assert signs.tolist() == [-1, -1, 1, -1] and classes.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("weights", "message"),
    [(np.r_[-1.0, np.ones(59)], r"sample_weight is -1\.0 at row 0; expected weights >= 0"),
     (np.r_[np.ones(59), -1e-9], "sample_weight is -1e-09 at row 59"), (-np.ones(60), "expected weights >= 0"),
     (np.zeros(60), "at least one non-zero|zero in every row")],
)  # fmt: skip
def test_weights_that_mean_nothing(weights, message):
    for model in (CircuitRegressor(), CircuitClassifier(), CircuitRegressorCV(), CircuitClassifierCV()):
        with pytest.raises(ValueError, match=message):
            model.fit(X, Y > 0, sample_weight=weights)
