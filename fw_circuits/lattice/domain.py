"""The map from raw units to the unit interval: piecewise linear through a few knots per coordinate.

Knots t_0 < ... < t_q of a coordinate go to 0, 1/q, ..., 1; between them the map is linear and outside it is
constant.
Two knots are the min-max map; more are a rank-like map; a single knot maps the whole line to 0.
"""

import numpy as np
import numpy.typing as npt

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError

Knots = tuple[float, ...]

DOMAINS = ("minmax", "quantile")


def check_matrix(X: npt.ArrayLike, n_features: int | None = None) -> Array:
    """X as a two-dimensional array of finite real numbers; Boolean and integer arrays keep their type.

    Raises
    ------
    InputError
        If X is not a matrix of finite numbers, or has another number of columns than ``n_features``.

    Examples
    --------
    >>> check_matrix([[1, 2]], 2).shape
    (1, 2)
    """
    try:
        X = np.asarray(X)
        if X.dtype.kind in "cmM":
            raise TypeError(f"its type is {X.dtype}")
        if X.dtype.kind not in "buif":
            X = X.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"X is not numeric ({error}); expected a matrix of real numbers.") from None
    if X.ndim != 2:
        raise InputError(
            f"X has shape {X.shape}; expected (rows, features); use reshape(1, -1) for a single row."
        )
    if n_features is not None and X.shape[1] != n_features:
        raise InputError(f"X has {X.shape[1]} features; the lattice expects {n_features}.")
    if X.dtype.kind == "f" and not np.all(np.isfinite(X)):
        raise InputError("X holds NaN or infinity; impute or drop these rows first.")
    return X


def fit_knots(column: Array, domain: str, n_quantiles: int) -> Knots:
    """Knots of one column: its ends, or up to ``n_quantiles`` distinct quantiles including the ends.

    Examples
    --------
    >>> fit_knots(np.array([3.0, 1.0, 2.0, 9.0, 1.0]), "minmax", 4)
    (1.0, 9.0)
    >>> fit_knots(np.array([3.0, 1.0, 2.0, 9.0, 1.0]), "quantile", 3)
    (1.0, 2.0, 9.0)
    """
    column = np.asarray(column, dtype=np.float64)
    if domain == "minmax":
        return increasing([column.min(), column.max()])
    return increasing(np.quantile(column, np.linspace(0.0, 1.0, n_quantiles)))


def increasing(values: npt.ArrayLike) -> Knots:
    """The values without those too close to their predecessor to divide by the gap.

    Examples
    --------
    >>> increasing([0.0, 0.0, 0.5, 0.5, 2.0])
    (0.0, 0.5, 2.0)
    """
    knots: list[float] = []
    for value in np.asarray(values, dtype=np.float64).tolist():
        if not knots or value - knots[-1] > 1e-300:
            knots.append(value)
    return tuple(knots)


def to_unit(X: Array, knots: tuple[Knots, ...]) -> Floats:
    """Map columns of X to [0, 1], one tuple of knots a column; ``(N, len(knots))`` float64, C-contiguous.

    Examples
    --------
    >>> to_unit(np.array([[0.5, 7.0, 3.0]]), ((0.0, 1.0), (5.0,), (0.0, 2.0, 4.0))).tolist()
    [[0.5, 0.0, 0.75]]
    """
    low = np.array([t[0] for t in knots])
    width = np.array([t[1] - t[0] if len(t) == 2 else 1.0 for t in knots])
    unit = X.astype(np.float64, order="C")
    if np.any(low != 0.0):
        unit -= low
    if np.any(width != 1.0):
        unit /= width
    np.clip(unit, 0.0, 1.0, out=unit)
    for i, t in enumerate(knots):
        if len(t) == 1:
            unit[:, i] = 0.0
        elif len(t) > 2:
            unit[:, i] = np.interp(X[:, i], t, np.linspace(0.0, 1.0, len(t)))
    return unit
