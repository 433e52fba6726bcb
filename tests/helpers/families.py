"""What the tests of the oracles share."""

import os
from unittest import mock

import numpy as np
from hypothesis import strategies as st

from fw_circuits.lattice import Lattice


def by_both_kernels(task):
    """What ``task()`` returns with the compiled kernels and with their NumPy references."""
    found = []
    for kernels in ("compiled", "python"):
        with mock.patch.dict(os.environ, FW_CIRCUITS_KERNELS=kernels):
            found.append(task())
    return found


def key(answer):
    """What two equal answers have in common, to the last bit."""
    pairs = zip(answer.atoms, answer.scores, strict=True)
    return [(a.literals, a.circuit.truth_table(), float(s)) for a, s in pairs]


def boolean_oracle(cls, X, gamma=3.0, **options):
    """The oracle of Boolean data."""
    lattice = Lattice.boolean(X.shape[1])
    return cls([lattice.rows(X, 1)], lattice, gamma, **options)


@st.composite
def problems(draw, most=6):
    """Rows (few or many, some columns constant, equal or complementary) and weights of any kind."""
    n, rows = draw(st.integers(1, most)), draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = (rng.random((rows, n)) < draw(st.sampled_from([0.2, 0.5]))).astype(np.int64)
    if n > 2 and draw(st.booleans()):
        X[:, 1], X[:, 2] = X[:, 0], draw(st.sampled_from([0, 1])) ^ X[:, 0]
    kind = draw(st.sampled_from(["integers", "reals", "one sign", "zero", "centred"]))
    g = {
        "integers": rng.integers(-4, 5, rows).astype(float),
        "reals": rng.normal(size=rows),
        "one sign": rng.random(rows),
        "zero": np.zeros(rows),
        "centred": rng.normal(size=rows),
    }[kind]
    return X, g - g.mean() if kind == "centred" else g


def values_on(atoms, X):
    """+1 / -1 of atoms on Boolean rows, straight from their circuits."""
    return [2.0 * a.circuit.evaluate(X[:, a.literals].astype(np.uint8))[:, 0] - 1.0 for a in atoms]


def check_answer(answer, X, g, gamma):
    """Scores are those of the atoms, best first; the bound is not below them."""
    scores = [g @ c * a.cost ** (-1 / gamma) for a, c in zip(answer.atoms, values_on(answer.atoms, X), strict=True)]
    np.testing.assert_allclose(answer.scores, scores, atol=1e-9)
    assert (np.diff(np.abs(answer.scores)) <= 1e-12).all()
    assert len({a.key for a in answer.atoms}) == len(answer.atoms)
    assert answer.value == max(np.abs(answer.scores), default=0.0) <= answer.upper_bound


def two_literal_best(X, g):
    """Largest |<g, c>| of all circuits of at most one gate, by the definition; their cost is 1."""
    best = 0.0
    for a in X.T:
        for b in X.T:
            h = np.bincount(a + 2 * b, g, 4)
            signs = 2.0 * (np.arange(16)[:, None] >> np.arange(4) & 1) - 1
            best = max(best, float(np.abs(signs @ h).max()))
    return best


def centred(data):
    """Weights of labels 0/1 that sum to 0."""
    return data.y - data.y.mean()
