"""CSV and its relatives: delimiter and header found by looking, every complaint with its line number.

Rows of numbers go straight into one flat float64 buffer, so that a table costs 8 bytes per cell.  Where that comes upon
text or a gap the file is read once more, column by column: each is one of numbers or one of text, with gaps, and a
column with both is refused, for it is more often a typing error than not.
"""

import csv
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.data.dataset import Dataset
from fw_circuits.data.features import DECIMAL_COMMA, Lists, Matrix
from fw_circuits.data.header import INDEX_NAMES, MISSING, has_header, is_number
from fw_circuits.data.selection import Columns, Selection, records
from fw_circuits.exceptions import FormatError, InputError

DELIMITERS = (",", ";", "\t", "|", " ")
MAX_CELL = 1 << 24  # characters; the csv module's own limit refuses long quoted cells


def sniff_delimiter(lines: list[str]) -> str:
    """The delimiter that cuts every one of these lines into the same number (>= 2) of cells; most cells win.

    Commas lose where another delimiter leaves numbers with decimal commas, which the reader then refuses.

    Raises
    ------
    FormatError
        If none does.

    Examples
    --------
    >>> sniff_delimiter(["a;b;c", "1,5;2;3"])
    ';'
    """
    best, most, seen = "", 1, False
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row]
        except csv.Error:
            continue
        seen = seen or max(widths, default=0) > 1
        equal = bool(widths) and min(widths) == max(widths) > 1
        if equal and delimiter != "," and _decimal_commas(lines, delimiter):
            return delimiter
        if equal and widths[0] > most:
            best, most = delimiter, widths[0]
    if best:
        return best
    if seen:  # rows of unequal length: the delimiter of the first line; the reader then names the bad line
        return max(DELIMITERS[:-1], key=lambda d: lines[0].count(d))
    raise FormatError(
        f"no delimiter found: the first line is {lines[0].strip()[:80]!r}; expected a target and at "
        "least one feature column, cut by comma, semicolon, tab, | or space (in Python, read_table(delimiter=) "
        "takes any other)."
    )


def _decimal_commas(lines: list[str], delimiter: str) -> bool:
    """Whether the last line, cut by this, is nothing but numbers, some of them with a decimal comma."""
    cells = [cell.strip() for cell in lines[-1].split(delimiter)]
    return any("," in cell for cell in cells) and all(DECIMAL_COMMA.fullmatch(cell) for cell in cells)


