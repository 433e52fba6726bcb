/* The sorted list of the best functions, the float64 histogram that decides scores, and scratch memory. */
#include <math.h>
#include <string.h>

#include "gates.h"

#define FOUND fwc_gates_found
#define SEARCH fwc_gates
#define NAME(x) fwc_gates_##x
#include "../found_body.h"

void fwc_gates_histogram(const fwc_gates *s, int arity, const int32_t *lit, double *h)
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
    int64_t bytes = cap * (int64_t)sizeof(fwc_gates_found) + 8 * n_words + 4 * (ld * ld + 17 * ld + chunk + (2 << 16));
    return (bytes + 127) / 64 * 64;
}

fwc_gates_work fwc_gates_carve(const fwc_gates *s, char *scratch)
{
    fwc_gates_work work = {.tile = {.n = s->n, .n_rows = s->n_rows, .ld = s->ld}};
    work.sums = (int32_t *)scratch;
    work.diagonal = work.sums + s->ld * s->ld;
    work.mass = work.diagonal + 16 * s->ld;
    work.half[0] = work.mass + s->ld;
    work.half[1] = work.half[0] + (1 << 16);
    work.mask = (uint64_t *)(work.half[1] + (1 << 16));
    work.list = (fwc_gates_found *)(work.mask + s->n_words);
    work.tile.rows = (int32_t *)(work.list + (s->per_support && s->per_support < s->k ? s->per_support : s->k));
    return work;
}
