"""Carry chains: the decision list against the circuit, recovery of comparators and adders, triples with references."""

from itertools import permutations, product
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fw_circuits.circuits.families import chain_circuit
from fw_circuits.data import adder_bit, comparator
from fw_circuits.oracle import CarryOracle
from fw_circuits.oracle.families import chains
from fw_circuits.oracle.families.sample import Sample
from tests.helpers.families import (
    boolean_oracle,
    by_both_kernels,
    centred,
    check_answer,
    errors_on,
    problems,
    two_literal_best,
)

FRESH = {"n_rows": 20_000, "random_state": 1}


def carry(u, v, start):
    """Carry out of rows of pairs, most significant first, by the recurrence."""
    c = start
    for i in reversed(range(u.shape[1])):
        c = (u[:, i] + v[:, i] + c) >= 2
    return np.asarray(c, int)


@pytest.mark.parametrize("pairs", [1, 2, 3])
@pytest.mark.parametrize("prefix", [0, 1, 2])
@pytest.mark.parametrize("start", [0, 1, None])
def test_circuits_of_chains(pairs, prefix, start):
    n = prefix + 2 * pairs + (start is None)
    bits = np.arange(1 << n)[:, None] >> np.arange(n) & 1
    flips = [(i % 2 == 0, i % 3 == 0) for i in range(pairs)]
    for complemented in (False, True) if start is None else (False,):
        circuit = chain_circuit(flips, start, prefix, complemented)
        u = bits[:, prefix : prefix + 2 * pairs : 2] ^ [f[0] for f in flips]
        v = bits[:, prefix + 1 : prefix + 2 * pairs : 2] ^ [f[1] for f in flips]
        first = start if start is not None else bits[:, -1] ^ complemented
        expected = (bits[:, :prefix].sum(axis=1) + carry(u, v, first)) % 2
        np.testing.assert_array_equal(circuit.evaluate(bits)[:, 0], expected)
        code = 2 if start is None else start
        plan = tuple((2 * i, 2 * i + 1) for i in range(pairs))
        assert circuit.n_gates == chains.Chain(tuple(range(prefix)), plan, tuple(flips), code).cost


#: After one pair no literal left explains anything: the chain must end in one of them nevertheless.
NOTHING_LEFT = (
    np.array([[0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0],
              [0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0]]).T,
    np.array([1.0, -3.0, -1.0, 3.0, -3.0, -3.0, 0.0, -1.0, 1.0, -1.0, -2.0]),
)  # fmt: skip


