"""Circuits from truth tables: the catalogue up to 4 inputs, expansion over the further inputs on top of it.

A function f of inputs x0..x(k-1) splits at its last input x into cofactors lo (x = 0) and hi (x = 1): ``f = x
? hi : lo`` (Shannon) ``= lo ^ x (lo ^ hi) = hi ^ ~x (lo ^ hi)`` (Davio).  Up to 8 inputs the cheapest of the
three is chosen by the catalogue's costs; beyond, Shannon alone.  Equal subfunctions are built once.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from fw_circuits.circuits.builder import Builder, output_signals
from fw_circuits.circuits.catalogue import cost_table, minimal_circuit, widen
from fw_circuits.circuits.circuit import Circuit, variable_table
from fw_circuits.circuits.gate import AND, XOR
from fw_circuits.circuits.passes import simplify, sweep
from fw_circuits.exceptions import CircuitError

MAX_INPUTS = 16
DAVIO_INPUTS = 8
SIMPLIFY_GATES = 600


def from_truth_table(table: int | Sequence[int], n: int) -> Circuit:
    """Circuit of one or several functions of n inputs.

    Parameters
    ----------
    table : int or sequence of int
        Bit v is the value at the input pattern ``v = x0 + 2 x1 + ...``; a sequence makes one output each.
    n : int
        0..16.

    Returns
    -------
    Circuit
        A smallest one for a single table and n <= 4; else what expansion and rewriting give.

    Raises
    ------
    CircuitError
        If n is out of range or a table has other than 2^n bits.

    Examples
    --------
    Majority of five inputs.

    >>> majority = sum(1 << v for v in range(32) if v.bit_count() > 2)
    >>> circuit = from_truth_table(majority, 5)
    >>> circuit.truth_table() == majority, circuit.n_gates <= 16
    (True, True)
    """
    n = index(n)
    if not 0 <= n <= MAX_INPUTS:
        raise CircuitError(f"n is {n}; expected 0..{MAX_INPUTS} inputs; build larger circuits from gates.")
    single = not isinstance(table, Sequence)
    tables = [index(t) for t in table] if isinstance(table, Sequence) else [index(table)]
    for t in tables:
        if not 0 <= t < 1 << (1 << n):
            raise CircuitError(
                f"a table of {n} inputs has 2^{n} bits; got {t.bit_length()} bits (or a negative)."
            )
    if single and n <= 4:
        return minimal_circuit(tables[0], n)
    expansion = _Expansion(n)
    outputs = [expansion.function(t) for t in tables]
    circuit = sweep(expansion.builder.circuit(outputs))
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
        inputs = tuple(self.builder.inputs)
        for i in reversed(
            range(self.n)
        ):  # drop the inputs that are not read, so that the split is on a real one
            low = table & ~variable_table(i, len(inputs)) & ((1 << (1 << len(inputs))) - 1)
            if low == (table & variable_table(i, len(inputs))) >> (1 << i):
                table = _without(table, i, len(inputs))
                inputs = inputs[:i] + inputs[i + 1 :]
        return self._build(inputs, table)

    def _build(self, inputs: tuple[int, ...], table: int) -> int:
        k = len(inputs)
        ones = (1 << (1 << k)) - 1
        if table & 1:  # a function and its complement are one entry
            return self._build(inputs, table ^ ones) ^ 1
        key = inputs, table
        if key not in self._signal:
            self._signal[key] = self._catalogued(inputs, table) if k <= 4 else self._split(inputs, table)
        return self._signal[key]

    def _catalogued(self, inputs: tuple[int, ...], table: int) -> int:
        circuit = minimal_circuit(table, len(inputs))
        return output_signals(circuit, self.builder.add(circuit, inputs))[0]

    def _split(self, inputs: tuple[int, ...], table: int) -> int:
        k, gate = len(inputs), self.builder.gate
        (low, high), x, rest = halves(table, k), inputs[-1], inputs[:-1]
        way = self._ways(low, high, k - 1).index(self._cost(k, table)) if k <= DAVIO_INPUTS else 0
        if way == 0:
            return self.builder.mux(x, self._build(rest, high), self._build(rest, low))
        base, when = (low, x) if way == 1 else (high, x ^ 1)
        return gate(XOR, self._build(rest, base), gate(AND, when, self._build(rest, low ^ high)))

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
        key = k, table
        if key not in self._estimate:
            self._estimate[key] = min(self._ways(*halves(table, k), k - 1))
        return self._estimate[key]


def halves(table: int, k: int) -> tuple[int, int]:
    """Cofactors of a function of k inputs at its last input.

    >>> halves(0b1000, 2)
    (0, 2)
    """
    half = 1 << (k - 1)
    return table & ((1 << half) - 1), table >> half


def _without(table: int, i: int, n: int) -> int:
    """Table over the other inputs of a function of n inputs that does not read input i."""
    block, result = 1 << i, 0
    for j in range(1 << (n - 1 - i)):
        result |= (table >> (2 * j * block) & ((1 << block) - 1)) << (j * block)
    return result
