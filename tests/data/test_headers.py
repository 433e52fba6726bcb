"""Which line contains names, which columns are row labels: files as pandas, polars, R and spreadsheets write them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.cli import main
from fw_circuits.data import read_csv, read_features, read_table
from fw_circuits.exceptions import FormatError, InputError

silent = pytest.mark.filterwarnings("error")  # but for the warnings that a test expects
ROWS = "1,0,1,1\n0,0,1,0\n1,1,0,0\n0,1,0,1\n"
VALUES = [[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 0]]


@pytest.fixture
def read(tmp_path):
    def reader(text, target=None, name="t.csv", **options):
        (tmp_path / name).write_text(text)
        return read_table(tmp_path / name, target, **options)

    return reader


HEADERS = {
    "numbers": ("0,1,2,3", None, ("0", "1", "2"), "3"),
    "numbers and a name": ("0,1,2,y", None, ("0", "1", "2"), "y"),
    "a name and numbers": ("y,0,1,2", "y", ("0", "1", "2"), "y"),
    "years, target named": ("2019,2020,2021,y", "y", ("2019", "2020", "2021"), "y"),
    "years, target a year": ("2019,2020,2021,2022", "2022", ("2019", "2020", "2021"), "2022"),
    "a decimal as a name": ("0.25,0.5,0.75,y", "y", ("0.25", "0.5", "0.75"), "y"),
    "target a number among text": ("a,b,c,2022", "2022", ("a", "b", "c"), "2022"),
    "numbers, target an index": ("0,1,2,3", 3, ("0", "1", "2"), "3"),
    "numbers, target an index as text": ("0,1,2,3", "3", ("0", "1", "2"), "3"),
    "quoted years": ('"2019","2020","2021","2022"', None, ("2019", "2020", "2021"), "2022"),
    "quoted text with delimiters": ('"a, b","2","c","y"', "y", ("a, b", "2", "c"), "y"),
    "a mark before it": ("\ufeff0,1,2,3", None, ("0", "1", "2"), "3"),
    "an empty name": ("a,,c,y", None, ("a", "x1", "c"), "y"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_line_1_contains_names(read, case):
    line, target, features, name = HEADERS[case]
    data = read(f"{line}\n{ROWS}", target)
    assert data.feature_names == features and data.target_name == name
    columns = [1, 2, 3] if line[0] == "y" else [0, 1, 2]
    np.testing.assert_array_equal(data.X, np.array([[*map(int, r.split(","))] for r in ROWS.split()])[:, columns])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
def test_numbers_as_names_with_every_delimiter(read, delimiter):
    for name in ("t.csv", "t.txt") + (("t.tsv",) if delimiter == "\t" else ()):
        assert read(("0,1,2,3\n" + ROWS).replace(",", delimiter), name=name).X.tolist() == VALUES


DATA = {
    "0/1 rows": (ROWS, None, 4),
    "repeated numbers": ("0,1,1,0\n" + ROWS, None, 5),
    "an index that is a cell of line 1": (ROWS, "1", 4),
    "an index from the right": (ROWS, "-1", 4),
    "text labels": ("0,1,cat\n1,0,dog\n1,1,cat\n0,0,dog\n", None, 4),
    "rows in equal steps": ("1,2,3,4\n5,6,7,8\n9,10,11,12\n", None, 3),
    "a row in equal steps among its like": ("4,5,6,7\n1,9,2,8\n3,7,4,9\n9,2,7,4\n", None, 4),
    "all quoted": ('"2","3","5"\n"1","0","1"\n', None, 2),
}


@silent
@pytest.mark.parametrize("case", DATA)
def test_line_1_is_a_row(read, case):
    text, target, rows = DATA[case]
    assert read(text, target).n_rows == rows


@silent
@pytest.mark.parametrize("line", ["1,2,3,4", "2019,2020,2021,2022", "0.0,1.0,2.0,3.0", "3,1,0,2", "10,20,30,40"])
def test_a_row_that_looks_like_names_warns(read, line):
    with pytest.warns(UserWarning, match="taken for a row of data, though it looks like names.*--header"):
        assert read(f"{line}\n{ROWS}").n_rows == 5
    for header, n_rows in ((True, 4), (False, 5)):
        assert read(f"{line}\n{ROWS}", header=header).n_rows == n_rows


@pytest.mark.parametrize("delimiter", [";", "\t", "|", " "])
@pytest.mark.parametrize("names", ["", "a y\n"])
def test_decimal_commas_are_refused_and_do_not_cut(read, delimiter, names):
    """Cut at the comma, two columns would become a feature and the labels '5;1' and '5;0'."""
    text = (names + "1,5 1\n0,5 0\n3,5 1\n").replace(" ", delimiter)
    with pytest.raises(InputError, match="'1,5' contains a comma; expected a decimal point"):
        read(text)


@silent
def test_two_columns_of_0_and_1_warn(read):
    with pytest.warns(UserWarning, match="is taken for names.*--no-header"):
        assert read("0,1\n1,1\n0,0\n").n_rows == 2
    assert read("0,1\n1,1\n0,0\n", header=False).n_rows == 3
    assert read("0,1\n1,1\n0,0\n", header=True).n_rows == 2


def test_a_typing_error_in_line_1_is_no_header(read):
    for text, message in (
        ("1.5,2,O\n1,2,1\n3,4,0\n1,1,0\n", "line 1: the target 'y' is 'O' among numbers.*--header"),
        ("l.5,2,0\n1,2,1\n3,4,0\n", "line 1 .row 0., column 'x0': 'l.5' is not a number.*--header"),
    ):
        with pytest.raises(InputError, match=message):
            read(text)
    for text in ("NA,2,0\n1,2,1\n", ",0,1\n1,2,1\n"):
        assert np.isnan(read(text, header=False if text[0] == "," else None).X["x0"]).tolist() == [True, False]


def test_bad_headers(read):
    with pytest.raises(FormatError, match="line 1: column name '1' occurs twice"):
        read("1,1,2,y\n" + ROWS, "y")
    with pytest.raises(FormatError, match="header and no rows"):
        read("0,1,2,3\n")
    with pytest.raises(InputError, match=r"target is column 2022; expected an index in -4\.\.3; .*pass '2022'"):
        read("2019,2020,2021,2022\n" + ROWS, 2022, header=True)
    with pytest.raises(InputError, match="delimiter is '::'; expected a single character"):
        read("a::b\n1::2\n", delimiter="::")


def test_the_hints_work(read, tmp_path):
    assert read("5,6,7,8\n" + ROWS, header=True).feature_names == ("5", "6", "7")
    assert read(ROWS.replace(",", "/"), delimiter="/").X.tolist() == VALUES
    assert read("a/b\n1/2\n", name="t.txt", delimiter="/", header=True).X.tolist() == [[1]]
    np.savez(tmp_path / "t.npz", X=np.eye(2), y=np.arange(2))
    pd.DataFrame({"a": [1], "y": [0]}).to_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.pla").write_text(".i 1\n.o 1\n1 1\n")
    for name in ("t.npz", "t.parquet", "t.pla"):
        for option in ({"header": True}, {"delimiter": ","}):
            with pytest.raises(InputError, match="are for delimited text; leave them out"):
                read_table(tmp_path / name, **option)


def test_header_at_the_shell(tmp_path, capsys, monkeypatch):
    rows = "".join(f"{a},{b},{a}\n" for a in (0, 1) for b in (0, 1)) * 8
    (tmp_path / "t.csv").write_text("5,6,7\n" + rows)
    seen = []
    monkeypatch.setattr("fw_circuits.cli.solving.experiment", lambda args, data: seen.append(data))
    for words in ([], ["--header"], ["--no-header"]):
        assert main(["solve", str(tmp_path / "t.csv"), *words]) == 0
    assert [data.n_rows for data in seen] == [33, 32, 33] and seen[1].feature_names == ("5", "6")
    model = str(tmp_path / "m.npz")
    replace(solve(seen[1].X, seen[1].y, loss="logistic", n_jobs=1), feature_names=("5", "6")).save(model)
    (tmp_path / "new.csv").write_text("6,5\n" + "0,1\n1,0\n")
    capsys.readouterr()
    assert main(["predict", model, str(tmp_path / "new.csv")]) == 0  # its names are the solution's
    assert capsys.readouterr().out.split() == ["prediction", "1", "0"]
    assert main(["certify", model, str(tmp_path / "t.csv"), "--header"]) == 0
    assert main(["certify", model, str(tmp_path / "t.csv"), "--no-header"]) == 1
    capsys.readouterr()
    (tmp_path / "two.csv").write_text("0,1\n" + "1,1\n0,0\n" * 9)
    assert main(["predict", model, str(tmp_path / "two.csv")]) == 1
    err = capsys.readouterr().err
    assert err.startswith("fw-circuits: ") and "is taken for names" in err and "UserWarning" not in err


FRAME = pd.DataFrame({"a": [1, 0, 1, 1], "b": [0, 0, 1, 0], "y": [1, 0, 0, 1]})
INDEXES = {
    "filtered": FRAME[FRAME.a == 1],
    "shuffled": FRAME.sample(frac=1, random_state=0),
    "named": FRAME.set_index(pd.Index([7, 5, 3, 2], name="id")),
    "text": FRAME.set_index(pd.Index(list("stuv"), name="id")),
    "dates": FRAME.set_index(pd.date_range("2020-01-01", periods=4)),
    "two levels": FRAME.set_index([pd.Index([0, 0, 1, 1]), pd.Index([0, 1, 0, 1], name="k")]),
    "range": FRAME.set_index(pd.RangeIndex(3, 7)),
    "plain": FRAME,
}


@pytest.mark.parametrize("target", [None, "y", -1, 2])
@pytest.mark.parametrize("case", INDEXES)
def test_an_index_in_parquet_is_no_feature(tmp_path, case, target):
    frame = INDEXES[case]
    frame.to_parquet(tmp_path / "t.parquet")
    if target == -1 and len(pd.read_parquet(tmp_path / "t.parquet").columns) < 3:
        return
    data = read_table(tmp_path / "t.parquet", "y" if target == -1 else target)
    np.testing.assert_array_equal(data.X, frame[["a", "b"]])
    assert data.feature_names == ("a", "b") and data.target_name == "y" and data.y.tolist() == frame.y.tolist()


def test_an_index_can_be_named(tmp_path):
    INDEXES["named"].to_parquet(tmp_path / "t.parquet")
    data = read_table(tmp_path / "t.parquet", "id")
    assert data.feature_names == ("a", "b", "y") and data.y.tolist() == [7, 5, 3, 2]
    assert read_features(tmp_path / "t.parquet", ["id", "a"]).tolist() == [[7, 1], [5, 0], [3, 1], [2, 1]]


def test_parquet_by_others(tmp_path):
    polars = pytest.importorskip("polars")
    polars.from_pandas(FRAME).write_parquet(tmp_path / "p.parquet")
    assert read_table(tmp_path / "p.parquet").feature_names == ("a", "b")
    INDEXES["filtered"].to_parquet(tmp_path / "t.parquet")  # the column stays, the metadata go
    polars.read_parquet(tmp_path / "t.parquet").write_parquet(tmp_path / "p.parquet")
    assert read_table(tmp_path / "p.parquet").target_name == "y"
    numbered = pd.DataFrame(FRAME.to_numpy())
    numbered.to_parquet(tmp_path / "n.parquet")
    assert read_table(tmp_path / "n.parquet").feature_names == ("0", "1")


@pytest.mark.parametrize("case", ["filtered", "shuffled", "range", "plain"])
@pytest.mark.parametrize("first", ["", "Unnamed: 0"])
def test_an_index_in_csv_is_left_out_with_a_warning(read, case, first):
    frame = INDEXES[case]
    with pytest.warns(UserWarning, match="left out as an index"):
        data = read(first + frame.to_csv())
    np.testing.assert_array_equal(data.X, frame[["a", "b"]])
    assert data.feature_names == ("a", "b") and data.y.tolist() == frame.y.tolist()
    with pytest.warns(UserWarning, match="left out as an index"):
        assert read(first + frame.set_axis([0, 1, 2], axis=1).to_csv()).feature_names == ("0", "1")


@silent
def test_a_first_column_without_a_name_that_is_no_index(read, tmp_path):
    with pytest.warns(UserWarning, match="it is the feature 'x0'"):
        assert read(",b,y\n1,0,1\n1,1,0\n").feature_names == ("x0", "b")
    assert read(",b,y\n1,0,1\n2,1,0\n", 0).target_name == "x0"
    assert read("id,b,y\n1,0,1\n2,1,0\n").feature_names == ("id", "b")
    assert read_features(tmp_path / "t.csv", ["y", "b"]).tolist() == [[1, 0], [0, 1]]


@pytest.mark.filterwarnings("ignore")
@given(
    st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=1, max_size=8),
    st.sampled_from([range(4), "abcd", [2001, 2002, 2003, 2004]]),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=60, deadline=None)
def test_what_pandas_writes_is_read(tmp_path_factory, rows, names, at, index, delimiter):
    frame = pd.DataFrame(rows, columns=list(names))
    target, file = str(frame.columns[at]), tmp_path_factory.mktemp("csv") / "t.csv"
    frame.to_csv(file, index=index, sep=delimiter)
    data = read_csv(file, target)
    rest = frame.drop(columns=frame.columns[at])
    np.testing.assert_array_equal(data.X, rest)
    assert data.y.tolist() == frame.iloc[:, at].tolist()
    assert data.feature_names == tuple(map(str, rest.columns)) and data.target_name == target
    assert read_features(file, [target]).ravel().tolist() == data.y.tolist()
