"""The unique vertices that a data set meets on one level, and the weights that link them to the data."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Array, Floats, Words


@dataclass(frozen=True)
class LevelRows:
    """Vertex rows of one level (theory, section 5): ``T_C(X) = barycentric @ c(rows)``.

    Attributes
    ----------
    level : int
    n_literals : int
        Number of literals of the level, coordinates x level.
    n_rows : int
        Number of distinct vertices, numbered in the order in which the data meets them.
    words : (n_literals, ceil(n_rows / 64)) uint64
        Row r of literal l is bit ``r % 64`` of ``words[l, r // 64]``; padding bits are zero.
    barycentric : csr_array (N, n_rows)
        Positive weights; each row sums to 1 exactly.
    """

    level: int
    n_literals: int
    n_rows: int
    words: Words
    barycentric: sp.csr_array

    @property
    def n_points(self) -> int:
        """N, rows of the data."""
        return int(self.barycentric.shape[0])

    def pull(self, g: Floats) -> Floats:
        """Weights of the data moved to the vertices, ``barycentric.T @ g``: (N,) to (n_rows,)."""
        return np.asarray(self.barycentric.T @ np.asarray(g, dtype=np.float64))

    def push(self, c: Floats) -> Floats:
        """Interpolate values at the vertices, ``barycentric @ c``: (n_rows,) or (n_rows, m) to (N, ...)."""
        return np.asarray(self.barycentric @ np.asarray(c, dtype=np.float64))


class PointRows(LevelRows):
    """Vertex rows of points that are vertices, which is what a 0/1 table is: one link a point, of weight 1.

    Parameters
    ----------
    level, n_literals, n_rows, words
        As in :class:`LevelRows`.
    n_points : int
        N, rows of the data.
    links : (N,) int32 or None
        The vertex of each point; None: they are distinct, point i is vertex i, and nothing is stored.

    Examples
    --------
    >>> rows = PointRows(1, 1, 2, np.array([[2]], np.uint64), 3, np.array([0, 1, 1], np.int32))
    >>> rows.pull([1.0, 2.0, 3.0]).tolist(), rows.push([5.0, 7.0]).tolist(), rows.barycentric.shape
    ([1.0, 5.0], [5.0, 7.0, 7.0], (3, 2))
    """

    links: Array | None

    def __init__(
        self, level: int, n_literals: int, n_rows: int, words: Words, n_points: int, links: Array | None
    ) -> None:
        values = {"level": level, "n_literals": n_literals, "n_rows": n_rows, "words": words, "links": links}
        self.__dict__.update(values, _n_points=n_points)  # frozen, and without the stored matrix

    @property
    def n_points(self) -> int:
        """N, rows of the data."""
        return int(self.__dict__["_n_points"])

    @cached_property
    def barycentric(self) -> sp.csr_array:
        """The links as a sparse matrix, (N, n_rows)."""
        index = np.arange(self.n_points, dtype=np.int32) if self.links is None else self.links
        ends = np.arange(self.n_points + 1, dtype=np.int32)
        return sp.csr_array((np.ones(self.n_points), index, ends), shape=(self.n_points, self.n_rows))

    def pull(self, g: Floats) -> Floats:
        """As in :class:`LevelRows`."""
        g = np.asarray(g, dtype=np.float64)
        return g if self.links is None else np.bincount(self.links, g, self.n_rows).astype(np.float64, copy=False)

    def push(self, c: Floats) -> Floats:
        """As in :class:`LevelRows`."""
        c = np.asarray(c, dtype=np.float64)
        return c if self.links is None else c[self.links]
