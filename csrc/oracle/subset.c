/* Instruction sets of the subset kernels and the choice between them at run time. */
#include <math.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#define THREAD omp_get_thread_num()
#else
#define THREAD 0
#endif

#include "dispatch.h"
#include "subset.h"

#if FWC_HAVE_X86
#include <immintrin.h>

#define ISA(name) name##_avx512
#define ISA_TARGET FWC_TARGET_AVX512
#define VL 16
#define MAX_H 8
#define MADD(scalar, x, y) ((vf)_mm512_fmadd_ps(_mm512_set1_ps(scalar), (__m512)(x), (__m512)(y)))
#define ABS(x) ((vi)_mm512_abs_epi32((__m512i)(x)))
#include "subset_body.h"
#undef ISA
#undef ISA_TARGET
#undef VL
#undef MAX_H
#undef MADD
#undef ABS

#define ISA(name) name##_avx2
#define ISA_TARGET FWC_TARGET_AVX2
#define VL 8
#define MAX_H 4
#define MADD(scalar, x, y) ((vf)_mm256_fmadd_ps(_mm256_set1_ps(scalar), (__m256)(x), (__m256)(y)))
#define ABS(x) ((vi)_mm256_abs_epi32((__m256i)(x)))
#include "subset_body.h"
#undef ISA
#undef ISA_TARGET
#undef VL
#undef MAX_H
#undef MADD
#undef ABS
#endif

#define ISA(name) name##_base
#define ISA_TARGET
#define VL 4
#define MAX_H 4
#define MADD(scalar, x, y) ((scalar) * (x) + (y))
#define ABS(x) (((x) ^ ((x) >> 31)) - ((x) >> 31))
#include "subset_body.h"

#if FWC_HAVE_X86
#define SELECT(s, name, ...)                                         \
    do {                                                             \
        int isa = fwc_isa() < (s)->isa ? fwc_isa() : (int)(s)->isa;  \
        if (isa == FWC_AVX512) name##_avx512(__VA_ARGS__);           \
        else if (isa == FWC_AVX2) name##_avx2(__VA_ARGS__);          \
        else name##_base(__VA_ARGS__);                               \
    } while (0)
#else
#define SELECT(s, name, ...) name##_base(__VA_ARGS__)
#endif

void fwc_pairs(fwc_search *s, int threads, char *scratch, int64_t stride)
{
    SELECT(s, pairs, s, threads, scratch, stride);
}

void fwc_triples(fwc_search *s, int64_t a0, int64_t a1, int threads, char *scratch, int64_t stride)
{
    SELECT(s, triples, s, a0, a1, threads, scratch, stride);
}

void fwc_quads(fwc_search *s, const int32_t *blocks, int64_t n_blocks, int threads, char *scratch, int64_t stride,
               int64_t width)
{
    SELECT(s, quads, s, blocks, n_blocks, threads, scratch, stride, width);
}
