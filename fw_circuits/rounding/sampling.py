"""Maurey's rounding: sample atoms and average them with equal weights (theory, section 8).

Atoms are drawn with probability ``|b_j| / sum |b|``, the one law under which equal weights are unbiased, so
``E (rounded f - f)^2 <= (sum |b|)^2 / n`` at each point.  With weights ``|b_j| kappa_j^(1/gamma)`` each draw would
need its own factor, and the adder would no longer be a count of ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits.rounding.problem import Choice, Fitted, Problem
from fw_circuits.rounding.rounded import Rounded


def sample_circuit(solution: Fitted, n: int, random_state: int = 0, *, X: Any = None, output: str = "auto") -> Rounded:
    """Round a solution by sampling n atoms and averaging them with equal weights.

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
    return problem.rounded(_sample(problem, n, random_state))


def _sample(problem: Problem, n: int, seed: int) -> Choice:
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
        Draws.
    n_gates, n_ands : float
        Mean numbers of gates and of AND nodes.
    rms_error, bound : float
        Measured error, and Maurey's bound on it.
    """

    n: int
    n_gates: float
    n_ands: float
    rms_error: float
    bound: float


def size_against_error(
    solution: Fitted, X: Any, ns: Sequence[int] = (4, 8, 16, 32, 64, 128, 256), *, repeats: int = 5,
    random_state: int = 0,
) -> list[SizeAndError]:  # fmt: skip
    """Size of sampled circuits against their error on X: the trade-off behind the HTMC norm, measured.

    Parameters
    ----------
    solution : Solution
        What is rounded.
    X : (N, d) array-like
        Where errors are measured.
    ns : sequence of int
        Numbers of draws.
    repeats : int
        Circuits for each number.
    random_state : int
        Seed of the first.

    Returns
    -------
    list of SizeAndError
        ``rms_error`` is the root mean square of ``rounded f - f`` over rows and repeats, both at the grid points
        that the circuits see; ``bound`` is ``sum |b| / sqrt(n)``.

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[v >> i & 1 for i in range(3)] for v in range(8)])
    >>> rows = size_against_error(solve(X, X.sum(axis=1), lam=0.05), X, ns=(4, 64))
    >>> rows[0].rms_error > rows[1].rms_error, all(row.rms_error <= 2 * row.bound for row in rows)
    (True, True)
    """
    problem = Problem.of(solution, X, None, "auto")
    rows = []
    for n in ns:
        choices = [_sample(problem, n, random_state + r) for r in range(repeats)]
        sizes = [problem.rounded(choice) for choice in choices]
        errors = [problem.values @ (choice.step * choice.weights - problem.coef) for choice in choices]
        rows.append(
            SizeAndError(
                n,
                float(np.mean([r.n_gates for r in sizes])),
                float(np.mean([r.n_ands for r in sizes])),
                float(np.sqrt(np.mean(np.square(errors)))),
                float(np.abs(problem.coef).sum() / np.sqrt(n)),
            )
        )
    return rows
