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
from fw_circuits.objective import Constrained, ErrorBound, Form, Loss, Penalised, Squared

#: Thresholds of at least this many units are tried as a squared loss first.
QUADRATIC = 8.0


def solve_reference(
    loss: Loss, form: Form, columns: Floats, scales: Floats, signs: Floats | None = None
) -> tuple[Floats, float]:
    """Solve ``form`` over fixed atoms by an interior-point method.

    Parameters
    ----------
    loss, form : Loss, Form
        The problem.
    columns : ndarray of shape (m, N)
        Atom values, one atom per row.
    scales : ndarray of shape (m,)
        Weights of ``|coef_j|`` in the norm.
    signs : ndarray of shape (m,), optional
        Signs that the coefficients may have: 1, -1, or 0 for both, the default.

    Returns
    -------
    coef : ndarray of shape (m,)
    intercept : float

    Raises
    ------
    InputError
        If cvxpy does not find an optimum.  Where ``eps`` is out of reach, the least loss is taken instead.
    """
    signs = np.zeros(len(columns)) if signs is None else signs
    scaled, c, unit = loss.standardised()
    solved = _solve(scaled, form, columns, scales, unit, signs)
    if solved is None and isinstance(form, ErrorBound):  # eps is out of reach: as near as can be
        solved = _solve(scaled, Penalised(0.0), columns, scales, unit, signs)
    if solved is None:
        raise InputError(
            f"cvxpy finds no optimum of the {form.name} form on {columns.shape[0]} atoms; scale y to a spread near 1, "
            "or ask for less: a larger lam or eps, a smaller tau."
        )
    coef, intercept = solved[0] * unit, c + solved[1] * unit
    coef[coef * signs < 0.0] = 0.0
    coef[np.abs(coef) * scales <= 1e-9 * max(float(scales @ np.abs(coef)), 1e-300)] = 0.0
    if isinstance(form, Constrained):
        coef *= min(1.0, form.parameter / max(float(scales @ np.abs(coef)), 1e-300))
    return coef, intercept


def _solve(
    loss: Loss, form: Form, columns: Floats, scales: Floats, unit: float, signs: Floats
) -> tuple[Floats, float] | None:
    """The optimum for targets in units, ``form`` being that of the targets as they came; None if cvxpy finds none."""
    if QUADRATIC <= loss.quadratic_until < np.inf:  # residuals are hardly ever larger
        solved = _solve(Squared(loss.y, loss.weights), form, columns, scales, unit, signs)
        if solved is not None:
            residuals = loss.y - solved[1] - solved[0] @ columns
            if np.abs(residuals).max() <= loss.quadratic_until:
                return solved
    import cvxpy

    cp: Any = cvxpy
    m = columns.shape[0]
    coef, intercept = cp.Variable(m), cp.Variable()
    f = intercept + columns.T @ coef if m else intercept * np.ones(loss.y.size)
    scale = min(1.0, loss.quadratic_until or 1.0)  # a small threshold makes the loss small
    value = loss.expression(f, cp) / scale
    norm = scales @ cp.abs(coef) if m else cp.Constant(0.0)
    limits = [cp.multiply(signs, coef) >= 0.0] if signs.any() else []
    if isinstance(form, Penalised):
        problem = cp.Problem(cp.Minimize(value + form.parameter / unit / scale * norm), limits)
    elif isinstance(form, Constrained):
        problem = cp.Problem(cp.Minimize(value), [norm <= form.parameter / unit, *limits])
    else:
        problem = cp.Problem(cp.Minimize(norm), [value <= form.parameter / unit**2 / scale, *limits])
    with warnings.catch_warnings():
        # "may be inaccurate" still is far below what is asked for
        warnings.simplefilter("ignore", UserWarning)
        try:
            problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11, max_iter=400)
        except cp.SolverError:
            return None
    if (m and coef.value is None) or intercept.value is None:
        return None
    found = np.zeros(m) if coef.value is None else np.array(coef.value, dtype=np.float64)
    return found, float(np.asarray(intercept.value))
