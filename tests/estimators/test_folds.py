"""Folds: nothing of the rows held out is used, atoms are evaluated once, paths are near the exact ones."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from fw_circuits import CircuitClassifierCV, CircuitRegressorCV, path
from fw_circuits.estimators import choice, fold
from fw_circuits.estimators.fold import Fold, Pool
from fw_circuits.lattice import Lattice
from fw_circuits.objective import make_loss
from fw_circuits.oracle import SubsetOracle
from fw_circuits.solver import Clock

rng = np.random.default_rng(0)
X = rng.integers(0, 2, (80, 6)).astype(float)
Y = (X[:, 0] != X[:, 1]) + X[:, 2] * X[:, 3] + 0.2 * rng.normal(size=80)
TRAIN, TEST = np.arange(60), np.arange(60, 80)
LAMS = [float(v) for v in 0.3 * 0.7 ** np.arange(10)]
QUICK = {"n_lams": 5, "cv": 4, "n_jobs": 1}


def way_down(y=Y, points=X, train=TRAIN, lams=LAMS, pool=None, name="squared", max_iter=500):
    """A fold's losses, predictions at each penalty, and the keys of the atoms that it knows."""
    lattice = Lattice.boolean(6)
    oracle = SubsetOracle([lattice.rows(points, 1)], lattice, 3.0, n_jobs=1, per_support=4)
    weights = np.bincount(train, minlength=len(y)) / len(train)
    seen = []
    pool = Pool(len(y), 3.0) if pool is None else pool
    one = Fold(make_loss(name, y, weights), lambda f: seen.append(f.copy()) or float(np.mean((y - f)[TEST] ** 2)), pool)
    one.start(oracle, lams, Clock(), max_iter)
    losses = [one.loss_at(i) for i in range(len(lams))]
    assert len(set(one.problem.which.tolist())) == one.problem.which.size  # an atom is known once
    return losses, seen, [pool.atoms[j].key for j in one.problem.which]


def test_targets_held_out_change_nothing_but_the_judgement():
    other = np.where(np.arange(80) < 60, Y, -3.0 * Y)
    (losses, seen, keys), (changed, same, same_keys) = way_down(), way_down(other)
    assert np.array_equal(seen, same) and keys == same_keys and losses != changed


def test_points_held_out_change_nothing_on_the_others():
    points = X.copy()
    points[60:] = 1.0 - points[60:]
    (_, seen, keys), (_, other, other_keys) = way_down(), way_down(points=points)
    assert keys == other_keys and np.allclose(np.array(seen)[:, :60], np.array(other)[:, :60], atol=1e-12)


def test_what_another_fold_has_found_is_not_known():
    pool = Pool(80, 3.0)
    before = way_down(train=np.arange(20, 80), pool=pool)
    again = way_down(pool=pool)
    alone = way_down()
    assert np.array_equal(again[1], alone[1]) and again[2] == alone[2] and before[2] != alone[2]
    assert len(pool.atoms) < len(before[2]) + len(alone[2])  # and what both have found is there once


def test_rows_that_are_named_twice_count_twice():
    twice = way_down(train=np.r_[TRAIN, TRAIN[:30]])
    assert not np.allclose(twice[1][-1], way_down()[1][-1])
    rows = np.r_[TRAIN, TRAIN[:30], TEST]
    repeated = way_down(Y[rows], X[rows], np.arange(90))
    assert np.allclose(np.array(repeated[1])[:, :60], np.array(twice[1])[:, :60], atol=1e-3)


@pytest.mark.parametrize("name", ["squared", "logistic"])
def test_a_path_is_near_the_exact_one(kernels, name):
    y = np.where(Y > 0.6, 1.0, -1.0) if name == "logistic" else Y
    lams = [v / (4.0 if name == "logistic" else 1.0) for v in LAMS]
    _, seen, _ = way_down(y, lams=lams, name=name)
    exact = path(X[TRAIN], y[TRAIN], lams=lams, loss=name, tol=1e-6, n_jobs=1)
    loss = make_loss(name, y[TRAIN])
    for f, solution in zip(seen, exact, strict=True):
        assert abs(loss.value(f[TRAIN]) - solution.certificate.loss) <= 0.08 * loss.baseline


