/* The search, included once for each instruction set (csrc/simd.h has the macros). */
#include "tile_body.h"

/* Largest |sum_p (2 f(p) - 1) h[p]| fac over the normal functions that depend on all inputs (up to 1e-6). */
ISA_TARGET static double ISA(scan)(const fwc_search *s, int arity, const int32_t *h)
{
    if (arity < 4) {
        double best = 0;
        for (int t = 0; t < 1 << ((1 << arity) - 1); t++) {
            double sum = -(double)h[0];
            for (int p = 1; p < 1 << arity; p++) sum += t >> (p - 1) & 1 ? h[p] : -(double)h[p];
            sum = fabs(sum) * s->fac[arity][t];
            if (sum > best) best = sum;
        }
        return best;
    }
    _Alignas(64) float low[128], high[256];
    for (int t = 0; t < 256; t++) {
        int64_t a = 0, b = 0;
        for (int p = 0; p < 8; p++) {
            a += t >> p & 1 ? h[p] : -(int64_t)h[p];
            b += t >> p & 1 ? h[p + 8] : -(int64_t)h[p + 8];
        }
        if (!(t & 1)) low[t >> 1] = (float)a;
        high[t] = (float)b;
    }
    vf best = {0};
    for (int t = 0; t < 256; t++) {
        const float *fac = s->fac4 + 128 * t;
        for (int i = 0; i < 128; i += VL) {
            vf x = *(const vf *)(low + i) + high[t];
            x = (vf)((vi)x & 0x7fffffff) * *(const vf *)(fac + i);
            vi more = x > best;
            best = (vf)(((vi)x & more) | ((vi)best & ~more));
        }
    }
    double max = 0;
    for (int i = 0; i < VL; i++)
        if (best[i] > max) max = best[i];
    return max;
}

/* Exact stage for one subset: literals sorted, as the caller numbers them. */
ISA_TARGET static void ISA(exact)(fwc_search *s, int arity, const int32_t *lit, double threshold, fwc_found *list)
{
    double h[16], low[128], high[256];
    int64_t n = 0, cap = fwc_cap(s);
    fwc_found entry = {.arity = arity};
    for (int i = 0; i < FWC_MOST; i++) entry.lit[i] = i < arity ? lit[i] : -1;
    fwc_histogram(s, arity, lit, h);
    const int half = arity < 4 ? 1 << arity : 8, blocks = arity < 4 ? 1 : 256, width = 1 << (half - 1);
    for (int t = 0; t < width; t++) {
        low[t] = -h[0];
        for (int p = 1; p < half; p++) low[t] += t >> (p - 1) & 1 ? h[p] : -h[p];
    }
    for (int t = 0; t < blocks; t++) {
        high[t] = 0;
        for (int p = 8; p < 16 && blocks > 1; p++) high[t] += t >> (p - 8) & 1 ? h[p] : -h[p];
    }
    for (int t = 0; t < blocks; t++) {
        const double *fac = s->fac[arity] + 128 * t;
        if (arity == 4) { /* any score in this block? */
            double any = 0;
            vd best = {0};
            for (int i = 0; i < 128; i += VL / 2) {
                vd x = *(const vd *)(low + i) + high[t];
                typedef int64_t mask __attribute__((vector_size(4 * VL), aligned(8), may_alias));
                x = (vd)((mask)x & INT64_MAX) * *(const vd *)(fac + i);
                mask more = (mask)(x > best);
                best = (vd)(((mask)x & more) | ((mask)best & ~more));
            }
            for (int i = 0; i < VL / 2; i++)
                if (best[i] > any) any = best[i];
            if (any < threshold) continue;
        }
        for (int i = 0; i < width; i++) {
            double sum = low[i] + high[t];
            if (fac[i] < 0 || fabs(sum) * fac[i] < threshold) continue;
            entry.value = sum * fac[i];
            entry.table = 2 * (128 * t + i);
            n = fwc_insert(list, n, cap, &entry);
        }
    }
    if (n) fwc_merge(s, list, n);
}

/* One subset by its integer histogram over columns x[0] < ... of the screen: second bound, integer scan, exact
 * stage.  A subset is dropped only when strictly below the threshold. */
