"""Truth tables as values: arrays are one function everywhere, lists never silently several, text never guessed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits import htmc
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.catalogue import minimal_circuit, minimal_cost, widen
from fw_circuits.circuits.tables import as_table, as_tables
from fw_circuits.exceptions import CircuitError, FwCircuitsError, InputError
from tests.helpers.circuits import patterns

KINDS = {
    "int array": np.array,
    "bool array": lambda values: np.array(values, dtype=bool),
    "float array": lambda values: np.array(values, dtype=float),
    "list of bool": lambda values: [bool(v) for v in values],
    "list of float": lambda values: [float(v) for v in values],
    "tuple of np.bool_": lambda values: tuple(np.array(values, dtype=bool)),
    "array of objects": lambda values: np.array([bool(v) for v in values], dtype=object),
    "nullable series": lambda values: pd.Series(values, dtype="boolean"),
    "series": lambda values: pd.Series(values, index=range(5, 5 + len(values))),
    "column of a wider array": lambda values: np.array([values, values]).T[:, 0],
}


@pytest.mark.parametrize("kind", KINDS)
@given(n=st.integers(0, 4), data=st.data())
def test_values_are_one_function_by_the_stated_order(kind, n, data):
    values = data.draw(st.lists(st.integers(0, 1), min_size=1 << n, max_size=1 << n))
    table = sum(value << v for v, value in enumerate(values))
    given_ = KINDS[kind](values)
    assert as_table(given_, n) == table == minimal_circuit(given_, n).truth_table()
    assert minimal_cost(given_, n) == minimal_cost(table, n) and widen(given_, n) == widen(table, n)
    circuit = Circuit.from_truth_table(given_, n)
    assert circuit == Circuit.from_truth_table(table, n) == Circuit.from_truth_table(values, n, outputs=1)
    assert circuit.evaluate(patterns(n))[:, 0].tolist() == values


def test_a_list_that_can_be_read_in_two_ways_is_refused_with_both():
    for table in ([0, 1, 1, 0], (0, 1, 1, 0), [np.int64(0), 1, 1, 0]):
        with pytest.raises(InputError, match=r"4 values of one function or 4 tables.*np.array\(table\).*outputs=4"):
            Circuit.from_truth_table(table, 2)
    assert Circuit.from_truth_table([0, 1, 1, 0], 2, outputs=1).truth_table() == 6
    assert Circuit.from_truth_table([0, 1, 1, 0], 2, outputs=4).truth_table() == (0, 1, 1, 0)
    assert Circuit.from_truth_table([0, 1, 1, 8], 2).truth_table() == (0, 1, 1, 8)
    assert Circuit.from_truth_table([0, 1, 1], 2).n_outputs == 3  # too few for values
    assert Circuit.from_truth_table([1], 0).truth_table() == 1  # both readings agree
    assert minimal_cost([0, 1, 1, 0], 2) == 1  # one function is asked for
    assert htmc.exact_norm([0, 1, 1, 0], 2, 3.0).function.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("whole", [np.int64(6), np.uint8(6), np.array(6), 6])
def test_integers_of_any_kind(whole):
    assert Circuit.from_truth_table(whole, np.int32(2)).truth_table() == 6
    assert minimal_cost(whole, np.uint8(2)) == 1
    assert htmc.exact_norm(whole, 2, 3.0).value == htmc.exact_norm(6, 2, 3.0).value


ONE = {
    "from_truth_table": lambda table: Circuit.from_truth_table(table, 2),
    "minimal_cost": lambda table: minimal_cost(table, 2),
    "minimal_circuit": lambda table: minimal_circuit(table, 2),
    "exact_norm": lambda table: htmc.exact_norm(table, 2, 3.0),
    "five_input_bracket": lambda table: htmc.five_input_bracket(table, 3.0, max_gates=4),
}


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("0110", r"the text '0110'; expected .*bit v.*int\(text, 2\).*np.array\(list"),
        (b"0110", "the text b'0110'"),
        (-1, "table is -1.*bit v is the value at x0 . 2 x1"),
        (1 << 40, r"table is 1099511627776 \(41 bits\)"),
        (1 << 400, r"\(401 bits\)"),
        (6.0, "table is 6.0; expected an integer of 2"),
        (True, "table is True; expected an integer"),
        ("0x6", r"int\(text, 16\) for hexadecimal"),
        (np.ma.array([0, 1, 1, 0], mask=[0, 0, 1, 0]), "masked values; expected .*filled"),
        (pd.Series([False, True, None, False], dtype="boolean"), "such as <NA>|neither an integer nor"),
        (np.array(list("0110"), dtype=object), "such as '0'|entries of type str"),
        (None, "table is None; expected an integer"),
        ({0, 1}, "table is {0, 1}"),
        (np.array([0, 1, 1]), r"shape \(3,\); expected"),
        (np.array([[0, 1], [1, 0]]), r"shape \(2, 2\); expected"),
        ([[0, 1], [1]], "expected|neither an integer nor"),
        ([], r"shape \(0,\); expected"),
    ],
)
def test_what_is_no_table_is_refused_alike(name, table, words):
    with pytest.raises(FwCircuitsError, match=words):
        if name == "from_truth_table" and isinstance(table, list) and not table:
            as_table(table, 2)  # an empty list is a circuit without outputs
        ONE[name](table)


@pytest.mark.parametrize("table", [[0, 1, 2, 0], [0.0, 0.5, 1.0, 0.0], [-1, 1, 1, -1], np.array([0, np.nan, 1, 0])])
def test_values_other_than_0_and_1_are_no_truth_table(table):
    with pytest.raises(InputError, match=r"table has values such as (2|0.5|-1|nan); expected"):
        minimal_cost(table, 2)


def test_a_tensor_that_requires_grad_is_refused():
    torch = pytest.importorskip("torch")
    for call in ONE.values():
        with pytest.raises(InputError, match="requires grad"):
            call(torch.tensor([0.0, 1.0, 1.0, 0.0], requires_grad=True))


def test_counts_of_inputs_and_outputs_are_checked():
    for n in (True, 2.0, "2", None, -1, 17):
        with pytest.raises(CircuitError, match=r"n is .*; expected a whole number of inputs, 0 to 16"):
            Circuit.from_truth_table(6, n)
    with pytest.raises(InputError, match="outputs is 2; expected 1"):
        as_tables(6, 2, outputs=2)
    with pytest.raises(InputError, match="outputs is 3; expected 4, or 1"):
        as_tables([0, 1, 1, 0], 2, outputs=3)
