"""Features of delimited text as they come line by line: all numbers in one matrix, or column by column."""

import re
from array import array
from collections.abc import Collection
from pathlib import Path

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.data.header import MISSING, is_number
from fw_circuits.data.selection import records
from fw_circuits.exceptions import InputError

DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?(e[+-]?\d+)?", re.IGNORECASE)


class Matrix:
    """Numbers alone, in one flat buffer: 8 bytes a cell."""

    def __init__(self, names: list[str], places: list[int], path: Path) -> None:
        self.names, self.places, self.path, self.values = names, places, path, array("d")

    def add(self, row: list[str]) -> bool:
        """Append the features of one row; False for one with anything but numbers."""
        cells = [row[i] for i in self.places]
        try:
            numbers = [float(cell) for cell in cells]
        except ValueError:
            return False
        if any("_" in cell for cell in cells):
            return False
        self.values.extend(numbers)
        return True

    def complaint(self, row: list[str], line: int) -> str:
        """What is wrong with a row that was not added."""
        bad = next(i for i in self.places if not is_number(row[i]))
        return bad_cell(self.path, line, len(self.values) // len(self.places), self.names[bad], row[bad].strip())

    def table(self, lines: list[int], gaps: bool) -> Array:
        """The matrix (N, d), or with NaN, where they may be gaps, a structured array.

        Raises
        ------
        InputError
            Infinity, or NaN that may not be.
        """
        names = [self.names[i] for i in self.places]
        X = np.frombuffer(self.values, dtype=np.float64).reshape(len(lines), len(names)).copy()
        bad = np.isinf(X) if gaps else ~np.isfinite(X)
        if bad.any():
            r, c = np.argwhere(bad)[0]
            raise InputError(bad_cell(self.path, lines[r], int(r), names[c], str(X[r, c])))
        return records(list(X.T), names) if np.isnan(X).any() else X


class Lists:
    """Numbers or text, column by column; `text` names columns that are text in any case."""

    def __init__(self, names: list[str], places: list[int], path: Path, text: Collection[str]) -> None:
        self.names, self.places, self.path, self.text = names, places, path, text
        self.cells: list[list[str]] = [[] for _ in places]

    def add(self, row: list[str]) -> bool:
        """Append the features of one row."""
        for column, i in zip(self.cells, self.places, strict=True):
            column.append(row[i].strip())
        return True

    def complaint(self, row: list[str], line: int) -> str:
        """Every row is taken."""
        raise AssertionError(f"line {line} was taken")

    def table(self, lines: list[int], gaps: bool) -> Array:
        """A structured array: float64 with NaN, or text with None, for gaps; numbers alone as a matrix (N, d).

        Raises
        ------
        InputError
            Infinity, or text among numbers.
        """
        names = [self.names[i] for i in self.places]
        columns = [self._column(cells, name, lines) for cells, name in zip(self.cells, names, strict=True)]
        if all(column.dtype.kind == "f" and not np.isnan(column).any() for column in columns):
            return np.ascontiguousarray(np.stack(columns, axis=1))
        return records(columns, names)

    def _column(self, cells: list[str], name: str, lines: list[int]) -> Array:
        values = [None if cell.lower() in MISSING else cell for cell in cells]
        there = [(row, value) for row, value in enumerate(values) if value is not None]
        text = [(row, value) for row, value in there if not is_number(value)]
        if name not in self.text:
            if text and (len(text) < len(there) or all(_is_misspelt(value) for _, value in text)):
                row, value = text[0]
                raise InputError(bad_cell(self.path, lines[row], row, name, value))
            if not text:
                column = np.array([np.nan if value is None else float(value) for value in values])
                if np.isinf(column).any():
                    row = int(np.flatnonzero(np.isinf(column))[0])
                    raise InputError(bad_cell(self.path, lines[row], row, name, cells[row]))
                return column
        return np.array([*values, None], dtype=object)[:-1]


def _is_misspelt(value: str) -> bool:
    """Whether text is a number with a decimal comma, or with underscores."""
    return bool(DECIMAL_COMMA.fullmatch(value)) or ("_" in value and is_number(value.replace("_", "")))


def bad_cell(path: Path, line: int, row: int, column: str, value: str) -> str:
    """The complaint about one cell."""
    place = f"{path}, line {line} (row {row}), column {column!r}"
    if value.lower() in MISSING:
        return f"{place}: the value is missing ({value!r}); expected a number: fill it in or drop the row."
    if value.lstrip("+-").lower() in ("inf", "infinity"):
        return f"{place}: the value is {value!r}; features must be finite numbers."
    if DECIMAL_COMMA.fullmatch(value):
        return f"{place}: {value!r} contains a comma; expected a decimal point and no marks of thousands, 1.5 for 1,5."
    return (
        f"{place}: {value!r} is not a number, and others of the column are; expected one of them: mend the cell, or "
        f"say that all of it is text (--kind {column}=category; in Python read_table(text=[{column!r}])); if line 1 "
        "names the columns by numbers, --header (header=True)."
    )