ISA_TARGET static void ISA(consider)(fwc_search *s, int arity, const int32_t *x, const int32_t *h, int64_t *counts,
                                     double *literal_best, fwc_found *list)
{
    int32_t lit[4], own[16];
    const double threshold = fwc_threshold(s), need = threshold * (1 - 1e-6);
    counts[0]++;
    fwc_renumber(s, arity, x, h, lit, own);
    if (arity == 4 && !literal_best) {
        int32_t size_of[16], sign = 0;
        int64_t total = 0, lost[17];
        for (int p = 0; p < 16; p++) {
            int32_t v = own[p] < 0 ? -own[p] : own[p], i = p;
            sign |= (own[p] > 0) << p;
            total += v;
            for (; i > 0 && size_of[i - 1] > v; i--) size_of[i] = size_of[i - 1];
            size_of[i] = v;
        }
        lost[0] = 0;
        for (int p = 0; p < 16; p++) lost[p + 1] = lost[p] + size_of[p];
        double bound = -1;
        const uint8_t *near = s->nearest + FWC_COSTS * sign;
        for (int m = 0; m < FWC_COSTS; m++) {
            if (near[m] > 16) continue;
            double b = (s->delta * (double)(total - 2 * lost[near[m]]) + s->slack) * s->factor[m];
            if (b > bound) bound = b;
        }
        if (bound < need) return;
    }
    counts[1]++;
    const double best = s->delta * ISA(scan)(s, arity, own);
    if (literal_best)
        for (int i = 0; i < arity; i++)
            if (best > literal_best[x[i]]) literal_best[x[i]] = best;
    if (best + s->slack * s->top[arity] < need) return;
    counts[2]++;
    ISA(exact)(s, arity, lit, threshold, list);
}

/* Sums over supersets of patterns -> sums by pattern, in place (Moebius transform on `bits` inputs). */
static void ISA(moebius)(int32_t *h, int bits)
{
    for (int i = 0; i < bits; i++)
        for (int p = 0; p < 1 << bits; p++)
            if (!(p >> i & 1)) h[p] -= h[p | 1 << i];
}

static int32_t ISA(mass)(const int32_t *h, int size)
{
    int32_t sum = 0;
    for (int p = 0; p < size; p++) sum += h[p] < 0 ? -h[p] : h[p];
    return sum;
}

/* Words of the chunk that begins at word w. */
static int64_t ISA(chunk_end)(const fwc_search *s, int64_t w)
{
    return w + s->chunk / 64 < s->n_words ? w + s->chunk / 64 : s->n_words;
}

/* literal_best of one thread: starts from what is known, and goes back by the maximum. */
static void ISA(learn)(fwc_search *s, const fwc_work *k)
{
    for (int64_t i = 0; i < s->n && s->literal_best; i++) k->literal_best[i] = s->literal_best[i];
}

static void ISA(teach)(fwc_search *s, const fwc_work *k)
{
#pragma omp critical(fwc_literal_best)
    for (int64_t i = 0; i < s->n && s->literal_best; i++)
        if (k->literal_best[i] > s->literal_best[i]) s->literal_best[i] = k->literal_best[i];
}

/* The integer histogram of columns a and b, or of a alone where they are equal; returns how many there are. */
static int ISA(small)(const fwc_search *s, int64_t a, int64_t b, int32_t *x, int32_t *h)
{
    const int arity = a == b ? 1 : 2;
    x[0] = (int32_t)a;
    x[1] = (int32_t)b;
    h[0] = s->total;
    h[1] = s->singles[a];
    h[2] = s->singles[b];
    h[3] = s->pairs[a * s->ld + b];
    ISA(moebius)(h, arity);
    return arity;
}

/* The k-th best score that 1- and 2-subsets surely reach: with it as threshold, few of them need the exact stage. */
ISA_TARGET static double ISA(sure)(const fwc_search *s, fwc_found *list)
{
    int64_t found = 0;
    int32_t x[2], h[4];
    for (int64_t a = 0; a < s->n; a++)
        for (int64_t b = a; b < s->n; b++) {
            const int arity = ISA(small)(s, a, b, x, h);
            if (s->top[arity] <= 0) continue; /* a gate limit leaves no such function */
            const double least = s->delta * ISA(scan)(s, arity, h) * (1 - 1e-6) - s->slack * s->top[arity];
            const fwc_found entry = {.value = least, .arity = arity, .lit = {x[0], x[1], -1, -1}};
            if (least > 0) found = fwc_insert(list, found, s->k, &entry);
        }
    return found == s->k ? list[s->k - 1].value : 0;
}

