"""What users of scikit-learn expect: drawings, copies, class weights, sparse tables, importances, labels, names."""

import inspect
import pickle
from datetime import date
from decimal import Decimal
from io import BytesIO

import joblib
import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.class_weight import compute_sample_weight

from fw_circuits import (
    CircuitClassifier,
    CircuitClassifierCV,
    CircuitRegressor,
    CircuitRegressorCV,
    _sparse,
    certify,
    load,
    solve,
)
from fw_circuits.exceptions import InputError

X = np.random.default_rng(0).integers(0, 2, (60, 4)).astype(float)
BOTH = (X[:, 0] != X[:, 1]).astype(int)
THREE = BOTH + (BOTH * X[:, 2]).astype(int)
QUICK = {"n_lams": 2, "cv": 2, "levels": (1,), "max_gates": 1, "n_jobs": 1}
FOUR = [
    CircuitRegressor(n_jobs=1),
    CircuitClassifier(n_jobs=1),
    CircuitRegressorCV(**QUICK),
    CircuitClassifierCV(**QUICK),
]
each_model = pytest.mark.parametrize("model", FOUR, ids=lambda model: type(model).__name__)


def draw(model):
    assert type(model).__name__ in estimator_html_repr(model) and "text/html" in model._repr_mimebundle_()
    return dict(inspect.getmembers(model))


@each_model
def test_notebooks_draw_it_in_every_state(model):
    assert "solution_" not in draw(model) and not hasattr(model, "feature_importances_")
    draw(make_pipeline(StandardScaler(), model))
    for y in (BOTH, THREE):
        pipeline = make_pipeline(StandardScaler(), clone(model)).set_output(transform="pandas").fit(X, y)
        draw(pipeline)
        single = not (isinstance(model, CircuitClassifier) and y is THREE)
        assert ("solution_" in draw(pipeline[-1])) == hasattr(pipeline[-1], "solution_") == single


@each_model
def test_copies_predict_the_same(model):
    fitted, file = clone(model).fit(X, THREE), BytesIO()
    joblib.dump(fitted, file)
    file.seek(0)
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(file)):
        assert np.array_equal(copy.predict(X), fitted.predict(X)) and copy.get_params() == model.get_params()
    assert GridSearchCV(model, {"gamma": [2.5]}, cv=2).fit(X, THREE).best_params_ == {"gamma": 2.5}


SPARSE = {
    "csr_matrix": scipy.sparse.csr_matrix, "csc_array": scipy.sparse.csc_array, "coo_array": scipy.sparse.coo_array,
    "lil_array": scipy.sparse.lil_array, "bool": lambda X: scipy.sparse.csr_array(X.astype(bool)),
    "bytes": lambda X: scipy.sparse.csc_matrix(X.astype(np.int8)),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPARSE)
def test_sparse_tables_are_tables(kind):
    table, dense = SPARSE[kind](X), solve(X, BOTH, loss="logistic", n_jobs=1)
    solution = solve(table, BOTH, loss="logistic", n_jobs=1)
    assert solution.coef.tolist() == dense.coef.tolist() and np.array_equal(solution.predict(table), BOTH)
    assert certify(solution, table, BOTH).primal == dense.certificate.primal
    for model in FOUR[:2]:
        assert np.array_equal(clone(model).fit(table, THREE).predict(table), clone(model).fit(X, THREE).predict(X))


