"""ISCAS bench: ``y = AND(a, b)``, one line a gate.

Written with AND, OR, XOR and their complements; gates such as ``a & ~b`` get an inverter line of their own.
Constants are ``gnd`` and ``vdd``, and ``LUT 0x...`` is read, as Berkeley ABC does it.  ``DFF`` is refused.
Source: F. Brglez and H. Fujiwara, "A neutral netlist of 10 combinational benchmark circuits", ISCAS 1985.
"""

from __future__ import annotations

import re

from fw_circuits.circuits.builder import output_signals
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.blif import small
from fw_circuits.circuits.formats.files import lines_of
from fw_circuits.circuits.formats.netlist import Function, Netlist, chain, words_of
from fw_circuits.circuits.gate import AND, GATE_NAMES, OR, XOR
from fw_circuits.circuits.synthesis import from_truth_table

GATES: dict[str, Function] = {
    "and": chain(AND),
    "nand": chain(AND, 1),
    "or": chain(OR),
    "nor": chain(OR, 1),
    "xor": chain(XOR),
    "xnor": chain(XOR, 1),
    "not": chain(AND, 1),
    "inv": chain(AND, 1),
    "buf": chain(AND),
    "buff": chain(AND),
}
UNARY = ("not", "inv", "buf", "buff")
MAX_LUT = 10
PORT = re.compile(r"(INPUT|OUTPUT)\s*\(\s*([^\s(),=]+)\s*\)", re.IGNORECASE)
GATE = re.compile(r"([^\s(),=]+)\s*=\s*([A-Za-z]+)(?:\s+0[xX]([0-9A-Fa-f]+))?\s*(?:\(([^()=]*)\))?")


def text(circuit: Circuit) -> str:
    """The circuit as bench.

    >>> print(text(Circuit(2, ((2, 1, 2),), (7, 0), ("a", "b"))), end="")
    INPUT(a)
    INPUT(b)
    OUTPUT(y0)
    OUTPUT(y1)
    n0 = gnd
    nb2 = NOT(b)
    n3 = AND(a, nb2)
    y0 = NOT(n3)
    y1 = BUFF(n0)
    """
    nodes, outputs, drivers = words_of(circuit, ports_may_share=True)
    lines = [f"INPUT({word})" for word in nodes[1 : 1 + circuit.n_inputs]]
    lines += [f"OUTPUT({word})" for word in outputs]
    return "\n".join([*lines, *_gates(circuit, nodes, drivers), ""])


def _gates(circuit: Circuit, nodes: list[str], drivers: list[tuple[str, int]]) -> list[str]:
    lines: list[str] = []
    if any(0 in gate[1:] for gate in circuit.gates) or any(s < 2 for s in circuit.outputs):
        lines.append(f"{nodes[0]} = gnd")
    prefix = nodes[0][:-1]  # no name is the prefix and a number; neither may it collide with an inverter's
    taken = {*nodes, *(word for word, _ in drivers)}
    while any(word.startswith(f"{prefix}b") and word[len(prefix) + 1 :].isdecimal() for word in taken):
        prefix += "_"
    inverted: dict[int, str] = {}

    def complement(node: int) -> str:
        if node not in inverted:
            inverted[node] = f"{prefix}b{node}"
            lines.append(f"{inverted[node]} = NOT({nodes[node]})")
        return inverted[node]

    for node, (table, a, b) in enumerate(circuit.gates, start=1 + circuit.n_inputs):
        x, y, word = nodes[a], nodes[b], nodes[node]
        match GATE_NAMES[table]:
            case "false":
                lines.append(f"{word} = gnd")
            case "true":
                lines.append(f"{word} = vdd")
            case "buf_a" | "buf_b" | "not_a" | "not_b" as name:
                kind = "BUFF" if name.startswith("buf") else "NOT"
                lines.append(f"{word} = {kind}({x if name.endswith('a') else y})")
            case "gt":
                y = complement(b)
                lines.append(f"{word} = AND({x}, {y})")
            case "lt":
                x = complement(a)
                lines.append(f"{word} = AND({x}, {y})")
            case "ge":
                y = complement(b)
                lines.append(f"{word} = OR({x}, {y})")
            case "le":
                x = complement(a)
                lines.append(f"{word} = OR({x}, {y})")
            case name:
                lines.append(f"{word} = {name.upper()}({x}, {y})")
    lines += [f"{word} = {'NOT' if s & 1 else 'BUFF'}({nodes[s >> 1]})" for word, s in drivers]
    return lines


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from bench.

    >>> parse(b"INPUT(a)\\nOUTPUT(y)\\ny = LUT 0x1 ( a )  # inverter\\n", "t.bench").outputs
    (3,)
    """
    net = Netlist(path)
    line = 1
    for line, raw in enumerate(lines_of(data, path), start=1):
        content = raw.split("#", 1)[0].strip()
        if not content:
            continue
        if port := PORT.fullmatch(content):
            (net.add_input if port[1].upper() == "INPUT" else net.add_output)(line, port[2])
        elif gate := GATE.fullmatch(content):
            word, kind, digits, inside = gate.groups()
            operands = [] if inside is None else [operand.strip() for operand in inside.split(",")]
            if not all(operand and len(operand.split()) == 1 for operand in operands):
                raise net.error(line, f"{content[:60]!r}; expected operands parted by commas.")
            net.define(line, word, operands, _function(net, line, kind.lower(), digits, len(operands)))
        else:
            raise net.error(line, f"{content[:60]!r}; expected INPUT(a), OUTPUT(a) or a = GATE(b, c).")
    if not (net.inputs or net.outputs or net.wires):
        raise net.error(line, "the file defines nothing; expected INPUT, OUTPUT and gates.")
    return net.circuit()


def _function(net: Netlist, line: int, kind: str, digits: str | None, width: int) -> Function:
    if kind in ("gnd", "vdd") and not width and digits is None:
        value = int(kind == "vdd")
        return lambda builder, signals: value
    if kind == "lut" and digits is not None:
        if not 0 <= width <= MAX_LUT or len(digits) > 1 << MAX_LUT or int(digits, 16) >> (1 << width):
            raise net.error(
                line,
                f"LUT 0x{digits[:20]} of {width} operands; expected at most 2^{width} bits, {MAX_LUT} operands.",
            )
        return _table(int(digits, 16), width)
    if kind not in GATES or digits is not None:
        raise net.error(
            line, f"gate {kind.upper()!r}; expected one of {', '.join(GATES).upper()}, LUT 0x..., gnd, vdd."
        )
    if width != 1 if kind in UNARY else width < 1:
        raise net.error(
            line, f"{kind.upper()} with {width} operands; expected {'one' if kind in UNARY else 'some'}."
        )
    return GATES[kind]


def _table(table: int, width: int) -> Function:
    if width <= 4:
        return small(table, width)
    circuit = from_truth_table(table, width)
    return lambda builder, signals: output_signals(circuit, builder.add(circuit, signals))[0]
