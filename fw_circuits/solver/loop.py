"""Frank-Wolfe over an atomic ball: one loop for every method.

repeat
    g      <- minus the gradient of the loss at f
    answer <- oracle: the atoms T that maximise |<g, T>| / scale(T), and a bound on that maximum
    gap    <- primal(f) - best dual bound that g and the answer's bound give
    stop if gap <= tol * primal
    add the atoms; move f: along a Frank-Wolfe direction, or to the optimum over all active atoms

A penalised corrective run goes down to its penalty in stages: it solves at no less than ``SHRINK`` times the largest
score just found.  Solved at a small penalty from the start, a few atoms soak up what the missing ones should explain,
the residual is noise, and dozens of passes add what fits the noise (ours; the homotopy of the lasso).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.objective import Constrained, Form, Loss, Penalised
from fw_circuits.oracle import Oracle, OracleAnswer
from fw_circuits.oracle.base import observe
from fw_circuits.solution import ROUNDING, Status, Step, Trace, total_gates
from fw_circuits.solver.active_set import ActiveSet
from fw_circuits.solver.corrective import correct
from fw_circuits.solver.directions import DIRECTIONS, Ball
from fw_circuits.solver.steps import STEPS

METHODS = (*DIRECTIONS, "corrective")
#: Atoms that a corrective pass asks for.
ATOMS_PER_PASS = 20
#: The next stage's penalty as a part of the largest score; halved again for each stage that no new atom disturbs.
SHRINK = 0.8
#: An error bound is given up where every combination that meets it has this many times the norm of the best one found.
HOPELESS = 1e5
#: ... or where the least loss is reached up to this part: that of all functions, or that of norms such as this one.
CLOSE, SETTLED = 1e-6, 1e-7


@dataclass
class Run:
    """Where a run stands; returned by :func:`frank_wolfe`.

    ``theta`` is the dual point of the best bound ``dual`` and ``proof`` the oracle's answer there: the bound has its
    scope.  Active atoms may lie outside of it; ``proof.upper_bound`` is over the scope and them, so that no gap is
    negative.  ``answer`` is the oracle's last answer, as it came.
    """

    active: ActiveSet
    status: Status = Status.MAX_ITER
    steps: list[Step] = field(default_factory=list)
    dual: float = -np.inf
    theta: Floats = field(default_factory=lambda: np.zeros(0))
    proof: OracleAnswer | None = None
    answer: OracleAnswer | None = None

    @property
    def trace(self) -> Trace:
        return Trace(tuple(self.steps))


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
    deadline: float | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    warm_start: ActiveSet | None = None,
    callback: Callable[[Run], Any] | None = None,
    least_loss: float = 0.0,
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
        Oracle passes at most; atoms that a corrective pass adds at most (the others add one).
    deadline : float, optional
        A time of ``time.perf_counter`` at which to stop; one pass is kept in hand for the certificate.
    interrupted : callable
        True when the run should end at the next safe point.
    warm_start : ActiveSet, optional
        Atoms and coefficients to start from; it is changed.
    callback : callable, optional
        Called with the :class:`Run` after every pass; a true return value stops.
    least_loss : float
        No function has a smaller loss; an ``eps`` below it cannot be met.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        For an unknown method or step rule, or a form that the method cannot solve.

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
    if method not in METHODS or step not in STEPS:
        raise InputError(
            f"method={method!r}, step={step!r}; expected a method of {', '.join(METHODS)} "
            f"and a step of {', '.join(STEPS)}."
        )
    if method != "corrective" and not isinstance(form, Penalised | Constrained):
        raise InputError(f"method={method!r} solves the lam and tau forms; for eps use method='corrective'.")
    active = warm_start if warm_start is not None else ActiveSet(loss, oracle.gamma)
    run = Run(active)
    baseline = loss.baseline
    ball = _ball(form, baseline)
    start = time.perf_counter()
    timed = _Timed(oracle)
    longest = 0.0  # seconds of a search; kept in hand for the certificate with the evaluation of all atoms
    step_seconds = 0.0

    def late(ahead: float = 0.0) -> bool:
        in_hand = 1.2 * longest + 4.0 * timed.seconds_each * len(active) + 0.5 * step_seconds
        return deadline is not None and time.perf_counter() + ahead + in_hand >= deadline

    def stop() -> bool:
        return interrupted() or late()

    multiplier = form.parameter if isinstance(form, Penalised) else 0.0
    stage, shrink = (form.parameter if len(active) else np.inf), SHRINK
    hits_before = getattr(oracle, "hits", 0)
    try:
        if len(active) and method == "corrective":
            multiplier = correct(active, form)
        for t in range(max_iter):
            clock = time.perf_counter()
            g = loss.dual_point(active.f)
            observe(oracle, active.atoms)
            answer = oracle.search(g, atoms_per_pass if method == "corrective" else 1, stop)
            search_seconds = time.perf_counter() - clock
            hits = getattr(oracle, "hits", 0) - hits_before
            _record(run, form, g, answer, t, time.perf_counter() - start, search_seconds, step_seconds, hits)
            longest = max(longest, time.perf_counter() - clock)
            now = run.steps[-1]
            asked_to_stop = callback is not None and callback(run)
            if np.isfinite(now.primal) and now.gap <= max(tol * abs(now.primal), ROUNDING * baseline):
                run.status = Status.OPTIMAL
                break
            if _hopeless(form, now, answer.upper_bound, least_loss):
                run.status = Status.INFEASIBLE
                break
            if asked_to_stop:
                run.status = Status.CALLBACK
                break
            if interrupted():
                run.status = Status.INTERRUPTED
                break
            if late(1.5 * step_seconds or longest):  # the first step may well cost as much as a search
                run.status = Status.TIME_LIMIT
                break
            if t + 1 == max_iter:
                break
            clock = time.perf_counter()
            if method == "corrective":
                working = form
                if isinstance(form, Penalised):
                    shrink = 0.5 * shrink if answer.value <= stage * (1.0 + 1e-9) else SHRINK
                    stage = max(form.parameter, min(stage, shrink * answer.value))
                    working, multiplier = Penalised(stage), stage
                excess = answer.value - multiplier
                enough = 0.01 * excess + min(0.1 * excess, 0.02 * tol * now.primal / max(now.norm, 1e-300))
                moved, multiplier = corrective_pass(active, working, timed, answer, multiplier, enough)
                moved = moved or working.parameter > form.parameter
            else:
                moved = directed_pass(active, ball, timed, answer, g, method, step, t)
            step_seconds = time.perf_counter() - clock
            if not moved:
                run.status = Status.STALLED if answer.complete or deadline is None else Status.TIME_LIMIT
                break
    except KeyboardInterrupt:
        run.status = Status.INTERRUPTED
    if method == "corrective" and isinstance(form, Penalised) and len(active) and stage > form.parameter:
        correct(active, form)  # ended on the way down: the atoms found, at the penalty asked for
        active.drop(active.coef != 0.0)
    if not np.isfinite(form.primal(loss.value(active.f), active.norm)):
        run.status = Status.INFEASIBLE if run.status in (Status.STALLED, Status.OPTIMAL) else run.status
    return run


def _hopeless(form: Form, now: Step, polar: float, least_loss: float) -> bool:
    """Whether the error bound is missed and cannot be met: by any function, or at any reasonable norm.

    The pass before has minimised the loss over the active atoms, so all of their combinations miss it; ``now.dual``
    bounds the norm of all others, and a combination of norm ``n`` lowers the loss by at most ``polar (n + now.norm)``.
    """
    if np.isfinite(now.primal):
        return False
    proved = form.parameter < least_loss and now.loss <= least_loss * (1.0 + CLOSE)
    settled = now.dual > HOPELESS * now.norm or polar * now.norm <= SETTLED * now.loss
    return proved or (now.norm > 0.0 and settled)


class _Timed:
    """The oracle's `evaluate`, with the seconds it takes an atom."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.seconds_each = oracle, 0.0

    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        clock = time.perf_counter()
        values = self.oracle.evaluate(atoms)
        self.seconds_each = max(self.seconds_each, (time.perf_counter() - clock) / max(1, len(atoms)))
        return values


