"""The worked example of CONTRIBUTING.md, as it stands there, and what all oracles over families promise."""

import re
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given

from fw_circuits import Lattice, solve
from fw_circuits._bits import pack_bits, unpack_bits
from fw_circuits.data import comparator, majority, parity, threshold
from fw_circuits.exceptions import InputError
from fw_circuits.oracle import (
    CarryOracle,
    CountingOracle,
    GateOracle,
    LazyOracle,
    OracleData,
    ParityOracle,
    SubsetOracle,
    SymmetricOracle,
)
from fw_circuits.oracle.families import pair_sums
from fw_circuits.oracle.families.sample import Sample
from fw_circuits.oracle.literals import Literals
from tests.helpers.families import (
    boolean_oracle,
    by_both_kernels,
    centred,
    check_answer,
    check_scores,
    key,
    problems,
    stop_after,
    two_levels,
)

FAMILIES = (ParityOracle, SymmetricOracle, CarryOracle)
GUIDE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


def test_the_example_of_the_guide_runs_and_is_certified(capsys):
    section = GUIDE.read_text(encoding="utf-8").split("## Add an oracle")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    assert len(code.splitlines()) <= 30 and "neighbouring" in capsys.readouterr().out
    X = names["X"]
    solution = solve(X, names["y"], oracle=names["NeighboursOracle"](X), lam=0.001)
    assert solution.certificate.certified
    assert {(4, 5, 6), (8, 9, 10)} <= {atom.literals for atom in solution.atoms}
    oracle, g = names["NeighboursOracle"](X), np.random.default_rng(1).normal(size=len(X))
    check_scores(oracle, oracle.search(g, 3), g)


@pytest.mark.parametrize("cls", FAMILIES)
def test_answers_repeat_and_keep_the_contract(cls):
    data = majority(9, n_rows=300, noise=0.1)
    oracle = boolean_oracle(cls, data.X)
    g = centred(data)
    one, two = oracle.search(g, 6), boolean_oracle(cls, data.X).search(-g, 6)
    assert [a.key for a in one.atoms] == [a.key for a in two.atoms]  # no atom comes with its complement
    np.testing.assert_allclose(one.scores, -two.scores)
    assert len(one.atoms) == 6 and one.value == abs(one.scores[0]) and one.tail >= one.value
    check_scores(oracle, one, g)
    assert oracle.search(np.zeros(300), 3).value == 0.0


@given(problems(most=6))
def test_the_bounds_cover_every_function_of_four_literals(problem):
    X, g = problem
    every = boolean_oracle(SubsetOracle, X, n_jobs=1).search(g, 1)
    for cls in FAMILIES:
        found = boolean_oracle(cls, X).search(g, 1)
        assert max(found.tail, found.upper_bound) >= every.value - 1e-9
        assert found.complete or found.upper_bound >= every.value - 1e-9


@pytest.mark.parametrize(
    ("cls", "options", "most"),
    [(GateOracle, {"gates": 5, "per_support": 1}, 6), (SubsetOracle, {"per_support": 1}, 4), (ParityOracle, {}, 8)],
)
def test_levels_share_one_answer(cls, options, most):
    X, lattice, rows = two_levels(2, 70, 4)
    g = np.random.default_rng(0).normal(size=70)
    oracle, alone = cls(rows, lattice, 3.0, **options), [cls([level], lattice, 3.0, **options) for level in rows]
    both, single = oracle.search(g, 150), [one.search(g, 150) for one in alone]
    assert np.abs(both.scores).tolist() == sorted(np.abs([s for a in single for s in a.scores]), reverse=True)[:150]
    assert both.complete and both.tail == max(a.tail for a in single) and {a.level for a in both.atoms} == {1, 2}
    assert max(len(a.literals) for a in both.atoms) == most
    check_scores(oracle, both, g)
    np.testing.assert_allclose(oracle.evaluate(both.atoms), np.column_stack([a(X) for a in both.atoms]), atol=1e-12)


