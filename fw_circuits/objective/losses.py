"""Mean losses ``L(f) = sum_i q_i l(y_i, f_i)``: value, negative gradient, curvature, conjugate.

``q`` are the sample weights, >= 0 with sum 1.  The solver sees a loss only through this interface; a certificate
also needs the conjugate: for every ``theta`` with ``sum(theta) = 0`` (the intercept is free)

    L(f) >= dual(theta) - <theta, f>,      dual(theta) = -L*(-theta),

with equality at ``theta = gradient(f)``.  Source: theory, sections 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import entr, expit

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError


class Loss(Protocol):
    """A convex, differentiable mean loss of the predictions ``f``, shape (N,)."""

    name: str
    y: Floats
    weights: Floats
    has_fast_step: bool

    def value(self, f: Floats) -> float:
        """``L(f)``."""
        ...

    def gradient(self, f: Floats) -> Floats:
        """``g = -dL/df``, shape (N,): the direction in which the loss falls."""
        ...

    def curvature(self, f: Floats) -> Floats:
        """Diagonal of the second derivative of ``L``, shape (N,), >= 0."""
        ...

    def dual(self, theta: Floats) -> float:
        """``-L*(-theta)``; minus infinity outside the domain of the conjugate."""
        ...

    def dual_limit(self, theta: Floats) -> float:
        """Largest ``s`` for which ``dual(s theta)`` is finite."""
        ...


@dataclass(frozen=True)
class Squared:
    """Half the mean squared error, ``L(f) = 1/2 sum_i q_i (y_i - f_i)^2``.

    Parameters
    ----------
    y : ndarray of shape (N,)
        Targets.
    weights : ndarray of shape (N,)
        Sample weights, >= 0, sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> loss = Squared(np.array([0.0, 2.0]), np.array([0.5, 0.5]))
    >>> loss.value(np.zeros(2)), loss.gradient(np.zeros(2)).tolist()
    (1.0, [0.0, 1.0])
    """

    y: Floats
    weights: Floats
    name = "squared"
    has_fast_step = True

    def value(self, f: Floats) -> float:
        return 0.5 * float(self.weights @ (self.y - f) ** 2)

    def gradient(self, f: Floats) -> Floats:
        return self.weights * (self.y - f)

    def curvature(self, f: Floats) -> Floats:
        return self.weights

    def dual(self, theta: Floats) -> float:
        return float(theta @ self.y) - 0.5 * _sum_of_squares_over(theta, self.weights)

    def dual_limit(self, theta: Floats) -> float:
        return np.inf


@dataclass(frozen=True)
class Logistic:
    """Mean logistic loss, ``L(f) = sum_i q_i log(1 + exp(-y_i f_i))`` with ``y_i`` in {-1, +1}.

    Examples
    --------
    >>> import numpy as np
    >>> loss = Logistic(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    >>> round(loss.value(np.zeros(2)), 6), loss.gradient(np.zeros(2)).tolist()
    (0.693147, [-0.25, 0.25])
    """

    y: Floats
    weights: Floats
    name = "logistic"
    has_fast_step = True

    def value(self, f: Floats) -> float:
        return float(self.weights @ np.logaddexp(0.0, -self.y * f))

    def gradient(self, f: Floats) -> Floats:
        return self.weights * self.y * expit(-self.y * f)

    def curvature(self, f: Floats) -> Floats:
        p = expit(f)
        return self.weights * p * (1.0 - p)

    def dual(self, theta: Floats) -> float:
        p = _ratio(theta * self.y, self.weights)
        if p.min(initial=0.0) < -1e-15 or p.max(initial=0.0) > 1.0 + 1e-12:
            return -np.inf
        p = np.clip(p, 0.0, 1.0)
        return float(self.weights @ (entr(p) + entr(1.0 - p)))

    def dual_limit(self, theta: Floats) -> float:
        top = _ratio(theta * self.y, self.weights).max(initial=0.0)
        return np.inf if top <= 0.0 else 1.0 / float(top)


@dataclass(frozen=True)
class Huber:
    """Mean Huber loss: ``r^2/2`` for ``|r| <= delta``, else ``delta (|r| - delta/2)``, with ``r = y_i - f_i``.

    Parameters
    ----------
    y, weights : ndarray of shape (N,)
        Targets and sample weights.
    delta : float, default 1.0
        Where the loss turns from square to linear, in the units of ``y``.

    Examples
    --------
    >>> import numpy as np
    >>> Huber(np.array([0.0, 3.0]), np.array([0.5, 0.5])).value(np.zeros(2))
    1.25
    """

    y: Floats
    weights: Floats
    delta: float = 1.0
    name = "huber"
    has_fast_step = False

    def value(self, f: Floats) -> float:
        r = np.abs(self.y - f)
        return float(
            self.weights @ np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))
        )

    def gradient(self, f: Floats) -> Floats:
        return self.weights * np.clip(self.y - f, -self.delta, self.delta)

    def curvature(self, f: Floats) -> Floats:
        return self.weights * (np.abs(self.y - f) <= self.delta)

    def dual(self, theta: Floats) -> float:
        if np.any(np.abs(theta) > self.weights * self.delta * (1.0 + 1e-12)):
            return -np.inf
        return float(theta @ self.y) - 0.5 * _sum_of_squares_over(theta, self.weights)

    def dual_limit(self, theta: Floats) -> float:
        top = _ratio(np.abs(theta), self.weights).max(initial=0.0)
        return np.inf if top <= 0.0 else self.delta / float(top)


LOSSES: dict[str, Any] = {loss.name: loss for loss in (Squared, Logistic, Huber)}


def make_loss(name: str, y: Floats, weights: Floats | None = None, *, huber_threshold: float = 1.0) -> Loss:
    """The loss called ``name`` for targets ``y`` and sample weights (None: all equal).

    ``huber_threshold`` is the ``delta`` of `Huber`; the other losses have none.

    Raises
    ------
    InputError
        If there is no such loss.
    """
    if name not in LOSSES:
        raise InputError(f"loss is {name!r}; expected one of {', '.join(map(repr, LOSSES))}.")
    if weights is None:
        weights = np.full(y.shape, 1.0 / y.size)
    threshold = {"delta": huber_threshold} if name == Huber.name else {}
    loss: Loss = LOSSES[name](y, weights, **threshold)
    return loss


def best_intercept(loss: Loss, f: Floats, start: float = 0.0) -> float:
    """The constant ``b`` that minimises ``L(f + b)``, by Newton's method kept inside a bracket.

    Examples
    --------
    >>> import numpy as np
    >>> best_intercept(make_loss("squared", np.array([1.0, 3.0])), np.zeros(2))
    2.0
    """
    r = loss.y - f
    counted = r[loss.weights > 0.0]  # a mean lies within: rounding must not put a constant beside itself
    if isinstance(loss, Squared):
        return float(np.clip(loss.weights @ r, counted.min(), counted.max()))
    low, high, b, reach = -np.inf, np.inf, start, 2.0
    scale = float(np.abs(loss.gradient(f + start)).sum()) + 1e-300
    for _ in range(200):
        slope = float(loss.gradient(f + b).sum())
        if abs(slope) <= 1e-15 * scale:
            break
        low, high = (b, high) if slope > 0 else (low, b)
        bend = float(loss.curvature(f + b).sum())
        trial = b + (slope / bend if bend > abs(slope) / reach else np.copysign(reach, slope))
        if trial == b:  # before it is compared with a bracket whose other end may still be infinite
            break
        if not low < trial < high:
            trial = 0.5 * (low + high)
        elif np.isinf(low) or np.isinf(high):
            reach *= 2.0  # no bracket yet: look twice as far next time
        b = trial
    return float(np.clip(b, counted.min(), counted.max()) if isinstance(loss, Huber) else b)


def _ratio(a: Floats, q: Floats) -> Floats:
    """``a / q`` where ``q > 0``, and 0 elsewhere (rows of weight 0 carry no gradient)."""
    return np.divide(a, q, out=np.zeros_like(a), where=q > 0)


def _sum_of_squares_over(theta: Floats, q: Floats) -> float:
    return float(theta @ _ratio(theta, q))
