"""The run behind ``baseline``: AdamW over one learning-rate cycle, the look at held-out rows, the bar, the seed."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.progress import interruptible

#: The held-out rows are looked at this often in a run.
N_CHECKS = 100


class Check(NamedTuple):
    """What was seen at one look: mean losses, in the units of the training, and the surrogate R~."""

    step: int
    loss: float
    surrogate: float
    validation: float


@dataclass(frozen=True)
class Descent:
    """Settings of a run; see :func:`fw_circuits.resnet.baseline.fit`."""

    loss: str
    penalty: float
    weight_decay: float
    learning_rate: float
    steps: int
    batch_size: int
    patience: int | None
    progress: bool

    def run(self, model: Any, surrogate: Callable[[], Any], train: Any, held: Any) -> tuple[list[Check], int]:
        """Train ``model`` on the pair ``train``; it ends with the parameters that did best on the pair ``held``.

        Returns what was seen, and the step of the best parameters: the last one where nothing is held out.
        """
        import torch

        x, t = train
        fused = next(model.parameters()).device.type == "cpu"  # a tenth of the step saved, the same numbers
        optimiser = torch.optim.AdamW(self._groups(model), lr=self.learning_rate, fused=fused)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=self.learning_rate, total_steps=self.steps
        )
        history: list[Check] = []
        best, state, waited = Check(0, np.inf, np.inf, np.inf), {}, 0
        every, batches = max(1, self.steps // N_CHECKS), _batches(len(x), self.batch_size)
        with _bar(self.progress, self.steps) as advance, interruptible() as interrupted:
            for step in range(1, self.steps + 1):
                rows = next(batches)
                value = self._loss(model, x[rows], t[rows])
                look = step % every == 0 or step == self.steps or interrupted()
                norm: Any = surrogate() if self.penalty or look else None
                optimiser.zero_grad(set_to_none=True)
                (value + self.penalty * norm if self.penalty else value).backward()
                optimiser.step()
                cycle.step()
                if not look:
                    continue
                now = Check(step, float(value.detach()), float(norm.detach()), self._held_out(model, held))
                self._check_finite(now)
                history.append(now)
                advance(now)
                waited += 1
                if (
                    not now.validation > best.validation
                ):  # the later of equals; always, where nothing is held out
                    best, state, waited = now, copy.deepcopy(model.state_dict()), 0
                if interrupted():
                    warnings.warn(f"interrupted at step {step} of {self.steps}", SolverWarning, stacklevel=3)
                if interrupted() or waited == self.patience:
                    break
        model.load_state_dict(state)
        return history, best.step

    def _groups(self, model: Any) -> list[dict[str, Any]]:
        """Matrices decay, vectors and numbers do not."""
        parameters = [p for p in model.parameters() if p.requires_grad]
        return [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]

    def _loss(self, model: Any, x: Any, t: Any) -> Any:
        import torch

        f = model(x).reshape(len(x))
        return (
            ((f - t) ** 2).mean() if self.loss == "squared" else torch.nn.functional.softplus(-f * t).mean()
        )

    def _held_out(self, model: Any, held: Any) -> float:
        import torch

        if not len(held[0]):
            return np.nan
        model.eval()
        with torch.no_grad():
            value = float(self._loss(model, *held))
        model.train()
        return value

    def _check_finite(self, now: Check) -> None:
        if not np.isfinite(now.loss):
            raise InputError(
                f"the training diverged at step {now.step} (loss {now.loss}); expected finite values: "
                f"lower learning_rate ({self.learning_rate:g})."
            )


def _batches(n: int, size: int) -> Iterator[Any]:
    """All rows every time, or a shuffled pass after the other in batches."""
    import torch

    while size >= n:
        yield slice(None)
    while True:
        order = torch.randperm(n)
        yield from (order[start : start + size] for start in range(0, n - size + 1, size))


@contextmanager
def torch_settings(torch: Any, seed: int, device: str, n_threads: int) -> Iterator[None]:
    """Seed and threads of torch for a while."""
    before = torch.get_num_threads()
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        try:
            torch.set_num_threads(n_threads)
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(before)


@contextmanager
def _bar(show: bool, steps: int) -> Iterator[Callable[[Check], None]]:
    """A progress bar on the error stream."""
    if not show:
        yield lambda check: None
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
        yield lambda check: bar.update(
            task,
            completed=check.step,
            description=f"loss {check.loss:.4g}  held out {check.validation:.4g}  R~ {check.surrogate:.4g}",
        )
