"""One table with every kind of column, from Python and from the command line, all the way."""

import json

import numpy as np
import pandas as pd
import pytest

import fw_circuits
from fw_circuits import CircuitClassifier, CircuitClassifierCV, CircuitRegressor, certify, load, path, solve
from fw_circuits.cli import main
from fw_circuits.data import read_features, read_table
from fw_circuits.exceptions import FormatError, InputError
from fw_circuits.htmc import norm_bracket, rate
from fw_circuits.rounding import round_solution, sample_circuit

RNG = np.random.default_rng(0)
N = 90
FRAME = pd.DataFrame(
    {
        "city": RNG.choice(["Rome", "Oslo", "Bern"], N),
        "zip": RNG.choice(["01234", "01235", "1234"], N),
        "age": RNG.integers(18, 80, N),
        "income": np.where(RNG.random(N) < 0.2, np.nan, RNG.integers(10**9, 2 * 10**9, N)),
        "member": RNG.choice([True, False], N),
        "smoker": RNG.choice(["yes", "no", None], N),
        "flag": RNG.integers(0, 2, N),
        "grade": RNG.choice(["low", "mid", "high"], N),
    }
)
ANSWER = ((FRAME.city == "Rome") & (FRAME.age >= 40)) | FRAME.income.isna()
Y = np.where(ANSWER, "buys", "leaves")
KINDS = {"grade": ["low", "mid", "high"], "zip": "category"}
OPTIONS = {"loss": "logistic", "lam": 0.02, "tol": 0.05, "n_jobs": 1, "kinds": KINDS, "max_gates": 2}
NEW = FRAME.iloc[:6].assign(
    city=["Atlantis", None, "Rome", "Oslo", "Bern", ""], age=[np.nan, 20, 30, 99, 1e9, -5], zip=["999"] + ["01234"] * 5
)


@pytest.fixture(scope="module", params=["bits", "both"])
def solution(request):
    return solve(FRAME, Y, literals=request.param, **OPTIONS)


def test_a_solution_speaks_in_the_users_names(solution):
    assert {"city = Rome", "income is missing", "grade >= mid", "smoker is missing", "zip = 01234", "member", "flag",
            "income"} <= set(solution.feature_names)  # fmt: skip
    ages = [float(name.removeprefix("age >= ")) for name in solution.feature_names if name.startswith("age >= ")]
    assert ages == sorted(ages) and len(ages) == (8 if solution.settings.literals == "both" else 0)
    assert solution.raw_names == tuple(FRAME)
    formulas = " ".join(solution.to_frame().formula)
    assert "income is missing" in formulas and "city = Rome" in formulas and "city = Rome[" not in formulas
    assert (solution.predict(FRAME) == Y).mean() > 0.95


def test_everything_reads_the_raw_table(solution, tmp_path):
    mixed = NEW[NEW.columns[::-1]].assign(other="x")
    f = solution.decision_function(NEW)
    assert np.isfinite(f).all() and f.shape == (6,)
    np.testing.assert_array_equal(solution.decision_function(mixed), f)
    np.testing.assert_allclose(solution.to_resnet().forward(solution.encode(NEW)), f, atol=1e-9)
    assert solution.to_resnet().feature_names == solution.feature_names
    solution.save(tmp_path / "s.npz")
    again = load(tmp_path / "s.npz")
    assert again.columns == solution.columns and again.settings == solution.settings
    np.testing.assert_array_equal(again.decision_function(mixed), f)
    certificate = certify(again, FRAME, Y, n_jobs=1)
    assert certificate.certified and certificate.primal == pytest.approx(solution.certificate.primal)
    bracket = norm_bracket(again, FRAME, Y, n_jobs=1)
    assert bracket.lower == pytest.approx(solution.norm, rel=0.1) and bracket.upper == pytest.approx(solution.norm)
    rounded = round_solution(again, 5, X=FRAME, y=Y)
    np.testing.assert_array_equal(rounded.predict(mixed), rounded.predict(NEW))
    assert rounded.agreement > 0.9 and rounded.columns == solution.columns
    assert len(set(rounded.circuit.input_names)) == rounded.circuit.n_inputs
    rounded.circuit.write(tmp_path / "c.blif")
    assert fw_circuits.Circuit.read(tmp_path / "c.blif").input_names == rounded.circuit.input_names
    assert sample_circuit(solution, 8, X=FRAME).predict(NEW).shape == (6,)
    with pytest.raises(InputError, match="lacks the columns 'city', 'zip'"):
        solution.predict(FRAME.drop(columns=["city", "zip"]))


