"""Readable formulas: ``~ & | ^``, a multiplexer as ``(s ? a : b)``, counts as ``at least 2 of (a, b, c)``.

Parentheses appear where two different operators meet, so no precedence needs to be known.  Functions of 3 or
4 subexpressions that only depend on how many of them are true are put in words.  A formula that grows long
because gates are shared names the shared parts: ``t1 & c where t1 = a ^ b``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple

from fw_circuits.circuits.builder import Builder, output_signals
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.cuts import Cut, cone, find_cuts
from fw_circuits.circuits.gate import XOR, Gate, and_literals
from fw_circuits.circuits.passes import simplify, strash, sweep
from fw_circuits.circuits.tables import values_by_popcount, variable_table
from fw_circuits.exceptions import CircuitError

LONGEST = 300
CUTS = 40
SIMPLIFY_GATES = 600


class Expression(NamedTuple):
    """Text with its outermost operator ("" if it needs no parentheses).

    `names` are the gates it refers to by name, `rank` its place among the operands of a commutative operator
    (literals first, then by the first input), `parts` the operands of such an operator.
    """

    text: str
    operator: str = ""
    names: frozenset[int] = frozenset()
    rank: tuple[int, int] = (0, 0)
    parts: tuple[Expression, ...] = ()

    def inside(self, operator: str) -> str:
        """The text as an operand of an operator."""
        return self.text if self.operator in ("", operator) else f"({self.text})"


def formula(circuit: Circuit, names: Sequence[str] | None = None, output: int = 0) -> str:
    """Readable formula of one output of the simplified circuit.

    Parameters
    ----------
    circuit : Circuit
    names : sequence of str, optional
        One per input; the circuit's own by default.
    output : int
        Which output.

    Returns
    -------
    str

    Raises
    ------
    CircuitError
        For an output that does not exist, or another number of names than inputs.

    Examples
    --------
    >>> from fw_circuits.circuits.catalogue import minimal_circuit
    >>> for table, n in ((0xE8, 3), (0xCA, 3), (0x6996, 4), (0x8F, 3), (0x16, 3), (0x0660, 4)):
    ...     print(formula(minimal_circuit(table, n), "abcd"[:n]))
    at least 2 of (a, b, c)
    (c ? b : a)
    a ^ b ^ c ^ d
    ~c | (a & b)
    exactly 1 of (a, b, c)
    (a ^ b) & (c ^ d)
    """
    if not 0 <= output < circuit.n_outputs:
        raise CircuitError(f"output is {output}; the circuit has outputs 0..{circuit.n_outputs - 1}.")
    names = list(circuit.input_names if names is None else names)
    if len(names) != circuit.n_inputs:
        raise CircuitError(f"got {len(names)} names; expected one per input, {circuit.n_inputs}.")
    one = Circuit(circuit.n_inputs, circuit.gates, (circuit.outputs[output],))
    one = simplify(one) if one.n_gates <= SIMPLIFY_GATES else sweep(strash(one))
    builder = Builder(one.n_inputs)  # normal gates
    signals = builder.add(one, builder.inputs)
    one = builder.circuit(output_signals(one, signals))
    whole = _write(one, names, named=frozenset(), longest=LONGEST)
    if whole is None:
        readers = [0] * one.n_nodes
        for node in (node for gate in one.gates for node in gate[1:]):
            readers[node] += 1
        shared = (node for node in range(one.n_inputs + 1, one.n_nodes) if readers[node] > 1)
        whole = _write(one, names, frozenset(shared), longest=None)
        assert whole is not None
    return whole


def _write(circuit: Circuit, names: list[str], named: frozenset[int], longest: int | None) -> str | None:
    """The formula, with names for the gates `named`; None if it becomes too long."""
    cuts = find_cuts(circuit, CUTS)
    texts = {(0, 0): Expression("0"), (0, 1): Expression("1")}
    for node, name in enumerate(names, start=1):
        plain = re.fullmatch(r"[^\s&|^~?:(),]+", name)
        texts[node, 0] = Expression(name, "" if plain else "name", rank=(0, node))
        texts[node, 1] = _complement(texts[node, 0])
    letter = next(s for s in ("t", "t_", "_t_") if not any(re.fullmatch(rf"{s}\d+", name) for name in names))
    labels = {node: f"{letter}{i}" for i, node in enumerate(sorted(named), start=1)}
    definitions: dict[int, Expression] = {}
    for node in range(circuit.n_inputs + 1, circuit.n_nodes):
        for complemented in (0, 1):
            texts[node, complemented] = _gate(circuit, cuts[node], node, complemented, texts)
            if longest is not None and len(texts[node, complemented].text) > longest:
                return None
        if node in named:
            definitions[node] = texts[node, 0]
            texts[node, 0] = Expression(labels[node], "", frozenset({node}), (0, node))
            texts[node, 1] = _complement(texts[node, 0])
    signal = circuit.outputs[0]
    result = texts[signal >> 1, signal & 1]
    used, waiting = set(), set(result.names)
    while waiting:
        node = waiting.pop()
        used.add(node)
        waiting |= definitions[node].names - used
    parts = "; ".join(f"{labels[node]} = {definitions[node].text}" for node in sorted(used))
    return f"{result.text} where {parts}" if parts else result.text


def _complement(expression: Expression) -> Expression:
    return Expression(f"~{expression.inside('~')}", "", expression.names, expression.rank)


def _join(operator: str, operands: Sequence[Expression]) -> Expression:
    parts = [part for one in operands for part in (one.parts if one.operator == operator else (one,))]
    parts.sort(key=lambda part: part.rank)
    text = f" {operator} ".join(part.inside(operator) for part in parts)
    return Expression(text, operator, _names(parts), _rank(parts), tuple(parts))


def _names(parts: Sequence[Expression]) -> frozenset[int]:
    return frozenset().union(*(part.names for part in parts))


def _rank(parts: Sequence[Expression]) -> tuple[int, int]:
    return 1, min(part.rank[1] for part in parts)


def _gate(
    circuit: Circuit, cuts: list[Cut], node: int, complemented: int, texts: dict[tuple[int, int], Expression]
) -> Expression:
    """Expression of a gate from those of the nodes before it: in words if possible, else by its operator."""

    def literal(signal: int) -> Expression:
        return texts[signal >> 1, signal & 1]

    for cut in sorted(cuts[:-1], key=lambda cut: -len(cone(circuit, node, cut.leaves))):
        words = _words(cut, complemented, literal) if len(cut.leaves) > 2 else None
        if words is not None:
            return words
    table, a, b = circuit.gates[node - circuit.n_inputs - 1]
    if table == XOR:
        return _xor(2 * a, 2 * b, complemented, literal)
    a, b, inverted = and_literals(Gate(table, a, b))
    conjunction = _join("&", [literal(a), literal(b)])
    if inverted == complemented:
        return conjunction
    return min(_join("|", [literal(a ^ 1), literal(b ^ 1)]), _complement(conjunction), key=lambda e: len(e.text))


def _xor(a: int, b: int, complemented: int, literal: Callable[[int], Expression]) -> Expression:
    """Exclusive or; a complement goes into an operand that it does not make longer, else in front."""
    operands = [literal(a), literal(b)]
    if complemented:
        for i, signal in enumerate((a, b)):
            other = literal(signal ^ 1)
            if len(other.inside("^")) <= len(operands[i].inside("^")):
                operands[i] = other
                return _join("^", operands)
        return _complement(_join("^", operands))
    return _join("^", operands)


def _words(cut: Cut, complemented: int, literal: Callable[[int], Expression]) -> Expression | None:
    """A multiplexer or a count of 3 or 4 leaves, or None."""
    k = len(cut.leaves)
    mask = (1 << (1 << k)) - 1
    table = (cut.table & mask) ^ (mask if complemented else 0)
    if k == 3 and (mux := _as_mux(table)) is not None:
        s, on, off = (literal(2 * cut.leaves[i] + complement) for i, complement in mux)
        text = f"({s.inside('?')} ? {on.inside('?')} : {off.inside('?')})"
        return Expression(text, "", _names((s, on, off)), _rank((s, on, off)))
    phrase, flips = _as_count(table, k)
    if not phrase:
        return None
    parts = [literal(2 * leaf + (flips >> i & 1)) for i, leaf in enumerate(cut.leaves)]
    if not phrase.startswith(("at ", "exactly")) and any(part.rank[0] for part in parts):
        return None  # "all or none of" and "1 to 2 of" read well for literals only
    parts.sort(key=lambda part: part.rank)
    text = f"{phrase} of ({', '.join(part.text for part in parts)})"
    return Expression(text, "words", _names(parts), _rank(parts))


@lru_cache(maxsize=1 << 10)
def _as_mux(table: int) -> tuple[tuple[int, int], ...] | None:
    """Pairs (variable, complemented) of s, a, b if the function of 3 variables is ``s ? a : b``."""
    for s, a, b in permutations(range(3)):
        for high, low in product((0, 1), repeat=2):
            on, off = (variable_table(i, 3) ^ (0xFF * c) for i, c in ((a, high), (b, low)))
            select = variable_table(s, 3)
            if table == (select & on) | (~select & off):
                return (s, 0), (a, high), (b, low)
    return None


@lru_cache(maxsize=1 << 12)
def _as_count(table: int, k: int) -> tuple[str, int]:
    """Phrase for a function that counts its k variables (or ""), and which of them are complemented."""
    for flips in sorted(range(1 << k), key=int.bit_count):
        if flips.bit_count() <= k // 2:
            flipped = sum((table >> (v ^ flips) & 1) << v for v in range(1 << k))
            phrase = _count_phrase(values_by_popcount(flipped, k), k)
            if phrase is not None:
                return phrase, flips
    return "", 0


def _count_phrase(by_count: Sequence[int], k: int) -> str | None:
    """Words for a function of the number of ones among k inputs that is no single operator, or None."""
    counts = [count for count, value in enumerate(by_count) if value]
    if counts == [0, k]:
        return "all or none"
    if not counts or counts != list(range(counts[0], counts[-1] + 1)):
        return None
    low, high = counts[0], counts[-1]
    if high == k:
        return f"at least {low}" if 2 <= low < k else None
    if low == 0:
        return f"at most {high}" if 1 <= high < k - 1 else None
    return f"exactly {low}" if low == high else f"{low} to {high}"
