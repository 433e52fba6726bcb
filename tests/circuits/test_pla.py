"""Espresso PLA, as a circuit and as data: all types, marks and keywords by their definition, and what is refused."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, formats
from fw_circuits.circuits.formats import pla
from fw_circuits.circuits.formats.pla_file import TYPES, meeting, parse_pla
from fw_circuits.data import read_pla, read_table
from fw_circuits.exceptions import CircuitError, FormatError, InputError, PathError

#: Mark of an output: the set that it lists the row in, if the type has that letter.
SETS = {"1": "f", "4": "f", "0": "r", "3": "r", "-": "d", "2": "d", "~": ""}


@st.composite
def tables(draw):
    """Type, number of inputs, rows (cube, marks)."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    row = st.tuples(st.text("01-2", min_size=n, max_size=n), st.text(list(SETS), min_size=m, max_size=m))
    return draw(st.sampled_from(TYPES)), n, m, draw(st.lists(row, max_size=7))


def written(table, draw):
    """A table as text, with the freedoms of the format."""
    kind, n, m, rows = table
    lines = [f".i {n}", f".o {m}", f".type {kind}"]
    if draw(st.booleans()):
        lines = [f".type {kind}", f".mv {n + 1} {n} {m}"]
    if draw(st.booleans()):
        lines += [".phase " + "1" * m, ".pair 1 (a b)", ".symbolic a b ;", "p q ;"]
    for cube, marks in rows:
        gap = draw(st.sampled_from([" ", "|", " | ", "", "\t", "\n", " # M\xf6bius\n"]))
        at = draw(st.integers(0, n))
        lines.append(f"{cube[:at]}{draw(st.sampled_from(['', ' ', chr(10)]))}{cube[at:]}{gap}{marks}")
    names = [".ilb " + "\n".join(f"in{i}" for i in range(n)), ".ob " + " ".join(f"out{j}" for j in range(m))]
    return "\n".join([*lines, *names, f".p {len(rows)}", ".e", "not read"]).encode("latin-1")


def defined(table, output):
    """Value of each pattern by the sets that list it: 0, 1, None for a don't-care, "both" for a contradiction."""
    kind, n, _, rows = table
    values = {}
    for pattern in itertools.product((0, 1), repeat=n):
        hit = {
            SETS[marks[output]]
            for cube, marks in rows
            if all(c in "-2" or int(c) == bit for c, bit in zip(cube, pattern, strict=True))
        } & set(kind)
        rest = "r" if "r" not in kind else "d" if "f" in kind else "f"
        if {"f", "r"} <= set(kind) and len(hit) > 1:
            values[pattern] = "both"
        elif "d" in hit:
            values[pattern] = None
        else:
            values[pattern] = {"f": 1, "r": 0, "d": None}[hit.pop() if hit else rest]
    return values


@settings(max_examples=150, deadline=None)
@given(table=tables(), dont_care=st.sampled_from([None, 0, 1]), data=st.data())
def test_circuits_are_what_the_sets_define(table, dont_care, data):
    text = written(table, data.draw)
    wanted = [defined(table, j) for j in range(table[2])]
    two_sided = {"f", "r"} <= set(table[0])
    if any("both" in values.values() for values in wanted):
        with pytest.raises(CircuitError, match=r"line .* by line .* for a common pattern"):
            pla.parse(text, "t.pla", dont_care)
        return
    if two_sided and dont_care is None and any(None in values.values() for values in wanted):
        with pytest.raises(CircuitError, match=r"is a sample: .* dont_care=0"):
            pla.parse(text, "t.pla", dont_care)
        return
    circuit = pla.parse(text, "t.pla", dont_care)
    assert circuit.output_names == tuple(f"out{j}" for j in range(table[2]))
    assert circuit.input_names == tuple(f"in{j}" for j in range(table[1]))
    for j, values in enumerate(wanted):
        got = circuit.evaluate(np.array(list(values)))[:, j]
        assert got.tolist() == [dont_care or 0 if value is None else value for value in values.values()]


