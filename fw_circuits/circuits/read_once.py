"""Functions that read n inputs with n - 1 gates (read-once formulas) or with n gates, for n of five or six.

A circuit of m gates reads at most m + 1 inputs.  With n inputs and n - 1 gates every input and every gate is read
once: a formula.  Then some gate reads two inputs that nothing else reads, and putting that gate in their place
leaves a function of the same kind with one input and one gate less.  With n gates one node is read twice, and the
same step applies unless every such gate shares an input with the rest; those functions, the *cores*, are listed
from the exact search.  So every function here is a core into which inputs were replaced by gates, again and again:
``f(x) = g(rest, x_i op x_j)`` (original to this package; the counts are checked
against the exact search).

Tables are integers as everywhere: bit v is the value at ``v = x0 + 2 x1 + ...``; normal means bit 0 is 0.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import combinations

import numpy as np

from fw_circuits._typing import Array, Bits, Ints
from fw_circuits.circuits.catalogue import chain_gates, cost_table, minimal_circuit
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.exact_search import OPERATIONS, SearchResult, exact_search, pattern_maps
from fw_circuits.circuits.gate import Gate, swap_operands
from fw_circuits.circuits.tables import depends_on_all, tables_of, values_of, widen
from fw_circuits.exceptions import CircuitError

#: (inputs, gates) that this module knows.
KINDS = ((2, 1), (3, 2), (3, 3), (4, 3), (4, 4), (5, 4), (5, 5), (6, 5))


def _patterns(n: int, i: int, j: int) -> tuple[Ints, Ints]:
    # For each pattern of n inputs: that of the rest (as n - 2 inputs), and of x_i, x_j as x_i + 2 x_j.
    v = np.arange(1 << n)
    rest = [k for k in range(n) if k not in (i, j)]
    return sum((v >> k & 1) << at for at, k in enumerate(rest)) + 0 * v, (v >> i & 1) + 2 * (v >> j & 1)


@cache
def read_once_tables(n: int, gates: int) -> Array:
    """All normal functions that depend on n inputs and whose smallest circuit has this many gates.

    Returns
    -------
    (T,) uint64, ascending

    Raises
    ------
    CircuitError
        Where (n, gates) is not in `KINDS`.

    Examples
    --------
    >>> [len(read_once_tables(n, n - 1)) for n in (2, 3, 4, 5)]
    [5, 57, 1077, 28473]
    >>> len(read_once_tables(4, 4))
    5264
    """
    parts = [core_tables(n, gates)]
    if (n - 1, gates - 1) in KINDS:
        inner = values_of(read_once_tables(n - 1, gates - 1), n - 1)
        for i, j in combinations(range(n), 2):
            rest, pair = _patterns(n, i, j)
            for op in OPERATIONS:
                parts.append(tables_of(inner[:, rest + ((op >> pair & 1) << (n - 2))]))
    return np.unique(np.concatenate(parts))


@cache
def core_tables(n: int, gates: int) -> Array:
    """The functions of `read_once_tables` in which no two inputs can be replaced by a gate.

    >>> [len(core_tables(n, n - 1)) for n in (2, 3, 4)], [len(core_tables(n, n)) for n in (3, 4)]
    ([5, 0, 0], [40, 4064])
    """
    if (n, gates) not in KINDS:
        raise CircuitError(f"n={n} inputs with {gates} gates; expected one of {KINDS}.")
    if gates == n - 1:
        return np.array(sorted(OPERATIONS) if n == 2 else [], np.uint64)
    if n == 5:
        return _cores5()[0]
    tables = np.arange(0, 1 << (1 << n), 2, dtype=np.uint64)
    cost = cost_table()[[widen(int(t), n) for t in tables]]
    tables = tables[(cost == gates) & depends_on_all(tables, n)]
    return np.asarray(tables[~_collapsible(values_of(tables, n))])


def _cofactors(values: Bits, i: int, j: int) -> Bits:
    # (T, 4, 2^(n-2)): the functions of the rest for x_i + 2 x_j = 0..3.
    rest, pair = _patterns(values.shape[1].bit_length() - 1, i, j)
    return values[:, np.lexsort([rest, pair])].reshape(len(values), 4, -1)


def _collapsible(values: Bits) -> Array:
    # Some pair of inputs has only two different cofactors; f is then a function of one gate on them.
    found = np.zeros(len(values), bool)
    for i, j in combinations(range(values.shape[1].bit_length() - 1), 2):
        c = _cofactors(values, i, j)
        same = [(c[:, a] == c[:, b]).all(axis=1) for a, b in combinations(range(4), 2)]
        found |= np.sum(same, axis=0) >= 2  # two pairs (2 + 2), or a triple (3 + 1) of equal ones
    return found


@cache
def _search5() -> SearchResult:
    return exact_search(5, 5)


@cache
def _cores5() -> tuple[Array, Array, Array]:
    # Tables of the cores of five inputs, ascending, with the row of the search and the transformation of each.
    search, maps = _search5(), pattern_maps(5)[2]
    values = values_of(search.table, 5)
    rows = np.flatnonzero((search.cost == 5) & depends_on_all(search.table, 5) & ~_collapsible(values))
    spread = np.concatenate([tables_of(values[row][maps] ^ values[row][maps[:, :1]]) for row in rows])
    tables, first = np.unique(spread, return_index=True)
    return tables, rows[first // len(maps)], first % len(maps)


@lru_cache(maxsize=1 << 14)
def read_once_circuit(table: int, n: int) -> Circuit:
    """A smallest circuit of one of the functions of `read_once_tables`, or of its complement.

    Raises
    ------
    CircuitError
        If the function is none of them.

    Examples
    --------
    >>> circuit = read_once_circuit(0x96696996, 5)
    >>> circuit.n_gates, hex(circuit.truth_table()), circuit.formula("abcde")
    (4, '0x96696996', 'a ^ b ^ c ^ d ^ e')
    """
    if n <= 4:
        return minimal_circuit(table, n)
    full = (1 << (1 << n)) - 1
    if table & 1:
        inner = read_once_circuit(table ^ full, n)
        return Circuit(n, inner.gates, (inner.outputs[0] ^ 1,))
    values = values_of(np.array([table], np.uint64), n)
    for i, j in combinations(range(n), 2):
        c = _cofactors(values, i, j)[0]
        differ = [int((c[p] != c[0]).any()) for p in range(4)]
        op = sum(d << p for p, d in enumerate(differ))
        if op in OPERATIONS and all((c[p] == c[op.bit_length() - 1]).all() for p in range(4) if differ[p]):
            inside = tables_of(np.concatenate([c[0], c[op.bit_length() - 1]])[None])
            inner = read_once_circuit(int(inside[0]), n - 1)
            if inner.n_gates in (n - 2, n - 1):
                return _replace(inner, n, i, j, op)
            break
    return _core_circuit(table, n)


def _replace(inner: Circuit, n: int, i: int, j: int, op: int) -> Circuit:
    # The last input of the inner circuit becomes the gate x_i op x_j of n inputs.
    rest = [k for k in range(n) if k not in (i, j)]
    nodes = [0, *(1 + k for k in rest), n + 1, *range(n + 2, n + 2 + inner.n_gates)]
    gates = [Gate(op, 1 + i, 1 + j)]
    for gate, a, b in inner.gates:
        x, y = nodes[a], nodes[b]
        gates.append(Gate(gate, x, y) if x < y else Gate(swap_operands(gate), y, x))
    signal = inner.outputs[0]
    return Circuit(n, tuple(gates), (2 * nodes[signal >> 1] + (signal & 1),))


def _core_circuit(table: int, n: int) -> Circuit:
    tables, rows, ways = _cores5() if n == 5 else (np.zeros(0, np.uint64),) * 3
    at = int(np.searchsorted(tables, np.uint64(table)))
    if at == len(tables) or int(tables[at]) != table:
        raise CircuitError(f"table {table:#x} of {n} inputs needs more than {n} gates, or does not read all.")
    source, flipped, maps = pattern_maps(5)
    search, row, way = _search5(), rows[at], ways[at]
    nodes = [1 + k for k in source[way].tolist()]
    gates = chain_gates(search.steps[row].tolist(), nodes, flipped[way].tolist(), n)
    complemented = int(search.table[row]) >> int(maps[way, 0]) & 1
    return Circuit(n, tuple(gates), (2 * (n + len(gates)) + complemented,))
