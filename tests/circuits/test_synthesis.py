"""Circuits from truth tables: the meaning is kept, decompositions are found, known kinds have known sizes."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.catalogue import minimal_cost
from fw_circuits.circuits.decomposition import LARGEST_BOUND, split_off
from fw_circuits.circuits.families import values_by_popcount
from fw_circuits.exceptions import CircuitError


def bits_of(table, n):
    """Values at the patterns 0, 1, .. as an array."""
    return np.array([table >> v & 1 for v in range(1 << n)])


def table_of(values):
    return sum(int(bool(value)) << v for v, value in enumerate(values))


def composed(parts, n):
    """``outer(rest, inner(bound))`` pattern by pattern, by another route than the search."""
    rest = [i for i in range(n) if i not in parts.bound]
    values = []
    for v in range(1 << n):
        inside = sum((v >> i & 1) << p for p, i in enumerate(parts.bound))
        at = sum((v >> i & 1) << p for p, i in enumerate(rest)) + ((parts.inner >> inside & 1) << len(rest))
        values.append(parts.outer >> at & 1)
    return table_of(values)


def decomposes(table, n, bound):
    """Whether at most two functions of the rest remain when the inputs of ``bound`` are fixed."""
    v, mask = np.arange(1 << n), sum(1 << i for i in bound)
    values = bits_of(table, n)
    seen = {tuple(values[(v & mask) == fixed]) for fixed in set((v & mask).tolist())}
    return len(seen) == 2


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(0, 8))
def test_a_table_comes_back_from_its_circuit(data, n):
    table = data.draw(st.integers(0, 2 ** (2**n) - 1))
    circuit = Circuit.from_truth_table(table, n)
    assert circuit.n_inputs == n and circuit.truth_table() == table
    if n <= 4:
        assert circuit.n_gates == minimal_cost(table, n)


def test_structured_tables_of_many_inputs_give_small_circuits():
    n = 12
    counts = np.bitwise_count(np.arange(1 << n, dtype=np.uint32))
    for values, most in ((counts % 2, n - 1), (counts == n, n - 1), (counts > 0, n - 1), (counts * 0 + 1, 0)):
        table = int("".join("01"[int(v)] for v in values[::-1]), 2)
        circuit = Circuit.from_truth_table(table, n)
        assert circuit.truth_table() == table and circuit.n_gates <= most
    pair = Circuit.from_truth_table((0x96, 0xE8), 3)
    assert pair.truth_table() == (0x96, 0xE8) and pair.n_gates <= 6
    table = (1 << 65535) | 1 << 7
    assert Circuit.from_truth_table(table, 16).truth_table() == table


def test_wrong_tables_are_refused():
    with pytest.raises(CircuitError, match="n is 17"):
        Circuit.from_truth_table(0, 17)
    with pytest.raises(CircuitError, match="2\\^5 bits"):
        Circuit.from_truth_table(1 << 32, 5)
    with pytest.raises(CircuitError, match=r"table is 4 .3 bits.; expected 0 to 3"):
        Circuit.from_truth_table(4, 1)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), n=st.integers(4, 7))
def test_a_planted_decomposition_is_found_and_gives_the_function_back(data, n):
    size = data.draw(st.integers(2, min(LARGEST_BOUND, n - 2)))
    bound = tuple(sorted(data.draw(st.permutations(range(n)))[:size]))
    inner = data.draw(st.integers(1, 2 ** (2**size) - 2))
    outer = data.draw(st.integers(1, 2 ** (2 ** (n - size + 1)) - 2))
    planted = type("Planted", (), {"bound": bound, "inner": inner, "outer": outer})
    table = composed(planted, n)
    found = split_off(table, n)
    if decomposes(table, n, bound):  # an outer function may ignore the bit
        assert found is not None and len(found.bound) <= size
    if found is not None:
        assert composed(found, n) == table and decomposes(table, n, found.bound)


@settings(max_examples=60, deadline=None)
@given(table=st.integers(1, 2**32 - 2))
def test_no_decomposition_is_missed(table):
    exists = any(decomposes(table, 5, bound) for size in (2, 3) for bound in combinations(range(5), size))
    assert (split_off(table, 5) is not None) == exists


@pytest.mark.parametrize("h", [2, 3, 4, 5, 6])
def test_comparators_and_carries_come_out_as_chains(h):
    v = np.arange(1 << (2 * h))
    a, b = v & ((1 << h) - 1), v >> h
    for values in (a > b, a + b >= 1 << h):
        circuit = Circuit.from_truth_table(table_of(values), 2 * h)
        assert circuit.truth_table() == table_of(values) and circuit.n_gates == 4 * h - 3
    assert Circuit.from_truth_table(table_of(a == b), 2 * h).n_gates == 2 * h - 1


@pytest.mark.parametrize(
    ("n", "least", "most"), [(5, 3, 10), (6, 3, 15), (7, 4, 18)], ids=["3 of 5", "3 of 6", "4 of 7"]
)
def test_thresholds_are_counted(n, least, most):
    table = table_of(np.bitwise_count(np.arange(1 << n, dtype=np.uint32)) >= least)
    assert values_by_popcount(table, n) == (0,) * least + (1,) * (n + 1 - least)
    circuit = Circuit.from_truth_table(table, n)
    assert circuit.truth_table() == table and circuit.n_gates <= most


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.integers(0, 1), min_size=2, max_size=7), spoiled=st.integers(0, 126))
def test_only_symmetric_tables_have_values_by_popcount(values, spoiled):
    n = len(values) - 1
    table = sum(values[v.bit_count()] << v for v in range(1 << n))
    assert values_by_popcount(table, n) == tuple(values)
    other = table ^ 1 << spoiled % (1 << n)
    alone = spoiled % (1 << n) in (0, (1 << n) - 1)  # the only pattern with its number of ones
    assert bool(values_by_popcount(other, n)) == alone
