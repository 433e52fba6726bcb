"""One time limit and one random state for a whole fit, and the edges of cross-validation.  Nothing measures time."""

import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from fw_circuits import CircuitClassifier, CircuitClassifierCV, CircuitRegressor, CircuitRegressorCV
from fw_circuits.estimators import base, choice
from fw_circuits.estimators.fold import Fold
from fw_circuits.exceptions import InputError
from fw_circuits.solver import Clock

rng = np.random.default_rng(0)
X = rng.integers(0, 2, (60, 4)).astype(float)
BOTH = (X[:, 0] != X[:, 1]).astype(int)
THREE = BOTH + (BOTH * X[:, 2]).astype(int)
NOISY = BOTH + 0.1 * rng.normal(size=60)
GROUPS = np.repeat(np.arange(6), 10)
QUICK = {"n_lams": 3, "cv": 3, "levels": (1,), "max_gates": 1, "n_jobs": 1}
FOUR = [
    (CircuitRegressor(n_jobs=1), NOISY),
    (CircuitClassifier(n_jobs=1), THREE),
    (CircuitRegressorCV(**QUICK), NOISY),
    (CircuitClassifierCV(**QUICK), THREE),
]
FOUR_NAMES = [type(model).__name__ for model, _ in FOUR]
quiet = pytest.mark.filterwarnings("ignore::fw_circuits.exceptions.SolverWarning")


def solutions(model):
    return getattr(model, "solutions_", None) or [model.solution_]


@quiet
@pytest.mark.parametrize(("model", "y"), FOUR, ids=FOUR_NAMES)
def test_every_run_of_a_fit_ends_by_one_deadline(model, y, monkeypatch):
    """Spies on the runs: preparing, the search for the default penalty, folds, classes and final fits."""
    limit, deadlines, prepared = 3000.0, [], []

    def spy(module, name, found, of):
        real = getattr(module, name)

        def spied(*args, **options):
            found.append(of(args, options))
            return real(*args, **options)

        monkeypatch.setattr(module, name, spied)

    for module in (base, choice):
        spy(module, "path_of", deadlines, lambda args, options: args[2].deadline)
    spy(base, "first_search", deadlines, lambda args, options: args[1].deadline)
    spy(choice, "lam_max_of", deadlines, lambda args, options: args[1].deadline)
    spy(base, "prepare", prepared, lambda args, options: args[2].time_limit)
    start = time.perf_counter()
    clone(model).set_params(time_limit=limit).fit(X, y)
    assert len(deadlines) >= 2 and all(start < d < start + limit + 100 for d in deadlines)
    assert deadlines[-1] == max(deadlines) > start + limit - 1
    if "Classifier" in type(model).__name__:  # three classes: the first one ends after a third of the time
        assert min(deadlines) < start + limit / 3 + 100 and max(prepared) == limit / 3
    if "CV" in type(model).__name__:  # and choosing, which is first, after half of that
        assert deadlines[0] < start + limit / (6 if len(np.unique(y)) == 3 else 2) + 100


@quiet
@pytest.mark.parametrize(("model", "y"), FOUR, ids=FOUR_NAMES)
def test_without_time_a_fit_is_still_a_model(model, y):
    model = clone(model).set_params(time_limit=1e-9).fit(X, y)
    assert model.predict(X).shape == (60,) and np.isfinite(model.score(X, y))
    for solution in solutions(model):
        certificate = solution.certificate
        assert -np.inf < certificate.global_dual <= certificate.primal < np.inf
    if hasattr(model, "cv_losses_"):  # the first penalty, on the first fold
        assert model.cv_losses_.shape == (1, 1) and model.lams_.tolist() == [model.lam_]


@pytest.mark.parametrize(("model", "y"), FOUR, ids=FOUR_NAMES)
def test_a_limit_that_is_not_reached_changes_nothing(model, y):
    free, limited = clone(model).fit(X, y), clone(model).set_params(time_limit=3000.0).fit(X, y)
    for one, two in zip(solutions(free), solutions(limited), strict=True):
        assert one.coef.tolist() == two.coef.tolist() and one.parameter == two.parameter


