"""AIGER as the field's tools write it: extensions, blanks, equal symbols, the compact form; and what is refused."""

import warnings
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.formats import WRITERS
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import again, circuits, read

AND = b"aig 3 2 0 1 1\n6\n\x02\x02"
AND_TEXT = b"aag 3 2 0 1 1\n2\n4\n6\n6 4 2\n"


@pytest.mark.parametrize(
    "data",
    [
        AND + b"cn\x00\x00\x00\x04and\x00\nwritten by the GIA package\n",  # ABC: &w
        AND + b"ch\x00\x00\x00\x18\xff\xfe",  # Yosys: write_xaiger
        AND + b"c",
        AND + b"c0 no constraint, hence a comment",
        AND + b"c\ni9 not a symbol\n\xff",
        AND + b"\n\n",
        AND_TEXT + b"\n",
        b"\xef\xbb\xbf" + AND_TEXT,
        AND_TEXT + b"\n  \nc\n",
        AND_TEXT.replace(b"\n", b" \n"),
        AND_TEXT.replace(b"\n", b"\r\n") + b"c\r\nx\r\n",
        AND_TEXT.replace(b" 1 1\n", b" 1  1 0 0 0 0\t\n"),
        b"aag 9 2 0 1 2\n18\n4\n10\n10 13 13\n12 4 18\n".replace(b"13 13", b"12 12"),  # gaps, any order
        b"aig2 3 2 0 1 1\n\x06\x02\x02",  # ABC: write_aiger -c
    ],
)
def test_what_the_tools_write_is_read(data):
    assert read(".aig", data).truth_table() == 8


def test_the_compact_form_counts_outputs_by_differences():
    """Made by `write_aiger -c` of Berkeley ABC 1.01 from y = a & b, z = a ^ c."""
    assert read(".aig", b"aig2 7 3 0 2 4\n\x08\x0e\x04\x02\x04\x03\x05\x05\x01\x02").truth_table() == (136, 90)
    down = read(".aig", b"aig2 7 3 0 2 4\n\x0f\x0f\x04\x02\x04\x03\x05\x05\x01\x02")
    assert down.truth_table() == (90, 136)
    with pytest.raises(CircuitError, match="literal -1"):
        read(".aig", b"aig2 1 1 0 2 0\n\x02\x07")


@pytest.mark.parametrize(
    ("data", "table"), [(b"aag 0 0 0 0 0", ()), (b"aig 1 1 0 1 0\n3", 1), (b"aag 1 1 0 1 0\n2\n3", 1)]
)
def test_the_last_line_may_lack_its_end(data, table):
    assert read(".aig", data).truth_table() == table


def test_symbols_with_blanks_for_some_ports_only_and_missing_names():
    circuit = read(".aig", AND_TEXT + b"o0 the sum of it\ni1 b c\ni0\n")
    assert (circuit.input_names, circuit.output_names) == (("x0", "b c"), ("the sum of it",))


@given(names=st.lists(st.sampled_from(["a", "a_1", "a_1_1", "b"]), min_size=4, max_size=4))
def test_equal_symbols_become_distinct_with_a_warning(names):
    symbols = "".join(f"i{i} {name}\n" for i, name in enumerate(names)).encode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        circuit = read(".aig", b"aig 4 4 0 0 0\n" + symbols)
    assert len(set(circuit.input_names)) == 4
    assert all(new == old for new, old in zip(circuit.input_names, names, strict=True) if names.count(old) == 1)
    assert [new for new, old in zip(circuit.input_names, names, strict=True) if new != old] == [
        new for i, new in enumerate(circuit.input_names) if names[i] in names[:i]
    ]
    assert len(caught) == (len(set(names)) < 4)
    assert all("two inputs have the name" in str(w.message) for w in caught)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"aag 2 1 1 0 0\n2\n4 2\n", "line 1: 1 latches.*comb; write"),
        (b"aag 1 1 0 0 0 1\n2\n2\n", "line 1: 1 bad states; expected outputs only"),
        (b"aag 1 1 0 0 0 0 2 0 1\n2\n", "2 constraints, 1 fairness constraints"),
        (AND_TEXT + b"i7 a\n", "line 6: 'i7 a'.*2 inputs"),
        (AND_TEXT + b"b0 a\n", "line 6: 'b0 a'"),
        (AND_TEXT + b"l0 a\n", "line 6: 'l0 a'"),
        (AND_TEXT + b"i0 a\ni0 b\n", "i0 is named twice"),
        (AND_TEXT + b"i0 M\xf6\n", "line 6: the symbol .* is not UTF-8"),
        (b"aag 2 2 0 1 1\n2\n4\n6\n6 4 2\n", "M is 2"),
        (b"aig 100000 100000 0 0 0\n", "100000 inputs"),
        (b"aig 999999999 999999999 0 0 0\n", "999999999 inputs"),
        (b"aig 999999999 1 0 999999999 0\n", "M is"),
        (b"aig 999999999 1 0 1 999999998\n", "cut short"),
        (b"aig2 1 1 0 999999999 0\n", "cut short"),
        (b"aig 3 2 0 1 1\n6\n\x82", "cut short"),
        (b"aig 3 2 0 1 1\n6\n" + b"\x80" * 20, "cut short or damaged"),
    ],
)
def test_what_is_refused_and_why(data, words):
    with pytest.raises(CircuitError, match=words):
        read(".aig", data)


@pytest.mark.parametrize("ending", [".aag", ".aig", ".pla"])
def test_an_output_named_like_an_input_is_written_with_a_warning(ending):
    circuit = Circuit(2, ((8, 1, 2),), (6,), ("a", "b"), ("a",))
    with pytest.warns(UserWarning, match="output 'a' has the name of an input.*ABC refuses"):
        assert again(circuit, ending) == circuit
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        WRITERS[ending](replace(circuit, output_names=("y",)))


@settings(max_examples=60)
@given(circuit=circuits(max_gates=10), comment=st.binary(max_size=20))
def test_any_bytes_may_follow_the_comment_mark(circuit, comment):
    for ending in (".aag", ".aig"):
        data = WRITERS[ending](circuit).removesuffix(b"c\nfw_circuits\n") + b"c" + comment
        assert read(ending, data).truth_table() == circuit.truth_table()
