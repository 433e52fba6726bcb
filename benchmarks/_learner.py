"""One Boolean circuit from training and validation rows within given seconds: what ``iwls2020`` and ``anytime`` run.

One run on the training rows goes down the penalties; after every pass the validation rows judge the point, and the best
one is kept.  The rest of the time is for the same penalty on all rows, from there on; then the combination is rounded.
The settings below were chosen on the 36 development examples of the IWLS 2020 contest.
"""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from fw_circuits import solve
from fw_circuits._typing import Array
from fw_circuits.pipeline import first_search, prepare
from fw_circuits.pipeline.fit import fit
from fw_circuits.rounding import round_solution
from fw_circuits.solution import Settings
from fw_circuits.solver import Clock
from fw_circuits.tetrakis import Combination

GAMMA, MAX_ITER, LIMIT = 3.0, 500, 5000
#: The smallest penalty, as a fraction of the largest useful one.
RATIO = 0.003
TOL = 1e-3
#: Part of the time that is over when rounding begins.
LEFT = 0.9
#: Rows, about, that roundings are compared on.
ROWS = 6_400
#: Part of the time for the training rows.
CHOOSING = 0.5
#: Twice the rows bear a smaller penalty, for sampling errors fall by 0.7: this part of the best on the training rows.
MORE = 0.8
#: What ends the first run: this many passes without a better score, in which the penalty has fallen to this part.
PATIENCE, PART = 8, 0.3


class Judge:
    """Called after every pass: scores the point on the validation rows, and keeps the best one; true: enough.

    The best has the largest accuracy, and of several the least loss; either shows that the run is still of use.
    """

    def __init__(self, V: Array, right: Array) -> None:
        self.V, self.signs = V, np.where(right, 1.0, -1.0)
        self.scores: list[float] = []
        self.best: tuple[float, tuple[Any, ...], Array, float] = (np.inf, (), np.zeros(0), 0.0)
        self._values: dict[Any, Array] = {}
        self._most, self._least, self._idle = (-1.0, 0.0), np.inf, 0

    def __call__(self, run: Any) -> bool:
        active = run.active
        for atom in active.atoms:
            if atom.key not in self._values:
                self._values[atom.key] = atom.values(self.V).astype(np.float32)
        margin = np.full(len(self.signs), active.intercept)
        for b, atom in zip(active.coef, active.atoms, strict=True):
            margin += b * self._values[atom.key]
        margin *= self.signs
        accuracy, loss = float(np.mean(margin > 0.0)), float(np.logaddexp(0.0, -margin).mean())
        self.scores.append(accuracy)
        better = (accuracy, -loss) > self._most
        self._idle = 0 if better or loss < self._least else self._idle + 1
        self._least = min(self._least, loss)
        multiplier = float(np.abs(active.scores(active.loss.dual_point(active.f))).max(initial=0.0))
        if better:
            self._most = accuracy, -loss
            self.best = multiplier, tuple(active.atoms), active.coef.copy(), active.intercept
        return self._idle >= PATIENCE and multiplier <= PART * self.best[0]


def learn(train: tuple[Array, Array], validation: tuple[Array, Array], seconds: float) -> tuple[Any, Any, list[float]]:
    """The solution, its rounded circuit, and the scores on the validation rows pass by pass."""
    (X, y), (V, v) = train, validation
    start = time.perf_counter()
    settings = Settings.of(gamma=GAMMA, loss="logistic", oracle="deep", time_limit=seconds, tol=TOL, max_iter=MAX_ITER)
    problem = prepare(X, y, settings)
    prepared = time.perf_counter() - start
    clock = Clock(CHOOSING * seconds, start)
    first = first_search(problem, clock)
    judge = Judge(V, v == problem.classes[1])
    lam = RATIO * first.lam_max or 1.0
    solution = fit(problem, {"lam": lam}, clock, first=first.answer, callbacks=(judge,))
    multiplier, atoms, coef, intercept = judge.best
    chosen = replace(solution, combination=Combination(atoms, coef, intercept, problem.lattice))
    both, labels = np.concatenate([X, V]), np.concatenate([y, v])
    left = start + LEFT * seconds - time.perf_counter()
    if left > 0.1 * seconds + 4.0 * prepared:
        lam = max(lam, MORE * multiplier)
        solution = solve(both, labels, gamma=GAMMA, loss="logistic", lam=lam, oracle="deep", tol=TOL,
                         max_iter=MAX_ITER, time_limit=left, warm_start=chosen)  # fmt: skip
    else:
        solution = chosen
    some = slice(None, None, max(1, len(both) // ROWS))
    return (
        solution,
        round_solution(solution, X=both[some], y=labels[some], max_gates=LIMIT, max_ands=LIMIT),
        judge.scores,
    )