@settings(max_examples=100, deadline=None)
@given(table=tables(), dont_care=st.sampled_from([None, 0, 1]), data=st.data())
def test_data_is_what_the_sets_define(tmp_path_factory, table, dont_care, data):
    path = tmp_path_factory.mktemp("pla") / "t.pla"
    path.write_bytes(written(table, data.draw))
    kind, _, _, rows = table
    wanted = defined(table, 0)
    if {"f", "r"} <= set(kind) and dont_care is None and (kind == "fr" or "both" not in wanted.values()):
        listed = []  # a sample: the rows in their order, contradictions of fr included
        for cube, marks in rows:
            if SETS[marks[0]] in ("f", "r"):
                free = itertools.product(*((0, 1) if c in "-2" else (int(c),) for c in reversed(cube)))
                listed += [(*pattern[::-1], int(SETS[marks[0]] == "f")) for pattern in free]
    elif "both" in wanted.values():
        with pytest.raises(FormatError, match="common pattern"):
            read_pla(path, 0, dont_care=dont_care)
        return
    else:
        listed = [
            (*pattern, dont_care if wanted[pattern] is None else wanted[pattern])
            for pattern in (p[::-1] for p in itertools.product((0, 1), repeat=table[1]))
            if wanted[pattern] is not None or dont_care is not None
        ]
    if not listed:
        with pytest.raises(InputError, match="no row has a label"):
            read_pla(path, 0, dont_care=dont_care)
        return
    got = read_pla(path, 0, dont_care=dont_care)
    assert [(*row, label) for row, label in zip(got.X, got.y, strict=True)] == listed


@pytest.mark.parametrize("dont_care", [None, 0, 1])
@pytest.mark.parametrize("marks", ["10", "1-", "0-"])
def test_data_of_type_fdr_has_one_value_a_pattern(tmp_path, marks, dont_care):
    (tmp_path / "t.pla").write_text(f".i 1\n.o 1\n.type fdr\n0 {marks[0]}\n0 {marks[1]}\n.e\n")
    with pytest.raises(FormatError, match=r"line 5: .* line 4 .* for a common pattern"):
        read_pla(tmp_path / "t.pla", 0, dont_care=dont_care)


def test_an_off_set_mark_3_is_a_row_of_the_data(tmp_path):
    (tmp_path / "t.pla").write_text(".i 2\n.o 1\n.type fr\n11 4\n00 3\n01 2\n.e\n")
    data = read_table(tmp_path / "t.pla")
    assert (data.X.tolist(), data.y.tolist()) == ([[1, 1], [0, 0]], [1, 0])
    assert read_table(tmp_path / "t.pla", dont_care=1).y.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (b".i 2\n.o 1\n.e\n", 0),  # what espresso writes for a constant
        (b".i 2\n.o 1\n.p 0\n.e\n", 0),
        (b".i 2\n.o 1\n.p 0\n", 0),
        (b".i 2\n.o 1\n.type r\n.e\n", 15),
        (b".i 2 .o 1 .type fd\n11 1\n.end\n", 8),
        (b".i 2 .o 1 .ilb a b .ob y .p 1 11 1 .e", 8),
        (b".i 2\n.o 1\n.type fr 1-|1\n0- 0 .e junk\n", 10),
        (b"\xef\xbb\xbf.i 2\r\n.o 1\r\n# \xff\r\n11 1\r\n.e\r\n", 8),
        (b".i 2\r.o 1\r11 1\r.e\r", 8),
        (b".i 2\n.o 1\n.type fr\n1- 1\n0- 0\n.e\n", 10),  # lists everything
        (b".i 2\n.o 1\n.label var=2 y\n11 1\n.e\n", 8),
    ],
)
def test_files_that_are_read(text, table):
    assert pla.parse(text, "t.pla").truth_table() == table


