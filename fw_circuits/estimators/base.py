"""What the four estimators share: parameters, checks, one clock and one seed for a whole ``fit``."""

from __future__ import annotations

import numbers
import time
import warnings
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from fw_circuits._sparse import densify
from fw_circuits._tables import read_frame
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_parameters, check_sample_weight
from fw_circuits.estimators.rows import merge_rows
from fw_circuits.exceptions import InputError
from fw_circuits.objective import make_loss
from fw_circuits.pipeline import Problem, multiplier_of_constant, path_of, prepare
from fw_circuits.solution import Solution

#: The largest seed that scikit-learn's splitters take.
LARGEST_SEED = 2**32 - 1


def share_of_time(deadline: float | None, share: float) -> float | None:
    """The moment when ``share`` of the time from now to ``deadline`` has gone."""
    if deadline is None:
        return None
    now = time.perf_counter()
    return now + share * max(deadline - now, 0.0)


def over(deadline: float | None) -> bool:
    """Whether the deadline has passed."""
    return deadline is not None and time.perf_counter() >= deadline


@dataclass(frozen=True)
class Task:
    """One binary or numeric problem of a fit.

    ``weight`` are those of the rows times those of their classes, ``row_weight`` those of the rows alone.
    ``time_limit`` is its nominal part of the limit, which does not depend on how far the clock is: a limit that is
    never reached changes nothing between two runs.
    """

    X: Floats
    y: Array
    weight: Floats | None
    splitter: Any
    groups: Any
    seed: int | None
    deadline: float | None
    time_limit: float | None
    row_weight: Floats | None

    def rows(self, which: Array) -> Task:
        """The same task on some of its rows."""
        some = {
            name: None if (w := getattr(self, name)) is None else w[which]
            for name in ("weight", "row_weight")
        }
        return replace(self, X=self.X[which], y=self.y[which], groups=None, **some)

    def merged(self) -> Task:
        """The same task with equal rows as one, their weights added."""
        X, y, weight = merge_rows(self.X, self.y, self.weight)
        row_weight = weight
        if self.weight is not None and self.weight is not self.row_weight:
            counted: Floats = np.where(
                self.weight > 0.0, 1.0 if self.row_weight is None else self.row_weight, 0.0
            )
            row_weight = merge_rows(self.X, self.y, counted)[2]
        return replace(self, X=X, y=y, weight=weight, row_weight=row_weight)

    def prepare(self, options: dict[str, Any], share: float = 1.0) -> Problem:
        """The problem, for a run that has ``share`` of the time."""
        limit = None if self.time_limit is None else share * self.time_limit
        return prepare(
            self.X, self.y, sample_weight=self.weight, random_state=self.seed, time_limit=limit, **options
        )


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

    def _begin(self) -> float | None:
        """Check the settings; the moment when the whole fit has to end."""
        start = time.perf_counter()
        check_parameters(gamma=self.gamma, tol=self.tol, max_iter=self.max_iter, time_limit=self.time_limit,
                         loss=self._loss, levels=self._levels(), max_gates=self.max_gates,
                         n_jobs=self.n_jobs)  # fmt: skip
        self._check_penalty()
        return None if self.time_limit is None else start + self.time_limit

    def _check_penalty(self) -> None:
        check_parameters(lam=self.lam)
        part = self.relative_lam
        if self.lam is None and not (isinstance(part, numbers.Real) and 0.0 < float(part) < np.inf):
            raise InputError(f"relative_lam is {part!r}; expected a finite number > 0.")

    def _levels(self) -> Any:
        return self.levels if np.ndim(self.levels) == 0 else tuple(self.levels)

    def _seed(self) -> int | None:
        """``random_state`` as one whole number for splits and solver; None asks for fresh ones."""
        state = self.random_state
        if isinstance(state, np.random.RandomState):
            return int(state.randint(2**31))
        if isinstance(state, np.random.Generator):
            return int(state.integers(2**31))
        if state is None or (isinstance(state, int | np.integer) and 0 <= state <= LARGEST_SEED):
            return None if state is None else int(state)
        raise InputError(
            f"random_state is {state!r}; expected a whole number from 0 to 2**32 - 1, None, or a RandomState or "
            "Generator of NumPy."
        )

    def _splitter(self, y: Array, seed: int | None) -> Any:
        """Where the folds of one fit come from; None without cross-validation."""
        return None

    def _check_data(self, X: Any, *y: Any, **checks: Any) -> Any:
        """X, or X and y, by scikit-learn's rules; sparse tables become dense, and frames of any kind keep names."""
        frame, known = read_frame(X), getattr(self, "feature_names_in_", None)
        names = frame.names if frame is not None and frame.named and frame.names else None
        with warnings.catch_warnings():
            if names is not None:  # scikit-learn up to 1.8 does not see those of polars
                warnings.filterwarnings("ignore", "X does not have valid feature names")
            data = validate_data(self, densify(X), *y, reset=bool(y), dtype=np.float64, **checks)
        if names is not None and y:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif frame is not None and not y:
            wanted = list(map(str, range(self.n_features_in_) if known is None else known))
            both = (names is not None and known is not None) or set(frame.names) == set(wanted)
            if both and list(frame.names) != wanted:
                raise InputError(
                    "The feature names should match those that were passed during fit, in their order: X has "
                    f"{list(frame.names)}; expected {wanted}."
                )
        return data

    def _data_options(self) -> dict[str, Any]:
        return {
            "gamma": self.gamma, "loss": self._loss, "levels": self._levels(), "domain": self.domain,
            "oracle": self.oracle, "max_gates": self.max_gates, "n_jobs": self.n_jobs,
        }  # fmt: skip

    def _fit_one(self, task: Task) -> Solution:
        """One solution on checked data; equal rows are one row with their weights added."""
        merged = task.merged()
        problem = merged.prepare(self._data_options())
        lam = self.lam
        if lam is None:
            # Weights of classes say what is fitted, not how strongly: extreme ones make lam_max vanish.
            weights = check_sample_weight(merged.row_weight, len(merged.y))
            plain = replace(problem, loss=make_loss(self._loss, problem.loss.y, weights))
            lam = self.relative_lam * multiplier_of_constant(plain, task.deadline) or 1.0
        return next(path_of(problem, [lam], tol=self.tol, max_iter=self.max_iter, deadline=task.deadline))

    def _named(self, solution: Solution) -> Solution:
        names = getattr(self, "feature_names_in_", None)
        return solution if names is None else replace(solution, feature_names=tuple(map(str, names)))

    def _all_solutions(self) -> list[Solution]:
        fitted = vars(self)
        return list(fitted["solutions_"] if "solutions_" in fitted else [fitted["solution_"]])

    @property
    def feature_importances_(self) -> Floats:
        """Share of each column in the norm, shape (n_features,); zeros where no column is used.

        A definition of this package: the weight ``|coef| kappa^(1/gamma)`` of a circuit is split equally among the
        columns that it reads.  For several classes it is the mean over their solutions, again scaled to sum 1.
        """
        check_is_fitted(self)
        shares = [_shares(solution, self.n_features_in_) for solution in self._all_solutions()]
        mean: Floats = np.mean(shares, axis=0)
        return mean / (mean.sum() or 1.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _shares(solution: Solution, n_features: int) -> Floats:
    shares = np.zeros(n_features)
    for b, atom in zip(solution.coef, solution.atoms, strict=True):
        columns = list(atom.support)
        if columns:
            shares[columns] += abs(b) * atom.cost ** (1.0 / solution.gamma) / len(columns)
    return shares / (shares.sum() or 1.0)
