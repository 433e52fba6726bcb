/* Rewriting to a fixpoint: the same circuits, gate for gate, as fw_circuits/circuits/passes.py. */
#include "cuts.h"

#include <stdlib.h>
#include <string.h>

/* Memory of one call: arrays over the nodes, and a builder with room for the circuits that replace cones. */
typedef struct {
    const fwc_catalogue *catalogue;
    fwc_builder builder;
    fwc_netlist next;
    fwc_cuts *cuts;
    int32_t *signals, *readers, *left, *seen, *left_seen, *stack, *gone;
    int32_t stamp;
    int32_t *doomed, *kept; /* over the nodes of the builder: the stamp of the cone whose gates go, and are used again */
} work;

/* Add one replacement of at most 7 gates on signals; returns the signal of its output. */
static int32_t add_circuit(fwc_builder *to, const fwc_gate *gates, int n, int32_t output, const int32_t inputs[4])
{
    int32_t signals[5 + 7] = {0, inputs[0], inputs[1], inputs[2], inputs[3]};
    for (int g = 0; g < n; g++)
        signals[5 + g] = fwc_add_gate(to, gates[g].table, signals[gates[g].a], signals[gates[g].b]);
    return signals[output >> 1] ^ (output & 1);
}

/* Gates that only the root reads, itself included, between it and the leaves: their number, listed in k->gone. */
static int32_t freed(work *k, const fwc_netlist *net, int32_t root, const fwc_cut *cut)
{
    const int32_t first = net->n_inputs + 1, stamp = ++k->stamp;
    int32_t *inside = k->gone, n = 0, depth = 0, n_gone = 0;
    k->seen[0] = stamp;
    for (int i = 0; i < cut->n; i++)
        k->seen[cut->leaves[i]] = stamp;
    k->stack[depth++] = root;
    while (depth) {
        const int32_t v = k->stack[--depth];
        if (k->seen[v] == stamp || v < first)
            continue;
        k->seen[v] = stamp;
        int32_t at = n++; /* descending: all readers inside come first */
        for (; at > 0 && inside[at - 1] < v; at--)
            inside[at] = inside[at - 1];
        inside[at] = v;
        k->stack[depth++] = net->gates[v - first].a;
        k->stack[depth++] = net->gates[v - first].b;
    }
    k->left[root] = 0;
    k->left_seen[root] = stamp;
    for (int32_t i = 0; i < n; i++) {
        const int32_t v = inside[i];
        if ((k->left_seen[v] == stamp ? k->left[v] : k->readers[v]) != 0)
            continue;
        inside[n_gone++] = v;
        const int32_t operands[2] = {net->gates[v - first].a, net->gates[v - first].b};
        for (int o = 0; o < 2; o++) {
            const int32_t u = operands[o];
            k->left[u] = (k->left_seen[u] == stamp ? k->left[u] : k->readers[u]) - 1;
            k->left_seen[u] = stamp;
        }
    }
    return n_gone;
}

/* Gates that `add_circuit` would add, those included that it would keep from going (marked in k->doomed). */
static int added(work *k, const fwc_gate *gates, int n, const int32_t inputs[4])
{
    const fwc_builder *in = &k->builder;
    int32_t signals[5 + 7] = {0, inputs[0], inputs[1], inputs[2], inputs[3]};
    int32_t virtual = 2 * (in->n_inputs + in->n + 1);
    int count = 0;
    for (int g = 0; g < n; g++) {
        fwc_gate gate;
        int32_t signal;
        if (fwc_normal(gates[g].table, signals[gates[g].a], signals[gates[g].b], &gate, &signal)) {
            const int32_t node = fwc_find(in, gate);
            if (!node) {
                signal += virtual;
                virtual += 2;
                count++;
            } else {
                signal += 2 * node;
                if (k->doomed[node] == k->stamp && k->kept[node] != k->stamp) {
                    k->kept[node] = k->stamp;
                    count++;
                }
            }
        }
        signals[5 + g] = signal;
    }
    return count;
}

