"""Nothing is lost: what could fail after the work is tried before it, and what fails all the same costs a warning."""

import copy
import json
import os
import pickle
import threading
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import Lattice, Solution, certify, load, path, solve
from fw_circuits._files import check_writable, write_atomically
from fw_circuits._labels import from_json, plain_labels, to_json
from fw_circuits.estimators import CircuitRegressor, CircuitRegressorCV
from fw_circuits.exceptions import FormatError, InputError, PathError, SolverWarning
from fw_circuits.oracle import DictionaryOracle, OracleAnswer, make_oracle
from fw_circuits.pipeline import fit, problem

X = np.random.default_rng(0).integers(0, 2, (60, 4)).astype(float)
XOR = (X[:, 0] != X[:, 1]).astype(int)


@pytest.fixture
def no_work(monkeypatch):
    monkeypatch.setattr(problem, "make_oracle", lambda *args, **options: pytest.fail("worked first"))


@pytest.mark.parametrize("where", ["no/such/folder/c.npz", ".", "x" * 300, "data/c.npz", "a\0b", "", 3])
def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_work(where, tmp_path, monkeypatch, no_work):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").touch()
    with pytest.raises(InputError, match="checkpoint is") as caught:
        solve(X, XOR, checkpoint=where)
    assert isinstance(caught.value, OSError) == isinstance(where, str) and [p.name for p in tmp_path.iterdir()] == [
        "data"
    ]


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    real = os.open

    def denied(path, flags, *args, **options):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PathError, match="Permission denied"):
        check_writable(tmp_path / "c.npz")


def test_a_trial_keeps_an_old_file_and_leaves_nothing(tmp_path):
    old = tmp_path / "c.npz"
    old.write_bytes(b"old")
    assert check_writable(old) == old and check_writable(tmp_path / "new.npz") == tmp_path / "new.npz"
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"] and old.read_bytes() == b"old"


def test_devices_are_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert check_writable(pipe) == pipe
    write_atomically(pipe, b"through")
    assert os.read(reader, 100) == b"through" and pipe.is_fifo()
    os.close(reader)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), TypeError("what"), MemoryError()])
@pytest.mark.parametrize("pause", [0.0, 30.0])
def test_a_save_that_fails_during_or_after_the_run_is_a_warning(error, pause, tmp_path, monkeypatch):
    calls = []

    def full(*args):
        calls.append(args)
        raise error

    monkeypatch.setattr(Solution, "save", full)
    ticks = iter(range(10**6))
    clock = SimpleNamespace(perf_counter=lambda: 31.0 * next(ticks) if pause == 0.0 else 0.0)
    monkeypatch.setattr(fit, "time", clock)
    with pytest.warns(SolverWarning, match="checkpoint could not be saved"):
        solution = solve(X, XOR, lam=0.01, checkpoint=tmp_path / "c.npz", n_jobs=1)
    assert solution.certificate.certified and len(calls) == (1 if pause else 1 + len(solution.trace))


SCALARS = [np.float16, np.float32, np.float64, np.longdouble, np.array]


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("form", ["lam", "tau", "eps"])
def test_settings_of_any_number_type_are_saved_as_plain_numbers(kind, form, tmp_path):
    given_ = {"gamma": kind(3.0), "tol": kind(0.25), form: kind(0.125), "time_limit": kind(60.0)}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        solution = solve(X, XOR, checkpoint=tmp_path / "c.npz", n_jobs=np.int64(1), levels=np.array([1, 2]),
                         max_gates=np.uint8(2), max_iter=np.int16(9), **given_)  # fmt: skip
    again = load(tmp_path / "c.npz")
    assert again.parameter == 0.125 and again.gamma == 3.0 and again.certificate == solution.certificate
    for value in (solution.gamma, solution.parameter, solution.certificate.tol, *solution.lattice.levels):
        assert type(value) in (float, int)


def test_integers_of_numpy_are_numbers_too(tmp_path):
    solve(X, XOR, gamma=np.int64(3), lam=np.float32(0.01), levels=[np.int64(1)], n_jobs=1).save(tmp_path / "s.npz")
    assert load(tmp_path / "s.npz").gamma == 3.0
    solutions = path(X, XOR, lams=np.array([0.1, 0.01], dtype=np.float32), gamma=np.float32(3), n_jobs=1)
    solutions[-1].save(tmp_path / "s.npz")
    assert load(tmp_path / "s.npz").parameter == float(np.float32(0.01))


@pytest.mark.parametrize("value", [np.array([3.0, 4.0]), "3", Decimal(3), np.bool_(True), 3j, np.float64("nan")])
def test_other_settings_are_refused_before_the_work(value, no_work):
    with pytest.raises(InputError, match="gamma"):
        solve(X, XOR, gamma=value)


