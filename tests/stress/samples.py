"""Valid files of every format, to be broken: by our writers, and in the ways of other tools."""

from __future__ import annotations

import tempfile
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np

from fw_circuits import Circuit, solve

#: What other tools write; short, and legal.
FILES = {
    ".aag": (
        b"aag 7 2 0 2 3\n2\n4\n6\n12\n6 13 15\n12 2 4\n14 3 5\ni0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n",
        b"aag 0 0 0 2 0\n0\n1\n",
        b"aag 9 2 0 1 2\r\n18\r\n4\r\n10\r\n10 13 18\r\n12 4 19\r\n",
    ),
    ".aig": (
        b"aig 5 2 0 2 3\n10\n6\n\x02\x02\x03\x02\x01\x02i0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n",
        b"aig 3 2 0 1 1 0 0 0 0\n7\n\x02\x02c\nm 12\n",
    ),
    ".blif": (
        b".model t\n.inputs a b \\\n c\n.outputs y z\n# note\n.names a b w\n11 1\n.names w c y\n1- 1\n-1 1\n"
        b".names z\n1\n.end\n",
        b".model t\n.inputs a b\n.outputs y\n.names a b y\n00 0\n11 0\n.exdc\n.names a b y\n10 1\n.end\n",
        b".model t\n.inputs a b\n.outputs y\n.default_input_arrival 0 0\n.gate nand2 A=a B=b O=y\n.end\n"
        b".model nand2\n.inputs A B\n.outputs O\n.names A B O\n0- 1\n-0 1\n.end\n",
        b".model t\n.inputs a b\n.outputs y\n.conn a y\n.end\n",
    ),
    ".bench": (
        b"# c17\nINPUT(G1)\nINPUT(G2)\nINPUT(G3)\nOUTPUT(G22)\n"
        b"G10 = NAND(G1, G3)\nG11 = not(G2)\nG22 = NAND(G10, G11)\n",
        b"INPUT(a)\nINPUT(b)\nOUTPUT(y)\nv = vdd\nw = LUT 0x8 (a, b)\ny = MUX(a, v, w)\n",
    ),
    ".v": (
        b"// c\nmodule top(a, b, y);\n  input a, b;\n  output y;\n  wire w;\n  assign w = ~(a & b) | (a ^ b);\n"
        b"  nand g1 (y, w, b);\nendmodule\n",
        b"module top(input [3:0] a, output [1:0] y);\n assign y[0] = a[0] ? 1'b1 : a[1];\n"
        b" assign y[1] = &a | {a[2], a[3]} == 2'b10;\nendmodule\n",
        b"`timescale 1ns/1ps\n/* m */ module \\t! (\\a[0] , y);\n"
        b"input \\a[0] ; output y; buf (y, \\a[0] );\nendmodule\n",
    ),
    ".pla": (
        b".i 4\n.o 2\n.ilb a b c d\n.ob y z\n.p 3\n.type fd\n1-01 1-\n0--- 01\n--11 ~1\n.e\n",
        b".i 2\n.o 1\n11 1\n00 0\n",
        b".i 3\n.o 1\n.type fr\n111 1\n000 0\n.end\n",
    ),
}
WORDS = {
    ".aag": b"aag aig i0 o0 l0 c 0 1".split(),
    ".aig": [*b"aag aig i0 o0 c".split(), b"\x80\x80\x80\x80\x80\x80", b"\xff"],
    ".blif": [
        *b".names .end .exdc .start_kiss .conn .cname .mlatch .inputs .outputs - 1 0".split(),
        *(b".model t", b".latch a b 0", b".subckt t a=b", b"\\\n", b".gate x", b".search f", b".area 1"),
    ],
    ".bench": [*b"INPUT(a) OUTPUT(a) DFF(a) = XOR( vdd gnd #".split(), b"LUT 0xffffffffffffffffff (a, b)"],
    ".v": [
        *b"module endmodule input output wire assign always ( ) ; ? : [9999999:0] 32'hffffffff 1'bx { }".split(),
        *b"{100000{a}} reg <= function generate /* // ~ & | ^ ==".split(),
        *(b"`define A `A", b"parameter N = 99999999"),
    ],
    ".pla": b".i .o .type f fr fd fdr .ilb .ob .p .e .mv .phase | ~ 3 4".split(),
    ".csv": [b",", b";", b"\t", b'"', b"'", b"nan", b"inf", b"-1e400", b"a", b"\n\n", b"\r", b"\xef\xbb\xbf", b"\0"],
    ".npz": [
        *b"null true [] {} \"\" -1 1e999 NaN '<f8' '|O' '<U9999999999' (0,) (1000000000000,) (-1,)".split(),
        *b"\"squared\" \"logistic\" [[[[ 99999999999 '<M8[D]' '|S0' True".split(),
    ],
}  # fmt: skip


