"""Exact search over functions of five or six literals with few gates: wrapper of ``csrc/gates``.

The NumPy meaning of the whole search is ``fw_circuits.oracle.reference.gates_scan.search``.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memset

import numpy as np


cdef extern from "gates/gates.h" nogil:
    enum: FWC_MOST, FWC_FAMILIES
    ctypedef struct fwc_gates_found:
        double value
        uint64_t table
        int32_t arity, gates
        int32_t lit[6]
    ctypedef struct fwc_family:
        int32_t arity, gates, least_core
        double factor
        const uint32_t *core[6]
        int64_t n_core[6]
    ctypedef struct fwc_gates:
        int64_t n, n_rows, n_words, ld, chunk, isa, k, per_support, n_families, n_found
        const uint64_t *words
        const uint64_t *masks
        const double *weights
        const int32_t *order
        const int32_t *flip
        float *bits
        float *weighted
        int32_t total
        double delta, slack, threshold
        int32_t *level[4]
        fwc_family family[3]
        fwc_gates_found *found
        int64_t counts[3]
    int64_t fwc_gates_scratch(int64_t n_words, int64_t ld, int64_t chunk, int64_t cap)
    void fwc_gates_prefixes(fwc_gates *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine,
                            int threads, char *scratch, int64_t stride)


FOUND = np.dtype([("value", "f8"), ("table", "u8"), ("arity", "i4"), ("gates", "i4"), ("lit", "i4", (6,))])
assert FOUND.itemsize == sizeof(fwc_gates_found) and FWC_MOST == 6 and FWC_FAMILIES == 3


def scratch_bytes(int64_t n_words, int64_t ld, int64_t chunk, int64_t cap):
    """Bytes of scratch memory of one thread."""
    return fwc_gates_scratch(n_words, ld, chunk, cap)


cdef class GateSearch:
    """One pass over one set of rows: prefixes of 0, 1, 2, ... columns, in pieces.

    Parameters are the fields of ``fwc_gates`` (``csrc/gates/gates.h``); arrays are C-contiguous, ``scratch`` has one
    row a thread, ``levels`` holds one array or None for each size of a prefix, ``families`` tuples (arity, gates,
    factor, {inputs: tables}).  Nothing here is checked: the caller is ``fw_circuits.oracle.exact.gates_scan``.
    """

    cdef fwc_gates s
    cdef object keep
    cdef char[:, ::1] scratch
    cdef object _found

    def __init__(self, const uint64_t[:, ::1] words, const double[::1] weights, const int32_t[::1] order,
                 const int32_t[::1] flip, const uint64_t[:, ::1] masks, float[:, ::1] bits,
                 float[:, ::1] weighted, int64_t chunk, int32_t total, double delta, double slack,
                 list levels, list families, int64_t k, int64_t per_support, double floor, int64_t isa,
                 char[:, ::1] scratch):
        cdef int32_t[:, :, ::1] level
        cdef const uint32_t[::1] tables
        cdef fwc_gates_found[::1] found_view
        cdef int j, n
        self._found = np.zeros(k, FOUND)
        found_view = self._found
        memset(&self.s, 0, sizeof(self.s))
        self.keep = (words, weights, order, flip, masks, bits, weighted, levels, families)
        self.scratch = scratch
        self.s.n, self.s.n_words, self.s.n_rows = words.shape[0], words.shape[1], weights.shape[0]
        self.s.words, self.s.weights = &words[0, 0], &weights[0]
        self.s.order, self.s.flip, self.s.masks = &order[0], &flip[0], &masks[0, 0]
        self.s.bits, self.s.weighted = &bits[0, 0], &weighted[0, 0]
        self.s.ld, self.s.chunk, self.s.total = bits.shape[1], chunk, total
        self.s.delta, self.s.slack = delta, slack
        for j, array in enumerate(levels):
            if array is not None:
                level = array
                self.s.level[j] = &level[0, 0, 0]
        self.s.n_families = len(families)
        for j, (arity, gates, factor, cores) in enumerate(families):
            self.s.family[j].arity, self.s.family[j].gates = arity, gates
            self.s.family[j].factor, self.s.family[j].least_core = factor, min(cores)
            for n, array in cores.items():
                tables = array
                self.s.family[j].core[n], self.s.family[j].n_core[n] = &tables[0], tables.shape[0]
        self.s.k, self.s.per_support, self.s.threshold, self.s.isa = k, per_support, floor, isa
        self.s.found = &found_view[0]

    def prefixes(self, const int32_t[:, ::1] columns, bint examine):
        """Sums for prefixes (P, m) of columns of the screen; with ``examine`` also their subsets of m + 2."""
        cdef const int32_t *first = &columns[0, 0] if columns.shape[1] else NULL
        with nogil:
            fwc_gates_prefixes(&self.s, columns.shape[1], first, columns.shape[0], examine, self.scratch.shape[0],
                               &self.scratch[0, 0], self.scratch.shape[1])

    @property
    def counts(self):
        """Subsets that passed the first bound, subsets with a float64 histogram, functions scored."""
        return tuple(self.s.counts)

    def found(self):
        """Best functions so far, sorted."""
        return self._found[: self.s.n_found].copy()
