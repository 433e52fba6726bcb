"""Truth tables as callers give them: an integer, or the values of a function as an array.

One convention everywhere: bit v of the integer, and entry v of the array, is the value at the input pattern
``v = x0 + 2 x1 + 4 x2 + ...``.  Text is refused, because half of the field writes the last pattern first.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from fw_circuits.exceptions import CircuitError, FwCircuitsError, InputError


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

    Raises
    ------
    CircuitError, or `error`
        For an integer of other than 2^n bits.
    InputError
        For a scalar that is no integer: a float, None, text.
    """
    if isinstance(table, str | bytes | bytearray):
        raise InputError(
            f"table is the text {table[:40]!r}; expected {words(n)}: int(text, 2) if its last digit is the value at "
            "pattern 0, np.array(list(text), int) if its first is; int(text, 16) for hexadecimal digits."
        )
    if isinstance(table, bool | np.bool_ | float | complex) or table is None or isinstance(table, dict | set):
        raise InputError(f"table is {table!r}; expected {words(n)}.")
    if np.ma.is_masked(table):
        raise InputError(
            f"table has masked values; expected {words(n)}: choose them first (table.filled(0))."
        )
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
    """The truth table of one function, from an integer or from its 2^n values 0 and 1.

    Raises
    ------
    CircuitError
        For an integer of other than 2^n bits.
    InputError
        For anything else; the message says what is accepted.

    Examples
    --------
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
    entries = (
        [] if numbers and values.dtype.kind != "O" and np.isin(values, (0, 1)).all() else values.tolist()
    )
    strange = [v for v in entries if not (numbers and isinstance(v, Real | np.bool_) and v in (0, 1))]
    if strange:
        raise InputError(f"table has values such as {strange[0]!r}; expected {words(n)}.")
    return int.from_bytes(np.packbits(values.astype(bool), bitorder="little").tobytes(), "little")


def as_tables(table: Any, n: int, outputs: int | None = None) -> list[int]:
    """The truth tables of one or several functions; a list or tuple of integers is one table each.

    Parameters
    ----------
    table : int, array of 2^n values, or sequence of int
    n : int
    outputs : int, optional
        How many functions these are.  Needed only for a list of 2^n numbers 0 and 1, which can be read both ways.

    Raises
    ------
    CircuitError
        For an integer of other than 2^n bits.
    InputError
        For anything else; the message says what is accepted.

    Examples
    --------
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
