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

static void sort32(uint64_t *v)
{
    sort16(v);
    sort16(v + 16);
    batcher_merge(v, 32);
}

/* The nearest even number of x >= 0; of an odd x the one below it. */
static inline double nearest_even(double x)
{
    int32_t floor = (int32_t)x, odd = floor & 1;
    return (double)(floor + ((double)floor == x ? -odd : odd));
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
    else if (padded == 32) {
        sort32(v);
        return v;
    } else
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
            double x = z[r * d + i], even = nearest_even(x);
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

/* Of one coordinate of one point: its code before and from the vertex `rank` of the point on. */
typedef struct {
    uint32_t rank;
    uint16_t before, after;
} step;
_Static_assert(sizeof(step) == FWC_STEP, "FWC_STEP is wrong");

/* The coordinates of a point with 0 < s < 1 as sort keys; steps of the others are complete, of these all but the rank. */
static size_t steps_of(const double *z, size_t d, step *steps, uint64_t *buffer)
{
    size_t m = 0;
    for (size_t i = 0; i < d; i++) {
        double x = z[i], even = nearest_even(x);
        uint64_t s = (uint64_t)(fabs(x - even) * (double)ONE + 0.5);
        uint16_t e = (uint16_t)even, o = (uint16_t)(x >= even ? e + 1 : e - 1);
        steps[i] = (step){0, s == ONE ? o : e, s == 0 ? e : o};
        if (s != 0 && s != ONE)
            buffer[m++] = s << FWC_INDEX_BITS | (INDEX_MASK - i);
    }
    return m;
}

/* Bits of a column one after the other. */
typedef struct {
    uint64_t *word, bits;
    size_t used; /* of the 64 of `bits` */
} writer;

/* The low n <= 64 bits; those above are 0. */
static inline void append(writer *to, uint64_t bits, size_t n)
{
    to->bits |= bits << to->used;
    to->used += n;
    if (to->used >= 64) {
        *to->word++ = to->bits;
        to->used -= 64;
        to->bits = to->used ? bits >> (n - to->used) : 0;
    }
}

static inline uint64_t low(size_t n) { return n < 64 ? ((uint64_t)1 << n) - 1 : ~(uint64_t)0; }

ptrdiff_t fwc_j1_steps(const double *z, size_t n, size_t d, int64_t *indptr, void *steps, double *weights)
{
    size_t room = (d + RUN) / RUN * RUN, total = 0;
    uint64_t *buffer = malloc(2 * room * sizeof *buffer);
    if (!buffer)
        return -1;
    const double unit = 1.0 / (double)ONE;
    indptr[0] = 0;
    for (size_t r = 0; r < n; r++) {
        step *own = (step *)steps + r * d;
        size_t m = steps_of(z + r * d, d, own, buffer), first = total;
        const uint64_t *sorted = m > 1 ? sort_keys(buffer, m, buffer + room) : buffer;
        uint64_t previous = ONE;
        for (size_t j = 0; j <= m; j++) {
            uint64_t s = j < m ? sorted[j] >> FWC_INDEX_BITS : 0;
            if (previous > s)
                weights[total++] = (double)(previous - s) * unit;
            if (j < m)
                own[INDEX_MASK - (sorted[j] & INDEX_MASK)].rank = (uint32_t)(total - first);
            previous = s;
        }
        indptr[r + 1] = (int64_t)total;
    }
    free(buffer);
    return (ptrdiff_t)total;
}

void fwc_j1_columns(const void *steps, size_t n, size_t d, int level, const int64_t *indptr, uint64_t *words, size_t n_words)
{
    for (size_t i = 0; i < d; i++)
        for (int p = 0; p < level; p++) {
            writer to = {words + (i * (size_t)level + (size_t)p) * n_words, 0, 0};
            for (size_t r = 0; r < n; r++) {
                const step *own = (const step *)steps + r * d + i;
                const size_t vertices = (size_t)(indptr[r + 1] - indptr[r]);
                const uint64_t before = -(uint64_t)(own->before >> p & 1), after = -(uint64_t)(own->after >> p & 1);
                size_t rank = own->rank;
                for (size_t v = 0; v < vertices; v += 64) {
                    const size_t n = vertices - v < 64 ? vertices - v : 64, first = rank < n ? rank : n;
                    append(&to, (before & low(first)) | (after & low(n) & ~low(first)), n);
                    rank -= first;
                }
            }
            if (to.used)
                *to.word = to.bits;
        }
}
