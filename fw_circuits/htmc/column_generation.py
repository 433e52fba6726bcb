"""The gauge on a cube as a linear program, by column generation.

    primal   min  sum_j price_j |b_j|                        f = c + sum_j b_j T_j
    dual     max  <u, f>                                     |<u, T_j>| <= price_j for every j

with the constant c fixed to 0, or free (then sum u = 0).  A master program knows some columns; its dual vector scores
all the others at once, and those that violate their constraint join, the worst of each cost.  When none does, u is
feasible for the whole list.  With a ``ball`` of radius R, a residual is allowed at the price ``R max|residual|``, and
the dual is limited to ``sum|u| <= R``: as if every sign vector whatsoever were a column at price R.

HiGHS solves the masters (scipy); its tolerances are not trusted: the caller divides u by its largest score.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from fw_circuits._typing import Array, Floats, Ints
from fw_circuits.exceptions import FwCircuitsError
from fw_circuits.htmc.cube import FunctionList

#: Columns of each cost that join in one round.
PER_COST = 60
#: A constraint counts as violated above this.
TOLERANCE = 1e-10
MAX_ROUNDS = 200
OPTIONS = {
    "presolve": False,  # the programs are small, and it costs more than it saves
    "primal_feasibility_tolerance": 1e-10,
    "dual_feasibility_tolerance": 1e-10,
}


class Generated(NamedTuple):
    """Outcome of column generation; `value` is infinite where the columns cannot represent f."""

    value: float
    u: Floats  # (2^n,)
    constant: float
    columns: Ints  # places in the list, weight not 0
    weights: Floats
    residual: Floats  # f - constant - sum of weights times columns
    rounds: int


def generate(
    f: Floats,
    listed: FunctionList,
    prices: Floats,
    *,
    intercept: bool = False,
    skip: int = -1,
    ball: float | None = None,
) -> Generated:
    """Solve the program for f with max|f| about 1 over all columns of the list but `skip`.

    Raises
    ------
    FwCircuitsError
        If the solver fails, or the rounds do not end.
    """
    kinds = [np.flatnonzero(listed.kappa == k) for k in np.unique(listed.kappa)]
    chosen = np.zeros(len(prices), dtype=bool)
    chosen[kinds[0]] = True
    corners = [listed.place(1 << v) for v in range(f.size)]  # indicators of vertices: f can be represented
    chosen[[place for place in corners if place >= 0]] = True
    _join(chosen, np.abs(listed.scores(f)) / prices, kinds, 0.0)
    if skip >= 0:
        chosen[skip] = False
    for rounds in range(1, MAX_ROUNDS + 1):
        columns = np.flatnonzero(chosen)
        value, u, constant, weights = _master(f, listed.signs(columns), prices[columns], intercept, ball)
        if not np.isfinite(value):
            nothing = np.zeros(0)
            return Generated(np.inf, u, 0.0, np.zeros(0, np.int64), nothing, f, rounds)
        scores = np.abs(listed.scores(u)) / prices
        scores[chosen] = 0.0
        if skip >= 0:
            scores[skip] = 0.0
        if scores.max(initial=0.0) <= 1.0 + TOLERANCE:
            used = np.flatnonzero(weights)
            residual = f - constant - listed.signs(columns[used]) @ weights[used]
            return Generated(value, u, constant, columns[used], weights[used], residual, rounds)
        _join(chosen, scores, kinds, 1.0 + TOLERANCE)
    raise FwCircuitsError(f"column generation did not end within {MAX_ROUNDS} rounds; please report f.")


def _join(chosen: Array, scores: Floats, kinds: list[Ints], above: float) -> None:
    """Mark the columns of largest score of each cost."""
    for kind in kinds:
        best = kind[scores[kind] > above]
        if len(best) > PER_COST:
            best = best[np.argpartition(-scores[best], PER_COST)[:PER_COST]]
        chosen[best] = True


def _master(
    f: Floats, T: Floats, prices: Floats, intercept: bool, ball: float | None
) -> tuple[float, Floats, float, Floats]:
    """Value, dual vector, constant and weights of the program over the columns of T."""
    size, m = T.shape
    if m == 0:
        return np.inf, np.zeros(size), 0.0, np.zeros(0)
    blocks, costs = [T, -T], [prices, prices]
    if intercept:
        blocks.append(np.stack([np.ones(size), -np.ones(size)], axis=1))
        costs.append(np.zeros(2))
    at_most = limits = None
    if ball is not None:  # f - ... = p - q,  p + q <= t,  price R t
        eye = np.eye(size)
        before = sum(block.shape[1] for block in blocks)
        blocks += [eye, -eye, np.zeros((size, 1))]
        costs += [np.zeros(2 * size), np.array([ball])]
        at_most = np.hstack([np.zeros((size, before)), eye, eye, -np.ones((size, 1))])
        limits = np.zeros(size)
    found = linprog(
        np.concatenate(costs), A_ub=at_most, b_ub=limits, A_eq=np.hstack(blocks), b_eq=f, method="highs-ds",
        options=OPTIONS,
    )  # fmt: skip
    if found.status == 2:
        return np.inf, np.zeros(size), 0.0, np.zeros(m)
    if found.status != 0:
        raise FwCircuitsError(f"the linear program of a norm was not solved: {found.message}")
    constant = float(found.x[2 * m] - found.x[2 * m + 1]) if intercept else 0.0
    return float(found.fun), np.array(found.eqlin.marginals), constant, found.x[:m] - found.x[m : 2 * m]
