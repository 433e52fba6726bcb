"""J1 triangulation and the properties of Tetrakis functions (theory, section 2), kernels and their references."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.exceptions import InputError
from fw_circuits.lattice import codes, transpose_bits, triangulate
from fw_circuits.lattice.triangulation import row_set

FEW = settings(max_examples=40, deadline=None)


def points(rng, n, d, level):
    """Random points, grid points, ties, facets and the edges of the cube, mixed coordinate by coordinate."""
    top = (1 << level) - 1
    z = rng.uniform(0, top, size=(n, d))
    z = np.where(rng.random((n, d)) < 0.2, np.rint(z), z)
    z = np.where(rng.random((n, d)) < 0.2, np.floor(z * 4) / 4, z)
    mirrored = np.abs(z - 2 * np.rint(z / 2))[:, ::-1]
    tied = np.clip(2 * np.rint(z / 2) + mirrored * rng.choice([-1, 1], (n, d)), 0, top)
    return np.where(rng.random((n, 1)) < 0.3, tied, z)


def tetrakis(z, level, table):
    """T_C at z, for a table of +-1 over the grid, (2^level,) * d."""
    indptr, keys, weights = triangulate(z, level)
    values = table[tuple(codes(keys, z.shape[1], level).T)]
    return np.add.reduceat(weights * values, indptr[:-1])


@st.composite
def problems(draw, most=5, highest=3):
    """A random generator, and a random table of +-1 over a grid of few coordinates and levels."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    d, level = draw(st.integers(1, most)), draw(st.integers(1, highest))
    return rng, d, level, rng.choice([-1.0, 1.0], size=(1 << level,) * d)


@FEW
@given(
    st.integers(0, 2**32),
    st.sampled_from([1, 2, 4, 5, 8, 11, 16, 17, 40, 70]),
    st.integers(1, 6),
)
def test_barycentric_coordinates_of_the_point(kernels, seed, d, level):
    z = points(np.random.default_rng(seed), 25, d, level)
    indptr, keys, weights = triangulate(z, level)
    v = codes(keys, d, level)
    assert np.all(weights > 0)
    assert np.all(np.add.reduceat(weights, indptr[:-1]) == 1.0)
    assert v.min() >= 0 and v.max() <= (1 << level) - 1
    np.testing.assert_allclose(np.add.reduceat(weights[:, None] * v, indptr[:-1]), z, atol=1e-12 * (1 << level))
    # The vertices of a point are one cell: within 1 of each other, odd coordinates only added
    # along the path.
    for a, b in itertools.pairwise(indptr):
        odd = v[a:b] & 1
        assert np.all(np.diff(odd, axis=0) >= 0) and np.all(np.ptp(v[a:b], axis=0) <= 1)
        assert len(np.unique(odd.sum(axis=1))) == b - a


def test_one_vertex_at_grid_points(kernels):
    for d, level in [(1, 4), (3, 2), (7, 1), (20, 1)]:
        grid = np.random.default_rng(d).integers(0, 1 << level, size=(200, d))
        noisy = np.clip(grid + np.random.default_rng(1).choice([-1e-15, 0, 1e-15], grid.shape), 0, (1 << level) - 1)
        indptr, keys, weights = triangulate(noisy, level)
        assert np.array_equal(indptr, np.arange(201)) and np.all(weights == 1)
        assert np.array_equal(codes(keys, d, level), grid)


def test_kernel_and_reference_agree_bit_for_bit(monkeypatch):
    rng = np.random.default_rng(3)
    for d in [*range(1, 20), 31, 33, 65]:
        level = 1 + d % 4
        z = points(rng, 60, d, level)
        results = []
        for choice in ("compiled", "python"):
            monkeypatch.setenv("FW_CIRCUITS_KERNELS", choice)
            results.append(triangulate(z, level))
        for a, b in zip(*results, strict=True):
            assert np.array_equal(a, b)


@FEW
@given(problems())
def test_equals_the_circuit_on_the_grid_and_is_bounded(kernels, problem):
    rng, d, level, table = problem
    grid = rng.integers(0, 1 << level, size=(30, d))
    assert np.array_equal(tetrakis(grid.astype(float), level, table), table[tuple(grid.T)])
    values = tetrakis(points(rng, 30, d, level), level, table)
    assert np.all(np.abs(values) <= 1)


