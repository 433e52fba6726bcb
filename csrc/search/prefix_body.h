/* All subsets that extend a prefix of columns by two, included once for each instruction set (csrc/simd.h). */
#include "search/tile_body.h"

#include "collapse_body.h"

/* Colexicographic rank of the columns of the prefix that U selects. */
static int64_t ISA(rank)(const int32_t *x, int m, int U)
{
    int64_t rank = 0;
    for (int i = 0, size = 0; i < m; i++) {
        if (!(U >> i & 1)) continue;
        int64_t c = 1; /* C(x[i], size + 1), exact at every step */
        size++;
        for (int j = 0; j < size; j++) c = c * (x[i] - j) / (j + 1);
        rank += c;
    }
    return rank;
}

/* Sums of the weights over the rows where the prefix and two later columns c <= d are true. */
ISA_TARGET static void ISA(sums)(const fwc_search *s, const fwc_gates_work *k, int m, const int32_t *x, int32_t *G)
{
    const int64_t first = m ? x[m - 1] + 1 : 0, from = first / 4 * 4 * s->ld, nw = s->n_words;
    for (int64_t w = 0; w < nw && m; w++) {
        k->mask[w] = s->masks[x[0] * nw + w];
        for (int i = 1; i < m; i++) k->mask[w] &= s->masks[x[i] * nw + w];
    }
    memset(G + from, 0, (size_t)(s->ld * s->ld - from) * sizeof *G);
    for (int64_t w = 0; w < nw; w += s->chunk / 64) {
        const int64_t end = w + s->chunk / 64 < nw ? w + s->chunk / 64 : nw;
        fwc_tile tile = k->tile;
        tile.bits = s->bits + 64 * w * s->ld;
        tile.weighted = s->weighted + 64 * w * s->ld;
        ISA(outer)(&tile, ISA(list)(&tile, m ? k->mask : NULL, NULL, w, end), first, G);
    }
}

/* The subsets of the prefix x and two later columns; M = 2^m, a constant after inlining. */
ISA_TARGET static inline __attribute__((always_inline)) void ISA(examine)(fwc_search *s, const fwc_gates_work *k,
                                                                          const int m, const int32_t *x,
                                                                          const int32_t *top, int64_t *counts)
{
    enum { SIZE = 1 << (FWC_MOST - 2) };
    const int M = 1 << m;
    const int64_t n = s->n, ld = s->ld;
    const int32_t *G[SIZE];
    int32_t q[SIZE];
    for (int U = 0; U < M; U++) {
        int size = 0, last[2] = {0, 0}; /* the two largest columns of U */
        for (int i = 0; i < m; i++)
            if (U >> i & 1) {
                last[0] = last[1];
                last[1] = i;
                size++;
            }
        G[U] = size == m ? top : s->level[size] + ISA(rank)(x, m, U) * ld * ld;
        if (size == 0) q[U] = s->total;
        else if (size == 1) q[U] = G[0][x[last[1]] * ld + x[last[1]]];
        else q[U] = G[U & ~(1 << last[0] | 1 << last[1])][x[last[0]] * ld + x[last[1]]];
        for (int64_t e = x[m - 1] + 1; e < n; e++) k->diagonal[U * ld + e] = G[U][e * ld + e];
    }
    vi lane;
    for (int i = 0; i < VL; i++) lane[i] = i;
    for (int64_t d = x[m - 1] + 1; d + 1 < n; d++) {
        int32_t base[2 * SIZE], least = INT32_MAX;
        const double threshold = fwc_threshold(s);
        for (int64_t f = 0; f < s->n_classes; f++)
            if (s->classes[f].arity == m + 2) {
                const int32_t one = fwc_least(s, s->classes[f].factor, threshold);
                least = one < least ? one : least;
            }
        for (int U = 0; U < M; U++) {
            base[U] = q[U];
            base[U + M] = k->diagonal[U * ld + d];
        }
        for (int i = 0; i <= m; i++)
            for (int p = 0; p < 2 * M; p++)
                if (!(p >> i & 1)) base[p] -= base[p | 1 << i];
        vi any = {0};
        for (int64_t e = (d + 1) / VL * VL; e < n; e += VL) { /* 2^(m+2) weights by pattern, VL subsets at a time */
            vi h[2 * SIZE], mass = {0};
            for (int U = 0; U < M; U++) {
                h[U] = *(const vi *)(k->diagonal + U * ld + e);
                h[U + M] = *(const vi *)(G[U] + d * ld + e);
            }
            for (int i = 0; i <= m; i++)
                for (int p = 0; p < 2 * M; p++)
                    if (!(p >> i & 1)) h[p] -= h[p | 1 << i];
            for (int p = 0; p < 2 * M; p++) {
                vi y = base[p] - h[p];
                mass += ABS(h[p]) + ABS(y);
            }
            mass &= (lane + (int32_t)e > (int32_t)d) & (lane + (int32_t)e < (int32_t)n);
            *(vi *)(k->mass + e) = mass;
            any |= mass >= least;
        }
        int hit = 0;
        for (int i = 0; i < VL; i++) hit |= any[i];
        for (int64_t e = d + 1; hit && e < n; e++) {
            if (k->mass[e] < least) continue;
            int32_t columns[FWC_MOST], h[4 * SIZE];
            for (int i = 0; i < m; i++) columns[i] = x[i];
            columns[m] = (int32_t)d;
            columns[m + 1] = (int32_t)e;
            for (int U = 0; U < M; U++) {
                h[2 * M + U] = k->diagonal[U * ld + e];
                h[3 * M + U] = G[U][d * ld + e];
            }
            for (int i = 0; i <= m; i++)
                for (int p = 0; p < 2 * M; p++)
                    if (!(p >> i & 1)) h[2 * M + p] -= h[2 * M + (p | 1 << i)];
            for (int p = 0; p < 2 * M; p++) h[p] = base[p] - h[2 * M + p];
            ISA(consider)(s, k, m + 2, columns, h, counts);
        }
    }
}

ISA_TARGET static void ISA(prefixes)(fwc_search *s, int m, const int32_t *prefixes, int64_t n_prefixes, int examine)
{
#pragma omp parallel num_threads(fwc_threads(s->threads))
    {
        const fwc_gates_work k = fwc_gates_carve(s);
        int64_t counts[3] = {0, 0, 0};
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < n_prefixes; i++) {
            const int32_t *x = prefixes + i * m;
            int32_t *G = k.sums;
            if (m < FWC_MOST - 2 && s->level[m]) G = s->level[m] + ISA(rank)(x, m, (1 << m) - 1) * s->ld * s->ld;
            ISA(sums)(s, &k, m, x, G);
            if (examine && m == 3) ISA(examine)(s, &k, 3, x, G, counts);
            if (examine && m == 4) ISA(examine)(s, &k, 4, x, G, counts);
        }
        fwc_count(s, counts);
    }
}
#undef vf
#undef vi
#undef vd
