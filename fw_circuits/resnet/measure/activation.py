"""Bounds H on what the neurons of a network emit: the second factor of R (theory, section 7).

Three definitions, for block l and neuron i:

- ``sup``: the largest ``relu(V_i alpha + b_i)`` over the domain;
- ``parameters``: ``sum_j |V_ij| rho_j + |b_i|``, where ``rho_j = sup |alpha_{l-1, j}|`` over the domain: no
  cancellation between coordinates counts (taking rho <= 1 for granted would be wrong);
- ``rms``: the root mean square over the rows of data, exact up to rounding.

The suprema are bounded by an :class:`Enclosure` of the streams, from above and with rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._checks import check_choice
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_X
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.enclosure import EPS, Enclosure, Step, relu_band
from fw_circuits.resnet.network import ResNet, check_network

KINDS = ("sup", "parameters", "rms")
#: A pre-activation this close to 0, relative to the terms of its sum, counts as a kink.
KINK = 1e-8


#: For each block, the neurons that are dead and those that are active on the whole domain.
Gates = list[tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Ranges:
    """What :func:`stream_ranges` knows, for all x in a box.

    ``low`` and ``high`` bound the pre-activations of each block; ``magnitudes`` the absolute streams
    ``alpha_0, ..., alpha_L``; ``gates`` are decided with a margin (``KINK``) that leaves every kink undecided;
    ``folded`` counts generators that were given up.
    """

    low: list[Floats]
    high: list[Floats]
    magnitudes: list[Floats]
    gates: Gates
    folded: int


def forward_steps(resnet: ResNet) -> list[Step]:
    """The blocks, prepared for enclosures of streams."""
    return [Step.of(block.V, block.b, block.W) for block in resnet.blocks]


def stream_ranges(resnet: ResNet, box: Box, steps: list[Step], capacity_bytes: int | None = None) -> Ranges:
    """Walk a box through the network."""
    center, radius = box.center, box.radius
    A = resnet.A
    generators = A.multiply(radius[None, :]).tocsc()[:, radius > 0.0].toarray()
    terms = int(np.diff(A.indptr).max(initial=0))
    slack = 2 * (terms + 8) * EPS * (abs(A) @ (np.abs(center) + radius) + np.abs(resnet.a))
    streams = Enclosure(
        A @ center + resnet.a, generators, slack, generators.shape[1] + resnet.n_neurons, capacity_bytes
    )
    low, high, gates, magnitudes = [], [], [], [streams.magnitude]
    for step in steps:
        margin = KINK * (step.abs_read @ streams.magnitude + np.abs(step.bias))
        below, above = streams.advance(step, relu_band)
        low.append(below)
        high.append(above)
        gates.append((above < -margin, below > margin))
        magnitudes.append(streams.magnitude)
    return Ranges(low, high, magnitudes, gates, streams.folded)


def bounds_of(resnet: ResNet, kind: str, high: list[Floats], magnitudes: list[Floats]) -> list[Floats]:
    """Upper bounds on ``sup`` or ``parameters`` activations, from those of pre-activations and absolute streams."""
    if kind == "sup":
        return [np.maximum(top, 0.0) for top in high]
    return [
        (abs(block.V) @ rho + np.abs(block.b)) * (1.0 + 2 * (block.V.shape[1] + 2) * EPS)
        for block, rho in zip(resnet.blocks, magnitudes, strict=False)
    ]


def root_mean_square(resnet: ResNet, data: Floats) -> list[Floats]:
    """Root mean square of every neuron over the rows of data."""
    stream = np.asarray(resnet.A @ data.T) + resnet.a[:, None]
    found = []
    for block in resnet.blocks:
        active = np.maximum(block.V @ stream + block.b[:, None], 0.0)
        found.append(np.sqrt(np.mean(active**2, axis=1)))
        block.advance(stream)
    return found


def check_kind(kind: str, data: Any, n_features: int) -> Floats | None:
    """The data as (N, d) floats, or None; refuse unknown kinds and ``rms`` without data."""
    check_choice("activation", kind, KINDS)
    if data is None:
        if kind == "rms":
            raise InputError("activation 'rms' is a mean over data; pass data=X.")
        return None
    return check_X(data, n_features=n_features, name="data")


def activation_bounds(
    resnet: ResNet, kind: str = "sup", domain: Any = None, data: Any = None, method: str = "affine"
) -> list[Floats]:
    """Upper bounds H on the activations of every neuron, one array per block.

    Parameters
    ----------
    resnet : ResNet
        The network.
    kind : {"sup", "parameters", "rms"}
        See the module's text.
    domain : Box, Lattice, (low, high) or None
        Where x lies.  None: the smallest box around ``data``, or [0, 1]^d without data.
    data : (N, d), optional
        Rows for "rms".
    method : {"affine", "interval"}
        Zonotopes, or the wider plain intervals.

    Returns
    -------
    list of (n_neurons of the block,) arrays

    Raises
    ------
    InputError
        If the domain is empty, inverted, unbounded or of another dimension, or the data cannot be used.

    Examples
    --------
    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[1.0]], [0.0], [Block([[2.0]], [-1.0], [[1.0]])], [[1.0]], [0.0])
    >>> [h.round(6).tolist() for h in activation_bounds(net, "sup", domain=(-1.0, 3.0))]
    [[5.0]]
    """
    check_network(resnet)
    rows = check_kind(kind, data, resnet.n_features)
    check_choice("method", method, ("affine", "interval"))
    if kind == "rms" and rows is not None:
        return root_mean_square(resnet, rows)
    box = Box.of(domain, resnet.n_features, rows)
    ranges = stream_ranges(resnet, box, forward_steps(resnet), 0 if method == "interval" else None)
    return bounds_of(resnet, kind, ranges.high, ranges.magnitudes)
