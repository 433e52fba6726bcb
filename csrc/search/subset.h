/* Exact search over all functions of all subsets of at most four literals: pairs, then triples, then quads. */
#ifndef FWC_SUBSET_H
#define FWC_SUBSET_H

#include "search.h"

/* Bytes of scratch that one thread needs for blocks of `width` second literals; a multiple of 64. */
int64_t fwc_scratch(int64_t ld, int64_t chunk, int64_t k, int64_t width);

/* Add the rows of words w0 <= w < w1 to the sums for pairs; w0 is a multiple of a chunk. */
void fwc_pair_sums(fwc_search *s, int64_t w0, int64_t w1);

/* With the sums of all rows: all 1- and 2-subsets. */
void fwc_pairs(fwc_search *s);

/* Triples with first columns a0 <= a < a1 (and the table `triples` if there is one), 3-subsets. */
void fwc_triples(fwc_search *s, int64_t a0, int64_t a1);

/* 4-subsets of the blocks (a, b0, b1): first column a, second b0 <= b < b1. */
void fwc_quads(fwc_search *s, const int32_t *blocks, int64_t n_blocks);

#endif
