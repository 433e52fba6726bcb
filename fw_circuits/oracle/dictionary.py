"""Oracle over an explicit dictionary of columns: Frank-Wolfe on a weighted l1 ball."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fw_circuits._checks import check_real
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.oracle.base import CheckedOracle, OracleAnswer, Stop, best_first


@dataclass(frozen=True, slots=True)
class ColumnAtom:
    """One column of a dictionary.

    Attributes
    ----------
    index : int
    cost : float
        kappa, at least 1.
    """

    index: int
    cost: float

    @property
    def key(self) -> tuple[str, int]:
        """Equal keys mean equal columns."""
        return ("column", self.index)


class DictionaryOracle(CheckedOracle):
    """Search the columns of a matrix: ``|columns.T @ g| * max(1, cost)^(-1/gamma)``; ties: the first column.

    Parameters
    ----------
    columns : (N, p)
        Values of the atoms on the rows.
    costs : (p,), optional
        Numbers of at least 0; below 1 counts as 1.  Default: all 1.
    gamma : float, default 3.0
        Exponent of the cost.
    positive : bool, default False
        Whether coefficients are at least 0: only positive scores count, and a bound is over the columns, not their
        negatives.

    Raises
    ------
    InputError
        If shapes or values do not fit.

    Examples
    --------
    >>> oracle = DictionaryOracle([[1.0, 0.0], [0.0, 3.0]], [1, 8], gamma=3.0)
    >>> answer = oracle.search([1.0, 1.0], k=1)
    >>> answer.atoms, answer.scores.tolist()
    ((ColumnAtom(index=1, cost=8.0),), [1.5])
    """

    def __init__(
        self,
        columns: npt.ArrayLike,
        costs: npt.ArrayLike | None = None,
        gamma: float = 3.0,
        positive: bool = False,
    ) -> None:
        self.columns = np.asarray(columns, dtype=np.float64)
        if self.columns.ndim != 2 or not np.isfinite(self.columns).all():
            raise InputError(f"columns have shape {self.columns.shape}; expected finite numbers (N, p).")
        self.costs = np.ones(self.columns.shape[1]) if costs is None else np.asarray(costs)
        if self.costs.shape != (self.columns.shape[1],):
            raise InputError(f"costs have shape {self.costs.shape}; expected ({self.columns.shape[1]},).")
        if self.costs.dtype.kind not in "iuf" or not (np.isfinite(self.costs) & (self.costs >= 0)).all():
            raise InputError("costs must be finite numbers of at least 0, one per column.")
        self.costs = np.maximum(1.0, self.costs.astype(np.float64))
        self.gamma = check_real("gamma", gamma, 0.0, above=True)
        self.n_rows, self.positive = int(self.columns.shape[0]), bool(positive)
        self._factor = self.costs ** (-1.0 / self.gamma)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best columns; always complete."""
        scores = (self.columns.T @ g) * self._factor
        best = best_first(np.maximum(scores, 0.0) if self.positive else scores, k)
        best = best[scores[best] > 0.0] if self.positive else best
        atoms = [ColumnAtom(int(j), float(self.costs[j])) for j in best]
        scope = f"all {len(self.costs)} columns of the dictionary"
        scope += ", coefficients at least 0" if self.positive else ""
        return OracleAnswer.of(atoms, scores[best], scope, tail=0.0)

    def signs(self, atoms: Sequence[ColumnAtom]) -> Floats:
        """Which signs the coefficients of atoms may have."""
        return np.full(len(atoms), float(self.positive))

    def evaluate(self, atoms: Sequence[ColumnAtom]) -> Floats:
        """The columns, (N, len(atoms))."""
        return np.ascontiguousarray(self.columns[:, [atom.index for atom in atoms]])
