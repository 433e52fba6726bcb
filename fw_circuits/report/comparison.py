"""A comparison of both families as a table and in plain sentences."""

from collections import Counter
from typing import Any

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from fw_circuits.comparison import FAMILIES, GEOMETRIES, Comparison, quantities

NAMES = {"circuits": "circuits", "gradient": "gradient descent"}
QUANTITIES = {
    "test_error": "test error",
    "l1": "R(theta) in the l1 geometry",
    "l2": "R(theta) in the l2 geometry",
    "neurons": "neurons",
    "seconds": "training time",
}


def comparison_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One row per family: medians over seeds of the networks chosen on validation rows, and on how many each leads."""
    rows = []
    for i, family in enumerate(FAMILIES):
        chosen = comparison.chosen(family)
        often = Counter(_settings(c.settings) for c in chosen).most_common(1)[0][0]
        errors = [c.test_error for c in chosen]
        row: dict[str, Any] = {"task": comparison.name, "family": NAMES[family], "metric": comparison.metric,
                               "error": float(np.median(errors)), "least error": min(errors),
                               "most error": max(errors)}  # fmt: skip
        for name in ("l1_lower", "l1_upper", "l2_lower", "l2_upper", "neurons", "depth", "seconds"):
            row[name] = comparison.median(family, name)
        row |= {f"ahead in {name}": comparison.wins(name)[i] for name in QUANTITIES}
        rows.append(row | {"mostly chosen": often, "deviation": max(c.deviation for c in comparison.candidates)})
    return rows


def candidate_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One row per network: everything that was measured."""
    return [
        {"task": comparison.name, "family": NAMES[c.family], "seed": c.seed, "settings": _settings(c.settings),
         "chosen": c.chosen, "validation_error": c.validation_error, **quantities(c), "deviation": c.deviation}
        for c in comparison.candidates
    ]  # fmt: skip


def comparison_table(comparison: Comparison) -> Table:
    """The medians of :func:`comparison_rows` for a terminal."""
    seeds = len(comparison.chosen(FAMILIES[0]))
    table = Table(
        box=box.SIMPLE_HEAD, title=Text(f"{comparison.name}: medians over {seeds} seeds"), title_justify="left"
    )
    table.add_column("family")
    for name in (f"test {comparison.metric}", "R, l1", "R, l2", "neurons", "seconds"):
        table.add_column(name, justify="right")
    table.add_column("mostly chosen")
    for row in comparison_rows(comparison):
        ends = [f"{row[f'{g}_lower']:.3g} .. {row[f'{g}_upper']:.3g}" for g in GEOMETRIES]
        table.add_row(row["family"], f"{row['error']:.4f}", *ends, f"{row['neurons']:.0f}", f"{row['seconds']:.2f}",
                      Text(row["mostly chosen"]))  # fmt: skip
    return table


def comparison_lines(comparison: Comparison) -> list[str]:
    """Who is ahead in what, one sentence per quantity."""
    seeds = len(comparison.chosen(FAMILIES[0]))
    lines = []
    for quantity, words in QUANTITIES.items():
        ours, theirs = comparison.wins(quantity)
        values = " against ".join(_value(comparison, family, quantity) for family in FAMILIES)
        winner = comparison.winner(quantity)
        if winner is not None:
            count = max(ours, theirs)
            lines.append(f"{words}: {NAMES[winner]} ahead on {count} of {seeds} seeds ({values}).")
        else:
            why = "brackets overlap or seeds differ" if quantity in GEOMETRIES else "seeds differ"
            lines.append(f"{words}: no winner, {why}: {ours} to {theirs} of {seeds} ({values}).")
    return [line[0].upper() + line[1:] for line in lines]


def _value(comparison: Comparison, family: str, quantity: str) -> str:
    if quantity in GEOMETRIES:
        low, high = (comparison.median(family, f"{quantity}_{end}") for end in ("lower", "upper"))
        return f"{low:.3g} to {high:.3g}"
    value = comparison.median(family, quantity)
    return f"{value:.2f} s" if quantity == "seconds" else f"{value:.4g}"


def _settings(settings: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
