"""Sparse tables become dense ones, which the code behind works on; those too large for the memory are refused."""

import math
import os
from collections.abc import Sequence
from typing import Any

import scipy.sparse

from fw_circuits.exceptions import InputError


def densify(X: Any, name: str = "X") -> Any:
    """A sparse matrix or array, or a pandas frame with sparse columns, as a dense one; anything else as it is.

    Raises
    ------
    InputError
        If the dense table would not fit into the memory that is free.

    Examples
    --------
    >>> densify(scipy.sparse.csr_array([[0, 1], [1, 0]])).tolist()
    [[0, 1], [1, 0]]
    """
    if scipy.sparse.issparse(X):
        _refuse_too_large(X.shape, name)
        return X.toarray()
    sparse = [str(t).startswith("Sparse") for t in X.dtypes] if _is_pandas(X) else []
    if any(sparse):
        _refuse_too_large(X.shape, name)
        dense = [X.iloc[:, i].sparse.to_dense() if s else X.iloc[:, i] for i, s in enumerate(sparse)]
        return type(X)(dict(enumerate(dense)), index=X.index).set_axis(X.columns, axis=1)
    return X


def _is_pandas(X: Any) -> bool:
    return hasattr(X, "iloc") and hasattr(X, "dtypes") and getattr(X, "ndim", 0) == 2


def _refuse_too_large(shape: Sequence[int], name: str) -> None:
    """Work on a table takes a few times the memory of its numbers: refuse what leaves no room for that."""
    needed, free = 8.0 * math.prod(shape), _free_memory()
    if needed > free / 3:
        raise InputError(
            f"{name} is sparse, of shape {tuple(shape)}: as numbers of 8 bytes, as the solver needs it, it takes "
            f"{needed / 2**30:.3g} GiB, and {free / 2**30:.3g} GiB of memory are free (expected: at most a third); "
            "pass fewer rows, or fewer columns (for example those that sklearn.feature_selection selects)."
        )


def _free_memory() -> float:
    """Bytes that can be had without swapping where the system tells (Linux), else all there are."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        names = getattr(os, "sysconf_names", {})
        known = "SC_PHYS_PAGES" in names and "SC_PAGE_SIZE" in names
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) if known else math.inf
