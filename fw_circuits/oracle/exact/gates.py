"""Exact oracle over all circuits of at most four or five gates.

A circuit of m gates reads at most m + 1 literals, so beyond the functions of four literals, which `SubsetOracle`
searches, these are few: functions of five literals with four gates, which are formulas that read each literal
once, and for five gates those of five literals with one gate more and the formulas of six.  The weights by pattern
of all 5- and 6-subsets come from one outer product of the literals for each 3- or 4-subset; ``sum |h|`` times the
factor of the cost, against the score of the k-th best function of four literals, leaves few subsets; in those,
putting a gate in place of two literals, again and again, reaches every formula, and each step lowers ``sum |h|``:
a branch and bound (ours; theory, sections 1 and 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from fw_circuits._kernels._gates import FOUND
from fw_circuits._typing import Array, Floats
from fw_circuits.circuits.read_once import read_once_circuit
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop, check_count, check_weights
from fw_circuits.oracle.exact import gates_scan
from fw_circuits.oracle.exact.subset import SubsetOracle, _merge
from fw_circuits.oracle.gate_classes import families
from fw_circuits.tetrakis import Atom

#: Gates that the search can cover.
GATES = (4, 5)


class GateOracle:
    """Search all circuits of at most ``gates`` gates, and all functions of at most four literals, exactly.

    The inner oracle goes first.  A search that is cut short falls back on its scope, circuits of at most three
    gates, with the atoms found until then; so does one whose inner search was cut short or screened.  Ties are
    broken as there: by fewer inputs, then the earlier level, the subset, the table; the answer does not depend on
    the number of threads.

    Parameters
    ----------
    levels_rows : sequence of LevelRows
        One per level, of the same data.
    lattice : Lattice
        What the atoms refer to.
    gamma : float
        Exponent of the cost.
    gates : int
        4 or 5.
    n_jobs : int or None
        Threads; None: all cores.
    memory : int
        Budget in bytes for the arrays of one pass; checked before the search.
    per_support : int or None
        At most this many functions of one subset; None: no limit.
    time_limit : float or None
        Seconds for one search.

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
        levels_rows: Sequence[LevelRows],
        lattice: Lattice,
        gamma: float,
        gates: int = 4,
        n_jobs: int | None = None,
        memory: int = 2**30,
        per_support: int | None = None,
        time_limit: float | None = None,
    ) -> None:
        if isinstance(gates, bool) or gates not in GATES:
            raise InputError(f"gates is {gates!r}; expected 4 or 5; SubsetOracle covers circuits of 3.")
        self.inner = SubsetOracle(
            levels_rows, lattice, gamma, n_jobs, memory=memory, per_support=per_support, time_limit=time_limit
        )
        self.gates = int(gates)
        self.gamma, self.n_rows = self.inner.gamma, self.inner.n_rows
        self._families = families(self.gates, self.gamma)

    def memory_bytes(self) -> int:
        """Estimate of the memory of the largest pass, in bytes."""
        s, gates = self.inner.settings, self.gates
        passes = [gates_scan.memory_bytes(c.n, c.n_rows, s.n_threads, gates) for c in self.inner._columns]
        return max(self.inner.memory_bytes(), *passes)

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best atoms over all levels; see `OracleAnswer`.

        Parameters
        ----------
        weights : (n_rows,)
            g, one weight per data row.
        k : int
            Number of atoms.
        stop : callable or None
            Asked about every 50 ms; when true, the answer is what was found, with the scope and the bound of
            the part that was searched to its end, and ``complete`` is false.

        Raises
        ------
        InputError
            If the weights are not n_rows finite numbers, or k is not a positive integer.
        BudgetError
            If a pass would exceed the memory budget.
        """
        g = check_weights(weights, self.n_rows)
        settings = replace(self.inner.settings, k=check_count(k))
        start, limit = perf_counter(), self.inner.time_limit

        def ended() -> bool:
            late = limit is not None and perf_counter() - start > limit
            return late or (stop is not None and stop())

        for columns in self.inner._columns:
            gates_scan.check_memory(columns, settings, self.gates)
        inner = self.inner.search(g, k, stop)
        if not inner.complete or inner.max_gates < 3:
            return inner
        found, level_of = np.zeros(0, FOUND), np.zeros(0, np.int64)
        floor = abs(float(inner.scores[-1])) if len(inner.atoms) == k else 0.0
        complete, tail = True, 0.0
        for i, (rows, columns) in enumerate(zip(self.inner.levels_rows, self.inner._columns, strict=True)):
            w = np.ascontiguousarray(rows.pull(g))
            tail = max(tail, float(np.abs(w).sum()) * (1 + 1e-12) * (self.gates + 1) ** (-1 / self.gamma))
            if complete:
                if len(found) == k:
                    floor = max(floor, abs(float(found["value"][-1])))
                level = gates_scan.search_level(columns, w, self._families, settings, floor, ended)
                found, level_of = _merge(found, level_of, level.found, i, k)
                complete = level.complete
        answer = self._joined(inner, found, level_of, k)
        if not complete:
            return replace(answer, complete=False)
        scope = f"{inner.scope}; all circuits of at most {self.gates} gates over these literals"
        return replace(answer, scope=scope, max_gates=self.gates, tail=tail)

    def _joined(self, inner: OracleAnswer, found: Array, level_of: Array, k: int) -> OracleAnswer:
        # Functions of four literals come first where scores are equal; both parts are sorted.
        scores = np.concatenate([inner.scores, found["value"]])
        order = np.argsort(-np.abs(scores), kind="stable")[:k].tolist()
        first = len(inner.atoms)
        atoms = tuple(
            inner.atoms[i] if i < first else self._atom(found[i - first], int(level_of[i - first]))
            for i in order
        )
        value = abs(float(scores[order[0]])) if order else 0.0
        return replace(
            inner,
            atoms=atoms,
            scores=scores[order],
            value=value,
            upper_bound=max(value, inner.upper_bound),
        )

    def _atom(self, found: Array, level: int) -> Atom:
        n = int(found["arity"])
        circuit = read_once_circuit(int(found["table"]), n)
        literals = tuple(int(i) for i in found["lit"][:n])
        return Atom(circuit, self.inner.levels_rows[level].level, literals, self.inner.lattice)

    def evaluate(self, atoms: Sequence[Atom]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms)).

        Raises
        ------
        InputError
            If an atom is of a level that the oracle does not have.
        """
        return self.inner.evaluate(atoms)
