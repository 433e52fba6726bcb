"""The exact subset search against brute force, with kernels and references."""

from functools import cache, partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fw_circuits._bits import pack_bits
from fw_circuits._kernels import _search
from fw_circuits.circuits.catalogue import cost_table
from fw_circuits.exceptions import BudgetError
from fw_circuits.oracle import GateOracle, SubsetOracle, screen, tables
from fw_circuits.oracle.exact import gates_pass, subset_pass
from fw_circuits.oracle.found import FOUND, Best, nothing
from fw_circuits.oracle.literals import Literals
from tests.helpers.families import boolean_oracle, by_both_kernels, check_scores, key, problems, stop_after, weights_of

make = partial(boolean_oracle, SubsetOracle)
problems = partial(problems, rows=150, kinds=("integers", "reals", "equal", "signs", "many zeros", "mixed"))


def brute_force(X, g, gamma):
    """Scores of all functions of all subsets, written with nothing but the definition."""
    cost = cost_table()
    result = {}
    signs = {j: 2.0 * (np.arange(1 << (1 << j))[:, None] >> np.arange(1 << j) & 1) - 1 for j in (1, 2, 3, 4)}
    for j in (1, 2, 3, 4):
        tables = np.arange(1 << (1 << j))
        wide = tables.copy()
        for i in range(j, 4):
            wide |= wide << (1 << i)
        factor = np.maximum(1.0, cost[wide]) ** (-1 / gamma)
        for subset in combinations(range(X.shape[1]), j):
            h = np.bincount(X[:, subset] @ (1 << np.arange(j)), g, 1 << j)
            result[subset] = (signs[j] @ h) * factor
    return result


@cache
def normal_tables(j):
    """Tables with f(0) = 0 that depend on each of j inputs."""
    values = np.arange(1 << (1 << j))[:, None] >> np.arange(1 << j) & 1
    full = [(values != values[:, np.arange(1 << j) ^ 1 << i]).any(axis=1) for i in range(j)]
    return np.flatnonzero(np.logical_and.reduce(full) & (values[:, 0] == 0))


@settings(max_examples=25, deadline=None)
@given(problem=problems(6), k=st.sampled_from([1, 3, 40]), gamma=st.sampled_from([2.5, 3.0, 8.0]))
def test_best_scores_equal_brute_force(kernels, problem, k, gamma):
    X, g = problem
    oracle = make(X, gamma, n_jobs=1)
    answer = oracle.search(g, k)
    scores = brute_force(X, g, gamma)
    scale = np.abs(g).sum() + 1e-300
    best = max(np.abs(s).max() for s in scores.values())  # with the constants, which score |sum g|
    assert answer.upper_bound == pytest.approx(best, rel=1e-12, abs=1e-12 * scale)
    assert answer.upper_bound == max(answer.value, abs(g.sum())) and answer.complete and answer.max_gates == 3
    # All the k best: over the distinct columns the k largest values, each function once.
    kept = oracle.data.levels[0].literals.index
    all_scores = [np.abs(v[normal_tables(len(subset))]) for subset, v in scores.items() if set(subset) <= set(kept)]
    expected = np.sort(np.concatenate([*all_scores, []]))[::-1][:k]
    np.testing.assert_allclose(np.abs(answer.scores), expected, rtol=1e-12, atol=1e-12 * scale)
    assert len({(a.literals, a.circuit.truth_table()) for a in answer.atoms}) == len(answer.atoms)
    check_scores(oracle, answer, g)


@settings(max_examples=45)
@given(
    problem=problems(9),
    k=st.sampled_from([1, 4, 25]),
    per_support=st.sampled_from([None, 1, 3]),
    more=st.sampled_from([{}, {"max_literals": 4}, {"max_literals": 6}, {"gates": 4}]),
)
def test_reference_gives_the_same_answer_on_integers(problem, k, per_support, more):
    X, g = problem
    X, g = X[:, : 7 if "gates" in more else None], np.rint(np.clip(g, -9, 9))
    oracle = boolean_oracle(
        GateOracle if "gates" in more else SubsetOracle, X, n_jobs=2, per_support=per_support, **more
    )
    one, two = by_both_kernels(lambda: oracle.search(g, k))
    assert key(one) == key(two) and one.scope == two.scope and one.tail == two.tail


