"""Values of the active atoms on the rows, behind the few products that a solver needs of them.

``T`` is the (m, N) matrix with one atom per row.  A solver asks for ``T' b``, ``T g`` and centred Gram matrices, never
for T itself, so that the values may be stored in whatever way suits the table.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from fw_circuits._bits import BLOCK_ROWS, OCTETS, octet_sums
from fw_circuits._typing import Array, Floats, Ints

#: From this many rows on, values -1 and 1 are packed; below, products of dense matrices are as fast.
PACKED_FROM = 1 << 15
#: Row v: the signs of eight atoms whose bits are v.
SIGNS = 2.0 * OCTETS - 1.0
EVERY_ROW = slice(None)


class Columns(Protocol):
    """What stores the values of m atoms on N rows."""

    n_rows: int

    def __len__(self) -> int:
        """Number of atoms m."""

    def push(self, coef: Floats) -> Floats:
        """``T' coef``: the values of a combination, (m,) to (N,)."""

    def pull(self, g: Floats) -> Floats:
        """``T g``: sums of row weights over each atom, (N,) to (m,)."""

    def gram(self, weights: Floats, first: int | None = None) -> Floats:
        """``T diag(h) T' - s s' / sum(h)`` with the weights ``h >= 0`` and ``s = T h``, (m, m) and symmetric.

        With sample weights it is the covariance of the atoms, with second derivatives of a loss the Newton matrix of a
        free intercept.  With ``first`` only its rows ``first:``, for weights that sum to 1.
        """

    def append(self, values: Floats) -> None:
        """Add atoms with values (N, p)."""

    def keep(self, index: Ints) -> None:
        """Keep only the atoms of these ascending positions."""

    def dense(self, rows: slice = EVERY_ROW) -> Floats:
        """T itself, (m, N) float64, for small tables or some of the rows."""


