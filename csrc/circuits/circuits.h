/* Kernels of the package circuits.  Plain C, no Python. */
#ifndef FWC_CIRCUITS_H
#define FWC_CIRCUITS_H

#include <stdint.h>

/* Bit-parallel simulation, 64 rows per word.
 *
 * inputs   n_inputs x n_words, row-major
 * gates    n_gates x 3: truth table (bit va + 2 vb), node a, node b; node 0 is the constant 0, nodes 1..n_inputs are
 *          the inputs, node n_inputs + 1 + j is gate j; operands come before their gate (the caller checks it)
 * outputs  n_outputs signals 2 * node + complemented
 * result   n_outputs x n_words, row-major
 *
 * Bits are exact: there are no ties.  Returns 0, or -1 when memory ran out.
 */
int fwc_simulate(const uint64_t *inputs, int64_t n_inputs, int64_t n_words, const int32_t *gates, int64_t n_gates,
                 const int32_t *outputs, int64_t n_outputs, uint64_t *result, int n_threads);

/* Exact search for the smallest circuit of every function of n <= 5 inputs, up to max_gates <= 7 gates.
 *
 * counts     max_gates + 1 numbers, zeroed by the caller: functions whose smallest circuit has r gates, the two
 *            constants and all complements included
 * tables     one normal function (value 0 at the zero pattern) of each class found under permutation and
 *            complementation of inputs and output; cost its gates; in the order of the search
 * steps      for each class max_gates x 3 bytes: operation, operands j < k (0..n-1 inputs, n + i step i)
 *
 * Ties between circuits of the same size: the first one in the order of the search is kept; for an orbit
 * of functions it is the one function found first, hence the result is deterministic.
 * Returns the number of classes, -1 when memory ran out, -2 when there are more than `capacity` classes.
 */
int fwc_exact_search(int n, int max_gates, int64_t *counts, uint32_t *tables, uint8_t *cost, uint8_t *steps,
                     int capacity);

#endif
