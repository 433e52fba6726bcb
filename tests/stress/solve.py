"""Random solve problems: no wrong certificate, no exception but the right `InputError`, no `RuntimeWarning`.

Every solution is taken apart again with `truth`: predictions and objective from its atoms, the polar of its dual
point over all functions of its scope, the bound that follows.  Some are also held against the optimum over all
functions of three literals that cvxpy finds, against the file they are saved in, and against their network.
"""

from __future__ import annotations

import warnings

import numpy as np

from fw_circuits import load
from fw_circuits import solve as fit
from fw_circuits.exceptions import InputError

from . import truth
from ._common import Part, alarm, scratch
from .problems import draw

#: Seconds for one problem; they take about 20 ms.
LIMIT = 60.0


def case(seed: int) -> str:
    """Solve the problem of the seed and check what comes out."""
    drawn = draw(seed)
    with alarm(LIMIT), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # gamma, and SolverWarning
        warnings.simplefilter("error", RuntimeWarning)
        try:
            solution = fit(drawn.X, drawn.y, **drawn.kwargs)
        except InputError as error:
            assert drawn.bad, f"InputError without a reason: {error}"
            return f"InputError: {drawn.bad}"
        assert not drawn.bad or drawn.bad.startswith("perhaps"), f"solved, though it has {drawn.bad}"
        check(drawn, solution, seed)
    return solution.status.name


def check(drawn, solution, seed):
    """Everything that is claimed about a solution."""
    kwargs, X = drawn.kwargs, np.asarray(drawn.X, float)
    loss, gamma = kwargs["loss"], kwargs["gamma"]
    w = np.asarray(kwargs.get("sample_weight", np.ones(len(X))), float)
    q = w / w.max() / (w / w.max()).sum()
    y = np.asarray(drawn.y)
    y = np.where(y == np.asarray(solution.classes)[1], 1.0, -1.0) if loss == "logistic" else y.astype(float)

    values = truth.Values(X, solution.lattice)
    terms = [b * values.atom(a) for b, a in zip(solution.coef, solution.atoms, strict=True)]
    f = solution.intercept + sum(terms, np.zeros(len(X)))
    size = abs(solution.intercept) + sum(abs(float(b)) for b in solution.coef) + 1e-300
    given = solution.decision_function(drawn.X)
    assert np.isfinite(given).all(), "a prediction is not finite"
    assert np.abs(given - f).max() <= 1e-9 * size, f"predictions differ from the atoms by {np.abs(given - f).max()}"
    prediction = solution.predict(drawn.X)
    if solution.classes is not None:
        assert np.isin(prediction, np.unique(drawn.y)).all(), "a label that the data do not have"
    value = truth.loss_value(loss, y, q, f)
    costs = np.array([max(1, a.circuit.n_gates) for a in solution.atoms])
    norm = float(np.abs(solution.coef) @ costs ** (1.0 / gamma)) if len(costs) else 0.0
    certify(drawn, solution, values, (y, q, f, value, norm, size), seed)
    if seed % 8 == 0:
        saved_again(drawn, solution)
    if seed % 16 == 1:
        network(drawn, solution, size, seed)