@given(problems())
@example(NOTHING_LEFT)
def test_what_a_chain_explains_is_what_its_circuit_scores(problem):
    X, g = problem
    oracle = boolean_oracle(CarryOracle, X)
    level = oracle.data.levels[0]
    literals, w = level.literals, level.rows.pull(g)
    index, n = literals.index, literals.n
    rows = Sample.of(literals, w)
    for prefix in [(), (0, 1)] if n >= 4 else [()]:
        weights = w * np.prod(2.0 * rows.bits(np.array(prefix, int)) - 1, axis=0)
        plans = [None] + ([[(n - 1, n - 2), (n - 3, n - 4)]] if n >= 4 + len(prefix) else [])
        for trail in (chains.follow(rows, weights, plan, prefix) for plan in plans):
            for i, (inner, slack) in enumerate(trail.values.tolist()):
                chain = trail.chain(i)
                code = None if chain.start > 1 else chain.start
                circuit = chain_circuit(chain.flips, code, len(prefix), bool(chain.start & 1))
                places = [*prefix, *(i for pair in chain.pairs for i in pair)]
                places += [(chain.start - 2) // 2] if code is None else []
                signs = 2.0 * circuit.evaluate(X[:, index[places]].astype(np.uint8))[:, 0] - 1
                assert abs(g @ signs) == pytest.approx(abs(inner), abs=1e-9) and slack >= 0
                assert max(1, circuit.n_gates) == chain.cost


@settings(max_examples=60)
@given(problems(most=9, kinds=("integers", "zero")), st.integers(0, 2))
def test_chains_of_kernel_and_reference_are_equal(problem, n_prefix):
    X, g = problem
    level = boolean_oracle(CarryOracle, X).data.levels[0]
    rows, n = Sample.of(level.literals, level.rows.pull(g)), level.literals.n
    if n < n_prefix + 2:
        return
    prefix = tuple(range(n_prefix))
    plan = [(i, n - 1 - i) for i in range(n_prefix, n // 2)]
    for planned in (None, [], plan, [(b, a) for a, b in plan[::-1]]):
        one, two = by_both_kernels(lambda planned=planned: chains.follow(rows, rows.w, planned, prefix))
        for a, b in ((one.pairs, two.pairs), (one.flips, two.flips), (one.places, two.places)):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(one.values, two.values, rtol=1e-15, atol=0)  # integers, and a square root


@settings(max_examples=25)
@given(problems(most=5), st.integers(1, 20))
def test_scores_and_bound(problem, k):
    X, g = problem
    answer = boolean_oracle(CarryOracle, X, n_jobs=1).search(g, k)
    check_answer(answer, X, g, 3.0)
    n, best = min(X.shape[1], 4), 0.0
    for order in permutations(range(n)):  # chains of one and two pairs, on a constant or a literal
        for pairs in (1, 2):
            if 2 * pairs > n:
                continue
            for flips in product((0, 1), repeat=2 * pairs):
                x = X[:, order[: 2 * pairs]] ^ flips
                for start, cost in ((0, 4 * pairs - 3), (1, 4 * pairs - 3), (None, 4 * pairs)):
                    if start is None and 2 * pairs == n:
                        continue
                    first = X[:, order[-1]] if start is None else start
                    score = abs(g @ (2.0 * carry(x[:, ::2], x[:, 1::2], first) - 1)) * cost ** (-1 / 3.0)
                    best = max(best, score)
    assert best <= answer.upper_bound + 1e-9
    if abs(g.sum()) < 1e-12:
        assert answer.value >= two_literal_best(X, g) - 1e-9


TARGETS = {
    "unsigned comparator": lambda **o: comparator(32, signed=False, **o),
    "signed comparator": lambda **o: comparator(32, signed=True, **o),
    "carry out": lambda **o: adder_bit(16, **o),
    "top sum bit": lambda **o: adder_bit(16, 15, **o),
    "sign of a signed sum": lambda **o: adder_bit(16, signed=True, **o),
}
ORDERS = {
    "halves": lambda n: np.arange(n),
    "reversed": lambda n: np.arange(n)[::-1],
    "interleaved": lambda n: np.arange(n).reshape(2, -1).T.ravel(),
    "b reversed": lambda n: np.concatenate([np.arange(n // 2), np.arange(n - 1, n // 2 - 1, -1)]),
}


def ordered(data, order):
    return type(data)(data.X[:, order], data.y, data.feature_names)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", TARGETS)
def test_comparators_and_adders_are_recovered(target, order):
    data, fresh = TARGETS[target](), TARGETS[target](**FRESH)
    order = ORDERS[order](data.n_features)
    data, fresh = ordered(data, order), ordered(fresh, order)
    answer = boolean_oracle(CarryOracle, data.X, n_jobs=1).search(centred(data), 10)
    wrong = errors_on(answer, fresh)
    assert min(wrong) == 0
    exact = answer.atoms[wrong.index(0)]
    assert len(exact.support) == data.n_features and exact.cost <= 2 * data.n_features
    check_answer(answer, data.X.astype(int), centred(data), 3.0)


@pytest.mark.parametrize("target", TARGETS)
def test_permuted_inputs_are_paired_as_far_as_the_rows_tell(target):
    data, fresh = TARGETS[target](), TARGETS[target](**FRESH)
    order = np.random.default_rng(3).permutation(data.n_features)
    answer = boolean_oracle(CarryOracle, ordered(data, order).X, n_jobs=1).search(centred(data), 10)
    assert min(errors_on(answer, ordered(fresh, order))) <= 0.004 * fresh.n_rows


def test_a_comparator_in_the_middle_of_a_wide_noisy_table():
    def widened(data, seed):
        rng = np.random.default_rng(seed)
        left, right = (rng.integers(0, 2, (data.n_rows, m)) for m in (7, 30))
        names = tuple(f"x{i}" for i in range(7 + data.n_features + 30))
        return type(data)(np.hstack([left, data.X, right]), data.y, names)

    data = widened(comparator(24, signed=False, noise=0.05), 0)
    fresh = widened(comparator(24, signed=False, **FRESH), 1)
    answer = boolean_oracle(CarryOracle, data.X).search(centred(data), 10)
    assert min(errors_on(answer, fresh)) == 0


@pytest.mark.parametrize(("n", "rows"), [(4, 1), (5, 64), (9, 65), (20, 700), (33, 1024), (70, 130)])
def test_triples_of_kernel_and_reference(n, rows):
    rng = np.random.default_rng(rows)
    bits, label = rng.integers(0, 2, (n, rows), np.uint8), rng.integers(0, 2, rows, np.uint8)
    one, reference = by_both_kernels(lambda: chains.triple_sums(bits, label))
    assert (one == reference).all()
    with mock.patch.object(chains, "TRIPLES_AT_ONCE", 1):  # in many pieces
        assert (chains.triple_sums(bits, label) == reference).all()
        assert chains.triple_sums(bits, label, lambda: True) is None
    i, j = 0, n - 1
    sums = [abs(np.sum((-1.0) ** (bits[i] ^ bits[j] ^ bits[k] ^ label))) for k in range(1, n - 1)]
    assert reference[i, j] == sum(sorted(sums)[-2:])


def test_continuation_passes_over_missing_literals_and_ends_at_used_ones():
    index = np.array([0, 1, 3, 4, 5, 6, 7, 8, 9])  # 2 is missing; pairs are places in this list
    assert chains.continued([(3, 7), (2, 6)], index) == [(3, 7), (2, 6), (1, 4)]
    assert chains.continued([(0, 2), (0, 3)], np.arange(9)) == [(0, 2), (0, 3)]
