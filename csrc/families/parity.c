/* Parities of many literals: pooled elimination over GF(2), the last unknowns by a Walsh-Hadamard transform. */
#include "families.h"

#include <stdlib.h>
#include <string.h>

#include "../forked.h"

/* The finaliser of splitmix64 over a counter: a stream of its own for every draw. */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static inline int bit(const uint64_t *key, int64_t i) { return (int)(key[i >> 6] >> (i & 63) & 1); }

static inline int odd(const uint64_t *a, const uint64_t *b, int64_t n)
{
    uint64_t x = 0;
    for (int64_t i = 0; i < n; i++)
        x ^= a[i] & b[i];
    return __builtin_parityll(x);
}

/* First set bit below n, or -1. */
static int64_t first_bit(const uint64_t *key, int64_t n)
{
    int64_t w = 0;
    while (64 * w < n && !key[w])
        w++;
    const int64_t i = 64 * w < n ? 64 * w + __builtin_ctzll(key[w]) : n;
    return i < n ? i : -1;
}

typedef struct {
    uint64_t *pivot;  /* (n_literals, m) reduced rows; bit n: the constant, bit n + 1: the label */
    uint64_t *row, *reduced, *mask;
    int64_t *column;  /* which literal each pivot determines */
    uint64_t *free_;  /* (bits + 1, n_words): the unknowns left, the constant, the label */
    int64_t *left;    /* literals among the unknowns left */
    char *taken;
    int16_t *h;
} scratch;

/* Words of a row in the elimination: a multiple of eight. */
static int64_t row_words(const fwc_parity *p) { return (p->n_literals + 2 + 511) / 512 * 8; }

#define FWC_BODY "families/parity_body.h"
#include "../simd.h"

static void draw(const fwc_parity *p, scratch *s, uint64_t seed, int64_t number, uint64_t *set, int32_t *value)
{
    const int64_t n = p->n_literals, m = row_words(p), size = (int64_t)1 << p->bits;
    const int last = p->bits - 1;
    uint64_t random = seed, stream = (uint64_t)number;
    random ^= next_random(&stream);
    const int64_t rank = SELECT(FWC_AVX512, eliminate)(p, s, m, n + 1 - p->bits, &random);
    const int n_left = SELECT(FWC_AVX512, reduce)(p, s, m, rank);
    SELECT(FWC_AVX512, histogram)(p, s->free_, s->h);
    fwc_walsh_small(s->h, p->bits);
    const int64_t best = SELECT(FWC_AVX512, largest)(s->h, size);

    memset(s->mask, 0, (size_t)m * sizeof *s->mask);
    for (int j = 0; j < n_left; j++)
        s->mask[s->left[j] >> 6] |= (uint64_t)(best >> j & 1) << (s->left[j] & 63);
    memcpy(set, s->mask, (size_t)p->key_words * sizeof *set);
    s->mask[n >> 6] |= (uint64_t)(best >> last & 1) << (n & 63);
    s->mask[(n + 1) >> 6] |= (uint64_t)1 << ((n + 1) & 63);
    for (int64_t i = 0; i < rank; i++)
        if (odd(s->pivot + i * m, s->mask, m))
            set[s->column[i] >> 6] |= (uint64_t)1 << (s->column[i] & 63);
    *value = s->h[best] < 0 ? -s->h[best] : s->h[best];
}

int fwc_parity_draws(const fwc_parity *p, uint64_t seed, int64_t first, int64_t count, uint64_t *sets, int32_t *values,
                     int threads)
{
    const int64_t n = p->n_literals, m = row_words(p);
    int failed = 0;
#pragma omp parallel num_threads(fwc_threads(threads))
    {
        scratch s = {
            .pivot = malloc((size_t)(n * m + 3 * m) * sizeof(uint64_t)),
            .column = malloc((size_t)n * sizeof(int64_t)),
            .free_ = malloc((size_t)((p->bits + 1) * p->n_words) * sizeof(uint64_t)),
            .left = malloc((size_t)p->bits * sizeof(int64_t)),
            .taken = malloc((size_t)n),
            .h = malloc(((size_t)1 << p->bits) * sizeof(int16_t)),
        };
        const int ready = s.pivot && s.column && s.free_ && s.left && s.taken && s.h;
        if (!ready) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(static)
        for (int64_t d = 0; d < count; d++) {
            if (!ready)
                continue;
            s.row = s.pivot + n * m;
            s.reduced = s.row + m;
            s.mask = s.reduced + m;
            draw(p, &s, seed, first + d, sets + d * p->key_words, values + d);
        }
        free(s.pivot);
        free(s.column);
        free(s.free_);
        free(s.left);
        free(s.taken);
        free(s.h);
    }
    return failed ? -1 : 0;
}
