"""Tables whose columns have names (pandas, polars, Arrow, structured arrays), and columns matched by name.

The one rule of the package: where both sides have names, columns are matched by name.  Their order does not matter and
other columns are left out; what is missing is an error.  A table without names goes by position, and so does, with a
warning, a table of other names given to a model that was fitted without names.  Not checked here: the values.
"""

import importlib
import importlib.util
import math
import numbers
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError

NUMBER = (numbers.Real, np.bool_)  # NumPy does not register its booleans as numbers
_NUMERIC_TYPE = re.compile(r"(u?int|float|bool|double|halffloat|sparse)")


@dataclass(frozen=True)
class Frame:
    """A table with columns: their names as text (``named``: they say more than 0, 1, ...), types and NumPy values.

    ``categories`` are those that the type of a column lists, and whether their order means something; None without.
    """

    names: tuple[str, ...]
    named: bool
    types: tuple[str, ...]
    n_rows: int
    column: Callable[[int], Array]
    categories: Callable[[int], tuple[tuple[Any, ...], bool] | None] = lambda i: None

    def floats(self, columns: Sequence[int], name: str) -> Floats:
        """These columns as float64, missing entries as NaN; refuses text, categories and dates by column name."""
        values = np.empty((self.n_rows, len(columns)))
        for to, i in enumerate(columns):
            values[:, to] = self._floats(i, name)
        return values

    def _floats(self, i: int, name: str) -> Array:
        text = self.types[i].lower()
        if _NUMERIC_TYPE.match(text) or text == "object":
            column = self.column(i)
            if column.dtype.kind in "biuf":
                return column
            bad = [v for v in column if not (isinstance(v, NUMBER) or is_missing(v))]
            if not bad:
                return np.array([float(v) if isinstance(v, NUMBER) else math.nan for v in column])
            text += f", for example {bad[0]!r}"
        raise InputError(
            f"{name}: column {self.names[i]!r} is not numeric (type {text}); every feature must be a number: "
            "encode it (for example one 0/1 column per category) or leave it out."
        )


def read_frame(X: Any, name: str = "X") -> Frame | None:
    """The columns of a table that has any; None for plain arrays, lists and one-dimensional data.

    Raises
    ------
    InputError
        A query that has not run (a polars LazyFrame); dictionaries; a column name that occurs twice.

    Examples
    --------
    >>> read_frame(np.zeros((2, 3))) is None
    True
    >>> read_frame(np.array([(1, 0.5)], dtype=[("a", int), ("b", float)])).names
    ('a', 'b')
    """
    kind = type(X)
    first = X[0] if isinstance(X, list) and X else X
    if isinstance(first, Mapping) and not hasattr(first, "shape"):  # a sparse DOK matrix is a dictionary
        what = "a dictionary" if first is X else "a list of dictionaries"
        raise InputError(f"{name} is {what}; expected a table: pass pandas.DataFrame({name}).")
    if isinstance(X, np.ndarray):
        frame = _structured(X) if X.dtype.names and X.ndim == 1 else None
    elif hasattr(kind, "collect") and not hasattr(kind, "to_numpy"):
        raise InputError(
            f"{name} is a {kind.__module__.partition('.')[0]} {kind.__name__}, a query without rows as yet; expected a "
            f"table: collect() it first, {name}.collect()."
        )
    elif hasattr(X, "columns") and hasattr(X, "to_numpy") and getattr(X, "ndim", 2) == 2:
        frame = _data_frame(X)
    elif _is_arrow(X):
        frame = _arrow(X)
    else:
        frame = None
    if frame is not None:
        refuse_repeated(frame.names, name)
    return frame


def _data_frame(X: Any) -> Frame:
    """pandas, polars and their like."""
    raw = list(X.columns)

    def column(i: int) -> Array:
        return np.asarray((X.iloc[:, i] if hasattr(X, "iloc") else X[raw[i]]).to_numpy())

    types = list(X.dtypes)

    def categories(i: int) -> tuple[tuple[Any, ...], bool] | None:
        listed = getattr(types[i], "categories", None)
        if listed is None or not hasattr(listed, "__len__"):
            return None
        return tuple(listed), bool(getattr(types[i], "ordered", type(types[i]).__name__ == "Enum"))

    return _frame(raw, map(str, types), len(X), column, categories)


def _structured(X: Array) -> Frame:
    names = list(X.dtype.names or ())
    return _frame(names, [str(X.dtype[n]) for n in names], len(X), lambda i: X[names[i]])


def _is_arrow(X: Any) -> bool:
    """A table of pyarrow, or one that speaks Arrow's protocol (single columns do, too; they have ``__array__``)."""
    if hasattr(X, "schema") and hasattr(X, "num_rows"):
        return True
    speaks = hasattr(X, "__dataframe__") or (hasattr(X, "__arrow_c_stream__") and not hasattr(X, "__array__"))
    return speaks and ("pyarrow" in sys.modules or importlib.util.find_spec("pyarrow") is not None)


def _arrow(X: Any) -> Frame:
    if not (hasattr(X, "schema") and hasattr(X, "num_rows")):
        if hasattr(X, "__arrow_c_stream__"):
            X = importlib.import_module("pyarrow").table(X)
        else:
            X = importlib.import_module("pyarrow.interchange").from_dataframe(X)

    def column(i: int) -> Array:
        values, kind = X.column(i), X.schema.types[i]
        if str(kind).startswith("dictionary"):  # whose gaps would become its last value
            values = values.cast(kind.value_type)
        return np.asarray(values.to_numpy(zero_copy_only=False))

    def categories(i: int) -> tuple[tuple[Any, ...], bool] | None:
        if not str(X.schema.types[i]).startswith("dictionary"):
            return None
        chunks = X.column(i).unify_dictionaries().chunks
        return tuple(chunks[0].dictionary.to_pylist()) if chunks else (), bool(X.schema.types[i].ordered)

    return _frame(list(X.schema.names), map(str, X.schema.types), X.num_rows, column, categories)