def test_paths_warm_starts_and_rates_of_such_tables():
    y = ANSWER * 2.0 + FRAME.age / 40
    options = {name: OPTIONS[name] for name in ("tol", "n_jobs", "kinds")} | {"max_gates": 3}
    solutions = path(FRAME, y, lams=[0.2, 0.1, 0.05, 0.02], **options)
    assert rate(solutions[0:], FRAME, y).errors.size >= 3
    assert fw_circuits.lam_max(FRAME, y, kinds=KINDS, n_jobs=1, max_gates=1) > 0
    warm = solve(FRAME, y, lam=0.02, warm_start=solutions[-1], **options)
    assert warm.certificate.primal <= solutions[-1].certificate.primal * (1 + 1e-9)
    with pytest.raises(InputError, match="warm_start"):
        solve(FRAME.assign(city=FRAME.zip), y, lam=0.02, warm_start=solutions[-1], **options)


def test_files_say_their_version(solution, tmp_path):
    numbers = solve(FRAME[["age", "flag"]], Y, loss="logistic", lam=0.1, n_jobs=1)
    header, arrays = numbers.to_state()
    assert header["version"] == 2 and not {"kinds", "literals", "n_thresholds"} & set(header["settings"])
    assert numbers.from_state(header, arrays).settings == numbers.settings
    header, arrays = solution.to_state()
    assert header["version"] == 3 and json.loads(json.dumps(header["columns"])) == header["columns"]
    solution.save(tmp_path / "s.npz")
    header["columns"]["columns"][0]["values"].append("Paris")
    with pytest.raises(ValueError, match="do not make the features"):
        solution.from_state(header, arrays)
    del header["columns"]["named"]
    with pytest.raises(KeyError):
        solution.from_state(header, arrays)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "s.npz").read_bytes()[:-40])
    with pytest.raises(FormatError):
        load(tmp_path / "cut.npz")


def test_estimators_take_such_frames():
    model = CircuitClassifier(lam=0.02, kinds=KINDS, n_jobs=1, max_gates=2, tol=0.05).fit(FRAME, Y)
    assert model.feature_names_in_.tolist() == list(FRAME) and model.n_features_in_ == 8
    assert model.feature_importances_.shape == (8,) and model.feature_importances_[:4].sum() > 0.5
    assert model.score(FRAME[FRAME.columns[::-1]], Y) > 0.9
    np.testing.assert_array_equal(model.predict(NEW), model.solution_.predict(NEW))
    assert model.predict_proba(NEW).shape == (6, 2) and "city = Rome" in model.solution_.feature_names
    three = CircuitClassifier(lam=0.05, n_jobs=1, max_gates=1, literals="thresholds").fit(
        FRAME.drop(columns="grade"), FRAME.grade
    )
    assert three.predict(NEW).shape == (6,) and len(three.solutions_) == 3
    one = CircuitRegressor(lam=0.05, n_jobs=1, max_gates=1).fit(FRAME, ANSWER * 1.0)
    np.testing.assert_array_equal(one.predict(NEW), one.solution_.predict(NEW))
    with pytest.raises(InputError, match="lacks the column 'age'"):
        model.predict(FRAME.drop(columns="age"))
    with pytest.raises(ValueError, match="NaN"):
        CircuitRegressor().fit([[1.0], [np.nan]], [0, 1])
    assert not hasattr(CircuitRegressor(lam=0.1, n_jobs=1).fit([[1.0], [2.0]], [0, 1]), "feature_names_in_")


def test_cross_validation_chooses_literals():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=240), "b": rng.normal(size=240)})
    y = (X.a > 0.3) * 1.0 + (X.b > -0.6) + 0.1 * rng.normal(size=240)  # steps away from the bits of the range
    model = CircuitRegressorCV(X, y)
    assert model.literals_ == "thresholds" and any(">=" in name for name in model.solution_.feature_names)
    assert model.levels_ == (1,) and model.solution_.certificate.certified
    bits = rng.integers(0, 2, (80, 3))
    assert CircuitRegressorCV(bits, bits[:, 0] ^ bits[:, 1]).literals_ == "bits"
    wide = CircuitClassifierCV(literals="auto", n_lams=5, cv=3, n_jobs=1, kinds=KINDS, max_gates=1).fit(FRAME, Y)
    assert wide.literals_ in ("bits", "thresholds") and wide.score(NEW, Y[:6]) >= 0


def CircuitRegressorCV(X, y):
    return fw_circuits.CircuitRegressorCV(n_lams=6, cv=3, n_jobs=1, max_gates=1).fit(X, y)


