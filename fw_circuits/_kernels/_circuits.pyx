"""Compiled kernels of the circuits room; their NumPy references live next to their callers in ``fw_circuits.circuits``."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t


cdef extern from "circuits/circuits.h" nogil:
    int fwc_simulate(const uint64_t *inputs, int64_t n_inputs, int64_t n_words, const int32_t *gates,
                     int64_t n_gates, const int32_t *outputs, int64_t n_outputs, uint64_t *result, int n_threads)
    int fwc_exact_search(int n, int max_gates, int64_t *counts, uint32_t *tables, uint8_t *cost, uint8_t *steps,
                         int capacity)


def simulate(const uint64_t[:, ::1] inputs, const int32_t[:, ::1] gates, const int32_t[::1] outputs,
             int n_threads=1):
    """Values of the output signals; the caller has checked the netlist.

    for j, (table, a, b) in enumerate(gates):
        value[1 + n_inputs + j] = table applied to value[a], value[b]     # 64 rows a word
    return [~value[s // 2] if s % 2 else value[s // 2] for s in outputs]
    """
    cdef int64_t n_inputs = inputs.shape[0], n_words = inputs.shape[1]
    cdef int64_t n_gates = gates.shape[0], n_outputs = outputs.shape[0]
    result = np.empty((n_outputs, n_words), dtype=np.uint64)
    cdef uint64_t[:, ::1] out = result
    if n_words == 0 or n_outputs == 0:
        return result
    cdef const uint64_t *first = &inputs[0, 0] if n_inputs else NULL
    cdef const int32_t *gate = &gates[0, 0] if n_gates else NULL
    cdef int status
    with nogil:
        status = fwc_simulate(first, n_inputs, n_words, gate, n_gates, &outputs[0], n_outputs, &out[0, 0], n_threads)
    if status:
        raise MemoryError("no memory for the node values of a block of rows")
    return result


def exact_search(int n, int max_gates, int capacity):
    """Smallest circuits of all functions of n <= 5 inputs up to max_gates <= 7 gates.

    Returns ``counts`` (max_gates + 1, complements included) and, per class of functions found, ``table`` (a normal
    function), ``cost`` and ``steps`` of shape (classes, max_gates, 3): operation, operands (0..n-1 inputs).
    The caller has checked n and max_gates.
    """
    counts = np.zeros(max_gates + 1, dtype=np.int64)
    table = np.zeros(capacity, dtype=np.uint32)
    cost = np.zeros(capacity, dtype=np.uint8)
    steps = np.zeros((capacity, max(max_gates, 1), 3), dtype=np.uint8)
    cdef int64_t[::1] counts_view = counts
    cdef uint32_t[::1] table_view = table
    cdef uint8_t[::1] cost_view = cost
    cdef uint8_t[:, :, ::1] steps_view = steps
    cdef int found
    with nogil:
        found = fwc_exact_search(n, max_gates, &counts_view[0], &table_view[0], &cost_view[0], &steps_view[0, 0, 0],
                                 capacity)
    if found == -1:
        raise MemoryError("no memory for the set of functions found")
    if found == -2:
        raise OverflowError(f"more than {capacity} classes")
    return counts, table[:found], cost[:found], steps[:found]
