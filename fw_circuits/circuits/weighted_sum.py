"""Weighted sums of bits as circuits: signed digits, shared full adders, one pass over the columns.

``sum_i w_i s_i + constant`` modulo a power of two.  A full adder turns three bits of one column into two and
costs 5 gates over the full basis or 7 AND nodes, so what counts is how many bits there are to add:

1. A negative weight takes the complement of its bit: ``-w s = w ~s - w``.  All constants are one number.
2. Each weight is written in canonical signed digits (no two neighbours non-zero, fewest digits possible);
   a digit -1 is again a complement.
3. Where three bits have two or more digits in common, one full adder adds them for all of those columns:
   ``P x + P y + P z = P sum + 2 P carry``, whatever the pattern P is.
4. What is left goes through the columns from the lowest up, three bits at a time.  A column whose sum bit nobody
   reads ends in a majority (4 gates) or an AND.

Sharing by common digits is original to this package.

A. Avizienis, "Signed-digit number representations", 1961; L. Dadda, "Some schemes for parallel multipliers", 1965.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import combinations

from fw_circuits.circuits.builder import FALSE, TRUE, Builder
from fw_circuits.circuits.gate import AND, OR, XOR

#: Numbers of common digits that are looked for, in this order.
PATTERNS = (4, 3, 2)

Digits = dict[int, int]


def signed_digits(n: int) -> Digits:
    """Canonical signed digits of an integer: power of two to +1 or -1.

    >>> signed_digits(7), signed_digits(-6), signed_digits(0)
    ({0: -1, 3: 1}, {1: 1, 3: -1}, {})
    """
    digits, power = {}, 0
    while n:
        if n & 1:
            digits[power] = 2 - (n & 3)
            n -= digits[power]
        n >>= 1
        power += 1
    return digits


def full_adder(builder: Builder, x: int, y: int, z: int) -> tuple[int, int]:
    """Signals of ``(x + y + z) mod 2`` and of its carry: 5 gates, 7 AND nodes; fewer for constants.

    >>> builder = Builder(3)
    >>> total, carry = full_adder(builder, *builder.inputs)
    >>> [hex(t) for t in builder.circuit([total, carry]).truth_table()], len(builder.gates)
    (['0x96', '0xe8'], 5)
    """
    for bit, others in ((x, (y, z)), (y, (x, z)), (z, (x, y))):
        if bit == TRUE:
            return builder.gate(XOR, *others) ^ 1, builder.gate(OR, *others)
    half = builder.gate(XOR, x, y)
    both, chained = builder.gate(AND, x, y), builder.gate(AND, half, z)
    return builder.gate(XOR, half, z), builder.gate(OR, both, chained)


def majority(builder: Builder, x: int, y: int, z: int) -> int:
    """Signal of the carry alone: 4 gates, 4 AND nodes.

    >>> builder = Builder(3)
    >>> hex(builder.circuit([majority(builder, *builder.inputs)]).truth_table()), len(builder.gates)
    ('0xe8', 4)
    """
    either, both = builder.gate(OR, x, y), builder.gate(AND, x, y)
    return builder.gate(OR, both, builder.gate(AND, either, z))


def weighted_sum(
    builder: Builder,
    weights: Sequence[int],
    signals: Sequence[int],
    constant: int,
    width: int,
    lowest: int = 0,
) -> list[int]:
    """Bits of ``(sum_i weights[i] * signals[i] + constant) mod 2^width``.

    Parameters
    ----------
    builder : Builder
        Where the gates go.  Some of them may be read by nobody: sweep the circuit.
    weights : sequence of int
        Any sign.
    signals : sequence of int
        One per weight.
    constant : int
    width : int
        At least 0.
    lowest : int
        The first bit that is wanted; the sums of the columns below are not built.

    Returns
    -------
    list of int
        Signals of the bits ``lowest .. width - 1``.

    Examples
    --------
    >>> builder = Builder(2)
    >>> bits = weighted_sum(builder, [3, -1], builder.inputs, 1, 3)  # 3 a - b + 1
    >>> builder.circuit(bits).evaluate([[0, 0], [1, 0], [0, 1], [1, 1]]) @ [1, 2, 4]
    array([1, 4, 0, 3])
    """
    terms, constant = _terms(weights, signals, constant)
    constant += _share(builder, terms)
    columns: list[deque[int]] = [deque() for _ in range(width)]
    for signal, digits in terms:
        for power, sign in digits.items():
            if signal <= TRUE:
                constant += signal * sign << power
            elif power < width:
                columns[power].append(signal ^ (sign < 0))
            constant -= (sign < 0 and signal > TRUE) << power
    result = []
    for power, column in enumerate(columns):
        wanted = power >= lowest
        carries = columns[power + 1] if power + 1 < width else None
        bit = _reduce(builder, column, constant >> power & 1, carries, wanted)
        if wanted:
            result.append(bit)
    return result


def _terms(weights: Sequence[int], signals: Sequence[int], constant: int) -> tuple[list[tuple[int, Digits]], int]:
    """One non-complemented signal per node with its digits, largest weight first, and the constant."""
    of_node: defaultdict[int, int] = defaultdict(int)
    for weight, signal in zip(weights, signals, strict=True):
        constant += weight * (signal & 1)
        of_node[signal >> 1] += -weight if signal & 1 else weight
    of_node.pop(0, None)  # the constant FALSE
    ordered = sorted(of_node.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [(2 * node, signed_digits(weight)) for node, weight in ordered if weight], constant


def _share(builder: Builder, terms: list[tuple[int, Digits]]) -> int:
    """Add up triples of terms that have digits in common, in place; returns what that adds to the constant."""
    constant = 0
    for size in PATTERNS:
        while True:
            found: defaultdict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
            for i, (signal, digits) in enumerate(terms):
                if signal <= TRUE:
                    continue
                for powers in combinations(sorted(digits), size):
                    lead = digits[powers[-1]]
                    found[tuple((power, digits[power] * lead) for power in powers)].append(i)
            pattern, places = max(found.items(), key=lambda item: len(item[1]), default=((), []))
            if len(places) < 3:
                break
            value = sum(sign << power for power, sign in pattern)
            waiting = deque[int]()
            for i in places:
                signal, digits = terms[i]
                lead = digits[pattern[-1][0]]
                for power, _ in pattern:
                    del digits[power]
                waiting.append(signal ^ (lead < 0))
                constant -= value * (lead < 0)
            while len(waiting) >= 3:
                total, carry = full_adder(builder, *(waiting.popleft() for _ in range(3)))
                waiting.append(total)
                terms.append((carry, {power + 1: sign for power, sign in pattern}))
            terms += [(signal, dict(pattern)) for signal in waiting]
    return constant


def _reduce(builder: Builder, column: deque[int], one: int, carries: deque[int] | None, wanted: int) -> int:
    """Add up the bits of a column, and 1 if `one`; returns the sum bit, FALSE if it is not wanted."""

    def carry(signal: int) -> None:
        if carries is not None:
            carries.append(signal)

    if one and len(column) >= 2:
        total, over = full_adder(builder, column.popleft(), column.popleft(), TRUE)
        column.append(total)
        carry(over)
        one = 0
    while len(column) > 3 or (len(column) == 3 and wanted):
        total, over = full_adder(builder, *(column.popleft() for _ in range(3)))
        column.append(total)
        carry(over)
    bits = list(column)
    match len(bits):
        case 3:
            carry(majority(builder, *bits))
            return FALSE
        case 2:
            carry(builder.gate(AND, *bits))
            return builder.gate(XOR, *bits)
        case 1:
            if one:
                carry(bits[0])
            return bits[0] ^ one
        case _:
            return one
