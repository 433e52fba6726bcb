"""Does the cost grow exponentially only in the largest sub-circuit, and not in the whole?

The target is the mean of K random sub-circuits of exactly s gates, as +1 and -1, each over its own set of random
literals out of a fixed number n: a smallest circuit of a function drawn uniformly among the functions of 4 inputs (s
>= 3) or of s + 1 inputs (s < 3) that cost s gates and depend on all their inputs.  The whole has up to K s gates.
Time is measured against K, against s (the solver is not told s), and against n for sub-circuits of 2, 3 and 4
literals (there it is told: ``max_gates``).  One thread; slopes are fitted on CPU seconds, which other work on the
machine disturbs less.  Sub-circuits of five or more literals are outside the oracle's reach.
Beside it, an exact synthesiser gets one Boolean function of the same sub-circuits, "at least half of them are true".

The penalty shrinks coefficients and leaves small functions out, so the run is finished without it: least squares on
the atoms found, and as long as something is left, a few passes of the same oracle on the residual (orthogonal
matching pursuit from the solution; its time counts).  Two measures of success, on 20,000 fresh rows: *exact*
predictions (to 1e-6), and *same functions*: the atoms left are the planted ones up to complement.  Where they are not,
two things show why:

- ``objective / planted``: the objective found over the least one with the planted functions alone.  Below 1, the
  planted functions are *not* the solution of the problem: sub-circuits that share literals can be re-divided at less
  cost (``a & b`` and ``~a & c`` make one multiplexer of 3 gates, and 3^(1/3) < 2).  A single function of 4 inputs
  rarely can: by linear programming, 0.1% of those of 5 gates and 1.2% of those of 7 are cheaper as a sum of others, by
  at most 1.6%.  Above 1, the solver missed it.
- ``rows needed``: at the penalty lam the residual of the planted functions is ``lam sum_k (kappa_k^(1/gamma) / v_k)
  T_k``, v_k the variance of T_k; the best of M_m unrelated functions of cost m scores about ``sqrt(2 log M_m / N)``
  times its norm, which stays below lam for ``N > 2 log M_m sum_k (kappa_k^2 / m^2)^(1/gamma) / v_k``.  Independent of
  lam; linear in K.  Below it, the sample does not determine the answer.
"""

from dataclasses import dataclass
from functools import cache
from math import comb, log

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import _synthesis
from benchmarks._common import Table, Timer, check_targets, fit_line, power_law, tell, text_of
from benchmarks._decomposition_figure import draw_figure
from fw_circuits import Atom, Solution, lam_max, solve
from fw_circuits.circuits.catalogue import cost_table
from fw_circuits.circuits.tables import depends_on_all, narrow, table_of, widen
from fw_circuits.oracle import make_oracle
from fw_circuits.solver.lasso import weighted_lasso

SEED = 0
GAMMA, PENALTY, TOL = 3.0, 1e-2, 1e-3  # the penalty as a fraction of lam_max
N_LITERALS, N_FRESH = 64, 20_000
SOLVE_LIMIT = 120.0
PASSES = 8
MEASURED = (
    *("seconds", "CPU seconds", "passes", "atoms", "exact", "same functions"),
    *("least R2", "objective / planted", "rows / needed", "certified"),
)


Point = tuple[int, int, _synthesis.Synthesis]  # K, s


@dataclass(frozen=True)
class Plan:
    """Sizes of one run."""

    rows: int
    counts: tuple[int, ...]
    sizes: tuple[int, ...]
    seeds: int
    widths: tuple[int, ...]
    boolean: tuple[tuple[int, int], ...]  # (K, s)
    limit: float  # seconds of the synthesiser


