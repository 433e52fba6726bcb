"""What the benchmarks share: tables, timers, targets, and a description of the machine."""

import csv
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("numpy", "scipy", "scikit-learn", "cvxpy", "networkx", "celer", "fw_circuits")


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
    about = {
        "cpu": cpu_name(),
        "cores": str(usable_cores()),
        "system": f"{platform.system()} {platform.machine()}",
    }
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
        """Append a row; one value a column."""
        if len(values) != len(self.columns):
            raise ValueError(f"{len(values)} values for {len(self.columns)} columns")
        self.rows.append(list(values))

    def markdown(self) -> str:
        """The table as aligned markdown."""
        cells = [list(self.columns), *([text_of(v).replace("|", "\\|") for v in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells
        ]
        return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])

    def save(self, name: str) -> Path:
        """Write results/NAME.csv (full precision, the machine in every row) and NAME.md; the CSV's path."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.csv"
        about = machine()
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*self.columns, *about])
            writer.writerows([*row, *about.values()] for row in self.rows)
        text = "\n".join([f"# {name}", "", self.markdown(), "", *machine_lines(), ""])
        path.with_suffix(".md").write_text(text, encoding="utf-8")
        return path

    def show(self, name: str) -> None:
        """Save, then print."""
        self.save(name)
        print(self.markdown(), flush=True)


def save_figure(figure: Any, name: str) -> Path:
    """Write results/NAME.png, close the figure, and return the path."""
    import matplotlib.pyplot as plt

    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.png"
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return path


def tell(name: str, finding: str, caveat: str = "") -> None:
    """Print what a benchmark found, in plain sentences with its figures; kept in results/NAME.json for the report."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"finding": finding, "caveat": caveat}, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(f"\n{finding}" + (f"\nBut: {caveat}" if caveat else ""), flush=True)


def check_targets(targets: Iterable[tuple[str, float, str, float]]) -> list[str]:
    """Print each target (what, value, ">=" or "<=", bound) as met or NOT met; return those missed."""
    missed = []
    for what, value, sign, bound in targets:
        if sign not in (">=", "<="):
            raise ValueError(f"sign {sign!r}; expected >= or <=")
        met = value >= bound if sign == ">=" else value <= bound  # NaN is never met
        sentence = f"{what}: {text_of(float(value))} (target {sign} {bound:g})"
        print(f"- {sentence}: {'met' if met else 'NOT met'}")
        if not met:
            missed.append(f"NOT met: {sentence}")
    return missed
