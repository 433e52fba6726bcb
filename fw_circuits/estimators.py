"""scikit-learn estimators around :func:`fw_circuits.solve` and :func:`fw_circuits.path`.

``CircuitRegressor`` and ``CircuitClassifier`` solve at one penalty; their ``CV`` forms choose it by cross-validation
along warm-started paths, as ``LassoCV`` does.  More than two classes are handled one-vs-rest.
"""

from __future__ import annotations

import numbers
import warnings
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from fw_circuits._tables import feature_names_of, shown
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight, is_boolean
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.pipeline import multiplier_of_constant, path, path_of, prepare, solve
from fw_circuits.solution import Solution

#: Cross-validation stops going down a path after so many penalties without a new best.
PATIENCE = 4
#: Relative gap at which two penalties can be told apart.
CV_TOL = 1e-2


def merge_rows(X: Floats, y: Array, weight: Floats | None) -> tuple[Floats, Array, Floats | None]:
    """Distinct rows in sorted order with their weights added, those of weight 0 left out.

    A row of weight 3 and three rows are then the same problem to the last bit: where several optima tie, the same one
    is found.

    Examples
    --------
    >>> import numpy as np
    >>> merge_rows(np.array([[1.0], [0.0], [1.0], [5.0]]), np.array([1, 0, 1, 1]), np.array([1.0, 1.0, 1.0, 0.0]))
    (array([[0.],
           [1.]]), array([0, 1]), array([1., 2.]))
    """
    counts = np.ones(len(y)) if weight is None else weight
    keep = counts > 0.0
    if not keep.any():
        return X, y, weight
    X, y, counts = X[keep], y[keep], counts[keep]
    codes = np.unique(y, return_inverse=True)[1]
    _, first, group = np.unique(np.column_stack([X, codes]), axis=0, return_index=True, return_inverse=True)
    total: Floats = np.bincount(group.ravel(), weights=counts).astype(np.float64)
    uniform = bool(np.all(total == total[0]))
    return X[first], y[first], None if uniform else total


def _row_weights(sample_weight: Any, X: Floats) -> Floats | None:
    """Weights as scikit-learn makes them, none negative, not all zero."""
    if sample_weight is None:
        return None
    weight: Floats = _check_sample_weight(sample_weight, X)
    check_sample_weight(weight, len(weight))
    return weight


