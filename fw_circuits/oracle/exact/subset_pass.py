"""One pass over the subsets of one level's literals: pairs, triples, and 4-subsets of all or of chosen literals.

`SubsetOracle` says what is promised, `literal_choice` how literals are chosen.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from zlib import crc32

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.oracle import reference
from fw_circuits.oracle.base import Stop
from fw_circuits.oracle.exact.literal_choice import RATE, SAMPLE, by_turns, draw, full, widest, with_guests, work
from fw_circuits.oracle.exact.pace import Pace, in_slices
from fw_circuits.oracle.found import FOUND, LevelFound, in_order, named, nothing
from fw_circuits.oracle.literals import Literals, padded
from fw_circuits.oracle.reference import SubsetSearch
from fw_circuits.oracle.screen import PassSettings, Screen, rounded_up
from fw_circuits.oracle.tables import Tables

#: Rows of one chunk: the chunk of both matrices stays in the second-level cache.
CHUNK = 256
#: Bytes of pair sums that one thread works on.
BLOCK_BYTES = 1 << 20
#: Triples of all literals are searched where they take at most this share of the work, else ranked on a sample.
TRIPLES = 0.75


def block_width(ld: int) -> int:
    """Second literals of one block, so that their sums stay in cache."""
    return int(max(1, min(16, BLOCK_BYTES // (4 * ld * ld))))


def scratch_bytes(ld: int, k: int, width: int) -> int:
    """Bytes of scratch memory of one thread, as ``csrc/search/subset.c`` lays them out."""
    return rounded_up(8 * ld + FOUND.itemsize * k + 4 * (width * ld * ld + 2 * CHUNK * ld + CHUNK + 2 * ld))


def memory_bytes(n: int, n_rows: int, n_threads: int, k: int = 10, table: bool = True) -> int:
    """Bytes that a pass allocates at most; ``table``: with the table of triples that 4-subsets need.

    Examples
    --------
    >>> memory_bytes(64, 6400, 2) < 2**24
    True
    """
    ld = padded(n)
    words = (4 * n + ld) * (-(-n_rows // 64)) * 8  # literals, columns and those with weight; rows
    scratch = n_threads * scratch_bytes(ld, k, block_width(ld))
    return words + 4 * ld * ld + 4 * n * ld * ld * table + scratch + 64 * n_rows + (1 << 21)


def arity_of(tables: Tables) -> int:
    """The largest subsets to search, at least 2: a gate limit may leave no larger functions."""
    return 2 + int(tables.top[3] > 0.0) + int(tables.top[4] > 0.0)


def at_effort(settings: PassSettings, effort: float, tables: Tables, literals: Literals) -> PassSettings:
    """The settings of a search that takes this fraction of a full one's work."""
    if effort >= 1.0:
        return settings
    every = full(literals.n, arity_of(tables), literals.n_rows, settings.whole, settings.work)
    return replace(settings, work=effort * every, whole=0.0)


def fitting(n: int, arity: int, n_rows: int, budget: float, settings: PassSettings) -> int:
    """How many literals the subsets of ``arity`` can be taken from, within work and memory."""
    limit = n if settings.max_literals is None or arity < 4 else min(n, settings.max_literals)
    if budget == np.inf or arity == 2:
        return limit
    limit = widest(limit, arity, n_rows, budget)
    s = settings
    while limit > 4 and memory_bytes(limit, n_rows, s.n_threads, s.k, arity == 4) > s.memory:
        limit -= 1
    return limit


def start(
    literals: Literals,
    weights: Floats,
    tables: Tables,
    settings: PassSettings,
    *,
    floor: float = 0.0,
    best: Floats | None = None,
    table: bool = False,
) -> SubsetSearch:
    """A search as it stands before the pairs, compiled or not; ``table``: for 4-subsets, too."""
    n, n_rows, threads = literals.n, literals.n_rows, settings.n_threads
    need = memory_bytes(n, n_rows, threads, settings.k, table)
    settings.check_memory(
        need, f"a pass over {n} literals and {n_rows} rows on {threads} threads needs", "max_literals"
    )
    width = block_width(literals.ld) if table else 0
    screen = Screen.of(literals, weights, CHUNK)
    search: type[SubsetSearch] = select("_search", reference).SubsetSearch
    return search(screen, settings, nothing(settings.k), floor, tables, best, width)


