"""The run behind ``baseline``: AdamW over one learning-rate cycle, the look at held-out rows, the bar."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR

from fw_circuits._interrupt import interruptible
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.resnet.baseline import Check, TrainingSettings
from fw_circuits.resnet.torch.models import Single, Stack

#: The held-out rows are looked at this often in a run.
N_CHECKS = 100
#: Up to this many rows every step sees all of them; above, batches of BATCH_ROWS.
FULL_BATCH_ROWS, BATCH_ROWS = 1024, 256
#: Inputs and targets.
Data = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Descent:
    """A run with these settings, and one penalty for each network."""

    settings: TrainingSettings
    penalties: tuple[float, ...]

    def run(self, model: Stack | Single, train: Data, held: Data) -> tuple[list[tuple[Check, ...]], list[int]]:
        """Train ``model`` on the pair ``train``; it keeps, for each network, what did best on the pair ``held``.

        Returns what was seen of every network at each look, and the step of the best parameters of each: the last one
        where nothing is held out.
        """
        x, t = train
        optimiser, cycle = self._optimiser(model)
        penalties = torch.as_tensor(self.penalties, dtype=x.dtype, device=x.device)
        charged = penalties.nonzero()[:, 0]  # other norms may overflow, and 0 times infinity is no number
        history: list[tuple[Check, ...]] = []
        best = [Check(0, np.inf, np.inf, np.inf)] * model.size
        steps, every = self.settings.steps, max(1, self.settings.steps // N_CHECKS)
        batches = _batches(len(x), self.settings.batch_size)
        with _bar(self.settings.progress, steps) as advance, interruptible() as interrupted:
            for step in range(1, steps + 1):
                rows = next(batches)
                value = self._losses(model, x[rows], t[rows])
                look = step % every == 0 or step == steps or interrupted()
                optimiser.zero_grad(set_to_none=True)
                cost = value.sum()
                if len(charged):
                    cost = cost + (penalties[charged] * model.norms(charged)).sum()
                norm: Any = model.norms() if look else None
                torch.autograd.backward(cost)
                optimiser.step()
                cycle.step()
                if not look:
                    continue
                seen = zip(value.tolist(), norm.tolist(), self._held_out(model, held), strict=True)
                now = tuple(Check(step, *numbers) for numbers in seen)
                self._check_finite(now)
                history.append(now)
                advance(now)
                for k, check in enumerate(now):
                    # the later of equals; always, where nothing is held out
                    if not check.validation > best[k].validation:
                        best[k] = check
                        model.keep(k)
                if interrupted():
                    warnings.warn(f"interrupted at step {step} of {steps}", SolverWarning, stacklevel=4)
                if interrupted() or self._waited(history, best):
                    break
        return history, [check.step for check in best]

    def _optimiser(self, model: Stack | Single) -> tuple[torch.optim.Optimizer, OneCycleLR]:
        """AdamW and its cycle; matrices decay, vectors and numbers do not."""
        matrices, vectors = model.groups
        groups = [
            {"params": matrices, "weight_decay": self.settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        peak = self.settings.learning_rate
        fused = (matrices + vectors)[0].device.type == "cpu"  # a tenth of the step saved, the same numbers
        optimiser = torch.optim.AdamW(groups, lr=peak, fused=fused)
        return optimiser, OneCycleLR(optimiser, max_lr=peak, total_steps=self.settings.steps)

    def _waited(self, history: list[tuple[Check, ...]], best: list[Check]) -> bool:
        """No network has done better at the last ``patience`` looks."""
        patience = self.settings.patience
        if patience is None or len(history) < patience:
            return False
        return all(check.step < history[-patience][0].step for check in best)

    def _losses(self, model: Stack | Single, x: Tensor, t: Tensor) -> Tensor:
        """Mean over the rows, of each network, (K,)."""
        f = model.outputs(x)
        losses = (f - t) ** 2 if self.settings.loss == "squared" else torch.nn.functional.softplus(-f * t)
        return losses.mean(dim=1)

    def _held_out(self, model: Stack | Single, held: Data) -> list[float]:
        if not len(held[0]):
            return [np.nan] * model.size
        model.train(False)
        with torch.no_grad():
            values: list[float] = self._losses(model, *held).tolist()
        model.train(True)
        return values

    def _check_finite(self, now: tuple[Check, ...]) -> None:
        for check, penalty in zip(now, self.penalties, strict=True):
            if not np.isfinite(check.loss):
                raise InputError(
                    f"the training with penalty {penalty:g} diverged at step {check.step} (loss {check.loss}); "
                    f"expected finite values: lower learning_rate ({self.settings.learning_rate:g})."
                )


def _batches(n: int, size: int | None) -> Iterator[slice | Tensor]:
    """All rows every time, or a shuffled pass after the other in batches."""
    size = size or (n if n <= FULL_BATCH_ROWS else BATCH_ROWS)
    while size >= n:
        yield slice(None)
    while True:
        order = torch.randperm(n)
        yield from (order[start : start + size] for start in range(0, n - size + 1, size))


@contextmanager
def _bar(show: bool, steps: int) -> Iterator[Callable[[tuple[Check, ...]], None]]:
    """A progress bar on the error stream."""
    if not show:
        yield lambda checks: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("step {task.completed} of {task.total}"),
        BarColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=steps)
        yield lambda checks: bar.update(
            task,
            completed=checks[0].step,
            description=f"loss {_span(c.loss for c in checks)}  held out {_span(c.validation for c in checks)}  "
            f"R~ {_span(c.surrogate for c in checks)}",
        )


def _span(values: Iterable[float]) -> str:
    """
    >>> _span([0.5]), _span([3.0, 1.0, 2.0])
    ('0.5', '1 to 3')
    """
    found = sorted(values)
    return " to ".join(f"{value:.4g}" for value in (found if len(found) == 1 else (found[0], found[-1])))
