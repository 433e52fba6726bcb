"""Sums of the weights by popcount, what symmetric functions make of them, and how they change with one literal.

With h[c] the sum of the weights over the rows where c of the chosen (possibly complemented) literals are 1, a
function of the count scores ``|sum_c (+-1) h[c]|``.  The best one of each kind follows from h alone, so the
scores of all sets that differ from the present one in a single literal are two small matrix operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array, Bits, Floats, Ints

BLOCK = 1 << 13


@dataclass(frozen=True)
class Group:
    """Literals that are counted, ascending, and which of them are counted where they are 0."""

    members: Ints
    flips: Array

    def count(self, bits: Bits) -> Ints:
        """How many of them are 1 in each row."""
        count: Ints = (bits[self.members] ^ self.flips[:, None].astype(np.uint8)).sum(axis=0, dtype=np.int64)
        return count


def by_count(count: Ints, w: Floats, m: int) -> Floats:
    """Sum of the weights by count, 0 to m.

    Examples
    --------
    >>> by_count(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]), 3).tolist()
    [1.0, 0.0, 5.0, 0.0]
    """
    sums: Floats = np.bincount(count, w, m + 1).astype(np.float64, copy=False)
    return sums


def ends(h: Floats) -> Floats:
    """Largest score of "all" and "none" of the literals; h is (..., counts), as in the other kinds."""
    total = h.sum(axis=-1)
    best: Floats = np.maximum(np.abs(2 * h[..., 0] - total), np.abs(2 * h[..., -1] - total))
    return best


def intervals(h: Floats) -> Floats:
    """Largest score of "between l and u of the literals"; thresholds are intervals, too.

    Examples
    --------
    >>> float(intervals(np.array([-1.0, 3.0, 2.0, -4.0])))
    10.0
    """
    total = h.sum(axis=-1)
    sums = np.concatenate([np.zeros((*h.shape[:-1], 1)), np.cumsum(h, axis=-1)], axis=-1)
    most = (sums - np.minimum.accumulate(sums, axis=-1)).max(axis=-1)
    least = (sums - np.maximum.accumulate(sums, axis=-1)).min(axis=-1)
    best: Floats = np.maximum(np.abs(2 * most - total), np.abs(2 * least - total))
    return best


def anything(h: Floats) -> Floats:
    """Score of the best function of the count."""
    best: Floats = np.abs(h).sum(axis=-1)
    return best


#: Kinds of functions: best score from h.
KINDS: dict[str, Callable[[Floats], Floats]] = {"ends": ends, "intervals": intervals, "anything": anything}


def gates(kind: str, m: Array) -> Floats:
    """Estimated cost of a function of m literals, at least 1: what ranks sets before circuits are built."""
    m = np.asarray(m)
    ones, log = np.bitwise_count(m), np.floor(np.log2(np.maximum(m, 1)))
    counter = 5 * m - 2.0 * ones - 3 * log - 3
    return np.maximum(1.0, m - 1.0 if kind == "ends" else np.maximum(counter, m - 1.0))


def patterns(h: Floats) -> list[tuple[int, ...]]:
    """Values by count of the best threshold, interval, arbitrary function, and of "all" and "none"; no constant.

    Counts without weight take the value of the count before.

    Examples
    --------
    >>> patterns(np.array([-1.0, 3.0, 0.0, -4.0]))
    [(1, 1, 0, 0), (0, 1, 0, 0), (0, 1, 1, 0), (0, 0, 0, 1), (1, 0, 0, 0)]
    """
    n, total = len(h), h.sum()
    sums = np.concatenate([[0.0], np.cumsum(h)])
    cut = 1 + int(np.argmax(np.abs(2 * sums[1:-1] - total)))
    threshold = np.arange(n) < cut
    gain = np.where(np.tri(n + 1, n + 1, -1), np.abs(2 * (sums[:, None] - sums[None, :]) - total), -1.0)
    upper, lower = np.unravel_index(int(np.argmax(gain)), gain.shape)
    interval = (np.arange(n) >= lower) & (np.arange(n) < upper)
    signs = np.sign(h)
    known = np.flatnonzero(signs)
    if len(known):
        nearest = known[np.maximum(0, np.searchsorted(known, np.arange(n), "right") - 1)]
        best = signs[nearest] > 0
    else:
        best = threshold
    every = np.arange(n) == n - 1
    found = [tuple(values.astype(int).tolist()) for values in (threshold, interval, best, every, np.arange(n) == 0)]
    return [values for values in dict.fromkeys(found) if len(set(values)) == 2]


def tally(bits: Bits, w: Floats, count: Ints, m: int) -> Floats:
    """Sum of the weights by count and literal, over the rows where the literal is 1: (m + 1, n)."""
    total = np.zeros((m + 1, len(bits)))
    for start in range(0, len(w), BLOCK):
        stop = min(start + BLOCK, len(w))
        spread = np.zeros((m + 1, stop - start))
        spread[count[start:stop], np.arange(stop - start)] = w[start:stop]
        total += spread @ bits[:, start:stop].T.astype(np.float64)
    return total


def neighbours(bits: Bits, w: Floats, group: Group) -> list[tuple[str, Ints, Floats]]:
    """All sets that differ in one literal: move, literals, sums by count (literals, counts).

    The moves are "add" and "add complemented" for literals outside, "remove" and "flip" for those inside.
    """
    m, count = len(group.members), group.count(bits)
    h = by_count(count, w, m)
    one = tally(bits, w, count, m)  # [c, l]: rows where the literal itself is 1
    zero = h[:, None] - one
    out = np.setdiff1d(np.arange(len(bits)), group.members)
    nothing = np.zeros((1, len(out)))
    moves = [
        ("add", out, (np.vstack([zero[:, out], nothing]) + np.vstack([nothing, one[:, out]])).T),
        ("add complemented", out, (np.vstack([one[:, out], nothing]) + np.vstack([nothing, zero[:, out]])).T),
    ]
    # Inside: rows where the counted value is 1, which is at least one of c, and where it is 0.
    up = np.where(group.flips, zero[:, group.members], one[:, group.members])
    down = np.where(group.flips, one[:, group.members], zero[:, group.members])
    if m > 1:
        moves.append(("remove", group.members, (down[:-1] + up[1:]).T))
    empty = np.zeros((1, m))
    moves.append(("flip", group.members, (np.vstack([up[1:], empty]) + np.vstack([empty, down[:-1]])).T))
    return moves


def changed(group: Group, move: str, literal: int) -> Group:
    """The group after a move of `neighbours`."""
    flips = dict(zip(group.members.tolist(), group.flips.tolist(), strict=True))
    if move == "remove":
        del flips[literal]
    else:
        flips[literal] = not flips[literal] if move == "flip" else move == "add complemented"
    members = np.array(sorted(flips))
    return Group(members, np.array([flips[i] for i in members.tolist()], dtype=bool))
