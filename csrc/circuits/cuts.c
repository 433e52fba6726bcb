/* Cut enumeration and the catalogue of smallest circuits, equal to their Python references cut for cut, gate for gate. */
#include "cuts.h"

#include <string.h>

enum { MOST = (FWC_CUTS + 1) * (FWC_CUTS + 1) };

static const uint16_t VARIABLE[4] = {0xAAAA, 0xCCCC, 0xF0F0, 0xFF00};

/* Exchange variables i < j. */
static uint16_t exchange(uint16_t table, int i, int j)
{
    const int shift = (1 << j) - (1 << i);
    const uint16_t up = table & VARIABLE[i] & (uint16_t)~VARIABLE[j], down = table & (uint16_t)~VARIABLE[i] & VARIABLE[j];
    return (uint16_t)((table & ~(VARIABLE[i] ^ VARIABLE[j])) | up << shift | down >> shift);
}

/* The function with its variables moved to the places of the leaves among `all`; it depends on no further variable. */
static uint16_t spread(const fwc_cut *cut, const int32_t *all)
{
    uint16_t table = cut->table;
    for (int i = cut->n - 1; i >= 0; i--) {
        int place = i;
        while (all[place] != cut->leaves[i])
            place++;
        if (place > i)
            table = exchange(table, i, place);
    }
    return table;
}

/* Union of leaves, or 0 if there are more than four. */
static int unite(const fwc_cut *x, const fwc_cut *y, fwc_cut *out)
{
    int i = 0, j = 0, n = 0;
    while (i < x->n || j < y->n) {
        if (n == FWC_LEAVES)
            return 0;
        const int32_t a = i < x->n ? x->leaves[i] : INT32_MAX, b = j < y->n ? y->leaves[j] : INT32_MAX;
        out->leaves[n++] = a < b ? a : b;
        i += a <= b;
        j += b <= a;
    }
    out->n = (uint8_t)n;
    return 1;
}

static int same(const fwc_cut *x, const fwc_cut *y)
{
    return x->n == y->n && !memcmp(x->leaves, y->leaves, x->n * sizeof *x->leaves);
}

/* Fewer leaves first, then the later ones. */
static int before(const fwc_cut *x, const fwc_cut *y)
{
    if (x->n != y->n)
        return x->n < y->n;
    for (int i = 0; i < x->n; i++)
        if (x->leaves[i] != y->leaves[i])
            return x->leaves[i] > y->leaves[i];
    return 0;
}

/* Whether x has fewer leaves, all of them leaves of y. */
static int within(const fwc_cut *x, const fwc_cut *y)
{
    int i = 0;
    for (int j = 0; j < y->n && i < x->n; j++)
        i += x->leaves[i] == y->leaves[j];
    return x->n < y->n && i == x->n;
}

static uint16_t apply(int32_t table, uint16_t a, uint16_t b)
{
    uint16_t value = 0;
    for (int v = 0; v < 4; v++)
        if (table >> v & 1)
            value |= (uint16_t)((v & 1 ? a : ~a) & (v & 2 ? b : ~b));
    return value;
}

static void cuts_of_gate(fwc_gate gate, const fwc_cuts *left, const fwc_cuts *right, fwc_cuts *to)
{
    fwc_cut found[MOST];
    int n = 0;
    for (int i = 0; i <= left->n; i++)
        for (int j = 0; j <= right->n; j++) {
            fwc_cut new, *cut = &new;
            int known = 0;
            if (!unite(&left->cuts[i], &right->cuts[j], cut))
                continue;
            for (int k = 0; k < n && !known; k++)
                known = same(&found[k], cut);
            if (known)
                continue;
            cut->table = apply(gate.table, spread(&left->cuts[i], cut->leaves), spread(&right->cuts[j], cut->leaves));
            int at = n++;
            for (; at > 0 && before(cut, &found[at - 1]); at--)
                found[at] = found[at - 1];
            found[at] = *cut;
        }
    to->n = 0;
    for (int k = 0; k < n && to->n < FWC_CUTS; k++) {
        int dominated = 0;
        for (int i = 0; i < to->n && !dominated; i++)
            dominated = within(&to->cuts[i], &found[k]);
        if (!dominated)
            to->cuts[to->n++] = found[k];
    }
}

void fwc_find_cuts(const fwc_netlist *net, fwc_cuts *cuts)
{
    const int32_t first = net->n_inputs + 1;
    for (int32_t v = 0; v < first + net->n_gates; v++) {
        cuts[v].n = 0;
        if (v >= first)
            cuts_of_gate(net->gates[v - first], cuts + net->gates[v - first].a, cuts + net->gates[v - first].b, cuts + v);
        /* the constant has no leaf */
        cuts[v].cuts[cuts[v].n] = (fwc_cut){.leaves = {v}, .table = v ? VARIABLE[0] : 0, .n = v > 0};
    }
}

static int32_t complement_a(int32_t table) { return (table & 5) << 1 | (table >> 1 & 5); }
static int32_t complement_b(int32_t table) { return (table & 3) << 2 | table >> 2; }

int fwc_minimal(const fwc_catalogue *from, uint16_t table, fwc_gate gates[7], int32_t *output)
{
    const int row = from->class_of[table], way = from->transformation[table], n = from->class_cost[row];
    int32_t nodes[4 + 7], flips[4 + 7];
    for (int i = 0; i < 4; i++) {
        nodes[i] = 1 + from->source[4 * way + i];
        flips[i] = from->flipped[4 * way + i];
    }
    for (int g = 0; g < n; g++) {
        const uint8_t *step = from->class_steps + 21 * row + 3 * g;
        int32_t gate = from->operations[step[0]];
        const int32_t a = nodes[step[1]], b = nodes[step[2]];
        gate = flips[step[1]] ? complement_a(gate) : gate;
        gate = flips[step[2]] ? complement_b(gate) : gate;
        gates[g] = a < b ? (fwc_gate){gate, a, b} : (fwc_gate){(gate & 9) | (gate & 2) << 1 | (gate >> 1 & 2), b, a};
        nodes[4 + g] = 5 + g;
        flips[4 + g] = 0;
    }
    *output = n ? 2 * (4 + n) : table == 0 || table == 0xFFFF ? 0
                                                              : 2 * nodes[0] + flips[0];
    *output ^= from->complemented[table];
    return n;
}
