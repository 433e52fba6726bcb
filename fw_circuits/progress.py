"""The live line of a run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def live_line(show: bool, start: float) -> Iterator[Callable[[Any], None] | None]:
    """A callback that redraws one line after each pass: pass, objective, certified gap, atoms, gates, seconds.

    On a terminal the line is redrawn in place; elsewhere one line per pass is printed.  None where ``show`` is false.
    """
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)

    def line(run: Any) -> Text:
        now = run.steps[-1]
        gap = f"{now.relative_gap:9.2e}" if np.isfinite(now.relative_gap) else "        -"
        return Text(
            f"pass {now.iteration:4d}   objective {now.primal:11.6g}   certified gap {gap}   "
            f"{now.n_atoms:4d} atoms {now.n_gates:5d} gates   {time.perf_counter() - start:6.1f} s"
        )

    if not console.is_terminal:
        yield lambda run: console.print(line(run), soft_wrap=True)
        return
    with Live(Text("searching circuits ..."), console=console, refresh_per_second=12, transient=False) as live:
        yield lambda run: live.update(line(run))
