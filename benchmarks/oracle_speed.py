"""How fast is one exact pass of the subset oracle?

One pass over all functions of all 4-subsets of 64 literals on 6,400 rows (k = 10, one function per subset),
against the float32 matrix product 2016 x 6400 x 2016 of all pairs of literals with all pairs, which contains
the same sums; both on the same threads, in the same run.  The oracle needs one sixth of the pairs of pairs,
and for each pair only the quarter of the rows where both literals are 1.

What binds is arithmetic: rows are kept packed (one bit per literal, 51 kB for 6,400 x 64) and unpacked 256 at a time
into the second-level cache, so main memory is hardly read; the last line compares the rate of the sums with that
of the matrix product in the same run.  Sampled profile, 64 literals, one AVX-512 core: 70% outer products, 9%
lists of rows, 5% Moebius transforms and first bounds, 4% float64 histograms of the hundred or so subsets that the
integer screen leaves; the scans of all functions are below 1%.
"""

import os
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks import _figures
from benchmarks._common import Table, best_of, check_targets, in_process, save_figure, tell
from fw_circuits._typing import Array, Floats
from fw_circuits.lattice import Lattice
from fw_circuits.oracle import SubsetOracle
from fw_circuits.oracle.exact.literal_choice import work
from fw_circuits.oracle.exact.subset_pass import search_level

SEED = 0
THREADS = 2


def block_task(rng: np.random.Generator, n_rows: int, n: int) -> tuple[Array, Floats]:
    """Mean of five functions of disjoint blocks of 4 of the first 20 inputs, as +1 and -1."""
    X = rng.integers(0, 2, (n_rows, n))
    b = X[:, :20].reshape(n_rows, 5, 4)
    blocks = [
        b[:, 0].sum(axis=1) % 2,
        b[:, 1].sum(axis=1) >= 2,
        (b[:, 2, 0] & b[:, 2, 1]) | (b[:, 2, 2] & b[:, 2, 3]),
        np.where(b[:, 3, 0], b[:, 3, 1], b[:, 3, 2] ^ b[:, 3, 3]),
        b[:, 4].sum(axis=1) >= 3,
    ]
    return X, np.mean([2.0 * f - 1 for f in blocks], axis=0)


def make_oracle(X: Array, threads: int = THREADS) -> SubsetOracle:
    """The oracle of Boolean data, one function per subset."""
    lattice = Lattice.boolean(X.shape[1])
    return SubsetOracle([lattice.rows(X, 1)], lattice, 3.0, n_jobs=threads, per_support=1)


def third_gradient(oracle: SubsetOracle, y: Floats) -> Floats:
    """Residual of squared loss after two passes of ten atoms, each refitted by least squares."""
    columns = np.ones((len(y), 1))
    residual = y - y.mean()
    for _ in range(2):
        columns = np.column_stack([columns, oracle.evaluate(oracle.search(residual, 10).atoms)])
        residual = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
        residual -= residual.mean()
    return residual


def pass_memory(n_rows: int, n: int) -> float:
    """Growth of the peak resident memory by one pass, in MiB (Linux); for a process of its own."""

    def read(name: str) -> int:
        return int(Path("/proc/self/status").read_text().partition(f"{name}:")[2].split()[0])

    make_oracle(np.eye(8)).search(np.ones(8))
    X = np.random.default_rng(SEED).integers(0, 2, (n_rows, n))
    g = np.random.default_rng(SEED + 1).standard_normal(n_rows)
    oracle = make_oracle(X)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again
    before = read("VmRSS")
    oracle.search(g)
    return (read("VmHWM") - before) / 1024


def product_time(n_rows: int, n: int, repeats: int) -> float:
    """Seconds of the float32 product of all pairs with all pairs, the weights on one side."""
    rng = np.random.default_rng(SEED)
    bits = rng.integers(0, 2, (n_rows, n)).astype(np.float32)
    pairs = np.ascontiguousarray(np.stack([bits[:, a] * bits[:, b] for a, b in combinations(range(n), 2)]))
    weighted = np.ascontiguousarray((pairs * rng.standard_normal(n_rows).astype(np.float32)).T)
    return best_of(repeats, lambda: pairs @ weighted)[1].wall


def reference_ratio(n_rows: int, n: int) -> tuple[float, float]:
    """Seconds of the compiled pass and of its NumPy reference implementation, one thread."""
    X = np.random.default_rng(SEED).integers(0, 2, (n_rows, n))
    oracle = make_oracle(X, 1)
    g = np.random.default_rng(SEED + 1).standard_normal(oracle.n_rows)
    times = []
    for kernels, repeats in (("compiled", 5), ("python", 1)):
        with mock.patch.dict(os.environ, FW_CIRCUITS_KERNELS=kernels):
            times.append(best_of(repeats, lambda: oracle.search(g, 10))[1].wall)
    return times[0], times[1]