@quiet
@pytest.mark.parametrize(
    ("reached", "shape"),
    [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (5, (1, 3)), (6, (1, 3)), (7, (2, 3))],
    ids=str,
)
def test_what_the_deadline_cuts_short_is_no_candidate_unless_it_is_all(reached, shape, monkeypatch):
    """The clock stops while this loss is found: its row is not complete, or may be cut short."""
    asked, real = [], Fold.loss_at

    class Cut(Clock):
        def expired(self):
            return len(asked) >= reached

    def loss_at(fold, i):
        asked.append(i)
        return real(fold, i)

    monkeypatch.setattr(Clock, "share", lambda self, fraction: Cut())
    monkeypatch.setattr(Fold, "loss_at", loss_at)
    model = CircuitRegressorCV(**QUICK, time_limit=3000.0).fit(X, NOISY)
    assert model.cv_losses_.shape == shape and model.lam_ in model.lams_ and len(model.lams_) == shape[0]
    assert model.lam_ == model.solution_.parameter


def folds_of(state, **options):
    model = CircuitRegressorCV(n_jobs=1, random_state=state, **options)
    splitter = model._splitter(NOISY, model._seed())
    return [test.tolist() for _, test in splitter.split(X)]


def test_random_states_of_every_kind_shuffle_the_folds():
    expected = [test.tolist() for _, test in KFold(5, shuffle=True, random_state=7).split(X)]
    assert folds_of(7) == folds_of(np.int64(7)) == folds_of(np.uint8(7)) == expected
    straight = [test.tolist() for _, test in KFold(5).split(X)]
    states = [np.random.RandomState(0), np.random.default_rng(0), None]
    assert all(folds_of(state) != straight for state in states)
    assert folds_of(np.random.RandomState(3)) == folds_of(np.random.RandomState(3)) != folds_of(7)
    assert folds_of(np.random.default_rng(3)) == folds_of(np.random.default_rng(3))
    assert folds_of(7, cv=5) == straight  # a number of folds: as they stand, like LassoCV
    for wrong in (-1, 1.5, "0", 2**32):
        with pytest.raises(InputError, match=r"random_state is .*expected a whole number"):
            CircuitRegressor(random_state=wrong).fit(X, NOISY)


@pytest.mark.parametrize(("model", "y"), FOUR, ids=FOUR_NAMES)
def test_random_state_reaches_the_solver(model, y, monkeypatch):
    seeds, real = [], base.prepare
    monkeypatch.setattr(base, "prepare", lambda *a, **o: seeds.append(a[2].random_state) or real(*a, **o))
    clone(model).set_params(random_state=np.int64(5)).fit(X, y)
    assert set(seeds) == {5}
    seeds.clear()
    clone(model).set_params(random_state=np.random.RandomState(1)).fit(X, y)
    assert len(set(seeds)) == 1 and seeds[0] != 5  # drawn once a fit


@pytest.mark.parametrize(
    "options",
    [{"n_lams": 0}, {"n_lams": 2.5}, {"n_lams": True}, {"ratio": 0.0}, {"ratio": 1.0}, {"ratio": np.nan},
     {"ratio": "a"}, {"lam": []}, {"lam": [0.1, 0]}, {"lam": [0.1, -1]}, {"lam": [np.nan]}, {"lam": [[0.1]]},
     {"lam": "a"}],
    ids=str,
)  # fmt: skip
def test_penalties_are_checked_before_any_work(options, monkeypatch):
    monkeypatch.setattr(base, "prepare", lambda *a, **o: pytest.fail("work was done"))
    for make, y in ((CircuitRegressorCV, NOISY), (CircuitClassifierCV, THREE)):
        with pytest.raises(
            InputError,
            match=r"expected (one or more finite|a whole number >= 1|a finite number > 0 and < 1)",
        ):
            make(**options).fit(X, y)


