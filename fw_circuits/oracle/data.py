"""What oracles over the literals of some levels share: the data, prepared once, and the values of atoms on it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fw_circuits._checks import check_real
from fw_circuits._threads import threads_of
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.oracle.base import CheckedOracle
from fw_circuits.oracle.literals import Literals
from fw_circuits.tetrakis import Atom, evaluate


@dataclass(frozen=True)
class Level:
    """The rows of one level and the literals that differ on them."""

    rows: LevelRows
    literals: Literals


@dataclass(frozen=True)
class OracleData:
    """Data, lattice, cost exponent and threads of one or several oracles; made by `OracleData.of`.

    Attributes
    ----------
    levels : tuple of Level
    lattice : Lattice
        What the atoms refer to.
    gamma : float
        Exponent of the cost.
    n_threads : int
        Answers do not depend on it.
    memo : dict
        What oracles over these data have computed for the last weights, for the next of them.

    Examples
    --------
    Several oracles that find the distinct literals once:

    >>> from fw_circuits.oracle import ParityOracle, SubsetOracle
    >>> lattice = Lattice.boolean(3)
    >>> data = OracleData.of([lattice.rows(np.eye(3), 1)], lattice, gamma=3.0)
    >>> SubsetOracle(data).data is ParityOracle(data).data
    True
    """

    levels: tuple[Level, ...]
    lattice: Lattice
    gamma: float
    n_threads: int
    memo: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        n_jobs: int | None = None,
    ) -> OracleData:
        """Prepare the rows of some levels.

        Parameters
        ----------
        levels_rows : sequence of LevelRows
            One per level, of the same data (`Lattice.rows`).  An `OracleData` is returned as it is.
        lattice : Lattice
            What the atoms refer to.
        gamma : float
            Exponent of the cost.
        n_jobs : int or None
            Threads; -1: all cores; None: what the environment allows.

        Returns
        -------
        OracleData

        Raises
        ------
        InputError
            If there are no levels, or they are of different data, or an argument is out of range.
        """
        if isinstance(levels_rows, OracleData):
            return levels_rows
        if not levels_rows:
            raise InputError("no levels given; expected at least one LevelRows (Lattice.rows).")
        if lattice is None:
            raise InputError("no lattice given; expected the one whose rows these are.")
        sizes = sorted({rows.n_points for rows in levels_rows})
        if len(sizes) > 1:
            raise InputError(f"levels of different data: {sizes} rows; make all from the same X.")
        gamma, n_threads = check_real("gamma", gamma, 0.0, above=True), threads_of(n_jobs)
        levels = tuple(Level(rows, Literals.distinct(rows.words, rows.n_rows)) for rows in levels_rows)
        return cls(levels, lattice, gamma, n_threads)

    @property
    def n_rows(self) -> int:
        """Number of data rows."""
        return self.levels[0].rows.n_points


class LevelsOracle(CheckedOracle):
    """Base of the oracles over the literals of some levels: their data, and the values of atoms on it.

    A subclass says how to search, in `answer`.

    Parameters
    ----------
    levels_rows, lattice, gamma, n_jobs
        As in :meth:`OracleData.of`; an `OracleData` in place of the first stands for all four.
    """

    def __init__(
        self,
        levels_rows: Sequence[LevelRows] | OracleData,
        lattice: Lattice | None = None,
        gamma: float = 3.0,
        n_jobs: int | None = None,
    ) -> None:
        self.data = OracleData.of(levels_rows, lattice, gamma, n_jobs)
        self.lattice, self.gamma, self.n_rows = self.data.lattice, self.data.gamma, self.data.n_rows

    def evaluate(self, atoms: Sequence[Atom]) -> Floats:
        """Values of atoms on the data, (n_rows, len(atoms)).

        Raises
        ------
        InputError
            If an atom is of a level that the oracle does not have.
        """
        rows_of = {level.rows.level: level.rows for level in self.data.levels}
        values = np.empty((self.n_rows, len(atoms)))
        for level in sorted({atom.level for atom in atoms}):
            if level not in rows_of:
                raise InputError(f"an atom of level {level}; this oracle has levels {sorted(rows_of)}.")
            if all(atom.level == level for atom in atoms):
                return evaluate(atoms, rows_of[level])
            index = [i for i, atom in enumerate(atoms) if atom.level == level]
            values[:, index] = evaluate([atoms[i] for i in index], rows_of[level])
        return values