def test_a_single_small_penalty_is_reached_in_stages():
    searches = []
    real = fold.Fold._search

    def search(self, least):
        searches.append(least)
        return real(self, least)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold.Fold, "_search", search)
        alone = way_down(lams=[LAMS[-1]])
        n = len(searches)
        assert 4 <= n <= 6  # one for each time that the penalty has halved on the way
        way_down(lams=[LAMS[-1]], max_iter=2)
        assert len(searches) == n + 2
    assert abs(alone[0][0] - way_down()[0][-1]) < 0.02


def test_literals_are_searched_once():
    lattice, pool = Lattice.boolean(6), Pool(80, 3.0)
    oracle = SubsetOracle([lattice.rows(X, 1)], lattice, 3.0, n_jobs=1, max_gates=0)
    calls, real = [], oracle.search
    oracle.search = lambda *args: calls.append(1) or real(*args)
    one = Fold(make_loss("squared", Y), lambda f: 0.0, pool)
    one.start(oracle, LAMS, Clock(), 500)
    for i in range(len(LAMS)):
        one.loss_at(i)
    assert len(calls) == 1 and len(pool.atoms) == 6
    exact = path(X, Y, lams=LAMS[-1:], max_gates=0, tol=1e-8, n_jobs=1)[0]
    assert np.allclose(one.problem.f, exact.predict(X), atol=0.02)


def test_each_atom_is_evaluated_once_in_a_whole_fit(monkeypatch):
    evaluated, real = [], SubsetOracle.evaluate

    def evaluate(self, atoms):
        evaluated.extend(atom.key for atom in atoms)
        return real(self, atoms)

    class Watched(Pool):
        def solved(self, *args):
            nonlocal evaluated
            assert len(set(evaluated)) == len(evaluated) == len(self.atoms) > 0
            return super().solved(*args)

    monkeypatch.setattr(SubsetOracle, "evaluate", evaluate)
    monkeypatch.setattr(choice, "Pool", Watched)
    CircuitRegressorCV(**QUICK).fit(X, Y)


@pytest.mark.parametrize("domain", ["minmax", "quantile"])
def test_atoms_of_fewer_levels_are_of_the_final_lattice(domain, monkeypatch):
    """Quantiles of more levels are another domain, where nothing that was found before has the same values."""
    points = np.random.default_rng(1).random((120, 2))
    y = 2.0 * np.abs(np.abs(points[:, 0] - 0.5) - 0.25) + points[:, 1]  # up and down twice
    starts = []

    class Watched(Pool):
        def solved(self, *args):
            starts.append(super().solved(*args))
            return starts[-1]

    monkeypatch.setattr(choice, "Pool", Watched)
    monkeypatch.setattr(choice, "RACERS", 99)
    monkeypatch.setattr(choice, "GAIN", 100.0)  # the largest set of circuits is chosen in any case
    model = CircuitRegressorCV(**QUICK, domain=domain, literals="bits").fit(points, y)
    assert model.levels_ == (1, 2, 3, 4) and model.solution_.certificate.certified
    (start,) = starts
    for atom, column in zip(start.atoms, start.columns.dense(), strict=True):
        assert atom.lattice == model.solution_.lattice and np.allclose(atom(points), column, atol=1e-12)


def test_the_final_solution_is_that_of_solve():
    model = CircuitRegressorCV(**QUICK, levels=(1,), tol=1e-8).fit(X, Y)
    exact = path(X, Y, lams=[model.lam_], max_gates=model.max_gates_, levels=(1,), tol=1e-8, n_jobs=1)[0]
    assert model.solution_.certificate.certified
    assert model.solution_.certificate.primal == pytest.approx(exact.certificate.primal, rel=1e-6)


def test_a_set_of_circuits_that_the_first_folds_find_worse_is_left_out(monkeypatch):
    y = 2.0 * X[:, 4] - X[:, 5] + 0.1 * np.random.default_rng(2).normal(size=80)  # literals say it all
    started, real = [], Fold.loss_at

    def loss_at(self, i):
        started.append((self, self.oracle))
        return real(self, i)

    monkeypatch.setattr(Fold, "loss_at", loss_at)
    model = CircuitRegressorCV(**QUICK).fit(X, y)
    by_oracle = {}
    for a, b in started:
        by_oracle.setdefault(id(b), set()).add(id(a))
    assert [len(folds) for folds in by_oracle.values()] == [4, 2, 2]
    assert model.max_gates_ == 0 and model.cv_losses_.shape[1] == 4


