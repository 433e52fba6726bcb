"""Circuit files: what is written is read back as the same function with the same names; damage is an error."""

import itertools
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import _files
from fw_circuits.circuits import Circuit, Gate, passes
from fw_circuits.circuits.aig import n_ands, to_aig
from fw_circuits.circuits.formats import READERS, WRITERS
from fw_circuits.circuits.formats.netlist import written
from fw_circuits.circuits.gate import and_literals, apply_table
from fw_circuits.data import read_pla
from fw_circuits.exceptions import CircuitError, InputError
from tests.helpers.circuits import again, circuits, read, tables

NETLISTS = (".blif", ".bench", ".v")
NAMES = st.text(st.characters(codec="utf-8"), max_size=6)


@st.composite
def named(draw, **limits):
    """Circuits with adversarial names: blanks, operators, keywords, numbers, the writers' own wire names."""
    circuit = draw(circuits(**limits))
    pool = st.one_of(NAMES, st.sampled_from(["n0", "n5", "nb3", "n_7", "module", "a[1]", "a b", "%", "%20", "1", "#"]))
    count = circuit.n_inputs + circuit.n_outputs
    names = draw(st.lists(pool, unique=True, min_size=count, max_size=count))
    return replace(circuit, input_names=tuple(names[: circuit.n_inputs]), output_names=tuple(names[circuit.n_inputs :]))


@pytest.mark.parametrize("ending", READERS)
@settings(max_examples=100)
@given(circuit=named(max_gates=15))
def test_round_trip_keeps_function_and_names(ending, circuit):
    if ending == ".pla" and not circuit.n_inputs:
        with pytest.raises(CircuitError, match="at least one"):
            again(circuit, ending)
        return
    result = again(circuit, ending)
    assert result.truth_table() == circuit.truth_table()
    assert (result.input_names, result.output_names) == (circuit.input_names, circuit.output_names)


@pytest.mark.parametrize("ending", NETLISTS)
@given(circuit=named(max_gates=15))
def test_netlists_keep_every_gate_of_the_full_basis(ending, circuit):
    """No gate is lost or added: XOR stays one gate, complements stay free, dead inputs stay."""
    normal = passes.sweep(passes.strash(circuit))
    assert again(normal, ending) == normal


@pytest.mark.parametrize("ending", [".aag", ".aig"])
@given(circuit=circuits(max_gates=15))
def test_aiger_contains_the_and_nodes_of_to_aig(ending, circuit):
    aig = to_aig(circuit)
    assert aig.truth_table() == circuit.truth_table()
    assert all(gate.table.bit_count() in (1, 3) for gate in aig.gates)
    result = again(circuit, ending)
    assert result.n_gates == aig.n_gates == n_ands(circuit)
    assert int(WRITERS[ending](circuit).split(b"\n")[0].split()[5]) == aig.n_gates
    assert aig.n_gates <= 3 * circuit.n_gates


def test_full_adder_has_seven_and_nodes_and_xor_takes_what_is_there():
    adder = Circuit(3, ((6, 1, 2), (6, 4, 3), (8, 1, 2), (8, 4, 3), (14, 6, 7)), (10, 16))
    assert n_ands(adder) == 7
    assert n_ands(Circuit(2, ((6, 1, 2), (2, 1, 2), (4, 1, 2)), (6, 8, 10))) == 3
    assert n_ands(Circuit(2, ((6, 1, 2), (14, 1, 2), (8, 1, 2)), (6, 8, 10))) == 3


@given(table=st.sampled_from([1, 2, 4, 7, 8, 11, 13, 14]), a=st.integers(0, 15), b=st.integers(0, 15))
def test_and_literals_are_the_gate(table, a, b):
    x, y, complement = and_literals(Gate(table, 0, 1))
    operand = {0: a, 1: b}
    value = (operand[x >> 1] ^ 15 * (x & 1)) & (operand[y >> 1] ^ 15 * (y & 1)) ^ 15 * complement
    assert value == apply_table(table, a, b, 15)


