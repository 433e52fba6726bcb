/* Kernels of the oracles over structured families. */
#ifndef FWC_FAMILIES_H
#define FWC_FAMILIES_H

#include <stdint.h>

/* h <- (sum over j of (-1)^popcount(i & j) h[j]) for i < 2^bits, in place, in two sweeps that can be cut in pieces: blocks
 * first .. last - 1 of 2^12 numbers (of all, if there are fewer), bits below 12; then, after all blocks, columns
 * first .. last - 1 of 2^12 / 16, bits from 12 on.  Butterflies from bit 0 up, so that the rounding does not depend on
 * threads or instruction set.  The second returns -1 without memory for the buffers. */
void fwc_walsh_low(double *h, int bits, int64_t first, int64_t last, int threads);
int fwc_walsh_high(double *h, int bits, int64_t first, int64_t last, int threads);

/* The transform of small integers: no sum may leave the range of int16_t. */
void fwc_walsh_small(int16_t *h, int bits);

/* Indices 1 <= s < 2^bits of the k largest |h[s]| factor[popcount(s)], best first; ties: fewer ones, then smaller s.
 * Returns how many there are.  The search can be cut in pieces: `top` contains the n best of 1 .. first - 1 as a heap (0 at
 * the start), and s up to last - 1 are looked at; fwc_walsh_sort puts the heap in order. */
int64_t fwc_walsh_top(const double *h, const double *factor, int64_t k, int64_t *top, int64_t n, int64_t first,
                      int64_t last);
void fwc_walsh_sort(const double *h, const double *factor, int64_t *top, int64_t n);

typedef struct {
    int64_t n_literals, n_rows, n_words, key_words; /* n_words: a multiple of eight */
    const uint64_t *words; /* (n_literals, n_words) packed columns, padding zero */
    const uint64_t *keys;  /* (n_rows, key_words): the literals of a row; bits n_literals and above zero */
    const uint64_t *label; /* (n_words) packed labels of the rows, padding zero */
    int bits;              /* 2 .. 14, unknowns left to the transform; at most n_literals + 1 */
} fwc_parity;

/* Draws first .. first + count - 1: each takes random rows, assumes their labels to be those of one parity, and scores all
 * 2^bits parities that agree; sets[d] and values[d], rows of equal less rows of other label up to the sign, are the best
 * of draw first + d.  A draw depends on the seed and its number alone.  Ties: the smallest index of the transform.  At most
 * 2^15 - 1 rows.  Returns -1 without memory. */
int fwc_parity_draws(const fwc_parity *p, uint64_t seed, int64_t first, int64_t count, uint64_t *sets, int32_t *values,
                     int threads);

/* The two largest |rows - 2 * (rows where x_i ^ x_j ^ x_k ^ label is 1)| over k other than i and j, for every pair i < j of
 * columns: first[i * ld + j] and second[i * ld + j].  Literals i0 .. i1 - 1 as the first of a triple; all of them, in any
 * order, give the result; both arrays are zero before.  columns[w * ld + i] is word w of column i, zero from n to ld, a
 * multiple of 32.  Padding bits of columns and label are zero; n_words <= 16. */
void fwc_triples(const uint64_t *columns, const uint64_t *label, int64_t n, int64_t ld, int64_t n_words, int64_t n_rows,
                 int64_t i0, int64_t i1, int16_t *first, int16_t *second);

typedef struct {
    int64_t n_literals, n_rows, key_words;
    const uint64_t *keys;  /* (n_rows, key_words): the literals of a row; bits n_literals and above zero */
    const double *weights; /* (n_rows) */
} fwc_table;

/* sums[l] = sum of the weights of the rows where literal l is 1, (64 key_words), over the listed rows (NULL: the first n). */
void fwc_tally(const fwc_table *t, const int32_t *rows, int64_t n, double *sums);

/* sums[i * n + j] = sum of the weights of the rows where literals i and j are 1, for first <= i < last and j >= i, and the
 * same at [j * n + i].  Returns -1 without memory. */
int fwc_moments(const fwc_table *t, int64_t first, int64_t last, double *sums, int threads);

/* Best scores by kind: "ends", "intervals", "anything" (oracle/families/counting.py). */
enum { FWC_ENDS = 0,
       FWC_INTERVALS = 1,
       FWC_ANYTHING = 2,
       FWC_KINDS = 3 };

/* For m = 2 .. n: the count of the first m columns of an order, complemented where flips is 1, and the best score of a function
 * of it of every kind: scores[(m - 2) * 3 + kind].  Returns -1 without memory. */
int fwc_prefixes(const uint64_t *words, int64_t n_words, const int64_t *order, const uint8_t *flips, int64_t n,
                 const double *weights, int64_t n_rows, double *scores);

/* A set of m literals: state 0 outside, 1 counted, 2 counted where it is 0; count[r] of the row.  The best change of one
 * literal: its score times factor[0] (m - 1 literals), factor[1] (m), factor[2] (m + 1).  Moves: 0 add, 1 add complemented,
 * 2 remove (not the last), 3 flip; ties: the earlier move, the lower literal.  Returns -1 without memory. */
int fwc_best_change(const fwc_table *t, const uint16_t *count, const uint8_t *state, int64_t m, int kind,
                    const double *factor, double *score, int64_t *move, int64_t *literal);

/* A carry chain and all the places where it may end, at most n_literals + 4 (oracle/families/chains.py, follow): the planned
 * pairs, or, where `planned` is negative, those that explain most among the literals with free_[l] = 1 (changed).
 * pairs and negative have room for n_literals entries.  An end: places[2 e] pairs before it, places[2 e + 1] its start, 0 or 1
 * or 2 + 2 * literal + complemented; values[2 e] what is explained, values[2 e + 1] slack.  Returns -1 without memory. */
int fwc_follow(const fwc_table *t, const int64_t *plan, int64_t planned, uint8_t *free_, double clear, int64_t fewest,
               int64_t *pairs, uint8_t *negative, int64_t *n_pairs, int64_t *places, double *values, int64_t *n_ends);

#endif
