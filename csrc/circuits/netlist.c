/* Structural hashing and sweeping: the same netlists, gate for gate, as fw_circuits/circuits/builder.py and passes.py. */
#include "netlist.h"

#include <stdlib.h>
#include <string.h>

int fwc_builder_init(fwc_builder *to, int64_t n_inputs, int64_t room)
{
    uint32_t size = 16;
    while (size < 2 * (uint64_t)room)
        size *= 2;
    *to = (fwc_builder){.n_inputs = (int32_t)n_inputs, .n = 0, .room = (int32_t)room, .mask = size - 1};
    to->gates = malloc((size_t)(room + 1) * sizeof *to->gates);
    to->slots = calloc(size, sizeof *to->slots);
    return to->gates && to->slots ? 0 : -1;
}

void fwc_builder_clear(fwc_builder *to, int64_t n_inputs)
{
    to->n_inputs = (int32_t)n_inputs;
    to->n = 0;
    memset(to->slots, 0, ((size_t)to->mask + 1) * sizeof *to->slots);
}

void fwc_builder_free(fwc_builder *to)
{
    free(to->gates);
    free(to->slots);
}

int fwc_normal(int32_t table, int32_t a, int32_t b, fwc_gate *gate, int32_t *signal)
{
    if (a & 1) {
        table = (table & 5) << 1 | (table >> 1 & 5);
        a ^= 1;
    }
    if (b & 1) {
        table = (table & 3) << 2 | table >> 2;
        b ^= 1;
    }
    if (a == 0)
        table = (table & 1) * 3 | (table >> 2 & 1) * 12;
    if (b == 0)
        table = (table & 3) * 5;
    if (a == b)
        table = (table & 1) * 5 | (table >> 3) * 10;
    switch (table) {
    case 0:
    case 15: *signal = table & 1; return 0;
    case 5:
    case 10: *signal = a ^ (table == 5); return 0;
    case 3:
    case 12: *signal = b ^ (table == 3); return 0;
    default: break;
    }
    if (a > b) {
        const int32_t swap = a;
        a = b;
        b = swap;
        table = (table & 9) | (table & 2) << 1 | (table >> 1 & 2);
    }
    *signal = table & 1;
    *gate = (fwc_gate){table & 1 ? table ^ 15 : table, a >> 1, b >> 1};
    return 1;
}

/* The slot of a normal gate, or the free one where it belongs. */
static uint32_t slot_of(const fwc_builder *in, fwc_gate gate)
{
    const int32_t first = in->n_inputs + 1;
    uint64_t h = ((uint64_t)(uint32_t)gate.a << 32 | (uint32_t)gate.b) * 16 + (uint64_t)gate.table;
    h *= 0x9E3779B97F4A7C15u;
    uint32_t at = (uint32_t)(h >> 32) & in->mask;
    for (; in->slots[at]; at = (at + 1) & in->mask) {
        const fwc_gate other = in->gates[in->slots[at] - first];
        if (other.table == gate.table && other.a == gate.a && other.b == gate.b)
            break;
    }
    return at;
}

int32_t fwc_find(const fwc_builder *in, fwc_gate gate) { return in->slots[slot_of(in, gate)]; }

int32_t fwc_add_gate(fwc_builder *to, int32_t table, int32_t a, int32_t b)
{
    fwc_gate gate;
    int32_t signal;
    if (!fwc_normal(table, a, b, &gate, &signal))
        return signal;
    const uint32_t at = slot_of(to, gate);
    if (!to->slots[at]) {
        to->gates[to->n++] = gate;
        to->slots[at] = to->n_inputs + to->n;
    }
    return 2 * to->slots[at] + signal;
}

void fwc_sweep(fwc_netlist *net, int32_t *place)
{
    const int32_t first = net->n_inputs + 1, n_nodes = first + net->n_gates;
    memset(place, 0, (size_t)n_nodes * sizeof *place);
    for (int32_t o = 0; o < net->n_outputs; o++)
        place[net->outputs[o] >> 1] = 1;
    for (int32_t v = n_nodes - 1; v >= first; v--)
        if (place[v])
            place[net->gates[v - first].a] = place[net->gates[v - first].b] = 1;
    for (int32_t v = 0; v < first; v++)
        place[v] = v;
    int32_t kept = 0;
    for (int32_t v = first; v < n_nodes; v++) {
        const fwc_gate gate = net->gates[v - first];
        if (!place[v])
            continue;
        place[v] = first + kept;
        net->gates[kept++] = (fwc_gate){gate.table, place[gate.a], place[gate.b]};
    }
    net->n_gates = kept;
    for (int32_t o = 0; o < net->n_outputs; o++)
        net->outputs[o] = 2 * place[net->outputs[o] >> 1] | (net->outputs[o] & 1);
}

void fwc_strash(fwc_netlist *net, fwc_builder *to, int32_t *signals)
{
    const int32_t first = net->n_inputs + 1;
    fwc_builder_clear(to, net->n_inputs);
    for (int32_t v = 0; v < first; v++)
        signals[v] = 2 * v;
    for (int32_t g = 0; g < net->n_gates; g++) {
        const fwc_gate gate = net->gates[g];
        signals[first + g] = fwc_add_gate(to, gate.table, signals[gate.a], signals[gate.b]);
    }
    memcpy(net->gates, to->gates, (size_t)to->n * sizeof *net->gates);
    net->n_gates = to->n;
    for (int32_t o = 0; o < net->n_outputs; o++)
        net->outputs[o] = signals[net->outputs[o] >> 1] ^ (net->outputs[o] & 1);
}
