"""Modules as people write them: every operation that is piecewise linear is read exactly, every other with a hint."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.resnet import ResNet

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -c constraints.txt -e '.[torch]'")
from torch.nn.utils import parametrizations, prune  # noqa: E402

nn = torch.nn
F = nn.functional


class Net(nn.Module):
    """A linear layer of 6, an operation, a linear layer of what is left."""

    def __init__(self, operation, width=6):
        super().__init__()
        self.a, self.c, self.operation = nn.Linear(4, 6), nn.Linear(width, 1), operation

    def forward(self, x):
        return self.c(self.operation(self.a(x)))


def points(d):
    """Random points, zeros, corners, and far ones."""
    near, corners, far = np.split(np.random.default_rng(0).normal(size=(109, d)), [80, 100])
    return np.concatenate([3 * near, np.zeros((1, d)), np.sign(corners), 1e6 * far])


def assert_read_exactly(module, net, X):
    """1e-9 and 1e-12 of the largest value of the row, or of its input."""
    with torch.no_grad():
        expected = module(torch.from_numpy(X)).numpy()
    values = net.forward(X)
    assert values.size == expected.size
    scale = 1e-9 + 1e-12 * np.abs(X).max(axis=1, initial=1.0).reshape(-1, *(1,) * (values.ndim - 1))
    assert np.all(np.abs(values - expected.reshape(values.shape)) <= scale * 10)


OPERATIONS = {
    "view": (lambda h: torch.relu(h).view(-1, 6), 6),
    "view, by size": (lambda h: torch.relu(h).view(h.size(0), -1), 6),
    "reshape, by shape": (lambda h: torch.relu(h).reshape(h.shape[0], 2, 3).flatten(1), 6),
    "clamp(min=0)": (lambda h: h.clamp(min=0), 6),
    "clamp(0, b)": (lambda h: torch.clamp(h, 0, 0.5), 12),
    "clamp_max": (lambda h: h.clamp_max(0.2), 6),
    "maximum with 0": (lambda h: torch.maximum(h, h.new_zeros(6)), 6),
    "maximum of two": (lambda h: torch.maximum(h, h.flip(1)), 6),
    "minimum, constant first": (lambda h: torch.minimum(torch.tensor(0.2), h), 6),
    "max of two": (lambda h: torch.max(h, torch.zeros_like(h)), 6),
    "maximum with what would be updated in place": (lambda h: torch.maximum(F.leaky_relu(h, -2.0), h), 12),
    "abs": (lambda h: abs(h) + torch.abs(h), 12),
    "relu6": (F.relu6, 12),
    "leaky_relu": (lambda h: F.leaky_relu(h, negative_slope=0.3), 6),
    "hardtanh": (lambda h: F.hardtanh(h, max_val=0.5), 12),
    "hardsigmoid": (F.hardsigmoid, 12),
    "relu of a slice": (lambda h: torch.cat([torch.relu(h[:, :3]), h[:, 3:]], 1), 3),
    "list of columns": (lambda h: torch.relu(h)[:, [0, 0, 5, 4, 1, 3]], 5),
    "chunk": (lambda h: torch.cat(torch.relu(h).chunk(2, 1)[::-1], 1), 6),
    "narrow and stack": (lambda h: torch.stack([h.relu().narrow(1, 1, 3), h[:, :3]], 1).flatten(1), 3),
    "sum and mean": (lambda h: h.relu() + h.mean(1, keepdim=True) - h.sum(-1)[:, None], 6),
    "axes of length one": (lambda h: h.unsqueeze(1).relu().squeeze(1), 6),
    "permuted": (lambda h: h.view(-1, 2, 3).permute(0, 2, 1).relu().reshape(-1, 6), 6),
    "product": (lambda h: 2 * h.relu() / torch.arange(1, 7) * torch.tensor([[0.5]]), 6),
    "matmul": (lambda h: h.relu() @ torch.linspace(-1, 1, 36, dtype=torch.float64).view(6, 6), 6),
    "einsum": (lambda h: torch.einsum("ni,ij->nj", h.relu(), torch.eye(6, dtype=torch.float64)), 6),
    "sub with alpha": (lambda h: torch.sub(1 - h, h.relu(), alpha=2), 6),
    "pad": (lambda h: F.pad(h[:, 1:-1].relu(), (1, 1), value=2.0), 4),
    "constant columns": (lambda h: torch.cat([h[:, :3].relu(), h.new_full((h.shape[0], 3), 2.0)], 1), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name):
    torch.manual_seed(0)
    operation, n_neurons = OPERATIONS[name]
    module = Net(operation).double()
    net = ResNet.from_torch(module)
    assert net.n_neurons == n_neurons and net.n_features == 4
    assert_read_exactly(module, net, points(4))


class Old(nn.Module):
    """Weights computed by hooks before each pass."""

    def __init__(self):
        super().__init__()
        with pytest.warns(FutureWarning, match="weight_norm"):
            self.a = torch.nn.utils.weight_norm(nn.Linear(4, 6))
        self.b = prune.l1_unstructured(nn.Linear(6, 6), "weight", 0.5)
        self.c = torch.nn.utils.spectral_norm(nn.Linear(6, 1))

    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x), inplace=True))))


class Free(nn.Module):
    """No layers; a buffer of places, a tensor that is no parameter, values of one number per row."""

    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.randn(4, 6)), nn.Parameter(torch.randn(6))
        self.scale = torch.tensor([1.0, 2.0, 3.0])
        self.register_buffer("places", torch.tensor([2, 0, 1]))

    def forward(self, x):
        p, q = torch.addmm(self.b, x, self.W).relu().chunk(2, dim=1)
        return torch.einsum("ni,i->n", p * self.scale - q.index_select(1, self.places), self.b[:3].exp())


class Halves(nn.Module):
    """No layer reads all columns."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(1, 2)

    def forward(self, x):
        return torch.cat([self.a(x[:, :3]), self.b(x[:, 3:])], 1).relu().sum(1)


