"""Save and load: exact round trips, and clear words for files that are not ours."""

import functools
import json
import operator
import os
import stat
import warnings

import numpy as np
import pytest

from fw_circuits import load, solve
from fw_circuits.exceptions import FormatError
from fw_circuits.report.plots import plot_convergence


@pytest.fixture(scope="module")
def solution():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return solve(X, np.where(X[:, 0] * X[:, 1] > 0, "yes", "no"), loss="logistic", lam=0.005)


def test_round_trip_is_exact(solution, tmp_path):
    solution.save(tmp_path / "s.npz")
    again = load(tmp_path / "s.npz")
    X = np.random.default_rng(1).normal(size=(500, 3)) * 2
    assert np.array_equal(again.decision_function(X), solution.decision_function(X))
    assert np.array_equal(again.predict(X), solution.predict(X)) and again.classes.dtype == solution.classes.dtype
    assert again.atoms == solution.atoms and again.certificate == solution.certificate
    assert again.trace.steps == solution.trace.steps and again.status is solution.status
    assert again.norm == solution.norm and np.array_equal(again.dual_point, solution.dual_point)


def test_every_cut_and_every_flipped_byte_is_noticed_or_harmless(solution, tmp_path):
    solution.save(tmp_path / "s.npz")
    data = (tmp_path / "s.npz").read_bytes()
    rng = np.random.default_rng(0)
    bad = tmp_path / "bad.npz"
    for cut in [0, 1, 10, len(data) // 2, len(data) - 1]:
        bad.write_bytes(data[:cut])
        with pytest.raises(FormatError, match=r"bad\.npz"):
            load(bad)
    noticed = 0
    for place in rng.integers(0, len(data), 60):
        bad.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            again = load(bad)
        except FormatError:
            noticed += 1
        else:  # a byte that the archive does not use
            assert np.array_equal(again.coef, solution.coef) and again.atoms == solution.atoms
    assert noticed > 30


def test_foreign_files_are_named(solution, tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    header = np.frombuffer(json.dumps({"format": "something", "version": 1}).encode(), np.uint8)
    np.savez(tmp_path / "kind.npz", header=header)
    for name in ("other", "text", "kind"):
        with pytest.raises(FormatError, match=name):
            load(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing.npz")


def arrays_of(solution, file):
    solution.save(file)
    with np.load(file) as archive:
        return dict(archive)


WRONG = [
    (("version",), 99, "version 99"),
    (("atoms", 0, "gates"), [[8, 99, 1]], "inconsistent"),
    *[(("certificate", field), value, "inconsistent")  # loaded, it would fail at the first look
      for field, value in [("primal", "0.5"), ("form", [1]), ("form", "other"), ("tol", None), ("scope", 3),
                           ("max_gates", 1.5)]],
    *[(("settings", field), value, f"{field} is .*expected a finite number > 0")
      for field in ("gamma", "huber_threshold") for value in (0.0, -3.0, float("inf"), float("nan"))],
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "message"), WRONG, ids=str)
def test_a_header_with_another_entry_is_refused(solution, tmp_path, place, value, message):
    arrays = arrays_of(solution, tmp_path / "bad.npz")
    header = json.loads(bytes(arrays["header"]))
    functools.reduce(operator.getitem, place[:-1], header)[place[-1]] = value
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "bad.npz")


def test_an_infinite_count_in_the_trace_is_refused(solution, tmp_path):
    arrays = arrays_of(solution, tmp_path / "bad.npz")
    np.savez(tmp_path / "bad.npz", **{**arrays, "trace": np.full_like(arrays["trace"], np.inf)})
    with pytest.raises(FormatError, match="inconsistent"):
        load(tmp_path / "bad.npz")


def test_a_failed_save_leaves_the_old_file(solution, tmp_path, monkeypatch):
    target = tmp_path / "s.npz"
    solution.save(target)
    before = target.read_bytes()

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        solution.save(target)
    assert target.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["s.npz"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_names_the_file(solution, tmp_path, monkeypatch):
    """The system's own error of a failing write has no name in it."""
    monkeypatch.setattr(os, "fsync", lambda handle: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    for write, name in ((solution.save, "s.npz"), (lambda path: plot_convergence(solution, path), "s.png")):
        with pytest.raises(OSError, match=name):
            write(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_saved_file_has_the_permissions_of_any_new_file(solution, tmp_path):
    (tmp_path / "plain").touch()
    solution.save(tmp_path / "s.npz")
    plain, ours = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "s.npz"))
    assert ours == plain


def test_a_missing_folder_is_named_as_the_user_wrote_it(solution, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        solution.save(tmp_path / "nowhere" / "s.npz")
    assert caught.value.filename == str(tmp_path / "nowhere" / "s.npz")
