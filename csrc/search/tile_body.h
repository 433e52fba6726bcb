/* Sums of weights over triples and quadruples of literals: one register-tiled outer product a pair of literals.
 * Included once for each instruction set (csrc/simd.h has the macros). */
#include "search/tile.h"

typedef float ISA(vf) __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef int32_t ISA(vi) __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef double ISA(vd) __attribute__((vector_size(4 * VL), aligned(8), may_alias));
#define vf ISA(vf)
#define vi ISA(vi)
#define vd ISA(vd)

/* out[u][d] += sum over the listed rows of weighted[r][u] bits[r][d], an H x V tile held in registers. */
#define TILE(H, V)                                                                                            \
    ISA_TARGET static void ISA(tile_##H##_##V)(const float *bits, const float *weighted, const int32_t *rows, \
                                               int64_t n, int32_t *out, int64_t ld)                           \
    {                                                                                                         \
        vf acc[H][V], x[V];                                                                                   \
        for (int u = 0; u < H; u++)                                                                           \
            for (int t = 0; t < V; t++) acc[u][t] = (vf){0};                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                     \
            const float *f = bits + rows[i], *g = weighted + rows[i];                                         \
            _Pragma("GCC unroll 8") for (int t = 0; t < V; t++) x[t] = *(const vf *)(f + t * VL);             \
            _Pragma("GCC unroll 8") for (int u = 0; u < H; u++)                                               \
                _Pragma("GCC unroll 8") for (int t = 0; t < V; t++) acc[u][t] = MADD(g[u], x[t], acc[u][t]);  \
        }                                                                                                     \
        for (int u = 0; u < H; u++)                                                                           \
            for (int t = 0; t < V; t++)                                                                       \
                *(vi *)(out + u * ld + t * VL) += __builtin_convertvector(acc[u][t], vi);                     \
    }
TILE(8, 1)
TILE(8, 2)
TILE(8, 3)
TILE(4, 1)
TILE(4, 2)
TILE(4, 3)
#undef TILE

/* Unpack the rows of words [w0, w1) where x is 1 (NULL: all rows), columns from `first` on (rounded down to 16). */
ISA_TARGET static void ISA(unpack)(const fwc_tile *s, const uint64_t *x, int64_t w0, int64_t w1, int64_t first)
{
    const int64_t ld = s->ld, width = (ld + 63) / 64;
    vi bit;
    for (int i = 0; i < VL; i++) bit[i] = 1 << i;
    for (int64_t i = w0; i < w1; i++) {
        uint64_t m = x ? x[i] : ~(uint64_t)0;
        if (!x && s->n_rows - 64 * i < 64) m >>= 64 - (s->n_rows - 64 * i);
        for (; m; m &= m - 1) {
            const int64_t r = 64 * i + __builtin_ctzll(m);
            const uint64_t *key = s->keys + r * width;
            float *f = s->bits + (r - 64 * w0) * ld, *g = s->weighted + (r - 64 * w0) * ld;
            const vf one = (vf){0} + 1.0f, q = (vf){0} + s->q[r];
            for (int64_t c = first / FWC_LANES * FWC_LANES; c < ld; c += VL) {
                const vi on = (((vi){0} + (int32_t)(key[c / 64] >> c % 64 & 0xffff)) & bit) == bit;
                *(vf *)(f + c) = (vf)((vi)one & on);
                *(vf *)(g + c) = (vf)((vi)q & on);
            }
        }
    }
}

/* G[c][d] += sum over the first n_rows of the listed rows, for first <= c <= d (more entries of G are touched; c < ld).
 * Columns below n + padding to 16 exist in both matrices. */
ISA_TARGET static void ISA(outer)(const fwc_tile *s, int64_t n_rows, int64_t first, int32_t *G)
{
    const int64_t ld = s->ld;
    const int32_t *rows = s->rows;
    for (int64_t c = first / 4 * 4; c < s->n;) {
        int tall = MAX_H == 8 && c % 8 == 0;
        int64_t left = (ld - c / VL * VL) / VL;
        for (int64_t d = c / VL * VL; left > 0;) {
            int v = left == 4 ? 2 : left > 3 ? 3
                                             : (int)left;
            const float *f = s->bits + d, *g = s->weighted + c;
            int32_t *out = G + c * ld + d;
            if (tall) {
                if (v == 3) ISA(tile_8_3)(f, g, rows, n_rows, out, ld);
                else if (v == 2) ISA(tile_8_2)(f, g, rows, n_rows, out, ld);
                else ISA(tile_8_1)(f, g, rows, n_rows, out, ld);
            } else {
                if (v == 3) ISA(tile_4_3)(f, g, rows, n_rows, out, ld);
                else if (v == 2) ISA(tile_4_2)(f, g, rows, n_rows, out, ld);
                else ISA(tile_4_1)(f, g, rows, n_rows, out, ld);
            }
            d += v * VL;
            left -= v;
        }
        c += tall ? 8 : 4;
    }
}

/* List the rows of words [w0, w1) where both masks are 1 (y NULL: only x; both NULL: all); returns how many. */
ISA_TARGET static int64_t ISA(list)(const fwc_tile *s, const uint64_t *x, const uint64_t *y, int64_t w0, int64_t w1)
{
    int64_t n = 0;
    const int32_t ld = (int32_t)s->ld;
    for (int64_t i = w0; i < w1; i++) {
        uint64_t m = x ? x[i] : ~(uint64_t)0;
        if (y) m &= y[i];
        if (!x && s->n_rows - 64 * i < 64) m >>= 64 - (s->n_rows - 64 * i);
        const int32_t base = (int32_t)(64 * (i - w0)) * ld;
        for (; m; m &= m - 1) s->rows[n++] = base + __builtin_ctzll(m) * ld;
    }
    return n;
}
