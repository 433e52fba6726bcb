"""Random pruning: unbiased, within its certified error, and the false versions of the bound are false."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.resnet import Block, ResNet, activation_bounds, prune, sensitivities
from fw_circuits.resnet.measure.counterexamples import short_of_a_depth, short_of_a_width
from fw_circuits.resnet.measure.keep_probabilities import keep_probabilities
from fw_circuits.resnet.measure.pruning import draw, enlarged_activations, error_bound, written
from tests.helpers.compiled_nets import compiled_net, trained_net
from tests.helpers.nets import gaussian_net

NETS = {
    "random": (lambda: gaussian_net(np.random.default_rng(0), sizes=(60, 60, 60)), ([-1.0] * 3, [1.0] * 3)),
    "trained": (trained_net, ([-1.0] * 2, [1.0] * 2)),
    "compiled": (compiled_net, ([0.0] * 5, [1.0] * 5)),
}


def mean_square(net, probabilities, X, draws=200):
    """Mean square error at every point, over draws."""
    f = net.forward(X)
    return np.mean([(draw(net, probabilities, r).forward(X) - f) ** 2 for r in range(draws)], axis=0)


def points(domain, n, seed=1):
    low, high = np.array(domain)
    return low + np.random.default_rng(seed).random((n, len(low))) * (high - low)


@pytest.mark.parametrize("name", NETS)
def test_error_below_the_bound_at_every_n(name):
    make, domain = NETS[name]
    net, X = make(), points(domain, 20)
    bounds = {}
    for budget in ("theorem", "tuned"):
        for n in (8, 32, 128, 512, 4096):
            pruned = prune(net, n, 0, domain=domain, budget=budget)
            assert pruned.n_expected <= n * (1 + 1e-12) and pruned.n_kept == pruned.resnet.n_neurons
            assert sum(p.sum() for p in pruned.probabilities) == pytest.approx(pruned.n_expected)
            draws = 200 if budget == "tuned" else 20
            assert np.all(mean_square(net, pruned.probabilities, X, draws) <= pruned.bound**2)
            bounds[budget, n] = pruned.bound
    assert all(bounds["tuned", n] <= bounds["theorem", n] for n in (8, 32, 128, 512, 4096))
    assert bounds["tuned", 4096] == 0.0 and prune(net, 4096, domain=domain).n_kept <= net.n_neurons


def costs_bound(costs, probabilities):
    """The bound for blocks of the given costs: each neuron writes its cost to the one coordinate, and emits 1."""
    blocks = [Block(np.zeros((len(c), 1)), np.ones(len(c)), c[None]) for c in costs]
    net = ResNet([[0.0]], [0.0], blocks, [[1.0]], [0.0])
    ones = [np.ones(1)] * (len(costs) + 1)
    return error_bound(net, probabilities, [np.ones(len(c)) for c in costs], ones)


def test_bound_is_the_theorem_and_shrinks_like_a_root():
    """Before the enlargement, ``p = min(1, n c / R)`` gives at most sum_l sqrt(R R_l / n); tuned p gives less."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        costs = [rng.exponential(size=rng.integers(1, 40)) ** 2 * rng.choice([0.01, 1, 100]) for _ in range(4)]
        R_l = np.array([c.sum() for c in costs])
        for n in (1, 3, 10, 30, 100, 1000):
            theorem = np.sqrt(R_l.sum() * R_l / n).sum()
            p = keep_probabilities(costs, n, "theorem")
            tuned = keep_probabilities(costs, n, "tuned")
            assert costs_bound(costs, tuned) <= costs_bound(costs, p) * (1 + 1e-9) <= theorem * (1 + 1e-9)
            assert sum(q.sum() for q in tuned) <= n * (1 + 1e-9)
    even = [np.ones(1000), np.full(1000, 27.0)]
    tuned = keep_probabilities(even, 10, "tuned")
    assert tuned[1].sum() / tuned[0].sum() == pytest.approx(9.0, rel=0.02)  # R_l^(2/3)
    errors = [costs_bound(even, keep_probabilities(even, n, "tuned")) for n in (10, 40)]
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.02)


