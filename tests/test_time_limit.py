"""Runs that a time limit ends: bounds stay true and carry their own scope.  Nothing here measures time."""

from dataclasses import replace

import numpy as np
import pytest

from fw_circuits import solve
from fw_circuits.certificate import derive
from fw_circuits.exceptions import SolverWarning
from fw_circuits.objective import make_form, make_loss
from fw_circuits.oracle import DictionaryOracle
from fw_circuits.solution import Status
from fw_circuits.solver import frank_wolfe


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


def test_no_time_left_by_preparing_is_said(table):
    X, y, _ = table
    with (
        pytest.warns(SolverWarning, match="preparing the data alone took .* of time_limit=1e-09"),
        pytest.warns(SolverWarning, match="before the tolerance"),
    ):
        solution = solve(X, y, time_limit=1e-9)
    assert solution.status is Status.TIME_LIMIT and solution.certificate.dual > -np.inf


class Changing(DictionaryOracle):
    """Answers whose scope and bound depend on the pass: the first one is the tightest."""

    passes = 0

    def search(self, weights, k=10, stop=None):
        answer = super().search(weights, k, stop)
        self.passes += 1
        loose = answer.upper_bound * (1.0 if self.passes == 1 else 10.0)
        return replace(answer, upper_bound=loose, scope=f"scope {self.passes}", complete=self.passes == 1)


def problem():
    rng = np.random.default_rng(0)
    D = rng.choice([-1.0, 1.0], (60, 12))
    return (
        Changing(D),
        make_loss("squared", D[:, :3].sum(axis=1) + rng.standard_normal(60)),
        make_form(lam=0.05),
    )


def test_the_scope_is_that_of_the_best_bound():
    oracle, loss, form = problem()
    run = frank_wolfe(loss, form, oracle, max_iter=4, atoms_per_pass=2)
    assert oracle.passes > 1 and run.answer.scope == f"scope {oracle.passes}"
    assert run.proof.scope == "scope 1" and run.dual == form.dual(loss, run.theta, run.proof.upper_bound)


def test_a_run_that_the_deadline_cut_short_did_not_stall():
    oracle, loss, form = problem()
    oracle.passes = 1
    run = frank_wolfe(loss, form, oracle, max_iter=50, deadline=np.inf)
    assert run.status is Status.TIME_LIMIT and not run.answer.complete


def test_without_time_the_known_answer_makes_the_certificate():
    oracle, loss, form = problem()
    run = frank_wolfe(loss, form, oracle, max_iter=3)
    before, norm = oracle.passes, run.active.norm
    proof = (run.theta, run.proof)
    certificate, theta = derive(
        loss, form, oracle, run.active.f, norm, tol=1e-3, stop=lambda: True, proof=proof
    )
    assert oracle.passes == before and theta is run.theta
    assert certificate.dual == run.dual and certificate.scope == "scope 1"
    fresh, _ = derive(loss, form, oracle, run.active.f, norm, tol=1e-3, stop=lambda: False, proof=proof)
    assert oracle.passes == before + 1 and fresh.dual >= certificate.dual


def test_solutions_do_not_depend_on_threads():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2, (300, 10))
    y = (X[:, 0] ^ X[:, 7]) + (X[:, 3] & X[:, 4] & X[:, 5]) + 0.1 * rng.standard_normal(300)
    one, two = (solve(X, y, lam=0.01, n_jobs=n) for n in (1, -1))
    assert [a.key for a in one.atoms] == [a.key for a in two.atoms]
    assert one.coef.tolist() == two.coef.tolist() and one.certificate == two.certificate