@pytest.mark.filterwarnings("ignore::fw_circuits.exceptions.SolverWarning")
@pytest.mark.parametrize(
    ("cls", "options", "make", "size", "lam"),
    [
        (
            ParityOracle,
            {"draws": 256},
            partial(parity, 40, inputs=range(3, 35, 2)),
            {"n_rows": 1500, "noise": 0.05},
            0.05,
        ),
        (SymmetricOracle, {}, partial(threshold, 16, 8), {}, 0.02),
        (CarryOracle, {"truncate": False}, partial(comparator, 32), {}, 0.01),
    ],
)
def test_solve_learns_the_function(cls, options, make, size, lam):
    data, fresh = make(**size), make(n_rows=20_000, random_state=1)
    oracle = boolean_oracle(cls, data.X, **options)
    solution = solve(data.X, data.y, loss="logistic", oracle=oracle, lam=lam, max_iter=5)
    assert (solution.predict(fresh.X) == fresh.y).all()
    assert solution.certificate.gap > 0 and not solution.certificate.certified  # the bound is for all circuits


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("cls", FAMILIES)
def test_the_bound_holds_when_a_search_is_stopped(cls, after):
    data = threshold(30, 15, n_rows=500)
    g = centred(data)
    answer = boolean_oracle(cls, data.X).search(g, 3, stop_after(after))
    assert not answer.complete and bool(answer.atoms) == (after > 0)
    assert after or (answer.upper_bound >= np.abs(g).sum() and "not searched" in answer.scope)
    check_answer(answer, data.X.astype(int), g, 3.0)


def sums_over_pairs(bits, w):
    words = pack_bits(bits)
    literals = Literals.of(words, bits.shape[1], np.arange(len(bits)))
    return pair_sums.PairSums(w, pair_sums.moments(literals, w))


def test_functions_of_two_literals_by_their_definition(kernels):
    rng = np.random.default_rng(0)
    bits, w = rng.integers(0, 2, (4, 30)).astype(np.uint8), rng.integers(-5, 6, 30).astype(float)
    sums = sums_over_pairs(bits, w)
    i, j = sums.pairs
    for name, table in pair_sums.TABLES.items():
        signs = 2.0 * (table >> (bits[i] + 2 * bits[j]) & 1) - 1
        np.testing.assert_array_equal(sums.products[name], signs @ w)
    np.testing.assert_array_equal(sums.correlations, ((2.0 * bits - 1) * w) @ (2.0 * bits.T - 1))
    np.testing.assert_array_equal(sums.single, (2.0 * bits - 1) @ w)
    ranked = sums.best(("and", "xor"), 5)
    assert all(
        value == sums.products["and" if table == 8 else "xor"][(i == a) & (j == b)] for value, table, a, b in ranked
    )
    all_sizes = np.abs(np.concatenate([sums.products["and"], sums.products["xor"]]))
    assert [abs(value) for value, _, _, _ in ranked] == sorted(all_sizes.tolist(), reverse=True)[:5]
    assert sums.most == max(np.abs(sums.single).max(), *(np.abs(p).max() for p in sums.products.values()))


@pytest.mark.parametrize(("n", "rows"), [(1, 1), (5, 63), (64, 200), (70, 130), (130, 7)])
def test_sums_over_pairs_of_kernel_and_reference_are_equal(n, rows, monkeypatch):
    rng = np.random.default_rng(n)
    words = pack_bits(rng.integers(0, 2, (n, rows)))
    literals, w = Literals.of(words, rows, np.arange(n)), rng.integers(-9, 10, rows).astype(float)
    monkeypatch.setattr(pair_sums, "SLICE", n * rows)  # in pieces
    one, two = by_both_kernels(lambda: [pair_sums.moments(literals, w, threads) for threads in (1, 2)])
    for found in (*one, *two):
        np.testing.assert_array_equal(found, one[0])
    if n > 4:
        assert pair_sums.moments(literals, w, 1, lambda: True) is None


def test_families_with_the_same_weights_take_the_sums_over_pairs_once():
    X = np.random.default_rng(0).integers(0, 2, (100, 30))
    lattice = Lattice.boolean(30)
    data = OracleData.of([lattice.rows(X, 1)], lattice)
    g = np.random.default_rng(1).normal(size=100)
    with mock.patch.object(pair_sums, "moments", side_effect=pair_sums.moments) as moments:
        apart = [cls(data).search(g, 5) for cls in FAMILIES]
        assert moments.call_count == 1
        other = SymmetricOracle(data).search(g[::-1].copy(), 5)
        assert moments.call_count == 2
    for cls, answer in zip(FAMILIES, apart, strict=True):
        assert key(boolean_oracle(cls, X).search(g, 5)) == key(answer)
    assert key(boolean_oracle(SymmetricOracle, X).search(g[::-1].copy(), 5)) == key(other)


def test_very_many_rows_are_sampled_and_scored_exactly(monkeypatch):
    monkeypatch.setattr("fw_circuits.oracle.families.sample.MOST_ROWS", 700)
    monkeypatch.setattr(Sample.of.__func__, "__defaults__", (700,))
    for cls, data in ((SymmetricOracle, threshold(12, 6, n_rows=3000)), (CarryOracle, comparator(12, n_rows=3000))):
        answer = boolean_oracle(cls, data.X).search(centred(data), 5)
        check_answer(answer, data.X.astype(int), centred(data), 3.0)
        assert (
            max(np.abs(answer.scores) * [a.cost ** (1 / 3) for a in answer.atoms]) >= 0.9 * np.abs(centred(data)).sum()
        )


