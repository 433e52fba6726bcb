/* Pairs of literals whose parity, added to a label, correlates with further literals: bit-parallel counting. */
#include "families.h"

#define FWC_BODY "families/triples_body.h"
#include "../simd.h"

enum { MOST_WORDS = 16 };

#if (defined(__x86_64__) || defined(_M_X64)) && (defined(__GNUC__) || defined(__clang__))
#undef ISA
#undef ISA_TARGET
#define ISA(name) name##_popcount
#define ISA_TARGET \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx2,bmi,bmi2,popcnt,lzcnt")))
#include FWC_BODY
#define TRIPLES (fwc_isa(FWC_AVX512) == FWC_AVX512 && __builtin_cpu_supports("avx512vpopcntdq") ? triples_popcount : SELECT(FWC_AVX2, triples))
#else
#define TRIPLES SELECT(FWC_AVX2, triples)
#endif

void fwc_triples(const uint64_t *columns, const uint64_t *label, int64_t n, int64_t ld, int64_t n_words, int64_t n_rows,
                 int64_t i0, int64_t i1, int16_t *first, int16_t *second)
{
    for (int64_t i = i0; i < i1; i++)
        for (int64_t j = i + 1; j < n; j++) {
            uint64_t mixed[MOST_WORDS];
            for (int64_t w = 0; w < n_words; w++)
                mixed[w] = columns[w * ld + i] ^ columns[w * ld + j] ^ label[w];
            TRIPLES(columns, mixed, ld, n_words, n_rows, n, i, j, first, second);
        }
}
