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
        return _maximise(loss, theta, limit, lambda s: loss.dual(s * theta))


@dataclass(frozen=True)
class Constrained(Form):
    """``min L(f)`` subject to ``Omega(f) <= tau``."""

    name: ClassVar[str] = "tau"

    def primal(self, loss_value: float, norm: float) -> float:
        return loss_value if norm <= self.parameter * (1.0 + 1e-9) else np.inf

    def dual(self, loss: Loss, theta: Floats, upper: float) -> float:
        penalty = self.parameter * upper
        return _maximise(loss, theta, loss.dual_limit(theta), lambda s: loss.dual(s * theta) - s * penalty, penalty)


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

        def bound(s: float) -> float:
            return (loss.dual(s * theta) - self.parameter) / (s * upper) if s > 0 else 0.0

        return max(0.0, _maximise(loss, theta, limit, bound))


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


def _maximise(loss: Loss, theta: Floats, limit: float, bound: Callable[[float], float], penalty: float = 0.0) -> float:
    """Largest value of the quasi-concave ``bound(s)`` found on [0, limit]; every value is a valid bound."""
    if abs(float(theta.sum())) > NOISE * float(np.abs(theta).sum()):
        limit = min(limit, 1.0)  # rounding error around 0, whose sum would grow with it
    tries = [0.0, min(1.0, limit)]
    if np.isfinite(limit):
        tries += [limit, limit * (1.0 - 1e-12)]
    if loss.is_quadratic:
        square = 2.0 * (float(theta @ loss.y) - loss.dual(theta))
        if square > 0:
            tries.append(float(np.clip((theta @ loss.y - penalty) / square, 0.0, limit)))
    elif limit > 0:  # rough is enough: any s is valid, and near the optimum the best s is 1 or the limit
        top = limit if np.isfinite(limit) else 10.0
        options = {"xatol": 1e-3 * top}
        found = minimize_scalar(lambda s: min(-bound(s), 1e300), bounds=(0.0, top), method="bounded", options=options)
        tries.append(float(found.x))
    values = [bound(s) for s in tries]
    return max(value for value in values if not np.isnan(value))
