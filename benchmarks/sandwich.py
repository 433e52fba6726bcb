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
ours.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, isfinite, nan

import numpy as np
from scipy import stats

from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from benchmarks._sandwich_families import GAMMA, Member, block_means, carries, greedy, hat_series, parities
from fw_circuits import Solution, htmc, path, solve
from fw_circuits._typing import Floats
from fw_circuits.resnet import ResNet, compile_resnet
from fw_circuits.rounding.sampling import size_against_error

#: Of the signs of the hats.
SEED = 1
#: Circuits of more draws are not sampled.
MAX_DRAWS = 1 << 12


@dataclass
class Link:
    """What was found for one function; nan where it was not computed, or nothing is known."""

    member: Member
    gauge_upper: float = nan
    gauge_class: float = nan
    gauge_global: float = nan
    sampled: float = nan
    neurons: float = nan
    depth: float = nan
    l1_lower: float = nan
    l1_upper: float = nan
    l2_lower: float = nan
    l2_upper: float = nan
    formula: float = nan
    certified: float = nan
    bound: float = nan  # of the certified pruning
    deviation: float = 0.0  # of the network from f, at the rows
    cpu: float = nan

    def value(self, name: str) -> float:
        """A quantity of the table of exponents."""
        m = self.member
        at, ends = m.at(m.eps), m.htmc()
        more = {"size_lower": at.lower, "size_upper": at.upper, "htmc_lower": ends[0], "htmc_upper": ends[1]}
        return float(more[name] if name in more else getattr(self, name))


def gauge(member: Member, link: Link) -> None:
    """Bracket of the gauge of f itself, with the dual point of a fit to f; and the size of a sampled circuit."""
    X, f = member.X, member(member.X)
    half_range = float(np.ptp(f)) / 2.0  # |T_C| <= 1, cost at least 1, constants free
    link.gauge_upper = float(np.abs(member.coef) @ [a.cost ** (1.0 / GAMMA) for a in member.atoms])
    link.gauge_global = link.gauge_class = max(member.proved, half_range)
    if not (member.measured and member.oracle):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged: the dual point is valid all the same
        fit = solve(X, f, lam=1e-3 * float(f.std()), gamma=GAMMA, levels=member.lattice.levels, oracle=member.oracle,
                    max_iter=30, tol=1e-3)  # fmt: skip
    itself: Solution = dataclasses.replace(
        fit, atoms=member.atoms, coef=member.coef, intercept=member.intercept, lattice=member.lattice
    )
    found = htmc.norm_bracket(itself, X, oracle=member.oracle)
    link.gauge_upper = min(link.gauge_upper, found.upper)
    link.gauge_global = max(link.gauge_global, found.global_lower)
    link.gauge_class = max(found.lower, link.gauge_global)
    if member.corners:
        draws = ceil((float(np.abs(member.coef).sum()) / member.eps) ** 2 - 1e-9)
        if draws <= MAX_DRAWS:
            link.sampled = size_against_error(itself, X[:64], (draws,), repeats=3)[0].n_gates


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
    net = compile_resnet(
        member.atoms, member.coef, member.intercept, member.lattice, "corners" if member.corners else "domain"
    )
    link.deviation = float(np.abs(net.forward(member.X) - member(member.X)).max())
    link.neurons, link.depth = float(net.n_neurons), float(net.depth)
    steps = 4 if net.n_neurons < 40 else 0
    for geometry in ("l1", "l2"):
        R = net.complexity((0.0, 1.0), geometry, n_samples=64, n_steps=steps)
        setattr(link, f"{geometry}_lower", R.lower)
        setattr(link, f"{geometry}_upper", R.upper)
    link.formula = net.depth * (link.l2_upper / member.eps) ** 2
    link.certified, link.bound = certified(net, member.eps)


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


