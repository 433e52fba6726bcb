"""The figure of ``decomposition``: seconds against K and against s, and the synthesiser beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import _synthesis
from benchmarks._common import RESULTS


def draw_figure(
    seconds: Mapping[tuple[int, int], Sequence[float]],
    synthesis: Sequence[tuple[int, int, _synthesis.Synthesis | None]],
    limit: float,
) -> Path:
    """Write results/decomposition.png.

    Parameters
    ----------
    seconds : mapping of (K, s) to seconds, one a seed
    synthesis : sequence of (K, s, Synthesis or None)
    limit : float
        Where a time-out is drawn.
    """
    import matplotlib

    matplotlib.use("Agg", force=False)
    import matplotlib.pyplot as plt

    counts, sizes = sorted({k for k, _ in seconds}), sorted({s for _, s in seconds})
    fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.6), layout="constrained", sharey=True)
    shade = plt.get_cmap("viridis")
    for i, s in enumerate(sizes):
        t = [np.median(seconds[k, s]) for k in counts]
        left.loglog(counts, t, "o-", ms=4, color=shade(0.9 * i / max(1, len(sizes) - 1)), label=f"s = {s}")
    left.set_xticks(counts, [str(k) for k in counts])
    left.minorticks_off()
    left.set(
        xlabel="sub-circuits K",
        ylabel="seconds of one thread (fw_circuits: CPU, lutexact: wall)",
        title="Against the number of sub-circuits",
    )
    left.legend(frameon=False, ncols=2, title="gates of a sub-circuit")

    chosen = [k for k in (1, 4, 16, 64) if k in counts]
    for i, k in enumerate(chosen):
        t = [np.median(seconds[k, s]) for s in sizes]
        color = shade(0.9 * i / max(1, len(chosen) - 1))
        right.semilogy(sizes, t, "o-", ms=4, color=color, label=f"fw_circuits, K = {k}")
    marks = {1: ("s", "#c8541a"), 2: ("^", "#a02070"), 3: ("D", "#707070")}
    for k, (marker, color) in marks.items():
        done = [(s, e.seconds) for kk, s, e in synthesis if kk == k and e is not None and e.ended == "exact"]
        late = [s for kk, s, e in synthesis if kk == k and e is not None and e.ended == "time-out"]
        place = 0.08 * (k - 2)  # side by side where they would cover each other
        if done:
            sizes_done, times = np.array(done).T
            style = {"color": color, "ms": 6, "mfc": "none", "label": f"lutexact, K = {k}"}
            right.semilogy(sizes_done + place, times, marker + "--", **style)
        if late:
            right.semilogy(
                np.array(late) + place, np.full(len(late), limit), marker, color=color, ms=7,
                label=f"lutexact, K = {k}: none in {limit:g} s",
            )  # fmt: skip
    right.set_xticks(range(1, max(sizes) + 1))
    right.set(
        xlabel="gates s of a sub-circuit",
        title="Against the size of one, with exact synthesis",
    )
    right.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    for axis in (left, right):
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "decomposition.png"
    fig.savefig(path, dpi=130)
    plt.close(fig)
    return path