def test_every_ending_reads_from_disk(tmp_path):
    half = Circuit(2, ((6, 1, 2), (8, 1, 2)), (6, 9), ("age < 30", "b[1]"), ("sum", "no carry"))
    for ending in READERS:
        path = tmp_path / f"half{ending.upper()}"
        half.write(str(path))
        assert Circuit.read(str(path)).truth_table() == half.truth_table()
        assert Circuit.read(path).inputs == half.inputs


def test_pla_is_what_the_data_reader_takes_it_for(tmp_path):
    """The type line says that rows not listed are 0, so circuit and data agree on all patterns."""
    circuit = Circuit(3, ((6, 1, 2), (8, 4, 3)), (11, 8))
    circuit.write(tmp_path / "t.pla")
    for j in range(2):
        data = read_pla(tmp_path / "t.pla", target=j)
        assert len(data.y) == 8
        assert np.array_equal(circuit.evaluate(data.X.astype(np.uint8))[:, j], data.y)


def test_pla_of_wide_circuits_with_small_cones():
    wide = Circuit(100, ((6, 7, 90), (8, 101, 3)), (204,))
    assert again(wide, ".pla").key == wide.key


@pytest.mark.parametrize("ending", NETLISTS)
def test_an_output_named_like_another_wire_is_refused_with_advice_that_helps(ending):
    circuit = Circuit(2, ((8, 1, 2),), (6,), ("a", "b"), ("a",))
    with pytest.raises(CircuitError, match=r"an input; .* abc .*dataclasses\.replace\(circuit, output_names="):
        again(circuit, ending)
    wire = Circuit(2, (), (2,), ("a", "b"), ("a",))
    if ending == ".v":
        with pytest.raises(CircuitError, match="name of an input"):
            again(wire, ending)
    else:
        assert again(wire, ending) == wire


def test_dot_draws_and_does_not_read(tmp_path):
    circuit = Circuit(2, ((6, 1, 2), (2, 3, 1), (13, 0, 2)), (9, 0, 10), ('say "a"', "b\\c"), ("y", "z", "w"))
    circuit.write(tmp_path / "t.dot")
    text = (tmp_path / "t.dot").read_text()
    assert text.count("[style=dashed]") == 3  # 1 in gt, 1 in le, 1 complemented output
    assert 'label="say \\"a\\""' in text and 'label="b\\\\c"' in text
    assert text.count("->") == 6 + 3
    with pytest.raises(InputError, match="only written"):
        Circuit.read(tmp_path / "t.dot")


def test_unknown_endings_and_missing_files(tmp_path):
    circuit = Circuit(1, (), (2,))
    with pytest.raises(InputError, match=r"expected one of \.aag"):
        circuit.write(tmp_path / "t.json")
    with pytest.raises(InputError, match=r"expected one of \.aag"):
        Circuit.read(tmp_path / "t")
    with pytest.raises(InputError, match="cannot be read"):
        Circuit.read(tmp_path / "none.blif")
    with pytest.raises(InputError, match="cannot be read"):
        Circuit.read("nul\0.blif")


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "t.blif"
    path.write_text("old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        Circuit(1, (), (2,)).write(path)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["t.blif"]


def test_written_files_have_the_rights_of_any_new_file(tmp_path):
    before = os.umask(0o022)
    try:
        Circuit(1, (), (2,)).write(tmp_path / "t.v")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "t.v").stat().st_mode) == 0o644


def test_order_of_definitions_and_depth_do_not_matter():
    chain = "".join(f"w{i} = NOT(w{i - 1})\n" for i in range(5000, 0, -1))
    assert read(".bench", f"OUTPUT(w5000)\nINPUT(w0)\n{chain}").outputs == (2,)
    aag = "aag 9 2 0 1 2\n18\n4\n10\n10 13 18\n12 4 19\n"  # gaps, any order
    assert read(".aag", aag).truth_table() == Circuit(2, ((4, 1, 2), (4, 3, 1)), (8,)).truth_table()