def corrective_pass(
    active: ActiveSet,
    form: Form,
    oracle: Oracle | _Timed,
    answer: OracleAnswer,
    multiplier: float,
    enough: float = 0.0,
) -> tuple[bool, float]:
    """Add the atoms that can improve, then solve over all active atoms; False if that changes nothing."""
    worth = np.abs(answer.scores) > multiplier * (1.0 + 1e-12)
    fresh = [a for a, good in zip(answer.atoms, worth, strict=True) if good and active.index(a) is None]
    if not fresh:  # the last solve may have been a rough one
        before = active.f
        multiplier = correct(active, form)
        active.drop(active.coef != 0.0)
        return bool(
            np.abs(active.f - before).max(initial=0.0) > 1e-12 * np.abs(before).max(initial=1e-300)
        ), multiplier
    active.add(fresh, oracle.evaluate(fresh))
    multiplier = correct(active, form, enough)
    active.drop(active.coef != 0.0)
    return True, multiplier


def directed_pass(
    active: ActiveSet,
    ball: Ball,
    oracle: Oracle | _Timed,
    answer: OracleAnswer,
    g: Floats,
    method: str,
    step: str,
    t: int,
) -> bool:
    """One vanilla, away or pairwise step; False if it does not move."""
    fresh = [a for a in answer.atoms if active.index(a) is None]
    if fresh:
        active.add(fresh, oracle.evaluate(fresh))
    direction = DIRECTIONS[method](active, ball, g)
    length = STEPS[step](active, ball, direction, t)
    coef = active.coef + length * direction.delta
    if length >= direction.longest:  # a drop step: the vertex left behind must vanish exactly
        coef[np.abs(coef) * active.scales <= 1e-14 * ball.radius] = 0.0
    moved = bool(np.any(coef != active.coef))
    f = coef @ active.columns
    active.move(coef, active.loss.intercept(f, active.intercept))
    active.drop(active.coef != 0.0)
    return moved


