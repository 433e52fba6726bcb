/* Instruction sets of the kernels for few gates and the choice between them at run time. */
#include <math.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#define THREAD omp_get_thread_num()
#else
#define THREAD 0
#endif

#include "forked.h"
#include "gates.h"

#define FWC_BODY "gates/prefix_body.h"
#include "vector.h"

void fwc_gates_prefixes(fwc_gates *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine, int threads,
                        char *scratch, int64_t stride)
{
    SELECT(s, prefixes, s, m, prefixes, n_prefixes, examine, threads, scratch, stride);
}
