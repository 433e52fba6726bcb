"""Certificates, re-derived from the returned object.

Nothing here is taken over from the solver: predictions come from the atoms' own evaluation on ``X``, the norm from
the circuits' gates, the gradient from the loss, and the bound on the polar from a fresh call of the oracle.  What is
trusted: the oracle's statement that ``upper_bound`` covers its ``scope`` (tested against brute force), and floating
point arithmetic (bounds are not rounded outwards; expect errors of about 1e-12 of the objective).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits._validation import check_parameters, check_sample_weight, check_target, check_X
from fw_circuits.exceptions import InputError
from fw_circuits.objective import Form, Loss, least_loss, make_form, make_loss
from fw_circuits.objective.losses import best_intercept
from fw_circuits.oracle import Oracle, OracleAnswer, eager, make_oracle
from fw_circuits.oracle.base import observe
from fw_circuits.solution import Certificate, Solution

__all__ = ["certify"]

#: Atoms evaluated at a time.
BLOCK = 16


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
    tol: float = 1e-3,
    oracle: str = "auto",
    n_jobs: int | None = None,
    time_limit: float | None = None,
) -> Certificate:
    """Re-derive the certificate of ``solution`` on the data that it was fitted to.

    Parameters
    ----------
    solution : Solution
        From :func:`fw_circuits.solve` or :func:`fw_circuits.load`.
    X, y, sample_weight : array_like
        The training data, columns matched by name where X has names (as in ``Solution.decision_function``); other data
        give a valid certificate of another problem.
    tol : float
        Relative gap at which ``certified`` is true.
    oracle, n_jobs, time_limit
        As in :func:`fw_circuits.solve`.

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
    tol = check_parameters(tol=tol, time_limit=time_limit, n_jobs=n_jobs).tol
    points = check_X(X, names=solution.feature_names)
    loss = loss_on(solution, y, points.shape[0], sample_weight)
    search = make_oracle(
        oracle, points, solution.lattice, solution.gamma, n_jobs=n_jobs, time_limit=time_limit
    )
    form = make_form(**{solution.form: solution.parameter})
    extra = [solution.dual_point] if solution.dual_point.size == points.shape[0] else []
    return derive(loss, form, search, solution, points, tol=tol, extra_points=extra)[0]


def loss_on(solution: Solution, y: Any, n_rows: int, sample_weight: Any = None) -> Loss:
    """The solution's loss on a target; an error if y has other labels than the solution was fitted to."""
    weights = check_sample_weight(sample_weight, n_rows)
    target, classes = check_target(y, n_rows, solution.loss, weights)
    if classes is not None and not np.array_equal(classes, np.asarray(solution.classes)):
        raise InputError(
            f"y has the labels {classes.tolist()}; the solution was fitted to {np.asarray(solution.classes).tolist()}."
        )
    return make_loss(solution.loss, target, weights, huber_threshold=solution.huber_threshold)


def derive(
    loss: Loss,
    form: Form,
    oracle: Oracle,
    solution: Solution,
    points: Floats,
    *,
    tol: float,
    extra_points: Sequence[Floats] = (),
    stop: Callable[[], bool] | None = None,
    proof: tuple[Floats, OracleAnswer] | None = None,
) -> tuple[Certificate, Floats]:
    """Certificate of a solution on its data, and the dual point behind its bound.

    The gradient always gives a bound; ``extra_points`` (best dual points of earlier passes) are tried when they could
    improve it, each with an oracle call of its own.  ``proof``, a dual point with the oracle's answer there, costs no
    search; it is all there is where ``stop`` says that no time is left.  The solution's own atoms count among the
    scope: some may be larger than the circuits that the oracle searches.
    """
    oracle = eager(oracle)
    f = solution.decision_function(points)
    reached = loss.value(f)
    primal = form.primal(reached, solution.norm)
    constant = loss.value(np.full(f.size, best_intercept(loss, np.zeros(f.size))))
    g = loss.gradient(f)
    gradient = g - loss.weights * g.sum()
    known = [] if proof is None else [proof[0]]
    own = scores_of(solution, oracle, [gradient, *extra_points, *known])
    observe(oracle, solution.atoms)
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
        baseline=constant,
        loss=reached,
        least_loss=0.0 if np.isfinite(primal) else least_loss(loss, points),
    )
    return certificate, best.theta


def scores_of(solution: Solution, oracle: Oracle, thetas: Sequence[Floats]) -> Floats:
    """Largest absolute score of the solution's atoms at each dual point."""
    best = np.zeros(len(thetas))
    for start in range(0, len(solution.atoms), BLOCK):
        block = solution.atoms[start : start + BLOCK]
        scales = np.array([atom.cost for atom in block]) ** (-1.0 / solution.gamma)
        values = oracle.evaluate(block)
        for i, theta in enumerate(thetas):
            best[i] = max(best[i], float(np.abs(theta @ values * scales).max()))
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
