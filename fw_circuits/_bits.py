"""Bits and the words they are packed in: bit i of a row is bit ``i % 64`` of its word ``i // 64``."""

import numpy as np

from fw_circuits._typing import Array, Bits, Floats, Words


def pack_bits(bits: Array) -> Words:
    """Pack the rows of a matrix into words; padding bits are zero.

    Parameters
    ----------
    bits : (m, n) uint8 or bool
        Values 0 and 1 (not checked).

    Returns
    -------
    (m, ceil(n / 64)) uint64

    Examples
    --------
    >>> pack_bits(np.array([[1, 1, 0], [0, 1, 1]], dtype=np.uint8)).tolist()
    [[3], [6]]
    """
    m, n = bits.shape
    octets = np.zeros((m, (n + 63) // 64 * 8), dtype=np.uint8)
    octets[:, : (n + 7) // 8] = np.packbits(bits, axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64, copy=False)


def unpack_bits(words: Words, n: int) -> Bits:
    """The first n bits of each row of words, (m, W) to (m, n): the inverse of `pack_bits`.

    Examples
    --------
    >>> unpack_bits(np.array([[3], [6]], dtype=np.uint64), 3).tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n, bitorder="little")


#: Row v: the bits of v, lowest first.
OCTETS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
#: Rows that `octet_sums` reads at a time.
BLOCK_ROWS = 1 << 16


def octet_sums(octets: Array, weights: Floats) -> Floats:
    """Sums of weights by the value of an octet, (256,): eight columns of bits in one pass over the rows.

    Sums over rows where a bit is set, or any function of the eight is, follow from these (the method of four Russians).

    Parameters
    ----------
    octets : (n,) uint8
    weights : (n,) float64

    Examples
    --------
    >>> (octet_sums(np.array([1, 3, 2], np.uint8), np.array([5.0, 1.0, 2.0])) @ OCTETS)[:3].tolist()
    [6.0, 3.0, 0.0]
    """
    total = np.zeros(256)
    for start in range(0, len(octets), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        total += np.bincount(octets[rows], weights[rows], 256)
    return total


def clear_padding(words: Words, n: int) -> None:
    """Set the bits from number n on to zero in each row, in place.

    Examples
    --------
    >>> words = np.array([[15, 1]], dtype=np.uint64)
    >>> clear_padding(words, 3)
    >>> words.tolist()
    [[7, 0]]
    """
    whole, rest = divmod(n, 64)
    if rest:
        words[:, whole] &= np.uint64((1 << rest) - 1)
        whole += 1
    words[:, whole:] = 0
