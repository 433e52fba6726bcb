"""Netlists as the tools of the field write them: every legal one is read, every other refused by its name."""

import warnings

import numpy as np
import pytest

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.formats.gates import CELLS
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import again, patterns, read, tables


def blif(body, inputs="a b", outputs="y"):
    return f".model t\n.inputs {inputs}\n.outputs {outputs}\n{body}\n.end\n"


def used(body):
    """A second model of BLIF, from a to y."""
    return f"\n.end\n.model q\n.inputs a\n.outputs y\n{body}"


def verilog(body, ports="input a, input b, output y"):
    return f"module t ({ports});\n{body}\nendmodule\n"


def bench(body, inputs="ab", outputs="y"):
    return "".join(f"INPUT({i})\n" for i in inputs) + "".join(f"OUTPUT({o})\n" for o in outputs) + body


GOOD_BLIF = {
    "exdc": (".names a b y\n11 1\n.exdc\n.inputs a b\n.outputs y\n.names a b y\n00 1", [8]),
    "a latch of the don't-care network": (".names a b y\n11 1\n.exdc\n.latch a y re b 0", [8]),
    "delays and drives": (
        ".default_input_arrival 0 0\n.input_drive a 1 1\n.area 3\n.delay a INV 1 1 1 1 1 1\n.output_load y 2\n"
        ".wire_load_slope 0.1\n.input_arrival a 0 0\n.output_required y 1 1\n.clock c\n.names a b y\n11 1",
        [8],
    ),
    "no rows": (".names a b y", [0]),
    "constant 1": (".names y\n1", [15]),
    "constant 0 by its off-set": (".names y\n0", [0]),
    "off-set": (".names a b y\n11 0", [7]),
    "a continued line and comments": (
        ".names a \\ # first\n b \\\n y # then\n# none\n1- 1 # row\n-1 1",
        [14],
    ),
    "model of the file": (
        ".subckt my A=a Q=w B=b\n.gate my B=w A=w Q=y\n.end\n.model my\n.inputs A B\n.outputs Q\n.names A B Q\n11 0",
        [8],
    ),
    "an unused model with a register": (".names a b y\n11 1" + used(".latch a y"), [8]),
    "yosys' extras": ('.names a b w\n11 1\n.cname $1\n.attr src "t.v:1"\n.param X 2\n.conn w y', [8]),
    "vtr's buffers": (".names a b w\n11 1\n.barbuf w v\n.short v y", [8]),
    "yosys' constants without their lines": (".names $true a y\n11 1", [10]),
    "an alias of itself, twice": (".names a a\n1 1\n.names b y\n1 1\n.names b y\n1 1", [12]),
    "names that begin with a digit, as yosys writes them": (
        ".subckt $_AND_ A=\\0 B=b Y=\\1\n.names a 0\n1 1\n.names \\1 y\n0 1",
        [7],
    ),
    "$lut": (".subckt $lut A[0]=a A[1]=b Y=y\n.param LUT 0010\n.param WIDTH 2", [2]),
}


