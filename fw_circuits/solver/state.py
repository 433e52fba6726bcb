"""Where a run stands: the active set, the best bound with its proof, and the trace."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.objective import Form
from fw_circuits.oracle import OracleAnswer
from fw_circuits.solution.trace import Status, Step, Trace, total_gates
from fw_circuits.solver.active_set import ActiveSet


@dataclass
class Run:
    """Where a run stands; returned by :func:`frank_wolfe`.

    Attributes
    ----------
    active, form : ActiveSet, Form
        The current point, and the problem.
    status, steps : Status, list of Step
        Why the run ended, and its passes.
    dual, theta, proof : float, ndarray of shape (N,), OracleAnswer
        The best bound, its dual point and the oracle's answer there: the bound has its scope.  Active atoms may lie
        outside of it; ``proof.upper_bound`` is over the scope and them, so that no gap is negative.
    answer : OracleAnswer
        The oracle's last answer, as it came.
    started : float
        By ``time.perf_counter``.
    """

    active: ActiveSet
    form: Form
    status: Status = Status.MAX_ITER
    steps: list[Step] = field(default_factory=list)
    dual: float = -np.inf
    theta: Floats = field(default_factory=lambda: np.zeros(0))
    proof: OracleAnswer | None = None
    answer: OracleAnswer | None = None
    started: float = field(default_factory=time.perf_counter)

    @property
    def trace(self) -> Trace:
        """The passes so far."""
        return Trace(tuple(self.steps))

    @property
    def primal(self) -> float:
        """Objective of the current point; infinite where it is infeasible."""
        return self.form.primal(self.active.loss.value(self.active.f), self.active.norm)

    def record(self, g: Floats, answer: OracleAnswer, oracle_seconds: float, step_seconds: float, hits: int) -> None:
        """Append the pass that searched at the dual point ``g``, and keep the best bound; times as in :class:`Step`."""
        active, t = self.active, len(self.steps)
        seconds = time.perf_counter() - self.started
        self.answer = answer
        if self.proof is not None:
            self.proof = _with_active(self.proof, active, self.theta)
            self.dual = self.form.dual(active.loss, self.theta, self.proof.upper_bound)
        fresh = _with_active(answer, active, g)
        bound = self.form.dual(active.loss, g, fresh.upper_bound)
        if bound > self.dual or self.proof is None:
            self.dual, self.theta, self.proof = bound, g, fresh
        primal = self.primal
        self.steps.append(
            Step(
                iteration=t,
                seconds=seconds,
                primal=primal,
                dual=self.dual,
                gap=primal - self.dual,
                loss=active.loss.value(active.f),
                norm=active.norm,
                n_atoms=len(active),
                n_gates=total_gates(active.atoms),
                polar=answer.value,
                oracle_seconds=oracle_seconds,
                step_seconds=step_seconds,
                oracle_calls=t + 1 - hits,
                oracle_hits=hits,
            )
        )


def _with_active(answer: OracleAnswer, active: ActiveSet, g: Floats) -> OracleAnswer:
    """The answer at g with an upper bound that is valid for the active atoms too."""
    own = active.polar(g)
    return answer if own <= answer.upper_bound else replace(answer, upper_bound=own)
