"""ONNX models, run by onnxruntime, equal the network; files are whole or absent."""

import os
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from fw_circuits.exceptions import BudgetError, InputError
from fw_circuits.resnet import Block, ResNet, onnx_export
from tests.helpers.compiled_nets import compiled_net_and_points
from tests.helpers.nets import gaussian_net

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'fw_circuits[onnx]'")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'fw_circuits[onnx]'")


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
        net = gaussian_net(rng, sizes=sizes, outputs=n_outputs)
        assert_equal_values(net, rng.normal(size=(50, 3)), tmp_path / "net.onnx")
        assert run(tmp_path / "net.onnx", np.zeros((1, 3)), "float32").shape == net.forward(np.zeros((1, 3))).shape


@pytest.mark.parametrize("seed", range(3))
def test_compiled_networks(seed, tmp_path):
    net, X = compiled_net_and_points(seed)
    assert_equal_values(net, X, tmp_path / "net.onnx")


def test_empty_matrices(tmp_path):
    """A block that writes nothing, neurons that read nothing, an output that is constant."""
    silent = Block(np.ones((2, 3)), [0.0, 1.0], np.zeros((3, 2)))
    deaf = Block(np.zeros((1, 3)), [2.0], [[1.0], [0.0], [0.0]])
    net = ResNet(np.eye(3, 2), np.zeros(3), [silent, deaf], [[1.0, 1.0, 0.0], [0.0] * 3], [0.5, 7.0])
    assert_equal_values(net, np.random.default_rng(0).normal(size=(9, 2)), tmp_path / "net.onnx")


#: Those with float64 kernels in onnxruntime.
OPERATORS = {"Transpose", "Gather", "MatMul", "Add", "Relu", "ScatterND", "Squeeze"}


@pytest.mark.parametrize("opset", range(13, 29))
def test_the_operators_compute_in_float64_at_every_opset(opset, tmp_path, monkeypatch):
    from onnx import defs, helper
    from onnx.reference import ReferenceEvaluator

    if opset > defs.onnx_opset_version():
        pytest.skip(f"this onnx knows opsets up to {defs.onnx_opset_version()}")
    imports = [helper.make_opsetid("", opset)]
    monkeypatch.setattr(onnx_export, "OPSET", opset)
    monkeypatch.setattr(onnx_export, "IR_VERSION", helper.find_min_ir_version_for(imports))
    rng, path = np.random.default_rng(opset), tmp_path / "net.onnx"
    V, W = sp.random_array((7, 6), density=0.3, rng=rng), sp.random_array((6, 7), density=0.1, rng=rng)
    whole = gaussian_net(rng, outputs=1 + opset % 2)
    net, X = replace(whole, blocks=[*whole.blocks, (V, np.ones(7), W)]), rng.normal(size=(9, 3))
    net.to_onnx(path)  # the checker sees it at this opset
    model = onnx.load(path)
    assert model.opset_import[0].version == opset
    assert {node.op_type for node in model.graph.node} <= OPERATORS
    (values,) = ReferenceEvaluator(model).run(None, {"X": X})
    np.testing.assert_allclose(values, net.forward(X), rtol=1e-12, atol=1e-12)
    try:
        values = run(path, X)
    except Exception as error:
        if "opset" in str(error).lower() or "ir_version" in str(error).lower() or "IR version" in str(error):
            pytest.skip(f"this onnxruntime does not know opset {opset}")
        raise
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, net.forward(X), rtol=1e-12, atol=1e-12)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path, net = tmp_path / "net.onnx", gaussian_net(np.random.default_rng(0))
    net.to_onnx(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        gaussian_net(np.random.default_rng(1)).to_onnx(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32")])
def test_types_of_numpy_name_a_dtype(dtype, tmp_path):
    net = gaussian_net(np.random.default_rng(0))
    net.to_onnx(tmp_path / "net.onnx", dtype)
    assert run(tmp_path / "net.onnx", np.zeros((1, 3)), "float32").dtype == np.float32


def test_wrong_types_and_paths_are_refused(tmp_path, monkeypatch):
    net = gaussian_net(np.random.default_rng(0))
    with pytest.raises(InputError, match="expected one of 'float64', 'float32'"):
        net.to_onnx(tmp_path / "net.onnx", "float16")

    def built(*_):
        raise AssertionError("the model was built before its path was looked at")

    with monkeypatch.context() as patch:
        patch.setattr(onnx_export, "_Graph", built)
        message = r"absent/net.onnx', where no file can be written \(No such file"
        absent_file = (tmp_path / "absent" / "net.onnx", message)
        for path, message in (absent_file, (tmp_path, "it is a folder"), (5, "expected the path of a file")):
            with pytest.raises(InputError, match=message):
                net.to_onnx(path)
    monkeypatch.setattr(onnx_export, "MAX_BYTES", 100)
    with pytest.raises(BudgetError, match="float32"):
        net.to_onnx(tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
