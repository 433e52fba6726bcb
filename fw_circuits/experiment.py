"""One honest experiment on one data set: score on held-out rows, solve on all rows, compile, measure.

Every row is held out once; whatever is chosen from data is chosen on the training rows of each fold alone.
"""

import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from fw_circuits._settings import Settings
from fw_circuits._threads import one_thread_after_fork, threads_of
from fw_circuits._typing import Array, Floats
from fw_circuits.data import Dataset
from fw_circuits.estimators import CircuitClassifierCV, CircuitRegressorCV
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.lattice import Lattice
from fw_circuits.pipeline import solve
from fw_circuits.resnet import ResNet
from fw_circuits.solution import Solution
from fw_circuits.solver import Clock

__all__ = ["Experiment", "guess_loss", "hostile_points", "run"]


@dataclass(frozen=True)
class Experiment:
    """What :func:`run` found.

    Attributes
    ----------
    dataset : Dataset
        The data.
    solution, seconds : Solution, float
        Fitted to all rows, and how long that took.
    resnet : ResNet
        The solution compiled.
    metric : {"accuracy", "R2"}
        What the scores are.
    fold_scores : ndarray of shape (folds, 2)
        Scores on the held-out folds: those of the circuits, and those of gradient boosting.
    deviation, n_points : float, int
        The largest ``|resnet - solution|`` over that many points.
    """

    dataset: Dataset
    solution: Solution
    resnet: ResNet
    metric: str
    fold_scores: Floats
    deviation: float
    n_points: int
    seconds: float

    @property
    def score(self) -> float:
        """Mean score of the circuits over the held-out folds."""
        return float(self.fold_scores[:, 0].mean())

    @property
    def boosting_score(self) -> float:
        """That of gradient boosting with scikit-learn's defaults on the same folds."""
        return float(self.fold_scores[:, 1].mean())


def guess_loss(y: Any) -> str:
    """Name of the loss for a target: "logistic" for two distinct values, else "squared"."""
    return "logistic" if np.unique(np.asarray(y)).size == 2 else "squared"


def run(
    dataset: Dataset, *, loss: str | None = None, folds: int = 5, choose: bool = False, random_state: int = 0,
    progress: bool = False, n_points: int = 20_000, time_limit: float | None = None, **options: Any,
) -> Experiment:  # fmt: skip
    """Score on held-out rows beside gradient boosting, then fit to all rows, compile, and measure the network.

    Parameters
    ----------
    dataset : Dataset
        The data.
    loss : str, optional
        Default: "logistic" for two distinct targets, else "squared".
    folds : int
        Number of shuffled folds, stratified for two labels.
    choose : bool
        Choose circuits and penalty by cross-validation, anew in each training part (slower).
    random_state : int
        Seed of the folds and of the points of the comparison.
    progress : bool
        Show the solver's live line in the fit to all rows.
    n_points : int
        Points at which network and solution are compared; see :func:`hostile_points`.
    time_limit : float, optional
        Seconds for all of it, the folds and every choice included; each fit gets an equal share of what is left.
    **options : Any
        For :func:`fw_circuits.solve`.

    Returns
    -------
    Experiment
        Scores, the solution of all rows, its network, and how far apart the two are.

    Raises
    ------
    InputError
        If the data cannot be used, or there are too few rows for the folds.
    """
    Settings.of(time_limit=time_limit)
    clock = Clock(time_limit)
    loss = loss or guess_loss(dataset.y)
    classify = loss == "logistic"
    X, y = dataset.X, np.asarray(dataset.y)
    _check_target(dataset, folds, classify)
    splitter = (StratifiedKFold if classify else KFold)(folds, shuffle=True, random_state=random_state)
    scores = []
    threads = threads_of(options.get("n_jobs"))  # the boosted trees do not look at n_jobs
    with (
        warnings.catch_warnings(action="ignore", category=SolverWarning),
        one_thread_after_fork(),
        threadpool_limits(limits=threads),
    ):
        for i, (train, test) in enumerate(splitter.split(X, y)):
            fold = clock.share(1 / (folds + 1 - i))
            chosen = _choose(X[train], y[train], classify, options, _seconds(fold, 0.5)) if choose else options
            fitted = solve(X[train], y[train], loss=loss, time_limit=_seconds(fold), **chosen)
            ours = fitted.predict(X[test])
            booster = (HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor)(random_state=0)
            seen, unseen = (X[train], X[test]) if fitted.columns is None else map(fitted.encode, (X[train], X[test]))
            theirs = booster.fit(seen, y[train]).predict(unseen)
            scores.append([_score(y[test], ours, classify), _score(y[test], theirs, classify)])
    chosen = _choose(X, y, classify, options, _seconds(clock, 0.5)) if choose else options
    start = time.perf_counter()
    solution = solve(X, y, loss=loss, progress=progress, time_limit=_seconds(clock), **chosen)
    seconds = time.perf_counter() - start
    if solution.columns is None:
        solution = replace(solution, feature_names=tuple(dataset.feature_names))
    resnet = solution.to_resnet()
    points = hostile_points(solution.lattice, solution.encode(X), n_points, random_state)
    deviation = np.abs(resnet.forward(points) - solution.combination.values(points)).max()
    return Experiment(
        dataset=dataset,
        solution=solution,
        resnet=resnet,
        metric="accuracy" if classify else "R2",
        fold_scores=np.array(scores),
        deviation=float(deviation),
        n_points=n_points,
        seconds=seconds,
    )


