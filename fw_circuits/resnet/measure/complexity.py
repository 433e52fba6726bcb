"""R(theta), the complexity of a residual network, as a bracket (theory, section 7).

    R = sum_l R_l,   R_l = sum_i |D_l W_l[:, i]| H_{l,i}

over blocks l and neurons i: what neuron i can emit, times what its emission can change at the output.  The
definition is this project's reading of the paper.  It has three parts, which :class:`Complexity` names:

- ``geometry``: ``l1``, where D_l is the least diagonal with ``(D_l)_ii >= sup sum_o |df_o/dalpha_{l,i}|`` and norms are
  l1; or ``l2``, where D_l is the cheapest diagonal with ``|J D_l^-1|_2 <= 1`` for every derivative J.  Several outputs
  are taken together, by the l1 or the Euclidean norm of the output vector.
- ``activation``: the bound H (see :mod:`fw_circuits.resnet.measure.activation`).
- ``streams``: whether derivatives are those at *every* stream of R^width, or at those *reached* from the domain (at a
  kink: the limits from all sides).

``lower <= R <= upper``: the upper end is certified, the lower end is attained at points, up to rounding.  The two ends
of the network are kept apart: ``input_layer`` is ``sum_j |D_0 A[:, j]| sup |x_j|``, ``output_layer`` is ``sum_i |C[:,
i]| sup |alpha_{L,i}|``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._bracket import Bracket
from fw_circuits._checks import check_choice, check_integer
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.checks import generator
from fw_circuits.resnet.measure.activation import check_kind, root_mean_square
from fw_circuits.resnet.measure.attained import largest_activations, streams_at
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.lower_bound import (
    ascent_steps,
    coordinate_tangents,
    layer_lower,
    search_derivatives,
    stream_units,
)
from fw_circuits.resnet.measure.scaling import column_norms
from fw_circuits.resnet.measure.sensitivity import GEOMETRIES, STREAMS, writers
from fw_circuits.resnet.measure.upper_bound import METHODS, certify, layer_upper
from fw_circuits.resnet.network import ResNet, check_network


@dataclass(frozen=True, eq=False)
class Complexity:
    """A bracket of R(theta), and which R it is.

    Attributes
    ----------
    lower, upper : float
        Of the sum over all blocks.
    per_block : tuple of Bracket
        Of R_1, ..., R_L.
    input_layer, output_layer : Bracket
        The two ends of the network; not part of the sum.
    geometry, activation, streams : str
        The definition.
    method : str
        How the upper end was certified.
    domain : Box
        Where x lies.
    notes : tuple of str
        What else a reader should know, in sentences.
    """

    lower: float
    upper: float
    per_block: tuple[Bracket, ...]
    input_layer: Bracket
    output_layer: Bracket
    geometry: str
    activation: str
    streams: str
    method: str
    domain: Box
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """``upper / lower``: 1 for an exact value, infinite if the lower end is 0."""
        return Bracket(self.lower, self.upper).ratio

    def describe(self) -> str:
        """Value and definition in words, a few lines."""
        activation = {
            "sup": "the largest activation over the domain",
            "parameters": "a bound from the parameters and the largest streams over the domain",
            "rms": "the root mean square activation over the data",
        }[self.activation]
        where = "every stream" if self.streams == "all" else "the streams reached from the domain"
        geometry = {
            "l1": "l1 norms, each coordinate weighted by its largest derivative",
            "l2": "l2 norms, coordinates weighted so that the weighted Lipschitz constant is at most 1",
        }[self.geometry]
        lines = [
            f"R(theta) is between {self.lower:.6g} (attained) and {self.upper:.6g} (certified, {self.method}).",
            f"Geometry {self.geometry}: {geometry}; derivatives at {where}.",
            f"Activation {self.activation}: {activation}.",
            f"Domain: {self.domain.describe()}.",
        ]
        return "\n".join([*lines, *(f"Note: {note}." for note in self.notes)])


def complexity(
    resnet: ResNet,
    domain: Any = None,
    geometry: str = "l1",
    activation: str = "sup",
    method: str = "affine",
    *,
    streams: str | None = None,
    data: Any = None,
    n_cells: int = 64,
    n_samples: int = 256,
    n_steps: int | None = None,
    random_state: int = 0,
) -> Complexity:
    """A bracket of R(theta); see the module's text for the definitions.

    Parameters
    ----------
    resnet : ResNet
    domain : Box, Lattice, (low, high) or None
        Where x lies.  None: the smallest box around ``data``, or [0, 1]^d without data (``describe`` says so).
    geometry : {"l1", "l2"}
    activation : {"sup", "parameters", "rms"}
    method : {"affine", "interval", "path", "split", "sdp"}
        "affine": zonotopes.  "interval" and "path" (absolute weights over all paths): coarser.  "split": zonotopes
        on at most ``n_cells`` cells of the domain, for few inputs.  "sdp": affine, improved by a semidefinite program
        for each level; l2 geometry, every stream, width and neurons per block <= 16, at most 6 blocks.
    streams : {"all", "reached"}, optional
        Default: "reached" for "split", else "all".
    data : (N, d), optional
        Rows for "rms"; also starting points of the search.
    n_samples, n_steps, random_state : int
        The search for the lower end: points, steps of each ascent (0: samples only; None: 24, or 4 for more than 10,000
        weights), seed.

    Returns
    -------
    Complexity

    Raises
    ------
    InputError
        If a word is unknown, words do not go together, or the domain or the data cannot be used.

    Examples
    --------
    The absolute value on [-1, 3] as ``-x + 2 relu(x)``: the neuron emits up to 3, twice, with slope 1.

    >>> from fw_circuits.resnet import Block
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> R = complexity(net, domain=(-1.0, 3.0))
    >>> round(R.lower, 6), round(R.upper, 6)
    (6.0, 6.0)
    """
    check_network(resnet)
    streams = streams or ("reached" if method == "split" else "all")
    _check_words(geometry, method, streams)
    check_integer("n_samples", n_samples, 1)
    check_integer("n_cells", n_cells, 1)
    n_steps = ascent_steps(resnet, n_steps)
    rng = generator(random_state)
    rows = check_kind(activation, data, resnet.n_features)
    box = Box.of(domain, resnet.n_features, rows)
    top = certify(resnet, box, geometry, activation, method, streams, rows, n_cells)
    X = box.sample(n_samples, rng)
    if rows is not None:
        X = np.concatenate([X, rows[np.all((rows >= box.low) & (rows <= box.high), axis=1)][:n_samples]])
    emitted, last, X = _attained_activations(resnet, box, activation, X, rows, n_steps)
    least, most = ([box.magnitude, *activations] for activations in (emitted, top.activations))
    within = box if streams == "reached" else stream_units(resnet, X)
    p = 1 if geometry == "l1" else 2
    brackets = []
    for l, (W, low, high) in enumerate(zip(writers(resnet), least, most, strict=True)):
        tangents = coordinate_tangents(np.flatnonzero(np.diff(W.indptr)))
        steps = n_steps if l < resnet.depth else 0
        J = np.concatenate(search_derivatives(resnet, l, X, within, tangents, steps, rng), axis=2)
        brackets.append(Bracket(layer_lower(J, W, low, geometry), layer_upper(top.diagonals[l], W, high, p)))
    ones = np.ones(resnet.n_outputs)
    output = float(last @ column_norms(ones, resnet.C, p))
    return Complexity(
        lower=sum(b.lower for b in brackets[1:]),
        upper=sum(b.upper for b in brackets[1:]),
        per_block=tuple(brackets[1:]),
        input_layer=brackets[0],
        output_layer=Bracket(output, layer_upper(ones, resnet.C, top.last_streams, p)),
        geometry=geometry,
        activation=activation,
        streams=streams,
        method=method,
        domain=box,
        notes=tuple(top.notes),
    )


def _check_words(geometry: str, method: str, streams: str) -> None:
    """Refuse unknown words, and words that do not go together."""
    check_choice("geometry", geometry, GEOMETRIES)
    check_choice("method", method, METHODS)
    check_choice("streams", streams, STREAMS)
    if method == "split" and streams == "all":
        raise InputError("splitting the domain says nothing about streams outside; use streams='reached'.")
    if method in ("sdp", "path") and streams == "reached":
        raise InputError(f"method {method!r} bounds derivatives at every stream; use streams='all'.")
    if method == "sdp" and geometry == "l1":
        raise InputError("the semidefinite program is for geometry='l2'; use method='affine' for l1.")


def _attained_activations(
    resnet: ResNet, box: Box, kind: str, X: Floats, rows: Floats | None, n_steps: int
) -> tuple[list[Floats], Floats, Floats]:
    """Activations that are attained (by the definition ``kind``), the largest last streams, and the points."""
    found, points = largest_activations(resnet, box, X, n_steps)
    X = np.concatenate([X, points[:: max(1, len(points) // len(X))]])
    magnitudes = [np.abs(stream).max(axis=1) for stream in streams_at(resnet, X)]
    if kind == "rms" and rows is not None:
        found = root_mean_square(resnet, rows)
    elif kind == "parameters":
        found = [abs(block.V) @ rho + np.abs(block.b) for block, rho in zip(resnet.blocks, magnitudes, strict=False)]
    return found, magnitudes[-1], X