FULL = Plan(
    rows=12_800,
    counts=(1, 2, 4, 8, 16, 32, 64),
    sizes=(1, 2, 3, 4, 5, 6, 7),
    seeds=2,
    widths=(16, 32, 64, 128),
    boolean=(*((k, s) for k, most in ((1, 7), (2, 5), (3, 3)) for s in range(1, most + 1)), (16, 3), (16, 7)),
    limit=60.0,
)
QUICK = Plan(3_200, (1, 4, 16), (1, 4, 7), 1, (16, 32), ((1, 1), (1, 3), (2, 3)), 2.0)


@dataclass(frozen=True)
class Planted:
    """K sub-circuits of s gates: literals, and values of the function by pattern as +1 / -1."""

    literals: np.ndarray  # (K, r)
    values: np.ndarray  # (K, 2^r)
    size: int

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """(K, rows) of +1 and -1."""
        r = self.literals.shape[1]
        patterns = (X[:, self.literals] << np.arange(r)).sum(axis=2)
        return np.stack([v[p] for v, p in zip(self.values, patterns.T, strict=True)])


@cache
def functions(size: int) -> tuple[int, np.ndarray]:
    """Number of inputs, and the truth tables of that many inputs that depend on all and cost ``size`` gates."""
    r = min(size + 1, 4)
    tables = np.arange(1 << (1 << r))
    cost = cost_table()[[widen(int(t), r) for t in tables]]
    return r, tables[(cost == size) & depends_on_all(tables, r)]


def plant(rng: np.random.Generator, count: int, size: int, n: int) -> Planted:
    """Draw the sub-circuits, no two over the same literals."""
    r, tables = functions(size)
    sets: dict[tuple[int, ...], None] = {}
    while len(sets) < count:
        sets[tuple(sorted(rng.choice(n, r, replace=False).tolist()))] = None
    drawn = rng.choice(tables, count)
    return Planted(np.array(list(sets)), 2.0 * (drawn[:, None] >> np.arange(1 << r) & 1) - 1, size)


def rows_needed(planted: Planted, n: int) -> float:
    """Rows below which unrelated functions fit the residual better; see the module's text."""
    mass = planted.size ** (2 / GAMMA) * float(np.sum(1 / planted.values.var(axis=1)))
    pairs = {m: comb(n, functions(m)[0]) * len(functions(m)[1]) / 2 for m in range(1, 8)}
    return max(2 * log(pairs[m]) * mass / m ** (2 / GAMMA) for m in pairs)


def planted_objective(columns: np.ndarray, y: np.ndarray, scale: float, lam: float) -> float:
    """Least objective with the planted functions alone."""
    centred = columns - columns.mean(axis=1, keepdims=True)
    gram, r = centred @ centred.T / len(y), centred @ y / len(y)
    thresholds = np.full(len(r), lam * scale)
    b = weighted_lasso(gram, r, thresholds, np.zeros(len(r)))
    residual = y - y.mean() - b @ centred
    return float(0.5 * residual @ residual / len(y) + thresholds @ np.abs(b))


def refit(columns: np.ndarray, y: np.ndarray, coef: np.ndarray) -> tuple[np.ndarray, float]:
    """Least squares on the fewest largest atoms that reproduce y to 1e-6 (else on all): coefficients, intercept."""
    for part in (0.05, 1e-3, 0.0):
        kept = np.flatnonzero(np.abs(coef) >= part * np.abs(coef).max())
        mean = columns[kept].mean(axis=1)
        A = columns[kept] - mean[:, None]
        b = np.linalg.lstsq(A @ A.T, A @ (y - y.mean()), rcond=1e-12)[0]
        if np.abs(y - y.mean() - b @ A).max() < 1e-6:
            break
    full = np.zeros(len(coef))
    full[kept] = b
    return full, float(y.mean() - b @ mean)


