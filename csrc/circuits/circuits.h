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

/* Circuits of one output, one after the other: circuit c has the gates [gate_start[c], gate_start[c + 1]) and the inputs
 * [input_start[c], input_start[c + 1]); gates as above, numbered within their circuit; inputs[i] is a row of the literals. */
typedef struct {
    int64_t n;
    const int32_t *gates;
    const int64_t *gate_start;
    const int32_t *inputs;
    const int64_t *input_start;
    const int32_t *outputs;
} fwc_batch;

/* result[c] = output of circuit c; literals and result are (., n_words), row-major.  Bits are exact: there are no ties.
 * Returns 0, or -1 when memory ran out. */
int fwc_evaluate(const uint64_t *literals, int64_t n_words, const fwc_batch *batch, uint64_t *result);

/* total[r] += coef[j] where bit r of words[j] is 1, -= coef[j] where it is 0, for j = 0, ..., m - 1 in this order. */
void fwc_add_signed(const uint64_t *words, int64_t m, int64_t n_words, const double *coef, int64_t n, double *total);

/* values[j, r] = sum of the weights of vertices [ends[r], ends[r + 1]), + where their bit of words[j] is 1, - where it is 0.
 * The weights of a point sum to 1 and are multiples of 2^-44, so the values are exact.  They are overwritten. */
void fwc_interpolate(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends, double *weights, int64_t n,
                     double *values);

/* total[r] += coef[j] * (that value), for j = 0, ..., m - 1 in this order; the weights are overwritten. */
void fwc_add_interpolated(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends, double *weights, int64_t n,
                          const double *coef, double *total);

/* words[c], bit r = X[r, columns[c]] >= high[c], padding 0; strides in bytes, octets: X is uint8, otherwise double.
 * Returns 1, or 0 with words undefined where a number is strictly between low[c] and high[c], or is none. */
int fwc_pack_ends(const void *X, int octets, int64_t n, int64_t row_stride, int64_t column_stride, const int64_t *columns,
                  int64_t d, const double *low, const double *high, uint64_t *words);

/* The catalogue of smallest circuits of 4 inputs, as fw_circuits/circuits/catalogue.py has it: class and way to it of each
 * function; of each class 7 steps of 3 numbers; of each way 4 numbers; tables of the steps' operations. */
typedef struct {
    const uint8_t *class_of;
    const uint16_t *transformation;
    const uint8_t *complemented, *class_cost, *class_steps, *source, *flipped, *operations;
} fwc_catalogue;

/* Netlists in place: gates and outputs as for fwc_simulate.  Return the number of gates left, or -1 when memory ran out.
 * fwc_compact: these steps, in this order: sweep drops what is not read, strash is structural hashing.  fwc_simplify:
 * rewriting to a fixpoint, the same circuits gate for gate as `simplify` of fw_circuits/circuits/passes.py. */
enum { FWC_SWEEP_FIRST = 1,
       FWC_STRASH = 2,
       FWC_SWEEP = 4 };
int fwc_compact(int64_t n_inputs, int32_t *gates, int64_t n_gates, int32_t *outputs, int64_t n_outputs, int steps);
int fwc_simplify(int64_t n_inputs, int32_t *gates, int64_t n_gates, int32_t *outputs, int64_t n_outputs,
                 const fwc_catalogue *catalogue);

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
