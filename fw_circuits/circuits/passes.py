"""Rewriting passes: each returns a new circuit of the same meaning with no more gates than before.

`strash` shares equal gates and removes trivial ones, `sweep` drops what no output reads, `rewrite` replaces
the surroundings of a gate by the catalogue's smallest circuit where that saves gates, and `simplify` runs all
three to a fixpoint.  The order of inputs and outputs, and their names, are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._typing import Array
from fw_circuits.circuits.builder import Builder, normal_gate, output_signals
from fw_circuits.circuits.catalogue import arrays, minimal_circuit
from fw_circuits.circuits.circuit import Circuit, of_arrays
from fw_circuits.circuits.cuts import LEAVES, find_cuts, freed
from fw_circuits.circuits.gate import Gate, apply_table
from fw_circuits.circuits.tables import variable_table

#: Steps of the kernel, as in ``csrc/circuits/circuits.h``.
SWEEP_FIRST, STRASH, SWEEP = 1, 2, 4


def strash(circuit: Circuit) -> Circuit:
    """Structural hashing: no gate twice, none with a constant or repeated operand, none that is a wire.

    Complements move through the gates to the outputs, so a gate and its complement are one.

    Examples
    --------
    >>> strash(Circuit(2, ((8, 1, 2), (7, 2, 1), (6, 3, 4)), (10,)))  # (a & b) ^ ~(b & a) is TRUE
    Circuit(n_inputs=2, gates=(Gate(table=8, a=1, b=2),), outputs=(1,), ...)
    """
    return _by_kernel(circuit, STRASH) or strash_python(circuit)


def strash_python(circuit: Circuit) -> Circuit:
    """Reference of the kernel."""
    builder = Builder(circuit.n_inputs)
    signals = builder.add(circuit, builder.inputs)
    return builder.circuit(output_signals(circuit, signals), circuit.input_names, circuit.output_names)


def sweep(circuit: Circuit) -> Circuit:
    """Drop the gates that no output reads, directly or through others.

    Examples
    --------
    >>> sweep(Circuit(2, ((8, 1, 2), (6, 1, 2)), (8,))).gates
    (Gate(table=6, a=1, b=2),)
    """
    return _by_kernel(circuit, SWEEP) or sweep_python(circuit)


def sweep_python(circuit: Circuit) -> Circuit:
    """Reference of the kernel."""
    first = circuit.n_inputs + 1
    live = {output >> 1 for output in circuit.outputs}
    for node in range(circuit.n_nodes - 1, first - 1, -1):
        if node in live:
            live.update(circuit.gates[node - first][1:])
    place = list(range(first))
    gates: list[Gate] = []
    for node, (table, a, b) in enumerate(circuit.gates, start=first):
        place.append(first + len(gates))
        if node in live:
            gates.append(Gate(table, place[a], place[b]))
    outputs = tuple(2 * place[output >> 1] | output & 1 for output in circuit.outputs)
    return Circuit(circuit.n_inputs, tuple(gates), outputs, circuit.input_names, circuit.output_names)


def _by_kernel(circuit: Circuit, steps: int) -> Circuit | None:
    """The circuit after these steps, or None where the kernels are not selected."""
    kernels = select("_circuits", None)
    if kernels is None:
        return None
    outputs = np.array(circuit.outputs, dtype=np.int32)
    gates, outputs = kernels.compact(circuit.n_inputs, circuit.gate_array, outputs, steps)
    return of_arrays(circuit.n_inputs, gates, outputs, circuit.input_names, circuit.output_names)


def rewrite(circuit: Circuit) -> Circuit:
    """Replace cones of at most 4 leaves by smallest circuits where that saves gates; one pass.

    For each gate and cut: the gates that would go (those nobody else reads) against the gates of the smallest
    circuit that do not exist yet.  The best cut of positive gain is taken.  Gains of overlapping cones are
    estimates: if the result has no fewer gates, the circuit comes back as it was.

    Examples
    --------
    >>> rewrite(Circuit(3, ((8, 1, 3), (8, 2, 3), (14, 4, 5)), (12,))).n_gates  # a c | b c = (a | b) c
    2
    """
    readers = [0] * circuit.n_nodes
    for node in (*(n for gate in circuit.gates for n in gate[1:]), *(s >> 1 for s in circuit.outputs)):
        readers[node] += 1
    cuts = find_cuts(circuit)
    builder = Builder(circuit.n_inputs)
    signals = [0, *builder.inputs]
    for node, (table, a, b) in enumerate(circuit.gates, start=circuit.n_inputs + 1):
        best, choice = 0, None
        for cut in cuts[node][:-1]:
            gone = freed(circuit, node, cut.leaves, readers)
            if len(gone) <= best:
                continue
            replacement = minimal_circuit(cut.table, LEAVES)
            inputs = [signals[leaf] for leaf in cut.leaves] + [0] * (LEAVES - len(cut.leaves))
            gain = len(gone) - _added(builder, replacement, inputs, {signals[g] >> 1 for g in gone if g < node})
            if gain > best:
                best, choice = gain, (replacement, inputs)
        if choice is None:
            signals.append(builder.gate(table, signals[a], signals[b]))
        else:
            signals.append(output_signals(choice[0], builder.add(*choice))[0])
    smaller = sweep(builder.circuit(output_signals(circuit, signals), circuit.input_names, circuit.output_names))
    return smaller if smaller.n_gates < circuit.n_gates else circuit


def _added(builder: Builder, circuit: Circuit, inputs: list[int], doomed: set[int]) -> int:
    """Gates that `builder.add` would add, those that it would keep from going included."""
    signals, used, virtual = [0, *inputs], set(), 2 * (builder.n_inputs + len(builder.gates) + 1)
    kept = 0
    for table, a, b in circuit.gates:
        gate, signal = normal_gate(table, signals[a], signals[b])
        if gate is None:
            signals.append(signal)
            continue
        node = builder.find(gate)
        if node is None:
            signals.append(virtual + signal)
            virtual += 2
            kept += 1
        else:
            signals.append(2 * node + signal)
            if node in doomed and node not in used:
                used.add(node)
                kept += 1
    return kept


def compact(
    n_inputs: int, gates: Array, outputs: Sequence[int], steps: int = SWEEP_FIRST | STRASH | SWEEP
) -> tuple[Array, Array]:
    """``sweep(strash(sweep(circuit)))``, or some of these steps, on arrays that are known to be well formed.

    Parameters
    ----------
    n_inputs : int
        Number of inputs.
    gates : (n, 3) int32
        Table and operands, as in :class:`Circuit`.
    outputs : sequence of int
        Signals.
    steps : int
        Sum of `SWEEP_FIRST`, `STRASH` and `SWEEP`.

    Returns
    -------
    gates, outputs : array of int32
        Those of the result.

    Examples
    --------
    >>> gates, outputs = compact(2, np.array([[6, 1, 2], [8, 1, 2], [7, 2, 1]], np.int32), [10])
    >>> gates.tolist(), outputs.tolist()
    ([[8, 1, 2]], [7])
    """
    signals = np.array(outputs, dtype=np.int32)
    if kernels := select("_circuits", None):
        gates, signals = kernels.compact(n_inputs, np.ascontiguousarray(gates, np.int32), signals, steps)
        return gates, signals
    circuit = of_arrays(n_inputs, gates, signals)
    for step, apply in ((SWEEP_FIRST, sweep_python), (STRASH, strash_python), (SWEEP, sweep_python)):
        circuit = apply(circuit) if steps & step else circuit
    return circuit.gate_array, np.array(circuit.outputs, dtype=np.int32)


def simplify(circuit: Circuit) -> Circuit:
    """Run `strash`, `sweep` and `rewrite` until nothing changes.

    A circuit of one output that reads at most 4 inputs becomes the catalogue's: it is then a smallest one.

    Examples
    --------
    Full adder carry from two half adders, with a gate too many.

    >>> carry = Circuit(3, ((6, 1, 2), (8, 1, 2), (8, 4, 3), (14, 5, 6), (8, 7, 7)), (16,))
    >>> simplify(carry).n_gates
    4
    """
    if kernels := select("_circuits", None):
        outputs = np.array(circuit.outputs, dtype=np.int32)
        gates, outputs = kernels.simplify(circuit.n_inputs, circuit.gate_array, outputs, arrays())
        return of_arrays(circuit.n_inputs, gates, outputs, circuit.input_names, circuit.output_names)
    return simplify_python(circuit)


def simplify_python(circuit: Circuit) -> Circuit:
    """Reference of the kernel, and its specification: the same circuits gate for gate."""
    current = sweep_python(strash_python(circuit))
    if current.n_outputs == 1 and len(current.support) <= LEAVES:
        return _smallest(current)
    while True:
        smaller = sweep_python(strash_python(rewrite(current)))
        if smaller.n_gates >= current.n_gates:
            return current
        current = smaller


def _smallest(circuit: Circuit) -> Circuit:
    """The catalogue's circuit for one output that reads at most 4 inputs."""
    support = circuit.support
    values = [0] * (1 + circuit.n_inputs)
    for i, x in enumerate(support):
        values[1 + x] = variable_table(i, LEAVES)
    for table, a, b in circuit.gates:
        values.append(apply_table(table, values[a], values[b], 0xFFFF))
    (output,) = circuit.outputs
    best = minimal_circuit(values[output >> 1] ^ (0xFFFF if output & 1 else 0), LEAVES)
    builder = Builder(circuit.n_inputs)
    signals = builder.add(best, [2 * (1 + x) for x in support] + [0] * (LEAVES - len(support)))
    return builder.circuit(output_signals(best, signals), circuit.input_names, circuit.output_names)
