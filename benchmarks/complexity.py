"""How wide are the brackets of R(theta), and how long do certificates take?

Random networks, plainly trained ones (Adam, no penalty; in NumPy, so that nothing else needs to be installed) on two
smooth functions, parity and majority, and networks compiled from circuits for breast cancer.  `certificate s` is the
time of the certified diagonals and activation bounds alone, `bracket s` that of both ends.  A bracket is of one
definition of R, geometry and streams; the trained networks' inputs lie in the unit cube.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

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
WIDTH = 16


def random_network(depth: int, seed: int) -> ResNet:
    """Gaussian weights, 16 slots, 16 neurons a block, 4 inputs."""
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
    rng = np.random.default_rng(0)
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


def draw_figure(table: Table) -> Path:
    """Upper / lower of every trained network, one row a method."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    trained = [row for row in table.rows if row[0].startswith("trained")]
    ways = [way for way in WAYS if any(tuple(row[3:6]) == way for row in trained)]
    fig, axis = plt.subplots(figsize=(7.0, 0.5 * len(ways) + 1.2), layout="constrained")
    for place, way in enumerate(ways):
        color = {"l1": "#1f5fa8", "l2": "#c8541a"}[way[0]]
        for blocks, marker in ((3, "o"), (6, "^")):
            values = [row[8] for row in trained if tuple(row[3:6]) == way and row[2] == blocks]
            axis.plot(values, np.full(len(values), place), marker, ms=5, alpha=0.4, color=color, mew=0)
        median = float(np.median([row[8] for row in trained if tuple(row[3:6]) == way]))
        axis.plot([median] * 2, [place - 0.2, place + 0.2], color=color, lw=2)
        axis.annotate(
            f"{median:.3g}",
            (median, place - 0.2),
            (0, 3),
            textcoords="offset points",
            fontsize=8,
            ha="center",
        )
    axis.set_yticks(range(len(ways)), [f"{g}, {method}, {streams} streams" for g, method, streams in ways])
    axis.set(
        xscale="log",
        xlabel="upper / lower end of R(theta); bars: medians",
        title="trained networks: 3 blocks (circles), 6 blocks (triangles)",
    )
    axis.axvline(1.0, color="#222222", lw=0.8)
    axis.invert_yaxis()
    return save_figure(fig, "complexity")


def run(quick: bool = False) -> list[str]:
    """Print and save the table; the targets that were missed.

    Parameters
    ----------
    quick : bool
        One seed, no semidefinite program for 6 blocks, no network of three levels.
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
        net = random_network(depth, 0)
        measure(f"random, {depth} blocks", net, Box.of(None, 4), fast if quick or depth == 6 else WAYS, 5)
    for seed in range(1 if quick else 2):
        for task, (X, y) in tasks().items():
            for depth in (3, 6):
                net, loss = train(X, y, depth, seed)
                ways = fast if quick or depth == 6 or seed else WAYS
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
    print(f"\nfigure: {draw_figure(table)}")
    default = [row for row in table.rows if tuple(row[3:6]) == WAYS[0]]
    trained = [row for row in default if row[0].startswith("trained")]
    deep = [row[8] for row in trained if row[2] == 6]
    path = np.median(ratios["l1", "path", "all"])
    tell(
        "complexity",
        f"R(theta) of {len(trained)} trained networks is known to a factor of {np.median([r[8] for r in trained]):.1f} "
        f"in the median (l1, affine arithmetic), where absolute weights over all paths leave {path:.0f}.",
        f"At 6 blocks the factor is {np.median(deep):.1f} in the median; "
        + " and ".join(f"{r[8]:.1f} on the network of {r[0]}" for r in default if r[0].startswith("compiled"))
        + ".",
    )
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
