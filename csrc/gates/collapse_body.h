/* The best functions of one subset: branch and bound over replacements of two inputs by a gate.
 * Included once for each instruction set. */

/* One search within one subset; lit: its literals, as the caller numbers them. */
typedef struct {
    fwc_gates *s;
    const fwc_gates_work *work;
    const fwc_family *family;
    const int32_t *lit;
    double h[1 << FWC_MOST], threshold; /* float64 weights by pattern; score to reach in this subset */
    int32_t least;                      /* least integer score that can reach it */
    int known;                          /* whether h is there */
    int64_t n_list, cap, *counts;
} ISA(subset);

/* Least integer signed sum with which a function of the family can reach the threshold. */
static int32_t ISA(least)(const fwc_gates *s, const fwc_family *family, double threshold)
{
    double least = ((threshold * (1 - 1e-9)) / family->factor - s->slack) / s->delta - 1;
    return least <= 0 ? 0 : least >= INT32_MAX ? INT32_MAX : (int32_t)least;
}

/* A function that passed the integer bound: score it in float64 and keep it if it is among the best. */
ISA_TARGET static void ISA(candidate)(ISA(subset) *t, uint64_t table)
{
    const int arity = t->family->arity, size = 1 << arity;
    if (table & 1) table = ~table;
    if (size < 64) table &= ((uint64_t)1 << size) - 1;
    if (!t->known) {
        fwc_gates_histogram(t->s, arity, t->lit, t->h);
        t->known = 1;
        t->counts[1]++;
    }
    t->counts[2]++;
    double sum = 0;
    for (int p = 0; p < size; p++) sum += table >> p & 1 ? t->h[p] : -t->h[p];
    fwc_gates_found entry = {sum * t->family->factor, table, arity, t->family->gates, {0}};
    if (fabs(entry.value) < t->threshold) return;
    for (int i = 0; i < FWC_MOST; i++) entry.lit[i] = i < arity ? t->lit[i] : -1;
    fwc_gates_found *list = t->work->list;
    t->n_list = fwc_gates_insert(list, t->n_list, t->cap, &entry);
    if (t->n_list == t->cap && fabs(list[t->cap - 1].value) > t->threshold) {
        t->threshold = fabs(list[t->cap - 1].value);
        t->least = ISA(least)(t->s, t->family, t->threshold);
    }
}

/* Table over the literals of a function of n inputs that have the tables `in`. */
static uint64_t ISA(composed)(int n, uint32_t table, const uint64_t *in)
{
    uint64_t result = 0;
    for (int p = 0; p < 1 << n; p++) {
        if (!(table >> p & 1)) continue;
        uint64_t term = ~(uint64_t)0;
        for (int i = 0; i < n; i++) term &= p >> i & 1 ? in[i] : ~in[i];
        result |= term;
    }
    return result;
}

/* Signed sums of `size` weights by the bits of half a table. */
ISA_TARGET static void ISA(spread)(const int32_t *h, int size, int32_t *sums)
{
    uint32_t first = 0;
    for (int p = 0; p < size; p++) first -= (uint32_t)h[p];
    sums[0] = (int32_t)first;
    for (int p = 0; p < size; p++)
        for (int x = 0; x < 1 << p; x++) sums[x + (1 << p)] = (int32_t)((uint32_t)sums[x] + 2 * (uint32_t)h[p]);
}

/* All cores of n inputs, with the weights h by pattern. */
ISA_TARGET static void ISA(cores)(ISA(subset) *t, int n, const int32_t *h, const uint64_t *in)
{
    enum { BLOCK = 64 };
    const uint32_t *core = t->family->core[n];
    const int64_t n_core = t->family->n_core[n];
    const int size = 1 << (n - 1);
    const uint32_t low = (1u << size) - 1;
    int32_t *const restrict lower = t->work->half[0], *const restrict upper = t->work->half[1], score[BLOCK];
    ISA(spread)(h, size, lower);
    ISA(spread)(h + size, size, upper);
    for (int64_t c = 0; c < n_core; c += BLOCK) {
        const int m = n_core - c < BLOCK ? (int)(n_core - c) : BLOCK;
        int32_t best = 0;
        for (int i = 0; i < m; i++) {
            int32_t x = lower[core[c + i] & low] + upper[core[c + i] >> size];
            score[i] = x < 0 ? -x : x;
            best = score[i] > best ? score[i] : best;
        }
        if (best < t->least) continue;
        for (int i = 0; i < m; i++)
            if (score[i] >= t->least) ISA(candidate)(t, ISA(composed)(n, core[c + i], in));
    }
}