def test_a_sample_is_unbiased():
    rng = np.random.default_rng(0)
    words = pack_bits(rng.integers(0, 2, (5, 900)))
    literals, w = Literals.of(words, 900, np.arange(5)), rng.normal(size=900) * (rng.random(900) < 0.5)
    truth = (2.0 * literals.bits - 1) @ w
    means = []
    for seed in range(300):
        rows = Sample.drawn(literals, w, 64, seed)
        assert (unpack_bits(rows.keys, 5) == unpack_bits(rows.words, 64).T).all() and rows.n_rows == 64
        means.append((2.0 * rows.bits() - 1) @ rows.w)
    np.testing.assert_allclose(np.mean(means, axis=0), truth, atol=5 * np.abs(w).sum() / np.sqrt(64 * 300))


@pytest.mark.parametrize("cls", FAMILIES)
def test_the_price_is_known_before_and_grows_with_the_table(cls):
    prices = [boolean_oracle(cls, np.eye(n)).price() for n in (30, 60, 120, 300)]
    assert 0 < prices[0] <= prices[1] <= prices[2] <= prices[3] < 1e12
    assert prices[0] == boolean_oracle(cls, np.eye(30)).price()
    if cls is ParityOracle:
        oracle = boolean_oracle(cls, np.eye(60))
        oracle.work = 1e7
        assert oracle.price() < 0.1 * prices[1]


@pytest.mark.parametrize("cls", FAMILIES)
def test_wrappers_fit(cls):
    data = majority(7, n_rows=100)
    oracle = CountingOracle(LazyOracle(boolean_oracle(cls, data.X)))
    assert oracle.search(centred(data), 2).value == oracle.search(centred(data), 2).value > 0
    assert oracle.calls == 2 and oracle.seconds > 0 and oracle.inner.hits == 1


@pytest.mark.parametrize(("cls", "gates"), [(SubsetOracle, 3), (GateOracle, 4)])
def test_zero_weights_give_the_first_functions(kernels, cls, gates):
    X = np.random.default_rng(0).integers(0, 2, (50, 6))
    answer = boolean_oracle(cls, X).search(np.zeros(50), 3)
    assert [a.literals for a in answer.atoms] == [(0,), (1,), (2,)]
    assert answer.complete and answer.max_gates == gates


@pytest.mark.parametrize("cls", (*FAMILIES, SubsetOracle, GateOracle))
def test_wrong_weights_and_levels_are_refused(cls):
    oracle = boolean_oracle(cls, np.eye(4))
    for bad, reason in (
        (np.zeros(3), "one per data row"), (np.zeros((4, 1)), "one per data row"), (["a"] * 4, "real numbers"),
        (np.full(4, np.nan), "finite numbers"), (np.full(4, 1e308), "infinity"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=reason):
            oracle.search(bad)
    for k in (0, 1.5, True):
        with pytest.raises(InputError, match=f"k is {k}; expected a whole number >= 1"):
            oracle.search(np.zeros(4), k)
    with pytest.raises(InputError, match="no levels given; expected at least one"):
        cls([], oracle.lattice, 3.0)
    with pytest.raises(InputError, match="no lattice"):
        cls([level.rows for level in oracle.data.levels])


BAD = {
    SubsetOracle: {
        "gamma": (0.0, -1.0, True), "max_literals": (0,), "per_support": (-1, 1.5), "time_limit": (0, np.inf),
        "n_jobs": (0,), "pass_seconds": (0,), "random_state": (-1, "a"), "max_gates": (-1, True),
    },
    GateOracle: {"gates": (3, 6, True, None), "gamma": (0.0,), "per_support": (0,), "time_limit": (-1.0,)},
    ParityOracle: {"draws": (0,), "random_state": (0.5,), "gamma": (-1.0,), "work": (0.0, "a")},
    CarryOracle: {"gamma": ("a",), "n_jobs": (-2,)},
}  # fmt: skip


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, names in BAD.items() for name in names])
def test_options_are_checked(cls, name):
    for value in BAD[cls][name]:
        with pytest.raises(InputError, match=re.escape(f"{name} is {value!r}; expected")):
            boolean_oracle(cls, np.eye(5), **{name: value})


@pytest.mark.parametrize("cls", FAMILIES)
@pytest.mark.parametrize("X", [np.zeros((5, 3)), np.ones((1, 2)), np.arange(4)[:, None] % 2])
def test_degenerate_data(cls, X):
    g = np.arange(len(X)) - 1.0
    answer = boolean_oracle(cls, X).search(g, 3)
    assert answer.upper_bound >= answer.value >= 0 and answer.upper_bound >= abs(g.sum()) - 1e-12
