"""Every method on every loss and form against cvxpy; rates; invariants; early ends."""

import numpy as np
import pytest

from fw_circuits.exceptions import InputError
from fw_circuits.objective import find_loss, make_form, make_loss
from fw_circuits.oracle import DictionaryOracle
from fw_circuits.solution import Status
from fw_circuits.solver import METHODS, ActiveSet, Clock, frank_wolfe, solve_reference
from tests.helpers.losses import Poisson, SquaredHinge

GAMMA = 3.0


def make_problem(name, seed=0, n=50, p=30):
    rng = np.random.default_rng(seed)
    columns = rng.choice([-1.0, 1.0], (n, p))
    costs = rng.integers(1, 5, p).astype(float)
    z = columns[:, :5] @ rng.normal(size=5) + 0.5 * rng.normal(size=n)
    weights = rng.random(n) + 0.1
    loss = make_loss(name, np.sign(z) if find_loss(name).labels else z, weights / weights.sum())
    return loss, DictionaryOracle(columns, costs, GAMMA), columns, costs ** (1 / GAMMA)


def reference_value(loss, form, columns, scales):
    coef, intercept = solve_reference(loss, form, columns.T, scales)
    value = loss.value(intercept + columns @ coef)
    norm = float(scales @ np.abs(coef))
    return {"lam": value + form.parameter * norm, "tau": value, "eps": norm}[form.name]


FORMS = {"lam": lambda loss: make_form(lam=0.03), "tau": lambda loss: make_form(tau=1.5),
         "eps": lambda loss: make_form(eps=0.5 * loss.baseline)}  # fmt: skip


@pytest.mark.parametrize("form_name", FORMS)
@pytest.mark.parametrize("name", ["squared", "logistic", "huber", SquaredHinge])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_reaches_the_reference(method, name, form_name):
    if form_name == "eps" and method != "corrective":
        pytest.skip("only the fully-corrective method solves the eps form")
    loss, oracle, columns, scales = make_problem(name)
    form = FORMS[form_name](loss)
    exact = reference_value(loss, form, columns, scales)
    tol = {"vanilla": 2e-2, "corrective": 1e-6}.get(method, 1e-5) if name != "huber" else 3e-3
    run = frank_wolfe(loss, form, oracle, method=method, tol=tol, max_iter=4000)
    last = run.steps[-1]
    run.active.validate()
    assert run.status is Status.OPTIMAL
    assert last.primal >= exact - 1e-6 * abs(exact) and last.primal <= exact + tol * abs(last.primal) + 1e-7
    assert run.dual <= exact * (1 + 1e-7) + 1e-9
    assert all(step.gap >= step.primal - exact - 1e-7 for step in run.steps), "a certified gap below the true gap"


@pytest.mark.parametrize("name", ["squared", "logistic"])
def test_corrective_converges_to_machine_precision(name):
    loss, oracle, *_ = make_problem(name, n=200, p=150)
    run = frank_wolfe(loss, make_form(lam=0.01), oracle, tol=1e-12, max_iter=100)
    assert run.status is Status.OPTIMAL and len(run.steps) < 30


def test_primal_never_rises_for_corrective():
    loss, oracle, *_ = make_problem("logistic", n=120, p=100)
    run = frank_wolfe(loss, make_form(lam=0.005), oracle, tol=1e-10, atoms_per_pass=2)
    primal = run.trace["primal"]
    assert len(primal) > 4 and np.all(np.diff(primal) <= 1e-12)


def test_open_loop_rate_of_vanilla():
    """h_t <= 2 C_f / (t + 2) with C_f = 4 tau^2: the proved rate, at every pass."""
    loss, oracle, columns, scales = make_problem("squared", n=80, p=60)
    tau = 2.0
    form = make_form(tau=tau)
    exact = reference_value(loss, form, columns, scales)
    run = frank_wolfe(loss, form, oracle, method="vanilla", step="open_loop", tol=0.0, max_iter=300)
    h = run.trace["primal"] - exact
    t = run.trace["iteration"]
    # the step from x_t has length 2 / (t + 2), so x_t has made t steps: the bound for it is 2 C_f / (t + 1)
    assert np.all(h[1:] <= 2 * 4 * tau**2 / (t[1:] + 1))
    slope = np.polyfit(np.log(t[5:] + 2.0), np.log(np.maximum(h[5:], 1e-16)), 1)[0]
    assert slope <= -0.9


