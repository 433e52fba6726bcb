"""Wrappers keep the contract; the dictionary oracle is plain linear algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle import (
    CachedOracle,
    ColumnAtom,
    CountingOracle,
    DictionaryOracle,
    SubsetOracle,
    TimeLimitedOracle,
)


def small_oracle():
    X = np.random.default_rng(0).integers(0, 2, (80, 12))
    lattice = Lattice.boolean(12)
    return SubsetOracle([lattice.rows(X, 1)], lattice, 3.0, per_support=1)


def test_cached_answers_are_the_same_and_not_searched_again():
    counting = CountingOracle(small_oracle())
    oracle = CachedOracle(counting, size=2)
    g = np.random.default_rng(1).standard_normal((3, 80))
    first = oracle.search(g[0], 3)
    assert oracle.search(g[0].copy(), 3) is first and counting.calls == 1 and oracle.hits == 1
    assert len(oracle.search(g[0], 4).atoms) == 4 and counting.calls == 2
    oracle.search(g[1], 3)
    oracle.search(g[0], 3)  # went out: two answers are kept
    assert counting.calls == 4 and counting.seconds > 0
    assert oracle.gamma == 3.0 and oracle.n_rows == 80
    assert oracle.evaluate(first.atoms).shape == (80, 3)


def test_interrupted_answers_are_not_cached():
    counting = CountingOracle(small_oracle())
    oracle = CachedOracle(counting)
    g = np.random.default_rng(1).standard_normal(80)
    assert not oracle.search(g, 3, stop=lambda: True).complete
    assert oracle.search(g, 3).complete and counting.calls == 2


def test_time_limit_keeps_an_honest_bound():
    full = small_oracle()
    g = np.random.default_rng(1).standard_normal(80)
    answer, expected = TimeLimitedOracle(full, 1e-9).search(g, 3), full.search(g, 3)
    assert not answer.complete and answer.value <= expected.value <= answer.upper_bound
    assert TimeLimitedOracle(full, 1e9).search(g, 3).scores.tolist() == expected.scores.tolist()
    assert not TimeLimitedOracle(full, 1e9).search(g, 3, stop=lambda: True).complete


@given(st.integers(1, 12), st.integers(1, 40), st.integers(1, 45), st.integers(0, 10**6))
def test_dictionary_orders_by_score_then_index(rows, columns, k, seed):
    rng = np.random.default_rng(seed)
    D, costs = rng.integers(-1, 2, (rows, columns)), rng.integers(0, 3, columns)
    g = rng.integers(-2, 3, rows).astype(float)
    answer = DictionaryOracle(D, costs, 2.5).search(g, k)
    scores = D.T @ g * np.maximum(1.0, costs) ** (-1 / 2.5)
    order = sorted(range(columns), key=lambda j: (-abs(scores[j]), j))[:k]
    assert [a.index for a in answer.atoms] == order
    assert answer.scores.tolist() == scores[order].tolist() and answer.complete
    assert answer.value == answer.upper_bound == abs(scores[order[0]])
    oracle = DictionaryOracle(D, costs, 2.5)
    assert (oracle.evaluate(answer.atoms) == D[:, order]).all()


def test_wrong_arguments():
    with pytest.raises(InputError, match="columns"):
        DictionaryOracle(np.array([[np.inf]]), [1], 3.0)
    with pytest.raises(InputError, match="costs"):
        DictionaryOracle(np.eye(2), [1], 3.0)
    with pytest.raises(InputError, match="at least 0"):
        DictionaryOracle(np.eye(2), [1.5, -2.0], 3.0)
    with pytest.raises(InputError, match="seconds"):
        TimeLimitedOracle(small_oracle(), 0)
    with pytest.raises(InputError, match="size"):
        CachedOracle(small_oracle(), 0)
    assert ColumnAtom(3, 1).key == ("column", 3)
