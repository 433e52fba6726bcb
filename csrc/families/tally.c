/* Sums of the weights by literal and by count, the best function of a count, and the best change of one literal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../forked.h"
#include "families.h"

#define BIT(byte, i) ((byte) >> (i) & 1)
#define BYTE(b) {BIT(b, 0), BIT(b, 1), BIT(b, 2), BIT(b, 3), BIT(b, 4), BIT(b, 5), BIT(b, 6), BIT(b, 7)}
#define BYTES4(b) BYTE(b), BYTE(b + 1), BYTE(b + 2), BYTE(b + 3)
#define BYTES16(b) BYTES4(b), BYTES4(b + 4), BYTES4(b + 8), BYTES4(b + 12)
#define BYTES64(b) BYTES16(b), BYTES16(b + 16), BYTES16(b + 32), BYTES16(b + 48)
static const double ones_of_byte[256][8] __attribute__((aligned(64))) = {BYTES64(0), BYTES64(64), BYTES64(128),
                                                                         BYTES64(192)};

#define FWC_BODY "families/tally_body.h"
#include "../simd.h"

void fwc_tally(const fwc_table *t, const int32_t *rows, int64_t n, double *sums)
{
    memset(sums, 0, (size_t)(64 * t->key_words) * sizeof *sums);
    SELECT(FWC_AVX512, tally)(t, rows, n, 0, sums);
}

int fwc_moments(const fwc_table *t, int64_t first, int64_t last, double *sums, int threads)
{
    const int64_t n = t->n_literals, ld = 64 * t->key_words;
    int failed = 0;
#pragma omp parallel num_threads(fwc_threads(threads))
    {
        int32_t *rows = malloc((size_t)(t->n_rows + 1) * sizeof *rows);
        double *acc = malloc((size_t)ld * sizeof *acc);
        const int ready = rows && acc;
        if (!ready) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = first; i < last; i++) {
            if (!ready)
                continue;
            int64_t found = 0;
            for (int64_t r = 0; r < t->n_rows; r++) {
                rows[found] = (int32_t)r;
                found += (int64_t)(t->keys[r * t->key_words + (i >> 6)] >> (i & 63) & 1);
            }
            memset(acc, 0, (size_t)ld * sizeof *acc);
            SELECT(FWC_AVX512, tally)(t, rows, found, i >> 6, acc);
            for (int64_t j = i; j < n; j++)
                sums[i * n + j] = sums[j * n + i] = acc[j];
        }
        free(rows);
        free(acc);
    }
    return failed ? -1 : 0;
}

/* Best score of a function of the count of one kind, from the sums h[from .. to] of the weights by count; all others are 0. */
static double score(const double *h, int64_t from, int64_t to, int64_t last, int kind, double total)
{
    double sum = 0, low = 0, high = 0, most = 0, least = 0;
    if (kind == FWC_ENDS) {
        const double first = from == 0 ? h[0] : 0, final = to == last ? h[last] : 0;
        return fmax(fabs(2 * first - total), fabs(2 * final - total));
    }
    if (kind == FWC_ANYTHING) {
        for (int64_t c = from; c <= to; c++)
            sum += fabs(h[c]);
        return sum;
    }
    for (int64_t c = from; c <= to; c++) {
        sum += h[c];
        low = sum < low ? sum : low;
        high = sum > high ? sum : high;
        most = sum - low > most ? sum - low : most;
        least = sum - high < least ? sum - high : least;
    }
    return fmax(fabs(2 * most - total), fabs(2 * least - total));
}

