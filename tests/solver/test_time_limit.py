"""Runs that a time limit ends: bounds stay true and carry their own scope.  Nothing here measures time."""

from dataclasses import replace

import numpy as np
import pytest

from fw_circuits import solve
from fw_circuits.certificate import derive
from fw_circuits.exceptions import SolverWarning
from fw_circuits.lattice import Lattice
from fw_circuits.objective import make_form, make_loss
from fw_circuits.oracle import SubsetOracle
from fw_circuits.oracle.exact import subset_pass
from fw_circuits.solution import Status
from fw_circuits.solver import Clock, frank_wolfe
from fw_circuits.tetrakis import Combination


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (3000, 30))
    y = (X[:, 0] ^ X[:, 1] ^ X[:, 2]) + (X[:, 4] & X[:, 5]) + 0.2 * rng.standard_normal(3000)
    return X, y, solve(X, y, lam=0.01, tol=1e-6)


@pytest.mark.filterwarnings("ignore::fw_circuits.exceptions.SolverWarning")
@pytest.mark.parametrize("seconds", [1e-9, 0.02, 0.05, 0.1, 0.3])
def test_bounds_hold_whenever_the_run_ends(table, seconds):
    X, y, best = table
    solution = solve(X, y, lam=0.01, time_limit=seconds)
    certificate = solution.certificate
    assert certificate.global_dual <= best.certificate.primal * (1 + 1e-9) <= certificate.primal * (1 + 1e-6)
    if certificate.max_gates == 3:  # the same scope as the finished run
        assert certificate.dual <= best.certificate.primal * (1 + 1e-9)
    assert "literals" in certificate.scope and solution.status in (Status.TIME_LIMIT, Status.OPTIMAL)


def test_warns_when_preparation_uses_up_the_time(table):
    X, y, _ = table
    with (
        pytest.warns(SolverWarning, match="preparing the data alone took .* of time_limit=1e-09"),
        pytest.warns(SolverWarning, match="before the tolerance"),
    ):
        solution = solve(X, y, time_limit=1e-9)
    assert solution.status is Status.TIME_LIMIT and solution.certificate.dual > -np.inf


def test_the_clock_keeps_a_reserve_for_the_certificate():
    clock = Clock(1e6)
    assert not clock.late() and not clock.stop() and not clock.expired() and clock.late(ahead=1e6)
    for reserve in (
        {"search_seconds": 1e6},
        {"step_seconds": 2e6},
        {"evaluation_seconds": 1e4, "n_atoms": 25},
    ):
        clock = Clock(1e6)
        vars(clock).update(reserve)
        assert clock.late() and clock.stop() and not clock.expired(), reserve
    clock = Clock(1e6)
    clock.search_seconds = 4e5  # 0.48 of the limit: enough to end, not for a first step that costs as much
    assert not clock.late_for_a_step()
    clock.search_seconds = 5e5
    assert not clock.late() and clock.late_for_a_step()
    assert Clock(1.0, start=Clock().start - 1.0).expired() and Clock(interrupted=lambda: True).stop()


class Changing(SubsetOracle):
    """Answers whose scope and bound depend on the pass: the first one is the tightest."""

    passes = 0

    def search(self, weights, k=10, stop=None):
        answer = super().search(weights, k, stop)
        self.passes += 1
        loose = answer.upper_bound * (1.0 if self.passes == 1 else 10.0)
        return replace(answer, upper_bound=loose, scope=f"scope {self.passes}", complete=self.passes == 1)


def problem():
    rng = np.random.default_rng(0)
    lattice = Lattice.boolean(8)
    X = rng.integers(0, 2, (60, 8))
    y = 2.0 * (X[:, 0] ^ X[:, 1]) + X[:, 2] + rng.standard_normal(60)
    oracle = Changing([lattice.rows(X, 1)], lattice, 3.0, n_jobs=1)
    return X.astype(float), oracle, make_loss("squared", y), make_form(lam=0.05)


def test_the_scope_is_that_of_the_best_bound():
    _, oracle, loss, form = problem()
    run = frank_wolfe(loss, form, oracle, max_iter=4, atoms_per_pass=2)
    assert oracle.passes > 1 and run.answer.scope == f"scope {oracle.passes}"
    assert run.proof.scope == "scope 1" and run.dual == form.dual(loss, run.theta, run.proof.upper_bound)