def test_updates_of_blocks_are_unbiased():
    rng = np.random.default_rng(0)
    net = gaussian_net(rng, sizes=(12, 9))
    probabilities = [rng.uniform(0.2, 1.0, 12), rng.uniform(0.2, 1.0, 9)]
    draws = [draw(net, probabilities, r) for r in range(1500)]
    stream = rng.normal(size=(net.width, 3))
    for l, block in enumerate(net.blocks):
        block.advance(moved := stream.copy())
        pruned = []
        for one in draws:
            one.blocks[l].advance(other := stream.copy())
            pruned.append(other)
        error = np.std(pruned, axis=0) / np.sqrt(len(draws))
        assert np.all(np.abs(np.mean(pruned, axis=0) - moved) <= 5 * error)
    kept = np.mean([[len(b.b) for b in one.blocks] for one in draws], axis=0)
    np.testing.assert_allclose(kept, [p.sum() for p in probabilities], rtol=0.03)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_enlarged_activations_bound_those_of_pruned_nets(seed):
    """The deviation recursion, also with neurons that are always dropped."""
    rng = np.random.default_rng(seed)
    net = gaussian_net(rng, sizes=(6, 5, 7))
    probabilities = [np.where(rng.random(n) < 0.2, 0.0, rng.uniform(0.1, 1.0, n)) for n in (6, 5, 7)]
    x = rng.uniform(-1, 1, (1, 3))

    def activations(resnet):
        stream, found = resnet.A @ x.T + resnet.a[:, None], []
        for whole, block in zip(net.blocks, resnet.blocks, strict=True):
            found.append(np.maximum(whole.V @ stream + whole.b[:, None], 0.0)[:, 0])
            block.advance(stream)
        return found

    H = activations(net)  # at this x
    squares = np.mean([np.concatenate(activations(draw(net, probabilities, r))) ** 2 for r in range(150)], axis=0)
    enlarged = np.concatenate(enlarged_activations(net, probabilities, H))
    assert np.all(squares <= 1.5 * enlarged**2 + 1e-12)
    bound = error_bound(net, probabilities, np.split(enlarged, [6, 11]), sensitivities(net, "l2"), sensitivities(net))
    assert np.all(mean_square(net, probabilities, x, 50) <= bound**2)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_bound_is_met_where_every_neuron_is_active(seed, depth, outputs, one_neuron):
    """Then f is affine, and the error of pruning one block is known exactly: no sensitivity may be too small.

    With positive weights, one output and one neuron in that block it is the bound.
    """
    rng = np.random.default_rng(seed)
    pruned, width = int(rng.integers(depth)), int(rng.integers(1, 5))
    outputs = 1 if one_neuron else outputs
    blocks = []
    for l in range(depth):
        n = 1 if l == pruned and one_neuron else int(rng.integers(1, 5))
        V = rng.uniform(0.1, 2.0, (n, width))
        blocks.append(Block(V, rng.uniform(0, 1, n), rng.uniform(0.1, 2.0, (width, n))))
    C = rng.uniform(0.1, 2.0, (outputs, width))
    net = ResNet(rng.uniform(0.1, 1.0, (width, 2)), np.zeros(width), blocks, C, np.zeros(outputs))
    stream = net.A @ np.ones(2)
    for block in net.blocks[: pruned + 1]:
        h = block.V @ stream + block.b
        stream = stream + block.W @ h
    J = C
    for block in reversed(net.blocks[pruned + 1 :]):
        J = J + J @ block.W @ block.V
    p = rng.uniform(0.1, 1.0, len(h))
    error = np.sqrt(np.sum((J @ net.blocks[pruned].W) ** 2 @ (h**2 * (1 / p - 1))))
    probabilities = [p if l == pruned else np.ones(block.n_neurons) for l, block in enumerate(blocks)]
    H = activation_bounds(net, domain=(0.0, 1.0))
    D, s = sensitivities(net, "l2", activations=H), sensitivities(net)
    both, first = error_bound(net, probabilities, H, D, s), error_bound(net, probabilities, H, D)
    assert error * (1 - 1e-9) <= both <= first
    if one_neuron:
        assert both == pytest.approx(error) and first == pytest.approx(error, rel=1e-3)


def test_bound_covers_streams_that_only_pruned_networks_reach():
    """The last neuron is dead over the domain, and alive where a pruned first block writes too much."""
    first = Block(np.zeros((4, 2)), np.ones(4), [[0.25] * 4, [0.0] * 4])
    last = Block([[1.0, 0.0]], [-1.5], [[0.0], [10.0]])
    net = ResNet(np.zeros((2, 1)), np.zeros(2), (first, last), [[0.0, 1.0]], [0.0])
    assert activation_bounds(net)[1] == 0.0
    for n in (2, 3):
        pruned = net.prune(n, domain=(0.0, 1.0))
        error = mean_square(net, pruned.probabilities, np.zeros((1, 1)))[0]
        assert 0.4 < error <= pruned.bound**2
    assert net.prune(5, domain=(0.0, 1.0)).bound == 0.0


def test_the_smaller_form_counts():
    """Neurons that write to coordinates of their own, at very different scales: the best D is known after p."""
    scale = 10.0 ** np.arange(4)
    block = Block(np.zeros((4, 4)), np.ones(4), np.diag(scale))
    net = ResNet(np.zeros((4, 1)), np.zeros(4), (block,), np.ones((1, 4)), [0.0])
    D = sensitivities(net, "l2", activations=[np.ones(4)])
    plain = prune(net, 2, 0, sensitivities=D, domain=(0.0, 1.0), budget="theorem")
    both = prune(net, 2, 0, domain=(0.0, 1.0), budget="theorem")
    (p,) = plain.probabilities
    np.testing.assert_array_equal(p, both.probabilities[0])
    assert both.bound == pytest.approx(np.sum(scale * np.sqrt(1 / p - 1))) and both.bound < 0.9 * plain.bound
    assert both.bound >= np.sqrt(scale**2 @ (1 / p - 1))  # the error


