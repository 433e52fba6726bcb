/* Carry chains, followed from the most significant pair down (oracle/families/chains.py). */
#include <math.h>
#include <stdlib.h>

#include "families.h"

/* The rows that no pair has decided, with their weights; sums[l]: of the weights times literal l as +1 / -1. */
typedef struct {
    const fwc_table *t;
    int32_t *rows;
    double *w;
    uint8_t *codes;
    int64_t n_rows;
    double *sums, total, deviation, explained;
} state;

/* The sum and the norm of the weights that are left. */
static void weigh(state *s)
{
    double total[4] = {0}, squares[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= s->n_rows; i += 4)
        for (int j = 0; j < 4; j++) {
            total[j] += s->w[i + j];
            squares[j] += s->w[i + j] * s->w[i + j];
        }
    for (; i < s->n_rows; i++) {
        total[0] += s->w[i];
        squares[0] += s->w[i] * s->w[i];
    }
    s->total = (total[0] + total[1]) + (total[2] + total[3]);
    s->deviation = sqrt((squares[0] + squares[1]) + (squares[2] + squares[3]));
}

/* The two free literals of largest |sum|, ties: the lower one. */
static void two_largest(state *s, const uint8_t *free_, int64_t top[2])
{
    fwc_tally(s->t, s->rows, s->n_rows, s->sums);
    top[0] = top[1] = -1;
    for (int64_t l = 0; l < s->t->n_literals; l++) {
        s->sums[l] = 2 * s->sums[l] - s->total;
        if (!free_[l])
            continue;
        if (top[0] < 0 || fabs(s->sums[l]) > fabs(s->sums[top[0]])) {
            top[1] = top[0];
            top[0] = l;
        } else if (top[1] < 0 || fabs(s->sums[l]) > fabs(s->sums[top[1]])) {
            top[1] = l;
        }
    }
}

/* Values of a pair in the rows that are left, as codes u + 2 v, and the sums of the weights by code. */
static void look(state *s, const int64_t *pair, double by_code[4])
{
    const int64_t K = s->t->key_words, a = pair[0] >> 6, b = pair[1] >> 6;
    const int i = (int)(pair[0] & 63), j = (int)(pair[1] & 63);
    double sums[4][4] = {{0}}; /* by turns, so that neighbouring rows of one code do not wait for each other */
    for (int64_t q = 0; q < s->n_rows; q++) {
        const uint64_t *key = s->t->keys + s->rows[q] * K;
        const int code = (int)((key[a] >> i & 1) | (key[b] >> j & 1) << 1);
        s->codes[q] = (uint8_t)code;
        sums[q & 3][code] += s->w[q];
    }
    for (int c = 0; c < 4; c++)
        by_code[c] = (sums[0][c] + sums[1][c]) + (sums[2][c] + sums[3][c]);
}

/* Keep the rows where the two values of a pair differ, `flip` being their codes' complements. */
static void keep_undecided(state *s, int flip)
{
    const int parity = (flip ^ flip >> 1) & 1;
    int64_t left = 0;
    for (int64_t q = 0; q < s->n_rows; q++) {
        const int code = s->codes[q];
        s->rows[left] = s->rows[q];
        s->w[left] = s->w[q];
        left += (code ^ code >> 1 ^ parity) & 1;
    }
    s->n_rows = left;
}

static int64_t add_end(int64_t *places, double *values, int64_t e, const state *s, int64_t depth, int64_t start, double sum)
{
    places[2 * e] = depth;
    places[2 * e + 1] = start;
    values[2 * e] = s->explained + fabs(sum);
    values[2 * e + 1] = 2 * s->deviation;
    return e + 1;
}

static int prepare(state *s)
{
    const int64_t n_rows = s->t->n_rows;
    s->rows = malloc((size_t)(n_rows + 1) * sizeof *s->rows);
    s->w = malloc((size_t)(n_rows + 1) * sizeof *s->w);
    s->codes = malloc((size_t)n_rows + 1);
    s->sums = malloc((size_t)(64 * s->t->key_words) * sizeof *s->sums);
    if (!s->rows || !s->w || !s->codes || !s->sums)
        return 0;
    for (int64_t r = 0; r < n_rows; r++) {
        s->rows[r] = (int32_t)r;
        s->w[r] = s->t->weights[r];
    }
    s->n_rows = n_rows;
    return 1;
}

static void release(state *s)
{
    free(s->rows);
    free(s->w);
    free(s->codes);
    free(s->sums);
}

int fwc_follow(const fwc_table *t, const int64_t *plan, int64_t planned, uint8_t *free_, double clear, int64_t fewest,
               int64_t *pairs, uint8_t *negative, int64_t *n_pairs, int64_t *places, double *values, int64_t *n_ends)
{
    state s = {.t = t};
    int64_t depth = 0, ends = 0, n_free = 0;
    if (!prepare(&s)) {
        release(&s);
        return -1;
    }
    for (int64_t l = 0; l < t->n_literals; l++)
        n_free += planned < 0 && free_[l];
    for (;;) {
        for (; depth && !s.n_rows && depth < planned; depth++) /* no row is left: the rest as it goes on */
            for (int i = 0; i < 2; i++) {
                pairs[2 * depth + i] = plan[2 * depth + i];
                negative[2 * depth + i] = negative[2 * depth + i - 2];
            }
        weigh(&s);
        if (depth)
            ends = add_end(places, values, ends, &s, depth, s.total > 0, s.total);
        int64_t *pair = pairs + 2 * depth;
        double sums[2], by_code[4];
        if (depth < planned) {
            pair[0] = plan[2 * depth];
            pair[1] = plan[2 * depth + 1];
        } else if (planned < 0 && s.n_rows >= fewest && n_free >= 2) {
            int64_t top[2];
            two_largest(&s, free_, top);
            ends = add_end(places, values, ends, &s, depth, 2 + 2 * top[0] + (s.sums[top[0]] < 0), s.sums[top[0]]);
            if (s.sums[top[0]] == 0 || s.sums[top[1]] == 0)
                break;
            pair[0] = top[top[0] > top[1]];
            pair[1] = top[top[0] < top[1]];
            free_[pair[0]] = free_[pair[1]] = 0;
            n_free -= 2;
        } else {
            break;
        }
        look(&s, pair, by_code);
        sums[0] = 2 * (by_code[1] + by_code[3]) - s.total;
        sums[1] = 2 * (by_code[2] + by_code[3]) - s.total;
        for (int i = 0; i < 2; i++)
            negative[2 * depth + i] =
                depth && fabs(sums[i]) <= clear * s.deviation ? negative[2 * depth + i - 2] : sums[i] < 0;
        const int flip = negative[2 * depth] | negative[2 * depth + 1] << 1;
        s.explained += by_code[3 ^ flip] - by_code[flip]; /* both 1, both 0 */
        keep_undecided(&s, flip);
        depth++;
    }
    release(&s);
    *n_pairs = depth;
    *n_ends = ends;
    return 0;
}
