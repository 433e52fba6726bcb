"""The quadratic core of the fully-corrective step: a weighted lasso on a Gram matrix, to machine precision.

    minimise over b   1/2 b'Gb - r'b + sum_j t_j |b_j|

Coordinate descent (compiled) gets near; a search over supports and signs then finishes exactly: on a support with
fixed signs the optimum solves a linear system.  Strongly correlated atoms, which slow coordinate descent down, are
no harder for the second part.  Source of the second part: Lee, Battle, Raina and Ng 2006, feature-sign search.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from fw_circuits._kernels import select
from fw_circuits._typing import Floats
from fw_circuits.oracle.base import gains


def weighted_lasso(
    gram: Floats, r: Floats, thresholds: Floats, start: Floats, tol: float = 1e-13, signs: Floats | None = None
) -> Floats:
    """Minimise ``1/2 b'Gb - r'b + sum t_j |b_j|``: G is positive semi-definite, thresholds are > 0.

    ``tol`` is the largest violation of the optimality conditions, as a fraction of ``max |r|``.  Coefficients are at
    least 0 where ``signs`` is 1, at most 0 where it is -1, and free where it is 0.

    Examples
    --------
    >>> weighted_lasso(np.eye(2), np.array([3.0, 0.5]), np.ones(2), np.zeros(2)).tolist()
    [2.0, 0.0]
    >>> weighted_lasso(np.eye(2), np.array([3.0, 2.0]), np.ones(2), np.zeros(2), signs=np.array([-1.0, 1.0])).tolist()
    [0.0, 1.0]
    """
    m = r.size
    if m == 0:
        return np.zeros(0)
    scale = max(float(np.abs(r).max()), float(thresholds.max()), 1e-300)
    b, signs = start.astype(np.float64), np.zeros(m) if signs is None else signs
    coordinate_descent(gram, r, thresholds, b, max_sweeps=60, tol=1e-9 * scale, signs=signs)
    for _ in range(4):
        b = finish_on_support(gram, r, thresholds, b, tol * scale, max_moves=2 * m + 20, signs=signs)
        if violation(r - gram @ b, thresholds, b, signs) <= 10.0 * tol * scale:
            break
        coordinate_descent(gram, r, thresholds, b, max_sweeps=2000, tol=tol * scale, signs=signs)
    return b


def violation(slope: Floats, thresholds: Floats, b: Floats, signs: Floats | None = None) -> float:
    """Largest violation of the optimality conditions of :func:`weighted_lasso`, where ``slope = r - Gb``."""
    active = b != 0.0
    worst_active = np.abs(slope - thresholds * np.sign(b))[active].max(initial=0.0)
    size = np.abs(slope) if signs is None else gains(slope, signs)
    return float(max(worst_active, (size - thresholds)[~active].max(initial=0.0)))


def finish_on_support(
    gram: Floats, r: Floats, thresholds: Floats, b: Floats, tol: float, max_moves: int, signs: Floats
) -> Floats:
    """Feature-sign search from ``b``: exact once support and signs are right; never increases the objective."""
    b = b.copy()
    now = np.sign(b)
    for _ in range(max_moves):
        support = np.flatnonzero(now)
        block = gram[np.ix_(support, support)]
        target = _solve(block, (r - thresholds * now)[support])
        if target is None:  # dependent atoms: along the flat direction downhill, until one of them is not needed
            flat = np.linalg.eigh(block)[1][:, 0]
            downhill = (r - thresholds * now)[support] @ flat - b[support] @ (block @ flat)
            flat = flat if downhill >= 0.0 else -flat
            shrinking = np.flatnonzero(b[support] * flat < 0.0)
            if shrinking.size == 0:
                return b
            steps = -b[support][shrinking] / flat[shrinking]
            first = int(np.argmin(steps))
            b[support] += steps[first] * flat
            b[support[shrinking[first]]] = now[support[shrinking[first]]] = 0.0
            continue
        blocked = np.flatnonzero(np.sign(target) != now[support])
        if blocked.size:  # up to the first coordinate that reaches zero
            here = b[support]
            span = here[blocked] - target[blocked]
            steps = np.divide(here[blocked], span, out=np.zeros(blocked.size), where=span != 0.0)
            first = int(np.argmin(steps))
            b[support] = here + steps[first] * (target - here)
            b[support[blocked[first]]] = 0.0
            now[support[blocked[first]]] = 0.0
            continue
        b[:] = 0.0
        b[support] = target
        slope = r - gram @ b
        excess = np.where(now == 0.0, gains(slope, signs) - thresholds, -np.inf)
        worst = int(np.argmax(excess))
        if excess[worst] <= tol:
            return b
        now[worst] = np.sign(slope[worst])
    return b


def coordinate_descent(
    gram: Floats, r: Floats, thresholds: Floats, b: Floats, max_sweeps: int, tol: float, signs: Floats | None = None
) -> int:
    """Cyclic coordinate descent on ``b`` in place until no step exceeds ``tol``; returns the sweeps made."""
    residual, signs = r - gram @ b, np.zeros(b.size) if signs is None else signs
    if kernels := select("_solver", None):
        gram, thresholds = np.ascontiguousarray(gram), np.ascontiguousarray(thresholds)
        return int(kernels.lasso_cd(gram, thresholds, b, residual, max_sweeps, tol, signs))
    return reference_descent(gram, thresholds, b, residual, max_sweeps, tol, signs)


def reference_descent(
    gram: Floats, t: Floats, b: Floats, residual: Floats, max_sweeps: int, tol: float, signs: Floats | None = None
) -> int:
    """NumPy reference implementation of ``csrc/solver/lasso_cd.c``."""
    sweeps, signs = 0, np.zeros(b.size) if signs is None else signs

    def sweep(active_only: bool) -> float:
        largest = 0.0
        for j in range(b.size):
            diagonal, old = gram[j, j], b[j]
            if diagonal <= 0.0 or (active_only and old == 0.0):
                continue
            z = residual[j] + diagonal * old
            new = np.sign(z) * max(abs(z) - t[j], 0.0) / diagonal
            step = (0.0 if new * signs[j] < 0.0 else new) - old
            if step != 0.0:
                b[j] += step
                np.subtract(residual, step * gram[j], out=residual)
                largest = max(largest, abs(step) * diagonal)
        return largest

    while sweeps < max_sweeps:
        sweeps += 1
        if sweep(False) <= tol:
            break
        for _ in range(20):
            if sweeps >= max_sweeps:
                break
            sweeps += 1
            if sweep(True) <= tol:
                break
    return sweeps


def _solve(gram: Floats, rhs: Floats) -> Floats | None:
    """Solve the symmetric system; None where it is too ill-conditioned to be trusted."""
    if rhs.size == 0:
        return rhs
    try:
        factor = cho_factor(gram, check_finite=False)
    except LinAlgError:
        return None
    diagonal = np.diag(factor[0])
    if diagonal.min() <= 1e-7 * diagonal.max():
        return None
    solution: Floats = cho_solve(factor, rhs, check_finite=False)
    solution += cho_solve(factor, rhs - gram @ solution, check_finite=False)
    return solution
