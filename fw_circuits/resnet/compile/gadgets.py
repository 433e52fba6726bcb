"""Relu-affine pieces of compiled networks: domain map, triangle waves, sorting, scaled bits (theory, section 6).

Everything stays within [0, 2^level] and uses slopes that are powers of two, apart from the domain map, whose two relus
per piece clip without cancellation; so the networks are exact to a few rounding errors.  Where the theory needs four
relus for a bit of a vertex, the cumulative form of ``scaled_bit`` (original to this package, as are the triangle waves)
needs two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from fw_circuits.lattice import Lattice
from fw_circuits.resnet.compile.builder import Builder, Expr


def unit(b: Builder, lattice: Lattice, i: int, clip: bool = True) -> Expr:
    """Coordinate i of the unit cube, the domain map of ``Lattice.transform``, with its clipping or for the domain only.

    With two knots the input is clipped in place (``Builder.clip``).  Of several pieces, the one from knot t to t + w
    contributes ``min(relu(x - t) / w, 1) = 1 - relu(1 - relu(x - t) / w)``: its slope never has to cancel against
    another one, however far x is from the domain.
    """
    knots = lattice.knots[i]
    if len(knots) == 1:
        return Expr()
    if len(knots) == 2:
        low, high = knots
        return (b.clip if clip else b.within)(i, low, high) * (1.0 / (high - low))
    x, n_pieces = b.input(i), len(knots) - 1
    start = 0.0
    if not clip:
        x, start = b.within(i, knots[0], knots[-1]), knots[0]
    missing = Expr()
    for low, high in pairwise(knots):
        missing += b.relu(1.0 - b.relu(x - (low - start)) * (1.0 / (high - low)))
    return b.materialise(1.0 - missing * (1.0 / n_pieces))


def folds(b: Builder, y: Expr, level: int, n: int) -> Expr:
    """y in [0, 2^level] reflected at 2^(level-1), then at 2^(level-2), ..., n times.

    The result is the distance to the nearest multiple of 2^(level - n + 1), a triangle wave; one relu per fold.
    """
    for p in range(level - 1, level - 1 - n, -1):
        y = y - 2.0 * b.relu(y - 2.0**p)
    return y


def triangle_wave(b: Builder, u: Expr, centers: Sequence[int], high: int, apart: bool = True) -> Expr:
    """``sum over centers m of relu(1 - |u - m|)`` for u in [0, high]; the centers rise by 2 at least.

    Reflections at the middle of all peaks halve their number, as long as they lie symmetrically; the last peak is
    clipped.  Each is by the neuron of the shorter range: a neuron adds its range to R(theta), twice and times the
    sensitivity of the result.  Two peaks of u stand alone where that adds less, and other waves may share them; not
    after a reflection (``apart=False``), which would count twice.

    Examples
    --------
    >>> b = Builder(1)
    >>> wave = triangle_wave(b, b.input(0), [1, 3], 4)
    >>> b.assemble([wave]).forward([[0.5], [1.0], [2.0], [2.75], [4.0]]).tolist(), b.n_neurons
    ([0.5, 1.0, 0.0, 0.75, 0.0], 4)
    """
    if not centers:
        return Expr()
    middle, half = (centers[0] + centers[-1]) // 2, len(centers) // 2
    farther = max(middle, high - middle)  # the range after a reflection
    symmetric = [2 * middle - m for m in reversed(centers)] == list(centers)
    together = _shorter(middle, high) + _shorter(centers[-1] - middle, farther)
    apart = apart and len(centers) == 2 and sum(_shorter(m, high) for m in centers) < together
    if apart or not symmetric:
        return triangle_wave(b, u, centers[:half], high) + triangle_wave(b, u, centers[half:], high)
    v = u - float(middle)
    if middle >= high:
        v = -v
    elif middle > 0:
        v = v + 2.0 * b.relu(-v) if middle <= high - middle else 2.0 * b.relu(v) - v
    if len(centers) == 1:
        return b.relu(1.0 - v)
    return triangle_wave(b, v, [m - middle for m in centers if m >= middle], farther, apart=False)


def _shorter(m: int, high: int) -> int:
    """The shorter part of [0, high] when it is cut at m."""
    return max(0, min(m, high - m))


class Coordinate:
    """Coordinate i on one level: its offset s from the even neighbour, and the bits of both neighbours.

    ``s`` is an expression with values in [0, 1]; it is 0 where the domain map makes the coordinate constant.
    """

    def __init__(self, b: Builder, lattice: Lattice, level: int, i: int, clip: bool = True) -> None:
        self._b, self._level = b, level
        self.constant = len(lattice.knots[i]) == 1
        self._z = unit(b, lattice, i, clip) * float((1 << level) - 1)
        self.s = b.materialise(folds(b, self._z, level, level))

    def neighbour_bits(self, p: int) -> tuple[Expr, Expr]:
        """``(bit p of E) * (1 - s)`` and ``(bit p of O) * s``; both continuous in x (theory, section 6, step 2)."""
        return self._wave(p, 0, 1), self._wave(p, 1, 1)

    def interval(self, p: int) -> tuple[Expr, Expr]:
        """The ends of bit p: it is 1 for t from s, or 0 if bit p of O is 1, to s, or 1 if bit p of E is 1.

        The sums ``s - odd`` and ``s + even`` of the neighbours' bits, but read from z itself: fewer peaks than s has.
        """
        return self._wave(p, 1, 0), 1.0 - self._wave(p, 0, 0)

    def _wave(self, p: int, parity: int, value: int) -> Expr:
        """A triangle wave with a peak at each integer of this parity whose bit p has this value."""
        if self.constant:
            return Expr()
        integers = range(parity, 1 << self._level, 2)
        centers = [m for m in integers if m >> p & 1 == value]
        if len(centers) == len(integers):
            return self.s if parity else 1.0 - self.s
        return triangle_wave(self._b, self._z, centers, (1 << self._level) - 1)


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
    """Expressions in descending order, one relu per comparator, which adds a term to both of its wires."""
    wires = list(wires)
    for i, j in comparators(len(wires)):
        swap = b.relu(wires[j] - wires[i])
        wires[i], wires[j] = wires[i] + swap, wires[j] - swap
    return wires


def scaled_bit(b: Builder, even: Expr, odd: Expr, thresholds: Sequence[Expr]) -> list[Expr]:
    """A literal, given by its ``neighbour_bits``, at vertices 0, 1, ..., d, each scaled by the vertex's weight.

    The weight of vertex j is s_(j) - s_(j+1), with s_(0) = 1 >= thresholds s_(1) >= ... >= s_(d) >= s_(d+1) = 0.

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
