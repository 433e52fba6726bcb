"""Monotone columns and positive coefficients from end to end: against cvxpy, to the last bit, through every door."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import (
    CircuitClassifier,
    CircuitClassifierCV,
    CircuitRegressor,
    CircuitRegressorCV,
    certify,
    lam_max,
    load,
    path,
    solve,
)
from fw_circuits._settings import Settings
from fw_circuits.certificate import oracle_of, scores_of
from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.exceptions import InputError
from fw_circuits.objective import make_form, make_loss
from fw_circuits.oracle import DictionaryOracle
from fw_circuits.rounding import round_solution
from fw_circuits.rounding.compensation import Compensation
from fw_circuits.solver import ActiveSet, frank_wolfe, solve_reference


def signed_dictionary(X, directions, positive, gamma=3.0):
    """Every allowed signed function of three Boolean columns, by the definition: values (functions, N), and scales."""
    pattern, found = X @ (1 << np.arange(3)), {}
    for table in range(1, 255):
        row = (table >> np.arange(8)) & 1
        if positive and row[0]:
            continue
        for i, d in enumerate(directions):
            low = np.flatnonzero(np.arange(8) >> i & 1 == 0)
            if d and (d * (row[low | 1 << i] - row[low]) < 0).any():
                break
        else:
            found[table] = (2.0 * row[pattern] - 1, max(1, minimal_cost(table, 3)) ** (1 / gamma))
    return np.array([v for v, _ in found.values()]), np.array([s for _, s in found.values()])


def table(seed, n=40, d=3):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (n, d))
    return X, 1.5 * X[:, 0] - X[:, 1] + (X[:, 0] ^ X[:, 2]) + 0.7 * rng.standard_normal(n)


CASES = [((1, -1, 0), False), ((1, 1, 1), False), ((-1, 0, 0), False), ((0, 0, 0), True), ((1, 0, -1), True)]


@pytest.mark.parametrize("loss_name", ["squared", "logistic", "huber"])
@pytest.mark.parametrize(("directions", "positive"), CASES)
def test_agrees_with_cvxpy_on_the_explicit_dictionary(kernels, directions, positive, loss_name):
    X, y = table(3)
    if loss_name == "logistic":
        y = np.where(y > np.median(y), 1.0, -1.0)
    columns, scales = signed_dictionary(X, directions, positive)
    for form in ({"lam": 0.05}, {"tau": 0.4}):
        solution = solve(X, y, loss=loss_name, monotone=directions, positive=positive, tol=1e-8, **form)
        loss = make_loss(loss_name, y)
        coef, intercept = solve_reference(loss, make_form(**form), columns, scales, np.ones(len(scales)))
        exact = loss.value(intercept + coef @ columns) + form.get("lam", 0.0) * float(scales @ coef)
        certificate = solution.certificate
        assert certificate.primal == pytest.approx(exact, rel=1e-6, abs=1e-7) and certificate.certified
        assert certificate.dual <= exact * (1 + 1e-7) + 1e-9 and certificate.global_dual <= certificate.dual
        assert "in all of them the signed functions that are" in certificate.scope


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), case=st.sampled_from(CASES), lam=st.sampled_from([0.3, 0.05, 0.005]),
       max_iter=st.integers(1, 3), method=st.sampled_from(["corrective", "pairwise", "away", "vanilla"]))  # fmt: skip
@pytest.mark.filterwarnings("ignore::fw_circuits.exceptions.SolverWarning")
def test_no_certified_gap_is_below_the_true_one(kernels, seed, case, lam, max_iter, method):
    X, y = table(seed, 25)
    columns, scales = signed_dictionary(X, *case)
    loss = make_loss("squared", y)
    coef, intercept = solve_reference(loss, make_form(lam=lam), columns, scales, np.ones(len(scales)))
    exact = loss.value(intercept + coef @ columns) + lam * float(scales @ coef)
    solution = solve(X, y, lam=lam, monotone=case[0], positive=case[1], max_iter=max_iter, method=method)
    certificate = solution.certificate
    for c in (certificate, certify(solution, X, y)):
        assert c.primal >= exact - 1e-7 and c.gap >= c.primal - exact - 1e-7
        assert c.global_gap >= c.gap - 1e-12
    assert not case[1] or (solution.coef >= 0.0).all()


def real_table(seed, n=120):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 100.0, 0.01]
    y = 2.0 * np.tanh(X[:, 0]) - (X[:, 1] > 30.0) + np.sin(300.0 * X[:, 2]) + rng.standard_normal(n)
    return X, y


def adversarial(rng, X, column):
    """Points that differ in one column: by a unit in the last place, across a knot, or by much."""
    base = rng.permutation(np.concatenate([X, X + 0.1 * X.std(axis=0) * rng.standard_normal(X.shape)]))
    steps = [np.nextafter(base[:, column], np.inf), X[rng.integers(0, len(X), len(base)), column],
             base[:, column] + 10.0 ** rng.uniform(-14, 1, len(base)) * X[:, column].std()]  # fmt: skip
    for there in steps:
        low, high = base.copy(), base.copy()
        low[:, column] = np.minimum(base[:, column], there)
        high[:, column] = np.maximum(base[:, column], there)
        yield low, high


@pytest.mark.parametrize("levels", [(1,), (1, 2), (3,)])
@pytest.mark.parametrize("domain", ["minmax", "quantile"])
@pytest.mark.parametrize("seed", [0])
def test_it_is_monotone_to_the_last_bit_and_as_a_network(kernels, levels, domain, seed):
    X, y = real_table(seed)
    frame = pd.DataFrame(X, columns=["up", "down", "free"])
    solution = solve(frame, y, levels=levels, domain=domain, lam=0.02, monotone={"up": 1, "down": -1}, max_iter=40)
    network, rng = solution.to_resnet(), np.random.default_rng(seed)
    used = {c for atom in solution.atoms for c in atom.support}
    assert {0, 1, 2} <= used
    for column, direction in ((0, 1), (1, -1)):
        for low, high in adversarial(rng, X, column):
            assert (direction * (solution.combination.values(high) - solution.combination.values(low)) >= 0.0).all()
            assert (direction * (network.forward(high) - network.forward(low)) >= -1e-11).all()
    everywhere = solve(frame, -y, levels=levels, domain=domain, lam=0.02, max_gates=1)
    broken = [direction * (everywhere.combination.values(high) - everywhere.combination.values(low))
              for c, direction in ((0, 1), (1, -1)) for low, high in adversarial(rng, X, c)]  # fmt: skip
    assert np.concatenate(broken).min() < -1e-3, "without the constraint f is not monotone, or the test says nothing"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [{"bits": 3}, {"max_gates": 40}])
def test_rounded_to_a_circuit_it_is_still_monotone(seed, limit):
    X, y = table(seed, 200, 6)
    solution = solve(X, y, lam=0.01, monotone=(1, -1, 0, 1, -1, 1))
    cube = np.array([[v >> i & 1 for i in range(6)] for v in range(64)])
    rounded = round_solution(solution, X=X, y=y, **limit)
    values = rounded.predict(cube)
    for i, d in ((0, 1), (1, -1), (3, 1), (4, -1), (5, 1)):
        low = np.flatnonzero(cube[:, i] == 0)
        assert (d * (values[low | 1 << i] - values[low]) >= 0).all()


def test_no_coefficient_changes_its_sign_to_make_up_for_others():
    rng, flipped = np.random.default_rng(0), 0
    for _ in range(50):
        values = np.sign(rng.standard_normal((40, 1)) + 0.3 * rng.standard_normal((40, 12)))
        coef = rng.uniform(0.2, 0.5, 12) * rng.choice([-1.0, 1.0], 12)
        made = Compensation.of(coef, values, np.full(40, 1 / 40))
        args = (coef, np.arange(12) > 3, np.array([0.3, 0.9]), np.arange(8))
        flipped += int((made.weights(*args) * coef[:, None] < 0).sum())
        assert (made.weights(*args, True) * coef[:, None] >= 0).all()
    assert flipped


def test_names_and_places_say_the_same_and_are_saved(tmp_path):
    X, y = real_table(0, 60)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    by_name = solve(frame, y, monotone={"c": -1, "a": 1}, levels=(1, 2))
    by_place = solve(X, y, monotone=np.array([1, 0, -1]), levels=(1, 2))
    assert np.array_equal(by_name.coef, by_place.coef) and "non-decreasing in a and non-increasing in c" in (
        by_name.certificate.scope
    )
    assert "these levels that these constraints allow" in by_name.certificate.describe()
    by_name.save(tmp_path / "saved.npz")
    again = load(tmp_path / "saved.npz")
    assert again.settings.monotone == {"c": -1, "a": 1} and again.settings.positive is False
    assert certify(again, frame, y).dual == by_name.certificate.dual
    assert certify(again, frame[["c", "b", "a"]], y).scope == by_name.certificate.scope


def test_atoms_of_the_wrong_sign_are_left_behind_by_a_warm_start():
    X, y = table(5, 80)
    free = solve(X, -y, lam=0.01)
    solution = solve(X, y, lam=0.01, monotone=(1, -1, 0), warm_start=free)
    cold = solve(X, y, lam=0.01, monotone=(1, -1, 0))
    assert solution.certificate.certified and solution.certificate.primal == pytest.approx(
        cold.certificate.primal, rel=2e-3
    )
    with pytest.raises(InputError, match="not allowed by the constraints"):
        certify(replace(free, settings=solution.settings), X, y)


def test_paths_and_the_largest_penalty():
    X, y = table(1)
    top = lam_max(X, y, monotone=(-1, 1, 0))
    assert 0.0 < top < lam_max(X, y)
    found = path(X, y, n_lams=4, ratio=0.05, monotone=(-1, 1, 0))
    assert not found[0].atoms and found[-1].certificate.certified
    assert all(a.certificate.loss >= b.certificate.loss - 1e-12 for a, b in pairwise(found))


@pytest.mark.parametrize("cls", [CircuitRegressor, CircuitRegressorCV, CircuitClassifier, CircuitClassifierCV])
def test_estimators_keep_it(cls, kernels):
    X, y = real_table(2, 80)
    frame, small = pd.DataFrame(X, columns=["up", "down", "free"]), {"n_lams": 5, "cv": 3}
    if "Classifier" in cls.__name__:
        y = y > np.median(y)
    model = cls(monotone={"up": 1, "down": -1}, levels=(1, 2), **(small if cls.__name__.endswith("CV") else {}))
    model.fit(frame, y)
    assert model.solution_.settings.monotone == (1, -1, 0)
    f = model.solution_.combination.values
    for column, direction in ((0, 1), (1, -1)):
        for low, high in adversarial(np.random.default_rng(0), X, column):
            assert (direction * (f(high) - f(low)) >= 0.0).all()
    assert certify(model.solution_, frame, y.astype(float) if y.dtype != bool else y).certified


def test_a_dictionary_of_ones_own_has_positive_coefficients():
    rng = np.random.default_rng(0)
    columns, y = rng.choice([-1.0, 1.0], (50, 20)), rng.standard_normal(50)
    loss, oracle = make_loss("squared", y), DictionaryOracle(columns, positive=True)
    for form in (make_form(lam=0.05), make_form(tau=0.3), make_form(eps=0.45 * float(y.var()))):
        run = frank_wolfe(loss, form, oracle, tol=1e-8)
        coef, intercept = solve_reference(loss, form, columns.T, np.ones(20), np.ones(20))
        norm = float(coef.sum())
        exact = {"lam": loss.value(intercept + columns @ coef) + form.parameter * norm, "eps": norm}.get(
            form.name, loss.value(intercept + columns @ coef)
        )
        assert run.primal == pytest.approx(exact, rel=1e-5) and (run.active.coef >= 0.0).all()
    assert not oracle.search(-columns.sum(axis=1) * 0.0 + 0.0, 3).atoms


def test_settings_that_cannot_be_used():
    X, y = table(0)
    for oracle in ("deep", "gates4", DictionaryOracle(X.astype(float))):
        with pytest.raises(InputError, match="monotone and positive do not"):
            solve(X, y, monotone=(1, 0, 0), oracle=oracle)
    with pytest.raises(InputError, match="monotone names the columns 'age'"):
        solve(X, y, monotone={"age": 1})
    with pytest.raises(InputError, match="monotone has 2 entries; expected 3"):
        solve(X, y, monotone=[1, 0])
    for bad in (2, [2, 0, 0], {"x0": "up"}, {0: 1}):
        with pytest.raises(InputError, match="monotone is"):
            solve(X, y, monotone=bad)
    with pytest.raises(InputError, match="positive is 1"):
        solve(X, y, positive=1)
    with pytest.raises(InputError, match="monotone is for two classes"):
        CircuitClassifier(monotone=(1, 0, 0)).fit(X, np.arange(40) % 3)
    plain = solve(X, y, monotone=(0, 0, 0))
    assert "signed" not in plain.certificate.scope


def test_scores_of_the_wrong_sign_count_for_nothing():
    X, y = table(0)
    solution = solve(X, y, lam=0.05, monotone=(1, -1, 0))
    oracle = oracle_of(solution, X.astype(float), None, Settings())
    (atom, *_), (b, *_) = solution.atoms, solution.coef
    (sign,), values = oracle.signs([atom]), oracle.evaluate([atom])
    one = replace(solution.combination, atoms=(atom,), coef=np.array([b]))
    assert sign * b > 0.0
    active = ActiveSet(make_loss("squared", y), 3.0)
    active.add([atom], values, np.array([sign]))
    g = sign * (values[:, 0] - values.mean())
    assert scores_of(one, oracle, [g, -g]) == pytest.approx([active.polar(g), 0.0])
    assert active.polar(g) > 0.0 == active.polar(-g)
