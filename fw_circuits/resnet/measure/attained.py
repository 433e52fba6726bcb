"""True derivatives and activations at sampled and searched points: the lower end of the bracket.

A network is affine near almost every stream, with derivative ``C prod (I + W z V)`` for gates z = [V alpha + b > 0].
Each such derivative is a lower bound on the sensitivity; nothing here is ever an upper one.  At a kink the
derivative does not exist and gates may combine to one that no neighbour has; so gates are read at a stream moved
by a tiny random vector, and a point counts only if they are those of the point itself but for its kinks (``KINK``).

The search follows the derivative of a smoothed derivative: with gates ``sigmoid(y / temperature)`` the tangent
``t_l = t_(l-1) + W z V t_(l-1)`` is differentiable in the stream, and its reverse pass is written out below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from fw_circuits._typing import Array, Floats
from fw_circuits.resnet.measure.activation import KINK
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.network import ResNet

#: Size of the random move off the kinks, relative to the stream, and the noise that a sign must exceed.
MOVE, NOISE = 1e-11, 1e-14
#: Points that go through the network together.
CHUNK = 256


def streams_at(resnet: ResNet, X: Floats, level: int | None = None) -> list[Floats]:
    """``alpha_0, ..., alpha_level`` (default: all) at the rows of X, one per column."""
    found = [np.asarray(resnet.A @ X.T) + resnet.a[:, None]]
    for block in resnet.blocks[:level]:
        stream = found[-1].copy()
        block.advance(stream)
        found.append(stream)
    return found


def derivatives(resnet: ResNet, level: int, streams: Floats, rng: np.random.Generator) -> tuple[Floats, Array]:
    """``df/dalpha_level`` at streams (one per column): (outputs, width, points), and which points count.

    The derivative is one that holds arbitrarily near to the stream, which may itself lie on kinks.
    """
    size = np.abs(streams)
    size = size + size.mean(axis=0)
    moved = streams + MOVE * np.where(size > 0.0, size, 1.0) * rng.uniform(-1.0, 1.0, streams.shape)
    here, counts, gates = streams.copy(), np.ones(streams.shape[1], dtype=bool), []
    for block in resnet.blocks[level:]:
        used = np.diff(block.V.indptr) > 0
        scale = abs(block.V) @ np.abs(here) + np.abs(block.b)[:, None]
        y, z = (block.V @ s + block.b[:, None] for s in (here, moved))
        certain = ((y > 0.0) == (z > 0.0)) | (np.abs(y) <= KINK * scale)
        counts &= np.all((certain & (np.abs(z) > NOISE * scale))[used], axis=0)
        gates.append(z > 0.0)
        block.advance(here)
        block.advance(moved)
    J = np.repeat(resnet.C.toarray()[:, :, None], streams.shape[1], axis=2)
    for block, gate in zip(reversed(resnet.blocks[level:]), reversed(gates), strict=True):
        for row in J:
            row += block.V.T @ (gate * (block.W.T @ row))
    return J, counts


def ascend(
    resnet: ResNet,
    level: int,
    points: Floats,
    tangents: Floats,
    n_steps: int,
    within: Box | Floats,
) -> Floats:
    """Move points, one per column, to where ``sum_o |df_o/dalpha_level . tangent|`` is large; the best ones found.

    Tangents are (width, m).  Within a box, points are inputs (n_features, m) that stay in it, and the streams are those
    that they reach; else ``within`` has the coordinates' units of length, (width,), and points are free streams.
    """
    box = within if isinstance(within, Box) else None
    unit = within.high - within.low if isinstance(within, Box) else within
    unit = unit[:, None]
    points, best, best_value = points.copy(), points.copy(), np.full(points.shape[1], -1.0)
    for step in range(n_steps + 1):
        before = [points] if box is None else streams_at(resnet, points.T, level)
        fade = 1.0 - step / (n_steps + 1)
        value, slope = _smooth_derivative(resnet, level, before[-1], tangents, 0.5 * fade**2 + 1e-3)
        better = value > best_value
        best[:, better], best_value[better] = points[:, better], value[better]
        if step == n_steps:
            break
        if box is None:
            gradient = slope * unit
            gradient /= np.sqrt(np.mean(gradient**2, axis=0)) + 1e-300
            points = points + fade * unit * gradient
        else:
            gradient = _pull_back(resnet, level, before, slope) * unit
            gradient /= np.abs(gradient).max(axis=0, initial=0.0) + 1e-300
            points = np.clip(points + 0.5 * fade * unit * gradient, box.low[:, None], box.high[:, None])
    return best


def _smooth_derivative(
    resnet: ResNet, level: int, streams: Floats, tangents: Floats, temperature: float
) -> tuple[Floats, Floats]:
    """``sum_o |J_o . tangent|`` with hard gates, and the gradient in the stream of the same with soft gates."""
    alpha, hard, soft = streams.copy(), tangents, tangents
    kept: list[tuple[Any, Floats, Floats, Floats]] = []
    for block in resnet.blocks[level:]:
        y = block.V @ alpha + block.b[:, None]
        tau = temperature * np.abs(y).sum(axis=0) / max(1, block.n_neurons) + 1e-300
        z = expit(y / tau)
        p = block.V @ soft
        hard = hard + block.W @ ((y > 0.0) * (block.V @ hard))
        soft = soft + block.W @ (z * p)
        kept.append((block, z, p * z * (1.0 - z) / tau, y > 0.0))
        block.advance(alpha)
    value = np.abs(resnet.C @ hard).sum(axis=0)
    on_tangent = resnet.C.T @ np.sign(resnet.C @ soft)
    on_stream = np.zeros_like(streams)
    for block, z, slope, gate in reversed(kept):
        q = block.W.T @ on_tangent
        on_stream = on_stream + block.V.T @ (q * slope + gate * (block.W.T @ on_stream))
        on_tangent = on_tangent + block.V.T @ (z * q)
    return value, on_stream


def largest_activations(resnet: ResNet, box: Box, X: Floats, n_steps: int) -> tuple[list[Floats], Floats]:
    """The largest activations attained in a box, from the rows of X and by ascent; and the points that gave them."""
    streams = streams_at(resnet, X)
    found, points = [], []
    for l, block in enumerate(resnet.blocks):
        y = block.V @ streams[l] + block.b[:, None]
        best, start = y.max(axis=1), X[np.argmax(y, axis=1)]
        for low in range(0, block.n_neurons, CHUNK):
            part = np.arange(low, min(low + CHUNK, block.n_neurons))
            values, at = _ascend_activation(resnet, l, part, start[part].T, n_steps, box)
            best[part] = np.maximum(best[part], values)
            points.append(at.T)
        found.append(np.maximum(best, 0.0))
    return found, np.concatenate(points) if points else X[:0]


def _ascend_activation(
    resnet: ResNet, level: int, neurons: Array, points: Floats, n_steps: int, box: Box
) -> tuple[Floats, Floats]:
    """Raise pre-activation ``neurons[j]`` of a block from column j of points by steps towards vertices."""
    seed = resnet.blocks[level].V[neurons].T.toarray()
    edge = (box.high - box.low)[:, None]
    best, best_value, uphill = points.copy(), np.full(len(neurons), -np.inf), np.zeros_like(points)
    for step in range(n_steps + 1):
        streams = streams_at(resnet, points.T, level)
        value = np.einsum("ij,ij->j", seed, streams[level]) + resnet.blocks[level].b[neurons]
        better = value > best_value
        best[:, better], best_value[better] = points[:, better], value[better]
        uphill[:, better] = np.sign(_pull_back(resnet, level, streams, seed))[:, better]
        points = np.clip(best + uphill * edge * 0.5**step, box.low[:, None], box.high[:, None])
    return best_value, best


def _pull_back(resnet: ResNet, level: int, streams: list[Floats], slope: Floats) -> Floats:
    """Gradients in the inputs, from gradients in the streams at ``level``."""
    for block, stream in zip(reversed(resnet.blocks[:level]), reversed(streams[:level]), strict=True):
        gate = block.V @ stream + block.b[:, None] > 0.0
        slope = slope + block.V.T @ (gate * (block.W.T @ slope))
    return np.asarray(resnet.A.T @ slope)