def test_a_short_oracle_competes_with_a_smaller_ball():
    """An oracle whose atoms are a factor nu short converges to the optimum over the ball of radius nu tau."""

    class Short(DictionaryOracle):
        def evaluate(self, atoms):
            return 0.5 * super().evaluate(atoms)

    loss, _, columns, scales = make_problem("squared")
    short = Short(columns, scales**GAMMA, GAMMA)
    run = frank_wolfe(loss, make_form(tau=1.0), short, method="pairwise", tol=0.0, max_iter=400)
    assert run.steps[-1].loss == pytest.approx(reference_value(loss, make_form(tau=0.5), columns, scales), rel=1e-4)
    assert run.steps[-1].loss > 1.01 * reference_value(loss, make_form(tau=1.0), columns, scales)


def test_warm_start_needs_one_pass():
    loss, oracle, *_ = make_problem("logistic")
    first = frank_wolfe(loss, make_form(lam=0.02), oracle, tol=1e-9)
    again = frank_wolfe(loss, make_form(lam=0.02), oracle, tol=1e-8, warm_start=first.active)
    assert len(again.steps) == 1 and again.status is Status.OPTIMAL


def test_ends_early_when_told_to():
    loss, oracle, *_ = make_problem("squared")
    form = make_form(lam=1e-4)
    options = {"tol": 0.0, "atoms_per_pass": 1}
    for status, end in (
        (Status.CALLBACK, {"callback": lambda run: len(run.steps) == 3}),
        (Status.MAX_ITER, {"max_iter": 2}),
        (Status.TIME_LIMIT, {"clock": Clock(0.0)}),
        (Status.INTERRUPTED, {"clock": Clock(interrupted=lambda: True)}),
    ):
        assert frank_wolfe(loss, form, oracle, **end, **options).status is status

    def press_ctrl_c(run):
        raise KeyboardInterrupt

    run = frank_wolfe(loss, form, oracle, callback=press_ctrl_c, **options)
    run.active.validate()
    assert run.status is Status.INTERRUPTED and np.isfinite(run.steps[-1].gap)


def test_eps_out_of_reach_is_infeasible():
    loss, oracle, *_ = make_problem("squared", n=60, p=6)
    run = frank_wolfe(loss, make_form(eps=1e-9), oracle, max_iter=20)
    assert run.status is Status.INFEASIBLE


def test_unknown_names_are_refused():
    loss, oracle, *_ = make_problem("squared")
    with pytest.raises(InputError, match="expected a method of"):
        frank_wolfe(loss, make_form(lam=1.0), oracle, method="newton")
    with pytest.raises(InputError, match="method='corrective'"):
        frank_wolfe(loss, make_form(eps=1.0), oracle, method="away")
    with pytest.raises(InputError, match="step='short' needs a smoothness; the loss 'Poisson' states none"):
        frank_wolfe(make_loss(Poisson, np.ones(50)), make_form(tau=1.0), oracle, method="away", step="short")


def test_active_set_gram_is_extended_and_cut_consistently():
    loss, oracle, *_ = make_problem("squared")
    rng = np.random.default_rng(5)
    active = ActiveSet(loss, GAMMA)
    atoms = oracle.search(rng.normal(size=50), 12).atoms
    for part in (atoms[:4], atoms[2:9], atoms[9:]):
        active.add(part, oracle.evaluate(part))
        active.gram()
        active.move(rng.normal(size=len(active)) * (rng.random(len(active)) < 0.7), 0.5)
        active.drop(active.coef != 0.0)
        active.validate()
        q, values = loss.weights, active.columns.dense()
        centred = values - (values @ q)[:, None]
        assert np.allclose(active.gram(), (centred * q) @ centred.T, atol=1e-12)
