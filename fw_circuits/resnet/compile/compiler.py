"""Compile ``intercept + sum of coef * T_C`` to a ResNet that computes the same function (theory, section 6).

Atoms of one level and support are compiled together, in whichever of the forms of `forms` adds the
fewest neurons to those that exist already.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fw_circuits._checks import check_choice
from fw_circuits.circuits.passes import strash, sweep
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.resnet.checks import real_array
from fw_circuits.resnet.compile.builder import Expr
from fw_circuits.resnet.compile.forms import Forms
from fw_circuits.resnet.compile.vertices import VertexForms
from fw_circuits.resnet.network import ResNet
from fw_circuits.tetrakis import Atom

EXACT_ON = ("everywhere", "domain", "corners")


def compile_resnet(
    atoms: Sequence[Atom],
    coef: npt.ArrayLike,
    intercept: npt.ArrayLike,
    lattice: Lattice,
    exact_on: str = "everywhere",
) -> ResNet:
    """The ResNet of a combination of atoms, equal to it on all of R^d, or where you need it, up to rounding.

    Parameters
    ----------
    atoms : sequence of Atom
        On any levels of the lattice.
    coef : (m,) or (m, q)
        One weight per atom, or one per atom and output.
    intercept : float, or (q,)
        What is added, per output.
    lattice : Lattice
        The lattice of all atoms.
    exact_on : {"everywhere", "domain", "corners"}
        "everywhere": on all of R^d.  "domain": on the lattice's box, without the neurons that clip.  "corners": where
        every feature is at its lowest or highest value, which is all there is for Boolean features; there a circuit
        needs no sorting, so the network is smaller and its R(theta) lower.  A lattice of other than 0/1 columns gets a
        UserWarning: between its ends the network is another function.

    Returns
    -------
    ResNet
        From raw features to one output, or q.

    Raises
    ------
    InputError
        If an atom belongs to another lattice, the shapes do not fit, or ``exact_on`` is another word.

    Examples
    --------
    >>> from fw_circuits.circuits import Circuit, Gate
    >>> lattice = Lattice.boolean(2)
    >>> parity = Atom(Circuit(2, (Gate(6, 1, 2),), (6,)), 1, (0, 1), lattice)
    >>> net = compile_resnet([parity], [3.0], 1.0, lattice)
    >>> net.forward([[0, 0], [0, 1], [1, 1]]).tolist()
    [-2.0, 4.0, -2.0]
    >>> compile_resnet([parity], [3.0], 1.0, lattice, "corners").n_neurons, net.n_neurons
    (1, 9)
    """
    check_choice("exact_on", exact_on, EXACT_ON)
    if isinstance(atoms, Atom) or not isinstance(atoms, Iterable):
        raise InputError(f"atoms is a {type(atoms).__name__}; expected a sequence of Atom.")
    atoms = list(atoms)
    other = next((a for a in atoms if not isinstance(a, Atom)), None)
    if other is not None:
        raise InputError(f"atoms contains a {type(other).__name__}; expected Atom(circuit, level, literals, lattice).")
    if not isinstance(lattice, Lattice):
        raise InputError(f"lattice is a {type(lattice).__name__}; expected the Lattice of the atoms.")
    weights = real_array("coef", coef)
    offset = np.atleast_1d(real_array("intercept", intercept))
    columns = weights[:, None] if weights.ndim == 1 else weights
    if columns.shape != (len(atoms), len(offset)) or offset.ndim != 1:
        raise InputError(
            f"coef has shape {weights.shape} and intercept {np.shape(intercept)} for {len(atoms)} atoms; "
            "expected (m,) and a number, or (m, q) and (q,)."
        )
    if not (np.all(np.isfinite(columns)) and np.all(np.isfinite(offset))):
        raise InputError("coef or intercept contains NaN or infinity; expected finite numbers.")
    outside = [j for j, atom in enumerate(atoms) if atom.lattice != lattice]
    if outside:
        raise InputError(f"atoms {outside[:5]} belong to another lattice; pass the lattice that they were made for.")
    if exact_on == "corners":
        _warn_of_real_columns(lattice)
    forms = VertexForms(lattice) if exact_on == "corners" else Forms(lattice, clip=exact_on == "everywhere")
    outputs = [Expr(const=float(value)) for value in offset]
    for value, row in zip(_values(forms, atoms), columns, strict=True):
        outputs = [total + value * float(w) for total, w in zip(outputs, row, strict=True)]
    return forms.builder.assemble(outputs)


def _warn_of_real_columns(lattice: Lattice) -> None:
    other = [i for i, knots in enumerate(lattice.knots) if not set(knots) <= {0.0, 1.0}]
    if other or lattice.levels != (1,):
        where = f"levels {lattice.levels}"
        if other:
            knots = lattice.knots[other[0]]
            where = f"column {other[0]} runs from {knots[0]:.6g} to {knots[-1]:.6g}"
        warnings.warn(
            "exact_on='corners' makes a network that is equal only where every column is at its lowest or highest "
            f"value, and this lattice was not made for 0/1 columns ({where}); "
            "use exact_on='domain' unless the columns take no other values.",
            UserWarning,
            stacklevel=3,
        )


def _values(forms: Forms | VertexForms, atoms: Sequence[Atom]) -> list[Expr]:
    """``T_C`` of every atom.  Atoms of equal level and support take the form that adds the fewest neurons.

    What the other forms built is not live and so not assembled.
    """
    circuits = [sweep(strash(atom.circuit)) for atom in atoms]
    groups: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for j, (atom, circuit) in enumerate(zip(atoms, circuits, strict=True)):
        read = {atom.literals[i] // atom.level for i in circuit.support}
        varying = sorted(i for i in read if not forms.coordinate(atom.level, i).constant)
        groups.setdefault((atom.level, tuple(varying)), []).append(j)
    values = [Expr()] * len(atoms)
    live: set[int] = set()
    for (level, support), members in groups.items():
        offers = []
        for form in forms:
            measures = [form(circuits[j], level, atoms[j].literals, support) for j in members]
            known = [measure for measure in measures if measure is not None]
            if len(known) == len(members):
                offers.append((forms.builder.live(known, live), known))
        added, chosen = min(offers, key=lambda offer: len(offer[0]))  # the first of the smallest
        live |= added
        for j, measure in zip(members, chosen, strict=True):
            values[j] = 2.0 * measure - 1.0
    return values
