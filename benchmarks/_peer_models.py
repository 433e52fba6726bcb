"""The models of ``peers``, this package among them, each a function ``fit(task, X, y) -> Fitted``, all on one thread.

What is tuned is tuned on the training rows alone, on a fifth of them held out (real data: three folds), then fitted
again to all of them; that time counts:

- fw_circuits: penalty, and literals alone or all functions of four (real data: also levels (1,) or (1, 2));
- Lasso and l1 logistic regression (scikit-learn, celer): penalty, over all products of inputs of one degree.

Fixed: fw_circuits with ``oracle="deep"`` (defaults, at most 20 passes; on the adder only, whose carry it is made for);
gradient boosting of 1,000 iterations (100 on real data), early stopping off; random forest of 500 trees; MLP 256x2 with
early stopping; torchlogix 4 x 500 gates, 3,000 steps (1,000 on real data); BooleanRuleCG with at most 6 rounds (4 on
real data).  The last two are cut short to keep the run within minutes.
"""

import itertools
import sys
import types
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from fw_circuits import CircuitClassifier, CircuitRegressor

SEED = 0
VALIDATION, REAL_FOLDS = 0.2, 3
#: Penalties as fractions of the largest useful one; (levels, gate limit), simplest first.
RELATIVE_LAMS = {"bits": (0.03, 0.01, 0.001), "real": (0.1, 0.03, 0.01)}
CIRCUITS = {"bits": (((1,), 0), ((1,), None)), "real": (((1,), 0), ((1,), None), ((1, 2), None))}
DEEP_PASSES = 20
PENALTIES = (0.3, 0.1, 0.03, 0.01)
ITERATIONS, TREES, WIDTHS = {"bits": 1000, "real": 100}, 500, (256, 256)
LOGIC_WIDTH, LOGIC_DEPTH, LOGIC_TAU, LOGIC_RATE, LOGIC_BATCH = 500, 4, 10.0, 0.01, 128
LOGIC_STEPS = {"bits": 3000, "real": 1000}
RULE_ROUNDS = {"bits": 6, "real": 4}
#: Thresholds per column, for the peers that read bits only.
THRESHOLDS = 4
#: A list of at most this many terms, gates or literals counts as readable (original to this package).
READABLE = 100


class Kind(NamedTuple):
    """What a model needs to know of a task: "class" or "reg", "bits" or "real", degree of products, names."""

    goal: str
    data: str
    degree: int
    adder: bool = False


class Fitted(NamedTuple):
    """A fitted model: predictions, its size in words, and whether it can be read."""

    predict: Callable[[np.ndarray], np.ndarray]
    size: str
    readable: str


def score(goal: str, truth: np.ndarray, predicted: np.ndarray) -> float:
    """Accuracy of classes, R2 of numbers."""
    if goal == "class":
        return float(np.mean(truth == predicted))
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


def readable(count: int, what: str) -> str:
    """ "yes" up to READABLE parts, else "long"."""
    return f"{what}: {'yes' if count <= READABLE else 'long'}"


def chosen(make: Callable[..., Any], grid: Iterable[tuple], kind: Kind, X: np.ndarray, y: np.ndarray) -> Any:
    """Fit ``make(*settings)`` with the settings that score best on held-out training rows; ties: the first."""
    grid = list(grid)
    if len(grid) > 1:
        split = StratifiedShuffleSplit if kind.goal == "class" else ShuffleSplit
        folds: Any = split(1, test_size=VALIDATION, random_state=SEED)
        if kind.data == "real":
            split = StratifiedKFold if kind.goal == "class" else KFold
            folds = split(REAL_FOLDS, shuffle=True, random_state=SEED)
        scores = [cross_val_score(make(*g), X, y, cv=folds).mean() for g in grid]
        grid = [grid[int(np.argmax(scores))]]
    return make(*grid[0]).fit(X, y)


