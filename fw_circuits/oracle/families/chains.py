"""Carry chains as decision lists, and how to find them from the most significant pair down.

The carry ``c' = majority(u, v, c)`` over pairs of (possibly complemented) literals, least significant first, is
the value of the most significant pair whose literals agree: a decision list.  An adder's carry takes the
literals as they are, a comparison complements one of each pair.  With m_k the sum of the weights times literal
k as +1 / -1 over the rows that no pair has decided yet, the pair (i, j) with complements s_i, s_j = +1 / -1
explains ``(s_i m_i + s_j m_j) / 2``: the best next pair are the two literals of largest |m_k|, with their
signs.  (Original to this package; it follows from summing the weights over the rows where the two agree.)

Every pair halves the undecided rows, so data determine about log2(rows) pairs.  What lies below follows the
steps of the indices that the pairs above show, or one of the usual layouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fw_circuits._bits import pack_bits
from fw_circuits._kernels import select
from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.oracle.base import Stop, best_first
from fw_circuits.oracle.families.sample import Sample

#: A literal's sign is read off the data where its sum is this many standard deviations; else it is inherited.
CLEAR = 4.0
#: Undecided rows below which the data choose no further pair.
FEWEST = 8
#: Rows, those of largest weight, on which triples of literals are counted; fewer above this many literals.
TRIPLE_ROWS, MANY = 1024, 256
#: Triples that are counted between two questions to ``stop``, and literals of the largest table where they are.
TRIPLES_AT_ONCE, MOST_TRIPLES = 1 << 20, 768
#: Plans that go on as the pairs found do: from the first 2, 3, ... pairs.
MOST_CONTINUED = 12

Pair = tuple[int, int]


@dataclass(frozen=True)
class Chain:
    """A truncated chain.

    Attributes
    ----------
    prefix : tuple of int
        Literals whose parity is added to the carry.
    pairs : tuple of (i, j)
        Most significant first.
    flips : tuple of (bool, bool)
        Which literals of a pair are complemented.
    start : int
        Carry into the least significant pair: 0 or 1, or ``2 + 2 * literal + complemented``.
    """

    prefix: tuple[int, ...]
    pairs: tuple[Pair, ...]
    flips: tuple[tuple[bool, bool], ...]
    start: int

    @property
    def cost(self) -> int:
        """Gates of the circuit, at least 1: 4 per pair, 1 for the lowest on a constant start."""
        return int(costs(np.array([len(self.pairs)]), np.array([self.start]), len(self.prefix))[0])


def costs(depth: Array, start: Array, prefix: int | Array) -> Array:
    """Gates of chains, by the number of their pairs, their start, and the literals in front of them."""
    below: Array = np.where(start > 1, 4 * depth, np.maximum(0, 4 * depth - 3))
    return np.maximum(1, below + prefix)


@dataclass(frozen=True)
class Trail:
    """A chain and all the places where it may end, the shortest first.

    Attributes
    ----------
    prefix : tuple of int
    pairs : (m, 2) int64
    flips : (m, 2) bool
    places : (e, 2) int64
        Where it may end: number of pairs before, and start (see `Chain`).
    values : (e, 2) float64
        What is explained, and slack: what chance may take from a continuation of the chain, two standard deviations of
        the sum of the weights over the rows that its pairs leave undecided.
    planned : bool
        Whether the pairs were given.
    """

    prefix: tuple[int, ...]
    pairs: Ints
    flips: Array
    places: Ints
    values: Floats
    planned: bool

    def chain(self, i: int) -> Chain:
        """The chain that ends in place i."""
        depth, start = self.places[i].tolist()
        flips = tuple((bool(u), bool(v)) for u, v in self.flips[:depth])
        return Chain(self.prefix, tuple((int(a), int(b)) for a, b in self.pairs[:depth]), flips, start)


def follow(rows: Sample, w: Floats, planned: Sequence[Pair] | None, prefix: tuple[int, ...] = ()) -> Trail:
    """One chain with all its truncations, for the weights of the carry: already multiplied by the prefix.

    It takes the ``planned`` pairs, most significant first; None: those that explain most, and the chain may also end in
    a literal instead of a constant.
    """
    free = np.ones(rows.n, bool)
    free[list(prefix)] = False
    plan = np.array(planned or (), dtype=np.int64).reshape(-1, 2)
    if kernels := select("_families", None):
        found = kernels.follow(rows.keys, w, plan, free.view(np.uint8), CLEAR, FEWEST, planned is None)
    else:
        found = _follow(rows.bits(), w, plan, free, planned is None)
    pairs, flips, places, values = found
    return Trail(prefix, pairs, flips.astype(bool), places, values, planned is not None)


def _follow(bits: Bits, w: Floats, plan: Ints, free: Array, greedy: bool) -> tuple[Ints, Array, Ints, Floats]:
    rows = np.arange(len(w))
    pairs: list[list[int]] = []
    flips: list[list[bool]] = []
    explained, places, values = 0.0, [], []
    while True:
        while pairs and not len(rows) and len(pairs) < len(plan):  # undecided no more: the rest as it goes on
            pairs.append(plan[len(pairs)].tolist())
            flips.append(flips[-1])
        left = w[rows]
        total = float(left.sum())
        deviation = float(np.sqrt(left @ left))
        if pairs:
            places.append((len(pairs), int(total > 0)))
            values.append((explained + abs(total), 2 * deviation))
        if len(pairs) < len(plan):
            pair = plan[len(pairs)].tolist()
            sums = 2 * (bits[pair][:, rows] @ left) - total
        elif greedy and len(rows) >= FEWEST and free.sum() >= 2:
            every = 2 * (bits[:, rows] @ left) - total
            order = np.argsort(-np.where(free, np.abs(every), -1.0), kind="stable")[:2]
            top = int(order[0])
            start = 2 + 2 * top + int(every[top] < 0)
            places.append((len(pairs), start))
            values.append((explained + abs(float(every[top])), 2 * deviation))
            pair = sorted(order.tolist())
            sums = every[pair]
            if not sums.all():
                break
        else:
            break
        negative = [bool(s < 0) for s in sums]
        if flips:
            negative = [
                old if abs(s) <= CLEAR * deviation else new
                for s, new, old in zip(sums, negative, flips[-1], strict=True)
            ]
        pairs.append(pair)
        flips.append(negative)
        free[pair] = False
        u, v = (bits[i, rows] ^ flip for i, flip in zip(pair, negative, strict=True))
        agree = u == v
        explained += float(left[agree] @ (2.0 * u[agree] - 1.0))
        rows = rows[~agree]
    whole, signs = np.array(pairs, np.int64).reshape(-1, 2), np.array(flips, bool).reshape(-1, 2)
    return whole, signs, np.array(places, np.int64).reshape(-1, 2), np.array(values, float).reshape(-1, 2)


def continued(pairs: Sequence[Pair], index: Ints) -> list[Pair]:
    """The pairs, and further ones by the step between the last two, until literals run out or repeat.

    ``index`` are the numbers of the literals in their level; literals that are missing there are passed over.

    Examples
    --------
    >>> continued([(5, 11), (4, 10)], np.arange(12))
    [(5, 11), (4, 10), (3, 9), (2, 8), (1, 7), (0, 6)]
    """
    place = {int(literal): i for i, literal in enumerate(index)}
    used = {i for pair in pairs for i in pair}
    a, b = (int(index[i]) for i in pairs[-1])
    step = (a - int(index[pairs[-2][0]]), b - int(index[pairs[-2][1]]))
    result = list(pairs)
    if 0 in step:
        return result
    while True:
        a, b = a + step[0], b + step[1]
        if not (0 <= a <= index[-1] and 0 <= b <= index[-1]) or a == b:
            return result
        if a in place and b in place:
            if place[a] in used or place[b] in used:
                return result
            used |= {place[a], place[b]}
            result.append((place[a], place[b]))


def layouts(n: int, skip: tuple[int, ...] = ()) -> list[list[Pair]]:
    """The usual orders of two operands: one after the other, or interleaved; high bit last or first.

    Examples
    --------
    >>> layouts(4)
    [[(1, 3), (0, 2)], [(0, 2), (1, 3)], [(2, 3), (0, 1)], [(0, 1), (2, 3)]]
    """
    half = n // 2
    plans = []
    for pairs in ([(i, i + half) for i in range(half)], [(2 * i, 2 * i + 1) for i in range(half)]):
        kept = [pair for pair in pairs if not set(pair) & set(skip)]
        plans += [kept[::-1], kept]
    return [plan for plan in plans if plan]


def trails(rows: Sample, index: Ints, prefix: tuple[int, ...] = (), ended: Stop = lambda: False) -> list[Trail]:
    """Chains from all plans; those of the first ones, when ``ended`` says so."""
    w = rows.w
    if prefix:
        w = w * np.prod(2.0 * rows.bits(np.array(prefix)) - 1.0, axis=0)
    found = [follow(rows, w, None, prefix)]
    longest = [(int(a), int(b)) for a, b in found[0].pairs]
    plans = layouts(rows.n, prefix)
    plans += [continued(longest[:t], index) for t in range(2, min(len(longest), MOST_CONTINUED) + 1)]
    for plan in dict.fromkeys(tuple(plan) for plan in plans):
        if ended():
            break
        if not any(set(pair) & set(prefix) for pair in plan):
            found.append(follow(rows, w, plan, prefix))
    return found


def sum_prefixes(rows: Sample, k: int, ended: Stop = lambda: False) -> list[Pair]:
    """The k pairs (i, j) whose parity, added to the signs of w, correlates most with two further literals.

    The sum bit of an adder is the parity of its two bits and the carry, and the carry correlates with the two
    bits below: two triples stand out.  Counted on the rows of largest weight; ties: smaller i, then j.  None where
    ``ended`` says so before all are counted.
    """
    n, w = rows.n, rows.w
    if not 4 <= n <= MOST_TRIPLES:
        return []
    most = TRIPLE_ROWS if n <= MANY else TRIPLE_ROWS // 2
    largest = np.sort(best_first(w, most))
    sums = triple_sums(rows.bits()[:, largest], (w[largest] < 0).astype(np.uint8), ended)
    if sums is None:
        return []
    i, j = np.triu_indices(n, 1)
    best = best_first(sums[i, j], k)
    return [(int(i[b]), int(j[b])) for b in best]


def triple_sums(bits: Bits, label: Bits, ended: Stop = lambda: False) -> Array | None:
    """For i < j, the two largest ``|sum_r (-1)^(x_i ^ x_j ^ x_k ^ label)|`` over other k, added up: (n, n).

    None where ``ended`` says so.

    Examples
    --------
    >>> bits = np.array([[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1], [1, 0, 1, 1]], np.uint8)
    >>> triple_sums(bits, np.array([0, 1, 1, 1], np.uint8)).tolist()
    [[0, 4, 6, 2], [0, 0, 6, 2], [0, 0, 0, 4], [0, 0, 0, 0]]
    """
    n, n_rows = bits.shape
    if kernels := select("_families", None):
        words, ld = pack_bits(np.vstack([bits, label])), -(-n // 32) * 32
        columns = np.zeros((words.shape[1], ld), np.uint64)
        columns[:, :n] = words[:n].T
        first, second = np.zeros((2, n, ld), np.int16)
        i = 0
        while i < n:
            if i and ended():
                return None
            last = i + 1
            while last < n and (last - i + 1) * (n - i) ** 2 < 2 * TRIPLES_AT_ONCE:
                last += 1
            kernels.triples(columns, words[n].copy(), n, n_rows, i, last, first, second)
            i = last
        sums: Array = np.triu(first[:, :n].astype(np.int32) + second[:, :n], 1)
        return sums
    signs, target = 1 - 2 * bits.astype(np.int32), 1 - 2 * label.astype(np.int32)
    result = np.zeros((n, n), np.int32)
    for i in range(n):
        sums = np.abs((signs * signs[i] * target) @ signs.T)  # [j, k]
        sums[:, i] = sums[np.arange(n), np.arange(n)] = 0
        result[i, i + 1 :] = np.sort(sums, axis=1)[i + 1 :, -2:].sum(axis=1)
    return result
