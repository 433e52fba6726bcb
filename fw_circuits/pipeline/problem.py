"""The problem of a run: checked data, lattice, loss and oracle; nothing here depends on the penalty."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._settings import Settings
from fw_circuits._tables import default_names, feature_names_of
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight, check_X, is_boolean
from fw_circuits.lattice import Lattice
from fw_circuits.objective import Loss, find_loss, make_loss
from fw_circuits.oracle import DeepOracle, Oracle, OracleAnswer, Shape, SubsetOracle, eager, make_oracle
from fw_circuits.oracle.base import insist
from fw_circuits.solver import Clock
from fw_circuits.solver.methods import ATOMS_PER_PASS


@dataclass(frozen=True)
class Problem:
    """Checked data with everything that does not depend on the penalty: shared along a path."""

    points: Floats
    loss: Loss
    classes: Array | None
    lattice: Lattice
    oracle: Oracle
    settings: Settings
    feature_names: tuple[str, ...]


@dataclass(frozen=True)
class FirstSearch:
    """The oracle's answer at the gradient of the constant, which is also the first question of a run."""

    answer: OracleAnswer
    lam_max: float


def prepare(X: Any, y: Any, settings: Settings, sample_weight: Any = None) -> Problem:
    """Check the data, fit the lattice, and set up loss and oracle."""
    kind = find_loss(settings.loss)
    points = check_X(X, compact=True)
    weights = check_sample_weight(sample_weight, points.shape[0])
    target, classes = kind.encode_target(y, points.shape[0], weights)
    names = feature_names_of(X) or default_names(points.shape[1])
    some = weights > 0.0  # rows of weight 0 are ignored
    counted = points if some.all() else points[some]
    if is_boolean(counted) and settings.levels in (None, (1,)):
        lattice = Lattice.boolean(points.shape[1])
    else:
        levels = settings.levels or (1, 2, 3)
        lattice = Lattice.fit(counted, levels=levels, domain=settings.domain, sample_weight=weights[some],
                              check_input=False)  # fmt: skip
    oracle = make_oracle(
        settings.oracle, points, lattice, settings.gamma, max_gates=settings.max_gates, n_jobs=settings.n_jobs,
        time_limit=settings.time_limit, random_state=settings.random_state,
        shape=Shape.of(settings.monotone, settings.positive, names),
    )  # fmt: skip
    if isinstance(settings.oracle, str) and isinstance(oracle, SubsetOracle):  # a long search is a small one at first
        oracle = DeepOracle(oracle, ())
    loss = make_loss(kind, target, weights, huber_threshold=settings.huber_threshold)
    return Problem(points, loss, classes, lattice, oracle, settings, names)


def first_search(problem: Problem, clock: Clock | None = None) -> FirstSearch:
    """Search at the gradient of the best constant; ``lam_max`` is 0 where that is as good as any function."""
    clock, loss, start = clock or Clock(), problem.loss, time.perf_counter()
    g = loss.dual_point(np.full(loss.y.size, loss.constant))
    stop = clock.limited()
    oracle = problem.oracle if stop else eager(problem.oracle)
    answer = oracle.search(g, ATOMS_PER_PASS, stop)
    clock.search_seconds = max(clock.search_seconds, time.perf_counter() - start)
    top = float(answer.upper_bound if answer.complete else answer.value)  # cut short: the estimate is closer
    size = max(float(np.abs(g).sum()), 1e-14 * float(loss.weights @ np.abs(loss.y)))
    lam_max = top if top > 1e-13 * size else 0.0  # below: a constant target, or constant columns
    return FirstSearch(answer, lam_max)


def lam_max_of(problem: Problem, clock: Clock | None = None) -> float:
    """``lam_max`` on prepared data; where the time ends before, the best score found so far."""
    insist(problem.oracle)
    return first_search(problem, clock).lam_max