def finish(X: np.ndarray, y: np.ndarray, solution: Solution) -> tuple[list[Atom], np.ndarray, float]:
    """Atoms that reproduce y, their coefficients and the intercept: refit, and passes on what is left."""
    atoms, coef = list(solution.atoms), solution.coef
    columns = np.stack([atom(X) for atom in atoms])
    oracle = make_oracle("auto", np.asarray(X, float), solution.lattice, GAMMA, n_jobs=1)
    for _ in range(PASSES):
        coef, intercept = refit(columns, y, coef)
        left = y - intercept - coef @ columns
        known = {atom.key for atom in atoms}
        fresh = [atom for atom in oracle.search(left - left.mean(), 40).atoms if atom.key not in known]
        if np.abs(left).max() < 1e-9 or not fresh:
            break
        atoms += fresh
        columns = np.concatenate([columns, oracle.evaluate(fresh).T])
        coef = np.append(coef, np.full(len(fresh), np.abs(coef).max()))  # of unknown size: not to be left out
    return atoms, coef, intercept


def names(columns: np.ndarray) -> set[bytes]:
    """Functions by their values, up to complement."""
    return {np.packbits(c * c[0] > 0).tobytes() for c in columns}


def fit(X: np.ndarray, y: np.ndarray, loss: str, max_gates: int | None = None) -> tuple[float, Solution]:
    """The penalty and the solution, on one thread."""
    options = {"gamma": GAMMA, "loss": loss, "max_gates": max_gates, "n_jobs": 1}
    with threadpool_limits(1):
        lam = PENALTY * lam_max(X, y, **options)
        return lam, solve(X, y, lam=lam, tol=TOL, time_limit=SOLVE_LIMIT, max_iter=2000, **options)


@dataclass(frozen=True)
class Outcome:
    """One solved target."""

    seconds: float
    cpu: float
    oracle_seconds: float
    passes: int
    atoms: int
    same: bool
    exact: bool
    r2: float
    ratio: float
    needed: float
    certified: bool


def measure(seed: int, count: int, size: int, n: int, rows: int, max_gates: int | None = None) -> Outcome:
    """Plant, solve, refit and compare."""
    rng = np.random.default_rng([seed, count, size, n])
    planted = plant(rng, count, size, n)
    X, fresh = rng.integers(0, 2, (rows, n)), rng.integers(0, 2, (N_FRESH, n))
    columns, truth = planted(X), planted(fresh)
    y, y_fresh = columns.mean(axis=0), truth.mean(axis=0)
    with Timer() as timer:
        lam, solution = fit(X, y, "squared", max_gates)
        with threadpool_limits(1):
            atoms, coef, intercept = finish(X, y, solution)
    values = np.stack([atom(fresh) for atom in atoms])
    error = intercept + coef @ values - y_fresh
    left = values[np.abs(coef) > 1e-4 * np.abs(coef).max()]
    return Outcome(
        seconds=timer.wall,
        cpu=timer.cpu,
        oracle_seconds=float(solution.trace["oracle_seconds"].sum()),
        passes=len(solution.trace),
        atoms=len(solution.atoms),
        same=names(left) == names(truth),
        exact=bool(np.abs(error).max() < 1e-6),
        r2=float(1 - error @ error / np.sum((y_fresh - y_fresh.mean()) ** 2)),
        ratio=solution.certificate.primal / planted_objective(columns, y, size ** (1 / GAMMA), lam),
        needed=rows_needed(planted, n),
        certified=bool(solution.certificate.certified),
    )


def grid(plan: Plan) -> dict[tuple[int, int], list[Outcome]]:
    """Solve every (K, s), print the table."""
    table = Table(["K", "s", *MEASURED])
    found = {}
    for count in plan.counts:
        for size in plan.sizes:
            seeds = range(SEED, SEED + plan.seeds)
            outcomes = [measure(seed, count, size, N_LITERALS, plan.rows) for seed in seeds]
            found[count, size] = outcomes
            add_outcomes(table, (count, size), outcomes, plan.rows)
    table.show("decomposition")
    return found


