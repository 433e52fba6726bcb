"""Compiled kernels of ``fw_circuits.lattice``; their NumPy meaning is ``fw_circuits.lattice.reference``."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcpy


cdef extern from "lattice/lattice.h" nogil:
    ctypedef struct fwc_rowset:
        pass
    Py_ssize_t fwc_j1(const double *z, size_t n, size_t d, int level, int64_t *indptr, uint64_t *keys, double *weights)
    enum: FWC_STEP
    Py_ssize_t fwc_j1_steps(const double *z, size_t n, size_t d, int64_t *indptr, void *steps, double *weights)
    void fwc_j1_columns(const void *steps, size_t n, size_t d, int level, const int64_t *indptr, uint64_t *words,
                        size_t n_words)
    void fwc_to_unit(const double *X, int64_t n, int64_t row_stride, int64_t column_stride, const int64_t *columns,
                     int64_t d, const int64_t *start, const double *knots, const double *values, const double *slopes,
                     double *unit)
    fwc_rowset *fwc_rowset_new(size_t key_words)
    void fwc_rowset_free(fwc_rowset *rows)
    int fwc_rowset_add(fwc_rowset *rows, const uint64_t *keys, size_t m, int32_t *ids)
    size_t fwc_rowset_size(const fwc_rowset *rows)
    const uint64_t *fwc_rowset_keys(const fwc_rowset *rows)
    void fwc_transpose_bits(const uint64_t *keys, size_t m, size_t key_words, size_t n_literals, uint64_t *words,
                            size_t n_words)


def to_unit(const double[:, :] X, const int64_t[::1] columns, const int64_t[::1] start, const double[::1] knots,
            const double[::1] values, const double[::1] slopes):
    """Columns of X under their knots, (n, len(columns)): see `fw_circuits.lattice.domain.to_unit_numpy`."""
    cdef int64_t n = X.shape[0], d = columns.shape[0]
    unit = np.empty((n, d))
    cdef double[:, ::1] out = unit
    if n and d:
        with nogil:
            fwc_to_unit(&X[0, 0], n, X.strides[0], X.strides[1], &columns[0], d, &start[0], &knots[0], &values[0],
                        &slopes[0], &out[0, 0])
    return unit


def j1(const double[:, ::1] z, int level):
    """Vertices and weights of points: ``(indptr, keys, weights)``, see ``triangulate``."""
    cdef Py_ssize_t n = z.shape[0], d = z.shape[1], key_words = (d * level + 63) // 64, total
    indptr = np.zeros(n + 1, dtype=np.int64)
    keys = np.empty((n * (d + 1), key_words), dtype=np.uint64)
    weights = np.empty(n * (d + 1), dtype=np.float64)
    if n == 0 or d == 0:
        # indptr = arange(n + 1); keys = (n, 0); weights = ones(n)
        return np.arange(n + 1), keys[:n], np.ones(n)
    cdef int64_t[::1] indptr_view = indptr
    cdef uint64_t[:, ::1] keys_view = keys
    cdef double[::1] weights_view = weights
    with nogil:
        total = fwc_j1(&z[0, 0], n, d, level, &indptr_view[0], &keys_view[0, 0], &weights_view[0])
    if total < 0:
        raise MemoryError("no memory for sorting the coordinates of a point")
    return indptr, keys[:total], weights[:total]


def j1_columns(const double[:, ::1] z, int level):
    """The same with the bits of the vertices as packed columns: ``(indptr, words, weights)``.

    indptr, keys, weights = j1(z, level)
    return indptr, transpose_bits(keys, d * level), weights
    """
    cdef Py_ssize_t n = z.shape[0], d = z.shape[1], total
    indptr = np.zeros(n + 1, dtype=np.int64)
    if n == 0 or d == 0:
        return np.arange(n + 1), np.zeros((d * level, (n + 63) // 64), dtype=np.uint64), np.ones(n)
    steps = np.empty(n * d * FWC_STEP // 8, dtype=np.uint64)
    weights = np.empty(n * (d + 1), dtype=np.float64)
    cdef int64_t[::1] indptr_view = indptr
    cdef uint64_t[::1] steps_view = steps
    cdef double[::1] weights_view = weights
    with nogil:
        total = fwc_j1_steps(&z[0, 0], n, d, &indptr_view[0], &steps_view[0], &weights_view[0])
    if total < 0:
        raise MemoryError("no memory for sorting the coordinates of a point")
    words = np.empty((d * level, (total + 63) // 64), dtype=np.uint64)
    cdef uint64_t[:, ::1] words_view = words
    with nogil:
        fwc_j1_columns(&steps_view[0], n, d, level, &indptr_view[0], &words_view[0, 0], words_view.shape[1])
    return indptr, words, weights[:total]


def transpose_bits(const uint64_t[:, ::1] keys, Py_ssize_t n_literals):
    """Bit columns of the rows ``keys``: ``(n_literals, ceil(len(keys) / 64))``."""
    cdef Py_ssize_t m = keys.shape[0], key_words = keys.shape[1], n_words = (m + 63) // 64
    words = np.zeros((n_literals, n_words), dtype=np.uint64)
    cdef uint64_t[:, ::1] words_view = words
    if m and n_literals:
        with nogil:
            fwc_transpose_bits(&keys[0, 0], m, key_words, n_literals, &words_view[0, 0], n_words)
    return words


cdef class RowSet:
    """Distinct keys, numbered in the order of their first appearance."""

    cdef fwc_rowset *rows
    cdef Py_ssize_t key_words

    def __cinit__(self, Py_ssize_t key_words):
        self.key_words = key_words
        self.rows = fwc_rowset_new(key_words)
        if self.rows is NULL:
            raise MemoryError("no memory for a set of vertex rows")

    def __dealloc__(self):
        fwc_rowset_free(self.rows)

    def __len__(self):
        return fwc_rowset_size(self.rows)

    def add(self, const uint64_t[:, ::1] keys):
        """Numbers (int32) of the rows of ``keys``, new rows being added."""
        cdef Py_ssize_t m = keys.shape[0]
        cdef int status = 0
        if keys.shape[1] != self.key_words:
            raise ValueError(f"keys have {keys.shape[1]} words; this set contains keys of {self.key_words}")
        ids = np.empty(m, dtype=np.int32)
        cdef int32_t[::1] ids_view = ids
        if m:
            with nogil:
                status = fwc_rowset_add(self.rows, &keys[0, 0], m, &ids_view[0])
        if status == -1:
            raise MemoryError("no memory for the unique vertex rows; use fewer points or lower levels")
        if status == -2:
            raise MemoryError("more than 2^31 - 1 unique vertex rows; use fewer points or lower levels")
        return ids

    def keys(self):
        """A copy of the distinct keys, ``(len(self), key_words)``."""
        cdef Py_ssize_t m = fwc_rowset_size(self.rows)
        out = np.empty((m, self.key_words), dtype=np.uint64)
        cdef uint64_t[:, ::1] view = out
        if m:
            memcpy(&view[0, 0], fwc_rowset_keys(self.rows), m * self.key_words * sizeof(uint64_t))
        return out