def test_one_csv_from_the_command_line(tmp_path, capsys):
    FRAME.assign(answer=Y).to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv", text=["zip"])
    assert table.X.dtype.names == tuple(FRAME) and table.n_features == 8 and table.take(np.arange(3)).n_rows == 3
    kinds = ["--kind", "grade=low,mid,high", "--kind", "zip=category"]
    assert main(["solve", str(tmp_path / "t.csv"), "--lam", "0.02", "--max-gates", "2", "--tol", "0.05", "--folds", "2",
                 "--literals", "thresholds", "--n-jobs", "1", "--json", "--output", str(tmp_path),
                 *kinds]) == 0  # fmt: skip
    printed = json.loads(capsys.readouterr().out)
    assert printed["resnet"]["deviation"] < 1e-9 and printed["score"] > 0.7
    solution = load(printed["written"]["solution"])
    direct = solve(table.X, table.y, literals="thresholds", **OPTIONS)
    assert (
        direct.columns == solution.columns
        and solution.columns == solve(FRAME, Y, literals="thresholds", **OPTIONS).columns
    )
    NEW[NEW.columns[::-1]].assign(more=1).to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    assert main(["predict", printed["written"]["solution"], str(tmp_path / "new.csv")]) == 0
    assert capsys.readouterr().out.split()[1:] == solution.predict(NEW).tolist()
    assert (
        main(["certify", printed["written"]["solution"], str(tmp_path / "t.csv"), "--tol", "0.05", "--n-jobs", "1"])
        == 0
    )
    NEW.drop(columns="age").to_csv(tmp_path / "less.csv", index=False)
    assert main(["predict", printed["written"]["solution"], str(tmp_path / "less.csv")]) == 1
    assert "lacks the column 'age'" in capsys.readouterr().err
    FRAME.assign(day="2020-01-31", answer=Y).to_csv(tmp_path / "dates.csv", index=False)
    assert main(["solve", str(tmp_path / "dates.csv"), "--n-jobs", "1", "--output", str(tmp_path)]) == 1
    assert "column 'day' contains dates" in " ".join(capsys.readouterr().err.split())


def test_codes_stay_text_in_a_file_of_theirs_alone(tmp_path):
    """A column of text that reads like numbers in a later file is matched as text."""
    columns = solve(FRAME, Y, **OPTIONS).columns
    FRAME.iloc[:4].assign(zip="01234").to_csv(tmp_path / "new.csv", index=False)
    X = read_features(tmp_path / "new.csv", columns.raw_names, text=columns.text_names)
    assert columns.encode(X)[:, columns.names.index("zip = 01234")].tolist() == [1, 1, 1, 1]
    FRAME[["city", "age"]].iloc[:0].to_csv(tmp_path / "none.csv", index=False)
    (tmp_path / "gaps.csv").write_text("a,b,y\n,NA,0\n,?,1\n")
    gaps = read_table(tmp_path / "gaps.csv")
    found = solve(gaps.X, gaps.y, lam=0.1, n_jobs=1)
    assert found.predict(gaps.X).tolist() == [0.5, 0.5]


def test_choosing_literals_keeps_plain_tables_plain():
    """Where bits win, the solution is the one without columns; thresholds have the frame's names; conventions stay."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(0, 4, 120) / 3, "b": rng.integers(0, 2, 120)})
    y = (X.a > 0.5) ^ (X.a * 3 % 2 == 1)  # the exclusive or of the two bits of a
    model = fw_circuits.CircuitClassifierCV(n_lams=6, cv=3, n_jobs=1).fit(X, y)
    alone = fw_circuits.CircuitClassifierCV(n_lams=6, cv=3, n_jobs=1, literals="bits").fit(X, y)
    assert model.literals_ == "bits" and model.solution_.columns is None and model.columns_ is None
    np.testing.assert_array_equal(model.decision_function(X), alone.decision_function(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[["b", "a"]])
    steps = CircuitClassifier(literals="thresholds", lam=0.05, n_jobs=1).fit(X, y)
    assert (
        steps.columns_ is None
        and steps.solution_.raw_names == ("a", "b")
        and "a >= 0.5" in steps.solution_.feature_names
    )
    np.testing.assert_array_equal(steps.predict(X), steps.solution_.predict(X[["b", "a"]]))
    with pytest.raises(ValueError, match="NaN"):
        steps.predict(X.assign(a=np.nan))
    with pytest.raises(InputError, match="literals is 'auto'"):
        CircuitClassifier(literals="auto").fit(X, y)


def test_codes_decide_on_the_command_line(tmp_path, capsys):
    table = pd.DataFrame({"zip": ["01234", "1234", "A1"] * 10, "y": [5, 1, 3] * 10})
    solve(table[["zip"]], table.y, lam=1e-3, n_jobs=1).save(tmp_path / "s.npz")
    table[["zip"]].iloc[:2].to_csv(tmp_path / "new.csv", index=False)
    assert main(["predict", str(tmp_path / "s.npz"), str(tmp_path / "new.csv")]) == 0
    first, second = map(float, capsys.readouterr().out.split()[1:])
    assert first > 4.5 and second < 1.5


def test_a_warm_start_fills_gaps_alike():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 4.0, np.nan]})
    start = solve(X, [0, 1, 2, 3, 4], lam=0.01, n_jobs=1)
    with pytest.raises(InputError, match="warm_start is of another domain"):
        solve(X.assign(a=[0.0, 0.5, 1.0, 4.0, np.nan]), [0, 1, 2, 3, 4], lam=0.01, n_jobs=1, warm_start=start)
