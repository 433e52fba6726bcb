"""One self-contained HTML page about a solution, and about one prediction, circuit by circuit."""

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError
from fw_circuits.report import effects
from fw_circuits.report.effect_plots import plot_calibration, plot_effects, plot_pair, plot_terms
from fw_circuits.report.page import STYLE
from fw_circuits.report.plots import plot_circuit
from fw_circuits.report.tables import certificate_lines, solution_lines
from fw_circuits.solution import Solution

#: Circuits that are listed, and that are drawn.
LISTED, DRAWN = 30, 3
MOVED = (
    "The mean of f over the rows as one column moves, and the column's share of the norm. "
    "Columns that move together in the data are moved alone here."
)


def explain_page(
    solution: Solution, X: Any, row: int = 0, *, labels: Array | None = None, title: str = "Solution"
) -> str:
    """The page as one string of HTML: the solution, effects of its columns, its circuits, and one row explained.

    Parameters
    ----------
    solution : Solution
        What is explained.
    X : array-like or data frame
        Rows as :meth:`Solution.predict` takes them: effects are means over them.
    row : int
        The one to explain, from 0.
    labels : ndarray of shape (N,), optional
        What the rows are: a logistic solution is then shown with its calibration on them.
    title : str
        What the page is called.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If there is no such row, or if the solution has a function for each of several classes.

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> page = explain_page(solve(X, X[:, 0] * X[:, 1], lam=1e-6), X, 3)
    >>> "x0 &amp; x1" in page, "<script" in page
    (True, False)
    """
    if np.ndim(solution.intercept):
        raise InputError(
            f"the solution has {len(np.asarray(solution.intercept))} functions, one per class; the page explains one: "
            "solve for two labels with loss='logistic', for example one class against all others."
        )
    rows = effects.rows_of(solution, X)
    if not 0 <= row < len(rows):
        raise InputError(f"row is {row}; the table has {len(rows)} rows: expected 0 to {len(rows) - 1}.")
    with tempfile.TemporaryDirectory() as folder:
        figures = _Figures(Path(folder))
        parts = [
            _section("The solution", _lines(solution_lines(solution)) + _lines(certificate_lines(solution))),
            _section(f"Row {row}", _row(solution, rows[row]), figures.png(plot_terms, solution, rows[row])),
            *_effects(solution, rows, figures),
            *_calibrated(solution, rows, labels, figures),
            _section("Circuits", _circuits(solution), *_drawn(solution, figures)),
        ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{escape(title)}</h1>\n{''.join(parts)}</body>\n</html>\n"
    )


class _Figures:
    """Figures as data: each is drawn into a folder and read back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def png(self, draw: Callable[..., Any], *arguments: Any, caption: str = "", **options: Any) -> str:
        path = self.folder / "figure.png"
        draw(*arguments[:2], path, *arguments[2:], **options)
        data = b64encode(path.read_bytes()).decode("ascii")
        text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
        return f'<figure><img alt="{escape(caption or "figure")}" src="data:image/png;base64,{data}">{text}</figure>\n'


def _section(heading: str, *parts: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>\n{''.join(parts)}</section>\n"


def _lines(lines: list[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>\n" for line in lines if line)


def _grid(columns: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_aligned(cell)}>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return f'<div class="box"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>\n'


def _aligned(cell: str) -> str:
    return ' class="n"' if cell.replace(".", "").replace("-", "").replace("e", "").replace("%", "").isdigit() else ""


def _row(solution: Solution, row: Floats) -> str:
    f = solution.combination.values(effects.points_of(solution, row[None]))
    said = f"f = {f[0]:.5g}"
    if solution.classes is not None:
        said += f", so the answer is {solution.answers(f)[0]}"
        if solution.loss == "logistic":
            said += f" (probability of {solution.classes[1]}: {_probability(f)[0]:.3f})"
    values = [[name, f"{value:.6g}"] for name, value in zip(effects.names_of(solution), row.tolist(), strict=True)]
    read = [values[i] for i in np.flatnonzero(effects.shares_of(solution))]
    return f"<p>{escape(said)}.</p>\n" + (_grid(["column that is read", "value"], read) if read else "")


def _probability(f: Floats) -> Floats:
    p: Floats = 0.5 * (1.0 + np.tanh(0.5 * f))
    return p


def _effects(solution: Solution, rows: Floats, figures: _Figures) -> Iterator[str]:
    if not effects.shares_of(solution).any():
        return
    drawn = figures.png(plot_effects, solution, rows, caption=MOVED)
    pair = effects.strongest_pair(solution)
    if pair is not None:
        drawn += figures.png(plot_pair, solution, rows, pair,
                             caption="The two columns that most of the norm reads together.")  # fmt: skip
    yield _section("Effects", drawn)


def _calibrated(solution: Solution, rows: Floats, labels: Array | None, figures: _Figures) -> Iterator[str]:
    if labels is None or solution.classes is None or solution.loss != "logistic":
        return
    right = np.asarray(labels) == solution.classes[1]
    probability = _probability(solution.combination.values(effects.points_of(solution, rows)))
    caption = f"Rows of {solution.classes[1]} in bins of about equally many rows; bars are two standard errors."
    yield _section("Calibration on these rows", figures.png(plot_calibration, probability, right, caption=caption))


def _circuits(solution: Solution) -> str:
    weights = solution.combination.weights(solution.gamma)
    total = max(float(weights.sum()), 1e-300)
    rows = [
        [f"{b:.4g}", f"{weight / total:.1%}", str(atom.n_gates), str(atom.level), atom.formula(solution.feature_names)]
        for b, weight, atom in zip(solution.coef.tolist(), weights.tolist(), solution.atoms, strict=True)
    ]
    rest = f"<p>The first {LISTED} of {len(rows)}, by their share of the norm.</p>\n" if len(rows) > LISTED else ""
    return rest + _grid(["coefficient", "share of norm", "gates", "level", "formula"], rows[:LISTED])


def _drawn(solution: Solution, figures: _Figures) -> Iterator[str]:
    def draw(atom: Any, names: tuple[str, ...], path: Path) -> None:
        plot_circuit(atom, path, names)

    for atom in [atom for atom in solution.atoms if atom.n_gates][:DRAWN]:
        yield figures.png(draw, atom, solution.feature_names)
