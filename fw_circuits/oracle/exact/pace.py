"""The time of a search: when it should end, how much work still fits, and slices short enough to ask in between."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from fw_circuits.oracle.base import Stop

#: Seconds between two looks at the clock and at `stop`.
SLICE = 0.05
#: Multiplications with additions that any machine does in a second.
SLOW = 4e9


class Pace:
    """A search that ends after ``limit`` seconds (None: no limit), or when ``stop`` says so."""

    def __init__(self, limit: float | None, stop: Stop | None) -> None:
        self.limit, self.stop = limit, stop
        self._start = perf_counter()

    def left(self) -> float:
        """Seconds that are left, at least 0; infinity without a limit."""
        return float("inf") if self.limit is None else max(0.0, self.limit - (perf_counter() - self._start))

    def stopped(self) -> bool:
        """Whether ``stop`` says so."""
        return self.stop is not None and self.stop()

    def ended(self) -> bool:
        """Whether the search should end."""
        return self.left() == 0.0 or self.stopped()

    def fits(self, done: float, seconds: float, slowest: float = 0.0) -> float:
        """Work that fits into the time left where ``done`` took so long, but not at less than ``slowest`` a second."""
        return max(done / max(1e-6, seconds), slowest) * self.left()


def in_slices(n: int, run: Callable[[int, int], None], ended: Stop, total: float) -> bool:
    """Call ``run(i, j)`` over range(n) in slices of about `SLICE` seconds; False when ended early.

    The first slice assumes a slow machine, on which all takes ``total / SLOW`` seconds: a slice is a parallel region,
    and they are not free when cores are shared.
    """
    i, step = 0, max(1, int(n * min(1.0, SLICE * SLOW / max(1.0, total))))
    while i < n:
        if ended():
            return False
        began = perf_counter()
        j = min(n, i + step)
        run(i, j)
        seconds = max(1e-6, perf_counter() - began)
        step = max(1, min(int((j - i) * SLICE / seconds), 4 * (j - i)))
        i = j
    return True
