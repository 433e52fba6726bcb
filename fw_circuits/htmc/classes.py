"""The gauge of every Boolean function of at most four inputs, one function per class.

Permuting and complementing inputs and complementing the output (NPN) changes neither the size of a smallest circuit nor
the gauge: it permutes the vertices and the atoms, or negates f.  So one linear program per class covers all functions.

Each program leaves out the function itself.  With A its value, the least cost of f as a combination of *other*
functions, ``Omega(f) = min(kappa^(1/gamma), A)``; the atom of f is an extreme point of the unit ball if and only if
``kappa^(1/gamma) < A``, and A tells by how much.
"""

from typing import NamedTuple

import numpy as np

from fw_circuits._checks import check_real
from fw_circuits.circuits.catalogue import load
from fw_circuits.htmc.cube import check_n, functions, widened
from fw_circuits.htmc.exact import solve_exactly

#: Relative difference below which the two costs of a function count as equal.
EQUAL = 1e-9


class ClassNorm(NamedTuple):
    """One NPN class of functions, with values in -1 and +1.

    Attributes
    ----------
    table : str
        The smallest truth table of the class, in hexadecimal.
    size : int
        Functions in the class.
    gates : int
        Of a smallest circuit.
    own : float
        ``kappa^(1/gamma)``: the cost as itself.
    others : float
        Least cost as a combination of other functions; infinite if there is none.
    norm : float
        The gauge, the smaller of the two.
    lower : float
        What the dual vector of the program proves, scaled down to ``own`` if that is less: within 1e-9 of ``norm``.
    extreme : bool
        Whether the atom is an extreme point of the unit ball: ``own < others``.
    n_atoms : int
        1 if ``norm`` is ``own``, else the functions in the combination that was found.
    """

    table: str
    size: int
    gates: int
    own: float
    others: float
    norm: float
    lower: float
    extreme: bool
    n_atoms: int

    @property
    def ratio(self) -> float:
        """``norm / own``: 1 where the function is cheapest as itself."""
        return self.norm / self.own


def npn_classes(n: int) -> list[tuple[int, int]]:
    """Smallest truth table and number of functions of every NPN class of n <= 4 inputs.

    Examples
    --------
    >>> [len(npn_classes(n)) for n in range(5)]
    [1, 2, 4, 14, 222]
    >>> npn_classes(2)
    [(0, 2), (1, 8), (3, 4), (6, 2)]
    """
    every = np.arange(1 << (1 << n), dtype=np.uint32)  # classes of n inputs are those of four, ignoring the others
    _, first, size = np.unique(load().class_of[widened(every, n)], return_index=True, return_counts=True)
    return sorted(zip(first.tolist(), size.tolist(), strict=True))


def norm_table(gamma: float, n: int = 4) -> list[ClassNorm]:
    """The gauge of all functions of n inputs, by class, constants being atoms of cost 1 (see `exact_norm`).

    Parameters
    ----------
    gamma : float
        Exponent > 0.
    n : int
        0 to 4.

    Returns
    -------
    list of ClassNorm
        In ascending order of tables; 222 classes for n = 4, about three seconds.

    Raises
    ------
    InputError
        If an argument is out of range.

    Examples
    --------
    >>> for row in norm_table(3.0, 2):
    ...     print(row.table, row.size, row.gates, round(row.norm, 6), round(row.others, 6), row.extreme)
    0x0 2 0 1.0 2.0 True
    0x1 8 1 1.0 2.0 True
    0x3 4 0 1.0 2.0 True
    0x6 2 1 1.0 2.0 True
    """
    n, gamma = check_n(n, 4), check_real("gamma", gamma, 0.0, above=True)
    return [class_norm(table, size, n, gamma) for table, size in npn_classes(n)]


def class_norm(table: int, size: int, n: int, gamma: float) -> ClassNorm:
    """The row of `norm_table` for one function and the size of its class.

    "Exactly one of four", seven gates, is cheaper as a sum of others (of which there are several as cheap):

    >>> row = class_norm(0x0116, 32, 4, 2.5)
    >>> row.gates, round(row.own, 3), round(row.norm, 3), row.n_atoms > 1
    (7, 2.178, 2.152, True)
    """
    listed = functions(n)
    place = listed.place(table)
    found = solve_exactly(listed.signs(np.array([place]))[:, 0], listed, gamma, skip=place)
    own = float(listed.prices(gamma)[place])
    return ClassNorm(
        table=f"0x{table:0{max(1, (1 << n) // 4)}x}",
        size=size,
        gates=int(listed.gates[place]),
        own=own,
        others=found.value,
        norm=min(own, found.value),
        lower=min(own, found.lower) if np.isfinite(found.value) else own,
        extreme=own < found.value * (1.0 - EQUAL),
        n_atoms=1 if own <= found.value * (1.0 + EQUAL) else found.n_atoms,
    )
