"""How a run moves: along a Frank-Wolfe direction, or to the optimum over all active atoms.

The loop asks a method to ``start`` before the first pass, to ``move`` after each, and to ``finish`` after the last.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.objective import ErrorBound, Form, Penalised
from fw_circuits.oracle import Oracle, OracleAnswer
from fw_circuits.oracle.base import atoms_at_a_time, signs_of
from fw_circuits.solver.clock import Clock
from fw_circuits.solver.corrective import correct
from fw_circuits.solver.directions import DIRECTIONS, Ball
from fw_circuits.solver.state import Run
from fw_circuits.solver.steps import STEPS

METHODS = (*DIRECTIONS, "corrective")
#: Atoms that a fully-corrective pass asks for.
ATOMS_PER_PASS = 20
#: The next stage's penalty as a fraction of the largest score; halved again for each stage that no new atom disturbs.
SHRINK = 0.8
#: Where time is short the fraction is smaller, so that the stages end in this part of it, but not below this.
DESCENT, FASTEST = 0.6, 0.4


class Method(ABC):
    """What the loop asks for; ``atoms_per_pass`` is how many atoms a search should return."""

    atoms_per_pass = 1

    def __init__(self, run: Run, oracle: Oracle, clock: Clock) -> None:
        self.run, self.oracle, self.clock = run, oracle, clock

    def start(self) -> None:  # noqa: B027
        """Before the first pass."""

    @abstractmethod
    def move(self, g: Floats, answer: OracleAnswer) -> bool:
        """Move the run after a search at ``g``; False if that changes nothing."""

    def finish(self) -> None:  # noqa: B027
        """After the last pass."""

    def add(self, atoms: Sequence[Any]) -> bool:
        """Add those of the atoms that are new; False if none is."""
        active = self.run.active
        fresh = [atom for atom in atoms if active.index(atom) is None]
        step = atoms_at_a_time(self.oracle.n_rows)
        for start in range(0, len(fresh), step):
            part = fresh[start : start + step]
            active.add(part, self.clock.evaluate(self.oracle, part), signs_of(self.oracle, part))
        return bool(fresh)


class Directed(Method):
    """Vanilla, away and pairwise steps in the ball that the form gives."""

    def __init__(self, run: Run, oracle: Oracle, clock: Clock, method: str, step: str) -> None:
        super().__init__(run, oracle, clock)
        self.direction, self.step = DIRECTIONS[method], STEPS[step]
        self.ball = Ball.of(run.form, run.active.loss.baseline)

    def move(self, g: Floats, answer: OracleAnswer) -> bool:
        """One step along the direction."""
        active = self.run.active
        self.add(answer.atoms)
        direction = self.direction(active, self.ball, g)
        length = self.step(active, self.ball, direction, self.run.steps[-1].iteration)
        coef = active.coef + length * direction.delta
        if length >= direction.longest:  # a drop step: the vertex left behind must vanish exactly
            coef[np.abs(coef) * active.scales <= 1e-14 * self.ball.radius] = 0.0
        moved = bool(np.any(coef != active.coef))
        f = active.columns.push(coef)
        active.move(coef, active.loss.intercept(f, active.intercept))
        active.drop(active.coef != 0.0)
        return moved


class FullyCorrective(Method):
    """Add the atoms that can improve, then solve over all active atoms.

    A penalised run goes down to its penalty in stages: it solves at no less than ``SHRINK`` times the largest score
    just found.  Solved at a small penalty from the start, a few atoms absorb the signal of atoms not yet found, the
    residual is noise, and dozens of passes add what fits the noise (original to this package; the homotopy of the
    lasso).  ``penalty`` is that of the stage, ``multiplier`` the score above which atoms improve its objective.
    """

    def __init__(self, run: Run, oracle: Oracle, clock: Clock, tol: float, atoms_per_pass: int) -> None:
        super().__init__(run, oracle, clock)
        self.tol, self.atoms_per_pass = tol, atoms_per_pass
        self.multiplier = run.form.parameter if isinstance(run.form, Penalised) else 0.0
        self.penalty = run.form.parameter if len(run.active) else np.inf
        self.shrink = SHRINK

    def start(self) -> None:
        """Solve over the atoms of a warm start."""
        if len(self.run.active):
            self.multiplier = correct(self.run.active, self.run.form)

    def move(self, g: Floats, answer: OracleAnswer) -> bool:
        """Add atoms and solve, a little more accurately than the bound needs."""
        now, form = self.run.steps[-1], self._next_stage(answer.value)
        excess = answer.value - self.multiplier
        accuracy = 0.01 * excess + min(0.1 * excess, 0.02 * self.tol * now.primal / max(now.norm, 1e-300))
        return self._add_and_solve(form, answer, accuracy) or form.parameter > self.run.form.parameter

    def _next_stage(self, score: float) -> Form:
        form = self.run.form
        if not isinstance(form, Penalised):
            return form
        self.shrink = 0.5 * self.shrink if score <= self.penalty * (1.0 + 1e-9) else self._fraction(score)
        self.penalty = max(form.parameter, min(self.penalty, self.shrink * score))
        self.multiplier = self.penalty
        return Penalised(self.penalty)

    def _fraction(self, score: float) -> float:
        """`SHRINK`, or what brings the penalty down in the passes for which there is time."""
        passes = DESCENT * self.clock.passes_left(len(self.run.steps))
        if not np.isfinite(passes):
            return SHRINK
        down = np.log(self.run.form.parameter / score) if score > 0.0 else 0.0
        return float(np.clip(np.exp(min(down, 0.0) / max(passes, 1e-9)), FASTEST, SHRINK))

    def _add_and_solve(self, form: Form, answer: OracleAnswer, accuracy: float) -> bool:
        active = self.run.active
        improving = np.abs(answer.scores) > self.multiplier * (1.0 + 1e-12)
        added = self.add([atom for atom, good in zip(answer.atoms, improving, strict=True) if good])
        before = active.f
        # Without new atoms the solve is exact: the last one may have been a rough one.
        self.multiplier = correct(active, form, accuracy if added else 0.0)
        active.drop(active.coef != 0.0)
        change = np.abs(active.f - before).max(initial=0.0)
        return added or bool(change > 1e-12 * np.abs(before).max(initial=1e-300))

    def finish(self) -> None:
        """Ended on the way down: the atoms found, at the penalty asked for."""
        active, form = self.run.active, self.run.form
        if isinstance(form, Penalised) and len(active) and self.penalty > form.parameter:
            correct(active, form)
            active.drop(active.coef != 0.0)


def make_method(
    method: str, step: str, run: Run, oracle: Oracle, clock: Clock, tol: float, atoms_per_pass: int
) -> Method:
    """The method of that name, if it can solve the form with this loss."""
    if method not in METHODS or step not in STEPS:
        raise InputError(
            f"method={method!r}, step={step!r}; expected a method of {', '.join(METHODS)} "
            f"and a step of {', '.join(STEPS)}."
        )
    if method == "corrective":
        return FullyCorrective(run, oracle, clock, tol, atoms_per_pass)
    if isinstance(run.form, ErrorBound):
        raise InputError(f"method={method!r} solves the lam and tau forms; for eps use method='corrective'.")
    loss = run.active.loss
    if loss.n_outputs > 1:
        raise InputError(f"method={method!r} is for one output; for loss={loss.name!r} use method='corrective'.")
    if step == "short" and np.isinf(loss.smoothness):
        raise InputError(f"step='short' needs a smoothness; the loss {loss.name!r} states none.")
    return Directed(run, oracle, clock, method, step)
