"""An exact oracle with finders beside it: the bound comes from the first, reach from the others.

`exact` bounds every circuit of its scope.  The *finders* look where no such bound can be had: compositions of
active circuits, parities, symmetric functions, carry chains, or whatever a user registers.  A finder that has found
nothing better than the exact oracle sits out one pass, then three, seven, and so on until it is useful again.  The
answer holds the best atoms of all; its upper bound covers the exact scope and the circuits found, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.oracle.base import Oracle, OracleAnswer, Stop, check_count, check_weights, observe

#: A finder whose best atom scores less than this part of the exact oracle's sits out ever more passes.
USEFUL = 1.0
#: Added to the scope of an answer that holds circuits from outside the exact scope.
FOUND = "and the larger circuits found"


class DeepOracle:
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
        self.exact = exact
        self.finders = tuple(finders)
        self._waits = [0] * len(self.finders)  # passes to sit out, and how many after the next failure
        self._patience = [1] * len(self.finders)

    @property
    def gamma(self) -> float:
        """Exponent of the cost."""
        return self.exact.gamma

    @property
    def n_rows(self) -> int:
        """Number of data rows."""
        return self.exact.n_rows

    def observe(self, atoms: Sequence[Any]) -> None:
        """Tell every oracle which atoms are active."""
        for oracle in (self.exact, *self.finders):
            observe(oracle, atoms)

    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms))."""
        return self.exact.evaluate(atoms)

    def search(self, weights: npt.ArrayLike, k: int = 10, stop: Stop | None = None) -> OracleAnswer:
        """The k best distinct atoms of all oracles.

        Raises
        ------
        InputError
            If the weights are not n_rows finite numbers, or k is not a positive integer.
        """
        g, k = check_weights(weights, self.n_rows), check_count(k)
        answer = self.exact.search(g, k, stop)
        pairs = {atom.key: (score, atom) for score, atom in zip(answer.scores, answer.atoms, strict=True)}
        known = set(pairs)
        for i, finder in enumerate(self.finders):
            if stop is not None and stop():
                break
            if self._waits[i] > 0:
                self._waits[i] -= 1
                continue
            found = finder.search(g, k, stop)
            if not found.atoms:
                continue
            news = {
                atom.key: (score, atom)
                for score, atom in zip(found.scores, found.atoms, strict=True)
                if atom.key not in pairs
            }
            pairs |= news
            useful = bool(news) and max(abs(score) for score, _ in news.values()) >= USEFUL * answer.value
            self._patience[i] = 1 if useful else 2 * self._patience[i]
            self._waits[i] = self._patience[i] - 1
        best = sorted(pairs.items(), key=lambda item: -abs(item[1][0]))[:k]
        value = abs(float(best[0][1][0])) if best else 0.0
        further = any(key not in known for key, _ in best)
        return replace(
            answer,
            atoms=tuple(atom for _, (_, atom) in best),
            scores=np.array([score for _, (score, _) in best]),
            value=value,
            upper_bound=max(answer.upper_bound, value),
            scope=f"{answer.scope}; {FOUND}" if further else answer.scope,
        )
