"""Random residual networks for tests, and their derivatives by the definition."""

import numpy as np
import scipy.sparse as sp

from fw_circuits.resnet import Block, ResNet


def random_net(rng, width=None, depth=None, n_features=None, outputs=None):
    """Any shape, blocks without neurons included; some weights are 0, some large, some small integers (kinks)."""
    width = width or int(rng.integers(1, 7))
    n_features = n_features or int(rng.integers(1, 5))
    outputs = outputs or int(rng.integers(1, 4))
    depth = int(rng.integers(0, 5)) if depth is None else depth
    integers = rng.random() < 0.3

    def weights(rows, columns):
        entries = rng.normal(size=(rows, columns)) * 10.0 ** rng.uniform(-1, 0.5)
        entries *= rng.random((rows, columns)) < rng.choice([0.4, 1.0])
        return np.round(entries) if integers else entries

    blocks = []
    for _ in range(depth):
        n = int(rng.integers(0, 7))
        bias = rng.normal(size=n)
        blocks.append(Block(weights(n, width), np.round(bias) if integers else bias, weights(width, n)))
    A, C = weights(width, n_features), sp.csr_array(weights(outputs, width))
    return ResNet(A, rng.normal(size=width), blocks, C, rng.normal(size=outputs))


def gaussian_net(rng, sizes=(4, 2, 6), width=6, n_features=3, outputs=1):
    """Gaussian weights, some of W zero, scaled such that a block changes the stream by about a third."""
    blocks = [
        Block(
            rng.normal(size=(n, width)) / np.sqrt(width),
            rng.normal(size=n),
            rng.normal(size=(width, n)) * (rng.random((width, n)) < 0.8) / (3 * np.sqrt(max(n, 1))),
        )
        for n in sizes
    ]
    A, C = rng.normal(size=(width, n_features)), rng.normal(size=(outputs, width))
    return ResNet(A, rng.normal(size=width), blocks, C, rng.normal(size=outputs))


def derivative(net, level, stream):
    """``df/dalpha_level`` (outputs, width) at one stream, factor by factor."""
    alpha, J = np.array(stream, dtype=float), np.eye(net.width)
    for block in net.blocks[level:]:
        V, W = block.V.toarray(), block.W.toarray()
        y = V @ alpha + block.b
        J = J + W @ (np.diag(1.0 * (y > 0)) @ V @ J)
        alpha = alpha + W @ np.maximum(y, 0.0)
    return net.C.toarray() @ J


def walk(net, x):
    """Streams alpha_0 ... alpha_L and the activations of each block, at one input."""
    alpha, activations = net.A.toarray() @ x + net.a, []
    streams = [alpha]
    for block in net.blocks:
        h = np.maximum(block.V.toarray() @ alpha + block.b, 0.0)
        alpha = alpha + block.W.toarray() @ h
        streams.append(alpha)
        activations.append(h)
    return streams, activations


def norm_after_division(J, D, geometry):
    """Operator norm of J / D, where J is 0 wherever D is."""
    ratio = np.divide(J, D, out=np.where(J == 0.0, 0.0, np.inf), where=D > 0.0)
    if np.any(np.isinf(ratio)):
        return np.inf
    return np.abs(ratio).sum(axis=0).max(initial=0.0) if geometry == "l1" else np.linalg.norm(ratio, 2)
