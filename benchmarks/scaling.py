"""How do time and memory of a pass grow with rows, literals and threads?

Each measurement is a process of its own: random Boolean data, the oracle that `solve` would make, the best of a few
searches (k = 20), and the peak resident memory of the whole process, data and interpreter included.  The last rows
are `solve` itself: on the most rows, to a relative gap of 1e-2 (its early passes search samples of the rows), and on
small tables beside a process that keeps a core busy.  Above 256 literals at 6,400 rows passes are
screened; the column "4-subsets of" says how many literals they took them from, "all of" up to which size subsets of
all literals were searched.  CPU seconds are those of all threads: on a busy machine they grow more steadily than wall
seconds, and the slopes are fitted to them.
"""

import re
import resource
import sys
import warnings
from functools import partial
from typing import Any

import numpy as np

from benchmarks import _figures
from benchmarks._common import Table, Timer, beside, best_of, check_targets, in_process, power_law, save_figure, tell
from fw_circuits import solve
from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import SolverWarning
from fw_circuits.lattice import Lattice
from fw_circuits.oracle import make_oracle

SEED = 0
SHARED = ((400, 16), (6_400, 48))
ROWS, LITERALS, BASE = (1_000, 10_000, 100_000, 1_000_000), (16, 32, 64, 128, 256, 512), 6_400


def data(n_rows: int, n: int) -> tuple[Array, Floats]:
    """Distinct random rows (almost surely) and a target of three small functions and noise."""
    rng = np.random.default_rng(SEED)
    X = rng.integers(0, 2, (n_rows, n), dtype=np.uint8)
    y = 1.0 * (X[:, 0] ^ X[:, 3] ^ X[:, 7]) + (X[:, 1] & X[:, 2]) + (X[:, 4] ^ X[:, 5])
    y += 0.3 * rng.standard_normal(n_rows)
    return X, y - y.mean()


def measure(n_rows: int, n: int, threads: int, repeats: int) -> dict[str, Any]:
    """Seconds to set up and to search, and what the search covered; to be run in a process of its own."""
    X, y = data(n_rows, n)
    with Timer() as setup:
        oracle: Any = make_oracle("auto", X, Lattice.boolean(n), 3.0, n_jobs=threads)
    oracle = getattr(oracle, "inner", oracle)  # searches of all rows, not of samples
    answer, search = best_of(repeats, lambda: oracle.search(y, 20))
    sizes = re.fullmatch(r"all functions of at most (\d) of .*?(?:of at most 4 of (\d+) screened .*)?", answer.scope)
    assert sizes is not None
    return {"setup": setup.wall, "wall": search.wall, "cpu": search.cpu, "exact": int(sizes[1]),
            "screened": int(sizes[2] or n), "peak": peak()}  # fmt: skip


def measure_solve(n_rows: int, n: int, threads: int, _: int) -> dict[str, Any]:
    """Seconds and peak memory of `solve`, to a gap of one percent."""
    X, y = data(n_rows, n)
    with Timer() as timer, warnings.catch_warnings(action="ignore", category=SolverWarning):
        solution = solve(X, y, tol=1e-2, n_jobs=threads)
    assert len(solution.atoms) > 0
    return {"setup": None, "wall": timer.wall, "cpu": timer.cpu, "exact": None, "screened": None, "peak": peak()}


def shared(n_rows: int, n: int, repeats: int) -> tuple[float, float]:
    """Median seconds of `solve` on one and on two threads, by turns, beside one process that keeps a core busy."""
    X, y = data(n_rows, n)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with beside(1), warnings.catch_warnings(action="ignore", category=SolverWarning):
        for i in range(2 * repeats):
            threads = 1 + i % 2
            with Timer() as timer:
                solve(X, y, n_jobs=threads)
            seconds[threads].append(timer.wall)
    return float(np.median(seconds[1])), float(np.median(seconds[2]))