def _ball(form: Form, baseline: float) -> Ball:
    if isinstance(form, Constrained):
        return Ball(form.parameter, 0.0)
    return Ball(baseline / form.parameter if form.parameter > 0 else np.inf, form.parameter)


def _with_active(answer: OracleAnswer, active: ActiveSet, g: Floats) -> OracleAnswer:
    """The answer at g with an upper bound that holds for the active atoms too."""
    own = float(np.abs(active.scores(g)).max(initial=0.0))
    return answer if own <= answer.upper_bound else replace(answer, upper_bound=own)


def _record(
    run: Run, form: Form, g: Floats, answer: OracleAnswer, t: int, seconds: float, search: float, step: float,
    hits: int,
) -> None:  # fmt: skip
    active = run.active
    if run.proof is not None:
        run.proof = _with_active(run.proof, active, run.theta)
        run.dual = form.dual(active.loss, run.theta, run.proof.upper_bound)
    fresh = _with_active(answer, active, g)
    bound = form.dual(active.loss, g, fresh.upper_bound)
    if bound > run.dual or run.proof is None:
        run.dual, run.theta, run.proof = bound, g, fresh
    run.answer = answer
    loss, norm = active.loss.value(active.f), active.norm
    primal = form.primal(loss, norm)
    run.steps.append(
        Step(
            iteration=t,
            seconds=seconds,
            primal=primal,
            dual=run.dual,
            gap=primal - run.dual,
            loss=loss,
            norm=norm,
            n_atoms=len(active),
            n_gates=total_gates(active.atoms),
            polar=answer.value,
            oracle_seconds=search,
            step_seconds=step,
            oracle_calls=t + 1 - hits,
            oracle_hits=hits,
        )
    )