def add_outcomes(table: Table, head: tuple, outcomes: list[Outcome], rows: int, *tail: float) -> None:
    """One row: medians over the seeds, counts as "2/3"."""
    values = {name: [getattr(o, name) for o in outcomes] for name in Outcome.__dataclass_fields__}
    middle = [float(np.median(values[name])) for name in ("seconds", "cpu", "passes", "atoms", "ratio")]
    exact, same, certified = (f"{sum(values[k])}/{len(outcomes)}" for k in ("exact", "same", "certified"))
    needed = float(np.median([rows / n for n in values["needed"]]))
    table.add(*head, *middle[:4], exact, same, min(values["r2"]), middle[4], needed, certified, *tail)


def slopes(plan: Plan, found: dict[tuple[int, int], list[Outcome]]) -> tuple[float, float]:
    """Print the fitted slopes; the largest log-log slope against K, and the common factor of time per gate."""
    K, s, t = np.array([(k, s, o.cpu) for (k, s), cell in found.items() for o in cell]).T
    table = Table(["CPU seconds against", "at", "slope", "standard error", "meaning"])
    largest = -np.inf
    for least in (1, 8):  # a run has some fixed cost, which flattens the slope over all K
        for size in plan.sizes:
            here = (s == size) & (least <= K)
            if len(set(K[here])) > 1:
                b, error, _ = power_law(K[here], t[here])
                largest = max(largest, b)
                table.add("K", f"s = {size}, K >= {least}", b, error, f"time ~ K^{b:.2f}")
    for count in plan.counts:
        b, error, _ = fit_line(s[count == K], np.log(t[count == K]))
        table.add("s", f"K = {count}", b, error, f"x {np.exp(b):.2f} a gate")
    b, error, _ = fit_line(s, np.log(t), K)
    table.add("s", "all K", b, error, f"x {np.exp(b):.2f} a gate")
    table.show("decomposition_slopes")
    return largest, float(np.exp(b))


def reach(plan: Plan) -> None:
    """Time against n, for the search over all functions of 2, 3 and 4 literals; and room for 64 sub-circuits."""
    head = ["literals of a sub-circuit", "n"]
    table = Table([*head, "K", "s", *MEASURED, "ms a pass"])
    growth = Table([head[0], "slope of ms a pass against n", "standard error", "at the last doubling"])
    for size in (1, 2, 3):
        points = []
        for n in plan.widths:
            outcome = measure(SEED, 16, size, n, plan.rows, max_gates=size)
            points.append(1e3 * outcome.oracle_seconds / outcome.passes)
            add_outcomes(table, (size + 1, n, 16, size), [outcome], plan.rows, points[-1])
        last = float(np.log2(points[-1] / points[-2]))  # small n: fixed cost
        growth.add(size + 1, *power_law(plan.widths, points)[:2], last)
    if max(plan.widths) > N_LITERALS:
        for size in (3, 7):
            outcome = measure(SEED, 64, size, max(plan.widths), plan.rows)
            a_pass = 1e3 * outcome.oracle_seconds / outcome.passes
            add_outcomes(table, (4, max(plan.widths), 64, size), [outcome], plan.rows, a_pass)
    table.show("decomposition_reach")
    print()
    growth.show("decomposition_growth")


def at_least_half(planted: Planted, X: np.ndarray) -> np.ndarray:
    """The Boolean function of the comparison: 1 where at least half of the sub-circuits are true."""
    return (planted(X).sum(axis=0) >= 0).astype(np.int64)


def truth_table(planted: Planted) -> tuple[int | None, int]:
    """Truth table of that function over the literals it reads (None: too many), and their number."""
    used = np.unique(planted.literals)
    m = len(used)
    if m > _synthesis.MAX_INPUTS:
        return None, m
    X = np.zeros((1 << m, int(used.max()) + 1), np.int64)
    X[:, used] = np.arange(1 << m)[:, None] >> np.arange(m) & 1
    read, table = narrow(table_of(at_least_half(planted, X)), m)
    return table, len(read)


