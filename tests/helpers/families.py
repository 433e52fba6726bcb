"""What the tests of the oracles share."""

import os
from itertools import chain, repeat
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


def two_levels(seed, rows, columns):
    """Random reals, a lattice of the levels 1 and 2 for them, and their rows on it."""
    X = np.random.default_rng(seed).random((rows, columns))
    lattice = Lattice.fit(X, levels=(1, 2))
    return X, lattice, [lattice.rows(X, level) for level in (1, 2)]


def stop_after(n):
    """What a search asks: no for n times, then yes."""
    answers = chain(repeat(False, n), repeat(True))
    return lambda: next(answers)


def weights_of(kind, rng, rows):
    """Weights of a kind; "mixed": of very different size, "huge": their sum is near the largest float."""
    g = rng.standard_normal(rows)
    return {
        "integers": rng.integers(-4, 5, rows).astype(float),
        "reals": g,
        "one sign": rng.random(rows),
        "equal": np.full(rows, -0.3),
        "signs": rng.choice([-1.0, 1.0], rows),
        "zero": np.zeros(rows),
        "many zeros": np.where(rng.random(rows) < 0.7, 0.0, g),
        "centred": g - g.mean(),
        "mixed": g * 10.0 ** rng.integers(-12, 12, rows),
        "huge": 1e300 * g / rows,
    }[kind]


@st.composite
def problems(draw, most=6, rows=60, kinds=("integers", "reals", "one sign", "zero", "centred")):
    """Rows (few or many, some columns constant, equal or complementary) and weights of any kind."""
    n, rows = draw(st.integers(1, most)), draw(st.integers(1, rows))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = (rng.random((rows, n)) < draw(st.sampled_from([0.15, 0.5]))).astype(np.int64)
    if n > 2 and draw(st.booleans()):  # columns that tell nothing new, in any place, and rows that repeat
        first, *rest = rng.permutation(n)[:3]
        X[:, rest[0]], X[:, rest[1]] = X[:, first], draw(st.sampled_from([0, 1])) ^ X[:, first]
        X[rows // 2 :] = X[: rows - rows // 2]
    return X, weights_of(draw(st.sampled_from(kinds)), rng, rows)


def values_on(atoms, X):
    """+1 / -1 of atoms on Boolean rows, straight from their circuits."""
    return [2.0 * a.circuit.evaluate(X[:, a.literals].astype(np.uint8))[:, 0] - 1.0 for a in atoms]


def check_scores(oracle, answer, g):
    """The scores are those of the atoms on the data, at their cost."""
    factors = np.array([a.cost for a in answer.atoms], float) ** (-1 / oracle.gamma)
    scores, rounding = g @ oracle.evaluate(answer.atoms) * factors, 1e-12 * np.abs(g).sum()
    np.testing.assert_allclose(answer.scores, scores, rtol=1e-9, atol=rounding)


def check_answer(answer, X, g, gamma):
    """Scores are those of the atoms, best first; the bound is not below them."""
    scores = [g @ c * a.cost ** (-1 / gamma) for a, c in zip(answer.atoms, values_on(answer.atoms, X), strict=True)]
    np.testing.assert_allclose(answer.scores, scores, atol=1e-9)
    assert (np.diff(np.abs(answer.scores)) <= 1e-12).all()
    assert len({a.key for a in answer.atoms}) == len(answer.atoms)
    assert answer.value == max(np.abs(answer.scores), default=0.0) <= answer.upper_bound


def errors_on(answer, fresh):
    """Errors of each atom, or of its complement, on fresh rows."""
    values = values_on(answer.atoms, fresh.X.astype(int))
    return [min(np.sum((v > 0) != fresh.y), np.sum((v < 0) != fresh.y)) for v in values]


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
