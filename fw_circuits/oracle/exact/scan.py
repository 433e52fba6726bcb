"""One pass over the subsets of one level's literals: integer screen, stages, screening of literals.

`SubsetOracle` says what is promised; ``csrc/oracle/subset.h`` says why the screen cannot drop a winner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from fw_circuits._kernels import use_compiled
from fw_circuits._kernels._oracle import FOUND, Search, scratch_bytes
from fw_circuits._threads import threads_of as threads_of
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.exceptions import BudgetError
from fw_circuits.oracle.base import Stop
from fw_circuits.oracle.distinct import Columns, aligned, padded, unpack
from fw_circuits.oracle.exact.literal_choice import RATE, SAMPLE, by_turns, draw, widest, work
from fw_circuits.oracle.reference import subset_scan
from fw_circuits.oracle.tables import Tables

#: Rows of one chunk: the chunk of both matrices stays in the second-level cache.
CHUNK = 256
#: Seconds between two looks at the clock and at `stop`.
SLICE = 0.05
#: Multiplications with additions that any machine does in a second.
SLOW = 4e9
#: Bytes of pair sums that one thread works on.
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Settings:
    """How to search: see `SubsetOracle`; ``work`` is a budget of multiplications with additions for one level."""

    k: int
    per_support: int
    n_threads: int
    memory: int
    max_literals: int | None = None
    isa: int = 2
    work: float = np.inf
    seed: int | None = 0


@dataclass(frozen=True)
class LevelFound:
    """Result of one level; ``found["lit"]`` are literals of the level.

    ``open_cost`` is the least cost of a circuit in the scope that was not searched; None when complete.
    ``screened`` is how many literals the larger subsets were taken from; None: all.  Subsets of at most ``exact``
    were taken from all literals.
    """

    found: Array
    screened: int | None
    open_cost: int | None
    exact: int = 3
    counts: tuple[int, ...] = (0, 0, 0)


def block_width(ld: int) -> int:
    """Second literals of one block, so that their sums stay in cache."""
    return int(max(1, min(16, BLOCK_BYTES // (4 * ld * ld))))


def memory_bytes(n: int, n_rows: int, n_threads: int, k: int = 10, table: bool = True) -> int:
    """Bytes that a pass over n literals and n_rows rows allocates at most.

    Parameters
    ----------
    table : bool
        With the table of triples that 4-subsets need.

    Examples
    --------
    >>> memory_bytes(64, 6400, 2) < 2**24
    True
    """
    ld = padded(n)
    words = (4 * n + ld) * (-(-n_rows // 64)) * 8  # literals, columns and those with weight; rows
    scratch = n_threads * scratch_bytes(ld, CHUNK, k, block_width(ld))
    return words + 4 * ld * ld + 4 * n * ld * ld * table + scratch + 64 * n_rows + (1 << 21)


def quantise(weights: Floats, chunk: int = CHUNK) -> tuple[Array, float, float]:
    """Round weights to multiples of a power of two whose sums are exact in the screen.

    Returns
    -------
    q : (R,) float64
        Integers; ``sum |q| <= 2^24`` in every chunk of rows and ``<= 2^31 - 1`` in all.
    delta : float
    slack : float
        Bound of ``|sum w s - delta sum q s|`` over all signs s in {-1, 1}, of the float32 scan of the integer
        scores and of the rounding of the float64 scores.

    Examples
    --------
    >>> q, delta, slack = quantise(np.array([3.0, -1.0, 0.0, 2.0]))
    >>> (q * delta).tolist()
    [3.0, -1.0, 0.0, 2.0]
    """
    size = np.abs(weights)
    total = float(size.sum())
    largest = float(np.add.reduceat(size, np.arange(0, len(size), chunk)).max()) if len(size) else 0.0
    need = max(largest / (2**24 - chunk), total / (2**31 - 1 - len(size)), 2.0**-1000)
    delta = float(2.0 ** np.ceil(np.log2(need)))
    if delta < need:  # log2 rounded down at a power of two
        delta *= 2
    q = np.rint(weights / delta)
    slack = float(np.abs(weights - q * delta).sum()) * (1 + 1e-9) + total * 2.0**-22
    return q, delta, slack


def search_level(
    columns: Columns,
    weights: Floats,
    tables: Tables,
    settings: Settings,
    floor: float = 0.0,
    stop: Stop | None = None,
    time_limit: float | None = None,
) -> LevelFound:
    """Best functions of at most four of the literals with score >= floor.

    Parameters
    ----------
    weights : (n_rows,)
    time_limit : float or None
        Seconds; where the 4-subsets of all literals would take longer, they are taken from fewer.

    Raises
    ------
    BudgetError
        If the memory estimate exceeds ``settings.memory``.
    """
    start = perf_counter()
    n, n_rows = columns.n, columns.n_rows

    def ended() -> bool:
        late = time_limit is not None and perf_counter() - start > time_limit
        return late or (stop is not None and stop())

    if n == 0:
        return LevelFound(np.zeros(0, FOUND), None, None)
    arity = (
        2 + int(tables.top[3] > 0.0) + int(tables.top[4] > 0.0)
    )  # a gate limit may leave no larger functions
    budget = settings.work if time_limit is None else min(settings.work, 2 * RATE * time_limit)
    limit = fitting(n, arity, n_rows, budget, settings)
    if not use_compiled():
        exact = _exact(n, n_rows, limit, budget)
        return _search_twin(columns, weights, tables, settings, limit, exact, budget)

    best = np.zeros(n) if limit < n or time_limit is not None else None
    run = _start(columns, weights, tables, settings, floor, best, table=limit == n and arity == 4)
    began = perf_counter()
    run.pairs()
    found = run.found()
    if not weights.any() and len(found) == settings.k:  # all scores are 0, and small subsets come first
        return LevelFound(_named(found, columns), limit if limit < n else None, None)
    if arity == 2:
        return LevelFound(_named(found, columns), None, None)
    if stop is not None and stop():
        return LevelFound(_named(found, columns), None, 2, counts=run.counts)
    if time_limit is not None:
        # Pairs of a small table take no time that could be measured.
        rate = max(work(n, 2, n_rows) / max(1e-6, perf_counter() - began), RATE / 8)
        budget = min(budget, 0.7 * rate * max(0.0, time_limit - (perf_counter() - start)))
    fits = min(limit, fitting(n, arity, n_rows, budget, settings))
    exact = _exact(n, n_rows, fits, budget)
    if exact == 3:
        began = perf_counter()
        if not _slices(n - 2, lambda i, j: run.triples(i, j), ended, work(n, 3, n_rows)):
            return LevelFound(_named(run.found(), columns), None, 2, counts=run.counts)
        if time_limit is not None:
            rate = work(n, 3, n_rows) / max(1e-6, perf_counter() - began)
            budget = min(settings.work, 0.7 * rate * max(0.0, time_limit - (perf_counter() - start)))
            limit = min(limit, fitting(n, arity, n_rows, budget, settings))
        if limit >= n or arity == 3:
            done = arity == 3 or _quads(run, n, n_rows, ended)
            return LevelFound(_named(run.found(), columns), None, None if done else 3, counts=run.counts)
    else:
        limit = fits

    assert best is not None
    ranking = np.argsort(-best, kind="stable")  # ties keep the first column
    if exact == 2:
        began = perf_counter()
        ranking, spent = _with_sample(columns, weights, ranking, tables, settings, budget, ended)
        if time_limit is not None:
            rate = max(spent / max(1e-6, perf_counter() - began), RATE / 8)
            budget = min(settings.work, 0.6 * rate * max(0.0, time_limit - (perf_counter() - start)))
            limit = min(limit, fitting(n, arity, n_rows, budget, settings))
    if ended():
        return LevelFound(_named(run.found(), columns), limit, exact, exact, run.counts)
    small = columns.take(np.sort(ranking[:limit]))
    part = _start(small, weights, tables, settings, run.threshold, None, table=arity == 4)
    part.pairs()
    open_cost = None
    if not _slices(small.n - 2, lambda i, j: part.triples(i, j), ended, work(small.n, 3, n_rows)):
        open_cost = exact
    elif arity == 4 and not _quads(part, small.n, n_rows, ended):
        open_cost = 3
    both = np.concatenate([_named(run.found(), columns), _named(part.found(), small)])
    counts = tuple(x + y for x, y in zip(run.counts, part.counts, strict=True))
    return LevelFound(_best(both, settings.k), limit, open_cost, exact, counts)


def _exact(n: int, n_rows: int, limit: int, budget: float) -> int:
    # Size of the subsets that are taken from all literals before some are chosen.
    return 3 if limit == n or work(n, 3, n_rows) <= 0.5 * budget else 2


def fitting(n: int, arity: int, n_rows: int, budget: float, settings: Settings) -> int:
    """How many literals the subsets of ``arity`` can be taken from, within work and memory."""
    limit = n if settings.max_literals is None or arity < 4 else min(n, settings.max_literals)
    if budget == np.inf or arity == 2:
        return limit
    limit = widest(limit, arity, n_rows, budget)
    s = settings
    while limit > 4 and memory_bytes(limit, n_rows, s.n_threads, s.k, arity == 4) > s.memory:
        limit -= 1
    return limit


def _with_sample(
    columns: Columns,
    weights: Floats,
    ranked: Ints,
    tables: Tables,
    settings: Settings,
    budget: float,
    ended: Stop,
) -> tuple[Ints, float]:
    """The ranking of columns by pairs, joined with one by triples on a sample of rows, and the work for it.

    A search that ended early leaves the ranking that it has.
    """
    if not weights.any():
        return ranked, 0.0
    keep = np.sort(ranked[: widest(columns.n, 3, SAMPLE, 0.25 * budget)])
    m = int(min(columns.n_rows, max(SAMPLE, 0.25 * budget / work(len(keep), 3, 1))))
    rows, counts = draw(weights, m, np.random.default_rng(settings.seed))
    sample = columns.sample(keep, rows)
    score = np.zeros(len(keep))
    if use_compiled():
        run = _start(sample, counts, tables, replace(settings, k=1), np.inf, score, table=False)
        run.pairs()
        _slices(sample.n - 2, lambda i, j: run.triples(i, j), ended, work(sample.n, 3, sample.n_rows))
    else:
        bits = unpack(sample.words, sample.n_rows)
        score = subset_scan.search(bits, counts, tables, 1, 1, FOUND, 3)[1]
    return by_turns(ranked, keep[np.argsort(-score, kind="stable")]), work(sample.n, 3, sample.n_rows)


def best_by_literal(
    columns: Columns,
    weights: Floats,
    tables: Tables,
    settings: Settings,
    arity: int,
    stop: Stop | None = None,
) -> Floats:
    """Best score, up to rounding, of any function of at most ``arity`` (2 or 3) literals that each takes part in."""
    best = np.zeros(columns.n)
    run = _start(columns, weights, tables, replace(settings, k=1), 0.0, best, table=False)
    run.pairs()
    if arity == 3:
        ended = stop if stop is not None else lambda: False
        _slices(columns.n - 2, lambda i, j: run.triples(i, j), ended, work(columns.n, 3, columns.n_rows))
    return best


def _search_twin(
    columns: Columns, w: Floats, tables: Tables, settings: Settings, limit: int, exact: int, budget: float
) -> LevelFound:
    n, k, each = columns.n, settings.k, settings.per_support
    bits = unpack(columns.words, columns.n_rows)
    found, best = subset_scan.search(bits, w, tables, k, each, FOUND, 4 if limit == n else exact)
    found = _named(found, columns)
    if limit == n:
        return LevelFound(found, None, None)
    ranking = np.argsort(-best[columns.order], kind="stable")
    if exact == 2:
        ranking, _ = _with_sample(columns, w, ranking, tables, settings, budget, lambda: False)
    small = columns.take(np.sort(ranking[:limit]))
    bits = unpack(small.words, small.n_rows)
    more, _ = subset_scan.search(bits, w, tables, k, each, FOUND)
    return LevelFound(_best(np.concatenate([found, _named(more, small)]), k), limit, None, exact)


def _named(found: Array, columns: Columns) -> Array:
    # Kept literals ascend, so the order of answers does not change.
    found = found.copy()
    used = found["lit"] >= 0
    found["lit"][used] = columns.literals[found["lit"][used]]
    return found


def _best(found: Array, k: int) -> Array:
    return subset_scan.sort_found(np.unique(found))[:k]


def _start(
    columns: Columns,
    weights: Floats,
    tables: Tables,
    settings: Settings,
    floor: float,
    best: Floats | None,
    table: bool,
) -> Search:
    n, n_rows, ld = columns.n, columns.n_rows, columns.ld
    need = memory_bytes(n, n_rows, settings.n_threads, settings.k, table)
    if need > settings.memory:
        raise BudgetError(
            f"a pass over {n} literals and {n_rows} rows on {settings.n_threads} threads needs "
            f"{need / 2**20:.0f} MiB; the budget is {settings.memory / 2**20:.0f} MiB; "
            "give max_literals, or more memory."
        )
    q, delta, slack = quantise(weights)
    nonzero = np.zeros(8 * columns.masks.shape[1], np.uint8)
    octets = np.packbits(q != 0, bitorder="little")
    nonzero[: len(octets)] = octets
    width = block_width(ld) if table else 1
    stride = scratch_bytes(ld, CHUNK, settings.k, width)
    return Search(
        words=columns.words,
        weights=weights,
        order=columns.order,
        flip=columns.flip,
        masks=columns.masks & nonzero.view("<u8").astype(np.uint64),
        keys=columns.keys,
        q=q.astype(np.float32),
        chunk=CHUNK,
        total=int(q.sum()),
        delta=delta,
        slack=slack,
        factor=tables.factor,
        fac=tables.fac,
        fac4=tables.fac4,
        top=tables.top,
        nearest=tables.nearest,
        k=settings.k,
        per_support=settings.per_support,
        floor=floor,
        isa=settings.isa,
        singles=aligned((ld,), np.int32),
        pairs=aligned((ld, ld), np.int32),
        triples=aligned((n, ld, ld), np.int32) if table else None,
        literal_best=best,
        scratch=aligned((settings.n_threads, stride), np.int8),
        width=width,
    )


def _slices(n: int, run: Callable[[int, int], None], ended: Stop, total: float) -> bool:
    # Call run(i, j) over range(n) in slices of about SLICE seconds; False when ended early.  The first slice
    # assumes a slow machine: a slice is a parallel region, and they are not free when cores are shared.
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


def _quads(run: Search, n: int, n_rows: int, ended: Stop) -> bool:
    width = block_width(padded(n))
    blocks = np.array(
        [(a, b, min(b + width, n - 2)) for a in range(n - 3) for b in range(a + 1, n - 2, width)], np.int32
    ).reshape(-1, 3)
    return _slices(len(blocks), lambda i, j: run.quads(blocks[i:j]), ended, work(n, 4, n_rows))
