"""Random lattices, atoms and points for the tests of Tetrakis functions and compiled networks."""

import numpy as np

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.lattice import Lattice
from fw_circuits.tetrakis import Atom

PROPER_TABLES = (1, 2, 4, 6, 7, 8, 9, 11, 13, 14)


def random_circuit(rng, n_inputs, n_gates):
    """All 16 gate tables, mostly proper ones; operands below, the constant included; complemented outputs."""
    gates = []
    for j in range(n_gates):
        a, b = rng.integers(0 if rng.random() < 0.1 else max(0, j - 2), n_inputs + 1 + j, size=2)
        table = rng.integers(16) if rng.random() < 0.15 else rng.choice(PROPER_TABLES)
        gates.append(Gate(int(table), int(a), int(b)))
    node = n_inputs + n_gates if rng.random() < 0.8 else int(rng.integers(0, n_inputs + n_gates + 1))
    return Circuit(n_inputs, tuple(gates), (2 * node + int(rng.integers(2)),))


def random_atom(rng, lattice, level, max_inputs=5, max_gates=10):
    """A random circuit over distinct random literals of the level."""
    n_inputs = int(rng.integers(1, min(max_inputs, lattice.n_literals(level)) + 1))
    literals = rng.choice(lattice.n_literals(level), size=n_inputs, replace=False)
    circuit = random_circuit(rng, n_inputs, int(rng.integers(0, max_gates + 1)))
    return Atom(circuit, level, tuple(int(i) for i in literals), lattice)


def random_lattice(rng, d, levels, domain="minmax"):
    """Columns of several scales and offsets, one sometimes constant."""
    X = rng.normal(size=(40, d)) ** 3 * rng.choice([1e-3, 1.0, 1e3], d) + rng.choice([0.0, 100.0], d)
    if rng.random() < 0.2:
        X[:, rng.integers(d)] = 7.0
    return Lattice.fit(X, levels=levels, domain=domain)


def raw(lattice, unit):
    """Raw rows that map to points of the unit cube (up to rounding)."""
    columns = [np.interp(u, np.linspace(0, 1, len(t)), t) for u, t in zip(unit.T, lattice.knots, strict=True)]
    return np.stack(columns, axis=1)


def hard_points(rng, lattice, level, n):
    """Random and grid points, cell faces, ties, corners, and points outside the domain; raw units."""
    d, top = lattice.n_features, (1 << level) - 1
    z = rng.uniform(0, top, size=(n, d))
    z = np.where(rng.random((n, d)) < 0.2, np.rint(z), z)
    z = np.where(rng.random((n, d)) < 0.2, np.floor(z * 4) / 4, z)
    mirrored = np.abs(z - 2 * np.rint(z / 2))[:, ::-1]
    tied = np.clip(2 * np.rint(z / 2) + mirrored * rng.choice([-1, 1], (n, d)), 0, top)
    z = np.where(rng.random((n, 1)) < 0.3, tied, z)
    X = raw(lattice, z / top)
    X[: n // 8] += rng.normal(size=(n // 8, d)) * np.ptp(X, axis=0)  # some of them outside
    return X
