/* A kernel's body, FWC_BODY, once for each instruction set, and the choice between them at run time.
 *
 * Before: #define FWC_BODY "room/name_body.h".  The body names its functions ISA(name), gives them ISA_TARGET (which lets
 * the compiler use the set), and may use VL (floats in a vector), MAX_H (rows of a register tile), MADD and ABS on vectors
 * of its own types vf and vi.  After: SELECT(most, name)(arguments) calls the version for this CPU, at most the set `most`.
 * Other compilers and architectures get the base version. */
enum { FWC_BASE = 0,
       FWC_AVX2 = 1,
       FWC_AVX512 = 2 };

#define ISA(name) name##_base
#define ISA_TARGET
#define VL 4
#define MAX_H 4
#define MADD(scalar, x, y) ((scalar) * (x) + (y))
#define ABS(x) (((x) ^ ((x) >> 31)) - ((x) >> 31))
#include FWC_BODY
#undef ISA
#undef ISA_TARGET
#undef VL
#undef MAX_H
#undef MADD
#undef ABS

#if (defined(__x86_64__) || defined(_M_X64)) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>

#define ISA(name) name##_avx2
#define ISA_TARGET __attribute__((target("avx2,fma,bmi,bmi2,popcnt,lzcnt")))
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

#define ISA(name) name##_avx512
#define ISA_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,popcnt,lzcnt")))
#define VL 16
#define MAX_H 8
#define MADD(scalar, x, y) ((vf)_mm512_fmadd_ps(_mm512_set1_ps(scalar), (__m512)(x), (__m512)(y)))
#define ABS(x) ((vi)_mm512_abs_epi32((__m512i)(x)))
#include FWC_BODY

static inline int fwc_isa(int64_t most)
{
    if (most >= FWC_AVX512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2"))
        return FWC_AVX512;
    if (most >= FWC_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2"))
        return FWC_AVX2;
    return FWC_BASE;
}

#define SELECT(most, name)                                                                 \
    (fwc_isa(most) == FWC_AVX512 ? name##_avx512 : fwc_isa(most) == FWC_AVX2 ? name##_avx2 \
                                                                             : name##_base)
#else
#define SELECT(most, name) name##_base
#endif
