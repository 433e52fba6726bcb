"""Screening of literals: what it finds, what it claims, and that it repeats."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits._bits import unpack_bits
from fw_circuits.exceptions import BudgetError
from fw_circuits.oracle import GateOracle, SubsetOracle, screen
from fw_circuits.oracle.exact import price, subset_pass
from fw_circuits.oracle.exact.literal_choice import RATE, draw
from fw_circuits.oracle.literals import Literals
from tests.helpers.families import boolean_oracle, by_both_kernels, check_scores, key, stop_after

make = partial(boolean_oracle, SubsetOracle)


@pytest.fixture(scope="module")
def wide():
    """20,000 rows of 40 literals: an xor of three that no pair shows, beside a function of four that pairs show."""
    rng = np.random.default_rng(5)
    X = rng.integers(0, 2, (20_000, 40))
    g = 2.0 * (X[:, 3] ^ X[:, 17] ^ X[:, 38]) + ((X[:, 5] & X[:, 9]) | (X[:, 20] & X[:, 30]))
    g += 0.5 * rng.standard_normal(20_000)
    return X, g - g.mean()


def sampled(X, work=1.3e8, **options):
    return make(X, pass_seconds=work / RATE, **options)


def test_triples_that_only_the_sample_shows_are_found_and_confirmed(wide):
    X, g = wide
    full, part = make(X, per_support=1).search(g, 3), sampled(X, per_support=1).search(g, 3)
    assert part.atoms[0].literals == (3, 17, 38)
    assert key(part)[0] == key(full)[0]  # scores are those of all rows, not of the sample
    assert part.scope == (
        "all functions of at most 2 of all 40 literals and of at most 4 of 23 screened literals of level 1"
    )
    assert part.max_gates == 1 and part.complete and part.upper_bound == part.value
    assert part.tail == pytest.approx(np.abs(g).sum() * 2 ** (-1 / 3))
    rest = g - np.column_stack([np.ones(len(g)), X[:, 3] ^ X[:, 17] ^ X[:, 38]]) @ [-1.0, 2.0]
    rest -= rest.mean()
    assert sampled(X).search(rest, 1).atoms[0].literals == (5, 9, 20, 30)


def test_screened_answers_repeat_on_any_number_of_threads(wide):
    X, g = wide
    expected = sampled(X, n_jobs=1).search(g, 20)
    oracle = sampled(X, n_jobs=3)
    for _ in range(2):
        answer = oracle.search(g, 20)
        assert key(answer) == key(expected) and answer.scope == expected.scope
    other = sampled(X, n_jobs=2, random_state=7).search(g, 20)
    assert key(other)[0] == key(expected)[0] and other.scope == expected.scope


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 6, 7, 8])
def test_bounds_hold_when_a_screened_search_is_stopped(wide, after):
    X, g = wide
    full = make(X).search(g, 1)
    answer = sampled(X, n_jobs=2).search(g, 5, stop_after(after))
    assert answer.value <= full.value <= max(answer.upper_bound, answer.tail) * (1 + 1e-12)
    assert not answer.complete or key(answer) == key(sampled(X).search(g, 5))
    assert answer.complete == (after >= 8)  # asked before and after the pairs, too
    assert make(X, max_gates=1).search(g, 1).value <= answer.upper_bound


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    k=st.sampled_from([1, 5]),
    work=st.sampled_from([6e3, 9e3, 1.4e4, 1e6]),
    max_gates=st.sampled_from([None, 1, 2, 3]),
)
def test_reference_screens_alike_and_the_scope_is_true(seed, k, work, max_gates):
    rng = np.random.default_rng(seed)
    X, g = rng.integers(0, 2, (200, 8)), rng.integers(-4, 5, 200).astype(float)
    g[:100] *= rng.integers(0, 2)
    oracle = sampled(X, work, n_jobs=2, max_gates=max_gates)
    one, two = by_both_kernels(lambda: oracle.search(g, k))
    assert key(one) == key(two)
    assert (one.scope, one.tail, one.max_gates) == (two.scope, two.tail, two.max_gates)
    signs = 2.0 * (np.arange(16)[:, None] >> np.arange(4) & 1) - 1
    pairs = [np.bincount(X[:, pair] @ [1, 2], g, 4) for pair in combinations(range(8), 2)]
    assert np.abs(signs @ np.transpose(pairs)).max() <= one.upper_bound * (1 + 1e-12)
    assert make(X, max_gates=max_gates).search(g, 1).value <= max(one.upper_bound, one.tail) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("cls", "columns", "options", "rounding", "units"),
    [
        (SubsetOracle, 12, {}, np.rint, (2.0**-20, 2.0**-7, 2.0**-4, 1.0)),
        (SubsetOracle, 12, {"per_support": 1}, np.rint, (2.0**-20, 2.0**-7, 2.0**-4, 1.0)),
        # Towards zero, so that all integer scores are short.
        (GateOracle, 9, {"per_support": 1}, np.trunc, (2.0**-4, 2.0**-3)),
        (GateOracle, 6, {"per_support": 1, "gates": 5}, np.trunc, (2.0**-4, 2.0**-3)),
    ],
)
@settings(max_examples=10)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), k=st.sampled_from([1, 6]))
def test_a_coarse_screen_gives_the_same_answer(cls, columns, options, rounding, units, data, seed, k):
    """Real weights whose rounding is large: only the slack keeps the winners in."""
    rng, unit = np.random.default_rng(seed), data.draw(st.sampled_from(units))
    X, g = rng.integers(0, 2, (300, columns)), rng.standard_normal(300)
    oracle = boolean_oracle(cls, X, n_jobs=2, **options)

    def rounded(weights, chunk):
        q = rounding(weights / unit)
        return q, unit, float(np.abs(weights - unit * q).sum()) * (1 + 1e-9) + 1e-9

    expected = key(oracle.search(g, k))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "quantise", rounded)
        assert key(oracle.search(g, k)) == expected


@given(
    st.lists(st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-9), min_size=1, max_size=30),
    st.integers(1, 200),
    st.integers(0, 2**32 - 1),
)
def test_rows_are_drawn_in_proportion(weights, m, seed):
    w = np.array(weights)
    w[0] = w[0] or 1.0
    rows, counts = draw(w, m, np.random.default_rng(seed))
    share = m * w / np.abs(w).sum()
    every = np.zeros(len(w))
    every[rows] = counts
    assert np.abs(counts).sum() == m and (np.sign(counts) == np.sign(w[rows])).all()
    assert np.abs(every - share).max() < 2  # one draw in each m-th part of the mass


def test_draws_are_unbiased():
    w = np.random.default_rng(0).standard_normal(50)
    s = np.random.default_rng(1).choice([-1.0, 1.0], 50)
    estimates = []
    for seed in range(4000):
        rows, counts = draw(w, 10, np.random.default_rng(seed))
        estimates.append((counts * s[rows]).sum() * np.abs(w).sum() / 10)
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - w @ s) < 5 * error and error < 0.2


def test_more_than_one_word_of_columns():
    rng = np.random.default_rng(9)
    X = rng.integers(0, 2, (700, 70))
    f = (X[:, 3] | X[:, 66]) ^ (X[:, 68] & X[:, 69])
    g = 2.0 * f - 1 + 0.2 * rng.standard_normal(700)
    g -= g.mean()
    best = make(X).search(g, 1)
    assert best.atoms[0].literals == (3, 66, 68, 69)
    assert best.value == pytest.approx(abs(g @ (2.0 * f - 1)) * 3 ** (-1 / 3), rel=1e-12)
    few = make(X[:150], max_literals=5)
    one, two = by_both_kernels(lambda: few.search(np.rint(3 * g[:150]), 4))
    assert key(one) == key(two)


def test_a_sample_of_columns_is_those_bits():
    rng = np.random.default_rng(4)
    X = rng.integers(0, 2, (300, 80))
    literals = make(X).data.levels[0].literals
    rows, take = np.sort(rng.choice(300, 130, replace=False)), np.array([2, 70, 71])
    part = literals.sample(take, rows)
    bits = X[:, literals.index[literals.order[take]]] ^ literals.flip[take]
    assert (unpack_bits(part.words, 130) == bits[rows].T).all() and part.n_rows == 130
    assert part.index.tolist() == literals.index[literals.order[take]].tolist()
    assert (part.keys[:, 0] == bits[rows] @ [1, 2, 4]).all()


def test_memory_is_known_before_a_pass_starts(monkeypatch):
    assert subset_pass.memory_bytes(64, 10**6, 2) < 150 * 2**20
    X = np.random.default_rng(0).integers(0, 2, (300, 60))
    g = np.random.default_rng(1).standard_normal(300)
    need = make(X, n_jobs=1).memory_bytes()
    screened = make(X, n_jobs=1, memory=need - 2**18, pass_seconds=60.0)
    assert screened.memory_bytes() <= need - 2**18 and "screened" in screened.search(g).scope
    monkeypatch.setattr(subset_pass, "select", None)  # nothing may run
    with pytest.raises(BudgetError, match="MiB; the budget is"):
        make(X, n_jobs=1, memory=need - 2**18).search(g)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    effort=st.sampled_from([1e-6, 0.01, 0.05, 0.2, 0.6, 1.0]),
    seconds=st.sampled_from([None, 1e-5, 1e-4]),
    k=st.sampled_from([1, 5]),
)
def test_the_scope_says_what_an_effort_covers_and_its_stages_are_known(seed, effort, seconds, k):
    rng = np.random.default_rng(seed)
    X, g = rng.integers(0, 2, (300, 14)), rng.standard_normal(300)
    oracle = make(X, pass_seconds=seconds)
    oracle.effort = effort
    answer, again = oracle.search(g, k), oracle.search(g, k)
    assert key(answer) == key(again) and answer.scope == again.scope and answer.complete and answer.atoms
    assert make(X).search(g, 1).value <= max(answer.upper_bound, answer.tail) * (1 + 1e-12)
    literals = oracle.data.levels[0].literals
    done = price.stages(
        literals.n, literals.n_rows, 4, subset_pass.at_effort(oracle.settings, effort, oracle.tables, literals)
    )
    if not done:
        assert answer.scope == "all single literals of the 14 of level 1" and answer.max_gates == 0
        alone = np.abs((2.0 * X - 1.0).T @ g)
        np.testing.assert_allclose(np.abs(answer.scores), np.sort(alone)[::-1][:k], rtol=1e-12)
        check_scores(oracle, answer, g)
    else:
        assert f"of at most 4 of {done[-1][0] if done[-1][0] < 14 else 'all 14'} " in answer.scope
        exact = 3 if (14, 3, literals.n_rows) in done else 2
        assert done[-1][0] == 14 or f"at most {exact} of all 14" in answer.scope
        assert answer.value >= np.abs((2.0 * X - 1.0).T @ g).max() * (1 - 1e-12)


def test_a_larger_effort_costs_more():
    X = np.random.default_rng(0).integers(0, 2, (6400, 200))
    oracle = make(X, pass_seconds=0.5)
    prices = [oracle.price(effort) for effort in (1e-4, 0.02, 0.1, 0.4, 1.0)]
    assert sorted(prices) == prices and oracle.price() == prices[-1] > 20 * prices[0]
    assert make(X, n_jobs=2).price(1.0) == make(X, n_jobs=1).price(1.0)


def test_a_small_table_is_searched_whole_in_spite_of_a_budget():
    X = np.random.default_rng(0).integers(0, 2, (300, 20))
    g = np.random.default_rng(1).standard_normal(300)
    screened, whole = make(X, pass_seconds=1e-5), make(X, pass_seconds=1e-5, whole_seconds=1.0)
    assert "screened" in screened.search(g).scope and whole.search(g).scope == make(X).search(g).scope


def test_guests_change_with_the_weights_only():
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (500, 60))
    g = rng.standard_normal(500)
    taken, take = [], Literals.take
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Literals, "take", lambda self, columns: taken.append(columns) or take(self, columns))
        oracle = make(X, pass_seconds=2e7 / RATE)
        for scale in (1.0, 1.0, 1.5, 2.0):
            oracle.search(scale * g, 1)
    assert taken[0].tolist() == taken[1].tolist() != taken[2].tolist()
    seen = set().union(*[t.tolist() for t in taken])
    assert len(seen) > len(taken[0])


def test_a_stop_before_the_pairs_leaves_the_literals():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2, (400, 30))
    g = X[:, 4] - 0.5 + 0.1 * rng.standard_normal(400)
    oracle = make(X)
    answer = oracle.search(g, 3, lambda: True)
    check_scores(oracle, answer, g)
    assert answer.atoms[0].literals == (4,) and not answer.complete
    assert make(X).search(g, 1).value <= answer.upper_bound
