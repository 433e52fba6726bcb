"""Symmetric functions: the measures by enumeration, the moves by recounting, recovery of thresholds and patterns."""

from itertools import pairwise, product
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits._bits import pack_bits
from fw_circuits.circuits.families import symmetric_circuit
from fw_circuits.data import symmetric
from fw_circuits.data.dataset import boolean_dataset
from fw_circuits.lattice import transpose_bits
from fw_circuits.oracle import SymmetricOracle
from fw_circuits.oracle.families import counting
from fw_circuits.oracle.families.sample import Sample
from fw_circuits.oracle.families.symmetric import leading
from tests.helpers.families import (
    boolean_oracle,
    by_both_kernels,
    centred,
    check_answer,
    errors_on,
    problems,
    two_literal_best,
)


def signed(n, pattern, n_rows, random_state):
    """Label by the count of some of n literals, random ones complemented; the function is always the same."""
    k, fixed = len(pattern) - 1, np.random.default_rng(7)
    members, flips = np.sort(fixed.choice(n, k, replace=False)), fixed.integers(0, 2, k)
    rng = np.random.default_rng(random_state)
    X = rng.integers(0, 2, (n_rows, n), dtype=np.uint8)
    labels = np.array([int(mark) for mark in pattern])[(X[:, members] ^ flips).sum(axis=1)]
    return boolean_dataset(X, labels, 0.0, rng, "signed", ""), tuple(members.tolist())


@settings(max_examples=40)
@given(problems(most=5), st.integers(1, 30))
def test_scores_and_bound(problem, k):
    X, g = problem
    answer = boolean_oracle(SymmetricOracle, X).search(g, k)
    check_answer(answer, X, g, 3.0)
    n = X.shape[1]
    best = 0.0
    for signs in product((0, 1, None), repeat=n):  # every function of the family, by its definition
        members = [i for i in range(n) if signs[i] is not None]
        if members:
            count = (X[:, members] ^ np.array([signs[i] for i in members])).sum(axis=1)
            for values in product((0, 1), repeat=len(members) + 1):
                cost = max(1, symmetric_circuit(values).n_gates)
                best = max(best, abs(g @ (2.0 * np.array(values)[count] - 1)) * cost ** (-1 / 3.0))
    assert answer.value - 1e-9 <= best <= answer.upper_bound + 1e-9
    if abs(g.sum()) < 1e-12:
        assert answer.value >= two_literal_best(X, g) - 1e-9
    assert all(len(a.support) for a in answer.atoms) and answer.max_gates == (0 if answer.complete else 1)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8))
def test_measures_and_patterns_are_the_best_of_their_kind(h):
    h = np.array(h, float)
    n = len(h)
    by = {values: abs(h @ (2.0 * np.array(values) - 1)) for values in product((0, 1), repeat=n)}
    runs = {v: sum(a != b for a, b in pairwise(v)) for v in by}
    one = {v: s for v, s in by.items() if runs[v] <= 1}
    two = {v: s for v, s in by.items() if runs[v] <= 1 or (runs[v] == 2 and v[0] == v[-1])}
    assert counting.anything(h) == max(by.values())
    assert counting.intervals(h) == max(two.values())
    last = tuple(int(c == n - 1) for c in range(n))
    assert counting.ends(h) == max(by[last], by[last[::-1]])
    found = counting.patterns(h)
    proper = {v: s for v, s in one.items() if runs[v]}
    assert max(by[v] for v in found if v in one) == max(proper.values()) and all(runs[v] for v in found)
    assert max(by.values()) == abs(h.sum()) or max(by[v] for v in found) == max(by.values())


def counted_problem(seed, most=7):
    """Rows with integer weights, and a set of their literals."""
    rng = np.random.default_rng(seed)
    n, rows = int(rng.integers(2, most)), int(rng.integers(1, 140))
    X, w = rng.integers(0, 2, (rows, n)).astype(np.uint8), rng.integers(-5, 6, rows).astype(float)
    words = pack_bits(X.T)
    members = np.sort(rng.choice(n, int(rng.integers(1, n + 1)), replace=False))
    return Sample(words, transpose_bits(words, rows), w), counting.Group(members, rng.random(len(members)) < 0.5)


