"""Functions of n inputs with n - 1 or n gates, against the exact search."""

from functools import cache

import numpy as np
import pytest

from fw_circuits.circuits.catalogue import COUNTS5, minimal_cost
from fw_circuits.circuits.exact_search import exact_search, pattern_maps
from fw_circuits.circuits.read_once import (
    KINDS,
    core_tables,
    read_once_circuit,
    read_once_tables,
)
from fw_circuits.circuits.tables import tables_of, values_of
from fw_circuits.exceptions import CircuitError


@cache
def searched(n, gates):
    """Normal functions that depend on all n inputs and need this many gates, from the classes of the search."""
    result = exact_search(n, gates)
    maps = pattern_maps(n)[2]
    parts = []
    for table in result.table[result.cost == gates]:
        values = values_of(np.array([table], np.uint64), n)[0]
        parts.append(tables_of(values[maps] ^ values[maps[:, :1]]))
    tables = np.unique(np.concatenate(parts))
    values, v = values_of(tables, n), np.arange(1 << n)
    depends = [(values != values[:, v ^ 1 << i]).any(axis=1) for i in range(n)]
    return tables[np.logical_and.reduce(depends)]


@pytest.mark.parametrize(("n", "gates"), [kind for kind in KINDS if kind[0] <= 5])
def test_replacing_inputs_by_gates_reaches_exactly_the_functions_of_that_size(n, gates):
    assert read_once_tables(n, gates).tolist() == searched(n, gates).tolist()


@pytest.mark.parametrize(("gates", "smaller"), [(4, 10528 * 5 + 24 * 10), (5, 24184 * 5)])
def test_counts_agree_with_those_published_for_five_inputs(gates, smaller):
    # COUNTS5 without the functions that ignore an input: of four inputs 10624 - 4 * 24 and 24184 depend on all,
    # of three 24 need four gates.
    assert 2 * len(read_once_tables(5, gates)) == COUNTS5[gates] - smaller


def test_formulas_of_six_inputs_are_closed_under_symmetry_and_restrict_to_formulas_of_five():
    tables = read_once_tables(6, 5)
    assert len(np.unique(tables)) == len(tables) and not (tables & np.uint64(1)).any()
    values, v = values_of(tables, 6), np.arange(64)
    exchanged = v & ~3 | (v & 1) << 1 | v >> 1 & 1
    rotated = (v << 1 | v >> 5) & 63
    for new in (v ^ 1, exchanged, rotated):  # they generate all permutations and complementations
        moved = values[:, new]
        assert (np.sort(tables_of(moved ^ moved[:, :1])) == tables).all()
    # A formula that depends on all of six inputs has a restriction that depends on five: one of five inputs.
    half = values[:, :32]
    depends = [(half != half[:, np.arange(32) ^ 1 << i]).any(axis=1) for i in range(5)]
    whole = tables_of(half[np.logical_and.reduce(depends)])
    assert np.isin(whole, read_once_tables(5, 4)).all() and len(whole) > 0


@pytest.mark.parametrize(("n", "gates"), [kind for kind in KINDS if kind[0] >= 4])
def test_circuits_are_smallest_and_compute_their_function(n, gates):
    rng = np.random.default_rng(n + gates)
    full = (1 << (1 << n)) - 1
    for pool in (read_once_tables(n, gates), core_tables(n, gates)):
        for table in rng.choice(pool, min(len(pool), 120), replace=False).tolist():
            for one in (table, table ^ full):
                circuit = read_once_circuit(one, n)
                assert circuit.truth_table() == one and circuit.n_gates == gates
                if n == 4:
                    assert minimal_cost(one, n) == gates
                assert all(gate.a < gate.b and gate.a > 0 for gate in circuit.gates)


def test_other_functions_are_refused():
    majority = sum(1 << v for v in range(32) if v.bit_count() >= 3)
    with pytest.raises(CircuitError, match="more than 5 gates"):
        read_once_circuit(majority, 5)
    with pytest.raises(CircuitError, match="more than 5 gates, or does not read all"):
        read_once_circuit(0x88888888, 5)
    with pytest.raises(CircuitError, match="expected one of"):
        read_once_tables(6, 6)
