"""Sampling: a few atoms in place of many, right on average (theory, section 8).

Two laws, both unbiased:

*costs* (the default): for an error eps, atoms that cost more than ``(rho / eps)^gamma`` are dropped, ``rho = sum |b_j|
kappa_j^(1/gamma)`` being the norm (they sum to at most eps at every point), and each other atom is kept on its own with
``p_j = min(1, S |b_j| / (eps^2 sqrt(kappa_j)))``, ``S = sum |b_j| sqrt(kappa_j)``, and coefficient ``b_j / p_j``.  The
variance is at most eps^2 at every point and the expected gates are at most ``S^2 / eps^2 <= (rho / eps)^gamma`` for
every gamma >= 2.  Kept atoms of one cost with p_j < 1 share one absolute weight, so the adder still counts ones, once
for each cost.

*maurey*: n draws with probability ``|b_j| / sum |b|``, averaged with equal weights: one count of ones, and ``E
(rounded f - f)^2 <= (sum |b|)^2 / n``.  It asks nothing of costs, and may need ``eps^-(gamma + 1)`` gates where a
combination has many atoms at each of the costs ``2^(gamma m)``.

The law *costs* is original to this package; Maurey's is in Pisier, Seminaire d'analyse fonctionnelle, 1980-81.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._checks import check_choice, check_integer, check_real
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.rounding.problem import Choice, Fitted, Problem
from fw_circuits.rounding.rounded import Rounded

LAWS = ("costs", "maurey")
#: Part of eps that integer weights may add to the error at any point.
QUANTISATION = 1.0 / 16.0
#: Largest integer weight: sums of many stay exact.
LARGEST = 1 << 40


def sample_circuit(solution: Fitted, n: int, random_state: int = 0, *, X: Any = None, output: str = "auto") -> Rounded:
    """Round a solution by sampling n atoms and averaging them with equal weights (Maurey's law).

    Parameters
    ----------
    solution : Solution
        What is rounded.
    n : int
        Number of draws, at least 1.
    random_state : int
        Seed.
    X : array-like, optional
        Only measured on.
    output : {"auto", "sign", "value"}
        As in `round_solution`.

    Returns
    -------
    Rounded
        `weights` counts the draws of each atom, with the sign of its coefficient.

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[v >> i & 1 for i in range(3)] for v in range(8)])
    >>> solution = solve(X, X.sum(axis=1), lam=0.05)
    >>> int(np.abs(sample_circuit(solution, 16).weights).sum())
    16
    """
    problem = Problem.of(solution, X, None, output)
    return problem.rounded(_maurey(problem, n, random_state))


def sample_to_error(
    solution: Fitted, eps: float, random_state: int = 0, *, gamma: float | None = None, law: str = "costs",
    X: Any = None, output: str = "auto",
) -> Rounded:  # fmt: skip
    """Round a solution by sampling its atoms to a wanted error.

    Parameters
    ----------
    solution : Solution
        What is rounded.
    eps : float
        > 0.  At every grid point the mean square error over seeds is at most ``(1 + 1/16)^2 eps^2`` for Maurey's law,
        and for the law of costs at most ``(1 + 17/16)^2 eps^2`` (``sqrt(2) eps`` but for the quantisation if no atom
        is dropped).
    random_state : int
        Seed.
    gamma : float, optional
        Of the cut-off, > 0; default: the solution's own.
    law : {"costs", "maurey"}
    X, output
        As in `sample_circuit`.

    Returns
    -------
    Rounded

    Raises
    ------
    InputError
        For arguments out of range; where ``gamma`` is not given and the solution has none.

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[v >> i & 1 for i in range(3)] for v in range(8)])
    >>> solution = solve(X, X.sum(axis=1), lam=0.05)
    >>> rough, fine = (sample_to_error(solution, eps, X=X) for eps in (2.0, 0.01))
    >>> rough.n_gates < fine.n_gates, fine.deviation < 0.03
    (True, True)
    """
    check_real("eps", eps, 0.0, above=True)
    problem = Problem.of(solution, X, None, output)
    return problem.rounded(_draw(problem, float(eps), _gamma_of(solution, gamma), law, random_state))


def keep_probabilities(coef: Floats, costs: Floats, eps: float, gamma: float) -> Floats:
    """With what probability the law of costs keeps each atom; 0 for those that it drops.

    Parameters
    ----------
    coef, costs : ndarray of shape (m,)
        Coefficients b and costs kappa >= 1.
    eps, gamma : float
        > 0.

    Examples
    --------
    >>> keep_probabilities(np.array([1.0, 0.5, 0.01]), np.array([1.0, 4.0, 1e6]), 0.9, 3.0).round(3).tolist()
    [1.0, 0.617, 0.0]
    """
    size = np.abs(coef)
    rho = float(size @ costs ** (1.0 / gamma))
    kept = np.where(costs > (rho / eps) ** gamma, 0.0, size)
    total = float(kept @ np.sqrt(costs))
    p: Floats = np.minimum(1.0, total * kept / (eps * eps * np.sqrt(costs)))
    return p


def _gamma_of(solution: Fitted, gamma: float | None) -> float:
    own = getattr(solution, "gamma", None) if gamma is None else gamma
    if own is None:
        raise InputError("gamma is None and what is rounded has none of its own; pass it, for example gamma=3.0.")
    return check_real("gamma", own, 0.0, above=True)


def _draw(problem: Problem, eps: float, gamma: float, law: str, seed: int) -> Choice:
    """A choice of either law with the error ``eps``."""
    check_choice("law", law, LAWS)
    if law == "maurey":
        n = float(np.abs(problem.coef).sum() / eps) ** 2
        if n > LARGEST:
            raise InputError(f"eps is {eps:.3g}, for which Maurey's law makes {n:.3g} draws; expected a larger one.")
        return _maurey(problem, max(1, int(np.ceil(n))), seed)
    costs = np.array([atom.cost for atom in problem.solution.combination.atoms], dtype=np.float64)
    p = keep_probabilities(problem.coef, costs, eps, gamma)
    kept = np.random.default_rng(seed).random(len(p)) < p
    if not kept.any():
        return problem.nothing()
    coef = np.zeros(len(p))
    coef[kept] = problem.coef[kept] / p[kept]
    step = max(2.0 * QUANTISATION * eps / int(kept.sum()), float(np.abs(coef).max()) / LARGEST)
    weights = np.rint(coef / step).astype(np.int64)
    bits = int(np.abs(weights).max()).bit_length()
    return Choice(bits, step, weights, problem.solution.combination.intercept)


def _maurey(problem: Problem, n: int, seed: int) -> Choice:
    check_integer("n", n, 1, note=": a number of draws")
    size = np.abs(problem.coef)
    total = float(size.sum())
    if not total:
        return problem.nothing()
    counts = np.random.default_rng(seed).multinomial(n, size / total)
    weights = counts * np.sign(problem.coef).astype(np.int64)
    return Choice(int(counts.max()).bit_length(), total / n, weights, problem.solution.combination.intercept)


@dataclass(frozen=True)
class SizeAndError:
    """A row of `size_against_error`.

    Attributes
    ----------
    n : int
        Draws of Maurey's law with the same bound.
    n_gates, n_ands : float
        Mean numbers of gates and of AND nodes.
    rms_error, max_error, bound : float
        Measured errors, root mean square and largest over rows (the mean over repeats), and the eps that was asked for.
    """

    n: int
    n_gates: float
    n_ands: float
    rms_error: float
    bound: float
    max_error: float = float("nan")


def size_against_error(
    solution: Fitted, X: Any, ns: Sequence[int] = (4, 8, 16, 32, 64, 128, 256), *, repeats: int = 5,
    random_state: int = 0, law: str = "costs", gamma: float | None = None,
) -> list[SizeAndError]:  # fmt: skip
    """Size of sampled circuits against their error on X: the trade-off behind the HTMC norm, measured.

    Parameters
    ----------
    solution : Solution
        What is rounded.
    X : (N, d) array-like
        Where errors are measured.
    ns : sequence of int
        Numbers of draws: each asks for the error ``eps = sum |b| / sqrt(n)``, Maurey's bound.
    repeats : int
        Circuits for each number.
    random_state : int
        Seed of the first.
    law : {"costs", "maurey"}
        How atoms are drawn.
    gamma : float, optional
        As in `sample_to_error`.

    Returns
    -------
    list of SizeAndError
        Errors are ``rounded f - f`` at the grid points that the circuits see.

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[v >> i & 1 for i in range(3)] for v in range(8)])
    >>> solution = solve(X, X.sum(axis=1), lam=0.05)
    >>> rows = [size_against_error(solution, X, ns=(4, 64), law=law) for law in ("costs", "maurey")]
    >>> all(row.rms_error <= 2 * row.bound for row in sum(rows, [])), rows[0][1].n_gates <= rows[1][1].n_gates
    (True, True)
    """
    check_choice("law", law, LAWS)
    own = 0.0 if law == "maurey" else _gamma_of(solution, gamma)
    problem = Problem.of(solution, X, None, "auto")
    total, rows = float(np.abs(problem.coef).sum()), []
    for n in ns:
        check_integer("n", n, 1, note=": a number of draws")
        eps = total / float(np.sqrt(n))
        if law == "maurey" or not eps:
            choices = [_maurey(problem, n, random_state + r) for r in range(repeats)]
        else:
            choices = [_draw(problem, eps, own, law, random_state + r) for r in range(repeats)]
        sizes = [problem.rounded(choice) for choice in choices]
        errors = np.array([problem.values @ (c.step * c.weights - problem.coef) for c in choices])
        rows.append(
            SizeAndError(
                n,
                float(np.mean([r.n_gates for r in sizes])),
                float(np.mean([r.n_ands for r in sizes])),
                float(np.sqrt(np.mean(np.square(errors)))),
                eps,
                float(np.abs(errors).max(axis=1).mean()),
            )
        )
    return rows
