/* Exact search: the smallest circuit of every Boolean function of n <= 5 inputs, by size r = 1, 2, ...
 *
 * Normal functions.  Complements are free, so only functions with f(0..0) = 0 are searched, by chains of the five
 * normal operations that read both operands.  A chain of r steps computes f exactly if some circuit of r two-input
 * gates computes f or its complement.
 *
 * Depth-first search over all chains of r steps, after r - 1 is exhausted, without those that cannot be needed:
 *  1. A step must differ from everything before it (else the chain could be shortened).
 *  2. Every step but the last must be read: u unread steps need at least u - 1 more steps to join them.
 *  3. Symmetry: the order of independent steps is free.  List the steps greedily, the smallest (k, j, operation)
 *     whose operands exist first: then each step reads the one before it or is larger than it.
 *  4. Symmetry: permuting and complementing inputs turns chains into chains of the same length, and some step reads
 *     two inputs.  So the first step is x0 & x1 or x0 ^ x1 (it comes first by 3), provided that
 *     whenever a function is found, its whole orbit is marked.
 * By 2, the last step reads the step before it, and the other unread one if there is one: it is tested by table lookup.
 */
#include <stdlib.h>
#include <string.h>

#include "circuits.h"

enum { MAX_STEPS = 7,
       MAX_INPUTS = 5,
       N_OPS = 5 };

typedef struct {
    int n, size;                             /* inputs; steps of the chains of this round */
    uint32_t ones;                           /* the 2^n bits of a table */
    uint32_t value[MAX_INPUTS + MAX_STEPS];  /* inputs, then steps */
    int reads[MAX_INPUTS + MAX_STEPS];       /* number of later steps that read it */
    uint8_t op[MAX_STEPS], left[MAX_STEPS], right[MAX_STEPS];
    uint32_t *slots;                         /* open addressing: normal functions found; 0 = empty */
    int shift;                               /* 32 - log2(number of slots) */
    int64_t found, wanted;                   /* normal functions but the constant */
    int failed;
    int max_gates, n_classes, capacity;
    uint32_t *tables;
    uint8_t *cost, *steps;
} Search;

static inline uint32_t apply_op(int op, uint32_t a, uint32_t b)
{
    switch (op) {
    case 0: return a & b;
    case 1: return a & ~b;
    case 2: return ~a & b;
    case 3: return a | b;
    default: return a ^ b;
    }
}

/* Where the function is, or would be. */
static inline uint32_t *slot_of(const Search *s, uint32_t table)
{
    const uint32_t mask = 0xFFFFFFFFu >> s->shift;
    uint32_t i = (table * 0x9E3779B1u) >> s->shift;
    while (s->slots[i] && s->slots[i] != table)
        i = (i + 1) & mask;
    return &s->slots[i];
}

static void insert(Search *s, uint32_t table);

static void grow(Search *s)
{
    const int64_t size = (int64_t)1 << (32 - s->shift);
    uint32_t *old = s->slots, *slots = s->shift > 4 ? calloc((size_t)(2 * size), sizeof *slots) : NULL;
    if (!slots) {
        s->failed = -1;
        return;
    }
    s->slots = slots;
    s->shift--;
    s->found = 0;
    for (int64_t i = 0; i < size; i++)
        if (old[i])
            insert(s, old[i]);
    free(old);
}

static void insert(Search *s, uint32_t table)
{
    uint32_t *slot = slot_of(s, table);
    if (*slot)
        return;
    *slot = table;
    s->found++;
    if (2 * s->found > (int64_t)(0xFFFFFFFFu >> s->shift) && !s->failed)
        grow(s);
}

/* ---- transformations of tables ---- */

static const uint32_t VARIABLE[MAX_INPUTS] = {0xAAAAAAAAu, 0xCCCCCCCCu, 0xF0F0F0F0u, 0xFF00FF00u, 0xFFFF0000u};

/* f with input i complemented */
static uint32_t flip_input(uint32_t f, int i)
{
    return ((f & VARIABLE[i]) >> (1 << i)) | ((f & ~VARIABLE[i]) << (1 << i));
}

/* f with inputs i < j exchanged */
static uint32_t swap_inputs(uint32_t f, int i, int j)
{
    const int distance = (1 << j) - (1 << i);
    const uint32_t moved = VARIABLE[i] & ~VARIABLE[j]; /* patterns with x_i = 1, x_j = 0 */
    const uint32_t up = (f & moved) << distance, down = (f >> distance) & moved;
    return (f & ~(moved | moved << distance)) | up | down;
}

/* Mark all functions that come from f by permuting inputs from..n-1 and complementing any inputs and the output. */
static void mark_orbit(Search *s, uint32_t f, int from)
{
    if (from < s->n - 1) {
        mark_orbit(s, f, from + 1);
        for (int i = from + 1; i < s->n; i++)
            mark_orbit(s, swap_inputs(f, from, i), from + 1);
        return;
    }
    for (uint32_t gray = 1; !s->failed; gray++) {
        insert(s, (f & 1) ? f ^ s->ones : f);
        const int i = __builtin_ctz(gray);
        if (i >= s->n)
            break;
        f = flip_input(f, i) & s->ones;
    }
}

