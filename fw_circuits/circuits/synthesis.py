"""Circuits from truth tables: the catalogue up to 4 inputs, decomposition and expansion on top of it.

A function of 5 to 12 inputs that reads two, three or four of them through one bit alone is built of that bit
(`decomposition`).
Any other splits at an input x into cofactors lo (x = 0) and hi (x = 1): ``f = x ? hi : lo`` (Shannon) ``= lo ^ x (lo ^
hi) = hi ^ ~x (lo ^ hi)`` (Davio).  Functions of up to 8 inputs take the input and the expansion that the catalogue's
costs make cheapest; larger ones split at the last input, by Shannon alone while more than 8 are left.  Equal
subfunctions are built once.  Functions of a popcount are also built by counting, and the smaller circuit is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from fw_circuits._typing import Array
from fw_circuits.circuits.builder import Builder, output_signals
from fw_circuits.circuits.catalogue import cost_table, minimal_circuit, widen
from fw_circuits.circuits.circuit import Circuit, variable_table
from fw_circuits.circuits.decomposition import split_off
from fw_circuits.circuits.gate import AND, XOR
from fw_circuits.circuits.passes import simplify, sweep
from fw_circuits.circuits.tables import as_tables, check_inputs

MAX_INPUTS = 16
DECOMPOSED_INPUTS = 12
CHOICE_INPUTS = 8
SIMPLIFY_GATES = 600


def from_truth_table(table: int | Sequence[int] | Array, n: int, *, outputs: int | None = None) -> Circuit:
    """Circuit of one or several functions of n inputs.

    Parameters
    ----------
    table : int, array of shape (2^n,), or sequence of int
        Bit v of an integer, or entry v of an array of 0 and 1, is the value at the input pattern
        ``v = x0 + 2 x1 + ...``; a list or tuple of integers makes one output each.
    n : int
        0..16.
    outputs : int, optional
        Needed only for a list of 2^n numbers 0 and 1: 1 if they are the values of one function, 2^n if each is a table.

    Returns
    -------
    Circuit
        A smallest one for a single table and n <= 4; else what expansion and rewriting give.

    Raises
    ------
    CircuitError
        If n is out of range or a table has other than 2^n bits.
    InputError
        If `table` is of another kind, or can be read in two ways.

    Examples
    --------
    Majority of five inputs.

    >>> majority = sum(1 << v for v in range(32) if v.bit_count() > 2)
    >>> circuit = from_truth_table(majority, 5)
    >>> circuit.truth_table() == majority, circuit.n_gates <= 10
    (True, True)
    >>> from_truth_table([False, True, True, False], 2).truth_table()
    6
    """
    n = check_inputs(n, MAX_INPUTS, "; build larger circuits from gates")
    tables = as_tables(table, n, outputs)
    single = len(tables) == 1
    if single and n <= 4:
        return minimal_circuit(tables[0], n)
    expansion = _Expansion(n)
    signals = [expansion.function(t) for t in tables]
    circuit = sweep(expansion.builder.circuit(signals))
    circuit = simplify(circuit) if circuit.n_gates <= SIMPLIFY_GATES else circuit
    if single and (values := values_by_popcount(tables[0], n)):
        # families need this module for their decoders
        from fw_circuits.circuits.families import symmetric_circuit

        circuit = min(circuit, symmetric_circuit(values), key=lambda c: c.n_gates)
    return circuit


def values_by_popcount(table: int, n: int) -> tuple[int, ...]:
    """Value for 0, 1, .., n ones; empty if the function of n inputs is not symmetric.

    >>> values_by_popcount(0b11101000, 3), values_by_popcount(0b1010, 2)
    ((0, 0, 1, 1), ())
    """
    values = tuple(table >> ((1 << ones) - 1) & 1 for ones in range(n + 1))
    same = all(table >> v & 1 == values[v.bit_count()] for v in range(1 << n))
    return values if same else ()


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
        for i in reversed(range(len(inputs))):  # the split shall be on an input that is read
            low_places = ~variable_table(i, len(inputs)) & ((1 << (1 << len(inputs))) - 1)
            if not (table ^ table >> (1 << i)) & low_places:
                table = cofactors(table, i, len(inputs))[0]
                inputs = inputs[:i] + inputs[i + 1 :]
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
            (cost, i, way)
            for i in split_at
            for way, cost in enumerate(self._ways(*cofactors(table, i, k), k - 1))
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


def cofactors(table: int, i: int, k: int) -> tuple[int, int]:
    """Functions of the other inputs, for input i = 0 and for 1, of a function of k inputs.

    >>> cofactors(0b1000, 1, 2), cofactors(0b0110, 0, 2)
    ((0, 2), (2, 1))
    """
    block = 1 << i
    if i == k - 1:
        return table & ((1 << block) - 1), table >> block
    ones, low, high = (1 << block) - 1, 0, 0
    for j in range(1 << (k - 1 - i)):
        low |= (table >> 2 * j * block & ones) << j * block
        high |= (table >> (2 * j + 1) * block & ones) << j * block
    return low, high