@FEW
@given(problems())
def test_layer_cake(kernels, problem):
    """T = integral over t in [0, 1] of c(v(x, t)), v_i = O_i where s_i >= t, exactly between breakpoints."""
    rng, d, level, table = problem
    z = points(rng, 10, d, level)
    expected = []
    for point in z:
        even = 2 * np.array([round(x / 2) for x in point])
        even = np.minimum(even, (1 << level) - 2)
        odd = np.where(point >= even, even + 1, even - 1)
        s = np.abs(point - even)
        cuts = np.unique(np.concatenate([[0.0, 1.0], s]))
        expected.append(
            sum((b - a) * table[tuple(np.where(s >= (a + b) / 2, odd, even))] for a, b in itertools.pairwise(cuts))
        )
    np.testing.assert_allclose(tetrakis(z, level, table), expected, atol=1e-12)


@FEW
@given(problems())
def test_continuous_with_bounded_slopes(kernels, problem):
    """Steps of 1e-6 from facets, ties and grid points to all sides change T by at most the slope bound."""
    rng, d, level, table = problem
    z = points(rng, 20, d, level)
    step = rng.choice([-1e-6, 0.0, 1e-6], size=z.shape)
    moved = np.clip(z + step, 0, (1 << level) - 1)
    change = np.abs(tetrakis(moved, level, table) - tetrakis(z, level, table))
    slope = 2  # per unit of z: 2 (2^k - 1) per unit of x
    assert np.all(change <= slope * np.abs(moved - z).sum(axis=1) + 1e-12)
    i = rng.integers(d)
    far = z.copy()
    far[:, i] = rng.uniform(0, (1 << level) - 1, len(z))
    change = np.abs(tetrakis(far, level, table) - tetrakis(z, level, table))
    assert np.all(change <= 2 * np.abs(far - z)[:, i] + 1e-12)


@FEW
@given(problems())
def test_extra_coordinates_change_nothing(kernels, problem):
    rng, d, level, table = problem
    extra = int(rng.integers(1, 4))
    z = points(rng, 20, d + extra, level)
    order = rng.permutation(d + extra)
    wide = np.broadcast_to(table.reshape(table.shape + (1,) * extra), (1 << level,) * (d + extra))
    values = tetrakis(z[:, order], level, wide.transpose(order))
    np.testing.assert_array_equal(values, tetrakis(np.ascontiguousarray(z[:, :d]), level, table))
    np.testing.assert_array_equal(tetrakis(z[:, :d], level, -table), -tetrakis(z[:, :d], level, table))


@FEW
@given(problems(most=6, highest=1))
def test_level_one_is_the_lovasz_extension(kernels, problem):
    rng, d, _, table = problem
    x = points(rng, 15, d, 1)

    def lovasz(point):
        total, chosen = table[(0,) * d], [0] * d
        for i in sorted(range(d), key=lambda i: -point[i]):
            before = table[tuple(chosen)]
            chosen[i] = 1
            total += point[i] * (table[tuple(chosen)] - before)
        return total

    np.testing.assert_allclose(tetrakis(x, 1, table), [lovasz(p) for p in x], atol=1e-12)


def test_transpose_and_row_set(kernels):
    rng = np.random.default_rng(0)
    for m, n_bits in [(1, 1), (63, 5), (64, 64), (65, 130), (200, 70), (0, 3)]:
        bits = rng.integers(0, 2, (m, n_bits)).astype(np.uint8)
        pad = np.zeros((m, -n_bits % 64), np.uint8)
        keys = np.packbits(np.hstack([bits, pad]), axis=1, bitorder="little").view("<u8").reshape(m, -(-n_bits // 64))
        words = transpose_bits(keys, n_bits)
        assert words.shape == (n_bits, (m + 63) // 64) and words.dtype == np.uint64
        unpacked = np.unpackbits(words.view(np.uint8).reshape(n_bits, -1), axis=1, bitorder="little")
        assert np.array_equal(unpacked[:, :m], bits.T) and not unpacked[:, m:].any()
    keys = rng.integers(0, 40, (5000, 2)).astype(np.uint64)
    keys.setflags(write=False)
    rows = row_set(2)
    ids = np.concatenate([rows.add(keys[:10]), rows.add(keys[10:])])
    distinct = rows.keys()
    assert len(distinct) == len(rows) == len(np.unique(keys, axis=0))
    assert np.array_equal(distinct[ids], keys)
    assert np.array_equal(np.unique(ids, return_index=True)[1], np.sort(np.unique(ids, return_index=True)[1]))


def test_points_and_levels_out_of_range_are_refused(kernels):
    for z, level in [([[1.5]], 1), ([[-0.1]], 1), ([[np.nan]], 2), ([[0.5]], 0), ([[0.5]], 17), ([0.5], 1)]:
        with pytest.raises(InputError, match=r"expected|clip"):
            triangulate(np.array(z), level)
