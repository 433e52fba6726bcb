"""Which functions of five and six inputs the search for few gates goes through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.circuits.read_once import core_tables


@dataclass(frozen=True)
class GateClass:
    """All functions of ``arity`` inputs with ``gates`` gates (`read_once_tables`), and the factor of their cost."""

    arity: int
    gates: int
    factor: float

    @property
    def cores(self) -> dict[int, Array]:
        """Tables of the cores by their number of inputs, where there are any."""
        extra = self.arity - self.gates
        cores = {n: core_tables(n, n - extra).astype(np.uint32) for n in range(2 + (extra == 0), self.arity + 1)}
        return {n: tables for n, tables in cores.items() if len(tables)}


def gate_classes(gates: int, gamma: float) -> list[GateClass]:
    """Functions of five and more inputs whose smallest circuit has at most this many gates, 4 or 5.

    Examples
    --------
    >>> [(c.arity, c.gates, round(c.factor, 3)) for c in gate_classes(5, 3.0)]
    [(5, 4, 0.63), (5, 5, 0.585), (6, 5, 0.585)]
    """
    kinds = [(n, m) for n in range(5, gates + 2) for m in range(n - 1, gates + 1)]
    return [GateClass(n, m, float(m) ** (-1.0 / gamma)) for n, m in kinds]
