"""How far apart are circuit size, gauge, R of the compiled ResNet and pruned size, as functions grow?

The chain "size -> gauge -> R(theta) -> pruned size" for functions whose construction is known: parity, carries, means
of blocks, Hoelder functions, a sine.  For every function: bounds on C(f, eps) (the module `_sandwich_families` says how
they are proved), the HTMC norm over the eps looked at, `norm_bracket` at gamma = 3, brackets of R in both geometries,
and the neurons that pruning needs, twice: by the formula ``R sqrt(L / n) = eps`` of theory, section 7 (without enlarged
activations, so too few if anything), and the least n that `ResNet.prune` certifies (never more than there are).
Growth is fitted as ``c x^p`` by least squares in log-log; its standard error is the scatter about the line and nothing
else.  Exponents beside it say where they come from: *proved* (in `_sandwich_families`, or by the two ends of a bound),
*counted* from the construction, for large sizes, or *heuristic*: a scaling argument with unproved steps, or a bound for
a whole class; a fit near one of these is consistent with it and confirms nothing.  For functions of real inputs the
gauge is bounded over circuits of the member's own levels alone.  Definitions of C, gauge, R and the pruning bound are
original to this package.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isfinite, isnan, nan

import numpy as np

from benchmarks._common import Table, Timer, check_targets, power_law, save_figure, tell
from benchmarks._figures import BLUE, GREEN, INK, ORANGE, PURPLE, multiples
from benchmarks._sandwich_families import (
    GAMMA,
    Member,
    block_means,
    carries,
    corners,
    greedy,
    grid,
    hat_series,
    parities,
)
from benchmarks._sandwich_theory import QUANTITIES, SIZE, THEORY
from fw_circuits import htmc, path, solve
from fw_circuits._typing import Floats
from fw_circuits.resnet import ResNet, compile_resnet
from fw_circuits.rounding.sampling import size_against_error

#: Of the signs of the hats.
SEED = 1
#: Circuits of more draws are not sampled.
MAX_DRAWS = 1 << 12


class Link(dict[str, float]):
    """What was found for one function, by quantity; NaN where it was not computed, or nothing is known.

    Beside those of the tables: ``bound`` of the certified pruning, and ``deviation`` of the network from f at the rows.
    """

    def __init__(self, member: Member) -> None:
        at, htmc_ends = member.at(member.eps), member.htmc()
        super().__init__(size_lower=at.lower, size_upper=at.upper, htmc_lower=htmc_ends[0], htmc_upper=htmc_ends[1])
        self.member = member

    def __missing__(self, name: str) -> float:
        return nan


def known_points(links: list[Link], name: str) -> list[tuple[float, float]]:
    """(size parameter, value) where the value is known and positive."""
    points = [(k.member.size, k[name]) for k in links]
    return [(x, y) for x, y in points if isfinite(y) and y > 0.0]


def gauge(member: Member, link: Link) -> None:
    """Bracket of the gauge of f itself, with the dual point of a fit to f; and the size of a sampled circuit."""
    X, f = member.X, member(member.X)
    half_range = float(np.ptp(f)) / 2.0  # |T_C| <= 1, cost at least 1, constants free
    link["gauge_upper"] = float(member.f.weights(GAMMA).sum())
    link["gauge_global"] = link["gauge_class"] = max(member.proved, half_range)
    if not (member.measured and member.oracle):
        return
    with warnings.catch_warnings(action="ignore"):  # not converged: the dual point is valid nevertheless
        fit = solve(X, f, lam=1e-3 * float(f.std()), gamma=GAMMA, levels=member.f.lattice.levels, oracle=member.oracle,
                    max_iter=30, tol=1e-3)  # fmt: skip
    itself = dataclasses.replace(fit, combination=member.f)
    found = htmc.norm_bracket(itself, X, oracle=member.oracle)
    link["gauge_upper"] = min(link["gauge_upper"], found.upper)
    link["gauge_global"] = max(link["gauge_global"], found.global_lower)
    link["gauge_class"] = max(found.lower, link["gauge_global"])
    if member.corners:
        draws = ceil((float(np.abs(member.f.coef).sum()) / member.eps) ** 2 - 1e-9)
        if draws <= MAX_DRAWS:
            link["sampled"] = size_against_error(itself, X[:64], (draws,), repeats=3, law="maurey")[0].n_gates


def certified(net: ResNet, eps: float) -> tuple[float, float]:
    """Least whole n that pruning certifies for eps, by halving, and its bound; all neurons are always enough."""

    def bound(n: int) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return net.prune(n, 0, domain=(0.0, 1.0)).bound

    low, high = 0, max(1, net.n_neurons)
    best = bound(high)
    while high - low > 1:
        middle = (low + high) // 2
        value = bound(middle)
        if value <= eps:
            high, best = middle, value
        else:
            low = middle
    return float(high), best


def network(member: Member, link: Link) -> None:
    """R of the compiled network in both geometries, and its pruning."""
    f = member.f
    net = compile_resnet(f.atoms, f.coef, f.intercept, f.lattice, "corners" if member.corners else "domain")
    link["deviation"] = float(np.abs(net.forward(member.X) - member(member.X)).max())
    link["neurons"], link["depth"] = float(net.n_neurons), float(net.depth)
    steps = 4 if net.n_neurons < 40 else 0
    for geometry in ("l1", "l2"):
        R = net.complexity((0.0, 1.0), geometry, n_samples=64, n_steps=steps)
        link |= {f"{geometry}_lower": R.lower, f"{geometry}_upper": R.upper}
    link["formula"] = net.depth * (link["l2_upper"] / member.eps) ** 2
    link["certified"], link["bound"] = certified(net, member.eps)


HATS = "hats, d = 1, beta = 1/2"
#: Function and dimension.
SMOOTH: dict[str, tuple[Callable[[Floats], Floats], int]] = {
    "hats, d = 1, beta = 1/4": (hat_series(1, 0.25, seed=SEED), 1),
    HATS: (hat_series(1, 0.5, seed=SEED), 1),
    "hats, d = 2, beta = 1": (hat_series(2, 1.0, 8, seed=SEED), 2),
    "sine, d = 1": (lambda X: np.asarray(np.sin(2.0 * np.pi * X[:, 0])), 1),
}


def members(quick: bool) -> Iterator[Member]:
    """All functions; the last number of a family says up to where gauge and R are computed."""
    if quick:
        yield from parities((2, 3, 4), 4)
        yield from carries((1, 2, 3, 4), 2)
        yield from block_means((1, 2, 4, 8), 4)
        yield from greedy(HATS, *SMOOTH[HATS], 7, 3)
        return
    yield from parities(tuple(range(2, 13)), 12)
    yield from carries(tuple(range(1, 7)), 6)
    yield from block_means((1, 2, 3, 4, 6, 8, 12, 16, 32, 64), 16)
    for family, (f, d) in SMOOTH.items():
        yield from greedy(family, f, d, 11 if d == 1 else 6, 5 if d == 1 else 3)


#: The first size that enters the fits.
FIRST = {"carry": 2.0, "mean of blocks": 2.0}


@dataclass(frozen=True)
class Growth:
    """``value ~ c x^p`` over x from low to high."""

    p: float
    error: float
    c: float
    points: int
    low: float
    high: float

    @classmethod
    def of(cls, x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> Growth:
        """The line in log-log."""
        line = power_law(x, y)
        return cls(line.slope, line.error, float(np.exp(line.intercept)), len(x), float(min(x)), float(max(x)))


def growth(links: list[Link], name: str) -> Growth | None:
    """The growth of positive values at three or more sizes; None otherwise."""
    first = FIRST.get(links[0].member.family, 0.0)
    points = [(x, y) for x, y in known_points(links, name) if x >= first]
    return Growth.of(*zip(*points, strict=True)) if len(points) >= 3 else None


def along_path(f: Callable[[Floats], Floats], d: int, levels: tuple[int, ...], n_lams: int) -> Growth:
    """Gates against 1 / root mean square error over a path of `solve` on a grid: found, not constructed."""
    X = grid(np.linspace(0.0, 1.0, 257 if d == 1 else 33), d)
    with warnings.catch_warnings(action="ignore"):  # the errors are measured, optimal or not
        found = htmc.rate(path(X, f(X), gamma=GAMMA, levels=levels, n_lams=n_lams, ratio=1e-2, max_iter=20, tol=1e-2))
    return Growth.of(1.0 / found.errors, found.gates)


def exponents(families: dict[str, list[Link]], paths: dict[str, Growth]) -> dict[tuple[str, str], Growth]:
    """Fit and print the growth of every quantity of every family."""
    table = Table(["family", "x", "quantity", "p", "standard error", "c", "points", "x from", "x to", "theory's p",
                   "theory says"])  # fmt: skip
    found = {}
    for family, links in families.items():
        for name, text in QUANTITIES.items():
            fit = paths.get(family) if name == "path" else growth(links, name)
            if fit is None:
                continue
            found[family, name] = fit
            p, why = THEORY[family].get(name, (None, None))
            table.add(family, SIZE.get(family, "1 / eps"), text, fit.p, fit.error, fit.c, fit.points, fit.low, fit.high,
                      p, why)  # fmt: skip
    print()
    table.show("sandwich-exponents")
    return found


def rate_gap(family: str, links: list[Link]) -> tuple[str, str]:
    """How far the two ends are apart: a sentence, and the gap alone; all fits over the sizes whose R is known."""
    known = [link for link in links if isfinite(link["l2_upper"])]
    fits = [growth(known, name) for name in ("size_lower", "size_upper", "l2_upper", "formula")] if known else []
    lower, upper, R, formula = fits or [None] * 4
    if upper is None or R is None or formula is None:
        return f"{family}: too few sizes for a rate gap.", ""
    base, how = (lower, "fit of what is proved") if lower is not None else (upper, "constructed, no bound below")
    x = SIZE.get(family, "1/eps")

    def power(fit: Growth) -> str:
        return f"({x})^{fit.p:.2f} +- {fit.error:.2f}"

    few = ", few" if R.points < 6 else ""
    head = (
        f"{family} ({R.points} sizes{few}): size ~ {power(base)} ({how}), R ~ {power(R)}, n by the formula ~ "
        f"{power(formula)}"
    )
    if base.p <= 0.15:
        return f"{head}; size hardly grows, so no ratio of exponents: all of the growth is the net's.", ""
    in_R = f", size ~ R^{base.p / R.p:.2f} and n ~ R^{formula.p / R.p:.2f}" if R.p > 0.15 else ", R hardly grows"
    gap = formula.p / base.p
    return f"{head}: rate gap {gap:.2f}{in_R}.", f"{family} {gap:.1f} (from {R.points} sizes)"


def draw(families: dict[str, list[Link]]) -> None:
    """One panel per family: sizes, gauge, R and pruned sizes against the size parameter, log-log."""
    from matplotlib.ticker import NullFormatter

    shown: dict[str, tuple[str, str, str, str]] = {
        "formula": (ORANGE, "-", "s", "neurons, $L(R/\\epsilon)^2$"),
        "l2_upper": (PURPLE, "-", "^", "R, l2, certified"),
        "neurons": (INK, "-", "D", "neurons compiled"),
        "size_upper": (BLUE, "-", "o", "C(f, $\\epsilon$), above"),
        "size_lower": (BLUE, ":", "x", "C(f, $\\epsilon$), below"),
        "gauge_upper": (GREEN, "-", "v", "gauge, above"),
        "gauge_global": (GREEN, ":", "+", "gauge, below"),
    }
    figure, (*axes, last) = multiples(len(families) + 1, 3.2, 2.7)
    for axis, (family, links) in zip(axes, families.items(), strict=True):
        for name, (color, style, marker, label) in shown.items():
            points = known_points(links, name)
            if points:
                axis.loglog(*zip(*points, strict=True), style, color=color, marker=marker, ms=5, lw=1.8, label=label)
        axis.set_title(family, fontsize=12)
        axis.set_xlabel(SIZE.get(family, "1 / $\\epsilon$"), fontsize=11)
        axis.tick_params(labelsize=10, which="both")
        sizes = [link.member.size for link in links]
        ticks = np.geomspace(min(sizes), max(sizes), 3)
        axis.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
        axis.xaxis.set_minor_formatter(NullFormatter())
    last.set_axis_off()
    last.legend(*axes[0].get_legend_handles_labels(), loc="center", frameon=False, fontsize=11)
    save_figure(
        figure, "sandwich", "Bounds on size, gauge, R and pruned size of functions that grow, one family per panel"
    )


def exact_check(links: list[Link]) -> float:
    """How far exact norms of at most 4 inputs lie outside of their brackets, relatively; the largest."""
    worst = 0.0
    for link in links:
        n = link.member.f.lattice.n_features
        if link.member.corners and n <= 4:
            f = link.member(corners(n))
            value = htmc.exact_norm(f, n, GAMMA, intercept=True).value
            worst = max(worst, link["gauge_global"] / value - 1.0, value / link["gauge_upper"] - 1.0)
    return worst


#: Columns of the table behind the function, and what stands in them.
COLUMNS = {
    "C from": "size_lower", "C to": "size_upper", "gates, sampled": "sampled", "HTMC from": "htmc_lower",
    "HTMC to": "htmc_upper", "gauge from, all": "gauge_global", "gauge from, searched": "gauge_class",
    "gauge to": "gauge_upper", "R l1 from": "l1_lower", "R l1 to": "l1_upper", "R l2 from": "l2_lower",
    "R l2 to": "l2_upper", "neurons": "neurons", "blocks": "depth", "n, formula": "formula",
    "n, certified": "certified", "cpu s": "cpu",
}  # fmt: skip


def measure(quick: bool) -> dict[str, list[Link]]:
    """Every function by family; shows the table."""
    table = Table(["family", "function", "x", "eps", *COLUMNS])
    families: dict[str, list[Link]] = {}
    for member in members(quick):
        link = Link(member)
        with Timer() as timer:
            gauge(member, link)
            if member.measured:
                network(member, link)
        link["cpu"] = timer.cpu
        families.setdefault(member.family, []).append(link)
        cells = [link[name] for name in COLUMNS.values()]
        table.add(member.family, member.label, member.size, member.eps, *(None if isnan(c) else c for c in cells))
    table.show("sandwich")
    return families


def summarise(families: dict[str, list[Link]]) -> None:
    """What closes, the rate gaps, and what the certified pruning is worth."""
    gaps = [rate_gap(family, links) for family, links in families.items()]
    print("\n" + "\n".join(sentence for sentence, _ in gaps))
    short = "; ".join(gap for _, gap in gaps if gap)
    compiled = [link for group in families.values() for link in group if link["neurons"] > 0]
    constant = max(k["l1_upper"] / k.member.size for k in families["parity"] if k.member.size in (1, 3, 7))
    excess = [k["formula"] / k["neurons"] for k in compiled if isfinite(k["formula"])]
    saved = [1.0 - k["certified"] / k["neurons"] for k in compiled if isfinite(k["certified"])]
    tell(
        f"Parity closes the first links: C = m - 1, HTMC norm and gauge (m - 1)^(1/gamma), R <= "
        f"{constant:.3g} (m - 1) at m = 2, 4, 8. Rate gaps, the exponent of the neurons by the formula over that of "
        f"size: {short}.",
        f"R and pruning are bounds from above on one compiled net, not the least of all nets. The formula asks for "
        f"{min(excess):.3g} to {max(excess):.3g} times the neurons that the nets have (median "
        f"{np.median(excess):.3g}), and certified pruning saves at most {100 * max(saved):.2g} % of them: here "
        f"the theorem gives a rate and no smaller net. Hoelder functions have no bound on size from below here.",
    )


def run(quick: bool = False) -> list[str]:
    """Print both tables, draw the figure; returns the targets that were missed."""
    families = measure(quick)
    paths = {}
    for family, (f, d) in SMOOTH.items():
        if family in families:
            levels = (1, 2, 3) if quick or d > 1 else (1, 2, 3, 4, 5)
            paths[family] = along_path(f, d, levels, 5 if quick else 6)
    found = exponents(families, paths)
    draw(families)
    summarise(families)
    links, parity = [link for group in families.values() for link in group], families["parity"]

    def worst(low: str, high: str) -> float:
        pairs = [(k[low], k[high]) for k in links]
        return max((a / b for a, b in pairs if isfinite(a) and isfinite(b) and b > 0.0), default=nan)

    ends = {
        "C(f, eps)": ("size_lower", "size_upper"),
        "HTMC norm": ("htmc_lower", "htmc_upper"),
        "gauge": ("gauge_class", "gauge_upper"),
        "R, l1": ("l1_lower", "l1_upper"),
        "R, l2": ("l2_lower", "l2_upper"),
    }
    cube_root = max(abs(k["gauge_upper"] / k.member.size ** (1.0 / GAMMA) - 1.0) for k in parity)
    width = max(abs(k["gauge_global"] / k["gauge_upper"] - 1.0) for k in parity)
    deviation = max(k["deviation"] for k in links if "deviation" in k)
    errors = [k["bound"] / k.member.eps for k in links if isfinite(k["bound"])]
    return check_targets(
        [
            *((f"{what}: lower / upper, largest", worst(*pair), "<=", 1.0 + 1e-6) for what, pair in ends.items()),
            ("network against its function, largest deviation", deviation, "<=", 1e-9),
            ("certified error of pruning / eps, largest", max(errors), "<=", 1.0),
            ("parity: gauge against (m - 1)^(1/gamma)", cube_root, "<=", 1e-9),
            ("parity: bracket of the gauge, relative width", width, "<=", 1e-9),
            ("exact norms of up to 4 inputs outside of their brackets, relatively", exact_check(links), "<=", 1e-6),
            ("parity: largest |exponent of C - 1|", abs(found["parity", "size_upper"].p - 1.0), "<=", 1e-9),
        ]
    )  # fmt: skip
