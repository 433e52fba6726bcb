"""Espresso PLA: every output as a sum of products.

Written is an irredundant sum of products (S. Minato, "Fast generation of irredundant sum-of-products forms
from binary decision diagrams", SASIMI 1992; here on truth tables) with the line ``.type f``: the rows are the
on-set and everything else is 0.  The size can be exponential in the inputs that one output reads, so at most
16 are taken, and the supports of all outputs are looked at before any work.  Read are all types of espresso(5)
(`fw_circuits.circuits.formats.pla_file`).  Don't-cares become 0 unless the caller says 1.  A type that lists the on-set
and the off-set must list every pattern, unless the caller says what the others are: else it is a sample, for
`fw_circuits.data.read_pla`.
"""

from __future__ import annotations

from itertools import islice

from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats.gates import sum_of_products
from fw_circuits.circuits.formats.naming import decode, encode, warn_shared_names
from fw_circuits.circuits.formats.pla_file import DONT_CARE, Pla, meeting, parse_pla
from fw_circuits.circuits.gate import AND, OR, apply_table
from fw_circuits.circuits.tables import variable_table
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
    check_supports(circuit)
    warn_shared_names(circuit, "PLA")
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


def check_supports(circuit: Circuit) -> None:
    """Refuse outputs that read too many inputs, all of them at once; the message names the first of them."""
    masks = [0, *(1 << i for i in range(circuit.n_inputs))]  # bit i: reads input i
    for _, a, b in circuit.gates:
        masks.append(masks[a] | masks[b])
    sizes = {
        name: masks[signal >> 1].bit_count() for name, signal in zip(circuit.output_names, circuit.outputs, strict=True)
    }
    wide = {name: size for name, size in sizes.items() if size > MAX_SUPPORT}
    if wide:
        shown = ", ".join(f"{name!r} reads {size} inputs" for name, size in islice(wide.items(), 4))
        more = f" and {len(wide) - 4} more of {len(sizes)} outputs" if len(wide) > 4 else ""
        raise CircuitError(
            f"output {shown}{more}; a PLA of more than {MAX_SUPPORT} may need millions of rows; write .aag, .aig, "
            ".blif, .bench or .v."
        )


def _cubes(circuit: Circuit, output: int) -> list[str]:
    """Products of one output over all inputs."""
    signal = circuit.outputs[output]
    first = circuit.n_inputs + 1
    cone, stack = set[int](), [signal >> 1]
    while stack:
        node = stack.pop()
        if node not in cone:
            cone.add(node)
            stack.extend(circuit.gates[node - first][1:] if node >= first else ())
    support = [node - 1 for node in sorted(cone) if 1 <= node < first]
    n = len(support)
    ones = (1 << (1 << n)) - 1
    values = {0: 0} | {1 + x: variable_table(i, n) for i, x in enumerate(support)}
    for node in sorted(cone):
        if node >= first:
            table, a, b = circuit.gates[node - first]
            values[node] = apply_table(table, values[a], values[b], ones)
    on = values[signal >> 1] ^ (ones if signal & 1 else 0)
    cubes = []
    for product in irredundant(on, on, n)[0]:
        marks = ["-"] * circuit.n_inputs
        for i, mark in enumerate(product):
            marks[support[i]] = mark
        cubes.append("".join(marks))
    return cubes


def irredundant(on: int, upper: int, n: int) -> tuple[list[str], int]:
    """Irredundant sum of products between two functions, of which the first implies the second.

    Returns cubes, with marks 0, 1, - of inputs 0..n-1, and the truth table of their disjunction.

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


def parse(data: bytes, path: str, dont_care: int | None = None) -> Circuit:
    """A circuit from PLA; `dont_care` as in `formats.read`.

    >>> table = b".i 2\\n.o 1\\n.type fd\\n11 1\\n01 -\\n.e\\n"
    >>> parse(table, "t.pla").truth_table(), parse(table, "t.pla", dont_care=1).truth_table()
    (8, 12)
    """
    try:
        pla = parse_pla(data, path)
        for j in range(pla.n_outputs):
            pla.check_partition(j)
    except FormatError as error:
        raise CircuitError(str(error)) from error
    builder = Builder(pla.n_inputs)
    signals = builder.inputs
    outputs = [_output(builder, signals, pla, j, dont_care) for j in range(pla.n_outputs)]
    inputs, names = (tuple(map(decode, words)) for words in (pla.input_names, pla.output_names))
    return builder.circuit(outputs, inputs, names)


def _output(builder: Builder, inputs: list[int], pla: Pla, output: int, dont_care: int | None) -> int:
    """Signal of an output: its on-set, or what is left by its off-set, then the don't-cares that rows list."""
    on, off, free = (pla.cover(output, letter) for letter in "frd")
    two_sided = "f" in pla.kind and "r" in pla.kind
    if two_sided and dont_care is None:
        _check_complete(pla, output)
    by_off_set = "r" in pla.kind and (dont_care == 1 or not two_sided)
    value = sum_of_products(builder, off if by_off_set else on, inputs) ^ by_off_set
    if dont_care == 1:
        return builder.gate(OR, value, sum_of_products(builder, free, inputs))
    if not by_off_set:  # only those that the on-set covers too make a difference
        free = [cube for cube, hit in zip(free, meeting(on, free), strict=True) if hit]
    return builder.gate(AND, value, sum_of_products(builder, free, inputs) ^ 1)


def _check_complete(pla: Pla, output: int) -> None:
    """Refuse a two-sided table that leaves patterns without a row, or too many inputs to see that it does not."""
    cubes = pla.cubes
    read = [i for i in range(pla.n_inputs) if any(cube[i] != "-" for cube in cubes)]
    if len(read) > MAX_SUPPORT:
        reason = f"may be a sample: that its rows list all patterns is checked for up to {MAX_SUPPORT} inputs only"
    elif free := int((pla.values(output, read) == DONT_CARE).sum()):
        name = pla.output_name(output)
        reason = f"is a sample: {free} of the {1 << len(read)} patterns have no row with a 0 or 1 for output {name!r}"
    else:
        return
    raise CircuitError(
        f"{pla.path}: .type {pla.kind} {reason}; read it with dont_care=0 or dont_care=1 to give the others a value, "
        "or learn from it with fw_circuits.data.read_pla."
    )
