/* Many small circuits over common literals in one call, and what their bits mean at the data. */
#include "circuits.h"

#include <stdlib.h>
#include <string.h>

#define FWC_BODY "circuits/evaluate_body.h"
#include "../simd.h"

enum { CACHE_WORDS = 1 << 14,
       LEAST_BLOCK = 32 }; /* 128 KiB of node values; half a kilobyte a gate at least */

int fwc_evaluate(const uint64_t *literals, int64_t n_words, const fwc_batch *batch, uint64_t *result)
{
    int64_t most_gates = 0, most_inputs = 0;
    for (int64_t c = 0; c < batch->n; c++) {
        const int64_t gates = batch->gate_start[c + 1] - batch->gate_start[c];
        const int64_t inputs = batch->input_start[c + 1] - batch->input_start[c];
        most_gates = gates > most_gates ? gates : most_gates;
        most_inputs = inputs > most_inputs ? inputs : most_inputs;
    }
    int64_t block = CACHE_WORDS / (most_gates + 1) / 8 * 8;
    block = block < LEAST_BLOCK ? LEAST_BLOCK : block;
    block = block > n_words ? n_words : block;
    if (block == 0)
        return 0;
    /* zeros (node 0), then one block of words for each gate */
    uint64_t *zeros = calloc((size_t)((most_gates + 1) * block), sizeof *zeros);
    const uint64_t **node = malloc((size_t)(1 + most_inputs + most_gates) * sizeof *node);
    if (zeros && node) {
        node[0] = zeros;
        for (int64_t start = 0; start < n_words; start += block) {
            const int64_t width = n_words - start < block ? n_words - start : block;
            SELECT(FWC_AVX512, circuits_of_block)(literals, n_words, batch, start, block, width, node, zeros + block, result);
        }
    }
    const int failed = !zeros || !node;
    free(zeros);
    free((void *)node);
    return failed ? -1 : 0;
}

void fwc_add_signed(const uint64_t *words, int64_t m, int64_t n_words, const double *coef, int64_t n, double *total)
{
    SELECT(FWC_AVX512, add_signed)(words, m, n_words, coef, n, total);
}

/* weights[v] becomes the sum of those before v of the same point. */
static void accumulate(const int64_t *ends, double *weights, int64_t n)
{
    for (int64_t r = 0; r < n; r++) {
        double before = 0.0;
        for (int64_t v = ends[r]; v < ends[r + 1]; v++) {
            const double weight = weights[v];
            weights[v] = before;
            before += weight;
        }
    }
}

void fwc_interpolate(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends, double *weights, int64_t n,
                     double *values)
{
    accumulate(ends, weights, n);
    SELECT(FWC_AVX512, interpolate)(words, m, n_words, ends, weights, n, values);
}

void fwc_add_interpolated(const uint64_t *words, int64_t m, int64_t n_words, const int64_t *ends, double *weights, int64_t n,
                          const double *coef, double *total)
{
    accumulate(ends, weights, n);
    SELECT(FWC_AVX512, add_interpolated)(words, m, n_words, ends, weights, n, coef, total);
}

/* One tile of 64 rows (fewer at the end) of one column as a word; `between` is set where a value is neither. */
#define TILE(type)                                                                                                         \
    static inline uint64_t tile_##type(const char *x, int64_t rows, int64_t stride, double low, double high, int *between) \
    {                                                                                                                      \
        uint64_t bits = 0, known = 0;                                                                                      \
        for (int64_t r = 0; r < rows; r++, x += stride) {                                                                  \
            const double value = (double)*(const type *)x;                                                                 \
            const uint64_t one = value >= high;                                                                            \
            bits |= one << r;                                                                                              \
            known += one | (uint64_t)(value <= low);                                                                       \
        }                                                                                                                  \
        *between |= known != (uint64_t)rows;                                                                               \
        return bits;                                                                                                       \
    }
TILE(double)
TILE(uint8_t)

int fwc_pack_ends(const void *X, int octets, int64_t n, int64_t row_stride, int64_t column_stride, const int64_t *columns,
                  int64_t d, const double *low, const double *high, uint64_t *words)
{
    const int64_t n_words = (n + 63) / 64;
    int between = 0;
    for (int64_t w = 0; w < n_words && !between; w++) {
        const int64_t rows = n - 64 * w < 64 ? n - 64 * w : 64;
        for (int64_t c = 0; c < d; c++) {
            const char *x = (const char *)X + 64 * w * row_stride + columns[c] * column_stride;
            words[c * n_words + w] = octets ? tile_uint8_t(x, rows, row_stride, low[c], high[c], &between)
                                            : tile_double(x, rows, row_stride, low[c], high[c], &between);
        }
    }
    return !between;
}
