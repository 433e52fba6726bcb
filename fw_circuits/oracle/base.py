"""What every oracle promises.

The oracle computes ``kappa°(g) = sup_C kappa(C)^(-1/gamma) |<g, T_C>|`` (theory, section 4).  A value that
was found is only a lower bound; what certifies is `OracleAnswer.upper_bound`, and only for the circuits that
`OracleAnswer.scope` names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fw_circuits._checks import check_integer
from fw_circuits._typing import Floats, Ints
from fw_circuits.exceptions import InputError

#: Bytes of the values of atoms that are evaluated at a time.
EVALUATED_BYTES = 1 << 23
#: Zero-argument callable, true when a search should end now.
Stop = Callable[[], bool]


class AtomLike(Protocol):
    """What the solver needs to know of an atom; one that is also callable on points predicts, too.

    A solution of other atoms than :class:`fw_circuits.Atom` can neither be saved nor compiled nor counted in gates.
    """

    @property
    def key(self) -> Hashable:
        """Equal keys mean equal functions."""

    @property
    def cost(self) -> float:
        """The measure kappa of the circuit, at least 1."""


@dataclass(frozen=True)
class OracleAnswer:
    """Best atoms for one weight vector; `of` fills in what follows from the rest.

    Attributes
    ----------
    atoms : tuple
        Distinct atoms, best first.
    scores : (len(atoms),) float64
        ``<g, T> kappa^(-1/gamma)`` with its sign; the absolute values descend.
    value : float
        Largest absolute score found, 0 without atoms: a lower bound of the polar.
    upper_bound : float
        No circuit in the scope has a larger absolute score; equal to ``value`` when ``complete``
        and the weights sum to 0.
    scope : str
        Which circuits ``upper_bound`` covers, in words.
    max_gates : int
        ``upper_bound`` covers every circuit of at most that many gates (over the literals); 0: no such claim.
    complete : bool
        Whether the scope was searched to its end.
    tail : float
        No circuit of the levels outside the scope has a larger absolute score.
    """

    atoms: tuple[AtomLike, ...]
    scores: Floats
    value: float
    upper_bound: float
    scope: str
    max_gates: int
    complete: bool
    tail: float

    @classmethod
    def of(
        cls,
        atoms: Sequence[AtomLike],
        scores: npt.ArrayLike,
        scope: str,
        *,
        bound: float = 0.0,
        tail: float = float("inf"),
        max_gates: int = 0,
        complete: bool = True,
    ) -> OracleAnswer:
        """An answer from atoms and their scores, best first (`best_first`).

        ``bound``: what no atom of the scope that was not scored exceeds; 0: all were scored.  The other parameters are
        those of :class:`OracleAnswer`.

        Examples
        --------
        >>> from fw_circuits.oracle import ColumnAtom
        >>> answer = OracleAnswer.of([ColumnAtom(0, 1.0)], [-2.0], "one column")
        >>> answer.value, answer.upper_bound, answer.tail, answer.complete
        (2.0, 2.0, inf, True)
        """
        scores = np.asarray(scores, dtype=np.float64)
        value = abs(float(scores[0])) if len(scores) else 0.0
        return cls(tuple(atoms), scores, value, max(value, bound), scope, max_gates, complete, tail)


class Oracle(Protocol):
    """Anything that answers `search`; wrappers add a field ``inner``."""

    @property
    def gamma(self) -> float:
        """Exponent of the cost: atoms are scaled by kappa^(-1/gamma)."""

    @property
    def n_rows(self) -> int:
        """Number of data rows, the length of the weights."""

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best atoms for the weights g, one per data row; parameters as in :meth:`CheckedOracle.search`."""

    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        """Values of atoms that the oracle found on the data rows, (n_rows, len(atoms))."""


class CheckedOracle(ABC):
    """Base of oracles: `search` checks the weights and k, a subclass says in `answer` what they give."""

    gamma: float
    n_rows: int

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best atoms.

        Parameters
        ----------
        weights : (n_rows,)
            Weights g, one per data row.  Where they do not sum to 0 (no free intercept), the constants, which
            are no atoms, may keep ``upper_bound`` above ``value``.
        k : int
            Number of atoms.
        stop : callable or None
            Asked about every 50 ms; when true, the answer is what was found, with a bound that still applies, and
            ``complete`` is false.

        Returns
        -------
        OracleAnswer

        Raises
        ------
        InputError
            If the weights are not n_rows finite numbers, or k is not a positive integer.
        BudgetError
            If a pass would exceed the memory budget.
        """
        return self.answer(check_weights(weights, self.n_rows), check_integer("k", k, 1), stop)

    @abstractmethod
    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best atoms for weights that were checked; parameters as in :meth:`search`."""

    @abstractmethod
    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        """Values of atoms that the oracle found on the data rows, (n_rows, len(atoms))."""


