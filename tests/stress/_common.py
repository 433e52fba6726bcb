"""What every part shares: cases by seed, workers that may crash or hang, and the lines that are printed.

A case is a function of its seed that returns a word for what came out and raises when something is wrong.  Cases run
in forked workers; a worker that is killed by a signal, or stands still in compiled code, is a failure of the case at
work, and the others go on.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which a worker that ignores its alarm clock is killed.
STANDSTILL = 300.0
#: Seconds between progress lines; failures that are printed in full.
PROGRESS, SHOWN = 10.0, 20


class Hang(BaseException):
    """The case took longer than it may; no `except Exception` swallows it."""


@dataclass(frozen=True)
class Part:
    """One kind of stress: ``case(seed)`` is repeated; ``count`` cases if the caller names no number."""

    name: str
    about: str
    case: Callable[[int], str]
    count: int
    setup: Callable[[], Any] = lambda: None


@dataclass
class Result:
    """What came of it: outcomes by their word, and (seed, text) of every failure."""

    part: str
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)

    @property
    def n_cases(self) -> int:
        return sum(self.outcomes.values()) + len(self.failures)

    def summary(self) -> str:
        return f"{self.part}: {self.n_cases} cases, {len(self.failures)} failures"


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `Hang` when the block takes more seconds of processor time, whatever else the machine does."""

    def ring(signum: int, frame: Any) -> None:
        raise Hang(f"not finished after {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="stress-", dir=memory if os.access(memory, os.W_OK) else None)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forked(action: Callable[[], str]) -> str:
    """The word that ``action`` returns in a child process: what it changes in the process stays there."""
    sys.stdout.flush()
    back, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            text = "+" + action()
        except BaseException as error:
            text = "-" + _words(error)
        with suppress(BrokenPipeError):
            os.write(there, text.encode()[:4000])
        os._exit(0)
    os.close(there)
    with os.fdopen(back, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    assert text, f"the child ended with exit code {os.waitstatus_to_exitcode(status)}"
    assert text[0] == "+", text[1:]
    return text[1:]


def run(part: Part, start: int, count: int, jobs: int) -> Result:
    """Run the cases ``start .. start + count - 1`` in forked workers; prints progress and failures."""
    result, began, said = Result(part.name), time.monotonic(), time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    part.setup()  # before the fork, so that the workers share it
    gc.freeze()
    stop, jobs = start + count, max(1, min(jobs, count))
    at = get_context("fork").Array("q", [start + w for w in range(jobs)], lock=False)
    workers = {w: _Worker(part, w, at, stop, jobs) for w in range(jobs)}
    while workers:
        ready = connection.wait([x.pipe for x in workers.values()], timeout=1.0)
        for w, worker in list(workers.items()):
            if worker.pipe in ready:
                if not worker.read(result):
                    del workers[w]
                    if worker.crashed(result):  # go on behind the case that killed it
                        at[w] += jobs
                        workers[w] = _Worker(part, w, at, stop, jobs)
            elif time.monotonic() - worker.moved(at[w]) > STANDSTILL:
                worker.process.kill()
        if time.monotonic() - said > PROGRESS:
            said = time.monotonic()
            rate = result.n_cases / (said - began)
            failed = f"{len(result.failures)} failures"
            print(f"{part.name}: {result.n_cases} of {count}, {rate:.1f}/s, {failed}", flush=True)
    seconds, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    each = 1e3 * (used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime) / max(1, result.n_cases)
    words = ", ".join(f"{n} {word}" for word, n in result.outcomes.most_common(12))
    rate = f"{result.n_cases / max(seconds, 1e-9):.1f}/s, {each:.2f} ms of processor time each"
    print(f"{part.name}: {seconds:.1f} s, {rate}; {words}")
    return result


class _Worker:
    """A forked process at every ``jobs``-th seed, and the end of its pipe."""

    def __init__(self, part: Part, w: int, at: Any, stop: int, jobs: int) -> None:
        context = get_context("fork")
        self.part, self.w, self.at = part, w, at
        self.last, self.since = -1, time.monotonic()
        self.pipe, far = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(part, w, at, stop, jobs, far), daemon=False)
        sys.stdout.flush()
        self.process.start()
        far.close()

    def moved(self, seed: int) -> float:
        """When the worker was first seen at this seed."""
        if seed != self.last:
            self.last, self.since = seed, time.monotonic()
        return self.since

    def read(self, result: Result) -> bool:
        """Take in what the worker says; False at its end."""
        try:
            kind, value = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return False
        if kind == "failed":
            _show(result, *value)
        else:
            result.outcomes.update(value)
        return True

    def crashed(self, result: Result) -> bool:
        if not self.process.exitcode:
            return False
        _show(result, self.at[self.w], f"the process ended with exit code {self.process.exitcode}")
        return True


def _show(result: Result, seed: int, text: str) -> None:
    result.failures.append((seed, text))
    if len(result.failures) <= SHOWN:
        again = f"python -m tests.stress {result.part} --start {seed} --count 1"
        print(f"FAILED {result.part} seed {seed}: {text}\n  again: {again}", flush=True)


def _work(part: Part, w: int, at: Any, stop: int, jobs: int, pipe: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    counts, told = Counter[str](), time.monotonic()
    for seed in range(at[w], stop, jobs):
        at[w] = seed
        try:
            counts[part.case(seed)] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            pipe.send(("failed", (seed, _words(error))))
        if time.monotonic() - told > 1.0:
            pipe.send(("done", counts))
            counts, told = Counter[str](), time.monotonic()
    pipe.send(("done", counts))
    pipe.close()


def _words(error: BaseException) -> str:
    """The error with the last lines of its way."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames[-5:]))
    return f"{type(error).__name__}: {str(error)[:600]}\n  at {where}"
