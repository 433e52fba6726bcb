"""Values of active atoms: packed columns do what dense ones do."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.solver import columns as stored
from fw_circuits.solver.columns import DenseColumns, PackedColumns, with_values


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 70),
    parts=st.lists(st.integers(0, 11), min_size=1, max_size=4),
    block=st.sampled_from([1, 16, 1 << 16]),
)
def test_packed_columns_are_dense_ones(seed, n_rows, parts, block):
    rng = np.random.default_rng(seed)
    dense, packed = DenseColumns(n_rows), PackedColumns(n_rows)
    block_before, stored.BLOCK_ROWS = stored.BLOCK_ROWS, block
    try:
        for part in parts:
            values = rng.choice([-1.0, 1.0], (n_rows, part))
            for columns in (dense, packed):
                columns.append(values)
            m = len(dense)
            g, q, coef = rng.standard_normal(n_rows), rng.random(n_rows) + 1e-3, rng.standard_normal(m)
            first = int(rng.integers(0, m + 1))
            assert len(packed) == m and np.array_equal(packed.dense(), dense.dense())
            np.testing.assert_allclose(coef @ packed, coef @ dense, atol=1e-12)
            np.testing.assert_allclose(packed.push(coef), dense.push(coef), atol=1e-12)
            np.testing.assert_allclose(packed.pull(g), dense.pull(g), atol=1e-12)
            np.testing.assert_allclose(packed.gram(q / q.sum(), first), dense.gram(q / q.sum(), first), atol=1e-11)
            np.testing.assert_allclose(dense.gram(q / q.sum(), first), dense.gram(q / q.sum())[first:], atol=1e-11)
            centred = dense.dense() - (dense.dense() @ q / q.sum())[:, None]
            np.testing.assert_allclose(packed.gram(q), (centred * q) @ centred.T, atol=1e-11)
            kept = np.flatnonzero(rng.random(m) < 0.6)
            dense.keep(kept)
            packed.keep(kept)
    finally:
        stored.BLOCK_ROWS = block_before


def test_other_values_make_packed_columns_dense():
    rng = np.random.default_rng(0)
    signs, real = rng.choice([-1.0, 1.0], (20, 9)), rng.uniform(-1, 1, (20, 2))
    columns = with_values(PackedColumns(20), signs)
    assert isinstance(columns, PackedColumns)
    columns = with_values(columns, real)
    assert isinstance(columns, DenseColumns)
    assert np.array_equal(columns.dense(), np.concatenate([signs, real], axis=1).T)
