"""What every oracle promises.

The oracle computes ``kappa°(g) = sup_C kappa(C)^(-1/gamma) |<g, T_C>|`` (theory, section 4).  A value that
was found is only a lower bound; what certifies is `OracleAnswer.upper_bound`, and only for the circuits that
`OracleAnswer.scope` names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError

#: Zero-argument callable, true when a search should end now.
Stop = Callable[[], bool]


@dataclass(frozen=True)
class OracleAnswer:
    """Best atoms for one weight vector.

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

    atoms: tuple[Any, ...]
    scores: Floats
    value: float
    upper_bound: float
    scope: str
    max_gates: int
    complete: bool
    tail: float


class Oracle(Protocol):
    """Anything that answers `search`; wrappers add a field ``inner``."""

    @property
    def gamma(self) -> float:
        """Exponent of the cost: atoms are scaled by kappa^(-1/gamma)."""

    @property
    def n_rows(self) -> int:
        """Number of data rows, the length of the weights."""

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best atoms for the weights g, one per data row."""

    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        """Values of atoms on the data rows, (n_rows, len(atoms))."""


def observe(oracle: Oracle, atoms: Sequence[Any]) -> None:
    """Tell an oracle which atoms are active, if it wants to know: it has a method ``observe(atoms)``."""
    listener = getattr(oracle, "observe", None)
    if listener is not None:
        listener(atoms)


def check_weights(weights: npt.ArrayLike, n_rows: int) -> Floats:
    """The weights as a contiguous float64 vector.

    Raises
    ------
    InputError
        If they are not n_rows finite numbers with a finite sum of absolute values.

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


def check_atoms(atoms: Sequence[Any]) -> None:
    """Refuse atoms that are known at the training rows only, after the first pass that finds some."""
    if atoms and not callable(atoms[0]):
        raise InputError(
            f"the oracle finds atoms of type {type(atoms[0]).__name__}, which have no values at new points; expected "
            "atoms that can be called on points, such as fw_circuits.Atom: columns alone are for "
            "fw_circuits.solver.frank_wolfe."
        )


def check_count(k: int) -> int:
    """The number of atoms wanted, at least 1.

    Raises
    ------
    InputError
        If it is not a positive integer.
    """
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise InputError(f"k is {k!r}; expected how many atoms to return, an integer of at least 1.")
    return int(k)


def check_gamma(gamma: float) -> float:
    """The exponent gamma as a float.

    Raises
    ------
    InputError
        If it is not a positive finite number.
    """
    return positive("gamma", gamma)


def positive(name: str, value: float) -> float:
    """A finite number above 0 as a float.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> positive("seconds", 2)
    2.0
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 < number < float("inf"):
        raise InputError(f"{name} is {value!r}; expected a finite number above 0.")
    return number
