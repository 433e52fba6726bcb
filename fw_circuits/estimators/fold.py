"""One fold of a cross-validation: the same problem with weight 0 on the rows held out, down a path of penalties.

Folds share what does not depend on the target: the prepared rows, and the values of every atom that one of them has
found, on all rows, so that predictions on held-out rows are entries of the same columns.  Which atoms a fold *uses* is
its own affair: those that its own searches returned, on its own rows.

Penalties are ranked, not certified.  A fold solves over the atoms it knows at each penalty, and searches where the
penalty has halved since its last search: most atoms that a penalty needs score more than half of it before, and a
search returns the best of them all at once (original to this package).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fw_circuits._typing import Floats, Ints
from fw_circuits.lattice import Lattice
from fw_circuits.objective import Loss
from fw_circuits.oracle import Oracle
from fw_circuits.oracle.base import gains, observe, signs_of
from fw_circuits.solver import ActiveSet, Clock
from fw_circuits.solver.restricted import Restricted, padded
from fw_circuits.tetrakis import Atom

#: Atoms that a search returns.
ATOMS = 40
#: A fold searches again where the penalty is at most this part of that of its last search.
HALF = 0.5
#: Violation of the conditions of optimality that is good enough, in units of the penalty.
ACCURACY = 0.03


class Pool:
    """Atoms that the folds have found, with their values on all rows: each is evaluated once.

    Attributes
    ----------
    atoms : list
        Distinct circuits, in the order in which they were found.
    columns : ndarray of shape (at least len(atoms), N padded)
    scales, signs : ndarray
        ``cost^(1/gamma)`` of each atom, and the signs that its coefficient may have.
    """

    def __init__(self, n_rows: int, gamma: float) -> None:
        self.gamma, self.n_rows = gamma, n_rows
        self.atoms: list[Any] = []
        self.columns = np.zeros((64, padded(np.zeros(n_rows)).size))
        self.scales, self.signs = np.ones(64), np.zeros(64)
        self._index: dict[Any, int] = {}

    def add(self, atoms: Sequence[Any], oracle: Oracle) -> Ints:
        """Places of the atoms, in their order; those that are new are evaluated."""
        keys = [_key(atom) for atom in atoms]
        fresh = {key: atom for key, atom in zip(keys, atoms, strict=True) if key not in self._index}
        if fresh:
            first, last = len(self.atoms), len(self.atoms) + len(fresh)
            while last > len(self.scales):
                self.columns = np.concatenate([self.columns, np.zeros_like(self.columns)])
                self.scales = np.concatenate([self.scales, np.ones_like(self.scales)])
                self.signs = np.concatenate([self.signs, np.zeros_like(self.signs)])
            self.columns[first:last, : self.n_rows] = oracle.evaluate(list(fresh.values())).T
            self.scales[first:last] = [atom.cost ** (1.0 / self.gamma) for atom in fresh.values()]
            self.signs[first:last] = signs_of(oracle, list(fresh.values()))
            self._index |= {key: first + i for i, key in enumerate(fresh)}
            self.atoms.extend(fresh.values())
        return np.array([self._index[key] for key in keys], dtype=np.int64)

    def solved(self, loss: Loss, lams: Sequence[float], size: int, lattice: Lattice) -> ActiveSet:
        """Nearly the optimum over the first ``size`` atoms at the last penalty: where the run on all rows starts."""
        problem, active = Restricted(loss), ActiveSet(loss, self.gamma)
        problem.extend(np.arange(size), self.signs[:size])
        for lam in lams:
            problem.solve(self.columns, lam * self.scales[:size], ACCURACY * lam)
        used = np.flatnonzero(problem.coef)
        atoms = [self.atoms[j] for j in used]  # they may come from fewer levels of the same domain
        atoms = [replace(atom, lattice=lattice) if isinstance(atom, Atom) else atom for atom in atoms]
        active.add(atoms, self.columns[used, : self.n_rows].T, self.signs[used])
        coef = np.zeros(len(active))
        for atom, b in zip(atoms, problem.coef[used], strict=True):
            place = active.index(atom)
            assert place is not None  # circuits of one function have one place
            coef[place] += b
        active.move(coef, problem.intercept)
        return active


def _key(atom: Any) -> Hashable:
    """Equal keys mean equal circuits: a weaker statement than ``atom.key``, and quickly made."""
    return (atom.level, atom.literals, atom.circuit) if isinstance(atom, Atom) else atom.key


class Fold:
    """A fold's way down: `loss_at` one penalty after the other.

    Parameters
    ----------
    loss : Loss
        On all rows, with weight 0 on those held out.
    judge : callable
        Mean loss of predictions on all rows, over those held out.
    pool : Pool

    Attributes
    ----------
    losses : list of float
        What `judge` said at the penalties so far.
    """

    def __init__(self, loss: Loss, judge: Callable[[Floats], float], pool: Pool) -> None:
        self.judge, self.pool, self.problem = judge, pool, Restricted(loss)
        self._known: set[int] = set()

    def start(self, oracle: Oracle, lams: Sequence[float], clock: Clock, max_iter: int) -> None:
        """Begin a path, from the best constant and with all atoms known so far; ``max_iter``: searches a penalty."""
        self.oracle, self.lams, self.clock, self.max_iter = oracle, lams, clock, max_iter
        self.losses: list[float] = []
        self._searched, self._exhausted = np.inf, False
        self.problem.restart()

    def loss_at(self, i: int) -> float:
        """Loss on the rows held out at penalty ``i``: at most one more than were asked for."""
        if i == len(self.losses):
            self._go_to(self.lams[i])
            self.losses.append(self.judge(self.problem.f))
        return self.losses[i]

    def _go_to(self, lam: float) -> None:
        """Solve at ``lam``; where it is far below the last search, in stages with a search at each."""
        for _ in range(self.max_iter):
            if self._exhausted or lam > HALF * self._searched:
                break
            top = self._best_known() if np.isinf(self._searched) else np.inf
            self._solve(max(lam, min(top, HALF * self._searched)))
            self._searched = max(lam, HALF * min(self._searched, self._search(HALF * lam)))
            if self.clock.expired():
                break
            self._solve(self._searched)
            if self._searched == lam:
                return
        self._solve(lam)

    def _solve(self, lam: float) -> None:
        thresholds = lam * self.pool.scales[self.problem.which]
        self.problem.solve(self.pool.columns, thresholds, ACCURACY * lam, self.clock.expired)

    def _gradient(self) -> Floats:
        return self.problem.loss.dual_point(self.problem.f)

    def _best_known(self) -> float:
        which = self.problem.which
        scores = self.pool.columns[which, : self.pool.n_rows] @ self._gradient() / self.pool.scales[which]
        return float(gains(scores, self.problem.signs).max(initial=0.0))

    def _search(self, least: float) -> float:
        """Get to know the best atoms that score more than ``least``; returns the largest score."""
        known = self.problem.which
        observe(self.oracle, [self.pool.atoms[j] for j in known[self.problem.coef != 0.0]])
        answer = self.oracle.search(self._gradient(), ATOMS, self.clock.limited())
        literals = getattr(self.oracle, "max_gates", None) == 0  # one function of each: fewer than asked for are all
        least = -1.0 if literals else least
        good = [atom for atom, score in zip(answer.atoms, answer.scores, strict=True) if abs(score) > least]
        found = [j for j in self.pool.add(good, self.oracle).tolist() if j not in self._known]
        self._known.update(found)
        self.problem.extend(np.array(found, np.int64), self.pool.signs[found])
        self._exhausted = literals and answer.complete and len(answer.atoms) < ATOMS
        return answer.value
