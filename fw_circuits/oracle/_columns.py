"""Literals of one level, made ready for the search: distinct, at most half true, padded, in both layouts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array, Bits, Ints, Words

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
    bits : (n_rows, ld) float32
        The columns as numbers, row by row, 64-byte aligned, padded with zeros to a multiple of 16.
    """

    literals: Ints
    n_rows: int
    words: Words
    order: Array
    flip: Array
    masks: Words
    bits: Array

    @property
    def n(self) -> int:
        """Number of literals."""
        return len(self.literals)

    def take(self, columns: Ints) -> Columns:
        """Only those columns of the screen."""
        keep = np.sort(self.order[columns])
        return prepare(self.words[keep], self.n_rows, self.literals[keep])


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


def distinct(words: Words, n_rows: int) -> Ints:
    """Literals that are not constant, and not equal or complementary to an earlier one, on the rows.

    Examples
    --------
    >>> distinct(np.array([[0b01], [0b10], [0b11], [0b01], [0b00]], np.uint64), 2).tolist()
    [0]
    """
    padding = np.zeros(words.shape[1], np.uint64)
    padding[: n_rows // 64] = ~np.uint64(0)
    if n_rows % 64:
        padding[n_rows // 64] = (np.uint64(1) << np.uint64(n_rows % 64)) - np.uint64(1)
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
    bits = unpack(words, n_rows)
    ones = bits.sum(axis=1, dtype=np.int64)
    flip = ones * 2 > n_rows
    order = np.argsort(np.where(flip, n_rows - ones, ones), kind="stable").astype(np.int32)
    flip = flip[order]
    columns = bits[order] ^ flip[:, None]
    matrix = aligned((n_rows, padded(len(words))), np.float32)
    matrix[:, : len(words)] = columns.T
    packed = np.zeros((len(words), 8 * words.shape[1]), np.uint8)
    octets = np.packbits(columns, axis=1, bitorder="little")
    packed[:, : octets.shape[1]] = octets
    masks = packed.view("<u8").astype(np.uint64)
    return Columns(literals, n_rows, np.ascontiguousarray(words), order, flip.astype(np.int32), masks, matrix)
