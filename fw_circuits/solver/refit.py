"""Fewer atoms, fitted anew: for a small circuit from a solution of many atoms.

A relaxed lasso (Meinshausen, Computational Statistics and Data Analysis 52, 2007): the penalty falls as long as no
more atoms than wanted have a coefficient, and those are then fitted with a part of it.
"""

import math
import time
from dataclasses import replace

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.objective import Loss
from fw_circuits.solver.restricted import Restricted, padded
from fw_circuits.tetrakis import Combination
from fw_circuits.tetrakis.values import values_at

#: From one penalty to the next, and at the finest, where the next would have too many atoms.
FALL, FINEST = 0.8, 0.999
#: The least penalty beside the largest useful one, and the part of the last that is kept.
LEAST, RELAXED = 1e-4, 0.1
#: Violation that is left, beside the penalty.
ACCURACY = 1e-3


def refit(
    combination: Combination, points: Floats, loss: Loss, gamma: float, most: int, end: float = math.inf
) -> Combination:
    """The best with at most some of a combination's atoms, as far as a lasso finds it; signs of coefficients are free.

    Parameters
    ----------
    combination : Combination
        Of atoms that are all circuits on its lattice.
    points : ndarray of shape (N, n_features)
    loss : Loss
        Squared or logistic, with the targets of these rows.
    gamma : float
        Of the weights ``kappa^(1/gamma)``.
    most : int
        Atoms, at least 1.
    end : float, optional
        The value of ``time.perf_counter()`` from which on the penalty stays where it is.

    Returns
    -------
    Combination

    Examples
    --------
    >>> from fw_circuits import solve
    >>> from fw_circuits.objective import make_loss
    >>> X = np.array([[v >> i & 1 for i in range(4)] for v in range(16)], dtype=float)
    >>> y = X @ [4.0, 2.0, 1.0, 0.0]
    >>> found = solve(X, y, lam=1e-3)
    >>> fewer = refit(found.combination, X, make_loss("squared", y), 3.0, 3)
    >>> [a.literals for a in fewer.atoms][:2], fewer.coef.round(2).tolist()[:2], round(fewer.intercept, 2)
    ([(0,), (1,)], [1.95, 0.95], 3.5)
    """
    atoms = combination.atoms
    if not atoms:
        return replace(combination, intercept=loss.constant)
    columns = np.stack([padded(v) for v in values_at(atoms, combination.lattice, points)])
    scales = np.array([atom.cost for atom in atoms], dtype=np.float64) ** (1.0 / gamma)
    path = Restricted(loss)
    path.extend(np.arange(len(atoms)))
    at = loss.dual_point(path.f)
    lam = float((np.abs(columns[:, : len(at)] @ at) / scales).max())
    least, fall, coef = LEAST * lam, FALL, path.coef.copy()
    while lam > least and fall < FINEST and time.perf_counter() < end:
        path.solve(columns, fall * lam * scales, ACCURACY * lam)
        if np.count_nonzero(path.coef) > most:
            fall = np.sqrt(fall)
        else:
            lam, coef = fall * lam, path.coef.copy()
    kept = np.flatnonzero(coef)
    relaxed = Restricted(loss)
    relaxed.extend(kept)
    relaxed.solve(columns, RELAXED * lam * scales[kept], ACCURACY * RELAXED * lam)
    some = np.flatnonzero(relaxed.coef)
    return replace(
        combination, atoms=tuple(atoms[j] for j in kept[some]), coef=relaxed.coef[some], intercept=relaxed.intercept
    )
