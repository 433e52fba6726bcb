"""The generators against computations of their own, and what all of them promise."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import data
from fw_circuits.data.arithmetic import to_integers
from fw_circuits.exceptions import InputError


def number(bits, signed=False):
    """Slow on purpose: sum of powers of two, the top one negative if signed."""
    total = sum(int(b) << i for i, b in enumerate(bits))
    return total - (int(bits[-1]) << len(bits)) if signed else total


def twos_complement_bit(value, bit):
    """Bit of an integer by floor division, no shifts."""
    return (value // 2**bit) % 2


def slow_root(x):
    """Largest r with r * r <= x, by bisection."""
    low, high = 0, x + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle * middle <= x else (low, middle)
    return low


def operands(row, signed):
    h = len(row) // 2
    return number(row[:h], signed), number(row[h:], signed)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_two_operand_bits(draw):
    n_bits = draw.draw(st.sampled_from([1, 2, 3, 7, 8, 9, 31, 64, 65, 128]))
    signed = draw.draw(st.booleans())
    bit = draw.draw(st.integers(0, 2 * n_bits))
    seed = draw.draw(st.integers(0, 1000))
    common = {"n_rows": 40, "random_state": seed}
    quotient = lambda a, b: divmod(a, b)[0] if b else 2**n_bits - 1  # noqa: E731
    tasks = {
        "add": (data.adder_bit(n_bits, bit, signed=signed, **common), lambda a, b: a + b, bit, signed),
        "times": (data.multiplier_bit(n_bits, bit, signed=signed, **common), lambda a, b: a * b, bit, signed),
        "less": (data.comparator(n_bits, signed=signed, **common), lambda a, b: int(a - b < 0), 0, signed),
        "over": (data.divider_bit(n_bits, bit, **common), quotient, bit, False),
        "rest": (data.remainder_bit(n_bits, bit, **common), lambda a, b: a - b * quotient(a, b), bit, False),
    }
    for name, (task, function, place, sign) in tasks.items():
        want = [twos_complement_bit(function(*operands(row, sign)), place) for row in task.X]
        assert task.y.tolist() == want, name


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 256), st.integers(0, 40), st.integers(0, 1000))
def test_square_root_bit(n_inputs, bit, seed):
    task = data.square_root_bit(n_inputs, bit, n_rows=20, random_state=seed)
    assert task.y.tolist() == [twos_complement_bit(slow_root(number(row)), bit) for row in task.X]


@given(st.lists(st.lists(st.integers(0, 1), min_size=9, max_size=9), min_size=1, max_size=5), st.booleans())
def test_to_integers(rows, signed):
    assert to_integers(np.array(rows, dtype=np.uint8), signed=signed) == [number(r, signed) for r in rows]


def test_default_bits_are_carry_sign_and_top():
    carry = data.adder_bit(4, n_rows=200)
    assert carry.y.tolist() == [int(sum(operands(r, False)) > 15) for r in carry.X]
    sign = data.adder_bit(4, signed=True, n_rows=200)
    assert sign.y.tolist() == [int(sum(operands(r, True)) < 0) for r in sign.X]
    top = data.multiplier_bit(4, n_rows=200)
    assert top.y.tolist() == [int(np.prod(operands(r, False)) > 127) for r in top.X]


@given(st.integers(1, 12), st.data())
def test_counting_functions(n, draw):
    k = draw.draw(st.integers(1, n))
    inputs = draw.draw(st.permutations(range(n)))[:k]
    task = data.parity(n, inputs=inputs, n_rows=30)
    assert task.y.tolist() == [sum(int(r[i]) for i in inputs) % 2 for r in task.X]
    task = data.majority(n, n_rows=30)
    assert task.y.tolist() == [int(2 * sum(r) > n) for r in task.X]
    task = data.threshold(n, k, n_rows=30)
    assert task.y.tolist() == [int(sum(r) >= k) for r in task.X]
    pattern = draw.draw(st.lists(st.integers(0, 1), min_size=k + 1, max_size=k + 1))
    task = data.symmetric(n, pattern, inputs=inputs, n_rows=30)
    assert task.y.tolist() == [pattern[sum(int(r[i]) for i in inputs)] for r in task.X]
    assert data.symmetric(n, "".join(map(str, pattern)), inputs=inputs, n_rows=30).y.tolist() == task.y.tolist()


def one_block(kind, i, a, b, c, d):
    """Block i of a kind on Python integers."""
    total = a + b + c + d
    if kind == "parity":
        return total % 2
    if kind == "threshold":
        return int(total >= (2, 3, 2, 3, 2)[i])
    chosen = b if a != d else c
    return (total % 2, int(total >= 2), int(a * b + c * d > 0), chosen, int(total >= 3))[i]


@pytest.mark.parametrize("kind", ["threshold", "mixed", "parity"])
def test_blocks(kind):
    mean, majority = data.blocks(kind, "mean", 300, 5), data.blocks(kind, "majority", 300, 5)
    np.testing.assert_array_equal(mean.X, majority.X)
    assert mean.X.shape == (300, 20)
    for row, value, label in zip(mean.X.astype(int), mean.y, majority.y, strict=True):
        ones = sum(one_block(kind, i, *map(int, row[4 * i : 4 * i + 4])) for i in range(5))
        assert value == pytest.approx(ones / 5) and label == int(ones >= 3)


ALL = {
    "parity": (6, 3), "majority": (5,), "threshold": (5, 2), "symmetric": (4, "01101"), "adder_bit": (4, 3),
    "comparator": (4,), "multiplier_bit": (4, 3), "divider_bit": (4,), "remainder_bit": (4,), "square_root_bit": (8,),
    "blocks": ("mixed", "majority"),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_generator_is_seeded_noisy_on_request_and_frozen(name):
    make = partial(getattr(data, name), *ALL[name])
    first, again, other = make(n_rows=2000), make(n_rows=2000), make(n_rows=2000, random_state=1)
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.y, again.y)
    assert (first.X != other.X).any()
    assert first.X.dtype == np.float64 and set(np.unique(first.X)) == {0.0, 1.0}
    assert first.y.dtype == np.int64 and set(np.unique(first.y)) == {0, 1}
    assert len(first.feature_names) == first.n_features == first.X.shape[1] and first.name and first.description
    noisy = make(n_rows=2000, noise=0.1)
    np.testing.assert_array_equal(noisy.X, first.X)
    assert 0.06 < (noisy.y != first.y).mean() < 0.14
    np.testing.assert_array_equal(make(n_rows=2000, noise=1.0).y, 1 - first.y)
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.y = noisy.y
    with pytest.raises(InputError, match="noise is"):
        make(n_rows=5, noise=1.5)
    with pytest.raises(InputError, match="n_rows is 0"):
        make(n_rows=0)


def test_noise_of_a_mean_is_gaussian():
    clean, noisy = data.blocks("mixed", n_rows=4000), data.blocks("mixed", n_rows=4000, noise=0.5)
    difference = noisy.y - clean.y
    assert abs(difference.mean()) < 0.05 and abs(difference.std() - 0.5) < 0.05
    with pytest.raises(InputError, match="standard deviation"):
        data.blocks("mixed", noise=-1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.parity(4, 5), "k is 5; expected a whole number from 1 to 4"),
        (lambda: data.parity(4, 2, inputs=[0]), "k is 2 but inputs names 1"),
        (lambda: data.parity(4, inputs=[0, 0]), "distinct columns in 0..3"),
        (lambda: data.parity(4, inputs=[4]), "distinct columns"),
        (lambda: data.symmetric(3, "01"), "expected 4 marks"),
        (lambda: data.symmetric(3, "01x1"), "marks 0 or 1"),
        (lambda: data.threshold(3, 5), "at_least is 5"),
        (lambda: data.adder_bit(0), "n_bits is 0"),
        (lambda: data.adder_bit(4, -1), "bit is -1"),
        (lambda: data.divider_bit(2.5), "n_bits is 2.5"),
        (lambda: data.square_root_bit(0), "n_inputs is 0"),
        (lambda: data.blocks("odd"), "kind is 'odd'; expected one of 'threshold', 'mixed', 'parity'"),
        (lambda: data.blocks("mixed", "median"), "combine is 'median'; expected one of 'mean', 'majority'"),
    ],
)
def test_generators_refuse(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_dataset_checks_its_shapes_and_takes_rows():
    task = data.majority(3, n_rows=10)
    part = task.take(np.array([3, 1]))
    np.testing.assert_array_equal(part.X, task.X[[3, 1]])
    np.testing.assert_array_equal(part.y, task.y[[3, 1]])
    assert task.take(task.y == 1).y.all()
    with pytest.raises(InputError, match="same N"):
        data.Dataset(np.eye(2), np.zeros(3), ("a", "b"))
    with pytest.raises(InputError, match="1 feature names for 2 columns"):
        data.Dataset(np.eye(2), np.zeros(2), ("a",))
