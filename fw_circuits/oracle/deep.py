"""An exact oracle with finders beside it: the bound comes from the first, reach from the others.

`exact` bounds every circuit of its scope.  The *finders* look where no such bound can be had: compositions of
active circuits, parities, symmetric functions, carry chains, or whatever a user registers.

A search is one turn of a schedule, so that a useful answer comes early and often (original to this package):

1. The exact oracle looks first, and its atoms are used at once.  Where a full search is long, early ones are small: no
   search takes more than `GROWTH` of the work of all before it, or `FLOOR` where that is more.
2. Finders are paid `SHARE` of the work of the exact oracle, each by what it brought lately (`turns`).
3. Where all that gives no new atom above the score that matters (`aim`), nothing is spared: every finder is asked, and
   the exact oracle for a full search.

A small search bounds nothing but all circuits at once, by the sum of the weights (its ``tail``), and says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.oracle.base import AtomLike, CheckedOracle, Oracle, OracleAnswer, Stop, aim, ask, best_pairs, observe
from fw_circuits.oracle.turns import Turns

#: A finder whose best atom scores less than this fraction of the exact oracle's has not been useful.
USEFUL = 1.0
#: Work of the finders as a fraction of that of the exact oracle, whose searches count `FLOOR` at least.
SHARE = 1.4
#: Work of one search of the exact oracle: at most this fraction of all work before it, and this many multiplications.
GROWTH, FLOOR = 0.15, 1e9
#: New atoms that exceed the score that matters by less than this fraction count as none.
SLIGHT = 0.01
#: Added to the scope of an answer that contains circuits from outside the exact scope.
FOUND = "and the larger circuits found"
#: Scope of the bound of a small search.
EVERY = "every circuit over the literals of these levels, by the sum of |weights|"


class DeepOracle(CheckedOracle):
    """Best atoms of an exact oracle and of finders.

    Parameters
    ----------
    exact : Oracle
        Its scope, bound and tail are those of the answer; it evaluates all atoms.
    finders : sequence of Oracle
        Asked for further atoms over the same data; what they say about bounds is not used.  One with a method
        ``price()``, the work of its next search in multiplications with additions, is paid by it; 0: nothing to search.
    thorough : bool
        True: no schedule, every search asks all of them.

    Raises
    ------
    InputError
        If a finder is for other rows or another gamma.

    Examples
    --------
    >>> import numpy as np
    >>> from fw_circuits.lattice import Lattice
    >>> from fw_circuits.oracle import CompositionOracle, SubsetOracle
    >>> lattice = Lattice.boolean(6)
    >>> X = (np.arange(64)[:, None] >> np.arange(6)) & 1
    >>> exact = SubsetOracle([lattice.rows(X, 1)], lattice, gamma=3.0)
    >>> oracle = DeepOracle(exact, [CompositionOracle(exact)])
    >>> oracle.search((X[:, 0] & X[:, 5]) - 0.25, k=1).scope
    'all functions of at most 4 of all 6 literals of level 1'
    """

    def __init__(self, exact: Oracle, finders: Sequence[Oracle], thorough: bool = False) -> None:
        for finder in finders:
            if finder.n_rows != exact.n_rows or finder.gamma != exact.gamma:
                raise InputError(
                    f"{type(finder).__name__} is for {finder.n_rows} rows and gamma={finder.gamma}, the exact oracle "
                    f"for {exact.n_rows} and {exact.gamma}; make both from the same data."
                )
        self.exact, self.gamma, self.n_rows = exact, exact.gamma, exact.n_rows
        self.finders, self.thorough = tuple(finders), thorough
        self._turns, self._work = Turns(len(self.finders)), 0.0
        self._active: frozenset[Hashable] = frozenset()
        self._matters = 0.0

    def eager(self) -> DeepOracle:
        """The same oracles without a schedule."""
        return DeepOracle(self.exact, self.finders, thorough=True)

    def observe(self, atoms: Sequence[AtomLike]) -> None:
        """Tell every oracle which atoms are active."""
        self._active = frozenset(atom.key for atom in atoms)
        for oracle in (self.exact, *self.finders):
            observe(oracle, atoms)

    def aim(self, score: float) -> None:
        """Only atoms of a larger score matter to the caller."""
        self._matters = score
        aim(self.exact, score)

    def evaluate(self, atoms: Sequence[AtomLike]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms))."""
        return self.exact.evaluate(atoms)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best distinct atoms of all oracles."""
        return _Search(self, g, k, stop).run()


class _Search:
    """One search of a `DeepOracle`."""

    def __init__(self, oracle: DeepOracle, g: Floats, k: int, stop: Stop | None) -> None:
        self.oracle, self.g, self.k, self.stop = oracle, g, k, stop
        self.turns = oracle._turns
        self.known: dict[Hashable, tuple[float, AtomLike]] = {}

    def run(self) -> OracleAnswer:
        full = work_of(self.oracle.exact)
        effort = 1.0 if self.oracle.thorough or full <= 0.0 else min(1.0, max(FLOOR, GROWTH * self.oracle._work) / full)
        answer, best = self._exact(effort)
        first = set(self.known)
        prices = [work_of(finder) for finder in self.oracle.finders]
        order = self.turns.order(prices)
        paid = order if self.oracle.thorough else self.turns.paid(prices)
        asked = [i for i in paid if self._finder(i, prices[i], best)]
        self.turns.purse += SHARE * max(FLOOR, effort * full)
        if self._nothing_new():
            for i in order:
                if i not in asked and self._finder(i, prices[i], best) and not self._nothing_new():
                    break
        if self._nothing_new() and effort < 1.0 and not self._stopped():
            answer, _ = self._exact(1.0)
        atoms, scores = best_pairs(list(self.known.values()), self.k)
        scope = answer.scope if first.issuperset(atom.key for atom in atoms) else f"{answer.scope}; {FOUND}"
        found = OracleAnswer.of(atoms, scores, scope, bound=answer.upper_bound, tail=answer.tail)
        return replace(found, max_gates=answer.max_gates, complete=answer.complete)

    def _exact(self, effort: float) -> tuple[OracleAnswer, float]:
        exact = self.oracle.exact
        if effort < 1.0:
            exact.effort = effort
        answer = ask(exact, self.g, self.k, self.stop)
        if effort < 1.0:
            exact.effort = 1.0
            bound = max(answer.upper_bound, answer.tail)
            answer = replace(answer, upper_bound=bound, scope=EVERY, max_gates=0, complete=False)
        self.oracle._work += effort * work_of(exact)
        self.known |= {atom.key: (score, atom) for score, atom in zip(answer.scores, answer.atoms, strict=True)}
        return answer, answer.value

    def _finder(self, i: int, price: float, best: float) -> bool:
        """Ask one finder; False if there was no time."""
        if self._stopped():
            return False
        found = ask(self.oracle.finders[i], self.g, self.k, self.stop)
        news = {atom.key: (score, atom) for score, atom in zip(found.scores, found.atoms, strict=True)}
        gain = max((abs(score) for key, (score, _) in news.items() if key not in self.known), default=-1.0)
        self.known = news | self.known
        self.oracle._work += price
        self.turns.ran(i, price, useful=gain >= USEFUL * best)
        return True

    def _nothing_new(self) -> bool:
        least = self.oracle._matters * (1.0 + SLIGHT)
        return not any(abs(s) > least for key, (s, _) in self.known.items() if key not in self.oracle._active)

    def _stopped(self) -> bool:
        return self.stop is not None and self.stop()


def work_of(oracle: Oracle) -> float:
    """Work of the oracle's next search in multiplications with additions; `FLOOR` where it does not say."""
    price = getattr(oracle, "price", None)
    return FLOOR if price is None else float(price())