@given(st.integers(0, 1000))
def test_neighbours_are_recounted(seed):
    rows, group = counted_problem(seed)
    seen, n, m = 0, rows.n, len(group.members)
    count = group.count(rows)
    for move, literals, sums in counting.neighbours(rows, group):
        for literal, h in zip(literals.tolist(), sums, strict=True):
            other = counting.changed(group, move, literal)
            np.testing.assert_array_equal(h, np.bincount(other.count(rows), rows.w, len(other.members) + 1))
            np.testing.assert_array_equal(counting.recount(rows, count, group, move, literal), other.count(rows))
            seen += 1
    assert seen == 2 * (n - m) + m * (2 if m > 1 else 1)


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.sampled_from(list(counting.KINDS)), st.booleans())
def test_changes_of_kernel_and_reference_are_equal(seed, kind, equal):
    rows, group = counted_problem(seed, 12)
    factor = np.ones(3) if equal else np.array([1.0, 0.75, 0.5])
    count = group.count(rows)
    one, two = by_both_kernels(lambda: counting.best_change(rows, group, count, kind, factor))
    assert one == two
    order = np.random.default_rng(seed).permutation(rows.n)
    flips = np.random.default_rng(seed + 1).random(rows.n) < 0.5
    one, two = by_both_kernels(lambda: counting.prefixes(rows, order, flips))
    np.testing.assert_array_equal(one, two)


def test_changes_of_wide_tables_are_equal():
    rng = np.random.default_rng(0)
    X, w = rng.integers(0, 2, (300, 200)).astype(np.uint8), rng.integers(-5, 6, 300).astype(float)
    words = pack_bits(X.T)
    rows = Sample(words, transpose_bits(words, 300), w)
    members = np.sort(rng.choice(200, 90, replace=False))
    group = counting.Group(members, rng.random(90) < 0.5)
    for kind in counting.KINDS:
        one, two = by_both_kernels(
            lambda kind=kind: counting.best_change(rows, group, group.count(rows), kind, np.ones(3))
        )
        assert one == two


@pytest.mark.parametrize("m", [3, 6, 9, 15, 16, 24, 40])
def test_the_estimate_of_the_gates_is_near_the_circuit(m):
    for low, high in ((m // 2, m + 1), (m // 3, 2 * m // 3), (m, m + 1), (1, m + 1)):
        values = tuple(int(low <= c < high) for c in range(m + 1))
        built = symmetric_circuit(values).n_gates
        assert 0.8 * built <= counting.cost_of(values) <= 1.5 * built + 2


def test_the_leading_vectors_are_those_of_largest_eigenvalues():
    rng = np.random.default_rng(0)
    vectors, _ = np.linalg.qr(rng.standard_normal((60, 60)))
    matrix = vectors @ np.diag([9.0, -6.0, *rng.uniform(-2, 2, 58)]) @ vectors.T
    with mock.patch.object(np, "diag", lambda x: np.zeros(60) if np.ndim(x) == 2 else np.zeros((60, 60))):
        found = leading(matrix)
    np.testing.assert_allclose(np.abs(found.T @ vectors[:, :2]), np.eye(2), atol=1e-3)


@pytest.mark.parametrize(
    ("n", "pattern"),
    [
        *((n, "00000000111111111") for n in (16, 24, 32)),
        (32, "00000000000111111"),
        (24, "00001110000"),  # no literal correlates with it alone
    ],
)
def test_a_function_of_the_count_of_signed_literals_is_recovered(n, pattern):
    data, members = signed(n, pattern, 6400, 0)
    fresh, _ = signed(n, pattern, 20_000, 1)
    answer = boolean_oracle(SymmetricOracle, data.X).search(centred(data), 10)
    errors = errors_on(answer, fresh)
    assert min(errors) == 0
    exact = answer.atoms[errors.index(0)]
    assert exact.literals == members and exact.cost <= (61 if pattern == "0" * 8 + "1" * 9 else 68)
    check_answer(answer, data.X.astype(int), centred(data), 3.0)


@pytest.mark.parametrize("pattern", ["000111010111000", "01100110011001100", "00000000100000000"])
def test_a_symmetric_pattern_of_all_inputs_is_recovered(pattern):
    n = len(pattern) - 1
    data, fresh = symmetric(n, pattern), symmetric(n, pattern, n_rows=20_000, random_state=1)
    answer = boolean_oracle(SymmetricOracle, data.X).search(centred(data), 1)
    assert errors_on(answer, fresh) == [0]
