"""The problem of a run: checked data, lattice, loss and oracle; nothing here depends on the penalty."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._settings import Settings
from fw_circuits._tables import default_names, feature_names_of
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight, check_X, is_boolean
from fw_circuits.columns import Columns, columns_for
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.objective import Loss, find_loss, make_loss
from fw_circuits.oracle import ByOutput, DeepOracle, Oracle, OracleAnswer, Shape, SubsetOracle, eager, make_oracle
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
    columns: Columns | None = None


@dataclass(frozen=True)
class FirstSearch:
    """The oracle's answer at the gradient of the constant, which is also the first question of a run."""

    answer: OracleAnswer
    lam_max: float


def prepare(X: Any, y: Any, settings: Settings, sample_weight: Any = None, columns: Columns | None = None) -> Problem:
    """Check the data, fit the lattice, and set up loss and oracle.

    ``columns``: those whose base columns X already contains.
    """
    kind = find_loss(settings.loss)
    points, columns, names = rows_of(X, settings, sample_weight, columns)
    weights = check_sample_weight(sample_weight, points.shape[0])
    target, classes = kind.encode_target(y, points.shape[0], weights)
    some = weights > 0.0  # rows of weight 0 are ignored
    counted = points if some.all() else points[some]
    if is_boolean(counted) and settings.levels in (None, (1,)):
        lattice = Lattice.boolean(points.shape[1])
    else:
        levels = settings.levels or ((1, 2, 3) if settings.literals == "bits" else (1,))
        lattice = Lattice.fit(counted, levels=levels, domain=settings.domain, sample_weight=weights[some],
                              check_input=False)  # fmt: skip
    loss = make_loss(kind, target, weights, huber_threshold=settings.huber_threshold)
    limit = settings.time_limit
    oracle = make_oracle(
        settings.oracle, points, lattice, settings.gamma, max_gates=settings.max_gates, n_jobs=settings.n_jobs,
        time_limit=None if limit is None else limit / loss.n_outputs, random_state=settings.random_state,
        shape=shape_of(settings, columns, names, loss),
    )  # fmt: skip
    if isinstance(settings.oracle, str) and isinstance(oracle, SubsetOracle):  # a long search is a small one at first
        oracle = DeepOracle(oracle, ())
    if loss.n_outputs > 1:
        oracle = ByOutput.over(oracle, loss.n_outputs)
    return Problem(points, loss, classes, lattice, oracle, settings, names, columns)


def shape_of(settings: Settings, columns: Columns | None, names: tuple[str, ...], loss: Loss) -> Shape:
    """The constraints on the columns that circuits read."""
    monotone = settings.monotone if columns is None else columns.directions(settings.monotone)
    shape = Shape.of(monotone, settings.positive, names)
    if shape and loss.n_outputs > 1:
        raise InputError(
            "monotone and positive are for one function, and loss='multinomial' has one per class: what raises one "
            "lowers others; expected another loss, for example loss='logistic' for one class against the others."
        )
    return shape


def rows_of(
    X: Any, settings: Settings, sample_weight: Any, columns: Columns | None
) -> tuple[Floats, Columns | None, tuple[str, ...]]:
    """The rows that circuits read, the columns that make them of a table (None: they are its numbers), their names."""
    if columns is None:
        columns = columns_for(X, settings.kinds, settings.literals, sample_weight)
        if columns is None:
            points = check_X(X, compact=True)
            return points, None, feature_names_of(X) or default_names(points.shape[1])
        X = columns.base(X)
    columns = columns.with_literals(settings.literals, X, settings.n_thresholds, sample_weight)
    points = columns.expand(X)
    return points.astype(np.uint8) if is_boolean(points) else points, columns, columns.names


def first_search(problem: Problem, clock: Clock | None = None) -> FirstSearch:
    """Search at the gradient of the best constant; ``lam_max`` is 0 where that is as good as any function."""
    clock, loss, start = clock or Clock(), problem.loss, time.perf_counter()
    g = loss.dual_point(loss.at_constant)
    stop = clock.limited()
    oracle = problem.oracle if stop else eager(problem.oracle)
    answer = oracle.search(g, ATOMS_PER_PASS, stop)
    clock.search_seconds = max(clock.search_seconds, time.perf_counter() - start)
    top = float(answer.upper_bound if answer.complete else answer.value)  # cut short: the estimate is closer
    size = max(float(np.abs(g).sum()), 1e-14 * float(np.sum(loss.weights * np.abs(loss.y).reshape(loss.n_outputs, -1))))
    lam_max = top if top > 1e-13 * size else 0.0  # below: a constant target, or constant columns
    return FirstSearch(answer, lam_max)


def lam_max_of(problem: Problem, clock: Clock | None = None) -> float:
    """``lam_max`` on prepared data; where the time ends before, the best score found so far."""
    insist(problem.oracle)
    return first_search(problem, clock).lam_max