static void record(Search *s, uint32_t table)
{
    if (s->n_classes == s->capacity) {
        s->failed = -2;
        return;
    }
    uint8_t *steps = s->steps + (int64_t)s->n_classes * s->max_gates * 3;
    for (int i = 0; i < s->size; i++) {
        steps[3 * i] = s->op[i];
        steps[3 * i + 1] = s->left[i];
        steps[3 * i + 2] = s->right[i];
    }
    s->tables[s->n_classes] = table;
    s->cost[s->n_classes++] = (uint8_t)s->size;
    mark_orbit(s, table, 0);
}

/* ---- the search ---- */

static inline int done(const Search *s)
{
    return s->failed || s->found == s->wanted;
}

static inline void put(Search *s, int step, int op, int j, int k)
{
    s->op[step] = (uint8_t)op;
    s->left[step] = (uint8_t)j;
    s->right[step] = (uint8_t)k;
}

static void last_step(Search *s, int j, int k)
{
    for (int op = 0; op < N_OPS; op++) {
        const uint32_t table = apply_op(op, s->value[j], s->value[k]);
        if (table && !*slot_of(s, table)) {
            put(s, s->size - 1, op, j, k);
            record(s, table);
        }
    }
}

static void extend(Search *s, int step, int unread);

static void try_step(Search *s, int step, int unread, int op, int j, int k)
{
    const int here = s->n + step;
    const uint32_t table = apply_op(op, s->value[j], s->value[k]);
    if (!table)
        return;
    for (int i = 0; i < here; i++)
        if (s->value[i] == table)
            return;
    const int joined = (j >= s->n && s->reads[j] == 0) + (k >= s->n && s->reads[k] == 0);
    unread += 1 - joined;
    if (unread > s->size - step) /* s->size - step - 1 steps remain */
        return;
    s->value[here] = table;
    s->reads[here] = 0;
    s->reads[j]++;
    s->reads[k]++;
    put(s, step, op, j, k);
    extend(s, step + 1, unread);
    s->reads[j]--;
    s->reads[k]--;
}

/* All continuations of the first `step` >= 1 steps, of which `unread` are not read yet. */
static void extend(Search *s, int step, int unread)
{
    const int last = s->n + step - 1; /* the previous step */
    if (step == s->size - 1) {
        if (unread == 1) {
            for (int j = 0; j < last; j++)
                last_step(s, j, last);
        } else {
            for (int j = s->n; j < last; j++)
                if (s->reads[j] == 0)
                    last_step(s, j, last);
        }
        return;
    }
    const int op0 = s->op[step - 1], j0 = s->left[step - 1], k0 = s->right[step - 1];
    for (int k = k0; k < last && !done(s); k++)
        for (int j = k == k0 ? j0 : 0; j < k; j++)
            for (int op = k == k0 && j == j0 ? op0 + 1 : 0; op < N_OPS; op++)
                try_step(s, step, unread, op, j, k);
    for (int j = 0; j < last && !done(s); j++)
        for (int op = 0; op < N_OPS; op++)
            try_step(s, step, unread, op, j, last);
}

static void all_chains(Search *s, int size)
{
    static const int FIRST[2] = {0, 4}; /* x0 & x1, x0 ^ x1 */
    s->size = size;
    memset(s->reads, 0, sizeof s->reads);
    for (int i = 0; i < 2 && !done(s); i++) {
        if (size == 1) {
            const uint32_t table = apply_op(FIRST[i], s->value[0], s->value[1]);
            if (!*slot_of(s, table)) {
                put(s, 0, FIRST[i], 0, 1);
                record(s, table);
            }
        } else {
            try_step(s, 0, 0, FIRST[i], 0, 1);
        }
    }
}

int fwc_exact_search(int n, int max_gates, int64_t *counts, uint32_t *tables, uint8_t *cost, uint8_t *steps,
                     int capacity)
{
    Search s = {.n = n, .shift = 32 - 10, .max_gates = max_gates, .capacity = capacity, .tables = tables, .cost = cost, .steps = steps};
    s.ones = n == 5 ? 0xFFFFFFFFu : (1u << (1 << n)) - 1;
    s.wanted = ((int64_t)1 << ((1 << n) - 1)) - 1;
    s.slots = calloc((size_t)1 << 10, sizeof *s.slots);
    if (!s.slots)
        return -1;
    for (int i = 0; i < n; i++) {
        s.value[i] = VARIABLE[i] & s.ones;
        insert(&s, s.value[i]);
    }
    counts[0] = 2 * (s.found + 1);
    for (int size = 1; size <= max_gates && n >= 2 && !done(&s); size++) {
        const int64_t before = s.found;
        all_chains(&s, size);
        counts[size] = 2 * (s.found - before);
    }
    free(s.slots);
    return s.failed ? s.failed : s.n_classes;
}
