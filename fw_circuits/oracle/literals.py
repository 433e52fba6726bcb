"""Literals of one level, made ready for the search: distinct, at most half true, packed by column and by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fw_circuits._bits import OCTETS, clear_padding, octet_sums, pack_bits, unpack_bits
from fw_circuits._typing import Array, Bits, Floats, Ints, Words
from fw_circuits.lattice import transpose_bits

LANES = 16


@dataclass(frozen=True)
class Literals:
    """Literals that the search goes through.

    Attributes
    ----------
    index : (n,)
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

    index: Ints
    n_rows: int
    words: Words
    order: Array
    flip: Array
    masks: Words
    keys: Words

    @classmethod
    def of(cls, words: Words, n_rows: int, index: Ints) -> Literals:
        """Choose polarity and order of distinct literals, (n, W) with padding zero, and lay them out."""
        words = np.ascontiguousarray(words)
        ones = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
        flip = ones * 2 > n_rows
        order = np.argsort(np.where(flip, n_rows - ones, ones), kind="stable").astype(np.int32)
        flip = flip[order]
        masks = np.where(flip[:, None], words[order] ^ pack_bits(np.ones((1, n_rows), bool)), words[order])
        keys = transpose_bits(masks, n_rows)
        return cls(index, n_rows, words, order, flip.astype(np.int32), masks, keys)

    @classmethod
    def distinct(cls, words: Words, n_rows: int) -> Literals:
        """Those that are not constant, and not equal or complementary to an earlier one, on the rows.

        Examples
        --------
        >>> Literals.distinct(np.array([[0b01], [0b10], [0b11], [0b01], [0b00]], np.uint64), 2).index.tolist()
        [0]
        """
        padding = pack_bits(np.ones((1, n_rows), bool))[0]
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
        index = np.array(keep, dtype=np.int64)
        return cls.of(words[index], n_rows, index)

    @property
    def n(self) -> int:
        """Number of literals."""
        return len(self.index)

    @property
    def ld(self) -> int:
        """Width of a row of numbers in the search: n, padded to a multiple of 16."""
        return padded(self.n)

    @cached_property
    def bits(self) -> Bits:
        """The literals as values 0 and 1, (n, n_rows); unpacked once."""
        return unpack_bits(self.words, self.n_rows)

    @cached_property
    def by_row(self) -> Words:
        """The literals row by row, (n_rows, ceil(n / 64)): literal i is bit i % 64 of word i // 64; made once."""
        return transpose_bits(self.words, self.n_rows)

    @property
    def columns(self) -> Bits:
        """The columns of the screen as values 0 and 1, (n, n_rows)."""
        return unpack_bits(self.masks, self.n_rows)

    def sums(self, weights: Floats) -> Floats:
        """Sums of row weights over the rows where each literal is 1, (n,)."""
        octets = self.keys.astype("<u8", copy=False).view(np.uint8)
        of_columns = np.concatenate([octet_sums(octet, weights) @ OCTETS for octet in octets.T])[: self.n]
        sums = np.empty(self.n)
        sums[self.order] = np.where(self.flip, weights.sum() - of_columns, of_columns)
        return sums

    def take(self, columns: Ints) -> Literals:
        """Only those columns of the screen."""
        keep = np.sort(self.order[columns])
        return Literals.of(self.words[keep], self.n_rows, self.index[keep])

    def on(self, rows: Ints) -> Literals:
        """The same literals on those rows (ascending, each once); some may be constant or equal there."""
        masks = transpose_bits(np.ascontiguousarray(self.keys[rows]), self.n)
        words = np.empty_like(masks)
        words[self.order] = np.where(self.flip[:, None] == 1, ~masks, masks)
        clear_padding(words, len(rows))
        return Literals.of(words, len(rows), self.index)

    def sample(self, columns: Ints, rows: Ints) -> Literals:
        """Only those columns of the screen, in that order, and those rows (which may repeat).

        For statistics: columns may turn out constant or equal on the sample.
        """
        keys = np.ascontiguousarray(self.keys[rows])
        masks = np.ascontiguousarray(transpose_bits(keys, 64 * keys.shape[1])[columns])
        order = np.arange(len(columns), dtype=np.int32)
        index = self.index[self.order[columns]]
        return Literals(index, len(rows), masks, order, np.zeros_like(order), masks, transpose_bits(masks, len(rows)))


def padded(n: int) -> int:
    """The next multiple of 16, at least 16."""
    return max(1, -(-n // LANES)) * LANES
