/* Instruction sets of the subset kernels and the choice between them at run time. */
#include <math.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#define THREAD omp_get_thread_num()
#else
#define THREAD 0
#endif

#include "forked.h"
#include "subset.h"

#define FWC_BODY "oracle/subset_body.h"
#include "vector.h"

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
