"""The layered form: forward pass, counts, validation, immutability."""

import numpy as np
import pytest
import scipy.sparse as sp

from fw_circuits.exceptions import InputError
from fw_circuits.resnet import Block, ResNet, network


def random_net(rng, d=3, width=5, sizes=(4, 2, 6), outputs=2):
    blocks = [
        Block(
            rng.normal(size=(n, width)), rng.normal(size=n), sp.random_array((width, n), density=0.5, rng=rng)
        )
        for n in sizes
    ]
    return ResNet(
        rng.normal(size=(width, d)),
        rng.normal(size=width),
        blocks,
        rng.normal(size=(outputs, width)),
        rng.normal(size=outputs),
    )


@pytest.mark.parametrize("block_bytes", [1, 1 << 22])
def test_forward_is_the_recursion(block_bytes, monkeypatch):
    monkeypatch.setattr(network, "BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    net, X = random_net(rng), rng.normal(size=(101, 3))
    expected = []
    for x in X:
        alpha = net.A.toarray() @ x + net.a
        for block in net.blocks:
            alpha = alpha + block.W.toarray() @ np.maximum(block.V.toarray() @ alpha + block.b, 0)
        expected.append(net.C.toarray() @ alpha + net.c)
    np.testing.assert_allclose(net.forward(X), expected, rtol=1e-12, atol=1e-12)
    assert net.forward(X[:0]).shape == (0, 2)
    single = random_net(rng, outputs=1)
    assert single.forward(X).shape == (101,)


def test_counts():
    net = random_net(np.random.default_rng(0))
    assert (net.n_features, net.width, net.depth, net.n_neurons, net.n_outputs) == (3, 5, 3, 12, 2)
    dense = [net.A, net.C, *(m for block in net.blocks for m in (block.V, block.W))]
    assert net.n_nonzeros == sum(np.count_nonzero(m.toarray()) for m in dense)


def test_immutable_and_detached_from_its_arguments():
    V, b, W = np.ones((1, 2)), np.zeros(1), np.ones((2, 1))
    block = Block(V, b, W)
    V[:], b[:], W[:] = 7.0, 7.0, 7.0
    assert block.V.toarray().max() == 1 and block.b.max() == 0 and block.W.toarray().max() == 1
    for array in (block.V.data, block.b, block.W.indices):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    with pytest.raises(AttributeError):
        block.b = b


def test_refusals():
    good = Block(np.ones((1, 2)), [0.0], np.ones((2, 1)))
    for V, b, W in [
        (np.ones((1, 2)), [0.0, 1.0], np.ones((2, 1))),
        (np.ones((1, 2)), [0.0], np.ones((1, 2))),
        (np.ones(2), [0.0], np.ones((2, 1))),
        (np.full((1, 2), np.nan), [0.0], np.ones((2, 1))),
        (np.ones((1, 2)), [np.inf], np.ones((2, 1))),
    ]:
        with pytest.raises(InputError, match="expected"):
            Block(V, b, W)
    with pytest.raises(InputError, match="block 0"):
        ResNet(np.ones((3, 1)), np.zeros(3), (good,), np.ones((1, 3)), [0.0])
    with pytest.raises(InputError, match="do not fit"):
        ResNet(np.ones((2, 1)), np.zeros(3), (good,), np.ones((1, 2)), [0.0])
    net = ResNet(np.ones((2, 1)), np.zeros(2), (good,), np.ones((1, 2)), [0.0])
    for X in ([[1.0, 2.0]], [1.0], [[np.nan]], [["a"]]):
        with pytest.raises(InputError, match=r"expected|impute"):
            net.forward(X)
