"""``Lattice``: how raw features become points of the unit cube, and which literals each level offers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from fw_circuits._bits import pack_bits
from fw_circuits._checks import check_choice, check_integer
from fw_circuits._settings import DOMAINS, MAX_LEVEL
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits._validation import check_sample_weight
from fw_circuits.exceptions import InputError
from fw_circuits.lattice.domain import Knots, check_matrix, fit_knots, to_unit
from fw_circuits.lattice.rows import LevelRows, PointRows
from fw_circuits.lattice.triangulation import row_set, transpose_bits, triangulate

#: The name of a column that is true or false.
STATEMENT = re.compile(r" (=|>=) .| is missing$")
#: Working memory of one block of points, in bytes.
BLOCK_BYTES = 1 << 23


@dataclass(frozen=True)
class Lattice:
    """Grid levels over a box of raw features (theory, section 2).

    Level k has 2^k grid points per coordinate; literal ``coordinate * k + bit`` is one bit (bit 0 the least
    significant) of a grid point's coordinate.  Values outside the box are clipped to it; a coordinate with a
    single knot (a constant column) maps to 0.

    Parameters
    ----------
    n_features : int
        Number of raw features.
    levels : tuple of int
        Increasing, each 1 to 16.
    knots : tuple of tuples of float
        Per coordinate: strictly increasing raw values that go to 0, 1/q, ..., 1, linearly in between.

    Raises
    ------
    InputError
        If these do not fit together.

    Examples
    --------
    >>> lattice = Lattice.fit([[20.0, 0.0], [60.0, 1.0]], levels=(1, 2))
    >>> lattice.transform([[30.0, 5.0]]).tolist()
    [[0.25, 1.0]]
    >>> lattice.literal_name(2, 1, ["age", "member"])
    'age[1]'
    """

    n_features: int
    levels: tuple[int, ...]
    knots: tuple[Knots, ...]

    def __post_init__(self) -> None:
        try:
            levels = tuple(index(level) for level in self.levels)
            index(self.n_features)
            knots = tuple(tuple(float(t) for t in column) for column in self.knots)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{error}; expected Lattice(n_features, levels, knots): a whole number, whole numbers, and for each "
                "feature a sequence of numbers."
            ) from error
        if not levels or list(levels) != sorted(set(levels)) or levels[0] < 1 or levels[-1] > MAX_LEVEL:
            raise InputError(f"levels are {self.levels}; expected increasing integers from 1 to {MAX_LEVEL}.")
        if self.n_features < 1 or len(knots) != self.n_features:
            raise InputError(
                f"{len(knots)} columns of knots for {self.n_features} features; expected as many, at least 1."
            )
        for i, column in enumerate(knots):
            gaps = np.array([b - a for a, b in pairwise(column)])
            if not (column and np.isfinite(column).all() and np.all((gaps > 1e-300) & np.isfinite(gaps))):
                raise InputError(f"knots of coordinate {i} are {column[:4]}; expected finite and increasing.")
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "knots", knots)

    @classmethod
    def fit(
        cls,
        X: npt.ArrayLike,
        *,
        levels: Iterable[int],
        domain: str = "minmax",
        sample_weight: npt.ArrayLike | None = None,
        check_input: bool = True,
    ) -> "Lattice":
        """Lattice over the range of X.

        Parameters
        ----------
        X : (N, d) real, N >= 1
            Columns of a frame go by position.
        levels : iterable of int
            Each from 1 to 16.
        domain : "minmax" or "quantile"
            "quantile" puts the knots at quantiles, as many as the highest level has grid points (at most 256;
            repeated values once), so that the cells of that level contain about equally many rows.
        sample_weight : (N,), optional
            A row of weight 3 is three rows, one of weight 0 is none.
        check_input : bool
            False only for an X that is known to be what `domain.check_matrix` returns.

        Returns
        -------
        Lattice

        Raises
        ------
        InputError
            If X is not a matrix of finite numbers, or a setting is out of range.

        Examples
        --------
        >>> Lattice.fit([[0.0], [1.0], [2.0], [100.0]], levels=[2], domain="quantile").knots
        ((0.0, 1.0, 2.0, 100.0),)
        """
        X = check_matrix(X) if check_input else np.asarray(X)
        if X.shape[0] < 1 or X.shape[1] < 1:
            raise InputError(f"X has shape {X.shape}; expected at least one row and one feature.")
        check_choice("domain", domain, DOMAINS)
        try:
            levels = tuple(sorted({index(level) for level in levels}))
        except TypeError as error:
            raise InputError(f"levels is {levels!r} ({error}); expected whole numbers, such as (1, 2).") from error
        n_quantiles = 1 << min(max(levels, default=1), 8)
        weights = None if sample_weight is None else check_sample_weight(sample_weight, len(X))
        if weights is not None:
            X, weights = X[weights > 0.0], weights[weights > 0.0]
        knots = tuple(fit_knots(X[:, i], domain, n_quantiles, weights) for i in range(X.shape[1]))
        return cls(X.shape[1], levels, knots)

    @classmethod
    def boolean(cls, n_features: int) -> "Lattice":
        """The lattice of 0/1 data: the identity map on [0, 1] and level 1.

        Examples
        --------
        >>> Lattice.boolean(3).n_literals(1)
        3
        """
        n_features = check_integer("n_features", n_features, 1)
        return cls(n_features, (1,), ((0.0, 1.0),) * n_features)

    def transform(self, X: npt.ArrayLike, columns: Sequence[int] | None = None, *, check_input: bool = True) -> Floats:
        """Points of the unit cube.

        Parameters
        ----------
        X : (N, n_features) real
            Full rows in raw units, also where only some coordinates are wanted.
        columns : sequence of int, optional
            Coordinates wanted; all by default.
        check_input : bool
            False only for rows that are known to be what `domain.check_matrix` returns: they are not scanned again.

        Returns
        -------
        (N, n_features) or (N, len(columns)) float64

        Raises
        ------
        InputError
            If X is not an (N, n_features) matrix of finite numbers.
        """
        X = check_matrix(X, self.n_features) if check_input else np.asarray(X)
        if columns is None:
            return to_unit(X, self.knots)
        return to_unit(X, tuple(self.knots[i] for i in columns), columns)

    def n_literals(self, level: int) -> int:
        """Number of literals of a level: coordinates x level."""
        return self.n_features * self._check_level(level)

    def literal(self, level: int, index: int) -> tuple[int, int]:
        """Coordinate and bit of a literal.

        Examples
        --------
        >>> Lattice.fit([[0.0, 0.0]], levels=[3]).literal(3, 4)
        (1, 1)
        """
        if not 0 <= index < self.n_literals(level):
            raise InputError(f"literal {index} of level {level}; expected 0 to {self.n_literals(level) - 1}.")
        return divmod(int(index), level)

    def literal_name(self, level: int, index: int, feature_names: Sequence[str] | None = None) -> str:
        """Readable name of a literal (as in :meth:`literal`): the feature at level 1, ``feature[bit]`` above.

        Bit 0 is the least significant.  Features are called x0, x1, ... without names.  All bits of 0 and 1 are the
        same: a 0/1 feature whose name is a statement, such as `city = Rome`, is called that on every level.
        """
        coordinate, bit = self.literal(level, index)
        if feature_names is not None and len(feature_names) != self.n_features:
            raise InputError(f"{len(feature_names)} feature names; expected {self.n_features}.")
        name = f"x{coordinate}" if feature_names is None else str(feature_names[coordinate])
        stated = self.knots[coordinate] == (0.0, 1.0) and STATEMENT.search(name)
        return name if level == 1 or stated else f"{name}[{bit}]"

    def rows(self, X: npt.ArrayLike, level: int, *, check_input: bool = True) -> LevelRows:
        """Unique vertices of the points X on a level, with the weights that link them; X is read in blocks.

        X and ``check_input`` are as in :meth:`transform`.

        Raises
        ------
        InputError
            If X is not an (N, n_features) matrix of finite numbers, or the lattice lacks the level.

        Examples
        --------
        >>> rows = Lattice.boolean(2).rows([[0.0, 1.0], [0.0, 0.5]], 1)
        >>> rows.n_rows, rows.barycentric.toarray().tolist()
        (2, [[1.0, 0.0], [0.5, 0.5]])
        """
        X = check_matrix(X, self.n_features) if check_input else np.asarray(X)
        n_literals = self.n_literals(level)
        key_words = (n_literals + 63) // 64
        if X.dtype == np.uint8 and level == 1 and set(self.knots) == {(0.0, 1.0)} and X.max(initial=0) <= 1:
            return boolean_rows(X)
        step = max(64, BLOCK_BYTES // (8 * (self.n_features + 1) * (key_words + 2)))
        unique = row_set(key_words)
        indptr, indices, weights = [np.zeros(1, np.int64)], [np.empty(0, np.int32)], [np.empty(0)]
        for start in range(0, len(X), step):
            z = to_unit(X[start : start + step], self.knots) * ((1 << level) - 1)
            ends, keys, weight = triangulate(z, level)
            indptr.append(ends[1:] + indptr[-1][-1])
            indices.append(unique.add(keys))
            weights.append(weight.copy())  # not a view of the block's buffer
        index = np.concatenate(indices)
        barycentric = sp.csr_array(
            (np.concatenate(weights), index, _smallest(np.concatenate(indptr))), shape=(len(X), len(unique))
        )
        words = transpose_bits(unique.keys(), n_literals)
        return LevelRows(level, n_literals, len(unique), words, barycentric)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists, for saving; floats survive JSON exactly.

        Examples
        --------
        >>> Lattice.from_dict(Lattice.boolean(2).to_dict()) == Lattice.boolean(2)
        True
        """
        return {
            "n_features": self.n_features,
            "levels": list(self.levels),
            "knots": [list(column) for column in self.knots],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Lattice":
        """The inverse of ``to_dict``.

        Raises
        ------
        InputError
            If ``data`` is no such dictionary, or its literals are in Gray code, as earlier versions allowed.
        """
        try:
            knots = tuple(tuple(column) for column in data["knots"])
            lattice = cls(int(data["n_features"]), tuple(data["levels"]), knots)
            encoding = data.get("encoding", "binary")
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(f"not a saved lattice ({error!r}); expected the dictionary of Lattice.to_dict.") from None
        if encoding != "binary":
            raise InputError(
                f"the saved lattice has the encoding {encoding!r}; expected 'binary', the only one of this version."
            )
        return lattice

    def _check_level(self, level: int) -> int:
        if level not in self.levels:
            raise InputError(f"level {level} is not on this lattice; it has levels {self.levels}.")
        return level


def boolean_rows(X: Array) -> PointRows:
    """The rows of level 1 of a table of 0 and 1 as uint8, (N, d): every point is a vertex.

    Examples
    --------
    >>> rows = boolean_rows(np.array([[0, 1], [1, 1], [0, 1]], np.uint8))
    >>> rows.n_rows, rows.words.tolist(), rows.links.tolist()
    (2, [[2], [3]], [0, 1, 0])
    """
    n, d = X.shape
    unique, step = row_set((d + 63) // 64), max(64, BLOCK_BYTES // (d + 1))
    links = np.empty(n, np.int32)
    for start in range(0, n, step):
        links[start : start + step] = unique.add(pack_bits(X[start : start + step]))
    words = transpose_bits(unique.keys(), d)
    return PointRows(1, d, len(unique), words, n, None if len(unique) == n else links)


def _smallest(indptr: Ints) -> Array:
    return indptr.astype(np.int32) if indptr[-1] < 2**31 else indptr
