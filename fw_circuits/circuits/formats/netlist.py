"""Named netlists, the common ground of BLIF, bench and Verilog: definitions in any order, to and from circuits.

Reading: each wire is defined once by a function of other wires; `Netlist.circuit` sorts the definitions
(without recursion, so depth does not matter) and grows the circuit.  Writing: `words_of` gives every node of
a circuit a word and lists what each output reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fw_circuits.circuits.builder import FALSE, Builder
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.naming import decode, encode, wire_prefix
from fw_circuits.exceptions import CircuitError

Function = Callable[[Builder, Sequence[int]], int]


class Definition(NamedTuple):
    """A wire: the line that defines it, the wires it reads, and how to build it from their signals."""

    line: int
    operands: tuple[str, ...]
    build: Function


@dataclass
class Netlist:
    """Wires by name as a file lists them.

    Examples
    --------
    >>> net = Netlist("t.blif")
    >>> net.add_input(1, "a")
    >>> net.add_output(2, "y")
    >>> net.define(3, "y", ("w",), lambda builder, signals: signals[0])
    >>> net.define(4, "w", ("a",), lambda builder, signals: signals[0] ^ 1)
    >>> net.circuit()
    Circuit(n_inputs=1, gates=(), outputs=(3,), input_names=('a',), output_names=('y',))
    """

    path: str
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    wires: dict[str, Definition] = field(default_factory=dict)

    def error(self, line: int, message: str) -> CircuitError:
        """An error that names the file and the line."""
        return CircuitError(f"{self.path}, line {line}: {message}")

    def add_input(self, line: int, word: str) -> None:
        """Declare an input."""
        self._put(self.inputs, line, word, "input")

    def add_output(self, line: int, word: str) -> None:
        """Declare an output: a wire, or an input, of that name."""
        self._put(self.outputs, line, word, "output")

    def _put(self, where: dict[str, int], line: int, word: str, kind: str) -> None:
        if word in where:
            raise self.error(
                line, f"{kind} {word!r} was already declared in line {where[word]}; expected it once."
            )
        where[word] = line

    def define(self, line: int, word: str, operands: Sequence[str], build: Function) -> None:
        """Define a wire."""
        if word in self.wires:
            raise self.error(
                line,
                f"{word!r} was already defined in line {self.wires[word].line}; expected one driver a wire.",
            )
        self.wires[word] = Definition(line, tuple(operands), build)

    def circuit(self) -> Circuit:
        """The circuit; definitions are taken in the order of the file, after what they read."""
        for word in self.inputs:
            if word in self.wires:
                raise self.error(
                    self.wires[word].line, f"{word!r} is an input (line {self.inputs[word]}) and defined too."
                )
        builder = Builder(len(self.inputs))
        signals = dict(zip(self.inputs, builder.inputs, strict=True))
        for word in self.wires:
            self._build(word, builder, signals)
        outputs = []
        for word, line in self.outputs.items():
            if word not in signals:
                raise self.error(line, f"output {word!r} is defined nowhere; add the line that drives it.")
            outputs.append(signals[word])
        inputs = tuple(decode(word) for word in self.inputs)
        return builder.circuit(outputs, inputs, tuple(decode(word) for word in self.outputs))

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
                if v not in self.wires:
                    raise self.error(line, f"{word!r} reads {v!r}, which is no input and is defined nowhere.")
                if v in open_:
                    raise self.error(line, f"{word!r} and {v!r} read each other: a cycle; cut it.")
                stack.append(v)


def chain(table: int, complemented: int = 0) -> Function:
    """Function of any number of operands that folds them with an associative gate.

    >>> builder = Builder(3)
    >>> nand = chain(8, 1)(builder, builder.inputs)
    >>> hex(builder.circuit([nand]).truth_table())
    '0x7f'
    """

    def build(builder: Builder, signals: Sequence[int]) -> int:
        value = signals[0] if signals else FALSE
        for signal in signals[1:]:
            value = builder.gate(table, value, signal)
        return value ^ complemented

    return build


def words_of(
    circuit: Circuit, *, ports_may_share: bool
) -> tuple[list[str], list[str], list[tuple[str, int]]]:
    """Words for the nodes of a circuit and its outputs.

    Parameters
    ----------
    circuit : Circuit
    ports_may_share : bool
        Whether an output may have the name of the input that it is.

    Returns
    -------
    nodes : list of str
        One a node; that of the constant is a free word.
    outputs : list of str
    drivers : list of (str, int)
        Output word and signal, for the outputs that need a line of their own.

    Raises
    ------
    CircuitError
        If an output has the name of an input and the format cannot tell them apart.
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
                f"output {name!r} has the name of an input; this format has one name for one wire: rename it "
                "with dataclasses.replace(circuit, output_names=...), or write .aag, .aig or .pla."
            )
    return nodes, outputs, drivers