def all_pairs(run: SubsetSearch, literals: Literals, ended: Stop) -> bool:
    """All 1- and 2-subsets; False when ended early, without any of them."""
    chunks = -(-literals.n_rows // CHUNK)
    if not in_slices(chunks, run.pair_sums, ended, work(literals.n, 2, literals.n_rows)):
        return False
    run.pairs()
    return True


def singles(literals: Literals, weights: Floats, tables: Tables, k: int) -> Array:
    """The k best literals alone."""
    found = nothing(literals.n)
    found["value"] = (2.0 * literals.sums(weights) - weights.sum()) * tables.fac[1][1]
    found["table"], found["arity"], found["lit"] = 2, 1, -1
    found["lit"][:, 0] = literals.index
    return in_order(found)[:k]


def all_triples(run: SubsetSearch, literals: Literals, ended: Stop) -> bool:
    """All 3-subsets, after the pairs; False when ended early."""
    return in_slices(literals.n - 2, run.triples, ended, work(literals.n, 3, literals.n_rows))


def all_quads(run: SubsetSearch, literals: Literals, ended: Stop) -> bool:
    """All 4-subsets, after the triples; False when ended early."""
    n, width = literals.n, block_width(literals.ld)
    blocks = np.array(
        [(a, b, min(b + width, n - 2)) for a in range(n - 3) for b in range(a + 1, n - 2, width)], np.int32
    ).reshape(-1, 3)
    return in_slices(len(blocks), lambda i, j: run.quads(blocks[i:j]), ended, work(n, 4, literals.n_rows))


def search_level(
    literals: Literals,
    weights: Floats,
    tables: Tables,
    settings: PassSettings,
    floor: float = 0.0,
    stop: Stop | None = None,
    time_limit: float | None = None,
) -> LevelFound:
    """Best functions of at most four of the literals with score >= floor.

    ``stop`` is asked about every 50 ms.  Where the 4-subsets of all literals would take longer than ``time_limit``
    seconds, they are taken from fewer.  Raises BudgetError if the memory estimate exceeds ``settings.memory``.
    """
    if literals.n == 0:
        return LevelFound(nothing())
    return _Pass(literals, weights, tables, settings, Pace(time_limit, stop)).run(floor)


class _Pass:
    """`search_level`, with the work that is still allowed."""

    def __init__(self, literals: Literals, weights: Floats, tables: Tables, settings: PassSettings, pace: Pace) -> None:
        self.literals, self.weights, self.tables, self.settings = literals, weights, tables, settings
        self.pace, self.n, self.n_rows = pace, literals.n, literals.n_rows
        self.arity = arity_of(tables)
        self.whole = settings.whole
        self.work = settings.work if pace.limit is None else min(settings.work, 2 * RATE * pace.limit)

    def run(self, floor: float) -> LevelFound:
        n, literals, arity = self.n, self.literals, self.arity
        if 2.0 * self.settings.work < work(n, 2, self.n_rows):
            return LevelFound(self._singles(), 0, exact=1)
        limit = self._fitting()
        if limit == n:
            self.whole = np.inf
        best = np.zeros(n) if limit < n or self.pace.limit is not None else None
        run = start(literals, self.weights, self.tables, self.settings, floor=floor, best=best,
                    table=limit == n and arity == 4)  # fmt: skip
        began = perf_counter()
        if not all_pairs(run, literals, self.pace.ended):
            return LevelFound(self._singles(), None, 1)
        found = named(run.found(), literals.index)
        if not self.weights.any() and len(found) == self.settings.k:  # all score 0: small subsets come first
            return LevelFound(found, limit if limit < n else None)
        if arity == 2:
            return LevelFound(found)
        if self.pace.stopped():
            return LevelFound(found, None, 2, counts=run.counts)
        # Pairs of a small table take no time that could be measured.
        self._spent(0.7, work(n, 2, self.n_rows), began, RATE / 8)
        fits = min(limit, self._fitting())
        if fits < n and work(n, 3, self.n_rows) > TRIPLES * self.work:
            return self._chosen(run, best, fits, 2)
        began = perf_counter()
        if not all_triples(run, literals, self.pace.ended):
            return LevelFound(named(run.found(), literals.index), None, 2, counts=run.counts)
        self._spent(0.7, work(n, 3, self.n_rows), began)
        limit = min(limit, self._fitting())
        if limit < n and arity == 4:
            return self._chosen(run, best, limit, 3)
        done = arity == 3 or all_quads(run, literals, self.pace.ended)
        return LevelFound(named(run.found(), literals.index), None, None if done else 3, counts=run.counts)

    def _singles(self) -> Array:
        return singles(self.literals, self.weights, self.tables, self.settings.k)

    def _fitting(self) -> int:
        limit = fitting(self.n, self.arity, self.n_rows, max(self.work, self.whole), self.settings)
        return limit if limit == self.n else fitting(self.n, self.arity, self.n_rows, self.work, self.settings)

    def _spent(self, share: float, done: float, began: float, slowest: float = 0.0) -> None:
        """The work that is left; with a time limit it follows from the speed of what was just done."""
        self.work -= done
        if self.pace.limit is not None:
            self.whole = 0.0
            self.work = min(self.settings.work, share * self.pace.fits(done, perf_counter() - began, slowest))

    def _chosen(self, run: SubsetSearch, best: Floats | None, limit: int, exact: int) -> LevelFound:
        """The larger subsets from the literals that are in the best subsets of at most ``exact``."""
        assert best is not None
        ended, settings, rng = self.pace.ended, self.settings, self._generator()
        ranking = np.argsort(-best, kind="stable")  # ties keep the first column
        if exact == 2:
            began = perf_counter()
            ranking, spent = with_sample(
                self.literals, self.weights, ranking, self.tables, settings, self.work, ended, rng
            )
            self._spent(0.6, spent, began, RATE / 8)
            limit = min(limit, self._fitting())
        found = named(run.found(), self.literals.index)
        if ended():
            return LevelFound(found, limit, exact, exact, run.counts)
        small = self.literals.take(np.sort(with_guests(ranking, limit, rng)))
        part = start(small, self.weights, self.tables, settings, floor=run.threshold, table=self.arity == 4)
        open_cost = None
        if not (all_pairs(part, small, ended) and all_triples(part, small, ended)):
            open_cost = exact
        elif self.arity == 4 and not all_quads(part, small, ended):
            open_cost = 3
        both = np.unique(np.concatenate([found, named(part.found(), small.index)]))
        counts = tuple(x + y for x, y in zip(run.counts, part.counts, strict=True))
        return LevelFound(in_order(both)[: settings.k], limit, open_cost, exact, counts)

    def _generator(self) -> np.random.Generator:
        """For this question: other weights draw other rows and literals, the same ones the same."""
        seed = self.settings.seed
        return np.random.default_rng(None if seed is None else [seed, crc32(self.weights.tobytes())])


def with_sample(
    literals: Literals,
    weights: Floats,
    ranked: Ints,
    tables: Tables,
    settings: PassSettings,
    budget: float,
    ended: Stop,
    rng: np.random.Generator,
) -> tuple[Ints, float]:
    """The ranking of columns by pairs, joined with one by triples on a sample of rows, and the work for it.

    A search that ended early leaves the ranking that it has.
    """
    if not weights.any():
        return ranked, 0.0
    keep = np.sort(with_guests(ranked, widest(literals.n, 3, SAMPLE, 0.25 * budget), rng, 0.5))
    m = int(min(literals.n_rows, max(SAMPLE, 0.25 * budget / work(len(keep), 3, 1))))
    rows, counts = draw(weights, m, rng)
    sample = literals.sample(keep, rows)
    score = best_by_literal(sample, counts, tables, settings, 3, ended, floor=np.inf)
    return by_turns(ranked, keep[np.argsort(-score, kind="stable")]), work(sample.n, 3, m)


def best_by_literal(
    literals: Literals,
    weights: Floats,
    tables: Tables,
    settings: PassSettings,
    arity: int,
    ended: Stop = lambda: False,
    floor: float = 0.0,
) -> Floats:
    """Best score, up to rounding, of any function of at most ``arity`` (2 or 3) literals that each takes part in."""
    best = np.zeros(literals.n)
    run = start(literals, weights, tables, replace(settings, k=1), floor=floor, best=best)
    if all_pairs(run, literals, ended) and arity == 3:
        all_triples(run, literals, ended)
    return best
