"""How good is the answer after 1, 2, 5, 10, 25 or 50 seconds?

One Boolean circuit from 6,400 + 6,400 rows (``_learner``; wide and tall tables of our own, and the development examples
of the IWLS 2020 contest where their folder or tar is given: ``--data PATH``), beside l1-logistic regression on the
literals and HistGradientBoosting.  Every budget is a run of its own; the peers fit one setting after the other, and
what the validation rows liked best among those finished in time is their answer, the constant until then.  ``--busy N``
runs it beside N processes that keep a core busy.
"""

import os
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from benchmarks import _figures
from benchmarks._common import Table, beside, check_targets, save_figure, tell
from benchmarks._contest import Parts, examples
from benchmarks._learner import learn
from fw_circuits._typing import Array
from fw_circuits.exceptions import SolverWarning

SEED = 0
BUDGETS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
#: Penalties of the linear model (C of scikit-learn), the strongest first; iterations of boosting between two looks.
STRENGTHS, ROUNDS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 10
OURS, LINEAR, BOOSTING = "circuits", "l1-logistic on literals", "HistGradientBoosting"

#: Seconds since the start, accuracy on the validation rows, accuracy on the test rows.
Moment = tuple[float, float, float]


def planted(n_rows: int, n: int, seed: int, noise: float = 0.05) -> Parts:
    """Majority of 15 random functions of three literals each, with noisy labels on the rows to learn from."""
    rng = np.random.default_rng(seed)
    tables = [(rng.choice(n, 3, replace=False), rng.integers(0, 2, 8)) for _ in range(15)]

    def part(rows: int, noise: float) -> tuple[Array, Array]:
        X = rng.integers(0, 2, (rows, n), dtype=np.uint8)
        votes = sum(table[X[:, literals] @ (4, 2, 1)] for literals, table in tables)
        return X, (votes > 7.5) ^ (rng.random(rows) < noise)

    return {"train": part(n_rows, noise), "validation": part(n_rows, noise), "test": part(6400, 0.0)}


def generated(quick: bool) -> Iterator[tuple[str, str, Parts]]:
    """Family, name and rows of the tables of our own."""
    for n in (128,) if quick else (256, 394, 512):
        yield "wide", f"{n} literals", planted(2000 if quick else 6400, n, SEED + n)
    for n_rows in (20_000,) if quick else (100_000, 400_000):
        yield "tall", f"{2 * n_rows:,} rows", planted(n_rows, 48, SEED + n_rows)


def linear(parts: Parts, until: float) -> list[Moment]:
    """l1-logistic regression, one strength after the other."""

    def models() -> Iterator[Any]:
        for strength in STRENGTHS:
            yield LogisticRegression(l1_ratio=1.0, C=strength, solver="liblinear", random_state=SEED).fit(
                *parts["train"]
            )

    return moments(models(), parts, until)


def boosting(parts: Parts, until: float) -> list[Moment]:
    """Gradient boosting, a few rounds more at a time."""

    def models() -> Iterator[Any]:
        model = HistGradientBoostingClassifier(max_iter=0, warm_start=True, early_stopping=False, random_state=SEED)
        while True:
            model.set_params(max_iter=model.max_iter + ROUNDS).fit(*parts["train"])
            yield model

    return moments(models(), parts, until)


def moments(models: Iterator[Any], parts: Parts, until: float) -> list[Moment]:
    """When each model was there, and how good it is; the test rows take no time of it."""
    found, spent = [], 0.0
    for _ in range(10_000):
        start = time.perf_counter()
        model = next(models, None)
        if model is None:
            break
        validation = model.score(*parts["validation"])
        spent += time.perf_counter() - start
        if spent > until:
            break
        found.append((spent, validation, model.score(*parts["test"])))
    return found


def at(found: list[Moment], seconds: float, constant: float) -> float:
    """Test accuracy of what the validation rows liked best by then."""
    known = [moment for moment in found if moment[0] <= seconds]
    return max(known, key=lambda moment: moment[1])[2] if known else constant


def run(
    quick: bool, data: str | None = None, seconds: float | None = None, only: str | None = None, busy: int = 0
) -> list[str]:
    """Table of budgets; the targets are stated against the linear model and the budget before."""
    budgets = [b for b in ((1.0, 2.0) if quick else BUDGETS) if seconds is None or b <= seconds]
    table = Table(
        ["family", "example", "inputs", "seconds", OURS, LINEAR, BOOSTING, "constant", "seconds used", "atoms"]
    )
    data = data or os.environ.get("FW_CIRCUITS_IWLS2020")
    with beside(busy), warnings.catch_warnings(action="ignore", category=SolverWarning):
        if data and not quick:
            for name, parts in examples(data, only):
                measure(table, "contest", name, parts, budgets)
        if not only:
            for family, name, parts in generated(quick):
                measure(table, family, name, parts, budgets)
    print()
    table.show("anytime")
    return judge(table, budgets, busy)


