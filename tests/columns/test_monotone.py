"""Monotone columns of raw tables: thresholds and ordered categories rise with their column."""

import numpy as np
import pandas as pd
import pytest

import fw_circuits
from fw_circuits import CircuitClassifierCV, CircuitRegressor, certify, solve
from fw_circuits.exceptions import InputError

KINDS = {"grade": ["low", "mid", "high"]}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n).round(1),
            "grade": rng.choice(KINDS["grade"], n),
            "city": rng.choice(["Rome", "Oslo", "Bern"], n),
            "income": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        }
    )
    y = np.sin(frame["age"] / 8) + frame["grade"].map({"low": 0.0, "mid": 1.0, "high": 0.2}) + 0.1 * rng.normal(size=n)
    return frame, y.to_numpy()


@pytest.mark.parametrize("literals", ["bits", "thresholds", "both"])
def test_raw_columns_keep_their_direction(table, literals, tmp_path):
    frame, y = table
    monotone = {"age": 1, "grade": -1, "income": 1}
    solution = solve(frame, y, lam=0.01, kinds=KINDS, literals=literals, monotone=monotone, levels=(1,))
    f = solution.decision_function(frame)
    older, higher, richer = frame.copy(), frame.copy(), frame.copy()
    older["age"] += 7.3
    higher["grade"] = frame["grade"].map({"low": "mid", "mid": "high", "high": "high"})
    richer["income"] += 0.5  # a gap stays one
    assert (solution.decision_function(older) >= f).all() and (solution.decision_function(older) > f).any()
    assert (solution.decision_function(higher) <= f).all()
    assert (solution.decision_function(richer) >= f).all()
    free = solve(frame, y, lam=0.01, kinds=KINDS, literals=literals, levels=(1,))
    assert (free.decision_function(higher) > free.decision_function(frame)).any()  # not so by itself
    assert free.certificate.primal <= solution.certificate.primal + 1e-9
    solution.save(tmp_path / "s.npz")
    again = certify(fw_circuits.load(tmp_path / "s.npz"), frame, y)
    assert again.certified and "non-decreasing" in again.scope


def test_estimators_take_the_names_of_the_raw_table(table):
    frame, y = table
    model = CircuitRegressor(kinds=KINDS, monotone={"age": 1}, literals="thresholds").fit(frame, y)
    older = frame.assign(age=frame["age"] + 5)
    assert (model.predict(older) >= model.predict(frame)).all()
    chosen = CircuitClassifierCV(kinds=KINDS, monotone={"age": -1}, n_lams=4, cv=3).fit(frame, y > 0.5)
    assert (chosen.decision_function(older) <= chosen.decision_function(frame)).all()
    by_place = CircuitRegressor(kinds=KINDS, monotone=[1, 0, 0, 0], literals="thresholds").fit(frame, y)
    np.testing.assert_array_equal(by_place.predict(frame), model.predict(frame))


@pytest.mark.parametrize(
    ("monotone", "words"),
    [({"city": 1}, "unordered categories"), ({"town": 1}, "'town'"), ([1, 0], "2 entries; expected 4")],
)
def test_directions_that_cannot_be_are_refused(table, monotone, words):
    frame, y = table
    with pytest.raises(InputError, match=words):
        solve(frame, y, lam=0.1, kinds=KINDS, monotone=monotone)


def test_several_functions_have_no_direction(table):
    frame, y = table
    with pytest.raises(InputError, match="multinomial"):
        solve(frame, np.digitize(y, [0.0, 1.0]), lam=0.1, loss="multinomial", kinds=KINDS, monotone={"age": 1})
