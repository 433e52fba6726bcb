"""Figures: convergence of a run, one circuit as a graph, two families beside each other.

Text that comes from data (names of columns and tables) is drawn letter by letter: a `$` opens no formula.
"""

import textwrap
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from fw_circuits._files import check_writable, write_atomically
from fw_circuits.comparison import Comparison, quantities
from fw_circuits.exceptions import InputError
from fw_circuits.solution import Solution
from fw_circuits.tetrakis import Atom

INK, BLUE, ORANGE, GREY = "#222222", "#1f5fa8", "#c8541a", "#8a8a8a"
#: Gate table -> name, whether the first and the second operand are inverted (drawn as dashed lines).
GATES = {
    1: ("nor", False, False), 2: ("and", False, True), 4: ("and", True, False), 6: ("xor", False, False),
    7: ("nand", False, False), 8: ("and", False, False), 9: ("xnor", False, False), 11: ("or", False, True),
    13: ("or", True, False), 14: ("or", False, False),
}  # fmt: skip


#: How text from data is drawn, whatever the user's settings of matplotlib say.
LITERALLY: dict[str, Any] = {"parse_math": False, "usetex": False}
MOST_OF_A_NAME, MOST_OF_A_TITLE = 40, 300
#: Of a title, at its size of letters.
LETTERS_PER_INCH = 12


def plot_convergence(solution: Solution, path: str | PathLike[str]) -> Path:
    """Objective with its lower bound, and the relative certified gap, against the oracle's passes.

    Parameters
    ----------
    solution : Solution
        With a trace of at least one pass.
    path : path-like
        Where the picture goes; the file extension chooses the format.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the solution has no trace.
    """
    target = check_path(path)
    trace = solution.trace
    if len(trace) == 0:
        raise InputError("the solution has no passes to plot; expected one that solve() returned.")
    plt = pyplot()
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    passes = trace["iteration"]
    left.plot(passes, trace["primal"], color=BLUE, marker="o", ms=3, label="objective")
    dual = trace["dual"]
    left.plot(
        passes, np.where(np.isfinite(dual), dual, np.nan), color=ORANGE, marker="o", ms=3, label="best lower bound"
    )
    left.set(xlabel="oracle pass", ylabel="objective", title="Objective and its bound")
    left.legend(frameon=False)
    gap = trace["relative_gap"]
    shown = np.isfinite(gap) & (gap > 0)
    right.semilogy(passes[shown], gap[shown], color=INK, marker="o", ms=3)
    right.axhline(solution.certificate.tol, color=GREY, ls="--", lw=1)
    right.annotate("tolerance", (0.01, solution.certificate.tol), xycoords=("axes fraction", "data"), ha="left",
                   va="bottom", color=GREY, fontsize=8)  # fmt: skip
    right.set(xlabel="oracle pass", ylabel="gap / objective", title="Certified relative gap")
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
        axis.xaxis.get_major_locator().set_params(integer=True)
    return save_figure(fig, target)


