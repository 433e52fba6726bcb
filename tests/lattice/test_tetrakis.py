"""Atoms: agreement of their two evaluations, and the properties of Tetrakis functions on real circuits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.tetrakis import Atom, evaluate
from tests.helpers.atoms import hard_points, random_atom, random_circuit, random_lattice

FEW = settings(max_examples=40, deadline=None)


@FEW
@given(st.integers(0, 2**32), st.sampled_from(["minmax", "quantile"]))
def test_call_agrees_with_evaluate(kernels, seed, domain):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fw_circuits.tetrakis.atom.BLOCK_BYTES", 1)
        patch.setattr("fw_circuits.tetrakis.values.BLOCK_BYTES", 1)
        rng = np.random.default_rng(seed)
        level = int(rng.integers(1, 5))
        lattice = random_lattice(rng, int(rng.integers(1, 7)), (level,), domain)
        X = hard_points(rng, lattice, level, 100)
        atoms = [random_atom(rng, lattice, level) for _ in range(4)]
        values = evaluate(atoms, lattice.rows(X, level))
        assert values.shape == (100, 4) and np.all(np.abs(values) <= 1)
        for j, atom in enumerate(atoms):
            np.testing.assert_allclose(atom(X), values[:, j], atol=1e-12, rtol=0)


@FEW
@given(st.integers(0, 2**32))
def test_equals_the_circuit_on_the_grid(seed):
    """Bits of the grid point, taken here by shifting, against the atom at the raw point."""
    rng = np.random.default_rng(seed)
    level = int(rng.integers(1, 5))
    lattice = Lattice(3, (level,), ((0.0, 1.0), (-2.0, 5.0), (10.0, 11.0)))
    atom = random_atom(rng, lattice, level, max_inputs=6)
    grid = rng.integers(0, 1 << level, size=(50, 3))
    X = np.array([0.0, -2.0, 10.0]) + grid / ((1 << level) - 1) * np.array([1.0, 7.0, 1.0])
    bits = np.stack([grid[:, i // level] >> (i % level) & 1 for i in atom.literals], axis=1)
    np.testing.assert_array_equal(atom(X), 2.0 * atom.circuit.evaluate(bits)[:, 0] - 1)


@FEW
@given(st.integers(0, 2**32))
def test_complement_negates(seed):
    rng = np.random.default_rng(seed)
    lattice = random_lattice(rng, 4, (2,))
    atom = random_atom(rng, lattice, 2)
    c = atom.circuit
    opposite = Atom(Circuit(c.n_inputs, c.gates, (c.outputs[0] ^ 1,)), 2, atom.literals, lattice)
    X = hard_points(rng, lattice, 2, 50)
    np.testing.assert_array_equal(atom(X), -opposite(X))


def test_outside_the_domain_is_the_nearest_edge():
    lattice = Lattice.fit([[0.0, 0.0], [1.0, 2.0]], levels=(2,))
    atom = Atom(Circuit(2, (Gate(6, 1, 2),), (6,)), 2, (1, 2), lattice)
    np.testing.assert_array_equal(atom([[-5.0, 9.0], [3.0, 0.5]]), atom([[0.0, 2.0], [1.0, 0.5]]))


def test_support_ignores_inputs_that_do_not_matter():
    lattice = Lattice.boolean(5)
    atom = Atom(Circuit(3, (Gate(8, 1, 3), Gate(6, 1, 2)), (8,)), 1, (4, 2, 0), lattice)
    assert atom.support == (0, 4) and atom.n_gates == 2 and atom.cost == 2
    X = np.random.default_rng(0).random((20, 5))
    np.testing.assert_allclose(atom(X), 2 * np.minimum(X[:, 0], X[:, 4]) - 1, atol=1e-12)
    constant = Atom(Circuit(1, (), (1,)), 1, (3,), lattice)
    assert constant.support == () and constant.cost == 1 and np.all(constant(X) == 1)
    np.testing.assert_array_equal(evaluate([constant], lattice.rows(X, 1)), np.ones((20, 1)))


def test_equality_hash_key_and_formula():
    a, b = Lattice.boolean(3), Lattice.fit(np.eye(3), levels=(1, 2))
    circuit = Circuit(2, (Gate(8, 1, 2),), (6,))
    assert Atom(circuit, 1, (0, 2), a) == Atom(circuit, 1, (0, 2), b)
    assert len({Atom(circuit, 1, (0, 2), a), Atom(circuit, 1, (0, 2), b), Atom(circuit, 2, (0, 2), b)}) == 2
    atom = Atom(circuit, 2, (0, 3), b)
    assert atom.key == Atom(circuit, 2, (0, 3), b).key and atom.key != Atom(circuit, 2, (0, 2), b).key
    assert atom.formula() == "x0[0] & x1[1]" and atom.formula(["p", "q", "r"]) == "p[0] & q[1]"


def test_atoms_that_do_not_fit_the_lattice_are_refused():
    lattice = Lattice.boolean(3)
    rng = np.random.default_rng(0)
    two = Circuit(2, (Gate(8, 1, 2),), (6, 7))
    for circuit, level, literals in [
        (two, 1, (0, 1)),
        (random_circuit(rng, 2, 1), 1, (0,)),
        (random_circuit(rng, 1, 1), 1, (3,)),
        (random_circuit(rng, 1, 1), 2, (0,)),
    ]:
        with pytest.raises(InputError):
            Atom(circuit, level, literals, lattice)
    wide = Lattice.fit(np.eye(4), levels=(1, 2))
    atom = Atom(random_circuit(rng, 1, 1), 1, (3,), wide)
    with pytest.raises(InputError, match="rows have 3"):
        evaluate([atom], lattice.rows(np.eye(3), 1))
    with pytest.raises(InputError, match="rows of level 2"):
        evaluate([atom], wide.rows(np.eye(4), 2))
    with pytest.raises(InputError, match="expects 4"):
        atom(np.eye(3))
