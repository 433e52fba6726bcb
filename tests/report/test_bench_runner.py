"""The runner of the benchmarks, on a small made suite: what is finished stays, what is not runs again.

The runner's own files are copied beside made benchmarks and run as a user runs them; nothing of it is imported here.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fw_circuits.cli import main

RUNNER = Path(__file__).resolve().parents[2] / "benchmarks"
COUNT = 'open(__file__ + ".runs", "a").write("x")'  # how often a part was run
PARTS = {
    "fine": f'''"""Is it fine?"""
from benchmarks._common import Table, check_targets, tell
SEED, SIZE = 3, (1, 2)
def run(quick, only=None):
    {COUNT}
    table = Table(["x", "y"])
    table.add(1, 0.5)
    table.show("fine_rows")
    tell(f"All {{only}} fine.", "Small.")
    return check_targets([("y", 0.5, ">=", 0.1)])
''',
    "drawn": f'''"""Is there a figure?"""
from benchmarks import _figures
from benchmarks._common import save_figure
def run(quick):
    {COUNT}
    figure, (axis,) = _figures.panels()
    _figures.lines(axis, {{"a": ([1, 2], [3, 4])}})
    save_figure(figure, "drawn", "A line")
''',
    "low": f'''"""Is it high?"""
from benchmarks._common import check_targets
def run(quick):
    {COUNT}
    return check_targets([("y", 0.5, ">=", 0.9)])
''',
    "broken": f'''"""Does it end?"""
def run(quick):
    {COUNT}
    raise ValueError("seven is not eight")
''',
    "killed": f'''"""Does it survive?"""
import os, signal
def run(quick):
    {COUNT}
    print("before", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
''',
    "without": f'''"""Is the peer there?"""
def run(quick):
    {COUNT}
    import a_peer_that_nobody_installed
''',
    "asks": f'''"""Are the data there?"""
from benchmarks._common import Skipped
def run(quick):
    {COUNT}
    raise Skipped("give the data with --data")
''',
}


@pytest.fixture
def suite(tmp_path):
    """A folder with benchmarks/: the runner and nothing else."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    for path in RUNNER.glob("_*.py"):
        shutil.copy(path, folder)
    return tmp_path


def add(suite, **parts):
    for name, text in parts.items():
        (suite / "benchmarks" / f"{name}.py").write_text(text)


def bench(suite, *arguments):
    """What python -m benchmarks does: the same without the command line of the package, which takes long to import."""
    line = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(line, cwd=suite, capture_output=True, text=True, timeout=300)


def record(suite, name, mode="quick"):
    return json.loads((suite / "benchmarks" / "results" / mode / f"{name}.run.json").read_text())


def runs(suite):
    return {p.name.split(".")[0]: len(p.read_text()) for p in (suite / "benchmarks").glob("*.runs")}


def test_a_suite_is_run_once_and_goes_on_where_it_failed(suite):
    add(suite, **PARTS)
    first = bench(suite, "--quick")
    assert first.returncode == 1, first.stderr
    folder = suite / "benchmarks" / "results" / "quick"
    ended = {
        "fine": ("ok", ""),
        "drawn": ("ok", ""),
        "low": ("missed", "0.9"),
        "broken": ("failed", "stopped by ValueError: seven is not eight"),
        "killed": ("failed", "SIGKILL"),
        "without": ("skipped", "a_peer"),
        "asks": ("skipped", "give the data with --data"),
    }
    for name, (status, words) in ended.items():
        found = record(suite, name)
        assert found["status"] == status and words in " ".join(found["sentences"]), found
    fine = record(suite, "fine")
    assert fine["seed"] == 3 and fine["config"] == {"SIZE": [1, 2]} and fine["mode"] == "quick"
    assert fine["finding"] == "All None fine." and fine["caveat"] == "Small."
    assert fine["targets"] == [{"sentence": "y: 0.5 (target >= 0.1)", "met": True}]
    assert fine["seconds"] >= 0 and fine["cpu_seconds"] > 0 and fine["date"] and fine["commit"]
    assert fine["versions"]["fw_circuits"] and "cores" in fine["machine"]
    assert (folder / "fine_rows.csv").exists() and (folder / "fine.log").read_text()
    assert record(suite, "drawn")["figures"] == [{"name": "drawn", "caption": "A line"}]
    picture = (folder / "drawn.png").read_bytes()
    assert picture[:4] == b"\x89PNG" and len(picture) < 60_000
    assert "before" in (folder / "killed.log").read_text() and "before" in first.stdout
    assert "Traceback" in (folder / "broken.log").read_text()
    text = (folder / "report.html").read_text()
    for words in ("All None fine.", "seven is not eight", "give the data", "Skipped: asks, without."):
        assert words in text
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]

    second = bench(suite, "--quick")
    again = {"broken", "killed", "without", "asks"}
    assert runs(suite) == {name: 1 + (name in again) for name in PARTS}
    assert second.returncode == 1
    assert f"fine: finished {fine['date']} on commit {fine['commit']}" in second.stdout
    assert "--again runs it again" in second.stdout and record(suite, "fine") == fine


def test_modes_options_and_again(suite):
    add(suite, fine=PARTS["fine"])

    def run(*arguments):
        """How often the part was run, this time included."""
        done = bench(suite, *arguments)
        assert done.returncode == 0, done.stderr
        return runs(suite)["fine"], done.stdout

    assert run("fine", "--quick", "--only", "3")[0] == 1
    assert record(suite, "fine")["options"] == {"only": "3"}
    assert record(suite, "fine")["finding"] == "All 3 fine."
    assert run("--quick")[0] == 1  # options not given fit any run
    assert run("--quick", "--only", "4")[0] == 2
    assert run("fine")[0] == 3
    assert record(suite, "fine", "full")["mode"] == "full"
    assert record(suite, "fine")["options"] == {"only": "4"}
    add(suite, fine=PARTS["fine"] + "# changed\n")
    count, said = run("--quick")
    assert count == 3 and "its file has changed since" in said
    assert run("--quick", "--again", "--seconds", "5")[0] == 4
    assert record(suite, "fine")["options"] == {}  # of another benchmark


def test_the_list_and_a_wrong_name(suite):
    add(suite, fine=PARTS["fine"])
    assert bench(suite, "--list").stdout.split(maxsplit=2) == ["fine", "-", "Is it fine?\n"]
    wrong = bench(suite, "fien")
    assert wrong.returncode == 2 and "fien" in wrong.stderr and "known: fine" in wrong.stderr


def test_an_interrupted_part_is_reported_and_rerun(suite):
    add(suite, slow=f'''"""Is it slow?"""
import os, time
def run(quick):
    {COUNT}
    print("pid", os.getpid(), flush=True)
    time.sleep(0.0 if os.path.exists("go") else 300.0)
''')  # fmt: skip
    line = [sys.executable, "-m", "fw_circuits", "bench", "--quick"]
    process = subprocess.Popen(line, cwd=suite, stdout=subprocess.PIPE, text=True)
    line = next(line for line in process.stdout if line.startswith("pid"))
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "the same command goes on from here" in rest
    assert record(suite, "slow")["status"] == "interrupted"
    stat = Path(f"/proc/{line.split()[1]}")
    deadline = time.monotonic() + 10
    while stat.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not stat.exists(), "the part outlives its runner"
    (suite / "go").touch()
    assert bench(suite, "--quick").returncode == 0 and runs(suite) == {"slow": 2}
    assert record(suite, "slow")["status"] == "ok"


def test_outside_a_checkout_the_error_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "--quick"]) == 1
    assert "top folder of a checkout" in capsys.readouterr().err
