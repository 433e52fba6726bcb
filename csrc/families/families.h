/* Kernels of the oracles over structured families. */
#ifndef FWC_FAMILIES_H
#define FWC_FAMILIES_H

#include <stdint.h>

/* h <- (sum over j of (-1)^popcount(i & j) h[j]) for i < 2^bits, in place; butterflies from bit 0 up, so that the
 * rounding does not depend on threads or instruction set.  Returns -1 without memory for the buffers. */
int fwc_walsh(double *h, int bits, int threads);

/* Indices 1 <= s < 2^bits of the k largest |h[s]| factor[popcount(s)], best first; ties: fewer ones, then smaller s.
 * Returns how many there are. */
int64_t fwc_walsh_top(const double *h, int bits, const double *factor, int64_t k, int64_t *top);

typedef struct {
    int64_t n_literals, n_rows, n_words, key_words;
    const uint64_t *words;    /* (n_literals, n_words) packed columns, padding zero */
    const uint64_t *keys;     /* (n_rows, key_words): the literals of a row; bits n_literals and above zero */
    const double *weights;    /* (n_rows) */
    const double *cumulative; /* (n_rows) running sums of |weights| */
    int bits;                 /* 2 .. 16, unknowns left to the transform; at most n_literals + 1 */
} fwc_parity;

/* Draws first .. first + count - 1: each takes random rows (by |weight|), assumes their signs to be those of one parity,
 * and scores all 2^bits parities that agree; sets[d] and values[d] hold the best of draw first + d.  A draw depends
 * on the seed and its number alone.  Ties: the smallest index of the transform.  Returns -1 without memory. */
int fwc_parity_draws(const fwc_parity *p, uint64_t seed, int64_t first, int64_t count, uint64_t *sets, double *values,
                     int threads);

/* For every pair i < j of packed columns: the two largest |rows - 2 * (rows where x_i ^ x_j ^ x_k ^ label is 1)| over k
 * other than i and j, added up; sums[i * n + j], 0 elsewhere.
 * Padding bits of columns and label are zero; n_words <= 16. */
void fwc_triples(const uint64_t *words, const uint64_t *label, int64_t n, int64_t n_words, int64_t n_rows, int32_t *sums,
                 int threads);

#endif
