"""The choice of the set of circuits and of the penalty by cross-validation along warm-started paths.

What the time limit leaves out is not a candidate: a fold's solution that it cut short says nothing about its penalty.
Only the first candidate is judged in any case, on the folds that were reached.
"""

from __future__ import annotations

import inspect
import numbers
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from fw_circuits._settings import check_penalties
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import is_boolean
from fw_circuits.estimators.base import Task, _CircuitEstimator
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.objective import find_loss, make_loss
from fw_circuits.pipeline import Problem, lam_max_of, path_of
from fw_circuits.solution import Solution, Status
from fw_circuits.solver import Clock

#: Cross-validation stops going down a path after this many penalties without a new best.
PATIENCE = 4
#: Relative gap at which two penalties can be told apart.
CV_TOL = 1e-2
#: Part of the time limit for choosing; the rest is for the final fit.
CHOOSING = 0.5


@dataclass(kw_only=True, eq=False, repr=False)
class _PathCV(_CircuitEstimator):
    """Choose the set of circuits and the penalty by cross-validation along warm-started paths."""

    n_lams: int = 20
    ratio: float = 1e-3
    cv: Any = None

    def _check_penalty(self) -> None:
        lams = None if self.lam is None else np.atleast_1d(self.lam)
        check_penalties(lams, self.n_lams, self.ratio, name="lam")

    def _fit_one(self, task: Task) -> Solution:
        folds = self._folds(task)
        choosing = replace(task, clock=task.clock.share(CHOOSING))
        best: float = np.inf
        chosen: tuple[dict[str, Any], Problem] | None = None
        upto: list[float] = []
        for rung in self._ladder(task.X if task.weight is None else task.X[task.weight > 0.0]):
            first = chosen is None
            if not first and choosing.clock.expired():
                break
            problem = choosing.prepare(CHOOSING, **rung)
            lams = self._penalties(problem, choosing.clock)
            losses = self._cross_validate(choosing, folds, rung, lams, first)
            mean = np.array([m if np.isfinite(m) else np.inf for m in losses.mean(axis=1)])
            if mean.min(initial=np.inf) < best:
                best, chosen, upto = float(mean.min()), (rung, problem), lams[: int(mean.argmin()) + 1]
                self.cv_losses_, self.lams_ = losses, np.array(lams[: len(mean)])
            elif first:
                raise InputError(
                    "the loss on the rows held out is not a finite number at any penalty; expected targets and "
                    "predictions whose squares are in the range of numbers: divide y by its scale."
                )
            elif len(rung["levels"]) > 1:  # more levels have not helped: still more will not
                break
        assert chosen is not None  # the first set of circuits is chosen, or an error
        rung, problem = chosen
        self.lam_, self.levels_, self.max_gates_ = upto[-1], rung["levels"], rung["max_gates"]
        if task.settings.time_limit is not None:  # the final fit has more time
            problem = task.prepare(**rung)
        return self._final(problem, task.clock, upto[-3:])

    def _final(self, problem: Problem, clock: Clock, lams: list[float]) -> Solution:
        """The solution at the last of the penalties; those before it have half of the time to help it start."""
        before = list(path_of(problem, lams[:-1], clock.share(0.5)))
        return next(path_of(problem, lams[-1:], clock, warm_start=before[-1] if before else None))

    def _ladder(self, X: Floats) -> list[dict[str, Any]]:
        """Sets of circuits to choose from, each containing the one before."""
        if self.levels is not None:
            levels = [tuple(self.levels)]
        else:
            levels = [(1,)] if is_boolean(X) else [(1,), (1, 2), (1, 2, 3)]
        flat = self.oracle in ("auto", "subset")  # other oracles search beyond four literals from the start
        gates = [0, 1, None] if flat and self.max_gates is None else [self.max_gates]
        rungs = [{"levels": levels[0], "max_gates": m} for m in gates]
        return rungs + [{"levels": more, "max_gates": self.max_gates} for more in levels[1:]]

    def _penalties(self, problem: Problem, clock: Clock) -> list[float]:
        if self.lam is not None:
            return sorted(map(float, np.atleast_1d(self.lam)), reverse=True)
        top = lam_max_of(problem, clock) or 1.0
        return [float(v) for v in top * np.geomspace(1.0, float(self.ratio), self.n_lams + 1)[1:]]

    def _splitter(self, y: Array, seed: int | None) -> Any:
        classify = self._loss == "logistic"
        if self.cv is None:
            return (StratifiedKFold if classify else KFold)(n_splits=5, shuffle=True, random_state=seed)
        try:
            return check_cv(self.cv, y=y, classifier=classify)
        except (ValueError, TypeError) as error:
            raise self._bad_folds(y, error) from error

    def _folds(self, task: Task) -> list[tuple[Array, Array]]:
        """Rows to fit and rows to judge by, those folds left out whose rows have no weight or a single class."""
        known = inspect.signature(task.splitter.split).parameters
        if task.groups is not None and (self.cv is None or "groups" not in known):
            raise InputError(f"groups were given, but cv is {_short(self.cv)}; expected a splitter that uses them.")
        counts = np.ones(len(task.y)) if task.weight is None else task.weight
        ours = self.cv is None or isinstance(self.cv, numbers.Integral)
        some = np.flatnonzero(counts > 0.0) if ours else np.arange(len(task.y))  # a splitter knows all rows
        needed = 2 if self._loss == "logistic" else 1
        try:
            groups = {} if task.groups is None else {"groups": np.asarray(task.groups)[some]}
            folds = [
                (some[train], some[test])
                for train, test in task.splitter.split(task.X[some], task.y[some], **groups)
                if np.unique(task.y[some[train]][counts[some[train]] > 0]).size >= needed
                and counts[some[test]].sum() > 0
            ]
        except (ValueError, TypeError, IndexError) as error:
            raise self._bad_folds(task.y, error) from error
        if not folds:
            raise InputError(
                f"no fold of cv={_short(self.cv)} has rows of positive weight to judge by and, to fit, "
                f"{'two different classes' if needed == 2 else 'a row'} of positive weight; use fewer folds or more "
                "rows."
            )
        return folds

    def _bad_folds(self, y: Array, error: Exception) -> InputError:
        members = np.unique(y, return_counts=True)[1]
        classes = f" ({members.min()} in the smallest class)" if self._loss == "logistic" else ""
        return InputError(
            f"cv={_short(self.cv)} does not split {len(y)} rows{classes}: {error}  Expected a number of "
            "folds from 2 to the number of rows (for classes: of each), a splitter of scikit-learn, or pairs of row "
            "numbers to fit and to judge by; a splitter of groups gets them by fit(..., groups=...)."
        )

    def _cross_validate(
        self, task: Task, folds: list[tuple[Array, Array]], rung: dict[str, Any], lams: list[float],
        first: bool,
    ) -> Floats:  # fmt: skip
        """Mean loss on each fold's rows, shape (penalties, folds); ends early once it has risen ``PATIENCE`` times.

        The folds go down their paths side by side.
        """
        paths = [self._fold_path(task.rows(train), rung, lams, CHOOSING / len(folds)) for train, _ in folds]
        held_out = [task.rows(test) for _, test in folds]
        rows: list[list[float]] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolverWarning)
            while True:
                solutions: list[Solution] = []
                for path in paths:
                    if task.clock.expired() and (solutions or rows or not first):
                        break
                    solutions.extend(islice(path, 1))
                cut = len(solutions) < len(folds) or any(s.status is Status.TIME_LIMIT for s in solutions)
                if not solutions or (cut and (rows or not first)):
                    break
                rows.append([_test_loss(s, r) for s, r in zip(solutions, held_out, strict=False)])
                means = np.nan_to_num(np.mean(rows, axis=1), nan=np.inf)
                if cut or len(means) - 1 - int(means.argmin()) >= PATIENCE:
                    break
        return np.array(rows) if rows else np.empty((0, len(folds)))

    def _fold_path(self, task: Task, rung: dict[str, Any], lams: list[float], share: float) -> Iterator[Solution]:
        """To a relative gap of at most ``CV_TOL``: enough to rank penalties.  Prepared when it is first asked."""
        problem = task.prepare(share, tol=max(task.settings.tol, CV_TOL), **rung)
        yield from path_of(problem, lams, task.clock)


def _test_loss(solution: Solution, rows: Task) -> float:
    """Mean loss of the fitted kind on other rows; 0/1 labels count as the solution's classes."""
    f = solution.combination.values(rows.X)
    kind = find_loss(solution.loss)
    errors = make_loss(kind, np.where(rows.y > 0, 1.0, -1.0) if kind.labels else rows.y).row_losses(f)
    weight = None if rows.weight is None else rows.weight / rows.weight.max()  # so that no product overflows
    return float(np.average(errors, weights=weight))


def _short(cv: Any) -> str:
    text = "None (5 folds)" if cv is None else " ".join(repr(cv).split())
    return text if len(text) <= 100 else text[:97] + "..."
