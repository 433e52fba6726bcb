"""Circuits by expansion: any function from the catalogue of functions of four inputs.

A function of 5 to 12 inputs that reads two, three or four of them through one bit alone is built of that bit
(`decomposition`).
Any other splits at an input x into cofactors lo (x = 0) and hi (x = 1): ``f = x ? hi : lo`` (Shannon) ``= lo ^ x (lo ^
hi) = hi ^ ~x (lo ^ hi)`` (Davio).  Functions of up to 8 inputs take the input and the expansion that the catalogue's
costs make cheapest; larger ones split at the last input, by Shannon alone while more than 8 are left.  Equal
subfunctions are built once.
"""

from __future__ import annotations

from collections.abc import Sequence

from fw_circuits.circuits.builder import Builder, output_signals
from fw_circuits.circuits.catalogue import cost_table, minimal_circuit
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.decomposition import split_off
from fw_circuits.circuits.gate import AND, XOR
from fw_circuits.circuits.passes import simplify, sweep
from fw_circuits.circuits.tables import cofactors, narrow, widen

DECOMPOSED_INPUTS = 12
CHOICE_INPUTS = 8
SIMPLIFY_GATES = 600


def expand(tables: Sequence[int], n: int) -> Circuit:
    """Circuit of functions of n inputs, given as integers, one output each; smallest for one function of n <= 4.

    >>> expand([0b1000, 0b0110], 2).n_gates
    2
    """
    if len(tables) == 1 and n <= 4:
        return minimal_circuit(tables[0], n)
    expansion = _Expansion(n)
    signals = [expansion.function(t) for t in tables]
    circuit = sweep(expansion.builder.circuit(signals))
    return simplify(circuit) if circuit.n_gates <= SIMPLIFY_GATES else circuit


class _Expansion:
    """Builds functions of n inputs into one netlist, each distinct subfunction once."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.builder = Builder(n)
        self._signal: dict[tuple[tuple[int, ...], int], int] = {}
        self._estimate: dict[tuple[int, int], int] = {}

    def function(self, table: int) -> int:
        """Signal of a function of all inputs."""
        return self._build(tuple(self.builder.inputs), table)

    def _build(self, inputs: tuple[int, ...], table: int) -> int:
        read, table = narrow(table, len(inputs))  # the split shall be on an input that is read
        inputs = tuple(inputs[i] for i in read)
        k = len(inputs)
        ones = (1 << (1 << k)) - 1
        if table & 1:  # a function and its complement are one entry
            return self._build(inputs, table ^ ones) ^ 1
        key = inputs, table
        if key not in self._signal:
            self._signal[key] = self._catalogued(inputs, table) if k <= 4 else self._divided(inputs, table)
        return self._signal[key]

    def _catalogued(self, inputs: tuple[int, ...], table: int) -> int:
        circuit = minimal_circuit(table, len(inputs))
        return output_signals(circuit, self.builder.add(circuit, inputs))[0]

    def _divided(self, inputs: tuple[int, ...], table: int) -> int:
        k = len(inputs)
        if k <= DECOMPOSED_INPUTS and (parts := split_off(table, k)):
            bit = self._build(tuple(inputs[i] for i in parts.bound), parts.inner)
            rest = tuple(x for i, x in enumerate(inputs) if i not in parts.bound)
            return self._build((*rest, bit), parts.outer)
        i, way = self._cheapest(table, k)[1:]
        (low, high), x, rest = cofactors(table, i, k), inputs[i], inputs[:i] + inputs[i + 1 :]
        gate = self.builder.gate
        if way == 0:
            return self.builder.mux(x, self._build(rest, high), self._build(rest, low))
        base, when = (low, x) if way == 1 else (high, x ^ 1)
        return gate(XOR, self._build(rest, base), gate(AND, when, self._build(rest, low ^ high)))

    def _cheapest(self, table: int, k: int) -> tuple[int, int, int]:
        """Estimated gates, input and expansion of the cheapest split of a function of k inputs."""
        if k > CHOICE_INPUTS:
            return 0, k - 1, 0
        split_at = range(k) if self.n <= CHOICE_INPUTS else (k - 1,)
        return min(
            (cost, i, way) for i in split_at for way, cost in enumerate(self._ways(*cofactors(table, i, k), k - 1))
        )

    def _ways(self, low: int, high: int, k: int) -> list[int]:
        """Estimated gates of the three expansions from cofactors of k inputs."""
        ones = (1 << (1 << k)) - 1
        if low == high:
            return [self._cost(k, low)]
        at_low, at_high, change = self._cost(k, low), self._cost(k, high), self._cost(k, low ^ high)
        if low ^ high == ones:
            return [at_low + 1]
        if low in (0, ones) or high in (0, ones):
            return [at_low + at_high + 1]
        return [at_low + at_high + 3, at_low + change + 2, at_high + change + 2]

    def _cost(self, k: int, table: int) -> int:
        """Estimated gates of a function of k inputs, sharing between its parts not counted."""
        if k <= 4:
            return int(cost_table()[widen(table, k)])
        key = k, min(table, table ^ ((1 << (1 << k)) - 1))
        if key not in self._estimate:
            self._estimate[key] = self._cheapest(table, k)[0]
        return self._estimate[key]
