"""From data to a certified solution: the whole flow on one screen.

X, y --check--> points, targets --lattice--> literals on vertex rows --oracle--+
                                                                               |
Solution <--certificate-- active set <-------- Frank-Wolfe loop <--------------+
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from fw_circuits import io
from fw_circuits._files import check_writable
from fw_circuits._interrupt import interruptible
from fw_circuits._tables import default_names, same_columns, shown
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import (
    check_parameters,
    check_penalties,
    check_random_state,
    check_sample_weight,
    check_X,
    feature_names_of,
    is_boolean,
)
from fw_circuits.certificate import derive
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.lattice import Lattice
from fw_circuits.objective import ErrorBound, Form, Huber, Loss, find_loss, least_loss, make_form, make_loss
from fw_circuits.oracle import Oracle, make_oracle
from fw_circuits.oracle.base import check_atoms
from fw_circuits.progress import live_line
from fw_circuits.solution import Certificate, Solution, Status
from fw_circuits.solver import ActiveSet, Clock, Run, frank_wolfe
from fw_circuits.solver.methods import ATOMS_PER_PASS

DOMAINS = ("minmax", "quantile")
#: Between two saves of the solution so far.
CHECKPOINT_SECONDS = 30.0


@dataclass(frozen=True)
class Problem:
    """Checked data with everything that does not depend on the penalty: shared along a path."""

    points: Floats
    loss: Loss
    classes: Array | None
    lattice: Lattice
    oracle: Oracle
    gamma: float
    feature_names: tuple[str, ...]


def solve(
    X: Any,
    y: Any,
    *,
    gamma: float = 3.0,
    tau: float | None = None,
    lam: float | None = None,
    eps: float | None = None,
    loss: str | type[Loss] = "squared",
    levels: Sequence[int] | None = None,
    oracle: Any = "auto",
    max_gates: int | None = None,
    method: str = "corrective",
    tol: float = 1e-3,
    max_iter: int = 500,
    time_limit: float | None = None,
    n_jobs: int | None = None,
    random_state: Any = 0,
    warm_start: Solution | None = None,
    checkpoint: str | PathLike[str] | None = None,
    callback: Callable[[Run], Any] | None = None,
    progress: bool = False,
    sample_weight: Any = None,
    domain: str = "minmax",
    huber_threshold: float = 1.0,
) -> Solution:
    """Fit a convex combination of circuits to data, with a certificate.

    Parameters
    ----------
    X : array_like of shape (N, d)
        Finite numbers; a frame (pandas, polars, Arrow) keeps its column names, but for pandas' 0, 1, ...  0/1 data are
        level 1 as they are, other data are mapped to the unit cube column by column; new values outside the training
        range are clipped to it.
    y : array_like of shape (N,)
        Numbers (squared, huber) or two labels of any kind (logistic).
    gamma : float, default 3.0
        Cost exponent, > 0: a circuit of kappa gates weighs ``kappa^(1/gamma)``.  The HTMC statements need > 2.
    tau, lam, eps : float, optional
        One of: bound on the norm; weight of the norm in the objective; bound on the mean loss (met up to a millionth
        of itself).  None of them: ``lam = 0.01 * lam_max``.
    loss : {"squared", "logistic", "huber"} or class
        Mean loss; "squared" is half the mean squared error.  A class derived from `fw_circuits.objective.Loss` is a
        loss of your own.
    levels : sequence of int, optional
        Lattice levels; default (1,) for 0/1 data, else (1, 2, 3).
    oracle : str or Oracle, default "auto"
        "auto" or "subset": the exact search over all functions of four literals, or, where a pass would take more
        than some seconds, of four of the screened literals (``certificate.scope`` says which); or an object with
        ``search`` and ``evaluate``.
    max_gates : int, optional
        Leave out circuits of more gates.
    method : {"corrective", "pairwise", "away", "vanilla"}
        Frank-Wolfe variant.
    tol : float, default 1e-3
        Relative certified gap, in the oracle's scope, at which to stop.
    max_iter : int, default 500
        Oracle passes at most.
    time_limit : float, optional
        Seconds; the best solution so far is returned with its certificate.
    n_jobs : int, optional
        Threads; -1: all cores.  None: the least of the cores, the CPU quota of the container, ``OMP_NUM_THREADS``
        and what joblib and threadpoolctl allow.  A forked child runs on one thread.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default 0
        Seed of the sample of rows by which literals are screened on tables too large for an exact pass.
    warm_start : Solution, optional
        A solution on the same columns, in the same order where both have names, and levels to start from.
    checkpoint : path-like, optional
        File to which the solution so far is saved about every 30 seconds and at the end.  The path is tried before
        the work; a save that fails later is a warning.
    callback : callable, optional
        Called with the solver's state after each pass; a true return value stops the run.
    progress : bool, default False
        Show a live line: pass, objective, certified gap, atoms, gates.
    sample_weight : array_like of shape (N,), optional
        Weights >= 0 of the rows in the loss: a row of weight 3 is three rows, one of weight 0 is none.
    domain : {"minmax", "quantile"}
        How columns that are not 0/1 are mapped to [0, 1]; quantiles are those of the weighted rows.
    huber_threshold : float, default 1.0
        Where the Huber loss turns from square to linear, in the units of ``y``: give it with the scale of ``y``.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If an argument or the data cannot be used, or ``checkpoint`` cannot be written; the message says what to do.

    Warns
    -----
    SolverWarning
        If the run ended before the tolerance, or a checkpoint could not be saved.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> solution = solve(X, X[:, 0] ^ X[:, 1], lam=0.01)
    >>> solution.atoms[0].formula(), solution.certificate.certified
    ('x0 ^ x1', True)
    """
    start = time.perf_counter()
    given = check_parameters(gamma=gamma, tau=tau, lam=lam, eps=eps, tol=tol, max_iter=max_iter, time_limit=time_limit,
                             loss=loss, method=method, levels=levels, max_gates=max_gates, n_jobs=n_jobs,
                             huber_threshold=huber_threshold)  # fmt: skip
    if checkpoint is not None:
        check_writable(checkpoint, "checkpoint")
    if callback is not None and not callable(callback):
        raise InputError(f"callback is {callback!r}; expected a function of the solver's state, or None.")
    problem = prepare(X, y, gamma=given.gamma, loss=loss, levels=given.levels, oracle=oracle,
                      max_gates=given.max_gates, n_jobs=given.n_jobs, sample_weight=sample_weight, domain=domain,
                      time_limit=given.time_limit, random_state=random_state,
                      huber_threshold=given.huber_threshold)  # fmt: skip
    deadline = _deadline(start, given.time_limit)
    tau, lam, eps = given.tau, given.lam, given.eps
    if tau is None and lam is None and eps is None:
        lam = 0.01 * multiplier_of_constant(problem, deadline)
    if lam == 0.0:  # a constant target: any penalty gives the intercept
        lam = 1.0
    with live_line(progress, start) as show:
        return _fit(problem, make_form(lam=lam, tau=tau, eps=eps), method=method, tol=given.tol,
                    max_iter=given.max_iter, deadline=deadline, warm_start=warm_start, checkpoint=checkpoint,
                    callbacks=(show, callback))  # fmt: skip


def path(
    X: Any,
    y: Any,
    *,
    lams: Sequence[float] | None = None,
    n_lams: int = 20,
    ratio: float = 1e-3,
    gamma: float = 3.0,
    loss: str | type[Loss] = "squared",
    levels: Sequence[int] | None = None,
    oracle: Any = "auto",
    max_gates: int | None = None,
    method: str = "corrective",
    tol: float = 1e-3,
    max_iter: int = 500,
    time_limit: float | None = None,
    n_jobs: int | None = None,
    sample_weight: Any = None,
    domain: str = "minmax",
    random_state: Any = 0,
    huber_threshold: float = 1.0,
) -> list[Solution]:
    """Solutions for decreasing penalties, each started from the one before.

    Parameters
    ----------
    X, y
        As in :func:`solve`, like all arguments that are not named here.
    lams : sequence of float, optional
        Penalties > 0; solved from the largest down.  Default: ``n_lams`` values from ``lam_max`` to
        ``ratio * lam_max`` in equal ratios.
    time_limit : float, optional
        Seconds for the whole path, with preparing the data and the search for ``lam_max``; penalties not reached are
        left out.

    Returns
    -------
    list of Solution
        One a penalty, largest penalty first.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> [len(s.atoms) for s in path(X, X[:, 0] & X[:, 1], n_lams=3, ratio=0.1)]
    [0, 1, 1]
    """
    start = time.perf_counter()
    given = check_parameters(gamma=gamma, tol=tol, max_iter=max_iter, time_limit=time_limit, loss=loss, method=method,
                             levels=levels, max_gates=max_gates, n_jobs=n_jobs,
                             huber_threshold=huber_threshold)  # fmt: skip
    check_penalties(lams, n_lams, ratio)
    problem = prepare(X, y, gamma=given.gamma, loss=loss, levels=given.levels, oracle=oracle,
                      max_gates=given.max_gates, n_jobs=given.n_jobs, sample_weight=sample_weight, domain=domain,
                      time_limit=given.time_limit, random_state=random_state,
                      huber_threshold=given.huber_threshold)  # fmt: skip
    deadline = _deadline(start, given.time_limit)
    if lams is None:
        top = multiplier_of_constant(problem, deadline) or 1.0
        lams = [float(v) for v in top * np.geomspace(1.0, float(ratio), n_lams)]
    solutions: list[Solution] = []
    try:
        for solution in path_of(
            problem, lams, method=method, tol=given.tol, max_iter=given.max_iter, deadline=deadline
        ):
            solutions.append(solution)
    except KeyboardInterrupt:  # between two penalties
        if not solutions:
            raise
    return solutions


def path_of(
    problem: Problem, lams: Sequence[float], *, method: str = "corrective", tol: float = 1e-3, max_iter: int = 500,
    deadline: float | None = None, warm_start: Solution | None = None,
) -> Iterator[Solution]:  # fmt: skip
    """:func:`path` on prepared data, one solution at a time; the first one in any case."""
    previous = warm_start
    for i, lam in enumerate(sorted(map(float, lams), reverse=True)):
        if i and deadline is not None and time.perf_counter() >= deadline:
            return
        previous = _fit(problem, make_form(lam=lam), method=method, tol=tol, max_iter=max_iter, deadline=deadline,
                        warm_start=previous)  # fmt: skip
        yield previous
        if previous.status is Status.INTERRUPTED:
            return


def lam_max(
    X: Any, y: Any, *, gamma: float = 3.0, loss: str | type[Loss] = "squared", levels: Sequence[int] | None = None,
    oracle: Any = "auto", max_gates: int | None = None, n_jobs: int | None = None, sample_weight: Any = None,
    domain: str = "minmax", time_limit: float | None = None, random_state: Any = 0, huber_threshold: float = 1.0,
) -> float:  # fmt: skip
    """Smallest penalty at which the constant alone is optimal in the oracle's scope: its bound on the polar.

    Arguments are those of :func:`solve`; a search that ``time_limit`` ends gives the best score found so far.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> lam_max(X, X[:, 0] ^ X[:, 1])
    0.5
    """
    start = time.perf_counter()
    given = check_parameters(gamma=gamma, time_limit=time_limit, loss=loss, levels=levels, max_gates=max_gates,
                             n_jobs=n_jobs, huber_threshold=huber_threshold)  # fmt: skip
    problem = prepare(X, y, gamma=given.gamma, loss=loss, levels=given.levels, oracle=oracle,
                      max_gates=given.max_gates, n_jobs=given.n_jobs, sample_weight=sample_weight, domain=domain,
                      time_limit=given.time_limit, random_state=random_state,
                      huber_threshold=given.huber_threshold)  # fmt: skip
    return multiplier_of_constant(problem, _deadline(start, given.time_limit))


def prepare(
    X: Any, y: Any, *, gamma: float = 3.0, loss: str | type[Loss] = "squared", levels: Sequence[int] | None = None,
    oracle: Any = "auto", max_gates: int | None = None, n_jobs: int | None = None, sample_weight: Any = None,
    domain: str = "minmax", time_limit: float | None = None, random_state: Any = 0, huber_threshold: float = 1.0,
) -> Problem:  # fmt: skip
    """Check the data, fit the lattice, and set up loss and oracle."""
    points = check_X(X)
    weights = check_sample_weight(sample_weight, points.shape[0])
    target, classes = find_loss(loss).encode_target(y, points.shape[0], weights)
    if domain not in DOMAINS:
        raise InputError(f"domain is {domain!r}; expected one of {', '.join(map(repr, DOMAINS))}.")
    names = feature_names_of(X) or default_names(points.shape[1])
    some = weights > 0.0  # rows of weight 0 are as if they were not there
    counted = points if some.all() else points[some]
    if is_boolean(counted) and (levels is None or tuple(levels) == (1,)):
        lattice = Lattice.boolean(points.shape[1])
    else:
        chosen = (1, 2, 3) if levels is None else tuple(levels)
        lattice = Lattice.fit(counted, levels=chosen, domain=domain, sample_weight=weights[some])
    search = make_oracle(
        oracle, points, lattice, gamma, max_gates=None if max_gates is None else int(max_gates), n_jobs=n_jobs,
        time_limit=time_limit, random_state=check_random_state(random_state),
    )  # fmt: skip
    fitted = make_loss(loss, target, weights, huber_threshold=huber_threshold)
    return Problem(points, fitted, classes, lattice, search, gamma, names)


def multiplier_of_constant(problem: Problem, deadline: float | None = None) -> float:
    """``lam_max`` on prepared data; after the deadline, the best score found so far."""
    loss = problem.loss
    g = loss.dual_point(np.full(loss.y.size, loss.constant))
    answer = problem.oracle.search(g, ATOMS_PER_PASS, _stop_at(deadline))
    top = float(answer.upper_bound if answer.complete else answer.value)  # cut short: the estimate is closer
    size = max(float(np.abs(g).sum()), 1e-14 * float(loss.weights @ np.abs(loss.y)))
    return top if top > 1e-13 * size else 0.0  # below: a constant target, or constant columns


def _deadline(start: float, time_limit: float | None) -> float | None:
    """When to stop; warns where preparing the data has already taken that long."""
    spent = time.perf_counter() - start
    if time_limit is not None and spent >= time_limit:
        warnings.warn(
            f"preparing the data alone took {spent:.2g} s of time_limit={time_limit:g}; the bounds will be those of "
            "pairs of literals: give more time, or fewer rows.",
            SolverWarning,
            stacklevel=3,
        )
    return None if time_limit is None else start + time_limit


def _stop_at(deadline: float | None) -> Callable[[], bool] | None:
    return None if deadline is None else lambda: time.perf_counter() >= deadline


def _fit(
    problem: Problem, form: Form, *, method: str, tol: float, max_iter: int, deadline: float | None = None,
    warm_start: Solution | None = None, checkpoint: str | PathLike[str] | None = None,
    callbacks: Sequence[Callable[[Run], Any] | None] = (),
) -> Solution:  # fmt: skip
    """Run the loop, then build the solution and its certificate."""
    saved = time.perf_counter()
    floor = least_loss(problem.loss, problem.points) if isinstance(form, ErrorBound) else 0.0

    def after_pass(run: Run) -> bool:
        nonlocal saved
        if checkpoint is not None and time.perf_counter() - saved > CHECKPOINT_SECONDS:
            _save(_snapshot(problem, form, run, tol), checkpoint)
            saved = time.perf_counter()
        check_atoms(run.active.atoms)
        try:
            return any([call(run) for call in callbacks if call is not None])
        except BaseException:  # the run ends here: keep what it has
            if checkpoint is not None:
                _save(_snapshot(problem, form, run, tol), checkpoint)
            raise

    with _blas().limit(limits=1, user_api="blas"):
        clock = Clock()
        clock.deadline = deadline
        with interruptible() as clock.interrupted:
            run = frank_wolfe(problem.loss, form, problem.oracle, method=method, tol=tol, max_iter=max_iter,
                              clock=clock, warm_start=_warm(problem, warm_start),
                              callback=after_pass, least_loss=floor)  # fmt: skip
        solution = _snapshot(problem, form, run, tol)
        try:
            stop = _stop_at(deadline)
            # Fresh searches, but with a deadline not one more for the best dual point: the answer there is at hand.
            points = [] if run.proof is None else [run.theta]
            known = None if stop is None or run.proof is None else (run.theta, run.proof)
            certificate, theta = derive(problem.loss, form, problem.oracle, solution, problem.points, tol=tol,
                                        extra_points=[] if known else points, stop=stop, proof=known)  # fmt: skip
            solution = replace(solution, certificate=certificate, dual_point=theta)
        except KeyboardInterrupt:  # keep the certificate of the last pass
            solution = replace(solution, status=Status.INTERRUPTED)
    solution = replace(solution, status=_final_status(solution))
    if checkpoint is not None:
        with interruptible():
            _save(solution, checkpoint)
    if solution.status is not Status.OPTIMAL:
        c = solution.certificate
        missed = f"Least loss reached {c.loss:.6g}, asked for {c.parameter:.6g}."
        gap = f"Relative certified gap {c.relative_gap:.2g}, asked for {tol:.2g}."
        message = f"{solution.status.message} {gap if np.isfinite(c.primal) else missed}"
        warnings.warn(message, SolverWarning, stacklevel=3)
    return solution


def _save(solution: Solution, checkpoint: str | PathLike[str]) -> None:
    """Save a checkpoint; the run is worth more than its file, so whatever goes wrong is a warning."""
    try:
        io.save(solution, checkpoint)
    except Exception as error:
        warnings.warn(
            f"the checkpoint could not be saved ({type(error).__name__}: {error}); the run goes on, and the solution "
            "is returned at its end: save it elsewhere.",
            SolverWarning,
            stacklevel=4,
        )


@cache
def _blas() -> ThreadpoolController:
    """The BLAS libraries in use, which a run limits to one thread; to look for them takes milliseconds.

    Products of the active set are short beside a pass, threads of BLAS spin for long where cores are shared, and on
    one thread sums do not depend on ``n_jobs``, which is the number of threads of the oracles' own kernels.
    """
    return ThreadpoolController()


def _final_status(solution: Solution) -> Status:
    """The status after the certificate was re-derived: optimal if and only if it says so."""
    if solution.certificate.certified:
        return Status.OPTIMAL
    return Status.STALLED if solution.status is Status.OPTIMAL else solution.status


def _warm(problem: Problem, solution: Solution | None) -> ActiveSet | None:
    if solution is None:
        return None
    if not isinstance(solution, Solution):
        raise InputError(f"warm_start is {solution!r}; expected a Solution, from solve or fw_circuits.load.")
    if not same_columns(solution.feature_names, problem.feature_names):
        raise InputError(
            f"warm_start was fitted on the columns {shown(solution.feature_names)}; X has "
            f"{shown(problem.feature_names)}; expected the same columns in the same order: reorder X, or leave "
            "warm_start out."
        )
    if solution.lattice != problem.lattice:
        raise InputError("warm_start is of another domain or other levels; expected the same lattice.")
    active = ActiveSet(problem.loss, problem.gamma)
    active.add(solution.atoms, problem.oracle.evaluate(solution.atoms))
    active.move(np.array(solution.coef), solution.intercept)
    return active


def _snapshot(problem: Problem, form: Form, run: Run, tol: float) -> Solution:
    """The run so far as a solution, with the last pass's bounds as its certificate."""
    active = run.active
    order = np.argsort(-active.scales * np.abs(active.coef), kind="stable")
    order = order[active.coef[order] != 0.0]
    last = run.steps[-1] if run.steps else None
    proof = run.proof  # scopes may differ between passes; this is the one behind the bound
    certificate = Certificate(
        form=form.name,
        parameter=form.parameter,
        primal=form.primal(problem.loss.value(active.f), active.norm),
        dual=run.dual,
        scope=proof.scope if proof else "no circuits (no pass was finished)",
        max_gates=proof.max_gates if proof else 0,
        global_dual=-np.inf,
        estimated_gap=last.gap if last else np.inf,
        tol=tol,
        polar=proof.value if proof else 0.0,
        polar_bound=proof.upper_bound if proof else np.inf,
        baseline=problem.loss.baseline,
        loss=problem.loss.value(active.f),
    )
    return Solution(
        atoms=tuple(active.atoms[j] for j in order),
        coef=active.coef[order],
        intercept=active.intercept,
        lattice=problem.lattice,
        gamma=problem.gamma,
        loss=problem.loss.name,
        form=form.name,
        parameter=form.parameter,
        status=run.status,
        trace=run.trace,
        certificate=certificate,
        feature_names=problem.feature_names,
        classes=problem.classes,
        dual_point=run.theta,
        huber_threshold=problem.loss.delta if isinstance(problem.loss, Huber) else 1.0,
    )