def objects(no, yes):
    found = np.empty(len(XOR), dtype=object)
    found[:] = [yes if v else no for v in XOR]
    return found


NATIVE = {
    "bytes": np.where(XOR, b"yes", b"no"), "text": np.where(XOR, "yes", "no"), "bool": XOR > 0,
    "int8": XOR.astype("i1"),
    "float32": np.where(XOR, np.float32(0.1), np.float32(7)), "longdouble": XOR.astype(np.longdouble) / 3,
    "days": np.where(XOR, np.datetime64("2020-01-02"), np.datetime64("1999-01-01")),
    "nanoseconds": np.where(XOR, np.datetime64(1, "ns"), np.datetime64(2, "ns")),
    "spans": np.where(XOR, np.timedelta64(1, "s"), np.timedelta64(2, "s")),
}  # fmt: skip
OBJECTS = {
    "text": ("no", "yes"), "numpy text": (np.str_("no"), np.str_("yes")), "int64": (np.int64(4), np.int64(9)),
    "bool": (False, True), "numpy bool": (np.False_, np.True_), "float": (0.1, float("inf")), "big": (1, 2**80),
    "float32": (np.float32(0.1), np.float32(0.2)), "bytes": (b"a", b"a\0"), "dates": (date(1, 1, 1), date(2020, 5, 1)),
    "times": (datetime(2020, 1, 1, 3, 4, 5, 6), datetime(2021, 1, 1)), "spans": (timedelta(1), timedelta(2, 3, 4)),
    "zones": (datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)),
    "decimals": (Decimal("0.10"), Decimal("1E+3")), "mixed": (1, 2.5),
}  # fmt: skip
FRAMES = {
    "categorical": pd.Series(np.where(XOR, "yes", "no"), dtype="category"), "Int64": pd.Series(XOR, dtype="Int64"),
    "boolean": pd.Series(XOR > 0, dtype="boolean"), "string": pd.Series(np.where(XOR, "yes", "no"), dtype="string"),
    "dates": pd.to_datetime(pd.Series(np.where(XOR, "2020-01-01", "2021-01-01"))), "list": [int(v) for v in XOR],
    "polars": pl.Series(np.where(XOR, "yes", "no")), "polars dates": pl.Series(XOR).cast(pl.Date),
    "StringDType": np.where(XOR, "yes", "no").astype(np.dtypes.StringDType()),
}  # fmt: skip
LABELS = {
    **{f"array of {name}": y for name, y in NATIVE.items()},
    **{f"objects: {name}": objects(*pair) for name, pair in OBJECTS.items()},
    **{f"others: {name}": y for name, y in FRAMES.items()},
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_that_are_taken_are_saved_and_predicted_as_they_were(name, tmp_path):
    y = LABELS[name]
    solution = solve(X, y, loss="logistic", lam=0.01, n_jobs=1, checkpoint=tmp_path / "c.npz")
    again = load(tmp_path / "c.npz")
    ours, theirs = solution.predict(X), again.predict(X)
    assert ours.dtype == theirs.dtype and [type(v) for v in ours] == [type(v) for v in theirs]
    assert ours.tolist() == theirs.tolist() == np.asarray(y).tolist()


@pytest.mark.parametrize(
    ("no", "yes"),
    [(Fraction(1, 2), Fraction(1, 3)), ((1, 2), (3, 4)), (pd.Timestamp(0, tz="UTC"), pd.Timestamp(1, tz="UTC")),
     (np.datetime64("2020-01-01", "ns"), np.datetime64("2021-01-01", "ns")), (frozenset("a"), frozenset("b"))],
)  # fmt: skip
def test_labels_that_no_file_can_store_are_refused_before_the_work(no, yes, no_work):
    with pytest.raises(InputError, match="labels that can be saved"):
        solve(X, objects(no, yes), loss="logistic")


VALUES = [st.text(), st.integers(), st.booleans(), st.binary(), st.dates(), st.datetimes(), st.timedeltas(),
          st.floats(allow_nan=False), st.decimals(allow_nan=False)]  # fmt: skip


@settings(max_examples=30)
@given(st.lists(st.one_of(VALUES), max_size=5))
def test_every_label_of_these_types_comes_back(values):
    labels = np.empty(len(values), dtype=object)
    labels[:] = values
    again = from_json(json.loads(json.dumps(to_json(plain_labels(labels)))))
    assert again.tolist() == values and [type(v) for v in again] == [type(v) for v in values]


def test_headers_are_json_also_without_a_bound(tmp_path):
    with pytest.warns(SolverWarning):
        solution = solve(X, np.random.default_rng(1).normal(size=60), eps=1e-9, n_jobs=1)
    assert not np.isfinite(solution.certificate.primal)
    solution.save(tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as archive:
        json.loads(bytes(archive["header"]), parse_constant=pytest.fail)
    assert load(tmp_path / "s.npz").certificate == solution.certificate


def test_files_of_before_are_read(tmp_path):
    solution = solve(X, np.where(XOR, "yes", "no"), loss="logistic", lam=0.01, n_jobs=1)
    solution.save(tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as archive:
        arrays = dict(archive)
    header = json.loads(bytes(arrays["header"]))
    settings = header.pop("settings")  # version 1 had those of the problem, each by itself
    header |= {"version": 1, "gamma": settings["gamma"], "loss": "logistic", "form": "lam", "parameter": 0.01}
    del header["certificate"]["loss"], header["certificate"]["least_loss"], arrays["classes"]
    header["classes"] = {"dtype": "<U3", "values": ["no", "yes"]}
    header["certificate"]["global_dual"] = float("-inf")  # as Infinity, which json writes and reads
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(tmp_path / "old.npz", **arrays)
    again = load(tmp_path / "old.npz")
    assert again.predict(X).tolist() == solution.predict(X).tolist() and again.settings == replace(
        solution.settings, n_jobs=None
    )
    assert again.certificate.global_dual == -np.inf
    del header["gamma"]  # without it the bounds would be those of another norm
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(tmp_path / "old.npz", **arrays)
    with pytest.raises(FormatError, match="gamma"):
        load(tmp_path / "old.npz")


def test_a_pickled_solution_leaves_an_oracle_of_ones_own_behind():
    oracle = make_oracle("subset", X.astype(float), Lattice.boolean(X.shape[1]), 3.0)
    oracle.lock = threading.Lock()  # which cannot be pickled
    solution = solve(X, XOR, lam=0.01, oracle=oracle)
    again, twin = pickle.loads(pickle.dumps(solution)), copy.deepcopy(solution)
    assert np.array_equal(again.predict(X), solution.predict(X)) and again.settings.oracle == "auto"
    assert twin.settings.oracle is oracle and certify(twin, X, XOR).certified


def test_a_callback_that_raises_leaves_a_checkpoint(tmp_path):
    def fails(run):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        solve(X, XOR, lam=0.01, n_jobs=1, callback=fails, checkpoint=tmp_path / "c.npz")
    assert len(load(tmp_path / "c.npz").trace) == 1


@pytest.mark.parametrize("wrong", [{"callback": "print"}, {"warm_start": "c.npz"}, {"warm_start": {}}])
def test_callbacks_and_warm_starts_of_other_kinds_are_refused(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} is .*expected a"):
        solve(X, XOR, n_jobs=1, **wrong)


def test_an_oracle_whose_atoms_have_no_values_elsewhere_is_refused():
    with pytest.raises(InputError, match="atoms of type ColumnAtom, which have no values at new points"):
        solve(X, XOR, oracle=DictionaryOracle(X))


def test_atoms_of_ones_own_that_can_be_called_predict():
    class Column:
        cost = 1

        def __init__(self, i):
            self.key = self.i = i

        def __call__(self, points):
            return 2.0 * np.asarray(points)[:, self.i] - 1.0

    class Columns:
        gamma, n_rows = 3.0, len(X)

        def search(self, weights, k=10, stop=None):
            atoms = [Column(i) for i in range(X.shape[1])]
            return OracleAnswer.of(atoms, weights @ self.evaluate(atoms), "single columns")

        def evaluate(self, atoms):
            return np.stack([atom(X) for atom in atoms], axis=1)

    solution = solve(X, X @ np.arange(X.shape[1]), oracle=Columns(), lam=1e-6)
    assert solution.certificate.certified
    np.testing.assert_allclose(solution.predict(X), X @ np.arange(X.shape[1]), atol=1e-2)


@pytest.mark.parametrize("name", ["gamma", "lam", "tau", "eps", "tol", "time_limit", "huber_threshold"])
def test_whole_numbers_beyond_all_floats_are_refused(name):
    with pytest.raises(InputError, match=f"- {name} is 1000"):
        solve(X, XOR, **{name: 10**400})


def test_estimators_take_settings_of_any_number_type():
    assert CircuitRegressor(max_gates=np.array(3), n_jobs=1).fit(X, XOR).score(X, XOR) > 0.99
    assert CircuitRegressorCV(ratio=Fraction(1, 100), n_lams=2, cv=2, n_jobs=1).fit(X, XOR).score(X, XOR) > 0.9
    assert len(path(X, XOR, n_lams=2, ratio=Fraction(1, 10), n_jobs=1)) == 2


@pytest.mark.parametrize("ratio", [0, 1, 1.5, "a", np.nan])
def test_a_ratio_outside_of_0_to_1_is_refused_with_what_is_expected(ratio):
    with pytest.raises(InputError, match=r"ratio is .*; expected a finite number > 0 and < 1\.$"):
        path(X, XOR, n_lams=2, ratio=ratio)
