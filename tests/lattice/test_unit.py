"""The map to the unit interval: the kernel and its reference agree to the last bit, whatever the rows are like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fw_circuits.lattice.domain import Knots, increasing, to_unit, to_unit_numpy

FEW = settings(max_examples=80, deadline=None)


def some_knots(rng) -> Knots:
    scale, offset = 10.0 ** rng.integers(-8, 9), rng.choice([0.0, 1.0, -1e6])
    return increasing(np.sort(rng.normal(size=int(rng.choice([1, 2, 2, 3, 8, 17, 40])))) * scale + offset)


@FEW
@given(st.integers(0, 2**32), st.sampled_from([np.float64, np.float32, np.int64, np.uint8, bool]), st.booleans())
def test_the_kernel_equals_its_reference(seed, dtype, fortran):
    rng = np.random.default_rng(seed)
    knots = tuple(some_knots(rng) for _ in range(5))
    X = np.empty((60, 8))
    for i in range(8):  # random rows, knots, their neighbours, and far away
        t = np.array(knots[i % 5])
        X[:, i] = rng.uniform(t[0] - 1, t[-1] + 1, 60)
        X[:20, i] = rng.choice(t, 20)
        X[20:30, i] = np.nextafter(X[10:20, i], rng.choice([-np.inf, np.inf]))
    X[-2:] = [[-1e30] * 8, [1e30] * 8] if dtype == np.float64 else 0
    X = np.array(np.clip(X, 0, 200) if dtype == np.uint8 else X, order="F" if fortran else "C").astype(dtype)
    columns = rng.permutation(8)[:5]
    expected = to_unit_numpy(X[:, columns], knots)
    np.testing.assert_array_equal(to_unit(X, knots, columns), expected)
    np.testing.assert_array_equal(to_unit(X[:, columns], knots), expected)
    np.testing.assert_array_equal(to_unit(X[::3], knots, columns), expected[::3])
    assert expected.min() >= 0 and expected.max() <= 1


@pytest.mark.parametrize("shape", [(0, 2), (3, 0)])
def test_nothing_gives_nothing(kernels, shape):
    assert to_unit(np.zeros(shape), ((0.0, 1.0),) * shape[1]).shape == shape
