"""The gauge of a function on a cube of at most four inputs, exactly, with its proof from both sides.

On the n-cube, n <= 4, the gauge of theory section 3 (original to this package) is a linear program over all
2^(2^n - 1) normal functions, each at the price of its smallest circuit, which the catalogue knows (theory, section 8).
A decomposition proves the value from above and a dual vector u from below: ``<u, f> <= Omega(f)``
wherever ``|<u, T_C>| <= kappa(C)^(1/gamma)`` for every C.  u is scaled so that this is true of all functions; sums are
floating point, not rounded outwards (expect 1e-15).

The value is also the gauge of the Lovász extension of f on [0, 1]^n: level-1 atoms are Lovász extensions, so any
decomposition on the vertices is valid inside.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._checks import check_real
from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.circuits.catalogue import cost_table, minimal_cost
from fw_circuits.htmc.column_generation import Generated, generate
from fw_circuits.htmc.cube import FunctionList, check_n, functions, signs_of, values_on_cube, widened

#: Functions priced at a time by `ExactNorm.verify`.
BLOCK = 1 << 12


@dataclass(frozen=True, eq=False)
class ExactNorm:
    """The gauge of a function on the n-cube, a decomposition that attains it and a dual vector that proves it.

    Attributes
    ----------
    value : float
        ``sum |weights| kappa^(1/gamma)`` of the decomposition: an upper bound.
    lower : float
        ``<dual, f>``: a lower bound, within 1e-9 of ``value``.
    dual : (2^n,)
        ``max over all C of kappa(C)^(-1/gamma) |<dual, T_C>| <= 1``; sums to 0 with ``intercept``.
    tables, gates, weights : (m,)
        ``f = constant + sum_j weights[j] T_j``: truth tables, gates of their smallest circuits, coefficients; the
        largest ``|weight| kappa^(1/gamma)`` first.
    constant : float
        Free of charge with ``intercept``, else 0.
    rounds : int
        Linear programs solved.
    n, gamma, intercept
        What was asked.
    function : (2^n,)
        f itself.
    """

    value: float
    lower: float
    dual: Floats
    tables: Ints
    gates: Bits
    weights: Floats
    constant: float
    rounds: int
    n: int
    gamma: float
    intercept: bool
    function: Floats

    @property
    def gap(self) -> float:
        """``value - lower``, a rounding error."""
        return self.value - self.lower

    @property
    def n_atoms(self) -> int:
        """Functions in the decomposition; another of the same value may have fewer."""
        return len(self.tables)

    def verify(self) -> float:
        """Largest relative error of the claims above, computed again by the definition, without the solver's code.

        All functions are priced one block after another from the bits of their tables; f is added up from its atoms.

        Examples
        --------
        >>> exact_norm(0x8001, 4, 3.0).verify() < 1e-9
        True
        """
        gates = np.array([minimal_cost(int(t), self.n) for t in self.tables], dtype=np.int64)
        costs = np.maximum(1, gates) ** (1.0 / self.gamma)
        f, middle = centred(self.function, self.intercept)
        total = self.constant - middle + signs_of(self.tables, self.n) @ self.weights
        scale = max(float(np.abs(f).max()), 1e-300)
        errors = [
            float(np.abs(total - f).max()) / scale,
            abs(float(costs @ np.abs(self.weights)) - self.value) / max(self.value, scale),
            abs(float(self.dual @ f) - self.value) / max(self.value, scale),
            abs(self.lower - self.value) / max(self.value, scale),
            float(np.abs(gates - self.gates.astype(np.int64)).max(initial=0)),
            polar_by_definition(self.dual, self.n, self.gamma) - 1.0,
            abs(self.constant) if not self.intercept else abs(float(self.dual.sum())),
        ]
        return max(errors)

    def describe(self) -> str:
        """Value and decomposition in words, one line per atom."""
        whose = " up to a free constant" if self.intercept else ""
        lines = [
            f"Norm{whose} at gamma = {self.gamma:g}: {self.value:.9g} (proved from below within {self.gap:.1e}).",
            *(
                f"  {w:+.6f} x {t:#0{2 + max(1, (1 << self.n) // 4)}x} ({g} gates)"
                for w, t, g in zip(self.weights.tolist(), self.tables.tolist(), self.gates.tolist(), strict=True)
            ),
        ]
        if self.constant:
            lines.append(f"  {self.constant:+.6f}, the constant")
        return "\n".join(lines)


def exact_norm(table: Any, n: int, gamma: float, *, intercept: bool = False) -> ExactNorm:
    """The gauge Omega of a function on the n-cube, n <= 4 (theory, sections 3 and 8).

    ``Omega(f) = min sum_j |b_j| kappa(C_j)^(1/gamma)`` over all ``f = sum_j b_j T_{C_j}`` on the vertices, over all
    circuits.

    Parameters
    ----------
    table : int or array_like of shape (2^n,)
        A truth table (bit v at pattern ``v = x0 + 2 x1 + ...``), for the function with values -1 and +1; or any real
        values.
    n : int
        0 to 4.
    gamma : float
        Exponent > 0; the statements about HTMC norms need gamma > 2.
    intercept : bool
        False: Omega itself, where a constant is an atom of cost 1.  True: the least Omega of f plus a constant, which
        is what `fw_circuits.solve` penalises.

    Returns
    -------
    ExactNorm

    Raises
    ------
    InputError
        If an argument is out of range.

    Examples
    --------
    Parity is cheapest as itself, three gates; a conjunction of values 0 and 1 is half itself and half the constant:

    >>> parity = exact_norm(0x6996, 4, 3.0)
    >>> round(parity.value, 9) == round(3 ** (1 / 3), 9), parity.n_atoms
    (True, 1)
    >>> round(exact_norm([0.0, 0.0, 0.0, 1.0], 2, 3.0).value, 9)
    1.0
    >>> round(exact_norm([0.0, 0.0, 0.0, 1.0], 2, 3.0, intercept=True).value, 9)
    0.5
    """
    n, gamma = check_n(n, 4), check_real("gamma", gamma, 0.0, above=True)
    values, _ = values_on_cube(table, n)
    return solve_exactly(values, functions(n), gamma, intercept=bool(intercept))


def solve_exactly(
    values: Floats, listed: FunctionList, gamma: float, *, intercept: bool = False, skip: int = -1
) -> ExactNorm:
    """`exact_norm` of checked values; function `skip` of the list is no atom (the value may then be infinite)."""
    prices = listed.prices(gamma)
    f, middle = centred(values, intercept)
    scale = float(np.abs(f).max()) or 1.0
    found = generate(f / scale, listed, prices, intercept=intercept, skip=skip)
    u = feasible(found.u, listed, prices, intercept=intercept, skip=skip)
    cost = prices[found.columns] * np.abs(found.weights)
    order = np.argsort(-cost, kind="stable")
    value = float(cost.sum()) + leftover(found, listed.n, gamma)
    return ExactNorm(
        value=scale * value if np.isfinite(found.value) else np.inf,
        lower=max(0.0, float(u @ f)),
        dual=u,
        tables=listed.tables[found.columns[order]].astype(np.int64),
        gates=listed.gates[found.columns[order]],
        weights=scale * found.weights[order],
        constant=middle + scale * found.constant,
        rounds=found.rounds,
        n=listed.n,
        gamma=gamma,
        intercept=intercept,
        function=values,
    )


def centred(values: Floats, intercept: bool) -> tuple[Floats, float]:
    """f less the middle of its range, and that, where a constant is free: it would cost precision; else f and 0."""
    middle = float(values.min() / 2.0 + values.max() / 2.0) if intercept else 0.0
    return values - middle, middle


def feasible(
    u: Floats, listed: FunctionList, prices: Floats, *, intercept: bool = False, skip: int = -1, ball: float = np.inf
) -> Floats:
    """u (of sum 0 with `intercept`), scaled down until ``|<u, T>| <= price`` on the list and ``sum|u| <= ball``."""
    u = u - u.mean() if intercept else u
    scores = np.abs(listed.scores(u)) / prices
    if skip >= 0:
        scores[skip] = 0.0
    return u / max(1.0, float(scores.max(initial=0.0)), float(np.abs(u).sum()) / ball)


def leftover(found: Generated, n: int, gamma: float) -> float:
    """What the residual of a decomposition can add to its value: a vertex costs at most (1 + (n - 1)^(1/gamma)) / 2.

    The indicator of a vertex is ``(1 + T) / 2`` with T a conjunction of n literals.
    """
    return float(np.abs(found.residual).sum() * (1.0 + max(1, n - 1) ** (1.0 / gamma)) / 2.0)


def polar_by_definition(u: Floats, n: int, gamma: float) -> float:
    """``max_C kappa(C)^(-1/gamma) |<u, T_C>|`` over all functions of n <= 4 inputs, from the bits of their tables.

    >>> round(polar_by_definition(np.array([-1.0, -1.0, -1.0, 1.0]), 2, 3.0), 12)
    4.0
    """
    best, count = 0.0, 1 << (1 << n)
    for start in range(0, count, BLOCK):
        tables: Array = np.arange(start, min(start + BLOCK, count), dtype=np.uint32)
        kappa = np.maximum(1, cost_table()[widened(tables, n)].astype(np.int64))
        best = max(best, float((np.abs(u @ signs_of(tables, n)) * kappa ** (-1.0 / gamma)).max()))
    return best