def _rows(stream: TextIO, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(stream, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise FormatError(
            f"{path}, line {reader.line_num}: {error}; expected delimited text with every quote closed."
        ) from error


def label_column(cells: list[str], lines: list[int], column: str, path: Path) -> Array:
    """A target column: int64 or float64 where every cell is a number, else text labels.

    Text with some numbers in it must have exactly two distinct labels: more are taken for typing errors.

    Raises
    ------
    InputError
        A missing or infinite cell; a text cell among numbers.
    """
    text = [cell.strip() for cell in cells]
    for line, cell in zip(lines, text, strict=True):
        if cell.lower() in MISSING:
            raise InputError(f"{path}, line {line}: the target {column!r} is missing ({cell!r}); drop or mend the row.")
    numeric = [is_number(cell) for cell in text]
    if all(numeric):
        values = np.array([float(cell) for cell in text])
        if not np.isfinite(values).all():
            bad = int(np.flatnonzero(~np.isfinite(values))[0])
            raise InputError(
                f"{path}, line {lines[bad]}: the target {column!r} is {text[bad]!r}; expected finite numbers."
            )
        whole = all(cell.lstrip("+-").isdigit() for cell in text) and np.abs(values).max() < 2**53
        return values.astype(np.int64) if whole else values
    if any(numeric) and len(set(text)) > 2:
        bad = numeric.index(False)
        raise InputError(
            f"{path}, line {lines[bad]}: the target {column!r} is {text[bad]!r} among numbers; expected "
            "numbers throughout, or text labels throughout"
            + (" (if line 1 contains the names: --header, in Python header=True)." if lines[bad] == 1 else ".")
        )
    return np.array(text)


def read_csv(
    path: str | Path,
    target: str | int | None = None,
    *,
    header: bool | None = None,
    delimiter: str | None = None,
    text: Sequence[str] = (),
) -> Dataset:
    """Read delimited text: columns of numbers and of text, with gaps.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, with or without a byte-order mark.
    target : str, int or None
        Name or index of the target column; the last one if left out.
    header : bool or None
        Whether line 1 contains names.  None: it does if no cell of it is a number, if ``target`` is one of its cells,
        or if its numbers count 0, 1, 2, ... as those of a frame without names do.  A first column without a name whose
        cells are distinct whole numbers is an index: it is left out with a warning.
    delimiter : str or None
        One of comma, semicolon, tab, | and space is found from the first lines if left out.
    text : sequence of str
        Columns that are text, whatever their cells look like.

    Returns
    -------
    Dataset

    Raises
    ------
    FormatError
        Not text, empty, no delimiter, an open quote, a line with another number of cells (named by its
        number).
    InputError
        No such file or target; an infinite cell, or text among the numbers of a feature (named by column, line and
        value).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "t.csv"
    ...     _ = file.write_text("age;sick\\n31;yes\\n7;no\\n")
    ...     data = read_csv(file)
    >>> data.feature_names, data.X.tolist(), data.y.tolist()
    (('age',), [[31.0], [7.0]], ['yes', 'no'])
    """
    path = Path(path)
    return dataset_of(csv_columns(path, Selection(target, text=tuple(text)), header, delimiter), path)


def dataset_of(columns: Columns, path: Path) -> Dataset:
    """A data set that was read with its target."""
    assert columns.y is not None and columns.target_name is not None
    return Dataset(
        columns.X, columns.y, columns.feature_names, columns.target_name, path.stem, f"read from {path.name}"
    )


def csv_columns(path: Path, wanted: Selection, header: bool | None, delimiter: str | None) -> Columns:
    """The wanted columns of delimited text; see :func:`read_csv`."""
    csv.field_size_limit(MAX_CELL)
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            first = _first_lines(stream, path)
            stream.seek(0)
            delimiter = delimiter or _delimiter(first, wanted)
            if header is None:
                header = has_header(first, delimiter, wanted, path)
            return _read(stream, path, wanted, header, delimiter)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); convert it first."
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; check the path.") from error


def _delimiter(lines: list[str], wanted: Selection) -> str:
    """As :func:`sniff_delimiter`; without a target a single column will do."""
    try:
        return sniff_delimiter(lines)
    except FormatError:
        if wanted.labelled:
            raise
        return ","


def _first_lines(stream: TextIO, path: Path) -> list[str]:
    lines = [line for _, line in zip(range(50), stream, strict=False) if line.strip()]
    if any("\0" in line for line in lines):
        raise FormatError(f"{path} contains NUL bytes: it is binary, or UTF-16 text; expected UTF-8 text.")
    if not lines:
        raise FormatError(f"{path} is empty; expected a table with at least one row and two columns.")
    return lines


def _read(stream: TextIO, path: Path, wanted: Selection, header: bool, delimiter: str) -> Columns:
    rows = _rows(stream, delimiter, path)
    line, row = next(rows, (0, []))
    if not row:
        raise FormatError(f"{path} contains nothing but blank cells; expected a table with at least two columns.")
    width = len(row)
    if width < 2 and wanted.labelled:
        raise FormatError(f"{path}, line {line}: one column; expected features and a target (delimiter {delimiter!r}).")
    names = [(cell.strip() if header else "") or f"x{i}" for i, cell in enumerate(row)]
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise FormatError(f"{path}, line {line}: column name {repeated[0]!r} occurs twice; expected distinct names.")
    places, at = wanted.split(names, path, named=header)
    features: Matrix | Lists = Lists(names, places, path, wanted.text) if wanted.text else Matrix(names, places, path)
    lines, labels = [], []
    for number, cells in rows if header else chain([(line, row)], rows):
        if len(cells) != width:
            raise FormatError(
                f"{path}, line {number}: {len(cells)} cells, but the first line has {width}; mend that line."
            )
        if not features.add(cells):
            if wanted.text is None:
                raise InputError(features.complaint(cells, number))
            stream.seek(0)  # once more, column by column
            return _read(stream, path, replace(wanted, text=("",)), header, delimiter)
        lines.append(number)
        if at is not None:
            labels.append(cells[at])
    if not lines:
        raise FormatError(f"{path} has a header and no rows; expected at least one row.")
    X = features.table(lines, gaps=wanted.text is not None)
    if header and row[0].strip() in INDEX_NAMES and places[0] == 0 and wanted.features is None:
        X, places = _without_index(X, places, names, path)
    target = None if at is None else names[at] if header else "y"
    y = None if at is None or target is None else label_column(labels, lines, target, path)
    return Columns(X, y, tuple(names[i] for i in places), target)


def _without_index(X: Array, places: list[int], names: list[str], path: Path) -> tuple[Array, list[int]]:
    """The features without a first column that has no name and numbers the rows; a warning in any case."""
    first = X[:, 0] if X.ndim == 2 else X[names[0]]
    counts = first.dtype.kind == "f" and len(np.unique(first)) == len(first) and bool((first == np.floor(first)).all())
    counts = counts and len(places) > 1
    warnings.warn(
        f"{path}: the first column has no name; "
        + (
            "its cells are distinct whole numbers, so it is left out as an index: give it a name to keep it."
            if counts
            else f"it is the feature {names[0]!r}: leave it out if it is an index."
        ),
        UserWarning,
        stacklevel=2,
    )
    if not counts:
        return X, places
    rest = [names[i] for i in places[1:]]
    return np.ascontiguousarray(X[:, 1:]) if X.ndim == 2 else records([X[n] for n in rest], rest), places[1:]
