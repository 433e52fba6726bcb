"""Checks of what callers hand to this room: arrays, networks, seeds, names of types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._checks import check_choice
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError

DTYPES = ("float64", "float32")


def real_array(name: str, value: Any) -> Floats:
    """A float64 copy of an array of real numbers; whether they are finite is not checked.

    Examples
    --------
    >>> real_array("b", [1, 2]).tolist()
    [1.0, 2.0]
    """
    if sp.issparse(value):
        raise InputError(f"{name} is a sparse matrix; expected a vector: pass {name}.toarray().ravel().")
    try:
        values = np.asarray(value)
        if values.dtype.kind == "O" and values.ndim:
            values = values.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name} is not an array of numbers ({error}); expected real numbers.") from error
    if values.dtype.kind not in "buif":
        what = f"has type {values.dtype}" if values.ndim else f"is {value!r}"
        raise InputError(f"{name} {what}; expected an array of real numbers.")
    return values.astype(np.float64)


def real_matrix(name: str, value: Any) -> sp.csr_array:
    """A canonical float64 copy of a dense or sparse matrix of real numbers."""
    if sp.issparse(value):
        if value.ndim != 2 or value.dtype.kind not in "buif":
            raise InputError(
                f"{name} is sparse, of shape {value.shape} and type {value.dtype}; expected a real matrix."
            )
        matrix = sp.csr_array(value, dtype=np.float64, copy=True)
    else:
        dense = real_array(name, value)
        if dense.ndim != 2:
            raise InputError(f"{name} has shape {dense.shape}; expected a matrix, with two axes.")
        matrix = sp.csr_array(dense)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def freeze(owner: Any, matrices: Sequence[str], vectors: Sequence[str]) -> None:
    """Replace these fields by read-only float64 copies; matrices become canonical CSR arrays."""
    for name in (*matrices, *vectors):
        made: Any = (real_matrix if name in matrices else real_array)(name, getattr(owner, name))
        parts = (made.data, made.indices, made.indptr) if name in matrices else (made,)
        if not np.all(np.isfinite(parts[0])):
            raise InputError(f"{name} contains NaN or infinity; expected finite entries.")
        for part in parts:
            part.setflags(write=False)
        object.__setattr__(owner, name, made)


def nonnegative(name: str, value: Any, size: int) -> Floats:
    """A float64 copy of ``size`` finite numbers >= 0."""
    bounds = real_array(name, value)
    if bounds.shape != (size,):
        raise InputError(f"{name} has shape {bounds.shape}; expected ({size},).")
    if not np.all(np.isfinite(bounds) & (bounds >= 0.0)):
        raise InputError(f"{name} contains NaN, infinity or a negative number; expected bounds >= 0.")
    return bounds


def generator(random_state: Any) -> np.random.Generator:
    """The random numbers of a seed, a Generator or None."""
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"random_state is {random_state!r}; expected a whole number >= 0, a Generator, or None."
        ) from error


def dtype_name(dtype: Any) -> str:
    """The name float64 or float32, given by name, or as a type of NumPy or torch."""
    name = str(dtype).removeprefix("torch.")
    if isinstance(dtype, type) and issubclass(dtype, np.floating):
        name = np.dtype(dtype).name
    check_choice("dtype", name, DTYPES)
    return name
