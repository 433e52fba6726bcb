"""Espresso PLA: every output as a sum of products.

Written is an irredundant sum of products (S. Minato, "Fast generation of irredundant sum-of-products forms
from binary decision diagrams", SASIMI 1992; here on truth tables) with the line ``.type f``: the rows are the
on-set and everything else is 0.  The size can be exponential in the inputs that one output reads, so at most
16 are taken.  Read are the types ``f`` and ``fd``; the don't-cares of ``fd`` become 0.  ``fr`` is refused,
because it leaves rows without a value: such a file is a sample, for `fw_circuits.data.read_pla`.
"""

from __future__ import annotations

from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.circuit import Circuit, variable_table
from fw_circuits.circuits.formats.blif import sum_of_products
from fw_circuits.circuits.formats.naming import decode, encode
from fw_circuits.circuits.gate import apply_table
from fw_circuits.data.pla import parse_pla
from fw_circuits.exceptions import CircuitError, FormatError

MAX_SUPPORT = 16


def text(circuit: Circuit) -> str:
    """The circuit as PLA.

    >>> print(text(Circuit(3, ((6, 1, 2), (8, 4, 3)), (10, 9), ("a", "b", "c"))), end="")
    .i 3
    .o 2
    .type f
    .ilb a b c
    .ob y0 y1
    .p 4
    101 10
    011 10
    00- 01
    11- 01
    .e
    """
    if not circuit.n_inputs or not circuit.n_outputs:
        raise CircuitError(
            f"the circuit has {circuit.n_inputs} inputs and {circuit.n_outputs} outputs; PLA needs at least one "
            "of each; write another format, such as .blif."
        )
    rows: dict[str, list[str]] = {}
    for j in range(circuit.n_outputs):
        for cube in _cubes(circuit, j):
            rows.setdefault(cube, ["0"] * circuit.n_outputs)[j] = "1"
    if not rows:  # constant 0: a table needs a row
        rows["-" * circuit.n_inputs] = ["0"] * circuit.n_outputs
    lines = [f".i {circuit.n_inputs}", f".o {circuit.n_outputs}", ".type f"]
    lines.append(" ".join([".ilb", *map(encode, circuit.input_names)]))
    lines.append(" ".join([".ob", *map(encode, circuit.output_names)]))
    lines += [f".p {len(rows)}", *(f"{cube} {''.join(marks)}" for cube, marks in rows.items()), ".e", ""]
    return "\n".join(lines)


def _cubes(circuit: Circuit, output: int) -> list[str]:
    """Products of one output over all inputs."""
    signal = circuit.outputs[output]
    support = Circuit(circuit.n_inputs, circuit.gates, (signal,)).support
    if len(support) > MAX_SUPPORT:
        raise CircuitError(
            f"output {circuit.output_names[output]!r} reads {len(support)} inputs; a PLA of more than "
            f"{MAX_SUPPORT} may need millions of rows; write .blif or .aig."
        )
    n = len(support)
    ones = (1 << (1 << n)) - 1
    values = [0] * (1 + circuit.n_inputs)
    for i, x in enumerate(support):
        values[1 + x] = variable_table(i, n)
    for table, a, b in circuit.gates:
        values.append(apply_table(table, values[a], values[b], ones))
    on = values[signal >> 1] ^ (ones if signal & 1 else 0)
    cubes = []
    for product in irredundant(on, on, n)[0]:
        marks = ["-"] * circuit.n_inputs
        for i, mark in enumerate(product):
            marks[support[i]] = mark
        cubes.append("".join(marks))
    return cubes


def irredundant(on: int, upper: int, n: int) -> tuple[list[str], int]:
    """Irredundant sum of products between two functions.

    Parameters
    ----------
    on, upper : int
        Truth tables of n inputs; `on` implies `upper`.
    n : int

    Returns
    -------
    cubes : list of str
        Marks 0, 1, - of inputs 0..n-1.
    table : int
        Their disjunction: above `on`, below `upper`.

    Examples
    --------
    >>> irredundant(0b1110, 0b1110, 2)
    (['-1', '1-'], 14)
    """
    if on == 0:
        return [], 0
    if upper == (1 << (1 << n)) - 1:
        return ["-" * n], upper
    half = 1 << (n - 1)
    mask = (1 << half) - 1
    on0, on1, up0, up1 = on & mask, on >> half, upper & mask, upper >> half
    low, table0 = irredundant(on0 & ~up1, up0, n - 1)
    high, table1 = irredundant(on1 & ~up0, up1, n - 1)
    both, shared = irredundant((on0 & ~table0) | (on1 & ~table1), up0 & up1, n - 1)
    cubes = [*(c + "0" for c in low), *(c + "1" for c in high), *(c + "-" for c in both)]
    return cubes, (table0 | shared) | (table1 | shared) << half


def parse(data: bytes, path: str) -> Circuit:
    """A circuit from PLA.

    >>> parse(b".i 2\\n.o 1\\n.type fd\\n1- 1\\n-1 1\\n.e\\n", "t.pla").truth_table()
    14
    """
    try:
        pla = parse_pla(data, path)
    except FormatError as error:
        raise CircuitError(str(error)) from error
    if pla.kind == "fr":
        raise CircuitError(
            f"{path}: .type fr lists a sample, the rows that it does not list have no value; learn from it with "
            "fw_circuits.data.read_pla, or declare .type f if they are 0."
        )
    builder = Builder(pla.n_inputs)
    outputs = []
    for j in range(pla.n_outputs):
        cubes = [cube for cube, row in zip(pla.cubes, pla.outputs, strict=True) if row[j] == 1]
        outputs.append(sum_of_products(builder, cubes, builder.inputs))
    inputs, names = (tuple(map(decode, words)) for words in (pla.input_names, pla.output_names))
    return builder.circuit(outputs, inputs, names)
