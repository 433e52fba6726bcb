"""Combinations with several outputs over shared atoms: ``F_k(x) = intercept_k + sum_j coef_jk T_j(x)``.

Their norm is the sum of the norms of the outputs, ``sum_jk |coef_jk| kappa_j^(1/gamma)``, so that the atoms of the
problem are pairs of an atom and an output (`OutputAtom`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.lattice import Lattice
from fw_circuits.tetrakis.combination import Combination


@dataclass(frozen=True)
class OutputAtom:
    """An atom as part of one output: on the rows of that output it has its values, on those of the others 0."""

    atom: Any
    output: int

    @property
    def key(self) -> Hashable:
        """Equal keys mean equal functions of the same output."""
        return (self.output, self.atom.key)

    @property
    def cost(self) -> float:
        """That of the atom."""
        return float(self.atom.cost)

    @property
    def n_gates(self) -> int:
        """Those of the atom."""
        return int(getattr(self.atom, "n_gates", 0))


@dataclass(frozen=True)
class Outputs(Combination):
    """A function with K outputs.

    Attributes
    ----------
    atoms : tuple of Atom
    coef : ndarray of shape (m, K)
    intercept : ndarray of shape (K,)
    lattice : Lattice

    Examples
    --------
    >>> from fw_circuits.circuits import Circuit
    >>> from fw_circuits.tetrakis import Atom
    >>> lattice = Lattice.boolean(2)
    >>> x1 = Atom(Circuit(1, (), (2,)), 1, (1,), lattice)
    >>> F = Outputs((x1,), np.array([[2.0, -1.0]]), np.array([0.5, 0.0]), lattice)
    >>> F([[0, 0], [0, 1]]).tolist(), F.norm(3.0)
    ([[-1.5, 1.0], [2.5, -1.0]], 3.0)
    """

    intercept: Any

    @property
    def n_outputs(self) -> int:
        """Number of outputs K."""
        return len(self.intercept)

    def output(self, k: int) -> Combination:
        """Output k alone, with the atoms that it uses."""
        used = np.flatnonzero(self.coef[:, k])
        atoms = tuple(self.atoms[j] for j in used.tolist())
        return Combination(atoms, self.coef[used, k], float(self.intercept[k]), self.lattice)

    def values(self, points: Floats, intercept: float | None = None) -> Floats:
        """Values at checked points, (N, K); with another ``intercept``, that of every output."""
        each = [self.output(k).values(points, intercept) for k in range(self.n_outputs)]
        return np.stack(each, axis=1)

    def weights(self, gamma: float) -> Floats:
        """``sum_k |coef_jk| kappa_j^(1/gamma)`` of each atom, shape (m,)."""
        scales = np.array([atom.cost ** (1.0 / gamma) for atom in self.atoms], dtype=np.float64)
        return np.asarray(np.abs(self.coef).sum(axis=1) * scales)

    def stacked(self) -> Stacked:
        """The same as one function of K N rows, a block of N for each output."""
        places = np.argwhere(self.coef.T != 0.0).tolist()
        atoms: Any = tuple(OutputAtom(self.atoms[j], k) for k, j in places)
        coef = np.array([self.coef[j, k] for k, j in places], dtype=np.float64)
        return Stacked(atoms, coef, self.intercept, self.lattice)

    @classmethod
    def of(cls, atoms: Sequence[OutputAtom], coef: Floats, intercept: Array, lattice: Lattice, gamma: float) -> Outputs:
        """The function of pairs with their coefficients; atoms that weigh most come first.

        Parameters
        ----------
        atoms : sequence of OutputAtom
            Distinct pairs.
        coef : ndarray of shape (len(atoms),)
            Their coefficients.
        intercept : ndarray of shape (K,)
            The free constants.
        lattice : Lattice
            That of all atoms.
        gamma : float
            Exponent of the cost, for the order.
        """
        place = {pair.atom.key: pair.atom for pair in atoms}
        order = {key: j for j, key in enumerate(place)}
        table = np.zeros((len(order), len(intercept)))
        for pair, b in zip(atoms, coef.tolist(), strict=True):
            table[order[pair.atom.key], pair.output] = b
        every = tuple(place.values())
        first = np.argsort(-cls(every, table, intercept, lattice).weights(gamma), kind="stable")
        first = first[table[first].any(axis=1)]
        return cls(tuple(every[j] for j in first.tolist()), table[first], np.asarray(intercept), lattice)


@dataclass(frozen=True)
class Stacked(Combination):
    """`Outputs` with pairs as atoms: values of shape (K N,), block k for output k."""

    intercept: Any

    def values(self, points: Floats, intercept: float | None = None) -> Floats:
        """Values at checked points, (K N,)."""
        atoms: Any = self.atoms
        outputs = Outputs.of(atoms, self.coef, self.intercept, self.lattice, 1.0)
        return outputs.values(points, intercept).T.ravel()
