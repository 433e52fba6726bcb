"""NumPy reference implementations of ``csrc/lattice``: the same results bit for bit, written to be read.

Weights are multiples of 2^-44, so sums of them are exact, and a rounding error in z makes no vertex of its
own.
"""

import numpy as np

from fw_circuits._bits import pack_bits, unpack_bits
from fw_circuits._typing import Array, Floats, Ints, Words

#: s = ONE_UNITS units of 2^-44.
ONE_UNITS = 1 << 44


def j1(z: Floats, level: int) -> tuple[Ints, Words, Floats]:
    """Vertices and weights of points, see ``triangulate``.  Tie rule: the smaller coordinate first."""
    n, d = z.shape
    even = 2.0 * np.ceil(0.5 * (z - 1.0))
    odd = np.where(z >= even, even + 1, even - 1).astype(np.int64)
    s = np.floor(np.abs(z - even) * ONE_UNITS + 0.5).astype(np.int64)
    order = np.argsort(-s, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    descending = np.take_along_axis(s, order, axis=1)
    ends = np.hstack([np.full((n, 1), ONE_UNITS), descending, np.zeros((n, 1), np.int64)])
    weights = (ends[:, :-1] - ends[:, 1:]) / ONE_UNITS
    # Vertex j takes the odd neighbour for the j coordinates of largest s.
    takes_odd = rank[:, None, :] < np.arange(d + 1)[None, :, None]
    code = np.where(takes_odd, odd[:, None, :], even.astype(np.int64)[:, None, :])
    kept = weights > 0
    indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int64)
    bits = code[kept][:, :, None] >> np.arange(level) & 1
    return indptr, pack_bits(bits.reshape(len(bits), d * level)), weights[kept]


def j1_columns(z: Floats, level: int) -> tuple[Ints, Words, Floats]:
    """The same with the bits of the vertices as packed columns."""
    indptr, keys, weights = j1(z, level)
    return indptr, transpose_bits(keys, z.shape[1] * level), weights


def transpose_bits(keys: Words, n_literals: int) -> Words:
    """Bit columns of packed rows: ``(n_literals, ceil(len(keys) / 64))``."""
    return pack_bits(unpack_bits(keys, n_literals).T)


class RowSet:
    """Distinct keys, numbered in the order of their first appearance."""

    def __init__(self, key_words: int) -> None:
        self._key_words = key_words
        self._ids: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, keys: Words) -> Array:
        """Numbers (int32) of the rows of ``keys``, new rows being added."""
        return np.array([self._ids.setdefault(key.tobytes(), len(self._ids)) for key in keys], dtype=np.int32)

    def keys(self) -> Words:
        """The distinct keys, ``(len(self), key_words)``."""
        return np.frombuffer(b"".join(self._ids), dtype=np.uint64).reshape(len(self), self._key_words)
