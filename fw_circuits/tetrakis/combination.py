"""Combinations of Tetrakis functions: ``f(x) = intercept + sum_j coef[j] T_j(x)``, what the package is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fw_circuits._typing import Floats
from fw_circuits.circuits import Circuit, merge
from fw_circuits.lattice import Lattice
from fw_circuits.lattice.domain import check_matrix
from fw_circuits.tetrakis.atom import Atom
from fw_circuits.tetrakis.values import add_values


@dataclass(frozen=True)
class Combination:
    """A function: atoms, their coefficients and a free constant, over the columns of one lattice.

    Attributes
    ----------
    atoms : tuple of Atom
    coef : ndarray of shape (m,)
    intercept : float
    lattice : Lattice
        That of all atoms.

    Examples
    --------
    >>> lattice = Lattice.boolean(2)
    >>> f = Combination((Atom(Circuit(1, (), (2,)), 1, (1,), lattice),), np.array([2.0]), 0.5, lattice)
    >>> f([[0, 0], [0, 1]]).tolist(), f.norm(3.0), f.n_gates
    ([-1.5, 2.5], 2.0, 0)
    """

    atoms: tuple[Atom, ...]
    coef: Floats
    intercept: float
    lattice: Lattice

    def __call__(self, X: npt.ArrayLike) -> Floats:
        """Values at rows of raw features, (N, n_features) to (N,).

        Raises
        ------
        InputError
            If X is not an (N, n_features) matrix of finite numbers.
        """
        return self.values(check_matrix(X, self.lattice.n_features))

    def values(self, points: Floats, intercept: float | None = None) -> Floats:
        """The same at checked points, (N, n_features); with another ``intercept``, 0.0 for the atoms alone."""
        total = np.full(len(points), self.intercept if intercept is None else intercept)
        for start, end in self._runs():
            atoms, coef = self.atoms[start:end], self.coef[start:end]
            if self._is_plain(atoms[0]):
                add_values(atoms, coef, self.lattice, points, total)
                continue
            for b, atom in zip(coef, atoms, strict=True):
                total += b * (atom.values(points) if isinstance(atom, Atom) else atom(points))
        return total

    def _runs(self) -> list[tuple[int, int]]:
        """Runs of atoms that are evaluated together, and of those that are not: of the user's own, or of elsewhere."""
        plain = np.array([self._is_plain(atom) for atom in self.atoms], dtype=bool)
        ends = [0, *(np.flatnonzero(plain[1:] != plain[:-1]) + 1).tolist(), len(plain)]
        return [(a, b) for a, b in pairwise(ends) if a < b]

    def _is_plain(self, atom: object) -> bool:
        return isinstance(atom, Atom) and atom.lattice == self.lattice

    def weights(self, gamma: float) -> Floats:
        """``|coef_j| kappa_j^(1/gamma)`` of each atom, shape (m,)."""
        return np.multiply(np.abs(self.coef), [atom.cost ** (1.0 / gamma) for atom in self.atoms])

    def norm(self, gamma: float) -> float:
        """The sum of the weights: an upper bound on the gauge of the function without its intercept."""
        return float(sum(self.weights(gamma).tolist()))

    def shares(self, gamma: float, origins: Sequence[int] | None = None) -> Floats:
        """Share of each column in the norm, shape (n_features,): each weight split equally among the columns read.

        ``origins``: the raw column behind each of the lattice's, from 0; shares are then those of the raw columns.
        """
        behind = range(self.lattice.n_features) if origins is None else origins
        total = np.zeros(1 + max(behind))
        for weight, atom in zip(self.weights(gamma).tolist(), self.atoms, strict=True):
            if columns := sorted({behind[i] for i in atom.support}):
                total[columns] += weight / len(columns)
        return total / (total.sum() or 1.0)

    @property
    def n_gates(self) -> int:
        """Distinct gates over all atoms; a gate shared by several atoms counts once."""
        return sum(self.merged(level).n_gates for level in sorted({atom.level for atom in self.atoms}))

    def merged(self, level: int) -> Circuit:
        """All atoms of one level as one circuit with shared gates: literals in, one output per atom."""
        here = [atom for atom in self.atoms if atom.level == level]
        return merge([a.circuit for a in here], [a.literals for a in here], self.lattice.n_literals(level))