@pytest.mark.parametrize(("make", "sizes"), [(short_of_a_width, (32, 64, 128)), (short_of_a_depth, (16, 24, 40))])
def test_false_versions_fail_where_ours_holds(make, sizes):
    """R^2 / n in l1 is short by a factor that grows with the width; in l2 without the factor L, with the depth."""
    short = []
    for size in sizes:
        case = make(size)
        assert np.all(case.resnet.forward([[0.0], [1.0]]) == 0.0)
        costs = [s * h for s, h in zip(written(case.resnet, case.sensitivities), case.activations, strict=True)]
        R = sum(c.sum() for c in costs)
        p = keep_probabilities(costs, case.n, "theorem")
        assert sum(q.sum() for q in p) <= case.n * (1 + 1e-9)
        outputs = np.array([draw(case.resnet, p, r).forward([[0.0]])[0] for r in range(24)])
        for r in range(3):  # the activations are bounds for pruned networks, as the versions ask
            stream = np.zeros((case.resnet.width, 1))
            for whole, block, H in zip(
                case.resnet.blocks, draw(case.resnet, p, r).blocks, case.activations, strict=True
            ):
                assert np.all(whole.V @ stream + whole.b[:, None] <= H[:, None] + 1e-12)
                block.advance(stream)
        error = np.mean(outputs**2)
        assert np.mean(outputs) == pytest.approx(case.mean, rel=0.1)
        assert error > 1.1 * R**2 / case.n  # the false bound
        assert error <= error_bound(case.resnet, p, case.activations, case.l2_sensitivities) ** 2
        ours = prune(case.resnet, case.n, 0, sensitivities=case.l2_sensitivities, activations=case.activations)
        assert mean_square(case.resnet, ours.probabilities, np.zeros((1, 1)), 8)[0] <= ours.bound**2
        short.append(error / (R**2 / case.n))
    assert short[-1] > 2.5
    slope = np.polyfit(np.log(sizes), np.log(short), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.15)


def test_deterministic_by_random_state():
    net = gaussian_net(np.random.default_rng(0), sizes=(60, 60, 60))
    X, domain = points(([-1] * 3, [1] * 3), 5), (-1.0, 1.0)
    one, same, other = (net.prune(40, seed, domain=domain) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.resnet.forward(X), same.resnet.forward(X))
    assert not np.array_equal(one.resnet.forward(X), other.resnet.forward(X)) and one.bound == other.bound
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(net.prune(40, rng, domain=domain).resnet.forward(X), one.resnet.forward(X))


def test_edge_cases():
    net = ResNet([[1.0]], [0.0], (), [[1.0]], [0.0])
    empty = net.prune(1, domain=(0.0, 1.0))
    assert (empty.n_kept, empty.n_expected, empty.bound) == (0, 0.0, 0.0)
    idle = ResNet([[1.0]], [0.0], [Block([[1.0]], [-2.0], [[1.0]])], [[1.0]], [0.0])
    for budget in ("theorem", "tuned"):
        dead = idle.prune(1, 0, domain=(0.0, 1.0), budget=budget)  # never active: dropped at no cost
        assert (dead.n_kept, dead.bound) == (0, 0.0) and dead.resnet.forward([[0.5]])[0] == 0.5


def test_wrong_arguments_of_prune_are_refused():
    net = gaussian_net(np.random.default_rng(0), sizes=(4, 5))
    domain, H, D = (-1.0, 1.0), [np.ones(4), np.ones(5)], [np.ones(6)] * 3
    for n in (0, 0.5, -3, np.nan, np.inf, "8", True, None):
        with pytest.raises(InputError, match="expected a finite number >= 1"):
            net.prune(n, domain=domain)
    with pytest.raises(InputError, match="neither activations nor a domain"):
        net.prune(8)
    with pytest.raises(InputError, match="tuned"):
        net.prune(8, domain=domain, budget="best")
    for wrong in (H[:1], [np.ones(5), np.ones(4)], [np.ones((4, 1)), np.ones(5)]):
        with pytest.raises(InputError, match=r"activations(\[0\])? has .*expected (2 arrays|\(4,\))"):
            net.prune(8, sensitivities=D, activations=wrong)
    for wrong in (D[:2], [np.ones(5)] * 3):
        with pytest.raises(InputError, match=r"sensitivities(\[0\])? has .*expected (3 arrays|\(6,\))"):
            net.prune(8, sensitivities=wrong, activations=H)
    for bad in (np.nan, np.inf, -1.0):
        with pytest.raises(InputError, match="bounds >= 0"):
            net.prune(8, sensitivities=[*D[:2], np.full(6, bad)], activations=H)
    for wrong in (([0.0] * 2, [1.0] * 2), (1.0, -1.0), (0.0, np.inf), (0.0,), 3, "unit", (np.nan, 1.0)):
        with pytest.raises(InputError, match="domain"):
            net.prune(8, domain=wrong)
    with pytest.raises(InputError, match="NaN"):
        Block(np.full((4, 6), np.nan), np.ones(4), np.ones((6, 4)))
