"""Many rows: 0/1 tables stay bytes, active columns bits, and nothing of the size of a float64 table is made."""

import tracemalloc

import numpy as np
import pytest

from fw_circuits import certify, solve
from fw_circuits._validation import check_X
from fw_circuits.objective import least_loss, make_loss
from fw_circuits.oracle import factory


def tall(rows=50_000, columns=40):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (rows, columns), dtype=np.uint8)
    y = 1.0 * (X[:, 0] ^ X[:, 3] ^ X[:, 7]) + (X[:, 1] & X[:, 2]) + 0.3 * rng.standard_normal(rows)
    return X, y


def test_a_tall_table_takes_few_bytes_a_row(monkeypatch):
    monkeypatch.setattr(factory, "SAMPLED_FROM", 10_000)
    monkeypatch.setattr(factory, "SAMPLED_SECONDS", 0.01)
    X, y = tall()
    solve(X[:1000], y[:1000], n_jobs=1)  # what is loaded and cached once
    tracemalloc.start()
    solution = solve(X, y, n_jobs=1, tol=1e-2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert solution.status.name == "OPTIMAL" and len(solution.atoms) >= 2
    assert peak < 30 * 2**20 + 200 * len(X)  # scratch that does not grow with the rows; a float64 table has 320 per row


@pytest.mark.parametrize("kind", [np.uint8, bool])
def test_bytes_and_numbers_give_the_same_solution(kind):
    X, y = tall(2000, 12)
    y[::7] += 1.0
    one, two = solve(X.astype(kind), y, lam=0.02), solve(X.astype(float), y, lam=0.02)
    assert one.to_frame().equals(two.to_frame()) and one.certificate == two.certificate
    assert certify(one, X.astype(kind), y).certified and np.array_equal(one.predict(X), two.predict(X.astype(float)))


def test_a_compact_table_is_the_callers():
    X = np.array([[0, 1], [1, 1]], np.uint8)
    assert np.shares_memory(check_X(X, compact=True), X) and check_X(X > 0, compact=True).dtype == np.uint8
    others = check_X(X), check_X(X * np.uint8(2), compact=True), check_X(X.astype(np.int64), compact=True)
    assert all(other.dtype == np.float64 for other in others)


def test_equal_rows_of_bytes_are_found():
    X = np.random.default_rng(1).integers(0, 2, (300, 9), dtype=np.uint8)
    loss = make_loss("squared", np.random.default_rng(2).standard_normal(300))
    assert least_loss(loss, X[:, :5]) == least_loss(loss, X[:, :5].astype(float)) > 0.0
