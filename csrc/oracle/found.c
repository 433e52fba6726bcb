/* The sorted list of the best functions, and the float64 histogram that decides scores. */
#include <math.h>
#include <string.h>

#include "subset.h"

#define FOUND fwc_found
#define SEARCH fwc_search
#define NAME(x) fwc_##x
#include "../found_body.h"

void fwc_histogram(const fwc_search *s, int arity, const int32_t *lit, double *h)
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

fwc_work fwc_carve(const fwc_search *s, int64_t width, char *scratch)
{
    fwc_work work = {.tile = {.n = s->n, .n_rows = s->n_rows, .ld = s->ld, .keys = s->keys, .q = s->q}};
    work.sums = (int32_t *)scratch;
    work.tile.bits = (float *)(work.sums + width * s->ld * s->ld);
    work.tile.weighted = work.tile.bits + s->chunk * s->ld;
    work.diagonal = (int32_t *)(work.tile.weighted + s->chunk * s->ld);
    work.mass = work.diagonal + s->ld;
    work.literal_best = (double *)(work.mass + s->ld);
    work.list = (fwc_found *)(work.literal_best + s->ld);
    work.tile.rows = (int32_t *)(work.list + s->k);
    return work;
}
