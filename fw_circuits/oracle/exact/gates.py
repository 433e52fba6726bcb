"""Exact oracle over all circuits of at most four or five gates.

A circuit of m gates reads at most m + 1 literals, so beyond the functions of four literals, which `SubsetOracle`
searches, these are few: functions of five literals with four gates, which are formulas that read each literal
once, and for five gates those of five literals with one gate more and the formulas of six.  The weights by pattern
of all 5- and 6-subsets come from one outer product of the literals for each 3- or 4-subset; ``sum |h|`` times the
factor of the cost, against the score of the k-th best function of four literals, leaves few subsets; in those,
putting a gate in place of two literals, again and again, reaches every formula, and each step lowers ``sum |h|``:
a branch and bound (original to this package; theory, sections 1 and 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.circuits.read_once import read_once_circuit
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop, best_first
from fw_circuits.oracle.data import LevelsOracle, OracleData
from fw_circuits.oracle.exact import gates_pass
from fw_circuits.oracle.exact.pace import Pace
from fw_circuits.oracle.exact.subset import SubsetOracle, atoms_of
from fw_circuits.oracle.found import Best
from fw_circuits.oracle.gate_classes import gate_classes

#: Gates that the search can cover.
GATES = (4, 5)


class GateOracle(LevelsOracle):
    """Search all circuits of at most ``gates`` gates, and all functions of at most four literals, exactly.

    The inner oracle goes first.  A search that is cut short falls back on its scope, circuits of at most three
    gates, with the atoms found until then; so does one whose inner search was cut short or screened.  Ties are
    broken as there: by fewer inputs, then the earlier level, the subset, the table; the answer does not depend on
    the number of threads.

    Parameters
    ----------
    levels_rows, lattice, gamma
        As in :class:`LevelsOracle`.
    gates : int
        4 or 5.
    n_jobs, memory, per_support, time_limit
        As in :class:`SubsetOracle`.

    Raises
    ------
    InputError
        If the rows are of different data, or an option is out of range.

    Examples
    --------
    >>> lattice = Lattice.boolean(6)
    >>> X = (np.arange(64)[:, None] >> np.arange(6)) & 1
    >>> oracle = GateOracle([lattice.rows(X, 1)], lattice, gamma=3.0)
    >>> blend = (X[:, 0] & X[:, 1]) ^ (X[:, 2] | X[:, 3] & X[:, 5])
    >>> answer = oracle.search(blend - blend.mean(), k=1)
    >>> answer.atoms[0].formula("abcdef"), answer.atoms[0].cost, answer.max_gates
    ('(a & b) ^ (c | (d & f))', 4, 4)
    """

    def __init__(
        self,
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        gates: int = 4,
        n_jobs: int | None = None,
        memory: int = 2**30,
        per_support: int | None = None,
        time_limit: float | None = None,
    ) -> None:
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        if isinstance(gates, bool) or gates not in GATES:
            raise InputError(f"gates is {gates!r}; expected 4 or 5; SubsetOracle covers circuits of 3.")
        self.inner = SubsetOracle(self.data, memory=memory, per_support=per_support, time_limit=time_limit)
        self.gates = int(gates)
        self.classes = gate_classes(self.gates, self.gamma)

    def memory_bytes(self) -> int:
        """Estimate of the memory of the largest pass, in bytes."""
        threads, literals = self.data.n_threads, [level.literals for level in self.data.levels]
        passes = [gates_pass.memory_bytes(x.n, x.n_rows, threads, self.gates) for x in literals]
        return max(self.inner.memory_bytes(), *passes)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best functions of all levels."""
        settings = replace(self.inner.settings, k=k, n_threads=self.data.n_threads)
        pace = Pace(self.inner.time_limit, stop)
        for level in self.data.levels:
            gates_pass.check_memory(level.literals, settings, self.gates)
        inner = self.inner.answer(g, k, stop)
        if not inner.complete or inner.max_gates < 3:
            return inner
        best = Best(k, abs(float(inner.scores[-1])) if len(inner.atoms) == k else 0.0)
        complete, tail = True, 0.0
        for i, level in enumerate(self.data.levels):
            w = np.ascontiguousarray(level.rows.pull(g))
            tail = max(tail, float(np.abs(w).sum()) * (1 + 1e-12) * (self.gates + 1) ** (-1 / self.gamma))
            if complete:
                found = gates_pass.search_level(level.literals, w, self.classes, settings, best.floor, pace.ended)
                best.add(found.found, i)
                complete = found.open_cost is None
        # Functions of four literals come first where scores are equal; both parts are sorted.
        scores = np.concatenate([inner.scores, best.found["value"]])
        atoms, order = [*inner.atoms, *atoms_of(best, self.data, read_once_circuit)], best_first(scores, k)
        answer = OracleAnswer.of(
            [atoms[i] for i in order],
            scores[order],
            f"{inner.scope}; all circuits of at most {self.gates} gates over these literals",
            bound=inner.upper_bound,
            max_gates=self.gates,
            tail=tail,
        )
        if complete:
            return answer
        return replace(answer, scope=inner.scope, max_gates=inner.max_gates, tail=inner.tail, complete=False)
