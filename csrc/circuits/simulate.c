/* Bit-parallel simulation: blocks of words small enough that all node values of a block stay in the cache. */
#include "circuits.h"

#include <stdlib.h>
#include <string.h>

#include "../forked.h"

#define FWC_BODY "circuits/simulate_body.h"
#include "../simd.h"

enum { CACHE_WORDS = 1 << 15,
       LEAST_BLOCK = 32 }; /* 256 KiB of node values; half a kilobyte a node at least */

int fwc_simulate(const uint64_t *inputs, int64_t n_inputs, int64_t n_words, const int32_t *gates, int64_t n_gates,
                 const int32_t *outputs, int64_t n_outputs, uint64_t *result, int n_threads)
{
    const int64_t n_nodes = 1 + n_inputs + n_gates;
    int64_t block = CACHE_WORDS / (n_gates + 1) / 8 * 8;
    if (block < LEAST_BLOCK)
        block = LEAST_BLOCK;
    if (block > n_words)
        block = n_words;
    if (block == 0)
        return 0;
    const int64_t n_blocks = (n_words + block - 1) / block;
    int failed = 0;
    if (n_blocks == 1)
        n_threads = 1;

#pragma omp parallel num_threads(fwc_threads(n_threads))
    {
        /* zeros (node 0), then one block of words for each gate */
        uint64_t *zeros = calloc((size_t)((n_gates + 1) * block), sizeof *zeros);
        const uint64_t **node = malloc((size_t)n_nodes * sizeof *node);
        if (!zeros || !node) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n_blocks; i++) {
            if (!zeros || !node)
                continue;
            const int64_t start = i * block;
            const int64_t width = n_words - start < block ? n_words - start : block;
            node[0] = zeros;
            for (int64_t v = 0; v < n_inputs; v++)
                node[1 + v] = inputs + v * n_words + start;
            SELECT(FWC_AVX512, gates_of_block)(gates, n_gates, 1 + n_inputs, node, zeros + block, block, width);
            for (int64_t o = 0; o < n_outputs; o++) {
                const uint64_t *value = node[outputs[o] >> 1];
                const uint64_t flip = (outputs[o] & 1) ? ~(uint64_t)0 : 0;
                uint64_t *out = result + o * n_words + start;
                for (int64_t w = 0; w < width; w++)
                    out[w] = value[w] ^ flip;
            }
        }
        free(zeros);
        free((void *)node);
    }
    return failed ? -1 : 0;
}
