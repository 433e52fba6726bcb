"""How wide are the brackets of R(theta), and how long do certificates take?

Random networks, plainly trained ones (no penalty, no weight decay; needs PyTorch) on two smooth functions, parity and
majority, and networks compiled from circuits for breast cancer.  `certificate s` is the time of the certified diagonals
and activation bounds alone, `bracket s` that of both ends.  A bracket is of one definition of R, geometry and streams;
the trained networks' inputs lie in the unit cube.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from benchmarks import _figures
from benchmarks._common import Table, Timer, best_of, check_targets, save_figure, tell
from fw_circuits import solve
from fw_circuits.exceptions import SolverWarning
from fw_circuits.resnet import Block, Box, ResNet, activation_bounds, baseline, sensitivities

#: Geometry, method, streams.
Way = tuple[str, str, str]
WAYS: tuple[Way, ...] = (
    ("l1", "affine", "all"),
    ("l1", "affine", "reached"),
    ("l1", "split", "reached"),
    ("l1", "interval", "all"),
    ("l1", "path", "all"),
    ("l2", "affine", "all"),
    ("l2", "split", "reached"),
    ("l2", "sdp", "all"),
)
FAST = tuple(way for way in WAYS if way[1] != "sdp")
SEED, WIDTH, CELLS = 0, 16, 32
#: Of the plain training: 1,500 steps on batches, no rows held out.
PLAIN = {"penalty": 0.0, "weight_decay": 0.0, "learning_rate": 5e-3, "steps": 1500, "batch_size": 128,
         "validation_fraction": 0.0}  # fmt: skip
COLUMNS = "network,neurons,blocks,geometry,method,streams,lower,upper,ratio,certificate s,bracket s"


def random_network(depth: int, seed: int) -> ResNet:
    """Gaussian weights, a stream of width 16, 16 neurons per block, 4 inputs."""
    rng = np.random.default_rng(seed)
    blocks = [
        Block(
            rng.normal(size=(WIDTH, WIDTH)) / 4,
            0.3 * rng.normal(size=WIDTH),
            rng.normal(size=(WIDTH, WIDTH)) / depth,
        )
        for _ in range(depth)
    ]
    return ResNet(rng.normal(size=(WIDTH, 4)), rng.normal(size=WIDTH), blocks, rng.normal(size=(1, WIDTH)), [0.0])


def tasks() -> dict[str, tuple[Any, Any]]:
    """Two smooth functions, parity and majority of eight bits."""
    rng = np.random.default_rng(SEED)
    x2, x4, bits = rng.random((1000, 2)), rng.random((1000, 4)), rng.integers(0, 2, (1000, 8)).astype(float)
    return {
        "smooth, 2 inputs": (x2, np.sin(6 * x2[:, 0]) * np.cos(5 * x2[:, 1])),
        "smooth, 4 inputs": (x4, np.sin(3 * x4.sum(axis=1)) + x4[:, 0] * x4[:, 1]),
        "parity-8": (bits, 1.0 - 2.0 * (bits.sum(axis=1) % 2)),
        "majority-8": (bits, np.sign(bits.sum(axis=1) - 3.5)),
    }


def compiled(levels: tuple[int, ...]) -> tuple[ResNet, Box]:
    """The breast cancer network of ``fw-circuits demo``, or the same on more levels; and its domain."""
    raw = load_breast_cancer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolverWarning)
        solution = solve(raw.data, raw.target_names[raw.target], loss="logistic", levels=levels)
    net = solution.to_resnet()
    return net, Box.of(solution.lattice, net.n_features)


@dataclass
class Measured:
    """The table, the ratios of the trained networks by way, and the longest affine certificate of each network."""

    table: Table = field(default_factory=lambda: Table(COLUMNS.split(",")))
    ratios: dict[Way, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, net: ResNet, box: Box, ways: tuple[Way, ...], repeats: int = 5) -> None:
        """A row for each way."""
        for geometry, method, streams in ways:
            timer = self.certificate(name, net, box, geometry, streams, repeats) if method == "affine" else None
            with Timer() as whole:
                R = net.complexity(box, geometry, method=method, streams=streams, n_cells=CELLS)
            if name.startswith("trained"):
                self.ratios[geometry, method, streams].append(R.ratio)
            self.table.add(name, net.n_neurons, net.depth, geometry, method, streams, R.lower, R.upper, R.ratio,
                           timer.wall if timer else None, whole.wall)  # fmt: skip

    def certificate(self, name: str, net: ResNet, box: Box, geometry: str, streams: str, repeats: int) -> Timer:
        """The time of diagonals and activation bounds."""
        _, timer = best_of(
            repeats,
            lambda: (
                sensitivities(net, geometry, domain=box, streams=streams),
                activation_bounds(net, domain=box),
            ),
        )
        key = f"{name} {geometry}"
        self.seconds[key] = max(timer.wall, self.seconds.get(key, 0.0))
        return timer


def measure(quick: bool) -> Measured:
    """All networks."""
    found = Measured()
    for depth in (3, 6):
        net = random_network(depth, SEED)
        found.add(f"random, {depth} blocks", net, Box.of(None, 4), FAST if quick or depth == 6 else WAYS)
    for seed in range(SEED, SEED + (1 if quick else 2)):
        for task, (X, y) in list(tasks().items())[:: 2 if quick else 1]:
            for depth in (3,) if quick else (3, 6):
                net = baseline.train(X, y, width=WIDTH, depth=depth, random_state=seed, **PLAIN)
                name = f"trained, {task}, mse {np.mean((net.forward(X) - y) ** 2):.2g}"
                ways = FAST if quick or depth == 6 or seed > SEED else WAYS
                found.add(name, net, Box.of(None, X.shape[1]), ways)
    for levels in ((1,),) if quick else ((1,), (1, 2, 3)):
        net, box = compiled(levels)
        ways = tuple(way for way in WAYS if way[1] in ("affine", "path"))
        found.add(f"compiled, levels {max(levels)}", net, box, ways, repeats=1)
    return found


def run(quick: bool = False) -> list[str]:
    """Print and save the table; the targets that were missed.

    Parameters
    ----------
    quick : bool
        One seed, two functions trained with 3 blocks, no semidefinite program, no network of three levels.
    """
    found = measure(quick)
    found.table.show("complexity")
    summarise(found.ratios, found.seconds)
    limits = {"random, 6 blocks l1": 0.05, "random, 6 blocks l2": 0.05, "compiled, levels 1 l1": 30.0}
    if not quick:
        limits["compiled, levels 3 l1"] = 30.0
    targets = [
        (f"seconds, affine certificate, {name}", found.seconds[name], "<=", limit) for name, limit in limits.items()
    ]
    for geometry in ("l1", "l2"):
        median = float(np.median(found.ratios[geometry, "affine", "all"]))
        targets.append((f"median ratio on trained networks, {geometry} affine all", median, "<=", 3.0))
    return check_targets(targets)


def summarise(ratios: dict[Way, list[float]], seconds: dict[str, float]) -> None:
    """Width of the brackets by method as dots, and in words."""
    known = {" ".join(way): values for way, values in ratios.items() if values}
    figure, (axis,) = _figures.panels(1, 3.4)
    for place, values in zip(range(len(known))[::-1], known.values(), strict=True):
        axis.semilogx(values, [place] * len(values), "o", color=_figures.BLUE, alpha=0.5, ms=6)
        axis.semilogx(np.median(values), place, "|", color=_figures.ORANGE, ms=18, mew=2)
    axis.set_yticks(range(len(known))[::-1], list(known))
    axis.set_ylim(-0.6, len(known) - 0.4)
    axis.set_xlabel("upper / lower end, one dot per trained network")
    _figures.label_short_range(axis.xaxis, *axis.get_xlim())
    save_figure(figure, "complexity", "Width of the bracket of R on trained networks by geometry, method and streams; "
                "the bar is the median, 1 is exact")  # fmt: skip
    medians = {way: float(np.median(values)) for way, values in known.items()}
    tightest, widest = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
    tell(
        f"Median width upper / lower of the bracket on trained networks: {medians['l1 affine all']:.2f} (l1, affine), "
        f"{medians['l2 affine all']:.2f} (l2, affine); tightest {tightest} {medians[tightest]:.2f}, widest {widest} "
        f"{medians[widest]:.3g}. An affine certificate takes {1e3 * seconds['random, 6 blocks l1']:.0f} ms at width "
        f"{WIDTH} and 6 blocks, {seconds['compiled, levels 1 l1']:.2g} s on the compiled network of level 1.",
        f"{len(known['l1 affine all'])} small trained networks; brackets of different geometries and streams are of "
        "different definitions of R and not to be compared with each other.",
    )
