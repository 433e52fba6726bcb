"""Random circuits for the hypothesis tests, all their input patterns, and circuits read from texts."""

import numpy as np
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, Gate
from fw_circuits.circuits.formats import READERS, WRITERS


@st.composite
def circuits(draw, max_inputs=5, max_gates=12, max_outputs=3):
    """Any valid netlist: dead gates, constants, buffers and repeated operands included."""
    n_inputs = draw(st.integers(0, max_inputs))
    gates = []
    for j in range(draw(st.integers(0, max_gates))):
        operand = st.integers(0, n_inputs + j)
        gates.append(Gate(draw(st.integers(0, 15)), draw(operand), draw(operand)))
    signal = st.integers(0, 2 * (n_inputs + len(gates)) + 1)
    return Circuit(n_inputs, tuple(gates), tuple(draw(signal) for _ in range(draw(st.integers(1, max_outputs)))))


def patterns(n):
    """All rows of n bits: column i is bit i of the number of the row."""
    return np.arange(1 << n)[:, None] >> np.arange(n) & 1


def again(circuit, ending):
    """Through the format, in memory."""
    return READERS[ending](WRITERS[ending](circuit), f"t{ending}")


def read(ending, text):
    """The circuit of a text or of bytes, by the reader of that file extension."""
    return READERS[ending](text if isinstance(text, bytes) else text.encode(), f"t{ending}")


def tables_of(circuit):
    """The truth tables of its outputs, also of a single one."""
    table = circuit.truth_table()
    return (table,) if isinstance(table, int) else table


def tables(ending, text):
    """The truth tables of the circuit of a text."""
    return [*tables_of(read(ending, text))]
