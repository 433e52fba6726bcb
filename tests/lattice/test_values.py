"""Values of many atoms at once: those of each atom alone, bit for bit, on rows of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits._bits import pack_bits, unpack_bits
from fw_circuits._kernels import select
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.circuits.batch import Batch, evaluate_numpy
from fw_circuits.lattice import Lattice, reference, triangulate, triangulate_columns
from fw_circuits.tetrakis import Atom, Combination, evaluate, values
from tests.helpers.atoms import hard_points, random_atom, random_circuit, random_lattice

FEW = settings(max_examples=40, deadline=None)


def one_by_one(atom, X):
    """Triangulated in the atom's own coordinates; sums of multiples of 2^-44 are exact in any order."""
    k, read = atom.level, sorted({i // atom.level for i in atom.literals})
    z = atom.lattice.transform(X, read) * ((1 << k) - 1)
    indptr, keys, weights = reference.j1(z, k)
    bits = unpack_bits(keys, len(read) * k)[:, [read.index(i // k) * k + i % k for i in atom.literals]]
    return np.add.reduceat(weights * (2.0 * atom.circuit.evaluate(bits)[:, 0] - 1), indptr[:-1])


def some_atoms(rng, levels, domain="minmax", d=6, m=7):
    lattice = random_lattice(rng, d, levels, domain)
    return lattice, [random_atom(rng, lattice, int(rng.choice(levels))) for _ in range(m)]


@FEW
@given(
    st.integers(0, 2**32),
    st.sampled_from(["minmax", "quantile"]),
    st.sampled_from([(1, 48), (1 << 23, 48), (1, 3), (1 << 23, 1)]),
)
def test_together_equals_one_by_one(kernels, seed, domain, sizes):
    rng = np.random.default_rng(seed)
    lattice, atoms = some_atoms(rng, (1, 2, 4) if rng.random() < 0.5 else (2,), domain)
    X = hard_points(rng, lattice, 2, 150)
    expected = np.array([one_by_one(atom, X) for atom in atoms])
    f = Combination(tuple(atoms), rng.normal(size=len(atoms)), 0.25, lattice)
    total = np.full(len(X), 0.25)
    for b, column in zip(f.coef, expected, strict=True):
        total += b * column
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "BLOCK_BYTES", sizes[0])
        patch.setattr(values, "WIDEST", sizes[1])
        np.testing.assert_array_equal(values.values_at(atoms, lattice, X), expected)
        np.testing.assert_array_equal(f(X), total)
        np.testing.assert_array_equal(f(X[37:38]), total[37:38])


@FEW
@given(st.integers(0, 2**32), st.sampled_from([np.uint8, bool, np.int64, np.float32, np.float64]), st.booleans())
def test_rows_of_ends_are_packed_whatever_their_type_and_order(kernels, seed, dtype, fortran):
    rng = np.random.default_rng(seed)
    lattice = Lattice.fit(np.eye(9), levels=(1, 3))
    atoms = [random_atom(rng, lattice, k) for k in (1, 3, 3, 1)]
    f = Combination(tuple(atoms), rng.normal(size=4), -1.0, lattice)
    X = np.array(rng.integers(0, 2, (130, 9)), dtype, order="F" if fortran else "C")
    exact = np.array([one_by_one(atom, X) for atom in atoms])
    assert values.Plan(atoms, lattice).bits(X) is not None and set(np.unique(exact)) <= {-1.0, 1.0}
    np.testing.assert_array_equal(f(X), f(X.astype(float) + 0.0))
    np.testing.assert_array_equal(values.values_at(atoms, lattice, X), exact)


def test_a_number_between_the_ends_is_not_taken_for_one(kernels):
    lattice = Lattice(2, (1,), ((0.0, 2.0), (5.0,)))
    atom = Atom(Circuit(2, (Gate(14, 1, 2),), (6,)), 1, (0, 1), lattice)
    plan = values.Plan([atom], lattice)
    assert plan.bits(np.array([[0.0, 9.0], [2.0, 1.0]])) is not None
    for x in (1e-300, 1.0, np.nextafter(2.0, 0.0)):
        assert plan.bits(np.array([[0.0, 9.0], [x, 1.0]])) is None
    assert atom([[-1.0, 6.0], [3.0, 4.0], [0.5, 5.0]]).tolist() == [-1.0, 1.0, -0.5]


@FEW
@given(st.integers(0, 2**32), st.integers(1, 5), st.sampled_from([1, 3, 31, 70, 140]))
def test_columns_are_the_vertices_transposed(seed, level, d):
    rng = np.random.default_rng(seed)
    z = rng.uniform(0, (1 << level) - 1, (23, d))
    z = np.where(rng.random(z.shape) < 0.3, np.rint(z), z)
    z = np.where(rng.random(z.shape) < 0.3, np.floor(4 * z) / 4, z)
    indptr, keys, weights = triangulate(z, level)
    ends, words, same = triangulate_columns(z, level)
    np.testing.assert_array_equal(ends, indptr)
    np.testing.assert_array_equal(same, weights)
    np.testing.assert_array_equal(words, reference.transpose_bits(keys, d * level))
    np.testing.assert_array_equal(ends, reference.j1(z, level)[0])


@FEW
@given(st.integers(0, 2**32), st.integers(1, 300))
def test_the_kernels_equal_their_references(seed, n):
    rng = np.random.default_rng(seed)
    circuits = [random_circuit(rng, int(rng.integers(0, 6)), int(rng.integers(0, 40))) for _ in range(5)]
    batch = Batch.of(circuits, [rng.integers(0, 8, c.n_inputs).tolist() for c in circuits])
    words = pack_bits(rng.integers(0, 2, (8, n)))
    bits = evaluate_numpy(words, batch.gates, batch.gate_start, batch.inputs, batch.input_start, batch.outputs)
    np.testing.assert_array_equal(batch.evaluate(words), bits)
    np.testing.assert_array_equal(batch.take(np.array([1, 3])).evaluate(words), bits[[1, 3]])
    for row, circuit, start in zip(bits, circuits, batch.input_start, strict=False):
        own = batch.inputs[start : start + circuit.n_inputs]
        np.testing.assert_array_equal(row, circuit.evaluate_words(words[own])[0])
    kernels, coef, total = select("_circuits", None), rng.normal(size=5), rng.normal(size=n)
    first, second = total.copy(), total.copy()
    kernels.add_signed(bits, coef, first)
    values.add_signed_numpy(bits, coef, second)
    np.testing.assert_array_equal(first, second)
    ends = np.unique(
        np.r_[0, rng.integers(0, n, n // int(rng.integers(1, 80))), n]
    )  # some points of 64 and more vertices
    weights = np.concatenate([shares(rng, k) for k in np.diff(ends)])
    exact = values.interpolate_numpy(bits, ends, weights)
    np.testing.assert_array_equal(kernels.interpolate(bits, ends, weights.copy()), exact)
    sums = np.zeros(len(ends) - 1)
    kernels.add_interpolated(bits, ends, weights.copy(), coef, sums)
    np.testing.assert_array_equal(sums, sum(b * column for b, column in zip(coef, exact, strict=True)))


def shares(rng, k):
    """k positive multiples of 2^-44 that sum to 1."""
    cuts = np.sort(rng.choice(np.arange(1, 1 << 20), k - 1, replace=False)) / (1 << 20)
    return np.diff(np.r_[0.0, cuts, 1.0])


def test_atoms_of_ones_own_stay_in_their_place(kernels):
    """Sums are taken in the order of the atoms, those of another lattice or of no lattice among them."""
    rng = np.random.default_rng(3)
    lattice, atoms = some_atoms(rng, (1, 2), m=4)
    other = random_atom(rng, random_lattice(rng, 6, (1,)), 1)
    X = hard_points(rng, lattice, 1, 40)
    parts = (atoms[0], lambda points: points[:, 0] / 3, atoms[1], atoms[2], other, atoms[3])
    f = Combination(parts, rng.normal(size=6), 0.5, lattice)
    total = np.full(40, 0.5)
    for b, atom in zip(f.coef, parts, strict=True):
        total += b * atom(X)
    np.testing.assert_array_equal(f(X), total)
    np.testing.assert_array_equal(Combination((), np.zeros(0), 0.5, lattice)(X), np.full(40, 0.5))
    assert f(X[:0]).shape == (0,)


def test_constant_circuits_and_inputs_that_are_not_read(kernels):
    lattice = Lattice.boolean(5)
    true = Atom(Circuit(0, (), (1,)), 1, (), lattice)
    unread = Atom(Circuit(3, (Gate(8, 1, 3), Gate(6, 1, 2)), (8,)), 1, (4, 2, 0), lattice)
    X = np.random.default_rng(0).random((20, 5))
    both = values.values_at([true, unread], lattice, X)
    np.testing.assert_array_equal(both[0], np.ones(20))
    np.testing.assert_array_equal(both[1], one_by_one(unread, X))
    np.testing.assert_array_equal(true(np.eye(5)), np.ones(5))
    np.testing.assert_allclose(evaluate([true, unread], lattice.rows(X, 1)), both.T, atol=1e-15)
