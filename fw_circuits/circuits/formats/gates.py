"""Functions of gates, tables and library cells, as netlists name them: from operand signals to a signal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from fw_circuits.circuits.builder import FALSE, TRUE, Builder, output_signals
from fw_circuits.circuits.catalogue import minimal_circuit
from fw_circuits.circuits.cuts import LEAVES
from fw_circuits.circuits.gate import AND, GATE_TABLES, OR, XOR
from fw_circuits.circuits.synthesis import from_truth_table
from fw_circuits.circuits.tables import variable_table

Function = Callable[[Builder, Sequence[int]], int]

#: Inputs of a truth table that is synthesised as a whole; wider ones are split into cofactors of some size.
WHOLE_TABLE, WHOLE_COFACTOR = 8, 6


def constant(value: int) -> Function:
    """Function without operands: 0 or 1."""
    return CONSTANTS[value]


#: One object each, so that two definitions by the same constant compare equal.
CONSTANTS: tuple[Function, Function] = (lambda *_: FALSE, lambda *_: TRUE)


def chain(table: int, complemented: int = 0) -> Function:
    """Function of any number of operands that folds them with an associative gate.

    >>> builder = Builder(3)
    >>> nand = chain(8, 1)(builder, builder.inputs)
    >>> hex(builder.circuit([nand]).truth_table())
    '0x7f'
    """

    def build(builder: Builder, signals: Sequence[int]) -> int:
        return builder.fold(table, signals or [FALSE]) ^ complemented

    return build


def mux(builder: Builder, signals: Sequence[int]) -> int:
    """Multiplexer of the data and then the select bits, the lowest first, as yosys and abc order them.

    >>> builder = Builder(3)
    >>> hex(builder.circuit([mux(builder, builder.inputs)]).truth_table())
    '0xca'
    """
    n_select = len(signals).bit_length() - 1  # 2 + 1, 4 + 2, 8 + 3, 16 + 4 operands
    data, select = list(signals[: 1 << n_select]), signals[1 << n_select :]
    for bit in select:
        data = [builder.mux(bit, high, low) for low, high in zip(data[::2], data[1::2], strict=True)]
    return data[0]


@lru_cache(maxsize=1 << 12)
def lookup(table: int, width: int, whole: int = WHOLE_TABLE) -> Function:
    """Function given by its truth table (bit v: the value where operand i is bit i of v).

    Up to 4 operands its smallest circuit, up to 8 a good one, beyond that multiplexers of its cofactors.

    >>> builder = Builder(2)
    >>> builder.circuit([lookup(7, 2)(builder, builder.inputs)]).truth_table()
    7
    """
    if width <= whole:
        circuit = minimal_circuit(table, width) if width <= LEAVES else from_truth_table(table, width)
        return lambda builder, signals: output_signals(circuit, builder.add(circuit, signals))[0]
    half = 1 << (width - 1)
    low, high = table & ((1 << half) - 1), table >> half

    def build(builder: Builder, signals: Sequence[int]) -> int:
        cofactors = [lookup(part, width - 1, WHOLE_COFACTOR) for part in dict.fromkeys((high, low))]
        parts = [cofactor(builder, signals[:-1]) for cofactor in cofactors]
        return builder.mux(signals[-1], parts[0], parts[-1])

    return build


def cover(cubes: Sequence[str], complemented: bool) -> Function:
    """Function of a cover: cubes over ``01-``, all of one width, and whether they list the off-set.

    >>> builder = Builder(2)
    >>> builder.circuit([cover(["11"], True)(builder, builder.inputs)]).truth_table()
    7
    """
    width = len(cubes[0]) if cubes else 0
    if width > LEAVES:
        return lambda builder, signals: sum_of_products(builder, cubes, signals) ^ complemented
    ones = (1 << (1 << width)) - 1
    table = 0
    for cube in set(cubes):
        product = ones
        for i, mark in enumerate(cube):
            if mark != "-":
                product &= variable_table(i, width) ^ (ones if mark == "0" else 0)
        table |= product
    return lookup(table ^ ones if complemented else table, width)


def sum_of_products(builder: Builder, cubes: Sequence[str], signals: Sequence[int]) -> int:
    """Signal of a disjunction of cubes over ``01-``.

    >>> builder = Builder(2)
    >>> hex(builder.circuit([sum_of_products(builder, ["01", "10"], builder.inputs)]).truth_table())
    '0x6'
    """
    total = 0
    for cube in cubes:
        product = 1
        for mark, signal in zip(cube, signals, strict=True):
            if mark != "-":
                product = builder.gate(AND, product, signal ^ (mark == "0"))
        total = builder.gate(OR, total, product)
    return total


#: Gates of any number of operands, and those of one.
GATES: dict[str, Function] = {
    "and": chain(AND),
    "nand": chain(AND, 1),
    "or": chain(OR),
    "nor": chain(OR, 1),
    "xor": chain(XOR),
    "xnor": chain(XOR, 1),
    "not": chain(AND, 1),
    "buf": chain(AND),
}
UNARY = ("not", "buf")
BUFFER = GATES["buf"]


def pair(name: str) -> Function:
    """Function of two operands by the name of the gate in `GATE_TABLES`."""
    table = GATE_TABLES[name]
    return lambda builder, signals: builder.gate(table, *signals)


Cell = tuple[tuple[str, ...], str, Function]


def _cell(ports: str, rule: Callable[..., int]) -> Cell:
    """A cell with output Y; the rule works on its input ports as whole truth tables."""
    n = len(ports)

    def build(builder: Builder, signals: Sequence[int]) -> int:
        table = rule(*(variable_table(i, n) for i in range(n)))
        return lookup(table & ((1 << (1 << n)) - 1), n)(builder, signals)

    return tuple(ports), "Y", build


#: Cells that yosys writes when it is asked not to translate them: input ports, output port, function.
CELLS: dict[str, Cell] = {
    "$_BUF_": _cell("A", lambda a: a),
    "$_NOT_": _cell("A", lambda a: ~a),
    "$_AND_": _cell("AB", lambda a, b: a & b),
    "$_NAND_": _cell("AB", lambda a, b: ~(a & b)),
    "$_OR_": _cell("AB", lambda a, b: a | b),
    "$_NOR_": _cell("AB", lambda a, b: ~(a | b)),
    "$_XOR_": _cell("AB", lambda a, b: a ^ b),
    "$_XNOR_": _cell("AB", lambda a, b: ~(a ^ b)),
    "$_ANDNOT_": _cell("AB", lambda a, b: a & ~b),
    "$_ORNOT_": _cell("AB", lambda a, b: a | ~b),
    "$_MUX_": _cell("ABS", lambda a, b, s: s & b | ~s & a),
    "$_NMUX_": _cell("ABS", lambda a, b, s: ~(s & b | ~s & a)),
    "$_AOI3_": _cell("ABC", lambda a, b, c: ~(a & b | c)),
    "$_OAI3_": _cell("ABC", lambda a, b, c: ~((a | b) & c)),
    "$_AOI4_": _cell("ABCD", lambda a, b, c, d: ~(a & b | c & d)),
    "$_OAI4_": _cell("ABCD", lambda a, b, c, d: ~((a | b) & (c | d))),
    "$_MUX4_": (tuple("ABCDST"), "Y", mux),
    "$_MUX8_": (tuple("ABCDEFGHSTU"), "Y", mux),
    "$_MUX16_": (tuple("ABCDEFGHIJKLMNOPSTUV"), "Y", mux),
}

#: Names of cells that store a value, in the libraries that are about.
REGISTER = re.compile(
    r"dff|latch|flop|(^|_|\$)(ff|sr|mem|ram|fd[rcsp]e|s?e?d[fl][bhrsx][bt]?[npq]{1,2})(_|$)", re.IGNORECASE
)
