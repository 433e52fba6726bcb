"""The models of the benchmark ``tables``, each a function ``fit(rows, training rows, quick) -> Fitted``, on one thread.

Encodings: HistGradientBoosting and EBM get categories and gaps as they are; the others one column a category, a column
for gaps and medians in their place (`Numbers`); logistic regression standardised columns, torchlogix thresholds at
quantiles.  What a model tunes, it tunes on the training rows, and that time counts.

Fixed: boosting with the defaults (100 iterations, early stopping off), and once more with early stopping and a learning
rate of 0.05; a forest of 500 trees, and one more for each class; EBM with 4 outer bags and at most 1,000 rounds (with
its defaults it takes minutes on classes that can be separated); the best tree of depth 3 (ConTree, which proves it
within TREE_SECONDS), its leaves' frequencies with one row more of each class; torchlogix with two layers of tables of
four inputs, whose wiring is learned among 8 candidates an input, and few steps.
"""

from __future__ import annotations

import importlib.util
import itertools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._peer_models import import_torchlogix
from benchmarks._tables_data import Numbers, Ramps, Rows
from fw_circuits import CircuitClassifierCV

SEED = 0
TREES, QUICK_TREES, TREE_DEPTH, TREE_SECONDS, BAGS, ROUNDS = 500, 50, 3, 20.0, 4, 1000
THRESHOLDS, CANDIDATES = 8, 8
LOGIC_WIDTH, LOGIC_LAYERS, LOGIC_STEPS, LOGIC_BATCH, LOGIC_RATE = 240, 2, 500, 128, 0.02
#: In a quick run: fewer penalties and folds.
QUICK = {"n_lams": 8, "ratio": 0.01, "cv": 3, "levels": (1,)}


class Fitted(NamedTuple):
    """Probabilities of all classes for a frame of rows, and the number of parts of the model with their name."""

    predict: Callable[[Any], np.ndarray]
    size: float
    parts: str


def native(rows: Rows) -> Any:
    """The frame with categories as pandas has them."""
    return rows.X.apply(lambda column: column.astype("category") if column.dtype == object else column)


def ours(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """CircuitClassifierCV with its defaults, on the table as it is."""
    model = CircuitClassifierCV(n_jobs=1, **(QUICK if quick else {})).fit(rows.X.iloc[train], rows.y[train])
    size = sum(len(solution.atoms) for solution in model.solutions_)
    return Fitted(model.predict_proba, size, "circuits")


def _boosting(rows: Rows, train: np.ndarray, quick: bool, **options: Any) -> Fitted:
    frame = native(rows)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=SEED, **options)
    if quick:
        model.set_params(max_iter=20)
    model.fit(frame.iloc[train], rows.y[train])
    leaves = sum(tree.get_n_leaf_nodes() for step in model._predictors for tree in step)  # noqa: SLF001
    return Fitted(lambda X: model.predict_proba(frame.loc[X.index]), leaves, "leaves")


