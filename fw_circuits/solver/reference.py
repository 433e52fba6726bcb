"""The restricted problem in cvxpy: the reference in tests, and the step for losses without a fast one.

The solver sees the target in units of its spread around the best constant, so that its tolerances, which are absolute,
mean the same at every scale: ``c y + b`` with the threshold ``c delta`` has ``c`` times the coefficients.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.objective import (
    Constrained,
    ErrorBound,
    Form,
    Huber,
    Logistic,
    Loss,
    Penalised,
    Squared,
    make_loss,
)
from fw_circuits.objective.losses import best_intercept

#: Thresholds of so many units are tried as a squared loss first.
QUADRATIC = 8.0


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
        If cvxpy does not find an optimum.  Where ``eps`` is out of reach, the least loss is taken instead.
    """
    c, unit = _origin_and_unit(loss)
    scaled = loss if (c, unit) == (0.0, 1.0) else _in_units(loss, c, unit)
    solved = _solve(scaled, form, columns, scales, unit)
    if solved is None and isinstance(form, ErrorBound):  # eps is out of reach: as near as can be
        solved = _solve(scaled, Penalised(0.0), columns, scales, unit)
    if solved is None:
        raise InputError(
            f"cvxpy finds no optimum of the {form.name} form on {columns.shape[0]} atoms; scale y to a spread near 1, "
            "or ask for less: a larger lam or eps, a smaller tau."
        )
    coef, intercept = solved[0] * unit, c + solved[1] * unit
    coef[np.abs(coef) * scales <= 1e-9 * max(float(scales @ np.abs(coef)), 1e-300)] = 0.0
    if isinstance(form, Constrained):
        coef *= min(1.0, form.parameter / max(float(scales @ np.abs(coef)), 1e-300))
    return coef, intercept


def _origin_and_unit(loss: Loss) -> tuple[float, float]:
    """Where the target lies and its spread, in which the solver sees it; labels and constants stay as they are."""
    if isinstance(loss, Logistic):
        return 0.0, 1.0
    c = best_intercept(loss, np.zeros(loss.y.size))
    spread = float(loss.weights @ np.abs(loss.y - c))
    return c, spread if spread > 0.0 else 1.0


def _in_units(loss: Loss, c: float, unit: float) -> Loss:
    threshold = loss.delta / unit if isinstance(loss, Huber) else 1.0
    return make_loss(loss.name, (loss.y - c) / unit, loss.weights, huber_threshold=threshold)


def _solve(
    loss: Loss, form: Form, columns: Floats, scales: Floats, unit: float
) -> tuple[Floats, float] | None:
    """The optimum for targets in units, ``form`` being that of the targets as they came; None if cvxpy finds none."""
    if isinstance(loss, Huber) and loss.delta >= QUADRATIC:  # residuals are hardly ever larger
        solved = _solve(make_loss("squared", loss.y, loss.weights), form, columns, scales, unit)
        if solved is not None and np.abs(loss.y - solved[1] - solved[0] @ columns).max() <= loss.delta:
            return solved
    import cvxpy as cp

    m = columns.shape[0]
    coef, intercept = cp.Variable(m), cp.Variable()
    f = intercept + columns.T @ coef if m else intercept * np.ones(loss.y.size)
    scale = min(1.0, loss.delta) if isinstance(loss, Huber) else 1.0  # a small threshold makes the loss small
    value = _loss_expression(loss, f, cp) / scale
    norm = scales @ cp.abs(coef) if m else cp.Constant(0.0)
    if isinstance(form, Penalised):
        problem = cp.Problem(cp.Minimize(value + form.parameter / unit / scale * norm))
    elif isinstance(form, Constrained):
        problem = cp.Problem(cp.Minimize(value), [norm <= form.parameter / unit])
    else:
        problem = cp.Problem(cp.Minimize(norm), [value <= form.parameter / unit**2 / scale])
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # "may be inaccurate" still is far below what is asked for
        try:
            problem.solve(
                solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11, max_iter=400
            )
        except cp.SolverError:
            return None
    if (m and coef.value is None) or intercept.value is None:
        return None
    found = np.zeros(m) if coef.value is None else np.array(coef.value, dtype=np.float64)
    return found, float(np.asarray(intercept.value))


def _loss_expression(loss: Loss, f: Any, cp: Any) -> Any:
    q = loss.weights
    if isinstance(loss, Squared):
        return 0.5 * cp.sum_squares(cp.multiply(np.sqrt(q), loss.y - f))
    if isinstance(loss, Logistic):
        return q @ cp.logistic(-cp.multiply(loss.y, f))
    if isinstance(loss, Huber):
        return 0.5 * (q @ cp.huber(loss.y - f, loss.delta))
    raise InputError(f"no cvxpy form for the loss {loss.name!r}; expected squared, logistic or huber.")