def test_a_larger_set_of_circuits_has_to_be_better_by_a_margin(monkeypatch):
    y = (X[:, 0] != X[:, 1]).astype(int)
    model = CircuitClassifierCV(**QUICK).fit(X, y)
    assert model.max_gates_ == 1 and model.score(X, y) == 1.0
    monkeypatch.setattr(choice, "RACERS", 99)  # all are tried on all folds
    flat = iter(np.repeat([0.5, 0.495, 0.48], 4))

    def judged(self, folds, clock, first):
        return np.array([[next(flat) for _ in folds]])

    monkeypatch.setattr(choice._PathCV, "_judged", judged)
    assert CircuitRegressorCV(**QUICK).fit(X, Y).max_gates_ is None  # by 4 %, not by 1 %
    flat = iter(np.repeat([0.5, 0.495, 0.491], 4))
    assert CircuitRegressorCV(**QUICK).fit(X, Y).max_gates_ == 0


def test_ctrl_c_ends_a_fit(monkeypatch):
    def interrupted(self, i):
        raise KeyboardInterrupt

    monkeypatch.setattr(Fold, "loss_at", interrupted)
    with pytest.raises(KeyboardInterrupt):
        CircuitRegressorCV(**QUICK).fit(X, Y)


def test_overlapping_and_partial_folds():
    splits = [(np.arange(70), np.arange(60, 80)), (np.r_[10:80, 10:30], np.arange(5))]
    model = CircuitRegressorCV(**{**QUICK, "cv": splits}).fit(X, Y)
    assert model.cv_losses_.shape[1] == 2 and np.isfinite(model.cv_losses_).all()


def test_weights_judge_too():
    weight = np.r_[np.zeros(5), np.ones(70), np.full(5, 3.0)]
    rows = np.repeat(np.arange(80), weight.astype(int))
    splits = [(a, b) for a, b in KFold(4).split(X)]
    model = CircuitRegressorCV(**{**QUICK, "cv": splits, "levels": (1,)}).fit(X, Y, sample_weight=weight)
    new = [tuple(np.flatnonzero(np.isin(rows, part)) for part in split) for split in splits]
    same = CircuitRegressorCV(**{**QUICK, "cv": new, "levels": (1,)}).fit(X[rows], Y[rows])
    assert np.allclose(model.cv_losses_, same.cv_losses_, rtol=1e-2) and model.lam_ == pytest.approx(same.lam_)


def test_an_oracle_that_remembers_is_one_for_each_fold(monkeypatch):
    oracles = []
    real = Fold.start

    def start(self, oracle, *args):
        oracles.append(oracle)
        real(self, oracle, *args)

    monkeypatch.setattr(Fold, "start", start)
    model = CircuitRegressorCV(**{**QUICK, "n_lams": 2}, oracle="deep").fit(X, Y)
    assert len({id(oracle) for oracle in oracles}) == len(oracles) == 4 and model.score(X, Y) > 0.5
    oracles.clear()
    CircuitRegressorCV(**{**QUICK, "n_lams": 2}, oracle="gates4").fit(X, Y)
    assert len({id(oracle) for oracle in oracles}) == 1


def test_thresholds_are_tried_coarse_first_and_fine_only_after_the_usual_number(monkeypatch):
    """A staircase wants thresholds; a line wants the column itself, and then nothing finer is tried."""
    rng = np.random.default_rng(0)
    X = rng.random((240, 3))
    tried = []
    ladder = choice._PathCV._ladder

    def spy(model, rows):
        for rung in ladder(model, rows):
            tried.append((rung["literals"], rung["n_thresholds"]))
            yield rung

    monkeypatch.setattr(choice._PathCV, "_ladder", spy)
    steps = np.floor(8 * X[:, 0]) % 2 + (X[:, 1] > 0.3)
    model = CircuitRegressorCV(**QUICK, levels=(1,)).fit(X, steps)
    assert (model.literals_, model.n_thresholds_) in {("thresholds", 8), ("thresholds", 16)}
    assert list(dict.fromkeys(tried)) == [("bits", 8), ("thresholds", 4), ("thresholds", 8), ("thresholds", 16)]
    line = CircuitRegressorCV(**QUICK, levels=(1,)).fit(X, X[:, 0] + 0.1 * rng.normal(size=240))
    assert line.literals_ == "bits"
    fixed = CircuitRegressorCV(**QUICK, levels=(1,), literals="thresholds", n_thresholds=5).fit(X, steps)
    assert (fixed.literals_, fixed.n_thresholds_) == ("thresholds", 5)
    assert len(fixed.solution_.feature_names) == 3 * 5
