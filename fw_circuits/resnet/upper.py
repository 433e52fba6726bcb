"""The upper end of the bracket: certified diagonals and activation bounds by each method."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.resnet import lipsdp
from fw_circuits.resnet.activation import bounds_of, forward_steps, root_mean_square, stream_ranges
from fw_circuits.resnet.box import Box
from fw_circuits.resnet.enclosure import EPS
from fw_circuits.resnet.network import ResNet
from fw_circuits.resnet.scaling import column_norms
from fw_circuits.resnet.sensitivity import backward_steps, derivative_bounds, diagonals, path_bounds
from fw_circuits.resnet.splitting import split

METHODS = ("affine", "interval", "path", "split", "sdp")


@dataclass(frozen=True, eq=False)
class Upper:
    """Diagonals D_0 ... D_L, activation bounds of each block, absolute last streams, and what should be known."""

    diagonals: list[Floats]
    activations: list[Floats]
    last_streams: Floats
    notes: list[str] = field(default_factory=list)


def certify(
    resnet: ResNet,
    box: Box,
    geometry: str,
    activation: str,
    method: str,
    streams: str,
    data: Floats | None,
    n_cells: int,
) -> Upper:
    """Bounds by one method; the words are checked by the caller."""
    notes: list[str] = []
    if method == "sdp":
        lipsdp.check_size(resnet)
    if method == "split":
        cell = split(resnet, box, n_cells)
        bounds, magnitudes, folded = cell.derivatives, cell.magnitudes, cell.folded
        high = cell.high
    else:
        capacity = 0 if method in ("interval", "path") else None
        ranges = stream_ranges(resnet, box, forward_steps(resnet), capacity)
        if method == "path":
            bounds = path_bounds(resnet)
        elif streams == "reached":
            bounds = derivative_bounds(resnet, backward_steps(resnet), ranges.dead, ranges.active, capacity)
        else:
            bounds = derivative_bounds(resnet, backward_steps(resnet), capacity_bytes=capacity)
        magnitudes, folded, high = ranges.magnitudes, 0 if capacity == 0 else ranges.folded, ranges.high
    if activation == "rms" and data is not None:
        activations = root_mean_square(resnet, data)
    else:
        activations = bounds_of(resnet, activation, high, magnitudes)
    if folded:
        notes.append(
            f"{folded} generators were folded into intervals to save memory; the bounds hold, but are wider"
        )
    D = diagonals(resnet, bounds, geometry, activations, box.magnitude)
    if method == "sdp":
        _improve(resnet, D, activations, box.magnitude, notes)
    return Upper(D, activations, magnitudes[-1], notes)


def layer_upper(D: Floats, W: object, h: Floats, p: int) -> float:
    """``sum_j h_j |D W_j|_p``, rounded up."""
    return float(h @ column_norms(D, W, p)) * (1.0 + 4 * (len(D) + len(h) + 4) * EPS)


def _improve(
    resnet: ResNet, D: list[Floats], activations: list[Floats], inputs: Floats, notes: list[str]
) -> None:
    """Put diagonals of the semidefinite program in place of the affine ones where they are cheaper."""
    unsolved = []
    for l in range(resnet.depth):
        W, h = (resnet.A, inputs) if l == 0 else (resnet.blocks[l - 1].W, activations[l - 1])
        norms = column_norms(D[l], W, 2)
        share = np.divide(h, norms, out=np.zeros_like(norms), where=norms > 0.0)
        weights = abs(W).power(2) @ share
        found = lipsdp.sdp_diagonal(
            resnet, l, np.maximum(weights, 1e-6 * max(weights.max(initial=0.0), 1e-300))
        )
        if found is None:
            unsolved.append(l)
        elif layer_upper(found, W, h, 2) < layer_upper(D[l], W, h, 2):
            D[l] = found
    if unsolved:
        notes.append(
            f"no certified solution of the semidefinite program at levels {unsolved}: affine bounds there"
        )
