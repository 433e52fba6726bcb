"""The solution of the multinomial loss: one function per class over shared circuits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax

from fw_circuits._optional import require
from fw_circuits._typing import Array, Floats
from fw_circuits.circuits import Circuit
from fw_circuits.exceptions import InputError
from fw_circuits.rounding import round_solution
from fw_circuits.solution.solution import Solution
from fw_circuits.tetrakis import Combination, Outputs


@dataclass(frozen=True)
class ClassFunction:
    """The function of one class by itself, as rounding takes it."""

    combination: Combination
    feature_names: tuple[str, ...]
    classes: Array | None = None


@dataclass(frozen=True, repr=False)
class MultinomialSolution(Solution):
    """One function per class, ``F_k(x) = intercept[k] + sum_j coef[j, k] atoms[j](x)``; softmax gives probabilities.

    What :class:`Solution` has it has, too.

    Attributes
    ----------
    combination : Outputs
        With ``coef`` of shape (m, K) and ``intercept`` of shape (K,), whose sum is 0; an atom is in it if any class
        uses it.  The ``norm`` is ``sum_jk |coef_jk| kappa_j^(1/gamma)``.
    settings, status, trace, certificate, feature_names, columns
        As in :class:`Solution`.
    classes : ndarray of shape (K,)
        The labels, sorted.
    dual_point : ndarray of shape (K N,)
        A block of N entries for each class.

    Examples
    --------
    >>> import fw_circuits
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> solution = fw_circuits.solve(X, ["a", "b", "c", "a"], loss="multinomial", lam=0.01)
    >>> solution.predict(X).tolist(), solution.predict_proba(X).shape, solution.certificate.certified
    (['a', 'b', 'c', 'a'], (4, 3), True)
    """

    _joint: ClassVar[bool] = True

    combination: Outputs

    @property
    def intercept(self) -> Any:
        """The free constants, shape (K,)."""
        return self.combination.intercept

    def decision_function(self, X: Any) -> Floats:
        """``F(X)``, shape (N, K); X as in :meth:`Solution.decision_function`."""
        return super().decision_function(X)

    def answers(self, f: Floats) -> Array:
        """The label of the largest value in each row of F."""
        labels: Array = np.take(np.asarray(self.classes), f.argmax(axis=1))
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Class probabilities, shape (N, K); X as in `decision_function`."""
        p: Floats = softmax(self.decision_function(X), axis=1)
        return p

    def to_frame(self) -> Any:
        """The atoms as a pandas table: a coefficient per class, share of the norm, gates, level, formula."""
        pd = require("pandas", "pandas", "to_frame")
        names = [f"coef[{label}]" for label in np.asarray(self.classes).tolist()]
        return pd.DataFrame(
            dict(zip(names, self.coef.T, strict=True))
            | {
                "share": self.combination.weights(self.gamma) / max(self.norm, 1e-300),
                "gates": [a.n_gates for a in self.atoms],
                "level": [a.level for a in self.atoms],
                "formula": [a.formula(self.feature_names) for a in self.atoms],
            }
        )

    def of_class(self, label: Any) -> ClassFunction:
        """The function of one class, with its ``combination`` of the atoms that it uses.

        Raises
        ------
        InputError
            If there is no such class.
        """
        labels = np.asarray(self.classes).tolist()
        label = label.item() if isinstance(label, np.generic) else label
        if label not in labels:
            raise InputError(f"label is {label!r}; expected one of {labels}.")
        return ClassFunction(self.combination.output(labels.index(label)), self.feature_names)

    def to_circuit(self, bits: int | None = None, *, label: Any = None, **options: Any) -> Circuit:
        """One Boolean circuit for the rounded function of one class.

        Its outputs are the bits of an integer that grows with ``F_k`` (:func:`fw_circuits.rounding.round_solution` of
        :meth:`of_class` also gives its scale and offset); which class is largest is left to whoever compares them.

        Parameters
        ----------
        bits : int, optional
            As in :func:`fw_circuits.rounding.round_solution`.
        label : object
            The class; it must be given.
        **options
            As in :func:`fw_circuits.rounding.round_solution`.
        """
        return round_solution(self.of_class(label), bits, **options).circuit
