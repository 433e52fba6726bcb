"""Constraints on a solution that hold term by term: columns in which f rises or falls, circuits that only add.

*Monotone columns.*  A term ``b T`` is allowed if it does not fall in an increasing column and does not rise in a
decreasing one; sums of such terms are monotone.  Which terms these are can be read off the circuit: **T_C does not
fall in a column if and only if C does not fall as the integer coordinate of a vertex goes up by one.**

Proof, from the layer-cake form of the J1 interpolation (theory, section 2): ``T_C(x)`` is the integral over t in
[0, 1] of ``c(v(x, t))``, where coordinate i of ``v(x, t)`` is the odd neighbour O of z_i where ``|z_i - E| >= t``, and
the even one E elsewhere.  Fix t and let z_i grow from an odd number ``E - 1`` to ``E + 1``: the coordinate is ``E - 1``
until ``z_i = E - t``, then E, and ``E + 1`` from ``z_i = E + t`` on.  So it is a staircase that goes up by one at a
time, whatever the other coordinates are, and c along it is monotone if C is.  The other direction: at grid points
``T_C = c``.  The map from raw values to z is monotone, and a sum, product or rounding of floating point numbers does
not change the order: the numbers that are computed are monotone to the last bit.

On level 1 the condition is that C is unate in the literal.  On level k a column has k bits, and monotone functions of
an integer are not unate in its bits alone: of those that read only some bits of it, they are the ones that read its
r highest bits and do not fall in the integer that these are.  (If C depends on a bit but not on a higher one, the bit
goes through 0, 1, 0 again while the rest of what C reads stays.)

*Positive coefficients.*  ``-T_C`` is the Tetrakis function of the complement, so that coefficients >= 0 alone would
change nothing.  Here they are those of circuits that are false where all their literals are 0: every term then adds
to the value of the row of zeros, as in a checklist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fw_circuits._tables import shown
from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.exceptions import InputError
from fw_circuits.tetrakis import Atom

#: Inputs of a circuit whose whole table is looked at; of a larger one that reads a constrained column nothing is known.
MOST_INPUTS = 16


@dataclass(frozen=True)
class Shape:
    """Which signed atoms may be in a solution.

    Attributes
    ----------
    directions : tuple of int
        For each column 1 (f does not fall in it), -1 (does not rise), or 0.
    positive : bool
        Whether circuits are false where their literals are all 0, with coefficients of at least 0.
    names : tuple of str
        Of the columns, for `describe`.

    Examples
    --------
    >>> from fw_circuits.circuits import Circuit
    >>> from fw_circuits.lattice import Lattice
    >>> shape = Shape.of({"price": -1}, False, ("age", "price"))
    >>> both = Atom(Circuit(2, ((8, 1, 2),), (6,)), 1, (0, 1), Lattice.boolean(2))
    >>> shape.describe(), shape.signs([both]).tolist()
    ('non-increasing in price', [-1.0])
    """

    directions: tuple[int, ...]
    positive: bool
    names: tuple[str, ...]

    @classmethod
    def of(cls, monotone: Mapping[str, int] | Sequence[int] | None, positive: bool, names: Sequence[str]) -> Shape:
        """From the settings.

        Parameters
        ----------
        monotone, positive
            As in :func:`fw_circuits.solve`; checked.
        names : sequence of str
            Of the columns.

        Returns
        -------
        Shape

        Raises
        ------
        InputError
            If ``monotone`` names other columns, or has another number of entries.
        """
        if isinstance(monotone, Mapping):
            if unknown := [name for name in monotone if name not in names]:
                raise InputError(f"monotone names the columns {shown(unknown)}; X has {shown(names)}.")
            directions = tuple(monotone.get(name, 0) for name in names)
        else:
            directions = (0,) * len(names) if monotone is None else tuple(monotone)
        if len(directions) != len(names):
            raise InputError(
                f"monotone has {len(directions)} entries; expected {len(names)}, one per column of X, or a dictionary "
                "from names to 1 and -1."
            )
        return cls(directions, positive, tuple(names))

    def __bool__(self) -> bool:
        return self.positive or any(self.directions)

    def describe(self) -> str:
        """The constraints in words."""
        parts = []
        for direction, word in ((1, "non-decreasing"), (-1, "non-increasing")):
            if found := [n for n, d in zip(self.names, self.directions, strict=True) if d == direction]:
                parts.append(f"{word} in {', '.join(found)}")
        if self.positive:
            parts.append("false where their literals are all 0, with coefficients of at least 0")
        return " and ".join(parts)

    def signs(self, atoms: Sequence[Atom]) -> Floats:
        """Which signs the coefficients of atoms may have: 1, -1, 0 for both, NaN for none (`oracle.base.signs_of`)."""
        return np.array([self._sign(atom) for atom in atoms])

    def _sign(self, atom: Atom) -> float:
        columns = np.array([literal // atom.level for literal in atom.literals], dtype=np.int64)
        constrained = [c for c in sorted(set(columns.tolist())) if self.directions[c]]
        if not constrained and not self.positive:
            return 0.0
        if len(columns) > MOST_INPUTS:
            return np.nan
        listed = atom.circuit.truth_table()
        assert isinstance(listed, int)  # an atom has one output
        table = truth(listed, len(columns))
        up = not (self.positive and table[0])
        down = not self.positive
        for c in constrained:
            places = np.flatnonzero(columns == c)
            low, high = steps(atom.level, [atom.literals[i] % atom.level for i in places], places.tolist())
            rest = np.flatnonzero(np.arange(len(table)) & sum(1 << i for i in places.tolist()) == 0)
            before, after = table[rest[:, None] + low], table[rest[:, None] + high]
            rises, falls = bool((after >= before).all()), bool((after <= before).all())
            up &= rises if self.directions[c] > 0 else falls
            down &= falls if self.directions[c] > 0 else rises
        return {(True, True): 0.0, (True, False): 1.0, (False, True): -1.0}.get((up, down), np.nan)


def truth(table: int, n: int) -> Array:
    """A truth table as (2^n,) values 0 and 1."""
    packed = np.frombuffer(table.to_bytes(max(1, (1 << n) // 8), "little"), np.uint8)
    return np.unpackbits(packed, bitorder="little")[: 1 << n]


def steps(level: int, bits: Sequence[int], places: Sequence[int]) -> tuple[Ints, Ints]:
    """Distinct pairs of patterns that follow each other as an integer of ``level`` bits counts up.

    Bit ``bits[i]`` of the integer is input ``places[i]``; the others are not read.

    Examples
    --------
    >>> low, high = steps(2, [0, 1], [0, 3])
    >>> low.tolist(), high.tolist()
    ([0, 1, 8], [1, 8, 9])
    """
    count = np.arange(1 << level)
    pattern = sum((count >> bit & 1) << place for bit, place in zip(bits, places, strict=True)) + 0 * count
    pairs = np.unique(np.stack([pattern[:-1], pattern[1:]]), axis=1)
    low, high = pairs[:, pairs[0] != pairs[1]]
    return low, high
