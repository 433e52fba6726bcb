"""Tetrakis functions: circuits interpolated from the grid of their level to the whole cube.

``T_C(x) = sum_j lambda_j(x) c(v_j(x))`` with c = +1 / -1 where the circuit is true / false; v_j and lambda_j
are the vertices and weights of the J1 triangulation (theory, section 2; the definition is this project's
reading of the paper).  At level 1 it is the Lovasz extension.  The weights are dyadic, so the sums here are
exact.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import index

import numpy as np
import numpy.typing as npt

from fw_circuits._bits import unpack_bits
from fw_circuits._typing import Floats, Words
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.batch import Batch
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, LevelRows
from fw_circuits.lattice.domain import check_matrix
from fw_circuits.tetrakis.values import values_at

#: Working memory of one block of rows or atoms, in bytes.
BLOCK_BYTES = 1 << 23


@dataclass(frozen=True)
class Atom:
    """One Tetrakis function: a circuit with one output over literals of one level.

    Parameters
    ----------
    circuit : Circuit
        Input i reads literal ``literals[i]``.
    level : int
        A level of the lattice.
    literals : tuple of int
        Indices ``coordinate * level + bit``, one per input of the circuit.
    lattice : Lattice
        Not part of equality and hash.

    Raises
    ------
    InputError
        If the parts do not fit together.

    Examples
    --------
    >>> from fw_circuits.circuits import Gate
    >>> both = Atom(Circuit(2, (Gate(8, 1, 2),), (6,)), 1, (0, 2), Lattice.boolean(3))
    >>> both([[1.0, 0.0, 1.0], [1.0, 0.0, 0.25], [0.0, 1.0, 1.0]]).tolist()
    [1.0, -0.5, -1.0]
    >>> both.support, both.cost
    ((0, 2), 1)
    """

    circuit: Circuit
    level: int
    literals: tuple[int, ...]
    lattice: Lattice = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, kind in (("circuit", Circuit), ("lattice", Lattice)):
            if not isinstance(getattr(self, name), kind):
                raise InputError(
                    f"{name} is a {type(getattr(self, name)).__name__}; expected a {kind.__name__}: "
                    "Atom(circuit, level, literals, lattice)."
                )
        try:
            object.__setattr__(self, "level", index(self.level))
            object.__setattr__(self, "literals", tuple(index(literal) for literal in self.literals))
        except TypeError as error:
            raise InputError(
                f"level is {self.level!r} and literals {self.literals!r} ({error}); expected a whole number and a "
                "sequence of whole numbers, one for each input of the circuit."
            ) from error
        if self.circuit.n_outputs != 1:
            raise InputError(f"the circuit has {self.circuit.n_outputs} outputs; an atom needs exactly one.")
        if self.circuit.n_inputs != len(self.literals):
            raise InputError(f"{len(self.literals)} literals for a circuit of {self.circuit.n_inputs} inputs.")
        n = self.lattice.n_literals(self.level)
        if self.literals and not (min(self.literals) >= 0 and max(self.literals) < n):
            bad = [i for i in self.literals if not 0 <= i < n]
            raise InputError(f"literals {bad} on level {self.level}; expected 0 to {n - 1}.")

    @property
    def n_gates(self) -> int:
        """Number of gates of the circuit."""
        return self.circuit.n_gates

    @property
    def cost(self) -> int:
        """Cost kappa = max(1, gates) (theory, section 1)."""
        return max(1, self.n_gates)

    @cached_property
    def support(self) -> tuple[int, ...]:
        """Coordinates from which a path leads to the output, sorted."""
        return tuple(sorted({self.literals[i] // self.level for i in self.circuit.support}))

    @cached_property
    def key(self) -> Hashable:
        """Equal keys mean equal functions: (level, literals, key of the circuit)."""
        return (self.level, self.literals, self.circuit.key)

    def formula(self, feature_names: Sequence[str] | None = None) -> str:
        """The circuit as a readable formula over literal names."""
        names = [self.lattice.literal_name(self.level, i, feature_names) for i in self.literals]
        return self.circuit.formula(names)

    def __call__(self, X: npt.ArrayLike) -> Floats:
        """Values at rows of raw features, ``(N, n_features)`` to ``(N,)`` in [-1, 1]; sorts only the support.

        Raises
        ------
        InputError
            If X is not an (N, n_features) matrix of finite numbers.
        """
        return self.values(check_matrix(X, self.lattice.n_features))

    def values(self, points: Floats) -> Floats:
        """The same at checked points, a float array of shape (N, n_features): nothing is looked at twice."""
        (values,) = values_at([self], self.lattice, points)
        return np.asarray(values)


def evaluate(atoms: Sequence[Atom], rows: LevelRows) -> Floats:
    """Values of atoms of one level on the data of ``rows``: ``(N, len(atoms))``, in [-1, 1].

    Each circuit runs once over the packed vertex rows, 64 per word; the barycentric weights carry the result
    to the data (theory, section 2: ``T_C(X) = Lambda c(V)``).

    Raises
    ------
    InputError
        If an atom is of another level, or reads a literal that the rows do not have.

    Examples
    --------
    >>> lattice = Lattice.boolean(2)
    >>> identity = Atom(Circuit(1, (), (2,)), 1, (1,), lattice)
    >>> evaluate([identity], lattice.rows([[0.0, 0.25], [0.0, 1.0]], 1)).tolist()
    [[-0.5], [1.0]]
    """
    values = np.empty((rows.n_points, len(atoms)))
    step = max(1, BLOCK_BYTES // (8 * max(1, rows.n_rows)))
    for start in range(0, len(atoms), step):
        block = atoms[start : start + step]
        signs = 2.0 * unpack_bits(outputs(block, rows), rows.n_rows).astype(np.float64) - 1.0
        values[:, start : start + step] = rows.push(signs.T)
    return values


def outputs(atoms: Sequence[Atom], rows: LevelRows) -> Words:
    """Outputs of the circuits of atoms on the vertex rows of their level, packed: ``(len(atoms), W)``.

    Padding bits are whatever the circuits make of it; the errors are those of `evaluate`.
    """
    for atom in atoms:
        if atom.level != rows.level:
            raise InputError(
                f"an atom of level {atom.level} on rows of level {rows.level}; use Lattice.rows(X, level)."
            )
        if max(atom.literals, default=0) >= rows.n_literals:
            raise InputError(f"an atom reads literals {atom.literals}; the rows have {rows.n_literals}.")
    return Batch.of([atom.circuit for atom in atoms], [atom.literals for atom in atoms]).evaluate(rows.words)
