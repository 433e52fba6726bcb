"""Constrained searches against brute force, written with nothing but the definition; what a shape allows."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.catalogue import minimal_circuit, minimal_cost
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle.exact import shaped
from fw_circuits.oracle.exact.shaped import ShapedOracle
from fw_circuits.oracle.exact.signed_tables import Signature, monotone_tables, signed_tables
from fw_circuits.oracle.shape import Shape
from fw_circuits.tetrakis import Atom
from tests.helpers.families import check_scores, key, stop_after, weights_of


def names(d):
    return tuple(f"x{i}" for i in range(d))


def is_allowed(table, subset, level, directions, positive):
    """Whether a function (2^n values) of literals may have a positive coefficient, point by point of the grid."""
    if positive and table[0]:
        return False
    columns = sorted({i // level for i in subset})
    for point in product(range(1 << level), repeat=len(columns)):
        for place, c in enumerate(columns):
            if directions[c] == 0 or point[place] == (1 << level) - 1:
                continue
            values = []
            for up in (0, 1):
                z = dict(zip(columns, point, strict=True))
                z[c] += up
                values.append(table[sum((z[i // level] >> i % level & 1) << j for j, i in enumerate(subset))])
            if directions[c] * (values[1] - values[0]) < 0:
                return False
    return True


def allowed_tables(subset, level, directions, positive):
    n = len(subset)
    every = (np.arange(1 << (1 << n))[:, None] >> np.arange(1 << n)) & 1
    return [(t, row) for t, row in enumerate(every.tolist()) if is_allowed(row, subset, level, directions, positive)]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), directions=st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=4),
    positive=st.booleans(), level=st.sampled_from([1, 1, 2, 3]), kind=st.sampled_from(["integers", "reals", "centred"]),
)  # fmt: skip
@example(seed=0, directions=[1], positive=True, level=3, kind="reals")
@example(seed=1, directions=[1, -1, 0, 0], positive=False, level=1, kind="integers")
@example(seed=2, directions=[0, 0, 0], positive=True, level=1, kind="reals")
def test_the_best_of_three_literals_is_that_of_brute_force(kernels, seed, directions, positive, level, kind):
    shape = Shape.of(directions, positive, names(len(directions)))
    if not shape:
        return
    rng = np.random.default_rng(seed)
    if level > 1:
        directions = directions[:2]
        shape = Shape.of(directions, positive, names(len(directions)))
        X = rng.random((12, len(directions)))
        lattice = Lattice.fit(X, levels=(level,))
    else:
        X, lattice = rng.integers(0, 2, (12, len(directions))), Lattice.boolean(len(directions))
    rows = lattice.rows(X, level)
    g = weights_of(kind, rng, len(X))
    oracle = ShapedOracle([rows], lattice, 3.0, shape=shape, max_gates=2)
    answer = oracle.search(g, 5)
    # Circuits of at most 2 gates read at most 3 literals.
    exact = brute_force_of(rows, rows.pull(g), directions, positive, 3.0)
    assert answer.value == pytest.approx(exact, rel=1e-9, abs=1e-9) or exact <= abs(g.sum()) + 1e-9
    assert answer.upper_bound >= exact - 1e-9 and answer.complete
    check_scores(oracle, answer, g)
    assert (oracle.signs(answer.atoms) * answer.scores >= 0.0).all()  # none is NaN
    assert (np.diff(np.abs(answer.scores)) <= 1e-12).all()


def brute_force_of(rows, w, directions, positive, gamma):
    """As `brute_force`, of at most 2 gates."""
    bits = (rows.words[:, np.arange(rows.n_rows) // 64] >> (np.arange(rows.n_rows) % 64).astype(np.uint64)) & np.uint64(
        1
    )
    best = 0.0
    for n in (1, 2, 3):
        for subset in combinations(range(rows.n_literals), n):
            pattern = (1 << np.arange(n)) @ bits[list(subset)].astype(np.int64)
            h = np.bincount(pattern, w, 1 << n)
            for t, row in allowed_tables(subset, rows.level, directions, positive):
                if 0 < t < (1 << (1 << n)) - 1 and minimal_cost(t, n) <= 2:
                    best = max(best, float(h @ (2.0 * np.array(row) - 1)) * max(1, minimal_cost(t, n)) ** (-1 / gamma))
    return best


@pytest.mark.parametrize(("directions", "positive"), [
    ((1, 1, -1, 0), False), ((1, 0, 0, 0), False), ((1, 1, 1, 1), True), ((0, 0, 0, 0), True), ((-1, 1, -1, -1), False),
    ((-1, 0, 0, 1), True),
])  # fmt: skip
@pytest.mark.parametrize("seed", range(2))
def test_functions_of_four_literals(kernels, directions, positive, seed):
    rng = np.random.default_rng(seed)
    X, g = rng.integers(0, 2, (60, 4)), rng.standard_normal(60)
    lattice, shape = Lattice.boolean(4), Shape.of(directions, positive, names(4))
    rows = lattice.rows(X, 1)
    answer = ShapedOracle([rows], lattice, 3.0, shape=shape).search(g, 3)
    h = np.bincount(X @ (1 << np.arange(4)), g, 16)
    tables = np.arange(1 << 16)
    values = (tables[:, None] >> np.arange(16)) & 1
    good = np.ones(len(tables), bool) if not positive else values[:, 0] == 0
    for i, d in enumerate(directions):
        low = np.flatnonzero(np.arange(16) >> i & 1 == 0)
        if d:
            good &= (d * (values[:, low | 1 << i] - values[:, low]) >= 0).all(axis=1)
    good[[0, -1]] = False
    costs = np.array([max(1, minimal_cost(int(t), 4)) for t in tables[good]])
    exact = float(((2.0 * values[good] - 1) @ h * costs ** (-1 / 3)).max())
    assert answer.value == pytest.approx(exact, abs=1e-9)


def test_signatures_count_what_is_known():
    # Dedekind numbers, and up-sets of products of chains.
    assert [int(monotone_tables(Signature(n, (1,) * n)).sum()) for n in (1, 2, 3, 4)] == [3, 6, 20, 168]
    assert [int(monotone_tables(Signature(n, (n,))).sum()) for n in (1, 2, 3, 4)] == [3, 5, 9, 17]
    assert int(monotone_tables(Signature(4, (2, 2))).sum()) == 70  # plane partitions in 4 x 4 x 1: (8 choose 4)
    assert int(monotone_tables(Signature(4, (2,))).sum()) == 5**4


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), runs=st.sampled_from([(), (1,), (2,), (1, 1), (1, 2), (3, 1), (4,), (1, 1, 1, 1)]),
       origin=st.sampled_from([None, 0, 5]))  # fmt: skip
def test_no_bound_of_a_subset_is_below_its_best_function(seed, runs, origin):
    tables = signed_tables(Signature(4, runs, origin), 3.0, 7)
    h = np.random.default_rng(seed).standard_normal((20, 16))
    best = (h @ tables.signs.T * tables.factor).max(axis=1)
    bounds = tables.bounds(h)
    assert (bounds >= best - 1e-12).all()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), level=st.sampled_from([1, 2, 3]), n=st.integers(1, 4), positive=st.booleans())
def test_signs_are_those_of_the_definition(seed, level, n, positive):
    rng = np.random.default_rng(seed)
    directions = rng.integers(-1, 2, 3).tolist()
    literals = sorted(rng.choice(3 * level, min(n, 3 * level), replace=False).tolist())
    table = int(rng.integers(1 << (1 << len(literals))))
    if rng.random() < 0.5:  # a monotone one is rare: a threshold of the highest bits
        v = np.arange(1 << len(literals))
        table = int(((v >= rng.integers(len(v))) * (1 << v)).sum())
    lattice = Lattice(3, (level,), ((0.0, 1.0),) * 3)
    atom = Atom(minimal_circuit(table, len(literals)), level, tuple(literals), lattice)
    (sign,) = Shape.of(directions, positive, names(3)).signs([atom])
    row = (table >> np.arange(1 << len(literals))) & 1
    up = is_allowed(row.tolist(), literals, level, directions, positive)
    down = is_allowed((1 - row).tolist(), literals, level, directions, positive) and not positive
    expected = {(True, True): 0.0, (True, False): 1.0, (False, True): -1.0, (False, False): np.nan}[up, down]
    np.testing.assert_equal(sign, expected)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), level=st.sampled_from([1, 2, 3]))
def test_the_values_of_allowed_functions_are_monotone_on_dense_grids(kernels, seed, level):
    """The lemma of `oracle.shape`, and its other direction, to the last bit."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, min(4, 2 * level) + 1))
    literals = tuple(sorted(rng.choice(2 * level, n, replace=False).tolist()))
    table = int(rng.integers(1 << (1 << n)))
    if rng.random() < 0.6:
        v = np.arange(1 << n)
        table = int(((v >= rng.integers(len(v))) * (1 << v)).sum())
    lattice = Lattice(2, (level,), ((0.0, 1.0),) * 2)
    atom = Atom(minimal_circuit(table, n), level, literals, lattice)
    (sign,) = Shape.of((1, 0), False, names(2)).signs([atom])
    along = np.unique(np.concatenate([np.linspace(0, 1, 8 * ((1 << level) - 1) + 1), rng.random(20)]))
    changes = []
    for other in (*np.linspace(0, 1, 2 * (1 << level) - 1), *rng.random(3)):
        changes.append(np.diff(atom(np.stack([along, np.full(len(along), other)], axis=1))))
    changes = np.array(changes)
    if sign == 0.0:
        assert not changes.any()
    elif np.isnan(sign):
        assert changes.max() > 0.0 > changes.min()
    else:
        assert (sign * changes >= 0.0).all() and changes.any()


