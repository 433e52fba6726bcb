"""The command line, as a user types it."""

import json
import warnings

import numpy as np
import pytest

from fw_circuits import load
from fw_circuits.cli import main


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (200, 5))
    y = np.where(X[:, 1] ^ X[:, 3], "on", "off")
    path = tmp_path / "data.csv"
    rows = ["a,b,c,d,e,state", *(",".join([*map(str, row), label]) for row, label in zip(X, y, strict=True))]
    path.write_text("\n".join(rows))
    return path


def test_solve_prints_what_a_user_needs(table, tmp_path, capsys):
    assert main(["solve", str(table), "--target", "state", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for words in ("OPTIMAL", "certified", "b ^ d", "Held-out accuracy", "Compiled ResNet", "deviation"):
        assert words in out, words
    files = {p.name: p for p in tmp_path.iterdir()}
    pictures = [p for name, p in files.items() if name.endswith(".png")]
    assert len(pictures) == 2 and all(p.read_bytes()[:4] == b"\x89PNG" for p in pictures)
    saved = next(p for name, p in files.items() if name.endswith(".npz"))
    assert main(["certify", str(saved), str(table), "--target", "state"]) == 0
    assert main(["predict", str(saved), str(table), "--target", "state"]) == 0
    out = capsys.readouterr().out
    labels = [line.rsplit(",", 1)[1] for line in table.read_text().splitlines()[1:]]
    assert out[out.index("prediction") :].split()[1:] == labels
    assert load(saved).feature_names == ("a", "b", "c", "d", "e")


def test_json_for_machines(table, tmp_path, capsys):
    assert main(["solve", str(table), "--lam", "0.01", "--json", "--output", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["certificate"]["certified"] and result["metric"] == "accuracy" and result["score"] == 1.0
    assert result["resnet"]["deviation"] < 1e-9


def test_errors_are_one_line_and_say_what_to_do(tmp_path, capsys):
    assert main(["solve", str(tmp_path / "missing.csv")]) == 1
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b,y\n" + "1,x,0\n0,1,1\n" * 10)
    assert main(["solve", str(bad), "--target", "y"]) == 1
    assert main(["predict", str(bad), str(bad)]) == 1
    err = capsys.readouterr().err
    assert (
        "missing.csv" in err and "'x'" in err and "not a readable solution" in err and "Traceback" not in err
    )
    with pytest.raises(SystemExit) as stop:
        main(["solve", str(bad), "--lam", "1", "--tau", "1"])
    assert stop.value.code == 2


def test_info(capsys):
    assert main(["info"]) == 0
    assert "numpy" in capsys.readouterr().out


@pytest.fixture(autouse=True)
def keep_warnings():
    with warnings.catch_warnings():
        yield


def test_a_constant_target_scores_one_and_warns_of_nothing(tmp_path, capsys):
    data = tmp_path / "same.csv"
    data.write_text("a,b,y\n" + "0,1,0.1\n1,0,0.1\n1,1,0.1\n" * 7)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert main(["solve", str(data), "--json", "--output", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["score"] == 1.0 and found["status"] == "OPTIMAL" and found["certificate"]["certified"]


def test_r2_needs_two_rows_in_each_fold(tmp_path, capsys):
    data = tmp_path / "few.csv"
    data.write_text("a,y\n" + "".join(f"{i},{i * i}\n" for i in range(9)))
    assert main(["solve", str(data), "--output", str(tmp_path)]) == 1
    assert "2 or more rows in each" in capsys.readouterr().err


def test_a_bad_output_folder_is_refused_before_the_work(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fw_circuits.cli.run", lambda *args, **options: pytest.fail("solved first"))
    assert main(["solve", str(table), "--output", str(table)]) == 1
    monkeypatch.setattr("fw_circuits.cli.os.access", lambda path, mode: False)
    assert main(["solve", str(table), "--output", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "data.csv" in err and "name another folder" in err


def test_levels_that_are_no_numbers(table, capsys):
    with pytest.raises(SystemExit):
        main(["solve", str(table), "--levels", "1,x"])
    assert "'1,x' is not a list of whole numbers such as 1,2,3" in capsys.readouterr().err


def test_more_than_two_labels_are_sent_to_the_estimator(tmp_path, capsys):
    table = tmp_path / "three.csv"
    table.write_text("a,b,label\n" + "0,0,low\n0,1,mid\n1,1,high\n" * 10, encoding="utf-8")
    for options in ([], ["--loss", "logistic"], ["--choose"]):
        assert main(["solve", str(table), "--output", str(tmp_path), *options]) == 1
        assert "3 labels" in (said := capsys.readouterr().err) and "fw_circuits.CircuitClassifier" in said