def layers():
    torch.manual_seed(1)
    one = lambda layer: nn.Sequential(nn.Linear(4, 6), layer, nn.Linear(6, 2))  # noqa: E731
    statistics = one(nn.BatchNorm1d(6)).train()
    statistics(torch.randn(50, 4))
    by_channel = nn.Unflatten(1, (2, 3)), nn.BatchNorm1d(2), nn.PReLU(2)
    channels = nn.Sequential(nn.Linear(4, 6), *by_channel, nn.Linear(3, 2), nn.Flatten())
    return {
        **{type(a).__name__: one(a) for a in (nn.ReLU6(), nn.Hardtanh(-0.3, 0.2), nn.LeakyReLU(), nn.PReLU())},
        **{type(a).__name__: one(a) for a in (nn.Hardsigmoid(), nn.RReLU(), nn.AlphaDropout(), nn.Dropout1d())},
        "PReLU, a slope each": one(nn.PReLU(6)),
        "BatchNorm1d": statistics,
        "BatchNorm1d, first": nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)),
        "channels": channels,
        "old weight_norm": Old(),
        "weight_norm": nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 6)), nn.ReLU(), nn.Linear(6, 1)),
        "orthogonal": nn.Sequential(nn.Linear(4, 6), nn.ReLU(), parametrizations.orthogonal(nn.Linear(6, 6))),
        "DataParallel": nn.DataParallel(one(nn.ReLU())),
        "functions": Free(),
        "halves": Halves(),
    }  # fmt: skip


@pytest.mark.parametrize("name", layers())
def test_layers(name):
    module = layers()[name].train()
    net = ResNet.from_torch(module)
    assert module.training and net.n_features == 4
    module = module.double().eval()
    if name == "functions":
        module.scale = module.scale.double()
    assert_read_exactly(module, net, points(4))


