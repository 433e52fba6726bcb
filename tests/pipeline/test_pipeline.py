"""solve, path and lam_max: what users call, with good input and with bad."""

import os
import signal
import sys
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from fw_circuits import Status, certify, lam_max, path, solve
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.pipeline.fit import blas


def block_data(n=400, d=8, seed=0):
    X = np.random.default_rng(seed).integers(0, 2, (n, d))
    y = (X[:, 0] ^ X[:, 1] ^ X[:, 2]) + (X[:, 3] & (X[:, 4] | X[:, 5])) - 1.0 * (X[:, 6] ^ X[:, 7])
    return X, y


def real_data(n=120, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.resize([1.0, 10.0, 0.1, 1e4], d)
    return X, np.sin(2 * X[:, 0]) + (X[:, 1] > 3) + 0.1 * rng.normal(size=n)


def test_recovers_a_sum_of_circuits_exactly():
    X, y = block_data()
    solution = solve(X, y, lam=1e-4, tol=1e-6)
    found = {atom.formula() for atom in solution.atoms}
    assert {"x0 ^ x1 ^ x2", "x6 ^ x7"} <= found
    assert np.abs(solution.predict(X) - y).max() < 0.01
    assert solution.status is Status.OPTIMAL and solution.certificate.max_gates == 3


@pytest.mark.parametrize("form", [{"tau": 1.0}, {"lam": 0.01}, {"eps": 0.02}, {}])
@pytest.mark.parametrize("data", [block_data, real_data])
def test_every_form_is_certified_and_rederived(form, data):
    X, y = data()
    solution = solve(X, y, **form)
    c = solution.certificate
    assert solution.status is Status.OPTIMAL and c.certified and 0 <= c.relative_gap <= 1e-3
    assert c.global_dual <= c.dual + 1e-12
    assert c.primal == solution.trace["primal"][-1] or c.primal == pytest.approx(solution.trace["primal"][-1], rel=1e-9)
    again = certify(solution, X, y)
    assert again.primal == pytest.approx(c.primal, rel=1e-12) and again.dual == pytest.approx(c.dual, rel=1e-9)
    if "tau" in form:
        assert solution.norm <= form["tau"] * (1 + 1e-12)
    if "eps" in form:
        assert 0.5 * np.mean((solution.predict(X) - y) ** 2) <= form["eps"] * (1 + 1e-9)


def test_a_perturbed_solution_gets_a_larger_gap():
    X, y = block_data()
    solution = solve(X, y, lam=0.01)
    weaker = replace(solution.combination, coef=solution.coef * 0.9)
    c = certify(replace(solution, combination=weaker), X, y)
    assert c.primal > solution.certificate.primal and not c.certified


def test_lam_max_is_the_first_penalty_with_no_atoms():
    X, y = real_data()
    top = lam_max(X, y)
    assert len(solve(X, y, lam=top * 1.0001).atoms) == 0
    assert len(solve(X, y, lam=top * 0.99, tol=1e-9).atoms) > 0


def test_path_descends_and_agrees_with_single_solves():
    X, y = real_data()
    solutions = path(X, y, n_lams=5, ratio=0.02, tol=1e-7)
    losses = [s.certificate.primal - s.parameter * s.norm for s in solutions]
    assert np.all(np.diff([s.parameter for s in solutions]) < 0) and np.all(np.diff(losses) < 1e-12)
    alone = solve(X, y, lam=solutions[3].parameter, tol=1e-7)
    assert alone.certificate.primal == pytest.approx(solutions[3].certificate.primal, rel=1e-6)


def test_results_do_not_depend_on_threads_or_on_a_second_run():
    X, y = real_data()
    runs = [solve(X, y, n_jobs=n) for n in (1, 2, 2)]
    for other in runs[1:]:
        assert [a.key for a in other.atoms] == [a.key for a in runs[0].atoms]
        assert np.array_equal(other.coef, runs[0].coef)


def test_blas_has_one_thread_during_a_run_only():
    def threads():
        return [lib["num_threads"] for lib in blas().info() if lib["user_api"] == "blas"]

    during = []
    with blas().limit(limits=2, user_api="blas"):
        before = threads()
        solve(np.eye(4), np.arange(4.0), callback=lambda run: during.append(threads()))
        assert threads() == before and max(before) == 2
    assert during and all(set(counts) == {1} for counts in during)


def test_outside_values_are_clipped():
    X, y = real_data()
    solution = solve(X, y)
    low, high = X.min(axis=0), X.max(axis=0)
    far = np.array([low - 100.0, high + 1e6])
    assert np.allclose(solution.predict(far), solution.predict(np.array([low, high])))


def test_warm_start_continues():
    X, y = real_data()
    first = solve(X, y, lam=0.01)
    again = solve(X, y, lam=0.01, warm_start=first)
    assert len(again.trace) == 1
    with pytest.raises(InputError, match="same lattice"):
        solve(X * 2.0, y, lam=0.01, warm_start=first)


def test_time_limit_returns_an_honest_certificate():
    X, y = real_data(400, 12)
    with pytest.warns(SolverWarning, match="time limit"):
        solution = solve(X, y, lam=1e-7, tol=1e-12, time_limit=0.2)
    assert solution.status is Status.TIME_LIMIT and solution.certificate.gap >= -1e-12


def start_once(timer):
    """A callback that starts the timer after the first pass: the handler is in place by then."""

    def callback(run):
        if len(run.steps) == 1:
            timer.start()
        return False

    return callback


@pytest.fixture
def ctrl_c():
    """Python's own handler, also where the tests run in the background and SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_returns_the_best_solution_so_far(ctrl_c):
    X, y = real_data(300, 6)

    def press(run):
        if len(run.steps) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return False

    with pytest.warns(SolverWarning, match="Interrupted"):
        solution = solve(X, y, lam=1e-6, tol=1e-12, callback=press)
    assert solution.status is Status.INTERRUPTED and len(solution.atoms) > 0
    assert np.isfinite(solution.certificate.gap) and solution.certificate.gap >= 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_in_the_middle_of_a_search(ctrl_c):
    X, y = real_data(400, 16)
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolverWarning)
        solution = solve(X, y, lam=1e-7, tol=1e-14, max_iter=2000, time_limit=60.0, callback=start_once(timer))
    timer.join()
    assert solution.status is Status.INTERRUPTED and time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        ([[0.0, np.nan], [1, 2]], [0, 1], {}, "NaN at row 0, column 1"),
        ([[0.0], [1.0]], [0, 1, 2], {}, "y has 3 entries but X has 2 rows"),
        ([[0.0], [1.0]], [0.0, np.nan], {}, "y contains NaN at row 1"),
        ([[0.0], [1.0]], [0, 1], {"tau": -2.0, "gamma": -1.0}, "gamma.*tau|tau.*gamma"),
        ([[0.0], [1.0]], [0, 1], {"oracle": "magic"}, "oracle"),
        ([[0.0], [1.0]], [0, 1], {"domain": "log"}, "domain"),
        ([[0.0], [1.0]], [0, 1], {"eps": 0.1, "method": "away"}, "corrective"),
        ([[0.0], [1.0]], [0, 1], {"sample_weight": [1.0, -1.0]}, ">= 0"),
    ],
)
def test_bad_input_is_explained(X, y, options, message):
    """One case for each check that is called; the cases of each are in ``tests/data/test_validation.py``."""
    with pytest.raises(InputError, match=rf"(?s){message}"):
        solve(X, y, **options)


def test_odd_but_legal_data_get_a_sensible_answer():
    assert len(solve([[0.0], [1.0]], [0.0, 1.0], tau=0.0).atoms) == 0
    constant = solve([[0.0], [1.0], [2.0]], [5.0, 5.0, 5.0])
    assert len(constant.atoms) == 0 and constant.predict([[9.0]])[0] == 5.0 and constant.status is Status.OPTIMAL
    one_row = solve([[1.0, 2.0]], [3.0])
    assert one_row.predict([[0.0, 0.0]])[0] == 3.0
    same_columns = solve(np.ones((5, 3)), np.arange(5.0))
    assert same_columns.predict(np.ones((1, 3)))[0] == pytest.approx(2.0)
    conflicting = solve([[0, 1], [0, 1], [1, 0], [1, 0]], [0.0, 1.0, 2.0, 3.0], lam=1e-6)
    assert conflicting.predict([[0, 1], [1, 0]]) == pytest.approx([0.5, 2.5], abs=1e-3)
    rng = np.random.default_rng(0)
    wide = solve(rng.normal(size=(8, 15)), rng.normal(size=8), levels=(1,))
    assert wide.certificate.certified


def test_frames_keep_their_names():
    pd = pytest.importorskip("pandas")
    X, y = block_data()
    solution = solve(pd.DataFrame(X, columns=[f"pin{i}" for i in range(8)]), y, lam=1e-3)
    table = solution.to_frame()
    assert solution.feature_names[3] == "pin3" and any("pin6 ^ pin7" in f for f in table["formula"])
    assert table["share"].sum() == pytest.approx(1.0)


def test_distinct_gates_are_counted_once():
    X, y = block_data()
    solution = solve(X, y, lam=1e-3)
    assert 0 < solution.n_gates <= sum(a.n_gates for a in solution.atoms)
    merged = solution.merged(1)
    values = 2.0 * merged.evaluate(X) - 1.0
    assert np.allclose(solution.intercept + values @ solution.coef, solution.predict(X))


def test_a_missing_pandas_is_named_with_its_command(monkeypatch):
    X, y = block_data()
    solution = solve(X, y, lam=0.01)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"to_frame needs pandas.*install it with: pip install pandas"):
        solution.to_frame()


def test_the_bound_over_all_circuits_holds_for_one_that_the_search_leaves_out():
    """The parity of six literals: no function of four correlates with it, and one circuit of five gates is it."""
    X = (np.arange(64)[:, None] >> np.arange(6)) & 1
    lam, weight = 0.01, 5.0 ** (1 / 3)
    solution = solve(X, X.sum(axis=1) % 2, lam=lam)
    b = 0.5 - lam * weight  # f = 1/2 + b T minimises (1/2 - b)^2 / 2 + lam b weight
    objective = 0.5 * (0.5 - b) ** 2 + lam * b * weight
    for c in (solution.certificate, certify(solution, X, X.sum(axis=1) % 2)):
        assert c.global_dual <= objective < c.dual == c.primal == pytest.approx(0.125) and c.max_gates < 5
