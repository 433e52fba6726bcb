"""One output bit of an arithmetic function, as a learning task.

Operands are exact Python integers, so 128 bits per operand are as exact as 4.  For two operands of h bits the
first h columns are ``a`` and the last h are ``b``, column 0 of each the least significant bit.  A signed
operand is read in two's complement, and a signed result is the infinite two's complement expansion (so bit h
of a signed sum is its sign).
"""

from collections.abc import Callable
from math import isqrt

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits._typing import Bits
from fw_circuits.data.dataset import Dataset, boolean_dataset, random_bits


def to_integers(bits: Bits, *, signed: bool = False) -> list[int]:
    """Rows of bits, least significant first, as Python integers of any size.

    Examples
    --------
    >>> to_integers(np.array([[1, 1, 0], [0, 0, 1]], dtype=np.uint8))
    [3, 4]
    >>> to_integers(np.array([[1, 1, 0], [0, 0, 1]], dtype=np.uint8), signed=True)
    [3, -4]
    """
    width = bits.shape[1]
    packed = np.packbits(bits, axis=1, bitorder="little")
    values = [int.from_bytes(row.tobytes(), "little") for row in packed]
    if not signed:
        return values
    return [v - (1 << width) if v >> (width - 1) else v for v in values]


def _two_operands(
    n_bits: int,
    bit: int,
    function: Callable[[int, int], int],
    signed: bool,
    name: str,
    n_rows: int,
    random_state: int | None,
    noise: float,
) -> Dataset:
    """Bit ``bit`` of ``function(a, b)`` on uniform random operands."""
    check_integer("n_bits", n_bits, 1)
    check_integer("bit", bit, 0)
    bits, rng = random_bits(n_rows, 2 * n_bits, random_state)
    a = to_integers(bits[:, :n_bits], signed=signed)
    b = to_integers(bits[:, n_bits:], signed=signed)
    labels = np.array([function(x, y) >> bit & 1 for x, y in zip(a, b, strict=True)], dtype=np.int64)
    kind = "signed" if signed else "unsigned"
    text = f"bit {bit} of {name}, {kind}, a in the first {n_bits} columns and b in the last, low bit first"
    return boolean_dataset(bits, labels, noise, rng, f"{name}, {n_bits} bits, bit {bit}", text)


def adder_bit(
    n_bits: int,
    bit: int | None = None,
    *,
    signed: bool = False,
    n_rows: int = 6400,
    random_state: int | None = 0,
    noise: float = 0.0,
) -> Dataset:
    """Bit ``bit`` of a + b; without ``bit``, the carry out (unsigned) or the sign (signed): bit n_bits.

    Rows, seed and noise are as in :func:`symmetric`.

    Examples
    --------
    >>> data = adder_bit(2, 0, n_rows=6)
    >>> bool(np.all(data.y == (data.X[:, 0] != data.X[:, 2])))
    True
    """
    which = n_bits if bit is None else bit
    return _two_operands(n_bits, which, lambda a, b: a + b, signed, "a + b", n_rows, random_state, noise)


def comparator(
    n_bits: int, *, signed: bool = True, n_rows: int = 6400, random_state: int | None = 0, noise: float = 0.0
) -> Dataset:
    """Whether a < b; rows, seed and noise as in :func:`symmetric`.

    Examples
    --------
    >>> data = comparator(1, signed=False, n_rows=6)
    >>> bool(np.all(data.y == (data.X[:, 0] < data.X[:, 1])))
    True
    """
    return _two_operands(n_bits, 0, lambda a, b: int(a < b), signed, "a < b", n_rows, random_state, noise)


def multiplier_bit(
    n_bits: int,
    bit: int | None = None,
    *,
    signed: bool = False,
    n_rows: int = 6400,
    random_state: int | None = 0,
    noise: float = 0.0,
) -> Dataset:
    """Bit ``bit`` of a * b; without ``bit``, the top one, 2 n_bits - 1.  The rest is as in :func:`symmetric`.

    Examples
    --------
    >>> data = multiplier_bit(3, 0, n_rows=6)
    >>> bool(np.all(data.y == data.X[:, 0] * data.X[:, 3]))
    True
    """
    which = 2 * n_bits - 1 if bit is None else bit
    return _two_operands(n_bits, which, lambda a, b: a * b, signed, "a * b", n_rows, random_state, noise)


def divider_bit(
    n_bits: int, bit: int = 0, *, n_rows: int = 6400, random_state: int | None = 0, noise: float = 0.0
) -> Dataset:
    """Bit ``bit`` of the unsigned quotient a // b; a // 0 is all ones, as a restoring divider gives.

    Rows, seed and noise are as in :func:`symmetric`.

    Examples
    --------
    >>> data = divider_bit(1, n_rows=6)     # a // 1 = a, a // 0 = 1
    >>> bool(np.all(data.y == np.where(data.X[:, 1] == 1, data.X[:, 0], 1)))
    True
    """
    check_integer("n_bits", n_bits, 1)
    ones = (1 << int(n_bits)) - 1
    quotient = lambda a, b: a // b if b else ones  # noqa: E731
    return _two_operands(n_bits, bit, quotient, False, "a // b", n_rows, random_state, noise)


def remainder_bit(
    n_bits: int, bit: int = 0, *, n_rows: int = 6400, random_state: int | None = 0, noise: float = 0.0
) -> Dataset:
    """Bit ``bit`` of the unsigned remainder a % b; a % 0 is a, as a restoring divider gives.

    Rows, seed and noise are as in :func:`symmetric`.

    Examples
    --------
    >>> data = remainder_bit(1, n_rows=6)   # a % 1 = 0, a % 0 = a
    >>> bool(np.all(data.y == np.where(data.X[:, 1] == 1, 0, data.X[:, 0])))
    True
    """
    return _two_operands(n_bits, bit, lambda a, b: a % b if b else a, False, "a % b", n_rows, random_state, noise)


def square_root_bit(
    n_inputs: int, bit: int = 0, *, n_rows: int = 6400, random_state: int | None = 0, noise: float = 0.0
) -> Dataset:
    """Bit ``bit`` of floor(sqrt(x)), x all inputs as one unsigned integer; the rest is as in :func:`symmetric`.

    Examples
    --------
    >>> data = square_root_bit(2, n_rows=6)   # isqrt of 0, 1, 2, 3 is 0, 1, 1, 1
    >>> bool(np.all(data.y == data.X.max(axis=1)))
    True
    """
    check_integer("n_inputs", n_inputs, 1)
    check_integer("bit", bit, 0)
    bits, rng = random_bits(n_rows, n_inputs, random_state)
    labels = np.array([isqrt(x) >> bit & 1 for x in to_integers(bits)], dtype=np.int64)
    text = f"bit {bit} of the integer square root of {n_inputs} inputs, low bit first"
    return boolean_dataset(bits, labels, noise, rng, f"isqrt, {n_inputs} inputs, bit {bit}", text)
