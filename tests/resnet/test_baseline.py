"""The gradient-trained baseline: what it learns, what it returns, and that a run repeats."""

import numpy as np
import pytest

from fw_circuits.data import majority
from fw_circuits.exceptions import InputError
from fw_circuits.resnet import ResNet, baseline

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -c constraints.txt -e '.[torch]'")
from fw_circuits.resnet.torch import module as torch_module  # noqa: E402
from fw_circuits.resnet.torch.descent import Descent  # noqa: E402
from fw_circuits.resnet.torch.models import Single, Stack  # noqa: E402
from fw_circuits.resnet.torch.module import ResidualMLP  # noqa: E402
from fw_circuits.resnet.torch.path_norm import path_norm  # noqa: E402
from tests.helpers.nets import gaussian_net  # noqa: E402

nn = torch.nn


def wedge(seed, n=60, scale=1.0, shift=0.0):
    """Rows, and a function with one kink."""
    X = np.random.default_rng(seed).normal(size=(n, 3)) * scale + shift
    return X, np.abs(X[:, 0]) - X[:, 1]


def noise():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 4)), rng.normal(size=60)


def assert_best_step(training):
    best = min(check.validation for check in training.history)
    assert best == next(c.validation for c in training.history if c.step == training.best_step)


def cube(n):
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1


def surrogate_by_loops(net, rho):
    """Every path by recursion over the layers, in NumPy: the formula of the docstring, layered."""
    absolute = lambda m: np.abs(m.toarray())  # noqa: E731
    stream = absolute(net.A) @ rho + np.abs(net.a)
    reach = []
    for block in net.blocks:
        reach.append(absolute(block.V) @ stream + np.abs(block.b))
        stream = stream + absolute(block.W) @ reach[-1]
    total = (absolute(net.C) @ stream + np.abs(net.c)).sum()
    D = absolute(net.C).sum(axis=0)
    for block, h in zip(reversed(net.blocks), reversed(reach), strict=True):
        total += (D @ absolute(block.W)) @ h
        D = D + (D @ absolute(block.W)) @ absolute(block.V)
    return total


@pytest.mark.parametrize("sparse_above", [0, 1 << 16])
def test_the_surrogate_counts_paths(sparse_above, monkeypatch):
    monkeypatch.setattr(torch_module, "SPARSE_ABOVE", sparse_above)
    rng = np.random.default_rng(0)
    for outputs in (1, 2):
        net, rho = gaussian_net(rng, outputs=outputs), rng.random(3)
        value = path_norm(net.to_torch())(torch.from_numpy(rho)).item()
        assert value == pytest.approx(surrogate_by_loops(net, rho), rel=1e-12)


class Written(nn.Module):
    """The layered form by functions and parameters, with signs and constants in the way."""

    def __init__(self):
        super().__init__()
        self.first, self.V, self.W = nn.Linear(3, 4), nn.Linear(4, 5), nn.Linear(5, 4, bias=False)
        self.scale, self.last = nn.Parameter(torch.tensor(-0.5)), nn.Linear(4, 1)

    def forward(self, x):
        h = self.first(x)
        return self.last(h - self.scale * self.W(torch.relu(-self.V(h))) / 2)


def test_the_surrogate_of_a_module_of_functions():
    module, rho = Written().double(), np.array([1.0, 2.0, 0.5])
    net = ResNet.from_torch(module)
    value = path_norm(module)(torch.from_numpy(rho))
    assert value.item() == pytest.approx(surrogate_by_loops(net, rho), rel=1e-12)
    value.backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in module.parameters())


