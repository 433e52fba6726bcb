"""ISCAS bench: ``y = AND(a, b)``, one line per gate.

Written with AND, NAND, OR, NOR, XOR and NOT; gates such as ``a & ~b`` get an inverter line of their own, and
the constant is ``vdd``: what abc and cirbo both read.  Read are those of any number of
operands and letter case, the constants, tables and multiplexers of abc (``gnd vdd``, ``LUT 0x...``, ``MUX`` of
the select, the value at 1 and the value at 0), and the gates of cirbo (``NXOR GEQ LIFF ALWAYS_TRUE`` ...).
``DFF`` is refused.
Source: F. Brglez and H. Fujiwara, "A neutral netlist of 10 combinational benchmark circuits", ISCAS 1985.
"""

from __future__ import annotations

import re

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import GATES, REGISTER, UNARY, Function, constant, lookup, pair
from fw_circuits.circuits.formats.netlist import Netlist, words_of, written
from fw_circuits.circuits.formats.tokens import Cursor, tokens
from fw_circuits.circuits.gate import GATE_NAMES

TOKEN = re.compile(r"(?P<blank>[ \t\n\f\v]+|\#[^\n]*)|(?P<sign>[(),=])|(?P<name>[^ \t\n\f\v\#(),=]+)")
ALIASES = {"inv": "not", "buff": "buf", "buffer": "buf", "iff": "buf", "nxor": "xnor"}
CONSTANTS = dict.fromkeys(("gnd", "const0", "always_false", "0"), 0)
CONSTANTS |= dict.fromkeys(("vdd", "vcc", "const1", "always_true", "1"), 1)
#: Gates of two operands, by their names here.
PAIRS = dict(gt="gt", lt="lt", geq="ge", leq="le", liff="buf_a", riff="buf_b", lnot="not_a", rnot="not_b")
MAX_LUT = 16


def text(circuit: Circuit) -> str:
    """The circuit as bench.

    >>> print(text(Circuit(2, ((2, 1, 2),), (7, 0), ("a", "b"))), end="")
    INPUT(a)
    INPUT(b)
    OUTPUT(y0)
    OUTPUT(y1)
    n0 = vdd
    nb2 = NOT(b)
    n3 = AND(a, nb2)
    y0 = NOT(n3)
    y1 = NOT(n0)
    """
    circuit = written(circuit)
    nodes, outputs, drivers = words_of(circuit, ports_may_share=True)
    lines = [f"INPUT({word})" for word in nodes[1 : 1 + circuit.n_inputs]]
    lines += [f"OUTPUT({word})" for word in outputs]
    if any(signal < 2 for signal in circuit.outputs):
        lines.append(f"{nodes[0]} = vdd")
    lines += _gates(circuit, nodes, {word for word, _ in drivers})
    for word, s in drivers:  # node 0 is written as 1
        lines.append(f"{word} = {'NOT' if (s & 1) != (s < 2) else 'BUFF'}({nodes[s >> 1]})")
    return "\n".join([*lines, ""])


def _gates(circuit: Circuit, nodes: list[str], outputs: set[str]) -> list[str]:
    lines: list[str] = []
    prefix = nodes[0][:-1]  # no name is the prefix and a number; neither may it collide with an inverter's
    taken = {*nodes, *outputs}
    while any(word.startswith(f"{prefix}b") and word[len(prefix) + 1 :].isdecimal() for word in taken):
        prefix += "_"
    inverted: dict[int, str] = {}

    def complement(node: int) -> str:
        if node not in inverted:
            inverted[node] = f"{prefix}b{node}"
            lines.append(f"{inverted[node]} = NOT({nodes[node]})")
        return inverted[node]

    for node, (table, a, b) in enumerate(circuit.gates, start=1 + circuit.n_inputs):
        x, y, name = nodes[a], nodes[b], GATE_NAMES[table]
        if name in ("gt", "ge"):
            y = complement(b)
        elif name in ("lt", "le", "xnor"):  # cirbo knows no XNOR, abc no NXOR of its own gates
            x = complement(a)
        kind = {"gt": "AND", "lt": "AND", "ge": "OR", "le": "OR", "xnor": "XOR"}.get(name, name.upper())
        lines.append(f"{nodes[node]} = {kind}({x}, {y})")
    return lines


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from bench.

    >>> parse(b"INPUT(a)\\nOUTPUT(y)\\ny = LUT 0x1 ( a )  # inverter\\n", "t.bench").outputs
    (3,)
    """
    net = Netlist(path)
    cursor = Cursor(tokens(TOKEN, data, path, "bench"), path)
    while cursor.token.kind != "end":
        line, word = cursor.token.line, _name(cursor, "INPUT(a), OUTPUT(a) or a = GATE(b, c)")
        if cursor.sees("(") and word.upper() in ("INPUT", "OUTPUT"):
            ports = _operands(cursor)
            if not ports:
                raise net.error(line, f"{word}() without a name; expected one such as {word}(a).")
            for port in ports:
                net.declare(line, port, word.lower())
            continue
        cursor.take("=")
        kind = _name(cursor, "a gate such as AND").lower()
        digits = cursor.next().text if kind == "lut" and cursor.token.kind == "name" else ""
        operands = _operands(cursor) if cursor.sees("(") else []
        net.define(line, word, operands, _function(net, line, kind, digits, len(operands)))
    if not (net.inputs or net.outputs or net.wires):
        raise net.error(cursor.token.line, "the file defines nothing; expected INPUT, OUTPUT and gates.")
    return net.circuit()


def _name(cursor: Cursor, wanted: str) -> str:
    if cursor.token.kind != "name":
        raise cursor.error(wanted)
    return cursor.next().text


def _operands(cursor: Cursor) -> list[str]:
    return [_name(cursor, "wires separated by commas") for _ in cursor.items()]


def _function(net: Netlist, line: int, kind: str, digits: str, width: int) -> Function:
    kind = ALIASES.get(kind, kind)
    if kind in CONSTANTS and not width:
        return constant(CONSTANTS[kind])
    if kind == "lut":
        return _lookup(net, line, digits, width)
    if REGISTER.search(kind):
        raise net.register(line, f"gate {kind.upper()!r}")
    expected = 1 if kind in UNARY else 3 if kind == "mux" else 2 if kind in PAIRS else None
    if kind not in GATES and kind not in PAIRS and kind != "mux":
        known = ", ".join((*GATES, "mux", *PAIRS, "lut 0x...", *CONSTANTS)).upper()
        raise net.error(line, f"gate {kind.upper()!r}; expected one of {known}.")
    if width != expected if expected else width < 1:
        raise net.error(
            line,
            f"{kind.upper()} with {width} operands; expected {('some', 'one', 'two', 'three')[expected or 0]}.",
        )
    if kind == "mux":
        return lambda builder, signals: builder.mux(*signals)
    return pair(PAIRS[kind]) if kind in PAIRS else GATES[kind]


def _lookup(net: Netlist, line: int, digits: str, width: int) -> Function:
    if not re.fullmatch("0[xX][0-9A-Fa-f]+", digits):
        raise net.error(line, f"LUT {digits[:20]}; expected its table such as 0x8.")
    if width > MAX_LUT or len(digits) > 2 + (1 << MAX_LUT) or int(digits, 16) >> (1 << width):
        raise net.error(
            line,
            f"LUT {digits[:20]} of {width} operands; expected at most 2^{width} bits, {MAX_LUT} operands.",
        )
    return lookup(int(digits, 16), width)
