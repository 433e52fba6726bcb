"""What stands in a raw column: its sort, its distinct values, and their reading as numbers or as text.

A column is looked at value by value only where it is no array of numbers; each distinct value is then read once.  Gaps
are None, NaN, NaT, the NA of pandas and text without letters.  Dates, durations, nested values and bytes are refused:
there is no one number or category behind them, and the message says what to do.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from fw_circuits._tables import NUMBER, is_missing
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.exceptions import InputError

NUMBERS = (*NUMBER, Decimal)
DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)
NESTED = (list, tuple, dict, set, frozenset, np.ndarray)
#: Text that is a date in one of the usual spellings, with or without a time.
DATE = re.compile(r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3\d{4})([T ]\d{1,2}:\d\d.*)?")
TRUTH = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}

REASONS = {
    "date": "contains dates or times{example}; expected numbers, text or Booleans: put in what matters of them, such "
    "as the year, the month, the day of the week or the days since a start, or leave the column out",
    "bytes": "contains bytes{example}; expected numbers, text or Booleans: decode them to text, or leave the column "
    "out",
    "nested": "contains lists, arrays or records{example}; expected one number, text or Boolean in each row: give each "
    "part a column of its own, or leave the column out",
    "mixed": "contains both text and numbers{example}; expected one of them: mend the typing errors, or say "
    "kinds={{{name!r}: 'category'}} if every value is a category",
    "other": "contains values of another type{example}; expected numbers, text or Booleans: convert them, or leave the "
    "column out",
}


def is_gap(value: Any) -> bool:
    """Whether nothing stands in a cell.

    >>> [is_gap(v) for v in (None, float("nan"), " ", "no", 0)]
    [True, True, True, False, False]
    """
    return not value.strip() if isinstance(value, str) else is_missing(value)


def distinct(values: Array) -> tuple[list[Any], Ints]:
    """The distinct values of a column, and which of them stands in each row; equal values of two types are two.

    >>> [part if isinstance(part, list) else part.tolist() for part in distinct(np.array(["a", 1, "a"], object))]
    [['a', 1], [0, 1, 0]]
    """
    if values.dtype.kind in "biufU":
        found, codes = np.unique(values, return_inverse=True)
        return found.tolist(), codes.ravel().astype(np.int64)
    index: dict[Any, int] = {}
    codes = np.array([index.setdefault((type(v), v), len(index)) for v in values.tolist()], dtype=np.int64)
    return [v for _, v in index], codes


def sort_of(values: Array) -> tuple[str, Any]:
    """The sort of a column: "number", "boolean", "text", "empty" (nothing but gaps), or a key of `REASONS`; an example.

    >>> sort_of(np.array([1, None], object))[0], sort_of(np.array(["2020-01-31", ""], object))
    ('number', ('date', '2020-01-31'))
    """
    if values.ndim != 1 or values.dtype.names:
        return "nested", values[0] if len(values) else None
    known = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "date", "m": "date", "S": "bytes",
             "V": "bytes", "c": "other"}  # fmt: skip
    if (kind := values.dtype.kind) in known:
        return known[kind], values[0] if len(values) else None
    items = values.tolist()
    wrong = next((v for v in items if isinstance(v, NESTED)), None)
    if wrong is not None:
        return "nested", wrong
    there = {(type(v), v): v for v in items if not is_gap(v)}.values()
    if not there:
        return "empty", None
    for sort, kinds in (("boolean", bool | np.bool_), ("number", NUMBERS), ("date", DATES), ("bytes", bytes)):
        if all(isinstance(v, kinds) for v in there):
            return sort, next(iter(there))
    if all(isinstance(v, str) for v in there):
        return _sort_of_text([v.strip() for v in there])
    if all(isinstance(v, (*NUMBERS, str)) for v in there):
        return "mixed", next(v for v in there if isinstance(v, str))
    odd = next(v for v in there if not isinstance(v, (*NUMBERS, str)))
    return ("date" if isinstance(odd, DATES) or type(odd).__name__ == "Period" else "other"), odd


def _sort_of_text(there: list[str]) -> tuple[str, str]:
    if all(DATE.fullmatch(v) for v in there):
        return "date", there[0]
    return ("boolean" if {v.lower() for v in there} <= {"true", "false"} else "text"), there[0]


def refuse(sort: str, example: Any, name: str, table: str) -> None:
    """Refuse a column of a sort that has no kind.

    >>> refuse("bytes", b"a", "raw", "X")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: X: column 'raw' contains bytes, for example b'a'; expected numbers, text or ...
    """
    if sort in REASONS:
        shown = "" if example is None else f", for example {example if sort == 'date' else repr(example)}"
        raise InputError(f"{table}: column {name!r} {REASONS[sort].format(example=shown, name=name)}.")


def key(value: Any, numeric: bool = False) -> str | None:
    """A category as text: whole numbers without a point, so that 3 and 3.0 are one; None for a gap.

    ``numeric``: the categories are numbers, and text is read as one if it can be.

    >>> [key(v) for v in (3.0, 3, "3.0", " Rome ", 0.5, None)], key("03", numeric=True)
    (['3', '3', '3.0', 'Rome', '0.5', None], '3')
    """
    if is_gap(value):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not numeric or (number := _number(text)) is None:
            return text
        value = number
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, NUMBERS) and not isinstance(value, int | np.integer):
        value = float(value)
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _number(text: str) -> float | int | None:
    try:
        return int(text) if text.isdecimal() else float(text) if "_" not in text else None
    except ValueError:
        return None


def numbers(values: Array, name: str, table: str) -> Floats:
    """A column as float64, gaps as NaN.

    Raises
    ------
    InputError
        Infinity, or text that is no number, by column and row.
    """

    def read(value: Any) -> float | None:
        if is_gap(value):
            return np.nan
        number = _number(value.strip()) if isinstance(value, str) else value
        return float(number) if isinstance(number, NUMBERS) else None

    if values.dtype.kind in "biuf":
        found: Floats = values.astype(np.float64)
    else:
        found = _translated(values, read, name, table, "a finite number, or nothing for a gap")
    if np.isinf(found).any():
        row = int(np.flatnonzero(np.isinf(found))[0])
        raise InputError(
            f"{table}: column {name!r} contains {found[row]:+} (infinity) at row {row}; expected finite numbers: leave "
            "the cell empty if the value is not known."
        )
    return found


def truths(values: Array, name: str, table: str) -> Floats:
    """A column of Booleans as 0 and 1, gaps as NaN: True and False, 0 and 1, or their names as text.

    >>> truths(np.array(["True", None, "false"], object), "member", "X").tolist()
    [1.0, nan, 0.0]
    """

    def read(value: Any) -> float | None:
        return np.nan if is_gap(value) else TRUTH.get(str(value).strip().lower())

    return _translated(values, read, name, table, "true or false (1 or 0), or nothing for a gap")


def _translated(values: Array, read: Callable[[Any], float | None], name: str, table: str, wanted: str) -> Floats:
    found, codes = _distinct(values, name, table)
    meaning = [read(v) for v in found]
    if None in meaning:
        bad = meaning.index(None)
        row = int(np.flatnonzero(codes == bad)[0])
        raise InputError(f"{table}: column {name!r} contains {found[bad]!r} at row {row}; expected {wanted}.")
    return np.array([m for m in meaning if m is not None] or [np.nan])[codes]


def keys(values: Array, numeric: bool, name: str, table: str) -> tuple[list[str | None], Ints]:
    """`distinct` categories as text, None for gaps; two spellings of one number are still two entries.

    >>> keys(np.array([2.0, np.nan, 2.0]), True, "size", "X")[0]
    ['2', None]
    """
    found, codes = _distinct(values, name, table)
    return [key(v, numeric) for v in found], codes


def _distinct(values: Array, name: str, table: str) -> tuple[list[Any], Ints]:
    if values.ndim == 1:
        try:
            return distinct(values)
        except TypeError:  # what cannot be compared by its hash is nested
            pass
    refuse("nested", None, name, table)
    raise AssertionError("nested values are refused")
