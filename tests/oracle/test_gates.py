"""The exact search for circuits of at most four or five gates against brute force, with kernels and references."""

from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits._bits import unpack_bits
from fw_circuits.circuits.read_once import read_once_tables
from fw_circuits.circuits.tables import values_of
from fw_circuits.exceptions import BudgetError
from fw_circuits.oracle import GateOracle
from fw_circuits.oracle.exact import gates_pass
from fw_circuits.oracle.gate_classes import gate_classes
from tests.helpers.atoms import random_circuit
from tests.helpers.families import (
    boolean_oracle,
    by_both_kernels,
    check_scores,
    key,
    stop_after,
    two_levels,
    weights_of,
)
from tests.oracle.test_subset import problems

make = partial(boolean_oracle, GateOracle)


def brute_force(X, g, gamma, columns, gates):
    """Absolute scores of all functions of five and six of the columns, by the definition."""
    scores = [np.zeros(0)]
    for arity in range(5, gates + 2):
        for subset in combinations(columns, arity):
            h = np.bincount(X[:, subset] @ (1 << np.arange(arity)), g, 1 << arity)
            for m in range(arity - 1, gates + 1):
                for block in np.array_split(read_once_tables(arity, m), 16):
                    signs = 2.0 * values_of(block, arity) - 1
                    scores.append(np.abs(signs @ h) * m ** (-1 / gamma))
    return np.concatenate(scores)


def check_against_brute_force(X, g, k, gamma, gates):
    oracle = make(X, gamma, gates=gates, n_jobs=1)
    answer, inner = oracle.search(g, k), oracle.inner.search(g, k)
    scale = np.abs(g).sum() + 1e-300
    more = brute_force(X, g, gamma, oracle.data.levels[0].literals.index, gates)
    expected = np.sort(np.concatenate([np.abs(inner.scores), more]))[::-1][:k]
    if g.any():
        np.testing.assert_allclose(np.abs(answer.scores), expected, rtol=1e-12, atol=1e-12 * scale)
    assert answer.upper_bound == max(answer.value, inner.upper_bound) and answer.complete
    mass = np.abs(oracle.data.levels[0].rows.pull(g)).sum()
    assert answer.max_gates == gates and answer.tail == pytest.approx(mass * (gates + 1) ** (-1 / gamma))
    assert len({(a.literals, a.circuit.truth_table()) for a in answer.atoms}) == len(answer.atoms)
    check_scores(oracle, answer, g)


@settings(max_examples=12, deadline=None)
@given(problem=problems(6), k=st.sampled_from([1, 40]), gamma=st.sampled_from([2.5, 3.0, 8.0]))
def test_four_gates_equal_brute_force(kernels, problem, k, gamma):
    check_against_brute_force(*problem, k, gamma, 4)


@pytest.mark.parametrize("seed", range(3))
def test_five_gates_equal_brute_force(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (90, 6))
    X[:, -1] ^= X[:, 0] & X[:, 1]
    target = (X[:, 0] | X[:, 1] & X[:, 2]) ^ (X[:, 3] & (X[:, 4] | X[:, 5]))
    g = [rng.standard_normal(90), 2.0 * target - 1, rng.integers(-3, 4, 90).astype(float)][seed % 3]
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "python" if seed == 1 else "compiled")
    check_against_brute_force(X, g, (1, 1, 300)[seed], 3.0, 5)


def test_reference_gives_the_same_five_gates():
    rng = np.random.default_rng(4)
    X, g = rng.integers(0, 2, (80, 6)), rng.integers(-5, 6, 80).astype(float)
    compiled, reference = by_both_kernels(lambda: make(X, gates=5, per_support=2).search(g, 60))
    assert key(compiled) == key(reference)
    kinds = {(len(a.literals), a.cost) for a in compiled.atoms}
    assert kinds >= {(5, 4), (5, 5), (6, 5)}


@pytest.mark.parametrize("weights", ["reals", "signs", "mixed", "huge"])
def test_threads_and_instruction_sets_do_not_change_the_answer(weights):
    rng = np.random.default_rng(3)
    columns, rows = 13, 2300  # several chunks, a padded width, a partial word
    X = (rng.random((rows, columns)) < rng.uniform(0.1, 0.9, columns)).astype(np.int64)
    oracle = make(X, gates=5)
    level = oracle.data.levels[0]
    w = weights_of(weights, rng, level.rows.n_rows)  # one per distinct row
    kinds, floor = gate_classes(5, 3.0), np.abs(w).sum() / 50
    found = []
    for threads, isa in [(1, 2), (2, 2), (5, 2), (2, 1), (2, 0)]:
        options = replace(oracle.inner.settings, k=12, per_support=2, n_threads=threads, isa=isa)
        result = gates_pass.search_level(level.literals, w, kinds, options, floor)
        assert result.open_cost is None
        found.append(result.found)
    assert len(found[0]) == 12 and all((f == found[0]).all() for f in found)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), gates=st.sampled_from([4, 5]), stopped=st.booleans())
