"""The active set of a problem with several outputs: pairs of an atom and an output, and the softmax's Newton model.

The second derivative of the multinomial loss couples the outputs: with probabilities ``p_ik`` it is
``q_i (p_ik [k = l] - p_ik p_il)`` between outputs k and l on row i.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from fw_circuits._typing import Floats, Ints
from fw_circuits.objective import Loss, Multinomial
from fw_circuits.solver.active_set import ActiveSet, Model
from fw_circuits.solver.columns import EVERY_ROW, no_columns, with_values

#: Rows of the values of all atoms that are dense at a time, in entries.
ENTRIES = 1 << 22


class JointColumns:
    """Values of pairs on the rows of all outputs: block k of N rows has those of output k, the other blocks are 0.

    Examples
    --------
    >>> columns = JointColumns(2, 2)
    >>> columns.append(np.array([[1.0, -1.0], [0.5, 1.0]]), np.array([1, 0]))
    >>> columns.push(np.array([2.0, 1.0])).tolist(), columns.pull(np.array([0.0, 0.0, 1.0, 2.0])).tolist()
    ([-1.0, 1.0, 2.0, 1.0], [2.0, 0.0])
    """

    def __init__(self, n_rows: int, n_outputs: int) -> None:
        self.blocks = [no_columns(n_rows) for _ in range(n_outputs)]
        self.outputs: Ints = np.zeros(0, np.int64)
        self.n_rows = n_rows * n_outputs

    def __len__(self) -> int:
        return self.outputs.size

    def push(self, coef: Floats) -> Floats:
        """Values of a combination, (m,) to (K N,)."""
        return np.concatenate([block.push(coef[self.outputs == k]) for k, block in enumerate(self.blocks)])

    def pull(self, g: Floats) -> Floats:
        """Sums of row weights over each pair, (K N,) to (m,)."""
        sums = np.empty(len(self))
        for k, (block, part) in enumerate(zip(self.blocks, np.split(g, len(self.blocks)), strict=True)):
            sums[self.outputs == k] = block.pull(part)
        return sums

    def append(self, values: Floats, outputs: Ints) -> None:
        """Add pairs with values (N, p) on the rows of their outputs (p,)."""
        for k in range(len(self.blocks)):
            if (here := outputs == k).any():
                self.blocks[k] = with_values(self.blocks[k], values[:, here])
        self.outputs = np.append(self.outputs, outputs)

    def keep(self, index: Ints) -> None:
        """Keep only the pairs of these ascending positions."""
        kept = np.zeros(len(self), bool)
        kept[index] = True
        for k, block in enumerate(self.blocks):
            block.keep(np.flatnonzero(kept[self.outputs == k]))
        self.outputs = self.outputs[index]

    def dense(self, rows: slice = EVERY_ROW) -> Floats:
        """Values of the pairs on some of the N rows, those of output 0 first, (m, rows)."""
        return np.concatenate([block.dense(rows) for block in self.blocks])

    def second_derivative(self, q: Floats, p: Floats) -> tuple[Floats, Floats]:
        """Second derivatives of the mean softmax loss: between pairs (m, m), and pairs and intercepts (m, K).

        ``q`` are the weights of the N rows and ``p`` the probabilities (K, N).
        """
        order = np.argsort(self.outputs, kind="stable")
        sorted_outputs = self.outputs[order]
        ends = np.searchsorted(sorted_outputs, np.arange(len(self.blocks) + 1))
        gram, cross = np.zeros((len(self),) * 2), np.zeros((len(self), len(self.blocks)))
        step = max(1, ENTRIES // max(1, len(self)))
        for start in range(0, q.size, step):
            rows = slice(start, start + step)
            T, part, root = self.dense(rows), p[:, rows], np.sqrt(q[rows])
            for k, (a, b) in enumerate(pairwise(ends.tolist())):
                half = T[a:b] * (root * np.sqrt(part[k]))
                gram[a:b, a:b] += half @ half.T
                cross[a:b, k] += T[a:b] @ (q[rows] * part[k])
                T[a:b] *= root * part[k]
            gram -= T @ T.T
            cross -= T @ (root * part).T
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        return gram[np.ix_(place, place)], cross[place]


class JointActiveSet(ActiveSet):
    """Pairs with coefficients; ``f`` has a block of N entries for each output, and ``intercept`` one for each.

    Parameters are those of :class:`ActiveSet`.
    """

    loss: Multinomial
    intercept: Any
    columns: Any

    def __init__(self, loss: Multinomial, gamma: float) -> None:
        super().__init__(loss, gamma)
        self.columns = JointColumns(loss.weights.size, loss.n_outputs)

    def _store(self, atoms: Sequence[Any], values: Floats) -> None:
        outputs = np.array([pair.output for pair in atoms], dtype=np.int64)
        blocks = values.reshape(self.loss.n_outputs, self.loss.weights.size, len(atoms))
        self.columns.append(blocks[outputs, :, np.arange(outputs.size)].T, outputs)

    def move(self, coef: Floats, intercept: Any) -> None:
        """Set the coefficients and recompute ``f`` from them."""
        self.coef, self.intercept = coef, np.array(intercept)
        self.f = self.at(coef, self.intercept)

    def at(self, coef: Floats, intercept: Any) -> Floats:
        """``f`` for other coefficients."""
        f: Floats = self.columns.push(coef) + np.repeat(intercept, self.loss.weights.size)
        return f

    def model(self, g: Floats, slope: Floats) -> Model | None:
        """As in :class:`ActiveSet`; the intercepts are determined up to a common constant, which stays."""
        q, p = self.loss.weights, self.loss.probabilities(self.f)
        gram, cross = self.columns.second_derivative(q, p)
        own = np.diag(p @ q) - (p * q) @ p.T
        K, size = len(own), float(np.trace(own))
        if size <= 1e-290:
            return None
        inverse = np.linalg.pinv(own + size / K**2, hermitian=True)  # the constant direction is flat: any curvature
        push = self.loss.blocks(g).sum(axis=1)
        gram -= cross @ inverse @ cross.T
        return Model(gram, slope - cross @ (inverse @ push), lambda change: inverse @ (push - change @ cross), push)


def empty_set(loss: Loss, gamma: float) -> ActiveSet:
    """No atoms and the best constant: where a run begins that has no warm start."""
    return JointActiveSet(loss, gamma) if isinstance(loss, Multinomial) else ActiveSet(loss, gamma)
