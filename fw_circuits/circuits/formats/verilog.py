"""Verilog netlists: one assignment per gate.  Reference: IEEE Std 1364-2005.

Read is every flat combinational netlist: scalar and vector ports and wires, ``assign`` with operators on bits,
``== != && || ?: >>``, selections, ``{}`` on both sides, constants, gate primitives, instances of modules of the same
file and of yosys' cells, parameters that are numbers, comments, attributes, delays.  ``always``, arithmetic and
directives such as `` `ifdef`` are refused with the command that removes them; so are registers.

A vector ``a`` is the inputs ``a[0], a[1], ...``, the least significant bit first (of ``[0:3]``: ``a[3]`` first),
as yosys orders them in BLIF and AIGER; a vector of one bit is ``a``.  The top is the module with ``(* top *)``, or
the one that no other uses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import BUFFER, CELLS, GATES, UNARY, Function, constant, lookup
from fw_circuits.circuits.formats.naming import encode
from fw_circuits.circuits.formats.netlist import (
    ONE,
    ZERO,
    Definition,
    Instance,
    Netlist,
    elaborate,
    words_of,
    written,
)
from fw_circuits.circuits.formats.tokens import Cursor, tokens
from fw_circuits.circuits.formats.verilog_bits import Evaluator
from fw_circuits.circuits.formats.verilog_expression import MAX_WIDTH, Expression, Number
from fw_circuits.circuits.formats.verilog_module import REFUSED, TOKEN, UNKNOWN, Module, Use, modules
from fw_circuits.circuits.gate import GATE_NAMES
from fw_circuits.exceptions import CircuitError

NAME = "top"
#: Names written without an escape: no keyword looks like this, except the module's own default.
PLAIN = re.compile(r"[A-Za-z]_*[0-9]*|top|fw_circuits")
#: Only ``& | ^`` of two operands that may be inverted: aigverse reads no more.
EXPRESSIONS = {
    "nor": "~{a} & ~{b}",
    "gt": "{a} & ~{b}",
    "lt": "~{a} & {b}",
    "xor": "{a} ^ {b}",
    "nand": "~{a} | ~{b}",
    "and": "{a} & {b}",
    "xnor": "{a} ^ ~{b}",
    "ge": "{a} | ~{b}",
    "le": "~{a} | {b}",
    "or": "{a} | {b}",
}
REMEDY = (
    "add its module to the file (yosys: read_verilog or read_liberty of the cells as well, flatten, write_blif), or "
    "turn operators of yosys into gates (yosys: techmap)"
)
#: Bits that the ports and expressions of a file of no size may make, and more for each byte.
BITS, BITS_PER_BYTE = 100_000, 10


def text(circuit: Circuit, name: str = NAME) -> str:
    """The circuit as Verilog.

    >>> print(text(Circuit(2, ((2, 1, 2),), (7,), ("a", "age[1]"))), end="")
    module top (a, \\age[1] , y0);
      input a;
      input \\age[1] ;
      output y0;
      wire n3;
      assign n3 = a & ~\\age[1] ;
      assign y0 = ~n3;
    endmodule
    """
    circuit = written(circuit)
    words, outputs, drivers = words_of(circuit, ports_may_share=False)
    nodes = [_spelled(word) for word in words]
    inputs, gates = nodes[1 : 1 + circuit.n_inputs], nodes[1 + circuit.n_inputs :]
    ports = [_spelled(word) for word in outputs]
    lines = [f"module {_spelled(encode(name))} ({', '.join([*inputs, *ports])});"]
    for keyword, names in (("input", inputs), ("output", ports), ("wire", gates)):
        lines += [f"  {keyword} {name};" for name in names]
    for node, (table, a, b) in zip(gates, circuit.gates, strict=True):
        expression = EXPRESSIONS[GATE_NAMES[table]].format(a=nodes[a], b=nodes[b])
        lines.append(f"  assign {node} = {expression};")
    for word, s in drivers:
        value = f"{'~' * (s & 1)}{nodes[s >> 1]}" if s >> 1 else f"1'b{s}"
        lines.append(f"  assign {_spelled(word)} = {value};")
    return "\n".join([*lines, "endmodule", ""])


def _spelled(word: str) -> str:
    return word if PLAIN.fullmatch(word) else f"\\{word} "


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from Verilog.

    >>> source = b"module m(a, y); input [1:0] a; output y; assign y = a[1] ? ~a[0] : 1'b0; endmodule"
    >>> parse(source, "t.v").inputs, parse(source, "t.v").truth_table()
    (('a[0]', 'a[1]'), 4)
    """
    found = modules(Cursor(tokens(TOKEN, data, path, "Verilog", REFUSED), path, UNKNOWN))
    if not found:
        raise CircuitError(f"{path}, line 1: the file defines nothing; expected a module.")
    top = _top(found, path)
    budget = [BITS + BITS_PER_BYTE * len(data)]
    nets: dict[str, Netlist] = {}
    waiting = [_Elaborator(found, top, path, budget)]
    while waiting:
        elaborator = waiting.pop()
        if elaborator.model not in nets:
            nets[elaborator.model] = elaborator.netlist()
            waiting += elaborator.waiting
    return elaborate(nets, next(iter(nets)), REMEDY)


