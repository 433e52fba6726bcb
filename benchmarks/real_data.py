"""Is it certified, as accurate as the usual models, and compiled exactly, on real data?

Breast cancer and diabetes (scikit-learn).  Two certified solutions each: at the choice of cross-validation (which
may allow literals alone), and over all functions of four literals of levels 1 to 3 at the default penalty.  Five-fold
scores of the cross-validated estimators beside gradient boosting and ridge or logistic regression on the same folds.
The largest deviation of the compiled ResNets over 100,000 points, among them grid points, cell faces, ties and points
outside the domain.
"""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._common import Table, Timer, check_targets
from fw_circuits import CircuitClassifierCV, CircuitRegressorCV, solve
from fw_circuits.experiment import hostile_points

N_POINTS = 100_000
TOLERANCE, DEVIATION = 1e-3, 1e-9


def tasks():
    """Name, data, loss, our estimator, peers, folds."""
    cancer, diabetes = load_breast_cancer(), load_diabetes()
    yield (
        "breast cancer", cancer.data, cancer.target, "logistic", CircuitClassifierCV(),
        {"HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
         "logistic regression, CV": make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=10, max_iter=2000))},
        StratifiedKFold(5, shuffle=True, random_state=0),
    )  # fmt: skip
    yield (
        "diabetes", diabetes.data, diabetes.target, "squared", CircuitRegressorCV(),
        {"HistGradientBoosting": HistGradientBoostingRegressor(random_state=0),
         "ridge, CV": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 30)))},
        KFold(5, shuffle=True, random_state=0),
    )  # fmt: skip


def run(quick: bool) -> list[str]:
    """Score, certify and compile; returns the targets that were missed."""
    scores = Table(["data", "model", "five-fold score", "fold spread", "seconds"])
    proofs = Table(
        [
            "data",
            "circuits",
            "lam",
            "levels",
            "max gates",
            "passes",
            "seconds",
            "atoms",
            "gates",
            "relative gap",
            "neurons",
            "deviation",
        ]
    )
    targets = []
    for name, X, y, loss, ours, peers, folds in tasks():
        found = {}
        for model_name, model in {"fw_circuits, CV": ours, **peers}.items():
            with Timer() as timer, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = cross_val_score(model, X, y, cv=folds)
            found[model_name] = float(values.mean())
            scores.add(name, model_name, found[model_name], float(values.std()), timer.wall)
        if loss == "logistic":
            goal = found["HistGradientBoosting"] - 0.01
        else:
            goal = max(found["HistGradientBoosting"], found["ridge, CV"]) - 0.02
        targets.append((f"{name}, five-fold score", found["fw_circuits, CV"], ">=", goal))
        chosen = ours.fit(X, y)
        settings = {
            "chosen by CV": {"lam": chosen.lam_, "levels": chosen.levels_, "max_gates": chosen.max_gates_},
            "all functions": {},
        }
        for which, options in settings.items():
            with Timer() as timer:
                solution = solve(X, y, loss=loss, tol=TOLERANCE, **options)
            gap, limit = solution.certificate.relative_gap, options.get("max_gates")
            net = solution.to_resnet()
            points = hostile_points(solution.lattice, X, N_POINTS, 1)
            deviation = float(np.abs(net.forward(points) - solution.decision_function(points)).max())
            proofs.add(name, which, solution.parameter, str(solution.lattice.levels), limit, len(solution.trace),
                       timer.wall, len(solution.atoms), solution.n_gates, gap, net.n_neurons, deviation)  # fmt: skip
            targets.append((f"{name}, {which}, relative gap", gap, "<=", TOLERANCE))
            targets.append((f"{name}, {which}, deviation over {N_POINTS} points", deviation, "<=", DEVIATION))
    scores.show("real_data_scores")
    print()
    proofs.show("real_data_certificates")
    print()
    return check_targets(targets)
