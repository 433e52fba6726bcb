"""Checks at the door: every public entry calls these, and nothing behind them checks again.

A table becomes one float64 array, a target a float64 vector (logistic: -1/+1 and the two labels behind it),
weights sum to 1.  Not checked here: whether the columns make sense, and whether X and y belong together.
"""

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse

from fw_circuits._sparse import densify
from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError

LOSSES = ("squared", "logistic", "huber")
METHODS = ("vanilla", "away", "pairwise", "corrective")
MAX_LEVEL = 16
#: Targets beyond these have squares that overflow, or vanish against their sums.
SMALLEST_TARGET, LARGEST_TARGET = 1e-140, 1e140
_NUMBER = (numbers.Real, np.bool_)  # NumPy does not register its booleans as numbers


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "to_numpy") and getattr(X, "ndim", 2) == 2


def feature_names_of(X: Any) -> tuple[str, ...] | None:
    """Column names of a data frame; None for arrays and for frames whose names are not all strings.

    Examples
    --------
    >>> feature_names_of(np.zeros((2, 3))) is None
    True
    """
    if not _is_frame(X):
        return None
    names = tuple(X.columns)
    return tuple(map(str, names)) if names and all(isinstance(n, str) for n in names) else None


def _check_frame_columns(X: Any, name: str) -> None:
    """Refuse text, categories and dates in a frame by column name, and names that occur twice."""
    names = list(X.columns)
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(
            f"{name}: column name {twice!r} occurs twice; rename the columns so that each is distinct."
        )
    for column, dtype in zip(X.columns, X.dtypes, strict=True):
        text = str(dtype).lower()
        if text.startswith(("int", "uint", "float", "bool", "double", "halffloat", "sparse")):
            continue
        if text == "object":
            values = X[column].to_numpy()
            bad = [v for v in values if not (v is None or isinstance(v, _NUMBER))]
            if not bad:
                continue
            text = f"object, for example {bad[0]!r}"
        raise InputError(
            f"{name}: column {column!r} is not numeric (type {text}); every feature must be a number: "
            "encode it (for example one 0/1 column a category) or leave it out."
        )


def _objects_to_float(values: Array, name: str) -> Floats:
    """Object array of plain numbers -> float64; None becomes NaN; anything else is refused by its place."""
    for place, value in np.ndenumerate(values):
        if value is not None and not isinstance(value, _NUMBER):
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
        f"{name} holds {what} at {_where(place)} ({int((~finite).sum())} such entries in all); expected "
        "finite numbers: drop those rows or fill them in (for example with sklearn.impute.SimpleImputer)."
    )


def check_X(X: Any, *, n_features: int | None = None, name: str = "X") -> Floats:
    """A table as a finite float64 array of shape (N, d), C-contiguous, N >= 1 and d >= 1.

    Parameters
    ----------
    X : array-like or data frame
        Numbers or booleans, dense or sparse.  Objects are accepted where each one is a number.
    n_features : int, optional
        The number of columns that the model was fitted with.
    name : str
        What to call the table in messages.

    Raises
    ------
    InputError
        Complex, text or object data; NaN or infinity; not two axes; no rows; no columns; wrong n_features; a
        sparse table too large to be dense.

    Examples
    --------
    >>> check_X([[0, 1], [1, 1]]).dtype
    dtype('float64')
    """
    X = densify(X, name)
    if _is_frame(X):
        _check_frame_columns(X, name)
        values = X.to_numpy()
        if values.dtype.kind not in "biuf":  # mixed or nullable columns
            values = (
                np.column_stack([_frame_column(X[c], name) for c in X.columns]) if len(X.columns) else values
            )
    else:
        try:
            values = np.asarray(X)
        except ValueError as error:
            raise InputError(
                f"{name} is not a table: rows of unequal length ({error}); expected shape (N, d)."
            ) from error
    if np.ma.isMaskedArray(X) and np.ma.getmaskarray(X).any():
        raise InputError(
            f"{name} is a masked array with masked entries; fill them in or drop those rows first."
        )
    if values.ndim != 2:
        hint = f"Reshape your data: {name}.reshape(-1, 1) for one feature, {name}.reshape(1, -1) for one row."
        raise InputError(
            f"{name} has {values.ndim} axes (shape {values.shape}); Expected 2D array of shape (N, d). "
            + (hint if values.ndim < 2 else "Flatten the trailing axes into columns.")
        )
    if values.shape[0] == 0:
        raise InputError(f"{name} has 0 sample(s) (shape={values.shape}) while a minimum of 1 is required.")
    if values.shape[1] == 0:
        raise InputError(f"{name} has 0 feature(s) (shape={values.shape}) while a minimum of 1 is required.")
    if n_features is not None and values.shape[1] != n_features:
        raise InputError(
            f"{name} has {values.shape[1]} features, but the model is expecting {n_features} features as "
            "input: pass the same columns in the same order as in the fit."
        )
    floats = _to_float(values, name)
    _refuse_not_finite(floats, name)
    return np.ascontiguousarray(floats)


