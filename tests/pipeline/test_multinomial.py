"""``solve(loss="multinomial")`` from data to file: certificate against brute force, solution, path, limits."""

import warnings
from itertools import combinations

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from fw_circuits import certify, load, path, solve
from fw_circuits._archive import write_state
from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.exceptions import FormatError, InputError, SolverWarning
from fw_circuits.objective import Multinomial, make_form
from fw_circuits.rounding import round_solution
from fw_circuits.solution import MultinomialSolution, Solution
from tests.solver.test_multinomial import reference


def table(seed=0, n=120, d=6, K=3):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (n, d))
    y = (X[:, 0] + (X[:, 1] ^ X[:, 2]) + (rng.random(n) < 0.1)) % K
    y[:K] = np.arange(K)
    return X, np.array(["a", "b", "c", "d"])[y]


def every_function(X, most=3):
    """All functions of at most three columns as columns of signs, once each, with their numbers of gates."""
    found = {}
    for subset in combinations(range(X.shape[1]), most):
        codes = X[:, subset] @ (1 << np.arange(most))
        for f in range(1 << (1 << most)):
            values = 2.0 * (f >> codes & 1) - 1.0
            key = values.tobytes() if values[0] > 0 else (-values).tobytes()
            cost = max(1, int(minimal_cost(f, most)))
            if key not in found or found[key][1] > cost:
                found[key] = (values, cost)
    values, costs = zip(*found.values(), strict=True)
    return np.stack(values, axis=1), np.array(costs, float)


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), K=st.integers(2, 4), lam=st.sampled_from([0.1, 0.03, 0.01]), cut=st.booleans())
def test_the_certified_gap_is_never_below_the_true_one(seed, K, lam, cut):
    """All functions of three columns, listed: the dual bound is below their optimum, wherever the run stops."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (20, 3))
    y = rng.integers(0, K, 20)
    y[:K] = np.arange(K)
    weights = rng.random(20) + 0.1
    stop = (lambda run: len(run.steps) >= 2) if cut else None
    with warnings.catch_warnings(action="ignore", category=SolverWarning):
        solution = solve(X, y, loss="multinomial", lam=lam, tol=1e-7, sample_weight=weights, callback=stop)
    target, _ = Multinomial.encode_target(y, 20)
    loss = Multinomial(target, weights / weights.sum())
    columns, costs = every_function(X)
    try:
        exact = reference(loss, make_form(lam=lam), columns, costs ** (1 / 3))
    except cp.error.SolverError:  # the interior-point method gives up on a few
        reject()
    certificate = solution.certificate
    assert certificate.dual <= exact + 1e-7
    assert certificate.primal >= exact - 1e-7
    if not cut:
        assert certificate.certified and certificate.primal == pytest.approx(exact, rel=1e-5)


def test_the_solution_is_what_it_says(kernels):
    X, y = table(n=60, d=4)
    solution = solve(X, y, loss="multinomial", lam=0.01)
    assert isinstance(solution, MultinomialSolution) and repr(solution).startswith("MultinomialSolution(OPTIMAL")
    m, K = len(solution.atoms), 3
    assert solution.coef.shape == (m, K) and solution.intercept.shape == (K,) and m > 0
    assert abs(solution.intercept.sum()) < 1e-12 and solution.classes.tolist() == ["a", "b", "c"]
    F = solution.decision_function(X)
    direct = solution.intercept + np.stack([atom(X) for atom in solution.atoms], axis=1) @ solution.coef
    np.testing.assert_allclose(F, direct, atol=1e-12)
    p = solution.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(p, np.exp(F) / np.exp(F).sum(axis=1, keepdims=True), atol=1e-12)
    assert (solution.predict(X) == solution.classes[p.argmax(axis=1)]).all() and (solution.predict(X) == y).mean() > 0.8
    scales = np.array([atom.cost for atom in solution.atoms]) ** (1 / 3)
    assert solution.norm == pytest.approx(np.abs(solution.coef).sum(axis=1) @ scales)
    rows = -np.log(p[np.arange(len(y)), np.searchsorted(solution.classes, y)])
    assert solution.certificate.primal == pytest.approx(rows.mean() + 0.01 * solution.norm)
    assert solution.certificate.scope.endswith("in each of the 3 outputs")
    again = certify(solution, X, y)
    assert again.certified and again.dual == pytest.approx(solution.certificate.dual, rel=1e-6)


def test_files_frames_networks_and_circuits(tmp_path):
    X, y = table()
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(6)])
    solution = solve(frame, y, loss="multinomial", lam=0.01)
    solution.save(tmp_path / "s.npz")
    again = load(tmp_path / "s.npz")
    assert isinstance(again, MultinomialSolution) and again.settings == solution.settings
    np.testing.assert_array_equal(again.decision_function(frame[frame.columns[::-1]]), solution.decision_function(X))
    assert again.certificate == solution.certificate and again.classes.tolist() == solution.classes.tolist()
    np.testing.assert_array_equal(again.dual_point, solution.dual_point)
    shown = solution.to_frame()
    assert list(shown.columns[:4]) == ["coef[a]", "coef[b]", "coef[c]", "share"] and "c0" in " ".join(shown["formula"])
    assert shown["share"].sum() == pytest.approx(1.0) and (np.diff(shown["share"]) <= 1e-12).all()
    net = solution.to_resnet()
    np.testing.assert_allclose(net.forward(X), solution.decision_function(X), atol=1e-9)
    for k, label in enumerate(solution.classes):
        part = solution.of_class(label)
        np.testing.assert_allclose(part.combination(X), solution.decision_function(X)[:, k], atol=1e-12)
        rounded = round_solution(part, 8)
        assert np.abs(rounded.predict(X) - solution.decision_function(X)[:, k]).max() <= rounded.error_bound + 1e-12
        assert solution.to_circuit(8, label=label).n_outputs == rounded.circuit.n_outputs
    with pytest.raises(InputError, match="label is None; expected one of"):
        solution.to_circuit()


def test_a_damaged_file_is_refused(tmp_path):
    X, y = table()
    solution = solve(X, y, loss="multinomial", lam=0.05)
    header, arrays = solution.to_state()
    with pytest.raises(ValueError, match="coefficients of shape"):
        MultinomialSolution.from_state(header, arrays | {"coef": arrays["coef"][:, :2]})
    with pytest.raises(ValueError, match="labels of shape"):
        MultinomialSolution.from_state(header, arrays | {"classes": arrays["classes"][:2]})
    binary = solve(X, y == "a", loss="logistic", lam=0.05)
    header, arrays = binary.to_state()
    header["settings"]["loss"] = "multinomial"
    write_state(tmp_path / "odd.npz", header, arrays)
    with pytest.raises(FormatError):
        load(tmp_path / "odd.npz")
    header, arrays = solution.to_state()
    header["settings"]["loss"] = "squared"
    write_state(tmp_path / "odd.npz", header, arrays)
    with pytest.raises(FormatError):
        load(tmp_path / "odd.npz")


def test_permuting_the_classes_permutes_the_outputs():
    X, y = table(3)
    names = dict(zip("abc", "cab", strict=True))
    one = solve(X, y, loss="multinomial", lam=0.01, tol=1e-9)
    two = solve(X, np.array([names[label] for label in y]), loss="multinomial", lam=0.01, tol=1e-9)
    p, q = one.predict_proba(X), two.predict_proba(X)
    np.testing.assert_allclose(p, q[:, [2, 0, 1]], atol=1e-4)
    assert one.certificate.primal == pytest.approx(two.certificate.primal, rel=1e-8)


def test_a_weight_counts_rows_and_rows_of_weight_zero_may_have_any_label():
    X, y = table(4)
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    odd = y.copy()
    odd[weights == 0] = "other"
    some = solve(X, odd, loss="multinomial", lam=0.02, tol=1e-8, sample_weight=weights)
    many = solve(np.repeat(X, weights, axis=0), np.repeat(y, weights), loss="multinomial", lam=0.02, tol=1e-8)
    assert some.certificate.primal == pytest.approx(many.certificate.primal, rel=1e-7)
    assert some.classes.tolist() == many.classes.tolist()


def test_paths_start_from_the_solution_before():
    X, y = table(5)
    solutions = path(X, y, loss="multinomial", n_lams=4, ratio=0.01)
    assert len(solutions[0].atoms) == 0 and all(s.certificate.certified for s in solutions)
    cold = solve(X, y, loss="multinomial", lam=solutions[-1].parameter)
    assert solutions[-1].certificate.primal == pytest.approx(cold.certificate.primal, rel=2e-3)
    warm = solve(X, y, loss="multinomial", lam=solutions[-1].parameter, warm_start=solutions[-1])
    assert len(warm.trace) == 1
    binary = solve(X, y == "a", loss="logistic", lam=0.05)
    for start, loss in ((binary, "multinomial"), (warm, "squared")):
        with pytest.raises(InputError, match="warm_start is for other classes"):
            solve(X, (np.arange(len(y)) if loss == "squared" else y), loss=loss, lam=0.05, warm_start=start)


@pytest.mark.parametrize("form", [{"tau": 3.0}, {"eps": 0.7}])
def test_the_other_forms(form):
    X, y = table()
    solution = solve(X, y, loss="multinomial", **form)
    assert solution.certificate.certified and solution.form == next(iter(form))


def test_the_default_penalty_and_a_constant_table():
    X, y = table()
    assert solve(X, y, loss="multinomial").certificate.certified
    flat = solve(np.ones((4, 2)), [0, 1, 2, 2], loss="multinomial", lam=0.1)
    np.testing.assert_allclose(flat.predict_proba(np.ones((1, 2)))[0], [0.25, 0.25, 0.5])


@pytest.mark.parametrize("oracle", ["deep", "gates4"])
def test_other_searches_and_real_columns(oracle):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
    solution = solve(X, y, loss="multinomial", lam=0.02, oracle=oracle, levels=(1, 2))
    assert solution.certificate.certified and certify(solution, X, y).certified
    assert (solution.predict(X) == y).mean() > 0.8


def test_stops_are_heard_and_the_certificate_holds():
    X, y = table(6, n=200, d=10)
    best = solve(X, y, loss="multinomial", lam=0.003).certificate
    for options in ({"time_limit": 0.05}, {"callback": lambda run: True}, {"max_iter": 3}):
        with warnings.catch_warnings(action="ignore", category=SolverWarning):
            some = solve(X, y, loss="multinomial", lam=0.003, **options).certificate
        assert some.dual <= best.primal and some.primal >= best.dual


def test_answers_do_not_depend_on_the_number_of_threads():
    X, y = table(7, d=12)
    one, two = (solve(X, y, loss="multinomial", lam=0.005, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one.coef, two.coef)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a"] * 4, "two or more labels"),
        ([0.5, 1.5, 2.5, 0.1], "looks like a regression target"),
        (["a", None, "b", "c"], "missing"),
    ],
)
def test_targets_that_are_no_labels_are_refused(y, message):
    with pytest.raises(InputError, match=message):
        solve(np.eye(4), np.array(y), loss="multinomial", lam=0.1)


def test_other_methods_are_refused():
    X, y = table()
    with pytest.raises(InputError, match="use method='corrective'"):
        solve(X, y, loss="multinomial", lam=0.1, method="away")


def test_other_labels_cannot_be_certified():
    X, y = table()
    solution = solve(X, y, loss="multinomial", lam=0.05)
    assert isinstance(solution, Solution)
    with pytest.raises(InputError, match="was fitted to"):
        certify(solution, X, np.where(y == "a", "z", y))