def test_no_circuit_beats_the_bound(seed, gates, stopped):
    # Circuits of all sizes over all literals of two levels, one of them the target of the weights.
    rng = np.random.default_rng(seed)
    _, lattice, rows = two_levels(seed, 60, 4)
    oracle = GateOracle(rows, lattice, 3.0, gates=gates, per_support=1)

    def signs(level, circuit):
        words = circuit.evaluate_words(np.ascontiguousarray(level.words), level.n_rows)
        return level.push(2.0 * unpack_bits(words, level.n_rows)[0] - 1)

    circuits = [(level, random_circuit(rng, level.n_literals, m)) for level in rows for m in range(1, gates + 3)]
    g = signs(*circuits[int(rng.integers(len(circuits)))])
    g = g - g.mean() + rng.choice([0.0, 0.3]) * rng.standard_normal(60)
    answer = oracle.search(g, 3, stop_after(9) if stopped else None)
    assert answer.max_gates == (gates if answer.complete else 3)
    for level, circuit in circuits:
        bound = answer.upper_bound if circuit.n_gates <= answer.max_gates else max(answer.upper_bound, answer.tail)
        score = abs(g @ signs(level, circuit)) * max(1, circuit.n_gates) ** (-1 / 3)
        assert score <= bound * (1 + 1e-12)


@pytest.mark.parametrize("gates", [4, 5])
def test_a_search_cut_short_falls_back_on_three_gates(gates):
    rng = np.random.default_rng(11)
    X = rng.integers(0, 2, (400, 16))
    g = 2.0 * (X[:, [2, 4, 7, 9, 12]].sum(axis=1) % 2) - 1 + rng.standard_normal(400)
    g -= g.mean()
    oracle = make(X, n_jobs=2, gates=gates)
    full, inner = oracle.search(g, 5), oracle.inner.search(g, 5)
    assert full.complete and full.value > inner.value and full.upper_bound >= full.value
    seen = set()
    for after in range(12):
        answer = oracle.search(g, 5, stop_after(after))
        seen.add((answer.complete, answer.max_gates))
        assert answer.value <= full.value <= max(answer.upper_bound, answer.tail)
        if answer.complete:
            assert key(answer) == key(full) and answer == replace(full, atoms=answer.atoms, scores=answer.scores)
        else:
            assert answer.scope == inner.scope and answer.tail == inner.tail
            assert answer.value <= answer.upper_bound and inner.value <= answer.upper_bound
    assert seen == {(False, 3), (True, gates)}


def test_a_hurried_or_screened_search_claims_no_four_gates():
    rng = np.random.default_rng(8)
    X, g = rng.integers(0, 2, (500, 24)), rng.standard_normal(500)
    full, screened = make(X).search(g, 3), make(X)
    screened.inner.settings = replace(screened.inner.settings, max_literals=8)
    for oracle in (make(X, time_limit=1e-9), screened):
        answer = oracle.search(g, 3)
        assert answer.max_gates < 4 and answer.scope != full.scope
        assert answer.value <= full.value <= max(answer.upper_bound, answer.tail)
    assert answer.complete and "of at most 4 of 8 screened literals" in answer.scope


def test_fewer_functions_are_the_first_of_more():
    # Each k has its own score to reach, that of the k-th function of four literals; on noise the scores are dense.
    rng = np.random.default_rng(1)
    oracle, g = make(rng.integers(0, 2, (200, 8)), n_jobs=1), rng.standard_normal(200)
    full = key(oracle.search(g - g.mean(), 100))
    first = next(i for i, (literals, *_) in enumerate(full) if len(literals) == 5)
    for k in (1, *range(first, first + 8), 60):
        assert key(oracle.search(g - g.mean(), k)) == full[:k]


def test_repeated_literals_and_few_literals():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (50, 5))
    g = rng.standard_normal(50)
    doubled = make(np.column_stack([X, 1 - X[:, 2], X[:, 4], np.ones(50, int)]), gates=5).search(g, 30)
    assert [a.literals for a in doubled.atoms] == [a.literals for a in make(X, gates=5).search(g, 30).atoms]
    few = make(X[:, :4], gates=5).search(g, 3)
    assert key(few) == key(make(X[:, :4]).inner.search(g, 3)) and few.max_gates == 5


def test_errors_say_what_to_do():
    X = np.random.default_rng(0).integers(0, 2, (60, 30))
    need = make(X, gates=5).memory_bytes()
    with pytest.raises(BudgetError, match="fewer gates, fewer literals, or more memory"):
        make(X, gates=5, memory=need - 1).search(np.ones(60))
    assert make(X, gates=5, memory=need).search(np.ones(60) - 2.0 * X[:, 0], 1).value > 0
