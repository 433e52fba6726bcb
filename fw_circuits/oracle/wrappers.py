"""Oracles around an oracle: they keep the contract and have the wrapped one in ``inner``."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from fw_circuits._typing import Floats
from fw_circuits.oracle.base import (
    AtomLike,
    CheckedOracle,
    Oracle,
    OracleAnswer,
    Stop,
    aim,
    ask,
    insist,
    observe,
    signs_of,
)


class Wrapper(CheckedOracle):
    """Passes everything on to ``inner``."""

    def __init__(self, inner: Oracle) -> None:
        self.inner = inner
        self.gamma, self.n_rows = inner.gamma, inner.n_rows

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best atoms for weights that were checked."""
        return ask(self.inner, g, k, stop)

    def evaluate(self, atoms: Sequence[AtomLike]) -> Floats:
        """Values of atoms on the data."""
        return self.inner.evaluate(atoms)

    def signs(self, atoms: Sequence[AtomLike]) -> Floats:
        """Which signs the coefficients of atoms may have."""
        return signs_of(self.inner, atoms)

    def observe(self, atoms: Sequence[AtomLike]) -> None:
        """Tell ``inner`` which atoms are active."""
        observe(self.inner, atoms)

    def aim(self, score: float) -> None:
        """Tell ``inner`` which score matters."""
        aim(self.inner, score)

    def insist(self) -> bool:
        """Ask ``inner`` for a full search next time."""
        return insist(self.inner)


class CountingOracle(Wrapper):
    """Counts searches and the seconds spent in them.

    Parameters
    ----------
    inner : Oracle
        Does the work.

    Attributes
    ----------
    calls : int
    seconds : float

    Examples
    --------
    >>> from fw_circuits.oracle import DictionaryOracle
    >>> oracle = CountingOracle(DictionaryOracle([[1, 0], [0, 1]], [1, 1], 3.0))
    >>> oracle.search([1.0, -1.0]).value, oracle.calls
    (1.0, 1)
    """

    def __init__(self, inner: Oracle) -> None:
        super().__init__(inner)
        self.calls = 0
        self.seconds = 0.0

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """Search, counted."""
        self.calls += 1
        start = perf_counter()
        try:
            return super().answer(g, k, stop)
        finally:
            self.seconds += perf_counter() - start
