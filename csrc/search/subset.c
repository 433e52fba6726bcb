/* The search over subsets of at most four literals: its memory, and the kernels for every instruction set. */
#include "subset.h"

#include <math.h>
#include <string.h>

#include "forked.h"

/* Scratch memory of one thread. */
typedef struct {
    fwc_tile tile;                   /* the chunk at work */
    double *literal_best;            /* (ld) */
    fwc_found *list;                 /* candidates of one subset */
    int32_t *sums, *diagonal, *mass; /* (width, ld, ld), (ld), (ld) */
} fwc_work;

/* Histogram of the weights by pattern of `arity` literals: pattern sums of rows r mod 4, in row order, then
 * (0 + 1) + (2 + 3): the same on every CPU. */
static void fwc_histogram(const fwc_search *s, int arity, const int32_t *lit, double *h)
{
    double part[4][16];
    memset(part, 0, sizeof part);
    for (int64_t i = 0; i < s->n_words; i++) {
        uint64_t x[4] = {0, 0, 0, 0};
        const double *w = s->weights + 64 * i;
        int rows = s->n_rows - 64 * i < 64 ? (int)(s->n_rows - 64 * i) : 64;
        for (int j = 0; j < arity; j++) x[j] = s->words[lit[j] * s->n_words + i];
        for (int r = 0; r < rows; r++)
            part[r & 3][(x[0] >> r & 1) | (x[1] >> r & 1) << 1 | (x[2] >> r & 1) << 2 | (x[3] >> r & 1) << 3] += w[r];
    }
    for (int p = 0; p < 1 << arity; p++) h[p] = (part[0][p] + part[1][p]) + (part[2][p] + part[3][p]);
}

int64_t fwc_scratch(int64_t ld, int64_t chunk, int64_t k, int64_t width)
{
    int64_t bytes = 8 * ld + k * (int64_t)sizeof(fwc_found) + 4 * (width * ld * ld + 2 * chunk * ld + chunk + 2 * ld);
    return (bytes + 127) / 64 * 64;
}

static fwc_work fwc_carve(const fwc_search *s, int64_t width)
{
    fwc_work work = {.tile = {.n = s->n, .n_rows = s->n_rows, .ld = s->ld, .keys = s->keys, .q = s->q}};
    work.sums = (int32_t *)(s->scratch + s->stride * THREAD);
    work.tile.bits = (float *)(work.sums + width * s->ld * s->ld);
    work.tile.weighted = work.tile.bits + s->chunk * s->ld;
    work.diagonal = (int32_t *)(work.tile.weighted + s->chunk * s->ld);
    work.mass = work.diagonal + s->ld;
    work.literal_best = (double *)(work.mass + s->ld);
    work.list = (fwc_found *)(work.literal_best + s->ld);
    work.tile.rows = (int32_t *)(work.list + s->k);
    return work;
}

#define FWC_BODY "search/subset_body.h"
#include "simd.h"

void fwc_pair_sums(fwc_search *s, int64_t w0, int64_t w1)
{
    SELECT(s->isa, pair_sums)(s, w0, w1);
}

void fwc_pairs(fwc_search *s)
{
    SELECT(s->isa, pairs)(s);
}

void fwc_triples(fwc_search *s, int64_t a0, int64_t a1)
{
    SELECT(s->isa, triples)(s, a0, a1);
}

void fwc_quads(fwc_search *s, const int32_t *blocks, int64_t n_blocks)
{
    SELECT(s->isa, quads)(s, blocks, n_blocks);
}