SPLITTERS = {
    "KFold": (KFold(2), 2), "stratified": (StratifiedKFold(2), 2), "in time": (TimeSeriesSplit(2), 2),
    "random": (ShuffleSplit(2, random_state=0), 2), "predefined": (PredefinedSplit(GROUPS // 3), 2),
    "groups": (GroupKFold(2), 2), "NumPy number": (np.int64(2), 2),
    "pairs": ([(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))], 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SPLITTERS)
def test_splitters_of_all_kinds(name):
    cv, n = SPLITTERS[name]
    model = CircuitClassifierCV(**{**QUICK, "cv": cv, "n_lams": 1})
    groups = GROUPS if name == "groups" else None
    assert model.fit(X, THREE, groups=groups).cv_losses_.shape == (1, n)


def test_every_row_by_itself():
    assert CircuitRegressorCV(**{**QUICK, "cv": LeaveOneOut(), "n_lams": 1}).fit(X[:9], NOISY[:9]).cv_losses_.shape == (
        1,
        9,
    )


def test_row_numbers_of_folds_count_rows_without_weight():
    all_rows = CircuitRegressorCV(**{**QUICK, "cv": [(np.arange(20, 60), np.arange(20))]})
    others = CircuitRegressorCV(**{**QUICK, "cv": [(np.arange(10, 50), np.arange(10))]})
    all_rows.fit(X, NOISY, sample_weight=np.r_[np.zeros(10), np.ones(50)])
    assert np.allclose(all_rows.cv_losses_, others.fit(X[10:], NOISY[10:]).cv_losses_, rtol=1e-6)


def test_an_iterator_of_folds_serves_all_classes():
    pairs = iter(SPLITTERS["pairs"][0])
    assert CircuitClassifierCV(**{**QUICK, "cv": pairs}).fit(X, THREE).cv_losses_.shape[1] == 2


@pytest.mark.parametrize(
    ("cv", "rows", "message"),
    [
        (1, 60, "cv=1 does not split 60 rows.*two|n_splits=2"),
        (61, 60, r"cv=61 does not split 60 rows \(\d+ in the smallest class\).*n_splits=61"),
        (None, 4, r"cv=None \(5 folds\) does not split 4 rows \(\d in the smallest"),
        (2.5, 60, "cv=2.5 does not split.*Expected a number of folds"),
        (GroupKFold(3), 60, r"groups.*fit\(\.\.\., groups=\.\.\.\)"),
        ([(np.arange(70), np.arange(3))], 60, "out of bounds"),
        ([], 60, "no fold of cv="),
    ],
    ids=str,
)
def test_folds_that_cannot_be_are_refused(cv, rows, message):
    with pytest.raises(InputError, match=message):
        CircuitClassifierCV(**{**QUICK, "cv": cv}).fit(X[:rows], BOTH[:rows])


def test_groups_need_a_splitter_that_uses_them():
    with pytest.raises(InputError, match="groups were given, but cv is None"):
        CircuitClassifierCV(**{**QUICK, "cv": None}).fit(X, BOTH, groups=GROUPS)
    with pytest.raises(InputError, match="does not split"):
        CircuitClassifierCV(**{**QUICK, "cv": GroupKFold(2)}).fit(X, BOTH, groups=GROUPS[:5])


def test_a_target_that_is_constant_in_a_fold_is_fitted():
    y = np.r_[np.zeros(40), np.ones(20)]
    assert CircuitRegressorCV(**QUICK).fit(X, y).cv_losses_.shape[1] == 3


def test_losses_that_are_no_numbers_are_reported(monkeypatch):
    losses = iter([np.nan] * 3)

    def use(replaced):
        def fold(loss, judge, pool):
            return Fold(loss, lambda f: replaced(judge(f)), pool)

        monkeypatch.setattr(choice, "Fold", fold)

    use(lambda loss: next(losses, loss))
    model = CircuitRegressorCV(**QUICK).fit(X, NOISY)  # the first penalty has none
    assert np.isnan(model.cv_losses_[0]).all() and model.lam_ == model.lams_[np.nanargmin(model.cv_losses_.mean(1))]
    use(lambda loss: np.nan)
    with pytest.raises(InputError, match="not a finite number at any penalty"):
        CircuitRegressorCV(**QUICK).fit(X, NOISY)


def test_weights_and_targets_near_the_largest_numbers():
    model = CircuitRegressorCV(**QUICK).fit(X, 1e120 * BOTH, sample_weight=np.full(60, 1e306))
    assert np.isfinite(model.cv_losses_).all() and np.isfinite(model.predict(X)).all()


def test_the_choice_does_not_depend_on_threads():
    one, two = (CircuitClassifierCV(n_lams=2, cv=2, n_jobs=n).fit(X, BOTH) for n in (1, 2))
    assert one.cv_losses_.tolist() == two.cv_losses_.tolist() and one.lam_ == two.lam_
    assert one.solution_.coef.tolist() == two.solution_.coef.tolist()
