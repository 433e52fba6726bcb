"""What a run returns: status, trace, certificate and solution.  Data only; nothing is searched or solved here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_X
from fw_circuits.circuits import merge
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.tetrakis import Atom

__all__ = ["Certificate", "Solution", "Status", "Step", "Trace"]

if TYPE_CHECKING:
    from fw_circuits.circuits import Circuit


#: A gap below this part of the loss of the best constant is rounding, not distance from the optimum.
ROUNDING = 1e-12


class Status(Enum):
    """Why the run ended; the value is the sentence that users read."""

    OPTIMAL = "The certified gap is within the tolerance."
    STALLED = "No circuit that the oracle found improves the objective, but its bound leaves a larger gap."
    MAX_ITER = "The iteration limit was reached before the tolerance."
    TIME_LIMIT = "The time limit was reached before the tolerance."
    INTERRUPTED = "Interrupted by the user; this is the best solution so far."
    CALLBACK = "Stopped by the callback; this is the best solution so far."
    INFEASIBLE = "No combination of the circuits found reaches the error bound eps."

    @property
    def message(self) -> str:
        """The sentence."""
        return str(self.value)


@dataclass(frozen=True)
class Step:
    """One pass of the solver.

    ``primal``, ``dual`` and ``gap`` belong to the problem form; ``dual`` is the best bound so far.  ``n_gates``
    counts the gates of the atoms one by one (sharing is counted in ``Solution.n_gates``).  ``oracle_seconds`` and
    ``step_seconds`` are those of this pass; ``oracle_calls`` and ``oracle_hits`` count, so far, the searches made and
    those that known atoms answered.
    """

    iteration: int
    seconds: float
    primal: float
    dual: float
    gap: float
    loss: float
    norm: float
    n_atoms: int
    n_gates: int
    polar: float
    oracle_seconds: float
    step_seconds: float
    oracle_calls: int = 0
    oracle_hits: int = 0

    @property
    def relative_gap(self) -> float:
        """Gap divided by the primal objective."""
        return relative(self.gap, self.primal)


@dataclass(frozen=True)
class Trace:
    """The passes of a run in order; ``trace["gap"]`` is a column as an array."""

    steps: tuple[Step, ...] = ()

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, name: str) -> Array:
        if name not in self.names():
            raise InputError(f"the trace has no column {name!r}; expected one of {', '.join(self.names())}.")
        return np.array([getattr(step, name) for step in self.steps])

    @staticmethod
    def names() -> tuple[str, ...]:
        """Column names."""
        return (*(f.name for f in fields(Step)), "relative_gap")


@dataclass(frozen=True)
class Certificate:
    """How far the solution can be from optimal, re-derived from the returned object.

    Attributes
    ----------
    primal, dual, gap, relative_gap : float
        Objective, lower bound over the circuits named by ``scope``, their difference, and that over ``primal``.
    scope : str
        Which circuits ``dual`` is a bound over.
    max_gates : int
        ``dual`` covers every circuit of at most this many gates (0: no such statement).
    global_dual, global_gap : float
        The same over *all* circuits on the lattice's levels.
    estimated_gap : float
        Gap against the best circuit *found*; an estimate, not a bound, unless the search was exact.
    certified : bool
        Whether ``relative_gap <= tol``, or the gap is a rounding error (1e-12) of ``baseline``.
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
        return self.primal - self.dual

    @property
    def relative_gap(self) -> float:
        return relative(self.gap, self.primal)

    @property
    def global_gap(self) -> float:
        return self.primal - self.global_dual

    @property
    def certified(self) -> bool:
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
        verdict = "certified" if self.certified else f"NOT within the tolerance {self.tol:.1e}"
        lines = [
            f"Minimising {problem}: objective {self.primal:.6g}.",
            f"Bound over {self.scope}: no combination of them is below {self.dual:.6g}, "
            f"so this solution is within {100 * max(self.relative_gap, 0.0):.2g} % of their optimum ({verdict}).",
            f"Bound over all circuits of any size on these levels: {self.global_dual:.6g} (gap {self.global_gap:.3g}).",
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


@dataclass(frozen=True)
class Solution:
    """A convex combination of circuits, ``f(x) = intercept + sum_j coef[j] atoms[j](x)``.

    Attributes
    ----------
    atoms : tuple of Atom
        Tetrakis functions with a non-zero coefficient, largest ``|coef| kappa^(1/gamma)`` first.
    coef, intercept : ndarray of shape (m,), float
        Their coefficients and the free constant.
    lattice : Lattice
        Domain map and levels.
    gamma : float
        Exponent of the cost: an atom of ``kappa`` gates weighs ``kappa^(1/gamma)``.
    loss, form, parameter : str, str, float
        The problem that was solved.
    status, trace, certificate : Status, Trace, Certificate
        Why it ended, how it went, and how good it is proved to be.
    feature_names, classes : tuple of str, ndarray or None
        Names of the columns; the two labels for a classification loss.
    dual_point : ndarray of shape (N,)
        The gradient behind the certificate (one entry a training row).
    huber_threshold : float
        Where the Huber loss turns from square to linear, in the units of the target; other losses have none.
    """

    atoms: tuple[Atom, ...]
    coef: Floats
    intercept: float
    lattice: Lattice
    gamma: float
    loss: str
    form: str
    parameter: float
    status: Status
    trace: Trace
    certificate: Certificate
    feature_names: tuple[str, ...]
    classes: Array | None = None
    dual_point: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    huber_threshold: float = 1.0

    @property
    def norm(self) -> float:
        """``sum_j |coef_j| kappa_j^(1/gamma)``: an upper bound on the gauge of ``f`` without its intercept."""
        return float(
            sum(
                abs(b) * atom.cost ** (1.0 / self.gamma)
                for b, atom in zip(self.coef, self.atoms, strict=True)
            )
        )

    @property
    def n_gates(self) -> int:
        """Distinct gates over all atoms; a gate shared by several atoms counts once."""
        return sum(self.merged(level).n_gates for level in sorted({atom.level for atom in self.atoms}))

    def merged(self, level: int) -> Circuit:
        """All atoms of one level as one circuit with shared gates: literals in, one output an atom."""
        here = [atom for atom in self.atoms if atom.level == level]
        return merge([a.circuit for a in here], [a.literals for a in here], self.lattice.n_literals(level))

    def decision_function(self, X: Any) -> Floats:
        """``f(X)``, shape (N,).

        Columns of a table with names are matched with ``feature_names``: any order, others beside them left out.  An
        array goes by position.  A solution fitted without names (x0, x1, ...) takes a table of other names by position,
        with a warning.
        """
        points = check_X(X, names=self.feature_names)
        total = np.full(points.shape[0], self.intercept)
        for b, atom in zip(self.coef, self.atoms, strict=True):
            total += b * atom(points)
        return total

    def predict(self, X: Any) -> Array:
        """``f(X)``, or the label on its side of zero for a classification loss; X as in `decision_function`."""
        f = self.decision_function(X)
        return f if self.classes is None else np.asarray(self.classes)[(f > 0).astype(np.intp)]

    def to_frame(self) -> Any:
        """The atoms as a pandas table: coefficient, share of the norm, gates, level, formula."""
        try:
            import pandas as pd
        except ImportError as error:
            raise InputError(
                "to_frame needs pandas, which is not installed; type: pip install pandas"
            ) from error
        share = np.abs(self.coef) * np.array([a.cost ** (1.0 / self.gamma) for a in self.atoms])
        return pd.DataFrame(
            {
                "coef": self.coef,
                "share": share / max(self.norm, 1e-300),
                "gates": [a.n_gates for a in self.atoms],
                "level": [a.level for a in self.atoms],
                "formula": [a.formula(self.feature_names) for a in self.atoms],
            }
        )

    def to_resnet(self, exact_on: str = "everywhere") -> Any:
        """An equivalent ReLU residual network (theory, section 6).

        Parameters
        ----------
        exact_on : {"everywhere", "domain", "corners"}
            Where the two are equal: on all of R^d; on the box of the training data; or at the corners of that box,
            which is everywhere for Boolean features (others get a warning).  The less is asked for, the smaller the
            network.

        Returns
        -------
        ResNet
            With the ``feature_names`` of the solution.
        """
        from fw_circuits.resnet import compile_resnet

        net = compile_resnet(self.atoms, self.coef, self.intercept, self.lattice, exact_on)
        return replace(net, feature_names=self.feature_names)

    def to_circuit(self, bits: int | None = None, **options: Any) -> Circuit:
        """One Boolean circuit for the rounded combination; see :func:`fw_circuits.rounding.round_solution`.

        That function takes the same arguments and also returns scale, error bound and sizes.
        """
        from fw_circuits.rounding import round_solution

        return round_solution(self, bits, **options).circuit

    def save(self, path: str | PathLike[str]) -> None:
        """Write to one file (NPZ with a JSON header, no pickle); :func:`fw_circuits.load` reads it back."""
        from fw_circuits.io import save

        save(self, path)

    def __repr__(self) -> str:
        return (
            f"Solution({self.status.name}, {len(self.atoms)} atoms, {self.n_gates} gates, norm={self.norm:.4g}, "
            f"{self.form}={self.parameter:.4g}, relative_gap={self.certificate.relative_gap:.2g})"
        )


def relative(gap: float, primal: float) -> float:
    """``gap / |primal|``; 0 where both vanish, infinity where there is no finite gap."""
    if not np.isfinite(gap):
        return np.inf
    if gap <= 1e-300:
        return 0.0
    return gap / abs(primal) if primal != 0.0 else np.inf


def total_gates(atoms: Sequence[Any]) -> int:
    """Gates of the atoms added up without sharing; atoms of other kinds than circuits count 0."""
    return sum(getattr(atom, "n_gates", 0) for atom in atoms)
