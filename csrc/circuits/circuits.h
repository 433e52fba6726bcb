/* Kernels of the circuits room.  Plain C, no Python. */
#ifndef FWC_CIRCUITS_H
#define FWC_CIRCUITS_H

#include <stdint.h>

/* Bit-parallel simulation, 64 rows a word.
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

#endif
