"""The fully-corrective step: solve the problem again over the active atoms.

Penalised, squared loss: a weighted lasso on the cached Gram matrix.  Penalised, other losses: Newton steps, each a
weighted lasso on the Gram matrix of the second derivative, with a line search.  The two other forms are the penalised
one at the multiplier where the constraint is met with equality, found by a bracketing root search with warm starts.
Losses that Newton's method does not suit go to cvxpy (``reference.py``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from fw_circuits._typing import Floats
from fw_circuits.objective import Constrained, Form, Penalised
from fw_circuits.solver.active_set import ActiveSet
from fw_circuits.solver.lasso import violation, weighted_lasso
from fw_circuits.solver.reference import solve_reference


def correct(active: ActiveSet, form: Form, accuracy: float = 0.0) -> float:
    """Move ``active`` to the optimum of ``form`` over its atoms; returns the score above which atoms improve it.

    ``accuracy`` is the violation of the optimality conditions, in units of that multiplier, that is good enough for
    now; only the Newton steps of the penalised form make use of it.
    """
    loss = active.loss
    if not loss.newton:
        coef, intercept = solve_reference(loss, form, active.columns.dense(), active.scales, active.signs)
        active.move(coef, intercept)
        at_optimum = loss.negative_gradient(active.f)
        return form.parameter if isinstance(form, Penalised) else active.polar(at_optimum)
    if isinstance(form, Penalised):
        return _penalised(active, form.parameter, accuracy)
    return _at_constraint(active, form)


def _at_constraint(active: ActiveSet, form: Form) -> float:
    """Find the multiplier at which the norm is tau, or the loss eps."""
    loss = active.loss

    def excess(lam: float) -> float:
        """How far the multiplier is too small: decreasing in lam, zero where the constraint is met with equality."""
        _penalised(active, lam)
        if isinstance(form, Constrained):
            return active.norm - form.parameter
        return form.parameter * (1.0 - 1e-9) - loss.value(active.f)

    top = active.polar(loss.negative_gradient(loss.at_constant))
    low = 1e-9 * top
    if top == 0.0:
        return 0.0
    at_top, at_low = excess(top), excess(low)
    if at_low <= 0.0:  # tau does not bind, or eps is out of reach for these atoms
        return low
    if at_top >= 0.0:  # the constant alone is good enough
        return _penalised(active, top)
    lam = float(brentq(excess, low, top, xtol=1e-14 * top, rtol=1e-12, maxiter=200))
    _penalised(active, lam)
    if isinstance(form, Constrained):
        coef = active.coef * min(1.0, form.parameter / max(active.norm, 1e-300))
        active.move(coef, loss.intercept(active.columns.push(coef), active.intercept))
    elif loss.value(active.f) > form.parameter:
        lam *= 1.0 - 1e-6
        _penalised(active, lam)
    return lam


def _penalised(active: ActiveSet, lam: float, accuracy: float = 0.0) -> float:
    if len(active) and lam > 0.0:
        if active.loss.is_quadratic:
            _squared(active, lam)
        else:
            _newton(active, lam, max(accuracy, 1e-10 * lam))
    return lam


def _squared(active: ActiveSet, lam: float) -> None:
    loss = active.loss
    q = loss.weights
    r = active.columns.pull(q * (loss.y - q @ loss.y))
    coef = weighted_lasso(active.gram(), r, lam * active.scales, active.coef, signs=active.signs)
    active.move(coef, float(q @ (loss.y - active.columns.push(coef))))


def _newton(active: ActiveSet, lam: float, accuracy: float, max_steps: int = 60) -> None:
    """Proximal Newton on coefficients and intercept, to a violation of ``accuracy``."""
    loss, thresholds = active.loss, lam * active.scales
    for _ in range(max_steps):
        g = loss.negative_gradient(active.f)
        slope = active.columns.pull(g)
        if violation(slope, thresholds, active.coef, active.signs) <= accuracy:
            return
        if (model := active.model(g, slope)) is None:
            return
        gram = model.gram
        gram[np.diag_indices_from(gram)] += 1e-12 * max(float(np.trace(gram)) / len(active), 1e-300)
        target = weighted_lasso(gram, model.slope + gram @ active.coef, thresholds, active.coef, signs=active.signs)
        shift = model.shift(target - active.coef)
        gain = float(slope @ (target - active.coef)) + float(np.sum(shift * model.push))
        if not _line_search(active, target, shift, thresholds, gain):
            return


def _line_search(active: ActiveSet, target: Floats, shift: Any, thresholds: Floats, gain: float) -> bool:
    """Backtrack from the Newton point until the objective falls; False when no step makes it fall.

    ``gain`` is by how much the loss would fall, were it linear.
    """
    loss = active.loss
    coef, intercept = active.coef, active.intercept
    before = loss.value(active.f) + float(thresholds @ np.abs(coef))
    expected = gain - float(thresholds @ (np.abs(target) - np.abs(coef)))
    step = 1.0
    for _ in range(40):
        trial = coef + step * (target - coef) if step < 1.0 else target
        f = active.at(trial, intercept + step * shift)
        after = loss.value(f) + float(thresholds @ np.abs(trial))
        if after <= before - 1e-4 * step * max(expected, 0.0) + 1e-15 * abs(before):
            active.move(trial, intercept + step * shift)
            return after < before
        step *= 0.5
    return False
