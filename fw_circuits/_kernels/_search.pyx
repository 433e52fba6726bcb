"""Exact searches over subsets of literals: wrapper of ``csrc/search``.

Their NumPy meaning, under the same names, is ``fw_circuits.oracle.reference``.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

import numpy as np


cdef extern from "search/subset.h" nogil:
    enum: FWC_MOST, FWC_CLASSES
    ctypedef struct fwc_found:
        double value
        uint64_t table
        int64_t arity
        int32_t lit[6]
    ctypedef struct fwc_class:
        int32_t arity, gates, least_core
        double factor
        const uint32_t *core[6]
        int64_t n_core[6]
    ctypedef struct fwc_search:
        int threads
        char *scratch
        int64_t n, n_rows, n_words, ld, chunk, isa, k, per_support, n_found, n_classes, stride, width
        const uint64_t *words
        const double *weights
        const int32_t *order
        const int32_t *flip
        const uint64_t *masks
        int32_t total
        double delta, slack, threshold
        fwc_found *found
        int64_t counts[3]
        const uint64_t *keys
        const float *q
        int32_t *singles
        int32_t *pairs
        int32_t *triples
        const double *factor
        const double *fac[5]
        const float *fac4
        double top[5]
        const uint8_t *nearest
        double *literal_best
        float *bits
        float *weighted
        int32_t *level[4]
        fwc_class classes[3]
    int64_t fwc_scratch(int64_t ld, int64_t chunk, int64_t k, int64_t width)
    void fwc_pair_sums(fwc_search *s, int64_t w0, int64_t w1)
    void fwc_pairs(fwc_search *s)
    void fwc_triples(fwc_search *s, int64_t a0, int64_t a1)
    void fwc_quads(fwc_search *s, const int32_t *blocks, int64_t n_blocks)

cdef extern from "search/gates.h" nogil:
    int64_t fwc_gates_scratch(int64_t n_words, int64_t ld, int64_t chunk, int64_t cap)
    void fwc_gates_prefixes(fwc_search *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine)

assert FWC_MOST == 6 and FWC_CLASSES == 3


def scratch_bytes(int64_t ld, int64_t chunk, int64_t k, int64_t width):
    """Bytes of scratch memory of one thread of a `SubsetSearch`."""
    return fwc_scratch(ld, chunk, k, width)


def gates_scratch_bytes(int64_t n_words, int64_t ld, int64_t chunk, int64_t k):
    """Bytes of scratch memory of one thread of a `GateSearch`."""
    return fwc_gates_scratch(n_words, ld, chunk, k)


def aligned(shape, dtype):
    """Zeros at a multiple of 64 bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


cdef class Search:
    """What both searches share: literals, weights, screen and the answer.  Nothing here is checked.

    ``screen`` is a `fw_circuits.oracle.screen.Screen`, ``settings`` its `PassSettings`; ``found`` has k records,
    ``floor`` is a score to reach.
    """

    cdef fwc_search s
    cdef list keep
    cdef object _found

    cdef prepare(self, screen, settings, found, double floor, int64_t stride):
        cdef const uint64_t[:, ::1] words = screen.literals.words, masks = screen.masks
        cdef const double[::1] weights = screen.weights
        cdef const int32_t[::1] order = screen.literals.order, flip = screen.literals.flip
        cdef fwc_found[::1] found_view = found
        cdef char[:, ::1] scratch = aligned((settings.n_threads, stride), np.int8)
        memset(&self.s, 0, sizeof(self.s))
        self._found = found
        self.keep = [words, masks, weights, order, flip, scratch]
        self.s.threads, self.s.scratch, self.s.stride = scratch.shape[0], &scratch[0, 0], stride
        self.s.n, self.s.n_words, self.s.n_rows = words.shape[0], words.shape[1], weights.shape[0]
        self.s.words, self.s.masks, self.s.weights = &words[0, 0], &masks[0, 0], &weights[0]
        self.s.order, self.s.flip = &order[0], &flip[0]
        self.s.ld, self.s.chunk, self.s.total = screen.literals.ld, screen.chunk, screen.total
        self.s.delta, self.s.slack, self.s.isa = screen.delta, screen.slack, settings.isa
        self.s.k, self.s.per_support, self.s.threshold = len(found), settings.per_support, floor
        self.s.found = &found_view[0]

    @property
    def threshold(self):
        """Score that a function has to reach now."""
        return self.s.threshold

    @property
    def counts(self):
        """Subsets, or functions, that passed one bound after the other."""
        return tuple(self.s.counts)

    def found(self):
        """Best functions so far, sorted."""
        return self._found[: self.s.n_found].copy()


