"""Compiled networks equal the combination of atoms everywhere, and cost what the theory says (section 6)."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.circuits.families import parity_circuit
from fw_circuits.circuits.passes import strash, sweep
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import Box, activation_bounds, compile_resnet
from fw_circuits.resnet.compile.builder import Builder, Expr
from fw_circuits.resnet.compile.compiler import EXACT_ON
from fw_circuits.resnet.compile.forms import Forms
from fw_circuits.resnet.compile.gadgets import Coordinate, comparators, folds, sort_descending, triangle_wave
from fw_circuits.tetrakis import Atom
from tests.helpers.atoms import hard_points, random_atom, random_circuit, random_lattice

FEW = settings(max_examples=200, deadline=None)


@pytest.mark.filterwarnings("ignore:exact_on='corners'")
@pytest.mark.parametrize("exact_on", EXACT_ON)
@FEW
@given(st.integers(0, 2**32), st.sampled_from(["minmax", "quantile"]))
def test_network_equals_the_combination(exact_on, seed, domain):
    rng = np.random.default_rng(seed)
    levels = sorted({int(k) for k in rng.integers(1, 5, size=2)})
    d = int(rng.integers(1, 7))
    lattice = random_lattice(rng, d, levels, domain)
    atoms = [random_atom(rng, lattice, int(rng.choice(levels)), max_inputs=6) for _ in range(3)]
    coef, intercept = rng.normal(size=3), rng.normal()
    net = compile_resnet(atoms, coef, intercept, lattice, exact_on)
    X, box = np.concatenate([hard_points(rng, lattice, level, 60) for level in levels]), Box.of(lattice, d)
    if exact_on == "corners":
        X = np.where(np.arange(1 << d)[:, None] >> np.arange(d) & 1, box.high, box.low)
    elif exact_on == "domain":
        X = np.clip(X, box.low, box.high)
        assert net.n_neurons <= compile_resnet(atoms, coef, intercept, lattice).n_neurons + d
    expected = intercept + sum(w * atom(X) for w, atom in zip(coef, atoms, strict=True))
    np.testing.assert_allclose(net.forward(X), expected, atol=1e-11 if exact_on == "corners" else 1e-9, rtol=0)


@pytest.mark.parametrize("level", range(1, 7))
def test_every_literal_of_a_level(level):
    """A dense sweep through the domain, with every bit of one coordinate and its product with another one."""
    lattice = Lattice(2, (level,), ((0.0, 1.0),) * 2)
    x = np.linspace(-0.1, 1.1, 40 * 2**level + 1)
    X = np.stack([x, np.random.default_rng(0).permutation(x)], axis=1)
    X = np.concatenate([X, np.arange(2**level)[:, None].repeat(2, 1) / (2**level - 1)])
    for p in range(level):
        wire = Atom(Circuit(1, (), (2,)), level, (p,), lattice)
        pair = Atom(Circuit(2, (Gate(8, 1, 2),), (6,)), level, (p, level + (p + 1) % level), lattice)
        net = compile_resnet([wire, pair], [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], lattice)
        np.testing.assert_allclose(net.forward(X), np.stack([wire(X), pair(X)], 1), atol=1e-11, rtol=0)


def test_offsets_large_against_the_range():
    """Timestamps: the network subtracts before it divides, so nothing is lost."""
    lattice = Lattice.fit(1.7e9 + np.random.default_rng(0).random((50, 3)), levels=(3,))
    X = 1.7e9 + np.random.default_rng(1).uniform(-0.5, 1.5, (200, 3))
    X[0], X[1] = -1e15, 1e15
    atom = random_atom(np.random.default_rng(5), lattice, 3)
    net = compile_resnet([atom], [1.0], 0.0, lattice)
    np.testing.assert_allclose(net.forward(X), atom(X), atol=1e-9, rtol=0)


def one_form(lattice, atom, name, normalise=True):
    """The network of one form of an atom; None where the form does not apply."""
    forms = Forms(lattice)
    circuit = sweep(strash(atom.circuit) if normalise else atom.circuit)
    read = {atom.literals[i] // atom.level for i in circuit.support}
    support = tuple(sorted(i for i in read if not forms.coordinate(atom.level, i).constant))
    measure = getattr(forms, name)(circuit, atom.level, atom.literals, support)
    return None if measure is None else forms.builder.assemble([2.0 * measure - 1.0])


@pytest.mark.parametrize("name", ["conjunctions", "merged", "copies"])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), level=st.integers(1, 4), normalise=st.booleans())
def test_every_form_equals_the_atom(name, seed, level, normalise):
    rng = np.random.default_rng(seed)
    lattice = random_lattice(rng, int(rng.integers(1, 6)), [level])
    atom = random_atom(rng, lattice, level)
    net = one_form(lattice, atom, name, normalise)
    assert net is not None  # at most 2^5 conjunctions of 5 literals
    X = hard_points(rng, lattice, level, 100)
    np.testing.assert_allclose(net.forward(X), atom(X), atol=1e-10, rtol=0)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_symmetric_functions_need_sorting_alone(n):
    lattice, rng = Lattice.boolean(n), np.random.default_rng(n)
    X = rng.random((200, n))
    X[100:] = np.rint(4 * X[100:]) / 4
    for _ in range(4):
        by_count = rng.integers(0, 2, n + 1)
        table = sum(int(by_count[v.bit_count()]) << v for v in range(1 << n))
        atom = Atom(Circuit.from_truth_table(table, n), 1, tuple(range(n)), lattice)
        net = one_form(lattice, atom, "symmetric")
        np.testing.assert_allclose(net.forward(X), atom(X), atol=1e-12, rtol=0)
        assert net.n_neurons <= 4 * n + len(list(comparators(n)))
    lopsided = Atom(
        Circuit(n + 1, (Gate(2, 1, n + 1),), (2 * (n + 2),)), 1, tuple(range(n + 1)), Lattice.boolean(n + 1)
    )
    assert one_form(lopsided.lattice, lopsided, "symmetric") is None


def test_deep_copies_stay_exact():
    """Reconvergent chains, whose rounding errors grow exponentially unless restored; long xor chains."""
    lattice = Lattice.boolean(4)
    forms, rng = Forms(lattice), np.random.default_rng(0)
    X = rng.random((300, 4))
    for table in (6, 9, 14, 8):
        gates = [Gate(6, 1, 2), Gate(6, 5, 3)]
        for j in range(2, 120):  # gate j reads gates j - 1 and j - 2, and sometimes an input
            tables = (6, table, 9)
            gates.append(Gate(tables[j % 3], 4 + j, 3 + j if j % 5 else 1 + j % 4))
        atom = Atom(Circuit(4, tuple(gates), (2 * (4 + 120),)), 1, (0, 1, 2, 3), lattice)
        measure = forms.copies(atom.circuit, 1, atom.literals, atom.literals)
        net = forms.builder.assemble([2.0 * measure - 1.0])
        np.testing.assert_allclose(net.forward(X), atom(X), atol=1e-10, rtol=0)
        assert max(block.V.nnz / block.n_neurons for block in net.blocks) < 60
        small = compile_resnet([atom], [1.0], 0.0, lattice)
        np.testing.assert_allclose(small.forward(X), atom(X), atol=1e-10, rtol=0)
        assert small.n_neurons <= 4 * 4 + 11  # the clips, and the conjunctions of 4 literals
    lattice = Lattice.boolean(40)
    parity = Atom(parity_circuit(40), 1, tuple(range(40)), lattice)
    X = rng.random((100, 40))
    X[50:] = X[50:] > 0.5
    net = compile_resnet([parity], [1.0], 0.0, lattice)
    np.testing.assert_allclose(net.forward(X), parity(X), atol=1e-10, rtol=0)


def test_many_outputs_and_no_atoms():
    rng = np.random.default_rng(0)
    lattice = random_lattice(rng, 4, (1, 2))
    atoms = [random_atom(rng, lattice, 1), random_atom(rng, lattice, 2)]
    X, coef = hard_points(rng, lattice, 2, 50), rng.normal(size=(2, 3))
    net = compile_resnet(atoms, coef, [1.0, 2.0, 3.0], lattice)
    expected = np.stack([a(X) for a in atoms], axis=1) @ coef + [1.0, 2.0, 3.0]
    np.testing.assert_allclose(net.forward(X), expected, atol=1e-9)
    empty = compile_resnet([], [], 2.5, lattice)
    assert np.all(empty.forward(X) == 2.5) and empty.n_neurons == 0 and empty.depth == 0
    cancelled = compile_resnet([atoms[1], atoms[1]], [1.0, -1.0], 2.5, lattice)
    assert cancelled.n_neurons == 0 and np.all(cancelled.forward(X) == 2.5)


def test_neuron_counts():
    """Domain map 4 per coordinate, literals at level 1 nothing, and one relu for all functions of two literals."""
    lattice = Lattice.boolean(4)
    literals = [Atom(Circuit(1, (), (2 + complement,)), 1, (i,), lattice) for i in range(4) for complement in (0, 1)]
    assert compile_resnet(literals, np.arange(8.0), 0.0, lattice).n_neurons == 16  # only the clipping
    pairs = [Atom(Circuit(2, (Gate(table, 1, 2),), (6,)), 1, (0, 1), lattice) for table in (1, 2, 6, 8, 14)]
    net = compile_resnet(pairs, np.arange(1.0, 6.0), 0.0, lattice)
    assert (net.n_neurons, net.depth) == (4 * 2 + 1, 3)
    # Dead gates and gates on constants cost nothing.
    padded = Circuit(3, (Gate(6, 1, 3), Gate(8, 1, 2), Gate(14, 5, 0), Gate(8, 6, 6)), (14,))
    assert compile_resnet([Atom(padded, 1, (0, 1, 2), lattice)], [1.0], 0.0, lattice).n_neurons == 9
    # A formula of intervals from 0: one relu per gate; as many atoms as one likes: 11 conjunctions of 4 literals.
    formula = Atom(Circuit(4, (Gate(8, 1, 2), Gate(14, 3, 4), Gate(6, 5, 6)), (14,)), 1, (0, 1, 2, 3), lattice)
    assert compile_resnet([formula], [1.0], 0.0, lattice).n_neurons == 4 * 4 + 3
    rng = np.random.default_rng(0)
    many = [Atom(random_circuit(rng, 4, 6), 1, (0, 1, 2, 3), lattice) for _ in range(50)]
    assert compile_resnet(many, np.ones(50), 0.0, lattice).n_neurons <= 4 * 4 + 11


def test_the_domain_map_adds_nothing_to_R():
    """Its neurons emit nothing on the domain, and an input leaves its coordinate clipped, from however far."""
    lattice = Lattice(3, (2,), ((-5.0, 3.1), (0.0, 0.7), (1e6, 1e6 + 1.3)))
    atom = random_atom(np.random.default_rng(1), lattice, 2)
    net = compile_resnet([atom], [1.0], 0.0, lattice)
    first, second, *rest = activation_bounds(net, domain=lattice)
    assert len(first) == len(second) == 2 * len(atom.support) and max(first.max(), second.max()) < 1e-6
    assert rest and min(h.max() for h in rest) > 0.1
    low, high = np.array(lattice.knots).T
    for excess in (0.0, 1e-3, 1.0, np.pi * 1e8, np.pi * 1e16):
        X = np.array([np.where([j >> i & 1 for i in range(3)], high + excess, low - excess) for j in range(8)])
        np.testing.assert_allclose(net.forward(X), atom(X), atol=1e-9, rtol=0)


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_bits_of_neighbours(level):
    """``(bit p of E) (1 - s)`` and ``(bit p of O) s`` between and at grid points, every bit."""
    n = 2**level - 1
    z = np.linspace(0, n, 16 * n + 1)
    z = z[(z % 2 != 1) | (z == n)]  # where E is not unique its value does not count: 1 - s is 0
    even = 2 * np.rint(z / 2).astype(int)
    odd = np.where(z >= even, even + 1, even - 1)
    s = np.abs(z - even)
    b = Builder(1)
    coordinate = Coordinate(b, Lattice(1, (level,), ((0.0, float(n)),)), level, 0)
    for p in range(level):
        found = b.assemble(coordinate.neighbour_bits(p)).forward(z[:, None])
        expected = np.stack([(even >> p & 1) * (1 - s), (odd >> p & 1) * s], 1)
        expected[z == n, 0] = 0.0  # s = 1
        np.testing.assert_allclose(found, expected, atol=1e-12, rtol=0)


def test_count_against_the_theory():
    """Bits of 4 literals, sorting and gates of a random atom: not more than section 6 asks for."""
    rng = np.random.default_rng(3)
    lattice = Lattice(8, (3,), ((0.0, 1.0),) * 8)
    circuit = Circuit(4, (Gate(6, 1, 2), Gate(14, 5, 3), Gate(9, 6, 4), Gate(7, 7, 1)), (16,))
    literals = (2, 4, 7, 9)  # bits 2, 1, 1, 0 of coordinates 0 to 3
    atom = Atom(circuit, 3, literals, lattice)
    net = compile_resnet([atom], [1.0], 0.0, lattice)
    d, k = 4, 3
    waves = d * (2 + k + 1) + 4 * (2 * (k + 1) + 2)
    sorting = 5 + d
    bits = (d + 1) * 4 * 6
    assert net.n_neurons <= waves + sorting + bits + 4 * (d + 1)
    X = hard_points(rng, lattice, 3, 100)
    np.testing.assert_allclose(net.forward(X), atom(X), atol=1e-11)


def test_comparators_sort():
    for n in range(1, 10):
        for bits in itertools.product([0, 1], repeat=n):
            wires = list(bits)
            for i, j in comparators(n):
                wires[i], wires[j] = max(wires[i], wires[j]), min(wires[i], wires[j])
            assert wires == sorted(bits, reverse=True)
    b = Builder(9)
    net = b.assemble(sort_descending(b, [b.input(i) for i in range(9)]))
    X = np.random.default_rng(0).integers(0, 4, (200, 9)).astype(float)
    np.testing.assert_array_equal(net.forward(X), -np.sort(-X, axis=1))


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_folds(level):
    """Folds give the distance to the nearest even integer."""
    b = Builder(1)
    y = np.linspace(0, 2**level, 32 * 2**level + 1)
    wave = b.assemble([folds(b, b.input(0), level, level)]).forward(y[:, None])
    np.testing.assert_array_equal(wave, np.abs(y - 2 * np.rint(y / 2)))


@FEW
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 3), st.integers(0, 4))
def test_triangle_waves_have_a_peak_at_every_centre(halves, first, margin):
    """Any centres of one parity, symmetric or not, the first and the last at the edges or not."""
    centers = [first, *(first + 2 * np.cumsum(halves))]
    high = int(centers[-1]) + margin
    u = np.linspace(0, high, 16 * high + 1)
    b = Builder(1)
    wave = b.assemble([triangle_wave(b, b.input(0), [int(m) for m in centers], high)]).forward(u[:, None])
    np.testing.assert_array_equal(wave, sum(np.maximum(1 - np.abs(u - m), 0) for m in centers))


@pytest.mark.parametrize(
    ("centers", "R", "neurons"),
    [
        ([0], 1, 1),
        ([7], 1, 1),
        ([2], 5, 2),
        ([5], 5, 2),
        ([0, 2], 5, 3),
        ([3, 7], 8, 3),
        ([1, 3, 5, 7], 13, 4),
    ],
)
def test_triangle_waves_add_little_to_R(centers, R, neurons):
    """On [0, 7]: twice the shorter range for each reflection, and 1 for each peak that is clipped."""
    b = Builder(1)
    net = b.assemble([triangle_wave(b, b.input(0), centers, 7)])
    bracket = net.complexity((0.0, 7.0))
    assert bracket.lower == pytest.approx(R, rel=1e-5) and bracket.upper < 1.5 * R and net.n_neurons == neurons


def test_builder_folds_and_shares():
    b = Builder(2)
    x, y = b.input(0), b.input(1)
    r = b.relu(x)
    assert b.relu(x).terms == r.terms and b.n_neurons == 1
    assert b.relu(x + y).terms == b.relu(y + x).terms
    assert b.relu(-r - 1.0).key == Expr().key and b.relu(r + 1.0).key == (r + 1.0).key and b.n_neurons == 2
    clipped = 1.0 - b.relu(1.0 - r)
    assert b.bounds(clipped) == (0.0, 1.0)
    assert (x * 0.0).key == Expr().key and (3.0 - x).const == 3.0
    other = 1.0 - b.relu(1.0 - b.relu(y))
    before = b.n_neurons
    assert b.minimum(clipped, other).key == b.minimum(other, clipped).key  # relu(-z) = relu(z) - z
    assert b.n_neurons == before + 1
    dead = b.relu(y - 5.0)
    assert b.assemble([clipped]).n_neurons == 2 and dead.terms


def test_parts_that_do_not_fit_are_refused():
    lattice, other = Lattice.boolean(3), Lattice.fit(np.eye(3) * 2, levels=(1,))
    atom = Atom(random_circuit(np.random.default_rng(0), 2, 2), 1, (0, 1), lattice)
    with pytest.raises(InputError, match="another lattice"):
        compile_resnet([atom], [1.0], 0.0, other)
    for coef, intercept in [([1.0, 2.0], 0.0), ([[1.0, 2.0]], 0.0), ([np.nan], 0.0), ([1.0], np.inf)]:
        with pytest.raises(InputError, match="expected"):
            compile_resnet([atom], coef, intercept, lattice)
