"""The estimators at one penalty."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from fw_circuits._checks import check_choice
from fw_circuits._labels import plain_labels
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_target
from fw_circuits.estimators.base import Task, _CircuitEstimator
from fw_circuits.estimators.rows import comparable_labels, row_weights, with_class_weight
from fw_circuits.exceptions import InputError
from fw_circuits.objective import Multinomial
from fw_circuits.solution import Solution


class CircuitRegressor(RegressorMixin, _CircuitEstimator):
    """Least squares over convex combinations of circuits.

    Parameters
    ----------
    lam : float, optional
        Penalty on the norm; default ``relative_lam`` times the smallest penalty that leaves only the intercept.
    relative_lam : float, default 0.01
        Used where ``lam`` is None.
    gamma, levels, domain, oracle, max_gates, tol, max_iter
        As in :func:`fw_circuits.solve`; ``oracle`` is one of its names.
    time_limit : float, optional
        Seconds for the whole ``fit``, the search for the default penalty included; it ends near them with the best
        solution so far and its certificate.
    n_jobs
        As in :func:`fw_circuits.solve`.
    random_state : int, RandomState, Generator or None, default 0
        Where the random choices of :func:`fw_circuits.solve` come from; None: fresh ones at each fit.
    kinds, literals, n_thresholds
        As in :func:`fw_circuits.solve`.  Frames may contain text, categories and gaps, in ``predict`` with their
        columns in any order; an array with gaps is refused unless ``kinds`` is given.
    monotone, positive
        As in :func:`fw_circuits.solve`; with classes: of the score of ``classes_[1]``, two classes only.

    Attributes
    ----------
    solution_ : Solution
        With its certificate.
    feature_importances_ : ndarray of shape (n_features,)
        Share of each column in the norm; a definition of this package: the weight ``|coef| kappa^(1/gamma)`` of a
        circuit is split equally among the columns it reads.
    n_iter_ : int
        Passes of the solver (the most of any class).
    columns_ : Columns or None
        The columns of the table, where it is not one of plain numbers alone.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> model = CircuitRegressor(lam=1e-4).fit(X, X[:, 0] ^ X[:, 1])
    >>> round(model.score(X, X[:, 0] ^ X[:, 1]), 3), model.feature_importances_.tolist()
    (1.0, [0.5, 0.5])
    """

    solution_: Solution

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to ``X`` (N, d), dense or sparse, and ``y`` (N,), with weights as in :func:`fw_circuits.solve`."""
        return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any = None) -> Self:
        clock, settings = self._begin()
        X, y = self._check_data(self._check_table(X, sample_weight), y, y_numeric=True)
        y, _ = check_target(y, len(X), self._loss)
        columns = self._columns_of(X)
        settings = self._by_place(settings)
        weight = row_weights(sample_weight, X)
        splitter = self._splitter(y, settings.random_state)
        task = Task(X, y, weight, splitter, groups, settings, clock, weight, columns)
        self.solution_ = self._named(self._fit_one(task))
        self.n_iter_ = max(1, len(self.solution_.trace))
        return self

    def predict(self, X: Any) -> Floats:
        """Predictions, shape (N,)."""
        check_is_fitted(self)
        return self._values(self.solution_, self._rows(X))


