"""Oracles around an oracle: they keep the contract and hold the wrapped one in ``inner``."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy.typing as npt

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.oracle.base import Oracle, OracleAnswer, Stop, check_count, check_weights, observe, positive


class _Wrapper:
    """Passes everything on to ``inner``."""

    def __init__(self, inner: Oracle) -> None:
        self.inner = inner

    @property
    def gamma(self) -> float:
        """Exponent of the cost."""
        return self.inner.gamma

    @property
    def n_rows(self) -> int:
        """Number of data rows."""
        return self.inner.n_rows

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best atoms for the weights."""
        return self.inner.search(weights, k, stop)

    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        """Values of atoms on the data."""
        return self.inner.evaluate(atoms)

    def observe(self, atoms: Sequence[Any]) -> None:
        """Tell ``inner`` which atoms are active."""
        observe(self.inner, atoms)


class CountingOracle(_Wrapper):
    """Counts searches and the seconds spent in them.

    Parameters
    ----------
    inner : Oracle

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

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """Search, counted."""
        self.calls += 1
        start = perf_counter()
        try:
            return self.inner.search(weights, k, stop)
        finally:
            self.seconds += perf_counter() - start


class CachedOracle(_Wrapper):
    """Remembers complete answers by the weights (their digest) and k.

    Parameters
    ----------
    inner : Oracle
    size : int
        Answers to keep; the one used longest ago goes first.

    Raises
    ------
    InputError
        If ``size`` is not a positive integer.
    """

    def __init__(self, inner: Oracle, size: int = 16) -> None:
        super().__init__(inner)
        try:
            self.size = check_count(size)
        except InputError:
            raise InputError(f"size is {size!r}; expected how many answers to keep, at least 1.") from None
        self.hits = 0
        self._answers: OrderedDict[tuple[bytes, int], OracleAnswer] = OrderedDict()

    def observe(self, atoms: Sequence[Any]) -> None:
        """Tell ``inner``; answers that may depend on the active atoms are forgotten."""
        if getattr(self.inner, "observe", None) is not None:
            self._answers.clear()
        super().observe(atoms)

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """Search, or the answer to the same question."""
        g = check_weights(weights, self.n_rows)
        key = (hashlib.blake2b((g + 0.0).tobytes(), digest_size=16).digest(), check_count(k))
        if key in self._answers:
            self.hits += 1
            self._answers.move_to_end(key)
            return self._answers[key]
        answer = self.inner.search(g, k, stop)
        if answer.complete:
            self._answers[key] = answer
            while len(self._answers) > self.size:
                self._answers.popitem(last=False)
        return answer


class TimeLimitedOracle(_Wrapper):
    """Ends every search after some seconds; the answer carries the bound that holds then.

    Parameters
    ----------
    inner : Oracle
    seconds : float

    Raises
    ------
    InputError
        If ``seconds`` is not above 0.
    """

    def __init__(self, inner: Oracle, seconds: float) -> None:
        super().__init__(inner)
        self.seconds = positive("seconds", seconds)

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """Search until the limit, or until ``stop``."""
        end = perf_counter() + self.seconds
        return self.inner.search(weights, k, lambda: perf_counter() > end or (stop is not None and stop()))