GOOD_VERILOG = {
    "constants without a size": ("assign y = 0;", [0]),
    "a blank in a constant": ("assign y = 1 'b1;", [15]),
    "a constant at a gate": ("and g (y, a, b, 1'b1);", [8]),
    "a wide constant": ("assign y = a & 1;", [10]),
    "supplies": ("supply1 one; supply0 zero; assign y = one & a | zero;", [10]),
    "gates in a row": ("wire w; nand (w, a, b), g2 (y, w, w);", [8]),
    "gates of many inputs": ("xnor #1 g (y, a, b, a, b, a);", [5]),
    "several outputs of a buffer": ("wire w; buf (w, y, a);", [10]),
    "delays and strengths": ("assign #1.5 y = w; wire w; nor (strong0, weak1) #(1:2:3, 2) g (w, a, b);", [1]),
    "a wire with a value": ("wire w = a ^ b, v = ~w; assign y = v;", [9]),
    "assignments in a row": ("wire w; assign w = a, y = ~w;", [5]),
    "attributes": ('(* keep = "a*)b" *) wire w; (* src = "x" *) assign w = a; assign y = (* k *) w;', [10]),
    "precedence": ("assign y = a | b & ~a ^ b;", [(0b1010 | ((0b1100 & 0b0101) ^ 0b1100))]),
    "logic": ("assign y = !a && b || a === b;", [13]),
    "a nest of ?:": ("assign y = a ? b ? 1'b0 : 1'b1 : b ? 1'b1 : a;", [6]),
    "reductions": (
        "wire [2:0] w = {a, b, a}; assign y = ^w & ~&w | ~|w;",
        [0b1101 & 0b0101 | 0b1100 & 0b0111],
    ),
    "~ fills up first": ("wire [2:0] w = ~{a, b}; assign y = w[2] & w[0];", [3]),
    "vectors compared": ("wire [1:0] w; assign w = {a, b}; assign y = w != 2'd1;", [0b1011]),
    "concatenation on the left": ("wire v, w; assign {v, w} = {a, b}; assign y = v & ~w;", [2]),
    "a vector in braces": ("wire [1:0] w = {a, b}; wire [2:0] v = {w, 1'b0}; assign y = v[2] & ~v[1];", [2]),
    "replication": ("wire [3:0] w = {2{a, b}}; assign y = w[3] & ~w[2];", [2]),
    "a shifted table": ("assign y = 4'h4 >> {a, b};", [2]),
    "shift by a wire": ("wire [1:0] w = {a, b} >> b; assign y = w[0];", [8]),
    "a shift at the width of its neighbours": ("assign y = 0 | (~a >> 1);", [15]),
    "a sign": ("wire signed [1:0] s = {a, b}; wire [3:0] w = s; assign y = w[3] & ~b;", [2]),
    "a selected bit": ("wire [1:0] w = {a, b}; assign y = w[a];", [14]),
    "a parameter": ("parameter P = 2'b10; assign y = P[a] & b;", [8]),
    "a module of the file": (
        "sub u (.x({a, b}), .z({y, w}), .q()); wire w;\nendmodule\n"
        "module sub (x, z, q); input [1:0] x; output [1:0] z; output q; assign z = ~x;",
        [5],
    ),
    "modules by position, thrice": (
        "wire v; n u (a, v); m u2 (v, y);\nendmodule\n"
        "module m (input i, output o); n u (i, w); n u1 (w, o); wire w;\nendmodule\n"
        "module n (input i, output o); not (o, i);",
        [5],
    ),
    "cells of yosys": ("\\$_ANDNOT_  u (.A(a), .B(b), .Y(y));", [2]),
    "$lut of yosys": ("\\$lut #(.LUT(4'h2), .WIDTH(32'd2)) u (.A({b, a}), .Y(y));", [2]),
    "$lut with defparam": ("defparam u.LUT = 4'h2; \\$lut u (.A({b, a}), .Y(y));", [2]),
    "directives": ("`timescale 1ns / 1ps\n`celldefine assign y = a; `endcelldefine", [10]),
    "a specify block": ("specify (a => y) = 1; endspecify assign y = a;", [10]),
}


GOOD_BENCH = {
    "gnd": ("y = gnd", [0]),
    "VDD()": ("y = VDD()", [15]),
    "CONST1": ("y = const1", [15]),
    "a digit": ("y = 0", [0]),
    "ALWAYS_TRUE": ("y = ALWAYS_TRUE()", [15]),
    "any case and blanks": ("y\t=  nAnD (a ,\n b ) # c", [7]),
    "one operand": ("w = AND(a)\ny = NAND(w)", [5]),
    "INV and BUF": ("w = inv(a)\nv = BUF(w)\ny = buff(v)", [5]),
    "LUT": ("y = lut 0x2(a,b)", [2]),
    "MUX as abc reads it": ("y = MUX(a, b, w)\nw = NOT(b)", [9]),
    **{
        name: (f"y = {name}(a, b)", [table])
        for name, table in {
            "NXOR": 9, "GT": 2, "LT": 4, "GEQ": 11, "LEQ": 13, "LIFF": 10, "RIFF": 12, "LNOT": 5, "RNOT": 3,
        }.items()
    },
    "IFF": ("y = IFF(a)", [10]),
}  # fmt: skip

