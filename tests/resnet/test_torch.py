"""Networks to PyTorch and back: equal values, the same parameters, every arrangement read exactly, clear refusals."""

import io
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from fw_circuits.exceptions import BudgetError, InputError
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import ResNet, compile_resnet
from tests.helpers.atoms import random_atom
from tests.helpers.compiled_nets import compiled_net_and_points
from tests.helpers.nets import gaussian_net

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -c constraints.txt -e '.[torch]'")
from fw_circuits.resnet.torch import module as torch_module  # noqa: E402

nn = torch.nn
F = nn.functional


def outputs(module, X, dtype=torch.float64):
    with torch.no_grad():
        return module(torch.from_numpy(X).to(dtype)).numpy()


def assert_equal_values(module, net, X):
    """1e-12 in float64 and 1e-5 in float32, of the largest value if that is above 1."""
    expected = net.forward(X)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(outputs(module, X), expected, rtol=0, atol=1e-12 * scale)
    single = net.to_torch("float32")
    np.testing.assert_allclose(outputs(single, X, torch.float32), expected, rtol=0, atol=1e-5 * scale)


def sparse(rng, density, *shape):
    return sp.random_array(shape, density=density, rng=rng)


def large(rng, n=300):
    block = (sparse(rng, 0.01, n, n), rng.normal(size=n), sparse(rng, 0.01, n, n))
    return ResNet(sparse(rng, 0.2, n, 3), np.zeros(n), [block], np.ones((1, n)), [0.0])


LARGE, POINTS = large(np.random.default_rng(0)), np.random.default_rng(1).normal(size=(9, 3))


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_random_networks(n_outputs):
    rng = np.random.default_rng(n_outputs)
    for _ in range(20):
        net = gaussian_net(rng, outputs=n_outputs)
        assert_equal_values(net.to_torch(), net, rng.normal(size=(50, 3)))


@pytest.mark.parametrize("sparse_above", [0, 1 << 40])
@pytest.mark.parametrize("seed", range(3))
def test_compiled_networks_dense_and_sparse(seed, sparse_above, monkeypatch):
    monkeypatch.setattr(torch_module, "SPARSE_ABOVE", sparse_above)
    net, X = compiled_net_and_points(seed)
    module = net.to_torch()
    kinds = {type(layer).__name__ for layer in module.modules()}
    assert ("SparseLinear" in kinds) == (sparse_above == 0)
    assert_equal_values(module, net, X)
    again = ResNet.from_torch(module)
    assert all((matrix != other).nnz == 0 for matrix, other in zip(net.matrices, again.matrices, strict=True))
    np.testing.assert_array_equal(again.forward(X), net.forward(X))
    wrapped = ResNet.from_torch(nn.Sequential(nn.Identity(), module))  # the traced way, sparse layers as well
    np.testing.assert_allclose(wrapped.forward(X), net.forward(X), rtol=0, atol=1e-11)


def test_parameters_train_and_pickle():
    module = LARGE.to_torch().train()
    names = dict(module.named_parameters())
    assert {"encoder.weight", "blocks.0.expand.values", "blocks.0.contract.values", "readout.bias"} <= set(names)
    module(torch.ones(2, 3, dtype=torch.float64)).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in names.values())
    assert names["blocks.0.expand.values"].grad.abs().max() > 0
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    np.testing.assert_array_equal(outputs(torch.load(file, weights_only=False), POINTS), outputs(module, POINTS))


ROWS = torch.ones(5, 3, dtype=torch.float64)
ANY_ROWS = {"dynamic_shapes": ({0: torch.export.Dim("rows")},)}


@pytest.mark.parametrize("dense", [False, True])
def test_large_networks_are_exported(dense):
    module = LARGE.to_torch(dense=dense)
    kinds = {type(layer).__name__ for layer in module.modules()}
    assert ("SparseLinear" in kinds) != dense
    program = torch.export.export(module, (ROWS,), **ANY_ROWS)
    np.testing.assert_allclose(outputs(program.module(), POINTS), LARGE.forward(POINTS), rtol=1e-12, atol=1e-12)
    assert ResNet.from_torch(program).n_neurons == 300


