"""The solver against the truth: all circuits of at most three gates, enumerated here, and cvxpy over all of them.

Nothing of the package is used to build the dictionary: gate chains are run through directly.
"""

import functools
import itertools
import warnings

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.exceptions import SolverWarning

NORMAL_OPS = (
    lambda a, b: a & b,
    lambda a, b: a & ~b,
    lambda a, b: ~a & b,
    lambda a, b: a ^ b,
    lambda a, b: a | b,
)


@functools.cache
def cheapest(n, max_gates=3):
    """{normal function of n inputs as an integer table: fewest gates}, by running through all gate chains."""
    size = 1 << n
    inputs = tuple(sum(1 << v for v in range(size) if v >> i & 1) for i in range(n))
    cost = dict.fromkeys(inputs, 0)
    chains = [inputs]
    for gates in range(1, max_gates + 1):
        longer = set()
        for chain in chains:
            for a, b in itertools.combinations(chain, 2):
                for op in NORMAL_OPS:
                    value = op(a, b) & ((1 << size) - 1)
                    if value and value not in chain:
                        cost.setdefault(value, gates)
                        if gates < max_gates:
                            longer.add((*chain, value))
        chains = longer
    return cost


def dictionary(X, gamma, max_gates):
    """Distinct columns of all circuits of at most ``max_gates`` gates on the rows of X, each with its lowest scale."""
    n = X.shape[1]
    pattern = X @ (1 << np.arange(n))
    best = {}
    for table, gates in cheapest(n, max_gates).items():
        column = np.array([table >> int(p) & 1 for p in pattern])
        if column.min() == column.max():
            continue
        column = 2.0 * column - 1.0
        key = tuple(column * column[0])
        scale = max(1, gates) ** (1.0 / gamma)
        best[key] = min(best.get(key, np.inf), scale)
    return np.array(list(best)).T, np.array(list(best.values()))


def reference(columns, scales, y, loss, lam):
    b, b0 = cp.Variable(columns.shape[1]), cp.Variable()
    f = columns @ b + b0
    if loss == "squared":
        value = 0.5 * cp.sum_squares(y - f) / y.size
    else:
        value = cp.sum(cp.logistic(-cp.multiply(y, f))) / y.size
    problem = cp.Problem(cp.Minimize(value + lam * scales @ cp.abs(b)))
    try:
        problem.solve(solver=cp.CLARABEL)
    except cp.SolverError:  # the interior-point method gives up on a few logistic problems with thousands of columns
        assume(False)
    return problem.value


def test_the_enumeration_itself_finds_the_known_counts():
    counts = np.bincount(list(cheapest(4).values()))
    assert (2 * counts + [2, 0, 0, 0]).tolist() == [10, 60, 456, 2474]


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@given(seed=st.integers(0, 10**9), n=st.integers(2, 5), rows=st.integers(4, 14),
       level=st.sampled_from([0.02, 0.1, 0.4]), gates=st.sampled_from([3, 3, 3, 2, 1, 0]))  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_same_optimum_as_cvxpy_over_all_circuits_of_few_gates(loss, seed, n, rows, level, gates):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (rows, n))
    y = rng.choice([-1.0, 1.0], rows) if loss == "logistic" else rng.normal(size=rows)
    if loss == "logistic" and np.unique(y).size < 2:
        y[0] = -y[0]
    columns, scales = dictionary(X, 3.0, gates) if X.std(axis=0).any() else (np.zeros((rows, 0)), np.zeros(0))
    if columns.shape[1] == 0:
        return
    g = (
        (y - y.mean()) / rows
        if loss == "squared"
        else y * (1.0 - np.where(y > 0, (y > 0).mean(), (y < 0).mean())) / rows
    )
    lam = level * float(np.max(np.abs(columns.T @ g) / scales))
    if lam < 1e-6:
        return
    exact = reference(columns, scales, y, loss, lam)
    options = {"lam": lam, "loss": loss, "max_gates": gates, "levels": (1,), "n_jobs": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolverWarning)
        solution = solve(X, y, tol=1e-8, **options)
    certificate = solution.certificate
    assert certificate.primal == pytest.approx(exact, rel=1e-6, abs=1e-8)
    assert certificate.max_gates == gates and certificate.dual <= exact + 1e-7 * max(1.0, abs(exact))
    rough = solve(X, y, tol=0.3, **options).certificate
    for found in (certificate, rough):
        assert found.gap >= found.primal - exact - 1e-7 * max(1.0, abs(exact)), "a certified gap below the true gap"
        assert found.global_dual <= found.dual + 1e-12


def test_all_functions_of_four_inputs_in_the_lam_form():
    """Without max_gates the dictionary is every function of at most 4 inputs, at its catalogue cost."""
    from fw_circuits.circuits.catalogue import minimal_cost

    rng = np.random.default_rng(7)
    X = np.array(list(itertools.product([0, 1], repeat=3)))
    y = rng.normal(size=8)
    columns = np.array([[2.0 * (t >> v & 1) - 1.0 for v in range(8)] for t in range(2, 256, 2)]).T
    pattern = X @ (1 << np.arange(3))
    columns = columns[pattern]
    scales = np.array([max(1, minimal_cost(t, 3)) ** (1 / 3) for t in range(2, 256, 2)])
    exact = reference(columns, scales, y, "squared", 0.01)
    solution = solve(X, y, lam=0.01, tol=1e-9, levels=(1,))
    assert solution.certificate.primal == pytest.approx(exact, rel=1e-6)