def test_many_inputs_are_refused_where_they_would_have_to_be_looked_at():
    lattice, wide = Lattice.boolean(20), Circuit.from_truth_table(6, 2)
    many = Atom(Circuit(20, ((6, 1, 2),), (42,)), 1, tuple(range(20)), lattice)
    assert np.isnan(Shape.of((1,) + (0,) * 19, False, names(20)).signs([many])[0])
    assert Shape.of((0,) * 19 + (0,), False, names(20)).signs([many, Atom(wide, 1, (0, 1), lattice)]).tolist() == [0, 0]


def test_equal_literals_of_other_constraints_are_not_confused():
    """A free copy of a constrained column is searched as free, and complements of two increasing columns both stay."""
    x = np.array([0, 0, 1, 1, 0, 1])
    X, g = np.stack([x, x, 1 - x], axis=1), np.array([1.0, 1.0, -1.0, -1.0, 1.0, -1.0])
    lattice = Lattice.boolean(3)
    for directions, literal in (((1, 0, 1), 1), ((1, 1, 1), 2), ((1, 1, 0), 2)):
        shape = Shape.of(directions, False, names(3))
        answer = ShapedOracle([lattice.rows(X, 1)], lattice, shape=shape).search(g, 1)
        assert answer.value == 6.0 and answer.atoms[0].literals == (literal,)
    two = Lattice.boolean(2)
    none = ShapedOracle([two.rows(X[:, :2], 1)], two, shape=Shape.of((1, 1), False, names(2)))
    assert none.search(g, 1).value == 0.0 and not none.search(g, 1).atoms


