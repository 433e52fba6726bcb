"""Small random problems for `solve`: data of every kind, targets of every scale, arguments of every choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Drawn:
    """Data and keyword arguments of `solve`; ``bad`` says why `InputError` is the right answer, "" where it is not;
    it may be where that starts with "perhaps"."""

    X: Any
    y: Any
    kwargs: dict[str, Any]
    bad: str


def pick(rng, weighted):
    """One key of a dictionary of weights."""
    names = list(weighted)
    p = np.array([weighted[name] for name in names], float)
    return names[rng.choice(len(names), p=p / p.sum())]


def columns(rng, levels):
    """A table, Boolean or real, with duplicates, constants and spans of very different size among its columns."""
    n = int(pick(rng, {1: 1, 2: 2, 3: 2, 6: 4, 12: 6, 24: 6, 40: 4}))
    d = int(rng.integers(1, {None: 7, (1,): 7, (2,): 4, (1, 2): 4}.get(levels, 3)))
    kind = pick(rng, {"bits": 6, "real": 5, "few": 2})
    if kind == "bits":
        X = (rng.random((n, d)) < rng.choice([0.1, 0.5, 0.5, 0.8])).astype(float)
    elif kind == "real":
        X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 4) + rng.choice([0.0, 0.0, 1e4])
    else:
        X = rng.integers(-2, 3, (n, d)).astype(float)
    for j in range(d):
        change = pick(rng, {"keep": 12, "copy": 1, "complement": 1, "constant": 1, "tiny": 1, "huge": 1})
        if change == "copy":
            X[:, j] = X[:, 0]
        elif change == "complement":
            X[:, j] = 1 - X[:, 0]
        elif change == "constant":
            X[:, j] = X[0, j]
        elif kind != "bits" and change != "keep":
            X[:, j] *= 1e-150 if change == "tiny" else 1e150
    real = not np.isin(X, (0.0, 1.0)).all()
    if real and levels is None:  # three levels of it: few columns, so that all functions can be counted
        X = X[:, :2]
    if not real and rng.random() < 0.3:
        X = X.astype(rng.choice(["bool", "int8", "uint64", "float32"]))
    return X


def target(rng, X, loss):
    """A target, and why it cannot be used."""
    n = len(X)
    z = (np.asarray(X, float) > np.asarray(X, float).mean(axis=0)) @ rng.normal(size=X.shape[1])
    z = z + rng.choice([0.0, 0.3]) * rng.normal(size=n)
    if loss == "logistic":
        positive = z > np.median(z)
        if rng.random() < 0.1:
            positive = rng.random(n) < 0.5
        bad = "" if 0 < positive.sum() < n else "a single label"
        a, b = [(0, 1), (-1, 1), ("no", "yes"), (False, True), (7, 3), (0.5, 2.5)][rng.integers(6)]
        return np.where(positive, b, a), bad
    scale = pick(rng, {1.0: 12, 1e-6: 2, 1e6: 2, 1e-60: 1, 1e60: 1, 1e150: 0.3})
    y = scale * (z + rng.choice([0.0, 0.0, 0.0, 100.0]))
    change = pick(rng, {"keep": 12, "constant": 1, "zero": 0.5, "bits": 2, "outlier": 1})
    if change in ("constant", "zero"):
        y = np.full(n, y[0] if change == "constant" else 0.0)
    elif change == "bits":
        y = scale * (z > np.median(z))
    elif change == "outlier":
        y[rng.integers(n)] *= 1e4
    size = np.abs(y).max()
    return y, "" if size == 0 or 1e-140 <= size <= 1e140 else "squares out of range"


def draw(seed):
    """The problem of a seed."""
    rng = np.random.default_rng([seed, 10])
    loss = pick(rng, {"squared": 10, "logistic": 6, "huber": 1})
    oracle = pick(rng, {"auto": 10, "gates4": 1, "deep": 1.5})
    levels = pick(rng, {None: 8, (1,): 6, (2,): 1, (1, 2): 2, (1, 2, 3): 1})
    X = columns(rng, levels)
    y, bad = target(rng, X, loss)
    kwargs = {
        "loss": loss,
        "oracle": oracle,
        "levels": levels,
        "n_jobs": 1,
        "gamma": float(rng.choice([3, 2.5, 8, 1.5])),
    }
    kwargs["domain"] = pick(rng, {"minmax": 3, "quantile": 1})
    kwargs["tol"] = float(pick(rng, {1e-3: 8, 1e-6: 2, 0.1: 1, 0.0: 0.3}))
    if rng.random() < 0.3:
        w = rng.random(len(X)) * (rng.random(len(X)) < 0.7)
        w = np.rint(4 * w) if rng.random() < 0.3 else w * 10.0 ** rng.integers(-9, 9)
        kwargs["sample_weight"] = w
        bad = bad or ("" if w.any() else "no weight")
        if loss == "logistic" and not bad and len(set(np.asarray(y)[w > 0].tolist())) == 1:
            bad = "perhaps: one label has all the weight"
    numbers = np.where(np.asarray(y) == np.asarray(y)[0], -1.0, 1.0) if loss == "logistic" else y
    spread = float(np.std(numbers.astype(float))) or 1.0
    value = min(spread, 1.0) * spread / 2 if loss == "huber" else 0.7 if loss == "logistic" else spread**2 / 2
    if loss == "huber" and not 1e-8 < spread < 1e8:
        bad = bad or "perhaps: the threshold is far from the unit of y"
    form = pick(rng, {"lam": 8, "tau": 4, "eps": 1, None: 3})
    if form == "lam":
        kwargs["lam"] = value / spread * 10.0 ** rng.uniform(-4, 0.7)
    elif form == "tau":
        kwargs["tau"] = spread * pick(rng, {0.0: 1, 0.1: 3, 1.0: 4, 10.0: 1}) * rng.uniform(0.5, 2)
    elif form == "eps":
        kwargs |= {"eps": value * rng.uniform(0.05, 1.3), "max_iter": 50}
    kwargs["method"] = pick(rng, {"corrective": 8, "pairwise": 1, "away": 1, "vanilla": 1})
    if kwargs["method"] != "corrective":
        kwargs["max_iter"] = int(rng.integers(1, 40))
        bad = bad or ("method for eps" if form == "eps" else "")
    if rng.random() < 0.2:
        kwargs["max_gates"] = int(rng.choice([0, 1, 3]))
        bad = bad or ("gates4 with a limit" if oracle == "gates4" else "")
    if rng.random() < 0.05:
        kwargs["time_limit"] = float(rng.choice([1e-6, 1e-3, 0.02]))
    return Drawn(X, y, kwargs, bad)
