"""How wide are the brackets of R(theta), and how long do certificates take?

Random networks, plainly trained ones (Adam, no penalty; in NumPy, so that nothing else needs to be installed) on two
smooth functions, parity and majority, and networks compiled from circuits for breast cancer.  `certificate s` is the
time of the certified diagonals and activation bounds alone, `bracket s` that of both ends.  A bracket is of one
definition of R, geometry and streams; the trained networks' inputs lie in the unit cube.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from benchmarks import _figures
from benchmarks._common import Table, Timer, best_of, check_targets, save_figure, tell
from fw_circuits import solve
from fw_circuits.exceptions import SolverWarning
from fw_circuits.resnet import Block, Box, ResNet, activation_bounds, sensitivities

#: Geometry, method, streams.
WAYS = (
    ("l1", "affine", "all"),
    ("l1", "affine", "reached"),
    ("l1", "split", "reached"),
    ("l1", "interval", "all"),
    ("l1", "path", "all"),
    ("l2", "affine", "all"),
    ("l2", "split", "reached"),
    ("l2", "sdp", "all"),
)
SEED, WIDTH = 0, 16


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
    return ResNet(
        rng.normal(size=(WIDTH, 4)), rng.normal(size=WIDTH), blocks, rng.normal(size=(1, WIDTH)), [0.0]
    )


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


def train(X: Any, y: Any, depth: int, seed: int, steps: int = 1500, batch: int = 128) -> tuple[ResNet, float]:
    """A residual network by Adam on the squared loss, and its mean squared error on the data."""
    rng = np.random.default_rng(seed)
    d = X.shape[1]
    P = [rng.normal(size=(WIDTH, d)) / np.sqrt(d), np.zeros(WIDTH)]
    for _ in range(depth):
        P += [rng.normal(size=(WIDTH, WIDTH)) * np.sqrt(2 / WIDTH), np.zeros(WIDTH),
              rng.normal(size=(WIDTH, WIDTH)) / np.sqrt(WIDTH) / depth]  # fmt: skip
    P += [rng.normal(size=(1, WIDTH)) / np.sqrt(WIDTH), np.zeros(1)]
    first, second = ([np.zeros_like(p) for p in P] for _ in range(2))
    for t in range(1, steps + 1):
        rows = rng.integers(0, len(X), batch)
        stream = P[0] @ X[rows].T + P[1][:, None]
        streams, emitted = [stream], []
        for l in range(depth):
            V, b, W = P[2 + 3 * l : 5 + 3 * l]
            emitted.append(np.maximum(V @ stream + b[:, None], 0.0))
            stream = stream + W @ emitted[-1]
            streams.append(stream)
        error = 2.0 * ((P[-2] @ stream)[0] + P[-1] - y[rows])[None] / batch
        G = [*P]
        G[-1], G[-2], back = error.sum(axis=1), error @ stream.T, P[-2].T @ error
        for l in reversed(range(depth)):
            V, b, W = P[2 + 3 * l : 5 + 3 * l]
            inner = (W.T @ back) * (emitted[l] > 0)
            G[2 + 3 * l : 5 + 3 * l] = inner @ streams[l].T, inner.sum(axis=1), back @ emitted[l].T
            back = back + V.T @ inner
        G[0], G[1] = back @ X[rows], back.sum(axis=1)
        rate = 5e-3 * min(1.0, t / 100) * (1.0 - t / steps) + 1e-5
        for p, g, m, v in zip(P, G, first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.01 * (g**2 - v)
            p -= rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    net = ResNet(P[0], P[1], [Block(*P[2 + 3 * l : 5 + 3 * l]) for l in range(depth)], P[-2], P[-1])
    return net, float(np.mean((net.forward(X) - y) ** 2))


def compiled(levels: tuple[int, ...]) -> tuple[ResNet, Box]:
    """The breast cancer network of ``fw-circuits demo``, or the same on more levels; and its domain."""
    raw = load_breast_cancer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolverWarning)
        solution = solve(raw.data, raw.target_names[raw.target], loss="logistic", levels=levels)
    net = solution.to_resnet()
    return net, Box.of(solution.lattice, net.n_features)


def run(quick: bool = False) -> list[str]:
    """Print and save the table; the targets that were missed.

    Parameters
    ----------
    quick : bool
        One seed, two functions trained with 3 blocks, no semidefinite program, no network of three levels.
    """
    columns = "network,neurons,blocks,geometry,method,streams,lower,upper,ratio,certificate s,bracket s"
    table = Table(columns.split(","))
    ratios: dict[tuple[str, str, str], list[float]] = {way: [] for way in WAYS}
    seconds: dict[str, float] = {}

    def measure(
        name: str, net: ResNet, box: Box, ways: tuple[tuple[str, str, str], ...], repeats: int
    ) -> None:
        for geometry, method, streams in ways:
            timer = None
            if method == "affine":
                _, timer = best_of(
                    repeats,
                    lambda g=geometry, s=streams: (
                        sensitivities(net, g, domain=box, streams=s),
                        activation_bounds(net, domain=box),
                    ),
                )
                seconds[f"{name} {geometry}"] = max(timer.wall, seconds.get(f"{name} {geometry}", 0.0))
            with Timer() as whole:
                R = net.complexity(box, geometry, method=method, streams=streams, n_cells=32)
            if name.startswith("trained"):
                ratios[geometry, method, streams].append(R.ratio)
            table.add(name, net.n_neurons, net.depth, geometry, method, streams, R.lower, R.upper, R.ratio,
                      timer.wall if timer else None, whole.wall)  # fmt: skip

    fast = tuple(way for way in WAYS if way[1] != "sdp")
    for depth in (3, 6):
        net = random_network(depth, SEED)
        measure(f"random, {depth} blocks", net, Box.of(None, 4), fast if quick or depth == 6 else WAYS, 5)
    for seed in range(SEED, SEED + (1 if quick else 2)):
        for task, (X, y) in list(tasks().items())[:: 2 if quick else 1]:
            for depth in (3,) if quick else (3, 6):
                net, loss = train(X, y, depth, seed)
                ways = fast if quick or depth == 6 or seed > SEED else WAYS
                measure(f"trained, {task}, mse {loss:.2g}", net, Box.of(None, X.shape[1]), ways, 5)
    for levels in ((1,),) if quick else ((1,), (1, 2, 3)):
        net, box = compiled(levels)
        ways = tuple(way for way in WAYS if way[1] in ("affine", "path"))
        measure(f"compiled, levels {max(levels)}", net, box, ways, 1)
    table.show("complexity")
    for (geometry, method, streams), values in ratios.items():
        if values:
            way = f"{geometry} {method} {streams}"
            print(f"median ratio on {len(values)} trained networks, {way}: {np.median(values):.2f}")
    summarise(ratios, seconds)
    print(f"{os.getloadavg()[0]:.1f} load")
    targets = [
        ("seconds, affine certificate, width 16, 6 blocks, l1", seconds["random, 6 blocks l1"], "<=", 0.05),
        ("seconds, affine certificate, width 16, 6 blocks, l2", seconds["random, 6 blocks l2"], "<=", 0.05),
        ("seconds, affine certificate, compiled breast cancer", seconds["compiled, levels 1 l1"], "<=", 30.0),
        (
            "median ratio on trained networks, l1 affine all",
            np.median(ratios["l1", "affine", "all"]),
            "<=",
            3.0,
        ),
        (
            "median ratio on trained networks, l2 affine all",
            np.median(ratios["l2", "affine", "all"]),
            "<=",
            3.0,
        ),
    ]
    if not quick:
        slow = seconds["compiled, levels 3 l1"]
        targets.append(("seconds, affine certificate, compiled breast cancer, 3 levels", slow, "<=", 30.0))
    return check_targets(targets)


def summarise(ratios: dict[tuple[str, str, str], list[float]], seconds: dict[str, float]) -> None:
    """Width of the brackets by method as dots, and in words."""
    known = {" ".join(way): values for way, values in ratios.items() if values}
    figure, (axis,) = _figures.panels(1, 3.4)
    for place, values in zip(range(len(known))[::-1], known.values(), strict=True):
        axis.semilogx(values, [place] * len(values), "o", color=_figures.BLUE, alpha=0.5, ms=6)
        axis.semilogx(np.median(values), place, "|", color=_figures.ORANGE, ms=18, mew=2)
    axis.set_yticks(range(len(known))[::-1], list(known))
    axis.set_ylim(-0.6, len(known) - 0.4)
    axis.set_xlabel("upper / lower end, one dot per trained network")
    save_figure(figure, "complexity", "Width of the bracket of R on trained networks by geometry, method and streams; "
                "the bar is the median, 1 is exact")  # fmt: skip
    medians = {way: float(np.median(values)) for way, values in known.items()}
    tightest, widest = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
    tell(
        "complexity",
        f"Median width upper / lower of the bracket on trained networks: {medians['l1 affine all']:.2f} (l1, affine), "
        f"{medians['l2 affine all']:.2f} (l2, affine); tightest {tightest} {medians[tightest]:.2f}, widest {widest} "
        f"{medians[widest]:.3g}. An affine certificate takes {1e3 * seconds['random, 6 blocks l1']:.0f} ms at width "
        f"{WIDTH} and 6 blocks, {seconds['compiled, levels 1 l1']:.2g} s on the compiled network of level 1.",
        f"{len(known['l1 affine all'])} small trained networks; brackets of different geometries and streams are of "
        "different definitions of R and not to be compared with each other.",
    )
