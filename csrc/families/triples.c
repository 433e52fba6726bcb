/* Pairs of literals whose parity, added to a label, correlates with further literals: bit-parallel counting. */
#include "families.h"

#include <stdlib.h>
#include <string.h>

#include "../forked.h"

#define FWC_BODY "families/triples_body.h"
#include "../simd.h"

enum { MOST_WORDS = 16 };

void fwc_triples(const uint64_t *words, const uint64_t *label, int64_t n, int64_t n_words, int64_t n_rows, int32_t *sums,
                 int threads)
{
    memset(sums, 0, (size_t)(n * n) * sizeof *sums);
#pragma omp parallel for schedule(dynamic, 1) num_threads(fwc_threads(threads))
    for (int64_t i = 0; i < n; i++) {
        uint64_t mixed[MOST_WORDS];
        SELECT(FWC_AVX2, triples)(words, label, n, n_words, n_rows, i, mixed, sums);
    }
}
