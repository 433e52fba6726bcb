"""Expressions of Verilog, evaluated bit by bit into definitions of a netlist.

Widths and signs follow IEEE Std 1364-2005, 5.4 and 5.5: bitwise operators and ``?:`` work at the width of what they
are assigned to or of their widest operand, so narrower operands are filled up before ``~``, with their sign
if all of them are signed, else with 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.formats.gates import GATES, Function, lookup
from fw_circuits.circuits.formats.netlist import ONE, ZERO
from fw_circuits.circuits.formats.verilog_expression import (
    BITWISE,
    EQUALITY,
    MAX_WIDTH,
    REDUCTIONS,
    Expression,
    Node,
)
from fw_circuits.circuits.gate import AND, XNOR
from fw_circuits.exceptions import CircuitError

MAX_SHIFT = 16


def _equal(builder: Builder, signals: Sequence[int]) -> int:
    half, value = len(signals) // 2, 1
    for a, b in zip(signals[:half], signals[half:], strict=True):
        value = builder.gate(AND, value, builder.gate(XNOR, a, b))
    return value


def _mux(builder: Builder, signals: Sequence[int]) -> int:
    return builder.mux(*signals)


def fit(bits: list[str], width: int, signed: bool = False) -> list[str]:
    """Bits, lowest first, cut or filled up with 0, or with the sign."""
    return bits[:width] + [bits[-1] if signed else ZERO] * (width - len(bits))


class Evaluator:
    """Bits of expressions, lowest first; what they need becomes definitions.

    `wires` gives the keys of the bits of a name, `define` makes a new wire and returns its key.
    """

    def __init__(
        self,
        wires: Callable[[int, str, tuple[int, int] | None], list[str]],
        is_signed: Callable[[str], bool],
        define: Callable[[int, Sequence[str], Function], str],
        error: Callable[[int, str], CircuitError],
    ) -> None:
        self.wires, self.is_signed, self.define, self.error = wires, is_signed, define, error

    def widths(self, nodes: Expression) -> list[int]:
        """Width of every part by itself."""
        width: list[int] = []
        for node in nodes:
            parts = [width[i] for i in node.operands]
            if node.sign == "name":
                own = len(self.wires(node.line, node.name, node.select))
            elif node.sign == "number":
                own = node.width
            elif node.sign == "{":
                own = sum(parts)
            elif node.sign == "{{":
                own = node.value * parts[0]
            elif node.sign == ":":
                own = max(parts[1:])
            elif node.sign in BITWISE:
                own = max(parts)
            else:
                own = parts[0] if node.sign in ("~1", ">>") else 1
            if not 1 <= own <= MAX_WIDTH:
                raise self.error(node.line, f"an expression of {own} bits; expected 1 to {MAX_WIDTH}.")
            width.append(own)
        return width

    def signs(self, nodes: Expression) -> list[bool]:
        """Whether every part by itself is signed."""
        signed: list[bool] = []
        for node in nodes:
            parts = [signed[i] for i in node.operands]
            if node.sign == "name":
                signed.append(node.select is None and self.is_signed(node.name))
            elif node.sign in BITWISE or node.sign in ("~1", ":"):
                signed.append(all(parts[node.sign == ":" :]))
            else:
                signed.append(parts[0] if node.sign == ">>" else node.signed)
        return signed

    def bits(self, nodes: Expression, width: int | None = None) -> list[str]:
        """Keys of the bits of an expression, assigned to something of that width."""
        first = nodes[0]
        if len(nodes) == 1 and first.sign == "name":
            bits = self.wires(first.line, first.name, first.select)
            return bits if width is None else fit(bits, width, first.select is None and self.is_signed(first.name))
        own, signed = self.widths(nodes), self.signs(nodes)
        context, need = list(own), list(own)  # the width to work at, and how many of its low bits are read
        need[-1] = own[-1] if width is None else width
        context[-1] = max(need[-1], own[-1])
        for i in range(len(nodes) - 1, -1, -1):
            sign, parts = nodes[i].sign, nodes[i].operands
            if sign in BITWISE or sign in ("~1", ":"):
                for part in parts[1:] if sign == ":" else parts:
                    context[part], need[part], signed[part] = context[i], need[i], signed[i]
            elif sign == ">>":
                context[parts[0]] = need[parts[0]] = context[i]
                signed[parts[0]] = signed[i]
            elif sign in EQUALITY:
                widest, both = max(own[part] for part in parts), all(signed[part] for part in parts)
                for part in parts:
                    context[part], need[part], signed[part] = widest, widest, both
        values: list[list[str]] = []
        for node, n, with_sign in zip(nodes, need, signed, strict=True):
            value = self._value(node, [values[i] for i in node.operands], n)
            values.append(fit(value, n, with_sign and not node.operands))
            for i in node.operands:
                values[i] = []
        return values[-1]

    def _value(self, node: Node, parts: list[list[str]], width: int) -> list[str]:
        line, sign = node.line, node.sign
        if sign == "name":
            return self.wires(line, node.name, node.select)
        if sign == "[":
            return self._shift(line, self.wires(line, node.name, None), parts[0], 1)
        if sign == "number":
            return [ONE if node.value >> i & 1 else ZERO for i in range(min(width, node.width))]
        if sign == "{":
            return [bit for part in reversed(parts) for bit in part]
        if sign == "{{":
            return parts[0] * node.value
        if sign == "~1":
            return [self.define(line, (bit,), GATES["not"]) for bit in parts[0]]
        if sign in BITWISE:
            return [self.define(line, pair, GATES[BITWISE[sign]]) for pair in zip(*parts, strict=True)]
        if sign == ":":
            select = self._truth(line, parts[0])
            return [self.define(line, (select, *pair), _mux) for pair in zip(*parts[1:], strict=True)]
        if sign == ">>":
            return self._shift(line, parts[0], parts[1], width)
        if sign in EQUALITY:
            equal = self.define(line, parts[0] + parts[1], _equal)
            return [equal if sign in ("==", "===") else self.define(line, (equal,), GATES["not"])]
        if sign in ("&&", "||"):
            sides = [self._truth(line, part) for part in parts]
            return [self.define(line, sides, GATES["and" if sign == "&&" else "or"])]
        return [self.define(line, parts[0], GATES[REDUCTIONS[sign[:-1]]])]

    def _truth(self, line: int, bits: list[str]) -> str:
        """Whether any bit is 1."""
        return bits[0] if len(bits) == 1 else self.define(line, bits, GATES["or"])

    def _shift(self, line: int, bits: list[str], amount: list[str], width: int) -> list[str]:
        """Shift to the right; of a constant it is a table, and so yosys writes its $lut."""
        if {*amount} <= {ZERO, ONE}:
            return bits[_integer(amount) :]
        if {*bits} <= {ZERO, ONE} and width == 1 and len(amount) <= MAX_SHIFT:
            size = 1 << len(amount)
            return [self.define(line, amount, lookup(_integer(bits[:size]), len(amount)))]
        for i, select in enumerate(amount):
            step = min(1 << i if i < MAX_SHIFT else len(bits), len(bits))
            high = bits[step:] + [ZERO] * step
            bits = [self.define(line, (select, h, b), _mux) if h != b else b for h, b in zip(high, bits, strict=True)]
        return bits


def _integer(bits: list[str]) -> int:
    return int("".join("01"[bit == ONE] for bit in reversed(bits)), 2)
