"""Certified sensitivities and activations: never below what is met, exact where that is known, nested by method."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import Block, Box, ResNet, activation_bounds, sensitivities
from fw_circuits.resnet.measure.activation import forward_steps, root_mean_square, stream_ranges
from fw_circuits.resnet.measure.enclosure import Enclosure
from fw_circuits.resnet.measure.scaling import best_scaling
from fw_circuits.resnet.measure.sensitivity import backward_steps, derivative_bounds
from fw_circuits.resnet.measure.splitting import shrink, split
from tests.helpers.nets import derivative, norm_after_division, random_net, walk

MANY = settings(max_examples=300, deadline=None)
FEW = settings(max_examples=60, deadline=None)
NETS = 4  # random networks an example


def random_box(rng, d):
    low = rng.normal(size=d)
    return Box(low, low + rng.exponential(size=d) * (rng.random(d) < 0.9))


@MANY
@given(st.integers(0, 2**32))
def test_no_derivative_exceeds_its_bound(seed):
    """Gaussian streams of any size, over all methods and both geometries."""
    rng = np.random.default_rng(seed)
    for _ in range(NETS):
        net = random_net(rng)
        geometry, method = rng.choice(["l1", "l2"]), rng.choice(["affine", "affine", "interval", "path"])
        D = sensitivities(net, geometry, method)
        for level in range(net.depth + 1):
            for _ in range(4):
                J = derivative(net, level, rng.normal(size=net.width) * 10.0 ** rng.uniform(-2, 2))
                assert norm_after_division(J, D[level], geometry) <= 1.0, (geometry, method, level)


@MANY
@given(st.integers(0, 2**32))
def test_no_activation_and_no_reached_derivative_exceeds_its_bound(seed):
    rng = np.random.default_rng(seed)
    for _ in range(NETS):
        net = random_net(rng)
        box = random_box(rng, net.n_features)
        geometry, method = rng.choice(["l1", "l2"]), rng.choice(["affine", "interval"])
        D = sensitivities(net, geometry, method, box, streams="reached")
        H = activation_bounds(net, "sup", box, method=method)
        P = activation_bounds(net, "parameters", box, method=method)
        for x in box.sample(5, rng):
            streams, activations = walk(net, x)
            for level, stream in enumerate(streams):
                assert norm_after_division(derivative(net, level, stream), D[level], geometry) <= 1.0
            for block, stream, h, bound, by_parameters in zip(net.blocks, streams, activations, H, P, strict=False):
                assert np.all(h <= bound)
                assert np.all(abs(block.V) @ np.abs(stream) + np.abs(block.b) <= by_parameters)


@FEW
@given(st.integers(0, 2**32))
def test_methods_are_nested_and_reached_streams_are_fewer(seed):
    rng = np.random.default_rng(seed)
    net, slack = random_net(rng), 1.0 + 1e-9
    box = random_box(rng, net.n_features)
    chain = [
        sensitivities(net, "l1", "affine", box, streams="reached"),
        sensitivities(net, "l1", "interval", box, streams="reached"),
        sensitivities(net, "l1", "interval"),
        sensitivities(net, "l1", "path"),
    ]
    for tight, wide in pairwise(chain):
        assert all(np.all(a <= b * slack + 1e-12) for a, b in zip(tight, wide, strict=True))
    affine, interval = (activation_bounds(net, "sup", box, method=m) for m in ("affine", "interval"))
    assert all(np.all(a <= b * slack + 1e-12) for a, b in zip(affine, interval, strict=True))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_more_cells_are_never_worse_and_stay_sound(seed, n_cells):
    rng = np.random.default_rng(seed)
    net = random_net(rng, n_features=2)
    box = random_box(rng, 2)
    (few, _), (many, cells) = split(net, box, n_cells), split(net, box, 2 * n_cells)
    for name in ("derivatives", "high", "magnitudes"):
        assert all(np.all(a <= b) for a, b in zip(getattr(many, name), getattr(few, name), strict=True))
    ones = [np.ones(net.width) * max(1.0, J.sum()) * 2.0 for J in many.derivatives]
    D = shrink(net, cells, ones)
    for x in box.sample(20, rng):
        assert any(np.all((cell.box.low <= x) & (x <= cell.box.high)) for cell in cells)
        streams, activations = walk(net, x)
        for level, stream in enumerate(streams):
            J = derivative(net, level, stream)
            assert np.all(np.abs(J) <= many.derivatives[level])
            assert norm_after_division(J, D[level], "l2") <= 1.0
        assert all(np.all(h <= np.maximum(high, 0)) for h, high in zip(activations, many.high, strict=True))


@FEW
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_folded_generators_stay_sound(seed, columns):
    rng = np.random.default_rng(seed)
    net = random_net(rng, width=5, depth=4)
    capacity = columns * 8 * net.width
    bounds = derivative_bounds(net, backward_steps(net), capacity_bytes=capacity)
    box = random_box(rng, net.n_features)
    ranges = stream_ranges(net, box, forward_steps(net), capacity)
    for level in range(net.depth + 1):
        J = derivative(net, level, rng.normal(size=5))
        assert np.all(np.abs(J) <= bounds[level])
    for x in box.sample(5, rng):
        assert all(np.all(h <= np.maximum(u, 0)) for h, u in zip(walk(net, x)[1], ranges.high, strict=True))


def test_folding_happens_and_is_counted():
    net = random_net(np.random.default_rng(1), width=6, depth=4, n_features=4)
    assert stream_ranges(net, Box.of(None, 4), forward_steps(net), 2 * 8 * 6).folded > 0
    assert stream_ranges(net, Box.of(None, 4), forward_steps(net)).folded == 0


#: Arrays of rational numbers.
exact = np.vectorize(Fraction, otypes=[object])


def exact_sums(net, x):
    """Sensitivities with all gates open, and activations with all neurons active, in rational numbers."""
    alpha = exact(net.A.toarray()) @ exact(x) + exact(net.a)
    emitted, J = [], [exact(net.C.toarray())[0]]
    for block in net.blocks:
        emitted.append(exact(block.V.toarray()) @ alpha + exact(block.b))
        alpha = alpha + exact(block.W.toarray()) @ emitted[-1]
    for block in reversed(net.blocks):
        J.insert(0, J[0] + J[0] @ exact(block.W.toarray()) @ exact(block.V.toarray()))
    return J, emitted


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_bounds_hold_in_exact_arithmetic_where_they_are_attained(seed):
    """Positive weights: the largest values are attained with every neuron active, so there is no room for rounding."""
    rng = np.random.default_rng(seed)
    d, width, n = 2, 4, 5
    blocks = [Block(rng.random((n, width)), rng.random(n), rng.random((width, n)) * 10.0 ** rng.uniform(-3, 3))
              for _ in range(3)]  # fmt: skip
    net = ResNet(rng.random((width, d)), rng.random(width), blocks, rng.random((1, width)), [0.0])
    box = Box(rng.random(d), 1.0 + rng.random(d) * 10.0 ** rng.uniform(-3, 6))
    J, emitted = exact_sums(net, box.high)
    for bounds, values in (
        *((sensitivities(net, domain=box, streams=streams), J) for streams in ("all", "reached")),
        (activation_bounds(net, "sup", box), emitted),
    ):
        for bound, value in zip(bounds, values, strict=True):
            assert np.all(exact(bound) >= value)
            np.testing.assert_allclose(bound, value.astype(float), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_bounds_hold_in_exact_arithmetic_where_sums_cancel(seed):
    """Neurons in pairs that nearly undo each other, all active: nothing but rounding separates bound and truth."""
    rng = np.random.default_rng(seed)
    width, n = 4, 5
    blocks = []
    for _ in range(2):
        V, W = rng.normal(size=(n, width)), rng.normal(size=(width, n)) * 1e6
        blocks.append(Block(np.vstack([V, V]), np.full(2 * n, 1e5), np.hstack([W, -W * (1.0 + 1e-9)])))
    net = ResNet(rng.normal(size=(width, 2)), rng.normal(size=width), blocks, rng.normal(size=(1, width)), [0.0])
    J, emitted = exact_sums(net, [0.5, 0.5])
    assert min(map(min, emitted)) > 0
    bounds = sensitivities(net, streams="reached") + activation_bounds(net, "sup", (0.5, 0.5))
    assert all(np.all(exact(bound) >= abs(value)) for bound, value in zip(bounds, J + emitted, strict=True))


@FEW
@given(st.integers(0, 2**32))
def test_euclidean_bound_holds_for_every_point_of_a_zonotope(seed):
    rng = np.random.default_rng(seed)
    width, k = int(rng.integers(1, 8)), int(rng.integers(0, 9))
    c, G, r = rng.normal(size=width), rng.normal(size=(width, k)), rng.exponential(size=width) * 0.1
    enclosure, D = Enclosure(c, G, r, k), rng.exponential(size=width) + 0.1
    e, d = rng.choice([-1.0, 1.0], size=(k, 200)), rng.choice([-1.0, 1.0], size=(width, 200))
    points = c[:, None] + G @ e + r[:, None] * d
    bound = enclosure.euclidean(D)[0]
    assert np.linalg.norm(points / D[:, None], axis=0).max() <= bound
    assert np.all(np.abs(points) <= enclosure.magnitude[:, None])


@FEW
@given(st.integers(0, 2**32))
def test_best_scaling_is_feasible_and_nearly_optimal(seed):
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    s, h = rng.exponential(size=m) * (rng.random(m) < 0.9), rng.exponential(size=n)
    W = random_net(rng, width=m, depth=0, n_features=n).A
    D, lower = best_scaling(s, W, h)
    assert np.all(D[s > 0] > 0) and np.sum((s[s > 0] / D[s > 0]) ** 2) <= 1.0
    cost = float(h @ np.linalg.norm(D[:, None] * W.toarray(), axis=0))
    assert lower <= cost * (1 + 1e-9) and cost <= 1.02 * lower + 1e-9
    other = rng.exponential(size=m) + 1e-3
    other *= np.sqrt(np.sum((s / other) ** 2))
    assert lower <= h @ np.linalg.norm(other[:, None] * W.toarray(), axis=0) * (1 + 1e-9)


def test_root_mean_square_is_the_mean_over_rows():
    rng = np.random.default_rng(0)
    net, X = random_net(rng, depth=3, n_features=2), rng.normal(size=(50, 2))
    emitted = [walk(net, x)[1] for x in X]
    for l, found in enumerate(root_mean_square(net, X)):
        np.testing.assert_allclose(found, np.sqrt(np.mean([h[l] ** 2 for h in emitted], axis=0)))


def test_a_lattice_and_data_are_domains():
    lattice = Lattice(2, (1,), ((0.0, 2.0, 3.0), (5.0, 7.0)))
    box = Box.of(lattice, 2)
    assert box.low.tolist() == [0, 5] and box.high.tolist() == [3, 7]
    assert Box.of(None, 2, np.array([[1.0, 2.0], [0.0, 5.0]])).high.tolist() == [1, 5]
    assert "assumed" in Box.of(None, 2).describe()


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ((1.0, 0.0), "swap the ends"),
        ((0.0, np.inf), "infinity"),
        ((np.nan, 1.0), "NaN"),
        (([0.0], [1.0]), "1 coordinates"),
        (([], []), "d >= 1"),
        (3.0, "expected \\(low, high\\)"),
        ("unit", "expected \\(low, high\\)"),
    ],
)
def test_bad_domains(domain, message):
    net = random_net(np.random.default_rng(0), n_features=2)
    with pytest.raises(InputError, match=message):
        activation_bounds(net, domain=domain)


def test_bad_words_and_data():
    net = random_net(np.random.default_rng(0), n_features=2)
    for call, message in [
        (lambda: sensitivities(net, "l3"), "'l1', 'l2'"),
        (lambda: sensitivities(net, method="magic"), "affine"),
        (lambda: sensitivities(net, streams="some"), "reached"),
        (lambda: activation_bounds(net, "max"), "sup"),
        (lambda: activation_bounds(net, "rms"), "pass data=X"),
        (lambda: activation_bounds(net, "rms", data=np.ones((3, 5))), "data has 5 features"),
        (lambda: activation_bounds(net, "rms", data=[[np.nan, 1.0]]), "NaN"),
    ]:
        with pytest.raises(InputError, match=message):
            call()


def test_bounds_that_overflow_are_refused():
    blocks = [Block(np.full((2, 2), 1e200), np.zeros(2), np.full((2, 2), 1e200))] * 2
    net = ResNet(np.ones((2, 1)), np.zeros(2), blocks, np.ones((1, 2)), [0.0])
    for call in (
        lambda: sensitivities(net),
        lambda: activation_bounds(net),
        lambda: sensitivities(net, method="path"),
    ):
        with pytest.raises(InputError, match="overflow"), np.errstate(all="ignore"):
            call()
