"""Catalogue of smallest circuits: every function of at most 4 inputs, with proof by exhaustion.

The 65,536 functions of 4 inputs fall into 222 classes under permutation and complementation of inputs and
complementation of the output, none of which changes the size of a smallest circuit.  ``catalogue4.npz`` contains
one chain per class; the cost of every function, and the way from its class to it, are derived on first use.
``python -m fw_circuits.circuits.catalogue --write`` searches again and rewrites the file.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from fw_circuits._typing import Array, Bits, Ints
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.exact_search import OPERATIONS, exact_search, pattern_maps
from fw_circuits.circuits.gate import Gate, complement_a, complement_b, swap_operands
from fw_circuits.circuits.tables import as_table, check_inputs, widen
from fw_circuits.exceptions import FormatError

__all__ = ["cost_table", "count_by_cost", "load", "minimal_circuit", "minimal_cost"]

PATH = Path(__file__).with_name("catalogue4.npz")

#: Functions of 4 inputs by gates of a smallest circuit (D. E. Knuth, TAOCP 7.1.2).
COUNTS4 = (10, 60, 456, 2474, 10624, 24184, 25008, 2720)
#: The same for 5 inputs, up to 6 gates.
COUNTS5 = (12, 100, 1140, 11570, 109826, 995240, 8430800)


class Catalogue(NamedTuple):
    """The catalogue in memory: see `load`."""

    cost: Bits  # (65536,) gates of a smallest circuit
    class_of: Array  # (65536,) row of `class_steps`
    transformation: Array  # (65536,) row of `source` and `flipped`
    complemented: Bits  # (65536,) whether the output is
    class_cost: Bits  # (222,)
    class_steps: Bits  # (222, 7, 3) operation, operands
    source: Ints  # (384, 4)
    flipped: Ints  # (384, 4)


@cache
def load() -> Catalogue:
    """Read the data file and spread its classes over all functions; done once (milliseconds).

    Raises
    ------
    FormatError
        If the file is missing or damaged.

    Examples
    --------
    >>> len(load().class_cost)
    222
    """
    try:
        with np.load(PATH, allow_pickle=False) as data:
            table, class_cost, class_steps = data["table"], data["cost"], data["steps"]
    except (OSError, KeyError, ValueError) as error:
        raise FormatError(
            f"the catalogue {PATH.name} cannot be read ({error}); rewrite it: "
            "python -m fw_circuits.circuits.catalogue --write"
        ) from error
    source, flipped, maps = pattern_maps(4)
    bits = table[:, None].astype(np.int64) >> np.arange(16) & 1
    spread = (bits[:, maps] << np.arange(16)).sum(axis=2)  # (classes, 384): tables after each transformation
    every = np.stack([spread, spread ^ 0xFFFF])
    found, first = np.unique(every, return_index=True)
    if len(found) != 1 << 16:
        raise FormatError(f"the catalogue {PATH.name} covers {len(found)} functions; expected 65536; rewrite it.")
    complemented, class_of, transformation = np.unravel_index(first, every.shape)
    cost = class_cost[class_of]
    cost.flags.writeable = False
    return Catalogue(
        cost,
        class_of.astype(np.uint8),
        transformation.astype(np.uint16),
        complemented.astype(np.uint8),
        class_cost,
        class_steps,
        source,
        flipped,
    )


@cache
def arrays() -> tuple[Array, ...]:
    """What the kernels read of the catalogue: way from a class to each function, the classes' steps, operations."""
    data = load()
    ways = (data.source.astype(np.uint8), data.flipped.astype(np.uint8), np.array(OPERATIONS, np.uint8))
    parts = (data.class_of, data.transformation, data.complemented, data.class_cost, data.class_steps, *ways)
    return tuple(map(np.ascontiguousarray, parts))


def cost_table() -> Bits:
    """Gates of a smallest circuit of every function of 4 inputs.

    Returns
    -------
    array of uint8, shape (65536,), read-only
        Entry t is the cost, 0..7, of the function whose truth table is t.

    Examples
    --------
    >>> np.bincount(cost_table()).tolist()
    [10, 60, 456, 2474, 10624, 24184, 25008, 2720]
    """
    return load().cost


def minimal_cost(table: int | Array, n: int) -> int:
    """Gates of a smallest circuit of a function of n <= 4 inputs.

    Parameters
    ----------
    table : int or array of shape (2^n,)
        Bit v, or entry v, is the value (0 or 1) at the input pattern ``v = x0 + 2 x1 + ...``.
    n : int
        0..4.

    Raises
    ------
    CircuitError
        If n is not 0..4 or the table has other than 2^n bits.
    InputError
        If the table is neither an integer nor 2^n values 0 and 1.

    Examples
    --------
    A full adder's carry, then parity of four bits.

    >>> minimal_cost(0xE8, 3), minimal_cost(0x6996, 4)
    (4, 3)
    """
    return int(load().cost[widen(table, n)])


