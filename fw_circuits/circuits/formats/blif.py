"""BLIF: one ``.names`` table per gate.  Reference: "Berkeley Logic Interchange Format (BLIF)", UC Berkeley, 1992.

Read is every combinational file: models that use each other (``.subckt``, ``.gate``; the first is the top),
the don't-care network after ``.exdc`` (skipped: don't-cares are 0, as those of a PLA of type ``fd``), delays,
areas and drives (skipped), and what yosys adds: ``.conn``, ``.attr``, ``.param``, ``.cname``, its own gates.
Tables of up to 4 inputs become smallest circuits, wider ones sums of their rows.  Registers, cells that the
file does not describe, and the statements of BLIF-MV are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import BUFFER, Function, constant, cover, lookup
from fw_circuits.circuits.formats.naming import encode
from fw_circuits.circuits.formats.netlist import Instance, Netlist, elaborate, words_of, written
from fw_circuits.circuits.formats.tokens import tokens
from fw_circuits.exceptions import CircuitError

NAME = "fw_circuits"
WIDTH = 100
MAX_LUT = 16
#: A backslash at the end of a line continues it; blanks and a comment may stand between.
END = r"[ \t\f\v]*+(?:\#[^\n]*)?(?:\n|\Z)"
TOKEN = re.compile(
    rf"(?P<blank>[ \t\f\v]+|\#[^\n]*|\\{END})|(?P<newline>\n)|(?P<word>(?:[^ \t\f\v\n\#\\]|\\(?!{END}))++)"
)
#: yosys writes a name that begins with a digit with a backslash before it, also behind the = of a port.
DIGIT = re.compile(r"(?:^|(?<==))\\(?=[0-9])")
#: Statements about delays, areas, drives and names: they do not change the function.
SKIPPED = re.compile(
    r"\.(area|delay|wire(_load_slope)?|(input|output)_(arrival|required)|input_drive|max_input_load|output_load"
    r"|clock(_event)?|cycle|attr|cname|param|no|phase|default_.*)"
)
REGISTERS = {".latch", ".mlatch", ".flop", ".start_kiss"}
REMEDY = (
    "add its .model, or translate it with its library (abc: read_library CELLS.genlib; read FILE.blif; strash; "
    "write FLAT.blif) or without (yosys: techmap; flatten; write_blif)"
)
BLIF_MV = "expected BLIF without the statements of BLIF-MV (abc: read_blif_mv FILE.mv; strash; write_blif OUT.blif)"
REFUSED = {
    ".blackbox": f"the model is a black box; expected what is inside it: {REMEDY}.",
    ".search": ".search names another file; expected all models in one (abc: write_blif).",
    **{keyword: f"{keyword}; {BLIF_MV}." for keyword in (".mv", ".table", ".reset", ".r")},
}


def text(circuit: Circuit, name: str = NAME) -> str:
    """The circuit as BLIF.

    >>> print(text(Circuit(2, ((2, 1, 2),), (7,), ("a", "b"))), end="")
    .model fw_circuits
    .inputs a b
    .outputs y0
    .names a b n3
    10 1
    .names n3 y0
    0 1
    .end
    """
    circuit = written(circuit)
    nodes, outputs, drivers = words_of(circuit, ports_may_share=True)
    lines = [f".model {encode(name)}", *_wrapped(".inputs", nodes[1 : 1 + circuit.n_inputs])]
    lines += _wrapped(".outputs", outputs)
    for node, (table, a, b) in enumerate(circuit.gates, start=1 + circuit.n_inputs):
        lines.append(f".names {nodes[a]} {nodes[b]} {nodes[node]}")
        lines += [f"{v & 1}{v >> 1} 1" for v in range(4) if table >> v & 1]
    for word, signal in drivers:
        if signal >> 1:
            lines += [f".names {nodes[signal >> 1]} {word}", f"{1 - (signal & 1)} 1"]
        else:
            lines += [f".names {word}", *["1"] * signal]
    return "\n".join([*lines, ".end", ""])


def _wrapped(keyword: str, words: Sequence[str]) -> list[str]:
    lines, line = [], keyword
    for word in words:
        if len(line) + len(word) > WIDTH and line != keyword:
            lines.append(line + " \\")
            line = ""
        line += f" {word}"
    return [*lines, line]


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from BLIF.

    >>> parse(b".inputs a b\\n.outputs y\\n.names a b y\\n0- 1\\n-0 1\\n", "t.blif").truth_table()
    7
    """
    reader = _Reader(path)
    line = 1
    for line, words in _statements(data, path):
        try:
            reader.statement(line, words)
        except CircuitError as error:  # no matter in a model that nobody uses
            reader.net.problem = reader.net.problem or error
            if len(reader.models) < 2:
                break
    reader.close()
    models = reader.models
    top = next(iter(models.values()))
    if not (top.problem or reader.ports or top.wires or top.instances):
        raise top.error(line, "the file defines nothing; expected .inputs, .outputs and .names.")
    for net, line, word in reader.aliases:
        if not any(word in i.ports.values() for i in net.instances) and word not in net.wires | net.inputs:
            net.define(line, word, (word,), BUFFER)
    for net in models.values():
        for word, value in (("$false", 0), ("$true", 1), ("$undef", 0)):  # yosys: write_blif -impltf
            if word not in net.wires and word not in net.inputs:
                net.define(0, word, (), constant(value))
    return elaborate(models, next(iter(models)), REMEDY)


