"""Composition of active circuits, and the oracle that puts finders beside an exact search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.certificate import certify
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.catalogue import minimal_circuit
from fw_circuits.circuits.passes import sweep
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle import (
    CompositionOracle,
    DeepOracle,
    DictionaryOracle,
    OracleAnswer,
    SubsetOracle,
    composition,
    make_oracle,
)
from fw_circuits.oracle.composition import compose, make_pool, project
from fw_circuits.oracle.literals import Literals
from fw_circuits.tetrakis import Atom
from tests.helpers.families import boolean_oracle, check_scores

ALL6 = (np.arange(64)[:, None] >> np.arange(6)) & 1
LATTICE6 = Lattice.boolean(6)


def random_atoms(rng, n, lattice=LATTICE6):
    atoms = []
    for _ in range(n):
        literals = tuple(int(i) for i in np.sort(rng.choice(6, 4, replace=False)))
        atoms.append(Atom(minimal_circuit(int(rng.integers(65536)), 4), 1, literals, lattice))
    return [atom for atom in atoms if len(atom.support)]


def base(X=ALL6, n_jobs=2):
    return boolean_oracle(SubsetOracle, X, n_jobs=n_jobs, per_support=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_scores_are_those_of_the_atoms_at_their_true_cost(seed):
    rng = np.random.default_rng(seed)
    oracle = CompositionOracle(base())
    oracle.observe(random_atoms(rng, 4))
    g = rng.normal(size=64)
    g -= g.mean()
    answer = oracle.search(g, 8)
    values = oracle.evaluate(answer.atoms)
    assert [atom.cost for atom in answer.atoms] == [max(1, atom.circuit.n_gates) for atom in answer.atoms]
    check_scores(oracle, answer, g)
    np.testing.assert_allclose(values, np.array([atom(ALL6) for atom in answer.atoms]).T)
    assert np.all(np.diff(np.abs(answer.scores)) <= 0) and answer.value == abs(answer.scores[0])
    assert len({np.packbits(v == v[0]).tobytes() for v in values.T}) == len(answer.atoms)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_the_bound_covers_every_function_of_two_gates_of_the_pool(seed):
    """By brute force over pairs of pool members and all 2-input gates, at the cost of the built circuit."""
    rng = np.random.default_rng(seed)
    oracle = CompositionOracle(base())
    atoms = random_atoms(rng, 3)
    oracle.observe(atoms)
    g = rng.normal(size=64)
    g -= g.mean()
    answer = oracle.search(g, 3)
    rows = oracle.data.levels[0].rows
    bits = make_pool(atoms, rows, 1000).literals.bits
    w = rows.pull(g)
    for a in range(len(bits)):
        for b in range(a + 1, len(bits)):
            for value in (bits[a] & bits[b], bits[a] & (1 - bits[b]), bits[a] ^ bits[b], bits[a] | bits[b]):
                assert abs(w @ (2.0 * value - 1.0)) <= answer.upper_bound * (1 + 1e-9)  # one gate on top at least


def test_a_deep_parity_is_composed_of_shallow_ones():
    """Eight literals: seven gates, out of reach for four literals, exact with composition."""
    X = (np.arange(256)[:, None] >> np.arange(8)) & 1
    lattice = Lattice.boolean(8)
    oracle = CompositionOracle(base(X))
    half = minimal_circuit(0x6996, 4)
    oracle.observe([Atom(half, 1, (0, 1, 2, 3), lattice), Atom(half, 1, (4, 5, 6, 7), lattice)])
    answer = oracle.search(np.where(X.sum(axis=1) % 2, 1.0, -1.0), 1)
    assert answer.atoms[0].n_gates == 7 and answer.atoms[0].support == tuple(range(8))
    assert answer.value == pytest.approx(256 * 7 ** (-1 / 3))


def test_shared_gates_count_once():
    """((a xor b) & c) xor ((a xor b) | d): the common gate is built once, so four gates and not five."""
    oracle = CompositionOracle(base())
    left = Atom(Circuit(3, ((6, 1, 2), (8, 4, 3)), (10,)), 1, (0, 1, 2), LATTICE6)
    right = Atom(Circuit(3, ((6, 1, 2), (14, 4, 3)), (10,)), 1, (0, 1, 3), LATTICE6)
    oracle.observe([left, right])
    target = np.where((left(ALL6) > 0) ^ (right(ALL6) > 0), 1.0, -1.0)
    answer = oracle.search(target - target.mean(), 5)
    best = next(a for a in answer.atoms if abs(a(ALL6) @ target) == 64)
    assert best.n_gates == 4


def test_answers_do_not_depend_on_threads():
    rng = np.random.default_rng(3)
    atoms, g = random_atoms(rng, 6), rng.normal(size=64)
    answers = []
    for n_jobs in (1, 2):
        oracle = CompositionOracle(base(n_jobs=n_jobs))
        oracle.observe(atoms)
        answers.append(oracle.search(g - g.mean(), 10))
    assert [a.key for a in answers[0].atoms] == [a.key for a in answers[1].atoms]
    np.testing.assert_array_equal(answers[0].scores, answers[1].scores)


def test_gate_limit_holds_and_nothing_observed_finds_nothing():
    rng = np.random.default_rng(5)
    oracle = CompositionOracle(base(), max_gates=6)
    g = rng.normal(size=64)
    assert oracle.search(g - g.mean(), 5).atoms == ()
    oracle.observe(random_atoms(rng, 6))
    found = oracle.search(g - g.mean(), 20).atoms
    assert found and max(atom.n_gates for atom in found) <= 6


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_answers_are_those_of_the_references(seed):
    """The circuits themselves, not only their scores; integer weights, which the screen does not round."""
    rng = np.random.default_rng(seed)
    atoms, g = random_atoms(rng, 3), rng.integers(-9, 10, 64).astype(float)
    answers = []
    for choice in ("compiled", "python"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FW_CIRCUITS_KERNELS", choice)
            oracle = CompositionOracle(base(), quads=8, triples=8, beam=20)
            oracle.observe(atoms)
            answers.append(oracle.search(g - g.mean(), 3))
    assert [a.circuit for a in answers[0].atoms] == [a.circuit for a in answers[1].atoms]
    np.testing.assert_array_equal(answers[0].scores, answers[1].scores)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_a_composed_circuit_is_the_function_on_top_of_its_members(seed):
    rng = np.random.default_rng(seed)
    builder = make_pool(random_atoms(rng, 3), base().data.levels[0].rows, 1000).builder
    netlist = np.array(builder.gates, np.int32).reshape(-1, 3)
    leaves = [int(i) for i in rng.choice(np.arange(1, 7 + len(netlist)), 4, replace=False)]
    top = minimal_circuit(int(rng.integers(65536)), 4)
    gates, output = compose(netlist, 6, leaves, top)
    support, circuit = project(gates, output, 6)
    values = builder.circuit([2 * leaf for leaf in leaves]).evaluate(ALL6)
    np.testing.assert_array_equal(circuit.evaluate(ALL6[:, list(support)])[:, 0], top.evaluate(values)[:, 0])
    assert circuit.support == tuple(range(len(support))) and sweep(circuit) == circuit
    assert circuit.n_gates <= len(netlist) + top.n_gates


def test_a_search_that_is_told_to_stop_returns_what_it_has():
    rng = np.random.default_rng(8)
    oracle, g = CompositionOracle(base(), quads=20, triples=40), rng.normal(size=64)
    oracle.observe(random_atoms(rng, 20))
    g -= g.mean()
    asked = []
    answer = oracle.search(g, 100, stop=lambda: asked.append(0) or True)
    assert asked and not answer.complete and 0 < len(answer.atoms) <= composition.LAST
    check_scores(oracle, answer, g)
    assert answer.upper_bound == pytest.approx(np.abs(g).sum())  # nothing is known of what was not searched


def test_the_price_follows_from_sizes_alone():
    rng = np.random.default_rng(9)
    oracle = CompositionOracle(base())
    assert oracle.price() == 0.0
    prices = []
    for n in (1, 4, 12):
        oracle.observe(random_atoms(rng, n))
        prices.append(oracle.price())
        assert prices[-1] == oracle.price()
    assert 0.0 < prices[0] < prices[1] < prices[2]
    tall = CompositionOracle(base(np.tile(ALL6, (40, 1))))
    tall.observe([Atom(minimal_circuit(0x6996, 4), 1, (0, 1, 2, 3), LATTICE6)])
    oracle.observe([Atom(minimal_circuit(0x6996, 4), 1, (0, 1, 2, 3), LATTICE6)])
    assert tall.price() == oracle.price()  # equal rows are one
    oracle.observe([])
    assert oracle.price() == 0.0


def deep_data(n=1500, seed=0):
    X = np.random.default_rng(seed).integers(0, 2, (n, 10))
    return X, ((X[:, 0] & X[:, 1]) ^ (X[:, 2] | X[:, 3]) ^ (X[:, 4] & X[:, 5] & X[:, 6])).astype(int)


def test_solve_with_the_deep_oracle_beats_the_exact_one_on_a_deep_circuit():
    X, y = deep_data()
    fresh, target = deep_data(4000, 1)
    flat = solve(X, y, loss="logistic", lam=0.01)
    deep = solve(X, y, loss="logistic", lam=0.01, oracle="deep", max_iter=40)
    assert deep.certificate.primal < 0.9 * flat.certificate.primal
    assert np.mean(deep.predict(fresh) == target) > np.mean(flat.predict(fresh) == target)
    assert len(deep.atoms[0].support) == 7 and deep.atoms[0].n_gates == 6  # the target itself


def test_the_certificate_of_a_deep_solution_is_a_bound_over_its_own_atoms_too():
    """Its primal objective may lie below the optimum over small circuits; the gap must not turn negative."""
    X, y = deep_data()
    deep = solve(X, y, loss="logistic", lam=0.01, oracle="deep", max_iter=40)
    for certificate in (deep.certificate, certify(deep, X, y), certify(deep, X, y, oracle="deep")):
        assert certificate.gap >= -1e-12
        assert certificate.dual <= deep.certificate.primal + 1e-12
    assert all(step.gap >= -1e-12 for step in deep.trace)


def test_finders_must_fit_and_users_may_bring_their_own():
    exact = base()
    with pytest.raises(InputError, match="make both from the same data"):
        DeepOracle(exact, [DictionaryOracle(np.ones((3, 1)), [1], 3.0)])
    parity = Atom(Circuit(6, ((6, 1, 2), (6, 7, 3), (6, 8, 4), (6, 9, 5), (6, 10, 6)), (22,)), 1, range(6), LATTICE6)

    class Own:
        gamma, n_rows = 3.0, 64

        def search(self, weights, k=10, stop=None):
            return OracleAnswer.of([parity], [weights @ parity(ALL6) * 5 ** (-1 / 3)], "one parity")

        def evaluate(self, atoms):
            return np.array([atom(ALL6) for atom in atoms]).T

    solution = solve(ALL6, ALL6.sum(axis=1) % 2, lam=0.01, oracle=DeepOracle(exact, [Own()]))
    assert [atom.key for atom in solution.atoms] == [parity.key] and solution.certificate.certified


@pytest.mark.parametrize("seed", [0, 7, 2**40, None])
def test_the_seed_reaches_the_draws_of_parities(seed):
    parity = make_oracle("deep", ALL6, LATTICE6, 3.0, random_state=seed).inner.finders[1]
    assert parity.random_state == seed if seed is not None else parity.random_state >= 0


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="'deep'"):
        make_oracle("deeper", np.zeros((2, 2)), Lattice.boolean(2), 3.0)


@pytest.mark.parametrize("name", ["subset", "gates5", "deep"])
def test_the_literals_of_a_level_are_prepared_once(name, monkeypatch):
    made, prepare = [], Literals.of
    monkeypatch.setattr(Literals, "of", lambda words, n, index: made.append(n) or prepare(words, n, index))
    X = np.random.default_rng(0).random((40, 3))
    oracle = make_oracle(name, X, Lattice.fit(X, levels=(1, 2)), 3.0)
    oracle.search(X[:, 0] - X[:, 0].mean(), 3)
    assert len(made) == 2
