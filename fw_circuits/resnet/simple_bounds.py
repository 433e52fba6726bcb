"""Simple sound bounds that pruning uses unless better ones are given: sensitivities and activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.network import ResNet


def simple_sensitivities(resnet: ResNet, activations: Sequence[Floats]) -> list[Floats]:
    """l2 diagonals D_0, ..., D_L for all streams: those of norms or those of paths, whichever prune better."""
    choices = norm_sensitivities(resnet), path_sensitivities(resnet, activations)

    def total(D: list[Floats]) -> float:
        norms = [np.sqrt(b.W.power(2).T @ d**2) for b, d in zip(resnet.blocks, D[1:], strict=True)]
        return float(sum(H @ norm for H, norm in zip(activations, norms, strict=True)))

    return min(choices, key=total)


def norm_sensitivities(resnet: ResNet) -> list[Floats]:
    """``|C| prod_{m > l} (1 + |W_m| |V_m|)`` times the identity; ``|M|^2 <= |M|_1 |M|_inf`` bounds spectral norms.

    Examples
    --------
    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> norm_sensitivities(net)
    [array([3.]), array([1.])]
    """
    lip = _norm(resnet.C)
    found = [np.full(resnet.width, lip)]
    for block in reversed(resnet.blocks):
        lip *= 1.0 + _norm(block.W) * _norm(block.V)
        found.append(np.full(resnet.width, lip))
    return found[::-1]


def path_sensitivities(resnet: ResNet, activations: Sequence[Floats]) -> list[Floats]:
    """Diagonals from absolute weights summed over paths, ``s_j >= |df/dalpha_j|``.

    ``sum_j (s_j / D_j)^2 = 1`` makes D valid; ``D_j ~ (s_j^2 / k_j)^(1/3)`` makes ``sum_j k_j D_j`` least, with
    ``k_j = sum_i |W_ji| H_i`` what the block writes to slot j.

    Examples
    --------
    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> [D.round(9).tolist() for D in path_sensitivities(net, [np.ones(1)])]
    [[3.0], [1.0]]
    """
    J = abs(resnet.C).toarray()
    slopes = [J]
    for block in reversed(resnet.blocks):
        J = J + (J @ abs(block.W)) @ abs(block.V)
        slopes.append(J)
    weights = [np.ones(resnet.width)]
    weights += [np.asarray(abs(block.W) @ H) for block, H in zip(resnet.blocks, activations, strict=True)]
    return [
        _diagonal(np.sqrt(np.sum(J**2, axis=0)), k) for J, k in zip(reversed(slopes), weights, strict=True)
    ]


def _diagonal(s: Floats, k: Floats) -> Floats:
    floor = 1e-12 * k.max(initial=0.0) or 1.0  # slots that are not written to need a D too, at little cost
    D = np.cbrt(s**2 / np.maximum(k, floor))
    ratio = np.divide(s, D, out=np.zeros_like(s), where=D > 0.0)
    return D * np.sqrt(ratio @ ratio)


def _norm(matrix: sp.csr_array) -> float:
    if matrix.nnz == 0:
        return 0.0
    size = abs(matrix)
    return float(np.sqrt(size.sum(axis=0).max() * size.sum(axis=1).max()))


def interval_activations(resnet: ResNet, domain: tuple[npt.ArrayLike, npt.ArrayLike]) -> list[Floats]:
    """Upper bounds on all activations over a box of raw features, by interval arithmetic.

    Parameters
    ----------
    resnet : ResNet
    domain : pair (low, high) of numbers or (n_features,) arrays
        Lowest and highest value of each feature.

    Raises
    ------
    InputError
        If the domain has another shape, is empty, or is not finite.

    Examples
    --------
    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> interval_activations(net, (-1.0, 3.0))
    [array([3.])]
    """
    try:
        below, above = domain
        ends = [
            np.broadcast_to(np.asarray(end, dtype=np.float64), resnet.n_features) for end in (below, above)
        ]
    except (TypeError, ValueError):
        raise InputError(
            f"domain is {domain!r}; expected (low, high), each a number or {resnet.n_features} numbers."
        ) from None
    if not np.all(np.isfinite(ends)) or np.any(ends[0] > ends[1]):
        raise InputError("the domain is empty or not finite; expected low <= high for every feature.")
    low, high = _interval(resnet.A, *ends)
    low, high = low + resnet.a, high + resnet.a
    found = []
    for block in resnet.blocks:
        below, above = _interval(block.V, low, high)
        below, above = np.maximum(below + block.b, 0.0), np.maximum(above + block.b, 0.0)
        found.append(above)
        down, up = _interval(block.W, below, above)
        low, high = low + down, high + up
    return found


def _interval(matrix: sp.csr_array, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Range of ``matrix @ x`` for low <= x <= high."""
    up, down = matrix.maximum(0.0), matrix.minimum(0.0)
    return np.asarray(up @ low + down @ high), np.asarray(up @ high + down @ low)
