"""Random circuits for the hypothesis tests."""

from hypothesis import strategies as st

from fw_circuits.circuits import Circuit, Gate


@st.composite
def circuits(draw, max_inputs=5, max_gates=12, max_outputs=3):
    """Any valid netlist: dead gates, constants, buffers and repeated operands included."""
    n_inputs = draw(st.integers(0, max_inputs))
    gates = []
    for j in range(draw(st.integers(0, max_gates))):
        operand = st.integers(0, n_inputs + j)
        gates.append(Gate(draw(st.integers(0, 15)), draw(operand), draw(operand)))
    signal = st.integers(0, 2 * (n_inputs + len(gates)) + 1)
    return Circuit(
        n_inputs, tuple(gates), tuple(draw(signal) for _ in range(draw(st.integers(1, max_outputs))))
    )
