"""Rounded circuits: equal to the quantised sum on every input, within the stated bound and limits."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fw_circuits
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.aig import n_ands
from fw_circuits.exceptions import BudgetError, InputError
from fw_circuits.lattice import Lattice
from fw_circuits.rounding import round_solution, sample_circuit, sample_to_error, search, size_against_error
from fw_circuits.rounding.compensation import RIDGE, Compensation, nearest, row_weights
from fw_circuits.rounding.problem import codebook
from fw_circuits.rounding.sampling import keep_probabilities
from fw_circuits.solution import Certificate, Settings, Solution, Status, Trace
from fw_circuits.tetrakis import Combination
from tests.helpers.atoms import random_atom, random_lattice, raw


def all_rows(n):
    return np.array([[v >> i & 1 for i in range(n)] for v in range(1 << n)], dtype=float)


def make(atoms, coef, intercept, lattice, classes=None):
    """A solution with given parts; how it was found does not matter here."""
    certificate = Certificate("lam", 0.1, 0.0, 0.0, "none", 0, 0.0, 0.0, 1e-3, 0.0, 0.0, 1.0)
    return Solution(
        combination=Combination(tuple(atoms), np.asarray(coef, dtype=float), float(intercept), lattice),
        settings=Settings.of(lam=0.1, loss="squared" if classes is None else "logistic"),
        status=Status.OPTIMAL,
        trace=Trace(),
        certificate=certificate,
        feature_names=tuple(f"x{i}" for i in range(lattice.n_features)),
        classes=classes,
    )


def random_solution(seed, m, n=6, classes=None, lattice=None):
    rng = np.random.default_rng(seed)
    lattice = lattice or Lattice.boolean(n)
    atoms = [random_atom(rng, lattice, int(rng.choice(lattice.levels))) for _ in range(m)]
    return make(atoms, rng.laplace(size=m), rng.normal(), lattice, classes)


def quantised(solution, rounded, X):
    """intercept + step * sum w T, atom by atom."""
    total = np.full(len(X), rounded.intercept)
    for w, atom in zip(rounded.weights, solution.atoms, strict=True):
        total += rounded.step * w * atom(X)
    return total


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    m=st.integers(0, 12),
    bits=st.integers(1, 10),
    with_data=st.booleans(),
    sign=st.booleans(),
)
def test_circuit_is_the_quantised_sum_and_keeps_the_bound(seed, m, bits, with_data, sign):
    solution = random_solution(seed, m, classes=np.array(["no", "yes"]) if sign else None)
    X = all_rows(6)
    rounded = round_solution(solution, bits, X=X if with_data else None)
    goal, f = quantised(solution, rounded, X), solution.decision_function(X)
    assert np.abs(goal - f).max() <= rounded.error_bound + 1e-9
    assert np.abs(rounded.weights).max(initial=0) < 1 << bits
    if sign:
        clear = np.abs(goal) > 1e-9 * (1 + np.abs(solution.coef).sum())  # ties: the sum in floats may be either
        assert np.array_equal(rounded.predict(X)[clear], np.where(goal > 0, "yes", "no")[clear])
        if with_data and clear.all():
            assert rounded.agreement == np.mean((goal > 0) == (f > 0))
    else:
        np.testing.assert_allclose(rounded.predict(X), goal, atol=1e-9 * (1 + np.abs(goal).max()))
        if with_data:
            assert rounded.deviation == pytest.approx(np.abs(goal - f).max(), abs=1e-9)
    assert rounded.n_gates == rounded.circuit.n_gates and rounded.n_ands == n_ands(rounded.circuit)


def test_the_bound_covers_the_shift_of_the_intercept():
    """A dropped conjunction is -1 on most rows: the mean is kept, the one row that differs is further off."""
    lattice = Lattice.boolean(4)
    literal = fw_circuits.Atom(Circuit(1, (), (2,)), 1, (3,), lattice)
    both = fw_circuits.Atom(Circuit(3, ((8, 1, 2), (8, 4, 3)), (10,)), 1, (0, 1, 2), lattice)
    solution = make([literal, both], [1.0, 0.4], 0.0, lattice)
    X = all_rows(4)
    rounded = round_solution(solution, 1, X=X)
    f = solution.decision_function(X)
    assert rounded.weights.tolist() == [1, 0] and rounded.predict(X).mean() == pytest.approx(f.mean())
    assert rounded.error_bound >= rounded.deviation > np.abs(solution.coef - rounded.step * rounded.weights).sum() + 0.1
    assert round_solution(solution, 1).intercept == 0.0  # nothing to measure the mean on


@pytest.mark.parametrize("sign", [True, False])
def test_two_hundred_atoms_on_random_rows(sign):
    solution = random_solution(3, 200, n=40, classes=np.array([0, 1]) if sign else None)
    X = np.random.default_rng(0).integers(0, 2, (3000, 40)).astype(float)
    rounded = round_solution(solution, 8)
    goal = quantised(solution, rounded, X)
    if sign:
        assert np.array_equal(rounded.predict(X), (goal > 0).astype(int))
        assert np.mean(rounded.predict(X) == solution.predict(X)) > 0.98
    else:
        np.testing.assert_allclose(rounded.predict(X), goal, atol=1e-9)
    assert rounded.n_gates < 2700 and rounded.n_ands < 4200


def test_more_bits_come_closer():
    solution = random_solution(5, 30)
    bounds = [round_solution(solution, bits).error_bound for bits in range(2, 13)]
    assert all(b < a for a, b in pairwise(bounds))
    assert bounds[-1] < bounds[0] / 500


def test_no_atoms_one_atom_and_coefficients_of_zero():
    lattice = Lattice.boolean(3)
    X = all_rows(3)
    labels = np.array([0, 1])
    for intercept, answer in ((-0.5, 0), (0.0, 0), (0.5, 1)):
        rounded = round_solution(make([], [], intercept, lattice, labels), X=X)
        assert rounded.n_gates == 0 and (rounded.predict(X) == answer).all()
        assert rounded.circuit.n_inputs == 3
        rounded = round_solution(make([], [], intercept, lattice), 4)
        assert rounded.circuit.n_outputs == 0 and rounded.error_bound == 0
    atom = random_solution(1, 1, n=3).atoms[0]
    for b in (-2.0, 2.0):
        rounded = round_solution(make([atom], [b], 0.3, lattice), 1)
        np.testing.assert_allclose(rounded.predict(X), 0.3 + b * atom(X))
        assert rounded.circuit.n_outputs == 1 and rounded.error_bound < 1e-12
        rounded = round_solution(make([atom], [b], 0.3, lattice, labels), 5)
        assert np.array_equal(rounded.predict(X), 0.3 + b * atom(X) > 0)
    assert round_solution(make([atom], [0.0], 1.0, lattice, labels), 5).predict(X).tolist() == [1] * 8


@pytest.mark.parametrize("limits", [{"max_gates": 150}, {"max_ands": 150}, {"max_gates": 90, "max_ands": 100}])
@pytest.mark.parametrize("data", ["none", "X", "X and y"])
def test_limits_hold_by_fewer_bits_and_fewer_atoms(limits, data):
    solution = random_solution(7, 60, n=12, classes=np.array([0, 1]))
    X = np.random.default_rng(1).integers(0, 2, (500, 12)).astype(float)
    y = solution.predict(X)
    given = {"none": {}, "X": {"X": X}, "X and y": {"X": X, "y": y}}[data]
    rounded = round_solution(solution, **limits, **given)
    assert rounded.n_gates <= limits.get("max_gates", np.inf)
    assert rounded.n_ands <= limits.get("max_ands", np.inf)
    assert np.array_equal(rounded.predict(X), quantised(solution, rounded, X) > 0)
    assert np.abs(quantised(solution, rounded, X) - solution.decision_function(X)).max() <= rounded.error_bound + 1e-9
    if data != "none":
        assert rounded.agreement == np.mean(rounded.predict(X) == y) > 0.75
    assert np.any(rounded.weights == 0)  # here atoms had to go


def test_a_limit_that_is_wide_enough_costs_nothing():
    solution = random_solution(8, 20, classes=np.array([0, 1]))
    X = all_rows(6)
    rounded = round_solution(solution, max_gates=5000, max_ands=5000, X=X)
    assert rounded.agreement == 1.0


def test_limits_that_cannot_hold_are_refused():
    solution = random_solution(9, 5)
    assert all(atom.n_gates for atom in solution.atoms[:1])
    parity = fw_circuits.Atom(Circuit(3, ((6, 1, 2), (6, 4, 3)), (10,)), 1, (0, 1, 2), Lattice.boolean(6))
    with pytest.raises(BudgetError, match="largest atom"):
        round_solution(make([parity, parity], [1.0, 0.5], 0.0, Lattice.boolean(6)), max_gates=1)


def test_bits_none_is_the_smallest_number_that_agrees_best():
    solution = random_solution(11, 25, classes=np.array([0, 1]))
    X = all_rows(6)
    rounded = round_solution(solution, X=X)
    agreements = {bits: round_solution(solution, bits, X=X).agreement for bits in range(1, 17)}
    assert rounded.agreement == max(agreements.values())
    assert rounded.bits == min(bits for bits, a in agreements.items() if a == rounded.agreement)
    value = round_solution(replace(solution, classes=None), X=X)
    assert value.deviation <= 0.01 * np.ptp(solution.decision_function(X))


def test_real_features_are_literals_of_the_levels_used():
    rng = np.random.default_rng(2)
    lattice = random_lattice(rng, 3, (1, 2, 3))
    solution = random_solution(4, 15, lattice=lattice)
    rounded = round_solution(solution, 10)
    assert rounded.levels == (1, 2, 3) and rounded.circuit.n_inputs == 3 * (1 + 2 + 3)
    assert rounded.circuit.inputs[:5] == ("x0", "x1", "x2", "x0[0]@2", "x0[1]@2")
    corners = raw(lattice, all_rows(3))  # grid points of all levels
    np.testing.assert_allclose(rounded.predict(corners), quantised(solution, rounded, corners), atol=1e-9)
    one = make([random_atom(rng, lattice, 3) for _ in range(3)], [1.5, -0.3, 0.2], 0.0, lattice)
    fine = round_solution(one, 8)
    assert fine.circuit.inputs[:4] == ("x0[0]", "x0[1]", "x0[2]", "x1[0]")
    grid = raw(lattice, rng.integers(0, 8, (50, 3)) / 7)
    np.testing.assert_allclose(fine.predict(grid), quantised(one, fine, grid), atol=1e-6)
    inside = grid + 0.02 * np.ptp(grid, axis=0)  # moved to the nearest grid point
    assert np.array_equal(fine.encode(np.clip(inside, grid.min(0), grid.max(0))), fine.encode(grid))


def test_solution_to_circuit_through_a_file(tmp_path):
    X = all_rows(8)
    y = (X[:, :4].sum(axis=1) + X[:, 4] * X[:, 5] > 2).astype(int)
    solution = fw_circuits.solve(X, y, loss="logistic", lam=1e-3, tol=1e-2)
    circuit = solution.to_circuit(X=X, y=y)
    assert circuit.inputs == solution.feature_names and circuit.n_outputs == 1
    assert np.array_equal(circuit.evaluate(X.astype(np.uint8))[:, 0], solution.predict(X))
    circuit.write(tmp_path / "f.aig")
    again = Circuit.read(tmp_path / "f.aig")
    assert again.truth_table() == circuit.truth_table() and again.n_gates == n_ands(circuit)
    assert solution.to_circuit(6) == round_solution(solution, 6).circuit


def test_codebook_contains_exactly_the_numbers_of_few_digits():
    for digits in (1, 2, 3):
        sums = {0}
        for _ in range(digits):
            sums |= {s + sign * (1 << p) for s in sums for p in range(9) for sign in (1, -1)}
        assert codebook(7, digits).tolist() == sorted(w for w in sums if 0 <= w < 128)


def test_one_atom_makes_up_for_its_double():
    """Two that are equal on the data, half a step each: alone both round to 0 (or both to 1), together to one step."""
    T = np.where(np.random.default_rng(0).integers(0, 2, (200, 1)), 1.0, -1.0) * [1.0, 1.0]
    coef, q = np.array([0.49, 0.5]), np.full(200, 1 / 200)
    w = Compensation.of(coef, T, q).weights(coef, np.ones(2, bool), np.array([1.0]), np.arange(4))
    assert w.ravel().tolist() == [0, 1] and nearest(coef, np.arange(4)).tolist() == [0, 0]


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 8), sign=st.booleans())
def test_compensation_solves_for_the_rest_after_every_coefficient(seed, m, sign):
    """Beside the factor: after each rounding the least squares problem of the others, solved anew."""
    rng = np.random.default_rng(seed)
    T = np.where(rng.random((30, m)) < 0.3, 1.0, -1.0)
    T[:, -1] *= T[:, 0]
    coef, kept = rng.laplace(size=m), rng.random(m) < 0.8
    q = row_weights(T @ coef, sign)
    assert q.sum() == pytest.approx(1.0) and (q > 0).all()
    centred = T - q @ T
    gram = centred.T @ np.diag(q) @ centred
    gram += RIDGE * np.trace(gram) / m * np.eye(m)
    book, step = codebook(3, 2), 0.7
    w, b = np.zeros(m), coef.copy()
    order = np.argsort(np.abs(coef), kind="stable")
    for i, j in enumerate(order):
        w[j] = np.sign(b[j]) * min(book, key=lambda v: (abs(abs(b[j]) / step - v), v)) if kept[j] else 0
        done, rest = order[: i + 1], order[i + 1 :]
        error = coef[done] - step * w[done]  # the error of the rest that is best together with it
        b[rest] = coef[rest] + np.linalg.solve(gram[np.ix_(rest, rest)], gram[np.ix_(rest, done)] @ error)
    got = Compensation.of(coef, T, q).weights(coef, kept, np.array([step]), book)[:, 0]
    assert got.tolist() == w.tolist()


def test_within_a_limit_compensation_is_a_gain(monkeypatch):
    """Many atoms, for which there are not gates enough: the error on fresh rows is smaller."""
    solution = random_solution(0, 120, n=20)
    X = np.random.default_rng(0).integers(0, 2, (3000, 20)).astype(float)
    f = solution.decision_function(X)

    def error():
        rounded = round_solution(solution, max_ands=700, X=X[:1000], y=f[:1000])
        return np.mean((rounded.predict(X[1000:]) - f[1000:]) ** 2)

    compensated = error()
    monkeypatch.setattr(search, "COMPENSATED", 0)
    assert compensated < 0.8 * error()


@pytest.mark.parametrize("law", ["costs", "maurey"])
def test_sampling_is_unbiased_and_keeps_its_variance(law):
    solution = random_solution(13, 12)
    X, eps, draws = all_rows(6), 0.6, 300
    f, total = solution.decision_function(X), np.zeros(64)
    squares = np.zeros(64)
    costs = np.array([atom.cost for atom in solution.atoms])
    assert (keep_probabilities(solution.coef, costs, eps, 3.0) > 0).all()  # nothing is cut off here: no bias
    for seed in range(draws):
        rounded = sample_to_error(solution, eps, seed, law=law)
        error = quantised(solution, rounded, X) - f
        total, squares = total + error, squares + error**2
    assert np.abs(total / draws).max() < 5 * eps / np.sqrt(draws) + eps / 16  # 64 points, five standard deviations
    assert (squares / draws).max() < (1.0 + 1 / 16) ** 2 * eps**2 * (1 + 5 / np.sqrt(draws))
    np.testing.assert_allclose(rounded.predict(X), quantised(solution, rounded, X), atol=1e-9)
    signs = sample_to_error(replace(solution, classes=np.array([0, 1])), eps, 1, law=law)
    assert np.array_equal(signs.predict(X), quantised(solution, signs, X) > 0)


def test_maurey_counts_its_draws():
    solution = random_solution(13, 12)
    rounded = sample_circuit(solution, 32, 5)
    assert np.abs(rounded.weights).sum() == 32 and rounded.step == pytest.approx(np.abs(solution.coef).sum() / 32)
    assert sample_to_error(solution, rounded.step * np.sqrt(32), 5, law="maurey").circuit == rounded.circuit


@settings(max_examples=200)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 40), eps=st.floats(0.01, 3.0), gamma=st.floats(2.0, 8.0))
def test_the_law_of_costs_needs_no_more_gates_than_its_bounds(seed, m, eps, gamma):
    """Expected gates: at most (rho / eps)^gamma and Maurey's at the same error; what is dropped weighs at most eps."""
    rng = np.random.default_rng(seed)
    coef, costs = rng.laplace(size=m) / m, np.ceil(2.0 ** rng.uniform(0, 14, m))
    p = keep_probabilities(coef, costs, eps, gamma)
    size, kept = np.abs(coef), p > 0
    rho = size @ costs ** (1 / gamma)
    gates = p @ costs
    assert gates <= min((rho / eps) ** gamma, (size @ np.sqrt(costs)) ** 2 / eps**2) * (1 + 1e-9)
    assert gates <= (size.sum() / eps) ** 2 * (size @ costs) / size.sum() * (1 + 1e-9)  # draws times mean cost
    assert size[~kept].sum() <= eps * (1 + 1e-9)
    variance = np.sum(coef[kept] ** 2 * (1.0 / p[kept] - 1.0))  # at any point: T^2 <= 1, draws are independent
    assert variance <= eps**2 * (1 + 1e-9)


