"""Is a compiled network as small as the theory's count, and how does it grow with gates, levels and support?

The count is that of theory, section 6, with everything shared that can be: per level and coordinate a triangle wave and
two trapezoid waves per bit; per support a sorting network and the bits of all vertices; one relu per distinct gate and
vertex.  Parity and majority, a sum's bit, five blocks, a smooth function on levels 1 to 3, breast cancer on level 1 and
on levels 1 to 3, diabetes on levels 1 to 3, with the largest deviation over 100,000 adversarial points and R(theta) (l1
geometry, largest activations, every stream) between both ends of its bracket; then ten random circuits per row.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes

from benchmarks import _figures
from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from fw_circuits import solve
from fw_circuits._typing import Floats
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.circuits.passes import strash, sweep
from fw_circuits.data import blocks
from fw_circuits.experiment import hostile_points
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import ResNet, compile_resnet
from fw_circuits.resnet.compile.gadgets import comparators
from fw_circuits.tetrakis import Atom

SEED, N_POINTS = 0, 100_000
PARTS = ("domain", "waves", "sorting", "vertex bits", "gates")
COLUMNS = ("neurons", "theory", "ratio", "depth", "nonzeros", "deviation")


def theory_count(atoms: Sequence[Atom]) -> dict[str, int]:
    """Relus that section 6 of the theory asks for, by part; equal pieces are counted once."""
    lattice = atoms[0].lattice
    coordinates, bits, supports, scaled, gates = set(), set(), set(), set(), set()
    for atom in atoms:
        k, circuit = atom.level, sweep(strash(atom.circuit))
        read = [divmod(atom.literals[i], k) for i in circuit.support]
        support = tuple(sorted({i for i, _ in read}))
        place = (k, support)
        coordinates |= {(k, i) for i in support}
        bits |= {(k, i, p) for i, p in read if p >= 1}
        supports.add(place)
        scaled |= {(place, i, p) for i, p in read}
        names: list[object] = ["0", *(divmod(literal, k) for literal in atom.literals)]
        for table, a, b in circuit.gates:
            names.append((table, names[a], names[b]))
            gates.add((place, names[-1]))
    pieces = {i: max(0, len(lattice.knots[i]) - 1) for _, i in coordinates}
    return {
        "domain": 2 * sum(pieces.values()),  # clipped at both ends
        # Tents of s; per bit and parity the folds of a trapezoid, its clipping, and the minimum with hatE or hatO.
        "waves": sum(k for k, _ in coordinates) + sum(2 * (k - p + 3) for k, _, p in bits),
        "sorting": sum(len(list(comparators(len(support)))) for _, support in supports),
        # m_ij, two relus per vertex and coordinate; then min and AND for O, and for E where bit E can be 1.
        "vertex bits": sum(2 * len(support) * (len(support) + 1) for _, support in supports)
        + sum((4 if p >= 1 else 2) * (len(place[1]) + 1) for place, _, p in scaled),
        "gates": sum(len(place[1]) + 1 for place, _ in gates),
    }


def random_atoms(
    rng: np.random.Generator, lattice: Lattice, level: int, support: int, n_gates: int, n: int
) -> list[Atom]:
    """Circuits that read one literal of each of ``support`` coordinates, all with at least ``support - 1`` gates."""
    atoms = []
    for _ in range(n):
        coordinates = rng.choice(lattice.n_features, support, replace=False)
        literals = tuple(int(i) * level + int(rng.integers(level)) for i in coordinates)
        gates = [Gate(int(rng.choice([1, 2, 4, 6, 7, 8, 9, 11, 13, 14])), 1, 2)]
        for j in range(1, n_gates):
            fresh = j + 2 if j + 2 <= support else int(rng.integers(1, support + j))
            gates.append(Gate(int(rng.choice([1, 2, 4, 6, 7, 8, 9, 11, 13, 14])), support + j, fresh))
        atoms.append(Atom(Circuit(support, tuple(gates), (2 * (support + n_gates),)), level, literals, lattice))
    return atoms


def sweeps(quick: bool):
    """What grows, its value, level, support and gates."""
    for gates in (3, 6, 12, 24) if quick else (3, 6, 12, 24, 48, 96):
        yield "gates", gates, 2, 4, gates
    for level in (1, 2, 3) if quick else (1, 2, 3, 4, 5, 6):
        yield "level", level, level, 4, 3
    for support in (2, 4, 6) if quick else (2, 3, 4, 6, 8, 12):
        yield "support", support, 2, support, support - 1
    for support in (4, 8):
        yield "support, level 1", support, 1, support, support - 1


def tasks(quick: bool):
    """Name, data, target and settings."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    ones = bits.sum(axis=1)
    yield "parity-8", bits, 1.0 - 2.0 * (ones % 2), {"oracle": "deep"}
    yield "majority-8", bits, np.where(ones > 4, 1.0, -1.0), {"oracle": "deep"}
    total = bits[:, :4] @ (1 << np.arange(4)) + bits[:, 4:] @ (1 << np.arange(4))
    yield "adder of 4 bits, bit 3", bits, 2.0 * (total >> 3 & 1) - 1.0, {"oracle": "deep"}
    five = blocks("mixed", "mean", 6400, random_state=0)
    yield "five blocks, mean", five.X, five.y, {"lam": 1e-4}
    x = np.random.default_rng(0).random((1000, 2))
    wave = np.sin(6 * x[:, 0]) * np.cos(5 * x[:, 1])
    yield "sin(6 x0) cos(5 x1)", x, wave, {"levels": (1, 2, 3)}
    cancer, diabetes = load_breast_cancer(), load_diabetes()
    for levels in (1,), (1, 2, 3):
        yield "breast cancer", cancer.data, cancer.target, {"loss": "logistic", "levels": levels}
    if not quick:
        yield "diabetes", diabetes.data, diabetes.target, {"levels": (1, 2, 3)}


