"""The lower end of the bracket: what every valid diagonal must pay for the derivatives that were attained.

``l1``: ``D_i`` is at least ``sum_o |J_oi|`` for every derivative J.  ``l2``: a valid D has ``sum_i (J_i/D_i)^2 <= 1``
for every row J of a derivative, hence for every average of their squares; ``scaling.best_scaling`` gives the
least ``sum_j h_j |D W_j|_2`` under one such constraint.  The weights of the average are raised where the constraint is
violated most (any weights are valid).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from fw_circuits._checks import check_integer
from fw_circuits._typing import Array, Floats
from fw_circuits.resnet.measure.attained import CHUNK, ascend, derivatives, streams_at
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.scaling import best_scaling, column_norms
from fw_circuits.resnet.network import ResNet

#: Rounds of reweighting, and the derivatives that take part, in the l2 geometry.
ROUNDS, ROWS = 12, 64


def ascent_steps(resnet: ResNet, n_steps: int | None) -> int:
    """The steps asked for; by default so many that the search takes seconds: 24, or 4 above 10,000 weights."""
    if n_steps is None:
        return 24 if resnet.n_nonzeros <= 10_000 else 4
    check_integer("n_steps", n_steps, 0)
    return n_steps


def stream_units(resnet: ResNet, X: Floats) -> Floats:
    """A length for each coordinate: root mean square over streams of the rows of X, 1 where that is 0."""
    unit: Floats = np.sqrt(np.mean(streams_at(resnet, X)[-1] ** 2, axis=1))
    unit[unit == 0.0] = 1.0
    return unit


#: From derivatives (outputs, width, points): the points to start from, and a tangent (width, m) for each.
Towards = Callable[[Floats], tuple[Array, Floats]]


def coordinate_tangents(coordinates: Array) -> Towards:
    """Ascents for each coordinate, from the best points for it (several if the coordinates are few): for l1."""

    def towards(J: Floats) -> tuple[Array, Floats]:
        starts = min(max(1, CHUNK // max(1, len(coordinates))), J.shape[2])
        order = np.argsort(-np.abs(J).sum(axis=0)[coordinates], axis=1, kind="stable")[:, :starts]
        at = np.repeat(coordinates, starts)
        units = sp.csc_array((np.ones(len(at)), (at, range(len(at)))), shape=(J.shape[1], len(at)))
        return order.ravel(), units.toarray()

    return towards


def steepest_tangents(D: Floats) -> Towards:
    """As many ascents as coordinates, from the points of largest ``|J / D|_2`` in the direction ``J / D^2``."""

    def towards(J: Floats) -> tuple[Array, Floats]:
        ratio = np.divide(J, D[:, None], out=np.zeros_like(J), where=D[:, None] > 0.0)
        start = np.argsort(-np.sum(ratio**2, axis=(0, 1)), kind="stable")[: len(D)]
        steepest = ratio[np.argmax(np.sum(ratio[:, :, start] ** 2, axis=1), axis=0), :, start].T
        return start, np.divide(steepest, D[:, None], out=np.zeros_like(steepest), where=D[:, None] > 0.0)

    return towards


def search_derivatives(
    resnet: ResNet,
    level: int,
    X: Floats,
    within: Box | Floats,
    towards: Towards,
    n_steps: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Derivatives (outputs, width, points) that are attained: at samples, and by ascent from them.

    The rows of X are inputs to start from; ``within`` is as in :func:`fw_circuits.resnet.measure.attained.ascend`.
    """
    points = X.T if isinstance(within, Box) else _scatter(streams_at(resnet, X, level)[-1], within, rng)
    J, counts = _evaluate(resnet, level, points, within, rng)
    points, J = points[:, counts], J[:, :, counts]
    found = [J[:, :, :0]]
    if n_steps and points.shape[1]:
        start, tangents = towards(J)
        for low in range(0, len(start), CHUNK):
            part = slice(low, low + CHUNK)
            best = ascend(resnet, level, points[:, start[part]], tangents[:, part], n_steps, within)
            there, counts = _evaluate(resnet, level, best, within, rng)
            found.append(there[:, :, counts])
    return J, np.concatenate(found, axis=2)


def _scatter(streams: Floats, unit: Floats, rng: np.random.Generator) -> Floats:
    """The same streams moved by Gaussian steps of several lengths."""
    lengths = 3.0 ** rng.integers(-2, 3, size=streams.shape[1])
    return streams + lengths * unit[:, None] * rng.standard_normal(streams.shape)


def _evaluate(
    resnet: ResNet, level: int, points: Floats, within: Box | Floats, rng: np.random.Generator
) -> tuple[Floats, Array]:
    streams = streams_at(resnet, points.T, level)[-1] if isinstance(within, Box) else points
    return derivatives(resnet, level, streams, rng)


def layer_lower(J: Floats, W: sp.csr_array, h: Floats, geometry: str) -> float:
    """What ``sum_j h_j |D W_j|`` is at least, for every D that is valid at the derivatives J."""
    if J.shape[2] == 0 or W.shape[1] == 0:
        return 0.0
    if geometry == "l1":
        return float(h @ column_norms(np.abs(J).sum(axis=0).max(axis=1), W, 1))
    rows = np.abs(J).transpose(0, 2, 1).reshape(-1, J.shape[1])
    price = rows @ (abs(W) @ h)
    rows = rows[np.argsort(-price, kind="stable")[:ROWS]]
    best = best_scaling(rows[0], W, h)[1]
    weights = np.full(len(rows), 1.0 / len(rows))
    for _ in range(ROUNDS):
        D, value = best_scaling(np.sqrt(weights @ rows**2), W, h)
        best = max(best, value)
        ratio = np.divide(rows, D, out=np.zeros_like(rows), where=D > 0.0)
        weights *= np.sum(ratio**2, axis=1)
        weights /= max(weights.sum(), 1e-300)
    return best
