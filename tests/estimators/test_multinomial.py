"""Several classes as one multinomial solution in ``CircuitClassifier``."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from fw_circuits import CircuitClassifier, CircuitClassifierCV
from fw_circuits.exceptions import InputError
from fw_circuits.solution import MultinomialSolution

MODEL = CircuitClassifier(multi_class="multinomial", n_jobs=1)


@pytest.mark.filterwarnings("ignore::fw_circuits.exceptions.SolverWarning")
@parametrize_with_checks([CircuitClassifier(multi_class="multinomial", levels=(1, 2), max_iter=60, n_jobs=1)])
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def three(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (n, 6))
    return X, np.array(["a", "b", "c"])[(X[:, 0] ^ X[:, 1]) + (X[:, 5] & X[:, 2])]


def test_one_solution_has_all_classes():
    X, y = three()
    frame = pd.DataFrame(X, columns=list("pqrstu"))
    model = clone(MODEL).set_params(lam=1e-3).fit(frame, y)
    assert isinstance(model.solution_, MultinomialSolution) and model.solutions_ == [model.solution_]
    assert model.solution_.feature_names == tuple("pqrstu") and model.solution_.certificate.certified
    p = model.predict_proba(frame)
    assert p.shape == (200, 3) and np.allclose(p.sum(axis=1), 1.0) and model.score(frame, y) == 1.0
    np.testing.assert_allclose(p, model.solution_.predict_proba(frame), atol=1e-12)
    np.testing.assert_array_equal(model.predict(frame), model.solution_.predict(frame))
    assert model.decision_function(frame).shape == (200, 3) and model.n_iter_ == len(model.solution_.trace)
    assert model.feature_importances_.sum() == pytest.approx(1.0) and model.feature_importances_[3] == 0.0


def test_two_classes_are_logistic():
    X, y = three()
    assert clone(MODEL).fit(X, y == "a").solution_.loss == "logistic"


def test_weights_of_rows_and_classes():
    X, y = three()
    rng = np.random.default_rng(1)
    y = np.where(rng.random(len(y)) < 0.2, "c", y)
    weight = rng.integers(0, 3, len(y))
    some = clone(MODEL).fit(X, np.where(weight == 0, "other", y), sample_weight=weight)
    many = clone(MODEL).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(some.predict_proba(X), many.predict_proba(X), atol=1e-12)
    chosen = clone(MODEL).set_params(class_weight={"a": 2.0, "c": 0.5}, lam=0.01).fit(X, y)
    factors = np.where(y == "a", 2.0, np.where(y == "c", 0.5, 1.0))
    direct = clone(MODEL).set_params(lam=0.01).fit(X, y, sample_weight=factors)
    np.testing.assert_allclose(chosen.predict_proba(X), direct.predict_proba(X), atol=1e-12)
    without = clone(MODEL).set_params(class_weight={"b": 0.0}).fit(X, y)
    assert without.classes_.tolist() == ["a", "c"]


def test_it_is_no_worse_than_one_against_the_rest_where_classes_share_circuits():
    """Half the gates at a log-loss as good: the classes of a table of two parities."""
    X, y = three(400)
    fresh, truth = three(400, seed=9)
    ours = clone(MODEL).set_params(lam=0.01).fit(X, y)
    rest = CircuitClassifier(lam=0.01, n_jobs=1, multi_class="ovr").fit(X, y)
    assert ours.solution_.n_gates <= sum(s.n_gates for s in rest.solutions_)
    assert log_loss(truth, ours.predict_proba(fresh)) <= log_loss(truth, rest.predict_proba(fresh))


@pytest.mark.parametrize(
    ("model", "known"), [(CircuitClassifier, "'ovr', 'multinomial'"), (CircuitClassifierCV, "'ovr'")]
)
def test_other_ways_are_refused(model, known):
    X, y = three()
    with pytest.raises(InputError, match=f"expected one of {known}"):
        model(multi_class="pairs" if model is CircuitClassifier else "multinomial").fit(X, y)
