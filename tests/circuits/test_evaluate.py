"""Circuits: validation and evaluation, the compiled simulation against its reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits._bits import clear_padding, pack_bits, unpack_bits
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.exceptions import CircuitError, InputError
from tests.helpers.circuits import circuits, patterns


def reference(circuit, row):
    """Values of the outputs on one row, gate by gate from the definition."""
    value = [0, *map(int, row)]
    for table, a, b in circuit.gates:
        value.append(table >> (value[a] + 2 * value[b]) & 1)
    return [value[s // 2] ^ (s % 2) for s in circuit.outputs]


@settings(max_examples=60, deadline=None)
@given(circuit=circuits(), n_rows=st.integers(0, 150), seed=st.integers(0, 2**32 - 1))
def test_evaluate_follows_the_definition(kernels, circuit, n_rows, seed):
    bits = np.random.default_rng(seed).integers(0, 2, (n_rows, circuit.n_inputs))
    values = circuit.evaluate(bits)
    assert values.shape == (n_rows, circuit.n_outputs) and values.dtype == np.uint8
    assert values.tolist() == [reference(circuit, row) for row in bits]


@settings(max_examples=60, deadline=None)
@given(circuit=circuits())
def test_truth_table_lists_the_values_at_all_patterns(circuit):
    values = circuit.evaluate(patterns(circuit.n_inputs))
    expected = tuple(sum(int(bit) << v for v, bit in enumerate(column)) for column in values.T)
    assert circuit.truth_table() == (expected[0] if circuit.n_outputs == 1 else expected)


@pytest.mark.parametrize("n_gates", [0, 40, 3000])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_compiled_simulation_equals_the_reference_over_many_blocks(n_gates, n_threads, monkeypatch):
    rng = np.random.default_rng(n_gates)
    n_inputs, n_words = 9, 1234
    gates = [(rng.integers(16), *rng.integers(0, n_inputs + 1 + j, 2)) for j in range(n_gates)]
    n_nodes = 1 + n_inputs + n_gates
    circuit = Circuit(n_inputs, gates, [*rng.integers(0, 2 * n_nodes, 40), *range(2 * n_nodes - 8, 2 * n_nodes)])
    words = rng.integers(0, 2**64, (n_inputs, n_words), dtype=np.uint64)
    words.flags.writeable = False
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "compiled")
    compiled = circuit.evaluate_words(words, n_threads=n_threads)
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", "python")
    assert np.array_equal(compiled, circuit.evaluate_words(words))


def test_words_may_be_strided_and_their_padding_is_cleared_on_request(kernels):
    words = np.zeros((4, 6), dtype=np.uint64)[::2, ::2]
    nor = Circuit(2, (Gate(1, 1, 2),), (6,))
    for n_rows in (0, 1, 63, 64, 65, 192):
        counts = np.bitwise_count(nor.evaluate_words(words, n_rows=n_rows))
        assert counts.sum() == n_rows


def test_constants_and_inputs_are_free_outputs(kernels):
    wires = Circuit(1, (), (0, 1, 2, 3))
    assert wires.evaluate([[0], [1]]).tolist() == [[0, 1, 0, 1], [0, 1, 1, 0]]
    assert Circuit(0, (), (1,)).evaluate(np.empty((3, 0))).tolist() == [[1]] * 3
    assert wires.depth == 0 and wires.support == (0,)


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(0, 4), columns=st.integers(0, 200), transposed=st.booleans(), seed=st.integers(0, 9))
def test_packing_round_trip(rows, columns, transposed, seed):
    bits = np.random.default_rng(seed).integers(0, 2, (rows, columns), dtype=np.uint8)
    words = pack_bits(np.asfortranarray(bits) if transposed else bits)
    assert words.shape == (rows, -(-columns // 64)) and words.dtype == np.uint64
    for i in range(64 * words.shape[1]):
        expected = bits[:, i].tolist() if i < columns else [0] * rows
        assert [int(row[i // 64]) >> i % 64 & 1 for row in words] == expected
    assert np.array_equal(unpack_bits(words, columns), bits)
    clear_padding(words, columns // 2)
    assert np.array_equal(words, pack_bits(np.where(np.arange(columns) < columns // 2, bits, 0)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, (), ()), "n_inputs is -1"),
        ((1, ((16, 1, 1),), ()), "gate 0 has the table 16"),
        ((1, ((8, 1, 2),), ()), "node 2.*reads nodes 1 and 2"),
        ((1, ((8, 1, 3), (8, 1, 1)), ()), "gate 0"),
        ((1, ((8, -1, 1),), ()), "reads nodes -1"),
        ((1, (), (4,)), "output 0 is the signal 4"),
        ((1, ((8, 1),), ()), "gates of three integers"),
        ((1, ((8, 1.5, 1),), ()), "integers"),
        ((2, (), (), ("a", "a")), "2 distinct strings"),
        ((1, (), (2,), ("a",), ("p", "q")), "output_names"),
    ],
)
def test_a_malformed_netlist_is_refused(arguments, message):
    with pytest.raises(CircuitError, match=message):
        Circuit(*arguments)


def test_wrong_bits_and_words_are_refused():
    wire = Circuit(1, (), (2,))
    with pytest.raises(InputError, match=r"shape \(1, 2\)"):
        wire.evaluate([[0, 1]])
    with pytest.raises(InputError, match="contain 2"):
        wire.evaluate([[2]])
    with pytest.raises(InputError, match="int64"):
        wire.evaluate_words(np.zeros((1, 1), dtype=np.int64))
    with pytest.raises(InputError, match="one per input, 1"):
        wire.evaluate_words(np.zeros((2, 1), dtype=np.uint64))
    with pytest.raises(InputError, match=r"0\.\.64"):
        wire.evaluate_words(np.zeros((1, 1), dtype=np.uint64), n_rows=65)
    with pytest.raises(CircuitError, match="21 inputs"):
        Circuit(21, (), (2,)).truth_table()


def test_depth_and_support_follow_the_live_gates():
    chain = Circuit(4, (Gate(8, 1, 2), Gate(6, 5, 2), Gate(14, 4, 3)), (12,))
    assert chain.depth == 2 and chain.support == (0, 1)