def passes(table: Table, sizes: tuple[int, ...], n_rows: int, repeats: int, product: float) -> dict[int, list[float]]:
    """Fill the table; seconds of a pass at the third gradient and at noise, by literals."""
    rng, seconds = np.random.default_rng(SEED), {}
    for n in sizes:
        X, y = block_task(rng, n_rows, n)
        oracle = make_oracle(X)
        gradients = third_gradient(oracle, y), rng.standard_normal(n_rows)
        seconds[n] = [best_of(repeats, partial(oracle.search, g, 10))[1].wall for g in gradients]
        for name, g, spent in zip(("third gradient", "noise"), gradients, seconds[n], strict=True):
            level, settings = oracle.data.levels[0], replace(oracle.settings, k=10)
            counts = search_level(level.literals, level.rows.pull(g), oracle.tables, settings).counts
            table.add(n, name, 1e3 * spent, spent / product, 2e-9 * work(n, 4, n_rows) / spent, *counts)
    return seconds


def run(quick: bool = False) -> list[str]:
    """Print the table; returns the targets that were missed.

    Quick: a quarter of the rows, 32 and 64 literals, a smaller size for the reference, no measurement of memory.
    """
    n_rows, repeats = (1600, 3) if quick else (6400, 9)
    sizes = (32, 64) if quick else (64, 128)
    product = product_time(n_rows, 64, repeats)
    gemm = 2 * 2016**2 * n_rows / product
    print(f"{n_rows} rows, {THREADS} threads; float32 product 2016 x {n_rows} x 2016: {1e3 * product:.0f} ms")
    table = Table(["literals", "weights", "ms", "/ product", "GFlop/s", "second bound", "integer scan", "exact"])
    seconds = passes(table, sizes, n_rows, repeats, product)
    table.show("oracle_speed")
    for n in () if quick else sizes:
        print(
            f"peak memory of a pass over {n} literals: {in_process('oracle_speed', 'pass_memory', n_rows, n):.0f} MiB "
            f"(estimate {make_oracle(np.eye(n_rows, n)).memory_bytes() / 2**20:.0f} MiB)"
        )
    n = 8 if quick else 16
    compiled, reference = reference_ratio(n_rows, n)
    print(f"{n} literals, one thread: compiled {1e3 * compiled:.1f} ms, NumPy reference {reference:.2f} s")
    largest = sizes[-1]
    rate = 2 * work(largest, 4, n_rows) / seconds[largest][1]
    print(
        f"arithmetic binds: sums of 4-subsets at {1e-9 * rate:.0f} GFlop/s, {rate / gemm:.2f} of the float32 product's "
        f"{1e-9 * gemm:.0f}; a pass reads {n_rows * largest / 8 / 1024:.0f} KiB of packed rows"
    )
    draw(table, product, n_rows)
    gradient, noise = seconds[64]
    tell(
        f"One exact pass over 64 literals and {n_rows:,} rows takes {1e3 * gradient:.0f} ms (third gradient) and "
        f"{1e3 * noise:.0f} ms (noise), {gradient / product:.3f} and {noise / product:.3f} of the float32 product of "
        f"all literal pairs ({1e3 * product:.0f} ms); its NumPy reference implementation is "
        f"{reference / compiled:.0f} times slower ({n} literals, one thread).",
        "The product contains the same sums, but the pass needs a sixth of them; against the rate of the product it "
        f"does {rate / gemm:.2f} of the arithmetic per second.",
    )
    # 128 literals: 1.5 s of wall time on a machine whose product takes 0.25 s
    more = [(f"{m} literals, noise, / product", seconds[m][1] / product, "<=", 6.0) for m in sizes if m > 64]
    return check_targets(
        [
            ("64 literals, third gradient, / product", gradient / product, "<=", 0.5),
            ("64 literals, noise, / product", noise / product, "<=", 0.5),
            *more,
            (f"compiled against the reference, {n} literals, times", reference / compiled, ">=", 10.0),
        ]
    )


def draw(table: Table, product: float, n_rows: int) -> None:
    """Milliseconds of every pass, and of the matrix product."""
    names = [f"{row[0]} literals, {row[1]}" for row in table.rows]
    times = [row[2] for row in table.rows]
    names.append("float32 product, 64 literals")
    times.append(1e3 * product)
    figure, (axis,) = _figures.panels(1, 3.0)
    _figures.bars(axis, names, times, [f"{t:.0f} ms" for t in times], [True] * (len(times) - 1) + [False])
    axis.set_xlabel(f"ms per pass, {n_rows:,} rows, {THREADS} threads")
    save_figure(figure, "oracle_speed", "Time of an exact pass beside the product of all pairs of 64 literals")
