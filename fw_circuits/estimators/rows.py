"""Labels, weights and repeated rows, as the estimators hand them on to the solver."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import _check_sample_weight

from fw_circuits._tables import is_missing
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_sample_weight
from fw_circuits.exceptions import InputError


def merge_rows(X: Floats, y: Array, weight: Floats | None) -> tuple[Floats, Array, Floats | None]:
    """Distinct rows in sorted order with their weights added, those of weight 0 left out.

    Parameters are those of :meth:`CircuitRegressor.fit`, as arrays.  A row of weight 3 and three rows are then the same
    problem to the last bit: where several optima tie, the same one is found.

    Examples
    --------
    >>> import numpy as np
    >>> merge_rows(np.array([[1.0], [0.0], [1.0], [5.0]]), np.array([1, 0, 1, 1]), np.array([1.0, 1.0, 1.0, 0.0]))
    (array([[0.],
           [1.]]), array([0, 1]), array([1., 2.]))
    """
    counts = np.ones(len(y)) if weight is None else weight
    keep = counts > 0.0
    if not keep.any():
        return X, y, weight
    X, y, counts = X[keep], y[keep], counts[keep]
    codes = np.unique(y, return_inverse=True)[1]
    _, first, group = np.unique(np.column_stack([X, codes]), axis=0, return_index=True, return_inverse=True)
    total: Floats = np.bincount(group.ravel(), weights=counts).astype(np.float64)
    uniform = bool(np.all(total == total[0]))
    return X[first], y[first], None if uniform else total


def row_weights(sample_weight: Any, X: Floats) -> Floats | None:
    """Checked weights of the rows, none of them negative and with a finite sum; None where none are given."""
    if sample_weight is None:
        return None
    weight: Floats = _check_sample_weight(sample_weight, X, dtype=np.float64)
    check_sample_weight(weight, len(weight))
    with np.errstate(over="ignore"):
        return weight if np.isfinite(weight.sum()) else weight / weight.max() / len(weight)


def comparable_labels(y: Any) -> Any:
    """Labels as an array of one kind that scikit-learn compares: text, whole numbers, booleans, NumPy's dates.

    Everything else is left to the checks of scikit-learn.

    Examples
    --------
    >>> comparable_labels(np.array([np.int64(3), 7], dtype=object))
    array([3, 7])
    """
    if y is None or scipy.sparse.issparse(y):
        return y
    try:
        values = np.asarray(y)
    except ValueError:  # rows of unequal length
        return y
    if values.dtype.kind not in "OTS":
        return values
    flat = values.ravel().tolist()
    for row, label in enumerate(flat):
        if is_missing(label):
            raise InputError(f"y contains {label!r} (missing) at row {row}; drop those rows or label them.")
    for kind, dtype in ((str, object), (bool | np.bool_, bool), (numbers.Integral, int), (numbers.Real, float)):
        if all(isinstance(label, kind) for label in flat):
            try:
                return values.astype(dtype)
            except OverflowError:
                break
    kinds = sorted({type(label).__name__ for label in flat})
    odd = next((label for label in flat if not isinstance(label, str | numbers.Real)), flat[0])
    raise InputError(
        f"y contains labels of the type{'s' * (len(kinds) > 1)} {', '.join(kinds)}, for example {odd!r}; "
        "scikit-learn's splits and scores know text, whole numbers of 64 bits, booleans and NumPy's dates, one kind at "
        "a time: convert the labels, for example to text (bytes: label.decode(); other objects: str(label))."
    )


def with_class_weight(class_weight: Any, classes: Array, codes: Array, weight: Floats | None) -> Floats | None:
    """Row weights times the weights of their classes; ``codes`` index ``classes``.

    "balanced" gives all classes the same total weight; a row of weight 3 counts as three rows.

    Examples
    --------
    >>> with_class_weight("balanced", np.array(["a", "b"]), np.array([0, 0, 0, 1]), None).round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    """
    if class_weight is None:
        return weight
    rows = np.ones(len(codes)) if weight is None else weight
    if isinstance(class_weight, str) and class_weight == "balanced":
        totals = np.bincount(codes, weights=rows, minlength=len(classes))
        balanced: Floats = rows * (totals.sum() / (len(classes) * totals))[codes]
        return balanced
    wanted = f"class_weight is {class_weight!r}; expected None, 'balanced', or a dict from label to weight >= 0"
    if not isinstance(class_weight, dict):
        raise InputError(f"{wanted}.")
    for value in class_weight.values():
        if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0.0 <= float(value) < np.inf:
            raise InputError(f"{wanted}; {value!r} is no such weight.")
    try:
        factors = compute_class_weight(class_weight, classes=classes, y=classes[codes])
    except ValueError as error:
        raise InputError(f"{wanted}, of the labels {classes.tolist()}: {error}") from error
    product: Floats = rows * factors[codes]
    return product
