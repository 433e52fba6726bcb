"""Circuit files through Berkeley ABC and Yosys: they read what is written, and prove it equivalent.

The equivalence check is theirs (SAT), so it does not depend on this package's own evaluation.
"""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.aig import n_ands
from fw_circuits.circuits.builder import Builder, output_signals
from tests.helpers.atoms import random_circuit
from tests.helpers.circuits import patterns
from tests.stress.roundtrip import (
    ABC,
    FORMS,
    HAS,
    IVERILOG,
    YOSYS,
    circuit_of,
    prove,
    run,
    tools_read,
    tools_write,
)


def needs(tool, package):
    return pytest.mark.skipif(not HAS[tool], reason=f"{package} is missing: apt-get install -y {package}")


needs_abc, needs_yosys = needs("abc", "berkeley-abc"), needs("yosys", "yosys")
needs_iverilog = needs("iverilog", "iverilog")

INPUTS = ("a", "age[1]", "mean radius", "x<30", "input", "f", "größe", "h")
ENDINGS = (".aag", ".aig", ".blif", ".bench", ".v", ".pla")


def example(seed, n_outputs=4):
    """Several random cones with wires, constants and complements among the outputs; adversarial names."""
    rng = np.random.default_rng(seed)
    builder = Builder(len(INPUTS))
    outputs = [0, 1, 4, 5]
    for _ in range(n_outputs):
        part = random_circuit(rng, len(INPUTS), 12)
        outputs += output_signals(part, builder.add(part, builder.inputs))
    return builder.circuit(outputs, INPUTS, [f"out {j}" for j in range(len(outputs))])


def assert_same_by_name(result, circuit):
    """The same ports, in any order, as Yosys may sort them, and the same functions."""
    rows = patterns(circuit.n_inputs)
    inputs = [circuit.inputs.index(name) for name in result.inputs]
    outputs = [result.output_names.index(name) for name in circuit.output_names]
    assert np.array_equal(result.evaluate(rows[:, inputs])[:, outputs], circuit.evaluate(rows))


def abc(commands, folder):
    out = run(ABC, "-c", commands, folder=folder)
    assert "Error" not in out and "rror:" not in out, out
    return out


@needs_abc
@pytest.mark.parametrize("seed", range(5))
def test_abc_proves_all_formats_equivalent(seed, tmp_path):
    circuit = example(seed)
    for ending in ENDINGS:
        circuit.write(tmp_path / f"c{ending}")
    for a, b in pairwise([e for e in ENDINGS if e != ".aag"]):  # ABC reads binary AIGER only
        assert "Networks are equivalent" in abc(f"cec c{a} c{b}", tmp_path), (a, b)


@needs_abc
def test_abc_tells_different_circuits_apart(tmp_path):
    """The check above can fail: one gate changed is found."""
    circuit = example(0)
    table, a, b = circuit.gates[0]
    circuit.write(tmp_path / "a.aig")
    changed = replace(circuit, gates=((table ^ 1, a, b), *circuit.gates[1:]))
    assert changed.truth_table() != circuit.truth_table()
    changed.write(tmp_path / "b.blif")
    assert "NOT EQUIVALENT" in run(ABC, "-c", "cec a.aig b.blif", folder=tmp_path)


@needs_abc
@pytest.mark.parametrize("ending", [".aig", ".blif", ".bench", ".v", ".pla"])
def test_what_abc_writes_is_read_back(ending, tmp_path):
    names = tuple(name.replace("input", "in_") for name in INPUTS)  # ABC does not escape keywords in Verilog
    circuit = replace(example(11), input_names=names)
    circuit.write(tmp_path / "in.aig")
    prepare = "collapse;" if ending == ".pla" else ""
    abc(f"read in.aig; {prepare} write out{ending}", tmp_path)
    result = Circuit.read(tmp_path / f"out{ending}")
    assert result.truth_table() == circuit.truth_table()
    assert (result.input_names, result.output_names) == (circuit.input_names, circuit.output_names)


@needs_abc
def test_abc_counts_the_and_nodes_that_n_ands_counts(tmp_path):
    adder = Circuit(3, ((6, 1, 2), (6, 4, 3), (8, 1, 2), (8, 4, 3), (14, 6, 7)), (10, 16))
    adder.write(tmp_path / "fa.aig")
    assert re.search(r"and = *7\b", abc("read fa.aig; print_stats", tmp_path))
    assert n_ands(adder) == 7


@needs_yosys
@pytest.mark.parametrize(("a", "b"), [(".v", ".blif"), (".aig", ".v"), (".aag", ".blif")])
def test_yosys_proves_formats_equivalent(a, b, tmp_path):
    circuit = example(3)
    circuit.write(tmp_path / f"a{a}", name="top")
    circuit.write(tmp_path / f"b{b}", name="top")
    out = run(
        YOSYS,
        "-p",
        f"{_load('a', a)}; rename top gold; {_load('b', b)}; rename top gate; "
        "miter -equiv -flatten -make_outputs gold gate miter; sat -verify -prove trigger 0 miter",
        folder=tmp_path,
    )
    assert "SUCCESS!" in out


