"""The choice of the set of circuits and of the penalty by cross-validation along warm-started paths.

Every fold is the problem on all rows, with weight 0 on those held out: rows, literals and the values of atoms are
prepared once for all folds and penalties (`fold`).  The domain of real columns is that of all rows, too; targets held
out are seen by nobody but the judge.  Sets of circuits race: a larger one that the first folds find no better is left
out.  The solution on all rows starts from the atoms of the folds, and is solved and certified as `solve` does it.

What the time limit leaves out is not a candidate: a fold's solution that it cut short says nothing about its penalty.
Only the first candidate is judged in any case, on the folds that were reached.
"""

from __future__ import annotations

import inspect
import numbers
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from fw_circuits._settings import check_penalties
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight, is_boolean
from fw_circuits.estimators.base import Task, _CircuitEstimator
from fw_circuits.estimators.fold import Fold, Pool
from fw_circuits.exceptions import InputError
from fw_circuits.objective import find_loss, make_loss
from fw_circuits.oracle import DeepOracle, GateOracle, Oracle, ShapedOracle, SubsetOracle
from fw_circuits.pipeline import Problem, lam_max_of, path_of
from fw_circuits.pipeline.fit import blas
from fw_circuits.solution import Solution
from fw_circuits.solver import Clock

#: Cross-validation stops going down a path after this many penalties without a new best.
PATIENCE = 3
#: A larger set of circuits is chosen if it lowers the loss to this part: paths that are not exact flatter it a little.
GAIN = 0.98
#: It is tried on this many folds first, and on the others if it lowers the loss there at all.
RACERS = 2
#: Lattice levels that are tried at most, one more at a time as long as that helps.
DEEPEST = (1, 2, 3, 4)
#: Folds take functions of four literals from this many of the best literals of a level.
LITERALS = 32
#: Part of the time limit for choosing; the rest is for the final fit.
CHOOSING = 0.5


@dataclass(frozen=True)
class _Choice:
    """A set of circuits with its path of penalties, the losses of its folds, and the atoms that they know."""

    rung: dict[str, Any]
    problem: Problem
    lams: list[float]
    losses: Floats
    pool: Pool
    n_atoms: int

    @cached_property
    def means(self) -> Floats:
        """Mean loss at each penalty, infinite where it is no number."""
        means = self.losses.mean(axis=1)
        return np.where(np.isfinite(means), means, np.inf)

    @property
    def loss(self) -> float:
        """The least mean loss."""
        return float(self.means.min(initial=np.inf))

    @property
    def place(self) -> int:
        """Where it is."""
        return int(self.means.argmin())

    @property
    def lam(self) -> float:
        """The penalty there."""
        return self.lams[self.place]