#: Size parameter of each family, the first size that enters the fits, and theory's exponents, with reasons.
SIZE = {"parity": "m - 1", "carry": "h", "mean of blocks": "K"}
FIRST = {"carry": 2.0, "mean of blocks": 2.0}
QUANTITIES = {
    "size_lower": "C(f, eps), proved from below",
    "size_upper": "C(f, eps), by construction",
    "path": "gates along a path of solve",
    "htmc_lower": "HTMC norm over the eps seen, from below",
    "htmc_upper": "HTMC norm over the eps seen, from above",
    "gauge_global": "gauge, bound below, all circuits of the levels",
    "gauge_class": "gauge, bound below, circuits searched",
    "gauge_upper": "gauge, bound above",
    "l1_lower": "R, l1, met",
    "l1_upper": "R, l1, certified",
    "l2_lower": "R, l2, met",
    "l2_upper": "R, l2, certified",
    "neurons": "neurons of the compiled net",
    "formula": "neurons by L (R / eps)^2, l2",
    "certified": "neurons that prune certifies",
}
THEORY: dict[str, dict[str, tuple[float, str]]] = {
    "parity": {
        **dict.fromkeys(("size_lower", "size_upper"), (1.0, "proved: m - 1, exactly")),
        **dict.fromkeys(("htmc_lower", "htmc_upper", "gauge_global", "gauge_class", "gauge_upper"),
                        (1.0 / GAMMA, "proved: 1/gamma, equal for parity")),
        **dict.fromkeys(("l1_lower", "l1_upper"), (1.0, "heuristic: folds, c (m - 1) for m a power of 2")),
        "formula": (2.0, "heuristic: (R / eps)^2, R as in l1, but for L ~ log m"),
    },
    "carry": {
        "size_upper": (0.0, "counted: log(1/eps), for all h"),
        "htmc_upper": (0.0, "counted: bounded"),
        "gauge_upper": (1.0 / GAMMA, "counted: (4 h - 3)^(1/gamma)"),
    },
    "mean of blocks": {
        **dict.fromkeys(("size_lower", "size_upper"), (1.0, "proved: 3 J of 3 K gates")),
        **dict.fromkeys(("htmc_lower", "htmc_upper"), (1.0 / GAMMA - 0.5, "proved: 1/gamma - 1/2")),
        **dict.fromkeys(("gauge_global", "gauge_class", "gauge_upper"), (0.0, "proved: between 1 and 3^(1/gamma)")),
        **dict.fromkeys(("l1_lower", "l1_upper"), (0.0, "counted: R of a block, K times 1 / K")),
        **dict.fromkeys(("l2_lower", "l2_upper"), (0.5, "heuristic: K equal slopes 1 / K, l2")),
        "neurons": (1.0, "counted: K blocks"),
        "formula": (2.0, "heuristic: (R / eps)^2, R as in l2, eps ~ K^(-1/2)"),
    },
}  # fmt: skip


def smooth_theory(d: int, beta: float) -> dict[str, tuple[float, str]]:
    """Hoelder functions: eps^-(d / beta) gates but for a logarithm are enough for every one of the class.

    One function may need fewer (the sine, of which only Lipschitz is used, needs powers of log(1/eps)), greedy
    coefficients may do worse, and gates along a path are neither bound: heuristic, all of them.
    """
    star = d / beta
    norms = (max(0.0, star / GAMMA - 1.0), "heuristic: max(0, gamma*/gamma - 1)")
    return {
        **dict.fromkeys(
            ("size_upper", "path"),
            (star, "heuristic: gamma* = d / beta (enough for the class; but for a log)"),
        ),
        **dict.fromkeys(("htmc_upper", "gauge_upper"), norms),
    }


THEORY |= {
    "hats, d = 1, beta = 1/4": smooth_theory(1, 0.25),
    "hats, d = 1, beta = 1/2": smooth_theory(1, 0.5),
    "hats, d = 2, beta = 1": smooth_theory(2, 1.0),
    "sine, d = 1": smooth_theory(1, 1.0),
}


@dataclass(frozen=True)
class Growth:
    """``value ~ c x^p`` over x from low to high."""

    p: float
    error: float
    c: float
    points: int
    low: float
    high: float


def growth(links: list[Link], name: str) -> Growth | None:
    """The line in log-log through positive values at three or more sizes; None otherwise."""
    first = FIRST.get(links[0].member.family, 0.0)
    points = [(k.member.size, k.value(name)) for k in links if k.member.size >= first]
    points = [(x, y) for x, y in points if isfinite(y) and y > 0.0]
    if len(points) < 3:
        return None
    x, y = np.log(np.array(points).T)
    line = stats.linregress(x, y)
    low, high = points[0][0], points[-1][0]
    return Growth(
        float(line.slope), float(line.stderr), float(np.exp(line.intercept)), len(points), low, high
    )