def test_names_with_accents_are_read_and_written_again(tmp_path):
    (tmp_path / "t.pla").write_bytes(".i 2\n.o 1\n.ilb größe a#1\n.ob ø # comment\n11 1\n.e\n".encode())
    circuit = Circuit.read(tmp_path / "t.pla")
    assert (circuit.input_names, circuit.output_names) == (("größe", "a#1"), ("ø",))
    circuit.write(tmp_path / "u.pla")
    assert Circuit.read(tmp_path / "u.pla") == circuit
    assert read_table(tmp_path / "t.pla").feature_names == ("größe", "a#1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".mv 4 2 3 3 2\n", "line 1: '.mv 4 2 3 3 2' declares variables of many values"),
        (".mv 3 2\n", "line 1: '.mv 3 2' declares"),
        (".i 2\n.o 1\n.kiss\n", "line 3: .kiss; .* state machine"),
        (".i 2\n.o 1\n.label var=0 a b\n11 1\n", "line 3: .label"),
        (".i 2\n.o 1\n11 1\n.type fr\n", "line 4: .type after a row"),
        (".i 2\n.o 1\n11 1\n.i 3\n", "line 4: a count after a row"),
        (".i 2\n.o 1\n?1 1\n", "line 3: mark '\\?'.*no pattern"),
        (".i 2\n.o 1\n11 1 00 1\n", "line 3: 6 marks; expected 3"),
        (".i 2\n.o 1\n11\n11 1\n", "line 4: 5 marks since line 3; expected 3"),
        (".i 2\n.o 1\n11 1\n1\n.e\n", "line 4: 1 marks; expected 3.*cut short"),
        (".i 2\n.o 1\n11 1\n1 .e\n", "line 4: 1 marks; expected 3.*cut short"),
        (".i 2\n.o 1\n.ilb a a\n11 1\n", ".ilb has the name 'a' twice"),
        (".i 2\n.o 1\n.ilb a b c\n11 1\n", ".ilb names 3 columns; expected 2"),
        (".i 2\n.o 1\n.type fr\n1- 1\n11 0\n.e\n", "line 5: output 'y0' is 1 by line 4 and 0 by line 5"),
        (
            ".i 2\n.o 1\n.type fdr\n11 -\n1- 1\n0- 0\n",
            "line 5: output 'y0' is 1 by line 5 and a don't-care by line 4",
        ),
        (".i 999999999\n.o 1\n.e\n", "999999999 inputs and 1 outputs in"),
        (".i 1\n.o 999999999\n.p 0\n.e\n", "1 inputs and 999999999 outputs in"),
        (".i 20\n.o 1\n.type fr\n" + "1" * 20 + " 1\n", "may be a sample: .* up to 16 inputs"),
        (".i 2 o 1\n", "line 1: 'o 1' after the argument"),
        ("# only a comment\n", "no PLA file"),
    ],
)
def test_files_that_are_refused_and_why(text, words):
    with pytest.raises(CircuitError, match=words):
        pla.parse(text.encode(), "t.pla")


def test_a_name_that_is_not_utf8_is_refused_with_the_command():
    with pytest.raises(FormatError, match=r"line 3: the name .* is not UTF-8 text.*iconv"):
        parse_pla(b".i 2\n.o 1\n.ilb M\xf6 b\n11 1\n.e\n", "t.pla")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".i 2\n.o 1\n.author me\n11 1\n.e\n", "line 3: keyword '.author' is unknown and ignored"),
        (".i 2\n.o 1\n.p 5\n11 1\n.e\n", "line 5: 1 rows but .p says 5"),
        (".i 2\n.o 1\n.p 0\n11 1\n", "1 rows but .p says 0"),
        (".i 2\n.o 1\n#.phase 0\n11 1\n.e\n", "line 3: #.phase with a 0"),
    ],
)
def test_what_is_read_with_a_warning(text, words):
    with pytest.warns(UserWarning, match=words):
        assert pla.parse(text.encode(), "t.pla").truth_table() == 8