def test_the_surrogate_bounds_what_it_stands_for():
    """R with slopes and activations that are attained on the box never exceeds it."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        net, rho = gaussian_net(rng), rng.random(3)
        assert net.complexity((-rho, rho), n_samples=100, n_steps=0).lower <= surrogate_by_loops(net, rho)


def test_learns_an_absolute_value_in_raw_units():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)) * [100.0, 1e-3] + [5e3, 0.0]
    y = 1e4 + 30 * np.abs(X[:, 0] - 5e3)
    X = np.column_stack([X, np.full(300, 7.0)])  # a column that does not vary
    training = baseline.fit(X, y, width=8, depth=2, steps=500, penalty=0.0)
    assert isinstance(training.resnet, ResNet) and training.resnet.width == 8 and training.resnet.depth == 2
    assert 1 - np.var(y - training.resnet.forward(X)) / np.var(y) > 0.99
    steps = [check.step for check in training.history]
    assert steps == list(range(5, 501, 5)) and training.best_step in steps
    assert_best_step(training)


def test_the_penalty_generalises():
    """Majority of 7 from half of its table: right on the other half, with a path norm far below the plain one's."""
    X = cube(7)
    y = X.sum(axis=1) >= 4
    train = np.random.default_rng(0).permutation(128)[:64]
    right, norms = [], []
    for penalty in (1e-4, 0.0):
        options = {"loss": "logistic", "penalty": penalty, "steps": 300, "validation_fraction": 0}
        net = baseline.train(X[train], np.where(y[train], "yes", "no"), **options)
        right.append(np.mean((net.forward(X) > 0) == y))
        norms.append(surrogate_by_loops(net, np.ones(7)))
    assert right[0] == 1.0 > right[1] and norms[0] < norms[1] / 10


def test_a_run_repeats_and_leaves_torch_as_it_was():
    data = majority(5, n_rows=80)
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    options = {"width": 6, "depth": 2, "steps": 30, "batch_size": 16, "n_jobs": threads + 1}
    first, again = (baseline.train(data.X, data.y, random_state=7, **options) for _ in range(2))
    other = baseline.train(data.X, data.y, random_state=8, **options)
    assert torch.equal(torch.rand(3), expected) and torch.get_num_threads() == threads
    np.testing.assert_array_equal(first.forward(data.X), again.forward(data.X))
    assert not np.array_equal(first.forward(data.X), other.forward(data.X))


def test_patience_stops_early():
    training = baseline.fit(*noise(), steps=1000, patience=3, penalty=0.0, validation_fraction=0.5)
    last = training.history[-1].step
    assert last < 1000 and last - training.best_step == 3 * 10


def test_trains_a_module_of_the_user():
    X, y = wedge(0, 200, scale=50)
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Dropout(0.0), nn.Linear(12, 1))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    training = baseline.fit(X, y, module=module, steps=400)
    assert 1 - np.var(y - training.resnet.forward(X)) / np.var(y) > 0.97 and training.resnet.n_neurons == 12
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    for wrong in (nn.Linear(4, 1), nn.Linear(3, 2)):
        with pytest.raises(InputError, match="expected 3"):
            baseline.fit(X, y, module=wrong)
    with pytest.raises(InputError, match="'1' is a Tanh"):
        baseline.fit(X, y, module=nn.Sequential(nn.Linear(3, 1), nn.Tanh()))


@pytest.mark.parametrize("loss", baseline.LOSSES)
@pytest.mark.parametrize("batch_size, validation_fraction, depth", [(None, 0.0, 2), (16, 0.2, 2), (16, 0.0, 0)])
def test_side_by_side_equals_apart(loss, batch_size, validation_fraction, depth):
    X, y = wedge(0, shift=1.0)
    y = y + 0.3 * np.random.default_rng(1).normal(size=60)
    options = {
        "width": 4, "neurons": 5, "depth": depth, "loss": loss, "batch_size": batch_size, "steps": 200,
        "validation_fraction": validation_fraction, "random_state": 3,
    }  # fmt: skip
    y, penalties = (y > 0 if loss == "logistic" else y), (1e-2, 0.0, 1e-3)
    many = baseline.fit_many(X, y, penalties=penalties, **options)
    for penalty, together in zip(penalties, many, strict=True):
        apart = baseline.fit(X, y, penalty=penalty, **options)
        assert together.best_step == apart.best_step and len(together.history) == 100
        np.testing.assert_allclose(together.history, apart.history, rtol=1e-6)
        np.testing.assert_allclose(together.resnet.forward(X), apart.resnet.forward(X), rtol=1e-6, atol=1e-9)
    assert many[0].history[-1].surrogate < many[2].history[-1].surrogate < many[1].history[-1].surrogate


