"""Exact oracle over all functions of at most four literals.

A circuit of m gates reads at most m + 1 literals, so all functions of all 4-subsets contain every circuit of
at most 3 gates (theory, section 1).  The sums of the weights over rows where up to four literals are all true
give, by a 16-point Moebius transform, the histogram of the weights over the patterns of a 4-subset; the score
of a function is a signed sum of it times the factor of its cost (theory, section 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from fw_circuits._kernels._oracle import FOUND
from fw_circuits._typing import Array
from fw_circuits.circuits.catalogue import cost_table, minimal_circuit
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle import distinct
from fw_circuits.oracle.base import OracleAnswer, Stop, check_count, check_weights, positive
from fw_circuits.oracle.exact import scan
from fw_circuits.oracle.exact.literal_choice import RATE
from fw_circuits.oracle.levels import LevelsOracle
from fw_circuits.oracle.tables import tables
from fw_circuits.tetrakis import Atom

#: Every function of four inputs has a circuit of at most so many gates.
MOST_GATES = 7


class SubsetOracle(LevelsOracle):
    """Search all functions of at most four literals, level by level, exactly.

    Ties are broken by fewer inputs, then the earlier level, the subset (lexicographic), the table; the answer
    does not depend on the number of threads.  Literals that are constant on the rows, or equal or
    complementary to an earlier one, are left out: they add no function.

    Parameters
    ----------
    levels_rows : sequence of LevelRows
        One per level, of the same data.
    lattice : Lattice
        What the atoms refer to.
    gamma : float
        Exponent of the cost.
    n_jobs : int or None
        Threads; None or -1: all cores.
    max_literals : int or None
        Take 4-subsets only from this many literals a level: those in the best subsets of at most three, which
        are still searched over all literals.
    memory : int
        Budget in bytes for the arrays of one pass.
    per_support : int or None
        At most this many functions of one subset; None: no limit.
    time_limit : float or None
        Seconds for one search; 4-subsets are taken from as many literals as fit.
    pass_seconds : float or None
        Screen literals as if a search had so many seconds on a machine of a fixed speed
        (`literal_choice.RATE`): unlike ``time_limit`` this looks at no clock, so answers repeat.
        Where not even the triples of all literals fit, they are ranked on a sample of the rows, and only the
        functions of at most two literals are searched over all of them.  None: no screening.
    random_state : int or None
        Seed of that sample.
    max_gates : int or None
        Leave out functions that need more gates; None: no limit.

    Raises
    ------
    InputError
        If the rows are of different data, or an option is out of range.

    Examples
    --------
    >>> lattice = Lattice.boolean(5)
    >>> X = (np.arange(32)[:, None] >> np.arange(5)) & 1
    >>> oracle = SubsetOracle([lattice.rows(X, 1)], lattice, gamma=3.0)
    >>> answer = oracle.search(np.where(X[:, 1] & X[:, 3], 3.0, -1.0), k=1)
    >>> best = answer.atoms[0]
    >>> best.literals, bin(best.circuit.truth_table()), best.cost, answer.complete, answer.max_gates
    ((1, 3), '0b1000', 1, True, 3)
    """

    def __init__(
        self,
        levels_rows: Sequence[LevelRows],
        lattice: Lattice,
        gamma: float,
        n_jobs: int | None = None,
        max_literals: int | None = None,
        memory: int = 2**30,
        per_support: int | None = None,
        time_limit: float | None = None,
        max_gates: int | None = None,
        pass_seconds: float | None = None,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(levels_rows, lattice, gamma)
        for name, value in (("max_literals", max_literals), ("per_support", per_support)):
            if value is not None:
                try:
                    check_count(value)
                except InputError:
                    raise InputError(f"{name} is {value!r}; expected a positive integer or None.") from None
        self.time_limit = None if time_limit is None else positive("time_limit", time_limit)
        threads = scan.threads_of(n_jobs)
        work = np.inf if pass_seconds is None else RATE * positive("pass_seconds", pass_seconds)
        self.settings = scan.Settings(
            1, per_support or 0, threads, int(memory), max_literals,
            work=work / len(self.levels_rows), seed=_seed(random_state),
        )  # fmt: skip
        if max_gates is not None and (
            isinstance(max_gates, bool) or int(max_gates) != max_gates or max_gates < 0
        ):
            raise InputError(f"max_gates is {max_gates!r}; expected an integer of at least 0, or None.")
        self.max_gates = None if max_gates is None or max_gates >= MOST_GATES else int(max_gates)
        self.tables = tables(cost_table(), self.gamma, MOST_GATES if max_gates is None else max_gates)
        self._columns = [self._prepare(rows) for rows in self.levels_rows]

    def _prepare(self, rows: LevelRows) -> distinct.Columns:
        words = np.ascontiguousarray(rows.words)
        keep = distinct.distinct(words, rows.n_rows)
        return distinct.prepare(words[keep], rows.n_rows, keep)

    def memory_bytes(self) -> int:
        """Estimate of the memory of the largest pass, in bytes; each pass checks its own before it starts."""
        s = self.settings
        needs = []
        for c in self._columns:
            limit = scan.fitting(c.n, 4, c.n_rows, s.work, s)  # as if no gate limit made it smaller
            sizes = {c.n, limit}  # one search over all literals, and one over those that were chosen
            needs += [scan.memory_bytes(n, c.n_rows, s.n_threads, s.k, n == limit) for n in sizes]
        return max(needs)

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best atoms over all levels; see `OracleAnswer`.

        Parameters
        ----------
        weights : (n_rows,)
            g, one weight per data row.  Where they do not sum to 0 (no free intercept), the constants, which
            are no atoms, may hold ``upper_bound`` above ``value``.
        k : int
            Number of atoms.
        stop : callable or None
            Asked about every 50 ms; when true, the answer is what was found, with a bound that still holds.

        Raises
        ------
        InputError
            If the weights are not n_rows finite numbers, or k is not a positive integer.
        BudgetError
            If a pass would exceed the memory budget.
        """
        g = check_weights(weights, self.n_rows)
        settings = replace(self.settings, k=check_count(k))
        start = perf_counter()
        found = np.zeros(0, FOUND)
        level_of = np.zeros(0, np.int64)
        # Functions that are constant on the data score |sum g|: 0 under a free intercept.
        scopes, bound, tail, max_gates, complete = [], abs(float(g.sum())), 0.0, 3, True
        for i, (rows, columns) in enumerate(zip(self.levels_rows, self._columns, strict=True)):
            w = np.ascontiguousarray(rows.pull(g))
            share = None
            if self.time_limit is not None:
                left = self.time_limit - (perf_counter() - start)
                share = max(1e-3, left / (len(self.levels_rows) - i))
            floor = abs(float(found["value"][-1])) if len(found) == settings.k else 0.0
            level = scan.search_level(columns, w, self.tables, settings, floor, stop, share)
            found, level_of = _merge(found, level_of, level.found, i, settings.k)
            mass = float(np.abs(w).sum()) * (1 + 1e-12)
            gates = 3 if level.screened is None else level.exact - 1
            gates = gates if self.max_gates is None else min(gates, self.max_gates)
            max_gates = min(max_gates, gates)
            tail = max(tail, mass * float(self.tables.factor[gates + 1]))
            if level.open_cost is not None:
                complete = False
                bound = max(bound, mass * float(self.tables.factor[level.open_cost]))
            scopes.append(_scope(rows, level.screened, level.exact))
        if self.max_gates is not None:
            scopes.append(f"of these the functions of at most {self.max_gates} gates")
        value = abs(float(found["value"][0])) if len(found) else 0.0
        atoms = tuple(self._atom(f, self.levels_rows[i].level) for f, i in zip(found, level_of, strict=True))
        return OracleAnswer(
            atoms=atoms,
            scores=found["value"].copy(),
            value=value,
            upper_bound=max(value, bound),
            scope="; ".join(scopes),
            max_gates=max_gates,
            complete=complete,
            tail=tail,
        )

    def _atom(self, found: Array, level: int) -> Atom:
        n = int(found["arity"])
        circuit = minimal_circuit(int(found["table"]), n)
        return Atom(circuit, level, tuple(int(i) for i in found["lit"][:n]), self.lattice)


def _merge(found: Array, level_of: Array, new: Array, level: int, k: int) -> tuple[Array, Array]:
    both = np.concatenate([found, new])
    levels = np.concatenate([level_of, np.full(len(new), level)])
    # Stable: within a level the order of answers is already there.
    order = np.lexsort([levels, both["arity"], -np.abs(both["value"])])[:k]
    return both[order], levels[order]


def _seed(random_state: int | None) -> int | None:
    if random_state is None or (isinstance(random_state, (int, np.integer)) and random_state >= 0):
        return None if random_state is None else int(random_state)
    raise InputError(f"random_state is {random_state!r}; expected an integer of at least 0, or None.")


def _scope(rows: LevelRows, screened: int | None, exact: int) -> str:
    where = f"of level {rows.level}"
    if screened is None:
        return f"all functions of at most 4 of all {rows.n_literals} literals {where}"
    return (
        f"all functions of at most {exact} of all {rows.n_literals} literals "
        f"and of at most 4 of {screened} screened literals {where}"
    )