ISA_TARGET static void ISA(pair_sums)(fwc_search *s, int64_t w0, int64_t w1)
{
    const int64_t ld = s->ld;
    int32_t *P = s->pairs;
#pragma omp parallel num_threads(fwc_threads(s->threads))
    {
        const fwc_work k = fwc_carve(s, 1);
        memset(k.sums, 0, (size_t)(ld * ld) * sizeof *k.sums);
#pragma omp for schedule(static)
        for (int64_t w = w0; w < w1; w += s->chunk / 64) {
            const int64_t end = ISA(chunk_end)(s, w);
            ISA(unpack)(&k.tile, NULL, w, end, 0);
            ISA(outer)(&k.tile, ISA(list)(&k.tile, NULL, NULL, w, end), 0, k.sums);
        }
#pragma omp critical(fwc_pair_sums)
        for (int64_t i = 0; i < ld * ld; i++) P[i] += k.sums[i];
    }
}

ISA_TARGET static void ISA(pairs)(fwc_search *s)
{
    const int64_t ld = s->ld;
    int32_t *P = s->pairs;
    for (int64_t a = 0; a < ld; a++) {
        for (int64_t d = 0; d < a; d++) P[a * ld + d] = P[d * ld + a];
        s->singles[a] = P[a * ld + a];
    }
    const double sure = ISA(sure)(s, fwc_carve(s, 1).list);
    if (sure > s->threshold) s->threshold = sure;
#pragma omp parallel num_threads(fwc_threads(s->threads))
    {
        const fwc_work k = fwc_carve(s, 1);
        double *best = s->literal_best ? k.literal_best : NULL;
        int64_t counts[3] = {0, 0, 0};
        ISA(learn)(s, &k);
#pragma omp for schedule(dynamic)
        for (int64_t a = 0; a < s->n; a++)
            for (int64_t b = a; b < s->n; b++) {
                int32_t x[2], h[4];
                const int arity = ISA(small)(s, a, b, x, h);
                ISA(consider)(s, arity, x, h, counts, best, k.list);
            }
        fwc_count(s, counts);
        ISA(teach)(s, &k);
    }
}

ISA_TARGET static void ISA(triples)(fwc_search *s, int64_t a0, int64_t a1)
{
    const int64_t n = s->n, ld = s->ld;
    const int32_t *P = s->pairs;
#pragma omp parallel num_threads(fwc_threads(s->threads))
    {
        const fwc_work k = fwc_carve(s, 1);
        int64_t counts[3] = {0, 0, 0};
        double *best = s->literal_best ? k.literal_best : NULL;
        ISA(learn)(s, &k);
#pragma omp for schedule(dynamic)
        for (int64_t a = a0; a < a1; a++) {
            int32_t *T = s->triples ? s->triples + a * ld * ld : k.sums, h[8];
            memset(T, 0, (size_t)(ld * ld) * sizeof *T);
            for (int64_t w = 0; w < s->n_words; w += s->chunk / 64) {
                const int64_t end = ISA(chunk_end)(s, w);
                ISA(unpack)(&k.tile, s->masks + a * s->n_words, w, end, a + 1);
                ISA(outer)(&k.tile, ISA(list)(&k.tile, s->masks + a * s->n_words, NULL, w, end), a + 1, T);
            }
            for (int64_t c = a + 1; c < n; c++)
                for (int64_t d = c + 1; d < n; d++) {
                    const int32_t x[3] = {(int32_t)a, (int32_t)c, (int32_t)d};
                    h[0] = s->total;
                    h[1] = s->singles[a];
                    h[2] = s->singles[c];
                    h[3] = P[a * ld + c];
                    h[4] = s->singles[d];
                    h[5] = P[a * ld + d];
                    h[6] = P[c * ld + d];
                    h[7] = T[c * ld + d];
                    ISA(moebius)(h, 3);
                    const int32_t mass = ISA(mass)(h, 8);
                    const double most = s->delta * mass * s->top[3];
                    if (mass >= fwc_least(s, s->top[3], fwc_threshold(s)) || (best && (most > best[a] || most > best[c] || most > best[d])))
                        ISA(consider)(s, 3, x, h, counts, best, k.list);
                }
        }
        fwc_count(s, counts);
        ISA(teach)(s, &k);
    }
}

