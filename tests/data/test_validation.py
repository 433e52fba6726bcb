"""The checks at the public API: what passes, what is refused, and what the message says."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fw_circuits._settings import Settings
from fw_circuits._tables import feature_names_of
from fw_circuits._validation import check_sample_weight, check_target, check_X, is_boolean
from fw_circuits.exceptions import InputError

finite = st.floats(-1e6, 1e6)


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=finite))
def test_check_X_keeps_the_values(values):
    for given_as in (
        values,
        values.tolist(),
        np.asfortranarray(values),
        values.astype(object),
        pd.DataFrame(values),
    ):
        X = check_X(given_as)
        assert X.dtype == np.float64 and X.flags.c_contiguous
        np.testing.assert_array_equal(X, values)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float32])
def test_check_X_takes_every_real_type(dtype):
    np.testing.assert_array_equal(check_X(np.eye(2, dtype=dtype)), np.eye(2))


BAD_TABLES = {
    "nan": ([[0.0, 1.0], [np.nan, 1.0]], r"X contains NaN at row 1, column 0 \(1 such"),
    "inf": ([[0.0, np.inf], [1.0, -np.inf]], r"\+inf \(infinity\) at row 0, column 1 \(2 such"),
    "minus inf": ([[0.0, -np.inf]], r"-inf \(infinity\) at row 0, column 1"),
    "strings": (np.array([["a", "b"]]), "for example .*a.*encode text"),
    "numeric strings": (np.array([["1", "2"]]), "expected numbers"),
    "dates": (np.array([["2020-01-01"]], dtype="datetime64[D]"), "type datetime64"),
    "mixed objects": (np.array([[1, "red"]], dtype=object), "row 0, column 1 is 'red' of type str"),
    "missing object": (np.array([[1, None]], dtype=object), "NaN at row 0, column 1"),
    "one axis": ([1.0, 2.0], r"Expected 2D array.*Reshape your data.*reshape\(-1, 1\)"),
    "scalar": (3.0, "0 axes"),
    "three axes": (np.zeros((2, 2, 2)), "3 axes.*Flatten"),
    "no rows": (np.zeros((0, 3)), r"0 sample\(s\)"),
    "no columns": (np.zeros((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
    "ragged": ([[1, 2], [3]], "unequal length"),
    "complex": (np.eye(2) * 1j, "Complex data not supported"),
    "masked": (np.ma.array([[1.0, 2.0]], mask=[[True, False]]), "masked"),
    "text column": (pd.DataFrame({"age": [1, 2], "city": ["Rome", "Oslo"]}), "column 'city' is not numeric"),
    "object column": (pd.DataFrame({"v": np.array([1, "x"], dtype=object)}), "column 'v'.*'x'"),
    "category column": (pd.DataFrame({"v": pd.Categorical(["a", "b"])}), "column 'v'.*category"),
    "a name twice": (pd.DataFrame(np.eye(2), columns=["a", "a"]), "column name 'a' occurs twice"),
    "missing in frame": (pd.DataFrame({"v": pd.array([1, None], dtype="Int64")}), "NaN at row 1, column 0"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_check_X_refuses(case):
    table, message = BAD_TABLES[case]
    with pytest.raises(InputError, match=message):
        check_X(table)


def test_check_X_compares_the_number_of_columns_and_uses_the_name():
    assert check_X(np.eye(3), n_features=3).shape == (3, 3)
    with pytest.raises(InputError, match="Z has 3 features, but the model is expecting 4"):
        check_X(np.eye(3), n_features=4, name="Z")


def test_check_X_leaves_its_input_alone():
    values = np.eye(3)
    values.flags.writeable = False
    np.testing.assert_array_equal(check_X(values), np.eye(3))


def test_frames_mix_types_and_give_their_names():
    frame = pd.DataFrame({"a": [1, 2], "b": [True, False], "c": pd.array([0.5, 1.5], dtype="Float64")})
    np.testing.assert_array_equal(check_X(frame), [[1, 1, 0.5], [2, 0, 1.5]])
    assert feature_names_of(frame) == ("a", "b", "c")
    assert feature_names_of(pd.DataFrame(np.eye(2))) is None
    assert feature_names_of(np.eye(2)) is None


def test_is_boolean():
    assert is_boolean([[0, 1], [1, 0]]) and is_boolean(np.array([True])) and is_boolean([[-0.0, 1.0]])
    for other in ([[0, 2]], [[0.5]], [[-1, 1]], [[np.nan]]):
        assert not is_boolean(other)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_numeric_targets(loss):
    y, classes = check_target(pd.Series([1, 2, 5]), 3, loss)
    assert classes is None and y.dtype == np.float64
    np.testing.assert_array_equal(y, [1, 2, 5])
    np.testing.assert_array_equal(check_target([True, False], 2, loss)[0], [1, 0])


def test_numeric_target_is_a_copy():
    given_as = np.array([1.0, 2.0])
    y, _ = check_target(given_as, 2, "squared")
    y[0] = 9
    assert given_as[0] == 1


@pytest.mark.parametrize(
    "labels", [(False, True), (0, 1), (-1, 1), (1, 2), (0.25, 0.5), ("benign", "malignant"), (b"a", b"b")]
)
@pytest.mark.parametrize("kind", [np.array, list, lambda v: np.array(v, dtype=object), pd.Series])
def test_two_labels_of_any_kind(labels, kind):
    low, high = labels
    y, classes = check_target(kind([high, low, low, high]), 4, "logistic")
    np.testing.assert_array_equal(y, [1.0, -1.0, -1.0, 1.0])
    assert y.dtype == np.float64 and classes.shape == (2,) and list(classes) == [low, high]


@given(st.lists(st.integers(0, 1), min_size=2, max_size=30).filter(lambda v: len(set(v)) == 2))
def test_labels_come_back_from_their_signs(labels):
    y, classes = check_target(labels, len(labels), "logistic")
    assert [int(c) for c in classes[(y > 0).astype(int)]] == labels


BAD_TARGETS = {
    "too large": ([1e200, 0, 1], "squared", "largest .y. is 1e.200.*divide y"),
    "too small": ([1e-200, 0, 0], "huber", "largest .y. is 1e-200.*divide y"),
    "one word": (["a", "a", "a"], "logistic", "single label, 'a';"),
    "one label": ([1, 1, 1], "logistic", "single label, .*1.*two classes"),
    "three labels": (["a", "b", "c"], "logistic", "3 different values.*exactly two.*CircuitClassifier"),
    "three whole numbers": ([0, 1, 2], "logistic", "CircuitClassifier.*squared"),
    "regression": ([0.1, 0.2, 0.35], "logistic", "regression target, use loss='squared'"),
    "missing float": ([0.0, np.nan, 1.0], "logistic", "missing.* at row 1"),
    "missing object": (["a", None, "b"], "logistic", "missing.* at row 1"),
    "missing in pandas": (pd.array(["a", None, "b"], dtype="string"), "logistic", "missing.* at row 1"),
    "missing number in pandas": (pd.array([1, None, 0], dtype="Int64"), "squared", "row 1"),
    "mixed labels": (np.array([1, "a", 1], dtype=object), "logistic", "mixes labels of the types int, str"),
    "text": (["a", "b", "a"], "squared", "needs numbers: use loss='logistic'"),
    "nan": ([0.0, np.nan, 1.0], "squared", "y contains NaN at row 1"),
    "inf": ([0.0, 1.0, np.inf], "huber", "y contains .inf .* at row 2"),
    "complex": ([1j, 0, 1], "squared", "Complex data not supported"),
    "column": (np.zeros((3, 1)), "squared", r"shape \(3, 1\).*ravel"),
    "several": (np.zeros((3, 2)), "squared", "one target at a time"),
    "short": ([0.0, 1.0], "squared", "y has 2 entries but X has 3 rows"),
    "sparse": (scipy.sparse.eye_array(3, format="csr"), "squared", "sparse"),
    "ragged": ([[1], [1, 2], [3]], "squared", "unequal length"),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_check_target_refuses(case):
    y, loss, message = BAD_TARGETS[case]
    with pytest.raises(InputError, match=message):
        check_target(y, 3, loss)


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=20).filter(lambda w: max(w) > 1e-290))
def test_weights_sum_to_one_and_keep_their_ratios(weights):
    w = check_sample_weight(weights, len(weights))
    assert w.dtype == np.float64 and np.isclose(w.sum(), 1.0)
    np.testing.assert_allclose(w / w.max(), np.array(weights) / max(weights), atol=1e-300)


def test_no_weights_are_uniform_and_zeros_stay():
    np.testing.assert_array_equal(check_sample_weight(None, 4), np.full(4, 0.25))
    np.testing.assert_array_equal(check_sample_weight([0, 2, 2], 3), [0, 0.5, 0.5])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -2, 1], "-2.* at row 1; expected weights >= 0"),
        ([0, 0, 0], "zero in every row"),
        ([1, 1], "2 entries but X has 3"),
        ([1, np.nan, 1], "NaN at row 1"),
        ([1, 1, np.inf], "infinity"),
        (["a", "b", "c"], "expected numbers"),
        (np.ones((3, 1)), "expected a vector"),
    ],
)
def test_check_sample_weight_refuses(weights, message):
    with pytest.raises(InputError, match=message):
        check_sample_weight(weights, 3)


BAD_SETTINGS = [
    ({"gamma": 0}, "gamma is 0; expected a finite number > 0"),
    ({"gamma": -1.0}, "gamma is -1.0"),
    ({"gamma": float("nan")}, "gamma is nan"),
    ({"gamma": float("inf")}, "gamma is inf"),
    ({"gamma": "3"}, "gamma is '3'"),
    ({"gamma": True}, "gamma is True"),
    ({"tau": 1.0, "lam": 0.1}, "tau=1.0 and lam=0.1 were given; expected at most one"),
    ({"lam": 0.1, "eps": 0.2}, "at most one"),
    ({"tau": -1}, "tau is -1; expected a finite number >= 0"),
    ({"lam": 0.0}, "lam is 0.0; expected a finite number > 0"),
    ({"lam": -0.1}, "lam is -0.1"),
    ({"eps": float("nan")}, "eps is nan"),
    ({"tol": -1e-3}, "tol is -0.001"),
    ({"max_iter": 0}, "max_iter is 0"),
    ({"max_iter": 2.5}, "max_iter is 2.5"),
    ({"time_limit": 0}, "time_limit is 0"),
    ({"time_limit": float("nan")}, "time_limit is nan"),
    ({"loss": "hinge"}, "loss is 'hinge'; known losses: squared, logistic, huber"),
    ({"loss": ["squared"]}, "known losses"),
    ({"method": "newton"}, "method is 'newton'; expected one of 'vanilla', 'away', 'pairwise', 'corrective'"),
    ({"levels": ()}, r"levels is \(\)"),
    ({"levels": (0, 1)}, r"levels is \(0, 1\).*from 1 to 16"),
    ({"levels": (17,)}, "from 1 to 16"),
    ({"levels": (1, 1)}, "distinct"),
    ({"levels": (1.5,)}, "whole numbers"),
    ({"levels": (True,)}, "whole numbers"),
    ({"levels": 3}, r"levels is 3; expected .* such as \(1, 2, 3\)"),
    ({"max_gates": -1}, "max_gates is -1"),
    ({"n_jobs": 0}, "n_jobs is 0"),
    ({"n_jobs": 1.5}, "n_jobs is 1.5"),
]


@pytest.mark.parametrize(("settings", "message"), BAD_SETTINGS)
def test_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message) as caught:
        Settings.of(**settings)
    assert str(caught.value).startswith("1 setting cannot be used:\n- ")


def test_everything_wrong_is_listed_at_once():
    with pytest.raises(InputError) as caught:
        Settings.of(gamma=-3, tau=1, lam=-1, tol=-1, loss="x", method="y", levels=(0,), n_jobs=0)
    text = str(caught.value)
    assert text.startswith("8 settings cannot be used:")
    for word in ("gamma", "tau=1 and lam=-1", "lam is -1", "tol", "loss", "method", "levels", "n_jobs"):
        assert word in text


@pytest.mark.filterwarnings("error")
def test_good_settings_pass_in_silence():
    assert Settings.of() == Settings()
    given = Settings.of(
        gamma=np.float64(2.5), tau=0, tol=0, max_iter=np.int64(1), time_limit=float("inf"), loss="huber",
        method="away", levels=[1, np.int64(16)], max_gates=np.array(3), n_jobs=-1,
    )  # fmt: skip
    kinds = {name: type(getattr(given, name)) for name in ("gamma", "tau", "max_iter", "max_gates")}
    assert kinds == {"gamma": float, "tau": float, "max_iter": int, "max_gates": int}
    assert given.levels == (1, 16) and given.form == {"tau": 0.0} and (given.method, given.n_jobs) == ("away", -1)
    assert Settings.of(lam=1e-3, time_limit=0.1).form == {"lam": 1e-3}
    assert Settings.of(eps=0.5, gamma=2.0001).form == {"eps": 0.5}


@pytest.mark.parametrize("gamma", [0.5, 2, 2.0])
def test_small_gamma_warns(gamma):
    with pytest.warns(UserWarning, match="still a norm"):
        Settings.of(gamma=gamma)
