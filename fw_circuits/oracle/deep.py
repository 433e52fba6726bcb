"""An exact oracle with finders beside it: the bound comes from the first, reach from the others.

`exact` bounds every circuit of its scope.  The *finders* look where no such bound can be had: compositions of
active circuits, parities, symmetric functions, carry chains, or whatever a user registers.  A finder that has found
nothing better than the exact oracle is skipped for one pass, then three, seven, and so on (exponential back-off)
until it is useful again.  The answer contains the best atoms of all; its upper bound covers the exact scope and the
circuits found, and says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.oracle.base import AtomLike, CheckedOracle, Oracle, OracleAnswer, Stop, ask, best_pairs, observe

#: A finder whose best atom scores less than this fraction of the exact oracle's is skipped for ever more passes.
USEFUL = 1.0
#: Added to the scope of an answer that contains circuits from outside the exact scope.
FOUND = "and the larger circuits found"


class DeepOracle(CheckedOracle):
    """Best atoms of an exact oracle and of finders.

    Parameters
    ----------
    exact : Oracle
        Its scope, bound and tail are those of the answer; it evaluates all atoms.
    finders : sequence of Oracle
        Asked for further atoms over the same data; what they say about bounds is not used.

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

    def __init__(self, exact: Oracle, finders: Sequence[Oracle]) -> None:
        for finder in finders:
            if finder.n_rows != exact.n_rows or finder.gamma != exact.gamma:
                raise InputError(
                    f"{type(finder).__name__} is for {finder.n_rows} rows and gamma={finder.gamma}, the exact oracle "
                    f"for {exact.n_rows} and {exact.gamma}; make both from the same data."
                )
        self.exact, self.gamma, self.n_rows = exact, exact.gamma, exact.n_rows
        self.finders = tuple(finders)
        self._waits = [0] * len(self.finders)  # passes to skip, and how many after the next failure
        self._patience = [1] * len(self.finders)

    def observe(self, atoms: Sequence[AtomLike]) -> None:
        """Tell every oracle which atoms are active."""
        for oracle in (self.exact, *self.finders):
            observe(oracle, atoms)

    def evaluate(self, atoms: Sequence[AtomLike]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms))."""
        return self.exact.evaluate(atoms)

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best distinct atoms of all oracles."""
        answer = ask(self.exact, g, k, stop)
        known = _by_key(answer)
        first = set(known)
        for i, finder in enumerate(self.finders):
            if stop is not None and stop():
                break
            if self._waits[i] > 0:
                self._waits[i] -= 1
                continue
            found = _by_key(ask(finder, g, k, stop))
            if not found:
                continue
            news = {key: pair for key, pair in found.items() if key not in known}
            known |= news
            gain = max((abs(score) for score, _ in news.values()), default=-1.0)
            self._patience[i] = 1 if gain >= USEFUL * answer.value else 2 * self._patience[i]
            self._waits[i] = self._patience[i] - 1
        atoms, scores = best_pairs(list(known.values()), k)
        scope = answer.scope if first.issuperset(atom.key for atom in atoms) else f"{answer.scope}; {FOUND}"
        best = OracleAnswer.of(atoms, scores, scope, bound=answer.upper_bound, tail=answer.tail)
        return replace(best, max_gates=answer.max_gates, complete=answer.complete)


def _by_key(answer: OracleAnswer) -> dict[Hashable, tuple[float, AtomLike]]:
    return {atom.key: (score, atom) for score, atom in zip(answer.scores, answer.atoms, strict=True)}
