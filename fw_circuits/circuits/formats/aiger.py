"""AIGER, the text (.aag) and the binary (.aig) form of and-inverter graphs.

AIGER's variables are this package's nodes and its literals our signals ``2 * variable + complemented``.
Written are the AND nodes of `to_aig`, a symbol for every input and output, and a comment.  Format: A. Biere,
"The AIGER And-Inverter Graph (AIG) Format", version 20071012, and A. Biere, K. Heljanko, S. Wieringa, "AIGER 1.9 and
beyond", 2011.  Also read is what ABC adds: extensions glued to the comment mark, and its compact form ``aig2``, where
the outputs too are binary differences.  Latches, and the properties of version 1.9, are refused.

Both texts let two inputs have one symbol; here the later one gets a number, with a warning.  Tools pair ports by their
place (ABC), or reorder them when they read (Yosys): hand on files with symbols and pair by name (``write_aiger -s``,
``-symbols``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fw_circuits.circuits.aig import to_aig
from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import Function, chain, constant
from fw_circuits.circuits.formats.naming import complete, decode, distinct, encode, is_text, warn_shared_names
from fw_circuits.circuits.formats.netlist import Netlist
from fw_circuits.circuits.gate import AND, and_literals
from fw_circuits.exceptions import CircuitError

#: A binary header may promise inputs that take no byte of the file: more than this, and than bytes, is damage.
MAX_IDLE = 1 << 14
NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")


def ascii_bytes(circuit: Circuit) -> bytes:
    """The circuit as text.

    >>> print(ascii_bytes(Circuit(2, ((8, 1, 2),), (7,))).decode(), end="")
    aag 3 2 0 1 1
    2
    4
    7
    6 4 2
    i0 x0
    i1 x1
    o0 y0
    c
    fw_circuits
    """
    ands, outputs = _nodes(circuit)
    first = circuit.n_inputs + 1
    lines = [f"aag {circuit.n_inputs + len(ands)} {circuit.n_inputs} 0 {len(outputs)} {len(ands)}"]
    lines += [str(2 * (1 + i)) for i in range(circuit.n_inputs)]
    lines += [str(signal) for signal in outputs]
    lines += [f"{2 * (first + j)} {high} {low}" for j, (high, low) in enumerate(ands)]
    return "\n".join([*lines, ""]).encode() + _symbols(circuit)


def binary_bytes(circuit: Circuit) -> bytes:
    """The circuit in binary.

    >>> binary_bytes(Circuit(2, ((8, 1, 2),), (7,)))[:20]
    b'aig 3 2 0 1 1\\n7\\n\\x02\\x02i0'
    """
    ands, outputs = _nodes(circuit)
    first = circuit.n_inputs + 1
    head = f"aig {circuit.n_inputs + len(ands)} {circuit.n_inputs} 0 {len(outputs)} {len(ands)}\n"
    body = bytearray()
    for j, (high, low) in enumerate(ands):
        for delta in (2 * (first + j) - high, high - low):
            while delta > 127:
                body.append(delta & 127 | 128)
                delta >>= 7
            body.append(delta)
    return (head + "".join(f"{signal}\n" for signal in outputs)).encode() + bytes(body) + _symbols(circuit)


def _nodes(circuit: Circuit) -> tuple[list[tuple[int, int]], list[int]]:
    """AND nodes as pairs of literals, the higher first, and the outputs as literals."""
    aig = to_aig(circuit)
    flipped = [0] * (1 + aig.n_inputs)  # whether the AND node is the complement of the gate
    ands = []
    for gate in aig.gates:
        a, b, complement = and_literals(gate)
        a, b = a ^ flipped[a >> 1], b ^ flipped[b >> 1]
        ands.append((max(a, b), min(a, b)))
        flipped.append(complement)
    return ands, [signal ^ flipped[signal >> 1] for signal in aig.outputs]


def _symbols(circuit: Circuit) -> bytes:
    warn_shared_names(circuit, "AIGER")
    lines = [f"i{i} {encode(name)}" for i, name in enumerate(circuit.input_names)]
    lines += [f"o{j} {encode(name)}" for j, name in enumerate(circuit.output_names)]
    return "\n".join([*lines, "c", "fw_circuits", ""]).encode()


class _Header(NamedTuple):
    kind: str
    n_inputs: int
    n_outputs: int
    n_ands: int
    top: int


class _Reader:
    """The bytes and the place in them."""

    def __init__(self, data: bytes, path: str) -> None:
        self.data, self.path, self.at, self.line = data.removeprefix(b"\xef\xbb\xbf"), path, 0, 0

    def error(self, message: str) -> CircuitError:
        return CircuitError(f"{self.path}, line {self.line}: {message}")

    def next_line(self, what: str) -> str:
        self.line += 1
        if self.at >= len(self.data):
            raise self.error(f"the file ends; expected {what}; it is cut short.")
        end = self.data.find(b"\n", self.at)
        end = len(self.data) if end < 0 else end
        raw, self.at = self.data[self.at : end], end + 1
        return raw.decode("utf-8", errors="surrogateescape").rstrip("\r")

    def numbers(self, text: str, count: int, what: str) -> list[int]:
        words = text.split()
        if len(words) != count or not all(NUMBER.fullmatch(word) for word in words):
            raise self.error(f"{text[:60]!r}; expected {what}.")
        return [int(word) for word in words]

    def header(self) -> _Header:
        text = self.next_line("a header")
        kind, *words = text.split() or [""]
        if kind not in ("aag", "aig", "aig2"):
            raise self.error(f"{text[:30]!r}; expected a header 'aag M I L O A' or 'aig M I L O A'.")
        top, n_inputs, latches, n_outputs, n_ands, *extra = self.numbers(
            " ".join(words), max(5, min(len(words), 9)), "five to nine whole numbers M I L O A [B C J F]"
        )
        if latches:
            raise self.error(
                f"{latches} latches; expected a combinational circuit. ABC makes the latches inputs and outputs: "
                "read FILE.aig; comb; write NEW.aig."
            )
        if any(extra):
            named = zip(
                extra,
                ("bad states", "constraints", "justice properties", "fairness constraints"),
                strict=False,
            )
            raise self.error(
                f"{', '.join(f'{count} {what}' for count, what in named if count)}; expected outputs only "
                "(B, C, J and F are 0): write the circuit without properties (Yosys: write_aiger without -miter)."
            )
        if top < n_inputs + n_ands or (kind != "aag" and top != n_inputs + n_ands):
            raise self.error(f"M is {top}; expected I + A = {n_inputs + n_ands}.")
        left = len(self.data) - self.at + 1  # the last line may lack its end
        if n_inputs > max(MAX_IDLE, left) or (1 + (kind != "aig2")) * n_outputs + 2 * n_ands > left:
            raise self.error(
                f"{n_inputs} inputs, {n_outputs} outputs and {n_ands} ANDs in {left} bytes; the file is cut short "
                "or its header damaged."
            )
        return _Header(kind, n_inputs, n_outputs, n_ands, top)

    def literal(self, top: int) -> int:
        (value,) = self.numbers(self.next_line("a literal"), 1, "one literal")
        if value > 2 * top + 1:
            raise self.error(f"literal {value}; expected at most {2 * top + 1}.")
        return value

    def binary_literals(self, count: int, top: int) -> list[int]:
        """Literals of ABC's form ``aig2``: the first as it is, then differences with their sign in the lowest bit."""
        literals = list[int]()
        for _ in range(count):
            code = self.delta()
            step = -(code >> 1) if code & 1 else code >> 1
            literals.append(literals[-1] + step if literals else code)
            if not 0 <= literals[-1] <= 2 * top + 1:
                raise self.error(f"literal {literals[-1]}; expected at most {2 * top + 1}.")
        return literals

    def delta(self) -> int:
        value = shift = 0
        while True:
            if self.at >= len(self.data) or shift > 35:
                raise self.error("the binary section is cut short or damaged.")
            octet = self.data[self.at]
            self.at += 1
            value |= (octet & 127) << shift
            if octet < 128:
                return value
            shift += 7

    def symbols(self, header: _Header) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names; the default ones where the file gives none."""
        names: dict[str, list[str | None]] = {"i": [None] * header.n_inputs, "o": [None] * header.n_outputs}
        while self.at < len(self.data):
            text = self.next_line("a symbol")
            if text.startswith("c"):  # the comment, or an extension of ABC or Yosys
                break
            if not text.strip():
                continue
            place, _, word = text.partition(" ")
            kind, number = place[:1], place[1:]
            if kind not in names or not NUMBER.fullmatch(number) or int(number) >= len(names[kind]):
                raise self.error(
                    f"{text[:60]!r}; expected a symbol such as 'i0 name' or 'o0 name' of one of {header.n_inputs} "
                    f"inputs and {header.n_outputs} outputs, or 'c' before a comment."
                )
            if names[kind][int(number)] is not None:
                raise self.error(f"{place} is named twice.")
            if not is_text(word):
                raise self.error(
                    f"the symbol {word!r} is not UTF-8 text; rename {place}, a comment may contain any bytes."
                )
            names[kind][int(number)] = decode(word) if word else None
        return (
            distinct(complete(names["i"], "x"), "input", self.path),
            distinct(complete(names["o"], "y"), "output", self.path),
        )


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from either form, whichever the header says.

    >>> parse(b"aag 3 2 0 1 1\\n2\\n4\\n7\\n6 2 4\\ni1 b\\n", "t.aag")
    Circuit(n_inputs=2, gates=(Gate(table=8, a=1, b=2),), outputs=(7,), input_names=('x0', 'b'), ...)
    """
    reader = _Reader(data, path)
    header = reader.header()
    read = _ascii if header.kind == "aag" else _binary
    return read(reader, header)


