"""The three problem forms: primal value, dual bound, and when they agree (theory, sections 3 and 4).

With ``Omega`` the gauge of the atoms and ``U >= polar(theta)`` any *upper bound* on the polar of ``theta``:

=============  ===============================  ==========================================
form           primal                           dual bound, for every ``theta`` of sum 0
=============  ===============================  ==========================================
``lam``        ``L(f) + lam Omega(f)``          ``dual(theta)`` where ``U <= lam``
``tau``        ``L(f)``, ``Omega(f) <= tau``    ``dual(theta) - tau U``
``eps``        ``Omega(f)``, ``L(f) <= eps``    ``(dual(theta) - eps) / U``
=============  ===============================  ==========================================

Each bound is also maximised over multiples ``s theta``: the polar is homogeneous, so ``s U`` bounds it there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import minimize_scalar

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.objective.base import Loss

#: A dual point whose sum is a larger fraction of its entries is rounding error: the bounds are valid for a sum of 0.
NOISE = 1e-12
#: Newton steps at most for the best multiple of a dual point.
STEPS = 40


@dataclass(frozen=True)
class Form(ABC):
    """Base of the three forms; ``parameter`` is lam, tau or eps."""

    parameter: float
    name: ClassVar[str] = ""

    @abstractmethod
    def primal(self, loss_value: float, norm: float) -> float:
        """Objective of a point of given loss and norm; infinite where the point is infeasible."""

    @abstractmethod
    def dual(self, loss: Loss, theta: Floats, upper: float) -> float:
        """Best lower bound on the optimum that the multiples of ``theta`` give, if ``polar(theta) <= upper``.

        Parameters
        ----------
        loss : Loss
            The loss L.
        theta : ndarray of shape (N,)
            A dual point, as in :meth:`Loss.dual_point`.
        upper : float
            Upper bound on its polar.
        """


@dataclass(frozen=True)
class Penalised(Form):
    """``min L(f) + lam Omega(f)``."""

    name: ClassVar[str] = "lam"

    def primal(self, loss_value: float, norm: float) -> float:
        return loss_value + self.parameter * norm

    def dual(self, loss: Loss, theta: Floats, upper: float) -> float:
        limit = min(loss.dual_limit(theta), self.parameter / upper if upper > 0 else np.inf)
        return _maximise(loss, theta, limit, lambda s, dual: dual, lambda s, dual, slope: slope)


@dataclass(frozen=True)
class Constrained(Form):
    """``min L(f)`` subject to ``Omega(f) <= tau``."""

    name: ClassVar[str] = "tau"

    def primal(self, loss_value: float, norm: float) -> float:
        return loss_value if norm <= self.parameter * (1.0 + 1e-9) else np.inf

    def dual(self, loss: Loss, theta: Floats, upper: float) -> float:
        penalty = self.parameter * upper
        limit = loss.dual_limit(theta)
        return _maximise(
            loss, theta, limit, lambda s, dual: dual - s * penalty, lambda s, dual, slope: slope - s * penalty
        )


@dataclass(frozen=True)
class ErrorBound(Form):
    """``min Omega(f)`` subject to ``L(f) <= eps``, which counts as met up to a millionth of eps.

    ``least_loss``: no function has a smaller loss, so that a smaller eps cannot be met.
    """

    least_loss: float = 0.0
    name: ClassVar[str] = "eps"

    def primal(self, loss_value: float, norm: float) -> float:
        return norm if loss_value <= self.parameter * (1.0 + 1e-6) else np.inf

    def dual(self, loss: Loss, theta: Floats, upper: float) -> float:
        if upper <= 0.0:
            return 0.0
        limit = min(loss.dual_limit(theta), 1e6)

        def bound(s: float, dual: float) -> float:
            return (dual - self.parameter) / (s * upper) if s > 0 else 0.0

        return max(0.0, _maximise(loss, theta, limit, bound, lambda s, dual, slope: slope - dual + self.parameter))


FORMS: dict[str, type[Form]] = {form.name: form for form in (Penalised, Constrained, ErrorBound)}


def make_form(*, lam: float | None = None, tau: float | None = None, eps: float | None = None) -> Form:
    """The form for which a parameter is given; these are as in :func:`fw_circuits.solve`.

    Raises
    ------
    InputError
        Unless exactly one of ``lam``, ``tau``, ``eps`` is given.

    Examples
    --------
    >>> make_form(tau=2.0)
    Constrained(parameter=2.0)
    """
    given = {"lam": lam, "tau": tau, "eps": eps}
    chosen = {name: value for name, value in given.items() if value is not None}
    if len(chosen) != 1:
        raise InputError(f"got {chosen or 'none of lam, tau, eps'}; expected exactly one of lam, tau, eps.")
    ((name, value),) = chosen.items()
    return FORMS[name](float(value))


def _maximise(
    loss: Loss, theta: Floats, limit: float, bound: Callable[[float, float], float],
    rises: Callable[[float, float, float], float],
) -> float:  # fmt: skip
    """Largest value found on [0, limit] of the quasi-concave ``bound(s, dual(s theta))``; every value is a valid bound.

    ``rises(s, dual, slope)``, with ``slope = d dual(s theta) / d log s``, has the sign of the derivative and falls.
    Rough is enough: any s is valid, and near the optimum the best s is 1 or the limit.
    """
    if abs(float(theta.sum())) > NOISE * float(np.abs(theta).sum()):
        limit = min(limit, 1.0)  # rounding error around 0, whose sum would grow with it

    def value(s: float) -> float:
        return bound(s, loss.dual(s * theta))

    tries = {0.0, min(1.0, limit)}
    if np.isfinite(limit):
        tries |= {limit, limit * (1.0 - 1e-12)}
    if limit > 0.0:
        tries.add(_stationary(loss, theta, limit, value, rises))
    values = [value(s) for s in sorted(tries)]
    return max(value for value in values if not np.isnan(value))


def _stationary(
    loss: Loss, theta: Floats, limit: float, value: Callable[[float], float],
    rises: Callable[[float, float, float], float],
) -> float:  # fmt: skip
    """Where the bound stops rising, to a thousandth: Newton's method in a bracket, or without derivatives Brent's."""
    low, high, s = 0.0, limit, limit if np.isfinite(limit) else 1.0
    for _ in range(STEPS):
        derivatives = loss.dual_derivatives(s * theta)
        if derivatives is None:
            top = limit if np.isfinite(limit) else 10.0
            options = {"xatol": 1e-3 * top}
            found = minimize_scalar(
                lambda s: min(-value(s), 1e300), bounds=(0.0, top), method="bounded", options=options
            )
            return float(found.x)
        slope, curvature = derivatives
        rise = rises(s, loss.dual(s * theta), slope)
        if rise == 0.0 or (rise > 0.0 and s == limit):
            break
        low, high = (s, high) if rise > 0.0 else (low, s)
        trial = s - s * rise / curvature if -np.inf < curvature < 0.0 else np.nan
        if s == limit or not low < trial < high:  # at the end of the domain steps are short, however long the way
            trial = 0.5 * (low + high) if np.isfinite(high) else 2.0 * s
        if abs(trial - s) <= 1e-3 * s:
            return trial
        s = trial
    return s