@pytest.mark.parametrize("validation_fraction", [0.0, 0.3])
def test_a_layered_module_takes_the_other_path_to_the_same_network(validation_fraction):
    """Autograd through the module itself, and no stack: the reference for ``fit`` and with it for ``fit_many``."""
    X, y = wedge(1)
    options = {"steps": 200, "penalty": 1e-3, "validation_fraction": validation_fraction, "weight_decay": 0.1}
    torch.manual_seed(5)
    module = ResidualMLP(3, 4, 2, neurons=5)
    # every step sees all rows: the generator is elsewhere once a network has been drawn
    given = baseline.fit(X, y, module=module, random_state=5, **options)
    made = baseline.fit(X, y, width=4, neurons=5, depth=2, random_state=5, **options)
    np.testing.assert_allclose(made.history, given.history, rtol=1e-6)
    np.testing.assert_allclose(made.resnet.forward(X), given.resnet.forward(X), rtol=1e-6, atol=1e-9)


def test_each_of_many_has_its_own_best_step():
    many = baseline.fit_many(*noise(), penalties=[0.0, 0.1], width=8, steps=200, validation_fraction=0.5)
    for training in many:
        assert_best_step(training)
    assert many[0].best_step != many[1].best_step


def test_a_diverged_network_leaves_the_others_alone_and_is_named():
    stack = Stack(ResidualMLP(3, 4, 2), 2, torch.ones(3, dtype=torch.float64))
    with torch.no_grad():
        for leaf in (leaf for group in stack.groups for leaf in group):
            leaf[0] = torch.nan
    (stack.outputs(torch.ones(5, 3, dtype=torch.float64)).sum(dim=1) + stack.norms()).sum().backward()
    for (leaf,) in stack.groups:
        assert leaf.grad[0].isnan().any() and leaf.grad[1].isfinite().all()
    with pytest.raises(InputError, match=r"penalty 1e\+308 diverged at step"):
        baseline.fit_many(np.eye(4), np.arange(4.0), penalties=[0.0, 1e308], steps=20)


def test_the_surrogate_bounds_the_complexity_of_every_activation():
    class Several(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.p, self.c = nn.Linear(3, 6), nn.PReLU(6), nn.Linear(6, 1)

        def forward(self, x):
            h = self.p(self.a(x))
            h = torch.maximum(h, h.flip(1)).clamp(-0.5, 0.7) - nn.functional.leaky_relu(h, 0.2)
            return self.c(torch.cat([h[:, :3].abs(), h[:, 3:].view(-1, 3)], 1))

    torch.manual_seed(0)
    module, rho = Several().double(), np.array([1.0, 2.0, 0.5])
    value = path_norm(module)(torch.from_numpy(rho))
    R = ResNet.from_torch(module).complexity((-rho, rho), n_samples=16, n_steps=0)
    assert value.item() >= R.lower > 0.0
    value.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
    training = baseline.fit(X := np.random.default_rng(0).normal(size=(60, 3)), X[:, 0], module=module, steps=20)
    with torch.no_grad():
        assert training.resnet.forward(X).shape == (60,)
    with pytest.raises(InputError, match="path norm of a BatchNorm1d"):
        baseline.fit(X, X[:, 0], module=nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)))


