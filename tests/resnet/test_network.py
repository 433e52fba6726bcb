"""The layered form: forward pass, counts, validation, immutability."""

import numpy as np
import pytest
import scipy.sparse as sp

from fw_circuits import Atom, Circuit, Lattice
from fw_circuits.data import Dataset
from fw_circuits.exceptions import FwCircuitsError, InputError
from fw_circuits.resnet import (
    Block,
    Box,
    ResNet,
    activation_bounds,
    compile_resnet,
    network,
    prune,
    sensitivities,
    verify_lipschitz,
)
from tests.helpers.nets import gaussian_net, walk


@pytest.mark.parametrize("block_bytes", [1, 1 << 22])
def test_forward_is_the_recursion(block_bytes, monkeypatch):
    monkeypatch.setattr(network, "BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    net, X = gaussian_net(rng, outputs=2), rng.normal(size=(101, 3))
    expected = [net.C.toarray() @ walk(net, x)[0][-1] + net.c for x in X]
    np.testing.assert_allclose(net.forward(X), expected, rtol=1e-12, atol=1e-12)
    assert net.forward(X[:0]).shape == (0, 2)
    single = gaussian_net(rng, outputs=1)
    assert single.forward(X).shape == (101,)


def test_counts():
    net = gaussian_net(np.random.default_rng(0), outputs=2)
    assert (net.n_features, net.width, net.depth, net.n_neurons, net.n_outputs) == (3, 6, 3, 12, 2)
    assert len(net.matrices) == 8
    assert net.n_nonzeros == sum(np.count_nonzero(matrix.toarray()) for matrix in net.matrices)


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


def test_blocks_of_wrong_shapes_or_values_are_refused():
    good = Block(np.ones((1, 2)), [0.0], np.ones((2, 1)))
    for V, b, W in [
        (np.ones((1, 2)), [0.0, 1.0], np.ones((2, 1))),
        (np.ones((1, 2)), [0.0], np.ones((1, 2))),
        (np.full((1, 2), np.nan), [0.0], np.ones((2, 1))),
        (np.ones((1, 2)), [np.inf], np.ones((2, 1))),
    ]:
        with pytest.raises(InputError, match="expected"):
            Block(V, b, W)
    with pytest.raises(InputError, match="do not fit"):
        ResNet(np.ones((2, 1)), np.zeros(3), (good,), np.ones((1, 2)), [0.0])
    net = ResNet(np.ones((2, 1)), np.zeros(2), (good,), np.ones((1, 2)), [0.0])
    for X in ([[1.0, 2.0]], [1.0], [[np.nan]], [["a"]]):
        with pytest.raises(InputError, match=r"expected|impute"):
            net.forward(X)


def test_blocks_may_be_triples():
    rng = np.random.default_rng(0)
    net = gaussian_net(rng, sizes=(4, 0, 2))
    for make in (lambda *parts: parts, lambda *parts: list(parts), lambda V, b, W: (V.toarray().tolist(), b, W)):
        blocks = [make(block.V, block.b, block.W) for block in net.blocks]
        blocks[1] = net.blocks[1]
        again = ResNet(net.A, net.a, iter(blocks), net.C, net.c)
        assert all(isinstance(block, Block) for block in again.blocks)
        np.testing.assert_array_equal(again.forward(np.ones((2, 3))), net.forward(np.ones((2, 3))))


A, a, C, c = [[1.0]], [0.0], [[1.0]], [0.0]
V, b, W = np.ones((2, 1)), np.zeros(2), np.ones((1, 2))


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([1], "block 0 is a int; expected a Block or .V, b, W."),
        (1, "blocks is a int"),
        (None, "blocks is a NoneType"),
        ("abc", "blocks is a str"),
        (Block(V, b, W), "blocks is a Block"),
        ((V, b, W), r"block 0 is a ndarray; .*a single block is \[\(V, b, W\)\]"),
        ([(V, b, W), (V, b)], "block 1 is a tuple of 2"),
        ([(V, b, W), (W, b, V)], "block 1: a block has V"),
        ([(V, b, W), (V, [0.0, np.nan], W)], "block 1: b contains NaN"),
        ([(V, None, W)], "block 0: b is None"),
        ([(V, sp.csr_array([[0.0, 0.0]]), W)], "block 0: b is a sparse matrix"),
        ([([1.0, 1.0], b, W)], "block 0: V has shape"),
        ([(np.ones((2, 5)), b, np.ones((5, 2)))], "block 0 is for a stream of width 5"),
        ([{"V": V}], "block 0 is a dict"),
    ],
)
def test_blocks_of_a_wrong_kind_are_named(blocks, message):
    with pytest.raises(InputError, match=message):
        ResNet(A, a, blocks, C, c)


