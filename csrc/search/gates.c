/* The search for functions of few gates: its memory, and the kernels for every instruction set. */
#include "gates.h"

#include <math.h>
#include <string.h>

#include "forked.h"

/* Scratch memory of one thread. */
typedef struct {
    fwc_tile tile;                   /* the rows at work */
    fwc_found *list;                 /* (min(k, per_support)) candidates of one subset, sorted */
    uint64_t *mask;                  /* (n_words) */
    int32_t *sums, *diagonal, *mass; /* (ld, ld), (16, ld), (ld) */
    int32_t *half[2];                /* (2^16): signed sums by half of a table */
} fwc_gates_work;

/* Weights by pattern of `arity` literals, in row order: the same on every CPU. */
static void fwc_gates_histogram(const fwc_search *s, int arity, const int32_t *lit, double *h)
{
    double part[2][1 << FWC_MOST]; /* even and odd rows: two chains of additions */
    memset(part, 0, sizeof part);
    for (int64_t i = 0; i < s->n_words; i++) {
        uint8_t pattern[64] = {0};
        const double *w = s->weights + 64 * i;
        const int rows = s->n_rows - 64 * i < 64 ? (int)(s->n_rows - 64 * i) : 64;
        for (int j = 0; j < arity; j++) {
            const uint64_t x = s->words[lit[j] * s->n_words + i];
            for (int r = 0; r < 64; r++) pattern[r] |= (uint8_t)((x >> r & 1) << j);
        }
        for (int r = 0; r < rows; r++) part[r & 1][pattern[r]] += w[r];
    }
    for (int p = 0; p < 1 << arity; p++) h[p] = part[0][p] + part[1][p];
}

int64_t fwc_gates_scratch(int64_t n_words, int64_t ld, int64_t chunk, int64_t cap)
{
    int64_t bytes = cap * (int64_t)sizeof(fwc_found) + 8 * n_words + 4 * (ld * ld + 17 * ld + chunk + (2 << 16));
    return (bytes + 127) / 64 * 64;
}

static fwc_gates_work fwc_gates_carve(const fwc_search *s)
{
    fwc_gates_work work = {.tile = {.n = s->n, .n_rows = s->n_rows, .ld = s->ld}};
    work.sums = (int32_t *)(s->scratch + s->stride * THREAD);
    work.diagonal = work.sums + s->ld * s->ld;
    work.mass = work.diagonal + 16 * s->ld;
    work.half[0] = work.mass + s->ld;
    work.half[1] = work.half[0] + (1 << 16);
    work.mask = (uint64_t *)(work.half[1] + (1 << 16));
    work.list = (fwc_found *)(work.mask + s->n_words);
    work.tile.rows = (int32_t *)(work.list + fwc_cap(s));
    return work;
}

#define FWC_BODY "search/prefix_body.h"
#include "simd.h"

void fwc_gates_prefixes(fwc_search *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine)
{
    SELECT(s->isa, prefixes)(s, m, prefixes, n_prefixes, examine);
}