def test_a_norm_that_overflows_spoils_no_network_without_penalty():
    """Its neurons are silent, so that it computes 0; its path norm is infinite, and was multiplied by the penalty 0."""

    def run(penalties):
        torch.manual_seed(0)
        stack = Stack(ResidualMLP(2, 3, 2), len(penalties), torch.ones(2, dtype=torch.float64))
        matrices, vectors = stack._views(*stack._leaves)
        with torch.no_grad():
            for matrix, number in zip(matrices, (0.0, 1e200, 1e200, 1e200, 1e200, 1.0), strict=True):
                matrix[0] = number
            for vector in vectors[1:3]:
                vector[0] = -1.0
        x = torch.linspace(-1, 1, 16, dtype=torch.float64).reshape(8, 2)
        settings = baseline.TrainingSettings(weight_decay=0.0, learning_rate=1e-3, steps=20, batch_size=8)
        descent = Descent(settings, penalties)
        history, _ = descent.run(stack, (x, 0.0 * x[:, 0]), (x[:0], x[:0, 0]))
        return stack, history[-1]

    stack, last = run((0.0, 1e-3))
    alone, one = run((0.0,))
    assert last[0].surrogate == np.inf and np.isfinite(last[0].loss) and np.isfinite(last[1].surrogate)
    assert last[0].loss == one[0].loss
    for leaf, other in zip(stack._leaves, alone._leaves, strict=True):
        assert torch.equal(leaf[0], other[0]) and leaf.isfinite().all()


def test_matrices_decay_and_vectors_do_not():
    module = ResidualMLP(3, 4, 1)
    settings = Descent(baseline.TrainingSettings(weight_decay=0.5, steps=10), (0.0, 0.0))
    for model in (Stack(module, 2, torch.ones(3, dtype=torch.float64)), Single(module, lambda: None)):
        decayed, free = settings._optimiser(model)[0].param_groups
        assert decayed["weight_decay"] == 0.5 and sum(p.numel() for p in decayed["params"]) == model.size * 48
        assert free["weight_decay"] == 0.0 and sum(p.numel() for p in free["params"]) == model.size * 9


def test_wrong_settings_of_fit_many_are_refused():
    X, y = np.eye(4), np.arange(4.0)
    for wrong in (3.0, "12", (p for p in (1.0,)), None):
        with pytest.raises(InputError, match="expected a sequence of numbers"):
            baseline.fit_many(X, y, penalties=wrong)
    with pytest.raises(InputError, match=r"penalties is empty(.*\n)+.*width is 0"):
        baseline.fit_many(X, y, penalties=[], width=0)
    with pytest.raises(InputError, match=r"3 settings(.*\n)+.*patience is no option(.*\n)+.*penalties\[1\] is -1"):
        baseline.fit_many(X, y, penalties=[0.0, -1.0, "a"], patience=3)


def test_wrong_settings_of_fit_are_refused():
    X, y = np.eye(4), np.arange(4.0)
    with pytest.raises(InputError, match=r"6 settings.*\n(.*\n)*.*expected one of 'squared', 'logistic'"):
        baseline.fit(X, y, width=0, steps=2, penalty=-1, learning_rate=0, validation_fraction=0.9, loss="hinge")
    with pytest.raises(TypeError, match="unexpected keyword argument 'widht'"):
        baseline.train(X, y, widht=3)
    with pytest.raises(InputError, match="device is 'abacus'"):
        baseline.fit(X, y, device="abacus")
    with pytest.raises(InputError, match="exactly two labels"):
        baseline.fit(X, y, loss="logistic")
    with pytest.raises(InputError, match="NaN"):
        baseline.fit(X * np.nan, y)
    with pytest.raises(InputError, match="lower learning_rate"):
        baseline.fit(X, y, learning_rate=1e200, penalty=0.0, weight_decay=0.0)


def test_progress_goes_to_the_error_stream(capfd):
    baseline.train(np.eye(4), np.arange(4.0), steps=20, width=2, depth=1, progress=True)
    out, error = capfd.readouterr()
    assert not out and "held out" in error