def _frame_column(column: Any, name: str) -> Floats:
    values = column.to_numpy()
    if values.dtype.kind != "O":
        return _to_float(values, name)
    return np.array([_number_or_nan(v) for v in values], dtype=np.float64)


def _number_or_nan(value: Any) -> float:
    return float(value) if isinstance(value, _NUMBER) else math.nan


def is_boolean(X: Any) -> bool:
    """Whether every entry is 0 or 1 (also -0.0, True and False).

    Examples
    --------
    >>> is_boolean([[0, 1], [True, 0.0]]), is_boolean([[0, 2]])
    (True, False)
    """
    values = np.asarray(X)
    return values.dtype.kind == "b" or bool(np.all((values == 0) | (values == 1)))


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
            + (
                f"pass np.ravel({name})."
                if values.size == n_rows
                else "one target at a time, pass one column."
            )
        )
    if values.shape[0] != n_rows:
        raise InputError(
            f"{name} has {values.shape[0]} entries but X has {n_rows} rows; expected one entry a row."
        )
    return values


def check_target(y: Any, n_rows: int, loss: str) -> tuple[Floats, Array | None]:
    """The target as the solver wants it.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Numbers for "squared" and "huber"; exactly two labels of any one kind for "logistic".
    n_rows : int
        Rows of X.
    loss : {"squared", "huber", "logistic"}
        Decides which of the two.

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
        return _two_labels(values)
    if values.dtype.kind not in "biufcO":
        raise InputError(
            f"y holds text or dates (type {values.dtype}, for example {values.tolist()[0]!r}); loss {loss!r} "
            "needs numbers: use loss='logistic' for two labels, CircuitClassifier for more."
        )
    floats = _to_float(values, "y")
    _refuse_not_finite(floats, "y")
    largest = float(np.abs(floats).max(initial=0.0))
    if largest and not SMALLEST_TARGET <= largest <= LARGEST_TARGET:
        raise InputError(
            f"the largest |y| is {largest:.3g}, whose square is beyond the range of numbers; expected "
            f"{SMALLEST_TARGET:g} to {LARGEST_TARGET:g}: divide y by its scale."
        )
    return floats.copy() if floats is values else np.ascontiguousarray(floats), None


def is_missing(value: Any) -> bool:
    """None, NaN, NaT, and NA of pandas (whose comparison has no truth value)."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True


