"""What oracles over the literals of some levels share: checks, and the values of atoms on the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import check_gamma
from fw_circuits.tetrakis import Atom, evaluate


class LevelsOracle:
    """The rows of every level, what the atoms refer to, and gamma.

    Raises
    ------
    InputError
        If there are no levels, or they are of different data, or gamma is out of range.
    """

    def __init__(self, levels_rows: Sequence[LevelRows], lattice: Lattice, gamma: float) -> None:
        if not levels_rows:
            raise InputError("no levels given; expected at least one LevelRows (Lattice.rows).")
        sizes = sorted({rows.barycentric.shape[0] for rows in levels_rows})
        if len(sizes) > 1:
            raise InputError(f"levels of different data: {sizes} rows; make all from the same X.")
        self.levels_rows = tuple(levels_rows)
        self.lattice = lattice
        self.gamma = check_gamma(gamma)
        self.n_rows = int(sizes[0])

    def evaluate(self, atoms: Sequence[Atom]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms)).

        Raises
        ------
        InputError
            If an atom is of a level that the oracle does not have.
        """
        values = np.empty((self.n_rows, len(atoms)))
        rows_of = {rows.level: rows for rows in self.levels_rows}
        for level in sorted({atom.level for atom in atoms}):
            if level not in rows_of:
                raise InputError(f"an atom of level {level}; this oracle has levels {sorted(rows_of)}.")
            index = [i for i, atom in enumerate(atoms) if atom.level == level]
            values[:, index] = evaluate([atoms[i] for i in index], rows_of[level])
        return values