def ours(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """CircuitClassifier or CircuitRegressor, exact search over four literals."""
    make = CircuitClassifier if kind.goal == "class" else CircuitRegressor
    allowed = CIRCUITS[kind.data][:2] if quick else CIRCUITS[kind.data]
    grid = [(lam, *which) for which in allowed for lam in RELATIVE_LAMS[kind.data]]

    def new(lam: float, levels: tuple[int, ...], limit: int | None) -> Any:
        return make(relative_lam=lam, levels=levels, max_gates=limit, n_jobs=1)

    return _circuits(chosen(new, grid, kind, X, y))


def ours_deep(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """The same with finders of carry chains, parities and symmetric functions."""
    return _circuits(CircuitClassifier(oracle="deep", max_iter=DEEP_PASSES, n_jobs=1).fit(X, y))


def _circuits(model: Any) -> Fitted:
    s = model.solution_
    return Fitted(
        model.predict, f"{len(s.atoms)} atoms, {s.n_gates} gates", readable(max(s.n_gates, len(s.atoms)), "formulas")
    )


def dictionary(kind: Kind) -> list[Any]:
    """All products of at most ``degree`` inputs, standardised; real inputs are standardised before, and squared too."""
    bits = kind.data == "bits"
    products = PolynomialFeatures(kind.degree, interaction_only=bits, include_bias=False)
    return [products, StandardScaler()] if bits else [StandardScaler(), products, StandardScaler()]


def sparse_linear(library: str) -> Callable[..., Fitted]:
    """Lasso or l1 logistic regression of scikit-learn or celer on the dictionary."""

    def fit(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
        if library == "celer":
            import celer

            lasso, logistic = celer.Lasso, celer.LogisticRegression
        else:
            lasso, logistic = Lasso, LogisticRegression
        target = (y - y.mean()) if kind.goal == "reg" else (y == y.max()) - np.mean(y == y.max())
        design = make_pipeline(*dictionary(kind)).fit_transform(X)
        largest = float(np.abs(design.T @ target).max() / len(y))

        def make(part: float) -> Any:
            alpha = part * largest
            if kind.goal == "reg":
                model = lasso(alpha=alpha, tol=1e-4)
            elif library == "celer":
                model = logistic(C=1.0 / (len(y) * alpha), tol=1e-3)
            else:
                model = logistic(
                    l1_ratio=1.0, C=1.0 / (len(y) * alpha), solver="liblinear", tol=1e-3, random_state=SEED
                )
            return make_pipeline(*dictionary(kind), model)

        model = chosen(make, [(p,) for p in PENALTIES], kind, X, y)
        count = int(np.count_nonzero(model[-1].coef_))
        return Fitted(model.predict, f"{count} of {design.shape[1]} products", readable(count, "products"))

    return fit


def boosting(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """HistGradientBoosting, early stopping off."""
    make = HistGradientBoostingClassifier if kind.goal == "class" else HistGradientBoostingRegressor
    rounds = ITERATIONS["real" if quick else kind.data]
    model = make(max_iter=rounds, early_stopping=False, random_state=SEED).fit(X, y)
    leaves = sum(tree.get_n_leaf_nodes() for step in model._predictors for tree in step)  # noqa: SLF001
    return Fitted(model.predict, f"{leaves} leaves", "no")


def forest(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """Random forest."""
    make = RandomForestClassifier if kind.goal == "class" else RandomForestRegressor
    model = make(TREES // 5 if quick else TREES, random_state=SEED).fit(X, y)
    return Fitted(model.predict, f"{sum(t.get_n_leaves() for t in model.estimators_)} leaves", "no")


def perceptron(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """MLP with early stopping on a tenth of the rows."""
    make = MLPClassifier if kind.goal == "class" else MLPRegressor
    net = make(hidden_layer_sizes=WIDTHS, early_stopping=True, n_iter_no_change=20, max_iter=300, random_state=SEED)
    model = make_pipeline(StandardScaler(), net).fit(X, y)
    return Fitted(model.predict, f"{sum(w.size for w in (*net.coefs_, *net.intercepts_))} parameters", "no")


def to_bits(kind: Kind, X: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Inputs as they are, or thresholds at quantiles (thermometer code)."""
    if kind.data == "bits":
        return lambda rows: rows
    cuts = np.quantile(X, np.linspace(0, 1, THRESHOLDS + 2)[1:-1], axis=0)
    return lambda rows: (rows[:, None, :] > cuts).reshape(len(rows), -1).astype(np.float64)


def logic_network(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """Differentiable logic gate network (torchlogix), Adam on the cross-entropy; scored with hard gates."""
    import torch

    import_torchlogix()
    from torchlogix.layers import GroupSum, LogicDense

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    encode = to_bits(kind, X)
    rows, labels = torch.tensor(encode(X), dtype=torch.float32), torch.tensor(y.astype(np.int64))
    widths = [rows.shape[1], *[LOGIC_WIDTH] * LOGIC_DEPTH]
    layers = [LogicDense(a, b) for a, b in itertools.pairwise(widths)]
    net = torch.nn.Sequential(*layers, GroupSum(2, LOGIC_TAU))
    optimiser, draws = torch.optim.Adam(net.parameters(), LOGIC_RATE), torch.Generator().manual_seed(SEED)
    for _ in range(LOGIC_STEPS[kind.data]):
        batch = torch.randint(0, len(rows), (LOGIC_BATCH,), generator=draws)
        loss = torch.nn.functional.cross_entropy(net(rows[batch]), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.eval()

    def predict(new: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return net(torch.tensor(encode(new), dtype=torch.float32)).argmax(dim=1).numpy()

    return Fitted(predict, f"{LOGIC_WIDTH * LOGIC_DEPTH} gates", "no")


def import_torchlogix() -> None:
    """Import torchlogix; before Python 3.12 without its compiler to C, which has a syntax error there."""
    try:
        import torchlogix
    except SyntaxError:
        compiler: Any = types.ModuleType("torchlogix.circuit")
        compiler.Circuit = None  # the one name that the package takes from it
        sys.modules["torchlogix.circuit"] = compiler
        import torchlogix  # noqa: F401


def rules(kind: Kind, X: np.ndarray, y: np.ndarray, quick: bool) -> Fitted:
    """BooleanRuleCG of aix360: a DNF by column generation with beam search; its linear programs by HiGHS."""
    import pandas as pd
    from aix360.algorithms.rbm import BooleanRuleCG

    encode = to_bits(kind, X)

    def frame(rows: np.ndarray) -> Any:
        bits = encode(rows).astype(int)
        columns = [(f"x{i}", "", sign) for i in range(bits.shape[1]) for sign in ("is", "not")]
        both = np.stack([bits, 1 - bits], axis=2).reshape(len(bits), -1)
        return pd.DataFrame(both, columns=pd.MultiIndex.from_tuples(columns))

    model = BooleanRuleCG(iterMax=RULE_ROUNDS[kind.data], timeMax=1000, solver="HIGHS", silent=True)
    model.fit(frame(X), y.astype(int))
    clauses = model.z.loc[:, model.w > 0.5]
    literals = int(clauses.to_numpy().sum())
    return Fitted(lambda new: np.asarray(model.predict(frame(new))), f"{clauses.shape[1]} rules, {literals} literals",
                  readable(literals, "rules"))  # fmt: skip


#: Name -> fit, module that must be there, command that installs it, goals, whether quick mode runs it.
MODELS: dict[str, tuple[Callable[..., Fitted], str, str, tuple[str, ...], bool]] = {
    "fw_circuits": (ours, "fw_circuits", "", ("class", "reg"), True),
    "fw_circuits, deep": (ours_deep, "fw_circuits", "", ("class",), False),
    "l1 products, scikit-learn": (sparse_linear("sklearn"), "sklearn", "", ("class", "reg"), True),
    "l1 products, celer": (sparse_linear("celer"), "celer", "pip install celer", ("class", "reg"), True),
    "HistGradientBoosting": (boosting, "sklearn", "", ("class", "reg"), True),
    "random forest": (forest, "sklearn", "", ("class", "reg"), True),
    "MLP 256x2": (perceptron, "sklearn", "", ("class", "reg"), False),
    "torchlogix": (logic_network, "torchlogix", "pip install -c constraints.txt torchlogix", ("class",), False),
    "aix360 BooleanRuleCG": (rules, "aix360", "pip install aix360", ("class",), False),
}


def quietly(fit: Callable[..., Fitted], *args: Any) -> Fitted:
    """Fit without warnings: budgets that end a fit are stated above."""
    with warnings.catch_warnings(action="ignore"):
        return fit(*args)
