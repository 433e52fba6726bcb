"""CSV, NPZ, Parquet and PLA: what is read, and how damage is named."""

import itertools
import sys
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits.data import read_csv, read_features, read_npz, read_parquet, read_pla, read_table
from fw_circuits.data.pla import expand
from fw_circuits.exceptions import FormatError, InputError


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- CSV ---

GOOD_CSV = {
    "header": "a,b,y\n1,2,0\n3,4,1\n",
    "no final newline": "a,b,y\n1,2,0\n3,4,1",
    "crlf": "a,b,y\r\n1,2,0\r\n3,4,1\r\n",
    "mark": "\ufeffa,b,y\n1,2,0\n3,4,1\n",
    "semicolon": "a;b;y\n1;2;0\n3;4;1\n",
    "tab": "a\tb\ty\n1\t2\t0\n3\t4\t1\n",
    "bar": "a|b|y\n1|2|0\n3|4|1\n",
    "space": "a b y\n1 2 0\n3 4 1\n",
    "quoted": '"a","b","y"\n"1","2","0"\n3,4,1\n',
    "padded": "a, b, y\n1, 2, 0\n3, 4, 1\n",
    "blank lines": "a,b,y\n\n1,2,0\n\n3,4,1\n\n",
    "exponents": "a,b,y\n1e0,+2.0,0\n.3e1,4.,1\n",
}


@pytest.mark.parametrize("case", GOOD_CSV)
def test_csv_dialects(tmp_path, case):
    got = read_table(write(tmp_path, "t.csv", GOOD_CSV[case]))
    np.testing.assert_array_equal(got.X, [[1, 2], [3, 4]])
    assert got.y.tolist() == [0, 1] and got.y.dtype == np.int64
    assert got.feature_names == ("a", "b") and got.target_name == "y" and got.name == "t"


def test_csv_without_header(tmp_path):
    path = write(tmp_path, "t.csv", "1,2,B\n3,4,M\n")
    got = read_csv(path)
    assert got.feature_names == ("x0", "x1") and got.y.tolist() == ["B", "M"] and got.n_rows == 2


@pytest.mark.parametrize(
    ("target", "rest"), [("a", "by"), ("b", "ay"), (0, "by"), (-1, "ab"), ("1", "ay"), (None, "ab")]
)
def test_csv_target(tmp_path, target, rest):
    got = read_table(write(tmp_path, "t.csv", GOOD_CSV["header"]), target)
    assert got.feature_names == tuple(rest)
    full = {"a": [1, 3], "b": [2, 4], "y": [0, 1]}
    np.testing.assert_array_equal(got.X.T, [full[c] for c in rest])
    assert got.y.tolist() == full[got.target_name]


def test_csv_labels(tmp_path):
    assert read_csv(write(tmp_path, "f.csv", "a,y\n1,0.5\n2,1\n")).y.dtype == np.float64
    assert read_csv(write(tmp_path, "t.csv", "a,y\n1, yes\n2,no\n")).y.tolist() == ["yes", "no"]
    assert read_csv(write(tmp_path, "m.csv", "a,y\n1,r\n2,g\n3,b\n")).y.tolist() == ["r", "g", "b"]
    assert read_csv(write(tmp_path, "2.csv", "a,y\n1,0\n2,x\n3,0\n")).y.tolist() == ["0", "x", "0"]
    assert read_csv(write(tmp_path, "c.csv", 'a,y\n1,"no, never"\n2,yes\n')).y.tolist() == [
        "no, never",
        "yes",
    ]


BAD_CSV = {
    "empty": ("", FormatError, "empty"),
    "blank": ("\n\n  \n", FormatError, "empty"),
    "blank cells": (" , \n,\n", FormatError, "nothing but blank cells"),
    "header only": ("a,b,y\n", FormatError, "header and no rows"),
    "one column": ("a\n1\n2\n", FormatError, "no delimiter found.*'a'"),
    "short line": ("a,b,y\n1,2,0\n3,4\n5,6,1\n", FormatError, r"line 3: 2 cells, but the first line has 3"),
    "long line": ("a,b,y\n1,2,0\n\n3,4,5,6\n", FormatError, r"line 4: 4 cells"),
    "open quote": ('a,b,y\n1,2,0\n3,"4,1\n', FormatError, "line 3: unexpected end of data"),
    "binary": (b"a,b\x00\x01\n1,2\n", FormatError, "NUL bytes"),
    "latin 1": (b"caf\xe9,y\n1,2\n", FormatError, "not UTF-8"),
    "twice": ("a,a,y\n1,2,0\n", FormatError, "column name 'a' occurs twice"),
    "text": (
        "a,b,y\n1,2,0\n3,red,1\n",
        InputError,
        r"line 3 \(row 1\), column 'b': 'red' is not a number, and others of the column are; .*--kind b=category",
    ),
    "underscore": ("a,b,y\n1,2_0,0\n", InputError, "'2_0' is not a number"),
    "decimal commas": (
        "a;b;y\n1,5;red;0\n2,5;blue;1\n",
        InputError,
        "line 2 .row 0., column 'a': '1,5' contains a comma",
    ),
    "infinity beside text": (
        "a,b,y\n1,red,0\ninf,blue,1\n",
        InputError,
        "line 3 .row 1., column 'a': the value is 'inf'",
    ),
    "infinity": ("a,b,y\n1,-inf,0\n", InputError, "column 'b': the value is '-inf'"),
    "target missing": ("a,b,y\n1,2,0\n1,2,\n", InputError, "line 3: the target 'y' is missing"),
    "target infinite": ("a,b,y\n1,2,inf\n1,2,0\n", InputError, "line 2: the target 'y' is 'inf'"),
    "target typo": (
        "a,y\n1,1.5\n2,l.5\n3,2.5\n",
        InputError,
        "line 3: the target 'y' is 'l.5' among numbers",
    ),
}