def _frame(raw: list[Any], types: Any, n_rows: int, column: Callable[[int], Array], *more: Any) -> Frame:
    numbered = all(isinstance(n, numbers.Integral) for n in raw) and raw == list(range(len(raw)))
    return Frame(tuple(map(str, raw)), not numbered, tuple(types), n_rows, column, *more)


def refuse_repeated(names: Sequence[str], name: str) -> None:
    """Refuse a table whose columns cannot be told apart.

    Raises
    ------
    InputError
        A name occurs twice.
    """
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f"{name}: column name {twice!r} occurs twice; rename the columns so that each is distinct.")


def is_missing(value: Any) -> bool:
    """None, NaN, NaT, and NA of pandas (whose comparison has no truth value).

    >>> [is_missing(v) for v in (None, float("nan"), 0, "")]
    [True, True, False, False]
    """
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        return True


def feature_names_of(X: Any) -> tuple[str, ...] | None:
    """Column names of a table as text; None for arrays and for frames whose columns are 0, 1, ... in order.

    Examples
    --------
    >>> feature_names_of(np.zeros((2, 3))) is None
    True
    """
    frame = read_frame(X)
    return frame.names if frame is not None and frame.named and frame.names else None


def default_names(n: int) -> tuple[str, ...]:
    """The names of columns without names.

    >>> default_names(3)
    ('x0', 'x1', 'x2')
    """
    return tuple(f"x{i}" for i in range(n))


def is_default(names: Sequence[str]) -> bool:
    """Whether these are the names x0, x1, ... of columns without names."""
    return tuple(names) == default_names(len(names))


def same_columns(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether data of these names are in the same order, as far as names say it.

    >>> same_columns(["a", "b"], ["b", "a"]), same_columns(["a", "b"], ["x0", "x1"])
    (False, True)
    """
    unnamed = is_default(one) or is_default(other)
    return tuple(one) == tuple(other) or (unnamed and not set(one) & set(other))


def match_columns(names: Sequence[str] | None, n_columns: int, expected: Sequence[str], name: str = "X") -> list[int]:
    """Where a table has the columns that a model expects, in the model's order.

    Parameters
    ----------
    names : sequence of str or None
        The table's column names; None: it has none, and goes by position.
    n_columns : int
        How many columns the table has.
    expected : sequence of str
        The model's names.  x0, x1, ...: it was fitted without names; a frame's integer names are then positions in the
        data of the fit, and a frame of as many other names goes by position with a warning.
    name : str
        What to call the table in messages.

    Raises
    ------
    InputError
        Columns are missing (the message names them), or a table without names has another number of columns.

    Examples
    --------
    >>> match_columns(["label", "b", "a"], 3, ["a", "b"])
    [2, 1]
    >>> match_columns(None, 2, ["a", "b"])
    [0, 1]
    """
    if names is None:
        if n_columns != len(expected):
            raise InputError(
                f"{name} has {n_columns} features, but the model is expecting {len(expected)} features as "
                "input: pass the same columns in the same order as in the fit."
            )
        return list(range(n_columns))
    place = {column: i for i, column in enumerate(names)}
    unnamed = is_default(expected)
    for wanted in [expected, [str(i) for i in range(len(expected))]] if unnamed else [expected]:
        if all(column in place for column in wanted):
            return [place[column] for column in wanted]
    missing = [column for column in expected if column not in place]
    if unnamed and n_columns == len(missing) == len(expected):
        warnings.warn(
            f"{name} has the column names {shown(names)}, but the model was fitted without names: its columns are "
            "taken by position.",
            UserWarning,
            stacklevel=4,
        )
        return list(range(n_columns))
    raise InputError(
        f"{name} lacks the column{'s' if len(missing) > 1 else ''} {shown(missing)}; it has {shown(names)}, expected "
        f"{shown(expected)}, in any order and beside others: add what is missing or rename the columns"
        + (" (an array without names goes by position)." if name == "X" else ".")
    )


def shown(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, the first of many.

    >>> shown(["a", "b", "c"], 2)
    "'a', 'b', ... (3 in all)"
    """
    text = ", ".join(map(repr, list(names)[:most])) or "none"
    return text + (f", ... ({len(names)} in all)" if len(names) > most else "")


def as_array(X: Any, expected: Sequence[str] | None = None, name: str = "X") -> Array:
    """A table with columns as float64 (those expected, in that order); anything else as NumPy makes it.

    Examples
    --------
    >>> table = np.array([(1, 0.5)], dtype=[("a", int), ("b", float)])
    >>> as_array(table, ["b", "a"]).tolist()
    [[0.5, 1.0]]
    """
    frame = read_frame(X, name)
    if frame is None:
        return np.asarray(X)
    n = len(frame.names)
    if expected is None:
        return frame.floats(range(n), name)
    named = frame.named or set(expected) <= set(frame.names)  # 0, 1, 2, ... are names if the model has them
    return frame.floats(match_columns(frame.names if named else None, n, expected, name), name)
