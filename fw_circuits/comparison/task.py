"""The data as both families see them: targets on one scale, three sets of rows per seed, and the error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits._validation import is_boolean
from fw_circuits.data import Dataset


@dataclass(frozen=True, eq=False)
class Task:
    """Rows and targets: labels become -1 and 1, numbers get mean 0 and variance 1.

    So outputs, and with them R(theta), are on one scale.
    """

    X: Floats
    y: Floats
    labels: bool

    @classmethod
    def of(cls, dataset: Dataset) -> Task:
        """The task of a data set of two labels, or of numbers."""
        X, values = np.asarray(dataset.X, dtype=np.float64), np.unique(dataset.y)
        if values.size == 2:
            return cls(X, np.where(dataset.y == values[1], 1.0, -1.0), labels=True)
        y = np.asarray(dataset.y, dtype=np.float64)
        spread = float(y.std())
        return cls(X, (y - y.mean()) / (spread if spread > 0.0 else 1.0), labels=False)

    @property
    def exact_on(self) -> str:
        """Where compiled networks equal their solutions."""
        return "corners" if is_boolean(self.X) else "domain"


def split(n: int, seed: int, test_fraction: float, validation_fraction: float) -> tuple[Array, Array, Array]:
    """Training, validation and test rows, each in order.

    Parameters
    ----------
    n, seed : int
        Number of rows; seed of their permutation.
    test_fraction, validation_fraction : float
        Tested on, as a fraction of all rows; chosen by, as a fraction of the others.

    Returns
    -------
    tuple of ndarray
        Indices of training, validation and test rows.

    Examples
    --------
    >>> [part.size for part in split(100, 0, 0.25, 0.2)]
    [60, 15, 25]
    """
    order = np.random.default_rng(seed).permutation(n)
    n_test = round(test_fraction * n)
    n_validation = round(validation_fraction * (n - n_test))
    parts = np.split(order, [n_test, n_test + n_validation])
    test, validation, train = (np.sort(part) for part in parts)
    return train, validation, test


def error(y: Floats, output: Floats, labels: bool) -> float:
    """Share of wrong signs, or mean squared error over the variance of y.

    Parameters
    ----------
    y, output : ndarray of shape (N,)
        Targets and predictions.
    labels : bool
        Whether the targets are labels, -1 and 1.

    Returns
    -------
    float

    Examples
    --------
    >>> error(np.array([1.0, -1.0]), np.array([0.3, 0.2]), labels=True)
    0.5
    """
    if labels:
        return float(np.mean(np.where(output > 0.0, 1.0, -1.0) != y))
    return float(np.mean((output - y) ** 2) / max(float(np.var(y)), 1e-300))