def along_path(f: Callable[[Floats], Floats], d: int, levels: tuple[int, ...], n_lams: int) -> Growth:
    """Gates against 1 / root mean square error over a path of `solve` on a grid: found, not constructed."""
    ticks = np.linspace(0.0, 1.0, 257 if d == 1 else 33)
    X = np.stack(np.meshgrid(*[ticks] * d, indexing="ij"), axis=-1).reshape(-1, d)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the errors are measured, optimal or not
        found = htmc.rate(
            path(X, f(X), gamma=GAMMA, levels=levels, n_lams=n_lams, ratio=1e-2, max_iter=20, tol=1e-2)
        )
    x, y = np.log(1.0 / found.errors), np.log(found.gates)
    line = stats.linregress(x, y)
    low, high = float(np.exp(x.min())), float(np.exp(x.max()))
    return Growth(found.gamma, float(line.stderr), float(np.exp(line.intercept)), len(x), low, high)


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
    known = [link for link in links if isfinite(link.l2_upper)]
    fits = (
        [growth(known, name) for name in ("size_lower", "size_upper", "l2_upper", "formula")] if known else []
    )
    lower, upper, R, formula = fits or [None] * 4
    if upper is None or R is None or formula is None:
        return f"{family}: too few sizes for a rate gap.", ""
    base, how = (
        (lower, "fit of what is proved") if lower is not None else (upper, "constructed, no bound below")
    )
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
    in_R = (
        f", size ~ R^{base.p / R.p:.2f} and n ~ R^{formula.p / R.p:.2f}" if R.p > 0.15 else ", R hardly grows"
    )
    gap = formula.p / base.p
    return f"{head}: rate gap {gap:.2f}{in_R}.", f"{family} {gap:.1f} (from {R.points} sizes)"


def draw(families: dict[str, list[Link]]) -> None:
    """A panel a family: sizes, gauge, R and pruned sizes against the size parameter, log-log."""
    import matplotlib.pyplot as plt

    shown: dict[str, tuple[str, str, str, str]] = {
        "formula": ("#c8541a", "-", "s", "neurons, $L(R/\\epsilon)^2$"),
        "l2_upper": ("#8a5fa8", "-", "^", "R, l2, certified"),
        "neurons": ("#222222", "-", "D", "neurons compiled"),
        "size_upper": ("#1f5fa8", "-", "o", "C(f, $\\epsilon$), above"),
        "size_lower": ("#1f5fa8", ":", "x", "C(f, $\\epsilon$), below"),
        "gauge_upper": ("#3a9a5c", "-", "v", "gauge, above"),
        "gauge_global": ("#3a9a5c", ":", "+", "gauge, below"),
    }
    rows = (len(families) + 2) // 2
    figure, axes = plt.subplots(rows, 2, figsize=(6.4, 2.7 * rows), layout="constrained", squeeze=False)
    flat: list[Callable[..., None]] = list(axes.ravel())
    for axis, (family, links) in zip(flat, families.items(), strict=False):
        for name, (color, style, marker, label) in shown.items():
            points = [(k.member.size, k.value(name)) for k in links]
            points = [(x, y) for x, y in points if isfinite(y) and y > 0.0]
            if points:
                axis.loglog(
                    *zip(*points, strict=True), style, color=color, marker=marker, ms=5, lw=1.8, label=label
                )
        axis.set_title(family, fontsize=12)
        axis.set_xlabel(SIZE.get(family, "1 / $\\epsilon$"), fontsize=11)
        axis.tick_params(labelsize=10, which="both")
        sizes = [link.member.size for link in links]
        ticks = np.geomspace(min(sizes), max(sizes), 3)
        axis.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
        axis.xaxis.set_minor_formatter(plt.NullFormatter())
    for axis in flat[len(families) :]:
        axis.set_axis_off()
    handles, labels = flat[0].get_legend_handles_labels()
    flat[len(families)].legend(handles, labels, loc="center", frameon=False, fontsize=11)
    save_figure(
        figure,
        "sandwich",
        "Bounds on size, gauge, R and pruned size of functions that grow, a family a panel",
    )


