"""Every function of at most two literals, exactly: all circuits of one gate.

With h11[i, j] the sum of the weights over the rows where both literals are 1 (one matrix product), the sums over
the other three patterns follow, and the ten functions of two inputs are signed sums of the four.  The families that
share their data take the sums of the same weights once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._threads import worthwhile
from fw_circuits._typing import Floats, Ints
from fw_circuits.circuits.gate import AND, GATE_TABLES, OR, XOR
from fw_circuits.oracle.base import Stop, best_first
from fw_circuits.oracle.data import OracleData
from fw_circuits.oracle.literals import Literals

#: Gate tables: those of value 0 at (0, 0), one of each pair of complements.
TABLES = {"and": AND, "gt": GATE_TABLES["gt"], "lt": GATE_TABLES["lt"], "or": OR, "xor": XOR}
#: Additions between two questions to ``stop``.
SLICE = 1 << 26


def moments(literals: Literals, w: Floats, threads: int = 1, ended: Stop = lambda: False) -> Floats | None:
    """Sum of the weights where both literals are 1, (n, n); the diagonal contains those of one literal.

    None where ``ended`` says so.

    Examples
    --------
    >>> literals = Literals.distinct(np.array([[0b011], [0b001]], np.uint64), 3)
    >>> moments(literals, np.array([2.0, 3.0, 5.0])).tolist()
    [[5.0, 2.0], [2.0, 2.0]]
    """
    n = literals.n
    if n and (kernels := select("_families", None)):
        sums, w = np.empty((n, n)), np.ascontiguousarray(w)
        work = n * literals.n_rows // 4  # of one literal
        step, threads = max(1, SLICE // max(1, work)), threads if n * work > SLICE else 1
        for first in range(0, n, step):
            if ended():
                return None
            kernels.moments(literals.by_row, w, first, min(n, first + step), sums, threads)
        return sums
    total: Floats = (literals.bits * w) @ literals.bits.T
    return total


@dataclass(frozen=True)
class PairSums:
    """The functions of at most two literals for some weights.

    Attributes
    ----------
    w : (n_rows,)
    both : (n, n)
        See `moments`.
    """

    w: Floats
    both: Floats

    @cached_property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.w.sum())

    @property
    def single(self) -> Floats:
        """``<w, c>`` of the literals, c = +1 or -1."""
        single: Floats = 2 * np.diag(self.both) - self.total
        return single

    @property
    def correlations(self) -> Floats:
        """Sum of the weights times both literals as +1 / -1, (n, n)."""
        ones = np.diag(self.both)
        pairs: Floats = 4 * self.both - 2 * (ones[:, None] + ones[None, :]) + self.total
        return pairs

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """All i < j, in their order."""
        return np.triu_indices(len(self.both), 1)

    @cached_property
    def products(self) -> dict[str, Floats]:
        """``<w, c>``, c = +1 or -1, of the functions of `TABLES` of the `pairs`."""
        i, j = self.pairs
        ones, both, total = np.diag(self.both), self.both[i, j], self.total
        left, right = ones[i] - both, ones[j] - both
        return {
            "and": 2 * both - total,
            "gt": 2 * left - total,
            "lt": 2 * right - total,
            "or": 2 * (left + right + both) - total,
            "xor": 2 * (left + right) - total,
        }

    @cached_property
    def most(self) -> float:
        """Largest ``|<w, c>|`` of a literal or a function of two."""
        return float(max((np.abs(x).max(initial=0.0) for x in (self.single, *self.products.values())), default=0.0))

    def best(self, names: Sequence[str], k: int) -> list[tuple[float, int, int, int]]:
        """The k best ``(<w, c>, table, i, j)``, i < j, of the named functions; ties: in the order of names, i, j."""
        i, j = self.pairs
        kept = []
        for rank, name in enumerate(names):
            values = self.products[name]
            kept += [(-abs(float(values[b])), rank, int(b), float(values[b])) for b in best_first(values, k)]
        kept.sort()
        return [(value, TABLES[names[rank]], int(i[b]), int(j[b])) for _, rank, b, value in kept[:k]]


def shared(data: OracleData, place: int, w: Floats, stop: Stop | None) -> PairSums | None:
    """The sums on level number ``place``, those of the last oracle over these data if the weights are the same."""
    last = data.memo.get(("pairs", place))
    if isinstance(last, PairSums) and np.array_equal(last.w, w):
        return last
    literals = data.levels[place].literals
    threads = worthwhile(data.n_threads, literals.n**2 * literals.n_rows)
    both = moments(literals, w, threads, stop or (lambda: False))
    if both is None:
        return None
    found = PairSums(w, both)
    data.memo["pairs", place] = found
    return found
