/* Exact search over subsets of literals: data shared by the kernels.
 *
 * The screen works on integers.  Python rounds the weights to w_r ~ delta q_r, with a power of two for delta that
 * keeps sum |q_r| <= 2^24 in every chunk of rows and <= 2^31 - 1 in all.  Sums of q over rows of a chunk are then
 * exact in float32, in any order and with or without fused operations; sums over chunks, the Moebius transform and
 * the scores are exact in int32.  For every function f of every subset
 *
 *     | sum_r w_r (2 f(r) - 1)  -  delta sum_r q_r (2 f(r) - 1) |  <=  sum_r |w_r - delta q_r|,
 *
 * and `slack` is that sum plus a bound for the rounding of the float64 score.  Subsets are dropped only if this
 * proves that they cannot enter the answer; the others are scored again in float64 from the original weights.
 */
#ifndef FWC_SEARCH_H
#define FWC_SEARCH_H

#include <stdint.h>

#include "tile.h"

enum { FWC_COSTS = 8,
       FWC_MOST = 6,
       FWC_CLASSES = 3 }; /* costs 0..7; literals of a function; classes at a time */

/* One function found: value = signed sum times factor; table: bit v = f at pattern v, f(0) = 0; lit: -1 from arity on. */
typedef struct {
    double value;
    uint64_t table;
    int64_t arity;
    int32_t lit[FWC_MOST];
} fwc_found;

/* Functions of `arity` inputs with `gates` gates: cores of n inputs, with gates put in place of inputs (gates.h). */
typedef struct {
    int32_t arity, gates, least_core; /* least_core: fewest inputs of a core */
    double factor;                    /* of the cost */
    const uint32_t *core[FWC_MOST];   /* by inputs of the core: normal tables that depend on all */
    int64_t n_core[FWC_MOST];
} fwc_class;

typedef struct {
    int64_t n, n_rows, n_words; /* literals, rows, words of a literal */
    const uint64_t *words;      /* (n, n_words) as the caller numbers the literals: the exact stage */
    const double *weights;      /* (n_rows) */
    const int32_t *order;       /* column i of the screen is literal order[i], ... */
    const int32_t *flip;        /* ... complemented where flip[i] is 1 */
    const uint64_t *masks;      /* (n, n_words) columns of the screen, only rows with q != 0 */
    int64_t ld, chunk;          /* n padded; chunk: rows, a multiple of 64, that are summed in float32 at a time */
    int32_t total;              /* sum of q */
    double delta, slack;

    int threads;
    char *scratch;          /* (threads, stride): the memory of each thread */
    int64_t stride, width;  /* width: second literals of a block of quads */
    int64_t isa;            /* at most this instruction set (simd.h) */
    int64_t k, per_support; /* per_support 0: no limit */
    fwc_found *found;       /* (k), sorted */
    int64_t n_found;
    double threshold;  /* score that has to be reached */
    int64_t counts[3]; /* subsets, or functions, that passed one bound after the other */

    /* functions of at most four literals: subset.h */
    const uint64_t *keys;   /* packed rows and their integer weights: see fwc_tile */
    const float *q;
    int32_t *singles;       /* (ld) sum of q over the rows with a */
    int32_t *pairs;         /* (ld, ld): with a and d */
    int32_t *triples;       /* (n, ld, ld): with a, c and d for a < c <= d; or NULL */
    const double *factor;   /* (FWC_COSTS) */
    const double *fac[5];   /* by arity, entry table >> 1: factor of its cost; -1: does not depend on all inputs */
    const float *fac4;      /* fac[4] rounded up to float32, 0 for -1 */
    double top[5];          /* by arity: largest factor */
    const uint8_t *nearest; /* (65536, FWC_COSTS): fewest changes to f or its complement to reach that cost */
    double *literal_best;   /* (n) by column of the screen, or NULL: best score of any subset with the column */

    /* functions of few gates: gates.h */
    float *bits, *weighted;       /* (n_rows, ld): F and q F of all rows, which many prefixes share */
    int32_t *level[FWC_MOST - 2]; /* [j]: (C(n, j), ld, ld) by colexicographic rank of the j-subset; NULL: not kept */
    fwc_class classes[FWC_CLASSES];
    int64_t n_classes;
} fwc_search;

/* Insert into a sorted list of at most cap entries unless it is there; returns the new length.  The order is that of
 * answers: score descending, fewer inputs, subset lexicographic, table.  Total: no ties remain. */
int64_t fwc_insert(fwc_found *list, int64_t n, int64_t cap, const fwc_found *entry);

/* Merge the list of one subset into the answer and raise the threshold (one thread at a time). */
void fwc_merge(fwc_search *s, const fwc_found *list, int64_t n);

/* Add to the counts of the search. */
void fwc_count(fwc_search *s, const int64_t *counts);

/* Score that a function has to reach now. */
static inline double fwc_threshold(const fwc_search *s)
{
    double threshold;
#pragma omp atomic read
    threshold = s->threshold;
    return threshold;
}

/* Least integer signed sum with which a function of that factor can reach the threshold. */
static inline int32_t fwc_least(const fwc_search *s, double factor, double threshold)
{
    double least = ((threshold * (1 - 1e-9)) / factor - s->slack) / s->delta - 1;
    return least <= 0 ? 0 : least >= INT32_MAX ? INT32_MAX
                                               : (int32_t)least;
}

/* From columns x of the screen to the caller's numbering and polarity: literals, ascending, and weights by pattern. */
static inline void fwc_renumber(const fwc_search *s, int arity, const int32_t *x, const int32_t *h, int32_t *lit,
                                int32_t *own)
{
    int32_t place[FWC_MOST] = {0}, to[1 << FWC_MOST];
    to[0] = 0;
    for (int i = 0; i < arity; i++) {
        for (int j = 0; j < arity; j++) place[i] += s->order[x[j]] < s->order[x[i]];
        lit[place[i]] = s->order[x[i]];
        to[0] |= s->flip[x[i]] << place[i];
    }
    own[to[0]] = h[0];
    for (int p = 1; p < 1 << arity; p++) {
        to[p] = to[p & (p - 1)] ^ 1 << place[__builtin_ctz((unsigned)p)];
        own[to[p]] = h[p];
    }
}

/* Functions of one subset that the answer may take. */
static inline int64_t fwc_cap(const fwc_search *s)
{
    return s->per_support && s->per_support < s->k ? s->per_support : s->k;
}

#endif
