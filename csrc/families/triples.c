/* Pairs of literals whose parity, added to a label, correlates with further literals: bit-parallel counting. */
#include "families.h"

#include <stdlib.h>
#include <string.h>

#include "../dispatch.h"
#include "../forked.h"

#define ISA(name) name##_base
#define ISA_TARGET
#include "triples_body.h"
#undef ISA
#undef ISA_TARGET

#if FWC_HAVE_X86
#define ISA(name) name##_avx2
#define ISA_TARGET FWC_TARGET_AVX2
#include "triples_body.h"
#undef ISA
#undef ISA_TARGET
#endif

enum { MOST_WORDS = 16 };

void fwc_triples(const uint64_t *words, const uint64_t *label, int64_t n, int64_t n_words, int64_t n_rows, int32_t *sums,
                 int threads)
{
    memset(sums, 0, (size_t)(n * n) * sizeof *sums);
#pragma omp parallel for schedule(dynamic, 1) num_threads(fwc_threads(threads))
    for (int64_t i = 0; i < n; i++) {
        uint64_t mixed[MOST_WORDS];
#if FWC_HAVE_X86
        if (fwc_isa() != FWC_BASE) {
            triples_avx2(words, label, n, n_words, n_rows, i, mixed, sums);
            continue;
        }
#endif
        triples_base(words, label, n, n_words, n_rows, i, mixed, sums);
    }
}
