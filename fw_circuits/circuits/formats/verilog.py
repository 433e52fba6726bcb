"""Structural Verilog: one module, one assignment a gate.

Read are scalar ports and wires, ``assign`` with ``~ ! & ~& | ~| ^ ~^ ^~ && || ?:`` and parentheses, the gate
primitives (``nand g1 (y, a, b);``), comments and attributes.  Vectors, instances of modules, ``always`` and
``reg`` are refused: flatten the design first.  Reference: IEEE Std 1364-2005.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from fw_circuits.circuits.builder import FALSE, TRUE, Builder
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import GATES, UNARY, Function
from fw_circuits.circuits.formats.files import lines_of
from fw_circuits.circuits.formats.netlist import Netlist, words_of
from fw_circuits.circuits.gate import AND, GATE_NAMES, OR, XOR
from fw_circuits.exceptions import CircuitError

#: Names written without an escape: no keyword looks like this.
PLAIN = re.compile(r"[A-Za-z]_*[0-9]*")
TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*.*?\*/|\(\*(?!\s*\)).*?\*\))"
    r"|(?P<name>\\\S+|[A-Za-z_][A-Za-z0-9_$]*)"
    r"|(?P<constant>1'[sS]?[bBhHdDoO][01])"
    r"|(?P<sign>&&|\|\||~&|~\||~\^|\^~|[-~!&|^?:()=,;\[\]{}<>#.@*+/%0-9'\"`$])",
    re.DOTALL,
)
EXPRESSIONS = {
    "false": "1'b0",
    "nor": "~({a} | {b})",
    "gt": "{a} & ~{b}",
    "not_b": "~{b}",
    "lt": "~{a} & {b}",
    "not_a": "~{a}",
    "xor": "{a} ^ {b}",
    "nand": "~({a} & {b})",
    "and": "{a} & {b}",
    "xnor": "~({a} ^ {b})",
    "buf_a": "{a}",
    "ge": "{a} | ~{b}",
    "buf_b": "{b}",
    "le": "~{a} | {b}",
    "or": "{a} | {b}",
    "true": "1'b1",
}
#: Binary operators: how tightly they bind, the gate, and whether its output is complemented.
BINARY = {
    "||": (1, OR, 0),
    "&&": (2, AND, 0),
    "|": (3, OR, 0),
    "~|": (3, OR, 1),
    "^": (4, XOR, 0),
    "~^": (4, XOR, 1),
    "^~": (4, XOR, 1),
    "&": (5, AND, 0),
    "~&": (5, AND, 1),
}
MAX_DEPTH = 60


def text(circuit: Circuit) -> str:
    """The circuit as Verilog.

    >>> print(text(Circuit(2, ((2, 1, 2),), (7,), ("a", "age[1]"))), end="")
    module fw_circuits (a, \\age[1] , y0);
      input a;
      input \\age[1] ;
      output y0;
      wire n3;
      assign n3 = a & ~\\age[1] ;
      assign y0 = ~n3;
    endmodule
    """
    words, outputs, drivers = words_of(circuit, ports_may_share=False)
    nodes = [_spelled(word) for word in words]
    nodes[0] = "1'b0"
    inputs, gates = nodes[1 : 1 + circuit.n_inputs], nodes[1 + circuit.n_inputs :]
    ports = [_spelled(word) for word in outputs]
    lines = [f"module fw_circuits ({', '.join([*inputs, *ports])});"]
    for keyword, names in (("input", inputs), ("output", ports), ("wire", gates)):
        lines += [f"  {keyword} {name};" for name in names]
    for name, (table, a, b) in zip(gates, circuit.gates, strict=True):
        expression = EXPRESSIONS[GATE_NAMES[table]].format(a=nodes[a], b=nodes[b])
        lines.append(f"  assign {name} = {expression};")
    lines += [f"  assign {_spelled(word)} = {'~' * (s & 1)}{nodes[s >> 1]};" for word, s in drivers]
    return "\n".join([*lines, "endmodule", ""])


def _spelled(word: str) -> str:
    return word if PLAIN.fullmatch(word) else f"\\{word} "


class _Token(NamedTuple):
    line: int
    kind: str
    text: str


def _tokens(source: str, path: str) -> list[_Token]:
    tokens, at, line = [], 0, 1
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            raise CircuitError(f"{path}, line {line}: character {source[at]!r}; expected Verilog.")
        kind = str(match.lastgroup)
        if kind != "blank":
            word = match[0]
            tokens.append(_Token(line, kind, word[1:] if word.startswith("\\") else word))
            if word.startswith("\\"):
                tokens[-1] = _Token(line, "escaped", word[1:])
        line += match[0].count("\n")
        at = match.end()
    return [*tokens, _Token(line, "end", "the end of the file")]


class _Parser:
    """One pass over the tokens; fills a `Netlist`."""

    def __init__(self, tokens: list[_Token], path: str) -> None:
        self.tokens, self.at = tokens, 0
        self.net = Netlist(path)
        self.ports: list[str] = []
        self.directions: dict[str, tuple[str, int]] = {}

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def error(self, wanted: str) -> CircuitError:
        return self.net.error(self.token.line, f"{self.token.text[:60]!r}; expected {wanted}.")

    def take(self, sign: str) -> None:
        if self.token.kind == "escaped" or self.token.text != sign:
            raise self.error(f"{sign!r}")
        self.at += 1

    def sees(self, *signs: str) -> bool:
        return self.token.kind != "escaped" and self.token.text in signs

    def name(self) -> str:
        if self.token.kind not in ("name", "escaped"):
            raise self.error("a name (vectors, numbers and instances are not read: flatten the design first)")
        self.at += 1
        return self.tokens[self.at - 1].text

    def module(self) -> None:
        self.take("module")
        self.name()
        if self.sees("("):
            self.at += 1
            direction = ""
            while not self.sees(")"):
                if self.sees("input", "output"):
                    direction = self.token.text
                    self.at += 1
                    if self.sees("wire"):
                        self.at += 1
                line = self.token.line
                self.ports.append(self.name())
                if direction:
                    self.directions[self.ports[-1]] = (direction, line)
                if not self.sees(")"):
                    self.take(",")
                    if self.sees(")"):
                        raise self.error("a port")
            self.at += 1
        self.take(";")
        while not self.sees("endmodule"):
            self.item()
        self.at += 1
        if self.token.kind != "end":
            raise self.error("nothing after endmodule: one flat module; flatten the design first")

    def item(self) -> None:
        line, keyword = self.token.line, self.token.text
        if self.sees("input", "output", "wire"):
            self.at += 1
            if keyword != "wire" and self.sees("wire"):
                self.at += 1
            while True:
                line, name = self.token.line, self.name()
                if keyword != "wire":
                    if name in self.directions:
                        raise self.net.error(line, f"port {name!r} is declared twice; expected it once.")
                    self.directions[name] = (keyword, line)
                if self.sees(";"):
                    break
                self.take(",")
        elif self.sees("assign"):
            self.at += 1
            while True:
                line, name = self.token.line, self.name()
                self.take("=")
                program: list[tuple[str, int]] = []
                operands: list[str] = []
                self.ternary(program, operands, 0)
                self.net.define(line, name, operands, _program(program))
                if self.sees(";"):
                    break
                self.take(",")
        elif self.token.kind == "name" and keyword in GATES:
            self.at += 1
            if not self.sees("("):
                self.name()
            self.take("(")
            wires = [self.name()]
            while not self.sees(")"):
                self.take(",")
                wires.append(self.name())
            self.at += 1
            if len(wires) != 2 if keyword in UNARY else len(wires) < 2:
                raise self.net.error(
                    line, f"{keyword} with {len(wires)} wires; expected its output and inputs."
                )
            self.net.define(line, wires[0], wires[1:], GATES[keyword])
        else:
            raise self.error("input, output, wire, assign or a gate such as nand; flatten the design first")
        self.take(";")

    def ternary(self, program: list[tuple[str, int]], operands: list[str], depth: int) -> None:
        self.binary(program, operands, depth, 1)
        if self.sees("?"):
            self.at += 1
            self.ternary(program, operands, depth + 1)
            self.take(":")
            self.ternary(program, operands, depth + 1)
            program.append(("?", 0))

    def binary(self, program: list[tuple[str, int]], operands: list[str], depth: int, weakest: int) -> None:
        self.unary(program, operands, depth)
        while self.token.kind == "sign" and (found := BINARY.get(self.token.text)) and found[0] >= weakest:
            sign = self.token.text
            self.at += 1
            self.binary(program, operands, depth + 1, found[0] + 1)
            program.append((sign, 0))

    def unary(self, program: list[tuple[str, int]], operands: list[str], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self.error(f"at most {MAX_DEPTH} nested parts: split the expression over several wires")
        flips = 0
        while self.sees("~", "!"):
            self.at += 1
            flips ^= 1
        if self.sees("("):
            self.at += 1
            self.ternary(program, operands, depth + 1)
            self.take(")")
        elif self.token.kind == "constant":
            program.append(("constant", int(self.token.text[-1])))
            self.at += 1
        else:
            program.append(("wire", len(operands)))
            operands.append(self.name())
        if flips:
            program.append(("~", 0))

    def circuit(self) -> Circuit:
        """Ports in the order of the module's head; those declared only below it after them."""
        for name in dict.fromkeys((*self.ports, *self.directions)):
            direction, line = self.directions.get(name, ("", self.tokens[0].line))
            if not direction:
                raise self.net.error(line, f"port {name!r} is neither input nor output; declare it.")
            (self.net.add_input if direction == "input" else self.net.add_output)(line, name)
        for name, line in self.net.outputs.items():
            if name in self.net.inputs:
                raise self.net.error(line, f"port {name!r} is both input and output; expected one of them.")
        return self.net.circuit()


def _program(program: Sequence[tuple[str, int]]) -> Function:
    """Function that runs an expression in postfix form."""

    def build(builder: Builder, signals: Sequence[int]) -> int:
        stack: list[int] = []
        for sign, number in program:
            if sign == "wire":
                stack.append(signals[number])
            elif sign == "constant":
                stack.append(TRUE if number else FALSE)
            elif sign == "~":
                stack.append(stack.pop() ^ 1)
            elif sign == "?":
                low, high, select = stack.pop(), stack.pop(), stack.pop()
                stack.append(builder.mux(select, high, low))
            else:
                _, table, complement = BINARY[sign]
                right, left = stack.pop(), stack.pop()
                stack.append(builder.gate(table, left, right) ^ complement)
        return stack[0]

    return build


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from Verilog.

    >>> parse(b"module m(a, b, y); input a, b; output y; assign y = a ? ~b : 1'b0; endmodule", "t.v").truth_table()
    2
    """
    parser = _Parser(_tokens("\n".join(lines_of(data, path)), path), path)
    parser.module()
    return parser.circuit()
