"""What is done once: looking at X, the first search, preparing; and what a solution remembers of its run."""

import numpy as np
import pytest

from fw_circuits import CircuitClassifier, CircuitRegressorCV, Lattice, certify, lam_max, load, path, solve
from fw_circuits.oracle import CountingOracle, make_oracle
from fw_circuits.pipeline import problem

RNG = np.random.default_rng(0)
BITS = RNG.integers(0, 2, (200, 6)).astype(float)
TARGET = BITS[:, 0] * BITS[:, 1] + 0.5 * BITS[:, 2] + 0.1 * RNG.standard_normal(200)
REAL = RNG.standard_normal((150, 3))


@pytest.fixture
def scans(monkeypatch):
    """How many entries `np.isfinite` was asked about, as a multiple of the size of a table of 1,000 rows."""
    asked, real = [], np.isfinite

    def counted(x, *args, **options):
        asked.append(np.size(x))
        return real(x, *args, **options)

    monkeypatch.setattr(np, "isfinite", counted)
    return asked


def test_a_prediction_looks_at_each_entry_of_x_once(scans):
    solution = solve(REAL, np.abs(REAL[:, 0]) + REAL[:, 1], levels=(1, 2), n_jobs=1)
    X = np.random.default_rng(1).standard_normal((1000, 3))
    assert len(solution.atoms) > 3
    for predict in (solution.predict, solution.decision_function):
        scans.clear()
        predict(X)
        assert sum(size for size in scans if size >= 1000) == X.size
    model = CircuitClassifier(n_jobs=1).fit(BITS, BITS[:, 0] + BITS[:, 1])  # three classes: three solutions
    scans.clear()
    model.predict(np.tile(BITS, (5, 1)))
    assert not [size for size in scans if size >= 1000]  # scikit-learn has looked, in its own way


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_a_run_without_a_penalty_makes_no_search_more(loss):
    y = TARGET if loss == "squared" else (TARGET > 0.5).astype(int)

    def searches(**penalty):
        oracle = CountingOracle(make_oracle("subset", BITS, Lattice.boolean(6), 3.0, n_jobs=1))
        solution = solve(BITS, y, loss=loss, oracle=oracle, n_jobs=1, **penalty)
        return oracle.calls, solution

    calls, solution = searches()
    again, same = searches(lam=solution.parameter)
    assert calls == again and np.array_equal(solution.coef, same.coef)
    oracle = CountingOracle(make_oracle("subset", BITS, Lattice.boolean(6), 3.0, n_jobs=1))
    lams = [s.parameter for s in path(BITS, y, loss=loss, oracle=oracle, n_lams=3, ratio=0.1, n_jobs=1)]
    default = oracle.calls
    path(BITS, y, loss=loss, oracle=oracle, lams=lams, n_jobs=1)
    assert oracle.calls == 2 * default


def test_cross_validation_prepares_the_whole_table_once_per_set_of_circuits(monkeypatch):
    sizes, real = [], problem.make_oracle
    monkeypatch.setattr(
        problem, "make_oracle", lambda *a, **o: sizes.append((len(a[1]), o["max_gates"])) or real(*a, **o)
    )
    CircuitRegressorCV(n_lams=4, cv=2, n_jobs=1).fit(BITS, TARGET)
    assert len(sizes) == len(set(sizes)) <= 3 and {size for size, _ in sizes} == {len(BITS)}  # and no other table


@pytest.mark.parametrize("settings", [{"max_gates": 0}, {"oracle": "gates4"}, {"levels": (1, 2), "gamma": 2.5}])
def test_certify_repeats_the_search_of_the_run(settings, tmp_path):
    solution = solve(REAL, REAL[:, 0] * REAL[:, 1], n_jobs=1, **{"levels": (1,)} | settings)
    solution.save(tmp_path / "s.npz")
    again = load(tmp_path / "s.npz")
    assert again.settings == solution.settings
    for one in (solution, again):
        c = certify(one, REAL, REAL[:, 0] * REAL[:, 1])
        assert (c.scope, c.max_gates, c.tol) == (
            solution.certificate.scope, solution.certificate.max_gates, solution.certificate.tol,
        )  # fmt: skip
        assert c.dual == pytest.approx(solution.certificate.dual, rel=1e-9)


def test_a_solution_remembers_its_settings():
    solution = solve(BITS, TARGET, tau=1.0, method="pairwise", max_iter=30, tol=0.5, random_state=np.int64(7), n_jobs=1)
    kept = solution.settings
    assert (kept.tau, kept.lam, kept.method, kept.max_iter, kept.tol) == (1.0, None, "pairwise", 30, 0.5)
    assert type(kept.random_state) is int and (solution.form, solution.parameter) == ("tau", 1.0)
    default = solve(BITS, TARGET, n_jobs=1)
    assert default.settings.lam == pytest.approx(0.01 * lam_max(BITS, TARGET, n_jobs=1))
    with pytest.raises(TypeError, match="unexpected keyword argument 'loos'"):
        lam_max(BITS, TARGET, loos="squared")
