"""The estimators as scikit-learn sees them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fw_circuits import CircuitClassifier, CircuitClassifierCV, CircuitRegressor, CircuitRegressorCV

SMALL = {"levels": (1, 2), "max_iter": 60, "n_jobs": 1}


@pytest.mark.filterwarnings("ignore::fw_circuits.exceptions.SolverWarning")
@parametrize_with_checks(
    [
        CircuitRegressor(**SMALL),
        CircuitClassifier(**SMALL),
        CircuitRegressorCV(**SMALL, n_lams=3, ratio=0.02, cv=3),
        CircuitClassifierCV(**SMALL, n_lams=3, ratio=0.02, cv=3),
    ]
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def xor_data(n=300, seed=0):
    X = np.random.default_rng(seed).integers(0, 2, (n, 6))
    return X, X[:, 0] ^ X[:, 1] ^ X[:, 4]


def test_more_than_two_classes():
    X, y = xor_data()
    labels = np.array(["a", "b", "c"])[y + (X[:, 5] & y)]
    model = CircuitClassifier(lam=1e-3).fit(X, labels)
    p = model.predict_proba(X)
    assert model.score(X, labels) == 1.0 and len(model.solutions_) == 3
    assert p.shape == (300, 3) and np.allclose(p.sum(axis=1), 1.0)
    with pytest.raises(AttributeError, match="solutions_"):
        _ = model.solution_


def test_cross_validation_chooses_a_useful_penalty():
    rng = np.random.default_rng(0)
    X, y = xor_data()
    model = CircuitRegressorCV(n_lams=10).fit(X, y + 0.3 * rng.normal(size=y.size))
    fresh, target = xor_data(seed=5)
    assert model.score(fresh, target) > 0.95
    assert model.lam_ in model.lams_ and model.cv_losses_.shape == (len(model.lams_), 5)
    assert model.lam_ == model.lams_[model.cv_losses_.mean(axis=1).argmin()]
    assert model.solution_.certificate.certified


def test_works_inside_pipelines_and_searches():
    X, y = xor_data(150)
    search = GridSearchCV(CircuitClassifier(), {"relative_lam": [0.5, 0.01]}, cv=3).fit(X, y)
    assert search.best_score_ == 1.0
    assert cross_val_score(make_pipeline(StandardScaler(), CircuitRegressor()), X, y, cv=3).mean() > 0.9
    assert clone(CircuitRegressorCV(n_lams=3, gamma=4.0)).get_params()["gamma"] == 4.0


def test_formulas_have_the_names_of_a_frame():
    pd = pytest.importorskip("pandas")
    X, y = xor_data()
    solution = CircuitClassifier().fit(pd.DataFrame(X, columns=list("abcdef")), y).solution_
    assert solution.atoms[0].formula(solution.feature_names) == "a ^ b ^ e"
