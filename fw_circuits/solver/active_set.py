"""The only object that changes during a run: the active atoms, their values on the rows, their coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.objective import Loss
from fw_circuits.oracle.base import gains
from fw_circuits.solver.columns import Columns, no_columns, with_values


@dataclass(frozen=True)
class Model:
    """A quadratic model in the coefficients: second derivative, slope, and the best shift of the intercept.

    ``push`` is minus the derivative in the intercept.
    """

    gram: Floats
    slope: Floats
    shift: Callable[[Floats], Any]
    push: Any


class ActiveSet:
    """Atoms with coefficients: ``f = intercept + sum_j coef_j T_j``, ``norm = sum_j scale_j |coef_j|``.

    Parameters
    ----------
    loss : Loss
        The mean loss; its targets fix the number of rows N.
    gamma : float
        Atom j has ``scale_j = cost_j^(1/gamma)``.

    Attributes
    ----------
    atoms : list
        Distinct by ``key``.
    coef, scales, signs : ndarray of shape (m,)
        ``signs``: those that coefficients may have, 1, -1, or 0 for both.
    columns : Columns
        Values of the atoms on the rows.
    f : ndarray of shape (N,)
        The current predictions.
    """

    def __init__(self, loss: Loss, gamma: float) -> None:
        self.loss = loss
        self.gamma = gamma
        self.atoms: list[Any] = []
        self.coef: Floats = np.zeros(0)
        self.scales: Floats = np.zeros(0)
        self.signs: Floats = np.zeros(0)
        self.intercept = loss.constant
        self.f = np.array(loss.at_constant)
        self._index: dict[Any, int] = {}
        self.columns: Columns = no_columns(loss.y.size)
        self._gram = np.zeros((0, 0))

    def __len__(self) -> int:
        return len(self.atoms)

    @property
    def norm(self) -> float:
        """Norm of the combination, by these atoms."""
        return float(self.scales @ np.abs(self.coef))

    def index(self, atom: Any) -> int | None:
        """Position of an atom, or None."""
        return self._index.get(atom.key)

    def add(self, atoms: Sequence[Any], values: Floats, signs: Floats | None = None) -> None:
        """Append the atoms that are new, with coefficient 0.

        Parameters
        ----------
        atoms : sequence
            Those that are there already are left out.
        values : ndarray of shape (N, len(atoms))
            What they are on the rows.
        signs : ndarray of shape (len(atoms),), optional
            Those that their coefficients may have: 1, -1, or 0 for both, the default.
        """
        places = []
        for place, atom in enumerate(atoms):
            if self._index.setdefault(atom.key, len(self.atoms)) == len(self.atoms):
                self.atoms.append(atom)
                places.append(place)
        costs = np.array([atoms[place].cost for place in places], dtype=np.float64)
        self.coef = np.append(self.coef, np.zeros(costs.size))
        self.scales = np.append(self.scales, costs ** (1.0 / self.gamma))
        self.signs = np.append(self.signs, np.zeros(costs.size) if signs is None else signs[places])
        self._store([atoms[place] for place in places], values if costs.size == len(atoms) else values[:, places])

    def _store(self, atoms: Sequence[Any], values: Floats) -> None:
        self.columns = with_values(self.columns, values)

    def drop(self, keep: Array) -> None:
        """Forget the atoms where ``keep`` is False."""
        if keep.all():
            return
        kept = np.flatnonzero(keep)
        self.columns.keep(kept)
        cached = kept[kept < self._gram.shape[0]]
        self._gram = self._gram[np.ix_(cached, cached)]
        self.atoms = [self.atoms[j] for j in kept]
        self.coef, self.scales, self.signs = self.coef[kept], self.scales[kept], self.signs[kept]
        self._index = {atom.key: j for j, atom in enumerate(self.atoms)}

    def move(self, coef: Floats, intercept: float) -> None:
        """Set the coefficients and recompute ``f`` from them."""
        self.coef = coef
        self.intercept = float(intercept)
        self.f = self.at(coef, self.intercept)

    def at(self, coef: Floats, intercept: Any) -> Floats:
        """``f`` for other coefficients."""
        f: Floats = self.columns.push(coef) + intercept
        return f

    def model(self, g: Floats, slope: Floats) -> Model | None:
        """The quadratic model of the loss at f, the intercept eliminated; None where the loss is flat.

        ``g`` is minus the gradient at ``f``, and ``slope`` its products with the atoms.
        """
        h = self.loss.hessian_diagonal(self.f)
        total = float(h.sum())
        if total <= 1e-290:
            return None
        mean, push = self.columns.pull(h) / total, float(g.sum())
        return Model(self.columns.gram(h), slope - mean * push, lambda change: push / total - mean @ change, push)

    def gram(self) -> Floats:
        """Centred Gram matrix ``cov_q(T_i, T_j)`` under the sample weights q; only new entries are computed."""
        done, m = self._gram.shape[0], len(self.atoms)
        if done < m:
            block = self.columns.gram(self.loss.weights, done)
            gram = np.empty((m, m))
            gram[:done, :done] = self._gram
            gram[done:] = block
            gram[:done, done:] = block[:, :done].T
            gram[done:, done:] = 0.5 * (block[:, done:] + block[:, done:].T)
            self._gram = gram
        return self._gram

    def scores(self, g: Floats) -> Floats:
        """``<g, T_j> / scale_j`` of the active atoms, shape (m,)."""
        return self.columns.pull(g) / self.scales

    def polar(self, g: Floats) -> float:
        """The largest score of an active atom with a sign that its coefficient may have; 0 without any."""
        return float(gains(self.scores(g), self.signs).max(initial=0.0))

    def validate(self) -> None:
        """Check the invariants; raises AssertionError with the one that fails."""
        m = len(self.atoms)
        assert self.coef.shape == self.scales.shape == self.signs.shape == (m,), "one coefficient, scale, sign an atom"
        assert (self.signs * self.coef >= 0.0).all(), "coefficients must have the signs that they may have"
        assert len(self._index) == m, "atoms must be distinct"
        assert all(self._index[a.key] == j for j, a in enumerate(self.atoms)), "the index must point at the atoms"
        assert np.isfinite(self.coef).all() and np.all(np.isfinite(self.intercept)), "coefficients must be finite"
        drift = np.abs(self.f - self.at(self.coef, self.intercept)).max(initial=0.0)
        assert drift <= 1e-9 * (1.0 + np.abs(self.f).max(initial=0.0)), f"f has drifted by {drift:.2e}"
