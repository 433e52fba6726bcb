"""Search for problems with several outputs: one search per output, and every circuit found is offered to all of them.

An atom is a pair of a circuit and an output, so that the polar of K blocks of row weights is the largest of the K
polars.  The searches are those of an oracle for one output, unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.oracle.base import (
    CheckedOracle,
    Oracle,
    OracleAnswer,
    Stop,
    aim,
    ask,
    atoms_at_a_time,
    best_first,
    insist,
    observe,
)
from fw_circuits.oracle.lazy import LazyOracle, bounding, eager
from fw_circuits.oracle.sampled import SampledOracle
from fw_circuits.tetrakis import OutputAtom


class ByOutput(CheckedOracle):
    """Best pairs of a circuit and an output.

    Parameters
    ----------
    oracles : sequence of Oracle
        One per output, all for the same rows; they may be one object.

    Examples
    --------
    >>> from fw_circuits.oracle import DictionaryOracle
    >>> oracle = ByOutput.over(DictionaryOracle([[1.0, 0.0], [0.0, 3.0]]), 2)
    >>> answer = oracle.search([1.0, 0.0, 0.0, 1.0], k=1)
    >>> [(pair.atom.index, pair.output) for pair in answer.atoms], answer.scores.tolist(), answer.upper_bound
    ([(1, 1), (0, 0)], [3.0, 1.0], 3.0)
    """

    def __init__(self, oracles: Sequence[Oracle]) -> None:
        self.oracles = tuple(oracles)
        first = self.oracles[0]
        self.gamma, self.n_rows, self._rows = first.gamma, first.n_rows * len(self.oracles), first.n_rows
        self._insisted = self._whole = False
        self._active: list[list[Any]] = [[] for _ in self.oracles]

    @classmethod
    def over(cls, oracle: Oracle, n_outputs: int) -> ByOutput:
        """The same search for each output; what an oracle remembers of its last question, it has for each."""
        if isinstance(oracle, LazyOracle):
            return cls([LazyOracle(oracle.inner, max(1, oracle.memory // n_outputs)) for _ in range(n_outputs)])
        if isinstance(oracle, SampledOracle):
            return cls([SampledOracle(oracle.inner) for _ in range(n_outputs)])
        return cls([oracle] * n_outputs)

    @property
    def time_limit(self) -> float | None:
        """Seconds of a search, where its parts have a limit."""
        each: float | None = getattr(bounding(self.oracles[0]), "time_limit", None)
        return None if each is None else each * len(self.oracles)

    def eager(self) -> ByOutput:
        """The same without laziness or schedules."""
        return ByOutput([eager(oracle) for oracle in self.oracles])

    def bounding(self) -> ByOutput:
        """The parts whose answers are bounds."""
        return ByOutput([bounding(oracle) for oracle in self.oracles])

    def observe(self, atoms: Sequence[Any]) -> None:
        """Remember which atoms are active in which output."""
        self._active = [[pair.atom for pair in atoms if pair.output == k] for k in range(len(self.oracles))]

    def aim(self, score: float) -> None:
        """Tell every oracle which score matters."""
        for oracle in self.oracles:
            aim(oracle, score)

    def insist(self) -> bool:
        """Ask for full searches next time; False if the last ones were such."""
        self._insisted = True
        return not self._whole and any(hasattr(oracle, "insist") for oracle in self.oracles)

    def evaluate(self, atoms: Sequence[Any]) -> Floats:
        """Values of pairs on the rows of all outputs, (n_rows, len(atoms)): 0 on those of other outputs."""
        known = {pair.atom.key: pair.atom for pair in atoms}
        values = self.oracles[0].evaluate(list(known.values())) if atoms else np.empty((self._rows, 0))
        place = {key: j for j, key in enumerate(known)}
        every = np.zeros((self.n_rows, len(atoms)))
        for j, pair in enumerate(atoms):
            start = pair.output * self._rows
            every[start : start + self._rows, j] = values[:, place[pair.atom.key]]
        return every

    def answer(self, g: Floats, k: int, stop: Stop | None) -> OracleAnswer:
        """The k best pairs of each output among all circuits found for any of them."""
        blocks = g.reshape(len(self.oracles), self._rows)
        found = []
        for oracle, block, active in zip(self.oracles, blocks, self._active, strict=True):
            observe(oracle, active)
            if self._insisted:
                insist(oracle)
            found.append(ask(oracle, np.ascontiguousarray(block), k, stop))
        self._whole, self._insisted = self._insisted, False
        pairs, scores = self._offered(found, blocks, k)
        order = best_first(scores, max(1, len(pairs)))
        upper = max(answer.upper_bound for answer in found)
        joint = OracleAnswer.of([pairs[i] for i in order], np.array(scores)[order], _scope(found), bound=upper)
        return replace(
            joint,
            tail=max(answer.tail for answer in found),
            max_gates=min(answer.max_gates for answer in found),
            complete=all(answer.complete for answer in found),
        )

    def _offered(self, found: list[OracleAnswer], blocks: Floats, k: int) -> tuple[list[OutputAtom], list[float]]:
        """Every circuit with every output, the k best of each output; known scores are kept as they are."""
        atoms = list({atom.key: atom for answer in found for atom in answer.atoms}.values())
        scores = np.zeros((len(blocks), len(atoms)))
        step = atoms_at_a_time(self._rows)
        for start in range(0, len(atoms), step):
            part = atoms[start : start + step]
            scales = np.array([atom.cost for atom in part], dtype=np.float64) ** (-1.0 / self.gamma)
            scores[:, start : start + step] = blocks @ self.oracles[0].evaluate(part) * scales
        place = {atom.key: j for j, atom in enumerate(atoms)}
        pairs, kept = [], []
        for output, answer in enumerate(found):
            for atom, score in zip(answer.atoms, answer.scores, strict=True):
                scores[output, place[atom.key]] = score
            best = best_first(scores[output], k).tolist()
            pairs += [OutputAtom(atoms[j], output) for j in best]
            kept += [float(scores[output, j]) for j in best]
        return pairs, kept


def _scope(found: list[OracleAnswer]) -> str:
    """What the bound covers, in words: the scope of all outputs, or of each."""
    outputs: dict[str, list[str]] = {}
    for k, answer in enumerate(found):
        outputs.setdefault(answer.scope, []).append(str(k))
    if len(outputs) == 1:
        return f"{next(iter(outputs))}, in each of the {len(found)} outputs"
    return "; ".join(f"in output {', '.join(which)}: {scope}" for scope, which in outputs.items())
