"""The estimators that choose their penalty by cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from fw_circuits.estimators.choice import _PathCV
from fw_circuits.estimators.plain import CircuitClassifier, CircuitRegressor


@dataclass(kw_only=True, eq=False, repr=False)
class CircuitRegressorCV(_PathCV, CircuitRegressor):
    """:class:`CircuitRegressor` with the penalty chosen by cross-validation.

    Parameters
    ----------
    lam : array_like, optional
        Penalties > 0 to try, in place of ``n_lams`` of them.
    relative_lam, gamma, levels, domain, oracle, max_gates, tol, max_iter
        As in :class:`CircuitRegressor`, but ``relative_lam`` is not used, and of lattice levels and gate limit what is
        not given is chosen with the penalty: on level 1 literals alone, one gate, or no limit; then levels (1, 2) to
        (1, 2, 3, 4) where the data are not 0/1, one more as long as that helps.
    time_limit : float, optional
        Seconds for the whole ``fit``: half of them for choosing, the rest for the final fit.  Candidates not reached
        are left out; the first is judged in any case, on the folds that were reached.
    n_jobs, random_state, kinds
        As in :class:`CircuitRegressor`; ``random_state`` also shuffles the folds where ``cv`` is None.
    literals : str, default "auto"
        As in :func:`fw_circuits.solve`; "auto": bits, and then half as many thresholds as usual, the usual number, and
        where that is chosen twice as many, as more sets of circuits to choose from.
    n_thresholds : int, default 8
        As in :func:`fw_circuits.solve`: the usual number.
    monotone, positive
        As in :class:`CircuitRegressor`.
    n_lams, ratio : int, float
        Penalties tried: ``n_lams`` from the largest useful one down to ``ratio`` times it, in equal ratios.
    cv : int, splitter, iterable of (train, test) or None
        Folds; None is 5, shuffled by ``random_state``.

    Attributes
    ----------
    lam_, levels_, max_gates_, literals_, n_thresholds_ : float, tuple of int, int or None, str, int
        The choice.
    lams_, cv_losses_ : ndarray (n,), ndarray (n, folds)
        What was tried with these circuits, and the mean loss in each fold.

    Notes
    -----
    Folds are solved to what ranking penalties needs, without certificates; the solution on all rows has its own.  The
    range of a column that is not 0/1 is that of all rows, those held out too; their targets are never used.  A larger
    set of circuits is chosen where it lowers the mean loss by 2 % or more, and left out early where the first two folds
    find it no better.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).integers(0, 2, (60, 4))
    >>> bool(CircuitRegressorCV(n_lams=8, cv=3).fit(X, X[:, 0] ^ X[:, 1]).score(X, X[:, 0] ^ X[:, 1]) > 0.99)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit as in :meth:`CircuitRegressor.fit`; ``groups``, one per row, are for a splitter ``cv`` that uses them."""
        return self._fit(X, y, sample_weight, groups)


@dataclass(kw_only=True, eq=False, repr=False)
class CircuitClassifierCV(_PathCV, CircuitClassifier):
    """:class:`CircuitClassifier` with the penalty chosen by cross-validation, for each class by itself (one-vs-rest).

    Parameters and attributes are those of :class:`CircuitRegressorCV`, and ``class_weight`` of
    :class:`CircuitClassifier`, by which losses on held-out rows are weighted too.  With more than two classes
    ``multi_class`` is always "ovr", ``lam_``, ``levels_``, ``max_gates_``, ``literals_``, ``n_thresholds_``, ``lams_``
    and ``cv_losses_`` belong to the last class, and each class has an equal share of ``time_limit``.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).integers(0, 2, (60, 4))
    >>> CircuitClassifierCV(n_lams=8, cv=3).fit(X, X[:, 0] ^ X[:, 1]).score(X, X[:, 0] ^ X[:, 1])
    1.0
    """

    _several = ("ovr",)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit as in :meth:`CircuitClassifier.fit`; ``groups`` are as in :meth:`CircuitRegressorCV.fit`."""
        return self._fit(X, y, sample_weight, groups)
