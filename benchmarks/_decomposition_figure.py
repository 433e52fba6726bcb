"""The figure of ``decomposition``: seconds against K and against s, and the synthesiser beside them."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks import _figures, _synthesis
from benchmarks._common import save_figure


def draw_figure(
    seconds: Mapping[tuple[int, int], Sequence[float]],
    synthesis: Sequence[tuple[int, int, _synthesis.Synthesis]],
    limit: float,
) -> None:
    """Keep decomposition.png: seconds by (K, s), one per seed; ``limit`` is where a time-out is drawn."""
    counts, sizes = sorted({k for k, _ in seconds}), sorted({s for _, s in seconds})
    figure, (top, bottom) = _figures.panels(2, 3.6)
    _figures.lines(top, {f"s = {s}": (counts, [np.median(seconds[k, s]) for k in counts]) for s in sizes})
    top.set(xlabel="sub-circuits K", ylabel="CPU seconds")
    _figures.legend(top, ncols=4, title="gates s of a sub-circuit")

    chosen = [k for k in (1, 4, 16, 64) if k in counts]
    for k, color in zip(chosen, _figures.SHADES, strict=False):
        bottom.semilogy(sizes, [np.median(seconds[k, s]) for s in sizes], "o-", color=color, label=f"K = {k}")
    for k, mark in ((1, "s"), (2, "^"), (3, "D")):
        ended = [(s, e) for kk, s, e in synthesis if kk == k]
        done = [(s, e.seconds) for s, e in ended if e.ended == "exact"]
        late = [s for s, e in ended if e.ended == "time-out"]
        style = {"color": _figures.GREY, "ms": 7}
        if done:
            bottom.semilogy(*zip(*done, strict=True), mark + "--", mfc="none", label=f"ABC, K = {k}", **style)
        if late:
            place = np.array(late) + 0.08 * (k - 2)  # side by side where they would cover each other
            bottom.semilogy(place, [limit] * len(late), mark, label=f"ABC, K = {k}: not in {limit:g} s", **style)
    bottom.set_xticks(range(1, max(sizes) + 1))
    bottom.set(xlabel="gates s of a sub-circuit", ylabel="seconds")
    _figures.legend(bottom)
    save_figure(figure, "decomposition", "Seconds of one thread against the number of sub-circuits (above) and against "
                "the size of one (below), there beside an exact synthesiser of the whole (grey)")  # fmt: skip