def chain_gates(
    steps: Sequence[tuple[int, int, int]], nodes: Sequence[int], flips: Sequence[int], n: int
) -> list[Gate]:
    """Gates of a chain (`exact_search`) whose input i is node ``nodes[i]``, complemented if ``flips[i]``.

    The first gate becomes node n + 1.

    >>> chain_gates([(0, 0, 1)], nodes=[2, 1], flips=[1, 0], n=2)
    [Gate(table=2, a=1, b=2)]
    """
    nodes, flips, gates = list(nodes), list(flips), list[Gate]()
    for op, j, k in steps:
        gate = OPERATIONS[op]
        gate = complement_a(gate) if flips[j] else gate
        gate = complement_b(gate) if flips[k] else gate
        a, b = nodes[j], nodes[k]
        gates.append(Gate(gate, a, b) if a < b else Gate(swap_operands(gate), b, a))
        nodes.append(n + len(gates))
        flips.append(0)
    return gates


def minimal_circuit(table: int | Array, n: int) -> Circuit:
    """A smallest circuit of a function of n <= 4 inputs.

    Ties between circuits of the same size go to the one the search met first, hence always the same one.  All
    its gates read two different nodes, neither of them constant, the lower node first.

    Parameters
    ----------
    table, n
        As in :func:`minimal_cost`, with the same errors.

    Examples
    --------
    >>> circuit = minimal_circuit(0xE8, 3)
    >>> circuit.n_gates, hex(circuit.truth_table())
    (4, '0xe8')
    """
    n = check_inputs(n, 4, "; for more use Circuit.from_truth_table")
    return _minimal_circuit(as_table(table, n), n)


@lru_cache(maxsize=1 << 14)
def _minimal_circuit(table: int, n: int) -> Circuit:
    data = load()
    wide = widen(table, n)
    row, way = data.class_of[wide], data.transformation[wide]
    nodes, flips = [1 + i for i in data.source[way].tolist()], data.flipped[way].tolist()
    gates = chain_gates(data.class_steps[row, : data.class_cost[row]].tolist(), nodes, flips, n)
    if gates:
        output = 2 * (n + len(gates))
    else:  # a constant, or the literal that its class stands for
        output = 0 if wide in (0, 0xFFFF) else 2 * nodes[0] + flips[0]
    return Circuit(n, tuple(gates), (output ^ int(data.complemented[wide]),))


def count_by_cost(n: int, max_gates: int) -> tuple[int, ...]:
    """Count the functions of n inputs by the gates of a smallest circuit, 0..`max_gates`, in a fresh search.

    Parameters
    ----------
    n : int
        0..5.
    max_gates : int
        0..7; 0..6 for n = 5.

    Raises
    ------
    InputError
        For n or `max_gates` outside these ranges.

    Examples
    --------
    >>> count_by_cost(5, 3)
    (12, 100, 1140, 11570)
    """
    return tuple(exact_search(n, max_gates).counts.tolist())


def search_classes() -> dict[str, Array]:
    """Contents of the data file, searched afresh: a constant, a literal, then the classes by cost."""
    result = exact_search(4, 7)
    return {
        "table": np.concatenate([[0, 0xAAAA], result.table]).astype(np.uint16),
        "cost": np.concatenate([[0, 0], result.cost]).astype(np.uint8),
        "steps": np.concatenate([np.zeros((2, 7, 3)), result.steps]).astype(np.uint8),
    }


def main(arguments: list[str] | None = None) -> int:
    """Search the catalogue again; with ``--write`` also replace the data file.

    >>> main([])  # doctest: +SKIP
    222 classes, 65536 functions in ... s; the data file agrees
    0
    """
    parser = argparse.ArgumentParser(prog="python -m fw_circuits.circuits.catalogue", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help=f"replace {PATH.name}")
    write = parser.parse_args(arguments).write
    start = perf_counter()
    classes = search_classes()
    seconds, agrees = perf_counter() - start, True
    if write:
        np.savez_compressed(PATH, **classes)  # type: ignore[arg-type]
        load.cache_clear()
        arrays.cache_clear()
        _minimal_circuit.cache_clear()
        verdict = f"wrote {PATH.name}, {PATH.stat().st_size} bytes"
    else:
        with np.load(PATH, allow_pickle=False) as data:
            agrees = all(np.array_equal(data[key], value) for key, value in classes.items())
        verdict = f"the data file {'agrees' if agrees else 'differs'}"
    covered = int(np.bincount(load().cost, minlength=8).sum())
    print(f"{len(classes['cost'])} classes, {covered} functions in {seconds:.1f} s; {verdict}")
    return 0 if agrees else 1


if __name__ == "__main__":
    raise SystemExit(main())
