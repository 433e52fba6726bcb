"""Oracle over carry chains: comparisons, carries and sum bits of adders over pairs of literals.

The chain is found from its most significant pair down (see `chains`), with the complements that the data
show; every truncation of it is scored, and ends in a constant or in a literal.  The search is not exhaustive.
"""

from __future__ import annotations

from collections.abc import Sequence

from fw_circuits.circuits.families import chain_circuit
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.data import OracleData
from fw_circuits.oracle.families.chains import Chain, chains, sum_prefixes
from fw_circuits.oracle.families.frame import FamilyOracle, LevelProblem, pair_atoms
from fw_circuits.oracle.families.pair_sums import TABLES
from fw_circuits.tetrakis import Atom

#: Parities of two literals that are tried in front of a chain.
PREFIXES = 3


class CarryOracle(FamilyOracle):
    """Search carry chains: a < b, a + b and the like, whatever the order of the inputs.

    ``value`` is a lower bound of what the family attains; ``upper_bound`` covers every circuit.  Data determine
    a chain down to about log2(n_rows) pairs.  A longer chain that follows the natural order of the literals and
    explains as much, up to chance, takes the place of those that explain most, unless one of them scores best.
    A penalty on the gates prefers truncations even so: they are cheaper, and wrong on few rows.
    ``truncate=False`` leaves them out.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :class:`LevelsOracle`.
    truncate : bool
        False: where a chain in natural order explains enough, return it alone.

    Examples
    --------
    >>> import numpy as np
    >>> lattice = Lattice.boolean(6)
    >>> X = (np.arange(64)[:, None] >> np.arange(6)) & 1
    >>> more = X[:, :3] @ [1, 2, 4] > X[:, 3:] @ [1, 2, 4]
    >>> oracle = CarryOracle([lattice.rows(X, 1)], lattice, gamma=20.0)
    >>> best = oracle.search(more - more.mean(), k=1).atoms[0]
    >>> best.literals, best.cost, bool(((best(X) > 0) == more).all())
    ((2, 5, 1, 4, 0, 3), 9, True)
    """

    name = "carry chains"

    def __init__(
        self,
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        n_jobs: int | None = None,
        truncate: bool = True,
    ) -> None:
        super().__init__(levels_rows, lattice, gamma, n_jobs)
        self.truncate = bool(truncate)

    def _family(self, problem: LevelProblem) -> tuple[list[Atom], bool]:
        bits, w, index = problem.literals.bits, problem.w, problem.literals.index
        found, wholes = chains(bits, w, index)
        if not problem.stopped():
            for prefix in sum_prefixes(bits, w, PREFIXES, self.data.n_threads):
                more, ends = chains(bits, w, index, prefix)
                found, wholes = found + more, wholes + ends
        whole = _whole(found, wholes)
        if whole is not None and not self.truncate:
            return [self._atom(problem, whole)], False
        atoms = pair_atoms(problem, tuple(TABLES))
        return atoms + [self._atom(problem, chain) for chain in self._shortlist(found, whole, problem.k)], False

    def _shortlist(self, found: list[Chain], whole: Chain | None, k: int) -> list[Chain]:
        """The chains worth building: best scores, those that no cheaper one matches, and the natural whole one."""
        best = sorted(found, key=lambda chain: -chain.inner * chain.cost ** (-1.0 / self.gamma))
        if whole is not None:
            below = whole.inner * (1 - 1e-9)
            best = best[:1] + [chain for chain in best[1:] if chain.inner < below or chain is whole]
        front: list[Chain] = []
        for chain in sorted(best, key=lambda chain: (chain.cost, -chain.inner)):
            if not front or chain.inner > front[-1].inner:
                front.append(chain)
        return list(dict.fromkeys([*best[: 2 * k], *front]))

    def _atom(self, problem: LevelProblem, chain: Chain) -> Atom:
        places = [*chain.prefix, *(i for pair in chain.pairs for i in pair)]
        # A carry with all its inputs complemented is its complement: leave the first input as it is.
        turn = chain.flips[0][0] if chain.flips else bool(chain.start & 1)
        flips = [(u ^ turn, v ^ turn) for u, v in chain.flips]
        start: int | None = (chain.start & 1) ^ turn
        complemented = False
        if chain.start > 1:
            places.append((chain.start - 2) // 2)
            start, complemented = None, bool(start)
        circuit = chain_circuit(flips, start, len(chain.prefix), complemented)
        return problem.atom(circuit, places)


def _whole(found: list[Chain], wholes: list[Chain]) -> Chain | None:
    """The best chain in natural order, if it explains as much as any chain, up to chance."""
    if not found:
        return None
    most = max(found, key=lambda chain: chain.inner)
    enough = most.inner * (1 - 1e-9) - most.slack
    return max((chain for chain in wholes if chain.inner >= enough), key=lambda chain: chain.inner, default=None)
