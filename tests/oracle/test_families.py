"""The worked example of CONTRIBUTING.md, as it stands there, and what all oracles over families promise."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from fw_circuits import solve
from fw_circuits.data import majority
from fw_circuits.exceptions import InputError
from fw_circuits.oracle import (
    CarryOracle,
    CountingOracle,
    LazyOracle,
    ParityOracle,
    SubsetOracle,
    SymmetricOracle,
)
from fw_circuits.oracle.families import pair_sums
from tests.helpers.families import boolean_oracle, centred, problems

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
    answer = oracle.search(g, 3)
    factors = [atom.cost ** (-1 / oracle.gamma) for atom in answer.atoms]
    np.testing.assert_allclose(g @ oracle.evaluate(answer.atoms) * factors, answer.scores)


@pytest.mark.parametrize("cls", FAMILIES)
def test_answers_repeat_and_keep_the_contract(cls):
    data = majority(9, n_rows=300, noise=0.1)
    oracle = boolean_oracle(cls, data.X)
    g = centred(data)
    one, two = oracle.search(g, 6), boolean_oracle(cls, data.X).search(-g, 6)
    assert [a.key for a in one.atoms] == [a.key for a in two.atoms]  # no atom comes with its complement
    np.testing.assert_allclose(one.scores, -two.scores)
    assert len(one.atoms) == 6 and one.value == abs(one.scores[0]) and one.tail >= one.value
    values = oracle.evaluate(one.atoms)
    assert values.shape == (300, 6)
    np.testing.assert_allclose(g @ values * [a.cost ** (-1 / 3.0) for a in one.atoms], one.scores, atol=1e-9)
    assert oracle.search(np.zeros(300), 3).value == 0.0


@given(problems(most=6))
def test_the_bounds_cover_every_function_of_four_literals(problem):
    X, g = problem
    every = boolean_oracle(SubsetOracle, X, n_jobs=1).search(g, 1)
    for cls in FAMILIES:
        found = boolean_oracle(cls, X).search(g, 1)
        assert max(found.tail, found.upper_bound) >= every.value - 1e-9
        assert found.complete or found.upper_bound >= every.value - 1e-9


def test_functions_of_two_literals_by_their_definition():
    rng = np.random.default_rng(0)
    bits, w = rng.integers(0, 2, (4, 30)).astype(np.uint8), rng.integers(-5, 6, 30).astype(float)
    products = pair_sums.inner_products(pair_sums.moments(bits, w), w.sum())
    for name, table in pair_sums.TABLES.items():
        signs = 2.0 * (table >> (bits[:, None] + 2 * bits[None, :]) & 1) - 1
        np.testing.assert_array_equal(products[name], signs @ w)
    ranked = pair_sums.best_pairs(products, ("and", "xor"), 5)
    sizes = [abs(products["and" if table == 8 else "xor"][i, j]) for table, i, j in ranked]
    all_sizes = [abs(products[name][i, j]) for name in ("and", "xor") for i in range(4) for j in range(i + 1, 4)]
    assert sizes == sorted(all_sizes, reverse=True)[:5]


@pytest.mark.parametrize("cls", FAMILIES)
def test_wrappers_fit(cls):
    data = majority(7, n_rows=100)
    oracle = CountingOracle(LazyOracle(boolean_oracle(cls, data.X)))
    assert oracle.search(centred(data), 2).value == oracle.search(centred(data), 2).value > 0
    assert oracle.calls == 2 and oracle.seconds > 0 and oracle.inner.hits == 1


@pytest.mark.parametrize("cls", FAMILIES)
def test_wrong_weights_and_levels_are_refused(cls):
    oracle = boolean_oracle(cls, np.eye(4))
    with pytest.raises(InputError, match="one per data row"):
        oracle.search(np.zeros(3))
    with pytest.raises(InputError, match="k is 0; expected a whole number >= 1"):
        oracle.search(np.zeros(4), 0)
    with pytest.raises(InputError, match="no levels"):
        cls([], oracle.lattice, 3.0)
    with pytest.raises(InputError, match="no lattice"):
        cls([level.rows for level in oracle.data.levels])


@pytest.mark.parametrize("cls", FAMILIES)
@pytest.mark.parametrize("X", [np.zeros((5, 3)), np.ones((1, 2)), np.arange(4)[:, None] % 2])
def test_degenerate_data(cls, X):
    g = np.arange(len(X)) - 1.0
    answer = boolean_oracle(cls, X).search(g, 3)
    assert answer.upper_bound >= answer.value >= 0 and answer.upper_bound >= abs(g.sum()) - 1e-12
