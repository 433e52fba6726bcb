/* Netlists under construction: structural hashing as in fw_circuits/circuits/builder.py. */
#ifndef FWC_NETLIST_H
#define FWC_NETLIST_H

#include <stdint.h>

/* A gate on nodes, and one gate of a catalogue's chain. */
typedef struct {
    int32_t table, a, b;
} fwc_gate;

/* Gates, each once; slots is an open addressing table of node numbers, 0 when free, at most half full. */
typedef struct {
    int32_t n_inputs, n, room;
    fwc_gate *gates;
    int32_t *slots;
    uint32_t mask;
} fwc_builder;

/* Room for `room` gates.  Returns 0, or -1 when memory ran out. */
int fwc_builder_init(fwc_builder *to, int64_t n_inputs, int64_t room);
void fwc_builder_clear(fwc_builder *to, int64_t n_inputs);
void fwc_builder_free(fwc_builder *to);

/* The normal form of a gate on two signals: 1 with *gate and *signal 1 where its output is to be complemented; 0 where the
 * value is *signal itself. */
int fwc_normal(int32_t table, int32_t a, int32_t b, fwc_gate *gate, int32_t *signal);
/* Node of a normal gate, 0 if there is none. */
int32_t fwc_find(const fwc_builder *in, fwc_gate gate);
/* Signal of a gate on two signals; the caller has seen to the room. */
int32_t fwc_add_gate(fwc_builder *to, int32_t table, int32_t a, int32_t b);

/* A netlist: gates on nodes, outputs as signals. */
typedef struct {
    int32_t n_inputs, n_gates, n_outputs;
    fwc_gate *gates;
    int32_t *outputs;
} fwc_netlist;

/* Drop the gates that no output reads, in place; place: room for all nodes. */
void fwc_sweep(fwc_netlist *net, int32_t *place);
/* Equal gates once, trivial ones not at all, in place; to: room for all gates, signals: room for all nodes. */
void fwc_strash(fwc_netlist *net, fwc_builder *to, int32_t *signals);

#endif