GOOD = ((".blif", blif, GOOD_BLIF), (".v", verilog, GOOD_VERILOG), (".bench", bench, GOOD_BENCH))


@pytest.mark.parametrize(
    ("ending", "text", "expected"),
    [
        pytest.param(ending, wrap(body), expected, id=f"{ending[1:]}: {name}")
        for ending, wrap, good in GOOD
        for name, (body, expected) in good.items()
    ],
)
def test_what_is_a_netlist_is_read(ending, text, expected):
    assert tables(ending, text) == expected


def test_a_shifted_operand_is_as_wide_as_what_it_is_assigned_to():
    """IEEE 1364-2005, 5.4.1: a is filled up to four bits before it is inverted and shifted."""
    circuit = read(".v", "module m(input [1:0] a, output [3:0] y); assign y = ~a >> 1; endmodule")
    assert [hex(table) for table in circuit.truth_table()] == ["0x3", "0xf", "0xf", "0x0"]


def test_vectors_are_bits_from_the_lowest():
    add = """module add2 (a, b, s);
      input [1:0] a; input [1:0] b; output [2:0] s; wire _0_;
      assign _0_ = a[0] & b[0];
      assign s[0] = a[0] ^ b[0];
      assign s[1] = a[1] ^ b[1] ^ _0_;
      assign s[2] = (a[1] & b[1]) | (_0_ & (a[1] ^ b[1]));
    endmodule"""
    circuit = read(".v", add)
    assert circuit.inputs == ("a[0]", "a[1]", "b[0]", "b[1]")
    assert circuit.output_names == ("s[0]", "s[1]", "s[2]")
    rows = patterns(4)
    assert (circuit.evaluate(rows) @ [1, 2, 4]).tolist() == (rows @ [1, 2, 1, 2]).tolist()


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        ("[0:2]", ("a[2]", "a[1]", "a[0]")),
        ("[4:3]", ("a[3]", "a[4]")),
        ("[0:0]", ("a",)),
        ("[-1:0]", ("a[0]", "a[-1]")),
    ],
)
def test_the_least_significant_bit_comes_first(limits, names):
    assert read(".v", verilog("assign y = ^a;", f"input {limits} a, output y")).inputs == names


def test_a_port_of_bench_can_be_input_and_output():
    assert read(".bench", "OUTPUT(a)\nINPUT(a)\n") == Circuit(1, (), (2,), ("a",), ("a",))


def test_cells_of_yosys_are_their_formulas():
    """Against the simulation models that yosys documents, one row at a time."""
    rules = {
        "BUF": "A", "NOT": "1-A", "AND": "A&B", "NAND": "1-(A&B)", "OR": "A|B", "NOR": "1-(A|B)", "XOR": "A^B",
        "XNOR": "1-(A^B)", "ANDNOT": "A&(1-B)", "ORNOT": "A|(1-B)", "MUX": "B if S else A",
        "NMUX": "1-(B if S else A)", "AOI3": "1-((A&B)|C)", "OAI3": "1-((A|B)&C)", "AOI4": "1-((A&B)|(C&D))",
        "OAI4": "1-((A|B)&(C|D))", "MUX4": "(D if S else C) if T else (B if S else A)",
        "MUX8": "[A,B,C,D,E,F,G,H][S+2*T+4*U]", "MUX16": "[A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P][S+2*T+4*U+8*V]",
    }  # fmt: skip
    assert {f"$_{name}_" for name in rules} == set(CELLS)
    rng = np.random.default_rng(0)
    for name, rule in rules.items():
        ports = CELLS[f"$_{name}_"][0]
        wires = " ".join(f"{p}={p.lower()}" for p in (*ports, "Y"))
        circuit = read(".blif", blif(f".gate $_{name}_ {wires}", " ".join(ports).lower()))
        rows = rng.integers(0, 2, (200, len(ports)))
        for row, (value,) in zip(rows, circuit.evaluate(rows), strict=True):
            assert value == eval(rule, dict(zip(ports, map(int, row), strict=True))), name