def test_a_run_that_the_deadline_cut_short_did_not_stall():
    _, oracle, loss, form = problem()
    oracle.passes = 1
    run = frank_wolfe(loss, form, oracle, max_iter=50, clock=Clock(np.inf))
    assert run.status is Status.TIME_LIMIT and not run.answer.complete


def combination_of(run, oracle):
    active = run.active
    return Combination(tuple(active.atoms), active.coef, active.intercept, oracle.lattice)


def test_without_time_the_known_answer_makes_the_certificate():
    X, oracle, loss, form = problem()
    run = frank_wolfe(loss, form, oracle, max_iter=3)
    before, solution = oracle.passes, combination_of(run, oracle)
    proof = (run.theta, run.proof)
    certificate, theta = derive(loss, form, oracle, solution, X, tol=1e-3, stop=lambda: True, proof=proof)
    assert oracle.passes == before and theta is run.theta
    assert certificate.dual == pytest.approx(run.dual, rel=1e-12) and certificate.scope == "scope 1"
    fresh, _ = derive(loss, form, oracle, solution, X, tol=1e-3, stop=lambda: False, proof=proof)
    assert oracle.passes == before + 1 and fresh.dual >= certificate.dual


def test_a_proof_is_over_its_scope_and_the_active_atoms():
    """Where the best circuits found lie outside the scope, the bound covers them too: no gap is negative."""

    class Narrow(SubsetOracle):
        def search(self, weights, k=10, stop=None):
            answer = super().search(weights, k, stop)
            return replace(answer, upper_bound=0.5 * answer.value, scope="some circuits")

    X, oracle, loss, form = problem()
    oracle = Narrow(oracle.data)
    run = frank_wolfe(loss, form, oracle, max_iter=20, tol=1e-9, atoms_per_pass=2)
    scores = np.abs(run.active.scores(run.theta))
    assert len(run.steps) > 1 and np.all(run.trace["gap"] >= -1e-12)
    assert run.proof.scope == "some circuits" and run.proof.upper_bound >= scores.max() > 0
    assert (
        run.dual == form.dual(loss, run.theta, run.proof.upper_bound)
        and run.answer.upper_bound == 0.5 * run.answer.value
    )
    certificate, _ = derive(
        loss, form, oracle, combination_of(run, oracle), X, tol=1e-9, stop=lambda: True,
        proof=(run.theta, replace(run.proof, upper_bound=0.0)),
    )  # fmt: skip
    assert certificate.gap >= -1e-12 and certificate.polar_bound == pytest.approx(scores.max(), rel=1e-12)


def test_a_search_that_is_told_to_stop_ends_after_the_pairs(monkeypatch):
    rng = np.random.default_rng(0)
    lattice, X, g = Lattice.boolean(200), rng.integers(0, 2, (2000, 200)), rng.standard_normal(2000)
    g -= g.mean()
    oracle = SubsetOracle([lattice.rows(X, 1)], lattice, 3.0, n_jobs=1, time_limit=1e-3)
    monkeypatch.setattr(subset_pass, "with_sample", lambda *a: pytest.fail("it went on"))
    answer = oracle.search(g, 3, lambda: True)
    assert not answer.complete and len(answer.atoms) == 3
    assert answer.value < answer.upper_bound and np.abs(g @ oracle.evaluate(answer.atoms)).max() <= answer.upper_bound


def test_solutions_do_not_depend_on_threads():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2, (300, 10))
    y = (X[:, 0] ^ X[:, 7]) + (X[:, 3] & X[:, 4] & X[:, 5]) + 0.1 * rng.standard_normal(300)
    one, two = (solve(X, y, lam=0.01, n_jobs=n) for n in (1, -1))
    assert [a.key for a in one.atoms] == [a.key for a in two.atoms]
    assert one.coef.tolist() == two.coef.tolist() and one.certificate == two.certificate


@pytest.mark.parametrize("oracle", ["auto", "deep"])
def test_a_limit_that_is_over_before_the_first_search_still_gives_literals(oracle):
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (4000, 150))
    y = X[:, :9].sum(axis=1) + rng.normal(size=4000) > 4.5
    with pytest.warns(SolverWarning):
        solution = solve(X, y, loss="logistic", oracle=oracle, time_limit=1e-3)
    assert solution.atoms and np.mean(solution.predict(X) == y) > 0.6
    assert solution.certificate.gap >= 0.0 and not solution.certificate.certified
