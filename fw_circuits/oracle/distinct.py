"""Literals of one level, made ready for the search: distinct, at most half true, packed by column and by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array, Bits, Ints, Words
from fw_circuits.lattice import transpose_bits

LANES = 16


@dataclass(frozen=True)
class Columns:
    """Literals that the search goes through.

    Attributes
    ----------
    literals : (n,)
        Which literals of the level these are, ascending.
    n_rows : int
    words : (n, W) uint64
        Packed rows of the literals.
    order, flip : (n,) int32
        Column i of the screen is literal ``order[i]``, complemented where ``flip[i]``: at most half of its
        rows are 1, and the columns with few come first, because the work for a pair of columns grows with
        the rows where both are 1.
    masks : (n, W) uint64
        Packed rows of the columns.
    keys : (n_rows, ceil(n / 64)) uint64
        The same bits row by row: column c is bit ``c % 64`` of word ``c // 64``.
    """

    literals: Ints
    n_rows: int
    words: Words
    order: Array
    flip: Array
    masks: Words
    keys: Words

    @property
    def n(self) -> int:
        """Number of literals."""
        return len(self.literals)

    @property
    def ld(self) -> int:
        """Width of a row of numbers in the search: n, padded to a multiple of 16."""
        return padded(self.n)

    def take(self, columns: Ints) -> Columns:
        """Only those columns of the screen."""
        keep = np.sort(self.order[columns])
        return prepare(self.words[keep], self.n_rows, self.literals[keep])

    def sample(self, columns: Ints, rows: Ints) -> Columns:
        """Only those columns of the screen, in that order, and those rows (which may repeat).

        For statistics: columns may turn out constant or equal on the sample.
        """
        masks = _pick(self.keys[rows], columns)
        order = np.arange(len(columns), dtype=np.int32)
        flip = np.zeros(len(columns), np.int32)
        literals = self.literals[self.order[columns]]
        return Columns(literals, len(rows), masks, order, flip, masks, transpose_bits(masks, len(rows)))


def aligned(shape: tuple[int, ...], dtype: type) -> Array:
    """Zeros at a multiple of 64 bytes.

    Examples
    --------
    >>> aligned((3, 16), np.float32).ctypes.data % 64
    0
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


def padded(n: int) -> int:
    """The next multiple of 16, at least 16."""
    return max(1, -(-n // LANES)) * LANES


def unpack(words: Words, n_rows: int) -> Bits:
    """Packed columns (n, W) to (n, n_rows) values 0 and 1."""
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_rows, bitorder="little")


def valid(n_rows: int, n_words: int) -> Words:
    """The words of a column that is true on every row, padding zero.

    Examples
    --------
    >>> valid(66, 2).tolist() == [2**64 - 1, 3]
    True
    """
    ones = np.zeros(n_words, np.uint64)
    ones[: n_rows // 64] = ~np.uint64(0)
    if n_rows % 64:
        ones[n_rows // 64] = (np.uint64(1) << np.uint64(n_rows % 64)) - np.uint64(1)
    return ones


def distinct(words: Words, n_rows: int) -> Ints:
    """Literals that are not constant, and not equal or complementary to an earlier one, on the rows.

    Examples
    --------
    >>> distinct(np.array([[0b01], [0b10], [0b11], [0b01], [0b00]], np.uint64), 2).tolist()
    [0]
    """
    padding = valid(n_rows, words.shape[1])
    seen: set[bytes] = {np.zeros_like(padding).tobytes()}
    keep = []
    for i, column in enumerate(words):
        normal = column & padding
        if len(normal) and normal[0] & np.uint64(1):
            normal = ~normal & padding
        key = normal.tobytes()
        if key not in seen:
            seen.add(key)
            keep.append(i)
    return np.array(keep, dtype=np.int64)


def prepare(words: Words, n_rows: int, literals: Ints) -> Columns:
    """Choose polarity and order of distinct literals and lay them out.

    Parameters
    ----------
    words : (n, W) uint64
        One row per literal, padding zero.
    n_rows : int
    literals : (n,)
        Their numbers in the level.
    """
    ones = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    flip = ones * 2 > n_rows
    order = np.argsort(np.where(flip, n_rows - ones, ones), kind="stable").astype(np.int32)
    flip = flip[order]
    masks = np.where(flip[:, None], words[order] ^ valid(n_rows, words.shape[1]), words[order])
    words = np.ascontiguousarray(words)
    return Columns(
        literals, n_rows, words, order, flip.astype(np.int32), masks, transpose_bits(masks, n_rows)
    )


def _pick(keys: Words, columns: Ints) -> Words:
    """Packed columns of rows of packed bits, (len(columns), ceil(len(keys) / 64))."""
    return np.ascontiguousarray(transpose_bits(np.ascontiguousarray(keys), 64 * keys.shape[1])[columns])
