"""Search a sample of the rows while that is enough to find better atoms, and all rows for bounds.

Row r is drawn with probability ``|w_r| / ||w||_1`` (`literal_choice.draw`), so that every score on the sample is
unbiased, with a standard error of at most ``||w||_1 / sqrt(m)`` for m draws.  The best functions on the sample are
scored again on all rows, exactly, and only these scores are answers.  The sample is chosen so large that the active
atoms stand several standard errors above 0, and grows where functions that look better on it are not.  No sampled
number enters a bound: the bound of such an answer is that of the last search of all rows, plus how far the weights
have moved since (no atom is larger than 1), or the mass of the weights.  (Original to this package.)
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np

from fw_circuits._bits import OCTETS, octet_sums, unpack_bits
from fw_circuits._typing import Floats, Words
from fw_circuits.circuits.catalogue import minimal_circuit
from fw_circuits.lattice import LevelRows
from fw_circuits.oracle.base import AtomLike, OracleAnswer, Stop, best_first
from fw_circuits.oracle.exact import subset_pass
from fw_circuits.oracle.exact.literal_choice import draw
from fw_circuits.oracle.exact.subset import SubsetOracle, atoms_of
from fw_circuits.oracle.found import Best
from fw_circuits.oracle.wrappers import Wrapper
from fw_circuits.tetrakis import Atom

#: Draws at least; a sample that would need more than this fraction of the rows is no sample.
LEAST, MOST = 1 << 14, 1 / 8
#: Standard errors of the sample that the active atoms' score should be, and how the sample grows.
ERRORS, GROWTH = 4.0, 4
#: Weights that have moved by less than this fraction of the bound ask the same question.
SAME = 1e-9
#: Searches in a row that find nothing better, after which all rows are searched.
PATIENCE = 8
#: Fraction of the last search's active score below which they are on their way down.
DESCENT = 0.9
#: Scope of a bound by the mass of the weights alone.
EVERYTHING = "all circuits of any size on these levels, by the sum of the weights alone"


class SampledOracle(Wrapper):
    """Searches samples of the rows, until `insist` asks for a search of all of them.

    Parameters
    ----------
    inner : SubsetOracle
        Searches all rows.

    Attributes
    ----------
    calls, hits : int
        Searches of all rows, and those that a sample, or the last search of all rows, answered.

    Examples
    --------
    >>> from fw_circuits.lattice import Lattice
    >>> X = np.random.default_rng(0).integers(0, 2, (200_000, 6), np.uint8)
    >>> lattice = Lattice.boolean(6)
    >>> oracle = SampledOracle(SubsetOracle([lattice.rows(X, 1)], lattice))
    >>> g = (X[:, 1] & X[:, 4]) - 0.25
    >>> answer = oracle.search(g - g.mean(), 1)
    >>> answer.atoms[0].literals, answer.complete, oracle.insist(), oracle.search(g - g.mean(), 1).complete
    ((1, 4), False, True, True)
    """

    inner: SubsetOracle

    def __init__(self, inner: SubsetOracle) -> None:
        super().__init__(inner)
        self.calls = self.hits = 0
        self._active: tuple[Atom, ...] = ()
        self._last: tuple[Floats, int, OracleAnswer] | None = None
        self._insisted = False
        self._idle, self._level = 0, 0.0

    @property
    def effort(self) -> float:
        """That of ``inner``, for searches of all rows."""
        return self.inner.effort

    @effort.setter
    def effort(self, effort: float) -> None:
        self.inner.effort = effort

    def price(self, effort: float | None = None) -> float:
        """Work of a search of all rows, as in :meth:`SubsetOracle.price`."""
        return self.inner.price(effort)

    def observe(self, atoms: Sequence[AtomLike]) -> None:
        """Remember which atoms are active."""
        self._active = tuple(atom for atom in atoms if isinstance(atom, Atom))

    def insist(self) -> bool:
        """Let the next search be one of all rows; False if the last one was."""
        self._insisted = True
        return self._idle >= 0

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best functions of a sample, scored on all rows; or of all rows."""
        if (known := self._known(g, k)) is not None:
            return known
        if not self._insisted and self._idle < PATIENCE:
            found = self._sampled(g, k, stop)
            if found is not None:
                self.hits += 1
                return found
        answer = self.inner.answer(g, k, stop)
        self.calls += 1
        self._insisted, self._idle = False, -1
        if answer.complete:
            self._last = (g.copy(), k, answer)
        return answer

    def _known(self, g: Floats, k: int) -> OracleAnswer | None:
        """The last answer over all rows, where the weights are the same up to rounding."""
        if self._last is None or k > self._last[1]:
            return None
        drift, answer = self._drift(g), self._last[2]
        if drift > SAME * answer.upper_bound:
            return None
        self.hits += 1
        self._insisted, self._idle = False, -1
        atoms = [atom for atom in answer.atoms[:k] if isinstance(atom, Atom)]
        scores = self.scores(atoms, g)
        order = best_first(scores, k)
        value = float(np.abs(scores).max(initial=0.0))
        upper = max(value, answer.upper_bound + drift)
        return replace(answer, atoms=tuple(atoms[i] for i in order), scores=scores[order], value=value,
                       upper_bound=upper, tail=answer.tail + drift)  # fmt: skip

    def _drift(self, g: Floats) -> float:
        assert self._last is not None
        return float(np.abs(g - self._last[0]).sum()) * (1.0 + 1e-12)

    def _sampled(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer | None:
        """The best of a sample; None where a sample would have to be nearly as large as the table."""
        mass = float(np.abs(g).sum())
        most = int(MOST * self.n_rows)
        pool = {atom.key: (atom, score) for atom, score in zip(self._active, self.scores(self._active, g), strict=True)}
        active: set[Hashable] = set(pool)
        level = max((abs(score) for _, score in pool.values()), default=0.0)
        size = LEAST if level == 0.0 else max(LEAST, min(most, int((ERRORS * mass / level) ** 2)))
        if size > most or mass == 0.0:
            return None
        while True:
            atoms, apparent = self._best_of_sample(g, size, 2 * k, stop)
            fresh = [i for i, atom in enumerate(atoms) if atom.key not in active]
            scores = self.scores([atoms[i] for i in fresh], g)
            pool |= {atoms[i].key: (atoms[i], score) for i, score in zip(fresh, scores, strict=True)}
            better = bool(np.abs(scores).max(initial=0.0) > level * (1.0 + 1e-9))
            misled = bool(np.abs(apparent[fresh]).max(initial=0.0) > level)
            size *= GROWTH
            if better or not misled or size > most or (stop is not None and stop()):
                break
        descends = level < DESCENT * self._level  # a run on its way down to its penalty has no need of new atoms
        self._idle, self._level = 0 if better or descends else max(self._idle, 0) + 1, level
        return self._answer_of(list(pool.values()), g, mass, k)

    def _answer_of(self, pool: list[tuple[Atom, float]], g: Floats, mass: float, k: int) -> OracleAnswer:
        scores = np.array([score for _, score in pool])
        order = best_first(scores, k)
        upper, scope, max_gates = mass * (1.0 + 1e-12), EVERYTHING, 0
        tail = upper
        if self._last is not None:
            drift, last = self._drift(g), self._last[2]
            if last.upper_bound + drift < upper:
                upper, scope, max_gates = last.upper_bound + drift, last.scope, last.max_gates
            tail = min(tail, last.tail + drift)
        found = OracleAnswer.of([pool[i][0] for i in order], scores[order], scope, bound=upper, tail=tail)
        return replace(found, max_gates=max_gates, complete=False)

    def _best_of_sample(self, g: Floats, size: int, k: int, stop: Stop | None) -> tuple[list[Atom], Floats]:
        """The best functions on that many draws of rows, with their scores there."""
        inner, best = self.inner, Best(k)
        settings, seed = replace(inner.settings, k=k), inner.settings.seed
        rng = np.random.default_rng(None if seed is None else [seed, crc32(g.tobytes()), size])
        for i, level in enumerate(inner.data.levels):
            w = np.ascontiguousarray(level.rows.pull(g))
            if not w.any():
                continue
            rows, counts = draw(w, size, rng)
            weights = counts * (float(np.abs(w).sum()) / size)
            literals = level.literals.on(rows)
            best.add(subset_pass.search_level(literals, weights, inner.tables, settings, best.floor, stop).found, i)
        return atoms_of(best, inner.data, minimal_circuit), best.found["value"].copy()

    def scores(self, atoms: Sequence[Atom], g: Floats) -> Floats:
        """Scores of atoms on all rows, eight atoms at a time."""
        scores = np.zeros(len(atoms))
        for level in self.inner.data.levels:
            here = [i for i, atom in enumerate(atoms) if atom.level == level.rows.level]
            w = level.rows.pull(g) if here else g
            total = float(w.sum())
            for start in range(0, len(here), 8):
                part = here[start : start + 8]
                octets = np.zeros(level.rows.n_rows, np.uint8)
                for j, i in enumerate(part):
                    octets |= unpack_bits(_outputs(atoms[i], level.rows), len(octets))[0] << np.uint8(j)
                scores[part] = 2.0 * (octet_sums(octets, w) @ OCTETS)[: len(part)] - total
        return scores * np.array([atom.cost for atom in atoms], dtype=np.float64) ** (-1.0 / self.gamma)


def _outputs(atom: Atom, rows: LevelRows) -> Words:
    return atom.circuit.evaluate_words(np.ascontiguousarray(rows.words[list(atom.literals)]))
