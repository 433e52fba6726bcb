"""The least loss that any function of the columns can have: rows that are equal in X get equal predictions.

Within a group of equal rows the best prediction is one constant; what these constants leave is a lower bound on the
loss of every function of the columns, circuits or not.  It is zero where no two rows are equal, and it proves that an
error bound below it is out of reach.
"""

from __future__ import annotations

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.objective.losses import Logistic, Loss

#: Rounding of the floor itself: an error bound counts as out of reach below this part of it.
SAFETY = 1.0 - 1e-9
HALVINGS = 200


def least_loss(loss: Loss, points: Array) -> float:
    """Lower bound on ``loss`` over all functions of the rows of ``points``, shape (N, d).

    Examples
    --------
    >>> from fw_circuits.objective import make_loss
    >>> round(least_loss(make_loss("squared", np.array([0.0, 2.0, 5.0])), np.array([[1.0], [1.0], [3.0]])), 6)
    0.333333
    """
    group = np.unique(points, axis=0, return_inverse=True)[1].ravel()
    if int(group.max(initial=-1)) + 1 == len(group):
        return 0.0
    if isinstance(loss, Logistic):
        total: Floats = np.bincount(group, weights=loss.weights).astype(np.float64)
        share: Floats = np.bincount(group, weights=loss.weights * (loss.y > 0)).astype(np.float64)
        return -SAFETY * float((_times_log(share, total) + _times_log(total - share, total)).sum())
    return SAFETY * loss.value(_best_constants(loss, group)[group])


def _times_log(part: Floats, total: Floats) -> Floats:
    """``part log(part / total)``, 0 at 0."""
    positive = part > 1e-15 * total
    ratio = np.divide(part, total, out=np.ones_like(part), where=positive)
    return np.where(positive, part * np.log(ratio), 0.0)


def _best_constants(loss: Loss, group: Array) -> Floats:
    """The best prediction of each group, by bisection of the slope, which falls."""
    n = int(group.max()) + 1
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, group, loss.y)
    np.maximum.at(high, group, loss.y)
    for _ in range(HALVINGS):
        middle = low + 0.5 * (high - low)
        if np.all((middle == low) | (middle == high)):
            break
        rising = np.bincount(group, weights=loss.gradient(middle[group])) > 0.0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return low + 0.5 * (high - low)