def ask(oracle: Oracle, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
    """Search with weights that were checked already: a `CheckedOracle` does not check them again."""
    if isinstance(oracle, CheckedOracle) and type(oracle).search is CheckedOracle.search:
        return oracle.answer(g, k, stop)
    return oracle.search(g, k, stop)


def best_first(scores: npt.ArrayLike, k: int) -> Ints:
    """Places of the k >= 1 largest absolute scores, descending; ties: the first.

    Examples
    --------
    >>> best_first([1.0, -3.0, 2.0, 3.0], 3).tolist()
    [1, 3, 2]
    """
    size = np.abs(np.asarray(scores, dtype=np.float64))
    places = np.arange(len(size))
    if k < len(size):  # all that tie with the k-th, so that the partition does not choose between them
        places = np.flatnonzero(size >= np.partition(size, len(size) - k)[len(size) - k])
    return places[np.argsort(-size[places], kind="stable")[:k]]


def best_pairs(pairs: Sequence[tuple[float, Any]], k: int) -> tuple[list[Any], list[float]]:
    """Atoms and scores of the k best of some ``(score, atom)``."""
    scores = [score for score, _ in pairs]
    places = best_first(scores, k)
    return [pairs[i][1] for i in places], [scores[i] for i in places]


def atoms_at_a_time(n_rows: int) -> int:
    """How many atoms to evaluate at a time, so that their values take little memory.

    >>> atoms_at_a_time(1000), atoms_at_a_time(10**6), atoms_at_a_time(10**9)
    (64, 1, 1)
    """
    return max(1, min(64, EVALUATED_BYTES // (8 * n_rows)))


def observe(oracle: Oracle, atoms: Sequence[AtomLike]) -> None:
    """Tell an oracle which atoms are active, if it wants to know: it has a method ``observe(atoms)``."""
    listener = getattr(oracle, "observe", None)
    if listener is not None:
        listener(atoms)


def aim(oracle: Oracle, score: float) -> None:
    """Tell an oracle that only atoms of a larger score matter now, if it wants to know: it has a method ``aim``."""
    listener = getattr(oracle, "aim", None)
    if listener is not None:
        listener(score)


def insist(oracle: object) -> bool:
    """Ask an oracle that takes short cuts for a full search next time; False if it has nothing fuller to offer.

    An oracle takes part by a method ``insist()`` that says so; others always search in full.
    """
    ask = getattr(oracle, "insist", None)
    return bool(ask()) if ask is not None else False


def signs_of(oracle: object, atoms: Sequence[AtomLike]) -> Floats:
    """Which signs the coefficients of atoms may have, (len(atoms),): 1, -1, 0 for both, NaN for none.

    An oracle of constrained atoms says so by a method ``signs(atoms)``, and its scores, bounds and tail are over the
    signed atoms that are allowed; others have none, and every sign is allowed.
    """
    ask = getattr(oracle, "signs", None)
    return np.zeros(len(atoms)) if ask is None else np.asarray(ask(atoms), dtype=np.float64)


def gains(scores: Floats, signs: Floats) -> Floats:
    """What scores are worth: their size, negative where the coefficient would need a sign that it may not have.

    Examples
    --------
    >>> gains(np.array([-2.0, -2.0, -2.0]), np.array([0.0, 1.0, -1.0])).tolist()
    [2.0, -2.0, 2.0]
    """
    return np.where(signs == 0.0, np.abs(scores), signs * scores)


def check_weights(weights: npt.ArrayLike, n_rows: int) -> Floats:
    """The weights as a contiguous float64 vector: n_rows finite numbers with a finite sum of absolute values.

    Examples
    --------
    >>> check_weights([1, -1], 2)
    array([ 1., -1.])
    """
    try:
        g = np.ascontiguousarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"weights must be {n_rows} real numbers ({error}).") from error
    if g.shape != (n_rows,):
        raise InputError(f"weights have shape {g.shape}; expected ({n_rows},), one per data row.")
    if not np.isfinite(g).all():
        bad = int(np.flatnonzero(~np.isfinite(g))[0])
        raise InputError(f"weight {bad} is {g[bad]}; expected finite numbers; check the loss and its inputs.")
    with np.errstate(over="ignore"):
        if not np.isfinite(np.abs(g).sum()):
            raise InputError("the weights sum to infinity in absolute value; scale them down.")
    return g


def check_atoms(atoms: Sequence[AtomLike]) -> None:
    """Refuse atoms that are known at the training rows only, after the first pass that finds some."""
    for other in (type(atom).__name__ for atom in atoms if not callable(atom)):
        raise InputError(
            f"the oracle finds atoms of type {other}, which have no values at new points; expected atoms that can be "
            "called on points, such as fw_circuits.Atom: columns alone are for fw_circuits.solver.frank_wolfe."
        )
