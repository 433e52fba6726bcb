"""Checks of tables, targets and weights: public functions call these, internal ones rely on it.

A table becomes one float64 array, a target a float64 vector (logistic: -1/+1 and the two labels behind it),
weights sum to 1.  Not checked here: whether the columns make sense, and whether X and y belong together.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse

from fw_circuits._labels import plain_labels
from fw_circuits._sparse import densify
from fw_circuits._tables import NUMBER, as_array, default_names, is_missing, match_columns
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.exceptions import InputError

#: Targets beyond these have squares that overflow, or vanish against their sums.
SMALLEST_TARGET, LARGEST_TARGET = 1e-140, 1e140


def _objects_to_float(values: Array, name: str) -> Floats:
    """Object array of plain numbers -> float64; None becomes NaN; anything else is refused by its place."""
    for place, value in np.ndenumerate(values):
        if value is not None and not isinstance(value, NUMBER):
            raise InputError(
                f"{name}: entry {_where(place)} is {value!r} of type {type(value).__name__}; "
                "expected numbers only: encode text and categories as numbers first."
            )
    return values.astype(np.float64)


def _where(place: Sequence[int]) -> str:
    words = ("row", "column", "axis 2", "axis 3")
    return ", ".join(f"{word} {int(i)}" for word, i in zip(words, place, strict=False))


def _to_float(values: Array, name: str) -> Floats:
    """Any array -> float64, refusing what is not a table of real numbers."""
    if values.dtype.kind == "c":
        raise InputError(
            f"{name}: Complex data not supported (type {values.dtype}); pass real and imaginary parts apart."
        )
    if values.dtype.kind == "O":
        return _objects_to_float(values, name)
    if values.dtype.kind not in "biuf":
        example = f", for example {values.flat[0]!r}" if values.size else ""
        raise InputError(
            f"{name} has type {values.dtype}{example}; expected numbers: encode text, categories and dates "
            "as numbers first."
        )
    return values.astype(np.float64, copy=False)


def _refuse_not_finite(values: Floats, name: str) -> None:
    finite = np.isfinite(values)
    if finite.all():
        return
    place = tuple(np.argwhere(~finite)[0])
    what = "NaN" if np.isnan(values[place]) else f"{values[place]:+} (infinity)"
    raise InputError(
        f"{name} contains {what} at {_where(place)} ({int((~finite).sum())} such entries in all); expected "
        "finite numbers: drop those rows or fill them in (for example with sklearn.impute.SimpleImputer)."
    )


def check_X(
    X: Any, *, n_features: int | None = None, name: str = "X", names: Sequence[str] | None = None, compact: bool = False
) -> Floats:
    """A table as a finite float64 array of shape (N, d), C-contiguous, N >= 1 and d >= 1.

    Parameters
    ----------
    X : array-like or data frame
        Numbers or booleans, dense or sparse.  Objects are accepted where each one is a number.
    n_features : int, optional
        The number of columns that the model was fitted with.
    name : str
        What to call the table in messages.
    names : sequence of str, optional
        The columns that the model was fitted with: a table with names gives these, in this order, whatever else it
        has; one without names must have as many columns.
    compact : bool
        Keep a table of 0 and 1 in bytes (bool or uint8) as uint8, an eighth of the size: for callers that look at it
        in blocks.

    Raises
    ------
    InputError
        Complex, text or object data; NaN or infinity; not two axes; no rows; no columns; wrong n_features; columns
        missing by name; a sparse table too large to be dense.

    Examples
    --------
    >>> check_X([[0, 1], [1, 1]]).dtype
    dtype('float64')
    """
    X = densify(X, name)
    try:
        values = as_array(X, names or None, name)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{name} is not a table: rows of unequal length ({error}); expected shape (N, d).") from error
    if np.ma.isMaskedArray(X) and np.ma.getmaskarray(X).any():
        raise InputError(f"{name} is a masked array with masked entries; fill them in or drop those rows first.")
    if values.ndim != 2:
        hint = f"Reshape your data: {name}.reshape(-1, 1) for one feature, {name}.reshape(1, -1) for one row."
        raise InputError(
            f"{name} has {values.ndim} axes (shape {values.shape}); Expected 2D array of shape (N, d). "
            + (hint if values.ndim < 2 else "Flatten the trailing axes into columns.")
        )
    for size, unit in zip(values.shape, ("sample", "feature"), strict=True):
        if size == 0:
            raise InputError(f"{name} has 0 {unit}(s) (shape={values.shape}) while a minimum of 1 is required.")
    if n_features is not None or names:
        match_columns(None, values.shape[1], names or default_names(n_features or 0), name)
    if compact and (values.dtype == bool or (values.dtype == np.uint8 and values.max() <= 1)):
        return np.ascontiguousarray(values).view(np.uint8)
    floats = _to_float(values, name)
    _refuse_not_finite(floats, name)
    return np.ascontiguousarray(floats)


def is_boolean(X: Any) -> bool:
    """Whether every entry is 0 or 1 (also -0.0, True and False).

    Examples
    --------
    >>> is_boolean([[0, 1], [True, 0.0]]), is_boolean([[0, 2]])
    (True, False)
    """
    values = np.asarray(X)
    if values.dtype.kind in "bu":
        return bool(values.max(initial=0) <= 1)
    return bool(np.all((values == 0) | (values == 1)))


def _vector(y: Any, n_rows: int, name: str) -> Array:
    if scipy.sparse.issparse(y):
        raise InputError(f"{name} is a sparse matrix; expected a vector: pass {name}.toarray().ravel().")
    try:
        values = np.asarray(y)
    except ValueError as error:
        raise InputError(f"{name} is not a vector: entries of unequal length ({error}).") from error
    if values.ndim != 1:
        raise InputError(
            f"{name} has shape {values.shape}; expected a vector of shape ({n_rows},): "
            + (f"pass np.ravel({name})." if values.size == n_rows else "one target at a time, pass one column.")
        )
    if values.shape[0] != n_rows:
        raise InputError(f"{name} has {values.shape[0]} entries but X has {n_rows} rows; expected one entry per row.")
    return values


def check_target(y: Any, n_rows: int, loss: str, weights: Floats | None = None) -> tuple[Floats, Array | None]:
    """Encode the target for the solver.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Numbers for "squared" and "huber"; exactly two labels of any one kind for "logistic".
    n_rows : int
        Rows of X.
    loss : {"squared", "huber", "logistic"}
        Decides which of the two.
    weights : array of shape (n_rows,), optional
        Labels of rows of weight 0 do not count: they may be others (and come back as -1).

    Returns
    -------
    y : float64 array of shape (n_rows,)
        Finite numbers; for "logistic" -1 for the first label in sorted order and +1 for the second.
    classes : array of shape (2,) or None
        The two labels, sorted; None for the other losses.

    Raises
    ------
    InputError
        Wrong shape, missing entries, text for a numeric loss, numbers whose squares are out of range, not exactly
        two labels.

    Examples
    --------
    >>> check_target(["no", "yes", "no"], 3, "logistic")
    (array([-1.,  1., -1.]), array(['no', 'yes'], dtype='<U3'))
    """
    values = _vector(y, n_rows, "y")
    if loss == "logistic":
        counted = np.ones(n_rows, dtype=bool) if weights is None else weights > 0.0
        signs = np.full(n_rows, -1.0)
        signs[counted], classes = _two_labels(values[counted], "" if counted.all() else " on its rows of weight > 0")
        return signs, classes
    if values.dtype.kind not in "biufcO":
        raise InputError(
            f"y contains text or dates (type {values.dtype}, for example {values.tolist()[0]!r}); loss {loss!r} "
            "needs numbers: use loss='logistic' for two labels, 'multinomial' or CircuitClassifier for more."
        )
    floats = _to_float(values, "y")
    _refuse_not_finite(floats, "y")
    largest = float(np.abs(floats).max(initial=0.0))
    if largest and not SMALLEST_TARGET <= largest <= LARGEST_TARGET:
        raise InputError(
            f"the largest |y| is {largest:.3g}, whose square overflows or underflows float64; expected "
            f"{SMALLEST_TARGET:g} to {LARGEST_TARGET:g}: divide y by its scale."
        )
    return floats.copy() if floats is values else np.ascontiguousarray(floats), None


def check_labels(y: Any, n_rows: int, weights: Floats | None = None) -> tuple[Ints, Array]:
    """Labels of two or more classes as whole numbers from 0, and the classes, sorted.

    Labels of rows of weight 0 do not count: they may be others, and come back as -1.

    Raises
    ------
    InputError
        Wrong shape, missing entries, labels of several types, a single one, or numbers that are no labels.

    Examples
    --------
    >>> check_labels(["b", "c", "a"], 3)
    (array([1, 2, 0]), array(['a', 'b', 'c'], dtype='<U1'))
    """
    values = _vector(y, n_rows, "y")
    counted = np.ones(n_rows, dtype=bool) if weights is None else weights > 0.0
    codes = np.full(n_rows, -1, dtype=np.int64)
    codes[counted], classes = _labels(values[counted])
    if len(classes) < 2:
        raise InputError(
            f"y contains a single label, {classes.tolist()[0]!r}; loss 'multinomial' needs two or more labels "
            "(classes): add rows of other labels."
        )
    if len(classes) > 2 and classes.dtype.kind == "f" and not np.all(np.mod(classes, 1) == 0):
        raise InputError(
            f"y contains {len(classes)} different numbers that are not whole; loss 'multinomial' needs labels: y looks "
            "like a regression target, use loss='squared' (CircuitRegressor)."
        )
    return codes, classes


def _labels(values: Array) -> tuple[Ints, Array]:
    """Codes and sorted classes of labels of one type, none of them missing."""
    if values.dtype.kind == "c":
        raise InputError("y: Complex data not supported; expected labels.")
    if values.dtype.kind == "T":  # StringDType: no file contains it
        values = values.astype(object)
    if values.dtype.kind == "O":
        missing = np.array([is_missing(v) for v in values], dtype=bool)
    else:
        missing = values != values
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise InputError(f"y contains {values[row]!r} (missing) at row {row}; drop those rows or label them.")
    values = plain_labels(values)
    try:
        classes, codes = np.unique(values, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(v).__name__ for v in values})
        raise InputError(f"y mixes labels of the types {', '.join(kinds)}; expected labels of one type.") from error
    return codes, classes


def _two_labels(values: Array, where: str = "") -> tuple[Floats, Array]:
    codes, classes = _labels(values)
    if len(classes) == 1:
        raise InputError(
            f"y contains a single label{where}, {classes.tolist()[0]!r}; loss 'logistic' needs two labels "
            "(two classes): add rows of the other label, or use loss='squared'."
        )
    if len(classes) > 2:
        shown = ", ".join(repr(c) for c in classes[:4].tolist()) + (", ..." if len(classes) > 4 else "")
        regression = classes.dtype.kind == "f" and not np.all(np.mod(classes, 1) == 0)
        raise InputError(
            f"y contains {len(classes)} different values{where} ({shown}); loss 'logistic' needs exactly two labels: "
            + (
                "y looks like a regression target, use loss='squared' (CircuitRegressor)."
                if regression
                else "use CircuitClassifier or loss='multinomial' for several classes, or 'squared' if y is a quantity."
            )
        )
    return np.where(codes == 1, 1.0, -1.0), classes


def check_sample_weight(w: Any, n_rows: int) -> Floats:
    """Row weights, nonnegative, scaled to sum 1; None gives 1 / n_rows everywhere.  Zeros are allowed.

    Raises
    ------
    InputError
        Wrong length, NaN or infinity, a negative weight, or nothing but zeros.

    Examples
    --------
    >>> check_sample_weight([1, 0, 3], 3)
    array([0.25, 0.  , 0.75])
    """
    if w is None:
        return np.full(n_rows, 1.0 / n_rows)
    values = _to_float(_vector(w, n_rows, "sample_weight"), "sample_weight")
    _refuse_not_finite(values, "sample_weight")
    if values.min() < 0:
        row = int(np.argmin(values))
        raise InputError(
            f"sample_weight is {float(values[row])!r} at row {row}; expected weights >= 0: use 0 to leave a row out."
        )
    if not values.any():
        raise InputError("sample_weight is zero in every row; expected at least one positive weight.")
    scaled: Floats = values / values.max()  # first, so that the sum cannot overflow
    scaled /= scaled.sum()
    return scaled
