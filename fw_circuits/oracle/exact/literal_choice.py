"""Which literals have their 4-subsets searched, where those of all literals would take too long.

Original to this package.
A pass costs about ``n^4 / 96`` multiplications with additions per row; that estimate, not a clock, decides, so that
answers repeat.  Literals are ranked by the best score of any subset of at most three that contains them, on all
rows while the triples of all literals fit in half of the budget.  Beyond that, pairs are ranked on all rows and
triples on a sample: row r is drawn with probability ``|w_r| / ||w||_1`` and counts ``sign(w_r) ||w||_1 / m`` in m
draws, one in each m-th part of the mass, so that every sum over the sample is unbiased.  The two rankings take
turns: a pure interaction of three literals has no pair that shows it, a weak one drowns in a sample.

Some of the chosen are drawn from the rest, others for other weights, so that over the passes of a run every literal is
searched together with the best; the same weights give the same choice.

Nothing sampled enters an answer: the chosen literals are searched exactly, on all rows.  Not seen by any
screening: functions of four literals none of whose subsets of three correlates with the weights.
"""

from __future__ import annotations

import numpy as np

from fw_circuits._typing import Floats, Ints

#: Multiplications with additions in a second on two cores with AVX-512, rounded down; only converts seconds.
RATE = 5e10
#: Share of the chosen literals that are drawn from those that the ranking leaves out.
GUESTS = 0.125
#: Rows drawn at least, if there are as many.
SAMPLE = 2048


def work(n: int, arity: int, n_rows: int) -> float:
    """Multiplications with additions of the sums of all 2-, 3- or 4-subsets of n literals.

    Examples
    --------
    >>> work(64, 4, 6400) / RATE < 0.03 < 1 < work(512, 4, 6400) / RATE
    True
    """
    return n_rows * {2: n**2 / 2, 3: n**3 / 12, 4: n**4 / 96}[arity]


def widest(limit: int, arity: int, n_rows: int, budget: float) -> int:
    """The largest number of literals up to ``limit`` whose subsets of 2 to ``arity`` fit in the budget; at least 4.

    Examples
    --------
    >>> widest(512, 4, 6400, 2e11), widest(3, 4, 6400, 2e11), widest(512, 4, 10**9, 1.0)
    (232, 3, 4)
    """
    sizes = range(2, arity + 1)
    fits = [m for m in range(4, limit + 1) if sum(work(m, j, n_rows) for j in sizes) <= budget]
    return max(fits, default=min(4, limit))


def full(n: int, arity: int, n_rows: int, whole: float, budget: float) -> float:
    """Work of a search over the subsets of 2 to ``arity`` literals: all of it up to ``whole``, else the budget.

    Examples
    --------
    >>> full(100, 4, 1000, 1e10, 1e9) < 2e9 < full(200, 4, 1000, 1e10, 1e9) * 2.01
    True
    """
    every = sum(work(n, size, n_rows) for size in range(2, arity + 1))
    return every if every <= max(whole, budget) else budget


def draw(weights: Floats, m: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Rows drawn in proportion to their weight, with their signed number of draws.

    Returns
    -------
    rows : (at most m,) ascending, distinct
    counts : float64
        ``sum(counts * s[rows]) * ||w||_1 / m`` is an unbiased estimate of ``sum(w * s)``.

    Examples
    --------
    >>> rows, counts = draw(np.array([2.0, 0.0, -1.0, 1.0]), 8, np.random.default_rng(0))
    >>> rows.tolist(), counts.tolist()
    ([0, 2, 3], [4.0, -2.0, 2.0])
    """
    mass = np.cumsum(np.abs(weights))
    places = (np.arange(m) + rng.random(m)) * (mass[-1] / m)
    drawn = np.minimum(np.searchsorted(mass, places, side="right"), np.flatnonzero(weights)[-1])
    rows, counts = np.unique(drawn, return_counts=True)
    return rows, np.where(weights[rows] < 0, -1.0, 1.0) * counts


def with_guests(ranking: Ints, size: int, rng: np.random.Generator, share: float = GUESTS) -> Ints:
    """The first of a ranking, with a share drawn from the rest: ``size`` entries in all.

    Examples
    --------
    >>> chosen = with_guests(np.arange(100), 16, np.random.default_rng(0))
    >>> chosen[:14].tolist() == list(range(14)), len(set(chosen.tolist())), bool((chosen[14:] >= 14).all())
    (True, 16, True)
    """
    guests = min(int(share * size), len(ranking) - size)
    rest = ranking[size - guests :]
    return np.concatenate([ranking[: size - guests], rng.permutation(rest)[:guests]])


def by_turns(first: Ints, second: Ints) -> Ints:
    """Two rankings read in turns, each entry once.

    Examples
    --------
    >>> by_turns(np.array([5, 1, 2]), np.array([5, 7, 1])).tolist()
    [5, 1, 7, 2]
    """
    both = np.empty(len(first) + len(second), np.int64)
    shared = min(len(first), len(second))
    both[: 2 * shared : 2], both[1 : 2 * shared : 2] = first[:shared], second[:shared]
    both[2 * shared :] = np.concatenate([first[shared:], second[shared:]])
    _, place = np.unique(both, return_index=True)
    return both[np.sort(place)]
