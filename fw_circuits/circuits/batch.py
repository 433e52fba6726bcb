"""Many small circuits of one output over common literals, evaluated in one call of the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._typing import Array, Ints, Words
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.simulate import simulate_numpy


@dataclass(frozen=True)
class Batch:
    """Circuits laid out one after the other: circuit c has ``gates[gate_start[c] : gate_start[c + 1]]``, and so on.

    Attributes
    ----------
    gates : (G, 3) int32
        As in :class:`Circuit`, numbered within their circuit.
    gate_start, input_start : (m + 1,) int64
    inputs : (I,) int32
        The literal that each input reads.
    outputs : (m,) int32
        Signals.

    Examples
    --------
    >>> both, either = (Circuit(2, ((table, 1, 2),), (6,)) for table in (8, 14))
    >>> batch = Batch.of([both, either], [(0, 1), (1, 2)])
    >>> batch.evaluate(np.array([[12], [10], [1]], np.uint64)).tolist()
    [[8], [11]]
    """

    gates: Array
    gate_start: Ints
    inputs: Array
    input_start: Ints
    outputs: Array

    @classmethod
    def of(cls, circuits: Sequence[Circuit], literals: Sequence[Sequence[int]]) -> Batch:
        """Circuits of one output, and the literals that their inputs read."""
        gates = [circuit.gate_array for circuit in circuits]
        inputs = np.fromiter((i for places in literals for i in places), np.int32)
        return cls(
            np.concatenate(gates) if gates else np.zeros((0, 3), np.int32),
            _starts([len(rows) for rows in gates]),
            inputs,
            _starts([len(places) for places in literals]),
            np.fromiter((circuit.outputs[0] for circuit in circuits), np.int32),
        )

    def over(self, inputs: Array) -> Batch:
        """The same circuits over other literals."""
        inputs = np.ascontiguousarray(inputs, np.int32)
        return Batch(self.gates, self.gate_start, inputs, self.input_start, self.outputs)

    def take(self, index: Ints) -> Batch:
        """Only these of the circuits, ascending."""
        if len(index) == len(self.outputs):
            return self
        chosen = np.zeros(len(self.outputs), bool)
        chosen[index] = True
        n_gates, n_inputs = np.diff(self.gate_start), np.diff(self.input_start)
        return Batch(
            self.gates[np.repeat(chosen, n_gates)],
            _starts(n_gates[chosen]),
            self.inputs[np.repeat(chosen, n_inputs)],
            _starts(n_inputs[chosen]),
            self.outputs[chosen],
        )

    def evaluate(self, words: Words) -> Words:
        """Outputs on packed literals, (n, W) to (m, W); padding bits are whatever the circuits make of it."""
        kernels = select("_circuits", None)
        evaluate = kernels.evaluate if kernels else evaluate_numpy
        return np.asarray(
            evaluate(
                np.ascontiguousarray(words), self.gates, self.gate_start, self.inputs, self.input_start, self.outputs
            )
        )


def evaluate_numpy(
    literals: Words, gates: Array, gate_start: Ints, inputs: Array, input_start: Ints, outputs: Array
) -> Words:
    """NumPy reference of the kernel: one circuit after the other."""
    result = np.empty((len(outputs), literals.shape[1]), np.uint64)
    for c, row in enumerate(result):
        own = gates[gate_start[c] : gate_start[c + 1]]
        row[:] = simulate_numpy(literals[inputs[input_start[c] : input_start[c + 1]]], own, outputs[c : c + 1])[0]
    return result


def _starts(sizes: Sequence[int] | Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
