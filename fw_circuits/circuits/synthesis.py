"""Circuits from truth tables: expansion, or counting where the function is one of a popcount.

Of the two the smaller circuit is kept; see `fw_circuits.circuits.expansion` and `fw_circuits.circuits.families`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fw_circuits._typing import Array
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.expansion import expand
from fw_circuits.circuits.families import circuit_of
from fw_circuits.circuits.tables import as_tables, check_inputs

MAX_INPUTS = 16


def from_truth_table(table: int | Sequence[int] | Array, n: int, *, outputs: int | None = None) -> Circuit:
    """Circuit of one or several functions of n inputs.

    Parameters
    ----------
    table : int, array of shape (2^n,), or sequence of int
        Bit v of an integer, or entry v of an array of 0 and 1, is the value at the input pattern
        ``v = x0 + 2 x1 + ...``; a list or tuple of integers makes one output each.
    n : int
        0..16.
    outputs : int, optional
        Needed only for a list of 2^n numbers 0 and 1: 1 if they are the values of one function, 2^n if each is a table.

    Returns
    -------
    Circuit
        A smallest one for a single table and n <= 4; else what expansion and rewriting give.

    Raises
    ------
    CircuitError
        If n is out of range or a table has other than 2^n bits.
    InputError
        If `table` is of another kind, or can be read in two ways.

    Examples
    --------
    Majority of five inputs.

    >>> majority = sum(1 << v for v in range(32) if v.bit_count() > 2)
    >>> circuit = from_truth_table(majority, 5)
    >>> circuit.truth_table() == majority, circuit.n_gates <= 10
    (True, True)
    >>> from_truth_table([False, True, True, False], 2).truth_table()
    6
    """
    n = check_inputs(n, MAX_INPUTS, "; build larger circuits from gates")
    tables = as_tables(table, n, outputs)
    return circuit_of(tables[0], n) if len(tables) == 1 else expand(tables, n)
