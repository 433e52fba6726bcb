"""Frank-Wolfe directions on the lifted ball: vanilla, away and pairwise.

The iterate is a convex combination of vertices: ``radius * sign * T_j / scale_j`` for the active atoms, and the
zero vertex, which has the rest of the mass.  For ``tau`` the radius is tau.  For ``lam`` it is ``P_0 / lam``
(``P_0`` the loss of the best constant: no better point has a larger norm) and every non-zero vertex costs
``lam radius`` in the objective, which makes the penalty linear (theory, section 4; original to this package).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.objective import Constrained, Form
from fw_circuits.oracle.base import gains
from fw_circuits.solver.active_set import ActiveSet


@dataclass(frozen=True)
class Ball:
    """Radius of the lifted ball and cost ``price`` of one unit of norm (0 for tau, lam for lam)."""

    radius: float
    price: float

    @classmethod
    def of(cls, form: Form, baseline: float) -> Ball:
        """The ball of a form, ``baseline`` being the loss of the best constant."""
        if isinstance(form, Constrained):
            return cls(form.parameter, 0.0)
        return cls(baseline / form.parameter if form.parameter > 0 else np.inf, form.parameter)


@dataclass(frozen=True)
class Direction:
    """A move ``coef += step * delta``, 0 <= step <= ``longest``; it changes the lifted norm by ``step * stretch``."""

    delta: Floats
    stretch: float
    longest: float


@dataclass(frozen=True)
class Vertex:
    """A signed active atom, or the zero vertex (``index`` None): its mass, and its value ``<g, v>`` minus cost."""

    index: int | None
    sign: float
    mass: float
    value: float


def best_vertex(active: ActiveSet, ball: Ball, g: Floats) -> Vertex:
    """The vertex where the linear model is best: an active atom or the zero vertex (ties: the first atom)."""
    value = ball.radius * (gains(scores := active.scores(g), active.signs) - ball.price)
    best = int(np.argmax(value)) if len(active) else -1
    if best < 0 or value[best] <= 0.0:
        return Vertex(None, 0.0, 0.0, 0.0)
    return Vertex(best, float(np.sign(scores[best])), 0.0, float(value[best]))


def worst_vertex(active: ActiveSet, ball: Ball, g: Floats) -> Vertex:
    """The vertex of positive mass where the linear model is worst (ties: the zero vertex, then the first atom)."""
    mass = active.scales * np.abs(active.coef) / (ball.radius or 1.0)  # none in a ball of radius 0
    value = ball.radius * (np.sign(active.coef) * active.scores(g) - ball.price)
    worst = Vertex(None, 0.0, max(0.0, 1.0 - float(mass.sum())), 0.0)
    occupied = np.flatnonzero(mass > 0.0)
    if occupied.size:
        j = int(occupied[np.argmin(value[occupied])])
        if worst.mass <= 1e-14 or value[j] < worst.value:
            worst = Vertex(j, float(np.sign(active.coef[j])), float(mass[j]), float(value[j]))
    return worst


def vanilla_direction(active: ActiveSet, ball: Ball, g: Floats) -> Direction:
    """From the iterate to the best vertex."""
    s = best_vertex(active, ball, g)
    return Direction(_point(active, ball, s) - active.coef, _norm(ball, s) - active.norm, 1.0)


def away_direction(active: ActiveSet, ball: Ball, g: Floats) -> Direction:
    """Towards the best vertex or away from the worst one, whichever slope is steeper."""
    s, a = best_vertex(active, ball, g), worst_vertex(active, ball, g)
    here = float(active.coef @ active.columns.pull(g)) - ball.price * active.norm
    if s.value - here >= here - a.value or a.mass >= 1.0:
        return vanilla_direction(active, ball, g)
    longest = a.mass / (1.0 - a.mass)
    return Direction(active.coef - _point(active, ball, a), active.norm - _norm(ball, a), longest)


def pairwise_direction(active: ActiveSet, ball: Ball, g: Floats) -> Direction:
    """Mass moves from the worst vertex to the best one."""
    s, a = best_vertex(active, ball, g), worst_vertex(active, ball, g)
    return Direction(_point(active, ball, s) - _point(active, ball, a), _norm(ball, s) - _norm(ball, a), a.mass)


DIRECTIONS = {"vanilla": vanilla_direction, "away": away_direction, "pairwise": pairwise_direction}


def _point(active: ActiveSet, ball: Ball, vertex: Vertex) -> Floats:
    point = np.zeros(len(active))
    if vertex.index is not None:
        point[vertex.index] = ball.radius * vertex.sign / active.scales[vertex.index]
    return point


def _norm(ball: Ball, vertex: Vertex) -> float:
    return 0.0 if vertex.index is None else ball.radius