@dataclass(kw_only=True, eq=False, repr=False)
class _PathCV(_CircuitEstimator):
    """Choose the set of circuits and the penalty by cross-validation along warm-started paths."""

    n_lams: int = 20
    ratio: float = 1e-3
    cv: Any = None
    literals: str = "auto"

    def _first_literals(self) -> str:
        return "bits" if self.literals == "auto" else self.literals

    def _check_penalty(self) -> None:
        lams = None if self.lam is None else np.atleast_1d(self.lam)
        check_penalties(lams, self.n_lams, self.ratio, name="lam")

    def _fit_one(self, task: Task) -> Solution:
        choosing = replace(task, clock=task.clock.share(CHOOSING))
        with blas().limit(limits=1, user_api="blas"):
            chosen = self._choose(choosing, self._folds(task))
        self.lam_, self.levels_, self.max_gates_ = chosen.lam, chosen.rung["levels"], chosen.rung["max_gates"]
        self.literals_, self.n_thresholds_ = chosen.rung["literals"], chosen.rung["n_thresholds"]
        self.lams_, self.cv_losses_ = np.array(chosen.lams[: len(chosen.losses)]), chosen.losses
        problem = chosen.problem
        if task.settings.time_limit is not None:  # the final fit has more time
            problem = task.prepare(**chosen.rung)
        stages = chosen.lams[chosen.place % 4 : chosen.place + 1 : 4]
        start = chosen.pool.solved(problem.loss, stages, chosen.n_atoms, problem.lattice)
        return next(path_of(problem, [chosen.lam], task.clock, warm_start=start if len(start) else None))

    def _choose(self, task: Task, splits: list[tuple[Array, Array]]) -> _Choice:
        """Go up the ladder of sets of circuits, each with its path of penalties on all folds."""
        chosen: _Choice | None = None
        folds: list[Fold] = []
        known: Any = None
        deeper, tried = True, list[Any]()
        pool = Pool(len(task.y), task.settings.gamma)
        for rung in self._ladder(task.X if task.weight is None else task.X[task.weight > 0.0]):
            if chosen is not None and task.clock.expired():
                break
            if len(rung["levels"]) > 1 and not deeper:
                continue
            if chosen is not None and rung["n_thresholds"] > self.n_thresholds and not self._fine(chosen.rung):
                continue
            problem = task.prepare(CHOOSING, **rung)
            what = problem.columns, rung["levels"], rung["max_gates"]
            if what in tried:  # columns of few values have the same thresholds, however many are asked for
                continue
            tried.append(what)
            fast = _fast(problem.oracle)
            oracles = [fast or task.prepare(CHOOSING, **rung).oracle for _ in splits]
            lams = self._penalties(replace(problem, oracle=oracles[0]), task.clock)
            if (problem.lattice.knots, problem.columns) != known:  # atoms of another domain are other functions
                known, pool = (problem.lattice.knots, problem.columns), Pool(len(task.y), task.settings.gamma)
                folds = [_fold(task, train, test, pool) for train, test in splits]
            for fold, oracle in zip(folds, oracles, strict=True):
                fold.start(oracle, lams, task.clock, problem.settings.max_iter)
            losses = self._raced(folds, task.clock, chosen)
            better = _Choice(rung, problem, lams, losses, pool, len(pool.atoms))
            if better.loss < (np.inf if chosen is None else GAIN * chosen.loss):
                chosen = better
            elif chosen is None:
                raise InputError(
                    "the loss on the rows held out is not a finite number at any penalty; expected targets and "
                    "predictions whose squares are in the range of numbers: divide y by its scale."
                )
            elif len(rung["levels"]) > 1:  # more levels have not helped: still more will not
                deeper = False
        assert chosen is not None  # the first set of circuits is chosen, or an error
        return chosen

    def _fine(self, rung: dict[str, Any]) -> bool:
        """Whether thresholds have won at their usual number, so that more of them are worth a try."""
        return bool(rung["literals"] == "thresholds" and rung["n_thresholds"] >= self.n_thresholds)

    def _raced(self, folds: list[Fold], clock: Clock, best: _Choice | None) -> Floats:
        """`_judged` on all folds; none where the first few say that the set of circuits is worse."""
        few = folds[:RACERS]
        if best is not None and len(few) < len(folds) == best.losses.shape[1]:
            losses = self._judged(few, clock, False)
            means = losses.mean(axis=1)
            if not means.min(initial=np.inf) <= best.losses[best.place, :RACERS].mean():
                return np.empty((0, len(folds)))
        return self._judged(folds, clock, best is None)

    def _ladder(self, X: Floats) -> list[dict[str, Any]]:
        """Sets of circuits to choose from: for each kind of literals, each containing the one before."""
        n, auto = self.n_thresholds, self.literals == "auto" and not is_boolean(X)
        kinds = [(self._first_literals(), n)]
        if auto:
            kinds += [("thresholds", k) for k in dict.fromkeys((max(1, n // 2), n, 2 * n))]
        return [
            rung | {"literals": literals, "n_thresholds": k}
            for literals, k in kinds
            for rung in self._rungs(X, literals)
        ]

    def _rungs(self, X: Floats, literals: str) -> list[dict[str, Any]]:
        if self.levels is not None:
            levels = [tuple(self.levels)]
        else:
            deepest = 1 if literals != "bits" or is_boolean(X) else len(DEEPEST)
            levels = [DEEPEST[:k] for k in range(1, deepest + 1)]
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

    def _judged(self, folds: list[Fold], clock: Clock, first: bool) -> Floats:
        """Mean loss on each fold's rows, shape (penalties, folds); ends early once it has risen ``PATIENCE`` times.

        The folds go down their paths side by side.
        """
        rows: list[list[float]] = []
        for i in range(len(folds[0].lams)):
            row: list[float] = []
            for fold in folds:
                if clock.expired() and (row or rows or not first):
                    break
                row.append(fold.loss_at(i))
            cut = len(row) < len(folds) or clock.expired()
            if cut and (rows or not first):
                break
            rows.append(row)
            means = np.nan_to_num(np.mean(rows, axis=1), nan=np.inf)
            if cut or len(means) - 1 - int(means.argmin()) >= PATIENCE:
                break
        return np.array(rows) if rows else np.empty((0, len(folds)))


def _fast(oracle: Oracle) -> Oracle | None:
    """The oracle for many searches, where it is one for all folds; None where it remembers what a fold has found."""
    if isinstance(oracle, DeepOracle) and not oracle.finders:
        oracle = oracle.exact
    if isinstance(oracle, SubsetOracle | ShapedOracle):
        return oracle.narrowed(LITERALS)
    return oracle if isinstance(oracle, GateOracle) else None


def _fold(task: Task, train: Array, test: Array, pool: Pool) -> Fold:
    """A fold on all rows: those of ``train`` as often as they are named, all others with weight 0."""
    kind, n = find_loss(task.settings.loss), len(task.y)
    weight = np.ones(n) if task.weight is None else task.weight
    target, _ = kind.encode_target(task.y, n, weight)
    loss = make_loss(kind, target, check_sample_weight(np.bincount(train, minlength=n) * weight, n))
    held_out = make_loss(kind, target[test])
    counts = None if task.weight is None else weight[test] / weight[test].max()  # so that no product overflows

    def judge(f: Floats) -> float:
        return float(np.average(held_out.row_losses(f[test]), weights=counts))

    return Fold(loss, judge, pool)


def _short(cv: Any) -> str:
    text = "None (5 folds)" if cv is None else " ".join(repr(cv).split())
    return text if len(text) <= 100 else text[:97] + "..."