/* Functions of n inputs with the weights h by pattern; in: tables of the inputs over the literals. */
ISA_TARGET static void ISA(collapse)(ISA(subset) *t, int n, const int32_t *h, const uint64_t *in)
{
    const int quarter = 1 << (n - 2);
    if (n < FWC_MOST && t->family->n_core[n]) ISA(cores)(t, n, h, in);
    if (n == t->family->least_core) return;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            int32_t part[4][1 << (FWC_MOST - 2)], sum[1 << (FWC_MOST - 2)], both[1 << (FWC_MOST - 2)];
            int32_t next[1 << (FWC_MOST - 1)];
            uint64_t inputs[FWC_MOST];
            for (int r = 0; r < quarter; r++) { /* r: pattern of the other inputs */
                const int32_t *at = h + (((r >> i) << (i + 1) | (r & ((1 << i) - 1))) >> j << (j + 1) |
                                         (((r >> i) << (i + 1) | (r & ((1 << i) - 1))) & ((1 << j) - 1)));
                part[0][r] = at[0];
                part[1][r] = at[1 << i];
                part[2][r] = at[1 << j];
                part[3][r] = at[(1 << i) + (1 << j)];
            }
            for (int r = 0; r < quarter; r++) {
                both[r] = part[1][r] + part[2][r];
                sum[r] = part[0][r] + both[r] + part[3][r];
            }
            for (int op = 0; op < 5; op++) { /* the gate is 1 at pattern op of (x_i, x_j); 4: where they differ */
                const int32_t *one = op < 4 ? part[op] : both;
                int32_t mass = 0;
                for (int r = 0; r < quarter; r++) {
                    int32_t x = one[r], y = sum[r] - x;
                    mass += (x < 0 ? -x : x) + (y < 0 ? -y : y);
                }
                if (mass < t->least) continue;
                for (int r = 0; r < quarter; r++) {
                    next[r] = sum[r] - one[r];
                    next[r + quarter] = one[r];
                }
                int m = 0;
                for (int q = 0; q < n; q++)
                    if (q != i && q != j) inputs[m++] = in[q];
                const uint64_t x = in[i], y = in[j];
                inputs[m] = op == 4 ? x ^ y : (op & 1 ? x : ~x) & (op & 2 ? y : ~y);
                ISA(collapse)(t, n - 1, next, inputs);
            }
        }
}

/* One subset by its integer weights h over columns x[0] < ... of the screen. */
ISA_TARGET static void ISA(consider)(fwc_gates *s, const fwc_gates_work *work, int arity, const int32_t *x,
                                     const int32_t *h)
{
    int32_t lit[FWC_MOST], own[1 << FWC_MOST], place[FWC_MOST] = {0}, flips = 0, mass = 0;
    int64_t counts[3] = {1, 0, 0};
    uint64_t in[FWC_MOST];
    for (int i = 0; i < arity; i++) { /* the caller's numbering and polarity */
        for (int j = 0; j < arity; j++) place[i] += s->order[x[j]] < s->order[x[i]];
        lit[place[i]] = s->order[x[i]];
        flips |= s->flip[x[i]] << i;
    }
    for (int p = 0; p < 1 << arity; p++) {
        int q = 0;
        for (int i = 0; i < arity; i++) q |= ((p ^ flips) >> i & 1) << place[i];
        own[q] = h[p];
        mass += h[p] < 0 ? -h[p] : h[p];
    }
    for (int i = 0; i < arity; i++) {
        in[i] = 0;
        for (int p = 0; p < 1 << arity; p++) in[i] |= (uint64_t)(p >> i & 1) << p;
    }
    ISA(subset) t = {.s = s, .work = work, .lit = lit, .counts = counts};
    t.cap = s->per_support && s->per_support < s->k ? s->per_support : s->k;
#pragma omp atomic read
    t.threshold = s->threshold;
    for (int64_t f = 0; f < s->n_families; f++) {
        t.family = &s->family[f];
        if (t.family->arity != arity) continue;
        t.least = ISA(least)(s, t.family, t.threshold);
        if (mass >= t.least) ISA(collapse)(&t, arity, own, in);
    }
    fwc_gates_merge(s, work->list, t.n_list, counts);
}
