"""Whose turn it is among the finders, and what small searches of the deep oracle may claim."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.oracle import CountingOracle, DeepOracle, LazyOracle, SubsetOracle, bounding, deep, eager, make_oracle
from fw_circuits.oracle.base import aim, insist, observe
from fw_circuits.oracle.turns import LEAST, MOST, Turns
from fw_circuits.solver import Clock
from tests.helpers.families import boolean_oracle

PRICES = st.lists(st.floats(1.0, 50.0), min_size=2, max_size=4)


def passes(turns, prices, n, useful, pay=1.0):
    """How often each finder runs, and the longest that one waited."""
    runs, last, longest = [0] * len(prices), [0] * len(prices), 0
    for now in range(n):
        turns.purse += pay
        for i in turns.order(prices):
            if prices[i] > turns.purse:
                break
            turns.ran(i, prices[i], useful=useful(i))
            runs[i] += 1
            longest, last[i] = max(longest, now - last[i]), now
    return runs, longest


@settings(max_examples=50, deadline=None)
@given(PRICES, st.integers(0, 3))
def test_all_work_is_paid_and_nobody_waits_for_ever(prices, winner):
    turns = Turns(len(prices))
    n = 3000
    runs, longest = passes(turns, prices, n, lambda i: i == winner % len(prices))
    assert turns.purse >= 0.0 and sum(r * p for r, p in zip(runs, prices, strict=True)) <= n + 1e-6
    assert min(runs) >= 1 and longest <= (MOST / LEAST + 2) * sum(prices) + n / 10


def test_work_is_shared_by_weight_and_not_by_number():
    """Both useful: equal work; one useful: it has 64 times the work of the other."""
    runs, _ = passes(Turns(2), [1.0, 4.0], 4000, lambda i: True)
    assert runs[0] == pytest.approx(4 * runs[1], rel=0.02)
    runs, _ = passes(Turns(2), [1.0, 1.0], 13000, lambda i: i == 0)
    assert runs[0] == pytest.approx(MOST / LEAST * runs[1], rel=0.1)


def test_the_cheapest_comes_first_and_nothing_to_search_never():
    turns = Turns(3)
    assert turns.order([5.0, 0.0, 2.0]) == [2, 0]


@pytest.fixture
def many_small(monkeypatch):
    """Searches of small tables are small ones, too."""
    monkeypatch.setattr(deep, "FLOOR", 2e4)
    monkeypatch.setattr(deep, "PAY", 0.0)


X24 = np.random.default_rng(0).integers(0, 2, (500, 24))


def weights(seed):
    g = np.random.default_rng(seed).normal(size=500)
    return g - g.mean()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_bound_of_a_small_search_is_one_over_everything(seed):
    exact = boolean_oracle(SubsetOracle, X24)
    g = weights(seed)
    whole = exact.search(g, 5)
    floor, deep.FLOOR = deep.FLOOR, 2e4
    try:
        found = DeepOracle(exact, []).search(g, 5)
    finally:
        deep.FLOOR = floor
    assert found.upper_bound >= whole.upper_bound and found.tail >= whole.tail
    assert found.scope == deep.EVERY and found.max_gates == 0 and not found.complete
    assert 0.0 < found.value <= whole.value * (1 + 1e-12)
    np.testing.assert_allclose(
        found.scores, g @ exact.evaluate(found.atoms) * np.array([a.cost for a in found.atoms]) ** (-1 / 3), rtol=1e-9
    )


def test_small_searches_come_first_and_a_full_one_where_nothing_is_new(many_small):
    exact, finder = boolean_oracle(SubsetOracle, X24), CountingOracle(boolean_oracle(SubsetOracle, X24[:, :5]))
    oracle = DeepOracle(exact, [finder])
    g = weights(1)
    first = oracle.search(g, 5)
    assert not first.complete and finder.calls == 0 and exact.effort == 1.0
    aim(oracle, 1e9)  # nothing that can be found matters
    second = oracle.search(g, 5)
    assert second.complete and finder.calls == 1 and second.value >= first.value
    assert second.upper_bound == max(exact.search(g, 5).upper_bound, second.value)


def test_active_atoms_are_nothing_new(many_small):
    exact = boolean_oracle(SubsetOracle, X24)
    oracle = DeepOracle(exact, [])
    g = weights(2)
    found = oracle.search(g, 5)
    aim(oracle, 0.0)
    assert not oracle.search(g, 5).complete
    observe(oracle, found.atoms)
    aim(oracle, 0.5 * found.value)
    again = oracle.search(g, len(found.atoms))
    new = [abs(s) for atom, s in zip(again.atoms, again.scores, strict=True) if atom not in found.atoms]
    assert again.complete == (max(new, default=0.0) <= 0.5 * found.value * (1 + deep.SLIGHT) or again.complete)


def test_who_insists_gets_a_full_search_once(many_small):
    exact, finder = boolean_oracle(SubsetOracle, X24), CountingOracle(boolean_oracle(SubsetOracle, X24[:, :5]))
    oracle = LazyOracle(DeepOracle(exact, [finder]))
    g = weights(3)
    assert not oracle.search(g, 5).complete and insist(oracle)
    assert oracle.search(g, 5).complete and finder.calls == 1 and not insist(oracle)


def test_a_search_that_is_told_to_stop_asks_no_finder():
    finder = CountingOracle(boolean_oracle(SubsetOracle, X24[:, :5]))
    oracle = DeepOracle(boolean_oracle(SubsetOracle, X24), [finder], thorough=True)
    assert oracle.search(weights(4), 3, lambda: True).atoms and finder.calls == 0
    assert oracle.search(weights(4), 3).atoms and finder.calls == 1


def test_certificates_ask_all_or_the_exact_oracle_alone():
    exact = boolean_oracle(SubsetOracle, X24)
    oracle = LazyOracle(DeepOracle(exact, [exact]))
    assert eager(oracle).thorough and eager(oracle).exact is exact and bounding(oracle) is exact
    assert bounding(exact) is exact


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_small_searches_reach_the_optimum_of_full_ones(loss, many_small):
    rng = np.random.default_rng(5)
    y = (X24[:, 0] ^ X24[:, 3]) + (X24[:, 5] & X24[:, 7] & X24[:, 9]) + 0.5 * rng.normal(size=500) > 0.8
    whole = solve(X24, y, loss=loss, lam=0.01, oracle=boolean_oracle(SubsetOracle, X24, per_support=4), tol=1e-4)
    ours = solve(X24, y, loss=loss, lam=0.01, tol=1e-4)
    assert ours.certificate.certified and ours.certificate.scope == whole.certificate.scope
    assert ours.certificate.primal == pytest.approx(whole.certificate.primal, rel=2e-4)
    assert any(step.relative_gap > 0.5 for step in ours.trace)  # there were searches that bound little


def test_the_reserve_is_for_the_search_of_the_certificate_alone():
    clock = Clock(100.0)
    clock.search_seconds = 60.0  # finders
    assert clock.late(ahead=40.0)
    clock.search_limit = 5.0
    assert not clock.late(ahead=40.0) and clock.late(ahead=95.0)


def test_a_pass_takes_a_twentieth_of_the_time_at_most():
    points = X24.astype(float)
    lattice = boolean_oracle(SubsetOracle, X24).lattice
    for name in ("auto", "deep"):
        assert bounding(make_oracle(name, points, lattice, 3.0, time_limit=10.0)).time_limit == 0.5