def test_unknown_targets_and_files(tmp_path):
    path = write(tmp_path, "t.csv", GOOD_CSV["header"])
    with pytest.raises(InputError, match=r"target is 'z'.*'a', 'b', 'y'"):
        read_csv(path, "z")
    with pytest.raises(InputError, match=r"target is column 3; expected an index in -3\.\.2"):
        read_csv(path, 3)
    with pytest.raises(InputError, match="does not exist"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path / "folder.csv")
    with pytest.raises(InputError, match=r"unknown file extension '.xls'; known: .csv"):
        read_table(tmp_path / "t.xls")
    for name in ("e.csv", "e.npz", "e.parquet", "e.pla"):
        with pytest.raises(FormatError, match="empty"):
            read_table(write(tmp_path, name, ""))
    for reader in (read_csv, read_npz, read_pla):
        with pytest.raises(InputError, match="cannot be read"):
            reader(tmp_path / "none")


@given(
    st.lists(
        st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.integers(-5, 5)),
        min_size=1,
        max_size=9,
    )
)
def test_csv_keeps_every_float_exactly(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text("a,y\n" + "".join(f"{x!r},{y}\n" for x, y in rows))
    got = read_csv(path)
    assert got.X[:, 0].tolist() == [x for x, _ in rows] and got.y.tolist() == [y for _, y in rows]


def test_tsv_with_spaces_in_names(tmp_path):
    got = read_table(write(tmp_path, "t.tsv", "sepal length\tkind, of\n1\tb c\n2\td\n"))
    assert got.feature_names == ("sepal length",) and got.y.tolist() == ["b c", "d"]


# --- NPZ ---


def test_npz(tmp_path):
    X, y = np.arange(6).reshape(3, 2), np.array(["a", "b", "a"])
    np.savez_compressed(tmp_path / "t.npz", X=X, y=y, z=np.arange(3), feature_names=np.array(["p", "q"]))
    got = read_table(tmp_path / "t.npz")
    np.testing.assert_array_equal(got.X, X)
    assert got.y.tolist() == ["a", "b", "a"] and got.feature_names == ("p", "q")
    other = read_table(tmp_path / "t.npz", "z")
    assert other.y.tolist() == [0, 1, 2] and other.target_name == "z" and other.n_features == 2
    column = read_table(tmp_path / "t.npz", "q")
    assert column.y.tolist() == [1, 3, 5] and column.X.tolist() == [[0], [2], [4]]
    assert read_table(tmp_path / "t.npz", 0).y.tolist() == [0, 2, 4]
    assert read_table(tmp_path / "t.npz", np.int64(1)).y.tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"A": np.eye(2)}, "contains the arrays A; expected X"),
        ({"X": np.eye(2)}, "no array y"),
        ({"X": np.eye(2), "y": np.zeros(3)}, r"y has shape \(3,\); expected \(2,\)"),
        ({"X": np.eye(2), "y": np.array([0, np.nan])}, "y is nan at row 1"),
        ({"X": np.eye(2), "y": np.array([0, 1j])}, "type complex"),
        ({"X": np.array([[np.nan]]), "y": np.zeros(1)}, "X contains NaN at row 0"),
        ({"X": np.array([["a"]]), "y": np.zeros(1)}, "expected numbers"),
        (
            {"X": np.eye(2), "y": np.zeros(2), "feature_names": np.array(["a"])},
            "1 feature_names for 2 columns",
        ),
    ],
)
def test_npz_that_cannot_be_used(tmp_path, arrays, message):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t.npz")


