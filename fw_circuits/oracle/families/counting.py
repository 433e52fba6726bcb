"""Sums of the weights by popcount, what symmetric functions make of them, and how they change with one literal.

With h[c] the sum of the weights over the rows where c of the chosen (possibly complemented) literals are 1, a
function of the count scores ``|sum_c (+-1) h[c]|``.  The best one of each kind follows from h alone.  The sums by count
and literal give those of all sets that differ from the present one in a single literal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._kernels import select
from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.circuits.catalogue import cost_table
from fw_circuits.circuits.tables import widen
from fw_circuits.oracle.families.sample import Sample


@dataclass(frozen=True)
class Group:
    """Literals that are counted, ascending, and which of them are counted where they are 0."""

    members: Ints
    flips: Array

    def count(self, rows: Sample) -> Array:
        """How many of them are 1 in each row, uint16."""
        count: Array = (rows.bits(self.members) ^ self.flips[:, None].astype(np.uint8)).sum(axis=0, dtype=np.uint16)
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


def cost_of(values: tuple[int, ...]) -> float:
    """About the gates of a function of the count: those of the counter and those that decode it.

    Up to 15 literals the decoder is in the catalogue; beyond, each change of the value is a comparison of the count
    with a constant.

    Examples
    --------
    >>> cost_of((0, 0, 0, 1)), cost_of((0, 0, 1, 1)), cost_of((0,) * 8 + (1,) * 9)
    (2.0, 5.0, 64.0)
    """
    m = len(values) - 1
    if len(set(values[1:])) == 1 or len(set(values[:-1])) == 1:
        return max(1.0, m - 1.0)
    counter, width = float(gates("anything", np.asarray(m))), m.bit_length()
    if width > 4:
        changes = [c for c, (a, b) in enumerate(pairwise(values), 1) if a != b]
        decoder = sum(width - (c & -c).bit_length() for c in changes) + len(changes) - 1
        return counter + min(decoder, 2.0 ** (width - 2))
    table = sum(v << c for c, v in enumerate(values))
    rest = (1 << (1 << width)) - (1 << (m + 1))
    fills = {table | (rest if values[-1] else 0), table, table | rest}
    return max(1.0, counter + min(int(cost_table()[widen(fill, width)]) for fill in fills))


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
    spread = np.zeros((m + 1, len(w)))
    spread[count, np.arange(len(w))] = w
    total: Floats = spread @ bits.T.astype(np.float64)
    return total


#: Moves of `best_change`, the names in their order.
MOVES = ("add", "add complemented", "remove", "flip")


def best_change(rows: Sample, group: Group, count: Array, kind: str, factor: Floats) -> tuple[float, str, int]:
    """The best change of one literal of a group: score, move and literal.

    ``count`` is the group's, in uint16; ``factor`` takes scores of m - 1, m and m + 1 literals to what is compared.
    Ties: the earlier move, the lower literal.
    """
    m = len(group.members)
    if kernels := select("_families", None):
        state = np.zeros(rows.n, np.uint8)
        state[group.members] = np.where(group.flips, 2, 1)
        score, move, literal = kernels.best_change(rows.keys, rows.w, count, state, m, list(KINDS).index(kind), factor)
        return score, MOVES[move], literal
    best = (-1.0, MOVES[0], 0)
    for name, literals, sums in neighbours(rows, group):
        scores = KINDS[kind](sums) * factor[sums.shape[1] - m]  # of m - 1, m, m + 1 literals: m, m + 1, m + 2 counts
        if len(literals) and scores.max() > best[0]:
            i = int(np.argmax(scores))
            best = float(scores[i]), name, int(literals[i])
    return best


def prefixes(rows: Sample, order: Ints, flips: Array) -> Floats:
    """Best scores, by kind, of functions of the count of the first 2, 3, ... literals of an order: (n - 1, 3)."""
    if kernels := select("_families", None):
        found: Floats = kernels.prefixes(rows.words, order, flips.astype(np.uint8), rows.w)
        return found
    columns = rows.bits() ^ flips[:, None].astype(np.uint8)
    count = columns[order[0]].astype(np.int64)
    scores = np.empty((len(order) - 1, len(KINDS)))
    for m in range(2, len(order) + 1):
        count += columns[order[m - 1]]
        h = by_count(count, rows.w, m)
        scores[m - 2] = [score(h) for score in KINDS.values()]
    return scores


def recount(rows: Sample, count: Array, group: Group, move: str, literal: int) -> Array:
    """The count of a group after a move: only one literal is looked at."""
    bit = unpack_bits(rows.words[literal : literal + 1], rows.n_rows)[0].astype(count.dtype)
    flipped = move == "add complemented"
    if not move.startswith("add"):
        flipped = bool(group.flips[np.searchsorted(group.members, literal)])
    counted = 1 - bit if flipped else bit
    change = {"remove": -counted, "flip": 1 - 2 * counted}.get(move, counted)
    recounted: Array = count + change
    return recounted


def neighbours(rows: Sample, group: Group) -> list[tuple[str, Ints, Floats]]:
    """All sets that differ in one literal: move, literals, sums by count (literals, counts); for `best_change`.

    The moves are "add" and "add complemented" for literals outside, "remove" and "flip" for those inside.
    """
    bits, w = rows.bits(), rows.w
    m, count = len(group.members), group.count(rows)
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