class _CircuitEstimator(BaseEstimator):
    """Shared parameters and fitting; one :class:`Solution` a binary problem."""

    _loss: ClassVar[str] = "squared"

    def __init__(
        self, *, lam: float | None = None, relative_lam: float = 0.01, gamma: float = 3.0, levels: Any = None,
        domain: str = "minmax", oracle: Any = "auto", max_gates: int | None = None, tol: float = 1e-3,
        max_iter: int = 500, time_limit: float | None = None, n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.lam = lam
        self.relative_lam = relative_lam
        self.gamma = gamma
        self.levels = levels
        self.domain = domain
        self.oracle = oracle
        self.max_gates = max_gates
        self.tol = tol
        self.max_iter = max_iter
        self.time_limit = time_limit
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _data_options(self) -> dict[str, Any]:
        return {
            "gamma": self.gamma, "loss": self._loss, "levels": self.levels, "domain": self.domain,
            "oracle": self.oracle, "max_gates": self.max_gates, "n_jobs": self.n_jobs,
        }  # fmt: skip

    def _run_options(self) -> dict[str, Any]:
        return {"tol": self.tol, "max_iter": self.max_iter, "time_limit": self.time_limit}

    def _solve(self, X: Floats, y: Array, sample_weight: Floats | None) -> Solution:
        """One solution on checked data; equal rows are one row with their weights added."""
        X, y, sample_weight = merge_rows(X, y, sample_weight)
        lam = self.lam
        if lam is None:
            if not self.relative_lam > 0.0:
                raise InputError(f"relative_lam is {self.relative_lam}; expected a number > 0.")
            problem = prepare(X, y, sample_weight=sample_weight, **self._data_options())
            lam = self.relative_lam * multiplier_of_constant(problem) or None
        return solve(
            X, y, lam=lam, sample_weight=sample_weight, **self._data_options(), **self._run_options()
        )

    def _table(self, X: Any, **options: Any) -> Any:
        """scikit-learn's checks, and ours of the names that it does not know (before 1.9 those of polars 2)."""
        names = feature_names_of(X)
        if names is None or hasattr(X, "iloc"):  # it knows pandas
            return validate_data(self, X, dtype=np.float64, **options)
        fitted = getattr(self, "feature_names_in_", None)
        if not options.get("reset", True) and fitted is not None and tuple(fitted) != names:
            raise InputError(
                "The feature names should match those that were passed during fit, in the same order: X has "
                f"{shown(names)}; expected {shown(tuple(fitted))}."
            )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            checked = validate_data(self, X, dtype=np.float64, **options)
        if options.get("reset", True):
            self.feature_names_in_ = np.array(names, dtype=object)
        return checked

    def _named(self, solution: Solution) -> Solution:
        from dataclasses import replace

        names = getattr(self, "feature_names_in_", None)
        return solution if names is None else replace(solution, feature_names=tuple(map(str, names)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


class CircuitRegressor(RegressorMixin, _CircuitEstimator):
    """Least squares over convex combinations of circuits.

    Parameters
    ----------
    lam : float, optional
        Penalty on the norm; default ``relative_lam`` times the smallest penalty that leaves only the intercept.
    relative_lam : float, default 0.01
        Used where ``lam`` is None.
    gamma, levels, domain, oracle, max_gates, tol, max_iter, time_limit, n_jobs, random_state
        As in :func:`fw_circuits.solve`; ``oracle`` is one of its names.

    Attributes
    ----------
    solution_ : Solution
        With its certificate.
    n_iter_ : int
        Passes of the solver (the most of any class).
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(CircuitRegressor(lam=1e-4).fit(X, X[:, 0] ^ X[:, 1]).score(X, X[:, 0] ^ X[:, 1]), 3)
    1.0
    """

    solution_: Solution

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> CircuitRegressor:
        """Fit to ``X`` of shape (N, d) and ``y`` of shape (N,)."""
        X, y = self._table(X, y=y, y_numeric=True)
        weight = _row_weights(sample_weight, X)
        self.solution_ = self._named(self._fit_one(X, y, weight))
        self.n_iter_ = max(1, len(self.solution_.trace))
        return self

    def _fit_one(self, X: Floats, y: Array, weight: Floats | None) -> Solution:
        return self._solve(X, y, weight)

    def predict(self, X: Any) -> Floats:
        """Predictions, shape (N,)."""
        check_is_fitted(self)
        X = self._table(X, reset=False)
        return self.solution_.decision_function(X)


class CircuitClassifier(ClassifierMixin, _CircuitEstimator):
    """Logistic regression over convex combinations of circuits; one-vs-rest for more than two classes.

    Parameters
    ----------
    lam, relative_lam, gamma, levels, domain, oracle, max_gates, tol, max_iter, time_limit, n_jobs, random_state
        As in :class:`CircuitRegressor`.

    Attributes
    ----------
    classes_ : ndarray
        Labels in sorted order.
    solutions_ : list of Solution
        One for two classes, else one a class.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> CircuitClassifier().fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    """

    _loss = "logistic"
    solutions_: list[Solution]
    classes_: Array

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> CircuitClassifier:
        """Fit to ``X`` of shape (N, d) and labels ``y`` of shape (N,)."""
        X, y = self._table(X, y=y)
        check_classification_targets(y)
        weight = _row_weights(sample_weight, X)
        self.classes_ = np.unique(y if weight is None else y[weight > 0.0])  # rows of weight 0 are not there
        if self.classes_.size < 2:
            raise InputError(
                "Classifier can't train when only one class is present: y holds only the class "
                f"{self.classes_.tolist()[0]!r}; expected two or more."
            )
        positives = [self.classes_[1]] if self.classes_.size == 2 else list(self.classes_)
        self.solutions_ = [self._named(self._fit_one(X, (y == c).astype(int), weight)) for c in positives]
        self.n_iter_ = max(1, *(len(s.trace) for s in self.solutions_))
        return self

    def _fit_one(self, X: Floats, y: Array, weight: Floats | None) -> Solution:
        return self._solve(X, y, weight)

    @property
    def solution_(self) -> Solution:
        """The solution of a two-class problem."""
        check_is_fitted(self)
        if len(self.solutions_) != 1:
            raise InputError(f"there are {len(self.solutions_)} classes; use solutions_, one a class.")
        return self.solutions_[0]

    def decision_function(self, X: Any) -> Floats:
        """Shape (N,) for two classes (positive: ``classes_[1]``), else (N, n_classes)."""
        check_is_fitted(self)
        X = self._table(X, reset=False)
        scores = np.stack([s.decision_function(X) for s in self.solutions_], axis=1)
        return scores[:, 0] if len(self.solutions_) == 1 else scores

    def predict(self, X: Any) -> Array:
        """Labels, shape (N,)."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> Floats:
        """Class probabilities, shape (N, n_classes); one-vs-rest probabilities are scaled to sum 1."""
        p = expit(self.decision_function(X))
        if p.ndim == 1:
            return np.stack([1.0 - p, p], axis=1)
        return p / np.maximum(p.sum(axis=1, keepdims=True), 1e-300)


class _PathCV:
    """Choose the set of circuits and the penalty by cross-validation along warm-started paths."""

    def _choose(self: Any, X: Floats, y: Array, weight: Floats | None, stratify: Array | None) -> Solution:
        folds = self._folds(X, y, weight, stratify)
        best = np.inf
        for rung in self._ladder(X if weight is None else X[weight > 0.0]):
            options = {**self._data_options(), **rung}
            lams = self._penalties(X, y, weight, options)
            losses = self._cross_validate(X, y, weight, folds, options, lams)
            mean = losses.mean(axis=1)
            if mean.min() < best:
                best, chosen, upto = float(mean.min()), options, lams[: int(mean.argmin()) + 1]
                self.cv_losses_, self.lams_ = losses, np.array(lams[: len(mean)])
            elif len(rung["levels"]) > 1:  # more levels have not helped: still more will not
                break
        self.lam_, self.levels_, self.max_gates_ = upto[-1], chosen["levels"], chosen["max_gates"]
        return path(X, y, sample_weight=weight, lams=upto[-3:], **chosen, **self._run_options())[-1]

    def _ladder(self: Any, X: Floats) -> list[dict[str, Any]]:
        """Sets of circuits to choose from, each containing the one before."""
        if self.levels is not None:
            levels = [tuple(self.levels)]
        else:
            levels = [(1,)] if is_boolean(X) else [(1,), (1, 2), (1, 2, 3)]
        flat = self.oracle in ("auto", "subset")  # other oracles search beyond four literals from the start
        gates = [0, 1, None] if flat and self.max_gates is None else [self.max_gates]
        rungs = [{"levels": levels[0], "max_gates": m} for m in gates]
        return rungs + [{"levels": more, "max_gates": self.max_gates} for more in levels[1:]]

    def _penalties(
        self: Any, X: Floats, y: Array, weight: Floats | None, options: dict[str, Any]
    ) -> list[float]:
        if self.lam is not None:
            return sorted(map(float, np.atleast_1d(self.lam)), reverse=True)
        top = multiplier_of_constant(prepare(X, y, sample_weight=weight, **options)) or 1.0
        return [float(v) for v in top * np.geomspace(1.0, self.ratio, self.n_lams + 1)[1:]]

    def _folds(self: Any, X: Floats, y: Array, weight: Floats | None, stratify: Array | None) -> list[Any]:
        cv = check_cv(self.cv, y=stratify, classifier=stratify is not None)
        if isinstance(self.random_state, int) and self.cv is None:
            cv = type(cv)(n_splits=cv.n_splits, shuffle=True, random_state=self.random_state)
        counts = np.ones(len(y)) if weight is None else weight
        given = self.cv is not None and not isinstance(self.cv, numbers.Integral)
        rows = np.arange(len(y)) if given else np.flatnonzero(counts > 0.0)  # given folds number all rows
        folds = [
            (rows[train], rows[test])
            for train, test in cv.split(X[rows], y[rows])
            if (stratify is None or np.unique(y[rows[train]][counts[rows[train]] > 0.0]).size >= 2)
            and counts[rows[train]].sum() > 0.0
            and counts[rows[test]].sum() > 0.0
        ]
        if not folds:
            raise InputError(
                "no fold has two different classes on rows of positive weight; "
                "expected at least two classes: use fewer folds (cv) or more rows."
            )
        return folds

    def _cross_validate(
        self: Any, X: Floats, y: Array, weight: Floats | None, folds: list[Any], options: dict[str, Any],
        lams: list[float],
    ) -> Floats:  # fmt: skip
        """Mean loss on each fold's rows, shape (penalties, folds); ends early once it has risen ``PATIENCE`` times.

        The folds go down their paths side by side, to a relative gap of at most ``CV_TOL``: enough to rank penalties.
        """
        paths = []
        for train, _ in folds:
            q = None if weight is None else weight[train]
            problem = prepare(X[train], y[train], sample_weight=q, **options)
            paths.append(path_of(problem, lams, tol=max(self.tol, CV_TOL), max_iter=self.max_iter))
        rows: list[list[float]] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolverWarning)
            for solutions in zip(*paths, strict=False):
                rows.append([
                    _test_loss(s, X[test], y[test], None if weight is None else weight[test])
                    for s, (_, test) in zip(solutions, folds, strict=True)
                ])  # fmt: skip
                means = np.mean(rows, axis=1)
                if len(means) - 1 - int(means.argmin()) >= PATIENCE:
                    break
        return np.array(rows)


def _test_loss(solution: Solution, X: Floats, y: Array, weight: Floats | None) -> float:
    """Mean loss of the fitted kind on other rows; 0/1 labels count as the solution's classes."""
    f = solution.decision_function(X)
    if solution.loss == "logistic":
        errors = np.logaddexp(0.0, -np.where(y > 0, 1.0, -1.0) * f)
    else:
        errors = 0.5 * (y - f) ** 2
    return float(np.average(errors, weights=weight))


class CircuitRegressorCV(_PathCV, CircuitRegressor):
    """:class:`CircuitRegressor` with the penalty chosen by cross-validation.

    Parameters
    ----------
    n_lams, ratio : int, float
        Penalties tried: ``n_lams`` from the largest useful one down to ``ratio`` times it, in equal ratios.
    lam : array_like, optional
        Penalties to try instead.
    cv : int, splitter or None
        Folds; None is 5, shuffled by ``random_state``.
    levels, max_gates : sequence of int, int, optional
        Lattice levels and gate limit; what is not given is chosen with the penalty: on level 1 literals alone, one
        gate, or no limit; then levels (1, 2) and (1, 2, 3) where the data are not 0/1.
    relative_lam, gamma, domain, oracle, tol, max_iter, time_limit, n_jobs, random_state
        As in :class:`CircuitRegressor`; ``relative_lam`` is not used, ``time_limit`` is for the final fit.

    Attributes
    ----------
    lam_, levels_, max_gates_ : float, tuple of int, int or None
        The choice.
    lams_, cv_losses_ : ndarray (n,), ndarray (n, folds)
        What was tried with these circuits, and the mean loss in each fold.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).integers(0, 2, (60, 4))
    >>> bool(CircuitRegressorCV(n_lams=8, cv=3).fit(X, X[:, 0] ^ X[:, 1]).score(X, X[:, 0] ^ X[:, 1]) > 0.99)
    True
    """

    def __init__(
        self, *, n_lams: int = 20, ratio: float = 1e-3, cv: Any = None, lam: Any = None, relative_lam: float = 0.01,
        gamma: float = 3.0, levels: Any = None, domain: str = "minmax", oracle: Any = "auto",
        max_gates: int | None = None, tol: float = 1e-3, max_iter: int = 500, time_limit: float | None = None,
        n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        super().__init__(lam=lam, relative_lam=relative_lam, gamma=gamma, levels=levels, domain=domain,
                         oracle=oracle, max_gates=max_gates, tol=tol, max_iter=max_iter, time_limit=time_limit,
                         n_jobs=n_jobs, random_state=random_state)  # fmt: skip
        self.n_lams = n_lams
        self.ratio = ratio
        self.cv = cv

    def _fit_one(self, X: Floats, y: Array, weight: Floats | None) -> Solution:
        return self._choose(X, y, weight, None)


class CircuitClassifierCV(_PathCV, CircuitClassifier):
    """:class:`CircuitClassifier` with the penalty chosen by cross-validation, for each class by itself.

    Parameters and attributes are those of :class:`CircuitRegressorCV`; with more than two classes ``lam_``,
    ``levels_``, ``max_gates_``, ``lams_`` and ``cv_losses_`` belong to the last class.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).integers(0, 2, (60, 4))
    >>> CircuitClassifierCV(n_lams=8, cv=3).fit(X, X[:, 0] ^ X[:, 1]).score(X, X[:, 0] ^ X[:, 1])
    1.0
    """

    def __init__(
        self, *, n_lams: int = 20, ratio: float = 1e-3, cv: Any = None, lam: Any = None, relative_lam: float = 0.01,
        gamma: float = 3.0, levels: Any = None, domain: str = "minmax", oracle: Any = "auto",
        max_gates: int | None = None, tol: float = 1e-3, max_iter: int = 500, time_limit: float | None = None,
        n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        super().__init__(lam=lam, relative_lam=relative_lam, gamma=gamma, levels=levels, domain=domain,
                         oracle=oracle, max_gates=max_gates, tol=tol, max_iter=max_iter, time_limit=time_limit,
                         n_jobs=n_jobs, random_state=random_state)  # fmt: skip
        self.n_lams = n_lams
        self.ratio = ratio
        self.cv = cv

    def _fit_one(self, X: Floats, y: Array, weight: Floats | None) -> Solution:
        return self._choose(X, y, weight, y)
