"""Labels of two classes that can be written to a file and read back: the same values of the same types.

Arrays of numbers, text, bytes, dates and spans of time are kept as they are.  Labels that are Python objects are kept
where their type is one of ``KINDS``, which have an exact form as text; NumPy's scalars become Python's.  Everything
else is refused before the work, since it would be found out only when the solution is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.exceptions import InputError

#: Type of a label -> to text, and back.
KINDS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "str": (str, str, str),
    "bool": (bool, str, lambda text: text == "True"),
    "int": (int, str, int),
    "float": (float, repr, float),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "Decimal": (Decimal, str, Decimal),
    "date": (date, date.isoformat, date.fromisoformat),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "timedelta": (timedelta, lambda span: str(span // timedelta(microseconds=1)),
                  lambda text: timedelta(microseconds=int(text))),
}  # fmt: skip
#: Kinds of NumPy arrays that a file without pickle contains.
NATIVE = "biufUSMm"


def plain_labels(values: Array) -> Array:
    """An array of labels in a form that `to_json` or an NPZ file can contain.

    Raises
    ------
    InputError
        For labels of any other type.

    Examples
    --------
    >>> plain_labels(np.array([np.int64(3), np.int64(5)], dtype=object)).tolist()
    [3, 5]
    """
    if values.dtype.kind in NATIVE:
        return values
    if values.dtype.kind != "O":
        raise InputError(f"y has labels of type {values.dtype}; {_ADVICE}")
    found = np.empty(values.shape, dtype=object)
    for row, value in enumerate(values):
        whole = isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64)
        label = value.item() if whole else value  # dates of nanoseconds would become integers
        if not any(type(label) is kind for kind, *_ in KINDS.values()):
            raise InputError(f"y contains {value!r} of type {type(value).__name__} at row {row}; {_ADVICE}")
        found[row] = label
    return found


_ADVICE = (
    f"expected labels that can be saved: NumPy arrays of numbers, text, bytes or dates, or objects of the types "
    f"{', '.join(KINDS)}; convert them, for example with y.astype(str)."
)


def to_json(labels: Array) -> list[list[str]]:
    """Objects that passed `plain_labels`, as pairs of a name of ``KINDS`` and a text."""
    return [[type(label).__name__, KINDS[type(label).__name__][1](label)] for label in labels]


def from_json(pairs: list[list[str]]) -> Array:
    """The array of objects that `to_json` was given.

    Examples
    --------
    >>> from_json(to_json(np.array([b"no", b"yes"], dtype=object))).tolist()
    [b'no', b'yes']
    """
    labels = np.empty(len(pairs), dtype=object)
    labels[:] = [KINDS[kind][2](text) for kind, text in pairs]
    return labels
