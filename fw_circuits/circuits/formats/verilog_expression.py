"""Expressions of Verilog, read without recursion into postfix order.

A bit ``x`` of a number is a don't-care and becomes 0, with a warning.  Arithmetic and comparisons other than ``==``
are refused.  `fw_circuits.circuits.formats.verilog_bits` evaluates them.
"""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

from fw_circuits.circuits.formats.tokens import Cursor

#: Binary operators: how tightly they bind, and the gate of each bit.
BITWISE = {"|": "or", "~|": "nor", "^": "xor", "~^": "xnor", "^~": "xnor", "&": "and", "~&": "nand"}
EQUALITY = ("==", "!=", "===", "!==")
BINARY = {"||": 1, "&&": 2} | dict.fromkeys(("|", "~|"), 3) | dict.fromkeys(("^", "~^", "^~"), 4)
BINARY |= dict.fromkeys(("&", "~&"), 5) | dict.fromkeys(EQUALITY, 6) | {">>": 8}
REDUCTIONS = {sign: gate for sign, gate in BITWISE.items()} | {"!": "nor"}
ARITHMETIC = ("+", "-", "*", "/", "%", "<", ">", "<=", ">=", "<<", "<<<", ">>>", "**")
CLOSING = {"(": ")", "{": "}", "{{": "}", "[": "]"}
#: Bits of one vector or expression.
MAX_WIDTH = 1 << 16
NUMBER = re.compile(r"(?:([0-9][0-9_]*)?\s*'[sS]?([bodhBODH])\s*)?([0-9a-fA-FxXzZ?_]+)")
RADIX = {"b": 2, "o": 8, "d": 10, "h": 16}


class Node(NamedTuple):
    """Part of an expression: a sign on parts before it, a name with its selection, or a number."""

    line: int
    sign: str
    operands: tuple[int, ...] = ()
    name: str = ""
    select: tuple[int, int] | None = None  # of a name
    value: int = 0  # of a number; count of a replication
    width: int = 0  # of a number
    signed: bool = False  # of a number


class Number(NamedTuple):
    """A constant: 32 bits or more and signed without a size and a base."""

    value: int
    width: int
    signed: bool


Expression = list[Node]


def expression(cursor: Cursor) -> Expression:
    """Read an expression; the cursor stops at the first token that cannot belong to it."""
    return _Reader(cursor).read()


def number(cursor: Cursor) -> Number:
    """Read a number."""
    token = cursor.token
    match = NUMBER.fullmatch(token.text)
    if token.kind != "number" or match is None:
        raise cursor.error("a number")
    size, base, digits = match.groups()
    radix = RADIX[(base or "d").lower()]
    digits = digits.replace("_", "").lower()
    if re.search("[z?]", digits):
        raise cursor.error("0 and 1: z is a tri-state, and this reader knows none")
    if "x" in digits:
        warnings.warn(f"{cursor.path}, line {token.line}: {token.text} has unknown bits; taken as 0.", stacklevel=2)
        digits = digits.replace("x", "0")
    if len(size or "") > 9 or (radix == 10 and len(digits) > 4000):
        raise cursor.error("a smaller number")
    try:
        value = int(digits or "!", radix)
    except ValueError:
        raise cursor.error(f"digits of the base {radix}") from None
    width = int(size) if size else max(32, value.bit_length())
    if not 1 <= width <= MAX_WIDTH:
        raise cursor.error(f"1 to {MAX_WIDTH} bits")
    cursor.next()
    return Number(value & ((1 << width) - 1), width, base is None or bool(re.search("'[sS]", token.text)))


def index(cursor: Cursor) -> int:
    """Read a number that counts or selects."""
    negative = cursor.skip("-")
    if cursor.token.kind != "number":
        raise cursor.error("a number here (variable indices and parameters: yosys: synth -flatten)")
    value = number(cursor).value
    if value >= 1 << 31:
        raise cursor.error("an index below 2^31")
    return -value if negative else value


class _Pending(NamedTuple):
    """An operator that waits for its right operand, or an open bracket."""

    line: int
    sign: str
    base: int  # operands below it
    arity: int = 0
    times: int = 0
    name: str = ""


