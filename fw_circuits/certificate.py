"""Certificates, re-derived from the returned object.

Nothing here is taken over from the solver: predictions come from the atoms' own evaluation on ``X``, the norm from
the circuits' gates, the gradient from the loss, and the bound on the polar from a fresh call of the oracle (under a
time limit, the run's last answer at its best dual point may stand in for it).  What is trusted: the oracle's statement
that ``upper_bound`` covers its ``scope`` (tested against brute force), and floating point arithmetic (bounds are not
rounded outwards; expect errors of about 1e-12 of the objective).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._settings import Settings
from fw_circuits._typing import Floats
from fw_circuits._validation import check_sample_weight
from fw_circuits.columns import points_of
from fw_circuits.exceptions import InputError
from fw_circuits.objective import Form, Loss, find_loss, least_loss, make_form, make_loss
from fw_circuits.oracle import ByOutput, Oracle, OracleAnswer, Shape, bounding, eager, make_oracle
from fw_circuits.oracle.base import atoms_at_a_time, gains, insist, observe, signs_of
from fw_circuits.solution import Certificate, Solution
from fw_circuits.tetrakis import Combination, Outputs

__all__ = ["certify"]


@dataclass(frozen=True)
class Bounds:
    """Dual bounds at one dual point ``theta``: over the oracle's scope, over all circuits, and the estimate."""

    theta: Floats
    scope: float
    everywhere: float
    estimate: float
    polar: float
    polar_bound: float
    sentence: str
    max_gates: int


def certify(
    solution: Solution,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    tol: float | None = None,
    oracle: Any = None,
    n_jobs: int | None = None,
    time_limit: float | None = None,
    loss: type[Loss] | None = None,
) -> Certificate:
    """Re-derive the certificate of ``solution`` on the data that it was fitted to.

    Parameters
    ----------
    solution : Solution
        From :func:`fw_circuits.solve` or :func:`fw_circuits.load`.
    X, y, sample_weight : array_like
        The training data, columns matched by name where X has names (as in ``Solution.decision_function``); other data
        give a valid certificate of another problem.
    tol : float, optional
        Relative gap at which ``certified`` is true; default that of the run.
    oracle : str or Oracle, optional
        As in :func:`fw_circuits.solve`.  Default: the search of the run, with its ``max_gates``, so that the bound is
        over the same circuits; "auto" for a solution from a file whose oracle was an object.
    n_jobs, time_limit
        As in :func:`fw_circuits.solve`.
    loss : type, optional
        The class of a loss of one's own, of which a file keeps only the name.

    Returns
    -------
    Certificate

    Raises
    ------
    InputError
        If the data do not fit the solution.

    Examples
    --------
    >>> import numpy as np, fw_circuits
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]); y = X[:, 0] ^ X[:, 1]
    >>> solution = fw_circuits.solve(X, y, lam=0.01)
    >>> certify(solution, X, y).certified
    True
    """
    run = solution.settings
    given = Settings.of(tol=run.tol if tol is None else tol, time_limit=time_limit, n_jobs=n_jobs)
    points = points_of(solution.columns, X, names=solution.feature_names, compact=True)
    fitted = loss_on(solution, y, points.shape[0], sample_weight, loss)
    search = oracle_of(solution, points, oracle, given)
    if fitted.n_outputs > 1:
        search = ByOutput.over(search, fitted.n_outputs)
    extra = [solution.dual_point] if solution.dual_point.size == fitted.y.size else []
    form = make_form(**run.form)
    return derive(fitted, form, search, solution.combination, points, tol=given.tol, extra_points=extra)[0]


def oracle_of(solution: Solution, points: Floats, oracle: Any, given: Settings) -> Oracle:
    """The oracle of a fresh search over the rows: ``oracle``, or where that is None the one of the run."""
    run = solution.settings
    same, columns = oracle is None, solution.columns
    monotone = run.monotone if columns is None else columns.directions(run.monotone)
    return make_oracle(
        run.oracle if same else oracle, points, solution.lattice, run.gamma,
        max_gates=run.max_gates if same else None, n_jobs=given.n_jobs, time_limit=given.time_limit,
        random_state=run.random_state, shape=Shape.of(monotone, run.positive, solution.feature_names),
    )  # fmt: skip


def loss_on(solution: Solution, y: Any, n_rows: int, sample_weight: Any = None, loss: type[Loss] | None = None) -> Loss:
    """The solution's loss on a target; an error if y has other labels than the solution was fitted to."""
    weights = check_sample_weight(sample_weight, n_rows)
    if (kind := find_loss(loss or solution.settings.loss)).name != solution.loss:
        raise InputError(f"loss is {kind.name!r}; the solution was fitted with {solution.loss!r}: give that class.")
    target, classes = kind.encode_target(y, n_rows, weights)
    if classes is not None and not np.array_equal(classes, np.asarray(solution.classes)):
        raise InputError(
            f"y has the labels {classes.tolist()}; the solution was fitted to {np.asarray(solution.classes).tolist()}."
        )
    return make_loss(kind, target, weights, huber_threshold=solution.huber_threshold)


