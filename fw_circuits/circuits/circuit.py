"""The frozen netlist that everything else is made of.

A circuit is a list of two-input gates in topological order (theory, section 1).  *Nodes* are numbered: 0 is
the constant FALSE, ``1..n_inputs`` are the inputs, ``n_inputs + 1 + j`` is gate j.  A *signal* is
``2 * node + complemented``; gates read nodes (a complement is absorbed into the gate's table) and outputs are
signals, so inputs, constants and complements are free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import index
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from fw_circuits._bits import clear_padding, pack_bits, unpack_bits
from fw_circuits._typing import Array, Bits, Words
from fw_circuits.circuits.gate import Gate, apply_table
from fw_circuits.circuits.simulate import check_bits, simulate
from fw_circuits.circuits.tables import variable_table
from fw_circuits.exceptions import CircuitError, InputError

if TYPE_CHECKING:
    import networkx as nx

#: `Circuit.truth_table` refuses more inputs than this (a table has 2^n bits).
MAX_TABLE_INPUTS = 20


@lru_cache(maxsize=1 << 10)
def default_names(letter: str, n: int) -> tuple[str, ...]:
    """Names of inputs or outputs without names.

    >>> default_names("x", 2)
    ('x0', 'x1')
    """
    return tuple(f"{letter}{i}" for i in range(n))


@dataclass(frozen=True)
class Circuit:
    """A Boolean circuit over the full binary basis.

    Parameters
    ----------
    n_inputs : int
        Number of inputs, at least 0.
    gates : sequence of Gate
        ``(table, a, b)`` in topological order: a and b are nodes before the gate.
    outputs : sequence of int
        Signals ``2 * node + complemented``.
    input_names, output_names : sequence of str, optional
        Distinct names; the defaults are x0, x1, ... and y0, y1, ...

    Raises
    ------
    CircuitError
        If the netlist is malformed; the message names the gate or the output.

    Examples
    --------
    A half adder: sum and carry of two bits.

    >>> half = Circuit(2, (Gate(6, 1, 2), Gate(8, 1, 2)), (6, 8), output_names=("sum", "carry"))
    >>> half.n_gates, half.depth, half.inputs
    (2, 1, ('x0', 'x1'))
    >>> half.evaluate(np.array([[0, 0], [1, 0], [1, 1]]))
    array([[0, 0],
           [1, 0],
           [0, 1]], dtype=uint8)
    >>> half.truth_table()
    (6, 8)
    """

    n_inputs: int
    gates: tuple[Gate, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        try:
            put(self, "n_inputs", index(self.n_inputs))
            put(self, "gates", tuple(Gate(index(t), index(a), index(b)) for t, a, b in self.gates))
            put(self, "outputs", tuple(index(signal) for signal in self.outputs))
        except (TypeError, ValueError) as error:
            raise CircuitError(
                f"a netlist is (n_inputs, gates of three integers, output signals as integers); {error}."
            ) from error
        if self.n_inputs < 0:
            raise CircuitError(f"n_inputs is {self.n_inputs}; expected at least 0.")
        for j, (table, a, b) in enumerate(self.gates):
            node = self.n_inputs + 1 + j
            if not 0 <= table <= 15:
                raise CircuitError(f"gate {j} has the table {table}; expected 0..15, bit va + 2 * vb.")
            if not (0 <= a < node and 0 <= b < node):
                raise CircuitError(
                    f"gate {j} (node {node}) reads nodes {a} and {b}; expected nodes 0..{node - 1}; "
                    "sort the gates topologically."
                )
        for j, signal in enumerate(self.outputs):
            if not 0 <= signal < 2 * self.n_nodes:
                raise CircuitError(
                    f"output {j} is the signal {signal}; expected 0..{2 * self.n_nodes - 1} (2 * node + complemented)."
                )
        for field, count, letter in (("input", self.n_inputs, "x"), ("output", len(self.outputs), "y")):
            given = getattr(self, f"{field}_names")
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise CircuitError(f"{field}_names is {given!r}; expected {count} distinct strings.")
            names = tuple(given)
            if not names:
                names = default_names(letter, count)
            elif len(names) != count or len(set(names)) != count or not all(isinstance(s, str) for s in names):
                raise CircuitError(f"{field}_names are {names!r}; expected {count} distinct strings.")
            put(self, f"{field}_names", names)

    @property
    def n_gates(self) -> int:
        """Number of gates, dead and trivial ones included (`passes.simplify` removes them)."""
        return len(self.gates)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.outputs)

    @property
    def n_nodes(self) -> int:
        """Number of nodes: the constant, the inputs and the gates."""
        return 1 + self.n_inputs + len(self.gates)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return self.input_names

    @cached_property
    def gate_array(self) -> Array:
        """The gates as the kernels read them, (n_gates, 3) int32."""
        return np.array(self.gates, dtype=np.int32).reshape(-1, 3)

    @cached_property
    def depth(self) -> int:
        """Largest number of gates on a path from an input to an output."""
        level = [0] * (1 + self.n_inputs)
        for _, a, b in self.gates:
            level.append(1 + max(level[a], level[b]))
        return max((level[signal >> 1] for signal in self.outputs), default=0)

    @cached_property
    def support(self) -> tuple[int, ...]:
        """Inputs (0-based, sorted) from which a path leads to an output."""
        live = {signal >> 1 for signal in self.outputs}
        for node in range(self.n_nodes - 1, self.n_inputs, -1):
            if node in live:
                live.update(self.gates[node - self.n_inputs - 1][1:])
        return tuple(node - 1 for node in sorted(live) if 1 <= node <= self.n_inputs)

    def evaluate(self, bits: Any) -> Bits:
        """Values of the outputs on rows of input bits.

        Parameters
        ----------
        bits : array or frame of 0/1 or bool, shape (rows, n_inputs)
            Columns of a table with names are matched with `input_names`, in any order and beside others.  An array
            goes by position, and so does, with a warning, a table of other names if the inputs are x0, x1, ...

        Returns
        -------
        array of uint8, shape (rows, n_outputs)

        Raises
        ------
        InputError
            For another shape or another value; for a table that lacks an input (named).

        Examples
        --------
        >>> Circuit(2, ((14, 1, 2),), (6,)).evaluate([[False, False], [False, True]])
        array([[0],
               [1]], dtype=uint8)
        """
        values = check_bits(bits, self.n_inputs, self.input_names)
        words = self.evaluate_words(pack_bits(values.T))
        return np.ascontiguousarray(unpack_bits(words, len(values)).T)

    def evaluate_words(self, words: Words, n_rows: int | None = None, n_threads: int = 1) -> Words:
        """Values of the outputs on packed rows.

        Parameters
        ----------
        words : array of uint64, shape (n_inputs, W)
            Row r of an input is bit ``r % 64`` of word ``r // 64``.
        n_rows : int, optional
            Number of rows: the bits after them are set to zero.  Without it they are whatever the circuit
            makes of the input's padding.
        n_threads : int
            Threads to share the words.

        Returns
        -------
        array of uint64, shape (n_outputs, W)

        Raises
        ------
        InputError
            If the words have another type or shape, or have no room for `n_rows` rows.

        Examples
        --------
        >>> Circuit(2, ((9, 1, 2),), (6,)).evaluate_words(np.array([[12], [10]], dtype=np.uint64), n_rows=4)
        array([[9]], dtype=uint64)
        """
        if not isinstance(words, np.ndarray) or words.dtype != np.uint64 or words.ndim != 2:
            what = f"{words.dtype} {words.shape}" if isinstance(words, np.ndarray) else type(words).__name__
            raise InputError(f"words are {what}; expected a uint64 array of shape ({self.n_inputs}, W).")
        if len(words) != self.n_inputs:
            raise InputError(f"words have {len(words)} rows; expected one per input, {self.n_inputs}.")
        if n_rows is not None and not 0 <= n_rows <= 64 * words.shape[1]:
            raise InputError(f"n_rows is {n_rows}; {words.shape[1]} words have room for 0..{64 * words.shape[1]} rows.")
        result = simulate(words, self.gate_array, self.outputs, n_threads)
        if n_rows is not None:
            clear_padding(result, n_rows)
        return result

    @cached_property
    def key(self) -> str:
        """Canonical text of the simplified circuit: equal keys mean equal functions (see `merging`)."""
        from fw_circuits.circuits.merging import canonical_key

        return canonical_key(self)

    def to_networkx(self, *, multigraph: bool = False) -> nx.DiGraph:
        """View as a networkx graph; see `fw_circuits.circuits.graph.to_networkx`."""
        from fw_circuits.circuits.graph import to_networkx

        return to_networkx(self, multigraph=multigraph)

    @classmethod
    def from_networkx(cls, graph: nx.Graph) -> Circuit:
        """Circuit of a directed networkx graph; see `fw_circuits.circuits.graph.from_networkx`."""
        from fw_circuits.circuits.graph import from_networkx

        return from_networkx(graph)

    @classmethod
    def from_truth_table(cls, table: int | Sequence[int] | Array, n: int, *, outputs: int | None = None) -> Circuit:
        """Circuit of a function of n <= 16 inputs, as in :func:`fw_circuits.circuits.synthesis.from_truth_table`."""
        from fw_circuits.circuits.synthesis import from_truth_table

        return from_truth_table(table, n, outputs=outputs)

    def write(self, path: str | PathLike[str], name: str | None = None) -> None:
        """Write to a file; its extension selects the format; see `fw_circuits.circuits.formats.write`."""
        from fw_circuits.circuits.formats import write

        write(self, path, name)

    @classmethod
    def read(cls, path: str | PathLike[str], *, dont_care: int | None = None) -> Circuit:
        """Circuit of a file; its extension selects the format; see `fw_circuits.circuits.formats.read`."""
        from fw_circuits.circuits.formats import read

        return read(path, dont_care=dont_care)

    def formula(self, names: Sequence[str] | None = None, output: int = 0) -> str:
        """Readable formula of one output; see `fw_circuits.circuits.formula.formula`.

        Examples
        --------
        >>> Circuit(2, ((9, 1, 2),), (6,)).formula(["p", "q"])
        '~(p ^ q)'
        """
        from fw_circuits.circuits.formula import formula

        return formula(self, names, output)

    def truth_table(self) -> int | tuple[int, ...]:
        """Truth table as an integer: bit v is the value at ``v = x0 + 2 x1 + 4 x2 + ...``.

        Returns
        -------
        int, or tuple of int
            One integer of 2^n_inputs bits per output; a bare integer for a single output.

        Raises
        ------
        CircuitError
            For more than 20 inputs.

        Examples
        --------
        >>> hex(Circuit(4, ((6, 1, 2), (6, 5, 3), (6, 6, 4)), (14,)).truth_table())
        '0x6996'
        """
        if self.n_inputs > MAX_TABLE_INPUTS:
            raise CircuitError(
                f"a truth table of {self.n_inputs} inputs has 2^{self.n_inputs} bits; expected at most "
                f"{MAX_TABLE_INPUTS} inputs; use evaluate on the rows of interest."
            )
        ones = (1 << (1 << self.n_inputs)) - 1
        values = [0, *(variable_table(i, self.n_inputs) for i in range(self.n_inputs))]
        for table, a, b in self.gates:
            values.append(apply_table(table, values[a], values[b], ones))
        tables = tuple(values[signal >> 1] ^ (ones if signal & 1 else 0) for signal in self.outputs)
        return tables[0] if len(tables) == 1 else tables


def known(
    n_inputs: int,
    gates: tuple[Gate, ...],
    outputs: tuple[int, ...],
    input_names: tuple[str, ...] = (),
    output_names: tuple[str, ...] = (),
) -> Circuit:
    """A circuit of parts that are known to be well formed: nothing is looked at.

    >>> known(2, (Gate(8, 1, 2),), (6,)) == Circuit(2, [(8, 1, 2)], [6])
    True
    """
    circuit = object.__new__(Circuit)
    names = input_names or default_names("x", n_inputs), output_names or default_names("y", len(outputs))
    circuit.__dict__.update(zip(Circuit.__dataclass_fields__, (n_inputs, gates, outputs, *names), strict=True))
    return circuit


def of_arrays(n_inputs: int, gates: Array, outputs: Array, *names: tuple[str, ...]) -> Circuit:
    """The same of arrays, such as a kernel makes: gates (n, 3) and output signals.

    >>> of_arrays(2, np.array([[8, 1, 2]], np.int32), np.array([6], np.int32)).formula()
    'x0 & x1'
    """
    return known(n_inputs, tuple(map(Gate._make, gates.tolist())), tuple(outputs.tolist()), *names)