REGISTERS = [
    (".blif", blif(".latch y q re clk 0\n.names a q y\n11 0"), "line 4"),
    (".blif", blif(".mlatch ff D=a Q=y c 0"), "line 4"),
    (".blif", blif(".subckt $_DFF_P_ D=a C=b Q=y"), "line 4"),
    (".blif", blif(".subckt q a=a y=y" + used(".latch a y")), "line 9"),
    (".blif", blif(".subckt single_port_ram addr[0]=a data[0]=b out[0]=y"), "line 4"),
    (".bench", bench("y = DFF(a)"), "line 4: gate 'DFF'"),
    (".v", verilog("dff u (a, b, y);"), "line 2"),
    (".v", verilog("\\$_DLATCH_P_  u (.D(a), .E(b), .Q(y));"), "line 2"),
    (".v", verilog("sky130_fd_sc_hd__dfxtp_1 u (.CLK(a), .D(b), .Q(y));"), "line 2"),
    (".v", verilog("sg13g2_dlhq_1 u (.GATE(a), .D(b), .Q(y));"), "line 2"),
    (".v", verilog("reg q;\nalways @(posedge a) q <= b;\nassign y = q;"), "line 3"),
    (
        ".v",
        verilog("f u (a, b, y);\nendmodule\nmodule f (input d, c, output reg q); always @(negedge c) q = d;"),
        "4",
    ),
]


@pytest.mark.parametrize(("ending", "text", "where"), REGISTERS)
def test_registers_are_refused_by_that_name(ending, text, where):
    with pytest.raises(CircuitError, match=where) as caught:
        read(ending, text)
    message = str(caught.value)
    assert "register" in message and "combinational" in message and "expose -evert-dff; opt_clean" in message