def hostile_points(lattice: Lattice, X: Floats, n: int, random_state: int = 0) -> Floats:
    """Adversarial points, where an inexact compilation would show.

    Parameters
    ----------
    lattice : Lattice
        The lattice of the solution that was compiled.
    X : ndarray of shape (N, d)
        Rows whose ranges the points are drawn around.
    n : int
        Number of points.
    random_state : int
        Seed.

    Returns
    -------
    ndarray of shape (n, d)
        Random points inside and outside of the domain, grid points, faces and ties.

    Examples
    --------
    >>> hostile_points(Lattice.boolean(3), np.zeros((2, 3)), 8).shape
    (8, 3)
    """
    rng = np.random.default_rng(random_state)
    d = lattice.n_features
    low, high = X.min(axis=0), X.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    unit = rng.random((n, d)) * 1.2 - 0.1
    steps = 2 ** rng.choice(np.array(lattice.levels), size=(n, 1)) - 1
    snapped = np.round(unit * steps) / steps
    middle = (np.floor(unit * steps) + 0.5) / steps
    kind = rng.integers(0, 5, size=(n, 1))
    mixed = np.where(rng.random((n, d)) < 0.5, snapped, unit)
    tied = np.repeat(unit[:, :1], d, axis=1)
    unit = np.select([kind == 1, kind == 2, kind == 3, kind == 4], [snapped, mixed, middle, tied], default=unit)
    return np.asarray(low + unit * span)


def _check_target(dataset: Dataset, folds: int, classify: bool) -> None:
    y = np.asarray(dataset.y)
    labels = np.unique(y)
    if labels.size > 2 and (classify or y.dtype.kind not in "biuf"):
        shown = ", ".join(repr(label) for label in labels[:4].tolist()) + (", ..." if labels.size > 4 else "")
        raise InputError(
            f"the target of {dataset.name} has {labels.size} labels ({shown}); expected numbers (loss squared) or two "
            "labels: for several classes use fw_circuits.CircuitClassifier in Python, CircuitClassifier().fit(X, y), "
            "or keep the rows of two labels."
        )
    fewest = int(np.unique(y, return_counts=True)[1].min()) if classify else y.size
    each = 1 if classify else 2  # R2 compares rows with their mean
    if folds < 2 or fewest < folds * each:
        what = "rows of the rarer label" if classify else "rows"
        raise InputError(
            f"{dataset.name} has {fewest} {what}, folds is {folds}; expected at least 2 folds, with {each} or more "
            f"{what} in each."
        )


def _seconds(clock: Clock, fraction: float = 1.0) -> float | None:
    """This fraction of the time left; never none, so that a solution comes back."""
    share = clock.share(fraction)
    return None if share.deadline is None else max(share.deadline - share.start, 1e-3)


def _choose(X: Floats, y: Array, classify: bool, options: dict[str, Any], time_limit: float | None) -> dict[str, Any]:
    """``options`` with penalty, levels and gate limit as cross-validation on these rows chooses them."""
    names = ("gamma", "levels", "domain", "oracle", "max_gates", "n_jobs", "kinds", "literals", "n_thresholds")
    model = (CircuitClassifierCV if classify else CircuitRegressorCV)(
        **{name: value for name, value in options.items() if name in names}, time_limit=time_limit
    ).fit(X, y)
    return {**options, "lam": float(model.lam_), "levels": model.levels_, "max_gates": model.max_gates_,
            "literals": model.literals_}  # fmt: skip


def _score(y: Any, prediction: Any, classify: bool) -> float:
    if classify:
        return float(np.mean(np.asarray(y) == np.asarray(prediction)))
    return float(r2_score(np.asarray(y, dtype=np.float64), prediction))  # 1 or 0 where y is constant
