"""Effects are means of the function itself, terms sum to it, and the page says so in the user's names."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fw_circuits import solve
from fw_circuits.cli import main
from fw_circuits.data import read_table
from fw_circuits.exceptions import InputError
from fw_circuits.report import effects, explain_page
from fw_circuits.report.effect_plots import plot_calibration, plot_effects, plot_terms


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 2, (120, 3)), rng.normal(size=(120, 2))]).astype(float)
    y = X[:, 0] * X[:, 1] + X[:, 3] + 0.2 * rng.normal(size=120)
    return X, y, solve(X, y, lam=0.01)


def test_terms_of_a_row_sum_to_the_function(data):
    X, _, solution = data
    for row in (0, 17):
        terms = effects.contributions(solution, X[row])
        total = solution.intercept + sum(term.contribution for term in terms)
        assert total == pytest.approx(solution.decision_function(X[row : row + 1])[0], abs=1e-12)
        assert [abs(t.contribution) for t in terms] == sorted((abs(t.contribution) for t in terms), reverse=True)
        assert all(t.contribution == t.coef * t.value for t in terms)


def test_effects_are_means_of_f_with_the_column_moved(data):
    X, _, solution = data
    grid, mean = effects.effect(solution, X, 3)
    assert len(grid) == effects.GRID and grid[0] == X[:, 3].min() and grid[-1] == X[:, 3].max()
    for k in (0, 20, 40):
        moved = X.copy()
        moved[:, 3] = grid[k]
        assert mean[k] == pytest.approx(solution.decision_function(moved).mean(), abs=1e-12)
    assert effects.effect(solution, X, 1)[0].tolist() == [0.0, 1.0]
    a, b, surface = effects.pair_effect(solution, X, 0, 3)
    moved = effects.some_rows(X, 60).copy()
    moved[:, [0, 3]] = a[1], b[5]
    assert surface.shape == (2, 21) and surface[1, 5] == pytest.approx(solution.decision_function(moved).mean())
    assert effects.strongest_pair(solution) is not None
    assert solution.combination.shares(3.0).sum() == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.7, 0.9]), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 12),
)
def test_calibration_counts_every_row_once_and_keeps_equal_probabilities_together(rows, bins):
    p, right = np.array([p for p, _ in rows]), np.array([r for _, r in rows])
    mean, fraction, n = effects.calibration(p, right, bins)
    assert n.sum() == len(rows) and len(n) <= bins and (np.diff(mean) > 0).all()
    assert (mean * n).sum() == pytest.approx(p.sum()) and (fraction * n).sum() == pytest.approx(right.sum())
    for value in np.unique(p):  # its rows are all in the bin whose mean is nearest among those that can hold it
        assert (p == value).sum() <= n.max()
    with pytest.raises(InputError, match="outcomes"):
        effects.calibration(p, right[:-1])


def test_page_names_columns_and_labels_and_escapes_them(tmp_path):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2, (200, 3)).astype(float)
    label = np.where(X[:, 0] + X[:, 1] > 1, "yes<b>", "no")
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["a<i>", "$b_", "c", "y"], *(np.column_stack([X, label]).tolist())])
    table = read_table(tmp_path / "t.csv", "y")
    solution = solve(pd.DataFrame(table.X, columns=table.feature_names), table.y, loss="logistic", lam=0.01)
    solution.save(tmp_path / "s.npz")
    text = explain_page(solution, table.X, 5, labels=table.y, title="a < b")
    assert "a&lt;i&gt;" in text and "yes&lt;b&gt;" in text and "<i>" not in text and "yes<b>" not in text
    assert "Calibration" in text and text.count("data:image/png") >= 4 and "<script" not in text
    with pytest.raises(InputError, match="row is 200; the table has 200 rows"):
        explain_page(solution, table.X, 200)
    out = tmp_path / "page.html"
    assert main(["explain", str(tmp_path / "s.npz"), str(tmp_path / "t.csv"), "--row", "5", "--output", str(out)]) == 0
    assert "a&lt;i&gt;" in out.read_text(encoding="utf-8") and "Calibration" not in out.read_text(encoding="utf-8")
    assert main(["explain", str(tmp_path / "s.npz"), str(tmp_path / "t.csv"), "--row", "-1", "--output", str(out)]) == 1


def test_thresholds_move_with_their_column():
    """A table with text: effects are of its columns, a number once and a category a value."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"age": rng.normal(40, 9, 150).round(), "city": rng.choice(["Rome", "Oslo"], 150)})
    y = (frame["age"] > 45) + 2.0 * (frame["city"] == "Rome")
    solution = solve(frame, y, lam=0.01, literals="thresholds")
    rows = effects.rows_of(solution, frame)
    assert set(effects.names_of(solution)) == {"age", "city = Oslo", "city = Rome"} and rows.shape == (150, 3)
    grid, mean = effects.effect(solution, rows, 0)
    older = frame.assign(age=grid[-1])
    assert mean[-1] == pytest.approx(solution.decision_function(older).mean()) and mean[-1] > mean[0] + 0.5
    assert effects.shares_of(solution).sum() == pytest.approx(1.0)
    terms = effects.contributions(solution, rows[4])
    total = solution.intercept + sum(term.contribution for term in terms)
    assert total == pytest.approx(solution.decision_function(frame)[4])
    text = explain_page(solution, frame, 4)
    assert "<td>age</td>" in text and "age &gt;= 4" in text  # the column's value; thresholds in the circuits


def test_several_functions_are_refused():
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    solution = solve(X, ["a", "b", "c"], loss="multinomial", lam=0.01)
    with pytest.raises(InputError, match="3 functions"):
        explain_page(solution, X)


def test_a_constant_has_a_page_and_no_effects(tmp_path):
    X = np.array([[0.0], [1.0], [0.0], [1.0]])
    solution = solve(X, np.ones(4), lam=0.1)
    text = explain_page(solution, X)
    assert "f = 1." in text and "Effects" not in text
    with pytest.raises(InputError, match="reads no column"):
        plot_effects(solution, X, tmp_path / "e.png")
    assert plot_terms(solution, X[0], tmp_path / "t.png").stat().st_size > 1000
    picture = plot_calibration(np.array([0.2, 0.9]), np.array([False, True]), tmp_path / "c.svg")
    assert picture.read_text(encoding="utf-8").lstrip().startswith("<?xml")