class _Reader:
    """Shunting-yard: operands and operators on two stacks."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.nodes: Expression = []
        self.operands: list[int] = []
        self.pending: list[_Pending] = []

    def read(self) -> Expression:
        wants_operand = True
        while True:
            if wants_operand:
                wants_operand = self.operand()
                continue
            going = self.operator()
            if going is None:
                break
            wants_operand = going
        self.reduce()
        if self.pending:
            raise self.cursor.error(repr(CLOSING.get(self.pending[-1].sign, ":")))
        return self.nodes

    def push(self, node: Node) -> None:
        self.operands.append(len(self.nodes))
        self.nodes.append(node)

    def wait(self, sign: str, arity: int = 0, times: int = 0, name: str = "") -> None:
        self.pending.append(_Pending(self.cursor.token.line, sign, len(self.operands), arity, times, name))
        self.cursor.next()

    def operand(self) -> bool:
        """Read a part before an operand's end; whether an operand is still wanted."""
        token, cursor = self.cursor.token, self.cursor
        if token.kind in ("name", "escaped"):
            return self.named()
        if token.kind == "number":
            value, width, signed = number(cursor)
            self.push(Node(token.line, "number", value=value, width=width, signed=signed))
            return False
        if token.text in ("(", "{"):
            self.wait(token.text)
        elif token.text in REDUCTIONS or token.text == "~":
            self.wait(token.text, arity=1)
        else:
            raise cursor.error("a wire, a number or an operator such as ~")
        return True

    def named(self) -> bool:
        """Read a name and its index: numbers, or an expression, which is then wanted."""
        cursor, select = self.cursor, None
        token = cursor.next()
        name = token.text.removeprefix("\\")
        if cursor.sees("["):
            self.wait("[", name=name)
            if cursor.token.kind != "number" and not cursor.sees("-"):
                return True
            self.pending.pop()
            select = selection(cursor)
        self.push(Node(token.line, "name", name=name, select=select))
        return False

    def operator(self) -> bool | None:
        """Read what follows an operand; whether an operand is wanted next, None at the end."""
        cursor, sign = self.cursor, self.cursor.token.text
        if cursor.token.kind != "sign":
            return None
        inside = next((p.sign for p in reversed(self.pending) if not p.arity), "") if sign in ",:})]" else ""
        if sign in BINARY:
            self.reduce(BINARY[sign])
            self.wait(sign, arity=2)
        elif sign == "?":
            self.reduce(1)
            self.wait("?")
        elif sign == ":" and inside == "?":
            self.reduce()
            self.pending[-1] = self.pending[-1]._replace(sign=":", arity=3)
            cursor.next()
        elif sign == "{" and self.counts():
            return True
        elif sign == "," and inside in ("{", "{{"):
            self.reduce()
            cursor.next()
            if cursor.sees("}"):  # abc: write_verilog -K
                self.close()
                return False
        elif inside and sign == CLOSING.get(inside):
            self.close()
            return False
        elif sign in ARITHMETIC:
            raise cursor.error("operators on bits; turn arithmetic into gates first (yosys: synth -flatten)")
        else:
            return None
        return True

    def counts(self) -> bool:
        """Whether the number just read is the count of a replication; opens it."""
        top = self.pending[-1] if self.pending else None
        last = self.nodes[-1]
        if top is None or top.sign != "{" or len(self.operands) != top.base + 1 or last.sign != "number":
            return False
        self.operands.pop()
        self.nodes.pop()
        self.pending.pop()
        self.wait("{{", times=last.value)
        return True

    def reduce(self, weakest: int = 0) -> None:
        """Apply the waiting operators that bind at least so tightly, back to the last open bracket."""
        while self.pending and self.pending[-1].arity:
            line, sign, _, arity, _, _ = self.pending[-1]
            binds = 9 if arity == 1 else BINARY.get(sign, 0)
            if binds < weakest:
                break
            self.pending.pop()
            parts = tuple(self.operands[-arity:])
            del self.operands[-arity:]
            self.push(Node(line, f"{sign}1" if arity == 1 else sign, parts))

    def close(self) -> None:
        """Close the innermost bracket."""
        self.reduce()
        line, sign, base, _, times, name = self.pending.pop()
        self.cursor.next()
        if sign == "(":
            return
        parts = tuple(self.operands[base:])
        del self.operands[base:]
        self.push(Node(line, "[" if sign == "[" else "{", parts, name))
        if sign == "{{":
            self.cursor.take("}")
            self.push(Node(line, "{{", (self.operands.pop(),), value=times))


def selection(cursor: Cursor) -> tuple[int, int]:
    """Read ``i]`` or ``i:j]``."""
    first = last = index(cursor)
    if cursor.skip(":"):
        last = index(cursor)
    cursor.take("]")
    if cursor.sees("["):
        raise cursor.error("one index: arrays are memories, and this reader knows none (yosys: synth -flatten)")
    return first, last
