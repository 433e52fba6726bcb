"""The unique vertices that a data set meets on one level, and the weights that link them to the data."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Floats, Words


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

    def pull(self, g: Floats) -> Floats:
        """Weights of the data moved to the vertices, ``barycentric.T @ g``: (N,) to (n_rows,)."""
        return np.asarray(self.barycentric.T @ np.asarray(g, dtype=np.float64))

    def push(self, c: Floats) -> Floats:
        """Interpolate values at the vertices, ``barycentric @ c``: (n_rows,) or (n_rows, m) to (N, ...)."""
        return np.asarray(self.barycentric @ np.asarray(c, dtype=np.float64))
