"""CSV and its relatives: delimiter and header found by looking, every complaint with its line number.

Rows go straight into one flat float64 buffer, so a table costs 8 bytes a cell.  Not guessed: categories.  A
text feature is refused by name, because how to encode it is the user's decision.
"""

import csv
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.data.dataset import Dataset
from fw_circuits.exceptions import FormatError, InputError

DELIMITERS = (",", ";", "\t", "|", " ")
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-nan", "."})
MAX_CELL = 1 << 24  # characters; the csv module's own limit refuses long quoted cells


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number (no underscores; NaN and infinity count)."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def sniff_delimiter(lines: list[str]) -> str:
    """The delimiter that cuts every one of these lines into the same number (>= 2) of cells; most cells win.

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
            widths = [
                len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row
            ]
        except csv.Error:
            continue
        seen = seen or max(widths, default=0) > 1
        if widths and min(widths) == max(widths) > most:
            best, most = delimiter, widths[0]
    if best:
        return best
    if (
        seen
    ):  # rows of unequal length: take the delimiter of the first line, the reader then names the bad line
        return max(DELIMITERS[:-1], key=lambda d: lines[0].count(d))
    raise FormatError(
        f"no delimiter found: the first line is {lines[0].strip()[:80]!r}; expected a target and at "
        "least one feature column, cut by comma, semicolon, tab, | or space (in Python, read_table(delimiter=) "
        "takes any other)."
    )


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


def target_index(names: list[str], target: str | int | None) -> int:
    """Column of the target: a name, an index (negative from the right), or None for the last.

    Raises
    ------
    InputError
        If there is no such column; the message lists the names.

    Examples
    --------
    >>> [target_index(["a", "b", "c"], target) for target in ("b", -3, None)]
    [1, 0, 2]
    """
    if target is None:
        return len(names) - 1
    if isinstance(target, str):
        if target in names:
            return names.index(target)
        if not target.lstrip("-").isdigit():
            shown = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
            raise InputError(f"target is {target!r}; there is no such column: the columns are {shown}.")
        target = int(target)
    if not -len(names) <= target < len(names):
        raise InputError(f"target is column {target}; expected an index in {-len(names)}..{len(names) - 1}.")
    return target % len(names)


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
            raise InputError(
                f"{path}, line {line}: the target {column!r} is missing ({cell!r}); drop or mend the row."
            )
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
            "numbers throughout, or text labels throughout."
        )
    return np.array(text)


def read_csv(
    path: str | Path,
    target: str | int | None = None,
    *,
    header: bool | None = None,
    delimiter: str | None = None,
) -> Dataset:
    """Read delimited text.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, with or without a byte-order mark.
    target : str, int or None
        Name or index of the target column; the last one if left out.
    header : bool or None
        Whether line 1 holds names.  None: it does if no cell of it is a number.
    delimiter : str or None
        One of comma, semicolon, tab, | and space is found from the first lines if left out.

    Raises
    ------
    FormatError
        Not text, empty, no delimiter, an open quote, a line with another number of cells (named by its
        number).
    InputError
        No such file or target; a missing, infinite or text cell in a feature (named by column, line and
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
    csv.field_size_limit(MAX_CELL)
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            first = _first_lines(stream, path)
            stream.seek(0)
            return _read(stream, path, target, header, delimiter or sniff_delimiter(first))
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); convert it first."
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; check the path.") from error


def _first_lines(stream: TextIO, path: Path) -> list[str]:
    lines = [line for _, line in zip(range(50), stream, strict=False) if line.strip()]
    if any("\0" in line for line in lines):
        raise FormatError(f"{path} holds NUL bytes: it is binary, or UTF-16 text; expected UTF-8 text.")
    if not lines:
        raise FormatError(f"{path} is empty; expected a table with at least one row and two columns.")
    return lines


def _read(
    stream: TextIO, path: Path, target: str | int | None, header: bool | None, delimiter: str
) -> Dataset:
    rows = _rows(stream, delimiter, path)
    line, row = next(rows, (0, []))
    if not row:
        raise FormatError(
            f"{path} holds nothing but blank cells; expected a table with at least two columns."
        )
    width = len(row)
    if width < 2:
        raise FormatError(
            f"{path}, line {line}: one column; expected features and a target (delimiter {delimiter!r})."
        )
    if header is None:
        header = not any(is_number(cell) for cell in row)
    names = (
        [cell.strip() or f"x{i}" for i, cell in enumerate(row)] if header else [f"x{i}" for i in range(width)]
    )
    repeated = sorted({n for n in names if names.count(n) > 1}) if header else []
    if repeated:
        raise FormatError(
            f"{path}, line {line}: column name {repeated[0]!r} occurs twice; expected distinct names."
        )
    at = target_index(names, target)
    if not header:
        names[at] = "y"
    features = names[:at] + names[at + 1 :]
    values, lines, labels = array("d"), [], []
    if not header:
        _add(row, line, width, at, values, features, path)
        lines.append(line)
        labels.append(row[at])
    for line, row in rows:
        _add(row, line, width, at, values, features, path)
        lines.append(line)
        labels.append(row[at])
    if not lines:
        raise FormatError(f"{path} has a header and no rows; expected at least one row.")
    X = np.frombuffer(values, dtype=np.float64).reshape(len(lines), width - 1).copy()
    if not np.isfinite(X).all():
        r, c = np.argwhere(~np.isfinite(X))[0]
        raise InputError(_bad_cell(path, lines[r], int(r), features[c], str(X[r, c])))
    y = label_column(labels, lines, names[at], path)
    return Dataset(X, y, tuple(features), names[at], path.stem, f"read from {path.name}")


def _add(
    row: list[str], line: int, width: int, at: int, values: "array[float]", features: list[str], path: Path
) -> None:
    """Append the features of one row to the flat buffer."""
    if len(row) != width:
        raise FormatError(
            f"{path}, line {line}: {len(row)} cells, but the first line has {width}; mend that line."
        )
    cells = row[:at] + row[at + 1 :]
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        numbers = []
    if not numbers or any("_" in cell for cell in cells):
        bad = next((i for i, cell in enumerate(cells) if not is_number(cell)), None)
        if bad is not None:
            raise InputError(
                _bad_cell(path, line, len(values) // len(features), features[bad], cells[bad].strip())
            )
    values.extend(numbers)


def _bad_cell(path: Path, line: int, row: int, column: str, value: str) -> str:
    place = f"{path}, line {line} (row {row}), column {column!r}"
    if value.lower() in MISSING:
        return f"{place}: the value is missing ({value!r}); expected a number: fill it in or drop the row."
    if value.lstrip("+-").lower() in ("inf", "infinity"):
        return f"{place}: the value is {value!r}; features must be finite numbers."
    return (
        f"{place}: {value!r} is not a number; encode text and categories as numbers first, for example one "
        "0/1 column a category (in Python, read_table(header=True) takes line 1 as names)."
    )