def test_dont_care_is_checked_and_for_pla_only(tmp_path):
    (tmp_path / "t.pla").write_text(".i 2\n.o 1\n11 1\n0- -\n.e\n")
    assert Circuit.read(tmp_path / "t.pla", dont_care=True).truth_table() == 0b1101
    assert Circuit.read(tmp_path / "t.pla").truth_table() == 0b1000
    for reader in (Circuit.read, read_table, read_pla):
        with pytest.raises(InputError, match="dont_care is 2; expected 0, 1 or None"):
            reader(tmp_path / "t.pla", dont_care=2)
    with pytest.raises(InputError, match=r"\.blif has no don't-cares"):
        Circuit.read(tmp_path / "t.blif", dont_care=0)
    with pytest.raises(InputError, match=r"only \.pla has don't-cares"):
        read_table(tmp_path / "t.csv", dont_care=0)


def test_a_file_in_utf_16_is_refused_by_that_name():
    with pytest.raises(FormatError, match="line 1: UTF-16 text"):
        parse_pla(".i 1\n.o 1\n1 1\n.e\n".encode("utf-16"), "t.pla")


def test_the_writer_looks_at_the_path_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(pla, "irredundant", lambda *args: pytest.fail("work before the path was tried"))
    with pytest.raises(PathError, match="no file can be written"):
        Circuit(2, ((6, 1, 2),), (6,)).write(tmp_path / "none" / "t.pla")


def test_the_writer_looks_at_all_outputs_before_any_work(tmp_path, monkeypatch):
    gates = [(6, 1, 2), *((6, 21 + i, 3 + i) for i in range(19))]
    ends = tuple(2 * (20 + i) for i in (3, 16, 17, 19))
    circuit = Circuit(20, tuple(gates), (*ends, 2, 2, 3), output_names=("a", "b", "c", "d", "e", "f", "g"))

    def work(*arguments):
        raise AssertionError("a cover was made")

    monkeypatch.setattr(pla, "irredundant", work)
    with pytest.raises(CircuitError, match=r"'b' reads 17 inputs, 'c' reads 18 inputs, 'd' reads 20 .*\.blif"):
        circuit.write(tmp_path / "t.pla")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    circuit = Circuit(20, tuple(gates), (ends[0],))
    circuit.write(tmp_path / "t.pla")
    assert Circuit.read(tmp_path / "t.pla").key == circuit.key


@given(st.data())
def test_meeting_finds_the_cubes_with_a_common_pattern(data):
    n = data.draw(st.integers(1, 4))
    cubes = st.lists(st.text("01-", min_size=n, max_size=n), max_size=5)
    first, second = data.draw(cubes), data.draw(cubes)
    wanted = [any(all(a == b or "-" in (a, b) for a, b in zip(x, y, strict=True)) for x in first) for y in second]
    assert meeting(first, second).tolist() == wanted


def test_many_wide_rows_are_quick(tmp_path):
    """Nothing is done once a pattern: 200 rows of 19 don't-cares, and 3,000 rows of a two-sided table."""
    rows = "".join(f"{'-' * 19}{i % 2} 1\n" for i in range(200))
    (tmp_path / "t.pla").write_text(f".i 20\n.o 1\n.type f\n{rows}.e\n")
    assert read_table(tmp_path / "t.pla").y.all()
    with pytest.raises(FormatError, match="no PLA file"):
        parse_pla(b".i 2 " * 5000, "t.pla")  # not by recursion
    rows = "".join(f"{i:016b} {i.bit_count() % 2}\n" for i in range(3000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        circuit = formats.pla.parse(f".i 16\n.o 1\n.type fr\n{rows}.e\n".encode(), "t.pla", 0)
    assert circuit.n_inputs == 16
