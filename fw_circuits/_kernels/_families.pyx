"""Compiled kernels of the oracles over structured families; their NumPy references are in
``fw_circuits.oracle.families``: ``walsh``, ``counting``, ``chains``."""

import numpy as np

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint64_t


cdef extern from "families/families.h" nogil:
    void fwc_walsh_low(double *h, int bits, int64_t first, int64_t last, int threads)
    int fwc_walsh_high(double *h, int bits, int64_t first, int64_t last, int threads)
    int64_t fwc_walsh_top(const double *h, const double *factor, int64_t k, int64_t *top, int64_t n, int64_t first,
                          int64_t last)
    void fwc_walsh_sort(const double *h, const double *factor, int64_t *top, int64_t n)
    ctypedef struct fwc_parity:
        int64_t n_literals, n_rows, n_words, key_words
        const uint64_t *words
        const uint64_t *keys
        const uint64_t *label
        int bits
    int fwc_parity_draws(const fwc_parity *p, uint64_t seed, int64_t first, int64_t count, uint64_t *sets,
                         int32_t *values, int threads)
    void fwc_triples(const uint64_t *columns, const uint64_t *label, int64_t n, int64_t ld, int64_t n_words,
                     int64_t n_rows, int64_t i0, int64_t i1, int16_t *first, int16_t *second)
    ctypedef struct fwc_table:
        int64_t n_literals, n_rows, key_words
        const uint64_t *keys
        const double *weights
    int fwc_prefixes(const uint64_t *words, int64_t n_words, const int64_t *order, const uint8_t *flips, int64_t n,
                     const double *weights, int64_t n_rows, double *scores)
    int fwc_best_change(const fwc_table *t, const uint16_t *count, const uint8_t *state, int64_t m, int kind,
                        const double *factor, double *score, int64_t *move, int64_t *literal)
    int fwc_moments(const fwc_table *t, int64_t first, int64_t last, double *sums, int threads)
    int fwc_follow(const fwc_table *t, const int64_t *plan, int64_t planned, uint8_t *free_, double clear,
                   int64_t fewest, int64_t *pairs, uint8_t *negative, int64_t *n_pairs, int64_t *places,
                   double *values, int64_t *n_ends)


def walsh_low(double[::1] h, int bits, int64_t first, int64_t last, int threads=1):
    """Butterflies of the bits below 12, blocks ``first`` to ``last - 1`` of 2^12 numbers, in place."""
    with nogil:
        fwc_walsh_low(&h[0], bits, first, last, threads)


def walsh_high(double[::1] h, int bits, int64_t first, int64_t last, int threads=1):
    """Butterflies of the other bits, sixteens of columns ``first`` to ``last - 1``, in place."""
    cdef int status
    with nogil:
        status = fwc_walsh_high(&h[0], bits, first, last, threads)
    if status:
        raise MemoryError("no memory for the buffers of a Walsh-Hadamard transform")


def walsh_top(const double[::1] h, const double[::1] factor, int64_t k, int64_t[::1] top, int64_t n, int64_t first,
              int64_t last):
    """Take sets ``first`` to ``last - 1`` into the heap of the n best before them; returns how many it has."""
    with nogil:
        n = fwc_walsh_top(&h[0], &factor[0], k, &top[0], n, first, last)
    return n


def walsh_sort(const double[::1] h, const double[::1] factor, int64_t[::1] top, int64_t n):
    """Put the heap in order, best first."""
    with nogil:
        fwc_walsh_sort(&h[0], &factor[0], &top[0], n)


def parity_draws(const uint64_t[:, ::1] words, const uint64_t[:, ::1] keys, const uint64_t[::1] label, int bits,
                 uint64_t seed, int64_t first, int64_t count, int threads=1):
    """Sets (count, key_words) and values (count,) of draws ``first`` to ``first + count - 1``; at most 2^15 - 1 rows."""
    cdef fwc_parity p
    cdef int status
    p.n_literals, p.n_words = words.shape[0], words.shape[1]
    p.n_rows, p.key_words = keys.shape[0], keys.shape[1]
    if p.n_rows > 32767 or not 2 <= bits <= 14:
        raise ValueError(f"{p.n_rows} rows and {bits} unknowns; expected at most 32767 rows, and 2 to 14 unknowns")
    p.words, p.keys, p.label, p.bits = &words[0, 0], &keys[0, 0], &label[0], bits
    sets = np.empty((count, keys.shape[1]), dtype=np.uint64)
    values = np.empty(count, dtype=np.int32)
    cdef uint64_t[:, ::1] sets_view = sets
    cdef int32_t[::1] values_view = values
    with nogil:
        status = fwc_parity_draws(&p, seed, first, count, &sets_view[0, 0], &values_view[0], threads)
    if status:
        raise MemoryError("no memory for the elimination of a draw")
    return sets, values


