"""Domain maps, literals and unique vertex rows."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice, codes, triangulate
from fw_circuits.lattice import lattice as lattice_module


def unpack(words, n_rows):
    bits = np.unpackbits(words.view(np.uint8).reshape(len(words), -1), axis=1, bitorder="little")
    assert not bits[:, n_rows:].any(), "padding must be zero"
    return bits[:, :n_rows].T


@pytest.mark.parametrize("kernels", ["compiled", "python"])
@pytest.mark.parametrize("encoding", ["binary", "gray"])
@pytest.mark.parametrize("domain", ["minmax", "quantile"])
def test_rows_reconstruct_the_points(kernels, encoding, domain, monkeypatch):
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", kernels)
    monkeypatch.setattr(lattice_module, "BLOCK_BYTES", 1)  # blocks of 64 points
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5)) ** 3
    X[:, 2] = np.rint(X[:, 2])
    lattice = Lattice.fit(X, levels=(3, 1), domain=domain, encoding=encoding)
    for level in lattice.levels:
        rows = lattice.rows(X, level)
        bits = unpack(rows.words, rows.n_rows)
        assert rows.words.shape == (5 * level, (rows.n_rows + 63) // 64) and rows.n_literals == 5 * level
        assert rows.words.flags.c_contiguous and len(np.unique(bits, axis=0)) == rows.n_rows
        b = bits.reshape(-1, 5, level).astype(int)
        if encoding == "gray":
            b = np.bitwise_xor.accumulate(b[:, :, ::-1], axis=2)[:, :, ::-1]
        v = b @ (1 << np.arange(level))
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
        assert np.array_equal(unpack(rows.words, 250)[rows.barycentric.indices], X)


def test_vertices_of_a_point_are_shared_between_neighbours():
    """Two points of one cell meet the same vertices: unique rows, not one row a point."""
    rows = Lattice.boolean(2).rows([[0.1, 0.2], [0.2, 0.3], [0.3, 0.2]], 1)
    assert rows.n_rows == 4  # 00, 01, 11 and, beyond the diagonal, 10


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.sampled_from(["minmax", "quantile"]))
@settings(max_examples=60, deadline=None)
def test_domain_map_is_monotone_onto_the_interval(values, domain):
    X = np.array(values)[:, None]
    lattice = Lattice.fit(X, levels=(2,), domain=domain)
    (knots,) = lattice.knots
    assert np.all(np.diff(knots) > 0)
    queries = np.sort(np.concatenate([X[:, 0], [X.min() - 1, X.max() + 1]]))[:, None]
    unit = lattice.transform(queries)[:, 0]
    assert np.all(np.diff(unit) >= 0) and unit.min() >= 0 and unit.max() <= 1
    assert unit[0] == 0 and unit[-1] == (1.0 if len(knots) > 1 else 0.0)
    np.testing.assert_allclose(
        lattice.transform(np.array(knots)[:, None])[:, 0], np.linspace(0, 1, len(knots)), atol=1e-15
    )


def test_quantile_cells_hold_equally_many_rows():
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
    bits = unpack(lattice.rows(X, 3).words, 1)[0]
    assert bits.tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 1]
    _, keys, _ = triangulate(X * 7, 3)
    assert codes(keys, 3, 3).tolist() == [[6, 1, 4]]


def test_json_round_trip_is_exact():
    X = np.random.default_rng(0).normal(size=(50, 3))
    lattice = Lattice.fit(X, levels=(1, 2), domain="quantile", encoding="gray")
    again = Lattice.from_dict(json.loads(json.dumps(lattice.to_dict())))
    assert again == lattice and hash(again) == hash(lattice)
    with pytest.raises(InputError, match="not a saved lattice"):
        Lattice.from_dict({"levels": [1]})


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
        ([[0.0], [1.0]], {"encoding": "unary"}),
        ([[-1e308], [1e308]], {}),
    ],
)
def test_columns_and_options_that_make_no_lattice_are_refused(X, options):
    with pytest.raises(InputError, match=r"expected|impute|not numeric"):
        Lattice.fit(X, **{"levels": (1,), **options})
    with pytest.raises(InputError, match="the lattice expects 2"):
        Lattice.boolean(2).rows([[1.0]], 1)
