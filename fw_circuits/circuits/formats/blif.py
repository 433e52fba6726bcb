"""BLIF: one ``.names`` table a gate.  Reference: "Berkeley Logic Interchange Format (BLIF)", UC Berkeley, 1992.

Read are combinational models: ``.model .inputs .outputs .names .end``, comments and continued lines.  Tables
of up to 4 inputs become smallest circuits, wider ones sums of their rows.  ``.latch``, ``.subckt``, ``.gate``
and the rest are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fw_circuits.circuits.builder import Builder, output_signals
from fw_circuits.circuits.catalogue import minimal_circuit
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.cuts import LEAVES
from fw_circuits.circuits.formats.files import lines_of
from fw_circuits.circuits.formats.netlist import Function, Netlist, words_of
from fw_circuits.circuits.gate import AND, OR

WIDTH = 100


def text(circuit: Circuit) -> str:
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
    nodes, outputs, drivers = words_of(circuit, ports_may_share=True)
    lines = [".model fw_circuits", *_wrapped(".inputs", nodes[1 : 1 + circuit.n_inputs])]
    lines += _wrapped(".outputs", outputs)
    reads_constant = any(0 in gate[1:] for gate in circuit.gates) or any(s < 2 for s in circuit.outputs)
    if reads_constant:
        lines.append(f".names {nodes[0]}")
    for node, (table, a, b) in enumerate(circuit.gates, start=1 + circuit.n_inputs):
        lines.append(f".names {nodes[a]} {nodes[b]} {nodes[node]}")
        lines += [f"{v & 1}{v >> 1} 1" for v in range(4) if table >> v & 1]
    for word, signal in drivers:
        lines += [f".names {nodes[signal >> 1]} {word}", f"{1 - (signal & 1)} 1"]
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
    net = Netlist(path)
    table: list[str] | None = None  # the words of an open .names
    rows: list[tuple[int, list[str]]] = []
    start, models, line = 0, 0, 0

    def close() -> None:
        if table is not None:
            net.define(start, table[-1], table[:-1], _cover(net, len(table) - 1, rows))

    for line, words in _statements(data, path):
        match words[0]:
            case ".model":
                models += 1
                if models > 1:
                    raise net.error(
                        line, "a second .model; expected one flat model: flatten the design first."
                    )
            case ".inputs":
                for word in words[1:]:
                    net.add_input(line, word)
            case ".outputs":
                for word in words[1:]:
                    net.add_output(line, word)
            case ".names":
                if len(words) < 2:
                    raise net.error(line, ".names without a wire; expected its inputs and its output.")
                close()
                table, rows, start = words[1:], [], line
                continue
            case ".end":
                break
            case word if word.startswith("."):
                raise net.error(line, f"{word}; expected .model, .inputs, .outputs, .names or .end.")
            case _:
                if table is None:
                    raise net.error(line, f"{' '.join(words)[:60]!r}; expected a keyword such as .names.")
                rows.append((line, words))
                continue
        close()
        table = None
    close()
    if not (net.inputs or net.outputs or net.wires):
        raise net.error(line, "the file defines nothing; expected .inputs, .outputs and .names.")
    return net.circuit()


def _statements(data: bytes, path: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and words of each statement, continued lines joined."""
    start, pending = 0, ""
    for line, raw in enumerate(lines_of(data, path), start=1):
        content = raw.split("#", 1)[0].rstrip()
        start = start if pending else line
        if content.endswith("\\"):
            pending += content[:-1] + " "
            continue
        words = (pending + content).split()
        pending = ""
        if words:
            yield start, words
    if pending.split():
        yield start, pending.split()


def _cover(net: Netlist, width: int, rows: Sequence[tuple[int, list[str]]]) -> Function:
    """Function of a table: rows of marks over the inputs and the value that they stand for."""
    cubes, values = [], set()
    for line, words in rows:
        cube, value = ("", words[0]) if width == 0 and len(words) == 1 else (words[0], words[-1])
        good = len(words) == (2 if width else 1) and len(cube) == width and set(cube) <= set("01-")
        if not good or value not in ("0", "1"):
            raise net.error(
                line, f"{' '.join(words)[:60]!r}; expected {width} marks of 0, 1 and -, then 0 or 1."
            )
        cubes.append(cube)
        values.add(value)
    if len(values) > 1:
        raise net.error(rows[0][0], "a table with rows for 0 and for 1; expected one kind.")
    complemented = int(values == {"0"})
    if width <= LEAVES:
        table = 0
        for v in range(1 << width):
            marks = [str(v >> i & 1) for i in range(width)]
            hit = any(all(c in ("-", m) for c, m in zip(cube, marks, strict=True)) for cube in cubes)
            table |= (hit ^ complemented) << v
        return small(table, width)
    return lambda builder, signals: sum_of_products(builder, cubes, signals) ^ complemented


def small(table: int, width: int) -> Function:
    """Function of at most 4 operands, as its smallest circuit."""
    circuit = minimal_circuit(table, width)
    return lambda builder, signals: output_signals(circuit, builder.add(circuit, signals))[0]


def sum_of_products(builder: Builder, cubes: Sequence[str], signals: Sequence[int]) -> int:
    """Signal of a disjunction of cubes over ``01-``.

    >>> builder = Builder(2)
    >>> hex(builder.circuit([sum_of_products(builder, ["01", "10"], builder.inputs)]).truth_table())
    '0x6'
    """
    total = 0
    for cube in cubes:
        product = 1
        for mark, signal in zip(cube, signals, strict=True):
            if mark != "-":
                product = builder.gate(AND, product, signal ^ (mark == "0"))
        total = builder.gate(OR, total, product)
    return total
