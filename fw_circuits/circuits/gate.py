"""Two-input gates as 4-bit truth tables, and the small algebra on those tables.

Bit ``va + 2 * vb`` of a table is the gate's value when its operands have the values ``va`` and ``vb``: AND is
``0b1000``, OR ``0b1110``, XOR ``0b0110``.  All 16 tables are allowed, so a complement never needs a gate.
"""

from typing import NamedTuple, TypeVar

import numpy as np

from fw_circuits._typing import Words

Value = TypeVar("Value", int, Words, np.uint64)

#: Name of each of the 16 tables; ``gt`` is ``a & ~b`` (a > b as numbers), ``le`` is ``~a | b``, and so on.
GATE_NAMES = (
    *("false", "nor", "gt", "not_b", "lt", "not_a", "xor", "nand"),
    *("and", "xnor", "buf_a", "ge", "buf_b", "le", "or", "true"),
)
GATE_TABLES = {name: table for table, name in enumerate(GATE_NAMES)}
AND, OR, XOR, XNOR, NAND, NOR = (GATE_TABLES[name] for name in ("and", "or", "xor", "xnor", "nand", "nor"))


class Gate(NamedTuple):
    """One gate.

    Parameters
    ----------
    table : int
        Truth table, 0..15: bit ``va + 2 * vb`` is the value where the operands are ``va`` and ``vb``.
    a, b : int
        The two nodes that it reads.

    Examples
    --------
    >>> Gate(AND, 1, 2)
    Gate(table=8, a=1, b=2)
    """

    table: int
    a: int
    b: int


def apply_table(table: int, a: Value, b: Value, ones: Value) -> Value:
    """Apply a gate to two values bit by bit (Python integers or NumPy words), `ones` = all bits set.

    Uses the polynomial over GF(2): ``t00 + (t00 + t10) a + (t00 + t01) b + (t00 + t10 + t01 + t11) a b``.

    >>> bin(apply_table(XOR, 0b0011, 0b0101, 0b1111))
    '0b110'
    """
    t00, t10, t01, t11 = (table >> i & 1 for i in range(4))
    value = ones if t00 else ones ^ ones
    if t00 ^ t10:
        value = value ^ a
    if t00 ^ t01:
        value = value ^ b
    if t00 ^ t10 ^ t01 ^ t11:
        value = value ^ (a & b)
    return value


def complement_a(table: int) -> int:
    """Table of the gate that reads the complement of its first operand.

    >>> GATE_NAMES[complement_a(AND)]
    'lt'
    """
    return (table & 5) << 1 | table >> 1 & 5


def complement_b(table: int) -> int:
    """Table of the gate that reads the complement of its second operand.

    >>> GATE_NAMES[complement_b(AND)]
    'gt'
    """
    return (table & 3) << 2 | table >> 2


def swap_operands(table: int) -> int:
    """Table of the gate with its operands exchanged.

    >>> GATE_NAMES[swap_operands(GATE_TABLES["gt"])]
    'lt'
    """
    return table & 9 | (table & 2) << 1 | table >> 1 & 2


def and_literals(gate: Gate) -> tuple[int, int, int]:
    """An AND-like gate as ``(a & b) ^ complement`` on signals.

    Parameters
    ----------
    gate : Gate
        With one 1 or one 0 in its table.

    Returns
    -------
    a, b : int
        Signals ``2 * node + complemented``.
    complement : int
        0 or 1.

    Examples
    --------
    >>> and_literals(Gate(14, 1, 2))  # x | y = ~(~x & ~y)
    (3, 5, 1)
    """
    table, complement = gate.table, 0
    if table.bit_count() == 3:
        table, complement = table ^ 15, 1
    at = table.bit_length() - 1  # the one pattern at which it is 1
    return 2 * gate.a + (1 - (at & 1)), 2 * gate.b + (1 - (at >> 1)), complement
