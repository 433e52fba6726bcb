"""The catalogue: proved counts, every circuit, and the search against its reference and against brute force."""

from itertools import combinations

import numpy as np
import pytest

from fw_circuits.circuits import catalogue
from fw_circuits.circuits.catalogue import (
    COUNTS4,
    COUNTS5,
    cost_table,
    count_by_cost,
    minimal_circuit,
    minimal_cost,
)
from fw_circuits.circuits.exact_search import exact_search, exact_search_python, orbit
from fw_circuits.circuits.tables import variable_table, widen
from fw_circuits.exceptions import CircuitError, FormatError, InputError


def test_every_function_has_a_circuit_of_its_cost():
    cost = cost_table()
    assert tuple(np.bincount(cost).tolist()) == COUNTS4
    circuits = [minimal_circuit(table, 4) for table in range(1 << 16)]
    assert [circuit.n_gates for circuit in circuits] == cost.tolist()
    assert [circuit.truth_table() for circuit in circuits] == list(range(1 << 16))
    assert all(1 <= a < b for circuit in circuits for _, a, b in circuit.gates)


def test_the_search_reproduces_the_published_counts_and_the_data_file(monkeypatch):
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "compiled")  # the reference takes minutes for this
    assert count_by_cost(4, 7) == COUNTS4
    assert count_by_cost(5, 5) == COUNTS5[:6]
    assert sum(COUNTS4) == 1 << 16
    with np.load(catalogue.PATH) as data:
        for key, value in catalogue.search_classes().items():
            assert np.array_equal(data[key], value)
    assert catalogue.PATH.stat().st_size < 200_000


@pytest.mark.parametrize(("n", "gates"), [(0, 1), (1, 2), (2, 7), (3, 7), (4, 4), (5, 2)])
def test_the_compiled_search_equals_its_reference(n, gates, monkeypatch):
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "compiled")
    for compiled, reference in zip(exact_search(n, gates), exact_search_python(n, gates), strict=True):
        assert np.array_equal(compiled, reference)
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "python")
    assert count_by_cost(n, gates) == tuple(exact_search_python(n, gates).counts)


def sets_of_functions(n, gates):
    """Least number of gates by brute force: all sets of functions that a number of gates can compute."""
    start = frozenset({0, (1 << (1 << n)) - 1, *(variable_table(i, n) for i in range(n))})
    ones = (1 << (1 << n)) - 1
    cost, layer = dict.fromkeys(start, 0), {start}
    cost.update({ones ^ f: 0 for f in start})
    for size in range(1, gates + 1):
        grown = set()
        for known in layer:
            for f, g in combinations(sorted(known), 2):
                for h in (f & g, f & ~g, g & ~f, f | g, f ^ g):
                    if h not in known and ones ^ h not in known:
                        cost.setdefault(h, size)
                        cost.setdefault(ones ^ h, size)
                        grown.add(known | {h})
        layer = grown
    return cost


@pytest.mark.parametrize(("n", "gates"), [(2, 2), (3, 3), (4, 2)])
def test_costs_equal_those_of_brute_force(n, gates):
    cost = sets_of_functions(n, gates)
    for table in range(1 << (1 << n)):
        if (least := minimal_cost(table, n)) <= gates:
            assert cost[table] == least
        else:
            assert table not in cost


def test_fewer_inputs_are_looked_up_in_the_same_table():
    for n in range(4):
        for table in range(1 << (1 << n)):
            circuit = minimal_circuit(table, n)
            assert circuit.n_inputs == n and circuit.truth_table() == table
            assert circuit.n_gates == minimal_cost(table, n) == cost_table()[widen(table, n)]
    assert minimal_cost(0, 0) == 0 and minimal_cost(1, 1) == 0
    assert cost_table() is cost_table() and not cost_table().flags.writeable


def test_an_orbit_has_one_cost():
    for table in (0x8000, 0x1668, 0x6996, 0xCA00):
        assert len({int(cost_table()[t]) for t in orbit(table, 4)}) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: minimal_cost(0, 5), CircuitError, "n is 5"),
        (lambda: minimal_cost(16, 2), CircuitError, "expected 0 to 15"),
        (lambda: minimal_circuit(-1, 4), CircuitError, "table is -1"),
        (lambda: count_by_cost(6, 1), InputError, "n is 6"),
        (lambda: count_by_cost(5, 7), InputError, r"expected 0\.\.6"),
        (lambda: count_by_cost(4, -1), InputError, "max_gates is -1"),
    ],
)
def test_wrong_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.fixture
def fresh_load():
    catalogue.load.cache_clear()
    yield
    catalogue.load.cache_clear()


def test_the_command_searches_writes_and_compares(tmp_path, monkeypatch, capsys, fresh_load):
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "compiled")
    monkeypatch.setattr(catalogue, "PATH", tmp_path / "catalogue4.npz")
    with pytest.raises(FormatError, match="--write"):
        catalogue.load()
    assert catalogue.main(["--write"]) == 0 and catalogue.main([]) == 0
    assert "65536 functions" in capsys.readouterr().out
    np.savez(tmp_path / "damaged.npz", table=np.zeros(1), cost=np.zeros(1), steps=np.zeros((1, 7, 3)))
    monkeypatch.setattr(catalogue, "PATH", tmp_path / "damaged.npz")
    catalogue.load.cache_clear()
    with pytest.raises(FormatError, match="covers"):
        catalogue.load()