int fwc_prefixes(const uint64_t *words, int64_t n_words, const int64_t *order, const uint8_t *flips, int64_t n,
                 const double *weights, int64_t n_rows, double *scores)
{
    enum { COPIES = 4 }; /* so that neighbouring rows of equal count do not wait for each other */
    uint16_t *count = calloc((size_t)(64 * n_words + 1), sizeof *count);
    double *h = malloc((size_t)((COPIES + 1) * (n + 1)) * sizeof *h), total = 0;
    const int ready = count && h;
    for (int64_t r = 0; r < n_rows; r++)
        total += weights[r];
    for (int64_t m = 1; ready && m <= n; m++) {
        const int64_t l = order[m - 1];
        SELECT(FWC_AVX512, add_column)(words + l * n_words, n_words, flips[l] ? ~(uint64_t)0 : 0, count);
        if (m < 2)
            continue;
        double *sums = h + COPIES * (n + 1);
        memset(h, 0, (size_t)(COPIES * (m + 1)) * sizeof *h);
        int64_t r = 0;
        for (; r + COPIES <= n_rows; r += COPIES)
            for (int64_t i = 0; i < COPIES; i++)
                h[COPIES * count[r + i] + i] += weights[r + i];
        for (; r < n_rows; r++)
            h[COPIES * count[r]] += weights[r];
        for (int64_t c = 0; c <= m; c++)
            sums[c] = (h[COPIES * c] + h[COPIES * c + 1]) + (h[COPIES * c + 2] + h[COPIES * c + 3]);
        for (int kind = 0; kind < FWC_KINDS; kind++)
            scores[(m - 2) * FWC_KINDS + kind] = score(sums, 0, m, m, kind, total);
    }
    free(count);
    free(h);
    return ready ? 0 : -1;
}

typedef struct {
    int64_t lo, hi; /* counts that occur */
    double *sums, *h, *one, *zero, *moved, *scores;
    double total;
} changes;

/* Score after a move of one literal: sums a, moved up by s counts, and b, moved up by t; s < t. */
static double after_move(const changes *x, const double *a, int64_t s, const double *b, int64_t t, int64_t last, int kind)
{
    const int64_t from = x->lo + s > 0 ? x->lo + s : 0, to = x->hi + t < last ? x->hi + t : last;
    for (int64_t c = from; c <= to; c++)
        x->moved[c] = 0;
    for (int64_t c = x->lo; c <= x->hi; c++)
        if (c + s >= 0 && c + s <= last)
            x->moved[c + s] = a[c];
    for (int64_t c = x->lo; c <= x->hi; c++)
        if (c + t <= last)
            x->moved[c + t] += b[c];
    return score(x->moved, from, to, last, kind, x->total);
}

static void score_changes(const fwc_table *t, const changes *x, const uint8_t *state, int64_t m, int kind,
                          const double *factor)
{
    const int64_t n = t->n_literals, ld = 64 * t->key_words;
    for (int64_t i = 0; i < 4 * n; i++)
        x->scores[i] = -1;
    for (int64_t l = 0; l < n; l++) {
        for (int64_t c = x->lo; c <= x->hi; c++) {
            x->one[c] = x->sums[c * ld + l];
            x->zero[c] = x->h[c] - x->one[c];
        }
        const double *up = state[l] == 2 ? x->zero : x->one, *down = state[l] == 2 ? x->one : x->zero;
        if (state[l] == 0) {
            x->scores[l] = factor[2] * after_move(x, x->zero, 0, x->one, 1, m + 1, kind);
            x->scores[n + l] = factor[2] * after_move(x, x->one, 0, x->zero, 1, m + 1, kind);
        } else {
            if (m > 1)
                x->scores[2 * n + l] = factor[0] * after_move(x, up, -1, down, 0, m - 1, kind);
            x->scores[3 * n + l] = factor[1] * after_move(x, up, -1, down, 1, m, kind);
        }
    }
}

int fwc_best_change(const fwc_table *t, const uint16_t *count, const uint8_t *state, int64_t m, int kind,
                    const double *factor, double *best, int64_t *move, int64_t *literal)
{
    const int64_t n = t->n_literals, size = m + 2;
    double *room = calloc((size_t)(64 * t->key_words * (m + 1) + 4 * size + 4 * n), sizeof *room);
    if (!room)
        return -1;
    changes x = {.lo = m, .sums = room, .h = room + 64 * t->key_words * (m + 1)};
    x.one = x.h + size;
    x.zero = x.one + size;
    x.moved = x.zero + size;
    x.scores = x.moved + size;
    SELECT(FWC_AVX512, tally_counts)(t, count, x.sums);
    for (int64_t r = 0; r < t->n_rows; r++) {
        x.lo = count[r] < x.lo ? count[r] : x.lo;
        x.hi = count[r] > x.hi ? count[r] : x.hi;
        x.h[count[r]] += t->weights[r];
        x.total += t->weights[r];
    }
    score_changes(t, &x, state, m, kind, factor);
    int64_t at = 0;
    for (int64_t i = 1; i < 4 * n; i++)
        at = x.scores[i] > x.scores[at] ? i : at;
    *best = x.scores[at];
    *move = at / n;
    *literal = at % n;
    free(room);
    return 0;
}
