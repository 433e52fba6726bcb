"""Cuts: small sets of nodes (leaves) through which all paths from the inputs to a node pass.

With at most 4 leaves, the function of the node in terms of its leaves is one of the 65,536 of the catalogue.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import apply_table
from fw_circuits.circuits.tables import variable_table

LEAVES = 4
ONES = 0xFFFF


class Cut(NamedTuple):
    """Leaves (at most 4 nodes, ascending) and the node's function of them (16 bits; leaf i is variable i)."""

    leaves: tuple[int, ...]
    table: int


@lru_cache(maxsize=1 << 16)
def _spread(table: int, positions: tuple[int, ...]) -> int:
    """Table of the function whose variable i is variable ``positions[i]`` of the result."""
    result = 0
    for v in range(16):
        u = sum((v >> p & 1) << i for i, p in enumerate(positions))
        result |= (table >> u & 1) << v
    return result


def find_cuts(circuit: Circuit, limit: int = 10) -> list[list[Cut]]:
    """Cuts of every node, at most `limit` each besides the trivial one, smaller ones first.

    The result is indexed by node.  The last cut of a gate is the trivial one, whose only leaf is the node itself.

    >>> both = Circuit(3, ((8, 1, 2), (6, 4, 3)), (10,))
    >>> for cut in find_cuts(both)[5]:
    ...     print(cut.leaves, hex(cut.table))
    (3, 4) 0x6666
    (1, 2, 3) 0x7878
    (5,) 0xaaaa
    """
    trivial = variable_table(0, LEAVES)
    cuts = [[Cut((), 0)], *([Cut((1 + i,), trivial)] for i in range(circuit.n_inputs))]
    for gate, (table, a, b) in enumerate(circuit.gates):
        found: dict[tuple[int, ...], int] = {}
        for left in cuts[a]:
            for right in cuts[b]:
                leaves = tuple(sorted({*left.leaves, *right.leaves}))
                if len(leaves) > LEAVES or leaves in found:
                    continue
                place = {leaf: i for i, leaf in enumerate(leaves)}
                va = _spread(left.table, tuple(place[leaf] for leaf in left.leaves))
                vb = _spread(right.table, tuple(place[leaf] for leaf in right.leaves))
                found[leaves] = apply_table(table, va, vb, ONES)
        kept: list[Cut] = []
        for leaves in sorted(found, key=lambda leaves: (len(leaves), tuple(-leaf for leaf in leaves))):
            if not any(set(cut.leaves) < set(leaves) for cut in kept):
                kept.append(Cut(leaves, found[leaves]))
        cuts.append([*kept[:limit], Cut((circuit.n_inputs + 1 + gate,), trivial)])
    return cuts


def cone(circuit: Circuit, root: int, leaves: tuple[int, ...]) -> list[int]:
    """Gate nodes between a node and the leaves of one of its cuts, the root first.

    >>> cone(Circuit(3, ((8, 1, 2), (6, 4, 3)), (10,)), 5, (1, 2, 3))
    [5, 4]
    """
    seen, stack = {0, *leaves}, [root]
    inside = []
    while stack:
        node = stack.pop()
        if node not in seen and node > circuit.n_inputs:
            seen.add(node)
            inside.append(node)
            stack.extend(circuit.gates[node - circuit.n_inputs - 1][1:])
    return sorted(inside, reverse=True)


def freed(circuit: Circuit, root: int, leaves: tuple[int, ...], readers: list[int]) -> set[int]:
    """Gates that only the root reads (itself included): those that go if it is computed from the leaves anew.

    `readers` counts for each node the operands and outputs that read it.

    >>> shared = Circuit(3, ((8, 1, 2), (6, 4, 3)), (10, 8))
    >>> freed(shared, 5, (1, 2, 3), [0, 1, 1, 1, 2, 1])
    {5}
    """
    gone: set[int] = set()
    left: dict[int, int] = {root: 0}
    for node in cone(circuit, root, leaves):  # descending: all readers inside come first
        if left.get(node, readers[node]) == 0:
            gone.add(node)
            for operand in circuit.gates[node - circuit.n_inputs - 1][1:]:
                left[operand] = left.get(operand, readers[operand]) - 1
    return gone
