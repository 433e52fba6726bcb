"""The functions of at most four inputs that a shape allows, with bounds on their scores.

Inputs are *oriented*: bits of decreasing columns are complemented, so that allowed functions do not fall in any column.
They come column by column, each with its highest bit first, and the bits of free columns last: the integers of the
columns are chains, and the allowed functions are the up-sets of a product of chains, one for every pattern of the free
inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.circuits.catalogue import cost_table
from fw_circuits.oracle.shape import steps
from fw_circuits.oracle.tables import N_COSTS, cost_by_arity, depends_on_all


@dataclass(frozen=True)
class Signature:
    """What the allowed functions of some literals depend on.

    Attributes
    ----------
    n : int
        Number of inputs.
    runs : tuple of int
        Inputs of each constrained column; the free inputs follow.
    origin : int or None
        The pattern of oriented inputs at which allowed functions are false; None: no such pattern.
    """

    n: int
    runs: tuple[int, ...]
    origin: int | None = None

    @property
    def constrained(self) -> int:
        """Number of constrained inputs."""
        return sum(self.runs)


@dataclass(frozen=True)
class SignedTables:
    """Allowed functions that depend on all inputs, and what bounds their scores.

    Attributes
    ----------
    tables, factor : (A,)
        Truth tables, and the factors of their cost.
    signs : (A, 2^n)
        Their values -1 and 1.
    up_sets : (D, 2^c)
        Values -1 and 1 of the monotone functions of the constrained inputs.
    top : float
        The largest factor; 0 where there are no functions.
    factors : (8,)
        Factor by cost.
    nearest : (2^(2^n), 8) uint8
        Fewest values to change in a table to reach an allowed function of that cost; above 16 where there is none.
    """

    tables: Ints
    factor: Floats
    signs: Floats
    up_sets: Floats
    top: float
    factors: Floats
    nearest: Bits

    def bounds(self, h: Floats, least: float = 0.0) -> Floats:
        """Upper bounds on the scores of allowed functions, (P,), for sums of weights by pattern (P, 2^n).

        The smallest of three, the cheapest first; where one is below ``least`` the next are not looked at.  The sum of
        sizes, times the largest factor.  The best allowed function of any cost, times that: for every pattern of the
        free inputs the best up-set.  And for each cost, the sum of sizes less twice the smallest ones, as many as have
        to change sign.
        """
        bounds: Floats = np.abs(h).sum(axis=1) * self.top
        some = np.flatnonzero(bounds >= least)
        width = self.up_sets.shape[1]
        chains = h[some].reshape(len(some), h.shape[1] // width, width)
        bounds[some] = (chains @ self.up_sets.T).max(axis=2).sum(axis=1) * self.top
        some = some[bounds[some] >= least]
        bounds[some] = np.minimum(bounds[some], self._by_cost(h[some]))
        return bounds

    def _by_cost(self, h: Floats) -> Floats:
        size = np.sort(np.abs(h), axis=1)
        lost = np.concatenate([np.zeros((len(h), 1)), np.cumsum(size, axis=1)], axis=1)
        near = self.nearest[(h > 0.0) @ (1 << np.arange(h.shape[1]))]
        kept = lost[:, -1:] - 2.0 * np.take_along_axis(lost, np.minimum(near, h.shape[1]).astype(np.int64), axis=1)
        best: Floats = np.where(near <= h.shape[1], kept * self.factors, 0.0).max(axis=1)
        return best


def monotone_tables(signature: Signature) -> Array:
    """Mask over the ``2^(2^n)`` tables: those that do not fall in any constrained column, and are false at the origin.

    Examples
    --------
    >>> [int(monotone_tables(Signature(4, (1,) * r)).sum()) for r in range(5)]
    [65536, 6561, 1296, 400, 168]
    >>> int(monotone_tables(Signature(3, (3,))).sum()), int(monotone_tables(Signature(1, (1,), 0)).sum())
    (9, 2)
    """
    n = signature.n
    tables = np.arange(1 << (1 << n), dtype=np.int64)
    good, first, cells = np.ones(len(tables), bool), 0, np.arange(1 << n)
    for run in signature.runs:
        places = list(range(first, first + run))
        low, high = steps(run, list(range(run))[::-1], places)
        for base in cells[cells & sum(1 << i for i in places) == 0]:
            for a, b in zip(base + low, base + high, strict=True):
                good &= (tables >> a & 1) <= (tables >> b & 1)
        first += run
    return good if signature.origin is None else good & (tables >> signature.origin & 1 == 0)


@lru_cache(maxsize=128)
def signed_tables(signature: Signature, gamma: float, max_gates: int) -> SignedTables:
    """The functions of a signature with at most ``max_gates`` gates; cached.

    Examples
    --------
    >>> both_up = signed_tables(Signature(2, (1, 1)), 3.0, 7)
    >>> [bin(t) for t in both_up.tables.tolist()]
    ['0b1000', '0b1110']
    >>> both_up.bounds(np.array([[-3.0, -1.0, 1.0, 2.0]])).tolist()
    [5.0]
    """
    n = signature.n
    allowed, cost = monotone_tables(signature), cost_by_arity(cost_table(), n)
    tables = np.flatnonzero(allowed & depends_on_all(n) & (cost <= max_gates))
    factors = np.maximum(1.0, np.arange(N_COSTS)) ** (-1.0 / gamma)
    c = signature.constrained
    chain = np.flatnonzero(monotone_tables(Signature(c, signature.runs))) if c else np.arange(2)
    return SignedTables(
        tables,
        factors[cost[tables]],
        values(tables, 1 << n),
        values(chain, 1 << c),
        float(factors[cost[tables]].max(initial=0.0)),
        factors,
        _nearest(tables, cost[tables], 1 << n),
    )


def values(tables: Ints, size: int) -> Floats:
    """Values -1 and 1 of truth tables, (len(tables), size)."""
    return np.asarray(2.0 * (tables[:, None] >> np.arange(size) & 1) - 1.0, dtype=np.float64)


def _nearest(tables: Ints, cost: Bits, size: int) -> Bits:
    # One relaxation for each bit is exact, as in `oracle.tables`.
    every, nearest = np.arange(1 << size), np.full((1 << size, N_COSTS), 100, np.uint8)
    nearest[tables, cost] = 0
    for bit in range(size):
        nearest = np.minimum(nearest, nearest[every ^ (1 << bit)] + 1)
    return nearest