def test_kept_atoms_of_one_cost_share_a_weight():
    lattice = Lattice.boolean(12)
    rng = np.random.default_rng(2)
    pair = Circuit(2, ((6, 1, 2),), (6,))
    chain = Circuit(5, ((6, 1, 2), (6, 6, 3), (6, 7, 4), (6, 8, 5)), (18,))
    atoms = [fw_circuits.Atom(pair, 1, tuple(rng.choice(12, 2, False)), lattice) for _ in range(20)]
    atoms += [fw_circuits.Atom(chain, 1, tuple(rng.choice(12, 5, False)), lattice) for _ in range(20)]
    solution = make(atoms, rng.laplace(size=40) / 40, 0.0, lattice)
    rounded = sample_to_error(solution, 0.5, 1)
    p = keep_probabilities(solution.coef, np.repeat([1.0, 4.0], 20), 0.5, 3.0)
    assert (p < 1).all() and 0 < np.count_nonzero(rounded.weights) < 40
    sizes = [set(np.abs(part[part != 0]).tolist()) for part in (rounded.weights[:20], rounded.weights[20:])]
    assert len(sizes[0]) == len(sizes[1]) == 1
    assert max(sizes[1]) == pytest.approx(2 * max(sizes[0]), rel=0.1)  # as the roots of their costs


