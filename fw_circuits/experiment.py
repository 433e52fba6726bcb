"""One honest experiment on one data set: score on held-out rows, then solve on all rows and compile.

The penalty is chosen on the training part alone, so the held-out rows have no say in anything they judge.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split

from fw_circuits._typing import Floats
from fw_circuits.data import Dataset
from fw_circuits.estimators import CircuitClassifierCV, CircuitRegressorCV
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.pipeline import solve
from fw_circuits.resnet import ResNet
from fw_circuits.solution import Solution


@dataclass(frozen=True)
class Experiment:
    """What :func:`run` found.

    ``score`` is accuracy or R2 on the held-out rows of the same settings fitted to the others, ``boosting_score``
    that of gradient boosting with scikit-learn's defaults.  ``solution`` is fitted to all rows; ``deviation`` is the
    largest ``|resnet - solution|`` over ``n_points`` points, ``seconds`` the time of the fit on the training part.
    """

    dataset: Dataset
    solution: Solution
    resnet: ResNet
    metric: str
    n_train: int
    n_test: int
    score: float
    boosting_score: float
    deviation: float
    n_points: int
    seconds: float
    boosting_seconds: float


def guess_loss(y: Any) -> str:
    """"logistic" for two distinct targets, else "squared"."""
    return "logistic" if np.unique(np.asarray(y)).size == 2 else "squared"


def run(
    dataset: Dataset, *, loss: str | None = None, test_size: float = 0.25, random_state: int = 0,
    progress: bool = False, n_points: int = 20_000, **options: Any,
) -> Experiment:  # fmt: skip
    """Fit on a part of ``dataset`` and score on the rest; then fit to all of it, compile, and measure the network.

    Parameters
    ----------
    dataset : Dataset
        The data.
    loss : str, optional
        Default: "logistic" for two distinct targets, else "squared".
    test_size, random_state : float, int
        The split; stratified for two labels.
    progress : bool
        Show the solver's live line.
    n_points : int
        Points at which network and solution are compared: half random, half on cells' corners and faces.
    **options
        For :func:`fw_circuits.solve`; without ``lam``, ``tau`` or ``eps`` the penalty is chosen by five-fold
        cross-validation on the training rows.

    Raises
    ------
    InputError
        If the data cannot be used, or there are too few rows to hold some out.
    """
    loss = loss or guess_loss(dataset.y)
    classify = loss == "logistic"
    if len(dataset.y) < 10:
        raise InputError(f"{dataset.name} has {len(dataset.y)} rows; expected at least 10 to hold a quarter out.")
    try:
        parts = train_test_split(dataset.X, dataset.y, test_size=test_size, random_state=random_state,
                                 stratify=dataset.y if classify else None)  # fmt: skip
    except ValueError as error:
        raise InputError(f"cannot split {dataset.name} into training and test rows: {error}") from error
    train_X, test_X, train_y, test_y = parts
    clock = time.perf_counter()
    if all(options.get(name) is None for name in ("lam", "tau", "eps")) and loss != "huber":
        options.update(_choose(train_X, train_y, classify, options))
    held_out = solve(train_X, train_y, loss=loss, **options).predict(test_X)
    seconds = time.perf_counter() - clock
    clock = time.perf_counter()
    booster = (HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor)(random_state=0)
    booster.fit(train_X, train_y)
    boosting_seconds = time.perf_counter() - clock
    solution = solve(dataset.X, dataset.y, loss=loss, progress=progress, **options)
    solution = replace(solution, feature_names=tuple(dataset.feature_names))
    resnet = solution.to_resnet()
    points = hostile_points(solution.lattice, dataset.X, n_points, random_state)
    deviation = np.abs(resnet.forward(points) - solution.decision_function(points)).max()
    return Experiment(
        dataset=dataset,
        solution=solution,
        resnet=resnet,
        metric="accuracy" if classify else "R2",
        n_train=len(train_y),
        n_test=len(test_y),
        score=_score(test_y, held_out, classify),
        boosting_score=_score(test_y, booster.predict(test_X), classify),
        deviation=float(deviation),
        n_points=n_points,
        seconds=seconds,
        boosting_seconds=boosting_seconds,
    )


def hostile_points(lattice: Lattice, X: Floats, n: int, random_state: int = 0) -> Floats:
    """Points where an inexact compilation would show: random, outside the domain, grid points, faces and ties.

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
    return low + unit * span


def _choose(X: Floats, y: Any, classify: bool, options: dict[str, Any]) -> dict[str, Any]:
    names = ("gamma", "levels", "domain", "max_gates", "n_jobs", "time_limit")
    model = (CircuitClassifierCV if classify else CircuitRegressorCV)(
        **{k: v for k, v in options.items() if k in names}
    )
    model.fit(X, y)
    return {"lam": float(model.lam_), "levels": model.levels_}


def _score(y: Any, prediction: Any, classify: bool) -> float:
    if classify:
        return float(np.mean(np.asarray(y) == np.asarray(prediction)))
    y = np.asarray(y, dtype=np.float64)
    return float(1.0 - np.sum((y - prediction) ** 2) / np.sum((y - y.mean()) ** 2))

