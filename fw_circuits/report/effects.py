"""What a solution does: as one column moves, as two do, at one row, and how its probabilities hold.

Rows are finite numbers in the solution's order of columns (`rows_of`): those of the table, where a category has a 0/1
column for each value and a gap is filled.  Thresholds of a column move with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError
from fw_circuits.solution import Solution

#: Rows that an effect is the mean over, at most, and values of a column that it is drawn at.
MOST_ROWS, GRID = 300, 41
#: Bins of a calibration.
BINS = 10


@dataclass(frozen=True)
class Term:
    """A circuit at one row: its value times its coefficient, and its formula."""

    contribution: float
    value: float
    coef: float
    formula: str


def rows_of(solution: Solution, X: Any) -> Floats:
    """The rows of a table, as `Solution.predict` takes it, as this module does."""
    return solution.encode(X) if solution.columns is None else solution.columns.base(X)


def names_of(solution: Solution) -> tuple[str, ...]:
    """The names of their columns."""
    return solution.feature_names if solution.columns is None else solution.columns.base_names


def shares_of(solution: Solution) -> Floats:
    """The share of each of them in the norm."""
    return solution.combination.shares(solution.gamma, None if solution.columns is None else solution.columns.bases)


def points_of(solution: Solution, rows: Floats) -> Floats:
    """What the circuits read of rows."""
    return rows if solution.columns is None else solution.columns.expand(rows)


def contributions(solution: Solution, row: Floats) -> list[Term]:
    """``coef[j] T_j(x)`` of every circuit at one row, the largest first; with the intercept they sum to f(x).

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> solution = solve(X, X[:, 0] * X[:, 1], lam=1e-6)
    >>> terms = contributions(solution, X[3])
    >>> [term.formula for term in terms], round(solution.intercept + sum(t.contribution for t in terms), 3)
    (['x0 & x1'], 1.0)
    """
    point = points_of(solution, np.asarray(row, dtype=np.float64)[None])
    terms = []
    for atom, b in zip(solution.atoms, solution.coef.tolist(), strict=True):
        value = float(atom.values(point)[0])
        terms.append(Term(b * value, value, b, atom.formula(solution.feature_names)))
    return sorted(terms, key=lambda term: -abs(term.contribution))


def grid_of(column: Floats, n: int = GRID) -> Floats:
    """Values at which a column's effect is drawn: its own where they are few, else even steps from end to end."""
    values = np.unique(column)
    return values if len(values) <= max(2, n // 4) else np.linspace(values[0], values[-1], n)


def effect(solution: Solution, rows: Floats, column: int) -> tuple[Floats, Floats]:
    """Values of a column, and the mean of f with the column at each of them (partial dependence, Friedman 2001)."""
    grid, some = grid_of(rows[:, column]), some_rows(rows)
    return grid, np.array([_with(solution, some, {column: value}) for value in grid])


def pair_effect(solution: Solution, rows: Floats, one: int, other: int) -> tuple[Floats, Floats, Floats]:
    """Values of two columns, and the mean of f with both at each pair, shape (values of one, values of other)."""
    some = some_rows(rows, 60)
    grids = [grid_of(rows[:, column], 21) for column in (one, other)]
    surface = [[_with(solution, some, {one: a, other: b}) for b in grids[1]] for a in grids[0]]
    return grids[0], grids[1], np.array(surface)


def strongest_pair(solution: Solution) -> tuple[int, int] | None:
    """The two columns that most of the norm reads together; None where every circuit reads one column."""
    behind = range(solution.lattice.n_features) if solution.columns is None else solution.columns.bases
    together: dict[tuple[int, int], float] = {}
    for weight, atom in zip(solution.combination.weights(solution.gamma).tolist(), solution.atoms, strict=True):
        columns = sorted({behind[i] for i in atom.support})
        pairs = [(a, b) for i, a in enumerate(columns) for b in columns[i + 1 :]]
        for pair in pairs:
            together[pair] = together.get(pair, 0.0) + weight / len(pairs)
    return max(together, key=lambda pair: (together[pair], pair)) if together else None


def some_rows(rows: Floats, most: int = MOST_ROWS) -> Floats:
    """At most this many of the rows, evenly spread."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.intp))]


def _with(solution: Solution, rows: Floats, fixed: dict[int, float]) -> float:
    moved = np.array(rows, dtype=np.float64)
    for column, value in fixed.items():
        moved[:, column] = value
    return float(solution.combination.values(points_of(solution, moved)).mean())


def calibration(probability: Floats, right: Sequence[bool] | Array, bins: int = BINS) -> tuple[Floats, Floats, Array]:
    """Mean probability, fraction of rows that are right, and rows, in bins of about equally many rows.

    Rows of one probability share a bin.

    Raises
    ------
    InputError
        If there are not as many outcomes as probabilities, or none.

    Examples
    --------
    >>> mean, fraction, rows = calibration(np.array([0.1, 0.1, 0.8, 0.9]), [False, False, True, False], 2)
    >>> mean.round(2).tolist(), fraction.tolist(), rows.tolist()
    ([0.1, 0.85], [0.0, 0.5], [2, 2])
    """
    check_integer("bins", bins, 1)
    right = np.asarray(right, dtype=bool)
    if right.shape != probability.shape or not right.size:
        raise InputError(f"{right.size} outcomes for {probability.size} probabilities; expected as many, and some.")
    _, group, counts = np.unique(probability, return_inverse=True, return_counts=True)
    place = np.minimum(bins * (np.cumsum(counts) - counts) // right.size, bins - 1)
    _, bin_of = np.unique(place, return_inverse=True)
    which = bin_of[group]
    n = np.bincount(which)
    return np.bincount(which, probability) / n, np.bincount(which, right) / n, n
