"""Figures of what a solution does: effects of columns and of a pair of them, terms of one row, calibration."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError
from fw_circuits.report import effects
from fw_circuits.report.plots import BLUE, GREY, INK, LITERALLY, ORANGE, check_path, one_line, pyplot, save_figure
from fw_circuits.solution import Solution

#: Columns that are drawn, those with the largest share of the norm; circuits of one row.
MOST_COLUMNS, MOST_TERMS = 9, 12
#: A column with this many values is drawn as points.
FEW = 3


def plot_effects(solution: Solution, rows: Floats, path: str | PathLike[str]) -> Path:
    """What f does on average as one column moves, a panel for each of the columns that weigh most.

    Parameters
    ----------
    solution : Solution
    rows : ndarray of shape (N, d)
        To average over (`effects.rows_of`).
    path : path-like
        Where the picture goes; the file extension chooses the format.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the solution reads no column.
    """
    target, share, names = check_path(path), effects.shares_of(solution), effects.names_of(solution)
    columns = [int(i) for i in np.argsort(-share, kind="stable")[:MOST_COLUMNS] if share[i] > 0.0]
    if not columns:
        raise InputError("the solution is a constant and reads no column; there is no effect to plot.")
    across = min(3, len(columns))
    down = -(-len(columns) // across)
    fig, axes = pyplot().subplots(down, across, figsize=(2.1 * across + 0.3, 1.7 * down + 0.2), squeeze=False,
                                  sharey=True, layout="constrained")  # fmt: skip
    for axis, column in zip(axes.flat, columns, strict=False):
        grid, mean = effects.effect(solution, rows, column)
        axis.plot(grid, mean, color=BLUE, marker="o" if len(grid) <= FEW else "", ms=5)
        if len(grid) <= FEW:
            axis.set_xticks(grid)
        axis.set_title(f"{one_line(names[column], 24)}  ({share[column]:.0%})", fontsize=8, **LITERALLY)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
    for axis in axes.flat[len(columns) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("mean of f", fontsize=8)
    return save_figure(fig, target)


def plot_pair(solution: Solution, rows: Floats, path: str | PathLike[str], pair: tuple[int, int]) -> Path:
    """What f does on average as two columns move: a heat map."""
    target = check_path(path)
    a, b, surface = effects.pair_effect(solution, rows, *pair)
    fig, axis = pyplot().subplots(figsize=(6.4, 3.6), layout="constrained")
    largest = max(float(np.abs(surface - surface.mean()).max()), 1e-12)
    mesh = axis.pcolormesh(_edges(b), _edges(a), surface, cmap="RdBu_r", vmin=surface.mean() - largest,
                           vmax=surface.mean() + largest)  # fmt: skip
    for values, put in ((b, axis.set_xticks), (a, axis.set_yticks)):
        if len(values) <= FEW:
            put(values)
    names = effects.names_of(solution)
    axis.set_xlabel(one_line(names[pair[1]], 40), **LITERALLY)
    axis.set_ylabel(one_line(names[pair[0]], 40), **LITERALLY)
    fig.colorbar(mesh, label="mean of f")
    return save_figure(fig, target)


def _edges(values: Floats) -> Floats:
    """Where the cells around some values meet."""
    if len(values) == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    middle = 0.5 * (values[1:] + values[:-1])
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


def plot_terms(solution: Solution, row: Floats, path: str | PathLike[str]) -> Path:
    """What each circuit adds to f at one row: bars, the largest first, the others as one."""
    target = check_path(path)
    terms = effects.contributions(solution, row)
    bars = [(one_line(t.formula, 46), t.contribution) for t in terms[:MOST_TERMS]]
    rest = terms[MOST_TERMS:]
    if rest:
        bars.append((f"{len(rest)} others", sum(t.contribution for t in rest)))
    bars.append(("intercept", solution.intercept))
    names, values = zip(*bars, strict=True)
    fig, axis = pyplot().subplots(figsize=(6.6, 0.28 * len(bars) + 0.8), layout="constrained")
    place = np.arange(len(bars))[::-1]
    axis.barh(place, values, color=[ORANGE if v < 0 else BLUE for v in values], height=0.7)
    axis.axvline(0.0, color=INK, lw=0.8)
    axis.set_yticks(place, names, fontsize=8, **LITERALLY)
    axis.set_xlabel(f"added up: f = {solution.intercept + sum(t.contribution for t in terms):.4g}")
    axis.spines[["top", "right", "left"]].set_visible(False)
    return save_figure(fig, target)


def plot_calibration(probability: Floats, right: Array, path: str | PathLike[str]) -> Path:
    """Fraction of rows of the second label against its probability, with two standard errors."""
    target = check_path(path)
    mean, fraction, rows = effects.calibration(probability, right)
    error = 2.0 * np.sqrt(np.maximum(fraction * (1.0 - fraction), 0.25 / rows) / rows)
    fig, axis = pyplot().subplots(figsize=(6.0, 3.8), layout="constrained")
    axis.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--")
    bars: Any = np.clip([error, error], 0.0, [fraction, 1.0 - fraction])
    axis.errorbar(mean, fraction, bars, color=BLUE, marker="o", ms=4, lw=1)
    axis.set(xlabel="probability said", ylabel="fraction seen", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axis.spines[["top", "right"]].set_visible(False)
    return save_figure(fig, target)
