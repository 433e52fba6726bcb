"""Skipped searches: what they answer is known, and what they claim still holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import path
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle import DictionaryOracle, LazyOracle, SubsetOracle, eager
from tests.helpers.families import check_scores


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 3.0))
def test_the_bound_of_a_skipped_search_holds(seed, drift):
    rng = np.random.default_rng(seed)
    columns = rng.uniform(-1, 1, (12, 30))
    inner = DictionaryOracle(columns, rng.integers(1, 9, 30), 3.0)
    lazy = LazyOracle(inner)
    g = rng.normal(size=12)
    first = lazy.search(g, 8)
    lazy.observe(first.atoms[:2])
    for _ in range(4):
        g = g + drift * rng.normal(size=12)
        answer, truth = lazy.search(g, 3), inner.search(g, 1)
        assert truth.value <= answer.upper_bound * (1 + 1e-12)
        assert answer.value <= truth.value * (1 + 1e-12)
        np.testing.assert_array_equal(lazy.evaluate(answer.atoms), inner.evaluate(answer.atoms))
        check_scores(inner, answer, g)
    assert lazy.calls + lazy.hits == 5


def noisy_data():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (200, 9))
    return X, (X[:, 0] ^ X[:, 1]) + (X[:, 2] & X[:, 3]) + 0.5 * rng.normal(size=200)


def test_a_lazy_path_reaches_the_same_optima_and_its_trace_counts():
    X, y = noisy_data()
    lattice = Lattice.boolean(9)
    inner = SubsetOracle([lattice.rows(X, 1)], lattice, gamma=3.0, per_support=1)
    lazy = LazyOracle(inner)
    lams = np.geomspace(0.1, 0.01, 12)
    plain = path(X, y, lams=lams, oracle=inner, tol=1e-4)
    ours = path(X, y, lams=lams, oracle=lazy, tol=1e-4)
    for a, b in zip(plain, ours, strict=True):
        assert b.certificate.certified and b.certificate.primal == pytest.approx(a.certificate.primal, rel=2e-4)
        assert b.certificate.dual <= a.certificate.primal
    assert sum(s.trace.steps[-1].oracle_hits for s in ours) == lazy.hits > 0
    assert sum(s.trace.steps[-1].oracle_calls for s in ours) == lazy.calls
    assert lazy.calls < sum(len(s.trace) for s in plain)


def test_certificates_come_from_real_searches():
    oracle = DictionaryOracle(np.eye(3), [1, 1, 1], 3.0)
    assert eager(LazyOracle(oracle)) is oracle and eager(oracle) is oracle


def test_memory_is_bounded():
    rng = np.random.default_rng(1)
    lazy = LazyOracle(DictionaryOracle(rng.uniform(-1, 1, (10, 40)), np.ones(40), 3.0), memory=8 * 10 * 5)
    for _ in range(4):
        lazy.search(rng.normal(size=10), 4)
    assert len(lazy._found) == 5
    with pytest.raises(InputError, match="number of bytes"):
        LazyOracle(lazy.inner, memory=0)
