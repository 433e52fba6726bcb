"""Certified sensitivities: diagonals D_l with Lip((alpha_l -> f) o D_l^-1) <= 1 (theory, section 7).

The derivative ``J = df/dalpha_l`` is a product of one factor ``I + W z V`` per block, with gates z in [0, 1] that
are taken to be independent.  An :class:`Enclosure` walks from the output back through the blocks: with ``g = c W``,
``Gamma = G W``, ``M = |g| + sum_k |Gamma_k|`` it sets ``c += (g/2) V``, ``G += (Gamma/2) V``, and appends the rows
``(M_i/2) V_i``.  Then ``|J_i| <= |c_i| + sum_k |G_ki|``, at *every* stream, reached or not.  Where gates are known from
the domain (``streams="reached"``), decided neurons need no new row, and the bound holds for streams reached from it.

Geometries, for q outputs: ``l1``: ``D_i >= sup sum_o |df_o/dalpha_i|`` (l1 norms on both sides); ``l2``:
``|J D^-1|_2 <= 1`` with Euclidean norms, through ``s_i = (sum_o sup |J_oi|^2)^(1/2)`` and ``scaling.best_scaling``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._checks import check_choice
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.measure.activation import Gates, bounds_of, forward_steps, stream_ranges
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.enclosure import EPS, Enclosure, Step, gate_band
from fw_circuits.resnet.measure.scaling import best_scaling, column_norms
from fw_circuits.resnet.network import ResNet, check_network

#: Covers the rounding of the few sums after the certificate, so that a check by the same certificate passes.
ROUND_UP = 1.0 + 1e-12
#: Shapes of an l2 diagonal that are tried, and the ratio of costs above which no further one is.
SHAPES, WORTH = 3, 0.99
GEOMETRIES = ("l1", "l2")
STREAMS = ("all", "reached")


def backward_steps(resnet: ResNet) -> list[Step]:
    """The blocks, prepared for enclosures of derivatives."""
    return [Step.of(block.W.T, np.zeros(block.n_neurons), block.V.T) for block in resnet.blocks]


def derivative_bounds(
    resnet: ResNet,
    steps: list[Step],
    gates: Gates | None = None,
    capacity_bytes: int | None = None,
    visit: Callable[[int, Enclosure], None] | None = None,
) -> list[Floats]:
    """Bounds on ``|df_o/dalpha_{l,i}|``, arrays (outputs, width) for l = 0, ..., L; gates in [0, 1] unless decided.

    ``visit(l, enclosure)`` sees every enclosure on its way.
    """
    found = [np.zeros((resnet.n_outputs, resnet.width)) for _ in range(resnet.depth + 1)]
    if gates is None:
        gates = [(np.zeros(block.n_neurons, dtype=bool),) * 2 for block in resnet.blocks]
    for o in range(resnet.n_outputs):
        row = resnet.C[[o]].toarray()[0]
        zero = np.zeros((resnet.width, 0))
        J = Enclosure(row, zero, np.zeros(resnet.width), resnet.n_neurons, capacity_bytes)
        found[-1][o] = np.abs(row)
        if visit is not None:
            visit(resnet.depth, J)
        for l in range(resnet.depth - 1, -1, -1):
            J.advance(steps[l], gate_band(*gates[l]))
            found[l][o] = J.magnitude
            if visit is not None:
                visit(l, J)
    return found


def path_bounds(resnet: ResNet) -> list[Floats]:
    """The coarsest bounds: absolute weights summed over all paths, ``|C| (I + |W_L| |V_L|) ...``."""
    J = abs(resnet.C).toarray()
    found = [J]
    for block in reversed(resnet.blocks):
        terms = block.V.shape[0] + block.W.shape[0] + 4
        J = (J + (abs(block.V).T @ (abs(block.W).T @ J.T)).T) * (1.0 + 2 * terms * EPS)
        if not np.all(np.isfinite(J)):
            raise InputError("the path norm overflows float64; use method='affine'.")
        found.append(J)
    return found[::-1]


def writers(resnet: ResNet) -> list[sp.csr_array]:
    """What writes to ``alpha_0, ..., alpha_L``: A, then W of each block."""
    return [resnet.A, *(block.W for block in resnet.blocks)]


def layers(resnet: ResNet, activations: list[Floats], inputs: Floats) -> list[tuple[sp.csr_array, Floats]]:
    """What writes to ``alpha_0, ..., alpha_L``, and how much its columns emit at most."""
    return list(zip(writers(resnet), [inputs, *activations], strict=True))


def diagonals(bounds: list[Floats], geometry: str, priced: list[tuple[sp.csr_array, Floats]]) -> list[Floats]:
    """D_0, ..., D_L from bounds on the derivative; the l2 ones are chosen to be cheap for ``layers``."""
    if geometry == "l1":
        return [bound.sum(axis=0) * ROUND_UP for bound in bounds]
    return [
        best_scaling(np.sqrt(np.sum(bound**2, axis=0)) * ROUND_UP, W, h)[0]
        for bound, (W, h) in zip(bounds, priced, strict=True)
    ]


class EuclideanDiagonals:
    """A visitor of enclosures that collects l2 diagonals: better than :func:`diagonals`, as it lets generators cancel.

    The diagonals of several outputs add up in squares, ``|J d|^2 = sum_o (J_o d)^2 <= sum_i D_i^2 d_i^2``.
    """

    def __init__(self, resnet: ResNet, priced: list[tuple[sp.csr_array, Floats]]) -> None:
        self._priced = priced
        self._squares = [np.zeros(resnet.width) for _ in priced]

    def __call__(self, l: int, J: Enclosure) -> None:
        """Add the diagonal of one output at level l."""
        W, h = self._priced[l]
        magnitude = J.magnitude
        best = best_scaling(magnitude, W, h)[0]
        candidate, cost = best, float(h @ column_norms(best, W, 2))
        for _ in range(SHAPES):
            factor, shares = J.euclidean(candidate)
            price = factor * float(h @ column_norms(candidate, W, 2))
            if price > WORTH * cost:
                break
            best, cost = factor * candidate, price
            candidate = best_scaling(np.maximum(np.minimum(shares, magnitude), 1e-6 * magnitude), W, h)[0]
        self._squares[l] += best**2

    def result(self) -> list[Floats]:
        """D_0, ..., D_L."""
        return [np.sqrt(square) * ROUND_UP for square in self._squares]


def sensitivities(
    resnet: ResNet,
    geometry: str = "l1",
    method: str = "affine",
    domain: Any = None,
    *,
    streams: str = "all",
    activations: list[Floats] | None = None,
) -> list[Floats]:
    """Certified diagonals ``D_0, ..., D_L``: alpha_l -> f has Lipschitz constant at most 1 after division by D_l.

    Parameters
    ----------
    resnet : ResNet
        The network.
    geometry : {"l1", "l2"}
        Norm on streams and outputs.  An l1 diagonal is not an l2 one.
    method : {"affine", "interval", "path"}
        Best first; each is at most the next.
    domain : Box, Lattice, (low, high) or None
        Used for ``streams="reached"``, and by the l2 geometry to weigh the coordinates (any choice is valid).
    streams : {"all", "reached"}
        Whether D holds at every stream of R^width (as pruning needs) or at those reached from the domain.
    activations : list of arrays, optional
        Weights of the neurons that the l2 diagonals are chosen for; default: ``sup`` activations.

    Returns
    -------
    list of L + 1 arrays (width,)

    Raises
    ------
    InputError
        If a word is unknown, the domain cannot be used, or bounds overflow.

    Examples
    --------
    The absolute value: the coordinate's derivative is -1 or 1 before the block, and 1 after it.

    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> [D.round(6).tolist() for D in sensitivities(net)]
    [[1.0], [1.0]]
    """
    check_network(resnet)
    check_choice("geometry", geometry, GEOMETRIES)
    check_choice("method", method, ("affine", "interval", "path"))
    check_choice("streams", streams, STREAMS)
    box = Box.of(domain, resnet.n_features)
    capacity = None if method == "affine" else 0
    gates = None
    if streams == "reached" or (geometry == "l2" and activations is None):
        ranges = stream_ranges(resnet, box, forward_steps(resnet), capacity)
        if streams == "reached":
            gates = ranges.gates
        activations = activations or bounds_of(resnet, "sup", ranges.high, ranges.magnitudes)
    priced = layers(resnet, activations or [np.ones(block.n_neurons) for block in resnet.blocks], box.magnitude)
    if method == "path":
        return diagonals(path_bounds(resnet), geometry, priced)
    return certified_diagonals(resnet, geometry, priced, gates, capacity)


def certified_diagonals(
    resnet: ResNet,
    geometry: str,
    priced: list[tuple[sp.csr_array, Floats]],
    gates: Gates | None,
    capacity_bytes: int | None,
) -> list[Floats]:
    """D_0, ..., D_L by one walk of enclosures from each output."""
    collect = EuclideanDiagonals(resnet, priced) if geometry == "l2" else None
    bounds = derivative_bounds(resnet, backward_steps(resnet), gates, capacity_bytes, collect)
    return diagonals(bounds, geometry, priced) if collect is None else collect.result()
