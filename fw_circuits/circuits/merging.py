"""The union of several circuits as one netlist, and the canonical key by which circuits are compared."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.circuits.circuit import Circuit, of_arrays
from fw_circuits.circuits.gate import swap_operands
from fw_circuits.circuits.passes import STRASH, SWEEP, compact, simplify
from fw_circuits.exceptions import CircuitError


def merge(circuits: Sequence[Circuit], literals: Sequence[Sequence[int]], n_literals: int) -> Circuit:
    """Put circuits of one output side by side over common literals; equal gates are shared.

    Parameters
    ----------
    circuits : sequence of Circuit
        One output each.
    literals : sequence of sequence of int
        ``literals[i][j]`` is the literal (0..n_literals - 1) that input j of circuit i reads.
    n_literals : int
        Inputs of the result.

    Returns
    -------
    Circuit
        Output i has the function of circuit i; `n_gates` is the number of distinct gates.

    Raises
    ------
    CircuitError
        If the lengths do not fit, a literal is out of range, or a circuit has not one output.

    Examples
    --------
    >>> half_sum, carry = Circuit(2, ((6, 1, 2),), (6,)), Circuit(3, ((6, 1, 2), (8, 4, 3)), (10,))
    >>> both = merge([half_sum, carry], [(0, 4), (4, 0, 2)], 5)
    >>> both.n_gates, both.n_outputs
    (2, 2)
    """
    if len(circuits) != len(literals):
        raise CircuitError(f"{len(circuits)} circuits came with literals for {len(literals)}; expected as many.")
    parts: list[Array] = [np.zeros((0, 3), np.int32)]
    outputs: list[int] = []
    first = n_literals + 1
    for i, (circuit, places) in enumerate(zip(circuits, literals, strict=True)):
        if circuit.n_outputs != 1:
            raise CircuitError(f"circuit {i} has {circuit.n_outputs} outputs; expected one; merge them one by one.")
        if len(places) != circuit.n_inputs or not all(0 <= place < n_literals for place in places):
            raise CircuitError(
                f"circuit {i} of {circuit.n_inputs} inputs came with the literals {tuple(places)}; "
                f"expected one of 0..{n_literals - 1} per input."
            )
        place = np.array([0, *(1 + place for place in places), *range(first, first + circuit.n_gates)])
        gates = circuit.gate_array.copy()
        gates[:, 1:] = place[gates[:, 1:]]
        parts.append(gates)
        outputs.append(2 * int(place[circuit.outputs[0] >> 1]) | circuit.outputs[0] & 1)
        first += circuit.n_gates
    gates, signals = compact(n_literals, np.concatenate(parts), outputs, STRASH | SWEEP)
    return of_arrays(n_literals, gates, signals)


def canonical_key(circuit: Circuit) -> str:
    """Text that describes the simplified circuit, whatever the order of its gates and operands was.

    Equal keys mean equal functions of the same inputs.  The converse holds for one output that reads at most
    4 inputs; beyond that, different netlists of one function may have different keys.

    >>> canonical_key(Circuit(2, ((8, 1, 2),), (6,))) == canonical_key(Circuit(2, ((7, 2, 1),), (7,)))
    True
    >>> canonical_key(Circuit(2, ((8, 1, 2),), (7,)))
    '2:8,1,2:7'
    """
    best = simplify(circuit)
    first = best.n_inputs + 1
    digests = [b"%d" % node for node in range(first)]
    ordered = []  # gates with the operand of smaller digest first: independent of how nodes are numbered
    for table, a, b in best.gates:
        if digests[a] > digests[b]:
            table, a, b = swap_operands(table), b, a
        ordered.append((table, a, b))
        digests.append(blake2b(b"%d(%b,%b)" % (table, digests[a], digests[b]), digest_size=16).digest())
    place = {node: node for node in range(first)}
    gates: list[str] = []
    stack = [output >> 1 for output in reversed(best.outputs)]
    while stack:  # gates numbered in postorder from the outputs
        node = stack[-1]
        table, a, b = ordered[node - first] if node >= first else (0, 0, 0)
        waiting = [v for v in (b, a) if v not in place]
        if node in place or not waiting:
            stack.pop()
            if node not in place:
                place[node] = first + len(gates)
                gates.append(f"{table},{place[a]},{place[b]}")
        else:
            stack += waiting
    outputs = ",".join(str(2 * place[output >> 1] | output & 1) for output in best.outputs)
    return f"{best.n_inputs}:{';'.join(gates)}:{outputs}"