def _statements(data: bytes, path: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and words of each statement, continued lines joined."""
    start, words = 0, list[str]()
    for line, kind, word in tokens(TOKEN, data, path, "BLIF"):
        if kind == "word":
            start = start if words else line
            words.append(DIGIT.sub("", word))
        elif words:
            yield start, words
            words = []


class _Reader:
    """The statements of a file one after the other; fills one `Netlist` per model."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.net = Netlist(path)
        self.models = {"": self.net}
        self.section = ""  # "exdc" and "end": statements that are no longer of the model
        self.table: tuple[int, list[str]] | None = None  # an open .names
        self.rows: list[tuple[int, list[str]]] = []
        self.cell: tuple[int, str, dict[str, str]] | None = None  # a .gate or .subckt, its .param may follow
        self.lut = ""
        self.ports = False  # whether .inputs or .outputs came
        self.aliases: list[tuple[Netlist, int, str]] = []

    def statement(self, line: int, words: list[str]) -> None:
        """Take one statement in."""
        keyword = words[0]
        if not keyword.startswith("."):
            self._row(line, words)
            return
        if keyword == ".param" and self.cell and words[1:2] == ["LUT"]:
            self.lut = words[-1]
        if SKIPPED.fullmatch(keyword):
            return
        self.close()
        if keyword == ".model":
            self._model(line, words[1] if len(words) > 1 else "")
        elif keyword in (".exdc", ".end"):
            self.section = keyword
        elif self.section == ".end":
            raise self.net.error(line, f"{keyword} after .end; expected .model.")
        elif not self.section:
            self._definition(line, keyword, words[1:])

    def _model(self, line: int, name: str) -> None:
        first = self.models.get("")
        if first is not None and first == Netlist(self.path):  # nothing came before it
            del self.models[""]
        repeated = name in self.models
        self.section, self.net = "", Netlist(self.path)
        self.models[name if not repeated else f"{name} {line}"] = self.net
        if repeated:
            for net in self.models.values():  # whoever uses it cannot know which
                net.problem = net.problem or net.error(line, f"a second .model {name!r}; expected one of each name.")

    def _definition(self, line: int, keyword: str, words: list[str]) -> None:
        net = self.net
        if keyword in (".inputs", ".outputs"):
            self.ports = True
            for word in words:
                net.declare(line, word, keyword[1:-1])
        elif keyword == ".names":
            if not words:
                raise net.error(line, ".names without a wire; expected its inputs and the wire it drives.")
            self.table = line, words
        elif keyword in (".gate", ".subckt"):
            ports = dict(word.split("=", 1) for word in words[1:] if "=" in word)
            if not words or len(ports) != len(words) - 1 or "" in ports.values():
                raise net.error(
                    line, f"{' '.join(words)[:60]!r}; expected a model and its ports as port=wire, each once."
                )
            self.cell, self.lut = (line, words[0], ports), ""
        elif keyword in (".conn", ".barbuf", ".short"):
            if len(words) != 2:
                raise net.error(line, f"{keyword} of {len(words)} wires; expected the one read, the one driven.")
            self.buffer(line, *words)
        elif keyword in REGISTERS:
            raise net.register(line, keyword)
        else:
            unknown = f"{keyword}; expected .model, .inputs, .outputs, .names, .gate, .subckt or .end."
            raise net.error(line, REFUSED.get(keyword, unknown))

    def buffer(self, line: int, read: str, driven: str) -> None:
        """A buffer; one from a wire to itself, which yosys writes for a second name, must not be the only driver."""
        if read == driven:
            self.aliases.append((self.net, line, read))
        else:
            self.net.define(line, driven, (read,), BUFFER)

    def _row(self, line: int, words: list[str]) -> None:
        if self.table is not None:
            self.rows.append((line, words))
        elif not self.section:
            raise self.net.error(line, f"{' '.join(words)[:60]!r}; expected a keyword such as .names.")

    def close(self) -> None:
        """End an open table or cell."""
        table, rows, cell = self.table, self.rows, self.cell
        self.table, self.rows, self.cell = None, [], None
        if table is not None:
            line, words = table
            function = _cover(self.net, len(words) - 1, rows)
            if len(words) == 2 and function is lookup(2, 1):
                self.buffer(line, *words)
            else:
                self.net.define(line, words[-1], words[:-1], function)
        elif cell is not None:
            line, model, ports = cell
            if model == "$lut" and "Y" in ports:
                self._lookup(line, ports)
            else:
                self.net.instances.append(Instance(line, f"{model}@{line}", model, ports))

    def _lookup(self, line: int, ports: dict[str, str]) -> None:
        """The cell $lut of yosys; its table is a parameter."""
        inputs = ["A", *map("A[{}]".format, range(len(ports)))]
        words = [ports[port] for port in inputs if port in ports]
        width = len(words)
        fits = width == len(ports) - 1 and width <= MAX_LUT and len(self.lut) == 1 << width
        if not fits or set(self.lut) - set("01"):
            raise self.net.error(
                line,
                f"$lut of {width} inputs with {self.lut[:20] or 'no'} LUT; expected A[0], A[1], ... "
                f"(at most {MAX_LUT}) and 2^inputs bits (yosys: write_blif -param, or without -icells).",
            )
        self.net.define(line, ports["Y"], words, lookup(int(self.lut, 2), width))


def _cover(net: Netlist, width: int, rows: Sequence[tuple[int, list[str]]]) -> Function:
    """Function of a table: rows of marks over the inputs and the value that they stand for."""
    cubes, values = [], set()
    for line, words in rows:
        cube, value = ("", words[0]) if width == 0 and len(words) == 1 else (words[0], words[-1])
        good = len(words) == (2 if width else 1) and len(cube) == width and set(cube) <= set("01-")
        if not good or value not in ("0", "1"):
            raise net.error(line, f"{' '.join(words)[:60]!r}; expected {width} marks of 0, 1 and -, then 0 or 1.")
        cubes.append(cube)
        values.add(value)
    if len(values) > 1:
        raise net.error(rows[0][0], "a table with rows for 0 and for 1; expected one kind.")
    return cover(cubes, values == {"0"}) if cubes else constant(0)
