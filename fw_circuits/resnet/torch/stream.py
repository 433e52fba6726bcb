"""A network read value by value onto one residual stream: how affine maps, relus and sums become blocks.

Every value is ``M alpha + W relu(V alpha + b) + w`` where alpha is the stream so far.  Affine operations compose M, W
and w; a relu makes neurons; a value is *settled* when its neurons become a block that writes to the stream.  A value
whose M copies coordinates that nothing else needs any more, ``h + W g``, is updated in place: this finds the stream,
V_l and W_l of a residual network again as they are.  Anything else writes to new coordinates, which start at 0: exact
too, with a wider stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Array, Floats
from fw_circuits.resnet.network import Block, ResNet

#: The shape of a row that is a vector, however long.
FLAT = (-1,)


@dataclass(eq=False)
class Value:
    """``M alpha + w``, plus ``W relu(V alpha + b)`` where there are neurons that are not settled yet.

    ``shape`` has the axes of a row of the tensor that it stands for; its entries are in C order.
    """

    M: sp.csr_array
    w: Floats
    W: sp.csr_array | None = None
    V: sp.csr_array | None = None
    b: Floats | None = None
    shape: tuple[int, ...] = FLAT

    def __post_init__(self) -> None:
        if self.shape == FLAT:
            self.shape = (len(self.w),)

    def __len__(self) -> int:
        return len(self.w)

    def scaled(self, factor: float | Floats) -> Value:
        """Entry by entry times a number or a vector."""
        return self.affine(factor, 0.0)

    def affine(self, factor: float | Floats, shift: float | Floats) -> Value:
        """Entry by entry times a number or a vector, plus ``shift``."""
        factor = np.broadcast_to(np.asarray(factor, dtype=np.float64), len(self))
        return self.mapped(sp.diags_array(factor), shift, self.shape)

    def mapped(self, L: Any, shift: float | Floats = 0.0, shape: tuple[int, ...] = FLAT) -> Value:
        """``L`` of it, plus ``shift``."""
        W = None if self.W is None else sp.csr_array(L @ self.W)
        return Value(sp.csr_array(L @ self.M), L @ self.w + shift, W, self.V, self.b, shape)

    def selected(self, places: Array, shape: tuple[int, ...]) -> Value:
        """The entries at these places, without the neurons that none of them reads."""
        M, w = self.M[places], self.w[places]
        if self.W is None or self.V is None or self.b is None:
            return Value(M, w, shape=shape)
        W = self.W[places]
        read = np.unique(W.indices)
        return Value(M, w, W[:, read], self.V[read], self.b[read], shape)


class Stream:
    """The stream as it grows.

    ``live`` lists the values that are still needed by somebody else than the operation under way; the caller keeps it.
    ``held`` has those that the operation itself needs beyond its first step.
    """

    def __init__(self, n_features: int) -> None:
        self.A, self.a = _eye(n_features), np.zeros(n_features)
        self.blocks: list[tuple[sp.csr_array, Floats, sp.csr_array]] = []
        self.live: Callable[[], Sequence[Value]] = tuple
        self.held: tuple[Value, ...] = ()

    @property
    def width(self) -> int:
        """Coordinates so far."""
        return int(self.A.shape[0])

    def input(self) -> Value:
        """The input itself."""
        return Value(_eye(self.width), np.zeros(self.width))

    def constant(self, numbers: Floats, shape: tuple[int, ...]) -> Value:
        """The same numbers in every row."""
        return Value(sp.csr_array((len(numbers), self.width)), numbers, shape=shape)

    def relu(self, x: Value, shared: bool) -> Value:
        """relu of a value; ``shared`` if more than one operation reads the result."""
        self.settle(x)
        if shared:  # relu(h) = h + relu(-h): the stream itself is updated
            self.begin_at(x)
            if self._home(x.M) is not None:
                return Value(x.M, x.w, _eye(len(x)), -x.M, -x.w, x.shape)
        nothing = sp.csr_array((len(x), self.width))
        return Value(nothing, np.zeros(len(x)), _eye(len(x)), x.M, x.w, x.shape)

    def leaky(self, x: Value, slope: float | Floats) -> Value:
        """``x + (1 - slope) relu(-x)``."""
        self._hold(x)
        return self.add(x, self.relu(x.scaled(-1.0), False).scaled(1.0 - np.asarray(slope)))

    def maximum(self, x: Value, y: Value) -> Value:
        """``y + relu(x - y)``."""
        self._hold(x, y)
        return self.add(y, self.relu(self.add(x, y.scaled(-1.0)), False))

    def minimum(self, x: Value, y: Value) -> Value:
        """``y - relu(y - x)``."""
        self._hold(x, y)
        return self.add(y, self.relu(self.add(y, x.scaled(-1.0)), False).scaled(-1.0))

    def _hold(self, *values: Value) -> None:
        """Settle the operands, none of them in the place of another."""
        self.held = values
        for value in values:
            self.settle(value)
        self.held = ()

    def add(self, x: Value, y: Value) -> Value:
        """The sum; the neurons of both stand side by side."""
        return self._join(x, y, lambda p, q: sp.csr_array(p + q), x.w + y.w, x.shape)

    def concatenate(self, x: Value, y: Value) -> Value:
        """The entries of x, then those of y."""
        stack = lambda p, q: sp.vstack([p, q], format="csr")  # noqa: E731
        return self._join(x, y, stack, np.concatenate([x.w, y.w]), (len(x) + len(y),))

    def _join(self, x: Value, y: Value, combine: Any, w: Floats, shape: tuple[int, ...]) -> Value:
        M = combine(_widen(x.M, self.width), _widen(y.M, self.width))
        active = [v for v in (x, y) if v.V is not None]
        if not active:
            return Value(M, w, shape=shape)
        n, m = (0 if v.W is None else v.W.shape[1] for v in (x, y))
        left = sp.csr_array((len(x), n + m)) if x.W is None else _widen(x.W, n + m)
        right = sp.csr_array((len(y), m)) if y.W is None else y.W
        right = sp.hstack([sp.csr_array((len(y), n)), right], format="csr")
        V = sp.vstack([_widen(v.V, self.width) for v in active], format="csr")
        return Value(M, w, combine(left, right), V, np.concatenate([v.b for v in active]), shape)

    def begin_at(self, value: Value) -> None:
        """Let the stream begin at this affine image of the input, if nothing else needs the input any more."""
        if self.blocks or value.W is not None or not value.M.nnz or any(v is not value for v in self._needed()):
            return
        if self._home(value.M, value) is None:
            self.A, self.a = sp.csr_array(value.M @ self.A), value.M @ self.a + value.w
            value.M, value.w = _eye(len(value)), np.zeros(len(value))

    def settle(self, value: Value) -> None:
        """Make the neurons of a value a block; the value then reads the stream alone."""
        if value.W is None or value.V is None or value.b is None:
            return
        home, n = self._home(value.M, value), len(value)
        if home is None:
            home = np.arange(self.width, self.width + n)
            value.M = sp.hstack([_widen(value.M, self.width), _eye(n)], format="csr")
            self.A = sp.vstack([self.A, sp.csr_array((n, self.A.shape[1]))], format="csr")
            self.a = np.concatenate([self.a, np.zeros(n)])
        place = sp.csr_array((np.ones(n), (home, np.arange(n))), shape=(self.width, n))
        self.blocks.append((value.V, value.b, sp.csr_array(place @ value.W)))
        value.W = value.V = value.b = None

    def _needed(self) -> list[Value]:
        return [*self.live(), *self.held]

    def finish(self, value: Value) -> ResNet:
        """The network with this output."""
        self.settle(value)
        blocks = tuple(Block(_widen(V, self.width), b, _widen(W.T, self.width).T) for V, b, W in self.blocks)
        return ResNet(self.A, self.a, blocks, _widen(value.M, self.width), value.w)

    def _home(self, M: sp.csr_array, owner: Value | None = None) -> Array | None:
        """Coordinates that M copies one by one and that no value but the owner needs; None if there are none."""
        columns = sp.csc_array(M)
        columns.eliminate_zeros()
        single = np.flatnonzero(np.diff(columns.indptr) == 1)
        first = columns.indptr[single]
        single, first = single[columns.data[first] == 1.0], first[columns.data[first] == 1.0]
        rows, place = np.unique(columns.indices[first], return_index=True)
        if len(rows) < M.shape[0]:
            return None
        home = single[place]
        read = [m for v in self._needed() if v is not owner for m in (v.M, v.V) if m is not None]
        return None if any(np.isin(m.indices, home).any() for m in read) else home


def _eye(n: int) -> sp.csr_array:
    return sp.csr_array(sp.eye_array(n))


def _widen(matrix: Any, width: int) -> sp.csr_array:
    """The same matrix with columns of zeros for the coordinates that came later."""
    matrix = sp.csr_array(matrix)
    return sp.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], width))
