"""All columns of a table: fitted once, they make the same derived columns of every later table.

A literal of a number is one of its bits (``literals="bits"``: the lattice's affair), the whole column as one ramp
("ramps"), or a clipped ramp between two consecutive quantiles ("thresholds"), which is the Tetrakis function of a
comparison.  A comparison with a constant is at most k - 1 gates over k bits, so the norms over the two differ by a
constant factor (theory, section 9); which is better is for cross-validation to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from fw_circuits._sparse import densify
from fw_circuits._tables import NUMBER, Frame, default_names, match_columns, read_frame, shown
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight, check_X
from fw_circuits.columns.cells import is_gap
from fw_circuits.columns.column import Column, fit_column
from fw_circuits.exceptions import InputError
from fw_circuits.lattice.domain import increasing, to_unit, weighted_quantiles


@dataclass(frozen=True)
class Columns:
    """How a raw table becomes the matrix that circuits read.

    Attributes
    ----------
    columns : tuple of Column
        In the order of the fit.
    named : bool
        Whether the table of the fit had names; without, columns go by position.

    Examples
    --------
    >>> table = np.array([("Rome", 3.0), ("Oslo", 5.0)], dtype=[("city", object), ("age", float)])
    >>> found = Columns.fit(table)
    >>> found.names
    ('city = Oslo', 'city = Rome', 'age')
    >>> found.encode(table[["age", "city"]]).tolist()
    [[0.0, 1.0, 3.0], [1.0, 0.0, 5.0]]
    """

    columns: tuple[Column, ...]
    named: bool

    @classmethod
    def fit(cls, X: Any, kinds: Mapping[str, Any] | None = None, sample_weight: Any = None) -> Columns:
        """The columns of a table by its rows of positive weight, every number as a whole column.

        Raises
        ------
        InputError
            A column without a kind (dates, lists, bytes), infinity, a name in ``kinds`` that is no column.
        """
        names, named, column, listed, n_rows = _parts(X)
        if not n_rows or not names:
            raise InputError(f"X has {n_rows} rows and {len(names)} columns; expected at least one of each.")
        weights = check_sample_weight(sample_weight, n_rows)
        told = {name: kind if isinstance(kind, str) else tuple(kind) for name, kind in (kinds or {}).items()}
        if unknown := [name for name in told if name not in names]:
            raise InputError(f"kinds names {shown(unknown)}; expected columns of X: {shown(names)}.")
        found = [
            fit_column(name, column(i), weights, told=told.get(name), listed=listed(i)) for i, name in enumerate(names)
        ]
        return cls(tuple(found), named)

    @property
    def raw_names(self) -> tuple[str, ...]:
        """The names of the raw columns."""
        return tuple(column.name for column in self.columns)

    @property
    def is_plain(self) -> bool:
        """Whether the table was one of numbers without gaps."""
        return all(column.kind == "number" and not column.gaps for column in self.columns)

    @property
    def text_names(self) -> tuple[str, ...]:
        """The raw columns whose values are text, whatever they look like in a file."""
        return tuple(c.name for c in self.columns if c.kind in ("category", "ordered") and not c.numeric)

    @cached_property
    def _base(self) -> tuple[tuple[int, str], ...]:
        """Raw column and name of each column that `base` makes."""
        return tuple((i, name) for i, column in enumerate(self.columns) for name in column.base_names)

    @cached_property
    def _derived(self) -> tuple[tuple[int, int, str, tuple[float, float] | None], ...]:
        """Raw column, base column, name and ends of the ramp (None: the base column itself) of each derived column."""
        found: list[tuple[int, int, str, tuple[float, float] | None]] = []
        for place, (i, name) in enumerate(self._base):
            column, numeric = self.columns[i], self.columns[i].kind == "number" and name == self.columns[i].name
            if not numeric or column.whole:
                found.append((i, place, name, None))
            if numeric:
                ends = list(pairwise(column.breaks))
                found += [(i, place, f"{name} >= {between(low, high)}", (low, high)) for low, high in ends]
        names = _told_apart([name for _, _, name, _ in found])
        return tuple((i, place, name, ends) for (i, place, _, ends), name in zip(found, names, strict=True))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the derived columns, distinct."""
        return tuple(name for _, _, name, _ in self._derived)

    @property
    def base_names(self) -> tuple[str, ...]:
        """The names of the columns that `base` makes."""
        return tuple(name for _, name in self._base)

    @property
    def bases(self) -> tuple[int, ...]:
        """The base column behind each derived one."""
        return tuple(place for _, place, _, _ in self._derived)

    @property
    def origins(self) -> tuple[int, ...]:
        """The raw column behind each derived one."""
        return tuple(i for i, *_ in self._derived)

    def directions(self, monotone: Mapping[str, int] | Sequence[int] | None) -> tuple[int, ...] | None:
        """Directions of the derived columns from those of raw ones: thresholds rise with their column.

        Raises
        ------
        InputError
            A direction of a column of unordered categories, an unknown name, or another number of entries.
        """
        if monotone is None:
            return None
        if isinstance(monotone, Mapping):
            if unknown := [name for name in monotone if name not in self.raw_names]:
                raise InputError(f"monotone names the columns {shown(unknown)}; X has {shown(self.raw_names)}.")
            raw = [monotone.get(name, 0) for name in self.raw_names]
        else:
            raw = list(monotone)
        if len(raw) != len(self.columns):
            raise InputError(f"monotone has {len(raw)} entries; expected {len(self.columns)}, one per column of X.")
        if bad := [c.name for c, d in zip(self.columns, raw, strict=True) if d and c.kind == "category"]:
            raise InputError(
                f"monotone names the columns {shown(bad)} of unordered categories; expected numbers, Booleans or "
                "ordered categories: give their order by kinds={name: [lowest, ..., highest]}, or leave them out."
            )
        missing = {f"{column.name} is missing" for column in self.columns if column.tells_gaps}
        places = [(i, self._base[place][1]) for i, place, _, _ in self._derived]
        return tuple(0 if name in missing else raw[i] for i, name in places)

    def base(self, X: Any) -> Floats:
        """The columns of a table as finite numbers, gaps filled and categories as 0/1 columns; (N, columns).

        Columns are matched by name where both sides have names: any order, others left out.

        Raises
        ------
        InputError
            Columns are missing, or contain what their kind cannot be.
        """
        names, named, column, _, n_rows = _parts(X)
        known = named or (self.named and set(self.raw_names) <= set(names))
        places = match_columns(names if known else None, len(names), self.raw_names)
        found = np.empty((n_rows, len(self._base)))
        at = 0
        for place, own in zip(places, self.columns, strict=True):
            part = own.base(column(place))
            found[:, at : at + part.shape[1]] = part
            at += part.shape[1]
        return found

    def with_literals(self, literals: str, base: Floats, n_thresholds: int = 8, sample_weight: Any = None) -> Columns:
        """The same columns with thresholds at quantiles of the base columns, or without.

        A column of 0 and 1 is its own only threshold.
        """
        if literals == "bits" or literals == "ramps":
            return replace(self, columns=tuple(replace(c, breaks=(), whole=True) for c in self.columns))
        starts = np.cumsum([0, *(len(c.base_names) for c in self.columns)]).tolist()
        weights = check_sample_weight(sample_weight, len(base))
        some = weights > 0.0
        found = []
        for column, at in zip(self.columns, starts, strict=False):
            if column.kind == "number":
                breaks = _breaks(base[some, at], n_thresholds, weights[some])
                itself = len(breaks) < 2 or breaks == (0.0, 1.0)
                column = replace(column, breaks=() if itself else breaks, whole=itself or literals == "both")
            found.append(column)
        return replace(self, columns=tuple(found))

    def expand(self, base: Floats) -> Floats:
        """The derived columns of base columns: these, or clipped ramps of them."""
        if len(self._derived) == len(self._base) and all(ends is None for *_, ends in self._derived):
            return base
        found: Floats = base[:, [place for _, place, _, _ in self._derived]]
        ramps = [j for j, (*_, ends) in enumerate(self._derived) if ends is not None]
        knots = tuple(ends for *_, ends in self._derived if ends is not None)
        found[:, ramps] = to_unit(np.ascontiguousarray(found[:, ramps]), knots)
        return found

    def encode(self, X: Any) -> Floats:
        """The derived columns of a raw table, shape (N, len(names)); each row by itself."""
        return self.expand(self.base(X))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for saving."""
        return {"named": self.named, "columns": [column.to_dict() for column in self.columns]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Columns:
        """The inverse; a KeyError, TypeError or ValueError for anything else."""
        if not isinstance(data["named"], bool):
            raise TypeError(f"named is {data['named']!r}; expected true or false")
        return cls(tuple(Column.from_dict(column) for column in data["columns"]), data["named"])


def columns_for(
    X: Any, kinds: Mapping[str, Any] | None = None, literals: str = "bits", sample_weight: Any = None
) -> Columns | None:
    """The fitted columns of a table; None where it is one of plain numbers already and nothing else is asked for.

    An array has no kinds of its own: its entries are finite numbers, unless ``kinds`` is given.

    Examples
    --------
    >>> columns_for(np.eye(2)) is None, columns_for(np.eye(2), literals="ramps").names
    (True, ('x0', 'x1'))
    """
    if kinds:
        return Columns.fit(X, kinds, sample_weight)
    frame = read_frame(X)
    if frame is not None and not all(_is_plain(frame, i) for i in range(len(frame.names))):
        return Columns.fit(X, None, sample_weight)
    if literals == "bits":
        return None
    return Columns.fit(check_X(X) if frame is None else X, None, sample_weight)


def points_of(
    columns: Columns | None, X: Any, *, names: Sequence[str] | None = None, n_features: int | None = None,
    compact: bool = False,
) -> Floats:  # fmt: skip
    """The checked rows of a table as a model reads them: its derived columns, or the numbers themselves."""
    if columns is not None:
        return columns.encode(X)
    return check_X(X, names=names, n_features=n_features, compact=compact)


def between(low: float, high: float) -> str:
    """A number between two, near their middle and in few digits (``high`` where there is none): a threshold's name.

    >>> between(36.0, 37.0), between(0.1, 0.9), between(1e9, 1e9 + 1.0), between(-5.0, 100.0)
    ('36.5', '0.5', '1000000000.5', '47.5')
    """
    middle = 0.5 * low + 0.5 * high
    for digits in range(3, 18):
        value = float(f"{middle:.{digits}g}")
        if low < value < high:
            return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    return repr(float(high))


def _breaks(column: Floats, n: int, weights: Floats) -> tuple[float, ...]:
    """Distinct quantiles that cut a column into ``n`` parts; all its values where they are no more than that."""
    values = np.unique(column)
    if len(values) <= n + 1:
        return increasing(values)
    inner = weighted_quantiles(column, np.linspace(0.0, 1.0, n + 1)[1:-1], weights)
    return increasing([values[0], *inner, values[-1]])


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, each that occurred before with as many strokes as it takes.

    >>> _told_apart(["a", "a", "b", "a'"])
    ['a', "a'", 'b', "a''"]
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        while name in taken:
            name += "'"
        taken.add(name)
        found.append(name)
    return found


def _is_plain(frame: Frame, i: int) -> bool:
    """Whether a column of a frame is one of numbers or Booleans without gaps."""
    if frame.categories(i) is not None:
        return False
    values = frame.column(i)
    if values.dtype.kind == "f":
        return not bool(np.isnan(values).any())
    if values.dtype.kind == "O" and values.ndim == 1:
        return all(isinstance(v, NUMBER) and not is_gap(v) for v in values.tolist())
    return values.dtype.kind in "biu"


_Parts = tuple[tuple[str, ...], bool, Callable[[int], Array], Callable[[int], tuple[tuple[Any, ...], bool] | None], int]


def _parts(X: Any) -> _Parts:
    """Names, whether they are names, columns, listed categories, and the number of rows of any table."""
    frame = read_frame(X)
    if frame is not None:
        return frame.names, frame.named, frame.column, frame.categories, frame.n_rows
    values = densify(X, "X")
    if not isinstance(values, np.ndarray) and not hasattr(values, "__array__"):
        values = np.array(values, dtype=object)  # text among numbers would make text of all
    values = np.asarray(values)
    if values.ndim != 2:
        raise InputError(f"X has shape {values.shape}; expected a table of shape (N, columns).")
    names = default_names(values.shape[1])
    return names, False, lambda i: values[:, i], lambda i: None, len(values)