def derive(
    loss: Loss,
    form: Form,
    oracle: Oracle,
    combination: Combination,
    points: Floats,
    *,
    tol: float,
    extra_points: Sequence[Floats] = (),
    stop: Callable[[], bool] | None = None,
    proof: tuple[Floats, OracleAnswer] | None = None,
) -> tuple[Certificate, Floats]:
    """Certificate of a combination on its data, and the dual point behind its bound.

    The gradient always gives a bound; ``extra_points`` (best dual points of earlier passes) are tried when they could
    improve it, each with an oracle call of its own.  ``proof``, a dual point with the oracle's answer there, costs no
    search; it is all there is where ``stop`` says that no time is left.  The combination's own atoms count among the
    scope: some may be larger than the circuits that the oracle searches.
    """
    check_signs(combination, oracle)
    oracle = eager(oracle) if stop is None else bounding(oracle)
    combination = combination.stacked() if isinstance(combination, Outputs) else combination
    f = combination.values(points)
    reached = loss.value(f)
    primal = form.primal(reached, combination.norm(oracle.gamma))
    gradient = loss.dual_point(f)
    known = [] if proof is None else [proof[0]]
    own = scores_of(combination, oracle, [gradient, *extra_points, *known])
    observe(oracle, combination.atoms)
    insist(oracle)
    at_proof = None if proof is None else bounds_at(loss, form, *proof, own[-1])
    if at_proof is not None and stop is not None and stop():
        best = at_proof
    else:
        best = bounds_at(loss, form, gradient, oracle.search(gradient, 1, stop), own[0])
    for theta, score in zip(extra_points, own[1:], strict=False):
        if primal - best.scope <= tol * abs(primal) or np.array_equal(theta, best.theta):
            break
        other = bounds_at(loss, form, theta, oracle.search(theta, 1, stop), score)
        best = other if other.scope > best.scope else best
    if at_proof is not None and at_proof.scope > best.scope:
        best = at_proof
    certificate = Certificate(
        form=form.name,
        parameter=form.parameter,
        primal=primal,
        dual=best.scope,
        scope=best.sentence,
        max_gates=best.max_gates,
        global_dual=best.everywhere,
        estimated_gap=primal - best.estimate,
        tol=tol,
        polar=best.polar,
        polar_bound=best.polar_bound,
        baseline=loss.baseline,
        loss=reached,
        least_loss=0.0 if np.isfinite(primal) else least_loss(loss, points),
    )
    return certificate, best.theta


def check_signs(combination: Combination, oracle: Oracle) -> None:
    """An error where a coefficient has a sign that the oracle's constraints do not allow: there is no such solution."""
    signs = signs_of(oracle, combination.atoms)
    allowed = np.atleast_2d(signs * combination.coef.T >= 0.0)  # a row for each output
    if wrong := np.flatnonzero(~allowed.all(axis=0)).tolist():
        raise InputError(
            f"atoms {wrong[:5]} are not allowed by the constraints of the search with the signs of their coefficients; "
            "expected a solution that keeps monotone and positive, such as that of solve with the same settings."
        )


def scores_of(combination: Combination, oracle: Oracle, thetas: Sequence[Floats]) -> Floats:
    """Largest score of the combination's atoms at each dual point, with the signs that their coefficients may have."""
    best = np.zeros(len(thetas))
    step = atoms_at_a_time(oracle.n_rows)
    for start in range(0, len(combination.atoms), step):
        block = combination.atoms[start : start + step]
        scales = np.array([atom.cost for atom in block]) ** (-1.0 / oracle.gamma)
        values, signs = oracle.evaluate(block), signs_of(oracle, block)
        for i, theta in enumerate(thetas):
            best[i] = max(best[i], float(gains(theta @ values * scales, signs).max()))
    return best


def bounds_at(loss: Loss, form: Form, theta: Floats, answer: OracleAnswer, own: float) -> Bounds:
    """Dual bounds that ``theta`` gives, from the oracle's answer there and the largest score of own atoms."""
    value, upper = max(float(answer.value), float(own)), max(float(answer.upper_bound), float(own))
    everywhere = form.dual(loss, theta, max(upper, float(answer.tail)))
    return Bounds(
        theta=theta,
        scope=max(form.dual(loss, theta, upper), everywhere),  # a bound over all circuits is one over fewer
        everywhere=everywhere,
        estimate=form.dual(loss, theta, value),
        polar=value,
        polar_bound=upper,
        sentence=answer.scope,
        max_gates=answer.max_gates,
    )
