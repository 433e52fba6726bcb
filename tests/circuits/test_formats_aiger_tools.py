"""AIGER and PLA to and from ABC, Yosys and aigverse, through every form that these write."""

from dataclasses import replace

import numpy as np
import pytest

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.formats.naming import decode
from tests.circuits.test_formats_tools import abc, assert_same_by_name, example, needs_abc, needs_yosys, run

# ABC's commands, and whether the file keeps the names
ABC_FORMS = {
    "write_aiger": ("read c.aig; write_aiger out.aig", False),
    "write_aiger -s": ("read c.aig; write_aiger -s out.aig", True),
    "write_aiger -c": ("read c.aig; write_aiger -c out.aig", False),
    "write_aiger -cs": ("read c.aig; write_aiger -c -s out.aig", True),
    "&w": ("&r c.aig; &w out.aig", True),
    "&get &w": ("read c.aig; &get; &w out.aig", False),
    "&get -n &w": ("read c.aig; &get -n; &w out.aig", True),
    "write_pla": ("read c.aig; collapse; write_pla out.pla", True),
    "write_pla -m": ("read c.aig; collapse; write_pla -m out.pla", True),
    "read_pla": ("read_pla c.pla; collapse; write_pla out.pla", True),
    "read_pla -x": ("read_pla -x c.pla; strash; write_aiger -s out.aig", True),
}


@needs_abc
@pytest.mark.parametrize("form", ABC_FORMS)
def test_every_form_of_abc_is_read_back(form, tmp_path):
    circuit = example(21)
    for ending in (".aig", ".pla"):
        circuit.write(tmp_path / f"c{ending}")
    commands, named = ABC_FORMS[form]
    abc(commands, tmp_path)
    result = Circuit.read(next(tmp_path.glob("out.*")))
    assert result.truth_table() == circuit.truth_table()
    if named:
        assert (result.input_names, result.output_names) == (circuit.input_names, circuit.output_names)


@needs_yosys
@pytest.mark.parametrize("form", [f"write_aiger{o}" for o in ("", " -ascii", " -symbols", " -ascii -symbols")])
@pytest.mark.parametrize("ending", [".aig", ".aag"])
def test_every_form_of_yosys_is_read_back(form, ending, tmp_path):
    """Yosys orders the ports in its own way, the same in all forms: one with names tells it."""
    circuit = example(22)
    circuit.write(tmp_path / f"c{ending}")
    commands = f"read_aiger c{ending}; aigmap; write_aiger -symbols named.aig; {form} out.aig"
    run("yosys", "-q", "-p", commands, folder=tmp_path)
    named = Circuit.read(tmp_path / "named.aig")
    assert Circuit.read(tmp_path / "out.aig").truth_table() == named.truth_table()
    assert_same_by_name(named, circuit)


@needs_yosys
def test_the_extended_form_of_yosys_is_read_with_its_map(tmp_path):
    """``write_xaiger`` glues an extension to the comment mark; it has an order of its own and tells it in a map."""
    circuit = example(22)
    circuit.write(tmp_path / "c.aig")
    run("yosys", "-q", "-p", "read_aiger c.aig; aigmap; write_xaiger -map out.map out.aig", folder=tmp_path)
    result = Circuit.read(tmp_path / "out.aig")
    lines = [line.split() for line in (tmp_path / "out.map").read_text().splitlines()]
    inputs, outputs = (
        [decode(name) for _, name in sorted((int(place), name) for kind, place, _, name in lines if kind == wanted)]
        for wanted in ("input", "output")
    )
    assert_same_by_name(replace(result, input_names=inputs, output_names=outputs), circuit)


@needs_abc
def test_the_command_of_the_message_makes_a_circuit_of_latches(tmp_path):
    """q' = q & a, y = q: ABC's `comb` makes the register an input and an output."""
    (tmp_path / "seq.aig").write_bytes(b"aig 3 1 1 1 1\n6\n4\n\x02\x02i0 a\nl0 q\no0 y\n")
    with pytest.raises(ValueError, match="1 latches") as caught:
        Circuit.read(tmp_path / "seq.aig")
    commands = str(caught.value).split("outputs: ")[1].rstrip(".")
    abc(commands.replace("FILE", "seq").replace("NEW", "comb"), tmp_path)
    result = Circuit.read(tmp_path / "comb.aig")
    assert result.n_inputs == 2 and sorted(result.truth_table()) == [0b1000, 0b1100]


@pytest.mark.parametrize("seed", range(3))
def test_aigverse_reads_both_forms(seed, tmp_path):
    io = pytest.importorskip("aigverse.io", reason="aigverse is missing: pip install aigverse")
    circuit = example(seed)
    readers = {".aig": io.read_aiger_into_aig, ".aag": io.read_ascii_aiger_into_aig}
    for ending, reader in readers.items():
        circuit.write(tmp_path / f"c{ending}")
        io.write_aiger(reader(str(tmp_path / f"c{ending}")), str(tmp_path / "back.aig"))
        assert Circuit.read(tmp_path / "back.aig").truth_table() == circuit.truth_table()


@needs_abc
@pytest.mark.parametrize("seed", range(3))
def test_abc_reads_a_pla_of_type_fd_as_we_do(seed, tmp_path):
    """Rows that overlap, dashes, ~ and unlisted patterns; a don't-care is 0 to ABC too."""
    rng = np.random.default_rng(seed)
    cubes = [f"{i:02b}" + "".join(rng.choice(list("01-"), 3)) for i in range(4) for _ in range(3)]
    # z: one value per quarter, so that no pattern is 1 and a don't-care at once
    outs = ["".join(rng.choice(list("01~"), 2)) + "01-1"[int(cube[:2], 2)] for cube in cubes]
    rows = "".join(f"{cube} {out}\n" for cube, out in zip(cubes, outs, strict=True))
    (tmp_path / "t.pla").write_text(f".i 5\n.o 3\n.ilb a b c d e\n.ob x y z\n{rows}.e\n")
    abc("read_pla t.pla; strash; write_aiger -s t.aig", tmp_path)
    ours, theirs = Circuit.read(tmp_path / "t.pla"), Circuit.read(tmp_path / "t.aig")
    assert ours.truth_table() == theirs.truth_table() and ours.output_names == theirs.output_names
