"""Choose bits, digits, step and, if there is no other way, atoms; within limits on the size of the circuit."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.aig import n_ands
from fw_circuits.exceptions import BudgetError, InputError
from fw_circuits.rounding.problem import MAX_BITS, Choice, Fitted, Problem
from fw_circuits.rounding.rounded import Rounded

#: Limits on the signed digits of a coefficient that are tried to meet a size limit; the first is no limit.
DIGITS = (MAX_BITS, 3, 2, 1)
#: Bits that are tried to meet a size limit, and while atoms are dropped for it.
LIMITED_BITS, DROPPING_BITS = range(1, 13), range(1, 9)
#: Most atoms whose coefficients make up for each other's errors: that takes a Gram matrix and its inverse.
COMPENSATED = 2000
#: With more bits there is little to make up for.
FINE = 8
#: bits=None for a regression: the fewest with deviations below this fraction of the range of f on the data.
TOLERANCE = 0.01


def round_solution(
    solution: Fitted, bits: int | None = None, *, max_gates: int | None = None, max_ands: int | None = None,
    X: Any = None, y: Any = None, output: str = "auto",
) -> Rounded:  # fmt: skip
    """Round a solution to one Boolean circuit.

    To meet a limit, coefficients get fewer bits or fewer digits; if that is not enough, the smallest become 0.  With
    data, the others make up for what is lost on it, where that scores better.

    Parameters
    ----------
    solution : Solution
        What is rounded.
    bits : int, optional
        Bits of the largest coefficient, 1 to 16.  None takes the smallest number with which the rounded classes
        agree best with the solution's on X (for a regression: deviations below 1 % of the range of f); with a
        limit, the number that does best within it.
    max_gates, max_ands : int, optional
        Limits on gates over the full basis and on nodes of the and-inverter graph.
    X, y : array-like, optional
        Data that choices are measured on: the step (and, with limits, bits and digits) with the best accuracy or
        squared error against y; without y, with the best agreement with the solution; without X, with the least
        error bound, which also breaks ties.  Rows that the solution was not fitted to are a better judge.
    output : {"auto", "sign", "value"}
        "auto": the sign for a solution with classes, else the value.

    Returns
    -------
    Rounded

    Raises
    ------
    InputError
        For arguments out of range, and for bits=None without X or a limit.
    BudgetError
        If not even the largest atom alone fits the limits.

    Examples
    --------
    >>> from fw_circuits import solve
    >>> X = np.array([[v >> i & 1 for i in range(3)] for v in range(8)])
    >>> solution = solve(X, (X.sum(axis=1) >= 2).astype(int), loss="logistic", lam=0.01)
    >>> rounded = round_solution(solution, X=X)
    >>> rounded.circuit.truth_table() == 0xE8, rounded.agreement, rounded.n_gates, rounded.n_ands
    (True, 1.0, 4, 4)
    """
    limits = _check(bits, max_gates, max_ands)
    if X is None and bits is None and limits is None:
        raise InputError(
            "bits=None chooses the number of bits on data; pass X (and y), or bits=8, or max_gates or max_ands."
        )
    problem = Problem.of(solution, X, y, output)
    if not np.any(problem.coef):
        return problem.rounded(problem.nothing())
    if limits is not None:
        return _within(problem, bits, limits)
    return problem.rounded(_enough(problem) if bits is None else problem.choices(int(bits))[0])


def _enough(problem: Problem) -> Choice:
    """The smallest number of bits that comes as close to the solution as any does."""
    choices = [problem.choices(bits)[0] for bits in range(1, MAX_BITS + 1)]
    if not problem.sign:
        small = TOLERANCE * float(np.ptp(problem.f))
        close = [choice for choice in choices if choice.closeness >= -small]
        if close:
            return close[0]
    return max(choices, key=lambda choice: (choice.closeness, -choice.bits))


def _within(problem: Problem, bits: int | None, limits: tuple[float, float]) -> Rounded:
    """The best rounding that keeps the limits.

    Choices are built in the order of their worth until one fits.  The size grows with the atoms and digits, so a
    choice that was too large by some factor rules out, with 10 % to spare, those like it with more digits (a few
    digits fewer would hardly help, either).
    """
    too_large: list[tuple[int, float]] = []

    def fitting(bits: Iterable[int], keep: int) -> tuple[Choice, Circuit] | None:
        for choice in _candidates(problem, bits, keep):
            if any(keep >= atoms and choice.n_digits >= digits for atoms, digits in too_large):
                continue
            circuit = problem.circuit(choice)
            gates, ands = circuit.n_gates, n_ands(circuit)
            if gates <= limits[0] and ands <= limits[1]:
                return choice, circuit
            excess = max(gates / max(limits[0], 1), ands / max(limits[1], 1))
            too_large.append((keep, choice.n_digits * min(0.98, 1.1 / excess)))
        return None

    m = len(problem.coef)
    found = fitting([bits] if bits else LIMITED_BITS, m)
    if found is None:
        for b in [bits] if bits else DROPPING_BITS:
            low, high = 0, m  # atoms kept: some choice fits, none fits
            while high - low > 1:
                middle = (low + high) // 2
                answer = fitting([b], middle)
                low, high = (low, middle) if answer is None else (middle, high)
                if answer is not None and (found is None or answer[0].score > found[0].score):
                    found = answer
    if found is None:
        raise BudgetError(
            f"the limits max_gates={limits[0]:g} and max_ands={limits[1]:g} cannot be met even by the largest atom "
            "alone; raise them, or solve again with a smaller max_gates."
        )
    return problem.rounded(*found)


def _candidates(problem: Problem, bits: Iterable[int], keep: int) -> list[Choice]:
    """Choices of bits and digits, with data compensated ones, too: best score first, then smallest error bound."""
    kinds = [(b, digits) for b in bits for digits in DIGITS if digits == MAX_BITS or 2 * digits <= b + 1]
    ways = [(b, digits, False) for b, digits in kinds]
    if len(problem.f) and len(problem.coef) <= COMPENSATED:
        ways += [(b, digits, True) for b, digits in kinds if b <= FINE]
    return sorted((c for b, digits, way in ways for c in problem.choices(b, digits, keep, compensated=way)),
                  key=Choice.worth)  # fmt: skip


def _check(bits: Any, max_gates: Any, max_ands: Any) -> tuple[float, float] | None:
    """Refuse what is out of range; the limits as numbers, None without any."""
    if bits is not None:
        check_integer("bits", bits, 1, MAX_BITS, ", or None")
    limits = {"max_gates": max_gates, "max_ands": max_ands}
    given = {
        name: check_integer(name, n, 0, note=", or None for no limit") for name, n in limits.items() if n is not None
    }
    return (given.get("max_gates", np.inf), given.get("max_ands", np.inf)) if given else None
