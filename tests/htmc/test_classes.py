"""Norms by class: every function of two and three inputs, all 222 classes of four, ties."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from fw_circuits import htmc
from fw_circuits.exceptions import InputError
from fw_circuits.htmc.classes import class_norm
from tests.helpers.norms import every_function


def npn_orbit(table, n):
    """All functions that permuting and complementing inputs and output make of one."""
    for order in itertools.permutations(range(n)):
        for flips in range(1 << n):
            at = [sum((v >> order[i] & 1) << i for i in range(n)) ^ flips for v in range(1 << n)]
            moved = sum((table >> at[v] & 1) << v for v in range(1 << n))
            yield from (moved, moved ^ ((1 << (1 << n)) - 1))


@pytest.mark.parametrize("n", [2, 3])
def test_classes_cover_all_functions_and_share_their_norm(n):
    rows = htmc.norm_table(2.5, n)
    orbits = {int(row.table, 16): set(npn_orbit(int(row.table, 16), n)) for row in rows}
    assert set.union(*orbits.values()) == set(range(1 << (1 << n)))
    assert all(min(orbit) == table for table, orbit in orbits.items())
    for row, orbit in zip(rows, orbits.values(), strict=True):
        assert row.size == len(orbit)
        for table in sorted(orbit)[:: 1 if n == 2 else 9]:
            assert htmc.exact_norm(table, n, 2.5).value == pytest.approx(row.norm, rel=1e-9)


def test_all_222_classes():
    rows = htmc.norm_table(2.5)
    assert [len(rows), sum(row.size for row in rows)] == [222, 1 << 16]
    assert np.bincount([row.gates for row in rows]).tolist() == [2, 2, 5, 20, 34, 75, 72, 12]  # theory, section 1
    for row in rows:
        assert row.own == pytest.approx(max(1, row.gates) ** (1 / 2.5))
        assert row.norm - 1e-9 <= row.lower <= row.norm * (1 + 1e-12)
        assert row.norm == min(row.own, row.others) and row.extreme == (row.own < row.others * (1 - 1e-9))
        assert (row.n_atoms == 1) == (row.ratio == 1.0)
    # Found here, proved by the two ends: all but "exactly one" and "at most one" of four are extreme.
    assert [row.table for row in rows if not row.extreme] == ["0x0116", "0x0117"]
    for row in rows[::37]:
        found = htmc.exact_norm(int(row.table, 16), 4, 2.5)
        assert found.value == pytest.approx(row.norm, rel=1e-9) and found.lower == pytest.approx(row.lower, rel=1e-9)


def test_a_tie_is_no_extreme_point():
    # Half the sum of four signed functions of cost 1, so 2 at every gamma; its five gates cost 2 at this one.
    row = class_norm(0x1BD8, 1, 4, np.log(5) / np.log(2))
    assert row.others == pytest.approx(2.0) and row.own == pytest.approx(2.0) and row.gates == 5
    assert not row.extreme and row.n_atoms == 1
    assert class_norm(0x1BD8, 1, 4, 3.0).extreme and class_norm(0x1BD8, 1, 4, 2.0).n_atoms == 4


def test_the_cost_as_others_leaves_the_function_out():
    signs, kappa = every_function(3)
    for row in htmc.norm_table(3.0, 3):
        f = signs[:, int(row.table, 16)]
        keep = np.abs(f @ signs) < 8  # neither the function nor its complement
        T, prices = signs[:, keep], kappa[keep] ** (1 / 3.0)
        others = linprog(prices, A_eq=T, b_eq=f).fun  # complements are columns, too
        assert row.others == pytest.approx(others, rel=1e-7)


def test_five_inputs_have_no_table():
    with pytest.raises(InputError, match="0 to 4"):
        htmc.norm_table(3.0, 5)
