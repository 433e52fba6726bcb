"""Whether line 1 of delimited text contains the names of the columns.

Text above numbers is easy; names that are numbers (0, 1, 2, ... of a frame without names, years) are not.  A line that
may as well be a row of data is a row of data, and the reader then complains of it, or of the target, in plain words.
"""

import csv
import warnings
from itertools import pairwise
from pathlib import Path

from fw_circuits._tables import is_default
from fw_circuits.data.selection import Selection

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-nan", "."})
#: How pandas and R write the name of a column of row labels.
INDEX_NAMES = ("", "Unnamed: 0")


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number (no underscores; NaN and infinity count)."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def has_header(lines: list[str], delimiter: str, wanted: Selection, path: Path) -> bool:
    """Whether the first of these lines contains names.

    It does if no cell of it is a number; if the wanted target or all wanted features stand in it; if its numbers are
    0, 1, 2, ... and it looks like no row of the data; or if all of it is quoted and the next line is not.  Of a
    series such as 2019, 2020, 2021 that is like no row below it warns.

    Examples
    --------
    >>> [has_header(text.split(), ",", Selection(), Path("t.csv")) for text in ("a,b 0,1", "0,1,2 1,1,0", "1,2 3,4")]
    [True, True, False]
    >>> has_header(["2019,growth", "1,2"], ",", Selection("growth"), Path("t.csv"))
    True
    """
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row]
    except csv.Error:
        return False
    cells, *body = [[cell.strip() for cell in row] for row in rows]
    start = 1 if cells[0] in INDEX_NAMES else 0
    rows = [row[start:] for row in body if len(row) == len(cells)]
    if not any(map(is_number, cells)):
        return True
    if _names_what_is_wanted(cells, wanted) or _counts_up(cells[start:], rows):
        if set(cells) <= {"0", "1"}:
            _warn(path, delimiter.join(cells), "taken for names")
        return True
    if _is_quoted(lines[0], delimiter) and len(lines) > 1 and not _is_quoted(lines[1], delimiter):
        return True
    if _is_a_series(cells[start:], rows):
        _warn(path, delimiter.join(cells), "taken for a row of data, though it looks like names")
    return False


def _warn(path: Path, line: str, choice: str) -> None:
    warnings.warn(
        f"{path}: line 1, {line!r}, is {choice}; if it is a row of data say --no-header (in Python header=False), if "
        "it is not --header (header=True).",
        UserWarning,
        stacklevel=3,
    )


def _names_what_is_wanted(cells: list[str], wanted: Selection) -> bool:
    """The target's name (an index in range is no name), or the names of all features of a model."""
    target, features = wanted.target, wanted.features
    if isinstance(target, str) and target in cells:
        index = target.lstrip("-").isdigit() and -len(cells) <= int(target) < len(cells)
        if not index:
            return True
    return features is not None and not is_default(features) and set(features) <= set(cells)


def _counts_up(cells: list[str], body: list[list[str]]) -> bool:
    """Whether the numbers among the cells are 0, 1, 2, ..., and the others no values of their columns."""
    numbers = [cell for cell in cells if is_number(cell)]
    if not numbers or numbers != [str(i) for i in range(len(numbers))]:
        return False
    others = [i for i, cell in enumerate(cells) if not is_number(cell)]
    if not others:
        return len(cells) > 1
    if len(set(cells)) < len(cells) or any(cells[i].lower() in MISSING for i in others):
        return False
    above_numbers = [bool(body) and all(is_number(row[i]) for row in body) for i in others]
    new = [cells[i] not in {row[i] for row in body} for i in others]
    return any(above_numbers) or (len(numbers) > 2 and all(new))


def _is_a_series(cells: list[str], body: list[list[str]]) -> bool:
    """Whether the numbers among the cells are names such as 2019, 2020, 2021 or 2, 0, 1, and unlike the rows below.

    Three or more whole numbers in equal steps, or 0, 1, 2, ... in any order; no row of the body is such a series, and
    all of them (but one, or two where they start at 0) are out of the range of their columns.
    """
    places = [i for i, cell in enumerate(cells) if is_number(cell)]
    if not (body and _steps(cells, places)) or any(_steps(row, places) for row in body):
        return False
    if any(not is_number(row[i]) for row in body for i in places):
        return False
    columns = [[float(row[i]) for row in body] for i in places]
    numbers = [float(cells[i]) for i in places]
    outside = sum(not min(column) <= number <= max(column) for number, column in zip(numbers, columns, strict=True))
    return outside >= len(places) - (2 if min(numbers) == 0.0 else 1)


def _steps(cells: list[str], places: list[int]) -> bool:
    """Whether there are three or more whole numbers at these places, in equal steps up, or 0, 1, 2, ... mixed."""
    if len(places) < 3 or not all(is_number(cells[i]) and float(cells[i]).is_integer() for i in places):
        return False
    numbers = [float(cells[i]) for i in places]
    steps = {b - a for a, b in pairwise(numbers)}
    return sorted(numbers) == list(range(len(numbers))) or (len(steps) == 1 and min(steps) > 0.0)


def _is_quoted(line: str, delimiter: str) -> bool:
    """Whether every cell of a line stands in quotes."""
    cells = next(csv.reader([line.strip()], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    return all(len(cell) > 1 and cell.strip()[:1] == '"' == cell.strip()[-1:] for cell in cells)
