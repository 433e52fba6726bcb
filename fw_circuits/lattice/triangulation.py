"""Todd's J1 ("Union Jack") triangulation of one level's grid (theory, section 2).

For a point z in [0, 2^k - 1]^d: E_i = the nearest even integer, O_i = the odd one on z_i's side, s_i = |z_i
- E_i|.
With s sorted downwards, vertex j takes O_i for the j coordinates of largest s and E_i for the others, and its
weight is s_(j) - s_(j+1), where s_(0) = 1 and s_(d+1) = 0.  An odd integer z_i is taken from the even number
below it, so E_i never leaves the grid.  Vertices of weight 0 are dropped; which of them a tie would produce
is the only thing that a tie decides (coordinates of equal s are taken in their order).

s is rounded to a multiple of 2^-44: the weights of a point then sum to 1 exactly, and so do sums of
+-weights.
"""

from typing import Any

import numpy as np

from fw_circuits._bits import unpack_bits
from fw_circuits._kernels import select
from fw_circuits._settings import MAX_LEVEL
from fw_circuits._typing import Floats, Ints, Words
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import reference

#: Most coordinates that the kernels' sort keys allow.
MAX_COORDINATES = (1 << 19) - 1


def triangulate(z: Floats, level: int) -> tuple[Ints, Words, Floats]:
    """Vertices of positive weight of each point.

    Parameters
    ----------
    z : (n, d) float64
        Points; every entry in [0, 2^level - 1].
    level : int
        1 to 16.

    Returns
    -------
    indptr : (n + 1,) int64
        Point r owns vertices ``indptr[r] : indptr[r + 1]``.
    keys : (m, ceil(d * level / 64)) uint64
        Literals of each vertex: literal ``i * level + p`` (bit p of coordinate i) is bit ``. % 64`` of word
        ``. // 64``.
    weights : (m,) float64
        Positive, sum to 1 for each point; multiples of 2^-44.

    Raises
    ------
    InputError
        If the level, the number of coordinates or an entry of z is out of range.

    Examples
    --------
    >>> indptr, keys, weights = triangulate(np.array([[0.25, 0.75]]), 1)
    >>> codes(keys, 2, 1).tolist(), weights.tolist()
    ([[0, 0], [0, 1], [1, 1]], [0.25, 0.5, 0.25])
    """
    vertices: tuple[Ints, Words, Floats] = _kernels().j1(_checked(z, level), level)
    return vertices


def triangulate_columns(z: Floats, level: int) -> tuple[Ints, Words, Floats]:
    """The same with the bits of the vertices as packed columns, ``(d * level, ceil(m / 64))``, in place of keys.

    Examples
    --------
    >>> indptr, words, weights = triangulate_columns(np.array([[0.25, 0.75]]), 1)
    >>> words.tolist(), weights.tolist()
    ([[4], [6]], [0.25, 0.5, 0.25])
    """
    vertices: tuple[Ints, Words, Floats] = _kernels().j1_columns(_checked(z, level), level)
    return vertices


def _checked(z: Floats, level: int) -> Floats:
    if not 1 <= level <= MAX_LEVEL:
        raise InputError(f"level is {level}; expected 1 to {MAX_LEVEL}.")
    z = np.ascontiguousarray(z, dtype=np.float64)
    if z.ndim != 2 or z.shape[1] > MAX_COORDINATES:
        raise InputError(f"points have shape {z.shape}; expected (n, d) with d <= {MAX_COORDINATES}.")
    if not np.all((z >= 0) & (z <= (1 << level) - 1)):
        raise InputError(f"points leave [0, {(1 << level) - 1}]; clip them, or map them with Lattice.transform.")
    return z


def codes(keys: Words, n_coordinates: int, level: int) -> Ints:
    """Integer coordinates ``(m, n_coordinates)`` of packed vertices, keys as in :func:`triangulate`.

    Examples
    --------
    >>> codes(np.array([[0b10_01]], dtype=np.uint64), 2, 2).tolist()
    [[1, 2]]
    """
    bits = unpack_bits(keys, n_coordinates * level).reshape(len(keys), n_coordinates, level)
    return bits @ (1 << np.arange(level))


def transpose_bits(keys: Words, n_literals: int) -> Words:
    """Packed rows ``(m, K)``, as of ``triangulate``, to packed columns ``(n_literals, ceil(m / 64))``.

    Examples
    --------
    >>> transpose_bits(np.array([[0b01], [0b11]], dtype=np.uint64), 2).tolist()
    [[3], [2]]
    """
    return np.asarray(_kernels().transpose_bits(np.ascontiguousarray(keys), n_literals))


def row_set(key_words: int) -> Any:
    """An empty ``RowSet``: ``add(keys)`` numbers keys as they first appear, ``keys()`` lists them."""
    return _kernels().RowSet(key_words)


def _kernels() -> Any:
    return select("_lattice", reference)