def boosting(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """HistGradientBoosting with its defaults."""
    return _boosting(rows, train, quick)


def boosting_stopped(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """HistGradientBoosting that stops on a tenth of the rows held out."""
    return _boosting(rows, train, quick, early_stopping=True, learning_rate=0.05, max_iter=500)


def forest(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """Random forest."""
    encode = Numbers().fit(rows.X.iloc[train])
    model = RandomForestClassifier(QUICK_TREES if quick else TREES, random_state=SEED, n_jobs=1)
    model.fit(encode(rows.X.iloc[train]), rows.y[train])
    leaves = sum(int(tree.get_n_leaves()) for tree in model.estimators_)
    n, k = len(model.estimators_), len(model.classes_)
    return Fitted(lambda X: (n * model.predict_proba(encode(X)) + 1.0) / (n + k), leaves, "leaves")


def logistic(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """Logistic regression, its penalty by cross-validation on the log-loss."""
    encode = Numbers().fit(rows.X.iloc[train])
    model = LogisticRegressionCV(Cs=10, cv=3 if quick else 5, scoring="neg_log_loss", max_iter=1000, random_state=SEED)
    model = make_pipeline(StandardScaler(), model).fit(encode(rows.X.iloc[train]), rows.y[train])
    return Fitted(lambda X: model.predict_proba(encode(X)), model[-1].coef_.size, "weights")


def additive(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """Explainable boosting machine."""
    from interpret.glassbox import ExplainableBoostingClassifier

    kinds = ["nominal" if category else "continuous" for category in rows.categories]
    model = ExplainableBoostingClassifier(
        feature_types=kinds, outer_bags=BAGS, max_rounds=ROUNDS, random_state=SEED, n_jobs=1
    )
    if quick:
        model.set_params(outer_bags=2, max_rounds=200)
    model.fit(rows.X.iloc[train], rows.y[train])
    return Fitted(model.predict_proba, sum(np.size(scores) for scores in model.term_scores_), "scores")


def tree(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """The tree of this depth with the fewest errors (J. Brita et al., "Optimal Classification Trees for Continuous
    Feature Data Using Dynamic Programming with Branch-and-Bound", AAAI 2025)."""
    from pycontree import ConTree

    encode = Numbers().fit(rows.X.iloc[train])
    X, y, n_classes = encode(rows.X.iloc[train]), rows.y[train], int(rows.y.max()) + 1
    model = ConTree(max_depth=2 if quick else TREE_DEPTH, time_limit=TREE_SECONDS).fit(X, y)
    leaves: list[int] = []

    def spread(node: Any, given: np.ndarray, labels: np.ndarray, asked: np.ndarray, out: np.ndarray) -> None:
        if node.is_leaf_node():
            leaves.append(len(labels))
            out[:] = (np.bincount(labels, minlength=n_classes) + 1.0) / (len(labels) + n_classes)
            return
        column, cut = node.get_split_feature(), node.get_split_threshold()
        for child, side in ((node.get_left(), True), (node.get_right(), False)):
            known, new = (given[:, column] <= cut) == side, (asked[:, column] <= cut) == side
            part = np.empty((int(new.sum()), n_classes))
            spread(child, given[known], labels[known], asked[new], part)
            out[new] = part

    def predict(frame: Any) -> np.ndarray:
        out = np.empty((len(frame), n_classes))
        spread(model.tree_, X, y, encode(frame), out)
        return out

    predict(rows.X.iloc[train[:1]])
    return Fitted(predict, len(leaves), "leaves")


def logic_network(rows: Rows, train: np.ndarray, quick: bool) -> Fitted:
    """Differentiable logic network of tables of four inputs with learned wiring, scored with hard gates."""
    import torch

    import_torchlogix()
    from torchlogix.layers import GroupSum, LogicDense

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    encode = Numbers().fit(rows.X.iloc[train])
    numbers, _ = encode.columns(rows.X.iloc[train])
    ramps, n_classes = Ramps(THRESHOLDS).fit(numbers), int(rows.y.max()) + 1

    def bits(frame: Any) -> Any:
        numbers, zero_one = encode.columns(frame)
        found = np.hstack([ramps(numbers) > 0.5, zero_one, np.zeros((len(frame), 1))])
        wide = np.tile(found, -(-4 * CANDIDATES // found.shape[1]))  # each input of a gate has its own candidates
        return torch.tensor(wide, dtype=torch.float32)

    inputs, labels = bits(rows.X.iloc[train]), torch.tensor(rows.y[train].astype(np.int64))
    width = -(-max(LOGIC_WIDTH, inputs.shape[1] // 4 + 1) // n_classes) * n_classes
    options: dict[str, Any] = {
        "lut_rank": 4, "parametrization": "warp", "connections": "learnable",
        "connections_kwargs": {"num_candidates": CANDIDATES},
    }  # fmt: skip
    widths = [inputs.shape[1], *[width] * LOGIC_LAYERS]
    layers = [LogicDense(a, b, **options) for a, b in itertools.pairwise(widths)]
    net = torch.nn.Sequential(*layers, GroupSum(n_classes, np.sqrt(width / n_classes)))
    optimiser, draws = torch.optim.Adam(net.parameters(), LOGIC_RATE), torch.Generator().manual_seed(SEED)
    for _ in range(LOGIC_STEPS // 10 if quick else LOGIC_STEPS):
        batch = torch.randint(0, len(inputs), (LOGIC_BATCH,), generator=draws)
        loss = torch.nn.functional.cross_entropy(net(inputs[batch]), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.eval()

    def predict(frame: Any) -> np.ndarray:
        with torch.no_grad():
            return torch.softmax(net(bits(frame)), dim=1).numpy().astype(float)

    return Fitted(predict, LOGIC_LAYERS * width, "tables")


#: Name -> fit, module that must be there, command that installs it.
MODELS: dict[str, tuple[Callable[..., Fitted], str, str]] = {
    "fw_circuits": (ours, "fw_circuits", ""),
    "HistGradientBoosting": (boosting, "sklearn", ""),
    "boosting, early stop": (boosting_stopped, "sklearn", ""),
    "random forest": (forest, "sklearn", ""),
    "logistic regression": (logistic, "sklearn", ""),
    "EBM": (additive, "interpret", "pip install interpret-core"),
    "optimal tree": (tree, "pycontree", "pip install pycontree"),
    "torchlogix": (logic_network, "torchlogix", "pip install -c constraints.txt torchlogix"),
}


def installed() -> tuple[dict[str, Callable[..., Fitted]], list[str]]:
    """The models to run, and a sentence for each that is not installed."""
    run, notes = {}, []
    for name, (fit, module, command) in MODELS.items():
        if importlib.util.find_spec(module) is None:
            notes.append(f"{name} is left out: not installed; install it with: {command}.")
        else:
            run[name] = fit
    return run, notes


def quietly(fit: Callable[..., Fitted], *args: Any) -> Fitted:
    """Fit without warnings: budgets that end a fit are stated above."""
    with warnings.catch_warnings(action="ignore"):
        return fit(*args)
