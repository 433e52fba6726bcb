"""The upper end of the bracket: certified diagonals and activation bounds by each method."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Floats
from fw_circuits.resnet.measure import lipsdp
from fw_circuits.resnet.measure.activation import Gates, bounds_of, forward_steps, root_mean_square, stream_ranges
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.enclosure import EPS
from fw_circuits.resnet.measure.scaling import column_norms
from fw_circuits.resnet.measure.sensitivity import certified_diagonals, diagonals, layers, path_bounds
from fw_circuits.resnet.measure.splitting import Cell, shrink, split
from fw_circuits.resnet.network import ResNet

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
    if method == "sdp":
        lipsdp.check_size(resnet)
    notes: list[str] = []
    cells: list[Cell] = []
    capacity = 0 if method in ("interval", "path") else None
    bounds = path_bounds(resnet) if method == "path" else None
    gates: Gates | None = None
    if method == "split":
        whole, cells = split(resnet, box, n_cells)
        bounds, high, magnitudes, folded = whole.derivatives, whole.high, whole.magnitudes, whole.folded
    else:
        ranges = stream_ranges(resnet, box, forward_steps(resnet), capacity)
        high, magnitudes, folded = ranges.high, ranges.magnitudes, 0 if capacity == 0 else ranges.folded
        gates = ranges.gates if streams == "reached" else None
    if activation == "rms" and data is not None:
        activations = root_mean_square(resnet, data)
    else:
        activations = bounds_of(resnet, activation, high, magnitudes)
    priced = layers(resnet, activations, box.magnitude)
    if bounds is None:
        D = certified_diagonals(resnet, geometry, priced, gates, capacity)
    else:
        D = diagonals(bounds, geometry, priced)
        if method == "split" and geometry == "l2":
            D = shrink(resnet, cells, D)
    if folded:
        notes.append(f"{folded} generators were folded into intervals to save memory; the bounds hold, but are wider")
    if method == "sdp":
        _improve(resnet, D, priced, notes)
    return Upper(D, activations, magnitudes[-1], notes)


def layer_upper(D: Floats, W: sp.csr_array, h: Floats, p: int) -> float:
    """``sum_j h_j |D W_j|_p``, rounded up."""
    return float(h @ column_norms(D, W, p)) * (1.0 + 4 * (len(D) + len(h) + 4) * EPS)


def _improve(resnet: ResNet, D: list[Floats], priced: list[tuple[sp.csr_array, Floats]], notes: list[str]) -> None:
    """Put diagonals of the semidefinite program in place of the affine ones where they are cheaper."""
    unsolved = []
    for l, (W, h) in enumerate(priced[:-1]):
        norms = column_norms(D[l], W, 2)
        share = np.divide(h, norms, out=np.zeros_like(norms), where=norms > 0.0)
        weights = abs(W).power(2) @ share
        found = lipsdp.sdp_diagonal(resnet, l, np.maximum(weights, 1e-6 * max(weights.max(initial=0.0), 1e-300)))
        if found is None:
            unsolved.append(l)
        elif layer_upper(found, W, h, 2) < layer_upper(D[l], W, h, 2):
            D[l] = found
    if unsolved:
        notes.append(f"no certified solution of the semidefinite program at levels {unsolved}: affine bounds there")
