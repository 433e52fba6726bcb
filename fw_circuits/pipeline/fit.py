"""One run on a prepared problem: the loop, the certificate, the solution; checkpoints on the way."""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from os import PathLike
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from fw_circuits._interrupt import interruptible
from fw_circuits._tables import same_columns, shown
from fw_circuits._typing import Floats
from fw_circuits.certificate import derive
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.objective import ErrorBound, least_loss, make_form
from fw_circuits.oracle import OracleAnswer, bounding
from fw_circuits.oracle.base import check_atoms, signs_of
from fw_circuits.pipeline.problem import Problem
from fw_circuits.solution import Certificate, MultinomialSolution, Solution, Status
from fw_circuits.solver import ActiveSet, Clock, Run, empty_set, frank_wolfe
from fw_circuits.tetrakis import Combination, OutputAtom, Outputs

#: Between two saves of the solution so far.
CHECKPOINT_SECONDS = 30.0


def fit(
    problem: Problem, penalty: dict[str, float], clock: Clock, *, first: OracleAnswer | None = None,
    warm_start: Solution | ActiveSet | None = None, checkpoint: str | PathLike[str] | None = None,
    callbacks: Sequence[Callable[[Run], Any] | None] = (),
) -> Solution:  # fmt: skip
    """Run the loop at one of lam, tau or eps, then derive the certificate and build the solution."""
    problem = replace(problem, settings=problem.settings.at(penalty))
    form, settings = make_form(**penalty), problem.settings
    saved = time.perf_counter()
    clock.search_limit = getattr(bounding(problem.oracle), "time_limit", None) or np.inf

    def after_pass(run: Run) -> bool:
        nonlocal saved
        if checkpoint is not None and time.perf_counter() - saved > CHECKPOINT_SECONDS:
            save(provisional(problem, run), checkpoint)
            saved = time.perf_counter()
        check_atoms([atom.atom if isinstance(atom, OutputAtom) else atom for atom in run.active.atoms])
        try:
            return any([call(run) for call in callbacks if call is not None])
        except BaseException:  # the run ends here: keep what it has
            if checkpoint is not None:
                save(provisional(problem, run), checkpoint)
            raise

    with blas().limit(limits=1, user_api="blas"):
        if isinstance(form, ErrorBound):
            form = replace(form, least_loss=least_loss(problem.loss, problem.points))
        with interruptible() as clock.interrupted:
            run = frank_wolfe(problem.loss, form, problem.oracle, method=settings.method, tol=settings.tol,
                              max_iter=settings.max_iter, clock=clock, warm_start=warm(problem, warm_start),
                              first=first, callback=after_pass)  # fmt: skip
        try:
            solution = certified(problem, run, clock)
        except KeyboardInterrupt:  # keep the certificate of the last pass
            solution = provisional(problem, run, Status.INTERRUPTED)
    if checkpoint is not None:
        with interruptible():
            save(solution, checkpoint)
    warn_of(solution)
    return solution


def certified(problem: Problem, run: Run, clock: Clock) -> Solution:
    """The solution with a certificate from fresh searches.

    With a deadline there is not one search more for the best dual point: the answer there is at hand.
    """
    combination, stop = combination_of(problem, run.active), clock.limited()
    known = None if stop is None or run.proof is None else (run.theta, run.proof)
    extra = [] if run.proof is None or known else [run.theta]
    certificate, theta = derive(problem.loss, run.form, problem.oracle, combination, problem.points,
                                tol=problem.settings.tol, extra_points=extra, stop=stop, proof=known)  # fmt: skip
    return finished(problem, run, combination, run.status, certificate, theta)


def provisional(problem: Problem, run: Run, status: Status | None = None) -> Solution:
    """The run so far as a solution, with the last pass's bounds as its certificate."""
    loss, active, proof = problem.loss, run.active, run.proof
    last = run.steps[-1] if run.steps else None
    certificate = Certificate(
        form=run.form.name,
        parameter=run.form.parameter,
        primal=run.primal,
        dual=run.dual,
        scope=proof.scope if proof else "no circuits (no pass was finished)",
        max_gates=proof.max_gates if proof else 0,  # scopes may differ between passes; this is the one of the bound
        global_dual=-np.inf,
        estimated_gap=last.gap if last else np.inf,
        tol=problem.settings.tol,
        polar=proof.value if proof else 0.0,
        polar_bound=proof.upper_bound if proof else np.inf,
        baseline=loss.baseline,
        loss=loss.value(active.f),
    )
    return finished(problem, run, combination_of(problem, active), status or run.status, certificate, run.theta)