def test_compiled_modules():
    inner = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1)).double()
    inside = nn.Sequential(torch.compile(inner), nn.Linear(1, 2)).double()
    assert_read_exactly(inner, ResNet.from_torch(torch.compile(inner)), points(4))
    plain = nn.Sequential(inner, inside[1])
    assert_read_exactly(plain, ResNet.from_torch(inside), points(4))
    assert hasattr(inside[0], "_orig_mod")  # the caller's module is left alone
    inner.compile()
    assert ResNet.from_torch(inner).n_neurons == 6


def test_exported_programs():
    module = Net(lambda h: F.hardtanh(h) + torch.relu(h).view(h.size(0), 2, 3).flatten(1)).double().eval()
    rows = torch.randn(5, 4, dtype=torch.float64)
    program = torch.export.export(module, (rows,), dynamic_shapes=({0: torch.export.Dim("rows")},))
    assert_read_exactly(module, ResNet.from_torch(program), points(4))
    with pytest.raises(InputError, match="dynamic number of rows"):
        ResNet.from_torch(torch.export.export(module, (rows,)))


class Some(nn.Module):
    """Any number of columns from 4 on."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 6)

    def forward(self, x):
        return self.a(x[:, :4]).relu()


def test_the_number_of_columns_may_be_given():
    some = Some().double()
    assert ResNet.from_torch(some).n_features == 4
    net = ResNet.from_torch(some, n_features=np.int64(7))
    assert net.n_features == 7
    assert_read_exactly(some, net, points(7))
    assert ResNet.from_torch(nn.ReLU(), 3).n_neurons == 3
    for bad in (0, 2.5, True, "4"):
        with pytest.raises(InputError, match="n_features is"):
            ResNet.from_torch(some, bad)


class Random(nn.Module):
    """A random program over rows of 6: each step applies an operation to one or two earlier values."""

    def __init__(self, rng):
        super().__init__()
        self.first = nn.Linear(3, 6)
        self.steps = [tuple(float(v) for v in rng.random(3)) for _ in range(rng.integers(1, 14))]
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in self.steps)
        self.vector = nn.Parameter(torch.randn(6))

    def forward(self, x):
        values = [self.first(x)]
        for layer, (kind, p, q) in zip(self.layers, self.steps, strict=True):
            one, two = (values[-1 - int(len(values) * v * v)] for v in (p, q))
            operations = self.operations(layer, one, two)
            values.append(operations[int(kind * len(operations))]())
        return values[-1]

    def operations(self, layer, one, two):
        return (
            lambda: layer(one),
            lambda: torch.relu(one),
            lambda: one + two,
            lambda: one - two,
            lambda: torch.maximum(one, two),
            lambda: torch.minimum(one, self.vector),
            lambda: F.leaky_relu(one, 0.2) - two,
            lambda: one.abs(),
            lambda: one.clamp(-0.5, 0.7),
            lambda: torch.cat([one[:, 3:], two[:, :3]], 1),
            lambda: torch.cat([part.relu() for part in (one[:, ::2], two[:, 1::2])], -1),
            lambda: one.view(-1, 2, 3).transpose(1, 2).reshape(-1, 6) * self.vector,
            lambda: one - two.mean(1, keepdim=True),
            lambda: torch.stack(two.chunk(2, 1), 2).flatten(1),
            lambda: one * -0.5 / self.vector,
        )


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_random_programs(seed):
    torch.manual_seed(seed)
    module = Random(np.random.default_rng(seed)).double()
    X = np.concatenate([np.random.default_rng(seed).normal(size=(40, 3)) * 5, np.zeros((1, 3))])
    with torch.no_grad():
        expected = module(torch.from_numpy(X)).numpy()
    values = ResNet.from_torch(module).forward(X)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10 * max(1.0, np.abs(expected).max()))


REFUSED = {
    "smooth": (lambda h: F.gelu(h), r"calls 'gelu' .*not piecewise linear"),
    "smooth method": (lambda h: h.tanh(), r"calls 'tanh' .*line \d+: .*tanh.*not piecewise linear"),
    "square": (lambda h: h**2, "calls 'pow'.*not piecewise linear"),
    "product": (lambda h: h * h.relu(), "depends on the input.*one operand must be constant"),
    "inverse": (lambda h: 1 / h, "depends on the input"),
    "division by 0": (lambda h: h / 0, "divides by 0"),
    "mean of rows": (lambda h: h - h.mean(0), r"'mean' joins rows.*dim=1"),
    "rows rolled": (lambda h: h.roll(1, 0), "'roll' joins, moves or drops rows"),
    "rows summed up": (lambda h: h.cumsum(0), "'cumsum' mixes rows"),
    "transposed": (lambda h: h.T.T, "attribute 'T'.*dim=1"),
    "rows joined": (lambda h: torch.cat([h, h]), "'cat'|rows"),
    "rows of a constant": (
        lambda h: h + torch.arange(18.0).view(3, 6),
        "constant that differs from row to row",
    ),
    "dropout": (lambda h: F.dropout(h), "training=self.training"),
    "where": (lambda h: torch.where(h > 0, h, 0.0), "calls 'gt'.*maximum"),
    "largest column": (lambda h: torch.max(h, 1)[0], "maximum over columns.*torch.maximum"),
    "shapes": (lambda h: h + torch.ones(5), "shapes that do not fit.*Check the sizes"),
    "sizes": (lambda h: h.view(-1, 7), "'view' cannot be applied to .6,. columns"),
    "conversion": (lambda h: h.float(), "leave conversions out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_operations_have_messages_of_their_own(name):
    operation, message = REFUSED[name]
    with pytest.raises(InputError, match=message) as caught:
        ResNet.from_torch(Net(operation))
    assert "BatchNorm can be folded" not in str(caught.value)


class Branching(nn.Linear):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else x


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.relu, self.last = nn.Linear(2, 3), nn.ReLU(inplace=True), nn.Linear(3, 3)

    def forward(self, x):
        h = self.first(x)
        return h + self.last(self.relu(h))


def after(*layers):
    return nn.Sequential(nn.Linear(4, 6), *layers)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: after(nn.GELU(), nn.Linear(6, 1)), "'1' is a GELU"),
        (lambda: after(nn.BatchNorm1d(6, track_running_stats=False)), "'1' is a BatchNorm1d.*running statistics"),
        (lambda: after(nn.LayerNorm(6)), "'1' is a LayerNorm.*divides by what depends"),
        (lambda: after(nn.MaxPool1d(2)), "'1' is a MaxPool1d.*torch.maximum"),
        (lambda: nn.Sequential(nn.LSTM(4, 3)), "'0' is a LSTM.*Expected Linear"),
        (lambda: nn.Sequential(nn.Conv1d(1, 1, 1), nn.Linear(2, 3)), "'0' is a Conv1d"),
        (lambda: after(nn.Linear(4, 1)), "layer '1' reads 4 columns but is given 6"),
        (lambda: after(nn.Sequential(nn.Linear(4, 1))), "layer '1.0' reads 4 columns but is given 6"),
        (lambda: nn.ReLU(), "no linear layer"),
        (lambda: nn.Bilinear(2, 2, 1), "inputs|no linear layer"),
        (lambda: nn.Sequential(nn.LazyLinear(3)), "run the module once"),
        (lambda: nn.Linear(3, 2, device="meta"), "all its parameters in memory"),
        (lambda: torch.jit.trace(nn.Linear(4, 6), torch.ones(1, 4)), "torch.jit.*load_state_dict"),
        (lambda: Branching(2, 2), "cannot be traced"),
        (InPlace, "in place"),
        (lambda: nn.Linear, "module is a type"),
        (lambda: np.ones(3), "ndarray; expected a torch.nn.Module"),
    ],
)
def test_modules_that_are_not_read(make, message):
    with pytest.raises(InputError, match=message):
        ResNet.from_torch(make())
