"""Functions on small cubes, and their norms and costs by the definition, for the tests of `fw_circuits.htmc`."""

from functools import cache

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from fw_circuits.circuits.catalogue import minimal_cost

FEW = settings(max_examples=15, deadline=None)
GAMMAS = st.sampled_from([2.5, 3.0, 4.0])


@cache
def every_function(n):
    """Signs of all functions of n inputs as columns, and their costs: from bits and `minimal_cost` alone."""
    tables = np.arange(1 << (1 << n))
    signs = np.where(tables >> np.arange(1 << n)[:, None] & 1, 1.0, -1.0)
    return signs, np.array([max(1, minimal_cost(int(t), n)) for t in tables])


@st.composite
def functions(draw, most=4):
    """(n, values): signs, small integers, reals of any scale, few non-zeros."""
    n = draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = 1 << n
    kind = draw(st.sampled_from(["signs", "integers", "reals", "spike"]))
    values = {
        "signs": rng.choice([-1.0, 1.0], size),
        "integers": rng.integers(-3, 4, size).astype(float),
        "reals": rng.normal(size=size) * 10.0 ** rng.integers(-9, 9),
        "spike": np.eye(size)[rng.integers(size)],
    }[kind]
    return n, values


def cube(n):
    return (np.arange(1 << n)[:, None] >> np.arange(n)) & 1


def symmetric(values):
    return sum(1 << v for v in range(32) if values[v.bit_count()])