def test_sparse_numbers_and_repeated_entries():
    numbers = scipy.sparse.random_array((40, 3), density=0.4, rng=np.random.default_rng(0))
    y = numbers.toarray()[:, 0]
    assert np.array_equal(CircuitRegressor(n_jobs=1).fit(numbers, y).predict(numbers),
                          CircuitRegressor(n_jobs=1).fit(numbers.toarray(), y).predict(numbers.toarray()))  # fmt: skip
    twice = scipy.sparse.coo_array(([0.5, 0.5, 1.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    assert _sparse.densify(twice).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.filterwarnings("error")
def test_sparse_pandas_columns():
    pd = pytest.importorskip("pandas")
    dense = pd.DataFrame(X, columns=list("abcd"))
    whole = dense.astype(int).astype(pd.SparseDtype(int))
    for frame in (dense.astype(pd.SparseDtype(float)), whole, dense.astype({"b": pd.SparseDtype(float)})):
        model = CircuitClassifier(n_jobs=1).fit(frame, BOTH)
        assert model.feature_names_in_.tolist() == list("abcd") and model.score(frame, BOTH) == 1.0
        assert np.array_equal(solve(frame, BOTH, loss="logistic", n_jobs=1).predict(frame), BOTH)


def test_a_sparse_table_beyond_the_memory_is_refused():
    huge = scipy.sparse.csr_array((10**6, 10**7))
    for fit in (lambda: solve(huge, np.zeros(10**6)), lambda: CircuitRegressor().fit(huge, np.zeros(10**6))):
        with pytest.raises(InputError, match=r"sparse, of shape \(1000000, 10000000\).* GiB .*free.*fewer rows"):
            fit()
    assert 2**20 < _sparse._free_memory() < np.inf


def test_one_hot_columns_of_a_pipeline():
    colours = np.array(["red", "green", "blue"] * 20)[:, None]
    model = make_pipeline(OneHotEncoder(), CircuitClassifier(n_jobs=1)).fit(colours, colours.ravel() == "red")
    assert model.score(colours, colours.ravel() == "red") == 1.0


@pytest.mark.parametrize("weights", ["balanced", {0: 1.0, 1: 3.0, 2: 0.5}, {1: 4}], ids=str)
@pytest.mark.parametrize("make", [CircuitClassifier, CircuitClassifierCV])
@pytest.mark.parametrize("y", [BOTH, THREE], ids=["2", "3"])
def test_class_weights_are_row_weights(make, y, weights):
    if isinstance(weights, dict):
        weights = {label: w for label, w in weights.items() if label in y}
    options = {**(QUICK if make is CircuitClassifierCV else {"n_jobs": 1}), "lam": 0.01}
    model = make(**options, class_weight=weights).fit(X, y)
    same = make(**options).fit(X, y, sample_weight=compute_sample_weight(weights, y))
    assert np.allclose(model.decision_function(X), same.decision_function(X), rtol=1e-9, atol=1e-9)
    assert not np.allclose(model.decision_function(X), make(**options).fit(X, y).decision_function(X))


def test_the_default_penalty_does_not_vanish_with_the_weight_of_a_class():
    noise = np.random.default_rng(5).integers(0, 2, 60)
    model = CircuitClassifier(n_jobs=1, class_weight={0: 1000, 1: 1e-4}).fit(X, noise)
    plain = CircuitClassifier(n_jobs=1).fit(X, noise)
    assert model.solution_.parameter == pytest.approx(plain.solution_.parameter, rel=1e-9)
    assert not model.predict(X).any()  # the other class counts for nothing


def test_balanced_classes_count_a_row_of_weight_three_as_three():
    weight = np.random.default_rng(1).integers(0, 4, 60)
    rows = np.repeat(np.arange(60), weight)
    one = CircuitClassifier(class_weight="balanced", n_jobs=1).fit(X, THREE, sample_weight=weight)
    many = CircuitClassifier(class_weight="balanced", n_jobs=1).fit(X[rows], THREE[rows])
    assert np.allclose(one.decision_function(X), many.decision_function(X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n", [2, 3])
def test_a_class_of_hardly_any_weight_is_not_fitted_to_its_noise(n):
    rng = np.random.default_rng(0)
    points, y = rng.standard_normal((100, 2)), np.arange(100) % n
    weights = {0: 1000.0, 1: 1e-4, 2: 1e-4} if n == 3 else {0: 1000.0, 1: 1e-4}
    model = CircuitClassifier(levels=(1, 2), n_jobs=1, class_weight=weights).fit(points[:50], y[:50])
    assert (model.predict(points[50:]) == 0).all()


@pytest.mark.parametrize(
    "wrong", ["even", [1, 2], 3, {0: -1}, {0: np.nan}, {0: np.inf}, {0: "a"}, {0: True}, {"0": 1}], ids=str
)
def test_class_weights_are_checked(wrong):
    for make in (CircuitClassifier, CircuitClassifierCV):
        with pytest.raises(InputError, match=r"class_weight is .*expected None, 'balanced', or a dict"):
            make(class_weight=wrong).fit(X, BOTH)


def test_classes_without_weight_are_not_there():
    for options, weight in (({}, THREE != 2), ({"class_weight": {0: 1, 1: 1, 2: 0}}, np.ones(60))):
        model = CircuitClassifier(n_jobs=1, **options).fit(X, THREE, sample_weight=weight.astype(float))
        assert model.classes_.tolist() == [0, 1] and len(model.solutions_) == 1
    bag = BaggingClassifier(CircuitClassifier(n_jobs=1), n_estimators=2, random_state=0).fit(X, THREE)
    assert bag.predict_proba(X).shape == (60, 3)


def test_importances_share_the_norm_among_the_columns_read():
    y = 2.0 * (X[:, 0] != X[:, 1]) + X[:, 3]
    solution = (model := CircuitRegressor(lam=1e-3, n_jobs=1).fit(X, y)).solution_
    expected = np.zeros(4)
    for b, atom in zip(solution.coef, solution.atoms, strict=True):
        columns = {literal // atom.level for literal in atom.literals}
        for i in columns:
            expected[i] += abs(b) * max(1, atom.n_gates) ** (1 / 3) / len(columns)
    assert np.allclose(model.feature_importances_, expected / solution.norm, rtol=1e-12)
    assert model.feature_importances_.sum() == pytest.approx(1.0) and model.feature_importances_[2] == 0.0
    several = CircuitClassifier(n_jobs=1).fit(X, THREE)
    assert several.feature_importances_.sum() == pytest.approx(1.0) and several.feature_importances_[3] == 0.0
    flat = CircuitRegressor(lam=1e3, n_jobs=1).fit(X, y)
    assert flat.feature_importances_.tolist() == [0.0] * 4


@each_model
def test_selectors_of_columns(model):
    assert SelectFromModel(clone(model)).fit(X, BOTH).get_support().tolist() == [True, True, False, False]
    assert RFE(clone(model), n_features_to_select=2).fit(X, BOTH).get_support().tolist() == [
        True,
        True,
        False,
        False,
    ]


def chosen(a, b):
    labels = np.empty(2, dtype=object)
    labels[:] = [a, b]
    return labels[BOTH]


LABELS = {
    "object integers": (chosen(np.int64(3), 7), [3, 7]),
    "object booleans": (chosen(np.False_, True), [False, True]),
    "booleans": (BOTH.astype(bool), [False, True]),
    "small integers": (BOTH.astype(np.uint8), [0, 1]),
    "whole floats": (BOTH.astype(float), [0.0, 1.0]),
    "texts": (chosen("no", "yes"), ["no", "yes"]),
    "StringDType": (chosen("no", "yes").astype(np.dtypes.StringDType()), ["no", "yes"]),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_come_back_and_are_saved(name, tmp_path):
    y, classes = LABELS[name]
    for make, options in ((CircuitClassifier, {"n_jobs": 1}), (CircuitClassifierCV, QUICK)):
        model = make(**options).fit(X, y)
        assert model.score(X, y) == 1.0 and model.classes_.tolist() == classes
        model.solution_.save(tmp_path / "model.npz")
        again = load(tmp_path / "model.npz")
        assert again.predict(X).tolist() == model.solution_.predict(X).tolist() == model.predict(X).tolist()


def test_labels_of_frames(tmp_path):
    pd = pytest.importorskip("pandas")
    names = pd.Series(chosen("no", "yes"))
    for y in (
        names.astype("category"),
        names.astype("string"),
        pd.Categorical(names),
        pd.Series(BOTH, dtype="Int64"),
    ):
        model = CircuitClassifier(n_jobs=1).fit(X, y)
        assert model.score(X, y) == 1.0
        model.solution_.save(tmp_path / "model.npz")
        assert load(tmp_path / "model.npz").predict(X).tolist() == model.predict(X).tolist()


def test_dates_are_labels_and_stay_dates_in_the_file(tmp_path):
    y = np.array(["2026-01-01", "2027-01-01"], dtype="datetime64[D]")[BOTH]
    model = CircuitClassifier(n_jobs=1).fit(X, y)
    model.solution_.save(tmp_path / "model.npz")
    assert model.score(X, y) == 1.0
    again = load(tmp_path / "model.npz").predict(X)
    assert again.dtype == y.dtype and np.array_equal(again, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (chosen(b"n", b"y"), "bytes.*decode"), (np.array([b"n", b"y"])[BOTH], "bytes.*decode"),
        (chosen(date(2026, 1, 1), date(2027, 1, 1)), "type date"), (chosen(Decimal(1), Decimal(2)), "type Decimal"),
        (chosen("a", 1), "types int, str"), (chosen("a", None), "None.*missing.* at row"),
        (chosen("a", np.nan), "nan.*missing.* at row"), (chosen(10**30, 2), "type int.*64 bits"),
        (chosen((1, 2), (2, 3)), "type tuple"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_labels_that_cannot_be_kept_are_refused_at_the_start(y, message):
    for make in (CircuitClassifier, CircuitClassifierCV):
        with pytest.raises(InputError, match=message):
            make().fit(X, y)


def test_targets_of_other_shapes():
    for model in FOUR:
        with pytest.warns(DataConversionWarning, match="column-vector"):
            assert clone(model).fit(X, BOTH[:, None]).predict(X).shape == (60,)
        with pytest.raises(ValueError, match="1d array"):
            clone(model).fit(X, np.column_stack([BOTH, THREE]))
    with pytest.raises(InputError, match="NaN at row 7"):
        CircuitRegressor().fit(X, [1.0] * 7 + [None] + [2.0] * 52)
