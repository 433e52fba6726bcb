"""Domain maps, literals and unique vertex rows."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, codes, triangulate
from fw_circuits.lattice import lattice as lattice_module
from fw_circuits.lattice.rows import PointRows


def unpack_bits(words, n_rows):
    bits = np.unpackbits(words.view(np.uint8).reshape(len(words), -1), axis=1, bitorder="little")
    assert not bits[:, n_rows:].any(), "padding must be zero"
    return bits[:, :n_rows].T


@pytest.mark.parametrize("domain", ["minmax", "quantile"])
def test_rows_reconstruct_the_points(kernels, domain, monkeypatch):
    monkeypatch.setattr(lattice_module, "BLOCK_BYTES", 1)  # blocks of 64 points
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5)) ** 3
    X[:, 2] = np.rint(X[:, 2])
    lattice = Lattice.fit(X, levels=(3, 1), domain=domain)
    for level in lattice.levels:
        rows = lattice.rows(X, level)
        bits = unpack_bits(rows.words, rows.n_rows)
        assert rows.words.shape == (5 * level, (rows.n_rows + 63) // 64) and rows.n_literals == 5 * level
        assert rows.words.flags.c_contiguous and len(np.unique(bits, axis=0)) == rows.n_rows
        v = bits.reshape(-1, 5, level) @ (1 << np.arange(level))
        unit = rows.push(v / (2**level - 1))
        np.testing.assert_allclose(unit, lattice.transform(X), atol=1e-12)
        assert np.all(rows.barycentric.sum(axis=1) == 1)
        g, c = rng.normal(size=300), rng.normal(size=rows.n_rows)
        assert np.isclose(rows.pull(g) @ c, g @ rows.push(c))


def test_boolean_rows_are_the_data():
    X = np.random.default_rng(1).integers(0, 2, (500, 70))
    X[250:] = X[:250]
    for data in (X, X.astype(bool), X.astype(np.uint8), X.astype(float)):
        rows = Lattice.boolean(70).rows(data, 1)
        assert rows.n_rows == 250 and rows.barycentric.nnz == 500
        assert np.array_equal(unpack_bits(rows.words, 250)[rows.barycentric.indices], X)


def test_vertices_of_a_point_are_shared_between_neighbours():
    """Two points of one cell meet the same vertices: unique rows, not one row per point."""
    rows = Lattice.boolean(2).rows([[0.1, 0.2], [0.2, 0.3], [0.3, 0.2]], 1)
    assert rows.n_rows == 4  # 00, 01, 11 and, beyond the diagonal, 10


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.sampled_from(["minmax", "quantile"]))
@example([0.0, 1.0, 1.0, 2.0, 2.2250738585072014e-308, -84929.0], "quantile")
@settings(max_examples=60, deadline=None)
def test_domain_map_is_monotone_onto_the_interval(values, domain):
    X = np.array(values)[:, None]
    lattice = Lattice.fit(X, levels=(2,), domain=domain)
    (knots,) = lattice.knots
    assert np.all(np.diff(knots) > 0)
    below = np.nextafter(X[:, 0], -np.inf)
    queries = np.sort(np.concatenate([X[:, 0], below, [X.min() - 1, X.max() + 1]]))[:, None]
    unit = lattice.transform(queries)[:, 0]
    assert np.all(np.diff(unit) >= 0) and unit.min() >= 0 and unit.max() <= 1
    assert unit[0] == 0 and unit[-1] == (1.0 if len(knots) > 1 else 0.0)
    np.testing.assert_allclose(
        lattice.transform(np.array(knots)[:, None])[:, 0], np.linspace(0, 1, len(knots)), atol=1e-15
    )


def test_quantile_cells_contain_equally_many_rows():
    X = np.random.default_rng(0).lognormal(sigma=3, size=(4001, 1))
    unit = Lattice.fit(X, levels=(1, 3), domain="quantile").transform(X)[:, 0]
    counts = np.histogram(unit, bins=7, range=(0, 1))[0]
    assert counts.min() > 560 and counts.max() < 580


def test_constant_columns_and_selected_columns():
    X = np.array([[1.0, 5.0, 0.0], [3.0, 5.0, 2.0]])
    lattice = Lattice.fit(X, levels=(2,))
    assert lattice.transform([[2.0, 9.0, 7.0]]).tolist() == [[0.5, 0.0, 1.0]]
    assert lattice.transform([[2.0, 9.0, 1.0]], columns=[2, 0]).tolist() == [[0.5, 0.5]]
    assert lattice.transform(X.astype(int)).dtype == np.float64


def test_literals_and_names():
    lattice = Lattice.fit([[0.0, 0.0]], levels=(1, 3))
    assert lattice.n_literals(3) == 6 and lattice.literal(3, 5) == (1, 2)
    assert lattice.literal_name(1, 1) == "x1" and lattice.literal_name(3, 4, ["a", "b"]) == "b[1]"
    for bad in (
        lambda: lattice.literal(3, 6),
        lambda: lattice.n_literals(2),
        lambda: lattice.literal_name(1, 0, ["a"]),
    ):
        with pytest.raises(InputError, match=r"expected|has levels"):
            bad()


def test_literal_order_matches_the_keys():
    """Bit p of coordinate i is literal i * level + p."""
    X = np.array([[6 / 7, 1 / 7, 4 / 7]])
    lattice = Lattice(3, (3,), ((0.0, 1.0),) * 3)
    bits = unpack_bits(lattice.rows(X, 3).words, 1)[0]
    assert bits.tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 1]
    _, keys, _ = triangulate(X * 7, 3)
    assert codes(keys, 3, 3).tolist() == [[6, 1, 4]]


def test_json_round_trip_is_exact():
    X = np.random.default_rng(0).normal(size=(50, 3))
    lattice = Lattice.fit(X, levels=(1, 2), domain="quantile")
    again = Lattice.from_dict(json.loads(json.dumps(lattice.to_dict())))
    assert again == lattice and hash(again) == hash(lattice)
    with pytest.raises(InputError, match="not a saved lattice"):
        Lattice.from_dict({"levels": [1]})


def test_dictionaries_of_earlier_versions():
    """They name the code of the literals: binary, which is the only one now, or Gray."""
    lattice = Lattice.fit([[0.0, 1.0], [2.0, 5.0]], levels=(1, 2))
    assert Lattice.from_dict({**lattice.to_dict(), "encoding": "binary"}) == lattice
    with pytest.raises(InputError, match="encoding 'gray'; expected 'binary'"):
        Lattice.from_dict({**lattice.to_dict(), "encoding": "gray"})


def test_one_public_call_scans_the_points_once(monkeypatch):
    """For NaN and infinity; rows that were checked before are not scanned again."""
    X = np.random.default_rng(0).normal(size=(50, 3))
    lattice = Lattice.fit(X, levels=(1, 2), domain="quantile")
    scanned = []
    isfinite = np.isfinite
    monkeypatch.setattr(np, "isfinite", lambda a: scanned.append(np.size(a)) or isfinite(a))

    def scans(call, **options):
        scanned.clear()
        call(**options)
        return scanned.count(X.size)

    for call in (
        lambda **options: Lattice.fit(X, levels=(1, 2), domain="quantile", **options),
        lambda **options: lattice.transform(X, [2, 0], **options),
        lambda **options: lattice.rows(X, 2, **options),
    ):
        assert scans(call) == 1 and scans(call, check_input=False) == 0
    for columns in (None, [2, 0]):
        assert np.array_equal(lattice.transform(X, columns, check_input=False), lattice.transform(X, columns))
    checked, again = lattice.rows(X, 2), lattice.rows(X, 2, check_input=False)
    assert np.array_equal(checked.words, again.words) and (checked.barycentric != again.barycentric).nnz == 0


@pytest.mark.parametrize(
    ("X", "options"),
    [
        ([[np.nan]], {}),
        ([["a"]], {}),
        ([[1j]], {}),
        ([1.0, 2.0], {}),
        (np.empty((0, 2)), {}),
        ([[0.0], [1.0]], {"domain": "rank"}),
        ([[0.0], [1.0]], {"levels": ()}),
        ([[0.0], [1.0]], {"levels": (0,)}),
        ([[-1e308], [1e308]], {}),
    ],
)
def test_columns_and_options_that_make_no_lattice_are_refused(X, options):
    with pytest.raises(InputError, match=r"expected|impute|not numeric"):
        Lattice.fit(X, **{"levels": (1,), **options})
    with pytest.raises(InputError, match="the lattice expects 2"):
        Lattice.boolean(2).rows([[1.0]], 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(1, 70), st.booleans())
def test_rows_of_a_boolean_table_are_those_of_any_other(kernels, seed, n, d, distinct):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (n, d), dtype=np.uint8)
    X = X[np.sort(np.unique(X, axis=0, return_index=True)[1])] if distinct else X
    lattice = Lattice.boolean(d)
    one, two = lattice.rows(X, 1), lattice.rows(X.astype(np.float64), 1)
    assert isinstance(one, PointRows) and not isinstance(two, PointRows)
    assert (one.n_rows, one.n_points, one.n_literals) == (two.n_rows, len(X), d)
    assert np.array_equal(one.words, two.words)
    assert (one.barycentric != two.barycentric).nnz == 0 and one.barycentric.shape == two.barycentric.shape
    g, c = rng.standard_normal(len(X)), rng.standard_normal((one.n_rows, 3))
    np.testing.assert_allclose(one.pull(g), two.pull(g), rtol=1e-12, atol=1e-14)
    assert np.array_equal(one.push(c), two.push(c)) and np.array_equal(one.push(c[:, 0]), two.push(c[:, 0]))
    assert (one.links is None) == (one.n_rows == len(X))


def test_other_bytes_are_not_taken_for_bits():
    assert not isinstance(Lattice.boolean(2).rows(np.array([[0, 2]], np.uint8), 1), PointRows)
    wide = Lattice.fit([[0.0, 0.0], [2.0, 1.0]], levels=[1])
    assert not isinstance(wide.rows(np.array([[0, 1]], np.uint8), 1), PointRows)
