"""What a loss states, and everything that follows from it.

A loss is a weighted mean ``L(f) = sum_i q_i l(y_i, f_i)`` of convex, differentiable row losses ``l >= 0``; ``q`` are
the sample weights, >= 0 with sum 1.  The conjugate makes the certificate: for every ``theta`` with ``sum(theta) = 0``
(the intercept is free)

    L(f) >= dual(theta) - <theta, f>,      dual(theta) = -L*(-theta),

with equality at ``theta = dual_point(f)`` (theory, sections 3 and 4).  Nothing here checks that the four methods of a
loss belong together: test its gradient against differences, and its conjugate against that equality.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_target
from fw_circuits.exceptions import InputError


@dataclass(frozen=True)
class Loss(ABC):
    """Base of the losses: four methods are to be defined, the other ones follow from them.

    Parameters
    ----------
    y : ndarray of shape (N,)
        Targets as :meth:`encode_target` gives them.
    weights : ndarray of shape (N,)
        Sample weights, >= 0, sum 1.

    Attributes
    ----------
    name : str
        What a saved solution calls the loss; by default the name of the class.
    labels : bool
        Whether targets are two labels, coded -1 and +1; else they are numbers.
    smoothness : float
        Upper bound on the second derivative of ``l``, which the step rule "short" needs; by default infinite.
    newton : bool
        Whether Newton's method makes the fully-corrective step: the second derivative must be positive near the
        optimum.  Otherwise cvxpy makes it, from :meth:`expression`.
    """

    y: Floats
    weights: Floats
    name: ClassVar[str] = ""
    labels: ClassVar[bool] = False
    smoothness: ClassVar[float] = np.inf
    newton: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        cls.name = vars(cls).get("name", cls.__name__)

    @abstractmethod
    def row_losses(self, f: Floats) -> Floats:
        """``l(y_i, f_i)``, shape (N,), >= 0."""

    @abstractmethod
    def negative_gradient(self, f: Floats) -> Floats:
        """``-dL/df``, shape (N,): the direction in which the loss falls."""

    @abstractmethod
    def hessian_diagonal(self, f: Floats) -> Floats:
        """Diagonal of the second derivative of ``L``, shape (N,), >= 0."""

    @abstractmethod
    def dual(self, theta: Floats) -> float:
        """``-L*(-theta)``; minus infinity outside the domain of the conjugate."""

    @classmethod
    def encode_target(cls, y: Any, n_rows: int, weights: Floats | None = None) -> tuple[Floats, Array | None]:
        """The target as numbers, checked, and the two labels behind them (None for a target of numbers).

        The parameters are those of :func:`fw_circuits.solve`, with the number of rows that X has.
        """
        return check_target(y, n_rows, "logistic" if cls.labels else cls.name, weights)

    def value(self, f: Floats) -> float:
        """``L(f)``."""
        return float(self.weights @ self.row_losses(f))

    def dual_point(self, f: Floats) -> Floats:
        """Minus the gradient, with the rounding error of its sum taken out: ``theta`` of a free intercept."""
        g = self.negative_gradient(f)
        centred: Floats = g - self.weights * g.sum()
        return centred

    def dual_limit(self, theta: Floats) -> float:
        """Largest ``s`` found for which ``dual(s theta)`` is finite: the domain of a conjugate is convex."""
        low, high = 0.0, 1.0
        while np.isfinite(self.dual(high * theta)):
            low, high = high, 2.0 * high
            if high > 1e12:
                return np.inf
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if np.isfinite(self.dual(middle * theta)) else (low, middle)
        return low

    def dual_derivatives(self, theta: Floats) -> tuple[float, float] | None:
        """First and second derivative of ``s -> dual(s theta)`` at ``s = 1``; None where only values are known."""
        return None

    def intercept(self, f: Floats, start: float = 0.0) -> float:
        """The constant ``b`` that minimises ``L(f + b)``, by Newton's method kept inside a bracket."""
        low, high, b, reach = -np.inf, np.inf, start, 2.0
        scale = float(np.abs(self.negative_gradient(f + start)).sum()) + 1e-300
        for _ in range(200):
            slope = float(self.negative_gradient(f + b).sum())
            if abs(slope) <= 1e-15 * scale:
                break
            low, high = (b, high) if slope > 0 else (low, b)
            curvature = float(self.hessian_diagonal(f + b).sum())
            trial = b + (slope / curvature if curvature > abs(slope) / reach else np.copysign(reach, slope))
            if trial == b:  # before it is compared with a bracket whose other end may still be infinite
                break
            if not low < trial < high:
                trial = 0.5 * (low + high)
            elif np.isinf(low) or np.isinf(high):
                reach *= 2.0  # no bracket yet: look twice as far next time
            b = trial
        return float(b)

    @cached_property
    def constant(self) -> float:
        """The best constant prediction."""
        return self.intercept(np.zeros(self.y.size))

    @cached_property
    def at_constant(self) -> Floats:
        """The best constant on every row, in the shape of ``f``."""
        return np.full(self.y.size, self.constant)

    @cached_property
    def baseline(self) -> float:
        """Loss of the best constant."""
        return self.value(self.at_constant)

    @property
    def n_outputs(self) -> int:
        """Number of functions that are fitted; ``f`` and ``y`` have a block of N entries for each of them."""
        return 1

    @property
    def quadratic_until(self) -> float:
        """The row loss is ``(y_i - f_i)^2 / 2`` wherever ``|y_i - f_i|`` is at most this; 0 for other losses."""
        return 0.0

    @property
    def is_quadratic(self) -> bool:
        """Whether it is the squared loss, for which steps and multipliers have closed forms."""
        return self.quadratic_until == np.inf

    def least_by_group(self, group: Array) -> float:
        """Lower bound on ``L(f)`` over all f that are constant on each group, ``group`` numbering them from 0."""
        return 0.0

    def standardised(self) -> tuple[Loss, float, float]:
        """The loss as a solver with absolute tolerances should see it, and the origin and unit of its target.

        With unit ``u`` its values are those of this loss over ``u^2``.
        """
        return self, 0.0, 1.0

    def expression(self, f: Any, cp: Any) -> Any:
        """``L(f)`` of a cvxpy expression ``f``, ``cp`` being the module cvxpy; optional where ``newton`` is true."""
        raise InputError(f"the loss {self.name!r} has no cvxpy expression; define expression(self, f, cp).")

    def per_weight(self, theta: Floats) -> Floats:
        """``theta_i / q_i``, the argument of row conjugates; 0 on rows of weight 0, which have no gradient."""
        return np.divide(theta, self.weights, out=np.zeros_like(theta), where=self.weights > 0)
