/* Exact search over functions of five or six literals with few gates: data shared by the kernels.
 *
 * The screen works on integers as in csrc/oracle/subset.h, whose argument for dropping subsets holds here too: a subset,
 * or a branch of the search within one, is dropped only if its integer bound plus `slack` proves that nothing in it
 * can enter the answer; the rest is scored in float64 from the original weights.
 *
 * Sums of the weights over the rows where a set U of columns and two more are true are kept as one matrix for each U
 * (upper triangle, columns after those of U).  The matrices of all subsets of a prefix of m columns give the 2^(m+2)
 * moments of the prefix with any two later columns, and a Moebius transform the weights by pattern, h.
 *
 * Within a subset: replacing inputs x_i, x_j by a gate adds up entries of h, which can only lower sum |h|.  A family of
 * functions is what remains when no such replacement is left, its cores (fw_circuits/circuits/read_once.py).
 */
#ifndef FWC_GATES_H
#define FWC_GATES_H

#include <stdint.h>

#include "oracle/tile.h"

enum { FWC_MOST = 6, FWC_FAMILIES = 3 }; /* literals of a function; families at a time */

/* One function found: value = signed sum times factor; table: bit v = f at pattern v, f(0) = 0. */
typedef struct {
    double value;
    uint64_t table;
    int32_t arity, gates, lit[FWC_MOST];
} fwc_gates_found;

/* Functions of `arity` inputs with `gates` gates: cores of n inputs, with gates put in place of inputs. */
typedef struct {
    int32_t arity, gates, least_core; /* least_core: fewest inputs of a core */
    double factor;                    /* of the cost */
    const uint32_t *core[FWC_MOST];   /* by inputs of the core: normal tables that depend on all */
    int64_t n_core[FWC_MOST];
} fwc_family;

typedef struct {
    int64_t n, n_rows, n_words; /* literals, rows, words of a literal */
    const uint64_t *words;      /* these fields: see fwc_search */
    const double *weights;
    const int32_t *order, *flip;
    const uint64_t *masks;
    float *bits, *weighted; /* (n_rows, ld): F and q F of all rows, which many prefixes share */
    int64_t ld, chunk;
    int32_t total;
    double delta, slack;
    int64_t isa, k, per_support;

    int32_t *level[FWC_MOST - 2]; /* [j]: (C(n, j), ld, ld) by colexicographic rank of the j-subset; NULL: not kept */
    fwc_family family[FWC_FAMILIES];
    int64_t n_families;
    fwc_gates_found *found; /* (k), sorted */
    int64_t n_found;
    int64_t counts[3]; /* subsets that passed the first bound; that were histogrammed in float64; functions scored */
    double threshold;  /* score that has to be reached */
} fwc_gates;

/* Scratch memory of one thread. */
typedef struct {
    fwc_tile tile;                   /* the rows at work */
    fwc_gates_found *list;           /* (min(k, per_support)) candidates of one subset, sorted */
    uint64_t *mask;                  /* (n_words) */
    int32_t *sums, *diagonal, *mass; /* (ld, ld), (16, ld), (ld) */
    int32_t *half[2];                /* (2^16): signed sums by half of a table */
} fwc_gates_work;

/* Bytes of scratch that one thread needs; a multiple of 64. */
int64_t fwc_gates_scratch(int64_t n_words, int64_t ld, int64_t chunk, int64_t cap);

/* Sums for prefixes (n_prefixes, m) of m <= 4 ascending columns, kept where there is a level[m]; with `examine`,
 * then the subsets of the prefix and two later columns, in all families of m + 2 inputs. */
void fwc_gates_prefixes(fwc_gates *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine, int threads,
                        char *scratch, int64_t stride);

/* The order of answers: score descending, fewer inputs, subset lexicographic, table.  Total: no ties remain but equal
 * functions of the same subset. */
int fwc_gates_better(const fwc_gates_found *x, const fwc_gates_found *y);

/* Insert into a sorted list of at most cap entries unless it is there; returns the new length. */
int64_t fwc_gates_insert(fwc_gates_found *list, int64_t n, int64_t cap, const fwc_gates_found *entry);

/* Merge the list of one subset into the answer and raise the threshold (one thread at a time). */
void fwc_gates_merge(fwc_gates *s, const fwc_gates_found *list, int64_t n);

/* Add to the counts of the search. */
void fwc_gates_count(fwc_gates *s, const int64_t *counts);

/* Weights by pattern of `arity` literals, in row order: the same on every CPU. */
void fwc_gates_histogram(const fwc_gates *s, int arity, const int32_t *lit, double *h);

/* Lay out the scratch memory of one thread. */
fwc_gates_work fwc_gates_carve(const fwc_gates *s, char *scratch);

#endif
