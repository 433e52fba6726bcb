"""Truth tables: as callers give them, and the small algebra on them.

One convention everywhere: bit v of the integer, and entry v of the array, is the value at the input pattern
``v = x0 + 2 x1 + 4 x2 + ...``.  Text is refused, because half of the field writes the last pattern first.  The
functions from `variable_table` on take tables of the right size as given.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from operator import index
from typing import Any, TypeVar

import numpy as np

from fw_circuits._bits import pack_bits, unpack_bits
from fw_circuits._typing import Array, Bits, Words
from fw_circuits.exceptions import CircuitError, FwCircuitsError, InputError

Tables = TypeVar("Tables", int, Array)


def check_inputs(n: Any, most: int, hint: str = "", error: type[FwCircuitsError] = CircuitError) -> int:
    """The number of inputs, 0 to `most`.

    >>> check_inputs(np.int64(3), 4)
    3
    """
    try:
        number = -1 if isinstance(n, bool | np.bool_) else index(n)
    except TypeError:
        number = -1
    if not 0 <= number <= most:
        raise error(f"n is {n!r}; expected a whole number of inputs, 0 to {most}{hint}.")
    return number


def as_integer(table: Any, n: int, error: type[FwCircuitsError] = CircuitError) -> int | None:
    """A truth table given as an integer; None if it is an array of some kind.

    Other than 2^n bits are a `CircuitError`, or `error`; a float, None or text is an `InputError`.
    """
    if isinstance(table, str | bytes | bytearray):
        raise InputError(
            f"table is the text {table[:40]!r}; expected {words(n)}: int(text, 2) if its last digit is the value at "
            "pattern 0, np.array(list(text), int) if its first is; int(text, 16) for hexadecimal digits."
        )
    if isinstance(table, bool | np.bool_ | float | complex) or table is None or isinstance(table, dict | set):
        raise InputError(f"table is {table!r}; expected {words(n)}.")
    if np.ma.is_masked(table):
        raise InputError(f"table has masked values; expected {words(n)}: choose them first (table.filled(0)).")
    try:
        whole = index(table)
    except TypeError:
        return None
    if not 0 <= whole < 1 << (1 << n):
        shown = f"{whole}" if whole.bit_length() <= 64 else f"{whole:#x}"[:20] + "..."
        top = str((1 << (1 << n)) - 1) if n <= 5 else f"2^{1 << n} - 1"
        raise error(
            f"table is {shown} ({whole.bit_length()} bits); expected 0 to {top}, 2^{n} bits: bit v is the value at "
            "x0 + 2 x1 + 4 x2 + ... = v."
        )
    return whole


def as_table(table: Any, n: int) -> int:
    """The truth table of one function, from an integer or from its 2^n values 0 and 1; errors as in `as_integer`.

    >>> as_table(6, 2), as_table(np.array([False, True, True, False]), 2), as_table([0, 0, 0, 1], 2)
    (6, 6, 8)
    """
    whole = as_integer(table, n)
    if whole is not None:
        return whole
    try:
        values = np.asarray(table)
    except ValueError:
        values = np.empty((0, 0))  # rows of unequal length
    except RuntimeError as error:  # torch: a tensor that requires grad
        raise InputError(f"table is no array ({error}); expected {words(n)}.") from error
    if values.shape != (1 << n,):
        raise InputError(f"table has shape {values.shape}; expected {words(n)}.")
    numbers = values.dtype.kind in "biufO"
    entries = [] if numbers and values.dtype.kind != "O" and np.isin(values, (0, 1)).all() else values.tolist()
    strange = [v for v in entries if not (numbers and isinstance(v, Real | np.bool_) and v in (0, 1))]
    if strange:
        raise InputError(f"table has values such as {strange[0]!r}; expected {words(n)}.")
    return table_of(values.astype(bool))


def as_tables(table: Any, n: int, outputs: int | None = None) -> list[int]:
    """The truth tables of one or several functions; arguments as in `synthesis.from_truth_table`.

    >>> as_tables([6, 8], 2), as_tables([0, 1, 1, 0], 2, outputs=1), as_tables([0, 1, 1, 0], 2, outputs=4)
    ([6, 8], [6], [0, 1, 1, 0])
    """
    several = isinstance(table, Sequence) and not isinstance(table, str | bytes | bytearray)
    if several and not all(isinstance(t, int | np.integer) and not isinstance(t, bool) for t in table):
        several = False  # truth values, or floats: the values of one function
    if outputs not in (None, 1, len(table) if several else 1):
        raise InputError(f"outputs is {outputs!r}; expected {len(table) if several else 1}, or 1.")
    size = 1 << n
    if several and n and outputs is None and len(table) == size and all(t in (0, 1) for t in table):
        raise InputError(
            f"table is a list of {size} numbers 0 and 1, which may be the {size} values of one function or {size} "
            f"tables of one output each; pass np.array(table) or outputs=1 for the first, outputs={size} for the other."
        )
    if several and (outputs is None or outputs == len(table)):
        return [as_table(t, n) for t in table]
    return [as_table(table, n)]


def words(n: int) -> str:
    """What is accepted, for messages."""
    return (
        f"an integer of 2^{n} bits (bit v is the value at x0 + 2 x1 + 4 x2 + ... = v) or an array of shape "
        f"({1 << n},) of the values 0 and 1 in that order"
    )


def variable_table(i: int, n: int) -> int:
    """Truth table of input i of n: the integer of 2^n bits whose bit v is bit i of v.

    >>> [hex(variable_table(i, 3)) for i in range(3)]
    ['0xaa', '0xcc', '0xf0']
    """
    return ((1 << (1 << n)) - 1) // ((1 << (1 << i)) + 1) << (1 << i)


def changes_with(tables: Tables, i: int, n: int) -> Tables:
    """Patterns with input i = 0 at which a change of that input changes a function, or each of an array of them.

    >>> bin(changes_with(0b1000, 0, 2)), changes_with(0b1010, 1, 2)
    ('0b100', 0)
    """
    changes: Tables = (tables ^ tables >> (1 << i)) & (variable_table(i, n) >> (1 << i))
    return changes


def depends_on_all(tables: Array, n: int) -> Array:
    """Which functions of n <= 6 inputs depend on each of them; tables as unsigned integers.

    >>> [int(depends_on_all(np.arange(1 << (1 << n)), n).sum()) for n in (1, 2, 3, 4)]
    [2, 10, 218, 64594]
    """
    return np.asarray(np.all([changes_with(tables, i, n) != 0 for i in range(n)], axis=0))


def cofactors(table: int, i: int, n: int) -> tuple[int, int]:
    """Functions of the other inputs, for input i = 0 and for 1, of a function of n inputs.

    >>> cofactors(0b1000, 1, 2), cofactors(0b0110, 0, 2)
    ((0, 2), (2, 1))
    """
    block = 1 << i
    if i == n - 1:
        return table & ((1 << block) - 1), table >> block
    ones, low, high = (1 << block) - 1, 0, 0
    for j in range(1 << (n - 1 - i)):
        low |= (table >> 2 * j * block & ones) << j * block
        high |= (table >> (2 * j + 1) * block & ones) << j * block
    return low, high


def narrow(table: int, n: int) -> tuple[list[int], int]:
    """The inputs that a function of n inputs depends on, and its table over these alone.

    >>> narrow(0b11001100, 3)
    ([1], 2)
    """
    read = list(range(n))
    for i in reversed(range(n)):
        if not changes_with(table, i, len(read)):
            table = cofactors(table, i, len(read))[0]
            del read[i]
    return read, table


def widen(table: int | Array, n: int) -> int:
    """Truth table of a function of n <= 4 inputs, read as one of 4 inputs; errors as in `minimal_cost`.

    >>> hex(widen(6, 2))
    '0x6666'
    """
    n = check_inputs(n, 4, "; for more use Circuit.from_truth_table")
    return as_table(table, n) * (0xFFFF // ((1 << (1 << n)) - 1))


def values_by_popcount(table: int, n: int) -> tuple[int, ...]:
    """Value for 0, 1, .., n ones; empty if the function of n inputs is not symmetric.

    >>> values_by_popcount(0b11101000, 3), values_by_popcount(0b1010, 2)
    ((0, 0, 1, 1), ())
    """
    values = tuple(table >> ((1 << ones) - 1) & 1 for ones in range(n + 1))
    same = all(table >> v & 1 == values[v.bit_count()] for v in range(1 << n))
    return values if same else ()


def table_values(table: int, n: int) -> Bits:
    """The 2^n values of a function.

    >>> table_values(0b0110, 2).tolist()
    [0, 1, 1, 0]
    """
    octets = np.frombuffer(table.to_bytes(max(1, (1 << n) // 8), "little"), np.uint8)
    return np.unpackbits(octets, count=1 << n, bitorder="little")


def table_of(values: Array) -> int:
    """The inverse of `table_values`, for an array of 0 and 1 or of truth values.

    >>> bin(table_of(np.array([False, True, True, False])))
    '0b110'
    """
    return int.from_bytes(np.packbits(values, bitorder="little").tobytes(), "little")


def values_of(tables: Array, n: int) -> Bits:
    """The values of several functions of n <= 6 inputs, (T,) to (T, 2^n).

    >>> values_of(np.array([6, 8], np.uint64), 2).tolist()
    [[0, 1, 1, 0], [0, 0, 0, 1]]
    """
    return unpack_bits(np.asarray(tables, np.uint64)[:, None], 1 << n)


def tables_of(values: Array) -> Words:
    """The inverse of `values_of`.

    >>> tables_of(np.array([[0, 1, 1, 0]], np.uint8)).tolist()
    [6]
    """
    return pack_bits(values)[:, 0]
