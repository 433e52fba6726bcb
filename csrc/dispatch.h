/* Run-time choice of instruction set, shared by all kernels.
 *
 * A kernel's body is written once, in a header that is included once for each instruction set, with
 *   ISA(name)    the name with the set's suffix,
 *   ISA_TARGET   the function attribute that lets the compiler use the set.
 * fwc_isa() says which of them the CPU can run.  Other compilers and architectures get the base version.
 */
#ifndef FWC_DISPATCH_H
#define FWC_DISPATCH_H

enum { FWC_BASE = 0, FWC_AVX2 = 1, FWC_AVX512 = 2 };

#if (defined(__x86_64__) || defined(_M_X64)) && (defined(__GNUC__) || defined(__clang__))
#define FWC_HAVE_X86 1
#define FWC_TARGET_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt,lzcnt")))
#define FWC_TARGET_AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,popcnt,lzcnt")))

static inline int fwc_isa(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2"))
        return FWC_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return FWC_AVX2;
    return FWC_BASE;
}
#else
#define FWC_HAVE_X86 0
static inline int fwc_isa(void) { return FWC_BASE; }
#endif

#endif