def peak() -> float:
    """Peak resident memory of this process in GiB (Linux counts in KiB, macOS in bytes)."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(size / 2**30 if sys.platform == "darwin" else size / 2**20)


def here(what: str, *numbers: int) -> dict[str, Any]:
    """The same in this process, where a peak of memory would be that of everything before."""
    return {"measure": measure, "measure_solve": measure_solve}[what](*numbers) | {"peak": None}


def run(quick: bool = False) -> list[str]:
    """Print the table and the slopes; returns the targets that were missed.

    Quick: 10,000 and 40,000 rows, at most 128 literals, all in this process: no peaks of memory.
    """
    rows, literals = ((10_000, 40_000), (32, 64, 128)) if quick else (ROWS, LITERALS)
    run_in = here if quick else partial(in_process, "scaling")
    jobs = [(r, 64, 2) for r in rows] + [(BASE, n, 2) for n in literals] + [(BASE, 128, 1), (BASE, 128, 2)]
    table = Table(["rows", "literals", "threads", "set-up s", "pass s", "CPU s", "all of", "4-subsets of", "peak GiB"])
    found: dict[tuple[int, int, int], dict[str, Any]] = {}
    keys = ("setup", "wall", "cpu", "exact", "screened", "peak")
    for job in dict.fromkeys(jobs):
        n_rows, n, _ = job
        repeats = 1 if n_rows * n**4 > 1e13 else 3
        found[job] = run_in("measure", *job, repeats)
        table.add(*job, *(found[job][key] for key in keys))
    whole = run_in("measure_solve", rows[-1], 64, 2, 1)
    table.add(f"{rows[-1]} (solve)", 64, 2, *(whole[key] for key in keys))
    slower = {}
    for n_rows, n in SHARED:
        one, two = shared(n_rows, n, 3 if quick else 9)
        slower[n_rows, n] = two / one
        for threads, wall in ((1, one), (2, two)):
            what = f"{n_rows} (solve beside one busy process)"
            table.add(what, n, threads, None, wall, None, None, None, None)
    table.show("scaling")

    large = [r for r in rows if r >= 10_000]
    by_rows = power_law(large, [found[r, 64, 2]["cpu"] for r in large]).slope
    exact = [n for n in literals if found[BASE, n, 2]["screened"] == n]
    by_literals = power_law(exact[-3:], [found[BASE, n, 2]["cpu"] for n in exact[-3:]]).slope
    one, two = found[BASE, 128, 1]["wall"], found[BASE, 128, 2]["wall"]
    draw(table)
    last = found[rows[-1], 64, 2]
    memory = "" if quick else f" and a process of {last['peak']:.1f} GiB (solve: {whole['peak']:.1f} GiB)"
    tell(
        f"A pass over {rows[-1]:,} rows of 64 literals takes {last['wall']:.1f} s{memory}; CPU seconds grow like "
        f"rows^{by_rows:.2f} and, where the search is exact, like literals^{by_literals:.2f} (largest "
        f"{len(exact[-3:])} sizes). Two threads are {one / two:.2f} times as fast as one.",
        "Random Boolean rows, almost all distinct. "
        + (
            f"From {min(n for n in literals if n not in exact)} literals on 4-subsets are screened, not all searched."
            if len(exact) < len(literals)
            else "The quick sizes stay in the range of exact searches."
        ),
    )
    print(f"exact passes grow like literals^{by_literals:.2f} (largest three); 2 threads are {one / two:.2f} times 1")
    targets = [
        ("slope of CPU seconds in rows, from 10,000 rows", by_rows, "<=", 1.1),
        ("solve beside one busy process, two threads over one, largest", max(slower.values()), "<=", 1.1),
    ]
    if not quick:
        targets += [
            ("peak of a pass, 1,000,000 x 64, GiB", found[rows[-1], 64, 2]["peak"], "<=", 4.0),
            ("peak of solve with its table, 1,000,000 x 64, GiB", whole["peak"], "<=", 0.7),
            ("seconds of a pass over 512 literals", found[BASE, 512, 2]["wall"], "<=", 10.0),
        ]
    return check_targets(targets)


def draw(table: Table) -> None:
    """CPU seconds of a pass against rows and against literals."""
    figure, (top, bottom) = _figures.panels(2, 2.8)
    passes = [row for row in table.rows if row[2] == 2 and isinstance(row[0], int)]
    by_rows = sorted((row[0], row[5]) for row in passes if row[1] == 64 and row[0] != BASE)
    by_literals = sorted((row[1], row[5]) for row in passes if row[0] == BASE)
    _figures.lines(top, {"64 literals": tuple(zip(*by_rows, strict=True))})
    _figures.lines(bottom, {f"{BASE:,} rows": tuple(zip(*by_literals, strict=True))})
    top.set(xlabel="rows, 64 literals", ylabel="CPU s per pass")
    bottom.set(xlabel=f"literals, {BASE:,} rows", ylabel="CPU s per pass")
    save_figure(figure, "scaling", "CPU seconds of one pass against rows (above) and against literals (below)")
