"""Compiled kernels of the oracles over structured families; their NumPy references are in
``fw_circuits.oracle.families.walsh`` and ``chains``."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t


cdef extern from "families/families.h" nogil:
    int fwc_walsh(double *h, int bits, int threads)
    int64_t fwc_walsh_top(const double *h, int bits, const double *factor, int64_t k, int64_t *top)
    ctypedef struct fwc_parity:
        int64_t n_literals, n_rows, n_words, key_words
        const uint64_t *words
        const uint64_t *keys
        const double *weights
        const double *cumulative
        int bits
    int fwc_parity_draws(const fwc_parity *p, uint64_t seed, int64_t first, int64_t count, uint64_t *sets,
                         double *values, int threads)
    void fwc_triples(const uint64_t *words, const uint64_t *label, int64_t n, int64_t n_words, int64_t n_rows,
                     int32_t *sums, int threads)


def walsh(double[::1] h, int bits, int threads=1):
    """h[i] = sum((-1) ** popcount(i & j) * h[j] for j), in place; h has 2^bits entries."""
    cdef int status
    with nogil:
        status = fwc_walsh(&h[0], bits, threads)
    if status:
        raise MemoryError("no memory for the buffers of a Walsh-Hadamard transform")


def walsh_top(const double[::1] h, int bits, const double[::1] factor, int64_t k):
    """sorted(range(1, 2**bits), key=lambda s: (-abs(h[s]) * factor[popcount(s)], popcount(s), s))[:k]"""
    top = np.empty(k, dtype=np.int64)
    cdef int64_t[::1] view = top
    cdef int64_t n
    with nogil:
        n = fwc_walsh_top(&h[0], bits, &factor[0], k, &view[0])
    return top[:n]


def parity_draws(const uint64_t[:, ::1] words, const uint64_t[:, ::1] keys, const double[::1] weights,
                 const double[::1] cumulative, int bits, uint64_t seed, int64_t first, int64_t count, int threads=1):
    """Sets (count, key_words) and values (count,) of draws ``first`` to ``first + count - 1``."""
    cdef fwc_parity p
    cdef int status
    p.n_literals, p.n_words = words.shape[0], words.shape[1]
    p.n_rows, p.key_words = keys.shape[0], keys.shape[1]
    p.words, p.keys = &words[0, 0], &keys[0, 0]
    p.weights, p.cumulative, p.bits = &weights[0], &cumulative[0], bits
    sets = np.empty((count, keys.shape[1]), dtype=np.uint64)
    values = np.empty(count, dtype=np.float64)
    cdef uint64_t[:, ::1] sets_view = sets
    cdef double[::1] values_view = values
    with nogil:
        status = fwc_parity_draws(&p, seed, first, count, &sets_view[0, 0], &values_view[0], threads)
    if status:
        raise MemoryError("no memory for the elimination of a draw")
    return sets, values


def triples(const uint64_t[:, ::1] words, const uint64_t[::1] label, int64_t n_rows, int threads=1):
    """For i < j the two largest abs(sum((-1) ** (x[i] ^ x[j] ^ x[k] ^ label))) over other k, added up; at most 16 words."""
    cdef int64_t n = words.shape[0], n_words = words.shape[1]
    sums = np.empty((n, n), dtype=np.int32)
    cdef int32_t[:, ::1] view = sums
    if n_words > 16:
        raise ValueError(f"{n_words} words a column; expected at most 16, 1024 rows")
    with nogil:
        fwc_triples(&words[0, 0], &label[0], n, n_words, n_rows, &view[0, 0], threads)
    return sums
