"""Exact oracle over all functions of at most four literals.

A circuit of m gates reads at most m + 1 literals, so all functions of all 4-subsets contain every circuit of
at most 3 gates (theory, section 1).  The sums of the weights over rows where up to four literals are all true
give, by a 16-point Moebius transform, the histogram of the weights over the patterns of a 4-subset; the score
of a function is a signed sum of it times the factor of its cost (theory, section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from fw_circuits._checks import check_integer, check_real
from fw_circuits._settings import check_random_state
from fw_circuits._threads import worthwhile
from fw_circuits._typing import Floats
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.catalogue import cost_table, minimal_circuit
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import OracleAnswer, Stop
from fw_circuits.oracle.data import LevelsOracle, OracleData
from fw_circuits.oracle.exact import subset_pass
from fw_circuits.oracle.exact.literal_choice import RATE
from fw_circuits.oracle.exact.pace import Pace
from fw_circuits.oracle.exact.price import price
from fw_circuits.oracle.found import Best
from fw_circuits.oracle.screen import PassSettings
from fw_circuits.oracle.tables import tables
from fw_circuits.tetrakis import Atom

#: Every function of four inputs has a circuit of at most this many gates.
MOST_GATES = 7


class SubsetOracle(LevelsOracle):
    """Search all functions of at most four literals, level by level, exactly.

    Ties are broken by fewer inputs, then the earlier level, the subset (lexicographic), the table; the answer
    does not depend on the number of threads.  Literals that are constant on the rows, or equal or
    complementary to an earlier one, are left out: they add no function.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :class:`LevelsOracle`.
    max_literals : int or None
        Take 4-subsets only from this many literals per level: those in the best subsets of at most three, which
        are still searched over all literals.
    memory : int
        Budget in bytes for the arrays of one pass, checked before it starts.
    per_support : int or None
        At most this many functions of one subset; None: no limit.
    time_limit : float or None
        Seconds for one search; 4-subsets are taken from as many literals as fit.
    max_gates : int or None
        Leave out functions that need more gates; None: no limit.
    pass_seconds : float or None
        Screen literals as if a search had this many seconds on a machine of a fixed speed
        (`literal_choice.RATE`): unlike ``time_limit`` this looks at no clock, so answers repeat.
        Where not even the triples of all literals fit, they are ranked on a sample of the rows, and only the
        functions of at most two literals are searched over all of them.  None: no screening.
    random_state : int or None
        Seed of that sample.
    whole_seconds : float or None
        In spite of ``pass_seconds``, search the 4-subsets of all literals where that takes at most so long.

    Attributes
    ----------
    effort : float
        Fraction of the work of a full search, above 0, that a search takes: at 1.0 what the options say, below it
        larger subsets of fewer literals, which every answer says in its scope; at a very small effort the literals
        alone.  May be set between searches; answers at equal effort repeat.

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
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        n_jobs: int | None = None,
        max_literals: int | None = None,
        memory: int = 2**30,
        per_support: int | None = None,
        time_limit: float | None = None,
        max_gates: int | None = None,
        pass_seconds: float | None = None,
        random_state: int | None = 0,
        whole_seconds: float | None = None,
    ) -> None:
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        self.time_limit = None if time_limit is None else check_real("time_limit", time_limit, 0.0, above=True)
        seconds = np.inf if pass_seconds is None else check_real("pass_seconds", pass_seconds, 0.0, above=True)
        whole = 0.0 if whole_seconds is None else check_real("whole_seconds", whole_seconds, 0.0, above=True)
        for name, count in (("per_support", per_support), ("max_literals", max_literals)):
            if count is not None:
                check_integer(name, count, 1, note=" or None")
        self.settings = PassSettings(
            k=1,
            per_support=per_support or 0,
            n_threads=self.data.n_threads,
            memory=int(memory),
            max_literals=max_literals,
            work=RATE * seconds / len(self.data.levels),
            whole=RATE * whole / len(self.data.levels),
            seed=check_random_state(random_state),
        )
        most = MOST_GATES if max_gates is None else check_integer("max_gates", max_gates, 0, note=" or None")
        self.effort = 1.0
        self.max_gates = most if most < MOST_GATES else None
        self.tables = tables(cost_table(), self.gamma, most)
        self.settings = replace(self.settings, n_threads=worthwhile(self.data.n_threads, self.price()))

    def narrowed(self, max_literals: int) -> SubsetOracle:
        """The same search with 4-subsets of at most this many literals: for many searches whose bounds nobody needs."""
        oracle = copy(self)
        least = min(max_literals, self.settings.max_literals or max_literals)
        oracle.settings = replace(self.settings, max_literals=least)
        return oracle

    def memory_bytes(self) -> int:
        """Estimate of the memory of the largest pass, in bytes; each pass checks its own before it starts."""
        s = self.settings
        needs = []
        for n, n_rows in ((level.literals.n, level.literals.n_rows) for level in self.data.levels):
            limit = subset_pass.fitting(n, 4, n_rows, max(s.work, s.whole), s)  # as if no gate limit made it smaller
            limit = limit if limit == n else subset_pass.fitting(n, 4, n_rows, s.work, s)
            # One search over all literals, and one over those that were chosen.
            needs += [subset_pass.memory_bytes(m, n_rows, s.n_threads, s.k, m == limit) for m in {n, limit}]
        return max(needs)

    def price(self, effort: float | None = None) -> float:
        """Estimate of the work of a search: multiplications with additions; with `literal_choice.RATE`, seconds.

        It follows from sizes alone (a time limit is not looked at), and is within a factor of 2 where there are 16 to
        512 literals and 1,000 to 12,800 rows.

        Parameters
        ----------
        effort : float, optional
            Default: that of the oracle.

        Examples
        --------
        >>> lattice, X = Lattice.boolean(64), np.random.default_rng(0).integers(0, 2, (1000, 64))
        >>> oracle = SubsetOracle([lattice.rows(X, 1)], lattice)
        >>> oracle.price(0.1) < oracle.price(1.0) == oracle.price()
        True
        """
        total, arity = 0.0, subset_pass.arity_of(self.tables)
        for literals in (level.literals for level in self.data.levels):
            settings = subset_pass.at_effort(
                self.settings, self.effort if effort is None else effort, self.tables, literals
            )
            total += price(literals.n, literals.n_rows, arity, settings)
        return total

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best functions of all levels."""
        settings, pace, best = replace(self.settings, k=k), Pace(self.time_limit, stop), Best(k)
        # Functions that are constant on the data score |sum g|: 0 under a free intercept.
        scopes, bound, tail, max_gates, complete = [], abs(float(g.sum())), 0.0, 3, True
        for i, (rows, literals) in enumerate((level.rows, level.literals) for level in self.data.levels):
            w = np.ascontiguousarray(rows.pull(g))
            share = None if pace.limit is None else max(1e-3, pace.left() / (len(self.data.levels) - i))
            own = subset_pass.at_effort(settings, self.effort, self.tables, literals)
            level = subset_pass.search_level(literals, w, self.tables, own, best.floor, stop, share)
            best.add(level.found, i)
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
        return OracleAnswer.of(
            atoms_of(best, self.data, minimal_circuit),
            best.found["value"].copy(),
            "; ".join(scopes),
            bound=bound,
            max_gates=max_gates,
            complete=complete,
            tail=tail,
        )


def atoms_of(best: Best, data: OracleData, circuit: Callable[[int, int], Circuit]) -> list[Atom]:
    """The functions found, each with the circuit of its table and arity."""
    atoms = []
    for (_, table, n, literals), i in zip(best.found.tolist(), best.level.tolist(), strict=True):
        atoms.append(Atom(circuit(table, n), data.levels[i].rows.level, tuple(literals[:n].tolist()), data.lattice))
    return atoms


def _scope(rows: LevelRows, screened: int | None, exact: int) -> str:
    where = f"of level {rows.level}"
    if exact == 1 and screened == 0:
        return f"all single literals of the {rows.n_literals} {where}"
    if screened is None:
        return f"all functions of at most 4 of all {rows.n_literals} literals {where}"
    return (
        f"all functions of at most {exact} of all {rows.n_literals} literals "
        f"and of at most 4 of {screened} screened literals {where}"
    )
