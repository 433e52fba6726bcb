"""The best diagonal of the l2 geometry, given bounds on the derivative (original to this package).

If ``|J_i| <= s_i``, then ``|J D^-1|_2 <= 1`` follows from ``sum_i (s_i / D_i)^2 <= 1``.  Among these D the one of least
``sum_j h_j |D W_j|_2`` is wanted: a convex problem.  For unit vectors q_j and ``k_i = sum_j h_j q_ij |W_ij|``,

    sum_j h_j |D W_j|_2  >=  k . D  >=  (sum_i (k_i s_i)^(2/3))^(3/2),

with equality at the optimum, where ``D_i ~ s_i^(2/3) k_i^(-1/3)`` and q_j is the direction of ``D |W_j|``.
Alternating the two gives D (an upper value) and the right-hand side (a lower value, for any q).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Floats

#: Alternations at most, and the relative gap between both sides that ends them.
SWEEPS, TOLERANCE = 40, 1e-4
#: Weight, relative to the largest one, of a coordinate that no neuron writes to: D stays finite there.
UNWRITTEN = 1e-12


def best_scaling(s: Floats, W: sp.csr_array, h: Floats) -> tuple[Floats, float]:
    """D with ``sum (s / D)^2 <= 1`` (0/0 = 0) and nearly least ``sum_j h_j |D W_j|_2``; a lower bound on the latter.

    Examples
    --------
    >>> D, low = best_scaling(np.array([3.0, 4.0]), sp.csr_array(np.eye(2)), np.ones(2))
    >>> bool(((3, 4) / D) @ ((3, 4) / D) <= 1.0), bool(abs(D.sum() - low) < 1e-3)
    (True, True)
    """
    size = abs(W)
    D, lower = np.sqrt(s * s.sum()), 0.0
    for _ in range(SWEEPS):
        norms = column_norms(D, W, 2)
        share = np.divide(h, norms, out=np.zeros_like(norms), where=norms > 0.0)
        k = D * (size.power(2) @ share)
        lower = max(lower, float(np.sum((k * s) ** (2 / 3)) ** 1.5))
        floor = UNWRITTEN * k.max(initial=0.0)
        if floor == 0.0 or float(h @ norms) * np.sqrt(_squares(s, D)) <= lower * (1.0 + TOLERANCE):
            break
        D = np.cbrt(s**2 / np.maximum(k, floor))
        D *= np.sqrt(_squares(s, D))
    return D * np.sqrt(_squares(s, D)) * (1.0 + 1e-12), lower


def column_norms(D: Floats, W: sp.csr_array, p: int) -> Floats:
    """``|D W_j|_p`` of every column, p = 1 or 2."""
    norms: Floats = abs(W).T @ D if p == 1 else np.sqrt(W.power(2).T @ D**2)
    return norms


def _squares(s: Floats, D: Floats) -> float:
    ratio = np.divide(s, D, out=np.zeros_like(s), where=D > 0.0)
    return float(ratio @ ratio)
