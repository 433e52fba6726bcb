"""Adder trees: the arithmetic is exact for all inputs, and costs what the module says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits.aig import n_ands
from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.passes import sweep
from fw_circuits.circuits.weighted_sum import full_adder, majority, signed_digits, weighted_sum
from tests.helpers.circuits import patterns


@given(st.integers(-(10**12), 10**12))
def test_signed_digits_are_canonical(n):
    digits = signed_digits(n)
    assert sum(sign << power for power, sign in digits.items()) == n
    assert not any(power + 1 in digits for power in digits)
    assert len(digits) == (abs(n) ^ 3 * abs(n)).bit_count()


@settings(max_examples=300)
@given(
    weights=st.lists(st.integers(-40, 40), max_size=9),
    constant=st.integers(-200, 200),
    width=st.integers(0, 10),
    data=st.data(),
)
def test_sum_is_exact_for_repeated_complemented_and_constant_bits(weights, constant, width, data):
    builder = Builder(4)
    signals = [data.draw(st.integers(0, 9)) for _ in weights]
    lowest = data.draw(st.integers(0, width))
    bits = weighted_sum(builder, weights, signals, constant, width, lowest)
    assert len(bits) == width - lowest
    rows = patterns(4)
    values = np.concatenate([np.zeros((16, 1), int), rows.astype(int)], axis=1)  # by node
    goal = np.full(16, constant)
    for weight, signal in zip(weights, signals, strict=True):
        goal += weight * (values[:, signal >> 1] ^ (signal & 1))
    goal = (goal % (1 << width)) >> lowest
    found = builder.circuit(bits).evaluate(rows).astype(int) @ (1 << np.arange(len(bits)))
    assert np.array_equal(found, goal)


@pytest.mark.parametrize("seed", range(4))
def test_large_sums_on_random_rows_and_what_sharing_saves(seed):
    """Sharing adders between columns keeps the sum and saves at least a fifth of the plain column adder."""
    rng = np.random.default_rng(seed)
    m = 200
    weights = np.rint(rng.laplace(size=m) * 40).astype(int)
    width = int(np.abs(weights).sum()).bit_length() + 1
    builder = Builder(m)
    bits = weighted_sum(builder, weights.tolist(), builder.inputs, 0, width)
    circuit = sweep(builder.circuit(bits))
    rows = rng.integers(0, 2, (500, m)).astype(np.uint8)
    found = circuit.evaluate(rows).astype(int) @ (1 << np.arange(width))
    assert np.array_equal(found, (rows.astype(int) @ weights) % (1 << width))
    digits = sum(len(signed_digits(w)) for w in weights.tolist())
    assert circuit.n_gates < 0.8 * 5 * (digits - width)
    assert n_ands(circuit) <= 1.42 * circuit.n_gates


def test_sizes_of_the_adders():
    for polarity in range(8):
        builder = Builder(3)
        x, y, z = (signal ^ (polarity >> i & 1) for i, signal in enumerate(builder.inputs))
        circuit = builder.circuit(full_adder(builder, x, y, z))
        assert (circuit.n_gates, n_ands(circuit)) == (5, 7)
        builder = Builder(3)
        circuit = builder.circuit([majority(builder, x, y, z)])
        assert (circuit.n_gates, n_ands(circuit)) == (4, 4)
    builder = Builder(2)
    circuit = builder.circuit(full_adder(builder, *builder.inputs, 1))
    assert (circuit.n_gates, n_ands(circuit)) == (2, 3)


@pytest.mark.parametrize(("n", "gates"), [(3, 5), (7, 20), (15, 55), (31, 130)])
def test_counting_ones_takes_one_full_adder_for_each_bit_that_vanishes(n, gates):
    """n = 2^k - 1 equal weights: n - k full adders and nothing else."""
    builder = Builder(n)
    width = n.bit_length()
    circuit = sweep(builder.circuit(weighted_sum(builder, [1] * n, builder.inputs, 0, width)))
    assert circuit.n_gates == gates == 5 * (n - width)


def test_the_sign_alone_needs_no_sums_that_nobody_reads():
    builder = Builder(7)
    majority7 = sweep(builder.circuit(weighted_sum(builder, [1] * 7, builder.inputs, 4, 4, lowest=3)))
    rows = patterns(7)
    assert np.array_equal(majority7.evaluate(rows)[:, 0], rows.sum(axis=1) >= 4)
    assert majority7.n_gates <= 19


def test_equal_weights_share_their_adder():
    """Three bits of weight 5 = 101: one full adder serves both columns."""
    builder = Builder(3)
    circuit = sweep(builder.circuit(weighted_sum(builder, [5, 5, 5], builder.inputs, 0, 4)))
    rows = patterns(3)
    assert np.array_equal(circuit.evaluate(rows) @ (1 << np.arange(4)), 5 * rows.sum(axis=1))
    assert circuit.n_gates <= 5 + 5
