"""How much a fitted function must cost: its norm from both sides (theory, section 8).

f is the fitted function on the rows of X, and the norm is the one that the solver penalises: the intercept is free,
so functions that differ by a constant have the same.  From above: the solution's own decomposition.  From below: for
any u of sum 0 and any bound ``U >= max_C kappa(C)^(-1/gamma) |<u, T_C>|``, the norm is at least ``<u, f> / U``.  At an
optimum of the penalised problem the gradient makes the two ends meet, so the gradient is the u to take.

Two classes of circuits, two lower ends: those that the oracle's scope names (and the solution's own atoms), and all
circuits of any size on the solution's levels.  Trusted: the oracle's statement that its bound covers its scope.  Sums
are not rounded outwards (expect 1e-12).
"""

from dataclasses import dataclass
from typing import Any

from fw_circuits._bracket import Bracket
from fw_circuits._settings import Settings
from fw_circuits._typing import Floats
from fw_circuits._validation import check_sample_weight
from fw_circuits.certificate import loss_on, oracle_of, scores_of
from fw_circuits.columns import points_of
from fw_circuits.exceptions import InputError
from fw_circuits.oracle import eager
from fw_circuits.oracle.base import observe
from fw_circuits.solution import MultinomialSolution, Solution


@dataclass(frozen=True)
class NormBracket:
    """Bounds on the norm of a fitted function on its data, up to a free constant.

    Attributes
    ----------
    lower, upper : float
        Bounds on the norm over the circuits that ``scope`` names.
    global_lower : float
        Lower bound on the norm over all circuits of any size on the levels; ``upper`` bounds that norm, too.
    scope : str
        As in `Certificate`; the solution's own atoms count among it.
    max_gates : int
        The scope holds every circuit of at most this many gates (0: no such statement).
    point : str
        Which u gave the lower bounds: "dual point", "gradient" or "values".
    """

    lower: float
    upper: float
    global_lower: float
    scope: str
    max_gates: int
    point: str

    @property
    def ratio(self) -> float:
        """``upper / lower``: 1 for an exact value, infinite where nothing is known from below."""
        return Bracket(self.lower, self.upper).ratio

    def describe(self) -> str:
        """The bracket in words, two lines."""
        return (
            f"Over {self.scope}: the norm of f on these rows, up to a constant, is between {self.lower:.6g} and "
            f"{self.upper:.6g}.\n"
            f"Over all circuits of any size on these levels: between {self.global_lower:.6g} and {self.upper:.6g}."
        )


def norm_bracket(
    solution: Solution,
    X: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    oracle: Any = None,
    n_jobs: int | None = None,
    time_limit: float | None = None,
) -> NormBracket:
    """Bracket of the norm of ``solution`` on the rows of X (theory, section 8).

    Parameters
    ----------
    solution : Solution
        Its norm is bracketed.
    X : array_like of shape (N, d)
        Where f is looked at, columns matched by name where X has names; the training rows make the bracket tight.
    y, sample_weight : array_like of shape (N,), optional
        The training target and weights, for the gradient.  Without y, the solution's own dual point is used, or, where
        X has another number of rows, the values of f themselves: valid, but wider.
    oracle, n_jobs, time_limit
        As in :func:`fw_circuits.certify`; one or two searches.  A search that covers more circuits than that of the
        run raises ``global_lower``.

    Returns
    -------
    NormBracket

    Raises
    ------
    InputError
        If the data do not fit the solution.

    Examples
    --------
    >>> import numpy as np, fw_circuits
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]); y = X[:, 0] ^ X[:, 1]
    >>> solution = fw_circuits.solve(X, y, lam=0.1)
    >>> found = norm_bracket(solution, X, y)
    >>> round(found.lower, 9), round(found.upper, 9)
    (0.4, 0.4)
    """
    points = points_of(solution.columns, X, names=solution.feature_names)
    given = Settings.of(n_jobs=n_jobs, time_limit=time_limit)
    if isinstance(solution, MultinomialSolution):
        raise InputError("the solution has several outputs; a bracket of the norm is of one function.")
    priced = solution.combination.values(points, intercept=0.0)  # u sums to 0 but for rounding
    f = priced + solution.intercept
    search = eager(oracle_of(solution, points, oracle, given))
    candidates = _candidates(solution, f, y, sample_weight)
    observe(search, solution.atoms)
    own = scores_of(solution.combination, search, list(candidates.values()))
    best: NormBracket | None = None
    for (name, u), score in zip(candidates.items(), own.tolist(), strict=True):
        answer = search.search(u, 1)
        inside = max(float(answer.upper_bound), score)
        product = float(u @ priced)
        found = NormBracket(
            lower=_quotient(product, inside),
            upper=solution.norm,
            global_lower=_quotient(product, max(inside, float(answer.tail))),
            scope=answer.scope,
            max_gates=answer.max_gates,
            point=name,
        )
        if best is None or found.lower > best.lower:
            best = found
    assert best is not None  # there is always a candidate
    return best


def _candidates(solution: Solution, f: Floats, y: Any, sample_weight: Any) -> dict[str, Floats]:
    """Vectors of sum 0 that may prove a lower bound, by name."""
    found = {}
    if solution.dual_point.size == f.size:
        found["dual point"] = solution.dual_point
    weights = check_sample_weight(sample_weight, f.size)
    if y is not None:
        found["gradient"] = loss_on(solution, y, f.size, sample_weight).negative_gradient(f)
    if not found:
        found["values"] = f
    return {name: u - weights * u.sum() for name, u in found.items()}


def _quotient(product: float, bound: float) -> float:
    """``product / bound``, at least 0: a norm is."""
    return max(0.0, product / bound) if bound > 0.0 else 0.0
