"""Kinds of columns: found from every kind of frame, overridden, refused; and the columns that they become."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.columns import Column, Columns, columns_for
from fw_circuits.columns.table import between
from fw_circuits.exceptions import InputError

GRADES = ["low", "mid", "high"]
FRAME = pd.DataFrame(
    {
        "city": pd.Categorical(["Rome", "Oslo", "Rome", None], categories=["Oslo", "Rome", "Bern"]),
        "grade": pd.Categorical(["mid", "low", "high", "mid"], categories=GRADES, ordered=True),
        "age": pd.array([30, None, 50, 40], dtype="Int64"),
        "member": pd.array([True, False, None, True], dtype="boolean"),
        "note": pd.array(["a", "b", None, "a"], dtype="string"),
        "big": [1e9, 1e9 + 1.0, 2e9, 3e9],
    }
)
NAMES = ("city = Rome", "city = Oslo", "city is missing", "grade >= mid", "grade >= high", "age", "age is missing",
         "member", "member is missing", "note = a", "note = b", "note is missing", "big")  # fmt: skip
VALUES = [
    [1, 0, 0, 1, 0, 30, 0, 1, 0, 1, 0, 0, 1e9],
    [0, 1, 0, 0, 0, 40, 1, 0, 0, 0, 1, 0, 1e9 + 1],
    [1, 0, 0, 1, 1, 50, 0, 1, 1, 0, 0, 1, 2e9],
    [0, 0, 1, 1, 0, 40, 0, 1, 0, 1, 0, 0, 3e9],
]


def polars_frame():
    frame = pl.from_dict({name: FRAME[name].astype(object).where(FRAME[name].notna(), None).tolist() for name in FRAME})
    return frame.with_columns(pl.col("city").cast(pl.Categorical), pl.col("grade").cast(pl.Enum(GRADES)))


KINDS = {
    "pandas": lambda: FRAME,
    "pandas objects": lambda: FRAME.astype({"city": object, "note": object, "age": object, "member": object}),
    "polars": polars_frame,
    "arrow": lambda: pa.Table.from_pandas(FRAME),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_found_from_the_frame(kind):
    found = columns_for(KINDS[kind]())
    assert [column.kind for column in found.columns] == [
        "category",
        "ordered",
        "number",
        "boolean",
        "category",
        "number",
    ]
    assert found.names == NAMES and found.raw_names == tuple(FRAME)
    for other in KINDS:
        assert found.encode(KINDS[other]()).tolist() == VALUES


def test_plain_numbers_need_no_columns():
    for X in (np.eye(2), [[1, 2]], FRAME[["big"]], pl.DataFrame({"a": [True, False], "b": [1, 2]}),
              pd.DataFrame({"a": np.array([1, 2.5], object)})):  # fmt: skip
        assert columns_for(X) is None
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    assert solve(X, y, lam=0.1, n_jobs=1).columns is None


def test_unseen_categories_and_gaps_are_defined():
    found = columns_for(FRAME[["city", "grade", "big"]])
    new = pd.DataFrame({"city": ["Atlantis", None], "grade": ["none", None], "big": [np.nan, 7.0]})
    assert found.names == (*NAMES[:5], "big")
    # no city at all, an unknown grade is the median like a gap, the median of numbers
    assert found.encode(new).tolist() == [[0, 0, 0, 1, 0, 2e9], [0, 0, 1, 1, 0, 7]]


def test_rare_categories_share_a_literal():
    values = ["a"] * 150 + ["b"] * 47 + ["c", "d", "e"]
    found = columns_for(pd.DataFrame({"v": values}))
    assert found.names == ("v = a", "v = b", "v = (rare)")
    assert found.encode(pd.DataFrame({"v": ["c", "e", "z"]})).tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert columns_for(pd.DataFrame({"v": values[:198]})).names == ("v = a", "v = b", "v = c")  # one alone stays itself
    weights = np.array([1.0] * 197 + [10.0, 0.0, 1.0])
    assert columns_for(pd.DataFrame({"v": values}), sample_weight=weights).names == ("v = a", "v = b", "v = c", "v = e")


def test_weights_are_rows():
    frame = FRAME.assign(big=[5.0, np.nan, 7.0, 9.0])
    counts = [1, 0, 3, 2]
    weighted = Columns.fit(frame, sample_weight=np.array(counts, float))
    assert weighted == Columns.fit(frame.loc[np.repeat(range(4), counts)])
    assert weighted.columns[-1] == Column("big", "number", gaps=False, fill=7.0)


def test_kinds_can_be_told():
    frame = pd.DataFrame({"zip": [10, 20, 10], "size": ["1", "2.5", ""], "grade": ["lo", "hi", "lo"], "yes": [1, 0, 1]})
    kinds = {"zip": "category", "size": "number", "grade": ["lo", "hi"], "yes": "boolean"}
    found = Columns.fit(frame, kinds)
    assert found.names == ("zip = 10", "zip = 20", "size", "size is missing", "grade >= hi", "yes")
    assert found.encode(frame.assign(zip=["20", 20.0, Decimal(10)])).tolist() == [
        [0, 1, 1, 0, 0, 1], [0, 1, 2.5, 0, 1, 0], [1, 0, 2.5, 1, 0, 1],
    ]  # fmt: skip
    array = np.array([[10.0, 1.0], [20.0, np.nan]])
    assert Columns.fit(array, {"x0": "category"}).names == ("x0 = 10", "x0 = 20", "x1", "x1 is missing")
    with pytest.raises(InputError, match="kinds names 'zap'; expected columns of X: 'zip'"):
        Columns.fit(frame, {"zap": "number"})
    with pytest.raises(InputError, match="column 'grade' contains 'lo', which is none of the categories 'a', 'b'"):
        Columns.fit(frame, {"grade": ["a", "b"]})
    for wrong in ("ordinal", ["a"], ["a", "a"], 3):
        with pytest.raises(InputError, match="kinds of column 'zip' is"):
            solve(frame, [0, 1, 0], kinds={"zip": wrong})
    with pytest.raises(InputError, match="kinds is 'number'; expected a dictionary"):
        solve(frame, [0, 1, 0], kinds="number")


DAY = datetime.date(2020, 1, 31)
REFUSED = {
    "dates": (pd.to_datetime(["2020-01-31"] * 2), "contains dates or times, for example 2020-01-31.* such as the year"),
    "date objects": ([DAY, None], "dates or times"),
    "dates as text": (["2020-01-31", None], "dates or times"),
    "days first": (["31.01.2020", "1.2.2020"], "dates or times"),
    "durations": (pd.to_timedelta([1, 2]), "dates or times"),
    "periods": (pd.period_range("2020", periods=2, freq="M"), "dates or times"),
    "lists": ([[1], [2]], "contains lists, arrays or records"),
    "bytes": ([b"a", b"b"], "contains bytes.*decode"),
    "intervals": (pd.interval_range(0, 2), "values of another type"),
    "mixed": (["a", 1], "both text and numbers, for example 'a'.*kinds={'v': 'category'}"),
    "infinity": ([np.inf, np.nan], r"contains \+inf \(infinity\) at row 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_columns_are_refused_by_name(case):
    values, message = REFUSED[case]
    frame = pd.DataFrame({"a": ["x", "y"], "v": values})
    with pytest.raises(InputError, match=rf"X: column 'v' {message}|X: column 'v' contains {message}"):
        solve(frame, [0, 1])
    for other in (pl.DataFrame({"v": [DAY, DAY]}), pa.table({"v": [DAY, None]}), pl.DataFrame({"v": [[1, 2], [3]]})):
        with pytest.raises(InputError, match=r"column 'v' contains (dates|lists)"):
            solve(other, [0, 1])


def test_what_a_kind_cannot_be_is_refused_at_prediction():
    found = columns_for(FRAME[["age", "member"]])
    good = pd.DataFrame({"age": ["30", " 4.5 "], "member": ["TRUE", 0]})
    assert found.encode(good).tolist() == [[30, 0, 1, 0], [4.5, 0, 0, 0]]
    with pytest.raises(InputError, match="column 'age' contains 'old' at row 1; expected a finite number"):
        found.encode(good.assign(age=[1, "old"]))
    with pytest.raises(InputError, match="column 'member' contains 2 at row 0; expected true or false"):
        found.encode(good.assign(member=[2, 1]))
    with pytest.raises(InputError, match="lacks the column 'member'; it has 'age', expected 'age', 'member'"):
        found.encode(good[["age"]])


def test_names_are_distinct():
    frame = pd.DataFrame({"c": ["a", "b"], "c = a": [1.0, 2.0], "c is missing": [1.0, np.nan], "c = b'": ["", "x"]})
    assert len(set(columns_for(frame.assign(c=[None, "a"])).names)) == len(
        columns_for(frame.assign(c=[None, "a"])).names
    )
    found = Columns.fit(pd.DataFrame({"x": ["a"], "x = a": [1.0]}))
    assert found.names == ("x = a", "x = a'")


TEXTS = st.sampled_from(["Rome", "Oslo", "Bern", None, "", " x"])
NUMBERS = st.one_of(st.none(), st.floats(-1e12, 1e12), st.integers(10**9, 10**9 + 3).map(float))
ROWS = st.lists(
    st.tuples(TEXTS, NUMBERS, st.sampled_from([True, False, None]), st.floats(0, 3)), min_size=1, max_size=20
)


def table(rows, order=range(4)):
    names = ("city", "pay", "flag", "q")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return pd.DataFrame({names[i]: pd.Series(columns[names[i]], dtype=float if i in (1, 3) else object) for i in order})


@given(
    ROWS, ROWS, st.permutations(range(4)), st.sampled_from(["bits", "ramps", "thresholds", "both"]), st.integers(1, 4)
)
@settings(max_examples=60, deadline=None)
def test_every_row_by_itself_in_any_order_and_from_a_file(rows, new, order, literals, n):
    fitted = Columns.fit(table(rows))
    found = fitted.with_literals(literals, fitted.base(table(rows)), n)
    assert len(set(found.names)) == len(found.names) == len(found.origins)
    whole = found.encode(table(new))
    assert whole.shape == (len(new), len(found.names)) and np.isfinite(whole).all()
    np.testing.assert_array_equal(whole, found.encode(table(new, order).assign(more="?")))
    np.testing.assert_array_equal(whole, np.concatenate([found.encode(table([row])) for row in new]))
    again = Columns.from_dict(found.to_dict())
    assert again == found and again.names == found.names
    np.testing.assert_array_equal(whole, again.encode(table(new)))


@given(
    st.lists(
        st.one_of(st.floats(-1e15, 1e15).map(lambda v: round(v, 9)), st.integers(0, 5).map(float)),
        min_size=2,
        max_size=40,
    ),
    st.integers(1, 9),
)
@settings(max_examples=100, deadline=None)
def test_thresholds_are_monotone_steps_through_the_data(values, n):
    X = np.array(values)[:, None]
    found = columns_for(X, literals="thresholds").with_literals("thresholds", X, n)
    ramps = found.encode(X)
    breaks = found.columns[0].breaks
    assert (ramps.min() >= 0 and ramps.max() <= 1) or not breaks
    if breaks:
        assert breaks[0] == X.min() and breaks[-1] == X.max() and len(breaks) <= n + 1
        assert (np.diff(ramps, axis=1) <= 0).all()  # a higher threshold is never closer
        assert len(found.names) == len(breaks) - 1
        ends = [float(name.removeprefix("x0 >= ")) for name in found.names]
        assert all(a < t <= b for a, t, b in zip(breaks, ends, breaks[1:], strict=False))
        if len(np.unique(X)) <= n + 1:  # then they are comparisons
            assert set(np.unique(ramps)) <= {0.0, 1.0}
            np.testing.assert_array_equal(ramps, np.array(ends) <= X)


def test_names_of_thresholds_are_short_and_in_between():
    for low, high, name in (
        (0, 1, "0.5"),
        (1e9, 1e9 + 2, "1000000001"),
        (-3, -2.9, "-2.95"),
        (0.1, 0.1000001, "0.10000005"),
    ):
        assert between(low, high) == name
    assert between(1.0, np.nextafter(1.0, 2.0)) == "1.0000000000000002"


def test_damaged_columns_are_no_columns():
    good = Columns.fit(FRAME).to_dict()
    for place, change in ((0, {"kind": "colour"}), (0, {"values": ["Rome", "Rome"]}), (2, {"fill": float("inf")}),
                          (2, {"breaks": [2.0, 1.0]}), (0, {"name": 3}), (1, {"fill": 7.0}), (1, {"more": 1}),
                          (0, {"gaps": 1}), (0, {"values": 3})):  # fmt: skip
        columns = [dict(column) for column in good["columns"]]
        columns[place] |= change
        with pytest.raises((TypeError, ValueError)):
            Columns.from_dict({**good, "columns": columns})


def test_thresholds_of_bits_and_of_weighted_rows():
    X = np.stack([np.arange(40) ** 2.0, np.arange(40) % 2, np.arange(40) % 2 * 4 + 3.0], axis=1)
    plain = Columns.fit(X)
    found = plain.with_literals("both", X, 3)
    assert found.names[-3:] == ("x1", "x2", "x2 >= 5")
    assert plain.with_literals("thresholds", X).names[-2:] == ("x1", "x2 >= 5")
    counts = np.arange(40) % 4
    again = plain.with_literals("both", np.repeat(X, counts, axis=0), 3)
    assert plain.with_literals("both", X, 3, counts) == again != found
