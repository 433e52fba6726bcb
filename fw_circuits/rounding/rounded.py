"""What rounding returns, and the bits that its circuit reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fw_circuits._typing import Array, Bits, Floats, Ints
from fw_circuits.circuits import Circuit
from fw_circuits.columns import Columns, points_of
from fw_circuits.lattice import Lattice


@dataclass(frozen=True)
class Rounded:
    """One Boolean circuit for a combination of circuits.

    Attributes
    ----------
    circuit : Circuit
        For a classifier one output, 1 where rounded f > 0; else the bits of an unsigned integer n, lowest first,
        and the value is ``offset + scale * n``.
    bits : int
        Bits of the largest integer coefficient.
    weights : ndarray of int, shape (m,)
        The integer coefficients w_j of the solution's atoms; 0 for one that was dropped.
    step, intercept : float
        Rounded f = ``intercept + step * sum_j w_j T_j``.
    scale, offset : float
        See `circuit`; 0 for a classifier.
    n_gates, n_ands : int
        Gates of the circuit over the full basis, and nodes of its and-inverter graph.
    error_bound : float
        ``|f - rounded f|`` is at most this wherever every atom sees a grid point: everywhere for 0/1 data.
    agreement : float or None
        Classifier with data: the fraction of the rows on which it agrees with the solution.
    deviation : float or None
        Regression with data: the largest ``|f - rounded f|`` on them.
    lattice, levels, classes, feature_names
        How `encode` makes the inputs, the labels of the answers 0 and 1, and the columns that circuits read.
    columns
        How they come from a raw table, where it is not of plain numbers.
    """

    circuit: Circuit
    bits: int
    weights: Ints
    step: float
    intercept: float
    scale: float
    offset: float
    n_gates: int
    n_ands: int
    error_bound: float
    agreement: float | None
    deviation: float | None
    lattice: Lattice = field(repr=False)
    levels: tuple[int, ...]
    classes: Array | None
    feature_names: tuple[str, ...] = ()
    columns: Columns | None = None

    def encode(self, X: Any) -> Bits:
        """Bits that the circuit reads, one row per row of X: literals of the nearest grid points.

        Columns of a table with names are matched as by `Solution.encode`; an array goes by position.
        """
        points = points_of(self.columns, X, n_features=self.lattice.n_features, names=self.feature_names or None)
        return encode(self.lattice, self.levels, points)

    def predict(self, X: Any) -> Array:
        """Run the circuit: labels for a classifier with classes, 0/1 without them; values for a regression."""
        out = self.circuit.evaluate(self.encode(X))
        if self.scale:
            return self.offset + self.scale * (out @ 2.0 ** np.arange(out.shape[1]))
        answer = out[:, 0].astype(np.intp)
        return answer if self.classes is None else np.asarray(self.classes)[answer]


def encode(lattice: Lattice, levels: Sequence[int], points: Floats) -> Bits:
    """Literals of the nearest grid points of several levels, at checked points: (N, sum of their n_literals).

    >>> lattice = Lattice.fit([[0.0], [3.0]], levels=[2])
    >>> encode(lattice, (2,), np.array([[0.9], [2.1]])).tolist()
    [[1, 0], [0, 1]]
    """
    unit = lattice.transform(points, check_input=False)
    parts = []
    for level in levels:
        grid = np.rint(unit * ((1 << level) - 1)).astype(np.uint16)  # levels are 16 at most
        bits = grid[:, :, None] >> np.arange(level, dtype=np.uint16) & np.uint16(1)
        parts.append(bits.astype(np.uint8).reshape(len(unit), -1))
    return np.concatenate(parts, axis=1)


def input_names(lattice: Lattice, levels: Sequence[int], feature_names: Sequence[str]) -> tuple[str, ...]:
    """Names of the literals of the levels, distinct also where levels above 1 would share them.

    >>> input_names(Lattice.fit([[0.0], [3.0]], levels=[1, 2, 3]), (1, 2, 3), ["age"])
    ('age', 'age[0]@2', 'age[1]@2', 'age[0]@3', 'age[1]@3', 'age[2]@3')
    """
    many = sum(level > 1 for level in levels) > 1
    places = [(level, *lattice.literal(level, i)) for level in levels for i in range(lattice.n_literals(level))]
    return tuple(
        feature_names[column] + (f"[{bit}]" + f"@{level}" * many if level > 1 else "") for level, column, bit in places
    )
