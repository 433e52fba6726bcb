"""The elaboration of BLIF, bench and Verilog: wires defined in any order, models that use each other, circuits.

A reader fills one `Netlist` per model; each wire is defined once by a function of other wires.  `elaborate`
flattens the models into the first (or the one given), sorts the definitions (without recursion, so depth does
not matter) and grows the circuit.  `written` and `words_of` are for the writers: every node gets a word.

Keys of wires are words of the file.  A blank, which no word contains, separates what elaboration adds: ``a [0]`` is
a bit of the vector a, ``u1 w`` is the wire w inside the instance u1; ``shown`` spells them as users know them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fw_circuits.circuits.builder import FALSE, TRUE, Builder, normal_gate
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import BUFFER, CELLS, REGISTER, Function
from fw_circuits.circuits.formats.naming import decode, encode, wire_prefix
from fw_circuits.circuits.gate import Gate, complement_a, complement_b
from fw_circuits.exceptions import CircuitError

#: Keys of the constants: no word begins with a blank.
ZERO, ONE = " 0", " 1"
#: More definitions than this, and this many for each one in the file, are not made out of instances.
MAX_FLAT, FLAT_PER_LINE = 1 << 17, 64


def shown(key: str) -> str:
    """A wire as users know it.

    >>> shown("a [0]"), shown("u1 w"), shown(" 7")
    ('a[0]', 'u1.w', '(an expression)')
    """
    if re.search(r"(^| ) \d+$", key):
        return "(an expression)"
    return key.replace(" [", "[").replace(" ", ".")


class Definition(NamedTuple):
    """A wire: the line that defines it, the wires it reads, and how to build it from their signals."""

    line: int
    operands: tuple[str, ...]
    build: Function


class Instance(NamedTuple):
    """Use of a model or a library cell: wires by port; an output's wire is driven, an input's is read."""

    line: int
    name: str
    model: str
    ports: Mapping[str, str]


@dataclass
class Netlist:
    """Wires of one model by name, as a file lists them.

    >>> net = Netlist("t.blif")
    >>> net.declare(1, "a", "input")
    >>> net.declare(2, "y", "output")
    >>> net.define(3, "y", ("w",), lambda builder, signals: signals[0])
    >>> net.define(4, "w", ("a",), lambda builder, signals: signals[0] ^ 1)
    >>> net.circuit()
    Circuit(n_inputs=1, gates=(), outputs=(3,), input_names=('a',), output_names=('y',))
    """

    path: str
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    wires: dict[str, Definition] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    problem: CircuitError | None = None  # why the model cannot be used; no matter if nobody uses it

    def error(self, line: int, message: str) -> CircuitError:
        """An error that names the file and the line."""
        return CircuitError(f"{self.path}, line {line}: {message}")

    def register(self, line: int, what: str) -> CircuitError:
        """The error for an element that stores a value."""
        return self.error(
            line,
            f"{what} is a register; expected a combinational circuit: make inputs and outputs of the registers first "
            "(abc: comb; yosys: expose -evert-dff; opt_clean).",
        )

    def declare(self, line: int, word: str, kind: str) -> None:
        """Declare an "input", or an "output": a wire, or an input, of that name."""
        where = self.inputs if kind == "input" else self.outputs
        if word in where:
            raise self.error(
                line, f"{kind} {shown(word)!r} was already declared in line {where[word]}; expected it once."
            )
        where[word] = line

    def define(self, line: int, word: str, operands: Sequence[str], build: Function) -> None:
        """Define a wire; the same definition once more, as yosys writes aliases, does no harm."""
        old = self.wires.get(word)
        if old and old.operands == tuple(operands) and old.build is build:
            return
        if old:
            raise self.error(
                line,
                f"{shown(word)!r} was already defined in line {old.line}; expected one driver per wire.",
            )
        self.wires[word] = Definition(line, tuple(operands), build)

    def check_inputs(self) -> None:
        """No input is driven from inside."""
        for word in self.inputs:
            if word in self.wires:
                raise self.error(
                    self.wires[word].line,
                    f"{shown(word)!r} is an input (line {self.inputs[word]}) and defined too.",
                )

    def circuit(self) -> Circuit:
        """The circuit; definitions are taken in the order of the file, after what they read."""
        self.check_inputs()
        builder = Builder(len(self.inputs))
        signals = {ZERO: FALSE, ONE: TRUE} | dict(zip(self.inputs, builder.inputs, strict=True))
        for word in self.wires:
            self._build(word, builder, signals)
        outputs = []
        for word, line in self.outputs.items():
            if word not in signals:
                raise self.error(line, f"output {shown(word)!r} is defined nowhere; add the line that drives it.")
            outputs.append(signals[word])
        inputs, names = ([decode(shown(word)) for word in words] for words in (self.inputs, self.outputs))
        return builder.circuit(outputs, inputs, names)

    def _build(self, goal: str, builder: Builder, signals: dict[str, int]) -> None:
        """Signals of a wire and of all it reads, deepest first."""
        stack, open_ = [goal], set[str]()
        while stack:
            word = stack[-1]
            if word in signals:
                stack.pop()
                continue
            line, operands, build = self.wires[word]
            waiting = [v for v in operands if v not in signals]
            if not waiting:
                signals[word] = build(builder, [signals[v] for v in operands])
                open_.discard(word)
                stack.pop()
                continue
            open_.add(word)
            for v in reversed(waiting):
                if v not in self.wires or v in open_:
                    why = "that reads the first again: a cycle; cut it"
                    if v not in self.wires:
                        why = "which is no input and is defined nowhere; drive it, or connect the port"
                    raise self.error(line, f"{shown(word)!r} reads {shown(v)!r}, {why}.")
                stack.append(v)


def elaborate(models: Mapping[str, Netlist], top: str, remedy: str) -> Circuit:
    """The circuit of a model, with the models and cells that it uses copied into it.

    `remedy` says what to do about a cell that the file does not describe.
    """
    _check_hierarchy(models, top, remedy)
    if not models[top].instances:
        return models[top].circuit()
    flat = Netlist(models[top].path, dict(models[top].inputs), dict(models[top].outputs))
    prefixes = {""}
    waiting: list[tuple[str, Netlist, dict[str, str]]] = [("", models[top], {})]
    while waiting:
        prefix, net, place = waiting.pop()
        place |= {ZERO: ZERO, ONE: ONE}

        def key(word: str, place: dict[str, str] = place, prefix: str = prefix) -> str:
            return place.get(word) or prefix + word

        for word, (line, operands, build) in net.wires.items():
            flat.define(line, prefix + word, [key(v) for v in operands], build)
        for line, name, model, ports in net.instances:
            if model not in models:
                inputs, output, build = CELLS[model]
                if output in ports:
                    flat.define(line, key(ports[output]), [key(ports[p]) for p in inputs], build)
                continue
            inner, inside = f"{name} ", models[model]
            while inner in prefixes:
                inner = f"{name}#{len(prefixes)} "
            prefixes.add(inner)
            for port in inside.outputs:
                if port in ports:
                    flat.define(line, key(ports[port]), (inner + port,), BUFFER)
            wires = {port: key(ports[port]) for port in inside.inputs if port in ports}
            for port in inside.outputs.keys() & wires.keys():  # a wire straight through, under one name
                flat.define(line, inner + port, (wires[port],), BUFFER)
            waiting.append((inner, inside, wires))
    return flat.circuit()


def _check_hierarchy(models: Mapping[str, Netlist], top: str, remedy: str) -> None:
    """Every model used is there and fit, none uses itself, and the whole is of a size to be copied out."""
    size: dict[str, int] = {}
    stack, open_ = [top], set[str]()
    while stack:
        if stack[-1] in size:
            stack.pop()
            continue
        net = models[stack[-1]]
        if net.problem:
            raise net.problem
        net.check_inputs()
        waiting = []
        for instance in net.instances:
            line, _, model, ports = instance
            inside = models.get(model)
            if inside is None:
                _check_cell(net, instance, remedy)
                continue
            for port in ports:
                if port not in inside.inputs and port not in inside.outputs:
                    raise net.error(line, f"{model!r} has no port {shown(port)!r}; correct the connection.")
            if model not in size:
                if model in open_ or model == stack[-1]:
                    raise net.error(line, f"{model!r} uses itself: expected a hierarchy without loops; cut it.")
                waiting.append(model)
        if waiting:
            open_.add(stack[-1])
            stack += dict.fromkeys(reversed(waiting))
            continue
        open_.discard(stack[-1])
        size[stack[-1]] = len(net.wires) + sum(1 + size.get(i.model, 0) for i in net.instances)
        stack.pop()
    limit = max(MAX_FLAT, FLAT_PER_LINE * sum(len(net.wires) + len(net.instances) for net in models.values()))
    if size[top] > limit:
        raise models[top].error(
            1, f"{size[top]} gates after flattening; expected at most {limit}; read the models one by one."
        )


def _check_cell(net: Netlist, instance: Instance, remedy: str) -> None:
    line, _, model, ports = instance
    if REGISTER.search(model):
        raise net.register(line, repr(model))
    if model not in CELLS:
        raise net.error(line, f"{model!r} is described nowhere in this file; {remedy}.")
    inputs, output, _ = CELLS[model]
    if not set(inputs) <= ports.keys() <= {*inputs, output}:
        got = ", ".join(map(shown, ports)) or "none"
        raise net.error(line, f"{model} with the ports {got}; expected {', '.join((*inputs, output))}.")


def written(circuit: Circuit) -> Circuit:
    """The circuit without gates that are a constant, a wire or its complement: files spell those differently.

    >>> written(Circuit(2, ((0, 1, 2), (14, 3, 1), (8, 4, 2)), (10,))).gates
    (Gate(table=8, a=1, b=2),)
    """
    signals = [2 * node for node in range(1 + circuit.n_inputs)]
    gates: list[Gate] = []
    for table, a, b in circuit.gates:
        x, y = signals[a], signals[b]
        gate, signal = normal_gate(table, x, y)
        if gate is not None:
            table = complement_a(table) if x & 1 else table
            table = complement_b(table) if y & 1 else table
            gates.append(Gate(table, x >> 1, y >> 1))
            signal = 2 * (circuit.n_inputs + len(gates))
        signals.append(signal)
    outputs = [signals[s >> 1] ^ (s & 1) for s in circuit.outputs]
    return Circuit(circuit.n_inputs, tuple(gates), tuple(outputs), circuit.input_names, circuit.output_names)


def words_of(circuit: Circuit, *, ports_may_share: bool) -> tuple[list[str], list[str], list[tuple[str, int]]]:
    """Words for the nodes of a circuit (that of the constant is a free one) and for its outputs.

    Third come word and signal of the outputs that need a line of their own.  An output may have the name of the input
    that it is if `ports_may_share`; any other one with the name of an input is a `CircuitError`.
    """
    inputs = [encode(name) for name in circuit.input_names]
    outputs = [encode(name) for name in circuit.output_names]
    prefix = wire_prefix((*inputs, *outputs))
    nodes = [f"{prefix}0", *inputs, *(f"{prefix}{i}" for i in range(1 + len(inputs), circuit.n_nodes))]
    place = {word: 2 * (1 + i) for i, word in enumerate(inputs)}
    drivers = []
    for word, name, signal in zip(outputs, circuit.output_names, circuit.outputs, strict=True):
        if word not in place:
            drivers.append((word, signal))
        elif not ports_may_share or place[word] != signal:
            raise CircuitError(
                f"output {name!r} has the name of an input; this format has one name for one wire, and so have abc "
                "and yosys in every format: rename it with dataclasses.replace(circuit, output_names=...). "
                "(.aag, .aig and .pla can contain both, for readers that take ports by position.)"
            )
    return nodes, outputs, drivers