class DenseColumns:
    """Values as float64.

    Examples
    --------
    >>> columns = DenseColumns(2)
    >>> columns.append(np.array([[1.0, -1.0], [0.5, 1.0]]))
    >>> columns.push(np.array([2.0, 1.0])).tolist(), columns.pull(np.array([1.0, 2.0])).tolist()
    ([1.0, 2.0], [2.0, 1.0])
    >>> columns.gram(np.array([1.0, 1.0])).round(9).tolist()
    [[0.125, -0.5], [-0.5, 2.0]]
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self._size = 0
        self._buffer = np.empty((8, n_rows))

    def __len__(self) -> int:
        return self._size

    def push(self, coef: Floats) -> Floats:
        """As in :class:`Columns`."""
        return coef @ self.dense()

    def pull(self, g: Floats) -> Floats:
        """As in :class:`Columns`."""
        return self.dense() @ g

    def gram(self, weights: Floats, first: int | None = None) -> Floats:
        """As in :class:`Columns`."""
        T = self.dense()
        sums = T @ weights
        if first is not None:
            product = (T[first:] * weights) @ T.T
            product -= np.outer(sums[first:], sums)
            return product
        half, total = T * np.sqrt(weights), float(weights.sum())
        product = half @ half.T  # a symmetric product, at half the cost
        product -= total * np.outer(sums / total, sums / total)
        return product

    def append(self, values: Floats) -> None:
        """As in :class:`Columns`."""
        size = self._size + values.shape[1]
        if size > self._buffer.shape[0]:
            larger = np.empty((max(size, 2 * self._buffer.shape[0]), self.n_rows))
            larger[: self._size] = self.dense()
            self._buffer = larger
        self._buffer[self._size : size] = values.T
        self._size = size

    def keep(self, index: Ints) -> None:
        """As in :class:`Columns`."""
        self._buffer[: index.size] = self._buffer[index]
        self._size = index.size

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.dense(), dtype, copy=copy)

    def dense(self, rows: slice = EVERY_ROW) -> Floats:
        """As in :class:`Columns`."""
        return self._buffer[: self._size, rows]


class PackedColumns:
    """Values -1 and 1 as bits: byte i of group k has the signs of atoms 8 k to 8 k + 7 on row i.

    Products go through tables of the 256 combinations of eight atoms (the method of four Russians), and Gram matrices
    through histograms of two bytes, so that each costs one look at a byte in place of eight or 64 multiplications.

    Examples
    --------
    >>> columns = PackedColumns(2)
    >>> columns.append(np.array([[1.0, -1.0], [-1.0, -1.0]]))
    >>> columns.push(np.array([2.0, 1.0])).tolist(), columns.pull(np.array([1.0, 2.0])).tolist()
    ([1.0, -3.0], [-1.0, -3.0])
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self._size = 0
        self._octets: list[Array] = []

    def __len__(self) -> int:
        return self._size

    def push(self, coef: Floats) -> Floats:
        """As in :class:`Columns`."""
        total = np.zeros(self.n_rows)
        for octet, table in zip(self._octets, self._padded(coef) @ SIGNS.T, strict=True):
            for start in range(0, self.n_rows, BLOCK_ROWS):
                total[start : start + BLOCK_ROWS] += table[octet[start : start + BLOCK_ROWS]]
        return total

    def pull(self, g: Floats) -> Floats:
        """As in :class:`Columns`."""
        sums = [octet_sums(octet, g) @ SIGNS for octet in self._octets]
        return np.concatenate([*sums, np.zeros(0)])[: self._size]

    def gram(self, weights: Floats, first: int | None = None) -> Floats:
        """As in :class:`Columns`."""
        first = first or 0
        groups, start = len(self._octets), first // 8
        product = np.zeros((8 * groups, 8 * groups))
        for i in range(start, groups):
            for j in range(i + 1):
                block = SIGNS.T @ self._pairs(i, j, weights) @ SIGNS
                product[8 * i : 8 * i + 8, 8 * j : 8 * j + 8] = block
                product[8 * j : 8 * j + 8, 8 * i : 8 * i + 8] = block.T
        sums = self.pull(weights)
        return product[first : self._size, : self._size] - np.outer(sums[first:], sums / weights.sum())

    def append(self, values: Floats) -> None:
        """As in :class:`Columns`, for values -1 and 1."""
        for column in values.T:
            group, bit = divmod(self._size, 8)
            if bit == 0:
                self._octets.append(np.zeros(self.n_rows, np.uint8))
            self._octets[group] |= (column > 0.0).view(np.uint8) << np.uint8(bit)
            self._size += 1

    def keep(self, index: Ints) -> None:
        """As in :class:`Columns`."""
        kept = [np.zeros(self.n_rows, np.uint8) for _ in range(-(-index.size // 8))]
        for to, place in enumerate(index.tolist()):
            bit = (self._octets[place // 8] >> np.uint8(place % 8)) & np.uint8(1)
            kept[to // 8] |= bit << np.uint8(to % 8)
        self._octets, self._size = kept, index.size

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.dense(), dtype, copy=copy)

    def dense(self, rows: slice = EVERY_ROW) -> Floats:
        """As in :class:`Columns`."""
        parts = [SIGNS[octet[rows]].T for octet in self._octets]
        return np.concatenate([*parts, np.empty((0, len(range(self.n_rows)[rows])))])[: self._size]

    def _padded(self, coef: Floats) -> Floats:
        padded = np.zeros(8 * len(self._octets))
        padded[: coef.size] = coef
        return padded.reshape(-1, 8)

    def _pairs(self, i: int, j: int, weights: Floats) -> Floats:
        """Sums of weights by the values of two octets, (256, 256)."""
        total = np.zeros(1 << 16)
        step = 4 * BLOCK_ROWS
        for start in range(0, self.n_rows, step):
            rows = slice(start, start + step)
            both = self._octets[i][rows].astype(np.uint16) << np.uint16(8) | self._octets[j][rows]
            total += np.bincount(both, weights[rows], 1 << 16)
        return total.reshape(256, 256)


def with_values(columns: Columns, values: Floats) -> Columns:
    """The columns with more atoms, values (N, p), stored as it suits them.

    Examples
    --------
    >>> type(with_values(PackedColumns(1), np.array([[0.5]]))).__name__
    'DenseColumns'
    """
    if isinstance(columns, PackedColumns) and not np.all(np.abs(values) == 1.0):
        packed, columns = columns, DenseColumns(columns.n_rows)
        columns.append(packed.dense().T)
    columns.append(values)
    return columns


def no_columns(n_rows: int) -> Columns:
    """Columns of no atoms: packed, for as long as values are -1 and 1, where there are many rows."""
    return PackedColumns(n_rows) if n_rows >= PACKED_FROM else DenseColumns(n_rows)
