"""Compiled kernels of ``fw_circuits.circuits``, whose NumPy references live next to their callers there."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "circuits/circuits.h" nogil:
    int fwc_simulate(const uint64_t *inputs, int64_t n_inputs, int64_t n_words, const int32_t *gates,
                     int64_t n_gates, const int32_t *outputs, int64_t n_outputs, uint64_t *result, int n_threads)
    int fwc_exact_search(int n, int max_gates, int64_t *counts, uint32_t *tables, uint8_t *cost, uint8_t *steps,
                         int capacity)
    ctypedef struct fwc_catalogue:
        const uint8_t *class_of
        const uint16_t *transformation
        const uint8_t *complemented
        const uint8_t *class_cost
        const uint8_t *class_steps
        const uint8_t *source
        const uint8_t *flipped
        const uint8_t *operations
    int fwc_compact(int64_t n_inputs, int32_t *gates, int64_t n_gates, int32_t *outputs, int64_t n_outputs, int steps)
    int fwc_simplify(int64_t n_inputs, int32_t *gates, int64_t n_gates, int32_t *outputs, int64_t n_outputs,
                     const fwc_catalogue *catalogue)
    ctypedef struct fwc_batch:
        int64_t n
        const int32_t *gates
        const int64_t *gate_start
        const int32_t *inputs
        const int64_t *input_start
        const int32_t *outputs
    int fwc_evaluate(const uint64_t *literals, int64_t n_words, const fwc_batch *batch, uint64_t *result)
    void fwc_add_signed(const uint64_t *words, int64_t m, int64_t n_words, const double *coef, int64_t n, double *total)
    void fwc_interpolate(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends, double *weights,
                         int64_t n, double *values)
    void fwc_add_interpolated(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends, double *weights,
                              int64_t n, const double *coef, double *total)
    int fwc_pack_ends(const void *X, int octets, int64_t n, int64_t row_stride, int64_t column_stride,
                      const int64_t *columns, int64_t d, const double *low, const double *high, uint64_t *words)


def simulate(const uint64_t[:, ::1] inputs, const int32_t[:, ::1] gates, const int32_t[::1] outputs,
             int n_threads=1):
    """Values of the output signals; the caller has checked the netlist.

    for j, (table, a, b) in enumerate(gates):
        value[1 + n_inputs + j] = table applied to value[a], value[b]     # 64 rows per word
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


def compact(int64_t n_inputs, const int32_t[:, ::1] gates, const int32_t[::1] outputs, int steps):
    """Gates and outputs after sweep (steps & 1), strash (steps & 2) and sweep (steps & 4)."""
    new_gates, new_outputs = np.array(gates), np.array(outputs)
    cdef int32_t[:, ::1] gate = new_gates
    cdef int32_t[::1] output = new_outputs
    cdef int64_t n_gates = gate.shape[0], n_outputs = output.shape[0]
    cdef int32_t *first = &gate[0, 0] if n_gates else NULL
    cdef int32_t *signal = &output[0] if n_outputs else NULL
    cdef int left
    with nogil:
        left = fwc_compact(n_inputs, first, n_gates, signal, n_outputs, steps)
    if left < 0:
        raise MemoryError("no memory for the gates of a circuit")
    return new_gates[:left], new_outputs


def simplify(int64_t n_inputs, const int32_t[:, ::1] gates, const int32_t[::1] outputs, catalogue):
    """Gates and outputs of ``passes.simplify``; ``catalogue`` is that of `catalogue.arrays`."""
    cdef const uint8_t[::1] class_of = catalogue[0], complemented = catalogue[2], class_cost = catalogue[3]
    cdef const uint16_t[::1] transformation = catalogue[1]
    cdef const uint8_t[:, :, ::1] class_steps = catalogue[4]
    cdef const uint8_t[:, ::1] source = catalogue[5], flipped = catalogue[6]
    cdef const uint8_t[::1] operations = catalogue[7]
    cdef fwc_catalogue smallest
    smallest.class_of, smallest.transformation, smallest.complemented = &class_of[0], &transformation[0], &complemented[0]
    smallest.class_cost, smallest.class_steps = &class_cost[0], &class_steps[0, 0, 0]
    smallest.source, smallest.flipped, smallest.operations = &source[0, 0], &flipped[0, 0], &operations[0]
    new_gates, new_outputs = np.array(gates), np.array(outputs)
    cdef int32_t[:, ::1] gate = new_gates
    cdef int32_t[::1] output = new_outputs
    cdef int64_t n_gates = gate.shape[0], n_outputs = output.shape[0]
    cdef int32_t *first = &gate[0, 0] if n_gates else NULL
    cdef int32_t *signal = &output[0] if n_outputs else NULL
    cdef int left
    with nogil:
        left = fwc_simplify(n_inputs, first, n_gates, signal, n_outputs, &smallest)
    if left < 0:
        raise MemoryError("no memory for the cuts of a circuit")
    return new_gates[:left], new_outputs


