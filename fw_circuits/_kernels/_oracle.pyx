"""Exact search over subsets of literals: wrapper of ``csrc/oracle``.

The NumPy meaning of the whole search is ``fw_circuits.oracle.reference.subset_scan.search``.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memset

import numpy as np


cdef extern from "oracle/subset.h" nogil:
    enum: FWC_COSTS
    ctypedef struct fwc_found:
        double value
        int32_t arity
        int32_t lit[4]
        int32_t table
    ctypedef struct fwc_search:
        int64_t n, n_rows, n_words, ld, chunk, isa, k, per_support, n_found
        const uint64_t *words
        const uint64_t *masks
        const double *weights
        const int32_t *order
        const int32_t *flip
        const uint64_t *keys
        const float *q
        int32_t *singles
        int32_t *pairs
        int32_t *triples
        int32_t total
        double delta, slack, threshold
        const double *factor
        const double *fac[5]
        const float *fac4
        double top[5]
        const uint8_t *nearest
        fwc_found *found
        double *literal_best
        int64_t counts[3]
    int64_t fwc_scratch(int64_t ld, int64_t chunk, int64_t k, int64_t width)
    void fwc_pairs(fwc_search *s, int threads, char *scratch, int64_t stride)
    void fwc_triples(fwc_search *s, int64_t a0, int64_t a1, int threads, char *scratch, int64_t stride)
    void fwc_quads(fwc_search *s, const int32_t *blocks, int64_t n_blocks, int threads, char *scratch,
                   int64_t stride, int64_t width)


FOUND = np.dtype([("value", "f8"), ("arity", "i4"), ("lit", "i4", (4,)), ("table", "i4")])
assert FOUND.itemsize == sizeof(fwc_found)


def scratch_bytes(int64_t ld, int64_t chunk, int64_t k, int64_t width):
    """Bytes of scratch memory of one thread."""
    return fwc_scratch(ld, chunk, k, width)


cdef class Search:
    """One pass over one set of rows: `pairs`, then `triples`, then `quads`, each in pieces.

    Parameters are the fields of ``fwc_search`` (``csrc/oracle/subset.h``); arrays are C-contiguous, ``scratch``
    has one row a thread.  Nothing here is checked: the caller is ``fw_circuits.oracle.exact.scan``.
    """

    cdef fwc_search s
    cdef object keep
    cdef char[:, ::1] scratch
    cdef int threads
    cdef int64_t width
    cdef object _found

    def __init__(self, const uint64_t[:, ::1] words, const double[::1] weights, const int32_t[::1] order,
                 const int32_t[::1] flip, const uint64_t[:, ::1] masks, const uint64_t[:, ::1] keys,
                 const float[::1] q, int64_t chunk, int32_t total, double delta, double slack,
                 const double[::1] factor, list fac, const float[::1] fac4, const double[::1] top,
                 const uint8_t[:, ::1] nearest, int64_t k, int64_t per_support, double floor, int64_t isa,
                 int32_t[::1] singles, int32_t[:, ::1] pairs, int32_t[:, :, ::1] triples, double[::1] literal_best,
                 char[:, ::1] scratch, int64_t width):
        cdef const double[::1] view
        cdef fwc_found[::1] found_view
        cdef int j
        self._found = np.zeros(k, FOUND)
        found_view = self._found
        memset(&self.s, 0, sizeof(self.s))
        self.keep = (words, weights, order, flip, masks, keys, q, factor, fac, fac4, nearest, singles, pairs,
                     triples, literal_best)
        self.scratch, self.threads, self.width = scratch, scratch.shape[0], width
        self.s.n, self.s.n_words, self.s.n_rows = words.shape[0], words.shape[1], weights.shape[0]
        self.s.words, self.s.weights = &words[0, 0], &weights[0]
        self.s.order, self.s.flip, self.s.masks = &order[0], &flip[0], &masks[0, 0]
        self.s.keys, self.s.q = &keys[0, 0], &q[0]
        self.s.ld, self.s.chunk, self.s.total = singles.shape[0], chunk, total
        self.s.delta, self.s.slack, self.s.factor = delta, slack, &factor[0]
        for j in range(1, 5):
            view = fac[j]
            self.s.fac[j] = &view[0]
            self.s.top[j] = top[j]
        self.s.fac4, self.s.nearest = &fac4[0], &nearest[0, 0]
        self.s.k, self.s.per_support, self.s.threshold = k, per_support, floor
        self.s.isa = isa
        self.s.singles, self.s.pairs = &singles[0], &pairs[0, 0]
        self.s.triples = &triples[0, 0, 0] if triples is not None else NULL
        self.s.literal_best = &literal_best[0] if literal_best is not None else NULL
        self.s.found = &found_view[0]

    def pairs(self):
        """All 1- and 2-subsets, and the sums that the later stages need."""
        with nogil:
            fwc_pairs(&self.s, self.threads, &self.scratch[0, 0], self.scratch.shape[1])

    def triples(self, int64_t a0, int64_t a1):
        """3-subsets whose first column of the screen is in [a0, a1)."""
        with nogil:
            fwc_triples(&self.s, a0, a1, self.threads, &self.scratch[0, 0], self.scratch.shape[1])

    def quads(self, const int32_t[:, ::1] blocks):
        """4-subsets of the blocks (a, b0, b1)."""
        with nogil:
            fwc_quads(&self.s, &blocks[0, 0], blocks.shape[0], self.threads, &self.scratch[0, 0],
                      self.scratch.shape[1], self.width)

    @property
    def threshold(self):
        """Score that a function has to reach now."""
        return self.s.threshold

    @property
    def counts(self):
        """Subsets that reached the second bound, the integer scan, the exact stage."""
        return tuple(self.s.counts)

    def found(self):
        """Best functions so far, sorted."""
        return self._found[: self.s.n_found].copy()