def plot_circuit(
    atom: Atom, path: str | PathLike[str], feature_names: tuple[str, ...] | None = None, title: str | None = None
) -> Path:
    """One atom as a graph: literals on the left, gates by depth, output on the right.

    Parameters
    ----------
    atom : Atom
    path : path-like
        Where the picture goes; the file extension chooses the format.
    feature_names : tuple of str, optional
        Default: x0, x1, ...
    title : str, optional
        Default: the atom's formula.

    Returns
    -------
    Path
    """
    target = check_path(path)
    plt = pyplot()
    circuit = atom.circuit
    names = [atom.lattice.literal_name(atom.level, i, feature_names) for i in atom.literals]
    first_gate = 1 + circuit.n_inputs
    depth = {node: 0 for node in range(first_gate)}
    graph = nx.DiGraph()
    used = {g.a for g in circuit.gates} | {g.b for g in circuit.gates} | {s // 2 for s in circuit.outputs}
    labels: dict[Any, str] = {}
    for node in sorted(n for n in used if n < first_gate):
        graph.add_node(node, layer=0)
        labels[node] = names[node - 1] if node else "0"
    signal = circuit.outputs[0]
    inverted = signal % 2 == 1
    for j, gate in enumerate(circuit.gates):
        node, table = first_gate + j, gate.table
        if node == signal // 2 and inverted:  # the last gate absorbs the complement of the output
            table, inverted = 15 - table, False
        depth[node] = 1 + max(depth[gate.a], depth[gate.b])
        labels[node], invert_a, invert_b = GATES.get(table, (f"table {table}", False, False))
        graph.add_node(node, layer=depth[node])
        graph.add_edge(gate.a, node, inverted=invert_a)
        graph.add_edge(gate.b, node, inverted=invert_b)
    graph.add_node("out", layer=1 + max(depth.values()))
    graph.add_edge(signal // 2, "out", inverted=inverted)
    labels["out"] = "out"
    place = nx.multipartite_layout(graph, subset_key="layer")
    layers = 2 + max(depth.values())
    tall = max(sum(1 for _, d in graph.nodes(data=True) if d["layer"] == layer) for layer in range(layers))
    fig, axis = plt.subplots(figsize=(1.9 * layers + 1.0, 0.75 * tall + 1.2), layout="constrained")
    for dashed in (False, True):
        edges = [(u, v) for u, v, data in graph.edges(data=True) if data["inverted"] == dashed]
        nx.draw_networkx_edges(graph, place, edgelist=edges, ax=axis, edge_color=ORANGE if dashed else GREY,
                               style="dashed" if dashed else "solid", arrowsize=12, node_size=1500)  # fmt: skip
    if any(data["inverted"] for *_, data in graph.edges(data=True)):
        axis.annotate("dashed: inverted", (0.99, 0.01), xycoords="axes fraction", ha="right", color=ORANGE, fontsize=8)
    for node, (x, y) in place.items():
        kind = ORANGE if node == "out" else BLUE if isinstance(node, int) and node >= first_gate else INK
        axis.text(x, y, one_line(labels[node], MOST_OF_A_NAME), ha="center", va="center", fontsize=9, color=kind,
                  bbox={"boxstyle": "round,pad=0.4", "fc": "white", "ec": kind}, **LITERALLY)  # fmt: skip
    axis.margins(0.18, 0.2)
    axis.set_axis_off()
    text = one_line(title or atom.formula(feature_names), MOST_OF_A_TITLE)
    lines = textwrap.wrap(text, int(LETTERS_PER_INCH * fig.get_figwidth()))  # wrap=True would look for formulas
    axis.set_title("\n".join(lines), fontsize=10, color=INK, **LITERALLY)
    return save_figure(fig, target)


#: Family -> colour, marker, name.
FAMILY_STYLE = {"circuits": (BLUE, "o", "circuits"), "gradient": (ORANGE, "s", "gradient descent")}
#: What a front is drawn against -> its axis label.
AXES = {"l1": "R(theta), l1", "l2": "R(theta), l2", "neurons": "neurons", "seconds": "training seconds"}


def plot_comparison(comparison: Comparison, path: str | PathLike[str]) -> Path:
    """Test error against R(theta) in both geometries, neurons and training seconds, both families in each panel.

    Parameters
    ----------
    comparison : Comparison
    path : path-like
        Where the picture goes; the file extension chooses the format.
    """
    target = check_path(path)
    fig, axes = pyplot().subplots(2, 2, figsize=(9.0, 7.0), layout="constrained", sharey=True)
    for axis, (quantity, label) in zip(axes.flat, AXES.items(), strict=True):
        draw_front(axis, comparison, quantity)
        axis.set(xlabel=label)
    for axis in axes[:, 0]:
        axis.set_ylabel(f"test {comparison.metric}", **LITERALLY)
    axes[0, 0].legend(frameon=False, fontsize=9)
    name = one_line(comparison.name, MOST_OF_A_NAME)
    fig.suptitle(f"{name}: large marks were chosen on validation rows; bars are brackets", fontsize=11, **LITERALLY)
    return save_figure(fig, target)


def draw_front(axis: Any, comparison: Comparison, quantity: str) -> None:
    """All networks of both families on one axis: test error against a quantity, the front as steps.

    Parameters
    ----------
    axis : matplotlib Axes
    comparison : Comparison
    quantity : {"l1", "l2", "neurons", "seconds"}
        For l1 and l2 the whole bracket is drawn, and the front is that of the upper ends.
    """
    from matplotlib.ticker import NullFormatter

    bracket = quantity in ("l1", "l2")
    upper = f"{quantity}_upper" if bracket else quantity
    for family, (color, marker, name) in FAMILY_STYLE.items():
        front = comparison.front(family, upper)
        x, y = [quantities(c)[upper] for c in front], [c.test_error for c in front]
        axis.step(x, y, where="post", color=color, lw=1.2, alpha=0.8)
        for c in comparison.candidates:
            if c.family != family:
                continue
            values = quantities(c)
            if bracket:
                ends = [values[f"{quantity}_lower"], values[upper]]
                axis.plot(
                    ends, [c.test_error] * 2, color=color, lw=2.0 if c.chosen else 1.0, alpha=0.9 if c.chosen else 0.3
                )
            style = {"ms": 7, "mec": "white"} if c.chosen else {"ms": 3.5, "alpha": 0.35, "mec": color}
            axis.plot(values[upper], c.test_error, marker, color=color, **style)
        axis.plot([], [], marker, color=color, label=name)
    axis.set_xscale("log")
    low, high = axis.get_xlim()
    middle = np.sqrt(low * high)
    axis.set_xlim(min(low, middle / 4.0), max(high, middle * 4.0))  # more than a decade, so that ticks can be read
    axis.xaxis.set_minor_formatter(NullFormatter())
    errors = [c.test_error for c in comparison.candidates]
    if min(errors) > 3e-3:
        axis.set_yscale("log")
        axis.set_ylim(0.7 * min(errors), 1.4 * max(errors))
    else:  # zero has a place of its own
        axis.set_yscale("symlog", linthresh=1e-3)
        axis.set_ylim(-2e-4, 1.6 * max(*errors, 2e-3))
    axis.spines[["top", "right"]].set_visible(False)


def pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg", force=False)
    import matplotlib.pyplot as plt

    return plt


def one_line(text: str, most: int) -> str:
    """Text on one line, its middle left out where it is longer than ``most``.

    >>> one_line("a\\nb", 9), one_line("x" * 50, 9)
    ('a\\\\nb', 'xxxx…xxxx')
    """
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    half = (most - 1) // 2
    return line if len(line) <= most else f"{line[:half]}…{line[-half:]}"


def check_path(path: str | PathLike[str]) -> Path:
    """Refuse, before anything is drawn, a file extension that matplotlib cannot write and a place without a file."""
    target = check_writable(path)
    pyplot()
    from matplotlib.backend_bases import FigureCanvasBase

    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if target.suffix.lower().removeprefix(".") not in known:
        raise InputError(
            f"{target}: unknown file extension {target.suffix!r}; known: {' '.join(f'.{k}' for k in known)}."
        )
    return target


def save_figure(fig: Any, target: Path) -> Path:
    picture = BytesIO()
    try:
        fig.savefig(picture, dpi=150, format=target.suffix[1:])
    finally:
        pyplot().close(fig)
    write_atomically(target, picture.getvalue())
    return target
