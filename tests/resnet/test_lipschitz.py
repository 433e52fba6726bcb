"""verify_lipschitz proves what is true with room, refutes what is false, and says when it does not know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.resnet import Block, ResNet, sensitivities, verify_lipschitz
from tests.helpers.nets import derivative, norm_after_division, random_net

FEW = settings(max_examples=60, deadline=None)


@FEW
@given(st.integers(0, 2**32), st.sampled_from(["l1", "l2"]), st.sampled_from(["all", "reached"]))
def test_certified_diagonals_pass_and_smaller_ones_than_met_fail(seed, geometry, streams):
    rng = np.random.default_rng(seed)
    net = random_net(rng)
    D = sensitivities(net, geometry, streams=streams)
    check = verify_lipschitz(net, D, geometry, streams=streams, n_samples=32, n_steps=4)
    assert check.certified and not check.violated and "certified" in check.describe()
    for level in check.levels:
        if level.estimate > 0:
            smaller = [None] * len(D)
            smaller[level.level] = D[level.level] * level.estimate * 0.99
            again = verify_lipschitz(net, smaller, geometry, streams=streams, n_samples=32, n_steps=4, sdp=False)
            assert again.violated and not again.certified and "REFUTED" in again.describe()
            assert len(again.levels) == 1 and again.levels[0].level == level.level


@FEW
@given(st.integers(0, 2**32), st.sampled_from(["l1", "l2"]))
def test_constants_bound_each_other(seed, geometry):
    rng = np.random.default_rng(seed)
    net = random_net(rng)
    claimed = [rng.exponential(size=net.width) + 0.01 for _ in range(net.depth + 1)]
    check = verify_lipschitz(net, claimed, geometry, n_samples=32, n_steps=4, sdp=False)
    assert [level.level for level in check.levels] == list(range(net.depth + 1))
    for level, D in zip(check.levels, claimed, strict=True):
        assert level.estimate <= level.certified * (1 + 1e-9)
        J = derivative(net, level.level, rng.normal(size=net.width))
        assert norm_after_division(J, D, geometry) <= level.certified


def test_ascent_finds_what_samples_miss():
    """A neuron that only opens far from where streams are sampled."""
    W = np.zeros((6, 1))
    W[0] = 9.0
    net = ResNet(np.eye(6), np.zeros(6), [Block(W.T / 9.0, [-12.0], W)], np.eye(6)[:1], [0.0])
    level = verify_lipschitz(net, [np.ones(6), None], n_samples=8).levels[0]
    assert level.sampled == 1.0 and level.searched == 10.0 <= level.certified


def test_the_semidefinite_program_settles_what_zonotopes_leave_open():
    rng, n = np.random.default_rng(3), 6
    blocks = [Block(rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=(n, n)) / 3) for _ in range(3)]
    net = ResNet(rng.normal(size=(n, 2)), rng.normal(size=n), blocks, rng.normal(size=(1, n)), [0.0])
    loose, tight = (verify_lipschitz(net, [np.ones(n)] + [None] * 3, "l2", sdp=sdp).levels[0] for sdp in (False, True))
    assert tight.estimate <= tight.certified < 0.95 * loose.certified
    D = [np.full(n, 0.5 * (tight.certified + loose.certified)), None, None, None]
    undecided = verify_lipschitz(net, D, "l2", sdp=False)
    assert not undecided.certified and not undecided.violated and "OPEN" in undecided.describe()
    assert verify_lipschitz(net, D, "l2").certified


def test_a_coordinate_without_weight_must_not_matter():
    net = ResNet([[1.0], [1.0]], [0.0, 0.0], [Block([[1.0, 0.0]], [0.0], [[1.0], [0.0]])], [[1.0, 0.0]], [0.0])
    for geometry in ("l1", "l2"):
        assert verify_lipschitz(net, [[2.1, 0.0], [1.1, 0.0]], geometry).certified
        check = verify_lipschitz(net, [[0.0, 9.0], [1.1, 0.0]], geometry)
        assert check.violated and check.estimate == np.inf


def test_bad_claims():
    net = random_net(np.random.default_rng(0), width=2, depth=1)
    for D, message in [
        ([np.ones(2)], "expected 2"),
        ([np.ones(2), np.ones(3)], r"D\[1\] has shape"),
        ([np.ones(2), [1.0, np.nan]], "NaN"),
        ([np.ones(2), [1.0, -1.0]], ">= 0"),
    ]:
        with pytest.raises(InputError, match=message):
            verify_lipschitz(net, D)
    with pytest.raises(InputError, match="l2"):
        verify_lipschitz(net, [None, None], sdp=True)
    with pytest.raises(InputError, match="width <= 16"):
        verify_lipschitz(random_net(np.random.default_rng(0), width=17, depth=1), [None, None], "l2", sdp=True)
