"""ONNX models, run by onnxruntime, equal the network; files are whole or absent."""

import os

import numpy as np
import pytest
from atom_strategies import random_atom
from test_resnet_network import random_net

from fw_circuits.exceptions import BudgetError, InputError
from fw_circuits.experiment import hostile_points
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import Block, ResNet, compile_resnet, onnx_export

pytest.importorskip("onnx", reason="onnx is not installed: pip install 'fw_circuits[onnx]'")
runtime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime is not installed: pip install 'fw_circuits[onnx]'"
)


def run(path, X, dtype="float64"):
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (values,) = session.run(["f"], {"X": X.astype(dtype)})
    return values


def assert_equal_values(net, X, path):
    """1e-12 in float64 and 1e-5 in float32, of the largest value if that is above 1."""
    expected = net.forward(X)
    scale = max(1.0, np.abs(expected).max())
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        net.to_onnx(path, dtype)
        values = run(path, X, dtype)
        assert values.dtype == dtype and values.shape == expected.shape
        np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_random_networks(n_outputs, tmp_path):
    rng = np.random.default_rng(n_outputs)
    for sizes in ((4, 2, 6), (1,), ()):
        net = random_net(rng, sizes=sizes, outputs=n_outputs)
        assert_equal_values(net, rng.normal(size=(50, 3)), tmp_path / "net.onnx")
        assert (
            run(tmp_path / "net.onnx", np.zeros((1, 3)), "float32").shape
            == net.forward(np.zeros((1, 3))).shape
        )


@pytest.mark.parametrize("seed", range(3))
def test_compiled_networks(seed, tmp_path):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 5))
    lattice = Lattice.fit(X, levels=[1, 2, 3])
    atoms = [random_atom(rng, lattice, level, max_inputs=6) for level in (1, 2, 3, 1, 2, 3)]
    net = compile_resnet(atoms, rng.normal(size=6), rng.normal(), lattice)
    assert_equal_values(net, hostile_points(lattice, X, 500, seed), tmp_path / "net.onnx")


def test_empty_matrices(tmp_path):
    """A block that writes nothing, neurons that read nothing, an output that is constant."""
    silent = Block(np.ones((2, 3)), [0.0, 1.0], np.zeros((3, 2)))
    deaf = Block(np.zeros((1, 3)), [2.0], [[1.0], [0.0], [0.0]])
    net = ResNet(np.eye(3, 2), np.zeros(3), [silent, deaf], [[1.0, 1.0, 0.0], [0.0] * 3], [0.5, 7.0])
    assert_equal_values(net, np.random.default_rng(0).normal(size=(9, 2)), tmp_path / "net.onnx")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path, net = tmp_path / "net.onnx", random_net(np.random.default_rng(0))
    net.to_onnx(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        random_net(np.random.default_rng(1)).to_onnx(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_refusals(tmp_path, monkeypatch):
    net = random_net(np.random.default_rng(0))
    with pytest.raises(InputError, match="expected one of float64, float32"):
        net.to_onnx(tmp_path / "net.onnx", "float16")
    monkeypatch.setattr(onnx_export, "MAX_BYTES", 100)
    with pytest.raises(BudgetError, match="float32"):
        net.to_onnx(tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
