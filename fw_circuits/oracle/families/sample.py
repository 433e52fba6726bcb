"""The rows that a family is searched on: all of them, or a sample where there are very many.

Row r is drawn with probability ``|w_r| / ||w||_1``, one draw in each m-th part of the mass, and counts
``sign(w_r) ||w||_1 / m`` in m draws, so that every sum over the sample is unbiased.  A sample ranks candidates; their
scores are taken over all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fw_circuits._bits import pack_bits, unpack_bits
from fw_circuits._typing import Bits, Floats, Ints, Words
from fw_circuits.lattice import transpose_bits
from fw_circuits.oracle.literals import Literals

#: More rows than that are sampled.
MOST_ROWS = 1 << 15


@dataclass(frozen=True)
class Sample:
    """Literals and weights of some rows.

    Attributes
    ----------
    words : (n, W) uint64
        Packed rows of the literals, padding zero.
    keys : (n_rows, ceil(n / 64)) uint64
        The same bits row by row.
    w : (n_rows,) float64
    """

    words: Words
    keys: Words
    w: Floats

    @property
    def n(self) -> int:
        """Number of literals."""
        return len(self.words)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.w)

    @cached_property
    def label(self) -> Words:
        """Where the weights are negative, (W,) packed."""
        label: Words = pack_bits((self.w < 0)[None])[0]
        return label

    def bits(self, literals: Ints | slice = slice(None)) -> Bits:
        """Some literals as values 0 and 1, (m, n_rows)."""
        return unpack_bits(np.ascontiguousarray(self.words[literals]), self.n_rows)

    @classmethod
    def of(cls, literals: Literals, w: Floats, most: int = MOST_ROWS) -> Sample:
        """All rows, or a sample of ``most``."""
        if len(w) > most and w.any():
            return cls.drawn(literals, w, most, 0)
        return cls(literals.words, literals.by_row, np.ascontiguousarray(w))

    @classmethod
    def drawn(cls, literals: Literals, w: Floats, m: int, seed: int) -> Sample:
        """A sample of m rows for weights that are not all 0; a row may be in it more than once.

        Examples
        --------
        >>> bits = Literals.distinct(np.array([[0b0011], [0b0101]], np.uint64), 4)
        >>> Sample.drawn(bits, np.array([2.0, 0.0, -1.0, 1.0]), 8, 0).w.tolist()
        [0.5, 0.5, 0.5, 0.5, -0.5, -0.5, 0.5, 0.5]
        """
        mass = np.cumsum(np.abs(w))
        places = (np.arange(m) + np.random.default_rng(seed).random(m)) * (mass[-1] / m)
        rows = np.minimum(np.searchsorted(mass, places, side="right"), np.flatnonzero(w)[-1])
        keys = np.ascontiguousarray(literals.by_row[rows])
        words = np.ascontiguousarray(transpose_bits(keys, literals.n))
        return cls(words, keys, np.where(w[rows] < 0, -1.0, 1.0) * (mass[-1] / m))
