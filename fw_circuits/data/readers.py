"""``read_table``: the entry point for every file format, by extension; and the readers of NPZ and Parquet."""

import importlib
import math
import re
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._archive import read_arrays
from fw_circuits._tables import default_names, feature_names_of, is_default, match_columns, refuse_repeated
from fw_circuits._typing import Array
from fw_circuits._validation import check_X
from fw_circuits.circuits.formats.pla_file import check_dont_care
from fw_circuits.columns.cells import numbers, refuse, sort_of
from fw_circuits.data.dataset import Dataset
from fw_circuits.data.pla import read_pla
from fw_circuits.data.selection import Columns, Selection, columns_of, records
from fw_circuits.data.text import csv_columns, dataset_of
from fw_circuits.exceptions import FormatError, InputError

READERS = {
    ".csv": "delimited text",
    ".tsv": "delimited text",
    ".txt": "delimited text",
    ".npz": "NumPy arrays X and y",
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".pla": "espresso PLA",
}


def read_table(
    path: str | Path,
    target: str | int | None = None,
    *,
    header: bool | None = None,
    delimiter: str | None = None,
    features: Sequence[str] | None = None,
    dont_care: int | None = None,
    text: Sequence[str] = (),
) -> Dataset:
    """Read a data set; the file extension selects the format.

    Parameters
    ----------
    path : str or Path
        .csv .tsv .txt (delimited text), .npz (arrays X and y), .parquet .pq (needs pyarrow), .pla (espresso).
    target : str, int or None
        Name or index of the target column; the last column (NPZ: the array y) if left out.
    header, delimiter
        For delimited text, as in :func:`read_csv`; found by looking if left out.
    features : sequence of str, optional
        ``raw_names`` of a solution: these columns become X, in this order, and others are left out.  A file without
        names goes by position and must have as many.  Without ``target`` the last column that is no feature is taken.
    dont_care : 0, 1 or None
        Label of the patterns that a PLA leaves open; None leaves them out.  For .pla only.
    text : sequence of str
        Columns of delimited text that are text, whatever their cells look like.

    Returns
    -------
    Dataset
        X is a matrix of numbers; with text or gaps (delimited text and Parquet) a structured array for `solve`.

    Raises
    ------
    InputError
        No such file, an unknown file extension, columns that are missing, data that cannot be used as it is.
    FormatError
        A damaged file.

    Examples
    --------
    >>> read_table("table.xlsx")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: table.xlsx: unknown file extension ...; known: .csv .tsv .txt .npz ...
    """
    path = Path(path)
    if check_dont_care(dont_care) is not None and path.suffix.lower() != ".pla":
        raise InputError(f"{path}: dont_care is {dont_care}, but only .pla has don't-cares; expected None.")
    if features is None and path.suffix.lower() == ".pla":
        _check_file(path, header, delimiter)
        return read_pla(path, target, dont_care=dont_care)
    wanted = Selection(target, None if features is None else tuple(features), text=tuple(text))
    return dataset_of(_columns(path, wanted, header, delimiter, dont_care), path)


