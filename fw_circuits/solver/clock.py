"""When a run has to end: its time limit, Ctrl-C, and the seconds kept in reserve for its certificate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from fw_circuits._typing import Floats
from fw_circuits.oracle import Oracle


class Clock:
    """The time of a run, or of several runs one after the other.

    The certificate costs one more search, two evaluations of all active atoms and what belongs to them, so
    :meth:`late` and :meth:`stop` keep these seconds in reserve; :meth:`expired` is about the limit itself.

    Parameters
    ----------
    time_limit : float, optional
        Seconds from ``start``; None: no limit.
    start : float, optional
        A time of ``time.perf_counter``; default: now.
    interrupted : callable
        True when the run should end at the next safe point.

    Attributes
    ----------
    deadline : float or None
        When the limit is over.
    search_seconds, step_seconds, evaluation_seconds : float
        Of the longest search, of the last step, and of an evaluation per atom.
    n_atoms : int
        Active atoms.
    begun : float
        When the passes of the present run began.
    search_limit : float
        The search of the certificate takes no longer than about this, even where others did.

    Examples
    --------
    >>> clock = Clock(60.0)
    >>> clock.late(), clock.late(ahead=60.0), Clock().late(ahead=60.0)
    (False, True, False)
    """

    def __init__(
        self,
        time_limit: float | None = None,
        start: float | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.start = time.perf_counter() if start is None else start
        self.deadline = None if time_limit is None else self.start + time_limit
        self.interrupted = interrupted
        self.search_seconds = self.step_seconds = self.evaluation_seconds = 0.0
        self.begun = time.perf_counter()
        self.n_atoms, self.search_limit = 0, float("inf")

    def share(self, fraction: float) -> Clock:
        """A clock that ends when this fraction of the time left has gone."""
        now = time.perf_counter()
        return Clock(None if self.deadline is None else fraction * max(self.deadline - now, 0.0), now)

    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.perf_counter() >= self.deadline

    def limited(self) -> Callable[[], bool] | None:
        """What a search asks that may use all of the time: `expired`, None without a limit."""
        return None if self.deadline is None else self.expired

    def passes_left(self, done: int) -> float:
        """How many more passes there is time for, if they last as long as the ``done`` ones; no limit: infinity."""
        if self.deadline is None:
            return float("inf")
        now = time.perf_counter()
        return max(0.0, self.deadline - now) * done / max(now - self.begun, 1e-9)

    def late(self, ahead: float = 0.0) -> bool:
        """Whether ``ahead`` more seconds would leave less than the reserve."""
        reserve = 1.2 * min(self.search_seconds, self.search_limit) + 4.0 * self.evaluation_seconds * self.n_atoms
        reserve += 0.5 * self.step_seconds
        return self.deadline is not None and time.perf_counter() + ahead + reserve >= self.deadline

    def late_for_a_step(self) -> bool:
        """Whether the next step would use the reserve; the first one may well cost as much as a search."""
        return self.late(1.5 * self.step_seconds or min(self.search_seconds, self.search_limit))

    def stop(self) -> bool:
        """Whether a search should end now: what oracles ask."""
        return self.interrupted() or self.late()

    def evaluate(self, oracle: Oracle, atoms: Sequence[Any]) -> Floats:
        """``oracle.evaluate(atoms)``, timed."""
        began = time.perf_counter()
        values = oracle.evaluate(atoms)
        each = (time.perf_counter() - began) / max(1, len(atoms))
        self.evaluation_seconds = max(self.evaluation_seconds, each)
        return values
