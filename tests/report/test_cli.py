"""The command line, as a user types it."""

import json
import warnings

import numpy as np
import pytest

from fw_circuits import load, solve
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
    assert "missing.csv" in err and "'x'" in err and "not a readable solution" in err and "Traceback" not in err
    with pytest.raises(SystemExit) as stop:
        main(["solve", str(bad), "--lam", "1", "--tau", "1"])
    assert stop.value.code == 2


def test_info(capsys):
    assert main(["info"]) == 0
    assert "numpy" in capsys.readouterr().out


def test_a_constant_target_scores_one_and_warns_of_nothing(tmp_path, capsys):
    data = tmp_path / "same.csv"
    data.write_text("a,b,y\n" + "0,1,0.1\n1,0,0.1\n1,1,0.1\n" * 7)
    with warnings.catch_warnings(action="error", category=RuntimeWarning):
        assert main(["solve", str(data), "--json", "--output", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["score"] == 1.0 and found["status"] == "OPTIMAL" and found["certificate"]["certified"]


def test_r2_needs_two_rows_in_each_fold(tmp_path, capsys):
    data = tmp_path / "few.csv"
    data.write_text("a,y\n" + "".join(f"{i},{i * i}\n" for i in range(9)))
    assert main(["solve", str(data), "--output", str(tmp_path)]) == 1
    assert "2 or more rows in each" in capsys.readouterr().err


def test_a_bad_output_folder_is_refused_before_the_work(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fw_circuits.cli.solving.run", lambda *_, **__: pytest.fail("solved first"))
    for below in (table, table / "deeper"):
        assert main(["solve", str(table), "--output", str(below)]) == 1
        assert "which is or lies in a file; name a folder" in capsys.readouterr().err
    monkeypatch.setattr("fw_circuits.cli.output.os.access", lambda *_: False)
    assert main(["solve", str(table), "--output", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "name another folder" in err


def test_levels_that_are_no_numbers(table, capsys):
    with pytest.raises(SystemExit):
        main(["solve", str(table), "--levels", "1,x"])
    assert "'1,x' is not a list of whole numbers such as 1,2,3" in capsys.readouterr().err


def no_constant(text):
    raise AssertionError(f"{text} is not JSON")


def test_json_is_json_also_where_nothing_is_finite(tmp_path, capsys):
    data = tmp_path / "noise.csv"
    y = np.random.default_rng(0).normal(size=40)
    data.write_text("a,b,y\n" + "".join(f"{i % 2},{i // 2 % 2},{v}\n" for i, v in enumerate(y)))
    assert main(["solve", str(data), "--eps", "1e-9", "--folds", "2", "--json", "--output", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    assert found["status"] == "INFEASIBLE" and found["certificate"]["primal"] is None
    assert found["certificate"]["loss"] == pytest.approx(found["certificate"]["least_loss"], rel=1e-5)
    assert main(["certify", found["written"]["solution"], str(data), "--json"]) == 1
    assert json.loads(capsys.readouterr().out, parse_constant=no_constant)["relative_gap"] is None


ODD = ["price_$", "cost_$ \\frac{1}{2} %d", "[red]fee[/red] ^2", "<b>tax</b> " + "long " * 30]


@pytest.fixture
def odd_table(tmp_path):
    X = np.random.default_rng(0).integers(0, 2, (60, 4))
    y = (X[:, 0] & X[:, 1]) | (X[:, 2] ^ X[:, 3])
    path = tmp_path / "[bold]odd$ $[red].csv"
    path.write_text(
        "\n".join([",".join([*ODD, "y"]), *(",".join(map(str, [*x, v])) for x, v in zip(X, y, strict=True))])
    )
    return path


def test_odd_names_are_printed_and_drawn_as_they_are(odd_table, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["solve", str(odd_table), "--folds", "2", "--output", str(out)]) == 0
    printed = capsys.readouterr()
    assert "was not written" not in printed.err and "[bold]odd$ $[red]: 60 rows" in printed.out
    text = " ".join(printed.out.split())
    assert all(word in text for word in ("price_$", "[red]fee[/red]", "<b>tax</b>"))
    assert sorted(p.suffix for p in out.iterdir()) == [".npz", ".png", ".png"]


def test_pictures_that_fail_cost_a_line_and_not_the_solution(table, tmp_path, capsys, monkeypatch):
    def broken(*_):
        assert [p.suffix for p in tmp_path.iterdir() if p.suffix == ".npz"], "drawn before the solution was saved"
        raise RuntimeError("no\nfonts")

    for name in ("plot_circuit", "plot_convergence"):
        monkeypatch.setattr(f"fw_circuits.cli.solving.{name}", broken)
    assert main(["solve", str(table), "--folds", "2", "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("was not written (RuntimeError: no fonts)") == 2
    assert "OPTIMAL" in printed.out and load(next(tmp_path.glob("*.npz"))).atoms


def test_a_full_disk_does_not_hide_the_result(table, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fw_circuits._archive.write_atomically", full)
    assert main(["solve", str(table), "--folds", "2", "--output", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert "OPTIMAL" in printed.out and "b ^ d" in printed.out and "the solution was not written" in printed.err


@pytest.mark.parametrize("extension", [".npz", "-circuit.png", "-convergence.png"])
def test_every_file_of_a_run_is_tried_before_the_work(extension, table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fw_circuits.cli.solving.run", lambda *_, **__: pytest.fail("solved first"))
    (tmp_path / f"fw-circuits-data{extension}").mkdir()
    assert main(["solve", str(table), "--output", str(tmp_path)]) == 1
    assert "it is a folder" in capsys.readouterr().err


def test_outputs_of_other_commands_are_tried_before_the_work(table, tmp_path, capsys, monkeypatch):
    for work in ("cli.saved.load", "cli.comparing.compare", "report.results.read_results"):
        monkeypatch.setattr(f"fw_circuits.{work}", lambda *_, **__: pytest.fail("worked first"))
    nowhere = str(tmp_path / "no" / "such" / "file")
    assert main(["predict", "model.npz", str(table), "--output", nowhere]) == 1
    assert main(["report", str(tmp_path), "--output", nowhere]) == 1
    (tmp_path / "fw-circuits-data-comparison.csv").mkdir()
    assert main(["compare", str(table), "--output", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("no file can be written") == 3


def test_labels_with_commas_are_one_column(tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("a,b,y\n" + '0,1,"no, never"\n1,0,yes\n1,1,yes\n0,0,"no, never"\n' * 5)
    assert main(["solve", str(data), "--folds", "2", "--output", str(tmp_path)]) == 0
    capsys.readouterr()
    saved = str(tmp_path / "fw-circuits-data.npz")
    assert main(["predict", saved, str(data), "--target", "y", "--output", str(tmp_path / "p.csv")]) == 0
    assert (tmp_path / "p.csv").read_text().splitlines()[:3] == ["prediction", '"no, never"', "yes"]


def test_one_time_limit_is_for_all_folds_and_the_last_fit(table, tmp_path, monkeypatch):
    limits = []

    def watched(*args, time_limit=None, **options):
        limits.append(time_limit)
        return solve(*args, time_limit=time_limit, **options)

    monkeypatch.setattr("fw_circuits.experiment.solve", watched)
    arguments = ["solve", str(table), "--folds", "3", "--output", str(tmp_path)]
    assert main([*arguments, "--time-limit", "600"]) == 0
    assert len(limits) == 4 and all(0 < limit <= 600 / (4 - i) for i, limit in enumerate(limits))
    limits.clear()
    assert main(arguments) == 0 and limits == [None] * 4


def test_more_than_two_labels_are_sent_to_the_estimator(tmp_path, capsys):
    table = tmp_path / "three.csv"
    table.write_text("a,b,label\n" + "0,0,low\n0,1,mid\n1,1,high\n" * 10, encoding="utf-8")
    for options in ([], ["--loss", "logistic"], ["--choose"]):
        assert main(["solve", str(table), "--output", str(tmp_path), *options]) == 1
        assert "3 labels" in (said := capsys.readouterr().err) and "fw_circuits.CircuitClassifier" in said
