"""Parities: the transform against the definition, kernels against references, and recovery under label noise."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits._bits import pack_bits
from fw_circuits.data import parity
from fw_circuits.lattice import Lattice, transpose_bits
from fw_circuits.oracle import ParityOracle
from fw_circuits.oracle.families import walsh
from fw_circuits.oracle.families.parity import draw_work
from tests.helpers.families import (
    boolean_oracle,
    by_both_kernels,
    centred,
    check_answer,
    problems,
    stop_after,
    two_literal_best,
)


def brute_force(X, g, gamma):
    """Absolute scores of the parities of all non-empty sets of columns."""
    n = X.shape[1]
    sets = [s for m in range(1, n + 1) for s in combinations(range(n), m)]
    return {s: abs(g @ (2.0 * (X[:, s].sum(axis=1) % 2) - 1)) * max(1, len(s) - 1) ** (-1 / gamma) for s in sets}


@settings(max_examples=60)
@given(problem=problems(), k=st.integers(1, 70))
def test_all_parities_of_few_literals(kernels, problem, k):
    X, g = problem
    answer = boolean_oracle(ParityOracle, X).search(g, k)
    check_answer(answer, X, g, 3.0)
    scores = brute_force(X, g, 3.0)
    assert answer.complete and answer.upper_bound >= max(scores.values()) - 1e-9
    assert answer.value >= max(scores.values()) - 1e-9 or max(scores.values()) <= abs(g.sum()) + 1e-9
    np.testing.assert_allclose(np.abs(answer.scores), [scores[a.literals] for a in answer.atoms], atol=1e-9)
    if k >= 63:  # every parity of the literals that differ on the rows is there
        sets = {a.literals for a in answer.atoms}
        assert len(sets) == 2 ** len(set().union(*sets)) - 1
    if not g.sum():
        assert answer.value == answer.upper_bound
    assert answer.tail >= two_literal_best(X, g) - 1e-9


@pytest.mark.parametrize("bits", [0, 1, 2, 3, 7, 12, 13, 15])
def test_the_transform_is_the_hadamard_matrix(bits, kernels):
    h = np.random.default_rng(bits).integers(-9, 10, 1 << bits).astype(float)
    found = [walsh.transform(h.copy(), threads) for threads in (1, 2)]
    assert (found[0] == found[1]).all()
    index = np.arange(min(1 << bits, 64))
    rows = (-1.0) ** np.bitwise_count(index[:, None] & np.arange(1 << bits))
    np.testing.assert_array_equal(found[0][: len(index)], rows @ h)


def test_ties_go_to_fewer_literals_then_the_smaller_set(kernels):
    h = np.random.default_rng(0).integers(-2, 3, 1 << 8).astype(float)
    factor = np.array([1.0, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25])
    order = sorted(range(1, 256), key=lambda s: (-abs(h[s]) * factor[s.bit_count()], s.bit_count(), s))
    for k in (1, 7, 255, 300):
        assert walsh.best_sets(h, factor, k).tolist() == order[:k]


@pytest.mark.parametrize(("n", "bits", "rows"), [(9, 4, 40), (70, 12, 150), (62, 5, 3), (63, 2, 90), (30, 12, 64)])
def test_draws_of_kernel_and_reference_are_equal_and_agree_with_their_sets(n, bits, rows):
    rng = np.random.default_rng(n)
    X = rng.integers(0, 2, (rows, n))
    X[:, 1] = X[:, 0]
    X = np.unique(X, axis=0)
    rows = len(X)
    labels = rng.integers(0, 2, rows)
    words = Lattice.boolean(n).rows(X, 1).words
    keys, label = transpose_bits(words, rows), pack_bits(labels[None])[0]
    compiled, ((sets, values), _) = by_both_kernels(
        lambda: [walsh.draws(words, keys, label, bits, 5, 3, 6, threads) for threads in (1, 2)]
    )
    for found in compiled:
        np.testing.assert_array_equal(found[0], sets)
        np.testing.assert_array_equal(found[1], values)
    member = np.unpackbits(sets.astype("<u8").view(np.uint8), axis=1, count=n, bitorder="little")
    np.testing.assert_array_equal(np.abs(((-1.0) ** (X @ member.T)).T @ (1 - 2.0 * labels)), values)


def test_the_transform_of_small_integers_is_the_same(kernels):
    """The draws' own transform, seen through draws that leave everything to it: the best of all parities."""
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 9, 13):
        X = rng.integers(0, 2, (500, n))
        labels = rng.integers(0, 2, 500)
        words, keys = pack_bits(X.T), pack_bits(X)
        _, values = walsh.draws(words, keys, pack_bits(labels[None])[0], n + 1, 0, 0, 1)
        h = walsh.transform(np.bincount(X @ (1 << np.arange(n)), 1 - 2.0 * labels, 1 << n))
        assert values[0] == np.abs(h).max()