def measure(table: Table, family: str, name: str, parts: Parts, budgets: list[float]) -> None:
    """Rows of one example; what is done is kept."""
    T, t = parts["test"]
    majority = np.mean(parts["train"][1]) > 0.5
    constant = float(np.mean(t == majority))
    peers = [model(parts, budgets[-1]) for model in (linear, boosting)]
    for budget in budgets:
        start = time.perf_counter()
        solution, rounded, _ = learn(parts["train"], parts["validation"], budget)
        used = time.perf_counter() - start
        right = rounded.circuit.evaluate(T.astype(np.uint8))[:, 0] == t
        accuracies = [float(right.mean()), *(at(found, budget, constant) for found in peers)]
        table.add(family, name, T.shape[1], budget, *accuracies, constant, used, len(solution.atoms))
        print(" ".join(map(str, table.rows[-1])), flush=True)
        table.save("anytime")


def judge(table: Table, budgets: list[float], busy: int) -> list[str]:
    """Figure, finding and targets."""
    families = list(dict.fromkeys(row[0] for row in table.rows))

    def mean(family: str, budget: float, column: int) -> float:
        return float(np.mean([row[column] for row in table.rows if row[0] == family and row[3] == budget]))

    figure, axes = _figures.panels(len(families), 2.6)
    kinds: dict[str, Callable[[str, float], float]] = {
        what: (lambda family, budget, column=column: mean(family, budget, column))
        for column, what in enumerate((OURS, LINEAR, BOOSTING), start=4)
    }
    for axis, family in zip(axes, families, strict=True):
        _figures.lines(axis, {what: (budgets, [kind(family, b) for b in budgets]) for what, kind in kinds.items()})
        axis.set(xscale="log", yscale="linear", xlabel="seconds", ylabel="test accuracy")
        axis.set_xticks(budgets, [f"{b:g}" for b in budgets])
        axis.set_xticks([], minor=True)
        axis.set_title(f"{family} tables", loc="right")
    _figures.legend(axes[0], bbox_to_anchor=(0, 1.08))
    save_figure(figure, "anytime", "Mean test accuracy against seconds, a panel for each family of tables")
    behind = max(mean(f, b, 5) - mean(f, b, 4) for f in families for b in budgets)
    falls = max((mean(f, a, 4) - mean(f, b, 4) for f in families for i, a in enumerate(budgets) for b in budgets[i:]))
    stuck = sum(row[3] >= 2.0 and row[9] == 0 and row[5] > row[4] + 0.005 for row in table.rows)
    late = max(row[8] / row[3] for row in table.rows)
    last = budgets[-1]
    tell(
        "; ".join(
            f"{family}: {mean(family, budgets[0], 4):.3f} after {budgets[0]:g} s, {mean(family, last, 4):.3f} after "
            f"{last:g} s (linear {mean(family, last, 5):.3f}, boosting {mean(family, last, 6):.3f})"
            for family in families
        )
        + ".",
        f"One run each, beside {busy} busy processes. The contest's development examples are those that the settings "
        "were chosen on.",
    )
    targets = [
        ("linear model ahead by, largest over families and budgets", behind, "<=", 0.005),
        ("accuracy lost as the budget grows", falls, "<=", 0.005),
        ("examples at the constant from 2 s on where the linear model is better", stuck, "<=", 0),
        ("seconds used over budget, largest", late, "<=", 1.2),
    ]
    if "contest" in families:
        wide = [row for row in table.rows if row[0] == "contest" and row[2] == 196]
        targets += [
            (
                f"196 inputs, {what} at {budget:g} s",
                float(of([row[4] for row in wide if row[3] == budget])),
                ">=",
                bound,
            )
            for budget, bound in ((5.0, 0.965), (25.0, 0.98))
            if wide and budget in budgets
            for what, of in (("mean", np.mean), ("worst", np.min))
        ]
        targets += [
            (f"contest, mean at {budget:g} s", mean("contest", budget, 4), ">=", bound)
            for budget, bound in ((10.0, 0.937), (50.0, 0.945))
            if budget in budgets
        ]
    return check_targets(targets)
