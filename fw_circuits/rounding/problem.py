"""A solution laid out for rounding: one netlist of its atoms, their values on the data, and what a choice costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np

from fw_circuits._checks import check_choice
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.circuits import Circuit, merge
from fw_circuits.circuits.aig import n_ands
from fw_circuits.circuits.builder import FALSE, TRUE, Builder, output_signals
from fw_circuits.circuits.passes import simplify, sweep
from fw_circuits.circuits.weighted_sum import weighted_sum
from fw_circuits.columns import points_of
from fw_circuits.exceptions import InputError
from fw_circuits.rounding.compensation import Compensation, nearest, row_weights
from fw_circuits.rounding.rounded import Rounded, encode, input_names
from fw_circuits.tetrakis import Atom, Combination, Outputs

#: Most bits of a coefficient.
MAX_BITS = 16
#: Quantisation steps that are tried within a factor of two.
STEPS = 24
#: Above this many gates the atoms' common netlist is hashed but not rewritten.
REWRITE_GATES = 2000


class Fitted(Protocol):
    """What is rounded: a combination with the names of its columns and, of a classifier, its two labels."""

    @property
    def combination(self) -> Combination: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...
    @property
    def classes(self) -> Array | None: ...


@dataclass(frozen=True)
class Choice:
    """Integer coefficients with what they are worth.

    `score` (larger is better) and `closeness` are measured on the data.

    `closeness` is the agreement of classes with the solution, or minus the largest deviation from f; without
    data both are minus the error bound.  `n_digits` counts the signed digits of all coefficients: what there is to add.
    """

    bits: int
    step: float
    weights: Ints
    intercept: float
    bound: float = 0.0
    score: float = 0.0
    closeness: float = 0.0

    def worth(self) -> tuple[float, float]:
        """Sorts better choices first."""
        return -self.score, self.bound

    @cached_property
    def n_digits(self) -> int:
        return int(digit_counts(self.weights).sum())


@dataclass(frozen=True)
class Problem:
    """The atoms as one netlist over the literals of their levels, and their values on the data, if any."""

    solution: Fitted
    sign: bool
    levels: tuple[int, ...]
    merged: Circuit
    coef: Floats
    values: Array  # float32 (N, m), +1 and -1; no rows without data
    f: Floats
    target: Array | None

    @classmethod
    def of(cls, solution: Fitted, X: Any, y: Any, output: str) -> Problem:
        """Lay out a solution; `output` is "auto", "sign" or "value"."""
        check_choice("output", output, ("auto", "sign", "value"))
        if y is not None and X is None:
            raise InputError("y came without X; expected both.")
        sign = output == "sign" or (output == "auto" and solution.classes is not None)
        f = solution.combination
        if isinstance(f, Outputs):
            raise InputError(f"the solution has {f.n_outputs} outputs; round one: solution.of_class(label).")
        levels = tuple(sorted({atom.level for atom in f.atoms})) or f.lattice.levels[:1]
        sizes = [f.lattice.n_literals(level) for level in levels]
        starts = dict(zip(levels, np.cumsum([0, *sizes]).tolist(), strict=False))
        merged = _merge(f.atoms, starts, sum(sizes))
        coef = np.asarray(f.coef, dtype=np.float64)
        if X is None:
            no_rows = np.zeros((0, len(coef)), dtype=np.float32)
            return cls(solution, sign, levels, merged, coef, no_rows, np.zeros(0), None)
        names, columns = solution.feature_names or None, getattr(solution, "columns", None)
        points = points_of(columns, X, n_features=f.lattice.n_features, names=names)
        values = np.float32(2.0) * merged.evaluate(encode(f.lattice, levels, points)) - np.float32(1.0)
        target = None if y is None else _target(solution, y, len(points), sign)
        return cls(solution, sign, levels, merged, coef, values, f.values(points), target)

    def choices(
        self, bits: int, digits: int = MAX_BITS, keep: int | None = None, *, compensated: bool = False
    ) -> list[Choice]:
        """Roundings to some bits and digits, one for each of `STEPS` steps, the best first.

        All but the `keep` largest coefficients are 0.  With data, the intercept is moved so that the mean of f on
        them is kept.  `compensated` lets coefficients make up for the errors of others, and weights the mean.
        """
        kept = np.ones(len(self.coef), dtype=bool)
        if keep is not None:
            kept[np.argsort(-np.abs(self.coef), kind="stable")[keep:]] = False
        top = (1 << bits) - 1
        largest = np.abs(self.coef[kept]).max(initial=0.0)
        steps = largest / np.geomspace(max(0.6, (1 << bits) / 2), top + 0.49, STEPS)
        book = codebook(bits, digits)
        if compensated:
            weights = self.compensation.weights(self.coef, kept, steps, book, self.signed)
        else:
            weights = nearest(np.where(kept, self.coef, 0.0)[:, None] / steps, book)
        errors = self.coef[:, None] - steps * weights
        shifts = self.means[compensated] @ errors
        intercepts = self.solution.combination.intercept + shifts
        bounds = np.abs(errors).sum(axis=0) + np.abs(shifts)
        score, closeness = self._measure(steps, weights, intercepts, bounds)
        numbers = (steps, intercepts, bounds, score, closeness)
        found = [
            Choice(bits, step, weights[:, i], intercept, bound, points, close)
            for i, (step, intercept, bound, points, close) in enumerate(np.array(numbers).T.tolist())
        ]
        return sorted(found, key=Choice.worth)

    @cached_property
    def means(self) -> tuple[Floats, Floats]:
        """Mean of each atom on the rows, and with the weights of the compensation; 0 without data."""
        if not len(self.f):
            return (np.zeros(len(self.coef)),) * 2
        return row_weights(self.f, False) @ self.values, row_weights(self.f, self.sign) @ self.values

    @property
    def signed(self) -> bool:
        """Whether the solution is of constrained terms, which have to keep their signs."""
        settings = getattr(self.solution, "settings", None)
        return settings is not None and (settings.monotone is not None or settings.positive)

    @cached_property
    def compensation(self) -> Compensation:
        """How errors of coefficients are made up for on the data."""
        return Compensation.of(self.coef, self.values, row_weights(self.f, self.sign))

    def nothing(self) -> Choice:
        """The intercept alone."""
        return Choice(0, 1.0, np.zeros(len(self.coef), dtype=np.int64), self.solution.combination.intercept)

    def _measure(self, steps: Floats, weights: Ints, intercepts: Floats, bounds: Floats) -> tuple[Floats, Floats]:
        """Score and closeness of each column of weights."""
        if not len(self.f):
            return -bounds, -bounds
        exact = np.float32 if np.abs(weights).sum(axis=0).max(initial=0) < 1 << 24 else np.float64
        rounded = intercepts + (self.values @ weights.astype(exact)) * steps
        if self.sign:
            closeness = np.mean((rounded > 0) == (self.f > 0)[:, None], axis=0)
            if self.target is None:
                return closeness, closeness
            return np.mean((rounded > 0) == self.target[:, None], axis=0), closeness
        goal = self.f if self.target is None else self.target
        return -np.mean((rounded - goal[:, None]) ** 2, axis=0), -np.abs(rounded - self.f[:, None]).max(axis=0)

    def circuit(self, choice: Choice) -> Circuit:
        """The atoms, the adder and the sign."""
        builder = Builder(self.merged.n_inputs)
        atoms = output_signals(self.merged, builder.add(self.merged, builder.inputs))
        used = np.flatnonzero(choice.weights).tolist()
        weights, signals = [int(choice.weights[j]) for j in used], [atoms[j] for j in used]
        if self.sign:
            outputs, names = [_positive(builder, weights, signals, choice.intercept / choice.step)], ["y"]
        else:
            width = sum(map(abs, weights)).bit_length()
            outputs = weighted_sum(builder, weights, signals, -sum(w for w in weights if w < 0), width)
            names = [f"y[{i}]" for i in range(width)]
        inputs = input_names(self.solution.combination.lattice, self.levels, self.solution.feature_names)
        return sweep(builder.circuit(outputs, inputs, names))

    def rounded(self, choice: Choice, circuit: Circuit | None = None) -> Rounded:
        """The result with its measures."""
        circuit = self.circuit(choice) if circuit is None else circuit
        errors = self.coef - choice.step * choice.weights
        bound = float(np.abs(errors).sum() + abs(choice.intercept - self.solution.combination.intercept))
        steps, intercepts, bounds = (np.array([v]) for v in (choice.step, choice.intercept, bound))
        closeness = float(self._measure(steps, choice.weights[:, None], intercepts, bounds)[1][0])
        measured = len(self.f) > 0
        return Rounded(
            circuit=circuit,
            bits=choice.bits,
            weights=choice.weights,
            step=choice.step,
            intercept=choice.intercept,
            scale=0.0 if self.sign else 2.0 * choice.step,
            offset=0.0 if self.sign else choice.intercept - choice.step * int(np.abs(choice.weights).sum()),
            n_gates=circuit.n_gates,
            n_ands=n_ands(circuit),
            error_bound=bound,
            agreement=closeness if measured and self.sign else None,
            deviation=-closeness if measured and not self.sign else None,
            lattice=self.solution.combination.lattice,
            levels=self.levels,
            classes=self.solution.classes if self.sign else None,
            feature_names=self.solution.feature_names,
            columns=getattr(self.solution, "columns", None),
        )


def _merge(atoms: Sequence[Atom], starts: dict[int, int], n_inputs: int) -> Circuit:
    """All atoms over the literals of all levels, gates shared; rewritten if there are not too many."""
    literals = [[starts[atom.level] + i for i in atom.literals] for atom in atoms]
    merged = merge([atom.circuit for atom in atoms], literals, n_inputs)
    return simplify(merged) if merged.n_gates <= REWRITE_GATES else merged


def _positive(builder: Builder, weights: list[int], signals: list[int], intercept: float) -> int:
    """Signal of ``intercept + sum w (2 s - 1) > 0``: the sign bit of ``sum w s - K``, complemented."""
    least = int(np.floor((sum(weights) - intercept) / 2)) + 1  # the sum must reach this
    divisor = int(np.gcd.reduce(weights)) if weights else 1
    weights, least = [w // divisor for w in weights], -(-least // divisor)
    low, high = sum(w for w in weights if w < 0) - least, sum(w for w in weights if w > 0) - least
    if low >= 0 or high < 0:
        return TRUE if low >= 0 else FALSE
    width = 1 + max(high.bit_length(), (-low - 1).bit_length())
    return weighted_sum(builder, weights, signals, -least, width, lowest=width - 1)[0] ^ 1


@lru_cache(maxsize=256)
def codebook(bits: int, digits: int) -> Ints:
    """Integers of at most some bits and some signed digits, ascending from 0.

    >>> codebook(4, 1).tolist(), codebook(3, 2).tolist()
    ([0, 1, 2, 4, 8], [0, 1, 2, 3, 4, 5, 6, 7])
    """
    whole = np.arange(1 << bits, dtype=np.int64)
    return whole[digit_counts(whole) <= digits]


def digit_counts(weights: Ints) -> Array:
    """Numbers of canonical signed digits: n and 3 n differ in just as many bits.

    >>> digit_counts(np.array([0, 7, -11])).tolist()
    [0, 2, 3]
    """
    size = np.abs(weights)
    counts: Array = np.bitwise_count(size ^ 3 * size).astype(np.int64)
    return counts


def _target(solution: Fitted, y: Any, n_rows: int, sign: bool) -> Array:
    """The target that scores are measured against: whether f > 0 is wanted, or numbers."""
    values = np.asarray(y)
    if values.shape != (n_rows,):
        raise InputError(f"y has shape {values.shape}; expected ({n_rows},), one entry per row of X.")
    if sign and solution.classes is not None:
        wanted: Array = values == np.asarray(solution.classes)[1]
        return wanted
    numbers: Array = values.astype(np.float64)
    return numbers > 0.0 if sign else numbers
