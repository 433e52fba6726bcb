"""Exact search for the smallest circuit of every function of a few inputs: the compiled kernel and its reference.

The search enumerates chains of two-input gates by size, each size exhausted before the next one, so the first
chain that computes a function is a smallest one.  What may be left out without losing a function is argued in
``csrc/circuits/exact_search.c`` and repeated in the reference.  The symmetry break on chains is original to this
package; the counts that it must reproduce are in theory, section 1 (D. E. Knuth, TAOCP 7.1.2).
"""

from itertools import permutations, product
from typing import NamedTuple

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._typing import Array, Bits, Ints
from fw_circuits.circuits.tables import variable_table
from fw_circuits.exceptions import BudgetError, InputError

#: The five normal operations that read both operands, as gate tables: a & b, a & ~b, ~a & b, a | b, a ^ b.
OPERATIONS = (8, 2, 4, 14, 6)

#: Most gates that the search accepts for n inputs (n = 5 with 6 gates: 4.8 million normal functions).
MAX_GATES = {0: 7, 1: 7, 2: 7, 3: 7, 4: 7, 5: 6}
CAPACITY = 4096
Step = tuple[int, int, int]


class SearchResult(NamedTuple):
    """Outcome of an exact search.

    Attributes
    ----------
    counts : array of int64, shape (max_gates + 1,)
        Functions whose smallest circuit has 0, 1, ... gates; constants and complements included.
    table : array of uint32, shape (classes,)
        One normal function of each class under permutation and complementation, cost 0 excluded.
    cost : array of uint8, shape (classes,)
    steps : array of uint8, shape (classes, max_gates, 3)
        A smallest chain: index into `OPERATIONS`, operands j < k (0..n-1 inputs, n + i is step i).
    """

    counts: Ints
    table: Array
    cost: Bits
    steps: Bits


def exact_search(n: int, max_gates: int) -> SearchResult:
    """Find a smallest circuit of one function of each class; arguments and errors as in `catalogue.count_by_cost`.

    >>> result = exact_search(3, 7)
    >>> result.counts.tolist()
    [8, 30, 114, 80, 24, 0, 0, 0]
    >>> np.bincount(result.cost).tolist()
    [0, 2, 5, 3, 2]
    """
    if n not in MAX_GATES:
        raise InputError(f"n is {n!r}; expected 0..5 inputs.")
    if not 0 <= max_gates <= MAX_GATES[n]:
        raise InputError(f"max_gates is {max_gates!r}; expected 0..{MAX_GATES[n]} for {n} inputs.")
    kernels = select("_circuits", None)
    if kernels is None:
        return exact_search_python(n, max_gates)
    try:
        return SearchResult(*kernels.exact_search(n, max_gates, CAPACITY))
    except MemoryError as error:
        raise BudgetError(f"an exact search with n={n}, max_gates={max_gates} ran out of memory.") from error


class _Search:
    """Normal functions of n inputs whose chains are known, a class at a time."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.inputs = [variable_table(i, n) for i in range(n)]
        self.known = {0, *self.inputs}
        self.classes: list[tuple[int, list[Step]]] = []

    def add(self, table: int, chain: list[Step]) -> None:
        """A function with its chain, if it is of a new class."""
        if table not in self.known:
            self.classes.append((table, chain))
            self.known.update(orbit(table, self.n))

    def extend(self, size: int, values: list[int], steps: list[Step]) -> None:
        """All chains of this size that begin with some steps, of these values."""
        n, here = self.n, len(values)
        read = {operand for _, *pair in steps for operand in pair}
        unread = [v for v in range(n, here) if v not in read]
        all_known = len(self.known) == 1 << ((1 << n) - 1)
        if all_known or len(unread) > size - len(steps) + 1:  # each step joins at most two
            return
        if len(steps) == size - 1:  # the last step reads all that is unread; here - 1 always is
            for j in range(here - 1) if len(unread) == 1 else unread[:-1]:
                for op in range(5):
                    self.add(_apply(op, values[j], values[-1]), [*steps, (op, j, here - 1)])
            return
        op0, j0, k0 = steps[-1]
        for k in range(k0, here):  # reads the previous step, or is larger than it
            for j, op in product(range(k), range(5)):
                table = _apply(op, values[j], values[k])
                if (k == here - 1 or (k, j, op) > (k0, j0, op0)) and table and table not in values:
                    self.extend(size, [*values, table], [*steps, (op, j, k)])


def _apply(op: int, a: int, b: int) -> int:
    return (a & b, a & ~b, ~a & b, a | b, a ^ b)[op]


def exact_search_python(n: int, max_gates: int) -> SearchResult:
    """NumPy reference of the compiled search: the same chains in the same order, about a hundred times slower.

    >>> exact_search_python(2, 1).counts.tolist()
    [6, 10]
    """
    search = _Search(n)
    counts = [2 * len(search.known)] + [0] * max_gates
    for size in range(1, max_gates + 1 if n >= 2 else 0):
        for op in (0, 4):  # up to symmetry the first step is x0 & x1 or x0 ^ x1
            table = _apply(op, *search.inputs[:2])
            if size > 1:
                search.extend(size, [*search.inputs, table], [(op, 0, 1)])
            else:
                search.add(table, [(op, 0, 1)])
        counts[size] = 2 * len(search.known) - sum(counts)
    steps = np.zeros((len(search.classes), max(max_gates, 1), 3), dtype=np.uint8)
    for row, (_, chain) in zip(steps, search.classes, strict=True):
        row[: len(chain)] = chain
    tables = np.array([table for table, _ in search.classes], dtype=np.uint32)
    cost = np.array([len(chain) for _, chain in search.classes], dtype=np.uint8)
    return SearchResult(np.array(counts), tables, cost, steps)


def pattern_maps(n: int) -> tuple[Ints, Ints, Ints]:
    """All ways to permute and complement n inputs.

    Returns
    -------
    source : array, shape (transformations, n)
    flipped : array, shape (transformations, n)
        Input i of the original function is input ``source[t, i]`` of the new one, complemented if
        ``flipped[t, i]``.
    maps : array, shape (transformations, 2^n)
        The new function at pattern v is the original one at pattern ``maps[t, v]``.

    Examples
    --------
    >>> pattern_maps(2)[2][:3].tolist()
    [[0, 1, 2, 3], [2, 3, 0, 1], [1, 0, 3, 2]]
    """
    pairs = list(product(permutations(range(n)), product((0, 1), repeat=n)))
    source = np.array([p for p, _ in pairs], dtype=np.int64).reshape(len(pairs), n)
    flipped = np.array([f for _, f in pairs], dtype=np.int64).reshape(len(pairs), n)
    bits = (np.arange(1 << n)[None, None, :] >> source[:, :, None] & 1) ^ flipped[:, :, None]
    return source, flipped, (bits << np.arange(n)[None, :, None]).sum(axis=1)


def orbit(table: int, n: int) -> set[int]:
    """Normal functions that come from `table` by permuting and complementing inputs and output.

    >>> sorted(orbit(8, 2))
    [2, 4, 8, 14]
    """
    bits = np.array([table >> v & 1 for v in range(1 << n)], dtype=np.int64)[pattern_maps(n)[2]]
    return {int(t) for t in ((bits ^ bits[:, :1]) << np.arange(1 << n)).sum(axis=1)}
