/* Exact search over all functions of all subsets of at most four literals: data shared by the kernels.
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
#ifndef FWC_ORACLE_SUBSET_H
#define FWC_ORACLE_SUBSET_H

#include <stdint.h>

#include "tile.h"

enum { FWC_COSTS = 8 }; /* costs 0..7 */

/* One function found: value = signed sum times factor; table: bit v = f at pattern v, f(0) = 0. */
typedef struct {
    double value;
    int32_t arity, lit[4], table;
} fwc_found;

typedef struct {
    int64_t n, n_rows, n_words; /* literals, rows, words of a literal */
    const uint64_t *words;      /* (n, n_words) as the caller numbers the literals: the exact stage */
    const double *weights;      /* (n_rows) */

    const int32_t *order;  /* column i of the screen is literal order[i], ... */
    const int32_t *flip;   /* ... complemented where flip[i] is 1 */
    const uint64_t *masks; /* (n, n_words) columns of the screen, only rows with q != 0 */
    const uint64_t *keys;  /* packed rows and their integer weights: see fwc_tile */
    const float *q;
    int64_t ld, chunk;     /* chunk: rows, a multiple of 64; they are unpacked to numbers one chunk at a time */
    int32_t *singles;      /* (ld) sum of q over the rows with a */
    int32_t *pairs;        /* (ld, ld): with a and d */
    int32_t *triples;      /* (n, ld, ld): with a, c and d for a < c <= d; or NULL */
    int32_t total;         /* sum of q */
    double delta, slack;

    const double *factor;   /* (FWC_COSTS) */
    const double *fac[5];   /* by arity, entry table >> 1: factor of its cost; -1: does not depend on all inputs */
    const float *fac4;      /* fac[4] rounded up to float32, 0 for -1 */
    double top[5];          /* by arity: largest factor */
    const uint8_t *nearest; /* (65536, FWC_COSTS): fewest changes to f or its complement to reach that cost */

    int64_t isa;            /* at most this instruction set (dispatch.h) */
    int64_t k, per_support; /* per_support 0: no limit */
    fwc_found *found;       /* (k), sorted */
    int64_t n_found;
    double *literal_best;   /* (n) by column of the screen, or NULL: best score of any subset with the column */
    int64_t counts[3];      /* subsets that reached the second bound, the integer scan, the exact stage */
    double threshold;       /* score that has to be reached */
} fwc_search;

/* Scratch memory of one thread. */
typedef struct {
    fwc_tile tile;                   /* the chunk at work */
    double *literal_best;            /* (ld) */
    fwc_found *list;                 /* candidates of one subset */
    int32_t *sums, *diagonal, *mass; /* (width, ld, ld), (ld), (ld) */
} fwc_work;

/* Bytes of scratch that one thread needs for blocks of `width` second literals; a multiple of 64. */
int64_t fwc_scratch(int64_t ld, int64_t chunk, int64_t k, int64_t width);

/* Lay out the scratch memory of one thread. */
fwc_work fwc_carve(const fwc_search *s, int64_t width, char *scratch);

/* Add to the counts of the search. */
void fwc_count(fwc_search *s, const int64_t *counts);

/* Sums for singles and pairs, then all 1- and 2-subsets. */
void fwc_pairs(fwc_search *s, int threads, char *scratch, int64_t stride);

/* Triples with first columns a0 <= a < a1 (and the table `triples` if there is one), 3-subsets. */
void fwc_triples(fwc_search *s, int64_t a0, int64_t a1, int threads, char *scratch, int64_t stride);

/* 4-subsets of the blocks (a, b0, b1): first column a, second b0 <= b < b1. */
void fwc_quads(fwc_search *s, const int32_t *blocks, int64_t n_blocks, int threads, char *scratch, int64_t stride,
               int64_t width);

/* The order of answers: score descending, fewer inputs, subset lexicographic, table.  Total: no ties remain. */
int fwc_better(const fwc_found *x, const fwc_found *y);

/* Insert into a sorted list of at most cap entries unless it is there; returns the new length. */
int64_t fwc_insert(fwc_found *list, int64_t n, int64_t cap, const fwc_found *entry);

/* Merge candidates of one subset into the answer and raise the threshold (one thread at a time). */
void fwc_merge(fwc_search *s, const fwc_found *list, int64_t n);

/* Histogram of the weights by pattern of `arity` literals: pattern sums of rows r mod 4, in row order, then
 * (0 + 1) + (2 + 3): the same on every CPU. */
void fwc_histogram(const fwc_search *s, int arity, const int32_t *lit, double *h);

#endif
