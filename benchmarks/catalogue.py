"""Is the catalogue complete and minimal?

Searches the smallest circuits again by exhaustion and compares the number of functions of each size with the
published counts (D. E. Knuth, TAOCP 7.1.2); then checks that every one of the 65,536 circuits computes its
table with exactly its cost.
"""

import numpy as np

from benchmarks import _figures
from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from fw_circuits.circuits.catalogue import COUNTS4, COUNTS5, cost_table, count_by_cost, load, minimal_circuit

SEED = None  # exhaustive: nothing is drawn


def run(quick: bool = False) -> list[str]:
    """Count, compare and check; the targets that were missed.

    Quick: search 5 inputs up to 4 gates instead of 5, and check every 16th circuit.
    """
    table = Table(["inputs", "gates", "functions", "published", "seconds of the search"])
    differ, seconds = 0, {}
    for n, published in ((4, COUNTS4), (5, COUNTS5[:5] if quick else COUNTS5)):
        with Timer() as timer:
            counts = count_by_cost(n, len(published) - 1)
        seconds[n] = timer.wall
        for gates, (found, known) in enumerate(zip(counts, published, strict=True)):
            table.add(n, gates, found, known, timer.wall)
            differ += found != known
    table.show("catalogue")

    load.cache_clear()
    cost = cost_table()
    stored = int(np.sum(np.bincount(cost, minlength=len(COUNTS4)) != COUNTS4))
    with Timer() as timer:
        checked = range(0, 1 << 16, 16 if quick else 1)
        wrong = 0
        for function in checked:
            circuit = minimal_circuit(function, 4)
            wrong += circuit.truth_table() != function or circuit.n_gates != cost[function]
    draw(table)
    right = "every size has" if differ == 0 else f"{differ} of {len(table.rows)} sizes do NOT have"
    hold = "all compute" if wrong == 0 else f"{wrong} do NOT compute"
    tell(
        f"Searched again by exhaustion in {seconds[4]:.1f} s (4 inputs) and {seconds[5]:.1f} s (5 inputs): {right} the "
        f"published number of functions. Of {len(checked):,} stored circuits {hold} their function at its cost "
        f"({timer.wall:.1f} s).",
        f"5 inputs are searched up to {len(COUNTS5[:5] if quick else COUNTS5) - 1} gates only.",
    )
    return check_targets([
        ("sizes whose number of functions is not the published one", differ, "<=", 0),
        ("sizes of the stored catalogue that differ", stored, "<=", 0),
        ("stored circuits that do not compute their function at its cost", wrong, "<=", 0),
    ])  # fmt: skip


def draw(table: Table) -> None:
    """Functions of each size: what was found as dots, the published counts as a line."""
    figure, (axis,) = _figures.panels()
    for n, color in ((4, _figures.BLUE), (5, _figures.ORANGE)):
        rows = [row for row in table.rows if row[0] == n]
        gates = [row[1] for row in rows]
        axis.semilogy(gates, [row[3] for row in rows], "-", color=color, lw=1)
        axis.semilogy(gates, [row[2] for row in rows], "o", color=color, label=f"{n} inputs")
    axis.set(xlabel="gates of a smallest circuit", ylabel="functions")
    _figures.legend(axis)
    save_figure(figure, "catalogue", "Number of functions of each size: counted (dots) and published (lines)")
