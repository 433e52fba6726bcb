/* Circuits on one block of words, and sums of signed numbers; included once for each instruction set (csrc/simd.h). */
#include "circuits/simulate_body.h"

ISA_TARGET static void ISA(circuits_of_block)(const uint64_t *literals, int64_t n_words, const fwc_batch *batch, int64_t start,
                                              int64_t block, int64_t width, const uint64_t **node, uint64_t *scratch,
                                              uint64_t *result)
{
    for (int64_t c = 0; c < batch->n; c++) {
        const int32_t *inputs = batch->inputs + batch->input_start[c];
        const int64_t n_inputs = batch->input_start[c + 1] - batch->input_start[c];
        for (int64_t i = 0; i < n_inputs; i++)
            node[1 + i] = literals + inputs[i] * n_words + start;
        ISA(gates_of_block)(batch->gates + 3 * batch->gate_start[c], batch->gate_start[c + 1] - batch->gate_start[c], 1 + n_inputs, node, scratch,
                            block, width);
        const uint64_t *value = node[batch->outputs[c] >> 1], flip = batch->outputs[c] & 1 ? ~(uint64_t)0 : 0;
        uint64_t *out = result + c * n_words + start;
        for (int64_t w = 0; w < width; w++)
            out[w] = value[w] ^ flip;
    }
}

ISA_TARGET static void ISA(add_signed)(const uint64_t *words, int64_t m, int64_t n_words, const double *coef, int64_t n,
                                       double *total)
{
    for (int64_t w = 0; w < n_words; w++) {
        double sum[64] = {0};
        const int64_t rows = n - 64 * w < 64 ? n - 64 * w : 64;
        memcpy(sum, total + 64 * w, (size_t)rows * sizeof *sum);
        for (int64_t j = 0; j < m; j++) {
            const uint64_t zeros = ~words[j * n_words + w];
            uint64_t number;
            memcpy(&number, coef + j, sizeof number);
            for (int r = 0; r < 64; r++) {
                const uint64_t with_sign = number ^ (zeros >> r) << 63;
                double value;
                memcpy(&value, &with_sign, sizeof value);
                sum[r] += value;
            }
        }
        memcpy(total + 64 * w, sum, (size_t)rows * sizeof *sum);
    }
}

/* Bits [at, at + n), n <= 64, of a packed row. */
ISA_TARGET static inline uint64_t ISA(window)(const uint64_t *row, int64_t at, int64_t n)
{
    const int shift = (int)(at & 63);
    uint64_t bits = row[at >> 6] >> shift;
    if (shift && shift + n > 64)
        bits |= row[(at >> 6) + 1] << (64 - shift);
    return n < 64 ? bits & (((uint64_t)1 << n) - 1) : bits;
}

/* Value at one point: twice the weight of the ones less 1.  A run of ones from v to u has (sum before u) - (sum before v),
 * so the sums at the changes count - and + by turns; four at a time without a branch, few circuits change more often. */
ISA_TARGET static inline double ISA(value_at)(const uint64_t *row, int64_t first, int64_t end, const double *before)
{
    static const double none = 0.0;
    double ones = 0.0, sign = -1.0;
    uint64_t last = 0;
    for (int64_t v = first; v < end; v += 64) {
        const int64_t width = end - v < 64 ? end - v : 64;
        const uint64_t bits = ISA(window)(row, v, width);
        uint64_t changes = bits ^ (bits << 1 | last);
        if (width < 64)
            changes &= ((uint64_t)1 << width) - 1;
        last = bits >> (width - 1) & 1;
        do {
            double at[4];
            for (int i = 0; i < 4; i++) {
                const double *place = changes ? before + v + __builtin_ctzll(changes) : &none;
                at[i] = *place;
                changes &= changes - 1;
            }
            ones += sign * ((at[0] - at[1]) + (at[2] - at[3]));
        } while (changes);
        sign = last ? 1.0 : -1.0;
    }
    return 2.0 * (last ? ones + 1.0 : ones) - 1.0;
}

ISA_TARGET static void ISA(interpolate)(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends,
                                        const double *before, int64_t n, double *values)
{
    for (int64_t j = 0; j < m; j++)
        for (int64_t r = 0; r < n; r++)
            values[j * n + r] = ISA(value_at)(words + j * n_words, ends[r], ends[r + 1], before);
}

ISA_TARGET static void ISA(add_interpolated)(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends,
                                             const double *before, int64_t n, const double *coef, double *total)
{
    for (int64_t j = 0; j < m; j++)
        for (int64_t r = 0; r < n; r++)
            total[r] += coef[j] * ISA(value_at)(words + j * n_words, ends[r], ends[r + 1], before);
}