REFUSED = [
    (".blif", blif(".gate nand2 A=a B=b O=y"), "'nand2' is described nowhere.*read_library.*strash"),
    (".blif", blif(".subckt $and A=a B=b Y=y"), "techmap"),
    (".blif", blif(".subckt t a=a b=b y=y"), "uses itself"),
    (".blif", blif(".subckt q a=a y=y" + used(".blackbox")), "black box"),
    (".blif", blif(".subckt q z=a y=y" + used(".names a y\n1 1")), "no port 'z'"),
    (".blif", blif(".subckt q y=y" + used(".names a y\n1 1")), r"reads 'q@4\.a'.*connect the port"),
    (".blif", blif(".gate $_AND_ A=a Y=y"), "expected A, B, Y"),
    (".blif", blif(".gate $_AND_ A"), "port=wire"),
    (".blif", blif(".subckt $lut A[0]=a A[1]=b Y=y"), "write_blif -param"),
    (".blif", ".search other.blif\n", "another file"),
    (".blif", blif(".mv a 3"), r"\.mv; expected.*read_blif_mv"),
    (".blif", blif(".end\n.names a y\n1 1"), "after .end"),
    (".blif", ".model a\n.end\n.model a\n.end\n", "a second .model 'a'"),
    (".blif", blif(".names a y\n1 1\n.names b y\n1 1"), "already defined in line 4"),
    (".v", verilog("always @* y = a;"), "'always' describes behaviour.*synth -flatten"),
    (".v", verilog("initial y = 0;"), "'initial' describes behaviour"),
    (".v", verilog("function f; input x; f = x; endfunction"), "'function' describes"),
    (".v", verilog("generate endgenerate"), "'generate' describes"),
    (".v", verilog("assign y = a + b;"), "arithmetic.*synth -flatten"),
    (".v", verilog("assign y = 1'bz;"), "tri-state"),
    (".v", verilog("bufif1 (y, a, b);"), "tribuf -logic"),
    (".v", verilog("nand2x1 u (a, b, y);"), "'nand2x1' is described nowhere"),
    (".v", "`ifdef X\n" + verilog("assign y = a;"), "'`ifdef' is a directive.*iverilog -E"),
    (".v", verilog("assign y = `A;"), "'`A' is a directive"),
    (".v", verilog("assign y = a;", "inout a, output y"), "'inout'"),
    (".v", verilog("assign y = a[W-1:0];"), "operators on bits"),
    (".v", verilog("assign y = a;", "input [W:0] a, output y"), "'W'; expected a number"),
    (".v", verilog("wire w [3:0]; assign y = a;"), "memories"),
    (".v", verilog("assign y = a[2];", "input [1:0] a, output y"), r"no part of a\[1:0\]"),
    (".v", verilog("assign y = a[0:1];", "input [1:0] a, output y"), r"no part of a\[1:0\]"),
    (".v", verilog("and (y, a);", "input [1:0] a, output y"), "vector"),
    (".v", verilog("assign ~y = a;"), "expression on the left"),
    (".v", verilog("cell u (.a(a), b);"), r"'b'; expected '\.'"),
    (".v", verilog("assign y = (a;"), r"expected '\)'"),
    (".v", verilog("assign y = a ? b;"), "expected ':'"),
    (".v", verilog("/* assign y = a;"), "never closed"),
    (".v", verilog("t u (a, b, y);"), "uses itself"),
    (".v", verilog("assign y = a;") + verilog("assign y = b;").replace(" t ", " u "), "one top module"),
    (".v", verilog("assign y = a;") + "\x01", r"character '\\x01'"),
    (".v", verilog("assign y = a; \x01"), r"character '\\x01'"),
    (".v", verilog("always \x01"), r"character '\\x01'"),
    (".v", "/* a\n b */\n\n\n" + verilog("\n\n  assign y = ;"), "line 8: ';'"),
    (".v", verilog("assign y = '1;"), '"\'"; expected .*read_verilog -sv'),
    (".v", verilog("and g [1:0] (y, a, b);"), r"expected '\('.*read_verilog -sv"),
    (".v", verilog("assign y = a[0+:1];", "input [1:0] a, output y"), r"expected '\]'.*read_verilog -sv"),
    (".v", verilog("assign y = a;", "inout a, output y"), "read_verilog -sv"),
    (".v", "typedef logic t;\n" + verilog("assign y = a;"), "'typedef'.*read_verilog -sv"),
    (
        ".v",
        verilog("q u (.a, .y);") + "module q (input a, output y); assign y = a; endmodule",
        r"one top module.* Not read: t\.v, line 2: ','",
    ),
    (".bench", "INPUT()\n" + bench("y = AND(a, b)"), r"line 1: INPUT\(\) without a name"),
    (".bench", bench("y = FOO(a)"), "gate 'FOO'; expected one of AND"),
    (".bench", bench("y = GT(a)"), "expected two"),
    (".bench", bench("y = LUT 5 (a)"), "such as 0x8"),
    (".bench", bench("y = AND(a b)"), "expected ','"),
]


HOSTILE = [
    (".v", verilog("assign y = a[0];", "input [1000000000:0] a, output y"), "1000000001 bits"),
    (".v", verilog("assign y = &{1000000000{a}};"), "1000000000 bits"),
    (".v", verilog("assign y = " + "{9{" * 400 + "a" + "}}" * 400 + ";"), "bits; expected 1 to"),
    (".v", verilog("assign y = 999999999'h0;"), "65536 bits"),
    (".v", verilog("".join(f"wire w{i} = &{{60000{{a}}}};" for i in range(50))), "each byte of the file"),
    (".v", verilog("assign y = a;", "".join(f"input [60000:0] a{i}, " for i in range(9)) + "output y"), "each byte"),
    (".v", verilog("assign y = " + "9" * 5000 + ";"), "smaller number"),
    (".v", verilog("wire [60000:0] w; " + "assign w[59999:0] = {60000{a}};" * 3), "each byte of the file"),
    (".bench", bench("y = LUT 0x" + "f" * 100 + " (a, b)"), "at most 2\\^2 bits"),
    (".bench", bench("y = LUT 0x1 (" + ", ".join(["a"] * 40) + ")"), "16 operands"),
    (".v", "/*" * 50_000, "expected 'module'|never closed"),
    (".v", "(*" * 50_000, "never closed"),
    (".v", '(* "' * 50_000, "never closed"),
    (
        ".v",
        "".join(
            f"module m{i} (input a, output y); wire w; m{i - 1} u (a, w); m{i - 1} v (w, y); endmodule\n"
            for i in range(1, 60)
        ) + "module m0 (input a, output y); not (y, a); endmodule",
        "after flattening",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "text", "words"), REFUSED + HOSTILE, ids=range(len(REFUSED + HOSTILE)))
