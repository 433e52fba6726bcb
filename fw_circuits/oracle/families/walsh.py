"""Walsh-Hadamard transform and pooled elimination over GF(2): kernels, selected here, and their NumPy references.

For rows x_r with weights w_r, ``H[s] = sum_r w_r (-1)^<s, x_r>`` scores the parity of the set s.  Up to 24
literals one transform of the histogram of w gives all 2^n of them.

Beyond, the sign of w_r is taken for a noisy label of an unknown parity (learning parity with noise).  A draw
assumes that n + 1 - b random rows carry clean labels: elimination then leaves b unknowns (b - 1 literals and
the constant), and a transform of size 2^b scores all parities that agree with those rows at once.
With a fraction p of wrong labels a draw succeeds with probability (1 - p)^(n + 1 - b).  Pooled Gauss (Esser,
Kuebler, May 2017) with the last unknowns left to a transform, as in the covering-code attacks; the
combination is original to this package.
"""

from __future__ import annotations

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._kernels import select
from fw_circuits._typing import Array, Floats, Ints, Words
from fw_circuits.oracle.base import Stop
from fw_circuits.oracle.families.counting import by_count

MASK = (1 << 64) - 1


#: Numbers that a kernel goes through between two questions to ``stop``.
SLICE = 1 << 21


def transform(h: Floats, threads: int = 1) -> Floats:
    """Walsh-Hadamard transform of 2^bits numbers, in place; returns h.

    Examples
    --------
    >>> transform(np.array([1.0, 2.0, 0.0, 4.0])).tolist()
    [7.0, -5.0, -1.0, 3.0]
    """
    bits = len(h).bit_length() - 1
    if kernels := select("_families", None):
        kernels.walsh_low(h, bits, 0, max(1, len(h) >> 12), threads)
        _high(h, threads)
        return h
    for i in range(bits):
        pairs = h.reshape(-1, 2, 1 << i)
        low, high = pairs[:, 0].copy(), pairs[:, 1].copy()
        pairs[:, 0], pairs[:, 1] = low + high, low - high
    return h


def _high(h: Floats, threads: int, ended: Stop = lambda: False) -> Floats | None:
    """The butterflies of bits 12 and above; None when ``ended`` said so."""
    kernels, bits, blocks = select("_families", None), len(h).bit_length() - 1, len(h) >> 12
    columns, step = (1 << 12) // 16 if bits > 12 else 0, max(1, SLICE // (16 * max(1, blocks)))
    for first in range(0, columns, step):
        if ended():
            return None
        kernels.walsh_high(h, bits, first, min(columns, first + step), threads)
    return h


def spectrum(keys: Ints, w: Floats, bits: int, threads: int = 1, ended: Stop = lambda: False) -> Floats | None:
    """The transform of the sums of w by key, all keys below 2^bits; None when ``ended`` said so.

    Memory is taken slice by slice, as the transform comes to it.

    Examples
    --------
    >>> spectrum(np.array([3, 0, 3]), np.array([1.0, 1.0, 3.0]), 2).tolist()
    [5.0, -3.0, -3.0, 5.0]
    """
    h = np.empty(1 << bits)
    order = np.argsort(keys, kind="stable")
    keys, w, kernels = keys[order], w[order], select("_families", None)
    for first in range(0, len(h), SLICE):
        if first and ended():
            return None
        part = h[first : first + SLICE]
        i, j = np.searchsorted(keys, [first, first + SLICE])
        part[:] = by_count(keys[i:j] - first, w[i:j], len(part) - 1)
        if kernels:
            kernels.walsh_low(part, part.size.bit_length() - 1, 0, max(1, part.size >> 12), threads)
    return _high(h, threads, ended) if kernels else transform(h)


