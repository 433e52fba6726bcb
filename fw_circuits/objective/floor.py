"""The least loss that any function of the columns can have: rows that are equal in X get equal predictions.

Within a group of equal rows the best prediction is one constant; what these constants leave is a lower bound on the
loss of every function of the columns, circuits or not.  It is zero where no two rows are equal, and it proves that an
error bound below it is out of reach.
"""

from __future__ import annotations

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.objective.base import Loss

#: Rounding of the floor itself: an error bound counts as out of reach below this fraction of it.
SAFETY = 1.0 - 1e-9


def least_loss(loss: Loss, points: Array) -> float:
    """Lower bound on ``loss`` over all functions of the rows of ``points``, shape (N, d).

    Examples
    --------
    >>> from fw_circuits.objective import make_loss
    >>> round(least_loss(make_loss("squared", np.array([0.0, 2.0, 5.0])), np.array([[1.0], [1.0], [3.0]])), 6)
    0.333333
    """
    if points.dtype == np.uint8 and points.max(initial=0) <= 1:  # equal bits are equal rows, at an eighth of the size
        points = np.packbits(points, axis=1)
    group = np.unique(points, axis=0, return_inverse=True)[1].ravel()
    if int(group.max(initial=-1)) + 1 == len(group):
        return 0.0
    return SAFETY * loss.least_by_group(group)