@needs_yosys
@pytest.mark.parametrize("ending", [".aig", ".aag", ".blif", ".v"])
def test_what_yosys_writes_is_read_back(ending, tmp_path):
    circuit = example(4)
    circuit.write(tmp_path / "in.v")
    commands = {
        ".aig": "aigmap; write_aiger -symbols",
        ".aag": "aigmap; write_aiger -ascii -symbols",
        ".blif": "techmap; opt -full; write_blif",
        ".v": "techmap; opt -full; write_verilog -noattr",
    }[ending]
    run(YOSYS, "-p", f"read_verilog in.v; {commands} out{ending}", folder=tmp_path)
    assert_same_by_name(Circuit.read(tmp_path / f"out{ending}"), circuit)


def _load(name, ending):
    if ending == ".v":
        return f"read_verilog {name}.v"
    if ending == ".blif":
        return f"read_blif {name}.blif"
    return f"read_aiger -module_name top {name}{ending}"


@pytest.mark.parametrize("seed", range(2))
def test_every_form_of_the_tools_is_read_and_proved_equivalent(seed, tmp_path):
    """A short run of ``python -m tests.stress.roundtrip``; one circuit in all forms, one in every fourth."""
    if not (HAS["abc"] and HAS["yosys"]):
        pytest.skip("abc or yosys is missing: apt-get install -y berkeley-abc yosys")
    forms = FORMS if seed else FORMS[::4]
    results = list(tools_write(circuit_of(seed), tmp_path, forms))
    assert not [r for r in results if r.outcome not in ("ok", "refused", "skipped", "not written")]
    assert sum(result.outcome == "ok" for result in results) > len(forms) * 2 // 3


@needs_abc
@pytest.mark.parametrize("seed", range(3))
def test_every_tool_reads_what_is_written(seed, tmp_path):
    results = list(tools_read(circuit_of(seed), tmp_path))
    assert not [result for result in results if result.outcome not in ("ok", "skipped")]
    assert len(results) >= 10


@needs_abc
def test_the_proof_finds_a_changed_circuit(tmp_path):
    """The check above can fail: a file of another circuit is not proved."""
    circuit = circuit_of(1)
    circuit.write(tmp_path / "top.aig")
    for name, flip in (("same", 0), ("changed", 1)):
        replace(circuit, outputs=(circuit.outputs[0] ^ flip, *circuit.outputs[1:])).write(tmp_path / f"{name}.blif")
    same, changed = prove(tmp_path, "top.aig", {name: f"{name}.blif" for name in ("same", "changed")})
    assert same.outcome == "ok" and changed.outcome.startswith("NOT PROVED")


def random_expression(rng, depth):
    """Verilog over the vectors a (3 bits), b (2, ascending), s (2, signed) and the bit c."""
    if depth == 0:
        leaves = ["a", "b", "c", "a[1]", "a[2:1]", "b[0]", "1'b1", "3'd5", "2'h2", "1", "0", "4'b1_010"]
        leaves += ["s", "s", "4'sb1001", "3'sd2"]
        return leaves[rng.integers(len(leaves))]
    x, y, z = (random_expression(rng, depth - 1 - int(rng.integers(min(depth, 2)))) for _ in range(3))
    forms = [f"({x} {op} {y})" for op in ("&", "|", "^", "~^", "^~", "&&", "||", "==", "!=", ">>", "!==", "===")]
    forms += [f"{op}({x})" for op in ("~", "~", "!", "&", "|", "^", "~&", "~|", "~^")]
    forms += [f"({x} ? {y} : {z})", f"{{{{2{{c}}}}, b, ({x} == {y}), a[2:1]}}", f"({x} & {y} | {z})"]
    return forms[rng.integers(len(forms))]


@needs_iverilog
@pytest.mark.parametrize("seed", range(4))
def test_expressions_have_the_widths_and_values_of_icarus(seed, tmp_path):
    rng = np.random.default_rng(seed)
    outputs, body = [], []
    for k in range(40):
        width = int(rng.integers(1, 8))
        outputs += [f"y{k}[{i}]" for i in range(width)] if width > 1 else [f"y{k}"]
        body.append(f"output [{width - 1}:0] y{k}; assign y{k} = {random_expression(rng, 3)};")
    heads = ", ".join(f"y{k}" for k in range(40))
    head = f"module top (a, b, c, s, {heads});\ninput [2:0] a; input [0:1] b; input c; input signed [1:0] s;"
    (tmp_path / "top.v").write_text("\n".join([head, *body, "endmodule\n"]))
    circuit = Circuit.read(tmp_path / "top.v")
    assert circuit.inputs == ("a[0]", "a[1]", "a[2]", "b[1]", "b[0]", "c", "s[0]", "s[1]")
    assert list(circuit.output_names) == outputs
    wires = ", ".join(f".y{k}(y{k})" for k in range(40))
    reverse = ", ".join(f"y{k}" for k in range(39, -1, -1))
    declared = "".join(f"wire {line.split('output ')[1].split(';')[0]};\n" for line in body)
    (tmp_path / "bench.v").write_text(
        f"module bench; reg [8:0] x;\n{declared}top u (.a(x[2:0]), .b(x[4:3]), .c(x[5]), .s(x[7:6]), {wires});\n"
        f'initial for (x = 0; x < 256; x = x + 1) begin #1 $display("%b", {{{reverse}}}); end\n'
        "endmodule\n"
    )
    run(IVERILOG, "-o", "bench.vvp", "bench.v", "top.v", folder=tmp_path)
    simulated = run("vvp", "-n", "bench.vvp", folder=tmp_path).split()
    ours = ["".join(map(str, row[::-1])) for row in circuit.evaluate(patterns(8)).tolist()]
    assert ours == simulated
