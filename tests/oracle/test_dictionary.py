"""The dictionary oracle is plain linear algebra, and wrappers pass on what they are asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.oracle import ColumnAtom, CountingOracle, DeepOracle, DictionaryOracle, LazyOracle
from fw_circuits.oracle.base import CheckedOracle


def test_weights_are_checked_once_however_oracles_are_nested(monkeypatch):
    checked = []
    monkeypatch.setattr("fw_circuits.oracle.base.check_weights", lambda g, n: checked.append(n) or np.asarray(g))
    inner = DictionaryOracle(np.eye(3))
    counting = CountingOracle(inner)
    assert LazyOracle(DeepOracle(counting, [inner, inner])).search([1.0, 3.0, 2.0]).value == 3.0
    assert checked == [3] and counting.calls == 1


def test_a_search_that_a_subclass_replaces_is_asked():
    class Halved(DictionaryOracle):
        def search(self, weights, k=10, stop=None):
            return super().search(0.5 * np.asarray(weights), k, stop)

    assert isinstance(Halved(np.eye(2)), CheckedOracle)
    assert LazyOracle(Halved(np.eye(2))).search([4.0, 2.0]).value == 2.0


@given(st.integers(1, 12), st.integers(1, 40), st.integers(1, 45), st.integers(0, 10**6))
def test_dictionary_orders_by_score_then_index(rows, columns, k, seed):
    rng = np.random.default_rng(seed)
    D, costs = rng.integers(-1, 2, (rows, columns)), rng.integers(0, 3, columns)
    g = rng.integers(-2, 3, rows).astype(float)
    answer = DictionaryOracle(D, costs, 2.5).search(g, k)
    scores = D.T @ g * np.maximum(1.0, costs) ** (-1 / 2.5)
    order = sorted(range(columns), key=lambda j: (-abs(scores[j]), j))[:k]
    assert [a.index for a in answer.atoms] == order
    assert answer.scores.tolist() == scores[order].tolist() and answer.complete
    assert answer.value == answer.upper_bound == abs(scores[order[0]])
    oracle = DictionaryOracle(D, costs, 2.5)
    assert (oracle.evaluate(answer.atoms) == D[:, order]).all()


def test_wrong_arguments():
    with pytest.raises(InputError, match="columns"):
        DictionaryOracle(np.array([[np.inf]]), [1], 3.0)
    with pytest.raises(InputError, match="costs"):
        DictionaryOracle(np.eye(2), [1], 3.0)
    with pytest.raises(InputError, match="at least 0"):
        DictionaryOracle(np.eye(2), [1.5, -2.0], 3.0)
    assert ColumnAtom(3, 1).key == ("column", 3)
