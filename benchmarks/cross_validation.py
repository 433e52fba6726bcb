"""What does it cost to choose a model by cross-validation, and is the choice good on fresh rows?

``CircuitClassifierCV`` and ``CircuitRegressorCV`` as they come (five folds, twenty penalties, up to five sets of
circuits) beside the linear models that choose their penalty by cross-validation, and gradient boosting, which chooses
nothing.  Breast cancer, wine and diabetes (scikit-learn, held-out folds) and three tables of our own (fresh rows).
CPU seconds of one fit on one thread; the loss is that of probabilities (logistic), or half the mean squared error in
units of the variance of the target.  One fit of each model on other rows goes first: what a process does once is not
the cost of a fit.
"""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks import _figures
from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from fw_circuits import CircuitClassifierCV, CircuitRegressorCV

SEED, FOLDS, N_FRESH = 0, 4, 10_000
OURS, LINEAR, TREES = "fw_circuits, CV", "linear, CV", "HistGradientBoosting"
#: CPU time of a fit of ours in units of the linear model's: at most, in the median and on any table.
MEDIAN, MOST = 4.0, 20.0
#: Our loss on fresh rows may be this much above the best peer's, in the mean over the tables.
ALLOWED = 0.02

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def noisy_classes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Nine numbers; the class follows an interaction and two of them, with much noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 9))
    score = X[:, 0] + 0.7 * X[:, 1] + 1.5 * np.sign(X[:, 2] * X[:, 3])
    return X, (score + 1.5 * rng.normal(size=n) > 0.0).astype(int)


def lines_of_three(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A board of nine fields, each one of three marks (27 bits); the class says whether a line is all crosses."""
    marks = np.random.default_rng(seed).choice(3, (n, 3, 3), p=[0.6, 0.2, 0.2])
    crosses = marks == 0
    return np.eye(3)[marks.reshape(n, 9)].reshape(n, 27), (crosses.all(1).any(1) | crosses.all(2).any(1)).astype(int)


def steps(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Six numbers; the target is a sum of a line, a step and a product of steps, with noise."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 6))
    y = X[:, 0] + (X[:, 1] > 0.5) + 2.0 * ((X[:, 2] > 0.5) ^ (X[:, 3] > 0.5)) + 0.5 * rng.normal(size=n)
    return X, y


def tasks(quick: bool) -> Iterator[tuple[str, bool, list[Split]]]:
    """Name, whether it is a class, and the splits (X, y, fresh X, fresh y)."""
    parts = 1 if quick else FOLDS

    def made(make: Callable[[int, int], tuple[np.ndarray, np.ndarray]], n: int) -> list[Split]:
        return [(*make(n, SEED + 2 * i), *make(N_FRESH, SEED + 2 * i + 1)) for i in range(parts)]

    yield "noisy classes, 350 x 9", True, made(noisy_classes, 350)
    yield "lines of three, 450 x 27 bits", True, made(lines_of_three, 450)
    yield "steps, 400 x 6", False, made(steps, 400)
    for name, data, classes in (
        ("breast cancer", load_breast_cancer(), True),
        ("wine", load_wine(), True),
        ("diabetes", load_diabetes(), False),
    ):
        folds = (StratifiedKFold if classes else KFold)(FOLDS, shuffle=True, random_state=SEED)
        X, y = data.data, data.target
        yield name, classes, [(X[a], y[a], X[b], y[b]) for a, b in folds.split(X, y)][:parts]


def models(classes: bool) -> dict[str, object]:
    """The models by their names in the table."""
    if classes:
        linear = LogisticRegressionCV(Cs=20, cv=5, max_iter=2000, scoring="neg_log_loss")
        return {OURS: CircuitClassifierCV(n_jobs=1), LINEAR: make_pipeline(StandardScaler(), linear),
                TREES: HistGradientBoostingClassifier(random_state=SEED)}  # fmt: skip
    return {OURS: CircuitRegressorCV(n_jobs=1), LINEAR: make_pipeline(StandardScaler(), LassoCV(cv=5)),
            TREES: HistGradientBoostingRegressor(random_state=SEED)}  # fmt: skip


def fresh_loss(model: object, classes: bool, X: np.ndarray, y: np.ndarray) -> float:
    """Mean loss on rows that the fit has not seen."""
    if classes:
        return float(log_loss(y, model.predict_proba(X), labels=model.classes_))
    return float(0.5 * np.mean((model.predict(X) - y) ** 2) / np.var(y))


def run(quick: bool = False) -> list[str]:
    """Fit all models on all splits; returns the targets that were missed.  Quick: one split of each table."""
    table = Table(["data", "model", "CPU s of a fit", "loss on fresh rows", "choice (last split)"])
    cpu: dict[str, dict[str, float]] = {}
    loss: dict[str, dict[str, float]] = {}
    for name, classes, splits in tasks(quick):
        cpu[name], loss[name] = {}, {}
        for which, model in models(classes).items():
            seconds, losses = [], []
            for i, (X, y, fresh, truth) in enumerate(splits):
                with threadpool_limits(1), warnings.catch_warnings(action="ignore"):
                    if i == 0:
                        model.fit(X[::-2], y[::-2])
                    with Timer() as timer:
                        model.fit(X, y)
                    losses.append(fresh_loss(model, classes, fresh, truth))
                seconds.append(timer.cpu)
            cpu[name][which], loss[name][which] = float(np.mean(seconds)), float(np.mean(losses))
            choice = f"{model.levels_}, gates {model.max_gates_}, lam {model.lam_:.2g}" if which == OURS else "-"
            table.add(name, which, cpu[name][which], loss[name][which], choice)
    table.show("cross_validation")
    return summarise(cpu, loss)


def summarise(cpu: dict[str, dict[str, float]], loss: dict[str, dict[str, float]]) -> list[str]:
    """Seconds and losses as dots, in words, and against the targets."""
    names = list(cpu)
    figure, axes = _figures.panels(2, 0.8 + 0.4 * len(names))
    for axis, values, label in zip(axes, (cpu, loss), ("CPU seconds of a fit", "loss on fresh rows"), strict=True):
        _figures.dots(axis, names, {which: [values[name][which] for name in names] for which in (OURS, LINEAR, TREES)})
        axis.set(xlabel=label, xscale="log")
        _figures.label_short_range(axis.xaxis, *axis.get_xlim())
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=3)
    save_figure(figure, "cross_validation", "CPU seconds of a fit, and its loss on fresh rows, one line a table")
    ratios = [cpu[name][OURS] / cpu[name][LINEAR] for name in names]
    behind = [loss[name][OURS] - min(loss[name][LINEAR], loss[name][TREES]) for name in names]
    best = [name for name, more in zip(names, behind, strict=True) if more <= 0.0]
    seconds = [cpu[name][OURS] for name in names]
    tell(
        f"Choosing among circuits takes {np.median(ratios):.2g} times the CPU time of a linear model's cross-"
        f"validation in the median ({min(ratios):.2g} to {max(ratios):.2g}), {min(seconds):.2g} to "
        f"{max(seconds):.2g} s. Its loss on fresh rows is the least on {len(best)} of {len(names)} tables"
        + (f": {'; '.join(best)}." if best else "."),
        "Small tables; three of the six are our own, with interactions that circuits can say.",
    )
    return check_targets(
        [
            ("CPU time in units of the linear model's, median", float(np.median(ratios)), "<=", MEDIAN),
            ("CPU time in units of the linear model's, largest", max(ratios), "<=", MOST),
            ("loss minus the best peer's, mean over the tables", float(np.mean(behind)), "<=", ALLOWED),
        ]
    )
