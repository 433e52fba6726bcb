"""Frank-Wolfe over an atomic ball: one loop for every method.

repeat
    g      <- minus the gradient of the loss at f
    answer <- oracle: the atoms T that maximise |<g, T>| / scale(T), and a bound on that maximum
    gap    <- primal(f) - best dual bound that g and the answer's bound give
    stop if gap <= tol * primal
    add the atoms; move f: along a Frank-Wolfe direction, or to the optimum over all active atoms
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.objective import ErrorBound, Form, Loss, Penalised
from fw_circuits.oracle import Oracle, OracleAnswer
from fw_circuits.oracle.base import aim, insist, observe
from fw_circuits.solution.trace import ROUNDING, Status, Step
from fw_circuits.solver.active_set import ActiveSet
from fw_circuits.solver.clock import Clock
from fw_circuits.solver.joint import empty_set
from fw_circuits.solver.methods import ATOMS_PER_PASS, make_method
from fw_circuits.solver.state import Run

#: An error bound is given up where every combination that meets it has this many times the norm of the best one found.
HOPELESS = 1e5
#: ... or where the least loss is reached up to this fraction: that of all functions, or that of norms such as this one.
CLOSE, SETTLED = 1e-6, 1e-7


def frank_wolfe(
    loss: Loss,
    form: Form,
    oracle: Oracle,
    *,
    method: str = "corrective",
    step: str = "exact",
    tol: float = 1e-3,
    max_iter: int = 500,
    atoms_per_pass: int = ATOMS_PER_PASS,
    clock: Clock | None = None,
    warm_start: ActiveSet | None = None,
    first: OracleAnswer | None = None,
    callback: Callable[[Run], Any] | None = None,
) -> Run:
    """Minimise ``form`` over convex combinations of the oracle's atoms.

    Parameters
    ----------
    loss, form, oracle : Loss, Form, Oracle
        The problem.
    method : {"corrective", "pairwise", "away", "vanilla"}
        How to move; only "corrective" solves the ``eps`` form.
    step : {"exact", "open_loop", "short"}
        Step rule of the methods other than "corrective".
    tol : float
        Stop when the certified gap is at most ``tol`` times the primal objective.
    max_iter, atoms_per_pass : int
        Oracle passes at most; atoms that a fully-corrective pass adds at most (the others add one).
    clock : Clock, optional
        When to stop; default: no limit.
    warm_start : ActiveSet, optional
        Atoms and coefficients to start from; it is changed.
    first : OracleAnswer, optional
        The oracle's answer to the first question of a run without ``warm_start``, where it is known.
    callback : callable, optional
        Called with the :class:`Run` after every pass; a true return value stops.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        For an unknown method or step rule, or a form or loss that they cannot solve.

    Examples
    --------
    >>> import numpy as np
    >>> from fw_circuits.objective import make_form, make_loss
    >>> from fw_circuits.oracle import DictionaryOracle
    >>> y = np.array([0.0, 0.0, 2.0, 2.0])
    >>> oracle = DictionaryOracle(np.array([[-1.0, -1.0, 1.0, 1.0]]).T)
    >>> run = frank_wolfe(make_loss("squared", y), make_form(lam=0.25), oracle)
    >>> run.status.name, run.active.coef.tolist(), run.active.intercept
    ('OPTIMAL', [0.75], 1.0)
    """
    run = Run(warm_start if warm_start is not None else empty_set(loss, oracle.gamma), form)
    clock = clock or Clock()
    clock.step_seconds, clock.begun = 0.0, time.perf_counter()  # the clock may have served another run
    mover = make_method(method, step, run, oracle, clock, tol, atoms_per_pass)
    hits_before = getattr(oracle, "hits", 0)
    try:
        mover.start()
        for _ in range(max_iter):
            g, answer = _search(run, oracle, mover.atoms_per_pass, clock, hits_before, first)
            asked_to_stop = callback is not None and callback(run)
            if status := _ended(run, answer, tol, bool(asked_to_stop), clock):
                run.status = status
                break
            if len(run.steps) == max_iter:
                break
            began = time.perf_counter()
            moved = mover.move(g, answer)
            clock.step_seconds = time.perf_counter() - began
            if not moved and not insist(oracle):
                cut_short = clock.deadline is not None and not answer.complete
                run.status = Status.TIME_LIMIT if cut_short else Status.STALLED
                break
    except KeyboardInterrupt:
        run.status = Status.INTERRUPTED
    mover.finish()
    if run.status in (Status.STALLED, Status.OPTIMAL) and not np.isfinite(run.primal):
        run.status = Status.INFEASIBLE
    return run


def _search(
    run: Run, oracle: Oracle, n_atoms: int, clock: Clock, hits_before: int, first: OracleAnswer | None
) -> tuple[Floats, OracleAnswer]:
    """Ask the oracle at minus the gradient, and record where the run stands; both are returned."""
    began = time.perf_counter()
    active, clock.n_atoms = run.active, len(run.active)
    g = active.loss.dual_point(active.f)
    observe(oracle, active.atoms)
    form = run.form
    aim(oracle, form.parameter if isinstance(form, Penalised) else active.polar(g))
    if first is not None and not run.steps and not len(active) and n_atoms == ATOMS_PER_PASS:
        answer = first
    else:
        answer = oracle.search(g, n_atoms, clock.stop)
    seconds, hits = time.perf_counter() - began, getattr(oracle, "hits", 0) - hits_before
    run.record(g, answer, seconds, clock.step_seconds, hits)
    clock.search_seconds = max(clock.search_seconds, time.perf_counter() - began)
    return g, answer


def _ended(run: Run, answer: OracleAnswer, tol: float, asked_to_stop: bool, clock: Clock) -> Status | None:
    """Why the run ends after this pass; None if it goes on."""
    now, rounding = run.steps[-1], ROUNDING * run.active.loss.baseline
    if np.isfinite(now.primal) and now.gap <= max(tol * abs(now.primal), rounding):
        return Status.OPTIMAL
    if _hopeless(run.form, now, answer.upper_bound):
        return Status.INFEASIBLE
    if asked_to_stop:
        return Status.CALLBACK
    if clock.interrupted():
        return Status.INTERRUPTED
    first = len(run.steps) == 1 and not len(run.active) and len(answer.atoms) > 0
    return Status.TIME_LIMIT if clock.late_for_a_step() and not first else None  # something is better than a constant


def _hopeless(form: Form, now: Step, polar: float) -> bool:
    """Whether the error bound is missed and cannot be met: by any function, or at any reasonable norm.

    The pass before has minimised the loss over the active atoms, so all of their combinations miss it; ``now.dual``
    bounds the norm of all others, and a combination of norm ``n`` lowers the loss by at most ``polar (n + now.norm)``.
    """
    if np.isfinite(now.primal) or not isinstance(form, ErrorBound):
        return False
    proved = form.parameter < form.least_loss and now.loss <= form.least_loss * (1.0 + CLOSE)
    settled = now.dual > HOPELESS * now.norm or polar * now.norm <= SETTLED * now.loss
    return proved or (now.norm > 0.0 and settled)
