"""What the benchmarks share: tables, figures, findings, timers, targets, and a description of the machine.

Everything that a benchmark keeps goes to the folder ``RESULTS`` and is noted in ``KEPT``; the runner chooses the
folder (quick and full results never share one) and writes the notes into the record of the part.
"""

import csv
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

#: Where results go: the runner's choice, results/quick or results/full; "loose" without the runner.
RESULTS = Path(os.environ.get("FW_CIRCUITS_RESULTS") or Path(__file__).parent / "results" / "loose")
#: What this process has kept, in order: names of tables, figures with captions, the finding, targets.
KEPT: dict[str, Any] = {"tables": [], "figures": [], "finding": "", "caveat": "", "targets": []}
PACKAGES = ("numpy", "scipy", "scikit-learn", "cvxpy", "networkx", "celer", "torch", "fw_circuits")


class Skipped(Exception):
    """Raised by a benchmark that cannot run here (data or peers missing); the message says how to run it."""


def cpu_name() -> str:
    """Model of the processor, from /proc/cpuinfo where there is one."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def version_of(package: str) -> str:
    """Installed version, or "not installed"."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def machine() -> dict[str, str]:
    """Processor, cores and versions: what a figure depends on."""
    about = {"cpu": cpu_name(), "cores": str(usable_cores()), "system": f"{platform.system()} {platform.machine()}"}
    about["python"] = platform.python_version()
    return about | {package: version_of(package) for package in PACKAGES}


def machine_lines() -> list[str]:
    """The same in two lines of text."""
    about = machine()
    head = f"machine: {about['cpu']}, {about['cores']} cores, {about['system']}"
    return [head, "versions: " + ", ".join(f"{k} {about[k]}" for k in ("python", *PACKAGES))]


class Timer:
    """Wall and CPU seconds of a ``with`` block (CPU: all threads of this process, children left out)."""

    wall: float = float("nan")
    cpu: float = float("nan")

    def __enter__(self) -> "Timer":
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._start[0], time.process_time() - self._start[1]


def best_of(n: int, function: Callable[[], Any]) -> tuple[Any, Timer]:
    """Call n times; the last result, and the timer of the fastest call."""
    best = None
    for _ in range(n):
        with Timer() as timer:
            result = function()
        if best is None or timer.wall < best.wall:
            best = timer
    if best is None:
        raise ValueError("n must be at least 1")
    return result, best


@contextmanager
def beside(busy: int) -> Iterator[None]:
    """Processes that keep a core busy each, for as long as the block lasts."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def in_process(module: str, function: str, *numbers: int) -> Any:
    """What a function of a benchmark returns in a fresh process, whose peak of memory is its own."""
    code = f"import json; from benchmarks.{module} import {function}; print(json.dumps({function}(*{numbers})))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[1])
    return json.loads(out.stdout.splitlines()[-1])


class Line(NamedTuple):
    """A fitted line: its slope, the slope's standard error (NaN without a spare point), its value at 0."""

    slope: float
    error: float
    intercept: float


def fit_line(x: Any, y: Any, group: Any = None) -> Line:
    """Least-squares line; with ``group``, one label per point, each group has an intercept of its own (their mean)."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    labels, which = np.unique(np.zeros(len(x)) if group is None else group, return_inverse=True)
    counts = np.bincount(which)
    mean_x, mean_y = np.bincount(which, x) / counts, np.bincount(which, y) / counts
    dx, dy = x - mean_x[which], y - mean_y[which]
    slope = float(dx @ dy / (dx @ dx))
    spare = len(x) - len(labels) - 1
    error = float(np.sqrt(np.sum((dy - slope * dx) ** 2) / spare / (dx @ dx))) if spare >= 1 else float("nan")
    return Line(slope, error, float(np.mean(mean_y - slope * mean_x)))


def power_law(x: Any, y: Any, group: Any = None) -> Line:
    """``y = exp(intercept) x^slope``, fitted to the logarithms."""
    return fit_line(np.log(x), np.log(y), group)


def text_of(value: Any) -> str:
    """A cell: floats to five significant digits, None as a dash."""
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


@dataclass
class Table:
    """Rows under fixed columns, printed as markdown and kept as CSV."""

    columns: Sequence[str]
    rows: list[list[Any]] = field(default_factory=list)

    def add(self, *values: Any) -> None:
        """Append a row; one value per column."""
        if len(values) != len(self.columns):
            raise ValueError(f"{len(values)} values for {len(self.columns)} columns")
        self.rows.append(list(values))

    def markdown(self) -> str:
        """The table as aligned markdown."""
        cells = [list(self.columns), *([text_of(v).replace("|", "\\|") for v in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells]
        return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])

    def save(self, name: str) -> Path:
        """Write NAME.csv (full precision, the machine in every row) and NAME.md to RESULTS; the CSV's path."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{name}.csv"
        about = machine()
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*self.columns, *about])
            writer.writerows([*row, *about.values()] for row in self.rows)
        text = "\n".join([f"# {name}", "", self.markdown(), "", *machine_lines(), ""])
        path.with_suffix(".md").write_text(text, encoding="utf-8")
        KEPT["tables"] = [table for table in KEPT["tables"] if table["name"] != name]
        KEPT["tables"].append({"name": name, "columns": list(self.columns)})
        return path

    def show(self, name: str) -> None:
        """Save, then print."""
        self.save(name)
        print(self.markdown(), flush=True)


def save_figure(figure: Any, name: str, caption: str = "") -> Path:
    """Write NAME.png (a palette of 64 colours, which keeps it small) to RESULTS, close the figure; the path.

    The caption says what it shows, to those who cannot see it, too; by default the titles of its axes.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.png"
    titles = "; ".join(dict.fromkeys(title for axis in figure.axes if (title := axis.get_title())))
    figure.savefig(path, dpi=150, bbox_inches="tight", pad_inches=0.05)  # a legend beside the axes is never cut
    plt.close(figure)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(64)
    small.save(path, optimize=True)
    KEPT["figures"] = [f for f in KEPT["figures"] if f["name"] != name]
    KEPT["figures"].append({"name": name, "caption": caption or titles or name})
    return path


def tell(finding: str, caveat: str = "") -> None:
    """Print what a benchmark found, in plain sentences with its figures; kept for the report."""
    KEPT["finding"], KEPT["caveat"] = finding, caveat
    print(f"\n{finding}" + (f"\nBut: {caveat}" if caveat else ""), flush=True)


def check_targets(targets: Iterable[tuple[str, float, str, float]]) -> list[str]:
    """Print each target (what, value, ">=" or "<=", bound) as met or NOT met; return those missed."""
    missed = []
    for what, value, sign, bound in targets:
        if sign not in (">=", "<="):
            raise ValueError(f"sign {sign!r}; expected >= or <=")
        met = value >= bound if sign == ">=" else value <= bound  # NaN is never met
        sentence = f"{what}: {text_of(float(value))} (target {sign} {bound:g})"
        KEPT["targets"].append({"sentence": sentence, "met": bool(met)})
        print(f"- {sentence}: {'met' if met else 'NOT met'}")
        if not met:
            missed.append(f"NOT met: {sentence}")
    return missed
