"""What the four estimators share: parameters, checks, one clock and one seed for a whole ``fit``."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from fw_circuits._checks import check_real
from fw_circuits._settings import Settings
from fw_circuits._sparse import densify
from fw_circuits._tables import default_names, read_frame
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight
from fw_circuits.columns import Columns, columns_for
from fw_circuits.estimators.rows import merge_rows
from fw_circuits.exceptions import InputError
from fw_circuits.objective import make_loss
from fw_circuits.oracle import Shape
from fw_circuits.pipeline import Problem, first_search, path_of, prepare
from fw_circuits.solution import Solution
from fw_circuits.solver import Clock

#: The largest seed that scikit-learn's splitters take.
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Task:
    """One binary or numeric problem of a fit.

    X has the numbers of the table, or the base columns of its ``columns``.  ``weight`` are those of the rows times
    those of their classes, ``row_weight`` those of the rows alone.
    The ``time_limit`` of the settings is its nominal share of the limit, which does not depend on how far the clock is:
    a limit that is never reached changes nothing between two runs.
    """

    X: Floats
    y: Array
    weight: Floats | None
    splitter: Any
    groups: Any
    settings: Settings
    clock: Clock
    row_weight: Floats | None
    columns: Columns | None = None

    def rows(self, which: Array) -> Task:
        """The same task on some of its rows."""
        weight, row_weight = (None if w is None else w[which] for w in (self.weight, self.row_weight))
        return replace(self, X=self.X[which], y=self.y[which], groups=None, weight=weight, row_weight=row_weight)

    def merged(self) -> Task:
        """The same task with equal rows as one, their weights added."""
        X, y, weight = merge_rows(self.X, self.y, self.weight)
        row_weight = weight
        if self.weight is not None and self.weight is not self.row_weight:
            counted: Floats = np.where(self.weight > 0.0, 1.0 if self.row_weight is None else self.row_weight, 0.0)
            row_weight = merge_rows(self.X, self.y, counted)[2]
        return replace(self, X=X, y=y, weight=weight, row_weight=row_weight)

    def prepare(self, share: float = 1.0, **changes: Any) -> Problem:
        """The problem, with some settings changed, for a run that has ``share`` of the time."""
        limit = self.settings.time_limit
        settings = replace(self.settings, time_limit=None if limit is None else share * limit, **changes)
        plain = self.columns is None or (self.columns.is_plain and settings.literals == "bits")
        return prepare(self.X, self.y, settings, self.weight, None if plain else self.columns)


@dataclass(kw_only=True, eq=False, repr=False)
class _CircuitEstimator(BaseEstimator):
    """Shared parameters and fitting; one :class:`Solution` per binary problem."""

    _loss: ClassVar[str] = "squared"

    lam: Any = None
    relative_lam: float = 0.01
    gamma: float = 3.0
    levels: Any = None
    domain: str = "minmax"
    oracle: Any = "auto"
    max_gates: int | None = None
    tol: float = 1e-3
    max_iter: int = 500
    time_limit: float | None = None
    n_jobs: int | None = None
    random_state: Any = 0
    kinds: Any = None
    literals: str = "bits"
    n_thresholds: int = 8
    monotone: Any = None
    positive: bool = False

    def _begin(self) -> tuple[Clock, Settings]:
        """The clock of the whole fit, and the checked settings without the penalty."""
        start, seed = time.perf_counter(), self._seed()
        own = self.get_params(deep=False)
        given = {f.name: own[f.name] for f in fields(Settings) if f.name in own}
        levels = self.levels if np.ndim(self.levels) == 0 else tuple(self.levels)
        given |= {"lam": None, "levels": levels, "random_state": seed, "loss": self._loss}
        settings = Settings.of(**given | {"literals": self._first_literals()})
        self._check_penalty()
        return Clock(settings.time_limit, start), settings

    def _first_literals(self) -> str:
        """What circuits read of columns of numbers, at first."""
        return self.literals

    def _by_place(self, settings: Settings) -> Settings:
        """The settings with ``monotone`` as one number per column of the data that were checked."""
        names = tuple(map(str, getattr(self, "feature_names_in_", default_names(self.n_features_in_))))
        directions = Shape.of(settings.monotone, settings.positive, names).directions
        return replace(settings, monotone=directions if any(directions) else None)

    def _check_penalty(self) -> None:
        Settings.of(lam=self.lam)
        if self.lam is None:
            check_real("relative_lam", self.relative_lam, 0.0, above=True)

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

    def _check_table(self, X: Any, sample_weight: Any) -> Any:
        """X for `_check_data`: where it has kinds of columns, their base columns as numbers."""
        self.columns_ = columns_for(X, self.kinds, sample_weight=sample_weight)
        return X if self.columns_ is None else self.columns_.base(X)

    def _columns_of(self, X: Floats) -> Columns | None:
        """The columns behind checked numbers X, under their own names; None where nobody asks for them."""
        columns = self.columns_
        if columns is not None:  # what scikit-learn saw are base columns: the features are those of the raw table
            self.n_features_in_ = len(columns.columns)
            if columns.named:
                self.feature_names_in_ = np.array(columns.raw_names, dtype=object)
        elif self.literals != "bits":
            columns = Columns.fit(X)
            if (names := getattr(self, "feature_names_in_", None)) is not None:
                renamed = (replace(c, name=str(name)) for c, name in zip(columns.columns, names, strict=True))
                columns = Columns(tuple(renamed), named=True)
        return columns

    def _rows(self, X: Any) -> Floats:
        """The rows of a new table, as `_values` takes them."""
        columns = getattr(self, "columns_", None)
        found: Floats = self._check_data(X) if columns is None else columns.base(X)
        return found

    @staticmethod
    def _values(solution: Solution, rows: Floats) -> Floats:
        return solution.combination.values(rows if solution.columns is None else solution.columns.expand(rows))

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

    def _fit_one(self, task: Task) -> Solution:
        """One solution on checked data; equal rows are one row with their weights added."""
        merged = task.merged()
        problem = merged.prepare()
        lam, first = self.lam, None
        if lam is None:
            # Weights of classes say what is fitted, not how strongly: extreme ones make lam_max vanish.
            same = merged.row_weight is merged.weight
            weights = check_sample_weight(merged.row_weight, len(merged.y))
            plain = problem if same else replace(problem, loss=make_loss(merged.settings.loss, problem.loss.y, weights))
            search = first_search(plain, task.clock)
            lam, first = self.relative_lam * search.lam_max or 1.0, search.answer if same else None
        return next(path_of(problem, [lam], task.clock, first=first))

    def _named(self, solution: Solution) -> Solution:
        names = getattr(self, "feature_names_in_", None)
        return (
            solution
            if names is None or solution.columns is not None
            else replace(solution, feature_names=tuple(map(str, names)))
        )

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
        shares = [
            s.combination.shares(s.gamma, None if s.columns is None else s.columns.origins)
            for s in self._all_solutions()
        ]
        mean: Floats = np.mean(shares, axis=0)
        return mean / (mean.sum() or 1.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
