/* Parities of many literals: pooled elimination over GF(2), the last unknowns by a Walsh-Hadamard transform. */
#include "families.h"

#include <math.h>
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

static inline void add(uint64_t *key, const uint64_t *other, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        key[i] ^= other[i];
}

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
    uint64_t *row, *mask;
    int64_t *column;  /* which literal each pivot determines */
    uint64_t *free_;  /* (bits + 1, n_words): the unknowns left, the constant, the label */
    int64_t *left;    /* literals among the unknowns left */
    char *taken;
    double *h;
} scratch;

/* Reduced echelon form of up to `want` independent random rows; returns how many. */
static int64_t eliminate(const fwc_parity *p, scratch *s, int64_t m, int64_t want, uint64_t *random)
{
    const int64_t n = p->n_literals;
    const double mass = p->cumulative[p->n_rows - 1];
    int64_t rank = 0;
    for (int64_t tries = 0; rank < want && tries < 2 * want + 64; tries++) {
        const double u = (double)(next_random(random) >> 11) * 0x1p-53 * mass;
        int64_t lo = 0, hi = p->n_rows - 1; /* the first row whose running sum is above u */
        while (lo < hi) {
            const int64_t mid = (lo + hi) / 2;
            if (p->cumulative[mid] > u)
                hi = mid;
            else
                lo = mid + 1;
        }
        memset(s->row, 0, (size_t)m * sizeof *s->row);
        memcpy(s->row, p->keys + lo * p->key_words, (size_t)p->key_words * sizeof *s->row);
        s->row[n >> 6] |= (uint64_t)1 << (n & 63);
        if (p->weights[lo] < 0)
            s->row[(n + 1) >> 6] |= (uint64_t)1 << ((n + 1) & 63);
        for (int64_t i = 0; i < rank; i++)
            if (bit(s->row, s->column[i]))
                add(s->row, s->pivot + i * m, m);
        const int64_t c = first_bit(s->row, n);
        if (c < 0)
            continue;
        for (int64_t i = 0; i < rank; i++)
            if (bit(s->pivot + i * m, c))
                add(s->pivot + i * m, s->row, m);
        memcpy(s->pivot + rank * m, s->row, (size_t)m * sizeof *s->row);
        s->column[rank++] = c;
    }
    return rank;
}

static void draw(const fwc_parity *p, scratch *s, uint64_t seed, int64_t number, uint64_t *set, double *value)
{
    const int64_t n = p->n_literals, W = p->n_words, m = (n + 2 + 63) / 64, size = (int64_t)1 << p->bits;
    uint64_t random = seed, stream = (uint64_t)number;
    random ^= next_random(&stream);
    const int64_t rank = eliminate(p, s, m, n + 1 - p->bits, &random);

    /* The unknowns left: the first literals that no pivot determines; further ones may as well be 0. */
    memset(s->taken, 0, (size_t)n);
    for (int64_t i = 0; i < rank; i++)
        s->taken[s->column[i]] = 1;
    const int last = p->bits - 1;
    int n_left = 0;
    for (int64_t i = 0; i < n && n_left < last; i++)
        if (!s->taken[i])
            s->left[n_left++] = i;
    for (int j = 0; j < n_left; j++)
        memcpy(s->free_ + j * W, p->words + s->left[j] * W, (size_t)W * sizeof *s->free_);
    memset(s->free_ + n_left * W, 0, (size_t)((p->bits + 1 - n_left) * W) * sizeof *s->free_);
    uint64_t *constant = s->free_ + last * W, *label = constant + W;
    memset(constant, 255, (size_t)W * sizeof *constant);
    for (int64_t i = 0; i < rank; i++) {
        const uint64_t *pivot = s->pivot + i * m, *column = p->words + s->column[i] * W;
        for (int j = 0; j < n_left; j++)
            if (bit(pivot, s->left[j]))
                add(s->free_ + j * W, column, W);
        if (bit(pivot, n))
            add(constant, column, W);
        if (bit(pivot, n + 1))
            add(label, column, W);
    }

    memset(s->h, 0, (size_t)size * sizeof *s->h);
    for (int64_t w = 0; w < W; w++) {
        const int64_t rows = p->n_rows - 64 * w < 64 ? p->n_rows - 64 * w : 64;
        uint32_t key[64] = {0};
        for (int j = 0; j <= p->bits; j++) {
            const uint64_t word = s->free_[j * W + w];
            for (int r = 0; r < 64; r++)
                key[r] |= (uint32_t)(word >> r & 1) << j;
        }
        for (int64_t r = 0; r < rows; r++) {
            const double weight = p->weights[64 * w + r];
            s->h[key[r] & (uint32_t)(size - 1)] += key[r] >> p->bits ? -weight : weight;
        }
    }
    fwc_walsh(s->h, p->bits, 1);
    int64_t best = 0;
    for (int64_t i = 1; i < size; i++)
        if (fabs(s->h[i]) > fabs(s->h[best]))
            best = i;

    memset(s->mask, 0, (size_t)m * sizeof *s->mask);
    for (int j = 0; j < n_left; j++)
        s->mask[s->left[j] >> 6] |= (uint64_t)(best >> j & 1) << (s->left[j] & 63);
    memcpy(set, s->mask, (size_t)p->key_words * sizeof *set);
    s->mask[n >> 6] |= (uint64_t)(best >> last & 1) << (n & 63);
    s->mask[(n + 1) >> 6] |= (uint64_t)1 << ((n + 1) & 63);
    for (int64_t i = 0; i < rank; i++)
        if (odd(s->pivot + i * m, s->mask, m))
            set[s->column[i] >> 6] |= (uint64_t)1 << (s->column[i] & 63);
    *value = s->h[best];
}

int fwc_parity_draws(const fwc_parity *p, uint64_t seed, int64_t first, int64_t count, uint64_t *sets, double *values,
                     int threads)
{
    const int64_t n = p->n_literals, m = (n + 2 + 63) / 64;
    int failed = 0;
#pragma omp parallel num_threads(fwc_threads(threads))
    {
        scratch s = {
            .pivot = malloc((size_t)(n * m + 2 * m) * sizeof(uint64_t)),
            .column = malloc((size_t)n * sizeof(int64_t)),
            .free_ = malloc((size_t)((p->bits + 1) * p->n_words) * sizeof(uint64_t)),
            .left = malloc((size_t)p->bits * sizeof(int64_t)),
            .taken = malloc((size_t)n),
            .h = malloc(((size_t)1 << p->bits) * sizeof(double)),
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
            s.mask = s.row + m;
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