@pytest.mark.parametrize("weights", ["reals", "signs", "mixed", "huge"])
def test_threads_and_instruction_sets_do_not_change_the_answer(weights):
    rng = np.random.default_rng(3)
    columns, rows = 19, 1300  # several chunks, a padded width, a partial word
    X = (rng.random((rows, columns)) < rng.uniform(0.1, 0.9, columns)).astype(np.int64)
    w, table = weights_of(weights, rng, rows), tables.tables(cost_table(), 3.0)
    level = Literals.of(pack_bits(X.T), rows, np.arange(columns))
    found = []
    for threads, isa in [(1, 2), (2, 2), (5, 2), (2, 1), (2, 0)]:
        options = screen.PassSettings(12, 2, threads, 2**28, isa=isa)
        found.append(subset_pass.search_level(level, w, table, options).found)
    assert all((f == found[0]).all() for f in found)
    few = level.take(np.arange(8))
    compiled, reference = by_both_kernels(lambda: subset_pass.search_level(few, w, table, options).found)
    np.testing.assert_allclose(np.abs(reference["value"]), np.abs(compiled["value"]), rtol=1e-9)


#: The screen complements columns that are mostly ones: a search that forgot it would lose answers on these.
MOSTLY_ONES = (
    np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 0], [0, 1, 1, 1],
              [0, 1, 0, 1], [1, 1, 1, 1]]),
    np.array([7.0, 6.0, -4.0, 1.0, 2.0, -5.0, 0.0, 5.0, 3.0]),
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@example(problem=MOSTLY_ONES, seed=17)
@given(problem=problems(7), seed=st.integers(0, 2**32 - 1))
def test_any_cost_table(problem, seed):
    # Costs without the symmetry of circuits: the screen must not assume it.
    X, g = problem
    g = np.rint(np.clip(g, -9, 9))
    cost = np.random.default_rng(seed).integers(0, 8, 1 << 16).astype(np.uint8)
    table = tables.tables(cost, 3.0)
    level = make(X).data.levels[0]
    options, w = screen.PassSettings(5, 0, 1, 2**28), level.rows.pull(g)
    one, two = by_both_kernels(lambda: subset_pass.search_level(level.literals, w, table, options).found)
    assert (one == two).all()


@settings(max_examples=60, deadline=None)
@given(problem=problems(1, rows=3000))
def test_quantised_weights_are_exact_in_float32_and_within_the_slack(problem):
    w, rows = problem[1], len(problem[1])
    q, delta, slack = screen.quantise(w, subset_pass.CHUNK)
    assert (q == np.rint(q)).all() and np.frexp(delta)[0] == 0.5
    assert np.abs(q).sum() <= 2**31 - 1
    for start in range(0, rows, subset_pass.CHUNK):
        assert np.abs(q[start : start + subset_pass.CHUNK]).sum() <= 2**24
    rng = np.random.default_rng(rows)
    residual = w - delta * q
    for signs in (np.sign(residual), rng.choice([-1.0, 1.0], rows)):
        assert abs(residual @ signs) <= slack
    if np.abs(w).sum() < 2**22 and (w == np.rint(w)).all():
        assert (residual == 0).all()


def gate_chains(columns, max_gates):
    """Values of every circuit of at most that many gates, as a map from values to gates."""
    ones = (1 << len(columns[0])) - 1
    start = tuple(sorted({int("".join(map(str, c)), 2) for c in columns}))
    best = {v: 0 for v in start}
    states = {start}
    for size in range(1, max_gates + 1):
        following = set()
        for state in states:
            for a, b in combinations(state, 2):
                for x in (a, a ^ ones):
                    for v in (x & b, x & (b ^ ones), x ^ b):
                        for y in (v, v ^ ones):
                            best.setdefault(y, size)
                    for v in (x & b, x & (b ^ ones), x ^ b):
                        if size < max_gates and v not in state:
                            following.add(tuple(sorted((*state, v))))
        states = following
    return best


def test_no_circuit_of_at_most_three_gates_beats_the_bound(kernels):
    X = np.arange(32)[:, None] >> np.arange(5) & 1
    chains = gate_chains(list(X.T), 3)
    values = np.array([[v >> (31 - r) & 1 for r in range(32)] for v in chains])
    gates = np.array(list(chains.values()))
    oracle = make(X, gamma=3.0)
    rng = np.random.default_rng(5)
    targets = [rng.standard_normal(32), rng.integers(-2, 3, 32).astype(float)]
    targets += [2.0 * values[gates == m][7] - 1 for m in (1, 2, 3)]
    for g in targets:
        answer = oracle.search(g, k=1)
        scores = np.abs((2.0 * values - 1) @ g) * np.maximum(1.0, gates) ** (-1 / 3)
        assert scores.max() <= answer.upper_bound * (1 + 1e-12)
        if answer.atoms[0].cost <= 3:
            assert scores.max() == pytest.approx(answer.value, rel=1e-12)
        assert np.abs(g).sum() * 4 ** (-1 / 3) <= answer.tail


