"""Searches of samples: what they answer is exact, what they claim holds, and a full search comes when it is due."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.oracle import SubsetOracle, factory, sampled
from fw_circuits.oracle.base import insist
from fw_circuits.oracle.sampled import EVERYTHING, SampledOracle
from tests.helpers.families import boolean_oracle, check_scores, key, two_levels


@pytest.fixture
def small(monkeypatch):
    """Samples of small tables."""
    monkeypatch.setattr(sampled, "LEAST", 64)
    monkeypatch.setattr(sampled, "MOST", 1.0)


def planted(seed, rows=600, columns=7, noise=0.5):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (rows, columns), dtype=np.uint8)
    y = 1.0 * (X[:, 0] ^ X[:, 3]) + (X[:, 1] & X[:, 2]) + noise * rng.standard_normal(rows)
    return X, y - y.mean()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), step=st.floats(1e-12, 1.0), k=st.sampled_from([1, 4, 9]))
def test_sampled_answers_are_scored_on_all_rows_and_are_no_bounds(seed, step, k):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampled, "LEAST", 64)
        patch.setattr(sampled, "MOST", 1.0)
        X, g = planted(seed)
        exact = boolean_oracle(SubsetOracle, X)
        oracle, rng = SampledOracle(exact), np.random.default_rng(seed)
        for turn in range(5):
            answer, truth = oracle.search(g, k), exact.search(g, 1)
            check_scores(exact, answer, g)
            assert answer.value <= truth.value * (1 + 1e-12) <= answer.upper_bound * (1 + 1e-11)
            if not answer.complete:
                assert answer.upper_bound > answer.value and (turn > 2 or answer.scope == EVERYTHING)
            assert len({atom.key for atom in answer.atoms}) == len(answer.atoms)
            oracle.observe(answer.atoms[:1])
            if turn == 2:
                assert oracle.insist()
            else:
                g = g + step * rng.standard_normal(g.size) * np.abs(g).mean()
                g -= g.mean()
        assert oracle.calls + oracle.hits == 5


def test_a_full_search_is_asked_for_once_and_remembered(small):
    X, g = planted(1)
    exact = boolean_oracle(SubsetOracle, X)
    oracle = SampledOracle(exact)
    first = oracle.search(g, 5)
    assert not first.complete and key(oracle.search(g, 5)) == key(first)
    assert insist(oracle) and insist(oracle)
    full = oracle.search(g, 5)
    assert key(full) == key(exact.search(g, 5)) and full.complete and full.scope == exact.search(g, 5).scope
    assert not insist(oracle) and (oracle.calls, oracle.hits) == (1, 2)
    again = oracle.search(g * (1 + 1e-14), 3)
    assert again.complete and [a.key for a in again.atoms] == [a.key for a in full.atoms[:3]] and oracle.calls == 1
    assert full.upper_bound <= again.upper_bound <= full.upper_bound * (1 + 1e-9)
    check_scores(exact, again, g)
    assert not oracle.search(-2.0 * g, 3).complete and not insist(exact)
    for weights in (g, -g):  # full searches of two questions in a row, as a certificate asks for them
        insist(oracle)
        assert oracle.search(weights, 3).complete


def test_an_effort_is_that_of_full_searches(small):
    X, g = planted(6, columns=12)
    oracle = SampledOracle(boolean_oracle(SubsetOracle, X))
    oracle.effort = 0.3
    assert oracle.inner.effort == oracle.effort == 0.3 and oracle.price() == oracle.inner.price(0.3)
    oracle.insist()
    assert oracle.search(g, 1).scope == oracle.inner.search(g, 1).scope


def test_the_active_atoms_are_among_the_answer(small):
    X, g = planted(2)
    exact = boolean_oracle(SubsetOracle, X)
    oracle = SampledOracle(exact)
    oracle.observe(exact.search(g, 3).atoms)
    assert oracle.search(g, 20).value == pytest.approx(exact.search(g, 1).value, rel=1e-12)


def test_searches_that_find_nothing_become_full_ones(small):
    X, g = planted(3)
    exact = boolean_oracle(SubsetOracle, X)
    oracle = SampledOracle(exact)
    oracle.observe(exact.search(g, 1).atoms)
    complete = [oracle.search(g * scale, 1).complete for scale in np.linspace(1, 2, sampled.PATIENCE + 1)]
    assert complete == [False] * sampled.PATIENCE + [True]
    for scale in 0.8 ** np.arange(2 * sampled.PATIENCE):  # on the way down to a penalty there is no hurry
        assert not oracle.search(1e6 * scale * g, 1).complete


def test_levels_of_real_data(small):
    X, lattice, rows = two_levels(4, 500, 4)
    exact = SubsetOracle(rows, lattice)
    g = np.sign(X[:, 0] - 0.5) * (X[:, 1] > 0.25)
    g -= g.mean()
    answer = SampledOracle(exact).search(g, 6)
    check_scores(exact, answer, g)
    assert answer.value <= exact.search(g, 1).value * (1 + 1e-12)


@pytest.mark.parametrize("method", ["corrective", "pairwise"])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_a_run_on_samples_is_certified_like_any_other(small, monkeypatch, loss, method):
    X, y = planted(5, rows=3000, columns=10)
    y = y > 0 if loss == "logistic" else y
    kept = []

    class Kept(SampledOracle):
        def __init__(self, inner):
            super().__init__(inner)
            kept.append(self)

    options = {"lam": 0.02, "loss": loss, "method": method, "tol": 1e-2}
    plain = solve(X, y, **options)
    monkeypatch.setattr(factory, "SAMPLED_FROM", 1)
    monkeypatch.setattr(factory, "SAMPLED_SECONDS", 0.0)
    monkeypatch.setattr(factory, "SampledOracle", Kept)
    tall = solve(X, y, **options)
    assert tall.status.name == plain.status.name == "OPTIMAL"
    assert tall.certificate.scope == plain.certificate.scope
    assert tall.certificate.dual <= plain.certificate.primal and plain.certificate.dual <= tall.certificate.primal
    (oracle,) = kept
    assert oracle.calls <= 4 < oracle.hits + oracle.calls
