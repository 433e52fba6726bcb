"""The fully-corrective run goes down to a small penalty in stages: passes, answer, and what stays as it was."""

import numpy as np
import pytest

from fw_circuits import Status, lam_max, solve
from fw_circuits.circuits.catalogue import cost_table
from fw_circuits.objective import make_form, make_loss
from fw_circuits.oracle import DictionaryOracle
from fw_circuits.solver import Clock, Run, frank_wolfe, methods


def planted(seed, count=6, n=24, rows=2000):
    """Mean of ``count`` random functions of 4 literals that cost 7 gates: (X, y, values of the functions)."""
    rng = np.random.default_rng(seed)
    tables = rng.choice(np.flatnonzero(cost_table() == 7), count)
    literals = [rng.choice(n, 4, replace=False) for _ in range(count)]
    X = rng.integers(0, 2, (rows, n))
    patterns = [(X[:, chosen] << np.arange(4)).sum(axis=1) for chosen in literals]
    values = np.array([2.0 * (t >> p & 1) - 1 for t, p in zip(tables, patterns, strict=True)])
    return X, values.mean(axis=0), values


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_small_penalty_is_reached_in_few_passes(seed, monkeypatch):
    X, y, values = planted(seed)
    lam = 1e-2 * lam_max(X, y, n_jobs=1)
    staged = solve(X, y, lam=lam, n_jobs=1)
    monkeypatch.setattr(methods, "SHRINK", 1e-9)  # the final penalty from the first pass on
    direct = solve(X, y, lam=lam, n_jobs=1)
    assert len(staged.trace) <= 16 and 1.5 * len(staged.trace) < len(direct.trace)
    assert staged.certificate.certified and direct.certificate.certified
    assert staged.certificate.primal == pytest.approx(direct.certificate.primal, rel=2e-3)
    found = {np.packbits(v * v[0] > 0).tobytes() for v in (atom(X) for atom in staged.atoms)}
    assert {np.packbits(v * v[0] > 0).tobytes() for v in values} <= found


def test_a_warm_start_keeps_its_penalty():
    X, y, _ = planted(3, count=2, n=10, rows=500)
    first = solve(X, y, lam=1e-3, n_jobs=1)
    assert len(solve(X, y, lam=1e-3, n_jobs=1, warm_start=first).trace) == 1
    for active, penalty in ((first.atoms, 1e-3), ((), np.inf)):
        run = Run(active, make_form(lam=1e-3))
        assert methods.FullyCorrective(run, None, Clock(), 1e-3, 20).penalty == penalty


@pytest.mark.parametrize("name", ["squared", "logistic"])
def test_a_run_that_ends_on_the_way_down_is_solved_at_the_penalty_asked_for(name):
    rng = np.random.default_rng(0)
    columns = rng.choice([-1.0, 1.0], (50, 30))
    loss = make_loss(name, np.sign(columns[:, :5] @ rng.normal(size=5)))
    run = frank_wolfe(loss, make_form(lam=1e-3), DictionaryOracle(columns), max_iter=2, tol=0.0)
    scores = np.abs(run.active.scores(loss.negative_gradient(run.active.f)))
    assert run.status is Status.MAX_ITER and scores.size and scores == pytest.approx(1e-3, rel=1e-6)
