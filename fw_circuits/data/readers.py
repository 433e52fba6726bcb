"""``read_table``: one door for every file format, by ending; and the readers of NPZ and Parquet."""

import importlib
import math
import numbers
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._typing import Array
from fw_circuits._validation import check_X
from fw_circuits.data.archive import read_arrays
from fw_circuits.data.dataset import Dataset
from fw_circuits.data.pla import read_pla
from fw_circuits.data.text import read_csv, target_index
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


def read_table(path: str | Path, target: str | int | None = None) -> Dataset:
    """Read a data set; the ending of the file name decides how.

    Parameters
    ----------
    path : str or Path
        .csv .tsv .txt (delimited text), .npz (arrays X and y), .parquet .pq (needs pyarrow), .pla (espresso).
    target : str, int or None
        Name or index of the target column; the last column (NPZ: the array y) if left out.

    Raises
    ------
    InputError
        No such file, an unknown ending, data that cannot be used as it is.
    FormatError
        A damaged file.

    Examples
    --------
    >>> read_table("table.xlsx")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: table.xlsx: unknown ending ...; known: .csv .tsv .txt .npz ...
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in READERS:
        raise InputError(f"{path}: unknown ending {ending!r}; known: {' '.join(READERS)}.")
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}; expected a file: check the path.")
    if path.stat().st_size == 0:
        raise FormatError(f"{path} is empty (0 bytes); expected {READERS[ending]}.")
    match ending:
        case ".npz":
            return read_npz(path, target)
        case ".parquet" | ".pq":
            return read_parquet(path, target)
        case ".pla":
            return read_pla(path, target)
        case ".tsv":
            return read_csv(path, target, delimiter="\t")
        case _:
            return read_csv(path, target)


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
    try:
        arrays = read_arrays(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check the path.") from error
    if "X" not in arrays:
        raise InputError(f"{path} holds the arrays {', '.join(arrays) or 'none'}; expected X (and y).")
    X = check_X(arrays["X"], name=f"{path.name}: X")
    names = [str(n) for n in np.ravel(arrays.get("feature_names", [f"x{i}" for i in range(X.shape[1])]))]
    if len(names) != X.shape[1]:
        raise InputError(
            f"{path}: {len(names)} feature_names for {X.shape[1]} columns of X; expected one a column."
        )
    key = target if isinstance(target, str) else "y"
    text = f"read from {path.name}"
    if key in arrays and not isinstance(target, int):
        return Dataset(X, _npz_target(arrays[key], X.shape[0], key, path), tuple(names), key, path.stem, text)
    if target is None:
        raise InputError(f"{path} has no array y; name another one, or a column of X, by target=.")
    at = target_index(names, target)
    if X.shape[1] < 2:
        raise InputError(
            f"{path}: X has one column, which is the target; expected at least one feature beside it."
        )
    rest = [i for i in range(X.shape[1]) if i != at]
    return Dataset(
        np.ascontiguousarray(X[:, rest]),
        X[:, at].copy(),
        tuple(names[i] for i in rest),
        names[at],
        path.stem,
        text,
    )


def _npz_target(y: Array, n_rows: int, key: str, path: Path) -> Array:
    if y.shape != (n_rows,):
        raise InputError(
            f"{path}: {key} has shape {y.shape}; expected ({n_rows},), one entry for each row of X."
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise InputError(
            f"{path}: {key} is {y[row]} at row {row}; expected finite numbers: drop the row or fill it in."
        )
    if y.dtype.kind not in "biufU":
        raise InputError(f"{path}: {key} has type {y.dtype}; expected numbers or text labels.")
    return y


def read_parquet(path: str | Path, target: str | int | None = None) -> Dataset:
    """Read a Parquet file: numeric or boolean features, numeric or text target.  Needs pyarrow.

    Raises
    ------
    InputError
        pyarrow is not installed; a text feature or missing entry (named by column and row); no such target.
    FormatError
        Not a Parquet file, or damaged.
    """
    path = Path(path)
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(
            f"{path}: reading Parquet needs pyarrow; install it with: pip install pyarrow"
        ) from error
    arrow = importlib.import_module("pyarrow")
    try:
        table = parquet.read_table(path)
        table.validate(full=True)  # text that is no UTF-8, offsets out of range
    except arrow.ArrowException as error:
        raise FormatError(
            f"{path} cannot be read as Parquet ({error}); the file is damaged or of another format."
        ) from error
    except OSError as error:
        raise FormatError(f"{path} cannot be read as Parquet ({error}).") from error
    names = [str(n) for n in table.column_names]
    if table.num_rows == 0 or len(names) < 2:
        raise FormatError(
            f"{path}: {table.num_rows} rows, {len(names)} columns; expected rows, features and a target."
        )
    at = target_index(names, target)
    columns = [_parquet_feature(table.column(i), names[i], path) for i in range(len(names)) if i != at]
    y = _parquet_target(table.column(at).to_pylist(), names[at], path)
    rest = tuple(names[:at] + names[at + 1 :])
    X = np.ascontiguousarray(np.column_stack(columns))
    return Dataset(X, y, rest, names[at], path.stem, f"read from {path.name}")


def _parquet_feature(column: Any, name: str, path: Path) -> Array:
    """One Arrow column as float64; entry by entry only where there is something to complain about."""
    if column.null_count == 0:
        values = column.to_numpy()
        if values.dtype.kind in "biuf" and np.isfinite(values).all():
            return values.astype(np.float64)
    return _parquet_column(column.to_pylist(), name, path)


def _parquet_column(values: list[Any], column: str, path: Path) -> Array:
    for row, value in enumerate(values):
        place = f"{path}, row {row}, column {column!r}"
        if value is None:
            raise InputError(f"{place}: the value is missing; fill it in or drop the row.")
        if not isinstance(value, numbers.Real):
            raise InputError(
                f"{place}: {value!r} is not a number; encode text, dates and categories as numbers first."
            )
        if not math.isfinite(value):
            raise InputError(f"{place}: the value is {value!r}; features must be finite numbers.")
    return np.array(values, dtype=np.float64)


def _parquet_target(values: list[Any], column: str, path: Path) -> Array:
    missing = next((row for row, v in enumerate(values) if v is None or v != v), None)
    if missing is not None:
        raise InputError(
            f"{path}, row {missing}: the target {column!r} is missing; drop the row or fill it in."
        )
    if all(isinstance(v, str) for v in values):
        return np.array(values)
    if all(isinstance(v, int) for v in values):
        return np.array(values)
    return _parquet_column(values, column, path)
