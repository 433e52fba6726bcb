"""How a run went: the status in which it ended, and one record per pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.exceptions import InputError

#: A gap below this fraction of the loss of the best constant is rounding, not distance from the optimum.
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

    Attributes
    ----------
    iteration, seconds : int, float
        Number of the pass, and time since the start.
    primal, dual, gap : float
        Those of the problem form; ``dual`` is the best bound so far.
    loss, norm, polar : float
        Mean loss and norm of f, and the best score found.
    n_atoms, n_gates : int
        Atoms, and their gates one by one (sharing is counted in ``Solution.n_gates``).
    oracle_seconds, step_seconds : float
        Times of this pass.
    oracle_calls, oracle_hits : int
        Searches made so far, and those that known atoms answered.
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
