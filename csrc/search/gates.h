/* Exact search over functions of five or six literals with few gates.
 *
 * The argument of search.h for dropping subsets applies here too: a subset, or a branch of the search within one, is
 * dropped only if its integer bound plus `slack` proves that nothing in it can enter the answer; the rest is scored in
 * float64 from the original weights.
 *
 * Sums of the weights over the rows where a set U of columns and two more are true are kept as one matrix for each U
 * (upper triangle, columns after those of U).  The matrices of all subsets of a prefix of m columns give the 2^(m+2)
 * moments of the prefix with any two later columns, and a Moebius transform the weights by pattern, h.
 *
 * Within a subset: replacing inputs x_i, x_j by a gate adds up entries of h, which can only lower sum |h|.  A class of
 * functions is what remains when no such replacement is left, its cores (fw_circuits/circuits/read_once.py).
 */
#ifndef FWC_GATES_H
#define FWC_GATES_H

#include "search.h"

/* Bytes of scratch that one thread needs; a multiple of 64. */
int64_t fwc_gates_scratch(int64_t n_words, int64_t ld, int64_t chunk, int64_t cap);

/* Sums for prefixes (n_prefixes, m) of m <= 4 ascending columns, kept where there is a level[m]; with `examine`,
 * then the subsets of the prefix and two later columns, in all classes of m + 2 inputs. */
void fwc_gates_prefixes(fwc_search *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine);

#endif