/* The node's signal in the builder, from the cut that saves most gates if any does. */
static int32_t rewritten(work *k, const fwc_netlist *net, int32_t node)
{
    const fwc_gate own = net->gates[node - net->n_inputs - 1];
    fwc_gate best_gates[7];
    int32_t best_inputs[4], best_output = 0, best = 0, best_n = 0;
    for (int c = 0; c < k->cuts[node].n; c++) {
        const fwc_cut *cut = &k->cuts[node].cuts[c];
        const int32_t n_gone = freed(k, net, node, cut);
        if (n_gone <= best)
            continue;
        fwc_gate gates[7];
        int32_t output, inputs[4] = {0};
        const int n = fwc_minimal(k->catalogue, cut->table, gates, &output);
        for (int i = 0; i < cut->n; i++)
            inputs[i] = k->signals[cut->leaves[i]];
        for (int32_t i = 0; i < n_gone; i++)
            if (k->gone[i] < node)
                k->doomed[k->signals[k->gone[i]] >> 1] = k->stamp;
        const int32_t gain = n_gone - added(k, gates, n, inputs);
        if (gain > best) {
            best = gain;
            best_n = n;
            best_output = output;
            memcpy(best_gates, gates, sizeof gates);
            memcpy(best_inputs, inputs, sizeof inputs);
        }
    }
    if (best)
        return add_circuit(&k->builder, best_gates, best_n, best_output, best_inputs);
    return fwc_add_gate(&k->builder, own.table, k->signals[own.a], k->signals[own.b]);
}

/* One pass over a netlist into k->next, which has no gate that is not read. */
static void rewrite(work *k, const fwc_netlist *net)
{
    const int32_t first = net->n_inputs + 1, n_nodes = first + net->n_gates;
    memset(k->readers, 0, (size_t)n_nodes * sizeof *k->readers);
    for (int32_t g = 0; g < net->n_gates; g++) {
        k->readers[net->gates[g].a]++;
        k->readers[net->gates[g].b]++;
    }
    for (int32_t o = 0; o < net->n_outputs; o++)
        k->readers[net->outputs[o] >> 1]++;
    fwc_find_cuts(net, k->cuts);
    fwc_builder_clear(&k->builder, net->n_inputs);
    for (int32_t v = 0; v < n_nodes; v++)
        k->signals[v] = v < first ? 2 * v : rewritten(k, net, v);
    k->next.n_gates = k->builder.n;
    memcpy(k->next.gates, k->builder.gates, (size_t)k->builder.n * sizeof *k->next.gates);
    for (int32_t o = 0; o < net->n_outputs; o++)
        k->next.outputs[o] = k->signals[net->outputs[o] >> 1] ^ (net->outputs[o] & 1);
    fwc_sweep(&k->next, k->stack);
}

/* The catalogue's circuit in place of one output that reads at most 4 inputs; 0 if it reads more. */
static int smallest(work *k, fwc_netlist *net)
{
    static const uint16_t variables[4] = {0xAAAA, 0xCCCC, 0xF0F0, 0xFF00};
    const int32_t first = net->n_inputs + 1;
    int32_t *value = k->readers, inputs[4] = {0}, *live = k->left;
    int n = 0;
    memset(live, 0, (size_t)first * sizeof *live);
    live[net->outputs[0] >> 1] = 1; /* swept: every gate is read */
    for (int32_t g = 0; g < net->n_gates; g++)
        live[net->gates[g].a] = live[net->gates[g].b] = 1;
    value[0] = 0;
    for (int32_t v = 1; v < first; v++) {
        value[v] = 0;
        if (!live[v])
            continue;
        if (n == 4)
            return 0;
        value[v] = variables[n];
        inputs[n++] = 2 * v;
    }
    for (int32_t g = 0; g < net->n_gates; g++) {
        const int32_t a = value[net->gates[g].a], b = value[net->gates[g].b], t = net->gates[g].table;
        value[first + g] = ((t & 1 ? ~a & ~b : 0) | (t & 2 ? a & ~b : 0) | (t & 4 ? ~a & b : 0) | (t & 8 ? a & b : 0)) & 0xFFFF;
    }
    fwc_gate gates[7];
    int32_t output;
    const uint16_t table = (uint16_t)(value[net->outputs[0] >> 1] ^ (net->outputs[0] & 1 ? 0xFFFF : 0));
    const int m = fwc_minimal(k->catalogue, table, gates, &output);
    fwc_builder_clear(&k->builder, net->n_inputs);
    net->outputs[0] = add_circuit(&k->builder, gates, m, output, inputs);
    net->n_gates = k->builder.n;
    memcpy(net->gates, k->builder.gates, (size_t)k->builder.n * sizeof *net->gates);
    return 1;
}

