"""Ask the expensive oracle only when the circuits already known cannot do the work (lazification).

Every atom that was ever found is kept with its values on the rows.  One matrix-vector product then tells whether a
known atom that is not active exceeds the active ones by at least half of what the last real search gained; if so it
is the answer, and the search is skipped; so it is when the same question comes twice.  The bound of a skipped search
follows from the last real one: the polar changes by at most ``||g - g_last||_1``, because an atom is at most 1 in
size.  (The halving is that of Braun, Pokutta and Zink, 2017; its use with fully-corrective steps is original to this
package.)
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits._typing import Floats
from fw_circuits.oracle.base import AtomLike, Oracle, OracleAnswer, Stop, ask, best_first, gains
from fw_circuits.oracle.deep import DeepOracle
from fw_circuits.oracle.wrappers import Wrapper

#: Fraction of the last real search's gain that known atoms must reach.
SHARE = 0.5


def eager(oracle: Oracle) -> Oracle:
    """The oracle without laziness around it: every search is a real one, with its full bound."""
    if isinstance(oracle, LazyOracle):
        return eager(oracle.inner)
    without: Oracle = oracle.eager() if hasattr(oracle, "eager") else oracle
    return without


def bounding(oracle: Oracle) -> Oracle:
    """The part of an oracle whose answers are bounds, without finders around it."""
    oracle = eager(oracle)
    if isinstance(oracle, DeepOracle):
        return oracle.exact
    without: Oracle = oracle.bounding() if hasattr(oracle, "bounding") else oracle
    return without


class LazyOracle(Wrapper):
    """Tries known atoms before it searches.

    Parameters
    ----------
    inner : Oracle
        Asked when known atoms do not gain enough.
    memory : int
        Bytes for the values of known atoms; those found longest ago go first.

    Attributes
    ----------
    calls, hits : int
        Searches passed on to ``inner``, and searches that known atoms answered.

    Raises
    ------
    InputError
        If ``memory`` is not a positive integer.

    Examples
    --------
    >>> from fw_circuits.oracle import DictionaryOracle
    >>> lazy = LazyOracle(DictionaryOracle([[1, 0], [0, 1], [1, 1]], [1, 1], 3.0))
    >>> first = lazy.search([3.0, 1.0, 0.0], 2)
    >>> lazy.observe(first.atoms[:1])
    >>> again = lazy.search([0.5, 3.0, 0.0], 1)
    >>> lazy.calls, lazy.hits, again.value, again.upper_bound >= again.value, again.complete
    (1, 1, 3.0, True, False)
    """

    def __init__(self, inner: Oracle, memory: int = 2**28) -> None:
        super().__init__(inner)
        self.memory = check_integer("memory", memory, 1, note=": a number of bytes")
        self.calls = self.hits = 0
        self._active: set[Hashable] = set()
        self._found: dict[Hashable, tuple[AtomLike, Floats]] = {}
        self._last: tuple[Floats, OracleAnswer, float] | None = None
        self._asked: tuple[int, set[Hashable]] = (0, set())
        self._insisted = False

    def observe(self, atoms: Sequence[AtomLike]) -> None:
        """Remember which atoms are active, and tell ``inner``."""
        self._active = {atom.key for atom in atoms}
        super().observe(atoms)

    def insist(self) -> bool:
        """Pass the next search on, and ask for a full one."""
        self._insisted = True
        return super().insist()

    def evaluate(self, atoms: Sequence[AtomLike]) -> Floats:
        """Values of atoms on the data; those of known ones come from memory, those of others go there."""
        found = self._remember(atoms)
        return np.stack([found[atom.key][1] for atom in atoms], axis=1) if atoms else np.empty((self.n_rows, 0))

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """Known atoms where they gain enough, else the inner oracle's answer."""
        insisted, self._insisted = self._insisted, False
        last = None if insisted else self._last
        if last is not None and self._asked == (k, self._active) and np.array_equal(g, last[0]):
            self.hits += 1
            return last[1]
        atoms = [atom for atom, _ in self._found.values()]
        scores = np.array([values @ g for _, values in self._found.values()])
        scores *= np.array([atom.cost for atom in atoms]) ** (-1.0 / self.gamma)
        scores[gains(scores, self.signs(atoms)) < 0.0] = 0.0
        active = np.array([atom.key in self._active for atom in atoms], dtype=bool)
        level = float(np.abs(scores[active]).max(initial=0.0))
        idle = np.flatnonzero(~active)
        order = idle[best_first(scores[idle], k)]
        gain = float(np.abs(scores[order]).max(initial=0.0)) - level
        if last is not None and active.any() and gain > max(SHARE * last[2], 1e-6 * level):
            self.hits += 1
            return self._known(g, [atoms[i] for i in order], scores[order])
        answer = ask(self.inner, g, k, stop)
        self.calls += 1
        self._last = (g, answer, max(0.0, answer.value - level))
        self._asked = (k, self._active)
        self._remember(answer.atoms)
        return answer

    def _known(self, g: Floats, atoms: list[AtomLike], scores: Floats) -> OracleAnswer:
        assert self._last is not None
        before, answer, _ = self._last
        drift = float(np.abs(g - before).sum()) * (1.0 + 1e-12)
        value = float(np.abs(scores[0]))
        return replace(
            answer,
            atoms=tuple(atoms),
            scores=scores,
            value=value,
            upper_bound=max(value, answer.upper_bound + drift),
            complete=False,
            tail=answer.tail + drift,
        )

    def _remember(self, atoms: Sequence[AtomLike]) -> dict[Hashable, tuple[AtomLike, Floats]]:
        """Everything known with these atoms; of that, as much is kept as the memory allows."""
        fresh = [atom for atom in atoms if atom.key not in self._found]
        values = map(np.ascontiguousarray, self.inner.evaluate(fresh).T if fresh else ())
        found = self._found | {atom.key: (atom, column) for atom, column in zip(fresh, values, strict=True)}
        most = max(1, self.memory // (8 * max(1, self.n_rows)))
        self._found = dict(list(found.items())[-most:])
        return found
