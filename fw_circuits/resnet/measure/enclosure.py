"""Zonotopes that walk through residual blocks, both ways: the arithmetic of theory section 7.

A block forward, ``alpha + W relu(V alpha + b)``, and its derivative backward, ``J + V' z (W' J)`` with gates z
in [0, 1], are the same step: read with a matrix, relax a function of one variable by a band, write back.

    state = c + G e + r d,   e in [-1, 1]^k shared by all coordinates, d in [-1, 1] for each coordinate alone
    read: y = A state + b;   relax: h = slope y + shift +- error;   write: state + B h

Each error becomes a new column of G.  Beside the zonotope runs an interval for each coordinate, and both cut each
other; so the result is never wider than plain interval arithmetic.  Every rounding error is added to r (``GAMMA``
times the magnitudes that enter a sum): what comes out holds for exact arithmetic.  When G outgrows its capacity,
the columns of least sum are folded into r, which is sound and wider; ``folded`` counts them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError

#: Unit roundoff of float64, twice.
EPS = float(np.finfo(np.float64).eps)
#: Bytes that the generators of one enclosure may take.
CAPACITY_BYTES = 1 << 28
#: Matrices with at most this many entries are handled densely.
DENSE_ENTRIES = 1 << 14
#: Generators whose cancellation in a Euclidean norm is looked at; smaller ones count by their absolute values.
GRAM_COLUMNS = 256


class Band(NamedTuple):
    """``slope y + shift +- error`` contains h for every y in its range; ``low <= h <= high``."""

    slope: Floats
    shift: Floats
    error: Floats
    low: Floats
    high: Floats


Relaxation = Callable[[Floats, Floats], Band]


@dataclass(frozen=True, eq=False)
class Step:
    """One residual step, ``state + write h(read state + bias)``, prepared for many passes."""

    read: Any
    bias: Floats
    write: Any
    abs_read: Any
    abs_write: Any
    rows: Array  # coordinates that are written to
    write_rows: Any
    gamma: float  # bounds the relative error of one sum of products

    @classmethod
    def of(cls, read: Any, bias: Floats, write: Any) -> Step:
        """Prepare matrices; small ones become dense."""
        read, write = sp.csr_array(read), sp.csr_array(write)
        terms = max(int(np.diff(m.indptr).max(initial=0)) for m in (read, write))
        rows = np.flatnonzero(np.diff(write.indptr))
        if read.shape[0] * read.shape[1] <= DENSE_ENTRIES:
            read, write = read.toarray(), write.toarray()
        return cls(read, bias, write, abs(read), abs(write), rows, write[rows], 2 * (terms + 8) * EPS)


def relu_band(low: Floats, high: Floats) -> Band:
    """The band of least area around max(y, 0) for low <= y <= high.

    Examples
    --------
    >>> [float(x[0].round(6)) for x in relu_band(np.array([-1.0]), np.array([3.0]))]
    [0.75, 0.375, 0.375, 0.0, 3.0]
    """
    mixed = (low < 0.0) & (high > 0.0)
    slope = np.where(high <= 0.0, 0.0, 1.0)
    slope[mixed] = high[mixed] / (high[mixed] - low[mixed])
    top = np.where(mixed, np.maximum(-slope * low, (1.0 - slope) * high), 0.0)
    half = 0.5 * top * (1.0 + 8 * EPS)
    return Band(slope, half, half, np.maximum(low, 0.0), np.maximum(high, 0.0))


def gate_band(dead: Array, active: Array) -> Relaxation:
    """The band of ``z y`` for gates z that are 0 (dead), 1 (active), or anything in [0, 1].

    The slope 1/2 is the best for an undecided gate: the error is half of the largest |y|.
    """
    slope = np.where(active, 1.0, np.where(dead, 0.0, 0.5))
    open_ = ~(dead | active)

    def band(low: Floats, high: Floats) -> Band:
        error = np.where(open_, 0.5 * np.maximum(np.abs(low), np.abs(high)), 0.0)
        low = np.where(active, low, np.where(dead, 0.0, np.minimum(low, 0.0)))
        high = np.where(active, high, np.where(dead, 0.0, np.maximum(high, 0.0)))
        return Band(slope, np.zeros_like(error), error, low, high)

    return band


class Enclosure:
    """A set that contains a stream (forward) or a derivative (backward).

    Around the center, (width,), there are generators, (width, k), and for each coordinate an interval of radius
    ``slack`` (rounding errors so far).  ``n_columns`` generators may come, k included, if they fit into
    ``capacity_bytes``: 0 leaves plain interval arithmetic.
    """

    def __init__(
        self,
        center: Floats,
        generators: Floats,
        slack: Floats,
        n_columns: int,
        capacity_bytes: int | None = None,
    ) -> None:
        width, k = generators.shape
        room = (CAPACITY_BYTES if capacity_bytes is None else capacity_bytes) // (8 * max(1, width))
        self.folded = 0
        self._center = center.copy()
        self._rest = slack.copy()
        self._radius = np.zeros(width)
        self._generators = np.zeros((width, min(n_columns, room)))
        self._k = 0
        everything = np.abs(generators).sum(axis=1) * (1.0 + (k + 2) * EPS) + slack
        self.low, self.high = _outward(center - everything, center + everything)
        self._append(generators, np.arange(width))

    @property
    def magnitude(self) -> Floats:
        """Upper bounds of the absolute values, one per coordinate."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    def advance(self, step: Step, relax: Relaxation) -> tuple[Floats, Floats]:
        """Walk through one block, in place; the ranges of what was read."""
        c, G, gamma = self._center, self._generators[:, : self._k], step.gamma
        size = np.abs(c) + self._radius + self._rest
        entering = step.abs_read @ size + np.abs(step.bias)
        center = step.read @ c + step.bias
        columns = step.read @ G
        rest = step.abs_read @ self._rest + gamma * entering
        radius = np.abs(columns).sum(axis=1) * (1.0 + (self._k + 2) * EPS) + rest
        middle, half = 0.5 * (self.low + self.high), 0.5 * (self.high - self.low)
        y, spread = step.read @ middle + step.bias, step.abs_read @ half
        spread = spread + gamma * (step.abs_read @ (np.abs(middle) + half) + np.abs(step.bias))
        low, high = _both(_outward(center - radius, center + radius), _outward(y - spread, y + spread))
        if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
            raise InputError("the bounds overflow float64; rescale the network's weights or its domain.")
        band = relax(low, high)

        c += step.write @ (band.slope * center + band.shift)
        if self._k:
            G[step.rows] += step.write_rows @ (band.slope[:, None] * columns)
        leaving = band.slope * (np.abs(center) + radius) + np.abs(band.shift) + band.error
        self._rest += step.abs_write @ (band.slope * rest) + gamma * (size + 2.0 * (step.abs_write @ leaving))
        new = np.flatnonzero(band.error > 0.0)
        written = step.write_rows[:, new]
        written = written.toarray() if sp.issparse(written) else written
        self._append(written * band.error[new], step.rows)
        self._cut(step, band)
        return low, high

    def euclidean(self, D: Floats) -> tuple[float, Floats]:
        """A bound on ``|state / D|_2``, and the magnitudes of the coordinates that it rests on.

        With ``M = (c, G) / D`` it is ``|M e|^2 <= sum_kl |(M' M)_kl|``: generators of different signs cancel, which
        the largest coordinates, squared and summed, know nothing of.  D is positive where the state is not 0.
        """
        inverse = np.divide(1.0, D, out=np.zeros_like(D), where=D > 0.0)
        M = np.column_stack([self._center, self._generators[:, : self._k]])
        rest = self._rest
        if M.shape[1] > GRAM_COLUMNS:
            order = np.argsort(-np.abs(M * inverse[:, None]).sum(axis=0), kind="stable")
            rest = rest + np.abs(M[:, order[GRAM_COLUMNS:]]).sum(axis=1)
            M = M[:, order[:GRAM_COLUMNS]]
        weighted = M * inverse[:, None]
        gram = weighted.T @ weighted
        loose = float(np.sum(np.abs(weighted).sum(axis=1) ** 2))
        total = float(np.abs(gram).sum()) + 4 * (len(D) + self._k + 8) * EPS * loose
        sides = np.sqrt(total) + np.linalg.norm(rest * inverse)
        shares = np.sum((M @ np.sign(gram)) * M, axis=1)
        return float(sides) * (1.0 + 4 * (len(D) + self._k + 8) * EPS), np.sqrt(np.maximum(shares, 0.0)) + rest

    def _append(self, columns: Floats, rows: Array) -> None:
        """New generators, zero outside the given rows; fold the smallest ones if they do not fit."""
        k, room = self._k, self._generators.shape[1]
        self._k = k + columns.shape[1]
        if self._k <= room:
            self._generators[rows, k : self._k] = columns
        else:
            self._fold(columns, rows, k, room)
        if self._k:
            self._radius[rows] = np.abs(self._generators[rows, : self._k]).sum(axis=1)
            self._radius[rows] *= 1.0 + (self._k + 2) * EPS

    def _fold(self, columns: Floats, rows: Array, k: int, room: int) -> None:
        old = self._generators[:, :k]
        sums = np.concatenate([np.abs(old).sum(axis=0), np.abs(columns).sum(axis=0)])
        keep = np.zeros(sums.size, dtype=bool)
        keep[np.argsort(-sums, kind="stable")[: room // 2]] = True
        stay, enter = keep[:k], keep[k:]
        factor = 1.0 + (sums.size + 2) * EPS
        self._rest += np.abs(old[:, ~stay]).sum(axis=1) * factor
        self._rest[rows] += np.abs(columns[:, ~enter]).sum(axis=1) * factor
        kept = old[:, stay]
        self._generators[:] = 0.0
        self._generators[:, : kept.shape[1]] = kept
        self._k = int(keep.sum())
        self._generators[rows, kept.shape[1] : self._k] = columns[:, enter]
        self.folded += int((~keep).sum())
        if self._k:
            self._radius = np.abs(self._generators[:, : self._k]).sum(axis=1) * factor

    def _cut(self, step: Step, band: Band) -> None:
        """The interval of each coordinate: interval arithmetic, cut by the zonotope."""
        middle, half = 0.5 * (band.low + band.high), 0.5 * (band.high - band.low)
        y, spread = step.write @ middle, step.abs_write @ half
        spread = spread + step.gamma * (step.abs_write @ (np.abs(middle) + half))
        spread = spread + 4 * EPS * (np.abs(self.low) + np.abs(self.high))  # of the sums below
        around = self._radius + self._rest
        self.low, self.high = _both(
            _outward(self.low + (y - spread), self.high + (y + spread)),
            _outward(self._center - around, self._center + around),
        )


def _both(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Intersection of two intervals that both contain the truth."""
    return np.maximum(first[0], second[0]), np.minimum(first[1], second[1])


def _outward(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Ends moved outward by more than the rounding error of the few operations that made them."""
    pad = 4 * EPS * (np.abs(low) + np.abs(high))
    return low - pad, high + pad