def triples(const uint64_t[:, ::1] columns, const uint64_t[::1] label, int64_t n, int64_t n_rows, int64_t i0,
            int64_t i1, int16_t[:, ::1] first, int16_t[:, ::1] second):
    """Keep the two largest abs(sum((-1) ** (x[i] ^ x[j] ^ x[k] ^ label))) over k of pairs i < j, for i0 <= i < i1."""
    cdef int64_t n_words = columns.shape[0], ld = columns.shape[1]
    if n_words > 16:
        raise ValueError(f"{n_words} words a column; expected at most 16, 1024 rows")
    with nogil:
        fwc_triples(&columns[0, 0], &label[0], n, ld, n_words, n_rows, i0, i1, &first[0, 0], &second[0, 0])


def prefixes(const uint64_t[:, ::1] words, const int64_t[::1] order, const uint8_t[::1] flips,
             const double[::1] weights):
    """Best scores of functions of the count of the first 2, 3, ... columns of an order, (len(order) - 1, 3)."""
    cdef int64_t n = order.shape[0]
    cdef int status
    scores = np.empty((n - 1, 3))
    cdef double[:, ::1] view = scores
    with nogil:
        status = fwc_prefixes(&words[0, 0], words.shape[1], &order[0], &flips[0], n, &weights[0], weights.shape[0],
                              &view[0, 0])
    if status:
        raise MemoryError("no memory for sums by count")
    return scores


cdef fwc_table table_of(const uint64_t[:, ::1] keys, const double[::1] weights, int64_t n):
    cdef fwc_table t
    t.n_literals, t.n_rows, t.key_words = n, keys.shape[0], keys.shape[1]
    t.keys, t.weights = &keys[0, 0], &weights[0]
    return t


def moments(const uint64_t[:, ::1] keys, const double[::1] weights, int64_t first, int64_t last, double[:, ::1] sums,
            int threads=1):
    """Sums of the weights where literals i and j are 1, for ``first <= i < last`` and j >= i, in both places."""
    cdef fwc_table t = table_of(keys, weights, sums.shape[0])
    cdef int status
    with nogil:
        status = fwc_moments(&t, first, last, &sums[0, 0], threads)
    if status:
        raise MemoryError("no memory for the rows of a literal")


def best_change(const uint64_t[:, ::1] keys, const double[::1] weights, const uint16_t[::1] count,
                const uint8_t[::1] state, int64_t m, int kind, const double[::1] factor):
    """Score, move and literal of the best change of one literal of a counted set."""
    cdef fwc_table t = table_of(keys, weights, state.shape[0])
    cdef double score
    cdef int64_t move, literal
    cdef int status
    with nogil:
        status = fwc_best_change(&t, &count[0], &state[0], m, kind, &factor[0], &score, &move, &literal)
    if status:
        raise MemoryError("no memory for sums by count and literal")
    return score, move, literal


def follow(const uint64_t[:, ::1] keys, const double[::1] weights, const int64_t[:, ::1] plan, uint8_t[::1] free,
           double clear, int64_t fewest, bint greedy):
    """Pairs, complements, and ends of a carry chain: places (depth, start) and values (inner, slack)."""
    cdef int64_t n = free.shape[0], n_pairs, n_ends
    cdef fwc_table t = table_of(keys, weights, n)
    cdef int64_t planned = -1 if greedy else plan.shape[0]
    cdef const int64_t *steps = NULL if greedy or plan.shape[0] == 0 else &plan[0, 0]
    cdef int status
    size = max(n, 2 * planned) + 4
    pairs = np.empty((size // 2, 2), dtype=np.int64)
    negative = np.empty((size // 2, 2), dtype=np.uint8)
    places, values = np.empty((size, 2), dtype=np.int64), np.empty((size, 2))
    cdef int64_t[:, ::1] pairs_view = pairs, places_view = places
    cdef uint8_t[:, ::1] negative_view = negative
    cdef double[:, ::1] values_view = values
    with nogil:
        status = fwc_follow(&t, steps, planned, &free[0], clear, fewest, &pairs_view[0, 0], &negative_view[0, 0],
                            &n_pairs, &places_view[0, 0], &values_view[0, 0], &n_ends)
    if status:
        raise MemoryError("no memory for the rows of a chain")
    return pairs[:n_pairs], negative[:n_pairs], places[:n_ends], values[:n_ends]