def combination_of(problem: Problem, active: ActiveSet) -> Combination:
    """The active atoms, those that weigh most first."""
    if problem.loss.n_outputs > 1:
        constants = np.asarray(active.intercept)
        constants = constants - constants.mean()  # one common to all classes changes nothing
        return Outputs.of(active.atoms, active.coef, constants, problem.lattice, active.gamma)
    order = np.argsort(-active.scales * np.abs(active.coef), kind="stable")
    order = order[active.coef[order] != 0.0]
    atoms = tuple(active.atoms[j] for j in order)
    return Combination(atoms, active.coef[order], active.intercept, problem.lattice)


def finished(
    problem: Problem, run: Run, combination: Combination, status: Status, certificate: Certificate, theta: Floats
) -> Solution:
    """All parts in one object; the status is optimal if and only if the certificate says so."""
    if certificate.certified:
        status = Status.OPTIMAL
    elif status is Status.OPTIMAL:
        status = Status.STALLED
    kind: Any = MultinomialSolution if isinstance(combination, Outputs) else Solution
    solution: Solution = kind(
        combination=combination,
        settings=problem.settings,
        status=status,
        trace=run.trace,
        certificate=certificate,
        feature_names=problem.feature_names,
        classes=problem.classes,
        dual_point=theta,
        columns=problem.columns,
    )
    return solution


def warm(problem: Problem, solution: Solution | ActiveSet | None) -> ActiveSet | None:
    """The atoms and coefficients of a solution on the same lattice, to start from; an active set as it is."""
    if solution is None or isinstance(solution, ActiveSet):
        return solution
    if not isinstance(solution, Solution):
        raise InputError(f"warm_start is {solution!r}; expected a Solution, from solve or fw_circuits.load.")
    if not same_columns(solution.feature_names, problem.feature_names):
        raise InputError(
            f"warm_start was fitted on the columns {shown(solution.feature_names)}; X has "
            f"{shown(problem.feature_names)}; expected the same columns in the same order: reorder X, or leave "
            "warm_start out."
        )
    if solution.lattice != problem.lattice or solution.columns != problem.columns:
        raise InputError("warm_start is of another domain, other levels or literals; expected the same lattice.")
    same = np.array_equal(np.asarray(solution.classes), np.asarray(problem.classes))
    combination, joint = solution.combination, isinstance(solution, MultinomialSolution)
    if joint != (problem.loss.n_outputs > 1) or (joint and not same):
        raise InputError("warm_start is for other classes; expected a solution with the labels that y has.")
    stacked = combination.stacked() if isinstance(combination, Outputs) else combination
    active = empty_set(problem.loss, problem.settings.gamma)
    signs = signs_of(problem.oracle, stacked.atoms)
    kept = np.flatnonzero(signs * stacked.coef >= 0.0)  # what monotone and positive allow
    atoms = [stacked.atoms[j] for j in kept]
    active.add(atoms, problem.oracle.evaluate(atoms), signs[kept])
    active.move(np.array(stacked.coef)[kept], stacked.intercept)
    return active


def save(solution: Solution, checkpoint: str | PathLike[str]) -> None:
    """Save a checkpoint; the run is worth more than its file, so whatever goes wrong is a warning."""
    try:
        solution.save(checkpoint)
    except Exception as error:
        warnings.warn(
            f"the checkpoint could not be saved ({type(error).__name__}: {error}); the run goes on, and the solution "
            "is returned at its end: save it elsewhere.",
            SolverWarning,
            stacklevel=4,
        )


def warn_of(solution: Solution) -> None:
    """Tell the caller of `solve` or `path` that the tolerance was missed."""
    if solution.status is Status.OPTIMAL:
        return
    c = solution.certificate
    missed = f"Least loss reached {c.loss:.6g}, asked for {c.parameter:.6g}."
    gap = f"Relative certified gap {c.relative_gap:.2g}, asked for {c.tol:.2g}."
    message = f"{solution.status.message} {gap if np.isfinite(c.primal) else missed}"
    warnings.warn(message, SolverWarning, stacklevel=4)


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries in use, which a run limits to one thread; to look for them takes milliseconds.

    Products of the active set are short beside a pass, threads of BLAS spin for long where cores are shared, and on
    one thread sums do not depend on ``n_jobs``, which is the number of threads of the oracles' own kernels.
    """
    return ThreadpoolController()
