"""Circuits as networks of wide gates: functions of how many of their signals are 1 (original to this package).

A wide gate is piecewise linear in the sum of its signals, at a share in R(theta) that `symmetric.cheapest` tells: 1 for
the conjunction of any number of signals, 2 for a majority of three, 28 for the parity of eight, where a tree of
two-input gates pays more with every level because each of them can pass on a change of any operand.  So each circuit
is covered anew: for every gate that is needed, the cut (a set of signals through which all paths to it pass) of least
*flow*, that is its own share plus the flows of its leaves, each divided by the number of its readers.  A heuristic: the
least R(theta) of a network for the circuit is not claimed.
"""

from __future__ import annotations

from typing import NamedTuple

from fw_circuits.circuits import Circuit
from fw_circuits.resnet.compile.symmetric import cheapest, counts_of_table, table_of

#: Leaves of a cut, and cuts kept for each node.
LEAVES, CUTS = 6, 24


class WideGate(NamedTuple):
    """A node as a function of its leaves: which of them to complement, and the values for 0, 1, ..., n ones."""

    node: int
    leaves: tuple[int, ...]
    flips: tuple[bool, ...]
    values: tuple[bool, ...]


def wide_gates(circuit: Circuit) -> list[WideGate]:
    """Wide gates that compute the circuit's outputs, operands first.

    Examples
    --------
    A majority of three, four two-input gates, is one wide gate:

    >>> from fw_circuits.circuits.catalogue import minimal_circuit
    >>> (gate,) = wide_gates(minimal_circuit(0b11101000, 3))
    >>> gate.leaves, gate.values
    ((1, 2, 3), (False, False, True, True))
    """
    first = circuit.n_inputs + 1
    readers = [0] * (first + circuit.n_gates)
    for _, a, b in circuit.gates:
        readers[a] += 1
        readers[b] += 1
    cuts: list[list[frozenset[int]]] = [
        [frozenset()],
        *([frozenset({1 + i})] for i in range(circuit.n_inputs)),
    ]
    flow, chosen = [0.0] * first, {}
    for node, (_, a, b) in enumerate(circuit.gates, start=first):
        unions = {left | right for left in cuts[a] for right in cuts[b]}
        unions = {cut for cut in unions if len(cut) <= LEAVES}
        offers = []
        for cut in unions:
            leaves = tuple(sorted(cut))
            found = counts_of_table(table_of(circuit, node, leaves), len(leaves))
            if found is not None:
                cost = cheapest(tuple(map(float, found[1])))[0]
                cost += sum(flow[leaf] / max(1, readers[leaf]) for leaf in leaves)
                offers.append((cost, WideGate(node, leaves, *found)))
        best, gate = min(offers, key=lambda offer: (offer[0], len(offer[1].leaves), offer[1].leaves))
        flow.append(best)
        chosen[node] = gate
        kept = sorted(unions, key=lambda cut: (len(cut), sorted(cut)))[: CUTS - 1]
        cuts.append([*kept, frozenset({node})])
    needed, waiting = set(), [signal >> 1 for signal in circuit.outputs]
    while waiting:
        node = waiting.pop()
        if node >= first and node not in needed:
            needed.add(node)
            waiting.extend(chosen[node].leaves)
    return [chosen[node] for node in sorted(needed)]
