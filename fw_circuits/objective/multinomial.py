"""The multinomial loss: one function per class, softmax, cross-entropy.

Predictions of N rows for K classes are one vector of K blocks of N entries, block k for class k; so are the targets
(ones for the rows of the class, else zeros) and dual points.  With that, one problem of K outputs is a problem of K N
rows whose atoms are pairs of a circuit and a class, and everything else follows as for other losses.  The norm is
then the sum over classes of the norms of their functions (an l1 norm over outputs: original to this package).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import entr, log_softmax, logsumexp, softmax, xlogy

from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_labels
from fw_circuits.objective.base import Loss

#: Sums of a dual point that are a larger fraction of its entries are rounding error, as in `forms`.
NOISE = 1e-12
#: Newton steps at most for the intercepts, and the largest change in one of them.
STEPS = 100


@dataclass(frozen=True)
class Multinomial(Loss):
    """Mean cross-entropy, ``L(F) = sum_i q_i (log sum_k exp F_ik - F_iy)`` with ``y`` the class of row i.

    Parameters
    ----------
    y : ndarray of shape (K N,)
        Block k of N entries is for class k: ones for its rows, else zeros.
    weights : ndarray of shape (N,)
        Sample weights, >= 0, sum 1.

    Examples
    --------
    >>> loss = Multinomial(np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.5, 0.5]))
    >>> round(loss.value(np.zeros(4)), 6), loss.negative_gradient(np.zeros(4)).tolist()
    (0.693147, [0.25, -0.25, -0.25, 0.25])
    """

    name = "multinomial"
    labels = True
    smoothness = 0.5

    @property
    def n_outputs(self) -> int:
        """Number of classes K."""
        return self.y.size // self.weights.size

    def blocks(self, f: Floats) -> Floats:
        """The vector with one row per class, (K, N)."""
        return f.reshape(self.n_outputs, -1)

    def row_losses(self, f: Floats) -> Floats:
        F = self.blocks(f)
        return np.asarray(np.maximum(logsumexp(F, axis=0) - (self.blocks(self.y) * F).sum(axis=0), 0.0))

    def probabilities(self, f: Floats) -> Floats:
        """Softmax over the classes, (K, N)."""
        p: Floats = softmax(self.blocks(f), axis=0)
        return p

    def negative_gradient(self, f: Floats) -> Floats:
        return (self.weights * (self.blocks(self.y) - self.probabilities(f))).ravel()

    def hessian_diagonal(self, f: Floats) -> Floats:
        p = self.probabilities(f)
        return (self.weights * p * (1.0 - p)).ravel()

    def dual_point(self, f: Floats) -> Floats:
        """Minus the gradient where the intercepts are optimal for f: every block then sums to 0.

        Moving the intercepts keeps the point in the domain of the conjugate, which a shift of its entries would not.
        """
        g = self.blocks(self.negative_gradient(f + np.repeat(self.intercept(f), self.weights.size)))
        centred: Floats = g - self.weights * g.sum(axis=1)[:, None]
        return centred.ravel()

    def _simplex(self, theta: Floats) -> Floats:
        """The probabilities of which theta is the dual point, (K, N); valid where they are in the simplex."""
        ratio = np.divide(self.blocks(theta), self.weights, out=np.zeros_like(self.blocks(theta)),
                          where=self.weights > 0)  # fmt: skip
        return self.blocks(self.y) - ratio

    def dual(self, theta: Floats) -> float:
        p = self._simplex(theta)[:, self.weights > 0.0]
        if p.min(initial=0.0) < -1e-15 or np.abs(p.sum(axis=0) - 1.0).max(initial=0.0) > 1e-12:
            return -np.inf
        return float(self.weights[self.weights > 0.0] @ entr(np.clip(p, 0.0, 1.0)).sum(axis=0))

    def dual_limit(self, theta: Floats) -> float:
        per = self.blocks(self.y) - self._simplex(theta)  # theta_ik / q_i, at most 1 for the class of the row
        top = float(per.max(initial=0.0))
        limit = np.inf if top <= 0.0 else 1.0 / top
        blocks = self.blocks(theta)
        noisy = np.abs(blocks.sum(axis=1)) > NOISE * np.abs(blocks).sum(axis=1)
        return min(limit, 1.0) if noisy.any() else limit

    def dual_derivatives(self, theta: Floats) -> tuple[float, float] | None:
        p = np.maximum(self._simplex(theta), 1e-300)
        ratio = self.blocks(self.y) - self._simplex(theta)
        first, second = xlogy(ratio, p).sum(axis=0), (ratio * (ratio / p)).sum(axis=0)
        return float(self.weights @ first), -float(self.weights @ second)

    def intercept(self, f: Floats, start: Any = 0.0) -> Any:
        """The constants (K,), of sum 0, that minimise ``L(f + c)``.

        Newton's method; where its step does not lower the loss, the step of iterative scaling, which always does.
        """
        q, K = self.weights, self.n_outputs
        F, share = self.blocks(f), self.blocks(self.y) @ q
        c = np.zeros(K) + start
        c -= c.mean()

        def loss(c: Floats) -> float:
            return float(q @ logsumexp(F + c[:, None], axis=0) - share @ c)

        now = loss(c)
        for _ in range(STEPS):
            p = softmax(F + c[:, None], axis=0)
            have = p @ q
            wrong = share - have
            if np.abs(wrong).max() <= 4e-16:
                break
            curvature = np.diag(have) - (p * q) @ p.T + np.full((K, K), 1.0 / K)
            step = np.linalg.lstsq(curvature, wrong, rcond=None)[0]
            new = c + step - step.mean()
            then = loss(new)
            if not then <= now:
                new = c + np.log(share) - _log_mean(F + c[:, None], q)
                new -= new.mean()
                then = loss(new)
            if not then <= now or np.array_equal(new, c):
                break
            settled = np.abs(wrong).max() <= 1e-13 and now - then <= 0.0
            c, now = new, then
            if settled:
                break
        return c

    @cached_property
    def at_constant(self) -> Floats:
        return np.repeat(self.constant, self.weights.size)

    @cached_property
    def constant(self) -> Any:
        """The best constants, (K,)."""
        share = self.blocks(self.y) @ self.weights
        logs = np.log(np.maximum(share, 1e-300))
        return logs - logs.mean()

    def least_by_group(self, group: Array) -> float:
        parts = np.array([np.bincount(group, weights=self.weights * y) for y in self.blocks(self.y)])
        total = parts.sum(axis=0)
        ratio = np.divide(parts, total, out=np.ones_like(parts), where=total > 0.0)
        return -float(xlogy(parts, ratio).sum())

    def expression(self, f: Any, cp: Any) -> Any:
        F = cp.reshape(f, (self.n_outputs, self.weights.size), order="C")
        rows = cp.log_sum_exp(F, axis=0) - cp.sum(cp.multiply(self.blocks(self.y), F), axis=0)
        return self.weights @ rows

    @classmethod
    def encode_target(cls, y: Any, n_rows: int, weights: Floats | None = None) -> tuple[Floats, Array | None]:
        codes, classes = check_labels(y, n_rows, weights)
        return (codes == np.arange(len(classes))[:, None]).astype(np.float64).ravel(), classes


def _log_mean(F: Floats, q: Floats) -> Floats:
    """Logarithms of the mean probabilities, (K,), also where these underflow."""
    logs = log_softmax(F, axis=0)
    mean: Floats = logsumexp(logs, axis=1, b=q)
    return mean