def _two_labels(values: Array) -> tuple[Floats, Array]:
    if values.dtype.kind == "c":
        raise InputError("y: Complex data not supported; expected two labels.")
    if values.dtype.kind == "O":
        missing = np.array([is_missing(v) for v in values], dtype=bool)
    else:
        missing = values != values
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise InputError(f"y holds {values[row]!r} (missing) at row {row}; drop those rows or label them.")
    try:
        classes, codes = np.unique(values, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(v).__name__ for v in values})
        raise InputError(
            f"y mixes labels of the types {', '.join(kinds)}; expected two labels of one type."
        ) from error
    if len(classes) == 1:
        raise InputError(
            f"y holds a single label, {classes.tolist()[0]!r}; loss 'logistic' needs two labels (two classes): add "
            "rows of the other label, or use loss='squared'."
        )
    if len(classes) > 2:
        shown = ", ".join(repr(c) for c in classes[:4].tolist()) + (", ..." if len(classes) > 4 else "")
        regression = values.dtype.kind == "f" and not np.all(np.mod(values, 1) == 0)
        raise InputError(
            f"y holds {len(classes)} different values ({shown}); loss 'logistic' needs exactly two labels: "
            + (
                "y looks like a regression target, use loss='squared' (CircuitRegressor)."
                if regression
                else "use CircuitClassifier for several classes, or loss='squared' if y is a quantity."
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
            f"sample_weight is {values[row]!r} at row {row}; expected weights >= 0: use 0 to leave a row out."
        )
    if not values.any():
        raise InputError("sample_weight is zero in every row; expected at least one positive weight.")
    scaled = values / values.max()  # first, so that the sum cannot overflow
    return scaled / scaled.sum()


def _real_problem(name: str, value: Any, *, low: float, open_low: bool, finite: bool = True) -> str | None:
    sign = ">" if open_low else ">="
    wanted = f"{name} is {value!r}; expected a {'finite ' if finite else ''}number {sign} {low:g}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return wanted
    number = float(value)
    inside = number > low if open_low else number >= low
    return None if inside and (math.isfinite(number) or not finite) else wanted


def _is_int(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


def _levels_problem(levels: Any) -> str | None:
    wanted = f"levels is {levels!r}; expected distinct whole numbers from 1 to {MAX_LEVEL}, such as (1, 2, 3)"
    if not isinstance(levels, tuple | list) or not levels:
        return wanted
    good = all(_is_int(k) and 1 <= k <= MAX_LEVEL for k in levels) and len(set(levels)) == len(levels)
    return None if good else wanted


def check_parameters(
    *,
    gamma: Any = 3.0,
    tau: Any = None,
    lam: Any = None,
    eps: Any = None,
    tol: Any = 1e-3,
    max_iter: Any = 500,
    time_limit: Any = None,
    loss: Any = "squared",
    method: Any = "corrective",
    levels: Any = None,
    max_gates: Any = None,
    n_jobs: Any = None,
) -> None:
    """Check the settings of a solve, all at once, before any arithmetic.

    Ranges: gamma > 0 (a warning up to 2: theory section 3); at most one of tau >= 0, lam > 0, eps > 0; tol >=
    0; max_iter >= 1; time_limit > 0 seconds or None; levels distinct in 1..16 or None; max_gates >= 0 or
    None; n_jobs a whole number other than 0, or None.

    Raises
    ------
    InputError
        One error that lists everything that is wrong.

    Examples
    --------
    >>> check_parameters(gamma=-1.0, loss="hinge")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: 2 settings cannot be used:
    - gamma is -1.0; expected a finite number > 0 (and > 2 for the HTMC statements)
    - loss is 'hinge'; known losses: squared, logistic, huber
    """
    problems: list[str | None] = []
    gamma_problem = _real_problem("gamma", gamma, low=0, open_low=True)
    problems.append(gamma_problem and gamma_problem + " (and > 2 for the HTMC statements)")
    given = [f"{n}={v!r}" for n, v in (("tau", tau), ("lam", lam), ("eps", eps)) if v is not None]
    if len(given) > 1:
        problems.append(f"{' and '.join(given)} were given; expected at most one of tau, lam and eps")
    for name, value, low, open_low, finite in (
        ("tau", tau, 0, False, True),
        ("lam", lam, 0, True, True),
        ("eps", eps, 0, True, True),
        ("time_limit", time_limit, 0, True, False),
    ):
        if value is not None:
            problems.append(_real_problem(name, value, low=low, open_low=open_low, finite=finite))
    problems.append(_real_problem("tol", tol, low=0, open_low=False))
    if not _is_int(max_iter) or max_iter < 1:
        problems.append(f"max_iter is {max_iter!r}; expected a whole number >= 1")
    if loss not in LOSSES:
        problems.append(f"loss is {loss!r}; known losses: {', '.join(LOSSES)}")
    if method not in METHODS:
        problems.append(f"method is {method!r}; known methods: {', '.join(METHODS)}")
    if levels is not None:
        problems.append(_levels_problem(levels))
    if max_gates is not None and (not _is_int(max_gates) or max_gates < 0):
        problems.append(
            f"max_gates is {max_gates!r}; expected a whole number >= 0, or None for the oracle's own limit"
        )
    if n_jobs is not None and (not _is_int(n_jobs) or n_jobs == 0):
        problems.append(f"n_jobs is {n_jobs!r}; expected a number of threads, -1 for all of them, or None")
    wrong = [p for p in problems if p]
    if wrong:
        head = "1 setting" if len(wrong) == 1 else f"{len(wrong)} settings"
        raise InputError(f"{head} cannot be used:\n" + "\n".join(f"- {p}" for p in wrong))
    if gamma <= 2:
        warnings.warn(
            f"gamma is {gamma!r}, not above 2: the gauge is still a norm, but the statements about HTMC "
            "norms and circuit size do not apply; use gamma > 2 for them.",
            UserWarning,
            stacklevel=3,
        )


def check_penalties(lams: Any, n_lams: Any, ratio: Any, name: str = "lams") -> None:
    """Check the penalties of a path: the list ``lams`` if there is one, else how many and down to which ratio.

    Raises
    ------
    InputError
        An empty list or one with anything but finite numbers > 0; n_lams not a whole number >= 1; ratio not in (0, 1).

    Examples
    --------
    >>> check_penalties([0.1, 0.0], 20, 1e-3)
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: lams is [0.1, 0.0]; expected one or more finite numbers > 0.
    """
    if lams is not None:
        good = np.ndim(lams) == 1 and len(lams) > 0
        if not good or any(_real_problem(name, v, low=0, open_low=True) for v in lams):
            shown = lams.tolist() if isinstance(lams, np.ndarray) else lams
            raise InputError(f"{name} is {shown!r}; expected one or more finite numbers > 0.")
    elif not _is_int(n_lams) or n_lams < 1 or _real_problem("", ratio, low=0, open_low=True) or ratio >= 1:
        raise InputError(
            f"n_lams={n_lams!r}, ratio={ratio!r}; expected a whole number n_lams >= 1 and 0 < ratio < 1."
        )