def _binary(reader: _Reader, header: _Header) -> Circuit:
    if header.kind == "aig2":
        outputs = reader.binary_literals(header.n_outputs, header.top)
    else:
        outputs = [reader.literal(header.top) for _ in range(header.n_outputs)]
    builder = Builder(header.n_inputs)
    signals = [0, *builder.inputs]
    reader.line += 1
    for node in range(1 + header.n_inputs, 1 + header.top):
        high = 2 * node - reader.delta()
        low = high - reader.delta()
        if not 0 <= low <= high < 2 * node:
            raise reader.error(f"AND {node} reads {high} and {low}; expected literals below {2 * node}.")
        signals.append(builder.gate(AND, signals[high >> 1] ^ (high & 1), signals[low >> 1] ^ (low & 1)))
    reader.line -= 1
    inputs, names = reader.symbols(header)
    return builder.circuit([signals[s >> 1] ^ (s & 1) for s in outputs], inputs, names)


def _ascii(reader: _Reader, header: _Header) -> Circuit:
    """Inputs and ANDs may have any even literal, in any order: a netlist whose wires are variables."""
    net = Netlist(reader.path)
    for _ in range(header.n_inputs):
        literal = reader.literal(header.top)
        if literal & 1 or not literal:
            raise reader.error(f"input {literal}; expected an even literal of at least 2.")
        net.declare(reader.line, str(literal >> 1), "input")
    outputs = [(reader.literal(header.top), reader.line) for _ in range(header.n_outputs)]
    net.define(0, "0", (), constant(0))
    for _ in range(header.n_ands):
        text = reader.next_line("an AND")
        left, high, low = reader.numbers(text, 3, "an AND: three literals")
        if left & 1 or not left or max(left, high, low) > 2 * header.top + 1:
            raise reader.error(f"{text!r}; expected an even literal from 2 and two others, up to {2 * header.top + 1}.")
        net.define(reader.line, str(left >> 1), (str(high >> 1), str(low >> 1)), _and(high & 1, low & 1))
    for j, (literal, line) in enumerate(outputs):
        net.define(line, f"o{j}", (str(literal >> 1),), chain(AND, literal & 1))
        net.declare(line, f"o{j}", "output")
    circuit = net.circuit()
    inputs, names = reader.symbols(header)
    return Circuit(circuit.n_inputs, circuit.gates, circuit.outputs, inputs, names)


def _and(first: int, second: int) -> Function:
    return lambda builder, signals: builder.gate(AND, signals[0] ^ first, signals[1] ^ second)