def whole(plan: Plan) -> list[Point]:
    """The synthesiser and the solver on one Boolean function of the sub-circuits."""
    table = Table(
        ["K", "s", "inputs read", "lutexact gates", "lutexact seconds", "lutexact ended", "fw_circuits CPU seconds",
         "accuracy", "atoms", "gates"]
    )  # fmt: skip
    if not _synthesis.available():
        print(f"{_synthesis.PROGRAM} is not installed, its columns are empty; type: {_synthesis.INSTALL}")
    points = []
    for count, size in plan.boolean:
        rng = np.random.default_rng([count, size])
        planted = plant(rng, count, size, N_LITERALS)
        X, fresh = (rng.integers(0, 2, (rows, N_LITERALS)) for rows in (plan.rows, N_FRESH))
        y = at_least_half(planted, X)
        with Timer() as timer:
            _, solution = fit(X, y, "logistic")
        accuracy = float(np.mean(solution.predict(fresh) == at_least_half(planted, fresh)))
        bits, m = truth_table(planted)
        exact = _synthesis.smallest(bits or 0, m, plan.limit)
        points.append((count, size, exact))
        table.add(count, size, m, *exact, timer.cpu, accuracy, len(solution.atoms), solution.n_gates)
    table.show("decomposition_whole")
    single = [(s, log(e.seconds)) for k, s, e in points if k == 1 and e.gates and s >= 3]
    if len(single) > 2:
        b, error, _ = fit_line(*np.array(single).T)
        print(f"\nlutexact, K = 1, s >= 3: x {np.exp(b):.1f} a gate (log slope {b:.2f}, error {text_of(error)})")
    return points


def run(quick: bool) -> list[str]:
    """Print the tables, draw the figure; returns the targets that were missed."""
    plan = QUICK if quick else FULL
    print(f"{N_LITERALS} literals, {plan.rows} rows, gamma {GAMMA:g}, lam {PENALTY:g} lam_max, tol {TOL:g}\n")
    found = grid(plan)
    print()
    power, factor = slopes(plan, found)
    print()
    reach(plan)
    print()
    points = whole(plan)
    seconds = {cell: [o.cpu for o in outcomes] for cell, outcomes in found.items()}
    draw_figure(seconds, points, plan.limit)
    every = [o for outcomes in found.values() for o in outcomes]
    summarise(plan, every, power, factor, points)
    print()
    return check_targets(
        [
            ("largest log-log slope of time against K", power, "<=", 1.3),
            ("factor of time per gate, not told s", factor, "<=", 1.3),
            ("share of exact predictions, all K and s", float(np.mean([o.exact for o in every])), ">=", 1.0),
            ("least R2 on fresh rows, all K", min(o.r2 for o in every), ">=", 0.9999),
            ("largest objective / planted", max(o.ratio for o in every), "<=", 1 + TOL),
        ]
    )


def summarise(plan: Plan, every: list[Outcome], power: float, factor: float, points: list[Point]) -> None:
    """Growth, recovery and the synthesiser in words."""
    exact, same = sum(o.exact for o in every), sum(o.same for o in every)
    finding = (
        f"K to {max(plan.counts)}, s to {max(plan.sizes)}: {exact} of {len(every)} targets are predicted exactly on "
        f"fresh rows, {same} with the planted functions; time grows at most like K^{power:.2f}, x {factor:.2f} a gate."
    )
    ended = [e.ended for _, _, e in points]
    installed = _synthesis.available()
    if installed:
        done = f"{ended.count('exact')} of {len(ended)}"
        finding += f" The exact synthesiser finds {done} whole functions within {plan.limit:g} s."
    short = sum(plan.rows < o.needed for o in every)
    tell(
        finding,
        "Sub-circuits of five or more literals are out of the oracle's reach. "
        + (f"{short} targets have fewer rows than the estimate says are needed. " if short else "")
        + ("" if installed else f"The synthesiser is not installed: {_synthesis.INSTALL}."),
    )
