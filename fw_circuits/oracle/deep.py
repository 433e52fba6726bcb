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
from dataclasses import dataclass, replace
from typing import Any

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.oracle.base import (
    AtomLike,
    CheckedOracle,
    Oracle,
    OracleAnswer,
    Stop,
    aim,
    ask,
    best_pairs,
    insist,
    observe,
    signs_of,
)
from fw_circuits.oracle.turns import Turns

#: A finder whose best atom scores less than this fraction of the exact oracle's has not been useful.
USEFUL = 1.0
#: Work of the finders: this multiple of that of the exact oracle, and this many multiplications a search at least.
SHARE, PAY = 1.4, 3.5e9
#: Work of the caller between two searches, over the square of its active atoms times the rows.
STEP = 3.0
#: Work of one search of the exact oracle: at most this fraction of all work before it, and this many multiplications.
GROWTH, FLOOR = 0.1, 1e9
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
        self._matters, self._insisted, self._whole = 0.0, thorough, False

    def eager(self) -> DeepOracle:
        """The same oracles without a schedule."""
        return DeepOracle(self.exact, self.finders, thorough=True)

    def signs(self, atoms: Sequence[AtomLike]) -> Floats:
        """Which signs the coefficients of atoms may have."""
        return signs_of(self.exact, atoms)

    def observe(self, atoms: Sequence[AtomLike]) -> None:
        """Tell every oracle which atoms are active."""
        self._active = frozenset(atom.key for atom in atoms)
        for oracle in (self.exact, *self.finders):
            observe(oracle, atoms)

    def aim(self, score: float) -> None:
        """Only atoms of a larger score matter to the caller."""
        self._matters = score
        aim(self.exact, score)

    def insist(self) -> bool:
        """Ask all oracles in full next time; False if the last search did."""
        self._insisted = True
        return not self._whole

    def evaluate(self, atoms: Sequence[AtomLike]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms))."""
        return self.exact.evaluate(atoms)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best distinct atoms of all oracles that were asked."""
        ended = stop or (lambda: False)
        full = work_of(self.exact)
        effort = 1.0
        if not self._insisted and hasattr(self.exact, "effort"):
            effort = min(1.0, max(FLOOR, GROWTH * self._work) / max(full, 1.0))
        answer = self._look(g, k, stop, effort)
        found = Found(_by_key(answer), answer)
        prices = [work_of(finder) for finder in self.finders]
        order = self._turns.order(prices)
        for i in order:
            paid = self._insisted or prices[i] <= self._turns.purse
            if ended() or not (paid or self._nothing_new(found)):
                break
            gain = found.add(ask(self.finders[i], g, k, stop))
            self._turns.ran(i, prices[i], useful=gain >= USEFUL * answer.value)
            self._work += prices[i]
        self._turns.purse += max(PAY, SHARE * (effort * full + STEP * len(self._active) ** 2 * self.n_rows))
        if effort < 1.0 and self._nothing_new(found) and not ended():
            effort = 1.0
            found.answer = self._look(g, k, stop, 1.0)
            found.add(found.answer)
        self._insisted, self._whole = self.thorough, effort == 1.0
        return found.best(k)

    def _look(self, g: Floats, k: int, stop: Stop | None, effort: float) -> OracleAnswer:
        """Ask the exact oracle."""
        exact: Any = self.exact
        if effort == 1.0:
            self._work += work_of(exact)
            insist(exact)
            return ask(exact, g, k, stop)
        whole, exact.effort = exact.effort, effort
        try:
            self._work += work_of(exact)
            return small(ask(exact, g, k, stop))
        finally:
            exact.effort = whole

    def _nothing_new(self, found: Found) -> bool:
        """Whether no atom that is not active exceeds the score that matters."""
        least = self._matters * (1.0 + SLIGHT)
        return not any(abs(score) > least for key, (score, _) in found.pairs.items() if key not in self._active)


@dataclass
class Found:
    """What one search has found so far: scores and atoms by key, and the bound that goes with them."""

    pairs: dict[Hashable, tuple[float, AtomLike]]
    answer: OracleAnswer

    def add(self, answer: OracleAnswer) -> float:
        """Take in further atoms; returns the largest score of those that were not known, -1 without any."""
        new = {key: pair for key, pair in _by_key(answer).items() if key not in self.pairs}
        self.pairs |= new
        return max((abs(score) for score, _ in new.values()), default=-1.0)

    def best(self, k: int) -> OracleAnswer:
        """The k best atoms with the bound of the exact oracle."""
        answer = self.answer
        atoms, scores = best_pairs(list(self.pairs.values()), k)
        exact = {atom.key for atom in answer.atoms}
        scope = answer.scope if exact.issuperset(atom.key for atom in atoms) else f"{answer.scope}; {FOUND}"
        best = OracleAnswer.of(atoms, scores, scope, bound=answer.upper_bound, tail=answer.tail)
        return replace(best, max_gates=answer.max_gates, complete=answer.complete)


def small(answer: OracleAnswer) -> OracleAnswer:
    """The answer of a small search, whose bound is one over all circuits or nothing."""
    bound = max(answer.upper_bound, answer.tail)
    return replace(answer, upper_bound=bound, scope=EVERY, max_gates=0, complete=False)


def work_of(oracle: Oracle) -> float:
    """Work of the oracle's next search in multiplications with additions; `FLOOR` where it does not say."""
    price = getattr(oracle, "price", None)
    return FLOOR if price is None else float(price())


def _by_key(answer: OracleAnswer) -> dict[Hashable, tuple[float, AtomLike]]:
    return {atom.key: (score, atom) for score, atom in zip(answer.scores, answer.atoms, strict=True)}
