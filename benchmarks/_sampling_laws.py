"""Where the two laws of sampling differ: many atoms at each of the costs 2^(gamma m), of total weight 2^-m, m <= k.

For the error 2^-k the largest circuits there are just matter.  Atoms are distinct parities, orthogonal over all inputs,
so that errors are sums over atoms and no circuit has to be built: gates are those of the atoms that were drawn, without
the adder.  The family is from ``docs/theory.md``, section 8.
"""

import numpy as np

from benchmarks import _figures
from benchmarks._common import Table, power_law, save_figure
from fw_circuits.rounding.sampling import keep_probabilities

GAMMA, ATOMS, DRAWS = 3.0, 4000, 40
#: Errors asked for are 2^-k for these k.
OCTAVES = range(2, 9)


def family(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and costs; the norm is k + 1."""
    m = np.repeat(np.arange(k + 1), ATOMS)
    return 2.0**-m / ATOMS, np.round(2.0 ** (GAMMA * m))


def by_costs(coef: np.ndarray, costs: np.ndarray, eps: float, rng: np.random.Generator) -> tuple[float, float]:
    """Square error and gates of one draw of the law of costs."""
    p = keep_probabilities(coef, costs, eps, GAMMA)
    kept = rng.random(len(p)) < p
    drawn = np.where(kept, coef / np.maximum(p, 1e-300), 0.0)
    return float(np.sum((drawn - coef) ** 2)), float(costs[kept].sum())


def by_weight(coef: np.ndarray, costs: np.ndarray, eps: float, rng: np.random.Generator) -> tuple[float, float]:
    """Square error and gates of one draw of Maurey's law: an atom drawn twice is there once."""
    total = coef.sum()
    n = int(np.ceil((total / eps) ** 2))
    counts = rng.multinomial(n, coef / total)
    return float(np.sum((total / n * counts - coef) ** 2)), float(costs[counts > 0].sum())


def measure(quick: bool, seed: int) -> dict[str, tuple[float, float]]:
    """Table, figure, and the exponents of gates in 1 / error with their standard errors."""
    laws = {"costs": by_costs, "maurey": by_weight}
    table = Table(["law", "eps", "root mean square error", "gates"])
    found: dict[str, list[tuple[float, float]]] = {law: [] for law in laws}
    for law, draw in laws.items():
        for k in OCTAVES:
            (coef, costs), eps, rng = family(k), 2.0**-k, np.random.default_rng([seed, k])
            draws = np.array([draw(coef, costs, eps, rng) for _ in range(DRAWS // 4 if quick else DRAWS)])
            error, gates = float(np.sqrt(draws[:, 0].mean())), float(draws[:, 1].mean())
            found[law].append((1.0 / error, gates))
            table.add(law, eps, error, gates)
    print()
    table.show("convexity-laws")
    figure, (axis,) = _figures.panels()
    names = {"costs": "by weight and cost", "maurey": "by weight alone (Maurey)"}
    for (law, points), color, mark in zip(found.items(), (_figures.BLUE, _figures.GREY), "os", strict=True):
        axis.loglog(*np.array(points).T, f"{mark}-", color=color, label=names[law])
    axis.set(xlabel="1 / error", ylabel="gates of the atoms drawn")
    _figures.legend(axis)
    save_figure(figure, "convexity-laws", "Gates against error by both laws of sampling, costs 2^(gamma m) "
                f"up to the error's own, {ATOMS} atoms of each, gamma {GAMMA:g}")  # fmt: skip
    fits = {law: power_law(*np.array(points).T) for law, points in found.items()}
    return {law: (fit.slope, fit.error) for law, fit in fits.items()}