static void fixpoint(work *k, fwc_netlist *net)
{
    if (net->n_outputs == 1 && smallest(k, net))
        return;
    for (;;) {
        const int32_t n_gates = net->n_gates;
        rewrite(k, net);
        if (k->next.n_gates >= n_gates)
            return;
        fwc_strash(&k->next, &k->builder, k->signals);
        fwc_sweep(&k->next, k->stack);
        memcpy(net->gates, k->next.gates, (size_t)k->next.n_gates * sizeof *net->gates);
        memcpy(net->outputs, k->next.outputs, (size_t)net->n_outputs * sizeof *net->outputs);
        net->n_gates = k->next.n_gates;
    }
}

/* A replacement adds at most 7 gates for each gate of the netlist. */
static int64_t room_for(int64_t n_gates) { return 7 * n_gates + 8; }

/* All memory of a call, stamps and counts zeroed. */
static int prepare(work *k, const fwc_netlist *net, int32_t **block)
{
    const size_t room = (size_t)room_for(net->n_gates), nodes = (size_t)net->n_inputs + 1 + room;
    *block = calloc(9 * nodes + 2 * room + (size_t)net->n_outputs, sizeof **block);
    k->cuts = malloc(((size_t)net->n_inputs + 1 + (size_t)net->n_gates) * sizeof *k->cuts);
    k->next = (fwc_netlist){net->n_inputs, 0, net->n_outputs, malloc((room + 1) * sizeof *k->next.gates), NULL};
    const int failed = fwc_builder_init(&k->builder, net->n_inputs, (int64_t)room);
    if (failed || !*block || !k->cuts || !k->next.gates)
        return -1;
    int32_t **parts[] = {&k->signals, &k->readers, &k->left, &k->seen, &k->left_seen, &k->gone, &k->doomed, &k->kept};
    for (size_t i = 0; i < 8; i++)
        *parts[i] = *block + i * nodes;
    k->stack = *block + 8 * nodes;
    k->next.outputs = k->stack + nodes + 2 * room;
    return 0;
}

int fwc_compact(int64_t n_inputs, int32_t *gates, int64_t n_gates, int32_t *outputs, int64_t n_outputs, int steps)
{
    fwc_netlist net = {(int32_t)n_inputs, (int32_t)n_gates, (int32_t)n_outputs, (fwc_gate *)gates, outputs};
    int32_t *place = malloc((size_t)(1 + n_inputs + n_gates) * sizeof *place);
    if (!place)
        return -1;
    if (steps & FWC_SWEEP_FIRST)
        fwc_sweep(&net, place);
    fwc_builder builder = {0};
    const int failed = steps & FWC_STRASH && fwc_builder_init(&builder, n_inputs, net.n_gates);
    if (steps & FWC_STRASH && !failed)
        fwc_strash(&net, &builder, place);
    if (steps & FWC_SWEEP)
        fwc_sweep(&net, place);
    fwc_builder_free(&builder);
    free(place);
    return failed ? -1 : net.n_gates;
}

int fwc_simplify(int64_t n_inputs, int32_t *gates, int64_t n_gates, int32_t *outputs, int64_t n_outputs,
                 const fwc_catalogue *catalogue)
{
    const int compact = fwc_compact(n_inputs, gates, n_gates, outputs, n_outputs, FWC_STRASH | FWC_SWEEP);
    if (compact < 0)
        return -1;
    fwc_netlist net = {(int32_t)n_inputs, compact, (int32_t)n_outputs, (fwc_gate *)gates, outputs};
    work k = {.catalogue = catalogue};
    int32_t *block;
    const int failed = prepare(&k, &net, &block);
    if (!failed)
        fixpoint(&k, &net);
    fwc_builder_free(&k.builder);
    free(k.next.gates);
    free(k.cuts);
    free(block);
    return failed ? -1 : net.n_gates;
}