def test_small_searches_with_other_weights_find_in_turn_what_a_large_one_finds():
    inputs = sorted(np.random.default_rng(1).choice(40, 16, replace=False).tolist())
    data = parity(40, inputs=inputs, n_rows=2000, noise=0.1)
    g = centred(data)

    def small():
        return boolean_oracle(ParityOracle, data.X, work=8 * draw_work(40), n_jobs=1)

    oracle, found = small(), []
    for turn in range(200):
        answer = oracle.search((1 + 1e-9 * turn) * g, 5)
        found.append([atom.key for atom in answer.atoms])
        if tuple(inputs) in [atom.literals for atom in answer.atoms]:
            break
    assert 2 < turn < 199
    assert [a.key for a in oracle.search((1 + 1e-9 * turn) * g, 5).atoms] == found[
        -1
    ]  # the same weights: the same draws
    again = small()
    for turn in range(3):
        assert [a.key for a in again.search((1 + 1e-9 * turn) * g, 5).atoms] == found[turn]


def test_a_stop_between_the_pieces_of_the_transform_leaves_the_pairs(monkeypatch):
    monkeypatch.setattr(walsh, "SLICE", 1 << 12)
    data = parity(14, inputs=range(9), n_rows=500)
    whole = boolean_oracle(ParityOracle, data.X).search(centred(data), 3)
    assert whole.complete and whole.atoms[0].literals == tuple(range(9))
    for after in range(2, 9):
        answer = boolean_oracle(ParityOracle, data.X).search(centred(data), 3, stop_after(after))
        check_answer(answer, data.X.astype(int), centred(data), 3.0)
        assert answer.atoms and not answer.complete
        assert answer.upper_bound >= whole.value


@pytest.mark.parametrize(("noise", "rows", "draws"), [(0.0, 60, 64), (0.05, 2000, 128), (0.12, 2000, 1500)])
def test_a_parity_of_16_of_40_is_found(noise, rows, draws):
    inputs = sorted(np.random.default_rng(1).choice(40, 16, replace=False).tolist())
    data = parity(40, inputs=inputs, n_rows=rows, noise=noise)
    oracle = boolean_oracle(ParityOracle, data.X, draws=draws, n_jobs=2)
    answer = oracle.search(centred(data), 3)
    assert tuple(inputs) in [a.literals for a in answer.atoms]
    assert not answer.complete and "every circuit" in answer.scope
    check_answer(answer, data.X.astype(int), centred(data), 3.0)
    again = boolean_oracle(ParityOracle, data.X, draws=draws, n_jobs=1).search(centred(data), 3)
    assert [a.literals for a in again.atoms] == [a.literals for a in answer.atoms]


def test_duplicates_and_constants_among_many_literals():
    data = parity(30, inputs=range(4, 20), n_rows=800, noise=0.05)
    X = np.column_stack([data.X, 1 - data.X[:, 6], data.X[:, 7], np.ones(800), np.zeros(800)])
    answer = boolean_oracle(ParityOracle, X).search(centred(data), 2)
    assert answer.atoms[0].literals == tuple(range(4, 20))