def test_an_expensive_atom_of_little_weight_is_dropped():
    lattice = Lattice.boolean(12)
    chain = Circuit(12, tuple((6, i + 12 if i else 1, i + 2) for i in range(11)), (46,))
    cheap = fw_circuits.Atom(Circuit(1, (), (2,)), 1, (0,), lattice)
    solution = make([cheap, fw_circuits.Atom(chain, 1, tuple(range(12)), lattice)], [1.0, 0.01], 0.0, lattice)
    rounded = sample_to_error(solution, 0.6)
    assert rounded.weights[1] == 0 and rounded.n_gates == 0 and rounded.error_bound <= 0.05
    assert np.count_nonzero(sample_to_error(solution, 0.01).weights) == 2


@pytest.mark.parametrize("law", ["costs", "maurey"])
def test_size_and_error_of_sampled_circuits_follow_the_square_root(law):
    solution = random_solution(14, 60, n=10)
    X = np.random.default_rng(0).integers(0, 2, (400, 10)).astype(float)
    rows = size_against_error(solution, X, ns=(4, 16, 64, 256), repeats=8, law=law)
    slope = np.polyfit(np.log([r.n for r in rows]), np.log([r.rms_error for r in rows]), 1)[0]
    assert slope < -0.35 and (law == "costs" or slope > -0.65)  # at small eps all atoms are kept, and that is exact
    assert all(r.rms_error < 1.3 * r.bound and r.rms_error <= r.max_error for r in rows)
    assert all(a.n_gates < b.n_gates and a.n_ands < b.n_ands for a, b in pairwise(rows))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "pass X"),
        ({"bits": 0}, "bits is 0"),
        ({"bits": 17}, "1 to 16"),
        ({"bits": 2.5}, "whole number"),
        ({"bits": 4, "max_gates": -1}, "max_gates is -1"),
        ({"bits": 4, "y": [1]}, "y came without X"),
        ({"bits": 4, "X": np.zeros((2, 6)), "y": [1]}, "expected \\(2,\\)"),
        ({"bits": 4, "X": np.zeros((2, 5))}, "features"),
        ({"bits": 4, "output": "bit"}, "'auto', 'sign', 'value'"),
    ],
)
def test_arguments_out_of_range(arguments, words):
    with pytest.raises(InputError, match=words):
        round_solution(random_solution(0, 3), **arguments)
    with pytest.raises(InputError, match="n is 0"):
        sample_circuit(random_solution(0, 3), 0)
    with pytest.raises(InputError, match="eps is 0"):
        sample_to_error(random_solution(0, 3), 0)
    with pytest.raises(InputError, match="'costs', 'maurey'"):
        sample_to_error(random_solution(0, 3), 0.1, law="uniform")
    with pytest.raises(InputError, match="expected a larger one"):
        sample_to_error(random_solution(0, 3), 1e-9, law="maurey")
