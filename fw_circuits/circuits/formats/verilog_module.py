"""Modules of Verilog: their declarations, assignments, gates and instances as the file lists them.

This is the syntax only; `fw_circuits.circuits.formats.verilog` makes netlists of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from fw_circuits.circuits.formats.gates import GATES, UNARY
from fw_circuits.circuits.formats.tokens import UNCLOSED, Cursor
from fw_circuits.circuits.formats.verilog_expression import (
    Expression,
    Node,
    Number,
    expression,
    index,
    number,
)
from fw_circuits.exceptions import CircuitError

#: A directive that changes nothing here, with what it takes on its line.
DIRECTIVE = (
    r"`(?:celldefine|endcelldefine|resetall|nounconnected_drive|end_keywords|protect|endprotect)\b"
    r"|`(?:timescale|line|pragma|begin_keywords)\b[^\n]*"
    r"|`(?:default_nettype|unconnected_drive)[ \t]+\w+"
)
ATTRIBUTE = r'\(\*(?!\s*\))(?:[^"*]|\*(?!\))|"(?:[^"\\]|\\.)*+")*+'
TOKEN = re.compile(
    rf"(?P<top>\(\*\s*top\b[^*\n]*\*\)(?=(?:\s*\(\*[^*]*\*\)){{0,9}}\s*module\b))"
    rf"|(?P<blank>\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/|{ATTRIBUTE}\*\)|{DIRECTIVE})"
    r"|(?P<open>/\*|\(\*(?!\s*\))|\"(?![^\"\n]*\"))|(?P<directive>`\w*)"
    r"|(?P<escaped>\\\S+)|(?P<name>[A-Za-z_][A-Za-z0-9_$]*|\$[a-z]+)"
    r"|(?P<number>(?:[0-9][0-9_]*)?\s*'[sS]?[bodhBODH]\s*[0-9a-fA-FxXzZ?_]+|[0-9][0-9_]*)"
    r"|(?P<string>\"[^\"\n]*\")"
    r"|(?P<sign>===|!==|<<<|>>>|\*\*|&&|\|\||~&|~\||~\^|\^~|==|!=|<=|>=|<<|>>|[-~!&|^?:()=,;\[\]{}<>#.@*+/%'$])",
    re.ASCII | re.DOTALL,
)
REFUSED = UNCLOSED | {
    "directive": "is a directive; expected none: preprocess the file first (iverilog -E -o OUT.v FILE.v)"
}
NETS = ("wire", "tri", "uwire", "logic", "reg", "supply0", "supply1")
STRENGTHS = tuple(f"{strength}{value}" for strength in ("supply", "strong", "pull", "weak", "highz") for value in "01")
WRITE = "yosys: read_verilog FILE.v; synth -flatten; write_blif OUT.blif"
UNKNOWN = (
    "; if it is legal, let yosys make a netlist of it (yosys: read_verilog -sv FILE.v; synth -flatten; "
    "write_blif OUT.blif)"
)
BEHAVIOUR = re.compile(
    "always(_comb|_ff|_latch)?|initial|final|function|task|generate|genvar|if|for|case[xz]?|begin|integer|real|time"
    "|event|assert"
)
SWITCHES = re.compile("(buf|not)if[01]|r?[npc]mos|r?tran(if[01])?|pull(up|down)|tri(0|1|and|or|reg)|wand|wor|inout")


class Net(NamedTuple):
    """A declared name: its line and, of a vector, its range."""

    line: int
    limits: tuple[int, int] | None
    signed: bool


class Assignment(NamedTuple):
    """A target and its value."""

    line: int
    target: Expression
    value: Expression


class Primitive(NamedTuple):
    """A gate and its terminals."""

    line: int
    gate: str
    terminals: list[Expression]


class Use(NamedTuple):
    """An instance: connections by name, or by position under the names "0", "1", ...; None: not connected."""

    line: int
    model: str
    name: str
    named: bool
    ports: dict[str, Expression | None]
    parameters: dict[str, Number]  # named as the ports


@dataclass
class Module:
    """What a module says."""

    line: int
    top: bool = False
    ports: dict[str, int] = field(default_factory=dict)  # in the order of the head, with their lines
    directions: dict[str, tuple[str, int]] = field(default_factory=dict)
    nets: dict[str, Net] = field(default_factory=dict)
    parameters: dict[str, Number] = field(default_factory=dict)
    supplies: dict[str, int] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    primitives: list[Primitive] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    problem: CircuitError | None = None


def modules(cursor: Cursor) -> dict[str, Module]:
    """All modules of a file; what is wrong with one is kept until somebody uses it."""
    found: dict[str, Module] = {}
    while cursor.token.kind != "end":
        top = cursor.token.kind == "top"
        if top:
            cursor.next()
        if not cursor.skip("module", "macromodule"):
            raise cursor.error("'module' (of primitives with a table of their own write the equations)")
        line, name = cursor.token.line, word(cursor)
        if name in found:
            raise CircuitError(f"{cursor.path}, line {line}: a second module {name!r}; expected one of each name.")
        found[name] = Module(line, top)
        try:
            _Parser(cursor, found[name]).module()
        except CircuitError as error:
            found[name].problem = error
            if not cursor.find("endmodule"):
                break
            cursor.next()
    return found


def word(cursor: Cursor, wanted: str = "a name") -> str:
    """Read a name."""
    if cursor.token.kind not in ("name", "escaped"):
        raise cursor.error(wanted)
    return cursor.next().text.removeprefix("\\")


class _Parser:
    """One module, from behind its name to ``endmodule``."""

    def __init__(self, cursor: Cursor, module: Module) -> None:
        self.cursor, self.result = cursor, module
        self.settings: dict[str, dict[str, Number]] = {}  # of defparam

    def module(self) -> None:
        """Read the head and the items."""
        cursor = self.cursor
        if cursor.skip("#"):
            cursor.take("(")
            while not cursor.skip(")"):
                self.parameter()
                cursor.skip(",")
        if cursor.sees("("):
            self.head()
        cursor.take(";")
        while not cursor.skip("endmodule"):
            self.item()
        if cursor.skip(":"):
            word(cursor, "the name of the module")
        for use in self.result.uses:
            use.parameters.update(self.settings.get(use.name, {}))

    def head(self) -> None:
        """Ports, with their declarations or without."""
        cursor, direction, limits, signed = self.cursor, "", None, False
        for _ in cursor.items():
            if cursor.sees("inout", "."):
                raise cursor.error("ports that are input or output, by their names")
            if cursor.sees("input", "output"):
                direction = cursor.next().text
                limits, signed = self.kind()
            line, name = cursor.token.line, word(cursor, "a port")
            if name in self.result.ports:
                raise cursor.error(f"each port once; {name!r} is repeated")
            self.result.ports[name] = line
            if direction:
                self.declare(name, line, limits, signed)
                self.result.directions[name] = direction, line

    def kind(self) -> tuple[tuple[int, int] | None, bool]:
        """What may stand between ``input`` or ``wire`` and the names: the range, and whether signed."""
        cursor, signed = self.cursor, False
        while cursor.sees(*NETS, "signed", "unsigned", "vectored", "scalared"):
            signed = cursor.next().text == "signed" or signed
        if not cursor.skip("["):
            return None, signed
        msb = index(cursor)
        cursor.take(":")
        lsb = index(cursor)
        cursor.take("]")
        return (msb, lsb), signed

    def declare(self, name: str, line: int, limits: tuple[int, int] | None, signed: bool) -> None:
        """Note a name; a port may be declared as a wire too."""
        old = self.result.nets.get(name)
        if old and old.limits and limits and old.limits != limits:
            raise CircuitError(
                f"{self.cursor.path}, line {line}: {name!r} has the range {list(limits)}; in line {old.line} it is "
                f"{list(old.limits)}; expected one range."
            )
        if old:
            limits, signed = old.limits or limits, old.signed or signed
        self.result.nets[name] = Net(line, limits, signed)

    def item(self) -> None:
        """Read one item of the body."""
        cursor, keyword = self.cursor, self.cursor.token.text
        if cursor.token.kind == "name":
            if keyword in ("input", "output") or keyword in NETS:
                self.declaration()
            elif keyword == "assign":
                cursor.next()
                self.delay()
                if cursor.skip("("):
                    self.strengths()
                cursor.each(self.assignment)
            elif keyword in GATES:
                self.gates()
            elif keyword in ("parameter", "localparam"):
                cursor.each(self.parameter)
            elif keyword == "defparam":
                cursor.next()
                cursor.each(self.setting)
            elif keyword == "specify":
                cursor.find("endspecify")
                cursor.next()
                return
            else:
                self.refuse()
                self.instances()
        elif cursor.token.kind == "escaped":
            self.instances()
        elif not cursor.sees(";"):
            raise cursor.error("wire, assign, a gate such as nand, an instance or endmodule")
        cursor.take(";")

    def refuse(self) -> None:
        """Raise the error of a keyword that is no netlist."""
        cursor, keyword = self.cursor, self.cursor.token.text
        if BEHAVIOUR.fullmatch(keyword):
            cursor.next()
            clocked = keyword in ("always_ff", "always_latch")
            while keyword == "always" and cursor.sees("@", "(") and not clocked:
                cursor.next()
                clocked = cursor.sees("posedge", "negedge")
            what = "describes a register" if clocked else "describes behaviour"
            cut = "; expose -evert-dff; opt_clean" if clocked else ""
            raise CircuitError(
                f"{cursor.path}, line {cursor.token.line}: {keyword!r} {what}; expected a combinational netlist of "
                f"wires, assign, gates and instances: make one first ({WRITE.replace('; write', f'{cut}; write')})."
            )
        if SWITCHES.fullmatch(keyword):
            raise cursor.error("nets and gates with one driver and no tri-state (yosys: tribuf -logic)")

    def delay(self) -> None:
        """Go over a delay and strengths; they do not change the function."""
        cursor = self.cursor
        while cursor.sees("#"):
            cursor.next()
            if not cursor.sees("("):
                cursor.next()
                if cursor.skip("."):
                    cursor.next()
                continue
            while not cursor.skip(")"):
                if cursor.token.kind == "end" or cursor.sees(";"):
                    raise cursor.error("')'")
                cursor.next()

    def strengths(self) -> None:
        """Go over strengths behind an opening bracket, its closing one, and what opens the terminals."""
        cursor = self.cursor
        while cursor.skip(*STRENGTHS):
            cursor.skip(",")
        cursor.take(")")
        self.delay()

    def assignment(self) -> None:
        """``a = b`` behind ``assign``."""
        line, target = self.cursor.token.line, expression(self.cursor)
        self.assigned(line, target)

    def assigned(self, line: int, target: Expression) -> None:
        """The value of a target, from the equals sign on."""
        self.cursor.take("=")
        self.result.assignments.append(Assignment(line, target, expression(self.cursor)))

    def declaration(self) -> None:
        """Ports and wires; a wire may get its value at once."""
        cursor, keyword = self.cursor, self.cursor.token.text
        port = cursor.next().text if keyword in ("input", "output") else ""
        limits, signed = self.kind()
        self.delay()

        def name() -> None:
            line, name = cursor.token.line, cursor.token.text.removeprefix("\\")
            if port and name in self.result.directions:
                raise cursor.error("each port declared once as input or output")
            self.declare(word(cursor), line, limits, signed)
            if port:
                self.result.directions[name] = port, line
            if keyword.startswith("supply"):
                self.result.supplies[name] = int(keyword[-1])
            if cursor.sees("="):
                self.assigned(line, [Node(line, "name", name=name)])
            if cursor.sees("["):
                raise cursor.error(f"names without arrays, which are memories ({WRITE})")

        cursor.each(name)

    def gates(self) -> None:
        """``nand #1 g1 (y, a, b), (z, c)``."""
        cursor, gate = self.cursor, self.cursor.next().text
        self.delay()

        def opened() -> int:
            line = cursor.token.line
            if not cursor.sees("("):
                word(cursor, "the terminals of the gate in brackets")
            cursor.take("(")
            return line

        def terminals() -> None:
            line = opened()
            while cursor.sees(*STRENGTHS):
                self.strengths()
                line = opened()
            read: list[Expression] = []
            cursor.each(lambda: read.append(expression(cursor)))
            cursor.take(")")
            if len(read) < 2:
                what = "its outputs and its input" if gate in UNARY else "its output and its inputs"
                raise CircuitError(f"{cursor.path}, line {line}: {gate} with one terminal; expected {what}.")
            self.result.primitives.append(Primitive(line, gate, read))

        cursor.each(terminals)

    def instances(self) -> None:
        """``adder u1 (.a(x), .b(y)), u2 (x, y)``."""
        cursor, line, model = self.cursor, self.cursor.token.line, word(self.cursor)
        parameters: dict[str, Number] = {}
        if cursor.skip("#"):
            for _ in cursor.items():
                if not cursor.skip("."):
                    parameters[str(len(parameters))] = number(cursor)
                    continue
                name = word(cursor)
                cursor.take("(")
                parameters[name] = number(cursor)
                cursor.take(")")

        def instance() -> None:
            name = f"{model}@{line}" if cursor.sees("(") else word(cursor, "wire, assign, a gate or an instance")
            if cursor.sees("["):
                raise cursor.error(f"one instance of a name ({WRITE})")
            ports: dict[str, Expression | None] = {}
            named = False
            for i in cursor.items():
                port, named = str(i), named or (i == 0 and cursor.sees("."))
                if named:
                    cursor.take(".")
                    port = word(cursor, "a port by its name")
                    cursor.take("(")
                if port in ports:
                    raise cursor.error(f"each port once; {port!r} is repeated")
                ports[port] = None if cursor.sees(")", ",") else expression(cursor)
                if named:
                    cursor.take(")")
            self.result.uses.append(Use(line, model, name, named, ports, dict(parameters)))

        cursor.each(instance)

    def parameter(self) -> None:
        """``parameter LUT = 4'h8``."""
        cursor = self.cursor
        if cursor.skip("parameter", "localparam"):
            self.kind()
        name = word(cursor)
        cursor.take("=")
        self.result.parameters[name] = number(cursor)

    def setting(self) -> None:
        """``u1.LUT = 4'h8`` behind ``defparam``."""
        cursor, instance = self.cursor, word(self.cursor)
        cursor.take(".")
        parameter = word(cursor)
        cursor.take("=")
        self.settings.setdefault(instance, {})[parameter] = number(cursor)
