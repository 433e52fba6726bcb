"""One style for the figures of the suite: narrow, panels under each other, readable at 400 pixels.

Blue is this package, grey are peers, orange is a limit, a bound or a loss.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fw_circuits.report.plots import BLUE, GREY, INK, ORANGE

WIDTH = 5.4  # inches; labels of 11 points are then 11 pixels high on a page of 400
GREEN, PURPLE, OCHRE, RED = "#3a8f6b", "#8a4fa0", "#b08a1e", "#c03060"
SHADES = (BLUE, ORANGE, GREEN, PURPLE, GREY, OCHRE, INK)
MARKS = "osD^vPX"


def pyplot() -> Any:
    """matplotlib.pyplot, imported when it is needed, without a screen."""
    import matplotlib

    matplotlib.use("Agg", force=False)
    import matplotlib.pyplot as plt

    return plt


def panels(n: int = 1, height: float = 3.2) -> tuple[Any, list[Any]]:
    """A figure with n axes under each other, each ``height`` inches high."""
    plt = pyplot()
    style = {
        "font.size": 11, "axes.titlesize": 11, "axes.titlelocation": "left", "axes.labelcolor": INK,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
        "legend.frameon": False, "legend.fontsize": 10, "lines.markersize": 5,
    }  # fmt: skip
    with plt.rc_context(style):
        figure, axes = plt.subplots(n, 1, figsize=(WIDTH, n * height), layout="constrained", squeeze=False)
    return figure, list(axes[:, 0])


def multiples(n: int, width: float, height: float) -> tuple[Any, list[Any]]:
    """A figure with n small axes of this size in inches, two per row."""
    columns = min(n, 2)
    rows = -(-n // columns)
    size = (width * columns, height * rows)
    figure, axes = pyplot().subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axis in axes.flat[n:]:
        axis.set_axis_off()
    return figure, list(axes.flat[:n])


def legend(axis: Any, **options: Any) -> None:
    """A legend above the plot, out of the way of the data."""
    style = {"frameon": False, "fontsize": 10, "loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2}
    axis.legend(**(style | options))


def dots(axis: Any, rows: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> None:
    """A line for each row, a dot for each series on it; the first series is this package, and None is left out."""
    places = np.arange(len(rows))[::-1]
    for i, (name, values) in enumerate(series.items()):
        known = [(v, y) for v, y in zip(values, places, strict=True) if v is not None]
        color = BLUE if i == 0 else SHADES[1:][(i - 1) % len(SHADES[1:])]
        x, y = np.array(known, float).reshape(-1, 2).T
        face = color if i == 0 else "none"
        axis.plot(x, y, MARKS[i % len(MARKS)], color=color, mfc=face, ms=8 if i == 0 else 6, label=name,
                  zorder=3 if i else 2)  # fmt: skip
    axis.set_yticks(places, rows)
    axis.set_ylim(-0.6, len(rows) - 0.4)


def bars(axis: Any, rows: Sequence[str], values: Sequence[float], labels: Sequence[str], ours: Sequence[bool]) -> None:
    """Horizontal bars, this package blue and others grey, each with its figure behind it."""
    places = np.arange(len(rows))[::-1]
    drawn = axis.barh(places, values, color=[BLUE if own else GREY for own in ours], height=0.6)
    axis.bar_label(drawn, labels, padding=4, fontsize=10)
    axis.set_yticks(places, rows)
    axis.grid(False, axis="y")
    axis.margins(x=0.2)


def lines(axis: Any, series: Mapping[str, tuple[Sequence[float], Sequence[float]]], **options: Any) -> None:
    """Curves of (x, y) on logarithmic axes."""
    for i, (name, (x, y)) in enumerate(series.items()):
        axis.loglog(x, y, f"{MARKS[i % len(MARKS)]}-", color=SHADES[i % len(SHADES)], label=name, **options)
    ticks = sorted({value for x, _ in series.values() for value in x})
    axis.set_xticks(ticks, [f"{value:,g}" for value in ticks])
    label_short_range(axis.yaxis, *axis.get_ylim())
    axis.minorticks_off()


def label_short_range(axis: Any, low: float, high: float) -> None:
    """Label 1, 2 and 5 on a logarithmic axis of less than two powers of ten, which alone would leave it bare."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_minor_formatter(NullFormatter())
    if high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
