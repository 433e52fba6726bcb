"""The penalised problem over fixed columns, squared or logistic, fast and to a rough accuracy: for whole paths.

    minimise over b, c   sum_i q_i l(y_i, f_i) + sum_j t_j |b_j|,    f = c + sum_j b_j T_j

Proximal Newton on a working set, compiled (``csrc/solver/restricted.c``); `reference` says the same in NumPy.  What
`fw_circuits.solver.corrective` solves exactly for a certificate is solved here to what ranking penalties needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._typing import Floats, Ints
from fw_circuits.objective import Loss
from fw_circuits.oracle.base import gains
from fw_circuits.solver.lasso import reference_descent, violation

#: Rows are padded to a multiple of this.
LANES = 16
#: A column may come into the working set if it violates its condition by at least this fraction of the worst.
SHARE = 0.5
#: This many may always come.
FEW = 16
#: Newton steps at most, and multiplications in one call of the kernel, after which Ctrl-C is heard.
STEPS, SLICE = 120, 1e8


def padded(values: Floats) -> Floats:
    """The vector with zeros up to the next multiple of `LANES`.

    Examples
    --------
    >>> padded(np.ones(3)).size
    16
    """
    return np.pad(values, (0, -values.size % LANES))


@dataclass
class Restricted:
    """One problem over a growing choice of columns: its data, and where it stands.

    Attributes
    ----------
    loss : Loss
        Squared or logistic.
    which : ndarray of shape (m,)
        The columns, by their row in the array that `solve` is given.
    coef, signs : ndarray of shape (m,)
        Coefficients, and the signs that they may have: 1, -1, or 0 for both.
    f : ndarray of shape (N,)
        Predictions on all rows, those of weight 0 too.

    Examples
    --------
    >>> from fw_circuits.objective import make_loss
    >>> problem = Restricted(make_loss("squared", np.array([0.0, 0.0, 2.0, 2.0])))
    >>> problem.extend(np.array([0]))
    >>> problem.solve(padded(np.array([-1.0, -1.0, 1.0, 1.0]))[None], np.array([0.25]), 1e-9)
    >>> problem.coef.round(6).tolist(), problem.intercept
    ([0.75], 1.0)
    """

    loss: Loss

    def __post_init__(self) -> None:
        self._weights, self._targets = padded(self.loss.weights), padded(self.loss.y)
        self._f = np.zeros(self._weights.size)
        self.which: Ints = np.zeros(0, np.int64)
        self.signs: Floats = np.zeros(0)
        self.restart()

    def restart(self) -> None:
        """Back to the best constant; the columns stay."""
        self.coef: Floats = np.zeros(self.which.size)
        self._c = np.array([self.loss.constant])
        self._f[:] = self.loss.constant

    def extend(self, which: Ints, signs: Floats | None = None) -> None:
        """More columns, none of which is there already."""
        self.which = np.concatenate([self.which, which.astype(np.int64)])
        self.signs = np.concatenate([self.signs, np.zeros(which.size) if signs is None else signs])
        self.coef = np.concatenate([self.coef, np.zeros(which.size)])

    @property
    def f(self) -> Floats:
        """Predictions on the rows."""
        return self._f[: self.loss.y.size]

    @property
    def intercept(self) -> float:
        """The free constant."""
        return float(self._c[0])

    def solve(
        self, columns: Floats, thresholds: Floats, accuracy: float, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Solve from where it stands to a violation of ``accuracy``; ``columns`` has padded rows."""
        run = select("_solver", None)
        run = run.restricted if run else reference
        steps = int(np.clip(SLICE / (self._f.size * max(1, self.which.size)), 1, STEPS))
        for _ in range(0, STEPS, steps):
            done = run(columns, self.which, self._weights, self._targets, thresholds, self.loss.labels, self.coef,
                       self._c, self._f, accuracy, steps, self.signs)  # fmt: skip
            if done < steps or stop():
                return


def reference(
    columns: Floats, which: Ints, q: Floats, y: Floats, t: Floats, logistic: bool, b: Floats, c: Floats, f: Floats,
    accuracy: float, max_steps: int, signs: Floats,
) -> int:  # fmt: skip
    """NumPy reference implementation of ``csrc/solver/restricted.c``; ``b``, ``c`` and ``f`` are changed."""
    T = columns[which]

    def loss(at: Floats) -> float:
        return float(q @ (np.logaddexp(0.0, -y * at) if logistic else 0.5 * (y - at) ** 2))

    f[:] = c[0] + b @ T
    objective = loss(f) + float(t @ np.abs(b))
    for step in range(max_steps):
        p = 1.0 / (1.0 + np.exp(np.clip(y * f, -700.0, 700.0)))
        g, h = (q * y * p, q * p * (1.0 - p)) if logistic else (q * (y - f), q)
        total, slope = float(h.sum()), T @ g
        if max(violation(slope, t, b, signs), abs(float(g.sum()))) <= accuracy or total <= 1e-290:
            return step
        used = working_set(slope, t, b, signs)
        mean = T[used] @ h / total
        half = np.sqrt(h) * (T[used] - mean[:, None])
        gram = half @ half.T
        gram[np.diag_indices(used.size)] += 1e-6 * np.trace(gram) / max(1, used.size)
        target, residual = b[used], slope[used] - mean * g.sum()
        reference_descent(gram, t[used], target, residual, 100, 0.1 * accuracy, signs[used])
        change = target - b[used]
        shift = g.sum() / total - mean @ change
        for part in 0.5 ** np.arange(30):
            trial = b.copy()
            trial[used] += part * change
            at = f + part * (shift + change @ T[used])
            reached = loss(at) + float(t @ np.abs(trial))
            if reached < objective:
                b[:], f[:], objective = trial, at, reached
                c += part * shift
                break
        else:
            return step
    return max_steps


def working_set(slope: Floats, t: Floats, b: Floats, signs: Floats) -> Ints:
    """The columns in use, and of those that violate their condition most as few as half of these, or `FEW`.

    Examples
    --------
    >>> working_set(np.array([3.0, 1.1, 0.5, -2.9]), np.ones(4), np.array([0.0, 0.0, 0.1, 0.0]), np.zeros(4))
    array([0, 2, 3])
    """
    excess = np.where(b == 0.0, gains(slope, signs) - t, -np.inf)
    used, worst, share = int(np.count_nonzero(b)), float(excess.max(initial=0.0)), SHARE
    while True:
        chosen = np.flatnonzero((b != 0.0) | ((worst > 0.0) & (excess >= share * worst)))
        share = 0.5 * (1.0 + share)
        if chosen.size <= used + max(used // 2, FEW) or share >= 0.99:
            return chosen