@pytest.mark.parametrize("dense", [False, True])
def test_large_networks_are_exported_to_onnx_by_torch(dense, tmp_path):
    pytest.importorskip("onnxscript", reason="onnxscript is not installed: pip install onnxscript")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    module = LARGE.to_torch(dense=dense)
    torch.onnx.export(module, (ROWS,), tmp_path / "net.onnx", dynamo=True, verbose=False, **ANY_ROWS)
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    (values,) = session.run(None, {session.get_inputs()[0].name: POINTS})
    np.testing.assert_allclose(values, LARGE.forward(POINTS), rtol=1e-12, atol=1e-12)


def test_dense_layers_have_a_budget(monkeypatch):
    net = gaussian_net(np.random.default_rng(0))
    monkeypatch.setattr(torch_module, "MAX_DENSE_BYTES", 8 * 100)
    with pytest.raises(BudgetError, match="leave out dense=True"):
        net.to_torch(dense=True)
    assert net.to_torch("float64").encoder.weight.dtype == torch.float64


@pytest.mark.parametrize("exact_on", ["everywhere", "domain"])
@pytest.mark.parametrize("seed", range(3))
def test_float32_loses_no_more_than_its_input_does(seed, exact_on):
    """Columns at 1e5 +- 10: a float32 of that size is good to 0.004 only, and an offset rounded to it was added."""
    rng = np.random.default_rng(seed)
    X = (1e5 + rng.uniform(-10, 10, size=(300, 5))).astype(np.float32)
    lattice = Lattice.fit(X - rng.uniform(0, 1e-3, 5), levels=[1, 2, 3])
    atoms = [random_atom(rng, lattice, level, max_inputs=6) for level in (1, 2, 3) * 3]
    net = compile_resnet(atoms, rng.normal(size=len(atoms)), rng.normal(), lattice, exact_on)
    expected = net.forward(X)
    values = outputs(net.to_torch("float32"), X, torch.float32)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-5 * max(1.0, np.abs(expected).max()))


def test_entries_beyond_float32_are_refused(tmp_path):
    net = ResNet([[1e39]], [0.0], [], [[1e-39]], [0.0])
    assert net.to_torch().encoder.weight.item() == 1e39
    for export in (lambda: net.to_torch("float32"), lambda: net.to_onnx(tmp_path / "net.onnx", "float32")):
        with pytest.raises(InputError, match=r"beyond .* float32"):
            export()


class Residual(nn.Module):
    def __init__(self, width, inner=None, bias=True):
        super().__init__()
        inner = inner or width
        self.branch = nn.Sequential(nn.Linear(width, inner, bias=bias), nn.ReLU(), nn.Linear(inner, width, bias=bias))

    def forward(self, x):
        return x + self.branch(x)


class Functional(nn.Module):
    """Everything by function, a scale of its own a block, a linear skip from the input to the output."""

    def __init__(self):
        super().__init__()
        self.V = nn.ParameterList([nn.Parameter(torch.randn(7, 4)) for _ in range(3)])
        self.W = nn.ParameterList([nn.Parameter(torch.randn(4, 7)) for _ in range(3)])
        self.scale = nn.Parameter(torch.randn(4))
        self.skip, self.first, self.last = nn.Linear(3, 2), nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        h = self.first(x)
        for V, W in zip(self.V, self.W, strict=True):
            h = h - self.scale * F.linear(torch.relu(F.linear(h, V) + 0.5), W) / 3
        return torch.add(self.last(F.dropout(h, 0.5, False)), 2 * self.skip(x))


class After(nn.Module):
    """relu after the sum, and a relu before the first block: the two orders of published residual networks."""

    def __init__(self, width=5, depth=3):
        super().__init__()
        self.stem, self.readout = nn.Linear(3, width), nn.Linear(width, 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width)]) for _ in range(depth)
        )

    def forward(self, x):
        h = F.relu(self.stem(x))
        for first, second in self.blocks:
            h = F.relu(h + second(F.relu(first(h))))
        return self.readout(h).squeeze(-1)


