"""How many neurons of each block to keep: probabilities for a given expected number (theory, section 7).

The error of pruning is at most ``sum_l (sum_i c_{l,i}^2 (1/p_{l,i} - 1))^(1/2)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fw_circuits._typing import Floats

#: From plain to tuned.
BUDGETS = ("theorem", "tuned")
SWEEPS = 100


def keep_probabilities(costs: Sequence[Floats], n: float, budget: str) -> list[Floats]:
    """Probabilities per block, of sum at most n.

    "theorem": ``min(1, n c / R)``.  "tuned": for weights s_l the sum of the ``c^2 / (s_l p)`` is least at
    ``p = min(1, t c / sqrt(s_l))``, and ``sqrt(v) = min over s of (v / s + s) / 2`` is attained at s = sqrt(v); the two
    alternate, so that the bound never grows.  Without caps this ends at ``n_l ~ R_l^(2/3)``.

    Examples
    --------
    >>> [p.tolist() for p in keep_probabilities([np.array([3.0, 1.0]), np.array([4.0])], 4, "theorem")]
    [[1.0, 0.5], [1.0]]
    >>> p = keep_probabilities([np.ones(1000), np.full(1000, 8.0)], 50, "tuned")
    >>> [round(float(q.sum())) for q in p]  # about 1 : 8^(2/3)
    [10, 40]
    """
    if budget == "theorem":
        R = sum(float(c.sum()) for c in costs)
        return [np.minimum(1.0, n * c / R) if R > 0.0 else np.zeros_like(c) for c in costs]
    sizes = [len(c) for c in costs]
    if not sizes:
        return []
    flat = np.concatenate(costs)
    block = np.repeat(np.arange(len(sizes)), sizes)
    scale = np.ones(len(sizes))
    p = _fill(flat, n)
    for _ in range(SWEEPS):
        errors = np.sqrt(np.bincount(block, flat**2 * variance(p), len(sizes)))
        if errors.max(initial=0.0) == 0.0:
            break
        before, scale = scale, np.maximum(errors, 1e-12 * errors.max())
        p = _fill(flat / np.sqrt(scale[block]), n)
        if np.allclose(before, scale, rtol=1e-9, atol=0.0):
            break
    return np.split(p, np.cumsum(sizes)[:-1])


def variance(p: Floats) -> Floats:
    """Of a neuron that is kept with probability p and divided by it: ``1 / p - 1``; 0 where p = 0."""
    return np.divide(1.0 - p, p, out=np.zeros_like(p), where=p > 0.0)


def _fill(weights: Floats, n: float) -> Floats:
    """``min(1, t weights)`` of sum n, or 1 for all positive weights if there are not more than n."""
    order = np.argsort(-weights, kind="stable")
    falling = weights[order]
    positive = int(np.count_nonzero(falling))
    if positive <= n:
        return (weights > 0.0).astype(np.float64)
    rest = np.cumsum(falling[::-1])[::-1]  # the sum from place k on
    k = np.arange(positive)
    capped = int(np.argmax((n - k) * falling[:positive] <= rest[:positive]))  # places before it are at 1
    p: Floats = np.minimum(1.0, (n - capped) / rest[capped] * weights)
    return p