def exact_check(links: list[Link]) -> float:
    """How far exact norms of at most 4 inputs lie outside of their brackets, relatively; the largest."""
    worst = 0.0
    for link in links:
        n = link.member.lattice.n_features
        if link.member.corners and n <= 4:
            f = link.member(((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).astype(float))
            value = htmc.exact_norm(f, n, GAMMA, intercept=True).value
            worst = max(worst, link.gauge_global / value - 1.0, value / link.gauge_upper - 1.0)
    return worst


def run(quick: bool = False) -> list[str]:
    """Print both tables, draw the figure; returns the targets that were missed."""
    table = Table(["family", "function", "x", "eps", "C from", "C to", "gates, sampled", "HTMC from", "HTMC to",
                   "gauge from, all", "gauge from, searched", "gauge to", "R l1 from", "R l1 to", "R l2 from",
                   "R l2 to", "neurons", "blocks", "n, formula", "n, certified", "cpu s"])  # fmt: skip
    families: dict[str, list[Link]] = {}
    for member in members(quick):
        link = Link(member)
        with Timer() as timer:
            gauge(member, link)
            if member.measured:
                network(member, link)
        link.cpu = timer.cpu
        families.setdefault(member.family, []).append(link)
        v = link.value
        cells = [v(name) for name in ("size_lower", "size_upper", "sampled", "htmc_lower", "htmc_upper", "gauge_global",
                                      "gauge_class", "gauge_upper", "l1_lower", "l1_upper", "l2_lower", "l2_upper",
                                      "neurons", "depth", "formula", "certified", "cpu")]  # fmt: skip
        table.add(
            member.family, member.label, member.size, member.eps, *(c if c == c else None for c in cells)
        )
    table.show("sandwich")
    paths = {}
    for family, (f, d) in SMOOTH.items():
        if family in families:
            levels = (1, 2, 3) if quick or d > 1 else (1, 2, 3, 4, 5)
            paths[family] = along_path(f, d, levels, 5 if quick else 6)
    found = exponents(families, paths)
    draw(families)
    gaps = [rate_gap(family, links) for family, links in families.items()]
    print("\n" + "\n".join(sentence for sentence, _ in gaps))
    short = "; ".join(gap for _, gap in gaps if gap)
    links = [link for group in families.values() for link in group]
    parity = families["parity"]
    constant = max(k.l1_upper / k.member.size for k in parity if k.member.size in (1, 3, 7))
    excess = [k.formula / k.neurons for k in links if isfinite(k.formula) and k.neurons > 0]
    saved = [1.0 - k.certified / k.neurons for k in links if isfinite(k.certified) and k.neurons > 0]
    tell(
        "sandwich",
        f"Parity closes the first links: C = m - 1, HTMC norm and gauge (m - 1)^(1/gamma), R <= "
        f"{constant:.3g} (m - 1) at m = 2, 4, 8. Rate gaps, the exponent of the neurons by the formula over that of "
        f"size: {short}.",
        f"R and pruning are bounds from above on one compiled net, not the least of all nets. The formula asks for "
        f"{min(excess):.3g} to {max(excess):.3g} times the neurons that the nets have (median "
        f"{np.median(excess):.3g}), and certified pruning saves at most {100 * max(saved):.2g} % of them: here "
        f"the theorem gives a rate and no smaller net. Hoelder functions have no bound on size from below here.",
    )

    def worst(low: str, high: str) -> float:
        pairs = [(k.value(low), k.value(high)) for k in links]
        return max((a / b for a, b in pairs if isfinite(a) and isfinite(b) and b > 0.0), default=nan)

    proof = max(abs(k.gauge_global / k.gauge_upper - 1.0) for k in parity)
    cube_root = max(abs(k.gauge_upper / k.member.size ** (1.0 / GAMMA) - 1.0) for k in parity)
    slack = 1.0 + 1e-6
    errors = [k.bound / k.member.eps for k in links if isfinite(k.bound)]
    return check_targets(
        [
            ("C(f, eps): lower / upper, largest", worst("size_lower", "size_upper"), "<=", slack),
            ("HTMC norm: lower / upper, largest", worst("htmc_lower", "htmc_upper"), "<=", slack),
            ("gauge: lower / upper, largest", worst("gauge_class", "gauge_upper"), "<=", slack),
            ("R, l1: lower / upper, largest", worst("l1_lower", "l1_upper"), "<=", slack),
            ("R, l2: lower / upper, largest", worst("l2_lower", "l2_upper"), "<=", slack),
            ("network against its function, largest deviation", max(k.deviation for k in links), "<=", 1e-9),
            ("certified error of pruning / eps, largest", max(errors), "<=", 1.0),
            ("parity: gauge against (m - 1)^(1/gamma)", cube_root, "<=", 1e-9),
            ("parity: bracket of the gauge, relative width", proof, "<=", 1e-9),
            ("exact norms of up to 4 inputs outside of their brackets, relatively", exact_check(links), "<=", 1e-6),
            ("parity: largest |exponent of C - 1|", abs(found["parity", "size_upper"].p - 1.0), "<=", 1e-9),
        ]
    )  # fmt: skip