def best_sets(h: Floats, factor: Floats, k: int, ended: Stop = lambda: False) -> Ints | None:
    """The k sets s >= 1 of largest ``|h[s]| factor[ones in s]``; ties: fewer ones, then smaller s.

    None when ``ended`` said so.
    """
    if kernels := select("_families", None):
        k, n = min(k, len(h) - 1), 0
        top: Ints = np.empty(k, dtype=np.int64)
        for first in range(1, len(h), SLICE):
            if first > 1 and ended():
                return None
            n = kernels.walsh_top(h, factor, k, top, n, first, min(len(h), first + SLICE))
        kernels.walsh_sort(h, factor, top, n)
        return top[:n]
    sets = np.arange(1, len(h))
    ones = np.bitwise_count(sets)
    return sets[np.lexsort([sets, ones, -np.abs(h[1:]) * factor[ones]])[:k]]


def draws(
    words: Words, keys: Words, label: Words, bits: int, seed: int, first: int, count: int, threads: int = 1
) -> tuple[Words, Array]:
    """The best parity of each of ``count`` draws: packed literals, and ``|sum_r (-1)^(label_r + <s, x_r>)|``.

    The literals come packed over rows (``words``) and over literals (``keys``), the label packed over rows, 2^15 - 1 at
    most; ``bits`` unknowns, 2 to 14 and at most n + 1, are left to the transform.  Draw number ``first + d`` depends on
    the seed and its number alone.
    """
    if kernels := select("_families", None):
        spare = -words.shape[1] % 8  # the kernel takes eight words at a time
        words, label = np.pad(words, ((0, 0), (0, spare))), np.pad(label, (0, spare))
        found: tuple[Words, Array] = kernels.parity_draws(words, keys, label, bits, seed & MASK, first, count, threads)
        return found
    numbers = [int.from_bytes(row.astype("<u8").tobytes(), "little") for row in keys]
    columns, labels = unpack_bits(words, len(keys)), unpack_bits(label[None], len(keys))[0].astype(np.int64)
    best = [_draw(columns, numbers, labels, bits, seed & MASK, first + d) for d in range(count)]
    packed = b"".join(s.to_bytes(8 * keys.shape[1], "little") for s, _ in best)
    sets = np.frombuffer(packed, "<u8").astype(np.uint64).reshape(count, -1)
    return sets, np.array([value for _, value in best], np.int32)


def _random(state: int) -> tuple[int, int]:
    """splitmix64: next state and number."""
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return state, z ^ z >> 31


def _draw(columns: Array, numbers: list[int], labels: Ints, bits: int, seed: int, number: int) -> tuple[int, int]:
    n, state = len(columns), seed ^ _random(number)[1]
    literals = (1 << n) - 1
    pivots: dict[int, int] = {}  # literal -> reduced row; bit n the constant, bit n + 1 the label
    want = n + 1 - bits
    for _ in range(2 * want + 64):
        if len(pivots) >= want:
            break
        state, z = _random(state)
        r = (z >> 32) * len(numbers) >> 32
        row = numbers[r] | 1 << n | int(labels[r]) << (n + 1)
        for literal, pivot in pivots.items():
            row ^= pivot if row >> literal & 1 else 0
        if row & literals:
            new = (row & -row).bit_length() - 1
            pivots = {i: p ^ row if p >> new & 1 else p for i, p in pivots.items()} | {new: row}
    left = [i for i in range(n) if i not in pivots][: bits - 1]
    places = {i: 1 << j for j, i in enumerate(left)} | {n: 1 << (bits - 1), n + 1: 1 << bits}
    key = (1 << (bits - 1)) + (labels << bits)
    for i, place in places.items():
        if i < n:
            key += columns[i].astype(np.int64) * place
    for literal, pivot in pivots.items():
        key ^= columns[literal].astype(np.int64) * sum(p for i, p in places.items() if pivot >> i & 1)
    h = transform(by_count(key & (1 << bits) - 1, np.where(key >> bits, -1.0, 1.0), (1 << bits) - 1))
    best = int(np.argmax(np.abs(h)))
    mask = 1 << (n + 1) | sum(1 << i for i, place in places.items() if best & place)
    chosen = mask & literals | sum(1 << i for i, p in pivots.items() if (p & mask).bit_count() & 1)
    return chosen, abs(int(h[best]))
