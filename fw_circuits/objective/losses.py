"""The losses of the package, and the one list of their names."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import entr, expit, xlogy

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError
from fw_circuits.objective.base import Loss
from fw_circuits.objective.multinomial import Multinomial

#: Halvings of an interval of floats, until its ends are neighbours.
HALVINGS = 200


class ResidualLoss(Loss):
    """A loss of ``r_i = y_i - f_i`` that is smallest at 0: the best constant lies between the targets."""

    def intercept(self, f: Floats, start: float = 0.0) -> float:
        counted = (self.y - f)[self.weights > 0.0]  # rounding must not put a constant beside them
        return float(np.clip(self._stationary(f, start), counted.min(), counted.max()))

    def _stationary(self, f: Floats, start: float) -> float:
        return super().intercept(f, start)

    def standardised(self) -> tuple[Loss, float, float]:
        spread = float(self.weights @ np.abs(self.y - self.constant))
        unit = spread if spread > 0.0 else 1.0
        return replace(self, y=(self.y - self.constant) / unit), self.constant, unit

    def least_by_group(self, group: Array) -> float:
        """At the best constant of each group, by bisection of the derivative, which is monotone."""
        n = int(group.max()) + 1
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        np.minimum.at(low, group, self.y)
        np.maximum.at(high, group, self.y)
        for _ in range(HALVINGS):
            middle = low + 0.5 * (high - low)
            if np.all((middle == low) | (middle == high)):
                break
            rising = np.bincount(group, weights=self.negative_gradient(middle[group])) > 0.0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        return self.value((low + 0.5 * (high - low))[group])

    def dual_derivatives(self, theta: Floats) -> tuple[float, float] | None:
        """Those of ``<theta, y> - |theta|^2 / 2``, the conjugate of a residual that is squared near 0."""
        square = self._sum_of_squares(theta)
        return float(theta @ self.y) - square, -square

    def _sum_of_squares(self, theta: Floats) -> float:
        return float(theta @ self.per_weight(theta))


@dataclass(frozen=True)
class Squared(ResidualLoss):
    """Half the mean squared error, ``L(f) = 1/2 sum_i q_i (y_i - f_i)^2``.

    Examples
    --------
    >>> import numpy as np
    >>> loss = Squared(np.array([0.0, 2.0]), np.array([0.5, 0.5]))
    >>> loss.value(np.zeros(2)), loss.negative_gradient(np.zeros(2)).tolist(), loss.constant
    (1.0, [0.0, 1.0], 1.0)
    """

    name = "squared"
    smoothness = 1.0

    @property
    def quadratic_until(self) -> float:
        return np.inf

    def row_losses(self, f: Floats) -> Floats:
        return 0.5 * (self.y - f) ** 2

    def negative_gradient(self, f: Floats) -> Floats:
        return self.weights * (self.y - f)

    def hessian_diagonal(self, f: Floats) -> Floats:
        return self.weights

    def dual(self, theta: Floats) -> float:
        return float(theta @ self.y) - 0.5 * self._sum_of_squares(theta)

    def dual_limit(self, theta: Floats) -> float:
        return np.inf

    def expression(self, f: Any, cp: Any) -> Any:
        return 0.5 * cp.sum_squares(cp.multiply(np.sqrt(self.weights), self.y - f))

    def _stationary(self, f: Floats, start: float) -> float:
        return float(self.weights @ (self.y - f))


@dataclass(frozen=True)
class Logistic(Loss):
    """Mean logistic loss, ``L(f) = sum_i q_i log(1 + exp(-y_i f_i))`` with ``y_i`` in {-1, +1}.

    Examples
    --------
    >>> import numpy as np
    >>> loss = Logistic(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    >>> round(loss.value(np.zeros(2)), 6), loss.negative_gradient(np.zeros(2)).tolist()
    (0.693147, [-0.25, 0.25])
    """

    name = "logistic"
    labels = True
    smoothness = 0.25

    def row_losses(self, f: Floats) -> Floats:
        return np.logaddexp(0.0, -self.y * f)

    def negative_gradient(self, f: Floats) -> Floats:
        wrong: Floats = expit(-self.y * f)
        return self.weights * self.y * wrong

    def hessian_diagonal(self, f: Floats) -> Floats:
        p: Floats = expit(f)
        return self.weights * p * (1.0 - p)

    def dual(self, theta: Floats) -> float:
        p = self.per_weight(theta * self.y)
        if p.min(initial=0.0) < -1e-15 or p.max(initial=0.0) > 1.0 + 1e-12:
            return -np.inf
        p = np.clip(p, 0.0, 1.0)
        return float(self.weights @ (entr(p) + entr(1.0 - p)))

    def dual_limit(self, theta: Floats) -> float:
        top = self.per_weight(theta * self.y).max(initial=0.0)
        return np.inf if top <= 0.0 else 1.0 / float(top)

    def dual_derivatives(self, theta: Floats) -> tuple[float, float] | None:
        p = np.clip(self.per_weight(theta * self.y), 0.0, 1.0)
        odds = np.divide(p, 1.0 - p, out=np.full_like(p, np.inf), where=p < 1.0)
        with np.errstate(divide="ignore"):
            return -float(self.weights @ xlogy(p, odds)), -float(self.weights @ odds)

    def least_by_group(self, group: Array) -> float:
        total: Floats = np.bincount(group, weights=self.weights).astype(np.float64)
        positive: Floats = np.bincount(group, weights=self.weights * (self.y > 0)).astype(np.float64)
        return -float((_times_log(positive, total) + _times_log(total - positive, total)).sum())

    def expression(self, f: Any, cp: Any) -> Any:
        return self.weights @ cp.logistic(-cp.multiply(self.y, f))


@dataclass(frozen=True)
class Huber(ResidualLoss):
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

    delta: float = 1.0
    name = "huber"
    smoothness = 1.0
    newton = False

    @property
    def quadratic_until(self) -> float:
        return self.delta

    def row_losses(self, f: Floats) -> Floats:
        r = np.abs(self.y - f)
        return np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))

    def negative_gradient(self, f: Floats) -> Floats:
        return self.weights * np.clip(self.y - f, -self.delta, self.delta)

    def hessian_diagonal(self, f: Floats) -> Floats:
        return self.weights * (np.abs(self.y - f) <= self.delta)

    def dual(self, theta: Floats) -> float:
        if np.any(np.abs(theta) > self.weights * self.delta * (1.0 + 1e-12)):
            return -np.inf
        return float(theta @ self.y) - 0.5 * self._sum_of_squares(theta)

    def dual_limit(self, theta: Floats) -> float:
        top = self.per_weight(np.abs(theta)).max(initial=0.0)
        return np.inf if top <= 0.0 else self.delta / float(top)

    def standardised(self) -> tuple[Loss, float, float]:
        loss, origin, unit = super().standardised()
        return replace(self, y=loss.y, delta=self.delta / unit), origin, unit

    def expression(self, f: Any, cp: Any) -> Any:
        return 0.5 * (self.weights @ cp.huber(self.y - f, self.delta))


LOSSES: dict[str, type[Loss]] = {loss.name: loss for loss in (Squared, Logistic, Huber, Multinomial)}


def find_loss(loss: str | type[Loss]) -> type[Loss]:
    """The class of a loss, by its name in ``LOSSES`` or the class itself.

    Raises
    ------
    InputError
        If there is no such loss, or its class lacks methods: all of them are named.

    Examples
    --------
    >>> find_loss("huber").__name__
    'Huber'
    """
    if isinstance(loss, str) and loss in LOSSES:
        return LOSSES[loss]
    if not isinstance(loss, type) or not issubclass(loss, Loss):
        raise InputError(
            f"loss is {reprlib.repr(loss)}; expected one of {', '.join(map(repr, LOSSES))}, or for a loss of your own "
            "its class (not its name, nor an object of it), derived from fw_circuits.objective.Loss: loss=MyLoss."
        )
    missing = sorted(loss.__abstractmethods__)
    if not loss.newton and loss.expression is Loss.expression:
        missing.append("expression")
    if missing:
        raise InputError(
            f"the loss {loss.name!r} has no {', '.join(missing)}; expected row_losses, negative_gradient, "
            "hessian_diagonal and dual, and expression where newton is False: see fw_circuits.objective.Loss."
        )
    return loss


def make_loss(
    loss: str | type[Loss], y: Floats, weights: Floats | None = None, *, huber_threshold: float = 1.0
) -> Loss:
    """A loss, by name or class, for targets ``y`` and sample weights (None: all equal), as in :class:`Loss`.

    ``huber_threshold`` is the ``delta`` of `Huber`; the other losses have none.

    Raises
    ------
    InputError
        As in :func:`find_loss`.
    """
    kind = find_loss(loss)
    if weights is None:
        weights = np.full(y.shape, 1.0 / y.size)
    return kind(y, weights, huber_threshold) if issubclass(kind, Huber) else kind(y, weights)


def _times_log(part: Floats, total: Floats) -> Floats:
    """``part log(part / total)``, 0 at 0."""
    positive = part > 1e-15 * total
    ratio = np.divide(part, total, out=np.ones_like(part), where=positive)
    return np.where(positive, part * np.log(ratio), 0.0)
