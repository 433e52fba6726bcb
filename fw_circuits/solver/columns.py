"""Values of the active atoms on the rows, behind the few products that a solver needs of them.

``T`` is the (m, N) matrix with one atom per row.  A solver asks for ``T' b``, ``T g`` and centred Gram matrices, never
for T itself, so that the values may be stored in whatever way suits the table.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from fw_circuits._typing import Floats, Ints


class Columns(Protocol):
    """What stores the values of m atoms on N rows."""

    n_rows: int

    def __len__(self) -> int:
        """Number of atoms m."""

    def push(self, coef: Floats) -> Floats:
        """``T' coef``: the values of a combination, (m,) to (N,)."""

    def pull(self, g: Floats) -> Floats:
        """``T g``: sums of row weights over each atom, (N,) to (m,)."""

    def gram(self, weights: Floats, first: int = 0) -> Floats:
        """Rows ``first:`` of ``T diag(h) T' - s s' / sum(h)``, where ``h`` are the weights and ``s = T h``.

        Shape (m - first, m); weights are >= 0 with a positive sum.  With sample weights it is the covariance of the
        atoms, with second derivatives of a loss the Newton matrix of a free intercept.
        """

    def append(self, values: Floats) -> None:
        """Add atoms with values (N, p)."""

    def keep(self, index: Ints) -> None:
        """Keep only the atoms of these ascending positions."""

    def dense(self) -> Floats:
        """T itself, (m, N) float64, for small tables."""


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

    def gram(self, weights: Floats, first: int = 0) -> Floats:
        """As in :class:`Columns`."""
        T = self.dense()
        sums = T @ weights
        if first == 0:  # half of it is another's transpose: a symmetric product costs half
            half = T * np.sqrt(weights)
            product = half @ half.T
        else:
            product = (T[first:] * weights) @ T.T
        product -= np.outer(sums[first:], sums / weights.sum())
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

    def dense(self) -> Floats:
        """As in :class:`Columns`."""
        return self._buffer[: self._size]