@pytest.mark.parametrize("after", [0, 1, 2, 3, 5])
def test_bounds_hold_when_stopped(after):
    rng = np.random.default_rng(11)
    X, g = rng.integers(0, 2, (400, 30)), rng.standard_normal(400)
    oracle = make(X, n_jobs=2)
    full = oracle.search(g, 5)
    answer = oracle.search(g, 5, stop_after(after))
    assert answer.value <= full.value <= answer.upper_bound
    if not answer.complete:
        assert answer.upper_bound > answer.value
    assert answer.scope == full.scope and answer.max_gates == 3
    assert after > 0 or not answer.complete


def test_ties_over_levels_go_to_fewer_inputs_then_the_earlier_level():
    best = Best(3, floor=0.5)
    for level, arities in enumerate([(2, 3), (1, 2)]):
        found = nothing(2)
        found["value"], found["arity"] = [-2.0, 2.0], arities
        assert best.floor == 0.5  # two functions are fewer than three
        best.add(found, level)
    assert best.found["arity"].tolist() == [1, 2, 2] and best.level.tolist() == [1, 0, 1] and best.floor == 2.0


def test_screening_says_what_it_covers():
    rng = np.random.default_rng(8)
    X = rng.integers(0, 2, (500, 24))
    g = 2.0 * ((X[:, 3] & X[:, 9]) | (X[:, 20] & X[:, 21])) - 1 + 0.1 * rng.standard_normal(500)
    full, part = make(X).search(g, 3), make(X, max_literals=8).search(g, 3)
    assert part.atoms[0].literals == full.atoms[0].literals == (3, 9, 20, 21)
    assert part.max_gates == 2 and part.complete
    assert part.scope == (
        "all functions of at most 3 of all 24 literals and of at most 4 of 8 screened literals of level 1"
    )
    assert full.value <= max(part.upper_bound, part.tail)
    hurried = make(X, time_limit=1e-3).search(g, 3)
    assert hurried.value <= full.value <= max(hurried.upper_bound, hurried.tail)


def test_duplicate_and_constant_literals_are_left_out():
    X = np.array([[0, 1, 0, 1], [1, 0, 1, 1], [1, 0, 0, 1]])
    assert make(X).data.levels[0].literals.index.tolist() == [0, 2]
    answer = make(np.ones((4, 3), int)).search(np.array([1.0, 2, 3, 4]), 3)
    assert answer.atoms == () and answer.value == 0 and answer.upper_bound == 10


def test_read_only_inputs_and_unchanged_weights():
    X = np.random.default_rng(0).integers(0, 2, (70, 6))
    oracle = make(X)
    g = np.random.default_rng(1).standard_normal(70)
    before, expected = g.copy(), oracle.search(g)
    g.flags.writeable = False
    for level in oracle.data.levels:
        for array in (level.rows.words, level.literals.words, level.literals.masks, level.literals.keys):
            array.flags.writeable = False
    assert key(oracle.search(g)) == key(expected) and (g == before).all()


def test_errors_say_what_to_do():
    with pytest.raises(BudgetError, match="max_literals"):
        make(np.eye(40, dtype=int), memory=10_000).search(np.ones(40))


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 16), st.integers(1, 300))
def test_the_estimate_of_memory_knows_the_scratch_of_the_kernels(sixteens, k, width, n_words):
    ld = 16 * sixteens
    assert subset_pass.scratch_bytes(ld, k, width) == _search.scratch_bytes(ld, subset_pass.CHUNK, k, width)
    expected = _search.gates_scratch_bytes(n_words, ld, gates_pass.CHUNK, k)
    assert gates_pass.scratch_bytes(n_words, ld, k) == expected and FOUND.itemsize == 48


@pytest.mark.parametrize("max_gates", [0, 1, None])
@pytest.mark.parametrize("k", [1, 5])
def test_scores_below_the_rounding_of_the_screen_are_found(kernels, max_gates, k):
    """Near an optimum the literals' scores vanish beside the weights; a limit of gates leaves nothing else."""
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (60, 6))
    signs, g = 2.0 * X - 1.0, rng.standard_normal(60)
    basis = np.column_stack([np.ones(60), signs])
    g -= basis @ np.linalg.lstsq(basis, g, rcond=None)[0]
    g += 1e-9 * (signs[:, 2] - signs[:, 2].mean())
    oracle = make(X, max_gates=max_gates)
    answer = oracle.search(g, k)
    best, rounding = np.abs(signs.T @ g).max(), 1e-13 * np.abs(g).sum()
    assert answer.upper_bound >= best - rounding
    if max_gates == 0:
        assert abs(answer.value - best) <= rounding and answer.atoms[0].n_gates == 0