def test_what_is_no_netlist_is_refused_by_its_name(ending, text, words):
    with pytest.raises(CircuitError, match=words) as caught:
        read(ending, text)
    assert len(str(caught.value)) < 1000


def test_a_file_cut_short_gets_no_advice_for_legal_ones():
    with pytest.raises(CircuitError, match="the end of the file; expected") as caught:
        read(".v", "module t (input a, output y);\nassign y = a")
    assert "read_verilog" not in str(caught.value)


def test_a_module_may_repeat_its_name_at_the_end():
    assert tables(".v", verilog("assign y = a & b;").rstrip() + " : t\n") == [8]


@pytest.mark.parametrize("ending", [".blif", ".v", ".aag", ".aig"])
def test_a_circuit_of_nothing_is_read_back(ending):
    nothing = Circuit(0, (), ())
    assert again(nothing, ending) == nothing


def test_the_top_is_marked_or_used_by_no_other():
    sub = "module sub (input x, output z); assign z = ~x; endmodule\n"
    top = "module m (input a, output y); sub u (a, y); endmodule\n"
    assert tables(".v", sub + top) == tables(".v", top + sub) == [1]
    spare = "module spare (input p, q, output r); and (r, p, q); endmodule\n"  # a cell of a library, not used
    assert read(".v", spare + sub + top).inputs == ("a",)
    marked = '(* top =  1  *)\n(* src = "t.v:1" *)\n' + verilog("assign y = a & b;")
    assert read(".v", verilog("assign y = a;").replace(" t ", " u ") + marked).truth_table() == 8


def test_unknown_bits_are_0_with_a_warning():
    with pytest.warns(UserWarning, match="line 2: 1'bx has unknown bits"):
        assert tables(".v", verilog("assign y = a | 1'bx;")) == [10]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tables(".v", verilog("assign y = a | 1'b0;")) == [10]


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5_000 + "a" + ")" * 5_000,
        "{" * 5_000 + "a" + "}" * 5_000,
        "~" * 5_000 + "a",
        "a?" * 5_000 + "a" + ":b" * 5_000,
        "b&(" * 5_000 + "a" + ")" * 5_000 + "|a",
    ],
)
def test_nesting_has_no_limit(expression):
    assert tables(".v", verilog(f"assign y = {expression};")) == [14 if "?" in expression else 10]


def test_deep_hierarchies_are_flattened():
    models = "".join(f"module m{i} (input a, output y); m{i - 1} u (a, y); endmodule\n" for i in range(1, 1500))
    text = models + "module m0 (input a, output y); not (y, a); endmodule"
    assert tables(".v", text) == [1]


def test_an_instance_with_feedback_around_it_is_no_cycle():
    """One output of the instance goes back to an input that this output does not read."""
    two = ".model two\n.inputs p q\n.outputs u v\n.names p u\n0 1\n.names q p v\n11 1"
    body = f".subckt two p=a q=u u=u v=y\n.end\n{two}"
    assert tables(".blif", blif(body)) == [0]
    with pytest.raises(CircuitError, match="cycle"):
        read(
            ".blif",
            blif(body.replace("q=u u=u v=y", "q=y u=w v=y").replace(".names p u\n0 1", ".names q u\n1 1")),
        )