/* All (c, d) of one pair (a, b), from its sums G: first bound for VL subsets at a time. */
ISA_TARGET static void ISA(quads_of_pair)(fwc_search *s, const fwc_work *k, int64_t a, int64_t b, const int32_t *G,
                                          int64_t *counts)
{
    const int64_t n = s->n, ld = s->ld;
    const int32_t *Pa = s->pairs + a * ld, *Pb = s->pairs + b * ld;
    vi lane;
    for (int i = 0; i < VL; i++) lane[i] = i;
    for (int64_t d = b + 1; d < n; d++) k->diagonal[d] = G[d * ld + d];
    for (int64_t c = b + 1; c + 1 < n; c++) {
        const int32_t *Pc = s->pairs + c * ld, *Ta = s->triples + (a * ld + c) * ld, *Tb = s->triples + (b * ld + c) * ld;
        const int32_t least = fwc_least(s, s->top[4], fwc_threshold(s)), *Gc = G + c * ld;
        int32_t base[8] = {s->total, s->singles[a], s->singles[b], Pa[b], s->singles[c], Pa[c], Pb[c], Gc[c]};
        ISA(moebius)(base, 3);
        vi any = {0};
        for (int64_t d = (c + 1) / VL * VL; d < n; d += VL) {
#define AT(p) (*(const vi *)((p) + d))
            vi h[8] = {AT(s->singles), AT(Pa), AT(Pb), AT(k->diagonal), AT(Pc), AT(Ta), AT(Tb), AT(Gc)};
#undef AT
            vi mass = {0};
            _Pragma("GCC unroll 3") for (int i = 0; i < 3; i++)
                _Pragma("GCC unroll 8") for (int p = 0; p < 8; p++) if (!(p >> i & 1)) h[p] -= h[p | 1 << i];
            _Pragma("GCC unroll 8") for (int p = 0; p < 8; p++)
            {
                vi x = h[p], y = base[p] - x;
                mass += ABS(x) + ABS(y);
            }
            mass &= (lane + (int32_t)d > (int32_t)c) & (lane + (int32_t)d < (int32_t)n);
            *(vi *)(k->mass + d) = mass;
            any |= mass >= least;
        }
        int hit = 0;
        for (int i = 0; i < VL; i++) hit |= any[i];
        if (!hit) continue;
        for (int64_t d = c + 1; d < n; d++) {
            if (k->mass[d] < least) continue;
            const int32_t x[4] = {(int32_t)a, (int32_t)b, (int32_t)c, (int32_t)d};
            int32_t h[16] = {0, 0, 0, 0, 0, 0, 0, 0,
                             s->singles[d], Pa[d], Pb[d], k->diagonal[d], Pc[d], Ta[d], Tb[d], Gc[d]};
            ISA(moebius)(h + 8, 3);
            for (int p = 0; p < 8; p++) h[p] = base[p] - h[p + 8];
            ISA(consider)(s, 4, x, h, counts, NULL, k->list);
        }
    }
}

ISA_TARGET static void ISA(quads)(fwc_search *s, const int32_t *blocks, int64_t n_blocks)
{
    const int64_t ld = s->ld, nw = s->n_words;
#pragma omp parallel num_threads(fwc_threads(s->threads))
    {
        const fwc_work k = fwc_carve(s, s->width);
        int64_t counts[3] = {0, 0, 0};
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < n_blocks; i++) {
            const int64_t a = blocks[3 * i], b0 = blocks[3 * i + 1], b1 = blocks[3 * i + 2];
            for (int64_t b = b0; b < b1; b++) {
                int64_t first = (b + 1) / 4 * 4 * ld;
                memset(k.sums + (b - b0) * ld * ld + first, 0, (size_t)(ld * ld - first) * sizeof(int32_t));
            }
            for (int64_t w = 0; w < nw; w += s->chunk / 64) { /* the unpacked chunk stays in cache for all b */
                const int64_t end = ISA(chunk_end)(s, w);
                ISA(unpack)(&k.tile, s->masks + a * nw, w, end, b0 + 1);
                for (int64_t b = b0; b < b1; b++) {
                    int64_t m = ISA(list)(&k.tile, s->masks + a * nw, s->masks + b * nw, w, end);
                    ISA(outer)(&k.tile, m, b + 1, k.sums + (b - b0) * ld * ld);
                }
            }
            for (int64_t b = b0; b < b1; b++) ISA(quads_of_pair)(s, &k, a, b, k.sums + (b - b0) * ld * ld, counts);
        }
        fwc_count(s, counts);
    }
}
#undef vf
#undef vi
#undef vd
