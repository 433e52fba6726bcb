"""Circuits against gradient descent: the same rows, the same number of fits, brackets on both."""

import csv
import json

import numpy as np
import pytest

from fw_circuits.cli import main
from fw_circuits.comparison import FAMILIES, Candidate, Comparison, compare, default_settings, error, quantities, split
from fw_circuits.data import Dataset, parity
from fw_circuits.exceptions import InputError
from fw_circuits.report import candidate_rows, comparison_lines, comparison_rows
from fw_circuits.report.plots import plot_comparison
from fw_circuits.resnet import Bracket


def candidate(family, seed, test_error, upper, neurons=5, *, chosen=True, lower=None):
    ends = Bracket(upper if lower is None else lower, upper)
    return Candidate(family=family, seed=seed, settings={"share": 0.1}, chosen=chosen, validation_error=test_error,
                     test_error=test_error, seconds=1.0, neurons=neurons, depth=2,
                     complexity={"l1": ends, "l2": ends})  # fmt: skip


def made(*candidates):
    return Comparison("made", "error rate", "corners", tuple(candidates))


def test_brackets_that_overlap_decide_nothing():
    ours = [candidate("circuits", s, 0.1, upper=10.0, lower=4.0) for s in range(5)]
    apart = [candidate("gradient", s, 0.2, upper=30.0, lower=11.0) for s in range(5)]
    overlapping = [candidate("gradient", s, 0.2, upper=30.0, lower=9.0) for s in range(5)]
    assert made(*ours, *apart).wins("l1") == (5, 0) and made(*ours, *apart).winner("l2") == "circuits"
    assert made(*ours, *overlapping).wins("l1") == (0, 0) and made(*ours, *overlapping).winner("l1") is None
    assert made(*ours, *apart).winner("test_error") == "circuits"
    assert made(*ours, *apart).winner("neurons") is None  # equal


def test_a_winner_is_ahead_on_four_of_five_seeds():
    ours = [candidate("circuits", s, 0.1 if s < 3 else 0.3, 1.0) for s in range(5)]
    theirs = [candidate("gradient", s, 0.2, 2.0) for s in range(5)]
    result = made(*ours, *theirs)
    assert result.wins("test_error") == (3, 2) and result.winner("test_error") is None
    assert "no winner, seeds differ: 3 to 2 of 5" in comparison_lines(result)[0]
    assert "circuits ahead on 5 of 5 seeds (1 to 1 against 2 to 2)" in comparison_lines(result)[1]


def test_the_front_drops_what_is_matched_with_less():
    rest = [(0.3, 1.0), (0.2, 2.0), (0.25, 3.0), (0.1, 4.0), (0.1, 5.0)]
    result = made(*(candidate("circuits", 0, e, r, chosen=False) for e, r in rest))
    assert [(c.test_error, c.complexity["l1"].upper) for c in result.front("circuits", "l1_upper")] == [
        (0.3, 1.0), (0.2, 2.0), (0.1, 4.0),
    ]  # fmt: skip


def test_splits_are_disjoint_complete_and_of_the_seed():
    parts = split(97, 3, 0.3, 0.25)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(97))
    assert [len(p) for p in parts] == [51, 17, 29]
    assert all(np.array_equal(a, b) for a, b in zip(parts, split(97, 3, 0.3, 0.25), strict=True))
    assert not np.array_equal(parts[2], split(97, 4, 0.3, 0.25)[2])


def test_error_rate_and_unexplained_variance():
    y = np.array([1.0, -1.0, 1.0, 1.0])
    assert error(y, np.array([0.2, -5.0, -0.1, 0.0]), labels=True) == 0.5
    assert error(y, y - 0.5, labels=False) == pytest.approx(0.25 / y.var())


def test_both_families_try_equally_often():
    for boolean in (True, False):
        circuits, gradient = default_settings(boolean)
        assert len(circuits) == len(gradient) == 6


def test_bad_input_is_listed():
    pytest.importorskip("torch")
    data = parity(3, n_rows=40, random_state=0)
    with pytest.raises(InputError) as stop:
        compare(data, seeds=0, test_fraction=1.5, circuits=[{"share": 0.1}], gradient=[])
    for words in ("seeds is 0", "test_fraction is 1.5", "1 settings of circuits and 0 of gradient"):
        assert words in str(stop.value)
    with pytest.raises(InputError, match="at least 2 of each"):
        compare(data.take(np.arange(6)), seeds=1)
    labels = Dataset(data.X, np.array(["a", "b", "c", "d"])[np.arange(40) % 4], data.feature_names)
    with pytest.raises(InputError, match="the target has 4 labels"):
        compare(labels)


@pytest.fixture(scope="module")
def small():
    pytest.importorskip("torch")
    X = np.random.default_rng(0).random((120, 2))
    data = Dataset(X, np.abs(X[:, 0] - 0.5) + X[:, 1], ("u", "v"), name="small")
    return compare(
        data, seeds=2, circuits=[{"levels": (1,), "share": s} for s in (0.5, 0.01)],
        gradient=[{"penalty": p, "steps": 60, "width": 4} for p in (1e-2, 0.0)], n_jobs=1,
    )  # fmt: skip


def test_everything_is_fitted_and_the_best_on_validation_again(small):
    assert small.metric == "1 - R2" and small.exact_on == "domain"
    for family in FAMILIES:
        for seed in (0, 1):
            mine = [c for c in small.candidates if (c.family, c.seed) == (family, seed)]
            tried, (chosen,) = [c for c in mine if not c.chosen], [c for c in mine if c.chosen]
            assert len(tried) == 2
            assert chosen.settings == min(tried, key=lambda c: c.validation_error).settings
            assert np.isnan(chosen.validation_error)
            for c in mine:
                assert c.seconds > 0 and c.deviation < 1e-11
                assert all(0 <= b.lower <= b.upper for b in c.complexity.values())


def test_circuits_are_compiled_and_measured(small):
    """A network of larger penalty has less R(theta); gradient descent's has the width that was asked for."""
    strong, weak = sorted(
        (c for c in small.candidates if c.family == "circuits" and c.seed == 0 and not c.chosen),
        key=lambda c: -c.settings["share"],
    )
    assert quantities(strong)["l1_upper"] < quantities(weak)["l1_upper"]
    assert weak.test_error < strong.test_error < 1.0
    assert {c.neurons for c in small.candidates if c.family == "gradient"} == {16}


def test_tables_and_picture(small, tmp_path):
    assert len(comparison_rows(small)) == 2 and len(candidate_rows(small)) == len(small.candidates) == 12
    assert len(comparison_lines(small)) == 5
    assert plot_comparison(small, tmp_path / "front.png").read_bytes()[:4] == b"\x89PNG"


def test_command(tmp_path, capsys):
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (80, 3))
    path = tmp_path / "xor.csv"
    lines = ["a,b,c,y", *(f"{a},{b},{c},{a ^ c}" for a, b, c in X)]
    path.write_text("\n".join(lines))
    assert main(["compare", str(path), "--seeds", "1", "--n-jobs", "1", "--json", "--output", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    ours, theirs = result["chosen"]
    assert ours["family"] == "circuits" and ours["error"] == 0.0 and ours["neurons"] <= 2
    with open(result["written"]["table"], encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(result["networks"]) == 14
    assert theirs["neurons"] == 64
