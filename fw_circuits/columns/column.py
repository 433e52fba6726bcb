"""One column of a user's table: its kind, found or told, and the finite numbers that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.columns.cells import key, keys, numbers, refuse, sort_of, truths
from fw_circuits.exceptions import InputError
from fw_circuits.lattice.domain import weighted_quantiles

KINDS = ("boolean", "number", "category", "ordered")
#: A category of a smaller share of the rows' weight is rare: all rare ones of a column are one literal together.
RARE = 0.01


@dataclass(frozen=True)
class Column:
    """A raw column as it was in the fit.

    Attributes
    ----------
    name : str
    kind : {"boolean", "number", "category", "ordered"}
    values : tuple of str
        The categories with a literal each, most frequent first; of an ordered column all of them, from low to high.
    rare : tuple of str
        Categories that share the literal "(rare)".
    numeric : bool
        Whether the categories are numbers, so that 3, 3.0 and "3" are one.
    gaps : bool
        Whether the rows of the fit had gaps: then "is missing" is a literal.
    fill : float
        What stands for a gap: the weighted median of numbers, the more frequent Boolean, the place of the median among
        ordered categories.  An unordered category has none: a gap has no category.
    breaks : tuple of float
        Where the clipped ramps between thresholds begin and end; without, there are no thresholds.
    whole : bool
        Whether the column of numbers itself is there.
    """

    name: str
    kind: str
    values: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    numeric: bool = False
    gaps: bool = False
    fill: float = 0.0
    breaks: tuple[float, ...] = ()
    whole: bool = True

    def __post_init__(self) -> None:
        texts = (self.name, self.kind, *self.values, *self.rare)
        flags = (self.numeric, self.gaps, self.whole)
        if not (all(isinstance(t, str) for t in texts) and all(isinstance(f, bool) for f in flags)):
            raise TypeError(f"column {self.name!r} has parts of other types")
        listed = (*self.values, *self.rare)
        steps = np.diff(np.array(self.breaks, dtype=np.float64))
        good = self.kind in KINDS and len(set(listed)) == len(listed)
        good = good and bool(np.isfinite([self.fill, *self.breaks]).all() and (steps > 0).all())
        good = good and (self.kind != "ordered" or 0 <= self.fill < max(1, len(self.values)))
        if not good:
            raise ValueError(f"column {self.name!r} is no column of the kind {self.kind!r}")

    @property
    def base_names(self) -> tuple[str, ...]:
        """Names of the columns that `base` makes.

        >>> Column("city", "category", ("Rome", "Oslo"), ("Bern", "Graz"), gaps=True).base_names
        ('city = Rome', 'city = Oslo', 'city = (rare)', 'city is missing')
        >>> Column("grade", "ordered", ("low", "mid", "high")).base_names
        ('grade >= mid', 'grade >= high')
        """
        if self.kind in ("boolean", "number"):
            names = [self.name]
        elif self.kind == "ordered" and len(self.values) > 1:
            names = [f"{self.name} >= {value}" for value in self.values[1:]]
        else:
            names = [f"{self.name} = {value}" for value in self.values]
            names += [f"{self.name} = (rare)"] * bool(self.rare)
        return (*names, *[f"{self.name} is missing"] * self.tells_gaps)

    @property
    def tells_gaps(self) -> bool:
        """Whether "is missing" is among the columns of `base`: the fit saw gaps, or nothing else."""
        return self.gaps or (self.kind in ("category", "ordered") and not self.values and not self.rare)

    def base(self, values: Array, table: str = "X") -> Floats:
        """The column as finite numbers, shape (N, len(base_names)); each row by itself.

        A category that the fit did not see has zeros throughout; for an ordered column it counts as a gap.

        >>> city = Column("city", "category", ("Rome", "Oslo"), gaps=True)
        >>> city.base(np.array(["Oslo", "Atlantis", None], object)).tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        """
        found = np.zeros((len(values), len(self.base_names)))
        if self.kind in ("boolean", "number"):
            read = numbers if self.kind == "number" else truths
            column = read(values, self.name, table)
            missing = np.isnan(column)
            found[:, 0] = np.where(missing, self.fill, column)
        else:
            texts, codes = keys(values, self.numeric, self.name, table)
            missing = np.array([text is None for text in texts], dtype=bool)[codes]
            places = self._places()
            unknown = int(self.fill) if self.kind == "ordered" else -1
            place = np.array([places.get(text, unknown) for text in texts], dtype=np.int64)[codes]
            if self.kind == "ordered" and len(self.values) > 1:
                found[:, : len(self.values) - 1] = place[:, None] >= np.arange(1, len(self.values))
            else:
                some = np.flatnonzero(place >= 0)
                found[some, place[some]] = 1.0
        if self.tells_gaps:
            found[:, -1] = missing
        return found

    def _places(self) -> dict[str | None, int]:
        """Which base column a category has (of an ordered column: its rank)."""
        places: dict[str | None, int] = {v: i for i, v in enumerate(self.values)}
        return places | dict.fromkeys(self.rare, len(self.values))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for saving."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(part) if isinstance(part, tuple) else part for name, part in parts.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Column:
        """The inverse; a TypeError or ValueError for anything else.

        >>> column = Column("age", "number", breaks=(1.0, 2.5))
        >>> Column.from_dict(column.to_dict()) == column
        True
        """
        parts: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in data.items()}
        return cls(**parts | {"fill": float(parts["fill"])})


def fit_column(
    name: str, values: Array, weights: Floats, *, told: str | tuple[Any, ...] | None = None,
    listed: tuple[tuple[Any, ...], bool] | None = None, table: str = "X",
) -> Column:  # fmt: skip
    """The column of these values, by the rows of positive weight.

    Parameters
    ----------
    name : str
    values : ndarray of shape (N,)
    weights : ndarray of shape (N,)
    told : str or tuple, optional
        A kind, or the categories of an ordered column from low to high.
    listed : (tuple, bool), optional
        The categories that the frame lists, and whether their order means something.
    table : str
        What to call the table in messages.

    Raises
    ------
    InputError
        The column has no kind, or not the one that was told.

    Examples
    --------
    >>> fit_column("age", np.array([3.0, np.nan, 5.0]), np.array([0.25, 0.25, 0.5])).fill
    5.0
    """
    sort, example = sort_of(values)
    if isinstance(told, tuple) or (told is None and listed is not None and listed[1]):
        given = told if isinstance(told, tuple) else listed[0] if listed else ()
        refuse(sort if sort in ("nested", "bytes") else "", example, name, table)
        return _ordered(name, values, weights, tuple(given), table)
    kind = told or ("category" if listed is not None or sort in ("text", "empty") else sort)
    if kind != "category" or sort in ("nested", "bytes"):
        refuse("" if told and sort not in ("nested", "bytes", "date") else sort, example, name, table)
    if kind == "category":
        return _category(name, values, weights, sort == "number", table)
    read = numbers if kind == "number" else truths
    column = read(values, name, table)
    missing = np.isnan(column)
    some = (weights > 0.0) & ~missing
    gaps = bool(np.any(missing & (weights > 0.0)))
    fill = _median(column[some], weights[some]) if some.any() else 0.0
    return Column(name, kind, gaps=gaps, fill=fill)


def _median(column: Floats, weights: Floats) -> float:
    """The weighted median that is one of the entries (the upper one of two)."""
    middle = float(weighted_quantiles(column, np.array([0.5]), weights)[0])
    return float(column[column >= middle].min())


def _weights_of(texts: list[str | None], codes: Array, weights: Floats) -> dict[str | None, float]:
    """Total weight of each category that has some; None: of the gaps."""
    totals: dict[str | None, float] = {}
    counted = np.bincount(codes, weights, len(texts)) if len(texts) else np.zeros(0)
    for text, weight in zip(texts, counted.tolist(), strict=True):
        if weight > 0.0:
            totals[text] = totals.get(text, 0.0) + weight
    return totals


def _category(name: str, values: Array, weights: Floats, numeric: bool, table: str) -> Column:
    totals = _weights_of(*keys(values, numeric, name, table), weights)
    gaps, whole = totals.pop(None, 0.0) > 0.0, float(weights.sum())
    often = sorted(totals, key=lambda text: (-round(totals[text] / whole, 12), str(text)))
    rare = [text for text in often if totals[text] < RARE * whole * (1.0 - 1e-9)]
    kept = [text for text in often if text not in set(rare)] if len(rare) > 1 else often
    return Column(
        name, "category", tuple(map(str, kept)), tuple(map(str, rare)) if len(rare) > 1 else (), numeric, gaps
    )


def _ordered(name: str, values: Array, weights: Floats, given: tuple[Any, ...], table: str) -> Column:
    numeric = not any(isinstance(v, str) for v in given)
    levels = tuple(str(key(v, numeric)) for v in given)
    texts, codes = keys(values, numeric, name, table)
    totals = _weights_of(texts, codes, weights)
    gaps = totals.pop(None, 0.0) > 0.0
    if other := [text for text in totals if text not in levels]:
        raise InputError(
            f"{table}: column {name!r} contains {other[0]!r}, which is none of the categories "
            f"{', '.join(map(repr, levels[:20]))}; expected all of them from low to high in kinds={{{name!r}: [...]}}."
        )
    places = {level: i for i, level in enumerate(levels)}
    ranks = np.array([float(places[str(text)]) for text in totals])
    fill = _median(ranks, np.array(list(totals.values()))) if len(ranks) else 0.0
    return Column(name, "ordered", levels, (), numeric, gaps, fill)
