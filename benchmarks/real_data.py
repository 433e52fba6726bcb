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

from benchmarks import _figures
from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from fw_circuits import CircuitClassifierCV, CircuitRegressorCV, solve
from fw_circuits.experiment import hostile_points

SEED, N_POINTS = 0, 100_000
#: What is smaller in a quick run: level 1 alone, fewer penalties and folds.
QUICK = {"n_lams": 6, "ratio": 0.05, "cv": 3, "levels": (1,)}
TOLERANCE, DEVIATION = 1e-3, 1e-9


def tasks(quick):
    """Name, data, loss, our estimator, peers, folds."""
    cancer, diabetes = load_breast_cancer(), load_diabetes()
    options, folds, trees = (QUICK, 2, 20) if quick else ({}, 5, 100)
    yield (
        "breast cancer", cancer.data, cancer.target, "logistic", CircuitClassifierCV(**options),
        {"HistGradientBoosting": HistGradientBoostingClassifier(max_iter=trees, random_state=SEED),
         "logistic regression, CV": make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=10, max_iter=2000))},
        StratifiedKFold(folds, shuffle=True, random_state=SEED),
    )  # fmt: skip
    yield (
        "diabetes", diabetes.data, diabetes.target, "squared", CircuitRegressorCV(**options),
        {"HistGradientBoosting": HistGradientBoostingRegressor(max_iter=trees, random_state=SEED),
         "ridge, CV": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 30)))},
        KFold(folds, shuffle=True, random_state=SEED),
    )  # fmt: skip


def run(quick: bool) -> list[str]:
    """Score, certify and compile; returns the targets that were missed.

    Quick: level 1 alone, two folds, few penalties, a tenth of the points.
    """
    n_points = N_POINTS // 10 if quick else N_POINTS
    scores = Table(["data", "model", "score over folds", "fold spread", "seconds"])
    proofs = Table(["data", "circuits", "lam", "levels", "max gates", "passes", "seconds", "atoms", "gates",
                    "relative gap", "neurons", "deviation"])  # fmt: skip
    targets = []
    for name, X, y, loss, ours, peers, folds in tasks(quick):
        found = {}
        for model_name, model in {"fw_circuits, CV": ours, **peers}.items():
            with Timer() as timer, warnings.catch_warnings(action="ignore"):
                values = cross_val_score(model, X, y, cv=folds)
            found[model_name] = float(values.mean())
            scores.add(name, model_name, found[model_name], float(values.std()), timer.wall)
        if loss == "logistic":
            goal = found["HistGradientBoosting"] - 0.01
        else:
            goal = max(found["HistGradientBoosting"], found["ridge, CV"]) - 0.02
        targets.append((f"{name}, score over folds", found["fw_circuits, CV"], ">=", goal))
        chosen = ours.fit(X, y)
        settings = {
            "chosen by CV": {"lam": chosen.lam_, "levels": chosen.levels_, "max_gates": chosen.max_gates_},
            "all functions": {"levels": (1,)} if quick else {},
        }
        for which, options in settings.items():
            with Timer() as timer:
                solution = solve(X, y, loss=loss, tol=TOLERANCE, **options)
            gap, limit = solution.certificate.relative_gap, options.get("max_gates")
            net = solution.to_resnet()
            points = hostile_points(solution.lattice, X, n_points, SEED + 1)
            deviation = float(np.abs(net.forward(points) - solution.decision_function(points)).max())
            proofs.add(name, which, solution.parameter, str(solution.lattice.levels), limit, len(solution.trace),
                       timer.wall, len(solution.atoms), solution.n_gates, gap, net.n_neurons, deviation)  # fmt: skip
            targets.append((f"{name}, {which}, relative gap", gap, "<=", TOLERANCE))
            targets.append((f"{name}, {which}, deviation over {n_points} points", deviation, "<=", DEVIATION))
    scores.show("real_data_scores")
    print()
    proofs.show("real_data_certificates")
    summarise(scores, proofs, n_points)
    print()
    return check_targets(targets)


def summarise(scores: Table, proofs: Table, n_points: int) -> None:
    """Scores with their spread over folds as dots, and in words."""
    names = list(dict.fromkeys(row[0] for row in scores.rows))
    figure, axes = _figures.panels(len(names), 1.9)
    words = []
    for axis, name in zip(axes, names, strict=True):
        rows = [row for row in scores.rows if row[0] == name]
        for place, row in zip(range(len(rows))[::-1], rows, strict=True):
            color = _figures.BLUE if row[1].startswith("fw_circuits") else _figures.GREY
            axis.errorbar(row[2], place, xerr=row[3], fmt="o", color=color, ms=8, capsize=3)
        axis.set_yticks(range(len(rows))[::-1], [row[1] for row in rows])
        axis.set(title=f"{name}: {'R2' if name == 'diabetes' else 'accuracy'}", ylim=(-0.6, len(rows) - 0.4))
        peers = ", ".join(f"{row[1]} {row[2]:.3f}" for row in rows[1:])
        place = 1 + sum(row[2] > rows[0][2] for row in rows[1:])
        words.append(f"{name}: {rows[0][2]:.3f}, place {place} of {len(rows)} ({peers})")
    save_figure(figure, "real_data", "Score over held-out folds with its spread (one standard deviation)")
    gates = [row[8] for row in proofs.rows if row[1] == "chosen by CV"]
    tell(
        f"{'; '.join(words)}. All {len(proofs.rows)} solutions are within a relative gap of "
        f"{max(row[9] for row in proofs.rows):.1e}, their networks within {max(row[11] for row in proofs.rows):.1e} "
        f"over {n_points:,} adversarial points.",
        "Two small tables, differences within the spread of the folds are no ranking. "
        + (
            "Cross-validation chooses literals alone on both."
            if not any(gates)
            else f"Cross-validation chooses {' and '.join(map(str, gates))} gates."
        ),
    )
