"""The map from raw units to the unit interval: piecewise linear through a few knots per coordinate.

Knots t_0 < ... < t_q of a coordinate go to 0, 1/q, ..., 1; between them the map is linear and outside it is
constant.  Two knots are the min-max map; more are a rank-like map; a single knot maps the whole line to 0.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fw_circuits._kernels import select
from fw_circuits._tables import as_array
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.exceptions import InputError

Knots = tuple[float, ...]

#: Fractions of the rows closer than this are equal: sums of weights carry rounding errors.
TIE = 1e-10


def check_matrix(X: npt.ArrayLike, n_features: int | None = None) -> Array:
    """X as a two-dimensional array of finite real numbers; Boolean and integer arrays keep their type.

    A lattice knows no names: columns of a frame go by position.

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
        X = as_array(X)
        if X.dtype.kind in "cmM":
            raise TypeError(f"its type is {X.dtype}")
        if X.dtype.kind not in "buif":
            X = X.astype(np.float64)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"X is not numeric ({error}); expected a matrix of real numbers.") from None
    if X.ndim != 2:
        raise InputError(f"X has shape {X.shape}; expected (rows, features); use reshape(1, -1) for a single row.")
    if n_features is not None and X.shape[1] != n_features:
        raise InputError(f"X has {X.shape[1]} features; the lattice expects {n_features}.")
    if X.dtype.kind == "f" and not np.all(np.isfinite(X)):
        raise InputError("X contains NaN or infinity; impute or drop these rows first.")
    return X


def fit_knots(column: Array, domain: str, n_quantiles: int, weights: Floats | None = None) -> Knots:
    """Knots of one column: its ends, or up to ``n_quantiles`` distinct quantiles including the ends.

    ``weights``: how often each entry counts; None: once.  Entries of weight 0 are left out by the caller.

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
    inner = weighted_quantiles(column, np.linspace(0.0, 1.0, n_quantiles)[1:-1], weights)
    return increasing([column.min(), *inner, column.max()])  # the ends, however little they weigh


def weighted_quantiles(column: Floats, parts: Floats, weights: Floats | None = None) -> Floats:
    """Quantiles of the distribution of the entries: an entry of weight 3 is three entries, and scale is nothing.

    The inverse of the distribution function, with the mean of both ends where it is flat (``averaged_inverted_cdf`` of
    NumPy, which takes no weights): unlike interpolation between neighbours, it stays when all rows are repeated.

    Examples
    --------
    >>> column = np.array([5.0, 1.0, 2.0])
    >>> weighted_quantiles(column, np.array([0.0, 0.5, 1.0]), np.array([1.0, 2.0, 1.0])).tolist()
    [1.0, 1.5, 5.0]
    >>> weighted_quantiles(np.array([5.0, 1.0, 1.0, 2.0]), np.array([0.0, 0.5, 1.0])).tolist()
    [1.0, 1.5, 5.0]
    """
    values, group = np.unique(column, return_inverse=True)
    cdf = np.cumsum(np.bincount(group.ravel(), weights))
    cdf = cdf / cdf[-1]
    last = len(values) - 1
    low = np.searchsorted(cdf, parts - TIE)
    high = np.searchsorted(cdf, parts + TIE, side="right")
    return 0.5 * values[np.minimum(low, last)] + 0.5 * values[np.minimum(high, last)]


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


def to_unit(X: Array, knots: tuple[Knots, ...], columns: Sequence[int] | None = None) -> Floats:
    """Map columns of X (all by default) to [0, 1], one tuple of knots per column; float64, C-contiguous.

    Examples
    --------
    >>> to_unit(np.array([[0.5, 7.0, 3.0]]), ((0.0, 1.0), (5.0,), (0.0, 2.0, 4.0))).tolist()
    [[0.5, 0.0, 0.75]]
    >>> to_unit(np.array([[0.5, 7.0, 3.0]]), ((0.0, 4.0),), [2]).tolist()
    [[0.75]]
    """
    kernels = select("_lattice", None)
    if kernels is None:
        return to_unit_numpy(X if columns is None else X[:, list(columns)], knots)
    places = np.arange(X.shape[1]) if columns is None else np.asarray(columns, dtype=np.int64)
    start, at, values, slopes, special = _layout(knots)
    if X.dtype != np.float64 or not X.dtype.isnative:
        X, places = X[:, places].astype(np.float64), np.arange(len(places))
    unit: Floats = kernels.to_unit(X, places, start, at, values, slopes)
    for i in special:
        unit[:, i] = interpolate(X[:, places[i]], knots[i])
    return unit


def to_unit_numpy(X: Array, knots: tuple[Knots, ...]) -> Floats:
    """Reference of the kernel, and its specification.

    Examples
    --------
    >>> to_unit_numpy(np.array([[0.5, 7.0, 3.0]]), ((0.0, 1.0), (5.0,), (0.0, 2.0, 4.0))).tolist()
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
            unit[:, i] = interpolate(X[:, i], t)
    return unit


def interpolate(column: Array, knots: Knots) -> Floats:
    """Linear interpolation from the knots to 0, 1/q, ..., 1, rounded so that the map is monotone.

    ``np.interp`` alone may end an interval one unit in the last place above the value at its upper knot.  It is
    monotone between knots, so the last number before each knot shows whether anything has to be cut.

    Examples
    --------
    >>> interpolate(np.array([-1.0, 1.0, 2.0, 3.0, 9.0]), (0.0, 2.0, 4.0)).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    at, grid, exceeds = _grid_of(knots)
    unit = np.interp(column, at, grid)
    if exceeds:
        nearest = np.rint(unit * (len(grid) - 1)).astype(np.intp)
        np.minimum(unit, grid[nearest], out=unit, where=column < at[nearest])
    return unit


@lru_cache(maxsize=1 << 12)
def _grid_of(knots: Knots) -> tuple[Floats, Floats, bool]:
    """Knots, their values, and whether any interval ends above its upper value."""
    at, grid = np.array(knots), np.linspace(0.0, 1.0, len(knots))
    return at, grid, bool(np.any(np.interp(np.nextafter(at[1:], -np.inf), at, grid) > grid[1:]))


@lru_cache(maxsize=1 << 6)
def _layout(knots: tuple[Knots, ...]) -> tuple[Ints, Floats, Floats, Floats, list[int]]:
    """Knots one column after the other: starts, knots, values, slopes; and columns that are left to `interpolate`."""
    grids = [_grid_of(t) for t in knots]
    start = np.cumsum([0, *(len(t) for t in knots)], dtype=np.int64)
    slopes = [np.append(np.diff(grid) / np.diff(at), 0.0) for at, grid, _ in grids]
    parts = ([at for at, *_ in grids], [grid for _, grid, _ in grids], slopes)
    special = [i for i, (at, _, exceeds) in enumerate(grids) if exceeds and len(at) > 2]
    at, values, steep = (np.concatenate([np.zeros(0), *part]) for part in parts)
    return start, at, values, steep, special
