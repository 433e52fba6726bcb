/* Todd's J1 triangulation: the vertices of positive weight of every point, as packed literal bits.
 *
 * s is rounded to a multiple of 2^-44.  A sort key is (s in these units) << 19 | (2^19 - 1 - coordinate), so keys are
 * distinct and sorting them as integers gives s descending.
 * Tie rule: of equal s the smaller coordinate comes first; an odd integer z is taken from the even number below it.
 * Both choices only concern vertices of weight 0, which are not emitted.
 */
#include "lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ONE ((uint64_t)1 << FWC_WEIGHT_BITS)
#define INDEX_MASK (((uint64_t)1 << FWC_INDEX_BITS) - 1)
#define RUN 16

/* Compare-exchange: the larger key to the front. */
#define CX(a, b)                     \
    do {                             \
        uint64_t x = v[a], y = v[b]; \
        v[a] = x > y ? x : y;        \
        v[b] = x > y ? y : x;        \
    } while (0)

static void sort4(uint64_t *v)
{
    CX(0, 1);
    CX(2, 3);
    CX(0, 2);
    CX(1, 3);
    CX(1, 2);
}

/* The merging half of Batcher's odd-even merge sort: two sorted halves of v[0..n) become one. */
static inline void batcher_merge(uint64_t *v, int n)
{
    for (int i = 0; i < n / 2; i++)
        CX(i, i + n / 2);
    for (int step = n / 4; step > 0; step /= 2)
        for (int base = step; base + step < n; base += 2 * step)
            for (int i = base; i < base + step; i++)
                CX(i, i + step);
}

static void sort8(uint64_t *v)
{
    sort4(v);
    sort4(v + 4);
    batcher_merge(v, 8);
}

static void sort16(uint64_t *v)
{
    sort8(v);
    sort8(v + 8);
    batcher_merge(v, 16);
}

/* Descending; v holds room for m rounded up to a multiple of 16 and scratch for as many.  Returns where the result is. */
static uint64_t *sort_keys(uint64_t *v, size_t m, uint64_t *scratch)
{
    size_t padded = m <= 4 ? 4 : m <= 8 ? 8
                                        : (m + RUN - 1) / RUN * RUN;
    memset(v + m, 0, (padded - m) * sizeof *v);
    if (padded == 4)
        sort4(v);
    else if (padded == 8)
        sort8(v);
    else
        for (size_t i = 0; i < padded; i += RUN)
            sort16(v + i);
    for (size_t run = RUN; run < padded; run *= 2) {
        for (size_t lo = 0; lo < padded; lo += 2 * run) {
            size_t mid = lo + run < padded ? lo + run : padded;
            size_t hi = lo + 2 * run < padded ? lo + 2 * run : padded;
            size_t a = lo, b = mid;
            for (size_t out = lo; out < hi; out++)
                scratch[out] = (b >= hi || (a < mid && v[a] >= v[b])) ? v[a++] : v[b++];
        }
        uint64_t *swap = v;
        v = scratch;
        scratch = swap;
    }
    return v;
}

static inline void flip(uint64_t *key, size_t position, uint64_t field)
{
    size_t word = position / 64, shift = position % 64;
    key[word] ^= field << shift;
    if (shift && field >> (64 - shift))
        key[word + 1] ^= field >> (64 - shift);
}

/* z: (n, d), every entry in [0, 2^level - 1].  Literal i * level + p (bit p of coordinate i) is bit (. % 64) of word
 * (. / 64) of a vertex key.  indptr: (n + 1); keys: room for n (d + 1) keys; weights: as many.
 * Returns the number of vertices written, -1 when out of memory. */
ptrdiff_t fwc_j1(const double *z, size_t n, size_t d, int level, int64_t *indptr, uint64_t *keys, double *weights)
{
    size_t key_words = (d * (size_t)level + 63) / 64, room = (d + RUN) / RUN * RUN;
    uint64_t *buffer = malloc((2 * room + d + 1) * sizeof *buffer);
    if (!buffer)
        return -1;
    uint64_t *change = buffer + 2 * room; /* code of O xor code of E, per coordinate */
    const double unit = 1.0 / (double)ONE;
    size_t total = 0;
    indptr[0] = 0;
    for (size_t r = 0; r < n; r++) {
        uint64_t *key = keys + total * key_words;
        size_t m = 0; /* coordinates with 0 < s < 1 */
        memset(key, 0, key_words * sizeof *key);
        for (size_t i = 0; i < d; i++) {
            double x = z[r * d + i], even = 2.0 * ceil(0.5 * (x - 1.0));
            uint64_t s = (uint64_t)(fabs(x - even) * (double)ONE + 0.5);
            uint64_t e = (uint64_t)even, o = x >= even ? e + 1 : e - 1;
            flip(key, i * (size_t)level, s == ONE ? o : e);
            change[i] = e ^ o;
            if (s != 0 && s != ONE)
                buffer[m++] = s << FWC_INDEX_BITS | (INDEX_MASK - i);
        }
        const uint64_t *sorted = m > 1 ? sort_keys(buffer, m, buffer + room) : buffer;
        uint64_t previous = ONE;
        for (size_t j = 0; j <= m; j++) {
            uint64_t s = j < m ? sorted[j] >> FWC_INDEX_BITS : 0;
            if (previous > s) {
                weights[total++] = (double)(previous - s) * unit;
                if (j < m) {
                    memcpy(key + key_words, key, key_words * sizeof *key);
                    key += key_words;
                }
            }
            if (j < m) {
                size_t i = INDEX_MASK - (sorted[j] & INDEX_MASK);
                flip(key, i * (size_t)level, change[i]);
            }
            previous = s;
        }
        indptr[r + 1] = (int64_t)total;
    }
    free(buffer);
    return (ptrdiff_t)total;
}
