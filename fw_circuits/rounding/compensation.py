"""Round coefficients one after the other, each time letting the others make up for what was lost on the data.

The integers w are to make ``sum_i q_i (sum_j e_j (T_ij - mean T_j))^2`` small, ``e = b - step w``: a closest lattice
point, for which Babai's nearest plane (Combinatorica 6, 1986) is the classic.  Each coefficient is rounded to its
nearest multiple of the step in turn, and those still to come move to where they make the sum least.  The smallest come
first, since they lose most: what an atom that is dropped knew goes to atoms that stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array, Floats, Ints

#: Part of the mean of the diagonal that is added to it: the rows are a sample.
RIDGE = 0.01
#: Weight of a row far from the boundary of a classifier, beside 1 on it.
FAR = 0.02


def nearest(ratio: Floats, book: Ints) -> Ints:
    """The signed entries of a codebook, ascending from 0, that are closest to some numbers.

    >>> nearest(np.array([-2.6, 0.4, 9.0]), np.array([0, 1, 2, 4])).tolist()
    [-2, 0, 4]
    """
    size = np.abs(ratio)
    place = np.clip(np.searchsorted(book, size), 1, len(book) - 1)
    low, high = book[place - 1], book[place]
    whole: Ints = np.where(size - low <= high - size, low, high) * np.sign(ratio).astype(np.int64)
    return whole


def row_weights(f: Floats, sign: bool) -> Floats:
    """How much errors on each row matter, summing to 1: where only the sign of f does, those near 0 most."""
    q = 1.0 / np.cosh(np.clip(0.5 * f, -300.0, 300.0)) ** 2 + FAR if sign else np.ones(len(f))
    normed: Floats = q / q.sum()
    return normed


@dataclass(frozen=True)
class Compensation:
    """What an error of each coefficient asks of those that are larger.

    ``order`` is by size, the smallest first; ``factor`` is the upper Cholesky factor of the inverse of the Gram matrix
    of the atoms in that order.
    """

    order: Ints
    factor: Floats

    @classmethod
    def of(cls, coef: Floats, values: Array, q: Floats) -> Compensation:
        """From values (N, m) on rows of weights q."""
        order = np.argsort(np.abs(coef), kind="stable")
        T = values[:, order].astype(np.float64)
        T -= q @ T
        gram = T.T @ (T * q[:, None])
        gram[np.diag_indices_from(gram)] += RIDGE * max(np.trace(gram) / len(coef), 1e-300)
        return cls(order, np.linalg.cholesky(np.linalg.inv(gram)).T)

    def weights(self, coef: Floats, kept: Array, steps: Floats, book: Ints, signed: bool = False) -> Ints:
        """Integers (m, S) for each of S steps; those of atoms that are not kept are 0.

        ``signed``: none has the other sign than its coefficient, so that a monotone function stays one.
        """
        b = np.repeat(coef[self.order][:, None], len(steps), axis=1)
        w = np.zeros(b.shape, dtype=np.int64)
        for j, row in enumerate(self.factor):
            if kept[self.order[j]]:
                w[j] = nearest(b[j] / steps, book)
                w[j, signed & (w[j] * coef[self.order[j]] < 0.0)] = 0
            b[j + 1 :] -= row[j + 1 :, None] * ((b[j] - steps * w[j]) / row[j])
        result = np.empty_like(w)
        result[self.order] = w
        return result