def read_features(
    path: str | Path,
    features: Sequence[str],
    target: str | int | None = None,
    *,
    header: bool | None = None,
    delimiter: str | None = None,
    text: Sequence[str] | None = None,
) -> Array:
    """Read the columns that a solution needs, in its order, from a file that need not have a target.

    Parameters
    ----------
    path, features
        As in :func:`read_table`.
    target : str, int or None
        A column to leave out; only a file without names needs it said.
    header, delimiter
        As in :func:`read_table`.
    text : sequence of str, optional
        As in :func:`read_table`.  None: all columns are numbers, and text or a gap is refused.

    Returns
    -------
    float64 array of shape (N, len(features)), or a structured array as in :func:`read_table`

    Raises
    ------
    InputError, FormatError
        As in :func:`read_table`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "t.csv"
    ...     _ = file.write_text("id,b,a\\nu,1,2\\nv,3,4\\n")
    ...     read_features(file, ["a", "b"]).tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    wanted = Selection(target, tuple(features), labelled=False, text=None if text is None else tuple(text))
    return _columns(Path(path), wanted, header, delimiter).X


def _check_file(path: Path, header: bool | None, delimiter: str | None) -> None:
    """Refuse what is no file of a known kind, and options that it cannot have."""
    extension = path.suffix.lower()
    if extension not in READERS:
        raise InputError(f"{path}: unknown file extension {extension!r}; known: {' '.join(READERS)}.")
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}; expected a file: check the path.")
    if path.stat().st_size == 0:
        raise FormatError(f"{path} is empty (0 bytes); expected {READERS[extension]}.")
    if (header is not None or delimiter is not None) and READERS[extension] != "delimited text":
        raise InputError(f"{path}: header and delimiter are for delimited text; leave them out.")
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1):
        raise InputError(f"delimiter is {delimiter!r}; expected a single character.")


def _columns(
    path: Path, wanted: Selection, header: bool | None, delimiter: str | None, dont_care: int | None = None
) -> Columns:
    """The wanted columns of a file of any kind."""
    _check_file(path, header, delimiter)
    match path.suffix.lower():
        case ".npz":
            return _npz_columns(path, wanted)
        case ".parquet" | ".pq":
            return _parquet_columns(path, wanted)
        case ".pla":
            return _pla_columns(path, wanted, dont_care)
        case ".tsv":
            return csv_columns(path, wanted, header, delimiter or "\t")
        case _:
            return csv_columns(path, wanted, header, delimiter)


def _pla_columns(path: Path, wanted: Selection, dont_care: int | None) -> Columns:
    data = read_pla(path, wanted.target, dont_care=dont_care)
    names = None if is_default(data.feature_names) else data.feature_names
    expected = data.feature_names if wanted.features is None else wanted.features
    places = match_columns(names, data.n_features, expected, str(path))
    return columns_of(data.X[:, places], data.y, expected, range(len(expected)), data.target_name)


def read_npz(path: str | Path, target: str | int | None = None) -> Dataset:
    """Read arrays ``X`` (N, d) and ``y`` (N,), and ``feature_names`` (d,) if there; nothing is unpickled.

    ``target`` names another array than ``y``.  Without such an array the target is a column of X, as in a
    CSV.

    Raises
    ------
    FormatError
        Not an NPZ file, or damaged.
    InputError
        No array X, no such target, entries that are not finite numbers.
    """
    path = Path(path)
    return dataset_of(_npz_columns(path, Selection(target)), path)


def _npz_columns(path: Path, wanted: Selection) -> Columns:
    try:
        arrays = read_arrays(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check the path.") from error
    if "X" not in arrays:
        raise InputError(f"{path} contains the arrays {', '.join(arrays) or 'none'}; expected X (and y).")
    X = check_X(arrays["X"], name=f"{path.name}: X")
    given = arrays.get("feature_names", feature_names_of(arrays["X"]))
    named = given is not None
    names = [str(n) for n in np.ravel(given)] if given is not None else list(default_names(X.shape[1]))
    if len(names) != X.shape[1]:
        raise InputError(f"{path}: {len(names)} feature_names for {X.shape[1]} columns of X; expected one per column.")
    refuse_repeated(names, str(path))
    target = wanted.target
    key = target if isinstance(target, str) else "y"
    if key in arrays and isinstance(target, str | None):  # beside X, of which every column may be a feature
        y = _npz_target(arrays[key], X.shape[0], key, path) if wanted.labelled else None
        features = tuple(names) if wanted.features is None else wanted.features
        places = match_columns(names if named else None, X.shape[1], features, f"{path}: X")
        return columns_of(X[:, places], y, names, places, key)
    if target is None and wanted.labelled:
        raise InputError(f"{path} has no array y; name another one, or a column of X, by target=.")
    places, at = wanted.split(names, path, named=named)
    y = None if at is None else X[:, at].copy()
    return columns_of(X[:, places], y, names, places, None if at is None else names[at])


def _npz_target(y: Array, n_rows: int, key: str, path: Path) -> Array:
    if y.shape != (n_rows,):
        raise InputError(f"{path}: {key} has shape {y.shape}; expected ({n_rows},), one entry for each row of X.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise InputError(
            f"{path}: {key} is {y[row]} at row {row}; expected finite numbers: drop the row or fill it in."
        )
    if y.dtype.kind not in "biufU":
        raise InputError(f"{path}: {key} has type {y.dtype}; expected numbers or text labels.")
    return y


def read_parquet(path: str | Path, target: str | int | None = None) -> Dataset:
    """Read a Parquet file: numeric, Boolean or text features with gaps, numeric or text target.  Needs pyarrow.

    What the metadata of pandas call an index is no feature; as a target it can be named.

    Raises
    ------
    InputError
        pyarrow is not installed; a feature of dates, bytes or nested values (named by column); no such target.
    FormatError
        Not a Parquet file, or damaged.
    """
    path = Path(path)
    return dataset_of(_parquet_columns(path, Selection(target)), path)


def _parquet_columns(path: Path, wanted: Selection) -> Columns:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(f"{path}: reading Parquet needs pyarrow; install it with: pip install pyarrow") from error
    arrow = importlib.import_module("pyarrow")
    try:
        refuse_repeated(parquet.read_schema(path).names, str(path))
        table = parquet.read_table(path)
        table.validate(full=True)  # text that is no UTF-8, offsets out of range
    except (arrow.ArrowException, UnicodeDecodeError) as error:  # the latter: names that are no UTF-8
        raise FormatError(
            f"{path} cannot be read as Parquet ({error}); the file is damaged or of another format."
        ) from error
    except OSError as error:
        raise FormatError(f"{path} cannot be read as Parquet ({error}).") from error
    names = [str(n) for n in table.column_names]
    if table.num_rows == 0 or len(names) < 1 + wanted.labelled:
        raise FormatError(f"{path}: {table.num_rows} rows, {len(names)} columns; expected rows, features and a target.")
    places, at = wanted.split(names, path, index=_index_columns(table, names))
    columns = [_parquet_feature(table.column(i), names[i], path, wanted) for i in places]
    plain = all(column.dtype.kind == "f" and not np.isnan(column).any() for column in columns)
    X = np.column_stack(columns) if plain else records(columns, [names[i] for i in places])
    y = None if at is None else _parquet_target(table.column(at).to_pylist(), names[at], path)
    return columns_of(X, y, names, places, None if at is None else names[at])


def _index_columns(table: Any, names: list[str]) -> set[int]:
    """Columns that pandas wrote as the index of its frame, by its metadata or by the name it gives."""
    try:
        stored = (table.schema.pandas_metadata or {}).get("index_columns", [])
    except ValueError:  # metadata that are no JSON
        stored = []
    index = {name for name in stored if isinstance(name, str)}  # a RangeIndex is a dictionary and no column
    return {i for i, name in enumerate(names) if name in index or re.fullmatch(r"__index_level_\d+__", name)}


def _parquet_feature(column: Any, name: str, path: Path, wanted: Selection) -> Array:
    """One Arrow column as float64, or where it has text or gaps, which may be, as objects with None for gaps."""
    if column.null_count == 0:
        values = column.to_numpy()
        if values.dtype.kind in "biuf" and np.isfinite(values).all():
            return np.asarray(values, np.float64)
    if wanted.text is None:
        return _parquet_column(column.to_pylist(), name, path)
    values = np.array([*column.to_pylist(), None], dtype=object)[:-1]
    sort, example = sort_of(values)
    refuse(sort, example, name, str(path))
    return numbers(values, name, str(path)) if sort in ("number", "empty") else values


def _parquet_column(values: list[Any], column: str, path: Path) -> Array:
    for row, value in enumerate(values):
        place = f"{path}, row {row}, column {column!r}"
        if value is None:
            raise InputError(f"{place}: the value is missing; fill it in or drop the row.")
        if not isinstance(value, Real):
            raise InputError(f"{place}: {value!r} is not a number; encode text, dates and categories as numbers first.")
        if not math.isfinite(value):
            raise InputError(f"{place}: the value is {value!r}; features must be finite numbers.")
    return np.array(values, dtype=np.float64)


def _parquet_target(values: list[Any], column: str, path: Path) -> Array:
    missing = next((row for row, v in enumerate(values) if v is None or v != v), None)
    if missing is not None:
        raise InputError(f"{path}, row {missing}: the target {column!r} is missing; drop the row or fill it in.")
    if any(all(isinstance(v, kind) for v in values) for kind in (str, int)):
        return np.array(values)
    return _parquet_column(values, column, path)
