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

#: A literal's sign is read off the data where its sum is this many standard deviations; else it is inherited.
CLEAR = 4.0
#: Undecided rows below which the data choose no further pair.
FEWEST = 8
#: Rows, those of largest weight, on which triples of literals are counted; fewer above this many literals.
TRIPLE_ROWS, MANY = 1024, 512

Pair = tuple[int, int]


@dataclass(frozen=True)
class Chain:
    """A truncated chain and what it explains.

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
    inner : float
        ``<w, c>``.
    slack : float
        What chance may take from a continuation of the chain: two standard deviations of the sum of the weights
        over the rows that its pairs leave undecided.
    """

    prefix: tuple[int, ...]
    pairs: tuple[Pair, ...]
    flips: tuple[tuple[bool, bool], ...]
    start: int
    inner: float
    slack: float

    @property
    def cost(self) -> int:
        """Gates of the circuit, at least 1: 4 per pair, 1 for the lowest on a constant start."""
        pairs = len(self.pairs)
        below = 4 * pairs if self.start > 1 else max(0, 4 * pairs - 3)
        return max(1, below + len(self.prefix))


def follow(
    bits: Bits, w: Floats, planned: Sequence[Pair], prefix: tuple[int, ...] = (), greedy: bool = False
) -> list[Chain]:
    """All truncations of one chain, shortest first, for the weights of the carry: already multiplied by the prefix.

    It takes the ``planned`` pairs first, most significant first; ``greedy``: then those that explain most, and chains
    may also end in a literal instead of a constant.
    """
    rows = np.arange(len(w))
    pairs: list[Pair] = []
    flips: list[tuple[bool, bool]] = []
    free = np.ones(len(bits), bool)
    free[list(prefix)] = False
    explained, found = 0.0, []
    while True:
        if flips and not len(rows) and len(pairs) < len(planned):  # undecided no more: the rest as it goes on
            flips += [flips[-1]] * (len(planned) - len(pairs))
            pairs = list(planned)
        left = w[rows]
        total = float(left.sum())
        deviation = float(np.sqrt(left @ left))
        if pairs:
            inner = explained + abs(total)
            found.append(Chain(prefix, tuple(pairs), tuple(flips), int(total > 0), inner, 2 * deviation))
        if len(pairs) < len(planned):
            pair = planned[len(pairs)]
            sums = 2 * (bits[list(pair)][:, rows] @ left) - total
        elif greedy and len(rows) >= FEWEST and free.sum() >= 2:
            every = np.where(free, 2 * (bits[:, rows] @ left) - total, 0.0)
            order = np.argsort(-np.where(free, np.abs(every), -1.0), kind="stable")[
                :2
            ]  # free ones, also where all are 0
            top = int(order[0])
            start = 2 + 2 * top + int(every[top] < 0)
            inner = explained + abs(float(every[top]))
            found.append(Chain(prefix, tuple(pairs), tuple(flips), start, inner, 2 * deviation))
            pair = (int(order.min()), int(order.max()))
            sums = every[list(pair)]
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
        flips.append((negative[0], negative[1]))
        free[list(pair)] = False
        u, v = (bits[i, rows] ^ flip for i, flip in zip(pair, negative, strict=True))
        agree = u == v
        explained += float(left[agree] @ (2.0 * u[agree] - 1.0))
        rows = rows[~agree]
    return found


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


def chains(bits: Bits, w: Floats, index: Ints, prefix: tuple[int, ...] = ()) -> tuple[list[Chain], list[Chain]]:
    """Truncated chains from all plans, and the whole chains of the planned ones."""
    if prefix:
        w = w * np.prod(2.0 * bits[list(prefix)] - 1.0, axis=0)
    found = follow(bits, w, (), prefix, greedy=True)
    longest = max((chain.pairs for chain in found), key=len, default=())
    plans = layouts(len(bits), prefix)
    plans += [continued(longest[:t], index) for t in range(2, len(longest) + 1)]
    wholes = []
    for plan in dict.fromkeys(tuple(plan) for plan in plans):
        if not any(set(pair) & set(prefix) for pair in plan):
            truncations = follow(bits, w, plan, prefix)
            wholes.append(truncations[-1])
            found += truncations
    return found, wholes


def sum_prefixes(bits: Bits, w: Floats, k: int, threads: int = 1) -> list[Pair]:
    """The k pairs (i, j) whose parity, added to the signs of w, correlates most with two further literals.

    The sum bit of an adder is the parity of its two bits and the carry, and the carry correlates with the two
    bits below: two triples stand out.  Counted on the rows of largest weight; ties: smaller i, then j.
    """
    n = len(bits)
    if n < 4:
        return []
    rows = np.sort(np.argsort(-np.abs(w), kind="stable")[: TRIPLE_ROWS if n <= MANY else TRIPLE_ROWS // 2])
    sums = triple_sums(bits[:, rows], (w[rows] < 0).astype(np.uint8), threads)
    i, j = np.triu_indices(n, 1)
    best = np.argsort(-sums[i, j], kind="stable")[:k]
    return [(int(i[b]), int(j[b])) for b in best]


def triple_sums(bits: Bits, label: Bits, threads: int = 1) -> Array:
    """For i < j, the two largest ``|sum_r (-1)^(x_i ^ x_j ^ x_k ^ label)|`` over other k, added up: (n, n).

    Examples
    --------
    >>> bits = np.array([[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1], [1, 0, 1, 1]], np.uint8)
    >>> triple_sums(bits, np.array([0, 1, 1, 1], np.uint8)).tolist()
    [[0, 4, 6, 2], [0, 0, 6, 2], [0, 0, 0, 4], [0, 0, 0, 0]]
    """
    n, n_rows = bits.shape
    if kernels := select("_families", None):
        words = pack_bits(np.vstack([bits, label]))
        found: Array = kernels.triples(np.ascontiguousarray(words[:-1]), words[-1].copy(), n_rows, threads)
        return found
    signs, target = 1 - 2 * bits.astype(np.int32), 1 - 2 * label.astype(np.int32)
    result = np.zeros((n, n), np.int32)
    for i in range(n):
        sums = np.abs((signs * signs[i] * target) @ signs.T)  # [j, k]
        sums[:, i] = sums[np.arange(n), np.arange(n)] = 0
        result[i, i + 1 :] = np.sort(sums, axis=1)[i + 1 :, -2:].sum(axis=1)
    return result
