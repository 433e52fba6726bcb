"""Relu-affine pieces of compiled networks: domain map, waves, sorting, scaled bits (theory, section 6).

Everything stays within [0, 2^level] and uses slopes that are powers of two, apart from the domain map, whose
two relus per piece clip without cancellation; so the networks are exact to a few rounding errors.  Where the
theory needs four relus for a bit of a vertex, the cumulative form of ``scaled_bit`` (ours) needs two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from fw_circuits.lattice import Lattice
from fw_circuits.resnet.builder import Builder, Expr


def unit(b: Builder, lattice: Lattice, i: int) -> Expr:
    """Coordinate i of the unit cube, the domain map of ``Lattice.transform`` with its clipping.

    With two knots the input is clipped in place (``Builder.clip``).  Of several pieces, the one from knot t to t + w
    contributes ``min(relu(x - t) / w, 1) = 1 - relu(1 - relu(x - t) / w)``: its slope never has to cancel against
    another one, however far x is from the domain.
    """
    knots = lattice.knots[i]
    if len(knots) == 1:
        return Expr()
    if len(knots) == 2:
        low, high = knots
        return b.clip(i, low, high) * (1.0 / (high - low))
    x, n_pieces = b.input(i), len(knots) - 1
    missing = Expr()
    for low, high in pairwise(knots):
        missing += b.relu(1.0 - b.relu(x - low) * (1.0 / (high - low)))
    return b.slot(1.0 - missing * (1.0 / n_pieces))


def folds(b: Builder, y: Expr, level: int, n: int) -> Expr:
    """y in [0, 2^level] reflected at 2^(level-1), then at 2^(level-2), ..., n times.

    The result is the distance to the nearest multiple of 2^(level - n + 1), a triangle wave; one relu per
    fold.
    """
    for p in range(level - 1, level - 1 - n, -1):
        y = y - 2.0 * b.relu(y - 2.0**p)
    return y


def lobes(b: Builder, y: Expr, level: int, p: int, gray: bool) -> Expr:
    """Teeth of slope 1 over the runs where bit p >= 1 of the integers below y is 1, zero elsewhere.

    In binary these are the intervals (2^p, 2^(p+1)) modulo 2^(p+1), in Gray code (2^p, 3 * 2^p) modulo
    2^(p+2).  The last run may keep rising at the upper edge, where the caller's minimum cuts it.

    Each reflection is by the neuron of the shorter range: a neuron adds its range to R(theta), twice and times the
    sensitivity of the result (ours).
    """
    if p == level - 1:
        return b.relu(y - 2.0**p)
    if gray:
        return b.relu(folds(b, y, level, level - 1 - p) - 2.0**p)
    half = 2.0 ** (p - 1)
    w = y - (2.0 ** (level - 1) + half)  # halfway between the centres of two runs
    w = 2.0 * b.relu(w) - w
    for q in range(level - 2, p - 1, -1):
        w = w - 2.0**q
        w = w + 2.0 * b.relu(-w)
    return b.relu(half - w)


class Coordinate:
    """Coordinate i on one level: its offset s from the even neighbour, and the bits of both neighbours.

    ``s`` is an expression with values in [0, 1]; it is constant 0 for a coordinate that the domain map makes
    constant.
    """

    def __init__(self, b: Builder, lattice: Lattice, level: int, i: int) -> None:
        self._b, self._level, self._gray = b, level, lattice.gray
        self.constant = len(lattice.knots[i]) == 1
        self._z = unit(b, lattice, i) * float((1 << level) - 1)
        self.s = b.slot(folds(b, self._z, level, level))

    def neighbour_bits(self, p: int) -> tuple[Expr, Expr]:
        """``(bit p of E) * (1 - s)`` and ``(bit p of O) * s``; both continuous in x (theory, section 6, step
        2).

        Bits p >= 1 of O and of E + 1 change only at even integers, where s = 0 or 1 - s is 0, one before,
        for E.
        """
        if p == 0 and not (self._gray and self._level > 1):
            return Expr(), self.s
        if p == 0:  # Gray bit 0 is bit 0 xor bit 1, and bit 0 is 0 for E and 1 for O
            even, odd = self._masked(1, gray=False)
            return even, self.s - odd
        return self._masked(p, self._gray)

    def _masked(self, p: int, gray: bool) -> tuple[Expr, Expr]:
        if p == 1 and not gray:  # teeth as high as s and 1 - s; those of E belong to the last fold of s
            last = folds(self._b, self._z, self._level, self._level - 1)
            return self._b.relu(last - 1.0), lobes(self._b, self._z, self._level, 1, gray)
        even = lobes(self._b, self._z + 1.0, self._level, p, gray)
        odd = lobes(self._b, self._z, self._level, p, gray)
        return self._b.minimum(1.0 - self.s, even), self._b.minimum(self.s, odd)


def comparators(n: int) -> Iterator[tuple[int, int]]:
    """Batcher's odd-even merge sort for n wires.

    Examples
    --------
    >>> list(comparators(4))
    [(0, 1), (2, 3), (0, 2), (1, 3), (1, 2)]
    """
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(min(k, n - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        yield i + j, i + j + k
            k //= 2
        p *= 2


def sort_descending(b: Builder, wires: Sequence[Expr]) -> list[Expr]:
    """Expressions in descending order, one relu per comparator: a wire is a sum of as many terms as it met."""
    wires = list(wires)
    for i, j in comparators(len(wires)):
        swap = b.relu(wires[j] - wires[i])
        wires[i], wires[j] = wires[i] + swap, wires[j] - swap
    return wires


def scaled_bit(b: Builder, even: Expr, odd: Expr, thresholds: Sequence[Expr]) -> list[Expr]:
    """A literal at vertices 0, 1, ..., d, each scaled by the vertex's weight.

    Parameters
    ----------
    even, odd
        From ``neighbour_bits``.
    thresholds
        s_(1) >= ... >= s_(d).  The weight of vertex j is s_(j) - s_(j+1), with s_(0) = 1 and s_(d+1) = 0.

    Notes
    -----
    In the layer-cake form the literal is bit O for t < s and bit E for t > s.  Its integral from 0 to t is
    ``H(t) = min(t, odd) + relu(t - 1 + even)``, because odd is 0 or s and even is 0 or 1 - s; and bit j is
    ``H(s_(j)) - H(s_(j+1))``, with H(1) = odd + even and H(0) = 0.
    """
    below = [odd + even]
    below += [odd - b.relu(odd - t) + (b.relu(t + even - 1.0) if even.terms else 0.0) for t in thresholds]
    below.append(Expr())
    return [high - low for high, low in pairwise(below)]


def restore(b: Builder, x: Expr, scale: Expr) -> Expr:
    """x in {0, scale} with its rounding errors removed: ``clip(2 x - scale / 2, 0, scale)``, two relus."""
    return b.relu(2.0 * x - 0.5 * scale) - b.relu(2.0 * x - 1.5 * scale)
