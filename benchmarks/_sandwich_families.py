"""The functions of `benchmarks.sandwich`: what they are built of, and what is proved about their size.

Size (original to this package, like the gauge and its bounds): ``C(f, eps)`` is the least number of distinct gates in
an affine combination of Tetrakis functions, of any number of them, within eps of f in root mean square; on 0/1
inputs these are the output bits of one circuit.  Bounds:

- above: by construction, a circuit that is given here and counted;
- below: gates that connect a component of the netlist to t inputs are at least t - 1.  Parity: a Fourier coefficient at
  all m inputs is needed, so one component reads m.  Blocks: the coefficients that remain are at disjoint sets of four,
  each within one component; one with r of them has at least 4 r - 1 >= 3 r gates, so J blocks cost at least 3 J.
  Carries: weight above eps^2 at sets of s or more inputs needs a component of s inputs.
  For Hoelder functions nothing is claimed: d / beta is needed by *some* function of the class, by counting.

Gauge: at the corners a circuit of any level is one of the inputs, so these bounds below are over all circuits of any
level.  Half the range of f is one (``|T_C| <= 1``, each costs at least 1, constants are free); for the parity its
Fourier coefficient is another one, which is attained: ``(m - 1)^(1/gamma)``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, inf, nan, sqrt

import numpy as np

from fw_circuits import Atom, Lattice
from fw_circuits._typing import Floats
from fw_circuits.circuits.families import chain_circuit, parity_circuit
from fw_circuits.circuits.synthesis import from_truth_table
from fw_circuits.tetrakis import Combination

GAMMA = 3.0
#: Error that is asked of Boolean functions, as a fraction of the standard deviation of f: 1 - R2 = 1/4.
RELATIVE = 0.5


@dataclass(frozen=True)
class Size:
    """Bounds on C(f, eps) at one eps; nan where nothing is known."""

    eps: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Member:
    """One function of a family, exactly as its atoms make it."""

    family: str
    size: float  # the size parameter: m - 1, h, K, or 1 / eps
    label: str
    f: Combination
    corners: bool
    X: Floats  # rows on which the gauge is looked at
    eps: float
    sizes: tuple[Size, ...]  # down to the eps of the member
    proved: float = 0.0  # lower bound on the gauge over all circuits, by the module's text
    oracle: str = "deep"  # "": no search, the gauge is proved
    measured: bool = True  # whether the gauge is searched for and R computed

    def __call__(self, X: Floats) -> Floats:
        """Values."""
        return self.f.intercept + self.f.values(X, 0.0)

    def at(self, eps: float) -> Size:
        """Bounds on C(f, eps) from those that were counted: sizes fall as eps grows."""
        upper = min((s.upper for s in self.sizes if s.eps <= eps * (1 + 1e-9)), default=nan)
        lower = max((s.lower for s in self.sizes if s.eps >= eps * (1 - 1e-9)), default=nan)
        return Size(eps, lower, upper)

    def htmc(self) -> tuple[float, float]:
        """Ends of ``max eps^gamma C`` to the power 1/gamma, over the eps that were looked at."""

        def norm(sizes: list[tuple[float, float]]) -> float:
            return max((e * c ** (1.0 / GAMMA) for e, c in sizes if c == c), default=nan)

        return norm([(s.eps, s.lower) for s in self.sizes]), norm([(s.eps, s.upper) for s in self.sizes])


def alone(atom: Atom) -> Combination:
    """An atom as a combination."""
    return Combination((atom,), np.ones(1), 0.0, atom.lattice)


def corners(n: int) -> Floats:
    """All 2^n corners, input 0 changing fastest."""
    return (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(np.float64)


def parities(sizes: tuple[int, ...], gauge_up_to: int) -> Iterator[Member]:
    """Parity of m inputs: a function that misses one input is at distance 1, the standard deviation."""
    for m in sizes:
        lattice = Lattice.boolean(m)
        atom = Atom(parity_circuit(m), 1, tuple(range(m)), lattice)
        X = corners(m)
        f = atom(X)
        known = tuple(Size(e, inputs_needed(f, e) - 1.0, float(atom.n_gates)) for e in (0.999, RELATIVE, 0.25, 0.125))
        coefficient = abs(float(np.mean(f * (-1.0) ** X.sum(axis=1))))
        yield Member("parity", m - 1.0, f"m = {m}", alone(atom), True, X, RELATIVE, known,
                     coefficient * (m - 1.0) ** (1.0 / GAMMA), "deep" if m <= 6 else "", m <= gauge_up_to)  # fmt: skip


def carry(pairs: int, h: int, lattice: Lattice) -> Atom:
    """Carry out of the highest pairs of two h-bit operands, what comes from below taken as 0."""
    literals = tuple(i for k in range(h - 1, h - 1 - pairs, -1) for i in (k, h + k))
    return Atom(chain_circuit([(False, False)] * pairs, 0), 1, literals, lattice)


def inputs_needed(f: Floats, eps: float) -> int:
    """Largest s such that squared Fourier coefficients at sets of s or more inputs add up to more than eps^2."""
    n = len(f).bit_length() - 1
    F = f.reshape((2,) * n)
    for axis in range(n):
        a, b = np.take(F, 0, axis), np.take(F, 1, axis)
        F = np.stack([a + b, a - b], axis) / 2.0
    degree = corners(n).sum(axis=1).astype(int)
    weight = np.cumsum(np.bincount(degree, F.ravel() ** 2)[::-1])[::-1]
    return max((s for s in range(1, n + 1) if weight[s] > eps**2), default=1)


def carries(sizes: tuple[int, ...], gauge_up_to: int) -> Iterator[Member]:
    """Carry out of h bits: 4 h - 3 gates; the highest j pairs decide all but a fraction 2^-j of the rows."""
    for h in sizes:
        lattice, X = Lattice.boolean(2 * h), corners(2 * h)
        atom = carry(h, h, lattice)
        f = atom(X)
        deviation, known = float(f.std()), []
        for j in range(h + 1):
            top = carry(j, h, lattice) if j else None
            basis = np.stack([np.ones(len(X)), top(X) if top else np.zeros(len(X))], axis=1)
            error = float(np.sqrt(np.mean((f - basis @ np.linalg.lstsq(basis, f, rcond=None)[0]) ** 2)))
            known.append((error if j < h else 0.0, float(top.n_gates) if top else 0.0))
        sizes_at = []
        for eps in deviation * np.array([0.999, *(2.0 ** -np.arange(1, 9))]):
            need = inputs_needed(f, float(eps)) - 1.0
            sizes_at.append(Size(float(eps), need, min(g for e, g in known if e <= eps)))
        yield Member("carry", float(h), f"h = {h}", alone(atom), True, X, RELATIVE * deviation,
                     tuple(sizes_at), 1.0, measured=h <= gauge_up_to)  # fmt: skip


def block_means(sizes: tuple[int, ...], gauge_up_to: int) -> Iterator[Member]:
    """Mean of K parities of four: leaving out K - J of them costs sqrt(K - J) / K."""
    for K in sizes:
        lattice = Lattice.boolean(4 * K)
        atoms = tuple(Atom(parity_circuit(4), 1, tuple(range(4 * i, 4 * i + 4)), lattice) for i in range(K))
        X = np.random.default_rng(K).integers(0, 2, (1000, 4 * K)).astype(np.float64) if K > 2 else corners(4 * K)
        deviation, known = 1.0 / sqrt(K), []
        for part in (0.999, 0.9, 0.75, RELATIVE, 0.25, 0.125):
            kept = ceil(K - (part * deviation * K) ** 2 - 1e-9)
            known.append(Size(part * deviation, 3.0 * kept, float(sum(a.n_gates for a in atoms[:kept]))))
        proved = 3.0 ** (1.0 / GAMMA) if K == 1 else 1.0
        mean = Combination(atoms, np.full(K, 1.0 / K), 0.0, lattice)
        yield Member("mean of blocks", float(K), f"K = {K}", mean, True, X, RELATIVE * deviation, tuple(known),
                     proved, "auto", measured=gauge_up_to >= K)  # fmt: skip


def hat_series(d: int, beta: float, levels: int = 12, *, seed: int) -> Callable[[Floats], Floats]:
    """``sum_j 2^(-beta j) sum_k +-1 hat(2^j x - k)``, signs at random, of which the first ``levels`` are kept.

    The whole series is Hoelder of exponent beta < 1, not better; at beta = 1 its modulus is t log(1/t).
    """
    rng = np.random.default_rng(seed)
    signs = [rng.choice([-1.0, 1.0], (1 << j,) * d) for j in range(levels)]

    def f(X: Floats) -> Floats:
        total = np.zeros(len(X))
        for j, sign in enumerate(signs):
            cell = np.minimum((X * (1 << j)).astype(int), (1 << j) - 1)
            hat = np.prod(1.0 - np.abs(2.0 * (X * (1 << j) - cell) - 1.0), axis=1)
            total += 2.0 ** (-beta * j) * sign[tuple(cell.T)] * hat
        return total

    return f


def grid(ticks: Floats, d: int) -> Floats:
    """All points of d coordinates among the ticks."""
    return np.stack(np.meshgrid(*[ticks] * d, indexing="ij"), axis=-1).reshape(-1, d)


def greedy(family: str, f: Callable[[Floats], Floats], d: int, top: int, gauge_up_to: int) -> Iterator[Member]:
    """Level after level, the sign of what is left at the grid points, times the best factor; one member per level."""
    n = 1 << 13 if d == 1 else 1 << 7
    X, rows = grid((np.arange(n) + 0.5) / n, d), grid(np.linspace(0.0, 1.0, 65 if d == 1 else 17), d)
    left = f(X)
    intercept = float(left.mean())
    left = left - intercept
    atoms: list[Atom] = []
    coef: list[float] = []
    sizes: list[Size] = []
    gates, least = 0, inf
    for k in range(1, top + 1):
        lattice = Lattice(d, tuple(range(1, k + 1)), ((0.0, 1.0),) * d)
        atoms = [Atom(a.circuit, a.level, a.literals, lattice) for a in atoms]
        v = np.arange(1 << (k * d))
        nodes = np.stack([v >> (k * i) & ((1 << k) - 1) for i in range(d)], axis=1) / ((1 << k) - 1.0)
        rest = f(nodes) - intercept - Combination(tuple(atoms), np.array(coef), 0.0, lattice).values(nodes)
        table = int.from_bytes(np.packbits(rest > 0.0, bitorder="little").tobytes(), "little")
        atom = Atom(from_truth_table(table, k * d), k, tuple(range(k * d)), lattice)
        values = atom(X)
        if np.ptp(values) > 0.0:
            factor = float(values @ left / (values @ values))
            atoms.append(atom)
            coef.append(factor)
            left = left - factor * values
            gates += atom.n_gates
        error = float(np.sqrt(np.mean(left**2)))
        if error < least and gates:
            least = error
            sizes.append(Size(error, nan, float(gates)))
            combination = Combination(tuple(atoms), np.array(coef), intercept, lattice)
            yield Member(family, 1.0 / error, f"level {k}", combination, False, rows, error, tuple(sizes), 0.0, "auto",
                         k <= gauge_up_to)  # fmt: skip
