"""Columns are matched by name wherever both sides have names: frames of every kind, models, circuits and the shell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits import Atom, CircuitClassifier, CircuitRegressor, Lattice, ResNet, certify, load, solve
from fw_circuits._tables import feature_names_of, same_columns
from fw_circuits._validation import check_X
from fw_circuits.circuits import Circuit
from fw_circuits.cli import main
from fw_circuits.data import read_table
from fw_circuits.exceptions import InputError
from fw_circuits.htmc import norm_bracket, rate
from fw_circuits.rounding import round_solution

pa = pytest.importorskip("pyarrow")
BITS = np.random.default_rng(0).integers(0, 2, (80, 4))
FRAME = pd.DataFrame(BITS, columns=list("abcd"))
Y = (FRAME.a - 2 * FRAME.d).to_numpy(dtype=float)
OTHER = FRAME[list("dcba")].assign(label="text", id=range(80))


@pytest.fixture(scope="module")
def solution():
    return solve(FRAME, Y, lam=0.01, n_jobs=1)


def polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


class Stream:
    """A table that speaks Arrow's protocol and nothing else."""

    def __init__(self, frame):
        self.table = pa.Table.from_pandas(frame)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


KINDS = {
    "pandas": lambda frame: frame,
    "polars": polars,
    "arrow table": pa.Table.from_pandas,
    "arrow batch": pa.RecordBatch.from_pandas,
    "arrow protocol": Stream,
    "structured array": lambda frame: frame.to_records(index=False),
    "nullable": lambda frame: frame.astype({c: "Int64" for c in "abcd"}),
    "nullable bool": lambda frame: frame.astype({c: "boolean" for c in "abcd"}),
    "arrow types": lambda frame: frame.astype({c: "double[pyarrow]" for c in "abcd"}),
    "sparse": lambda frame: frame.astype({c: pd.SparseDtype(int, 0) for c in "abcd"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_frame_is_put_in_order(solution, kind):
    table = KINDS[kind](OTHER)
    np.testing.assert_array_equal(solution.predict(table), solution.predict(BITS))
    np.testing.assert_allclose(solution.to_resnet().forward(table), solution.predict(BITS))
    assert certify(solution, table, Y, n_jobs=1) == certify(solution, BITS, Y, n_jobs=1)
    assert feature_names_of(KINDS[kind](FRAME)) == tuple("abcd")
    assert solve(KINDS[kind](FRAME), Y, lam=1.0, n_jobs=1).feature_names == tuple("abcd")


@given(st.permutations("abcdxyz"), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_order_and_company_change_nothing(order, n_extra):
    frame = FRAME.assign(x=1.5, y="text", z=None)[[c for c in order if c in "abcd" + "xyz"[:n_extra]]]
    np.testing.assert_array_equal(check_X(frame, names="abcd"), BITS)


def test_everything_that_reads_a_table_beside_a_model(solution):
    rounded = round_solution(solution, 4)
    np.testing.assert_array_equal(rounded.predict(OTHER), rounded.predict(BITS))
    again = round_solution(solution, X=OTHER)
    assert again.deviation == round_solution(solution, X=BITS).deviation
    assert norm_bracket(solution, OTHER, Y, n_jobs=1) == norm_bracket(solution, BITS, Y, n_jobs=1)
    path = [solve(FRAME, Y, lam=lam, n_jobs=1) for lam in (0.3, 0.1, 0.03)]
    assert rate(path, OTHER, Y).errors.tolist() == rate(path, BITS, Y).errors.tolist()
    pruned = solution.to_resnet().prune(1000, random_state=0, domain=(0, 1)).resnet
    np.testing.assert_allclose(pruned.forward(OTHER), pruned.forward(BITS))


def test_missing_columns_are_named(solution):
    for call in (
        solution.predict,
        solution.decision_function,
        solution.to_resnet().forward,
        round_solution(solution, 2).predict,
        lambda X: certify(solution, X, Y),
        lambda X: norm_bracket(solution, X, Y),
    ):
        with pytest.raises(InputError, match=r"lacks the column 'a'; it has 'zzz', 'b', 'c', 'd', expected 'a'"):
            call(FRAME.rename(columns={"a": "zzz"}))
        with pytest.raises(InputError, match="lacks the columns 'a', 'd'"):
            call(FRAME[["b", "c"]])
    with pytest.raises(InputError, match="X has 3 features, but the model is expecting 4"):
        solution.predict(BITS[:, :3])


def test_text_among_the_needed_columns_and_names_twice(solution):
    with pytest.raises(InputError, match=r"column 'b' is not numeric .*for example 'red'"):
        solution.predict(FRAME.assign(b=pd.Series([1, "red"] * 40, dtype=object)))
    with pytest.raises(InputError, match=r"column 'a' is not numeric .type interval"):
        solution.predict(FRAME.assign(a=pd.interval_range(0, 80)))
    with pytest.raises(InputError, match="'a' occurs twice"):
        solution.predict(pd.concat([FRAME, FRAME[["a"]]], axis=1))
    with pytest.raises(InputError, match="'0' occurs twice"):
        check_X(pd.DataFrame(np.eye(2), columns=[0, "0"]))
    with pytest.raises(InputError, match="NaN at row 79"):
        solution.predict(FRAME.assign(b=pd.array([1] * 79 + [None], dtype="Int64")))


REFUSED = {
    "lazy": (lambda: polars(FRAME).lazy(), r"polars LazyFrame.*collect\(\) it first"),
    "list": (lambda: FRAME.to_dict("list"), r"X is a dictionary.*: pass pandas\.DataFrame"),
    "records": (lambda: FRAME.to_dict("records"), r"X is a list of dictionaries.*: pass pandas\.DataFrame"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_lazy_frames_and_dictionaries_are_refused(solution, kind):
    make, message = REFUSED[kind]
    for call in (
        solution.predict,
        solution.to_resnet().forward,
        lambda X: CircuitRegressor(n_jobs=1).fit(X, Y),
        lambda X: solve(X, Y, n_jobs=1),
    ):
        with pytest.raises(InputError, match=message):
            call(make())


@pytest.mark.filterwarnings("error")
def test_a_solution_without_names():
    plain = solve(BITS, Y, lam=0.01, n_jobs=1)
    want = plain.predict(BITS)
    with pytest.warns(UserWarning, match="'a', 'b', 'c', 'd', but the model was fitted without names"):
        np.testing.assert_array_equal(plain.predict(FRAME), want)
    numbered = pd.DataFrame(BITS)
    assert solve(numbered, Y, lam=1.0, n_jobs=1).feature_names == plain.feature_names
    for table in (numbered, numbered[[3, 1, 0, 2]], numbered.assign(y=Y)):
        np.testing.assert_array_equal(plain.predict(table), want)
    for names in (["x1", "x2", "x3", "x4"], ["x0", "x1", "x2", "b"]):
        with pytest.raises(InputError, match="lacks the column 'x"):
            plain.predict(FRAME.set_axis(names, axis=1))
    with pytest.raises(InputError, match="lacks the columns"):
        plain.predict(OTHER)


def test_years_as_names():
    frame = pd.DataFrame(BITS, columns=[2019, 2020, 2021, 2022])
    fitted = solve(frame, Y, lam=0.01, n_jobs=1)
    assert fitted.feature_names == ("2019", "2020", "2021", "2022")
    np.testing.assert_array_equal(fitted.predict(frame[[2022, 2020, 2019, 2021]]), fitted.predict(BITS))


def test_numbers_as_names_in_another_order_at_the_fit():
    """Columns 0, 1, 2, ... in order have names where the model knows them: a frame whose columns were mixed."""
    mixed = FRAME.set_axis([3, 1, 0, 2], axis=1)
    model = solve(mixed, Y, lam=0.01, n_jobs=1)
    some = solve(mixed[[3, 1, 2]], Y, lam=0.01, n_jobs=1)
    np.testing.assert_array_equal(model.predict(mixed[[0, 1, 2, 3]]), model.predict(mixed))
    np.testing.assert_array_equal(some.predict(mixed[[0, 1, 2, 3]]), some.predict(mixed))
    network = model.to_resnet()
    np.testing.assert_array_equal(network.forward(mixed[[0, 1, 2, 3]]), network.forward(mixed))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("fitted, asked", [([3, 1, 0, 2], [0, 1, 2, 3]), ([0, 1, 2, 3], [3, 1, 0, 2])])
def test_estimators_refuse_numbered_columns_in_another_order(fitted, asked):
    frame = FRAME.set_axis(fitted, axis=1)
    model = CircuitRegressor(lam=0.01, n_jobs=1).fit(frame, Y)
    np.testing.assert_array_equal(model.predict(frame), model.predict(frame.to_numpy()))
    with pytest.raises(InputError, match=rf"feature names should match.*X has \['{asked[0]}'"):
        model.predict(frame[asked])


def test_files_with_a_name_twice_and_structured_arrays(tmp_path):
    file = tmp_path / "t.npz"
    np.savez(file, X=BITS, y=Y, feature_names=list("aabc"))
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table([[0, 1]] * 3, names=["a", "a", "y"]), tmp_path / "t.parquet")
    for path in (file, tmp_path / "t.parquet"):
        with pytest.raises(InputError, match="column name 'a' occurs twice"):
            read_table(path)
    np.savez(file, X=FRAME[list("dcba")].to_records(index=False), y=Y)
    assert read_table(file).feature_names == tuple("dcba")
    np.testing.assert_array_equal(read_table(file, features=list("abcd")).X, BITS)


def test_warm_starts_need_the_same_columns(solution):
    for frame in (FRAME[list("dcba")], FRAME.rename(columns={"a": "z"})):
        with pytest.raises(InputError, match="warm_start was fitted on the columns 'a', 'b'"):
            solve(frame, Y, lam=0.01, n_jobs=1, warm_start=solution)
    for table in (FRAME, BITS):
        assert solve(table, Y, lam=0.01, n_jobs=1, warm_start=solution).certificate.certified
    assert not same_columns(["x1", "x0"], ["x0", "x1"]) and not same_columns(["a"], ["b"])


def test_circuits_match_the_names_of_their_inputs():
    circuit = Circuit(2, ((2, 1, 2),), (6,), input_names=("p", "q"))  # p and not q
    want = circuit.evaluate(np.array([[1, 0], [1, 1], [0, 0]]))
    frame = pd.DataFrame({"id": ["u", "v", "w"], "q": [0, 1, 0], "p": [1, 1, 0]})
    for table in (frame, polars(frame), pa.Table.from_pandas(frame), frame.astype({"p": "boolean"})):
        np.testing.assert_array_equal(circuit.evaluate(table), want)
    with pytest.raises(InputError, match="bits lacks the column 'p'"):
        circuit.evaluate(frame[["id", "q"]])
    with pytest.raises(InputError, match="bits contain 2"):
        circuit.evaluate(frame.assign(q=2))


def test_lattices_atoms_and_networks_take_every_frame():
    nullable, arrow = FRAME.astype("Int64"), pa.Table.from_pandas(FRAME)
    lattice = Lattice.fit(nullable, levels=(1, 2))
    np.testing.assert_array_equal(lattice.transform(arrow), lattice.transform(BITS))
    atom = Atom(Circuit(1, (), (2,)), 1, (2,), lattice)
    np.testing.assert_array_equal(atom(nullable), atom(BITS))
    net = ResNet(np.eye(4), np.zeros(4), [], np.ones((1, 4)), [0.0])
    np.testing.assert_array_equal(net.forward(nullable), BITS.sum(axis=1))
    with pytest.raises(InputError, match="3 feature_names for 4 inputs"):
        ResNet(np.eye(4), np.zeros(4), [], np.ones((1, 4)), [0.0], feature_names=("a", "b", "c"))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow table", "arrow batch"])
def test_estimators_know_the_names_of_every_kind(kind):
    table = KINDS[kind](FRAME)
    for model, target in ((CircuitRegressor(lam=0.1, n_jobs=1), Y), (CircuitClassifier(lam=0.1, n_jobs=1), Y > 0)):
        model.fit(table, target).predict(table)
        assert model.feature_names_in_.tolist() == list("abcd") == list(model.solution_.feature_names)
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(KINDS[kind](FRAME[list("dcba")]))
        assert not hasattr(model.fit(BITS, target), "feature_names_in_")


# --- at the shell ---


@pytest.fixture
def saved(tmp_path):
    y = FRAME.a & (1 - FRAME.c)
    solve(FRAME[["a", "b", "c"]], y, lam=0.01, n_jobs=1).save(tmp_path / "model.npz")
    return tmp_path / "model.npz", FRAME[["a", "b", "c"]].assign(label=y)


TABLES = {
    "as it was": lambda t: t,
    "label first": lambda t: t[["label", "a", "b", "c"]],
    "no label": lambda t: t[["a", "b", "c"]],
    "id instead": lambda t: t[["a", "b", "c"]].set_index(pd.Index(range(80), name="id")).reset_index(),
    "text beside": lambda t: t[["c", "b", "label", "a"]].assign(city="Rome"),
}


def predict(capsys, *words):
    code = main(["predict", *map(str, words)])
    out = capsys.readouterr()
    return [float(v) for v in out.out.split()[1:]] if code == 0 else out.err


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
@pytest.mark.parametrize("case", TABLES)
def test_predict_goes_by_name(saved, tmp_path, capsys, case, ending):
    model, table = saved
    frame, file = TABLES[case](table), tmp_path / f"t.{ending}"
    if ending == "parquet":
        frame.to_parquet(file)
    else:
        frame.to_csv(file, index=False, sep="\t" if ending == "tsv" else ",")
    want = load(model).predict(table).tolist()
    assert predict(capsys, model, file) == want
    if "label" in frame:
        assert predict(capsys, model, file, "--target", "label") == want


def test_predict_on_tables_that_do_not_fit(saved, tmp_path, capsys):
    model, table = saved
    file = tmp_path / "t.csv"
    table[["a", "c"]].assign(z=1).to_csv(file, index=False)
    assert "lacks the column 'b'" in predict(capsys, model, file)
    table.to_csv(file, index=False, header=False)
    assert "4 columns without names" in predict(capsys, model, file) and "--target" in predict(capsys, model, file)
    want = load(model).predict(table).tolist()
    assert predict(capsys, model, file, "--target", "-1") == want
    table[["a", "b", "c"]].to_csv(file, index=False, header=False)
    assert predict(capsys, model, file) == predict(capsys, model, file, "--no-header") == want
    assert len(predict(capsys, model, file, "--header")) != 80  # line 1 as names: they are others
    np.savez(tmp_path / "named.npz", X=table[["c", "a", "b"]].to_numpy(), feature_names=np.array(["c", "a", "b"]))
    assert predict(capsys, model, tmp_path / "named.npz") == want
    assert "header and delimiter are for delimited text" in predict(capsys, model, tmp_path / "named.npz", "--header")


def test_one_feature_and_no_target(tmp_path, capsys):
    solve(FRAME[["a"]], FRAME.a, lam=0.01, n_jobs=1).save(tmp_path / "m.npz")
    FRAME[["a"]].to_csv(tmp_path / "t.csv", index=False)
    assert len(predict(capsys, tmp_path / "m.npz", tmp_path / "t.csv")) == 80


def test_certify_goes_by_name(saved, tmp_path, capsys):
    model, table = saved
    file = tmp_path / "t.csv"
    for frame, words in (
        (table, []),
        (table[["c", "label", "a", "b"]], []),
        (table[["c", "b", "a", "label"]].assign(id=range(80)), ["--target", "label"]),
    ):
        frame.to_csv(file, index=False)
        assert main(["certify", str(model), str(file), *words]) == 0
    table[["a", "label", "b"]].assign(id=1, c=0).to_csv(file, index=False)
    assert main(["certify", str(model), str(file)]) == 1
    assert "'label', 'id' beside the features; which one is the target" in capsys.readouterr().err


def test_read_table_in_the_order_of_a_solution(tmp_path):
    file = tmp_path / "t.csv"
    OTHER.to_csv(file, index=False)
    data = read_table(file, "id", features=tuple("abcd"))
    np.testing.assert_array_equal(data.X, BITS)
    assert data.feature_names == tuple("abcd") and data.y.tolist() == list(range(80))
    (tmp_path / "t.pla").write_text(".i 2\n.o 1\n.ilb b a\n.ob f\n.type fr\n01 1\n10 0\n")
    assert read_table(tmp_path / "t.pla", features=("a", "b")).X.tolist() == [[1, 0], [0, 1]]


def test_solutions_by_hand_may_have_no_names(solution):
    bare = replace(solution, feature_names=())
    np.testing.assert_array_equal(bare.predict(BITS), solution.predict(BITS))