NET = ResNet(A, a, [(V, b, W)], C, c)
L, AND = Lattice.boolean(2), Circuit(2, ((8, 1, 2),), (6,))
ATOM = Atom(AND, 1, (0, 1), L)
WRONG = {
    "text": lambda: ResNet([["x"]], a, [], C, c),
    "ragged": lambda: ResNet([[1.0], [1.0, 2.0]], a, [], C, c),
    "complex": lambda: ResNet([[1j]], a, [], C, c),
    "complex sparse": lambda: ResNet(sp.csr_array([[1j]]), a, [], C, c),
    "complex vector": lambda: ResNet(A, [1j], [], C, c),
    "text vector": lambda: ResNet(A, ["z"], [], C, c),
    "dates": lambda: ResNet(A, np.array(["2020-01-01"], dtype="datetime64[D]"), [], C, c),
    "box of text": lambda: Box("a", "b"),
    "box of complex": lambda: Box([1j], [2.0]),
    "box of nothing": lambda: Box(None, None),
    "domain of text": lambda: Box.of((["a"], ["b"]), 1),
    "atom of gates": lambda: Atom(((8, 1, 2),), 1, (0, 1), L),
    "atom of one literal": lambda: Atom(AND, 1, 5, L),
    "atom of texts": lambda: Atom(AND, 1, ("a", "b"), L),
    "atom of fractions": lambda: Atom(AND, 1, (0.5, 1.7), L),
    "atom without literals": lambda: Atom(AND, 1, None, L),
    "atom of a text as lattice": lambda: Atom(AND, 1, (0, 1), "x"),
    "lattice of one level": lambda: Lattice(2, 1, ((0.0, 1.0),) * 2),
    "lattice of flat knots": lambda: Lattice(2, (1,), (0.0, 1.0)),
    "lattice without knots": lambda: Lattice(2, (1,), None),
    "lattice of texts": lambda: Lattice(1, (1,), (("a", "b"),)),
    "lattice of a text": lambda: Lattice("2", (1,), ((0.0, 1.0),) * 2),
    "lattice of half a level": lambda: Lattice(2, (1.5,), ((0.0, 1.0),) * 2),
    "lattice fitted on one level": lambda: Lattice.fit([[0.0], [1.0]], levels=1),
    "lattice of three as text": lambda: Lattice.boolean("3"),
    "data set of lists": lambda: Dataset([[1.0]], [1], ("a",)),
    "data set of a list": lambda: Dataset(np.ones((1, 1)), [1], ("a",)),
    "data set without names": lambda: Dataset(np.ones((1, 1)), np.ones(1), None),
    "data set of a text": lambda: Dataset(np.ones((1, 2)), np.ones(1), "ab"),
    "circuit of a number as names": lambda: Circuit(2, ((8, 1, 2),), (6,), 5),
    "circuit of a text as names": lambda: Circuit(2, ((8, 1, 2),), (6,), "ab"),
    "compiled circuits": lambda: compile_resnet([AND], [1.0], 0.0, L),
    "compiled atom": lambda: compile_resnet(ATOM, [1.0], 0.0, L),
    "compiled texts": lambda: compile_resnet([ATOM], ["a"], 0.0, L),
    "compiled on nothing": lambda: compile_resnet([ATOM], [1.0], 0.0, None),
    "samples below 0": lambda: NET.complexity(n_samples=-5),
    "no samples": lambda: NET.complexity(n_samples=0),
    "half a sample": lambda: NET.complexity(n_samples=2.5),
    "no cells": lambda: NET.complexity(method="split", n_cells=0),
    "steps as text": lambda: NET.complexity(n_steps="a"),
    "steps below 0": lambda: NET.complexity(n_steps=-1),
    "seed as text": lambda: NET.complexity(random_state="a"),
    "pruned by a seed below 0": lambda: NET.prune(1, -1, domain=(0, 1)),
    "pruned with a number": lambda: NET.prune(1, activations=5),
    "pruned with texts": lambda: NET.prune(1, activations=["a"]),
    "nothing pruned": lambda: prune(None, 3, domain=(0, 1)),
    "sensitivities of nothing": lambda: sensitivities(None),
    "activations of a text": lambda: activation_bounds("net"),
    "no claim": lambda: verify_lipschitz(NET, None),
    "a claim of texts": lambda: verify_lipschitz(NET, [[1.0], ["a"]]),
    "a claim on less than 0 samples": lambda: verify_lipschitz(NET, [[1.0], [1.0]], n_samples=-3),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_kinds_end_in_a_sentence(name):
    with pytest.raises(FwCircuitsError, match="expected"):
        WRONG[name]()


def test_numbers_of_numpy_are_numbers():
    R = NET.complexity(n_samples=np.int64(5), n_steps=np.int64(3), n_cells=np.uint8(2), random_state=np.int64(2))
    assert R.upper == NET.complexity(n_samples=5, n_steps=3, random_state=2).upper
    assert NET.prune(np.float32(1.5), np.int64(0), domain=(np.float32(0), np.int64(1))).n_expected <= 1.5
