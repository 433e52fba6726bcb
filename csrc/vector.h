/* A kernel's body, FWC_BODY, once for each instruction set; include dispatch.h's macros from here.
 *
 * Before: #define FWC_BODY "room/name_body.h".  The body names its functions ISA(name), gives them ISA_TARGET, and
 * may use VL (floats in a vector), MAX_H (rows of a register tile), MADD and ABS on vectors of its own types vf and
 * vi.  After: SELECT(s, name, arguments) calls the version for this CPU, at most the set s->isa. */
#include "dispatch.h"

#if FWC_HAVE_X86
#include <immintrin.h>

#define ISA(name) name##_avx512
#define ISA_TARGET FWC_TARGET_AVX512
#define VL 16
#define MAX_H 8
#define MADD(scalar, x, y) ((vf)_mm512_fmadd_ps(_mm512_set1_ps(scalar), (__m512)(x), (__m512)(y)))
#define ABS(x) ((vi)_mm512_abs_epi32((__m512i)(x)))
#include FWC_BODY
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
#include FWC_BODY
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
#include FWC_BODY

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
