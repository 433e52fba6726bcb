"""The frozen ``Dataset``, and the random rows and label noise that all generators share."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits._typing import Array, Bits, Floats
from fw_circuits.exceptions import InputError


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table with one target.

    Attributes
    ----------
    X : float64 array of shape (N, d), or structured array of shape (N,)
        Finite numbers; 0/1 for the generated Boolean functions.  A table with text or gaps is a structured array with a
        field a column: float64 (NaN: a gap) or objects (text; None: a gap).
    y : array of shape (N,)
        int64 0/1 labels, float64 numbers, or text labels.
    feature_names : tuple of str
        One name per column.
    target_name, name, description : str
        What y is, what the data set is called, and where it comes from in a sentence.

    Examples
    --------
    >>> from fw_circuits.data import parity
    >>> parity(3, n_rows=4, random_state=0)
    Dataset('parity of 3 of 3', 4 rows, 3 features)
    """

    X: Floats
    y: Array
    feature_names: tuple[str, ...]
    target_name: str = "y"
    name: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        for name in ("X", "y"):
            if not isinstance(getattr(self, name), np.ndarray):
                raise InputError(
                    f"{name} is a {type(getattr(self, name)).__name__}; expected a NumPy array: np.asarray({name})."
                )
        names = self.feature_names
        listed = isinstance(names, Iterable) and not isinstance(names, str)
        if not (listed and all(isinstance(n, str) for n in names)):
            raise InputError(f"feature_names is {names!r}; expected a sequence of texts, one per column.")
        object.__setattr__(self, "feature_names", tuple(names))
        fields = self.X.dtype.names if self.X.ndim == 1 else None
        if fields is not None and fields != self.feature_names:
            raise InputError(f"feature_names are {self.feature_names}; expected the fields of X: {fields}.")
        if (self.X.ndim != 2 and fields is None) or self.y.shape != (self.X.shape[0],):
            raise InputError(
                f"X has shape {self.X.shape} and y {self.y.shape}; expected (N, d) and (N,) with the same N."
            )
        if fields is None and len(self.feature_names) != self.X.shape[1]:
            raise InputError(
                f"{len(self.feature_names)} feature names for {self.X.shape[1]} columns; expected as many."
            )

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {self.n_rows} rows, {self.n_features} features)"

    @property
    def n_rows(self) -> int:
        """Number of rows, N."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """Number of columns of X, d."""
        return len(self.feature_names)

    def take(self, rows: Array) -> "Dataset":
        """The data set of these rows (indices or a mask), in that order."""
        return replace(self, X=self.X[rows], y=self.y[rows])


def random_bits(n_rows: int, n_inputs: int, random_state: int | None) -> tuple[Bits, np.random.Generator]:
    """Uniform random 0/1 rows, and the generator to go on drawing from (for noise)."""
    check_integer("n_rows", n_rows, 1)
    rng = np.random.default_rng(random_state)
    return rng.integers(0, 2, size=(n_rows, n_inputs), dtype=np.uint8), rng


def flip(labels: Array, noise: float, rng: np.random.Generator) -> Array:
    """Flip each 0/1 label on its own with probability ``noise``; returns int64."""
    if not 0 <= noise <= 1:
        raise InputError(f"noise is {noise!r}; expected the probability of a flipped label, 0 to 1.")
    clean = np.asarray(labels).astype(np.int64)
    return clean ^ (rng.random(len(clean)) < noise) if noise else clean


def boolean_dataset(
    bits: Bits, labels: Array, noise: float, rng: np.random.Generator, name: str, description: str
) -> Dataset:
    """A ``Dataset`` of 0/1 columns x0, x1, ... and noisy labels."""
    names = tuple(f"x{i}" for i in range(bits.shape[1]))
    return Dataset(bits.astype(np.float64), flip(labels, noise, rng), names, "y", name, description)