@dataclass(kw_only=True, eq=False, repr=False)
class CircuitClassifier(ClassifierMixin, _CircuitEstimator):
    """Logistic regression over convex combinations of circuits, of two classes or more.

    Parameters
    ----------
    lam, relative_lam, gamma, levels, domain, oracle, max_gates, tol, max_iter, time_limit, n_jobs, random_state
        As in :class:`CircuitRegressor`; ``time_limit`` is for all classes together.
    kinds, literals, n_thresholds, monotone, positive
        As in :class:`CircuitRegressor`.
    class_weight : dict, "balanced" or None
        Weights of the classes, by label (1 where a label is not named), with which the weights of the rows are
        multiplied; "balanced" gives all classes the same total.  The default penalty is that of the rows without
        them.  With several classes a row keeps the weight of its own class in each of the one-vs-rest problems.
    multi_class : {"ovr", "multinomial"}, default "ovr"
        For more than two classes: one solution of the multinomial loss with shared circuits and one certificate, or
        one logistic solution per class against the others, whose probabilities are scaled to sum 1.

    Attributes
    ----------
    classes_ : ndarray
        Labels in sorted order, those of rows of weight 0 left out.
    solutions_ : list of Solution
        One for two classes or "multinomial" (with their labels), else one per class (labels 1, this class, and 0,
        others).
    solution_ : Solution or MultinomialSolution
        The only one; there is no such attribute where there are several.
    feature_importances_, n_iter_, columns_, n_features_in_, feature_names_in_
        As in :class:`CircuitRegressor`; importances are the mean over the classes.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> CircuitClassifier().fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    """

    _loss = "logistic"
    _several: ClassVar[tuple[str, ...]] = ("ovr", "multinomial")
    class_weight: Any = None
    multi_class: str = "ovr"
    solutions_: list[Solution] = field(init=False)
    classes_: Array = field(init=False)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to labels ``y`` (N,); the others are as in :meth:`CircuitRegressor.fit`."""
        return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any = None) -> Self:
        check_choice("multi_class", self.multi_class, self._several)
        clock, settings = self._begin()
        X, y = self._check_data(self._check_table(X, sample_weight), comparable_labels(y))
        check_classification_targets(y)
        row_weight = row_weights(sample_weight, X)
        weight = self._class_weights(y, row_weight)
        columns, n = self._columns_of(X), self.classes_.size
        settings = self._by_place(settings)
        if n > 2 and settings.monotone is not None:
            raise InputError(f"monotone is for two classes: y has {n}, of which what raises one lowers others.")
        task = Task(X, y, weight, self._splitter(y, settings.random_state), groups, settings, clock, row_weight,
                    columns)  # fmt: skip
        if n > 2 and self.multi_class == "multinomial":
            codes = np.searchsorted(self.classes_, np.where(np.isin(y, self.classes_), y, self.classes_[0]))
            joint = replace(task, y=codes, settings=replace(settings, loss=Multinomial.name))
            solutions = [replace(self._named(self._fit_one(joint)), classes=plain_labels(self.classes_))]
        else:
            solutions = self._against_others(task, self.classes_[1:] if n == 2 else self.classes_)
        if n == 2:
            solutions[0] = replace(solutions[0], classes=plain_labels(self.classes_))
        self.solutions_ = solutions
        self.n_iter_ = max(1, *(len(s.trace) for s in self.solutions_))
        return self

    def _against_others(self, task: Task, positives: Array) -> list[Solution]:
        """One logistic solution for each of these classes, in equal shares of the time."""
        limit, solutions = task.settings.time_limit, []
        settings = task.settings if limit is None else replace(task.settings, time_limit=limit / len(positives))
        for i, c in enumerate(positives):
            share = task.clock.share(1.0 / (len(positives) - i))
            binary = replace(task, y=(task.y == c).astype(int), settings=settings, clock=share)
            solutions.append(self._named(self._fit_one(binary)))
        return solutions

    def _class_weights(self, y: Array, weight: Floats | None) -> Floats | None:
        """Find the classes of positive weight, and weigh the rows by them."""
        some = np.ones(len(y), dtype=bool) if weight is None else weight > 0.0
        self.classes_ = np.unique(y[some])
        codes = np.minimum(np.searchsorted(self.classes_, y), self.classes_.size - 1)
        weight = with_class_weight(self.class_weight, self.classes_, codes, weight)
        if weight is not None:
            self.classes_ = np.unique(y[weight > 0.0])
        if self.classes_.size < 2:
            raise InputError(
                "Classifier can't train when only one class is present: y contains only the class "
                f"{self.classes_.tolist()} on rows of positive weight; expected two or more."
            )
        return weight

    @property
    def solution_(self) -> Solution:
        """The solution, where it is one: of two classes, or multinomial."""
        check_is_fitted(self)
        if len(self.solutions_) != 1:
            raise AttributeError(f"there are {len(self.solutions_)} solutions; use solutions_, one per class.")
        return self.solutions_[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy, with the parameters as in :meth:`fit`."""
        return float(super().score(X, comparable_labels(y), sample_weight))

    def decision_function(self, X: Any) -> Floats:
        """Shape (N,) for two classes (positive: ``classes_[1]``), else (N, n_classes)."""
        check_is_fitted(self)
        rows = self._rows(X)
        if len(self.solutions_) == 1:
            return self._values(self.solutions_[0], rows)
        return np.stack([self._values(solution, rows) for solution in self.solutions_], axis=1)

    def predict(self, X: Any) -> Array:
        """Labels, shape (N,)."""
        scores = self.decision_function(X)
        return np.take(self.classes_, (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1))

    def predict_proba(self, X: Any) -> Floats:
        """Class probabilities, shape (N, n_classes): softmax, or one-vs-rest probabilities scaled to sum 1."""
        scores = self.decision_function(X)
        if scores.ndim == 2 and len(self.solutions_) == 1:
            joint: Floats = softmax(scores, axis=1)
            return joint
        p: Floats = expit(scores)
        if p.ndim == 1:
            return np.stack([1.0 - p, p], axis=1)
        p /= np.maximum(p.sum(axis=1, keepdims=True), 1e-300)
        return p
