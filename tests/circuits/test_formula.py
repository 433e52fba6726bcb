"""Formulas: a small reader evaluates them again; the words for muxes, counts and parities."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.circuits.catalogue import minimal_circuit
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import circuits

TOKEN = re.compile(r"\s*((?:at least \d+|at most \d+|exactly \d+|\d+ to \d+|all or none) of|[\w.]+|.)")


class Reader:
    """Value of a formula for given values of its names; mixing operators without parentheses is an error."""

    def __init__(self, text, values):
        body, _, definitions = text.partition(" where ")
        self.values = dict(values)
        for definition in filter(None, definitions.split("; ")):
            name, _, right = definition.partition(" = ")
            self.values[name] = Reader.value(right, self.values)
        self.tokens = [*TOKEN.findall(body), "end"]

    @classmethod
    def value(cls, text, values):
        reader = cls(text, values)
        result = reader.chain()
        assert reader.tokens == ["end"], f"left over in {text!r}: {reader.tokens}"
        return result

    def take(self, expected=None):
        token = self.tokens.pop(0)
        assert expected in (None, token)
        return token

    def chain(self):
        value, operator = self.term(), self.tokens[0]
        while self.tokens[0] in "&|^":
            assert self.take() == operator
            right = self.term()
            value = {"&": value & right, "|": value | right, "^": value ^ right}[operator]
        return value

    def term(self):
        token = self.take()
        if token == "~":
            return 1 - self.term()
        if token == "(":
            value = self.chain()
            if self.tokens[0] == "?":
                self.take()
                high = self.term()
                self.take(":")
                low = self.term()
                value = high if value else low
            self.take(")")
            return value
        if token.endswith(" of"):
            self.take("(")
            held, total = self.chain(), 1
            while self.tokens[0] == ",":
                self.take()
                held, total = held + self.chain(), total + 1
            self.take(")")
            numbers = [int(n) for n in re.findall(r"\d+", token)]
            if token.startswith("all or none"):
                return int(held in (0, total))
            low = 0 if token.startswith("at most") else numbers[0]
            high = total if token.startswith("at least") else numbers[-1]
            return int(low <= held <= high)
        return self.values[token] if token not in ("0", "1") else int(token)


def table_of(text, n):
    return sum(Reader.value(text, {f"x{i}": v >> i & 1 for i in range(n)}) << v for v in range(1 << n))


@settings(max_examples=200, deadline=None)
@given(circuit=circuits(max_gates=20, max_outputs=1))
def test_the_formula_has_the_meaning_of_the_circuit(circuit):
    assert table_of(circuit.formula(), circuit.n_inputs) == circuit.truth_table()


@settings(max_examples=200, deadline=None)
@given(table=st.integers(0, 0xFFFF))
def test_the_formula_of_a_smallest_circuit_reads_back(table):
    assert table_of(minimal_circuit(table, 4).formula(), 4) == table


@pytest.mark.parametrize(
    ("table", "n", "expected"),
    [
        (0, 2, "0"),
        (15, 2, "1"),
        (0b01, 1, "~a"),
        (0b1001, 2, "~(a ^ b)"),
        (0b0111, 2, "~a | ~b"),
        (0b0001, 2, "~a & ~b"),
        (0xE8, 3, "at least 2 of (a, b, c)"),
        (0x17, 3, "at most 1 of (a, b, c)"),
        (0xD4, 3, "at least 2 of (~a, b, c)"),
        (0x81, 3, "all or none of (a, b, c)"),
        (0x7E, 3, "1 to 2 of (a, b, c)"),
        (0xFEE8, 4, "at least 2 of (a, b, c, d)"),
        (0xE880, 4, "at least 3 of (a, b, c, d)"),
        (0x0116, 4, "exactly 1 of (a, b, c, d)"),
        (0xCA, 3, "(c ? b : a)"),
        (0x35, 3, "(c ? ~b : ~a)"),
        (0x96, 3, "a ^ b ^ c"),
        (0x9669, 4, "~(a ^ b ^ c ^ d)"),
        (0xFE, 3, "a | b | c"),
        (0xF888, 4, "(a & b) | (c & d)"),
    ],
)
def test_known_functions_are_written_in_their_known_form(table, n, expected):
    assert minimal_circuit(table, n).formula("abcd"[:n]) == expected


def test_subexpressions_are_counted_too():
    gates = (Gate(6, 1, 2), Gate(8, 6, 3), Gate(14, 6, 3), Gate(8, 8, 4), Gate(14, 7, 9))
    majority = Circuit(5, gates, (20,))
    assert majority.formula(["a", "b", "c", "d", "e"]) == "at least 2 of (c, d, a ^ b)"


def test_long_shared_expressions_are_named_and_read_back():
    n, gates = 6, []
    for i in range(40):
        here = n + 1 + i
        gates.append(Gate((6, 14, 6, 8)[i % 4], here - 1 if i else 1, here - 3 if i > 3 else 1 + (5 * i + 2) % n))
    circuit = Circuit(n, tuple(gates), (2 * (n + 40) + 1,))
    text = circuit.formula()
    assert table_of(text, n) == circuit.truth_table()


def test_names_with_spaces_are_bracketed_and_wrong_calls_refused():
    nor = Circuit(2, (Gate(1, 1, 2),), (6,))
    assert nor.formula(["age > 3", "x"]) == "~(age > 3) & ~x"
    with pytest.raises(CircuitError, match="1 names"):
        nor.formula(["a"])
    with pytest.raises(CircuitError, match="output is 1"):
        nor.formula(output=1)


def test_a_long_formula_without_a_shared_gate_is_written_out():
    n = 60
    gates = [Gate(8, 1, 2)]
    for i in range(2, n):
        gates.append(Gate(14 if i % 2 else 8, n + i - 1, 1 + i))
    text = Circuit(n, tuple(gates), (2 * (n + len(gates)),)).formula([f"feature_{i}" for i in range(n)])
    assert len(text) > 300 and text.count("feature_") == n and "where" not in text