def certify(drawn, solution, values, numbers, seed):
    """The certificate, from the atoms and the dual point."""
    y, q, f, value, norm, size = numbers
    kwargs, c = drawn.kwargs, solution.certificate
    loss, gamma = kwargs["loss"], kwargs["gamma"]
    # Rounding of one residual; values of atoms are sums of vertex weights of 44 bits.
    noise = 2.0**-44 * size + (1e-14 * np.abs(y[q > 0]).max() if loss != "logistic" else 0.0)
    slope = float(q @ np.abs(y - f)) if loss == "squared" else 1.0
    error = 1e-9 * abs(value) + slope * noise + noise**2
    if c.form == "eps":
        infeasible = value > c.parameter * (1 + 1e-5)
        assert not (infeasible and np.isfinite(c.primal)), f"loss {value} for eps {c.parameter}, primal {c.primal}"
        assert infeasible or np.isfinite(c.primal) or value > c.parameter, "feasible, but the primal is infinite"
        # eps is met up to a millionth of itself; a norm may be below the optimum by what that is worth.
        excess = max(value - c.parameter, 0.0) if value <= c.parameter * (1 + 1e-6) else 0.0
        primal, error = (np.inf if infeasible else norm), 1e-9 * norm + excess / max(c.polar_bound, 1e-300)
    elif c.form == "tau":
        assert norm <= c.parameter * (1 + 1e-9), f"norm {norm} for tau {c.parameter}"
        primal = value
    else:
        primal, error = value + c.parameter * norm, error + 1e-9 * c.parameter * norm
    assert np.isinf(c.primal) or abs(c.primal - primal) <= error, f"primal {c.primal}; the atoms give {primal}"
    assert not c.certified or c.gap <= max(c.tol * abs(c.primal), 1e-12 * c.baseline) + error, "certified, but far"
    assert (solution.status.name == "OPTIMAL") == c.certified, f"{solution.status} but certified={c.certified}"
    assert c.dual <= c.primal + error, f"dual {c.dual} above primal {c.primal}"
    assert c.global_dual <= c.dual + error, f"global dual {c.global_dual} above dual {c.dual}"

    theta = solution.dual_point
    assert theta.shape == y.shape and not theta[q == 0].any(), "a dual point on rows without weight"
    centred = abs(theta.sum()) <= 1e-12 * np.abs(theta).sum()
    assert centred or np.abs(theta).sum() * size <= error, f"the dual point sums to {theta.sum()}"
    whole = "screened" not in c.scope
    limit = kwargs.get("max_gates", 7) if whole else min(c.max_gates, 3)
    polar = values.polar(theta, gamma, 7 if limit is None else limit, five="at most 4 gates" in c.scope)
    assert c.polar_bound >= polar * (1 - 1e-9) - 1e-12 * np.abs(theta).sum(), (
        f"polar bound {c.polar_bound}; a circuit scores {polar}"
    )
    lowest = max(polar - 1e-12 * np.abs(theta).sum(), 0.0)  # vertices have weights of 44 bits
    bound = truth.dual_bound(c.form, c.parameter, loss, y, q, theta, lowest, np.inf if centred else 1.0)
    rounding = error + 1e-9 * abs(bound) + (0.0 if c.form == "eps" else abs(theta.sum()) * size)
    if c.form == "eps":
        with np.errstate(over="ignore"):
            rounding += noise * slope / max(polar, 1e-300)
    assert c.dual <= bound + rounding, f"dual {c.dual}; its point proves {bound} only"
    if seed % 4 == 2 and whole and limit >= 3 and sum(b.shape[2] for b, _ in values.levels.values()) <= 3:
        optimum(drawn, solution, values, (y, q), primal, error)


def optimum(drawn, solution, values, data, primal, error):
    """The best combination of all functions of the few literals there are, by an interior-point method."""
    from fw_circuits.objective import make_form, make_loss
    from fw_circuits.solver.reference import solve_reference

    y, q = data
    c, gamma = solution.certificate, drawn.kwargs["gamma"]
    if drawn.kwargs["loss"] != "squared" or c.form != "lam" or not 1e-3 <= np.abs(y).max() <= 1e3:
        return
    columns, costs = all_functions(values)
    loss, scales = make_loss("squared", y, q), costs ** (1.0 / gamma)
    try:
        coef, intercept = solve_reference(loss, make_form(lam=c.parameter), columns, scales)
    except InputError:
        return
    best = truth.loss_value("squared", y, q, intercept + coef @ columns) + c.parameter * float(scales @ np.abs(coef))
    assert c.dual <= best * (1 + 1e-6) + error, f"dual {c.dual}; cvxpy reaches {best}"
    if c.certified:
        assert primal <= best + c.tol * primal + 1e-6 * best + error, f"certified at {primal}; cvxpy reaches {best}"


def all_functions(values):
    """Every function of the literals of each level on the rows, with its size; constants left out."""
    columns, costs = [], []
    for bits, weights in values.levels.values():
        n = bits.shape[2]
        wide = np.arange(1, 1 << ((1 << n) - 1)) << 1  # f(0) = 0
        index = bits @ (1 << np.arange(n))
        signs = 2.0 * (wide[:, None, None] >> index & 1) - 1.0
        columns.append((signs * weights).sum(axis=2))
        for i in range(n, 4):
            wide = wide | wide << (1 << i)
        costs.append(np.maximum(1, truth.cost_table()[wide]))
    return np.concatenate(columns), np.concatenate(costs).astype(float)


def saved_again(drawn, solution):
    """The file brings the same function and certificate back."""
    with scratch() as folder:
        solution.save(folder / "s.npz")
        again = load(folder / "s.npz")
    assert np.array_equal(again.decision_function(drawn.X), solution.decision_function(drawn.X)), "another function"
    assert again.certificate == solution.certificate and again.atoms == solution.atoms, "another certificate"
    assert np.array_equal(again.predict(drawn.X), solution.predict(drawn.X)), "other predictions"


def network(drawn, solution, size, seed):
    """The compiled network is the decision function, inside and outside of the box."""
    X = np.asarray(drawn.X, float)
    rng = np.random.default_rng(seed)
    low, width = X.min(axis=0), np.ptp(X, axis=0)
    points = np.vstack([X, low + width * rng.uniform(-0.5, 1.5, (20, X.shape[1]))])
    difference = np.abs(solution.to_resnet().forward(points) - solution.decision_function(points)).max()
    assert difference <= 1e-7 * size, f"the network differs by {difference} of {size}"


PART = Part("solve", "random problems, their certificates against brute force", case, 150, truth.cost_table)
