"""Step rules: how far to go along a direction.

Each rule gets the state, the direction and the pass number ``t`` (from 0) and returns a step in [0, longest]; the
intercept is put back to its optimum after the move.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.solver.active_set import ActiveSet
from fw_circuits.solver.directions import Ball, Direction


def exact_line_search(active: ActiveSet, ball: Ball, direction: Direction, *_: int) -> float:
    """The step that minimises the objective on the segment, the intercept optimal at every step."""
    loss, move = active.loss, active.columns.push(direction.delta)
    cost = ball.price * direction.stretch
    if not loss.is_quadratic:
        return _root_of_slope(active, move, cost, direction.longest)
    slope = float(loss.negative_gradient(active.f) @ move) - cost
    curvature = float(loss.weights @ (move - loss.weights @ move) ** 2)
    if curvature > 0.0:
        return float(np.clip(slope / curvature, 0.0, direction.longest))
    return direction.longest * (slope > 0.0)


def open_loop(_active: ActiveSet, _ball: Ball, direction: Direction, t: int) -> float:
    """``2 / (t + 2)``: needs no function values; the rate ``2 C_f / (t + 2)`` is proved for it."""
    return min(2.0 / (t + 2.0), direction.longest)


def short_step(active: ActiveSet, ball: Ball, direction: Direction, *_: int) -> float:
    """Minimiser of the quadratic upper model, whose second derivative is the smoothness of the loss."""
    loss, move = active.loss, active.columns.push(direction.delta)
    curvature = loss.smoothness * float(loss.weights @ move**2)
    slope = float(loss.negative_gradient(active.f) @ move) - ball.price * direction.stretch
    return float(np.clip(slope / curvature, 0.0, direction.longest)) if curvature > 0.0 else 0.0


STEPS: dict[str, Callable[[ActiveSet, Ball, Direction, int], float]] = {
    "exact": exact_line_search,
    "open_loop": open_loop,
    "short": short_step,
}


def _root_of_slope(active: ActiveSet, move: Floats, cost: float, longest: float) -> float:
    """Where the derivative along ``move`` vanishes: Newton's method inside a shrinking bracket."""
    loss = active.loss
    base = active.f - active.intercept
    low, high, step, b = 0.0, longest, min(1.0, longest), active.intercept
    for _ in range(60):
        f = base + step * move
        b = loss.intercept(f, b)
        f = f + b
        slope = float(loss.negative_gradient(f) @ move) - cost
        if slope > 0.0 and step >= longest:
            return longest
        low, high = (step, high) if slope > 0.0 else (low, step)
        h = loss.hessian_diagonal(f)
        total = float(h.sum())
        curvature = float(h @ move**2) - (float(h @ move) ** 2 / total if total > 0.0 else 0.0)
        trial = step + slope / curvature if curvature > 0.0 else np.inf
        if not low < trial < high:
            trial = longest if slope > 0.0 and high >= longest else 0.5 * (low + high)
        if abs(trial - step) <= 1e-14 * max(longest, 1e-300) or high - low <= 1e-15 * longest:
            return trial
        step = trial
    return step