def _top(found: dict[str, Module], path: str) -> str:
    """The module to read."""
    used = {use.model for module in found.values() for use in module.uses}
    roots = [name for name in found if name not in used] or list(found)[:1]
    for choice in (
        [name for name, module in found.items() if module.top],
        roots,
        [name for name in roots if any(use.model in found for use in found[name].uses)],
    ):
        if len(choice) == 1:
            return choice[0]
    names = ", ".join(map(repr, roots[:5]))
    problem = next((f" Not read: {found[name].problem}" for name in roots if found[name].problem), "")
    raise CircuitError(
        f"{path}, line {found[roots[1]].line}: the modules {names} are used by no other; expected one top module: keep "
        f"one (yosys: read_verilog FILE.v; hierarchy -top {roots[0]}; flatten; write_verilog OUT.v).{problem}"
    )


class _Elaborator:
    """Makes the netlist of one module."""

    def __init__(
        self,
        found: dict[str, Module],
        name: str,
        path: str,
        budget: list[int],
        parameters: Mapping[str, Number] = MappingProxyType({}),
    ) -> None:
        self.found, self.module, self.budget = found, found[name], budget
        names = list(self.module.parameters)
        self.parameters = dict(self.module.parameters)
        for key, value in parameters.items():  # by name, or by position
            key = names[int(key)] if key.isdecimal() and int(key) < len(names) else key
            if key not in names:
                self.module.problem = CircuitError(
                    f"{path}, line {self.module.line}: {name!r} has no parameter {key!r}; correct the instance."
                )
            self.parameters[key] = value
        changed = "" if self.parameters == self.module.parameters else f" {self.parameters}"
        self.model = name + changed  # its netlist is one for all instances of equal parameters
        self.waiting: list[_Elaborator] = []
        self.net = Netlist(path, problem=self.module.problem)
        self.anonymous = 1
        self.evaluator = Evaluator(self.wires, self.is_signed, self.define, self.net.error)

    def netlist(self) -> Netlist:
        """The netlist; what is wrong becomes its problem."""
        if self.net.problem is None:
            try:
                self.fill()
            except CircuitError as error:
                self.net.problem = error
        return self.net

    def fill(self) -> None:
        """Ports in the order of the head, those declared only below it after them; then the items."""
        net, module = self.net, self.module
        for name in dict.fromkeys((*module.ports, *module.directions)):
            direction, line = module.directions.get(name, ("", module.ports.get(name, module.line)))
            if not direction:
                raise net.error(line, f"port {name!r} is neither input nor output; declare it.")
            for key in self.wires(line, name, None):
                net.declare(line, key, direction)
        for name, value in module.supplies.items():
            for key in self.wires(module.nets[name].line, name, None):
                net.define(module.nets[name].line, key, (), constant(value))
        for line, target, expression in module.assignments:
            keys = self.targets(target)
            self.drive(line, keys, self.evaluator.bits(expression, len(keys)))
        for line, gate, terminals in module.primitives:
            self.gate(line, gate, terminals)
        for use in module.uses:
            self.use(use)

    def spend(self, line: int, bits: int) -> None:
        """Count what the file makes, so that a small one cannot fill the memory."""
        self.budget[0] -= bits
        if self.budget[0] < 0:
            raise self.net.error(
                line,
                f"ports and expressions of more than {BITS} bits and {BITS_PER_BYTE} for each byte of the file; "
                "expected vectors whose bits are used: correct the ranges and counts.",
            )

    def define(self, line: int, operands: Sequence[str], build: Function) -> str:
        """A new wire without a name."""
        self.spend(line, 1 + len(operands))
        self.anonymous += 1
        key = f" {self.anonymous}"
        self.net.wires[key] = Definition(line, tuple(operands), build)
        return key

    def drive(self, line: int, keys: list[str], values: list[str]) -> None:
        """Connect values to wires; one that was just made for this gets the name instead."""
        for key, value in zip(keys, values, strict=False):
            last = self.net.wires.get(value)
            fresh = len(keys) == 1 and value == f" {self.anonymous}"
            if fresh and last is not None and key not in self.net.wires:
                del self.net.wires[value]
                self.anonymous -= 1
                self.net.wires[key] = last
            else:
                self.net.define(line, key, (value,), BUFFER)

    def is_signed(self, name: str) -> bool:
        """Whether a name is declared signed."""
        if name in self.parameters:
            return self.parameters[name].signed
        return name in self.module.nets and self.module.nets[name].signed

    def wires(self, line: int, name: str, select: tuple[int, int] | None) -> list[str]:
        """Keys of a name's bits, the least significant first."""
        if name in self.parameters:
            if select is not None:
                raise self.net.error(line, f"{name!r} is a parameter; expected it as a whole.")
            value, width, _ = self.parameters[name]
            return [ONE if value >> i & 1 else ZERO for i in range(width)]
        net = self.module.nets.get(name)
        limits = net.limits if net else None
        if limits is None:
            if select is not None:
                raise self.net.error(line, f"{name!r} is no vector; expected it without an index.")
            return [name]
        (msb, lsb), (first, last) = limits, select or limits
        width, step = abs(msb - lsb) + 1, 1 if msb >= lsb else -1
        if width > MAX_WIDTH:
            raise self.net.error(line, f"{name!r} has {width} bits; expected at most {MAX_WIDTH}.")
        if (first - last) * step < 0 or not all(min(limits) <= i <= max(limits) for i in (first, last)):
            raise self.net.error(line, f"{name}[{first}:{last}] is no part of {name}[{msb}:{lsb}]; correct the index.")
        if width == 1:
            return [name]
        self.spend(line, abs(first - last))
        return [f"{name} [{i}]" for i in range(last, first + step, step)]

    def targets(self, target: Expression) -> list[str]:
        """Keys that an assignment drives."""
        if any(node.sign not in ("name", "{") for node in target):
            raise self.net.error(target[0].line, "an expression on the left; expected names, or names in {}.")
        return self.evaluator.bits(target)

    def bit(self, expression: Expression) -> str:
        """Key of an operand of a gate."""
        root = expression[-1]
        if root.sign == "name" and len(self.wires(root.line, root.name, root.select)) > 1:
            raise self.net.error(root.line, f"{root.name!r} is a vector; expected one bit of it at a gate.")
        return self.evaluator.bits(expression, 1)[0]

    def gate(self, line: int, gate: str, terminals: list[Expression]) -> None:
        """A gate of one output, or a buffer of several."""
        n_outputs = len(terminals) - 1 if gate in UNARY else 1
        operands = [self.bit(terminal) for terminal in terminals[n_outputs:]]
        for terminal in terminals[:n_outputs]:
            keys = self.targets(terminal)
            if len(keys) != 1:
                raise self.net.error(line, f"{gate} drives {len(keys)} bits; expected one.")
            self.net.define(line, keys[0], operands, GATES[gate])

    def use(self, use: Use) -> None:
        """An instance of a module or of a cell."""
        inside = self.found.get(use.model)
        ports: dict[str, str] = {}
        if inside is None and use.model == "$lut":
            self.lookup(use)
            return
        model = use.model
        if inside is not None:
            inner = _Elaborator(self.found, use.model, self.net.path, self.budget, use.parameters)
            self.waiting.append(inner)
            model = inner.model
            self.connect(use, inner, ports)
        elif use.model in CELLS:
            inputs, output, _ = CELLS[use.model]
            for port, value in (
                zip((*inputs, output), use.ports.values(), strict=False) if not use.named else use.ports.items()
            ):
                if value is not None:
                    ports[port] = self.targets(value)[0] if port == output else self.bit(value)
        self.net.instances.append(Instance(use.line, use.name, model, ports))

    def connect(self, use: Use, inner: _Elaborator, ports: dict[str, str]) -> None:
        """The ports of a module of the file."""
        inside, line = inner.module, use.line
        if inside.problem:
            raise inside.problem
        formals = list(inside.ports or inside.directions)
        if not use.named and len(use.ports) > len(formals):
            raise self.net.error(
                line, f"{use.model!r} has {len(formals)} ports; {len(use.ports)} are connected; correct it."
            )
        for word, value in use.ports.items():
            port = word if use.named else formals[int(word)]
            direction = inside.directions.get(port, ("", 0))[0]
            if not direction:
                raise self.net.error(line, f"{use.model!r} has no port {port!r}; correct the connection.")
            if value is None:
                continue
            keys = inner.wires(line, port, None)
            actual = self.evaluator.bits(value, len(keys)) if direction == "input" else self.targets(value)
            ports.update(zip(keys, actual, strict=False))

    def lookup(self, use: Use) -> None:
        """The cell $lut of yosys."""
        if not (use.ports.get("A") and use.ports.get("Y") and "LUT" in use.parameters):
            raise self.net.error(use.line, "$lut without A, Y or LUT; expected these three.")
        operands = self.evaluator.bits(use.ports["A"] or [])
        table, width, _ = use.parameters["LUT"]
        if len(operands) > 16 or table >> (1 << len(operands)) or width > 1 << len(operands):
            raise self.net.error(use.line, f"$lut of {len(operands)} inputs; expected at most 16, and 2^inputs bits.")
        key = self.define(use.line, operands, lookup(table, len(operands)))
        self.drive(use.line, self.targets(use.ports["Y"] or [])[:1], [key])