def test_wide_tables_and_off_sets():
    rows = "".join(f"{''.join('1' if i == j else '-' for i in range(7))} 0\n" for j in range(7))
    text = f".model m\n.inputs a b c d \\\n e f g\n.outputs y\n.names a b c d e f g y # nor\n{rows}.end\n"
    assert tables(".blif", text) == [1]
    lut = "INPUT(a)\nINPUT(b)\nINPUT(c)\nINPUT(d)\nINPUT(e)\nOUTPUT(y)\ny=LUT 0x96696996 (a,b,c,d,e)"
    assert tables(".bench", lut) == [0x96696996]


def test_verilog_operators_gates_and_ports():
    text = """/* a
    comment */ (* keep *) module m (input a, input wire \\b[0] , output y, z, w); // ANSI
      wire t, u;
      assign t = a ^~ \\b[0] , y = !(~t || 1'b0) && (a ? \\b[0] : 1'h1);
      nand g1 (z, a, \\b[0] , t);
      not (w, a);
    endmodule"""
    circuit = read(".v", text)
    assert (circuit.inputs, circuit.output_names) == (("a", "b[0]"), ("y", "z", "w"))
    for v, (y, z, w) in enumerate(circuit.evaluate([[v & 1, v >> 1] for v in range(4)]).tolist()):
        a, b = v & 1, v >> 1
        assert (y, z, w) == (int(a == b and (b if a else 1)), int(not (a and b and a == b)), 1 - a)
    ports = read(".v", "module m(y, b, a); input a; input b; output y; assign y = a & ~b; endmodule")
    assert ports.inputs == ("b", "a")  # the order of the head


MALFORMED = [
    (".aag", b"aag 1 1 0 1 0\n2\n9\n", "line 3: literal 9"),
    (".aag", b"aag 3 1 0 1 2\n2\n4\n4 6 2\n6 4 2\n", "cycle"),
    (".aag", b"aag 2 1 0 0 1\n2\n4 2 7\n", "line 3"),
    (".aag", b"aag 2 1 0 1 1\n2\n4\n4 2\n", "line 4.*three literals"),
    (".aig", b"aig 2 1 0 1 1\n4\n\x09", "cut short"),
    (".aig", b"aig 2 1 0 1 1\n4\n\x09\x00", "line 3: AND 2 reads"),
    (".aig", b"aig 1 1 0 1 0\n2\nx0 a\n", "line 3.*symbol"),
    (".aig", b"PK\x03\x04", "line 1.*header"),
    (".blif", b".inputs a\n.outputs y\n.names a y\n2 1\n", "line 4"),
    (".blif", b".inputs a\n.outputs y\n.names y y\n1 1\n", "line 3.*cycle"),
    (".blif", b".inputs a\n.outputs y\n.names q y\n1 1\n", "line 3.*'q'"),
    (".blif", b".inputs a\n.outputs y z\n.names a y\n1 1\n", "line 2.*'z' is defined nowhere"),
    (".blif", b".inputs a\n.names a\n1\n", "line 2: 'a' is an input"),
    (".blif", b".inputs a\n.outputs y\n.names a y\n1 1\n0 0\n", "kind"),
    (".blif", b"hello\n", "line 1"),
    (".blif", b"", "defines nothing"),
    (".blif", b"\xff\xfe", "not UTF-8"),
    (".bench", b"INPUT(a)\ny = AND(a, q)\n", "line 2.*'q'"),
    (".bench", b"INPUT(a)\ny = NOT(a, a)\n", "line 2.*one"),
    (".bench", b"INPUT(a)\ny = LUT 0x5 (a)\n", "line 2"),
    (".bench", b"INPUT(a)\nINPUT(a)\n", "line 2.*already declared in line 1"),
    (".bench", b"INPUT(a)\ny = AND(a,)\n", "line 2.*commas"),
    (".v", b"module m(a, y);\ninput a;\noutput y;\nassign y = a &;\nendmodule", "line 4"),
    (".v", b"module m(a, y);\ninput [3:0] a;\noutput y;\nendmodule", "line 3.*'y' is defined nowhere"),
    (".v", b"module m(a, y);\ninput a;\nendmodule", "'y' is neither"),
    (".v", b"module m(y);\noutput y;\nassign y = 1'b0;\nassign y = 1'b1;\nendmodule", "line 4.*line 3"),
    (".v", b"module m(y);\noutput y;\n", "end of the file"),
    (".pla", b".i 2\n.o 1\n1 1\n", "line 3"),
    (".pla", b".i " + b"9" * 5000 + b"\n", "line 1"),
]