def test_npz_damage(tmp_path):
    np.savez(tmp_path / "t.npz", X=np.random.default_rng(0).random((50, 4)), y=np.arange(50))
    whole = (tmp_path / "t.npz").read_bytes()
    damaged = bytearray(whole)
    damaged[300] ^= 0xFF
    for content in (b"not an archive", whole[: len(whole) // 2], bytes(damaged)):
        with pytest.raises(FormatError, match="cannot be read as NPZ"):
            read_table(write(tmp_path, "bad.npz", content))
    np.savez(tmp_path / "o.npz", X=np.array([[1, "a"]], dtype=object), y=np.zeros(1))
    with pytest.raises(FormatError, match="allow_pickle"):
        read_table(tmp_path / "o.npz")
    np.save(tmp_path / "one.npy", np.eye(2))
    with pytest.raises(FormatError, match="single array"):
        read_table(write(tmp_path, "one.npz", (tmp_path / "one.npy").read_bytes()))


def npz_of(members):
    """An archive whose members are these bytes, with the right checksums."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def npy_of(array, old=b"", new=b""):
    content = BytesIO()
    np.save(content, array)
    return content.getvalue().replace(old, new)


@pytest.mark.parametrize(
    "member",
    [
        npy_of(np.eye(2), b"(2, 2)", b"(9999999999999, 9)"),  # believed, it allocates
        npy_of(np.eye(2), b"(2, 2)", b"(-2, -2)"),
        npy_of(np.eye(2), b"'shape': (2, 2), }", b"'shape': (((((("),  # ends in the tokenizer
        npy_of(np.eye(2), b"'<f8'", b"'<U99'"),
        npy_of(np.array(["ab"])) [:-4] + b"\xff\xff\xff\xff",  # no character
        b"no array at all",
        b"",
    ],
)  # fmt: skip
def test_npz_with_a_broken_member_and_a_right_checksum(tmp_path, member):
    """`numpy.load` trusts the header of a member, or hands its bytes on as they are."""
    for name in ("X", "feature_names"):
        whole = {"X.npy": npy_of(np.eye(2)), "y.npy": npy_of(np.zeros(2)), f"{name}.npy": member}
        with pytest.raises(FormatError, match=f"cannot be read as NPZ .{name}: "):
            read_table(write(tmp_path, "bad.npz", npz_of(whole)))


# --- Parquet ---


@pytest.mark.parametrize("text", [b"hello", b"abcdefgh"], ids=["a value", "a name"])
def test_parquet_with_text_that_is_no_utf8(tmp_path, text):
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    pd.DataFrame({"abcdefgh": [1, 2], "y": ["hello", "world"]}).to_parquet(path, compression=None)
    path.write_bytes(path.read_bytes().replace(text, b"\xff\xfe" + text[2:]))
    with pytest.raises(FormatError, match="cannot be read as Parquet"):
        read_table(path, "y")


def test_parquet(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": [True, False], "y": ["no", "yes"], "z": [0.5, 1.5]})
    frame.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").X["y"].tolist() == ["no", "yes"]
    with pytest.raises(InputError, match="row 0, column 'y': 'no' is not a number"):
        read_features(tmp_path / "t.parquet", ["a", "y"])
    got = read_table(tmp_path / "t.parquet", "y")
    assert got.X.tolist() == [[1, 1, 0.5], [2, 0, 1.5]] and got.y.tolist() == ["no", "yes"]
    assert got.feature_names == ("a", "b", "z") and got.X.flags.c_contiguous
    frame[["a", "b", "z"]].to_parquet(tmp_path / "f.parquet")
    assert read_table(tmp_path / "f.parquet").y.tolist() == [0.5, 1.5]
    assert read_table(tmp_path / "f.parquet", "b").y.tolist() == [True, False]


def test_parquet_that_cannot_be_used(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "y": [0, 1]}).to_parquet(path)
    assert np.isnan(read_table(path).X["a"]).tolist() == [False, True]
    with pytest.raises(InputError, match="row 1, column 'a': the value is missing"):
        read_features(path, ["a"])
    with pytest.raises(InputError, match="row 1: the target 'a' is missing"):
        read_table(path, "a")
    pd.DataFrame({"a": [1.0, np.inf], "y": [0, 1]}).to_parquet(path)
    with pytest.raises(InputError, match=r"column 'a' contains .inf .infinity. at row 1"):
        read_table(path)
    with pytest.raises(FormatError, match="cannot be read as Parquet"):
        read_table(write(tmp_path, "bad.parquet", path.read_bytes()[:-30]))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match="pip install pyarrow"):
        read_parquet(path)


# --- PLA ---


def test_pla_sample(tmp_path):
    text = "# a sample\n.i 3\n.o 1\n.p 4\n.type fr\n101 1 # first\n011|0\n000-\n1111\n.e\nignored"
    got = read_table(write(tmp_path, "t.pla", text))
    assert got.X.tolist() == [[1, 0, 1], [0, 1, 1], [1, 1, 1]] and got.y.tolist() == [1, 0, 1]
    assert got.y.dtype == np.int64 and got.feature_names == ("x0", "x1", "x2") and got.target_name == "y"


def test_pla_names_and_outputs(tmp_path):
    text = ".i 2\n.o 3\n.ilb p q\n.ob f g h\n.type fr\n00 01-\n1- 101\n"
    path = write(tmp_path, "t.pla", text)
    assert read_pla(path, "f").y.tolist() == [0, 1, 1] and read_pla(path, 1).y.tolist() == [1, 0, 0]
    last = read_pla(path)
    assert last.target_name == "h" and last.X.tolist() == [[1, 0], [1, 1]] and last.y.tolist() == [1, 1]
    assert last.feature_names == ("p", "q")
    with pytest.raises(InputError, match="there is no such column"):
        read_pla(path, "k")


@given(st.integers(1, 5), st.data())
def test_pla_types_against_cover_by_hand(tmp_path_factory, n, draw):
    cubes = draw.draw(st.lists(st.text("01-", min_size=n, max_size=n), min_size=1, max_size=6))
    outs = draw.draw(st.lists(st.sampled_from("10-~"), min_size=len(cubes), max_size=len(cubes)))
    kind = draw.draw(st.sampled_from(["f", "fd", None]))
    head = f".i {n}\n.o 1\n" + (f".type {kind}\n" if kind else "")
    path = tmp_path_factory.mktemp("pla") / "t.pla"
    path.write_text(head + "".join(f"{c} {o}\n" for c, o in zip(cubes, outs, strict=True)) + ".e\n")
    want = {}
    for pattern in itertools.product("01", repeat=n):
        hit = {
            o for c, o in zip(cubes, outs, strict=True) if all(m in ("-", p) for m, p in zip(c, pattern, strict=True))
        }
        if kind == "f" or "-" not in hit:
            want[pattern] = int("1" in hit)
    if not want:
        with pytest.raises(InputError, match="don't-care"):
            read_pla(path)
        return
    got = read_pla(path)
    assert {tuple(str(int(v)) for v in row): int(y) for row, y in zip(got.X, got.y, strict=True)} == want
    assert len(got.y) == len(want)


def test_expand():
    assert expand("--").tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]] and expand("10").tolist() == [[1, 0]]


BAD_PLA = {
    "nothing": (".i 2\n.o 1\n", FormatError, "lists no rows and has no .e"),
    "no head": ("01 1\n", FormatError, "line 1: a row before .i and .o"),
    "width": (
        ".i 2\n.o 1\n01 1\n011 1\n",
        FormatError,
        "line 4: 4 marks; expected 3: 2 inputs and 1 outputs",
    ),
    "mark": (".i 2\n.o 1\n0x 1\n", FormatError, "line 3: mark 'x'"),
    "output mark": (".i 2\n.o 1\n01 y\n", FormatError, "mark 'y'"),
    "input tilde": (".i 2\n.o 1\n0~ 1\n", FormatError, "mark '~'"),
    "keyword": (".i 2\n.o 1\n.mv 3\n01 1\n", FormatError, "line 3: '.mv 3' declares variables of many"),
    "type": (".i 2\n.o 1\n.type df\n01 1\n", FormatError, "type 'df'; known types: f, r, d, fd"),
    "count": (".i two\n.o 1\n01 1\n", FormatError, "line 1: '.i two'; expected .i and one whole number"),
    "cut short": (".i 2\n.o 1\n.p 3\n.type fr\n01 1\n00 0\n", FormatError, "2 rows but .p says 3"),
    "names": (".i 2\n.o 1\n.ilb a\n01 1\n", FormatError, ".ilb names 1 columns; expected 2"),
    "not ascii": (".i 2\n.o 1\n01 é\n", FormatError, "line 3: mark 'é'"),
    "all unknown": (".i 2\n.o 1\n.type fr\n01 -\n", InputError, "no row has a label"),
    "whole too large": (".i 40\n.o 1\n" + "1" * 40 + " 1\n", InputError, r"all 2\^40 patterns"),
    "too many dashes": (
        ".i 40\n.o 1\n.type fr\n" + "1" * 40 + " 1\n" + "-" * 40 + " 0\n",
        InputError,
        "line 5: don't-care inputs expand to more than 1048576 rows",
    ),
}


BAD = {f"csv: {case}": ("bad.csv", *bad) for case, bad in BAD_CSV.items()}
BAD |= {f"pla: {case}": ("bad.pla", *bad) for case, bad in BAD_PLA.items()}


@pytest.mark.parametrize("case", BAD)
def test_damage_is_named(tmp_path, case):
    name, content, error, message = BAD[case]
    with pytest.raises(error, match=message):
        read_table(write(tmp_path, name, content))
