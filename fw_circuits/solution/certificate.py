"""The certificate that a solution has; :mod:`fw_circuits.certificate` derives it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits.solution.trace import ROUNDING, relative


@dataclass(frozen=True)
class Certificate:
    """How far the solution can be from optimal, re-derived from the returned object.

    Attributes
    ----------
    form, parameter : str, float
        Which of the three problems it is about, and its penalty or limit.
    primal, dual, gap, relative_gap : float
        Objective, lower bound over the circuits named by ``scope``, their difference, and that over ``primal``.
    scope : str
        Which circuits ``dual`` is a bound over.
    max_gates : int
        ``dual`` covers every circuit of at most this many gates (0: no such statement).
    global_dual, global_gap : float
        The same over *all* circuits on the lattice's levels, those that the constraints in ``scope`` allow.
    estimated_gap : float
        Gap against the best circuit *found*; an estimate, not a bound, unless the search was exact.
    tol, certified : float, bool
        Whether ``relative_gap <= tol``, or the gap is a rounding error (1e-12) of ``baseline``.
    polar, polar_bound : float
        Largest score found at the dual point, and a bound on all in the scope.
    baseline : float
        Loss of the best constant.
    loss : float
        Mean loss of the solution; NaN in certificates of early files.
    least_loss : float
        For the ``eps`` form, where the solution misses it: no function of the columns has a smaller mean loss (equal
        rows have equal predictions).
    """

    form: str
    parameter: float
    primal: float
    dual: float
    scope: str
    max_gates: int
    global_dual: float
    estimated_gap: float
    tol: float
    polar: float
    polar_bound: float
    baseline: float
    loss: float = np.nan
    least_loss: float = 0.0

    @property
    def gap(self) -> float:
        """Objective minus lower bound."""
        return self.primal - self.dual

    @property
    def relative_gap(self) -> float:
        """Gap divided by the objective."""
        return relative(self.gap, self.primal)

    @property
    def global_gap(self) -> float:
        """Objective minus the bound over all circuits."""
        return self.primal - self.global_dual

    @property
    def certified(self) -> bool:
        """Whether the gap is within the tolerance."""
        return bool(self.relative_gap <= self.tol or self.gap <= ROUNDING * self.baseline)

    def describe(self) -> str:
        """The certificate in words, a few lines."""
        problem = {
            "lam": f"loss + {self.parameter:.4g} * norm",
            "tau": f"loss, for norm <= {self.parameter:.4g}",
            "eps": f"norm, for loss <= {self.parameter:.4g}",
        }[self.form]
        if not np.isfinite(self.primal):
            return self._missed(f"Minimising {problem}")
        allowed = " that these constraints allow" if "the signed functions that are" in self.scope else ""
        verdict = "certified" if self.certified else f"NOT within the tolerance {self.tol:.1e}"
        lines = [
            f"Minimising {problem}: objective {self.primal:.6g}.",
            f"Bound over {self.scope}: no combination of them is below {self.dual:.6g}, "
            f"so this solution is within {100 * max(self.relative_gap, 0.0):.2g} % of their optimum ({verdict}).",
            f"Bound over all circuits of any size on these levels{allowed}: {self.global_dual:.6g} "
            f"(gap {self.global_gap:.3g}).",
        ]
        if abs(self.estimated_gap - self.gap) > 1e-9 * abs(self.primal):
            lines.append(
                f"Against the best circuit found the gap is {self.estimated_gap:.3g}: an estimate, not a bound."
            )
        return "\n".join(lines)

    def _missed(self, problem: str) -> str:
        """What is known where the error bound is not met: the loss reached, and what it would take to meet it."""
        lines = [
            f"{problem}: the solution does not satisfy the constraint, so there is no gap; "
            f"the least loss reached is {self.loss:.6g}."
        ]
        if self.least_loss > self.parameter:
            lines.append(
                f"No function of the columns has a loss below {self.least_loss:.6g}: some rows are equal but their "
                "targets are not."
            )
        elif self.dual > 0.0:
            lines.append(
                f"Bound over {self.scope}: a combination of them with so small a loss has a norm of at least "
                f"{self.dual:.3g}."
            )
        return "\n".join(lines)