def evaluate(const uint64_t[:, ::1] literals, const int32_t[:, ::1] gates, const int64_t[::1] gate_start,
             const int32_t[::1] inputs, const int64_t[::1] input_start, const int32_t[::1] outputs):
    """Outputs of many circuits, (len(outputs), n_words); the caller has checked them and their inputs.

    for c, signal in enumerate(outputs):
        value = simulate(literals[inputs of c], gates of c, [signal])
    """
    cdef int64_t n_words = literals.shape[1]
    cdef fwc_batch batch
    result = np.empty((outputs.shape[0], n_words), dtype=np.uint64)
    cdef uint64_t[:, ::1] out = result
    if n_words == 0 or outputs.shape[0] == 0:
        return result
    batch.n = outputs.shape[0]
    batch.gates = &gates[0, 0] if gates.shape[0] else NULL
    batch.inputs = &inputs[0] if inputs.shape[0] else NULL
    batch.gate_start, batch.input_start, batch.outputs = &gate_start[0], &input_start[0], &outputs[0]
    cdef const uint64_t *first = &literals[0, 0] if literals.shape[0] else NULL
    cdef int status
    with nogil:
        status = fwc_evaluate(first, n_words, &batch, &out[0, 0])
    if status:
        raise MemoryError("no memory for the node values of a block of rows")
    return result


def add_signed(const uint64_t[:, ::1] words, const double[::1] coef, double[::1] total):
    """total += coef[j] * (2 * bit - 1) for the bits of each row j of words, one row after the other."""
    if coef.shape[0] != words.shape[0] or total.shape[0] > 64 * words.shape[1]:
        raise ValueError(f"{coef.shape[0]} coefficients for {words.shape[0]} rows of {words.shape[1]} words")
    if words.shape[0] and total.shape[0]:
        with nogil:
            fwc_add_signed(&words[0, 0], words.shape[0], words.shape[1], &coef[0], total.shape[0], &total[0])


def interpolate(const uint64_t[:, ::1] words, const int64_t[::1] ends, double[::1] weights):
    """Values (m, n) at points from bits (m, .) at vertices; the weights are overwritten.

    values[j, r] = sum(weights[v] * (2 * bit v of words[j] - 1) for v in range(ends[r], ends[r + 1]))
    """
    cdef int64_t m = words.shape[0], n = ends.shape[0] - 1
    values = np.empty((m, n))
    cdef double[:, ::1] out = values
    if m and n:
        with nogil:
            fwc_interpolate(&words[0, 0], m, words.shape[1], &ends[0], &weights[0], n, &out[0, 0])
    return values


def add_interpolated(const uint64_t[:, ::1] words, const int64_t[::1] ends, double[::1] weights,
                     const double[::1] coef, double[::1] total):
    """total += coef[j] * interpolate(words, ends, weights)[j], one row after the other; weights are overwritten."""
    cdef int64_t m = words.shape[0], n = ends.shape[0] - 1
    if coef.shape[0] != m or total.shape[0] != n:
        raise ValueError(f"{coef.shape[0]} coefficients for {m} rows, {total.shape[0]} sums for {n} points")
    if m and n:
        with nogil:
            fwc_add_interpolated(&words[0, 0], m, words.shape[1], &ends[0], &weights[0], n, &coef[0], &total[0])


def pack_ends(X, const int64_t[::1] columns, const double[::1] low, const double[::1] high):
    """Packed columns X[:, columns] >= high where every number is <= low or >= high, (d, ceil(n / 64)); else None.

    ``X`` is a matrix of float64, uint8 or bool with any strides.
    """
    cdef int64_t n = X.shape[0], d = columns.shape[0], row_stride = X.strides[0], column_stride = X.strides[1]
    cdef const double[:, :] numbers
    cdef const uint8_t[:, :] octets
    cdef const void *first
    cdef bint narrow = X.dtype != np.float64
    cdef int whole
    words = np.empty((d, (n + 63) // 64), dtype=np.uint64)
    cdef uint64_t[:, ::1] out = words
    if n == 0 or d == 0:
        return words
    if narrow:
        octets = X.view(np.uint8)
        first = &octets[0, 0]
    else:
        numbers = X
        first = &numbers[0, 0]
    with nogil:
        whole = fwc_pack_ends(first, narrow, n, row_stride, column_stride, &columns[0], d, &low[0], &high[0], &out[0, 0])
    return words if whole else None


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
