"""The restricted problem in cvxpy: the reference in tests, and the step for losses without a fast one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.objective import Constrained, Form, Huber, Logistic, Loss, Penalised, Squared


def solve_reference(loss: Loss, form: Form, columns: Floats, scales: Floats) -> tuple[Floats, float]:
    """Solve ``form`` over fixed atoms by an interior-point method.

    Parameters
    ----------
    loss, form : Loss, Form
        The problem.
    columns : ndarray of shape (m, N)
        Atom values, one atom a row.
    scales : ndarray of shape (m,)
        Weights of ``|coef_j|`` in the norm.

    Returns
    -------
    coef : ndarray of shape (m,)
    intercept : float

    Raises
    ------
    InputError
        If cvxpy does not find an optimum, for example because ``eps`` is out of reach.
    """
    import cvxpy as cp

    m = columns.shape[0]
    coef, intercept = cp.Variable(m), cp.Variable()
    f = intercept + columns.T @ coef if m else intercept * np.ones(loss.y.size)
    value = _loss_expression(loss, f, cp)
    norm = scales @ cp.abs(coef) if m else cp.Constant(0.0)
    if isinstance(form, Penalised):
        problem = cp.Problem(cp.Minimize(value + form.parameter * norm))
    elif isinstance(form, Constrained):
        problem = cp.Problem(cp.Minimize(value), [norm <= form.parameter])
    else:
        problem = cp.Problem(cp.Minimize(norm), [value <= form.parameter])
    with (
        warnings.catch_warnings()
    ):  # "may be inaccurate" at these tolerances still is far below what is asked for
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11, max_iter=400)
    if coef.value is None and intercept.value is None:
        raise InputError(
            f"cvxpy reports {problem.status!r} for the {form.name} form; expected a feasible problem; "
            "a larger eps, or lam in its place, always has a solution."
        )
    solved = np.zeros(m) if coef.value is None else np.asarray(coef.value, dtype=np.float64)
    solved[np.abs(solved) * scales <= 1e-9 * max(float(scales @ np.abs(solved)), 1e-300)] = 0.0
    if isinstance(form, Constrained):
        solved *= min(1.0, form.parameter / max(float(scales @ np.abs(solved)), 1e-300))
    return solved, float(np.asarray(intercept.value))


def _loss_expression(loss: Loss, f: Any, cp: Any) -> Any:
    q = loss.weights
    if isinstance(loss, Squared):
        return 0.5 * cp.sum_squares(cp.multiply(np.sqrt(q), loss.y - f))
    if isinstance(loss, Logistic):
        return q @ cp.logistic(-cp.multiply(loss.y, f))
    if isinstance(loss, Huber):
        return 0.5 * (q @ cp.huber(loss.y - f, loss.delta))
    raise InputError(f"no cvxpy form for the loss {loss.name!r}; expected squared, logistic or huber.")