@pytest.mark.parametrize(("ending", "data", "words"), MALFORMED)
def test_malformed_files_name_the_line(ending, data, words, tmp_path):
    path = tmp_path / f"t{ending}"
    path.write_bytes(data)
    with pytest.raises(CircuitError, match=words) as caught:
        Circuit.read(path)
    assert str(caught.value).startswith(str(path))


FRAGMENTS = st.sampled_from(
    [
        *(b"\n", b" ", *b"0 1 - 2 9 ( ) = \\ ~ ? , ; # \xff \x80 module assign".split(), "²".encode()),
        *(b".names a b\n", b".i 3\n", b".end\n", b"INPUT(a)\n", b"aag 3 1 0 1 1\n", b"assign y = a;", b"LUT 0x"),
    ]
)


@pytest.mark.parametrize("ending", READERS)
@settings(max_examples=200)
@given(data=st.data())
def test_damaged_bytes_are_errors_of_ours_or_circuits(ending, data):
    """Random bytes and mutations of good files: a circuit, or CircuitError; nothing else, and never a hang."""
    good = WRITERS[ending](data.draw(circuits(max_inputs=3, max_gates=5).filter(lambda c: c.n_inputs)))
    kind = data.draw(st.sampled_from(["mutate", "mutate", "cut", "bytes"]))
    if kind == "bytes":
        bad = data.draw(st.binary(max_size=60))
    elif kind == "cut":
        bad = good[: data.draw(st.integers(0, len(good)))]
    else:
        bad = good
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(bad)))
            bad = bad[:at] + data.draw(FRAGMENTS) + bad[at + data.draw(st.integers(0, 3)) :]
    try:
        result = READERS[ending](bad, f"t{ending}")
    except CircuitError:
        return
    assert isinstance(result, Circuit)


@given(circuit=circuits())
@settings(max_examples=60)
def test_what_is_written_uses_only_what_everybody_reads(circuit):
    """No empty cover with inputs, no XNOR and gnd, no operator behind ~( in Verilog."""
    blif_lines = WRITERS[".blif"](circuit).decode().splitlines()
    for line, after in itertools.pairwise(blif_lines):
        if line.startswith(".names") and len(line.split()) > 2:
            assert not after.startswith(".")
    assert "XNOR" not in (text := WRITERS[".bench"](circuit).decode()) and "gnd" not in text
    body = WRITERS[".v"](circuit).decode().split(";", 1)[1]
    assert "(" not in body and body.count("1'b") == sum(s < 2 for s in _simple_outputs(circuit))


def _simple_outputs(circuit):
    simple = written(circuit)
    assert not any(table in (0, 3, 5, 10, 12, 15) or 0 in (a, b) or a == b for table, a, b in simple.gates)
    return simple.outputs


def test_the_module_has_the_name_that_is_asked_for(tmp_path):
    circuit = Circuit(1, (), (3,))
    for ending, default in ((".v", "module top ("), (".blif", ".model fw_circuits\n")):
        path = Path(tmp_path / f"t{ending}")
        circuit.write(path)
        assert path.read_text().startswith(default)
        circuit.write(path, name="my cell")
        assert "my%20cell" in path.read_text().splitlines()[0]
        assert Circuit.read(path) == circuit
    circuit.write(tmp_path / "t.aag", name="top")
    with pytest.raises(InputError, match="name is ''"):
        circuit.write(tmp_path / "t.v", name="")


def test_gates_that_are_no_gates_are_folded_into_their_readers():
    """All pairs of gates, the second reading the first on either side, on both sides, and a constant."""
    for first, second, (a, b) in itertools.product(range(16), range(16), ((3, 1), (2, 3), (3, 3), (0, 3))):
        circuit = Circuit(2, ((first, 1, 2), (second, a, b)), (8, 9))
        assert written(circuit).truth_table() == circuit.truth_table()