cdef class SubsetSearch(Search):
    """Functions of at most four literals: `pair_sums` and `pairs`, then `triples`, then `quads`, in pieces.

    ``tables`` are the `fw_circuits.oracle.tables.Tables`; ``literal_best`` (n) or None takes the best score of any
    subset with a column of the screen; ``width`` is that of a block of `quads`, 0 where there will be none.
    ``counts``: subsets that reached the second bound, the integer scan, the exact stage.
    """

    def __init__(self, screen, settings, found, double floor, tables, literal_best, int64_t width):
        cdef int64_t n = screen.literals.n, ld = screen.literals.ld
        cdef const uint64_t[:, ::1] keys = screen.literals.keys
        cdef const float[::1] q = screen.q
        cdef int32_t[::1] singles = aligned((ld,), np.int32)
        cdef int32_t[:, ::1] pairs = aligned((ld, ld), np.int32)
        cdef int32_t[:, :, ::1] triples
        cdef const double[::1] factor = tables.factor, view
        cdef const float[::1] fac4 = tables.fac4
        cdef const uint8_t[:, ::1] nearest = tables.nearest
        cdef double[::1] best
        cdef int j
        self.prepare(screen, settings, found, floor, fwc_scratch(ld, screen.chunk, settings.k, max(1, width)))
        self.s.width = max(1, width)
        self.keep += [keys, q, singles, pairs, factor, fac4, nearest, tables.fac]
        self.s.keys, self.s.q, self.s.singles, self.s.pairs = &keys[0, 0], &q[0], &singles[0], &pairs[0, 0]
        self.s.factor, self.s.fac4, self.s.nearest = &factor[0], &fac4[0], &nearest[0, 0]
        for j in range(1, 5):
            view = tables.fac[j]
            self.s.fac[j], self.s.top[j] = &view[0], tables.top[j]
        if width:
            triples = aligned((n, ld, ld), np.int32)
            self.keep.append(triples)
            self.s.triples = &triples[0, 0, 0]
        if literal_best is not None:
            best = literal_best
            self.keep.append(best)
            self.s.literal_best = &best[0]

    def pair_sums(self, int64_t i, int64_t j):
        """Sums over the chunks of rows [i, j), which `pairs` and the later stages need of all chunks."""
        cdef int64_t words = self.s.chunk // 64
        with nogil:
            fwc_pair_sums(&self.s, i * words, min(j * words, self.s.n_words))

    def pairs(self):
        """All 1- and 2-subsets, after `pair_sums` over all rows."""
        with nogil:
            fwc_pairs(&self.s)

    def triples(self, int64_t a0, int64_t a1):
        """3-subsets whose first column of the screen is in [a0, a1)."""
        with nogil:
            fwc_triples(&self.s, a0, a1)

    def quads(self, const int32_t[:, ::1] blocks):
        """4-subsets of the blocks (a, b0, b1): first column a, second in [b0, b1)."""
        with nogil:
            fwc_quads(&self.s, &blocks[0, 0], blocks.shape[0])


cdef class GateSearch(Search):
    """Functions of few gates: prefixes of 0, 1, 2, ... columns of the screen, in pieces.

    ``classes`` are `fw_circuits.oracle.gate_classes.GateClass`; sums are kept for prefixes of fewer than ``levels``
    columns.  ``counts``: subsets that passed the first bound, subsets with a float64 histogram, functions scored.
    """

    def __init__(self, screen, settings, found, double floor, list classes, int levels):
        cdef int64_t n = screen.literals.n, ld = screen.literals.ld, n_words = screen.literals.words.shape[1]
        cdef int64_t cap = min(settings.k, settings.per_support or settings.k), size = 1
        cdef float[:, ::1] bits, weighted
        cdef int32_t[:, :, ::1] level
        cdef const uint32_t[::1] tables
        cdef int i, j
        self.prepare(screen, settings, found, floor, fwc_gates_scratch(n_words, ld, screen.chunk, cap))
        numbers = aligned((screen.literals.n_rows, ld), np.float32)
        numbers[:, :n] = screen.literals.columns.T
        bits = numbers
        products = aligned(numbers.shape, np.float32)
        np.multiply(numbers, np.asarray(screen.q)[:, None], out=products)
        weighted = products
        self.keep += [bits, weighted]
        self.s.bits, self.s.weighted = &bits[0, 0], &weighted[0, 0]
        for j in range(levels):  # size = C(n, j)
            level = aligned((size, ld, ld), np.int32)
            self.keep.append(level)
            self.s.level[j] = &level[0, 0, 0]
            size = size * (n - j) // (j + 1)
        self.s.n_classes = len(classes)
        for i, kind in enumerate(classes):
            cores = kind.cores
            self.s.classes[i].arity, self.s.classes[i].gates = kind.arity, kind.gates
            self.s.classes[i].factor, self.s.classes[i].least_core = kind.factor, min(cores)
            for j, array in cores.items():
                tables = array
                self.keep.append(tables)
                self.s.classes[i].core[j], self.s.classes[i].n_core[j] = &tables[0], tables.shape[0]

    def prefixes(self, const int32_t[:, ::1] columns, bint examine):
        """Sums for prefixes (P, m) of columns of the screen; with ``examine`` also their subsets of m + 2."""
        cdef const int32_t *first = &columns[0, 0] if columns.shape[1] else NULL
        with nogil:
            fwc_gates_prefixes(&self.s, columns.shape[1], first, columns.shape[0], examine)
