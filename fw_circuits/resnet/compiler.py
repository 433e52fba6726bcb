"""Compile ``intercept + sum of coef * T_C`` to a ResNet that computes the same function (theory, section 6).

Each vertex of positive weight gets its own copy of a circuit, whose wires carry 0 or that weight; the
outputs of the copies add up to (1 + T_C) / 2.  A gate costs one relu per copy.  Waves, bits, sorted offsets
and gates with equal operands are shared between all atoms, because the builder shares equal neurons.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fw_circuits.circuits import Circuit
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.resnet.builder import Builder, Expr
from fw_circuits.resnet.gadgets import Coordinate, restore, scaled_bit, sort_descending
from fw_circuits.resnet.network import ResNet
from fw_circuits.tetrakis import Atom

#: A wire with more terms than this becomes a slot of its own (one more neuron), so that sums stay short.
MAX_TERMS = 16
#: A wire whose error may exceed this many rounding errors is restored to 0 or its scale (two more neurons).
MAX_NOISE = 1024.0


def compile_resnet(
    atoms: Sequence[Atom], coef: npt.ArrayLike, intercept: npt.ArrayLike, lattice: Lattice
) -> ResNet:
    """The ResNet of a combination of atoms, equal to it on all of R^d up to rounding.

    Parameters
    ----------
    atoms : sequence of Atom
        On any levels of the lattice.
    coef : (m,) or (m, q)
        One weight per atom, or one per atom and output.
    intercept : float, or (q,)
    lattice : Lattice
        The lattice of all atoms.

    Returns
    -------
    ResNet
        From raw features to one output, or q.

    Raises
    ------
    InputError
        If an atom belongs to another lattice, or the shapes do not fit.

    Examples
    --------
    >>> from fw_circuits.circuits import Gate
    >>> lattice = Lattice.boolean(2)
    >>> parity = Atom(Circuit(2, (Gate(6, 1, 2),), (6,)), 1, (0, 1), lattice)
    >>> net = compile_resnet([parity], [3.0], 1.0, lattice)
    >>> net.forward([[0, 0], [0, 1], [1, 1]]).tolist()
    [-2.0, 4.0, -2.0]
    """
    weights = np.asarray(coef, dtype=np.float64)
    offset = np.atleast_1d(np.asarray(intercept, dtype=np.float64))
    columns = weights[:, None] if weights.ndim == 1 else weights
    if columns.shape != (len(atoms), len(offset)) or offset.ndim != 1:
        raise InputError(
            f"coef has shape {weights.shape} and intercept {np.shape(intercept)} for {len(atoms)} atoms; "
            "expected (m,) and a number, or (m, q) and (q,)."
        )
    if not (np.all(np.isfinite(columns)) and np.all(np.isfinite(offset))):
        raise InputError("coef or intercept holds NaN or infinity; expected finite numbers.")
    outside = [j for j, atom in enumerate(atoms) if atom.lattice != lattice]
    if outside:
        raise InputError(
            f"atoms {outside[:5]} belong to another lattice; pass the lattice that they were made for."
        )
    compiler = _Compiler(lattice)
    outputs = [Expr(const=float(value)) for value in offset]
    for atom, row in zip(atoms, columns, strict=True):
        value = compiler.atom(atom)
        outputs = [total + value * float(w) for total, w in zip(outputs, row, strict=True)]
    return compiler.builder.assemble(outputs)


class _Compiler:
    """The builder and what is worth remembering between atoms."""

    def __init__(self, lattice: Lattice) -> None:
        self.builder = b = Builder(lattice.n_features)
        self.coordinate = cache(lambda level, i: Coordinate(b, lattice, level, i))
        self.neighbour_bits = cache(lambda level, i, p: self.coordinate(level, i).neighbour_bits(p))
        self.thresholds = cache(
            lambda level, support: sort_descending(b, [self.coordinate(level, i).s for i in support])
        )
        self.bits = cache(
            lambda level, support, i, p: scaled_bit(
                b, *self.neighbour_bits(level, i, p), self.thresholds(level, support)
            )
        )

    def atom(self, atom: Atom) -> Expr:
        """``T_C`` as an expression: 2 * (sum over vertices of the circuit at the scale of the weight) - 1."""
        k = atom.level
        support = tuple(i for i in atom.support if not self.coordinate(k, i).constant)
        edges = [Expr(const=1.0), *self.thresholds(k, support), Expr()]
        scales = [high - low for high, low in pairwise(edges)]
        literals = [divmod(literal, k) for literal in atom.literals]
        # Bits of a coordinate that does not vary, or is not read, are 0.
        bits = [self.bits(k, support, i, p) if i in support else [Expr()] * len(scales) for i, p in literals]
        total = Expr()
        for j, scale in enumerate(scales):
            total += run_circuit(self.builder, atom.circuit, [bit[j] for bit in bits], scale)
        return 2.0 * total - 1.0


def run_circuit(b: Builder, circuit: Circuit, inputs: Sequence[Expr], scale: Expr) -> Expr:
    """The output of a circuit whose wires carry 0 or ``scale``, one relu per gate (theory, section 6, step
    4).

    ``noise`` bounds the error of each wire, in rounding errors: a gate adds up those of its operands, and
    its own sum's.
    """
    zero = Expr()
    wires, noise = [zero, *inputs], [0.0] + [8.0] * len(inputs)
    live = _live(circuit)
    for node, (table, a, c) in enumerate(circuit.gates, start=1 + circuit.n_inputs):
        wire, error = zero, 0.0
        if node in live:
            wire = gate(b, table, wires[a], wires[c], scale)
            error = noise[a] + noise[c] + sum(map(abs, wire.terms.values()))
            if error > MAX_NOISE:
                wire, error = restore(b, wire, scale), 8.0
            else:
                wire = b.slot(wire, MAX_TERMS)
        wires.append(wire)
        noise.append(error)
    (signal,) = circuit.outputs
    return scale - wires[signal >> 1] if signal & 1 else wires[signal >> 1]


def gate(b: Builder, table: int, x: Expr, y: Expr, scale: Expr) -> Expr:
    """A gate on wires in {0, L}, L = scale (theory, section 6, step 4).

    It is ``t00 L + (t10 - t00) x + (t01 - t00) y + (t11 - t10 - t01 + t00) relu(x + y - L)``.  Operands that
    are equal, complements or constants need no relu.

    Examples
    --------
    >>> b = Builder(2)
    >>> x, y, one = b.input(0), b.input(1), Expr(const=1.0)
    >>> gate(b, 6, x, y, one).terms
    {0: 1.0, 1: 1.0, 2: -2.0}
    >>> gate(b, 8, x, 1.0 - x, one).terms, gate(b, 11, x, one, one).terms
    ({}, {0: 1.0})
    """
    t00, t10, t01, t11 = (table >> v & 1 for v in range(4))
    both = t11 - t10 - t01 + t00
    conjunction = Expr()
    if both:
        conjunction = _conjunction(b, x, y, scale)
    return t00 * scale + (t10 - t00) * x + (t01 - t00) * y + both * conjunction


def _conjunction(b: Builder, x: Expr, y: Expr, scale: Expr) -> Expr:
    zero, full = Expr().key, scale.key
    if zero in (x.key, y.key):
        return Expr()
    if x.key in (full, y.key):
        return y
    return x if y.key == full else b.relu(x + y - scale)


def _live(circuit: Circuit) -> set[int]:
    live = {signal >> 1 for signal in circuit.outputs}
    for node in range(circuit.n_nodes - 1, circuit.n_inputs, -1):
        if node in live:
            live.update(circuit.gates[node - circuit.n_inputs - 1][1:])
    return live