class Dense(nn.Module):
    """Each layer reads all earlier ones; the first sum is used twice more; the output joins two heads."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.head, self.side = (nn.Linear(*s) for s in ((3, 4), (7, 3), (10, 1), (3, 2)))

    def forward(self, x):
        one = torch.cat([x, self.one(x).relu()], dim=1)
        total = x + self.two(one).relu()
        two = torch.cat([one, total], 1)
        return torch.cat((self.head(two), self.side((total - x).relu()) - self.side(total)), dim=-1)


def recognised():
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 5, bias=False), nn.ReLU(), nn.Linear(5, 2))
    branches = Residual(6), nn.Dropout(0.5), Residual(6, 9, bias=False)
    residual = nn.Sequential(nn.Flatten(), nn.Linear(3, 6), *branches, nn.Linear(6, 1))
    widening = nn.Sequential(Residual(3), nn.Linear(3, 6), Residual(6, 4), nn.Linear(6, 2), nn.Identity())
    return {
        "linear": (nn.Linear(3, 2), 0, 3),
        "plain": (plain, 13, None),
        "residual": (residual, 15, 6),
        "widening": (widening, 7, None),
        "functional": (Functional(), 21, None),
        "after": (After(), 5 + 3 * 10, 6),  # the last relu, read once, writes to the output
        "dense": (Dense(), 4 + 3 + 3, None),
    }


@pytest.mark.parametrize("name", recognised())
def test_modules_are_read_exactly(name):
    module, n_neurons, width = recognised()[name]
    module.train()
    net = ResNet.from_torch(module)
    X = np.random.default_rng(0).normal(size=(200, 3)) * 4
    assert module.training and next(module.parameters()).dtype == torch.float32  # the caller's is left alone
    expected = outputs(module.double().eval(), X)
    np.testing.assert_allclose(net.forward(X), expected.reshape(net.forward(X).shape), rtol=1e-12, atol=1e-12)
    assert net.n_neurons == n_neurons
    assert width is None or net.width == width


def test_a_residual_network_keeps_its_parameters():
    module = recognised()["residual"][0].double()
    net = ResNet.from_torch(module)
    np.testing.assert_array_equal(net.A.toarray(), module[1].weight.detach())
    for block, layers in zip(net.blocks, (module[2].branch, module[4].branch), strict=True):
        np.testing.assert_array_equal(block.V.toarray(), layers[0].weight.detach())
        np.testing.assert_array_equal(block.W.toarray(), layers[2].weight.detach())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite_parameters_are_named(bad):
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        module[2].bias[0] = bad
    with pytest.raises(InputError, match=r"layer '2': bias contains NaN or infinity"):
        ResNet.from_torch(module)
    whole = gaussian_net(np.random.default_rng(0)).to_torch()
    with torch.no_grad():
        whole.blocks[1].expand.weight[0, 0] = bad
    with pytest.raises(InputError, match="NaN or infinity"):
        ResNet.from_torch(whole)


def test_other_dtypes_are_refused():
    with pytest.raises(InputError, match="expected one of 'float64', 'float32'"):
        gaussian_net(np.random.default_rng(0)).to_torch(torch.float16)
    assert gaussian_net(np.random.default_rng(0)).to_torch(torch.float32).encoder.weight.dtype == torch.float32


def test_a_missing_torch_is_named_with_its_command():
    """In a process of its own, in which importing torch fails; nothing else of the package needs it."""
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(name, path, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError('No module named torch')\n"
        "sys.meta_path.insert(0, Absent)\n"
        "from fw_circuits.resnet import ResNet, baseline\n"
        "net = ResNet([[1.0]], [0.0], [], [[1.0]], [0.0])\n"
        "train = lambda: baseline.train([[0.0], [1.0]], [0.0, 1.0])\n"
        "for call in (net.to_torch, lambda: ResNet.from_torch(None), train):\n"
        "    try: call()\n"
        "    except ValueError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for call in ("to_torch", "from_torch", "the gradient-trained baseline"):
        assert f"{call} needs torch, which cannot be imported (No module named torch)" in run.stdout
    assert run.stdout.count("install it with: pip install 'fw_circuits[torch]'") == 3
