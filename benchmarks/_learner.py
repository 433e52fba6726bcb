"""One Boolean circuit from training and validation rows within given seconds: what ``iwls2020`` and ``anytime`` run.

A round goes down the penalties on one half of the rows; after every pass the other half judges the point, and the best
one is kept.  If that was over early, a gauge that makes large circuits dearer has a try.  From the best point it goes
on at the same penalty on all rows, until that brings little.  As long as there is time for one more, rounds follow with
the halves exchanged and with other halves.  The mean of the good ones is rounded, if need be with fewer atoms.
The settings below were chosen on the 36 development examples of the IWLS 2020 contest.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fw_circuits import solve
from fw_circuits._typing import Array
from fw_circuits.objective import make_loss
from fw_circuits.pipeline import first_search, prepare
from fw_circuits.pipeline.fit import fit
from fw_circuits.rounding import round_solution
from fw_circuits.solution import Settings
from fw_circuits.solver import Clock
from fw_circuits.solver.refit import refit
from fw_circuits.tetrakis import Combination

MAX_ITER, LIMIT = 500, 5000
#: Of the weights kappa^(1/gamma): the smaller one where the larger is soon done, for it fits less noise.
GAMMAS = (3.0, 2.1)
#: The smallest penalty, as a fraction of the largest useful one.
RATIO = 0.003
TOL = 1e-3
#: Part of the time that is over when rounding begins.
LEFT = 0.9
#: Rows, about, that roundings are compared on.
ROWS = 6_400
#: Part of the time of the first round for one half of the rows.
CHOOSING = 0.5
#: Twice the rows bear a smaller penalty, for sampling errors fall by 0.7: this part of the least on one half whose
#: accuracy is no further below the best, but not less than the last part of the best one's.
MORE, SAME, LEAST = 0.8, 0.002, 0.6
#: Part of the time of a round that there must be for another gauge.
TRY = 0.1
#: What ends the run on one half: this many passes of no use, that took this part of the time until then, in which the
#: penalty has fallen to this part of the best; a smaller loss is of use where the accuracy is at most so far below it.
PATIENCE, AGAIN, PART, NEAR = 4, 0.5, 0.5, 0.005
#: What ends the run on all rows: so many passes that together lessen the objective by no more than this fraction.
PASSES, LITTLE = 8, 0.0005
#: An accuracy on the other half with which no further round is needed.
ENOUGH = 0.999
#: Another round has to have this part of the time of the last one.
SHORT = 0.5
#: Rounds whose accuracy on the other half is this much below the best one's do not count.
CLOSE = 0.005
#: Where rounding costs more than this accuracy, at most this many atoms are fitted anew.
COSTS, ATOMS = 0.003, 380

Rows = tuple[Array, Array]


@dataclass(frozen=True)
class Round:
    """A solution, the gamma of its weights, the scores on the other half pass by pass, and how long it took."""

    solution: Any
    gamma: float
    scores: list[float]
    seconds: float


class Judge:
    """Called after every pass: scores the point on the other half, and keeps the best one; true: enough.

    The best has the largest accuracy, and of several the least loss.
    """

    def __init__(self, V: Array, right: Array) -> None:
        self.V, self.signs = V, np.where(right, 1.0, -1.0)
        self.scores: list[float] = []
        self.multipliers: list[float] = []
        self.best: tuple[float, tuple[Any, ...], Array, float] = (np.inf, (), np.zeros(0), 0.0)
        self._values: dict[Any, Array] = {}
        self.most = -1.0, 0.0  # accuracy, minus the loss
        self._least, self._idle = np.inf, 0
        self._start = self._useful = time.perf_counter()

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
        better = (accuracy, -loss) > self.most
        now = time.perf_counter()
        if better or (loss < self._least and accuracy >= self.most[0] - NEAR):
            self._idle, self._useful = 0, now
        else:
            self._idle += 1
        self._least = min(self._least, loss)
        multiplier = float(np.abs(active.scores(active.loss.dual_point(active.f))).max(initial=0.0))
        self.multipliers.append(multiplier)
        if better:
            self.most = accuracy, -loss
            self.best = multiplier, tuple(active.atoms), active.coef.copy(), active.intercept
        long = self._idle >= PATIENCE and now - self._useful >= AGAIN * (self._useful - self._start)
        return long and multiplier <= PART * self.best[0]

    def least(self) -> float:
        """The least multiplier of a point that is about as good as the best."""
        good = np.array(self.scores) >= self.most[0] - SAME
        return float(np.array(self.multipliers)[good].min())


class Settled:
    """Called after every pass: true where the last ones brought little, for what comes then fits noise."""

    def __init__(self) -> None:
        self.objectives: list[float] = []

    def __call__(self, run: Any) -> bool:
        self.objectives.append(run.primal)
        return len(self.objectives) > PASSES and run.primal > (1.0 - LITTLE) * self.objectives[-1 - PASSES]


def learn(train: Rows, validation: Rows, seconds: float) -> tuple[Any, Any, list[float]]:
    """The solution, its rounded circuit, and the scores of the first round on the validation rows, pass by pass."""
    start = time.perf_counter()
    end, rounds, gammas = start + LEFT * seconds, list[Round](), GAMMAS
    for half, other in halves(train, validation):
        rounds.append(one_round(half, other, end, gammas))
        gammas = (rounds[-1].gamma,)
        if max(rounds[-1].scores) >= ENOUGH or end - time.perf_counter() < SHORT * rounds[-1].seconds:
            break
    solution, rounded = compact(mean(rounds), joined(train, validation), start + seconds)
    return solution, rounded, rounds[0].scores


def one_round(half: Rows, other: Rows, end: float, gammas: Sequence[float]) -> Round:
    """Down the penalties on one half, judged by the other, then on both; over at ``end``, a time."""
    start = time.perf_counter()
    time_limit = (end - start) / LEFT
    until, best, gamma = start + CHOOSING * time_limit, None, gammas[0]
    for candidate in gammas:
        now = time.perf_counter()
        if best is not None and until - now < TRY * time_limit:
            break
        found = descend(half, other, until - now, candidate)
        if best is None or found[0].most > best[0].most:
            best, gamma = found, candidate
    assert best is not None
    judge, solution, prepared = best
    _, atoms, coef, intercept = judge.best
    solution = replace(solution, combination=Combination(atoms, coef, intercept, solution.lattice))
    left = end - time.perf_counter()
    if left > 0.1 * time_limit + 4.0 * prepared:
        lam = max(solution.parameter, LEAST * judge.best[0], MORE * judge.least())
        solution = solve(*joined(half, other), gamma=gamma, loss="logistic", lam=lam, oracle="deep", tol=TOL,
                         max_iter=MAX_ITER, time_limit=left, warm_start=solution, callback=Settled())  # fmt: skip
    return Round(solution, gamma, judge.scores, time.perf_counter() - start)


def descend(half: Rows, other: Rows, seconds: float, gamma: float) -> tuple[Judge, Any, float]:
    """The judge of a run down the penalties, its last solution, and the seconds that it took to prepare the rows."""
    start = time.perf_counter()
    clock = Clock(seconds, start)
    settings = Settings.of(gamma=gamma, loss="logistic", oracle="deep", time_limit=seconds, tol=TOL,
                           max_iter=MAX_ITER)  # fmt: skip
    problem = prepare(*half, settings)
    prepared = time.perf_counter() - start
    first = first_search(problem, clock)
    judge = Judge(other[0], other[1] == problem.classes[1])
    lam = RATIO * first.lam_max or 1.0
    return judge, fit(problem, {"lam": lam}, clock, first=first.answer, callbacks=(judge,)), prepared


def halves(train: Rows, validation: Rows) -> Iterator[tuple[Rows, Rows]]:
    """The two as they are, exchanged, and then any halves of their rows."""
    yield train, validation
    yield validation, train
    X, y = joined(train, validation)
    rng = np.random.default_rng(0)
    while True:
        first, second = np.array_split(rng.permutation(len(y)), 2)
        yield (X[first], y[first]), (X[second], y[second])


def joined(one: Rows, other: Rows) -> Rows:
    """The rows of both."""
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


def mean(rounds: Sequence[Round]) -> Any:
    """The mean of the solutions whose rounds came close to the best one; a convex combination of those."""
    best = max(max(r.scores) for r in rounds)
    good = [r.solution for r in rounds if max(r.scores) >= best - CLOSE]
    if len(good) == 1:
        return good[0]
    terms: dict[Any, tuple[Any, float]] = {}
    for solution in good:
        for atom, b in zip(solution.atoms, solution.coef, strict=True):
            terms[atom.key] = atom, terms.get(atom.key, (atom, 0.0))[1] + b / len(good)
    atoms, coef = zip(*terms.values(), strict=True) if terms else ((), ())
    intercept = float(np.mean([solution.intercept for solution in good]))
    return replace(good[0], combination=Combination(tuple(atoms), np.array(coef), intercept, good[0].lattice))


def compact(solution: Any, rows: Rows, end: float) -> tuple[Any, Any]:
    """The solution and its circuit, with fewer atoms where there are so many that rounding spoils them."""
    start = time.perf_counter()
    some = slice(None, None, max(1, len(rows[1]) // ROWS))
    X, y = rows[0][some], rows[1][some]

    def rounded(candidate: Any) -> tuple[float, Any, Any]:
        circuit = round_solution(candidate, X=X, y=y, max_gates=LIMIT, max_ands=LIMIT)
        return float(np.mean(circuit.predict(X) == y)), candidate, circuit

    answer = rounded(solution)
    used = time.perf_counter() - start
    if answer[0] < np.mean(solution.predict(X) == y) - COSTS and end - start > 3.0 * used:
        loss = make_loss("logistic", np.where(rows[1] == solution.classes[1], 1.0, -1.0))
        fewer = refit(solution.combination, rows[0].astype(np.float64), loss, solution.gamma, ATOMS, end - 2.0 * used)
        answer = max(answer, rounded(replace(solution, combination=fewer)), key=lambda found: found[0])
    return answer[1:]
