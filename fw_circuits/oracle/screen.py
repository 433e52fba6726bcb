"""The integer screen: weights rounded so that their sums are exact, and how a pass over them is set up.

``csrc/search/search.h`` says why the screen cannot drop a winner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._bits import pack_bits
from fw_circuits._typing import Array, Floats, Words
from fw_circuits.exceptions import BudgetError
from fw_circuits.oracle.literals import Literals


@dataclass(frozen=True)
class PassSettings:
    """How to search: see `SubsetOracle`.

    ``work`` is a budget of multiplications with additions for one level; a search of all literals may cost ``whole``.
    """

    k: int
    per_support: int
    n_threads: int
    memory: int
    max_literals: int | None = None
    isa: int = 2
    work: float = np.inf
    whole: float = 0.0
    seed: int | None = 0

    def check_memory(self, need: int, what: str, instead: str) -> None:
        """Refuse a pass that would exceed the budget (BudgetError)."""
        if need > self.memory:
            raise BudgetError(
                f"{what} {need / 2**20:.0f} MiB; the budget is {self.memory / 2**20:.0f} MiB; give {instead}, or more "
                "memory."
            )


@dataclass(frozen=True)
class Screen:
    """Literals and weights as the kernels take them.

    Attributes
    ----------
    literals : Literals
    weights : (n_rows,) float64
    chunk : int
        Rows whose integer weights are summed in float32.
    q : (n_rows,) float32
    delta, slack : float
        See `quantise`.
    total : int
        Sum of q.
    masks : (n, W) uint64
        Those of the literals, only the rows with q != 0.
    """

    literals: Literals
    weights: Floats
    chunk: int
    q: Array
    delta: float
    slack: float
    total: int
    masks: Words

    @classmethod
    def of(cls, literals: Literals, weights: Floats, chunk: int) -> Screen:
        """Round the weights."""
        q, delta, slack = quantise(weights, chunk)
        masks = literals.masks & pack_bits((q != 0)[None])
        return cls(literals, weights, chunk, q.astype(np.float32), delta, slack, int(q.sum()), masks)


def quantise(weights: Floats, chunk: int) -> tuple[Array, float, float]:
    """Round weights to multiples of a power of two whose sums are exact in the screen.

    Returns
    -------
    q : (R,) float64
        Integers; ``sum |q| <= 2^24`` in every chunk of rows and ``<= 2^31 - 1`` in all.
    delta : float
    slack : float
        Bound of ``|sum w s - delta sum q s|`` over all signs s in {-1, 1}, of the float32 scan of the integer
        scores and of the rounding of the float64 scores.

    Examples
    --------
    >>> q, delta, slack = quantise(np.array([3.0, -1.0, 0.0, 2.0]), 256)
    >>> (q * delta).tolist()
    [3.0, -1.0, 0.0, 2.0]
    """
    size = np.abs(weights)
    total = float(size.sum())
    largest = float(np.add.reduceat(size, np.arange(0, len(size), chunk)).max()) if len(size) else 0.0
    need = max(largest / (2**24 - chunk), total / (2**31 - 1 - len(size)), 2.0**-1000)
    delta = float(2.0 ** np.ceil(np.log2(need)))
    if delta < need:  # log2 rounded down at a power of two
        delta *= 2
    q = np.rint(weights / delta)
    slack = float(np.abs(weights - q * delta).sum()) * (1 + 1e-9) + total * 2.0**-22
    return q, delta, slack


def rounded_up(size: int) -> int:
    """Bytes of scratch memory of one thread, a multiple of 64, for ``size`` bytes that are used."""
    return (size + 127) // 64 * 64