def random_circuits(count):
    """Small circuits over the whole basis, with names of every kind."""
    rng = np.random.default_rng(7)
    made = []
    for i in range(count):
        n, m = int(rng.integers(1, 6)), int(rng.integers(0, 9))
        gates = [(int(rng.integers(16)), *rng.integers(0, 1 + n + j, 2).tolist()) for j in range(m)]
        outputs = rng.integers(0, 2 * (1 + n + m), int(rng.integers(1, 4))).tolist()
        names = ("a b", "x[0]", "é", "$1", "module")[:n] if i % 3 == 0 else ()
        made.append(Circuit(n, tuple(gates), tuple(outputs), names))
    return made


def tables(ending, bomb):
    """Tables with numbers, text labels, names; archives with an object array."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(6, 3)).round(3), np.array(["no", "yes"] * 3)
    if ending == ".csv":
        rows = [",".join(map(str, row)) for row in X.tolist()]
        named = "\n".join(["a,b,y", *rows]) + "\n"
        labels = "\n".join(
            f'{row};"{label}"' for row, label in zip((r.replace(",", ";") for r in rows), y, strict=True)
        )
        return (
            named.encode(),
            labels.encode(),
            named.replace(",", "\t").replace("\n", "\r\n").encode(),
            b"0 1\n1 0\n1 1\n",
        )
    if ending == ".parquet":
        arrow, parquet = __import__("pyarrow"), __import__("pyarrow.parquet").parquet
        out = []
        for target in (y, X[:, 0], y == "no"):
            sink = BytesIO()
            parquet.write_table(arrow.table({"a": X[:, 1], "b": X[:, 2] > 0, "y": target}), sink, compression="none")
            out.append(sink.getvalue())
        return tuple(out)
    out = []
    objects = np.array([bomb] * 6, dtype=object)
    for arrays in (
        {"X": X, "y": y},
        {"X": X > 0, "y": X[:, 0], "feature_names": np.array(["a", "b", "c"])},
        {"X": np.asfortranarray(X)},
        {"X": X, "y": objects},
        {"X": X.astype(np.int8), "y": y == "no", "note": objects},
    ):
        for save in (np.savez, np.savez_compressed):
            content = BytesIO()
            save(content, **arrays)
            out.append(content.getvalue())
    return tuple(out)


def solutions():
    """Solutions of the losses, with and without atoms."""
    rng = np.random.default_rng(4)
    X = rng.integers(0, 2, (20, 4))
    out = []
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        for i, (table, y, options) in enumerate(
            [
                (X, X[:, 0] ^ X[:, 1] & X[:, 2], {"lam": 0.01}),
                (X, np.where(X[:, 0] > X[:, 1], "p", "q"), {"loss": "logistic", "lam": 0.02}),
                (X + rng.normal(size=X.shape), X[:, 0], {"tau": 1.0, "levels": [1, 2]}),
                (X, np.ones(20), {}),
            ]
        ):
            path = Path(folder) / f"{i}.npz"
            solve(table, y, n_jobs=1, **options).save(path)
            out.append(path.read_bytes())
    return tuple(out)
