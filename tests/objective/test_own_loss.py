"""A loss of one's own from data to file: the example of CONTRIBUTING.md, and what is said when something lacks."""

import cvxpy as cp
import numpy as np
import pytest

from fw_circuits import certify, lam_max, load, path, solve
from fw_circuits._settings import LOSSES as NAMES
from fw_circuits.exceptions import InputError
from fw_circuits.objective import LOSSES, Loss, find_loss, make_loss
from tests.helpers.losses import Poisson, SquaredHinge, example

RNG = np.random.default_rng(3)
X = RNG.integers(0, 2, (150, 6))
COUNTS = RNG.poisson(np.exp(X[:, 0] ^ X[:, 1]))


def test_the_example_of_the_guide_runs_and_is_certified(capsys):
    code, names = example(), {}
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 25
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    solution = solve(names["X"], names["y"], loss=names["Poisson"], lam=0.1)
    assert solution.certificate.certified and "(certified)" in capsys.readouterr().out
    assert {"x0 ^ x1", "x2 & x3"} <= {atom.formula() for atom in solution.atoms}


def test_the_optimum_is_that_of_cvxpy_and_its_bound_is_tight():
    lam, w = 0.03, RNG.random(150) * (RNG.random(150) < 0.8)
    solution = solve(X, COUNTS, loss=Poisson, lam=lam, sample_weight=w, tol=1e-8, n_jobs=1)
    values = np.column_stack([atom(X) for atom in solution.atoms])
    scales = np.array([atom.cost ** (1 / 3) for atom in solution.atoms])
    coef, intercept, q = cp.Variable(values.shape[1]), cp.Variable(), w / w.sum()
    f, least = values @ coef + intercept, q @ (COUNTS - COUNTS * np.log(np.maximum(COUNTS, 1)))
    objective = q @ (cp.exp(f) - cp.multiply(COUNTS, f)) - least + lam * (scales @ cp.abs(coef))
    optimum = cp.Problem(cp.Minimize(objective)).solve(solver=cp.CLARABEL)
    c = solution.certificate
    assert c.certified and c.primal == pytest.approx(optimum, rel=1e-7)
    assert c.dual <= optimum * (1 + 1e-7) and np.all(solution.trace["gap"] >= -1e-12) and c.global_gap >= c.gap >= 0.0


def test_a_file_names_the_loss_and_certify_is_given_it(tmp_path):
    solution = solve(X, COUNTS > 1, loss=SquaredHinge, lam=0.01, n_jobs=1)
    solution.save(tmp_path / "own.npz")
    again = load(tmp_path / "own.npz")
    assert again.loss == "SquaredHinge" and np.array_equal(again.predict(X), solution.predict(X))
    with pytest.raises(InputError, match=r"loss is 'SquaredHinge'; .* for a loss of your own its class"):
        certify(again, X, COUNTS > 1)
    with pytest.raises(InputError, match="loss is 'Poisson'; the solution was fitted with 'SquaredHinge'"):
        certify(again, X, COUNTS > 1, loss=Poisson)
    derived = certify(again, X, COUNTS > 1, loss=SquaredHinge, n_jobs=1)
    assert derived.certified and derived.primal == solution.certificate.primal


def test_paths_and_error_bounds_take_the_class_too():
    top = lam_max(X, COUNTS, loss=Poisson, n_jobs=1)
    solutions = path(X, COUNTS, loss=Poisson, n_lams=3, ratio=0.1, n_jobs=1)
    assert solutions[0].parameter == top and all(s.certificate.certified for s in solutions)
    baseline = solutions[0].certificate.baseline
    solution = solve(X, COUNTS, loss=Poisson, eps=0.9 * baseline, n_jobs=1)
    assert solution.certificate.certified and solution.certificate.loss <= 0.9 * baseline * (1 + 2e-6)


def test_all_missing_methods_are_named_at_once():
    class Half(Loss):
        newton = False

        def row_losses(self, f):
            return 0.0 * f

        def negative_gradient(self, f):
            return 0.0 * f

    with pytest.raises(InputError, match="loss 'Half' has no dual, hessian_diagonal, expression; expected"):
        solve(X, COUNTS, loss=Half)
    for wrong in ("hinge", make_loss("squared", np.ones(2)), int, None):
        with pytest.raises(InputError, match=r"loss is .{4,40}; .* class"):
            solve(X, COUNTS, loss=wrong)
        with pytest.raises(InputError, match=r"expected one of 'squared', .* derived from .*Loss"):
            find_loss(wrong)


def test_names_are_the_same_everywhere_and_a_class_has_its_own():
    assert tuple(LOSSES) == tuple(NAMES) == tuple(kind.name for kind in LOSSES.values())
    assert type("Mine", (LOSSES["logistic"],), {}).name == "Mine"
