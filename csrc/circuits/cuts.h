/* Cuts of at most four leaves, as in fw_circuits/circuits/cuts.py, and the catalogue's circuits of their functions. */
#ifndef FWC_CUTS_H
#define FWC_CUTS_H

#include "circuits.h"
#include "netlist.h"

enum { FWC_LEAVES = 4,
       FWC_CUTS = 10 }; /* kept of each node, besides the trivial one */

/* Leaves ascending; table: the node's function of them, leaf i is variable i. */
typedef struct {
    int32_t leaves[FWC_LEAVES];
    uint16_t table;
    uint8_t n;
} fwc_cut;

/* Of each node n <= FWC_CUTS cuts in order of preference, the trivial one last (not counted). */
typedef struct {
    fwc_cut cuts[FWC_CUTS + 1];
    int n;
} fwc_cuts;

void fwc_find_cuts(const fwc_netlist *net, fwc_cuts *cuts);

/* A smallest circuit of a function of 4 inputs: gates on nodes 0..4 and those before; returns their number. */
int fwc_minimal(const fwc_catalogue *from, uint16_t table, fwc_gate gates[7], int32_t *output);

#endif
