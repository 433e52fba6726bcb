"""R(theta): exact on networks worked out by hand, invariant where the definition is, a bracket everywhere."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.resnet import Block, ResNet, sensitivities
from fw_circuits.resnet.measure import lipsdp
from fw_circuits.resnet.measure.attained import derivatives, streams_at
from fw_circuits.resnet.measure.complexity import complexity
from fw_circuits.resnet.measure.lower_bound import layer_lower
from tests.helpers.compiled_nets import compiled_net
from tests.helpers.nets import derivative, norm_after_division, random_net, walk

FEW = settings(max_examples=40, deadline=None)


def one_wide(*neurons, C=1.0, A=1.0):
    """x -> C (A x + sum of w relu(v A x + b)) with one block."""
    v, b, w = (np.array(part, dtype=float) for part in zip(*neurons, strict=True))
    return ResNet([[A]], [0.0], [Block(v[:, None], b, w[None, :])], [[C]], [0.0])


ABSOLUTE = one_wide((-1, 0, 2))  # x + 2 relu(-x)
TENT = one_wide((1, -0.5, -2))  # x - 2 relu(x - 1/2)
HALF_DEAD = one_wide((1, 0, 5), (1, -9, 7), C=2.0)
IDENTITY = ResNet([[0.0], [1.0]], [0.0, 0.0], [Block([[0, 1], [0, -1]], [0, 0], [[1, -1], [0, 0]])], [[1, 0]], [0.0])


@pytest.mark.parametrize("geometry", ["l1", "l2"])
@pytest.mark.parametrize("method", ["affine", "interval", "split", "sdp"])
@pytest.mark.parametrize(
    ("net", "domain", "value"),
    [
        (ABSOLUTE, (-3.0, 1.0), 6.0),  # |C| |2| * sup relu(-x) = 2 * 3
        (TENT, (0.0, 1.0), 1.0),  # 2 * sup relu(x - 1/2) = 2 * 1/2
        (IDENTITY, (-1.0, 2.0), 3.0),  # 1 * sup relu(x) + 1 * sup relu(-x) = 2 + 1
        (ABSOLUTE, (-2.0, -2.0), 4.0),  # a point
        (HALF_DEAD, (0.0, 4.0), 40.0),  # 2 * 5 * 4
        (ResNet([[3.0]], [1.0], [], [[2.0]], [0.0]), (-1.0, 1.0), 0.0),  # no block
    ],
)
def test_exact_values(net, domain, value, method, geometry):
    if (method, geometry) == ("sdp", "l1"):
        return
    R = net.complexity(domain, geometry, "sup", method)
    assert R.lower <= value * (1 + 1e-12) and value <= R.upper
    np.testing.assert_allclose([R.lower, R.upper], value, rtol=1e-6, atol=1e-12)


def test_input_and_output_layers():
    R = ABSOLUTE.complexity((-3.0, 1.0))
    np.testing.assert_allclose(R.input_layer, 3.0)  # D_0 = 1, sup |x| = 3
    np.testing.assert_allclose(R.output_layer, 3.0, rtol=1e-6)  # sup | |x| | = 3
    assert R.per_block == ((R.lower, R.upper),)


def test_other_activations():
    X = np.array([[-2.0], [-1.0], [1.0]])
    rms = ABSOLUTE.complexity(activation="rms", data=X)
    np.testing.assert_allclose([rms.lower, rms.upper], 2 * np.sqrt(5 / 3), rtol=1e-9)
    assert rms.domain.low == -2 and rms.domain.high == 1
    net = ResNet([[1.0], [1.0]], [0, 0], [Block([[1.0, -1.0]], [0.5], [[1], [0]])], [[1, 0]], [0])
    R = net.complexity((-1.0, 3.0), activation="parameters")  # |V| rho + |b| = 3 + 3 + 1/2, though V alpha is 0
    np.testing.assert_allclose([R.lower, R.upper], 6.5, rtol=1e-9)
    np.testing.assert_allclose(net.complexity((-1.0, 3.0)).upper, 0.5, rtol=1e-6)


@FEW
@given(st.integers(0, 2**32), st.booleans())
def test_lower_is_below_upper_for_every_definition(seed, with_data):
    rng = np.random.default_rng(seed)
    net = random_net(rng, outputs=int(rng.integers(1, 3)))
    data = rng.normal(size=(9, net.n_features)) if with_data else None
    for geometry, activation in itertools.product(("l1", "l2"), ("sup", "parameters", "rms")[: 2 + with_data]):
        method = str(rng.choice(["affine", "interval", "path", "split"]))
        streams = {"path": "all", "split": "reached"}.get(method, str(rng.choice(["all", "reached"])))
        R = complexity(net, None, geometry, activation, method, streams=streams, data=data, n_cells=4, n_samples=20)
        for low, high in (*R.per_block, R.input_layer, R.output_layer, (R.lower, R.upper)):
            assert 0 <= low <= high * (1 + 1e-9) + 1e-12, (geometry, activation, method, streams)
        assert len(R.per_block) == net.depth and R.ratio >= 1 - 1e-9
        assert geometry in R.describe() and activation in R.describe() and method in R.describe()


@FEW
@given(st.integers(0, 2**32), st.sampled_from(["l1", "l2"]))
def test_invariances(seed, geometry):
    """Scaling a neuron, reordering neurons, adding a dead or an idle one: the network and its R stay the same."""
    rng = np.random.default_rng(seed)
    net = random_net(rng, depth=3)
    changed = []
    for block in net.blocks:
        n = block.n_neurons
        c, order = 2.0 ** rng.integers(-5, 6, size=n), rng.permutation(n)
        V, b = (block.V.toarray() * c[:, None])[order], (block.b * c)[order]
        W = (block.W.toarray() / c)[:, order]
        dead = rng.normal(size=(1, net.width)) * 1e-3
        V, b = np.vstack([V, dead, dead]), np.append(b, [-1e9, 1.0])
        W = np.column_stack([W, rng.normal(size=net.width), np.zeros(net.width)])
        changed.append(Block(V, b, W))
    other = ResNet(net.A, net.a, changed, net.C, net.c)
    uppers = [complexity(n, None, geometry, streams="reached", n_samples=1, n_steps=0).upper for n in (net, other)]
    np.testing.assert_allclose(*uppers, rtol=1e-9, atol=1e-9)
    # The search starts from points of every neuron, so two networks meet different ones: compare at the same.
    X, lowers = rng.random((30, net.n_features)), []
    for n in (net, other):
        streams, total = streams_at(n, X), 0.0
        for level, block in enumerate(n.blocks, start=1):
            J, counts = derivatives(n, level, streams[level], np.random.default_rng(0))
            h = np.maximum(block.V @ streams[level - 1] + block.b[:, None], 0.0).max(axis=1)
            total += layer_lower(J[:, :, counts], block.W, h, geometry)
        lowers.append(total)
    np.testing.assert_allclose(*lowers, rtol=1e-9, atol=1e-9)


@FEW
@given(st.integers(0, 2**32), st.floats(0.01, 100.0))
def test_scales_with_the_output(seed, factor):
    net = random_net(np.random.default_rng(seed), depth=2)
    scaled = ResNet(net.A, net.a, net.blocks, net.C * factor, net.c)
    one, two = (n.complexity(n_samples=16, n_steps=2) for n in (net, scaled))
    np.testing.assert_allclose(two.upper, factor * one.upper, rtol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_the_search_finds_the_supremum_of_one_block(seed):
    """One block with as many neurons as coordinates: every pattern of gates occurs: a maximum over 2^n."""
    rng = np.random.default_rng(seed)
    n = 4
    net = ResNet(rng.normal(size=(n, 2)), rng.normal(size=n), [Block(rng.normal(size=(n, n)), rng.normal(size=n),
                 rng.normal(size=(n, n)))] * 1, rng.normal(size=(1, n)), [0.0])  # fmt: skip
    V, W, C = net.blocks[0].V.toarray(), net.blocks[0].W.toarray(), net.C.toarray()
    patterns = [C @ (np.eye(n) + W @ np.diag(z) @ V) for z in itertools.product((0.0, 1.0), repeat=n)]
    exact = np.abs(patterns).max(axis=0)[0]
    R = net.complexity((-2.0, 2.0), n_samples=512, n_steps=32)
    np.testing.assert_allclose(sensitivities(net)[0], exact, rtol=1e-9)  # one block: gates are independent
    value = float(exact @ abs(net.A.toarray()).sum(axis=1)) * 2.0
    assert 0.9 * value <= R.input_layer.lower <= value * (1 + 1e-9) and value <= R.input_layer.upper


def test_a_derivative_read_at_a_kink_does_not_count():
    """x - relu(x) + relu(-x) is 0; reading both gates as shut at x = 0 would give a slope of 1."""
    net = one_wide((1, 0, -1), (-1, 0, 1))
    assert derivative(net, 0, [0.0]) == 1.0
    J, counts = derivatives(net, 0, np.zeros((1, 50)), np.random.default_rng(0))
    assert counts.all() and np.all(J == 0.0)


def test_a_sign_that_is_only_rounding_does_not_count():
    """The first block turns its coordinate into 0 everywhere, so the gate of the second one cannot be read anywhere."""
    blocks = [Block([[1.0], [-1.0]], [0.0, 0.0], [[-1.0, 1.0]]), Block([[1.0]], [0.0], [[5.0]])]
    net = ResNet([[1.0]], [0.0], blocks, [[1.0]], [0.0])
    streams = np.linspace(-3.0, 3.0, 20)[None]
    assert not derivatives(net, 0, streams, np.random.default_rng(0))[1].any()
    assert derivatives(net, 1, streams, np.random.default_rng(0))[1].all()


def test_without_a_domain_the_unit_cube_is_assumed_and_named():
    R = TENT.complexity()
    assert "[0, 1]^1 (assumed" in R.describe() and abs(R.upper - 1.0) < 1e-9
    assert "assumed" not in TENT.complexity((0, 1)).describe()


def test_splitting_tightens_and_needs_reached_streams():
    net = small_net(5, 4)
    upper = [net.complexity(method="split", n_cells=n, n_samples=8).upper for n in (1, 4, 16, 64)]
    assert all(a >= b for a, b in itertools.pairwise(upper)) and upper[-1] < 0.99 * upper[0]
    np.testing.assert_allclose(upper[0], net.complexity(streams="reached", n_samples=8).upper)
    with pytest.raises(InputError, match="streams='reached'"):
        net.complexity(method="split", streams="all")


def small_net(seed, depth=2, outputs=1):
    rng = np.random.default_rng(seed)
    blocks = [(rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=(3, 4)) / 2) for _ in range(depth)]
    A, a, C = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=(outputs, 3))
    return ResNet(A, a, blocks, C, np.zeros(outputs))


@pytest.mark.parametrize(("seed", "depth", "outputs"), [(0, 1, 1), (1, 2, 1), (2, 3, 2), (3, 2, 1)])
def test_semidefinite_diagonals_are_valid_and_no_worse(seed, depth, outputs):
    net = small_net(seed, depth, outputs)
    sdp, affine = (net.complexity((-1.0, 1.0), "l2", method=m) for m in ("sdp", "affine"))
    assert not sdp.notes
    for fine, coarse in zip((*sdp.per_block, sdp.input_layer), (*affine.per_block, affine.input_layer), strict=True):
        assert fine.upper <= coarse.upper * (1 + 1e-12) and fine.lower <= fine.upper * (1 + 1e-9)
    rng = np.random.default_rng(seed)
    for level in range(depth):
        D = lipsdp.sdp_diagonal(net, level, np.ones(3))
        for _ in range(200):
            J = derivative(net, level, rng.normal(size=3) * 3)
            assert norm_after_division(J, D, "l2") <= 1.0
        assert 0.99 <= lipsdp.certified_factor(net, level, D) <= 1.01


@pytest.mark.parametrize("seed", range(4, 8))
def test_the_semidefinite_bound_is_better_where_gates_cancel(seed):
    net = small_net(seed, 3)
    sdp, affine = (net.complexity((-1.0, 1.0), "l2", method=m, n_samples=8) for m in ("sdp", "affine"))
    assert sdp.upper < 0.95 * affine.upper


@pytest.mark.parametrize("power", [-30, -13, 13, 30])
@pytest.mark.parametrize("what", ["outputs", "neurons", "coordinates"])
def test_the_program_does_not_depend_on_units(what, power):
    """The same network in other units; the solver used to give up, or to be off by a factor of 5."""
    net, t = small_net(0), 2.0**power
    some = np.where(np.arange(net.width) % 2, t, 1.0) if what == "coordinates" else np.ones(net.width)
    v = t if what == "neurons" else 1.0
    blocks = [(v * b.V.toarray() / some, v * b.b, b.W.toarray() * some[:, None] / v) for b in net.blocks]
    C = net.C.toarray() / some * (t if what == "outputs" else 1.0)
    other = ResNet(net.A.toarray() * some[:, None], net.a * some, blocks, C, net.c)
    expected = lipsdp.sdp_diagonal(net, 0, np.ones(net.width))
    found = lipsdp.sdp_diagonal(other, 0, some**2)
    np.testing.assert_allclose(found * some / (t if what == "outputs" else 1.0), expected, rtol=1e-3)
    assert lipsdp.certified_factor(other, 0, found) <= 1.001


def test_a_failed_solve_is_reported_and_replaced(monkeypatch):
    net = small_net(0)
    affine = net.complexity((-1.0, 1.0), "l2")
    monkeypatch.setattr(lipsdp, "MAX_ITERATIONS", 1)
    R = net.complexity((-1.0, 1.0), "l2", method="sdp")
    assert R.upper == affine.upper and "affine bounds there" in R.describe()


def test_an_answer_that_is_not_feasible_is_refused():
    form = lipsdp._Form(small_net(0), 0)
    assert lipsdp._move_inside(form, np.full(3, 1e-3), np.ones(8)) is None
    assert not lipsdp.is_negative(np.zeros((2, 2))) and lipsdp.is_negative(-np.eye(2))


def test_words_that_do_not_go_together():
    net, wide = small_net(0), random_net(np.random.default_rng(0), width=17, depth=1)
    for call, message in [
        (lambda: net.complexity(geometry="l3"), "'l1', 'l2'"),
        (lambda: net.complexity(method="best"), "'affine', 'interval'"),
        (lambda: net.complexity(activation="rms"), "pass data=X"),
        (lambda: net.complexity(method="sdp"), "geometry='l2'"),
        (lambda: net.complexity(geometry="l2", method="sdp", streams="reached"), "streams='all'"),
        (lambda: net.complexity((1, 0)), "swap the ends"),
        (lambda: wide.complexity(geometry="l2", method="sdp"), "width <= 16"),
        (lambda: net.complexity(streams="most"), "reached"),
    ]:
        with pytest.raises(InputError, match=message):
            call()


def test_compiled_networks():
    net = compiled_net()
    D = sensitivities(net, domain=(0.0, 1.0), streams="reached")
    for geometry in ("l1", "l2"):
        R = net.complexity((0.0, 1.0), geometry, n_samples=64, n_steps=4)
        assert 0 < R.lower <= R.upper < np.inf
    for x in np.random.default_rng(0).random((30, net.n_features)):
        for level, stream in enumerate(walk(net, x)[0]):
            assert norm_after_division(derivative(net, level, stream), D[level], "l1") <= 1.0
