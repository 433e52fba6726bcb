/* The best functions of one subset: branch and bound over replacements of two inputs by a gate.
 * Included once for each instruction set. */

/* One search within one subset; lit: its literals, as the caller numbers them. */
typedef struct {
    fwc_search *s;
    const fwc_gates_work *work;
    const fwc_class *kind;
    const int32_t *lit;
    double h[1 << FWC_MOST], threshold; /* float64 weights by pattern; score to reach in this subset */
    int32_t least;                      /* least integer score that can reach it */
    int known;                          /* whether h is there */
    int64_t n_list, cap, *counts;
} ISA(subset);

/* A function that passed the integer bound: score it in float64 and keep it if it is among the best. */
ISA_TARGET static void ISA(candidate)(ISA(subset) *t, uint64_t table)
{
    const int arity = t->kind->arity, size = 1 << arity;
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
    fwc_found entry = {sum * t->kind->factor, table, arity, {0}};
    if (fabs(entry.value) < t->threshold) return;
    for (int i = 0; i < FWC_MOST; i++) entry.lit[i] = i < arity ? t->lit[i] : -1;
    fwc_found *list = t->work->list;
    t->n_list = fwc_insert(list, t->n_list, t->cap, &entry);
    if (t->n_list == t->cap && fabs(list[t->cap - 1].value) > t->threshold) {
        t->threshold = fabs(list[t->cap - 1].value);
        t->least = fwc_least(t->s, t->kind->factor, t->threshold);
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
    const uint32_t *core = t->kind->core[n];
    const int64_t n_core = t->kind->n_core[n];
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

typedef void ISA(step)(ISA(subset) *t, const int32_t *h, const uint64_t *in);

/* Functions of n inputs with the weights h by pattern; in: tables of the inputs over the literals; next: the same for
 * n - 1 inputs.  n is a constant after inlining. */
ISA_TARGET static inline __attribute__((always_inline)) void ISA(collapse)(ISA(subset) *t, const int n,
                                                                           const int32_t *h, const uint64_t *in,
                                                                           ISA(step) *next)
{
    enum { QUARTER = 1 << (FWC_MOST - 2) };
    const int quarter = 1 << (n - 2);
    if (n < FWC_MOST && t->kind->n_core[n]) ISA(cores)(t, n, h, in);
    if (n == t->kind->least_core) return;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            int32_t one[5][QUARTER], sum[QUARTER], mass[5] = {0}, below[2 * QUARTER];
            for (int r = 0; r < quarter; r++) { /* r: pattern of the other inputs; the gate is 1 at pattern op of */
                const int x = (r >> i) << (i + 1) | (r & ((1 << i) - 1)); /* (x_i, x_j), or where they differ: 4 */
                const int32_t *at = h + ((x >> j) << (j + 1) | (x & ((1 << j) - 1)));
                one[0][r] = at[0];
                one[1][r] = at[1 << i];
                one[2][r] = at[1 << j];
                one[3][r] = at[(1 << i) + (1 << j)];
            }
            for (int r = 0; r < quarter; r++) {
                one[4][r] = one[1][r] + one[2][r];
                sum[r] = one[0][r] + one[3][r] + one[4][r];
            }
            for (int op = 0; op < 5; op++)
                for (int r = 0; r < quarter; r++) {
                    const int32_t x = one[op][r], y = sum[r] - x;
                    mass[op] += (x < 0 ? -x : x) + (y < 0 ? -y : y);
                }
            for (int op = 0; op < 5; op++) {
                if (mass[op] < t->least) continue;
                uint64_t inputs[FWC_MOST];
                int m = 0;
                for (int q = 0; q < n; q++)
                    if (q != i && q != j) inputs[m++] = in[q];
                const uint64_t x = in[i], y = in[j];
                inputs[m] = op == 4 ? x ^ y : (op & 1 ? x : ~x) & (op & 2 ? y : ~y);
                for (int r = 0; r < quarter; r++) {
                    below[r] = sum[r] - one[op][r];
                    below[r + quarter] = one[op][r];
                }
                next(t, below, inputs);
            }
        }
}

ISA_TARGET static void ISA(collapse2)(ISA(subset) *t, const int32_t *h, const uint64_t *in) { ISA(cores)(t, 2, h, in); }
#define COLLAPSE(n, less)                                                                         \
    ISA_TARGET static void ISA(collapse##n)(ISA(subset) *t, const int32_t *h, const uint64_t *in) \
    {                                                                                             \
        ISA(collapse)(t, n, h, in, ISA(collapse##less));                                          \
    }
COLLAPSE(3, 2)
COLLAPSE(4, 3)
COLLAPSE(5, 4)
COLLAPSE(6, 5)
#undef COLLAPSE

/* One subset by its integer weights h over columns x[0] < ... of the screen. */
ISA_TARGET static void ISA(consider)(fwc_search *s, const fwc_gates_work *work, int arity, const int32_t *x,
                                     const int32_t *h, int64_t *counts)
{
    int32_t lit[FWC_MOST], own[1 << FWC_MOST], mass = 0;
    uint64_t in[FWC_MOST];
    fwc_renumber(s, arity, x, h, lit, own);
    for (int i = 0; i < arity; i++) in[i] = ~(uint64_t)0 / (((uint64_t)1 << (1 << i)) + 1) << (1 << i); /* tables */
    for (int p = 0; p < 1 << arity; p++) mass += h[p] < 0 ? -h[p] : h[p];
    ISA(subset) t = {.s = s, .work = work, .lit = lit, .counts = counts, .cap = fwc_cap(s), .threshold = fwc_threshold(s)};
    counts[0]++;
    for (int64_t f = 0; f < s->n_classes; f++) {
        t.kind = &s->classes[f];
        if (t.kind->arity != arity) continue;
        t.least = fwc_least(s, t.kind->factor, t.threshold);
        if (mass >= t.least) (arity == 5 ? ISA(collapse5) : ISA(collapse6))(&t, own, in);
    }
    if (t.n_list) fwc_merge(s, work->list, t.n_list);
}