def deviation_of(net: ResNet, combination: Callable[[Floats], Floats], points: Floats) -> float:
    """The largest difference between a network and what it was compiled from."""
    return float(np.abs(net.forward(points) - combination(points)).max())


def real_data(quick: bool, n_points: int) -> Table:
    """Networks of solutions."""
    table = Table(["data", "levels", "atoms", "gates", *PARTS, *COLUMNS, "seconds", "R lower", "R upper", "R ratio"])
    for name, X, y, options in tasks(quick):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            solution = solve(X, y, **options)
        with Timer() as timer:
            net = solution.to_resnet()
        count = theory_count(solution.atoms)
        theory = sum(count.values())
        points = hostile_points(solution.lattice, X, n_points, SEED + 1)
        deviation = deviation_of(net, solution.decision_function, points)
        R = net.complexity(solution.lattice, n_steps=4)
        table.add(name, str(solution.lattice.levels), len(solution.atoms), solution.n_gates, *count.values(),
                  net.n_neurons, theory, net.n_neurons / theory, net.depth, net.n_nonzeros, deviation, timer.wall,
                  R.lower, R.upper, R.ratio)  # fmt: skip
    return table


def growth_of_random_circuits(quick: bool) -> Table:
    """Networks of ten random circuits each."""
    table = Table(["what grows", "value", "level", "support", "gates", *COLUMNS])
    for what, value, level, support, n_gates in sweeps(quick):
        rng = np.random.default_rng(SEED)
        lattice = Lattice(16, (level,), ((0.0, 1.0),) * 16)
        atoms = random_atoms(rng, lattice, level, support, n_gates, 10)
        net = compile_resnet(atoms, np.ones(10), 0.0, lattice)
        points = hostile_points(lattice, rng.random((500, 16)), 2000, SEED + 1)
        deviation = deviation_of(net, lambda X, atoms=atoms: sum(atom(X) for atom in atoms), points)
        theory = sum(theory_count(atoms).values())
        table.add(what, value, level, support, n_gates, net.n_neurons, theory, net.n_neurons / theory, net.depth,
                  net.n_nonzeros, deviation)  # fmt: skip
    return table


def run(quick: bool) -> list[str]:
    """Print both tables; the targets that were missed.

    Parameters
    ----------
    quick : bool
        Breast cancer on level 1 alone, a tenth of the points, smaller random circuits.
    """
    n_points = N_POINTS // 10 if quick else N_POINTS
    real = real_data(quick, n_points)
    real.show("compiler_real_data")
    print()
    growth = growth_of_random_circuits(quick)
    growth.show("compiler_growth")
    summarise(real, growth, n_points)
    print()
    targets = []
    for row in real.rows:
        targets.append((f"{row[0]} {row[1]}, neurons / theory", row[11], "<=", 1.0))
        targets.append((f"{row[0]} {row[1]}, deviation over {n_points} points", row[14], "<=", 1e-9))
    targets.append(("random circuits, largest neurons / theory", max(row[7] for row in growth.rows), "<=", 1.0))
    targets.append(("random circuits, largest deviation", max(row[10] for row in growth.rows), "<=", 1e-9))
    return check_targets(targets)


def summarise(real: Table, growth: Table, n_points: int) -> None:
    """Neurons against the theory's count, and in words."""
    column = {name: i for i, name in enumerate(growth.columns)}
    figure, (axis,) = _figures.panels(1, 3.4)
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for row in growth.rows:
        x, y = curves.setdefault(row[0], ([], []))
        x.append(row[column["value"]])
        y.append(row[column["neurons"]])
    _figures.lines(axis, curves)
    axis.set(xlabel="gates, level or support", ylabel="neurons of ten circuits")
    _figures.legend(axis)
    save_figure(
        figure,
        "compiler",
        "Neurons of the network of ten random circuits as their gates, level or support grow",
    )
    ratios = [row[column["ratio"]] for row in growth.rows]
    nets = [f"{r[0]} {r[1]}: {r[9]:,} neurons ({r[11]:.2f} of the count), depth {r[12]}, deviation {r[14]:.1e}"
            for r in real.rows]  # fmt: skip
    tell(
        f"{'; '.join(nets)} over {n_points:,} adversarial points. "
        f"Random circuits: {min(ratios):.2f} to {max(ratios):.2f} "
        f"of the theory's count, largest deviation {max(row[column['deviation']] for row in growth.rows):.1e}.",
        "The count is an upper one: it keeps a copy for every vertex, which the compiler shares or leaves out.",
    )
