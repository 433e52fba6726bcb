"""A symbolic builder of ReLU networks: affine expressions over the residual stream, and neurons shared by construction.

``relu(expression)`` gives a new coordinate of the stream one layer above everything that it reads; asking again for the
relu of an equal expression gives the same coordinate.  Interval bounds fold relus that are constant or never active.

Inputs are clipped in place: the coordinate of x contains ``x - low``, and two blocks subtract what is too much.  On the
domain their neurons emit nothing, so that they add nothing to R(theta) (theory, section 7); a clipped copy of x in a
coordinate of its own would cost x's whole sensitivity, once for each of its relus (original to this package).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from fw_circuits.resnet.network import Block, ResNet

#: What the first of the two clipping blocks leaves of an excess.  It leaves rounding errors of 2^-53 of the excess too,
#: which the second block removes; its own are 2^-53 of the remainder.  In float32 nothing remains: 2^-24 of the excess.
REMAINDER = 2.0**-40


@dataclass(frozen=True)
class Expr:
    """An affine expression ``const + sum of coefficient * coordinate of the stream``; coefficients are not zero.

    Examples
    --------
    >>> x, y = Expr({0: 1.0}), Expr({1: 1.0})
    >>> (2 * x + y - 1.0 - x).terms, (x - x).terms
    ({0: 1.0, 1: 1.0}, {})
    """

    terms: dict[int, float] = field(default_factory=dict)
    const: float = 0.0

    def __add__(self, other: Expr | float) -> Expr:
        return self._plus(other, 1.0)

    __radd__ = __add__

    def __sub__(self, other: Expr | float) -> Expr:
        return self._plus(other, -1.0)

    def __rsub__(self, other: float) -> Expr:
        return self * -1.0 + other

    def __mul__(self, factor: float) -> Expr:
        if factor == 0.0:
            return Expr()
        return Expr({index: factor * coef for index, coef in self.terms.items()}, factor * self.const)

    __rmul__ = __mul__

    def __neg__(self) -> Expr:
        return self * -1.0

    @property
    def key(self) -> tuple[frozenset[tuple[int, float]], float]:
        """Hashable; equal for equal expressions."""
        return frozenset(self.terms.items()), self.const

    def _plus(self, other: Expr | float, factor: float) -> Expr:
        if not isinstance(other, Expr):
            return Expr(self.terms, self.const + factor * other)
        terms = dict(self.terms)
        for index, coef in other.terms.items():
            total = terms.get(index, 0.0) + factor * coef
            if total == 0.0:
                del terms[index]
            else:
                terms[index] = total
        return Expr(terms, self.const + factor * other.const)


class Builder:
    """Collects neurons; ``assemble`` turns the live ones into a ``ResNet``.  The inputs are the first coordinates.

    Examples
    --------
    >>> b = Builder(1)
    >>> x = b.input(0)
    >>> absolute = b.relu(x) + b.relu(-x)
    >>> b.assemble([absolute]).forward([[-3.0], [2.0]]).tolist()
    [3.0, 2.0]
    """

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features
        self._argument: list[Expr] = [Expr()] * n_features
        self._layer: list[int] = [0] * n_features
        self._bounds: list[tuple[float, float]] = [(-math.inf, math.inf)] * n_features
        self._neuron_of: dict[tuple[frozenset[tuple[int, float]], float], int] = {}
        self._clipped: dict[int, tuple[float, float]] = {}
        self._start: dict[int, float] = {}  # the input for which its coordinate is 0

    @property
    def n_neurons(self) -> int:
        """Neurons so far, dead ones included."""
        return len(self._argument) - self.n_features + 4 * len(self._clipped)

    def input(self, i: int) -> Expr:
        """The raw input i."""
        return Expr({i: 1.0})

    def clip(self, i: int, low: float, high: float) -> Expr:
        """``min(max(x_i, low), high) - low``: four neurons that write to the input's own coordinate, in blocks 1 and 2.

        The input is then no longer to be had as it came.

        Examples
        --------
        >>> b = Builder(1)
        >>> net = b.assemble([b.clip(0, 1.0, 3.0)])
        >>> net.forward([[-1e15], [2.5], [4.0], [1e15]]).tolist(), net.n_neurons, net.width
        ([0.0, 1.5, 2.0, 2.0], 4, 1)
        """
        self._clipped[i], self._layer[i] = (low, high), 2
        return self.within(i, low, high)

    def within(self, i: int, low: float, high: float) -> Expr:
        """``x_i - low``, where the input is known to lie in [low, high]: no neurons, but its bounds are known.

        Examples
        --------
        >>> b = Builder(1)
        >>> x = b.within(0, 1.0, 3.0)
        >>> b.relu(x) == x, b.assemble([x]).forward([[2.5]]).tolist()
        (True, [1.5])
        """
        self._start[i], self._bounds[i] = low, (0.0, high - low)
        return Expr({i: 1.0})

    def bounds(self, expr: Expr) -> tuple[float, float]:
        """Interval that contains the values of an expression, for all inputs."""
        low = high = expr.const
        for index, coef in expr.terms.items():
            a, b = self._bounds[index]
            low += coef * (a if coef > 0 else b)
            high += coef * (b if coef > 0 else a)
        return low, high

    def relu(self, expr: Expr) -> Expr:
        """``max(expr, 0)``: a constant, the expression itself, or a (shared) neuron."""
        low, high = self.bounds(expr)
        if high <= 0.0:
            return Expr()
        if low >= 0.0:
            return expr
        opposite = self._neuron_of.get((-expr).key)
        if opposite is not None and max(-low, high) < math.inf:
            return expr + Expr({opposite: 1.0})  # relu(x) = x + relu(-x)
        return self._neuron(expr, low, high)

    def materialise(self, expr: Expr, max_terms: int = 1) -> Expr:
        """A non-negative expression as one coordinate, if it has more than ``max_terms`` terms: one neuron."""
        if len(expr.terms) <= max_terms:
            return expr
        low, high = self.bounds(expr)
        return self._neuron(expr, low, high)

    def minimum(self, a: Expr, b: Expr) -> Expr:
        """``min(a, b)`` with one neuron."""
        return a - self.relu(a - b)

    def _neuron(self, expr: Expr, low: float, high: float) -> Expr:
        index = self._neuron_of.setdefault(expr.key, len(self._argument))
        if index == len(self._argument):
            self._argument.append(expr)
            self._layer.append(1 + max(self._layer[i] for i in expr.terms))
            self._bounds.append((max(low, 0.0), high))
        return Expr({index: 1.0})

    def assemble(self, outputs: Sequence[Expr]) -> ResNet:
        """The network of these outputs: live neurons only, each written to its own coordinate by its layer.

        Those that clip inputs write to these.
        """
        live = self.live(outputs)
        order = sorted(live, key=lambda index: (self._layer[index], index))
        place = {index: row for row, index in enumerate(order)}
        inputs = [index for index in order if index < self.n_features]
        width, depth = max(1, len(order)), max((self._layer[index] for index in order), default=0)
        layers: list[list[int]] = [[] for _ in range(depth + 1)]
        for index in order:
            if index >= self.n_features:
                layers[self._layer[index]].append(index)
        clipped = [index for index in inputs if index in self._clipped]
        blocks = []
        for l, layer in enumerate(layers[1:], 1):
            arguments = [self._argument[index] for index in layer]
            rows, signs = [place[index] for index in layer], [1.0] * len(layer)
            if l <= 2:
                part = 1.0 - REMAINDER if l == 1 else 1.0
                for index in clipped:
                    low, high = self._clipped[index]
                    arguments += [Expr({index: -1.0}), Expr({index: 1.0}, low - high)]
                    rows += [place[index]] * 2
                    signs += [part, -part]
            V, n = _matrix(arguments, place, width), len(arguments)
            W = sp.csr_array((signs, (rows, range(n))), shape=(width, n))
            blocks.append(Block(V, np.array([e.const for e in arguments]), W))
        A = sp.csr_array((np.ones(len(inputs)), ([place[i] for i in inputs], inputs)), shape=(width, self.n_features))
        shift = np.zeros(width)
        for index in inputs:
            shift[place[index]] = 0.0 - self._start.get(index, 0.0)
        constants = np.array([e.const for e in outputs])
        return ResNet(A, shift, tuple(blocks), _matrix(outputs, place, width), constants)

    def live(self, outputs: Iterable[Expr], known: Set[int] = frozenset()) -> set[int]:
        """Coordinates that these expressions read, directly or through neurons, without the known ones."""
        live: set[int] = set()
        waiting = [index for expr in outputs for index in expr.terms]
        while waiting:
            index = waiting.pop()
            if index not in live and index not in known:
                live.add(index)
                waiting.extend(self._argument[index].terms)
        return live


def _matrix(exprs: Sequence[Expr], place: dict[int, int], width: int) -> sp.csr_array:
    indptr = np.cumsum([0, *(len(e.terms) for e in exprs)])
    columns = np.array([place[index] for e in exprs for index in e.terms], dtype=np.int64)
    data = np.array([coef for e in exprs for coef in e.terms.values()], dtype=np.float64)
    return sp.csr_array((data, columns, indptr), shape=(len(exprs), width))
