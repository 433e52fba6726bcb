"""Real functions on the Boolean cube, and the list of Boolean functions with what each of them costs.

A function f on the n-cube is its vector of 2^n values, entry v at the pattern ``v = x0 + 2 x1 + ...``.  An atom is a
vector of signs, +1 where the function is true, priced ``kappa^(1/gamma)`` with kappa = max(1, gates of a smallest
circuit).  Complements cost the same and carry the opposite sign, so a list contains only *normal* functions, those that
are 0 at pattern 0: 32,768 of them for four inputs.

One level is enough on the cube: a grid point of level k that lies on a vertex has k equal bits per coordinate,
so a circuit of level k is there a circuit of level 1 of no greater cost.  Constants are
functions like any other, at price 1.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.circuits.catalogue import load
from fw_circuits.circuits.exact_search import exact_search, pattern_maps
from fw_circuits.circuits.tables import as_integer, check_inputs, variable_table
from fw_circuits.exceptions import InputError

#: Row b: the signs of the eight bits of byte b.
BYTE_SIGNS = 2.0 * (np.arange(256)[:, None] >> np.arange(8) & 1) - 1.0


@dataclass(frozen=True)
class FunctionList:
    """Normal functions of n inputs and the gates of their smallest circuits.

    Attributes
    ----------
    n : int
    tables : (m,) uint32
        Ascending.
    gates : (m,) uint8
    """

    n: int
    tables: Array
    gates: Bits

    @cached_property
    def kappa(self) -> Ints:
        """max(1, gates), (m,)."""
        return np.maximum(1, self.gates.astype(np.int64))

    def prices(self, gamma: float) -> Floats:
        """kappa^(1/gamma), (m,)."""
        return np.asarray(self.kappa ** (1.0 / gamma), dtype=np.float64)

    @cached_property
    def _bytes(self) -> list[Array]:
        """Each byte of the tables as an array of its own, as many as 2^n bits need."""
        parts = np.ascontiguousarray(self.tables, dtype="<u4").view(np.uint8).reshape(-1, 4)
        return [np.ascontiguousarray(parts[:, i]) for i in range(max(1, (1 << self.n) // 8))]

    def signs(self, which: Array) -> Floats:
        """The functions at some places of the list as columns of -1 and +1, (2^n, len(which))."""
        return signs_of(self.tables[which], self.n)

    def scores(self, u: Floats) -> Floats:
        """``<u, T>`` of every function, (m,): sums over bytes, each of which has 256 values.

        >>> four = functions(4)
        >>> u = np.arange(16.0)
        >>> bool(np.allclose(four.scores(u), u @ four.signs(np.arange(32768))))
        True
        """
        padded = np.zeros(8 * len(self._bytes))
        padded[: u.size] = u
        sums = padded.reshape(-1, 8) @ BYTE_SIGNS.T
        total = sums[0][self._bytes[0]]
        for part, byte in zip(sums[1:], self._bytes[1:], strict=True):
            total += part[byte]
        return np.asarray(total, dtype=np.float64)

    def place(self, table: int) -> int:
        """Where a function, or its complement, stands in the list; -1 if neither does.

        >>> functions(2).place(0b1001) == functions(2).place(0b0110) == 3
        True
        """
        wanted = normal(table, self.n)
        found = int(np.searchsorted(self.tables, wanted))
        return found if found < len(self.tables) and int(self.tables[found]) == wanted else -1


def signs_of(tables: Any, n: int) -> Floats:
    """Truth tables as columns of -1 and +1, (2^n, number of tables).

    >>> signs_of([0b0110], 2).ravel().tolist()
    [-1.0, 1.0, 1.0, -1.0]
    """
    bits = np.asarray(tables, dtype=np.int64)[None, :] >> np.arange(1 << n)[:, None] & 1
    return np.where(bits, 1.0, -1.0)


def normal(table: int, n: int) -> int:
    """The function or its complement, whichever is 0 at pattern 0."""
    return table ^ ((1 << (1 << n)) - 1) if table & 1 else table


@lru_cache(maxsize=8)
def functions(n: int) -> FunctionList:
    """All normal functions of n <= 4 inputs, from the catalogue of smallest circuits.

    >>> len(functions(3).tables), int(functions(4).kappa.max())
    (128, 7)
    """
    tables = np.arange(0, 1 << (1 << n), 2, dtype=np.uint32)
    return FunctionList(n, tables, load().cost[widened(tables, n)])


def widened(tables: Array, n: int) -> Array:
    """Tables of n <= 4 inputs as tables of four, of which the further ones are ignored."""
    return tables * np.uint32(0xFFFF // ((1 << (1 << n)) - 1))


@lru_cache(maxsize=2)
def small_functions(n: int, max_gates: int) -> FunctionList:
    """All normal functions of n inputs of at most ``max_gates`` gates, by exact search.

    Five inputs: 0.5 s up to 5 gates, 4 s up to 6.

    >>> [int((small_functions(5, 3).gates == s).sum()) for s in range(4)]  # half of 12, 100, 1140, 11570
    [6, 50, 570, 5785]
    """
    found = exact_search(n, max_gates)
    maps = pattern_maps(n)[2]
    size = 1 << n
    tables = [np.array([0, *(variable_table(i, n) for i in range(n))], np.uint32)]
    gates = [np.zeros(1 + n, np.uint8)]
    for table, cost in zip(found.table.tolist(), found.cost.tolist(), strict=True):
        if cost == 0:
            continue
        bits = (table >> np.arange(size) & 1).astype(np.uint8)[maps]
        bits ^= bits[:, :1]
        packed = np.zeros((len(maps), 4), np.uint8)
        packed[:, : max(1, size // 8)] = np.packbits(bits, axis=1, bitorder="little")
        orbit = np.unique(packed.view("<u4"))
        tables.append(orbit.astype(np.uint32))
        gates.append(np.full(len(orbit), cost, np.uint8))
    every, cost_of = np.concatenate(tables), np.concatenate(gates)
    order = np.argsort(every, kind="stable")
    return FunctionList(n, every[order], cost_of[order])


def check_n(n: Any, most: int) -> int:
    """The number of inputs, 0 to ``most``.

    Raises
    ------
    InputError
        If it is anything else.
    """
    return check_inputs(n, most, "; for n = 5 use five_input_bracket", InputError)


def values_on_cube(table: Any, n: int) -> tuple[Floats, int | None]:
    """A function on the n-cube as its 2^n values, and its truth table if it takes only the values -1 and +1.

    Parameters
    ----------
    table : int or array_like of shape (2^n,)
        An integer is a truth table: bit v is the value at pattern v, and the values are -1 and +1.  An array
        contains the values themselves: 0 and 1 in it are 0 and 1.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> values_on_cube(0b1000, 2)
    (array([-1., -1., -1.,  1.]), 8)
    >>> values_on_cube([0, 0, 0, 1], 2)
    (array([0., 0., 0., 1.]), None)
    """
    size = 1 << n
    whole = as_integer(table, n, InputError)
    if whole is not None:
        return signs_of([whole], n)[:, 0], whole
    try:
        values = np.asarray(table)
        text = any(isinstance(v, str) for v in values.ravel().tolist()) if values.dtype.kind == "O" else False
        if values.dtype.kind not in "biufO" or text:  # text would be read as numbers
            raise TypeError(f"entries of type {'str' if text else values.dtype}")
        values = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:  # the last from torch: a tensor that requires grad
        raise InputError(f"table is neither an integer nor {size} real numbers ({error}).") from error
    if values.shape != (size,):
        raise InputError(f"table has shape {values.shape}; expected ({size},), one value per vertex of the {n}-cube.")
    if not np.isfinite(values).all():
        raise InputError(f"value {int(np.flatnonzero(~np.isfinite(values))[0])} is not finite; expected real numbers.")
    if np.all(np.abs(values) == 1.0):
        return values, sum(1 << v for v in np.flatnonzero(values > 0).tolist())
    return values, None