def test_screened_searches_say_so_and_their_tails_hold():
    rng = np.random.default_rng(0)
    X, g = rng.integers(0, 2, (80, 12)), rng.standard_normal(80)
    g -= g.mean()
    lattice, shape = Lattice.boolean(12), Shape.of((1,) * 5 + (0,) * 7, False, names(12))
    rows = [lattice.rows(X, 1)]
    full = ShapedOracle(rows, lattice, shape=shape)
    whole = full.search(g, 4)
    for part in (full.narrowed(6), ShapedOracle(rows, lattice, shape=shape, pass_seconds=2e-4)):
        answer = part.search(g, 4)
        assert "screened" in answer.scope and answer.complete
        assert answer.value <= whole.value + 1e-12 <= max(answer.upper_bound, answer.tail) + 1e-9
    stopped = full.search(g, 4, stop_after(3))
    assert not stopped.complete and stopped.upper_bound >= whole.value
    assert key(full.search(g, 4)) == key(ShapedOracle(rows, lattice, shape=shape, n_jobs=2).search(g, 4))
    assert "non-decreasing in x0, x1, x2, x3, x4" in whole.scope and whole.max_gates == 3


def test_messages():
    with pytest.raises(InputError, match="monotone names the columns 'b'"):
        Shape.of({"b": 1}, False, ("a",))
    with pytest.raises(InputError, match="monotone has 2 entries; expected 1"):
        Shape.of((1, 0), False, ("a",))
    assert not Shape.of(None, False, ("a",)) and shaped.SPEED > 0
