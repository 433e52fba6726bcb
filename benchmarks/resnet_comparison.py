"""Who reaches a test error with less R(theta), fewer neurons, less time: compiled circuits or gradient-trained ResNets?

`fw_circuits.comparison` on ten tasks: per seed the same rows, the same number of settings tried by each family, the
choice made on validation rows.  Circuits: three penalties of two kinds of circuits.  Gradient descent: six weights of
the path-norm penalty; AdamW, one cycle of 2,000 steps, two sizes of network where rows are many.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes

from benchmarks import _figures
from benchmarks._common import Table, check_targets, save_figure, tell
from fw_circuits.comparison import FAMILIES, PENALTIES, Comparison, compare, default_settings
from fw_circuits.data import Dataset, adder_bit, blocks
from fw_circuits.report import candidate_rows, comparison_lines, comparison_rows
from fw_circuits.report.plots import AXES, FAMILY_STYLE, draw_front

SEEDS = 5
ROWS, FRESH = 6_400, 5_000
#: A larger network where rows are many: it reaches lower errors than the default one.
LARGE = {"width": 32, "neurons": 64, "depth": 4}


def table_of_8(name: str, label: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    """A symmetric function of 8 inputs, all 256 rows."""
    X = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.float64)
    return Dataset(X, label(X.sum(axis=1)).astype(np.int64), tuple(f"x{i}" for i in range(8)), name=name)


def smooth(name: str, d: int, n: int, f: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    """A smooth function at random points of the unit cube."""
    X = np.random.default_rng(0).random((n, d))
    return Dataset(X, f(X), tuple(f"x{i}" for i in range(d)), name=name)


def tasks() -> list[tuple[Dataset, float, dict[str, object]]]:
    """Data, share tested on, and the size of the gradient-trained network."""
    fresh = FRESH / (ROWS + FRESH)
    cancer, diabetes = load_breast_cancer(), load_diabetes()
    mixed = [blocks("mixed", kind, ROWS + FRESH, 0) for kind in ("majority", "mean")]
    top = [adder_bit(8, bit, n_rows=ROWS + FRESH, random_state=0) for bit in (3, 7)]
    return [
        (table_of_8("parity-8", lambda ones: ones % 2 == 1), 0.2, {}),
        (table_of_8("majority-8", lambda ones: ones > 4), 0.5, {}),
        (replace(mixed[0], name="blocks, majority"), fresh, LARGE),
        (replace(mixed[1], name="blocks, mean"), fresh, LARGE),
        (replace(top[0], name="adder, bit 3"), fresh, LARGE),
        (replace(top[1], name="adder, bit 7"), fresh, LARGE),
        (Dataset(cancer.data, cancer.target, tuple(cancer.feature_names), name="breast cancer"), 0.25, {}),
        (Dataset(diabetes.data, diabetes.target, tuple(diabetes.feature_names), name="diabetes"), 0.25, {}),
        (smooth("smooth, 2 inputs", 2, 2500, lambda X: np.sin(2 * np.pi * X[:, 0]) * X[:, 1]), 0.8, {}),
        (smooth("smooth, 4 inputs", 4, 3000,
                lambda X: np.exp(-4 * ((X - 0.5) ** 2).sum(axis=1)) + X[:, 0] * X[:, 1]), 2 / 3, {}),
    ]  # fmt: skip


def run(quick: bool = False) -> list[str]:
    """Two tables (networks chosen, all networks), a figure for each axis of the fronts, and who is ahead where."""
    found, medians, networks = [], [], []
    everything = tasks()
    for dataset, test_fraction, size in [everything[0], everything[8]] if quick else everything:
        circuits, _ = default_settings(boolean=bool(np.isin(dataset.X, (0, 1)).all()))
        gradient = [{"penalty": penalty, **size} for penalty in PENALTIES]
        if quick:
            circuits, gradient = circuits[3:5], [{**tried, "steps": 300} for tried in gradient[3:5]]
        with warnings.catch_warnings(action="ignore"):
            result = compare(
                dataset, seeds=2 if quick else SEEDS, test_fraction=test_fraction, circuits=circuits, gradient=gradient
            )
        print(f"{dataset.name}\n  " + "\n  ".join(comparison_lines(result)), flush=True)
        found.append(result)
        medians += comparison_rows(result)
        networks += candidate_rows(result)
    for name, rows in (("resnet_comparison-networks", networks), ("resnet_comparison-medians", medians)):
        table = Table(list(rows[0]))
        for row in rows:
            table.add(*row.values())
        table.save(name)
    short_table(medians).show("resnet_comparison")
    for quantity in AXES:
        name = "resnet_comparison" + ("" if quantity == "l1" else f"-{quantity}")
        caption = f"Test error against {AXES[quantity]}; large marks were chosen on validation rows, lines are fronts"
        caption += ", bars are brackets." if quantity in ("l1", "l2") else "."
        save_figure(figure(found, quantity), name, caption)
    tell(*verdict(found))
    deviation = max(row["deviation"] for row in medians)
    return check_targets([("largest deviation of a compiled network from its solution", deviation, "<=", 1e-9)])


def short_table(medians: list[dict]) -> Table:
    """What fits on a screen: error, brackets, neurons, seconds."""
    table = Table(["task", "family", "error", "R l1", "R l2", "neurons", "seconds"])
    for row in medians:
        ends = [f"{row[f'{g}_lower']:.3g}..{row[f'{g}_upper']:.3g}" for g in ("l1", "l2")]
        table.add(row["task"], row["family"], f"{row['error']:.4f}", *ends, row["neurons"], f"{row['seconds']:.2f}")
    return table


def verdict(found: list[Comparison]) -> tuple[str, str]:
    """Finding and caveat: who is ahead where, each family's wins and losses by name."""
    words = {"test_error": "lower test error", "l1": "lower R (l1)", "l2": "lower R (l2)",
             "neurons": "fewer neurons", "seconds": "less time"}  # fmt: skip
    sentences = []
    for quantity, what in words.items():
        ahead = {family: [c.name for c in found if c.winner(quantity) == family] for family in FAMILIES}
        open_ = [c.name for c in found if c.winner(quantity) is None]
        parts = [
            f"{'circuits' if family == 'circuits' else 'gradient descent'} on {len(names)} of {len(found)}"
            + (f" ({'; '.join(names)})" if names else "")
            for family, names in ahead.items()
        ]
        rest = f"; undecided: {'; '.join(open_)}" if open_ else ""
        sentences.append(f"{what[0].upper()}{what[1:]}: {'; '.join(parts)}{rest}.")
    seeds = len(found[0].chosen("circuits"))
    caveat = (
        f"Ahead means on at least four fifths of {seeds} random splits, for R by disjoint brackets; each family tried "
        f"{len({str(c.settings) for c in found[0].candidates if c.family == 'circuits'})} settings of its own, and "
        "other settings, optimisers or sizes of network may do better. Networks of Boolean tasks equal their circuits "
        "at 0/1 inputs, those of real features on the range of the training rows."
    )
    return " ".join(sentences), caveat


def figure(found: list[Comparison], quantity: str):
    """Small multiples of test error against one quantity, one task per panel."""
    fig, axes = _figures.multiples(len(found), 3.6, 2.5)
    for axis, result in zip(axes, found, strict=True):
        draw_front(axis, result, quantity)
        axis.set_title(result.name, fontsize=11)
        axis.set(xlabel=AXES[quantity], ylabel=f"test {result.metric}")
    plt, style = _figures.pyplot(), FAMILY_STYLE.values()
    handles = [plt.Line2D([], [], marker=marker, color=color, ls="") for color, marker, _ in style]
    names = [name for *_, name in style]
    fig.legend(handles, names, loc="outside upper center", ncols=2, frameon=False)
    return fig
