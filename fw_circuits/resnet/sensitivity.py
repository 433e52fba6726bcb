"""Certified sensitivities: diagonals D_l with Lip((alpha_l -> f) o D_l^-1) <= 1 (theory, section 7).

The derivative ``J = df/dalpha_l`` is a product of one factor ``I + W z V`` a block, with gates z in [0, 1] that
are taken to be independent.  An :class:`Enclosure` walks from the output back through the blocks: with ``g = c W``,
``Gamma = G W``, ``M = |g| + sum_k |Gamma_k|`` it sets ``c += (g/2) V``, ``G += (Gamma/2) V``, and appends the rows
``(M_i/2) V_i``.  Then ``|J_i| <= |c_i| + sum_k |G_ki|``, at *every* stream, reached or not.  Where gates are known from
the domain (``streams="reached"``), decided neurons need no new row, and the bound holds for streams reached from it.

Geometries, for q outputs: ``l1``: ``D_i >= sup sum_o |df_o/dalpha_i|`` (l1 norms on both sides); ``l2``:
``|J D^-1|_2 <= 1`` with Euclidean norms, through ``s_i = (sum_o sup |J_oi|^2)^(1/2)`` and ``scaling.best_scaling``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.activation import bounds_of, forward_steps, stream_ranges
from fw_circuits.resnet.box import Box
from fw_circuits.resnet.enclosure import EPS, Enclosure, Step, gate_band
from fw_circuits.resnet.network import ResNet
from fw_circuits.resnet.scaling import best_scaling

GEOMETRIES = ("l1", "l2")
STREAMS = ("all", "reached")


def backward_steps(resnet: ResNet) -> list[Step]:
    """The blocks, prepared for enclosures of derivatives."""
    return [Step.of(block.W.T, np.zeros(block.n_neurons), block.V.T) for block in resnet.blocks]


def derivative_bounds(
    resnet: ResNet,
    steps: list[Step],
    dead: list[Array] | None = None,
    active: list[Array] | None = None,
    capacity_bytes: int | None = None,
) -> list[Floats]:
    """Bounds on ``|df_o/dalpha_{l,i}|``, arrays (outputs, width) for l = 0, ..., L; gates in [0, 1] unless decided."""
    found = [np.zeros((resnet.n_outputs, resnet.width)) for _ in range(resnet.depth + 1)]
    none = [np.zeros(block.n_neurons, dtype=bool) for block in resnet.blocks]
    dead, active = dead or none, active or none
    for o in range(resnet.n_outputs):
        row = resnet.C[[o]].toarray()[0]
        zero = np.zeros((resnet.width, 0))
        J = Enclosure(row, zero, np.zeros(resnet.width), resnet.n_neurons, capacity_bytes)
        found[-1][o] = np.abs(row)
        for l in range(resnet.depth - 1, -1, -1):
            J.advance(steps[l], gate_band(dead[l], active[l]))
            found[l][o] = J.magnitude
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


def diagonals(
    resnet: ResNet, bounds: list[Floats], geometry: str, activations: list[Floats], inputs: Floats
) -> list[Floats]:
    """D_0, ..., D_L from bounds on the derivative; the l2 ones are chosen for the weights and activations.

    ``inputs`` are magnitudes of the raw inputs, the "activations" of the input layer.
    """
    if geometry == "l1":
        return [bound.sum(axis=0) * (1.0 + (len(bound) - 1) * EPS) for bound in bounds]
    layers = [resnet.A, *(block.W for block in resnet.blocks)]
    emitted = [inputs, *activations]
    return [
        best_scaling(np.sqrt(np.sum(bound**2, axis=0)) * (1.0 + 4 * len(bound) * EPS), W, h)[0]
        for bound, W, h in zip(bounds, layers, emitted, strict=True)
    ]


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse an unknown word."""
    if value not in known:
        raise InputError(f"{name} is {value!r}; expected one of {', '.join(known)}.")


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
    geometry : {"l1", "l2"}
        Norm on streams and outputs.  An l1 diagonal is not an l2 one.
    method : {"affine", "interval", "path"}
        Best first; each is at most the next.
    domain : Box, Lattice, (low, high) or None
        Used for ``streams="reached"``, and by the l2 geometry to weigh the slots (any choice is valid).
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
    The absolute value: the slot's derivative is -1 or 1 before the block, and 1 after it.

    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> [D.round(6).tolist() for D in sensitivities(net)]
    [[1.0], [1.0]]
    """
    check_choice("geometry", geometry, GEOMETRIES)
    check_choice("method", method, ("affine", "interval", "path"))
    check_choice("streams", streams, STREAMS)
    box = Box.of(domain, resnet.n_features)
    capacity = None if method == "affine" else 0
    dead = active = None
    if streams == "reached" or (geometry == "l2" and activations is None):
        ranges = stream_ranges(resnet, box, forward_steps(resnet), capacity)
        if streams == "reached":
            dead, active = ranges.dead, ranges.active
        activations = activations or bounds_of(resnet, "sup", ranges.high, ranges.magnitudes)
    if method == "path":
        bounds = path_bounds(resnet)
    else:
        bounds = derivative_bounds(resnet, backward_steps(resnet), dead, active, capacity)
    return diagonals(resnet, bounds, geometry, activations or [], box.magnitude)
