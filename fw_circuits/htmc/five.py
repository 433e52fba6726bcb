"""The gauge of a function on the cube of five inputs, as a bracket.

Exact search lists all functions of at most s gates (s = 5: 1.1 million in a second); of the other 2^32 only that they
cost more is known.  *From above*: decompositions into listed functions, or f itself where a circuit for it is at hand.
*From below*: give every sign vector whatsoever the price ``(s + 1)^(1/gamma)``, which no function outside the list
undercuts; the dual vectors of that relaxed program satisfy ``|<u, T>| <= kappa^(1/gamma)`` on the list and
``sum|u| <= (s + 1)^(1/gamma)``, so they are feasible for the true one.  Where the relaxed optimum uses listed functions
alone, the two ends meet.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._checks import check_real
from fw_circuits._typing import Bits, Floats, Ints
from fw_circuits.circuits import Circuit
from fw_circuits.circuits.synthesis import from_truth_table
from fw_circuits.exceptions import InputError
from fw_circuits.htmc.column_generation import Generated, generate
from fw_circuits.htmc.cube import FunctionList, small_functions, values_on_cube
from fw_circuits.htmc.exact import centred, feasible, leftover

#: Relative difference of the two ends that counts as none.
CLOSED = 1e-9


@dataclass(frozen=True, eq=False)
class FiveInputBracket:
    """``lower <= Omega(f) <= upper`` for a function of five inputs, with the proof of each end.

    Attributes
    ----------
    lower, upper : float
        Bounds on the gauge over all circuits, up to rounding.
    dual : (32,)
        Proves ``lower = <dual, f>``: see the module's text for the constraints that it satisfies.
    tables, gates, weights, constant
        A decomposition of value ``upper``; as in `ExactNorm`, but ``gates`` of f itself are those of the circuit used.
    max_gates : int
        Functions of at most this many gates are known exactly.
    gamma, intercept, function
        What was asked.
    """

    lower: float
    upper: float
    dual: Floats
    tables: Ints
    gates: Bits
    weights: Floats
    constant: float
    max_gates: int
    gamma: float
    intercept: bool
    function: Floats

    @property
    def exact(self) -> bool:
        """Whether the ends agree within 1e-9 of ``upper``, or of max|f| (half its range with ``intercept``)."""
        largest = float(np.abs(centred(self.function, self.intercept)[0]).max())
        return self.upper - self.lower <= CLOSED * max(self.upper, largest)

    def describe(self) -> str:
        """The bracket in a sentence."""
        whose = " up to a free constant" if self.intercept else ""
        if self.exact:
            return f"Norm{whose} at gamma = {self.gamma:g}: {self.upper:.9g} (both ends agree)."
        return (
            f"Norm{whose} at gamma = {self.gamma:g}: between {self.lower:.6g} (every function of more than "
            f"{self.max_gates} gates taken to cost {self.max_gates + 1}) and {self.upper:.6g} ({len(self.tables)} "
            f"atom{'s' if len(self.tables) != 1 else ''})."
        )


def five_input_bracket(
    table: Any, gamma: float, *, intercept: bool = False, max_gates: int = 5, circuit: Circuit | None = None
) -> FiveInputBracket:
    """Bracket of the gauge of a function on the 5-cube (theory, section 8).

    Parameters
    ----------
    table : int or array_like of shape (32,)
        As in `exact_norm`.
    gamma, intercept
        As in `exact_norm`.
    max_gates : int
        4, 5 or 6: the functions that are listed.  5 takes a second, 6 about ten, and half a gigabyte.
    circuit : Circuit, optional
        A circuit that computes the truth table (or its complement), if you know a small one.  Without it, one is built
        by expansion and, for symmetric functions, by counting.

    Returns
    -------
    FiveInputBracket

    Raises
    ------
    InputError
        If an argument is out of range, or the circuit computes another function.

    Examples
    --------
    Parity of five bits: four gates, and no cheaper as a combination.

    >>> parity = sum(1 << v for v in range(32) if v.bit_count() % 2)
    >>> found = five_input_bracket(parity, 3.0, max_gates=4)
    >>> found.exact, round(found.upper, 9) == round(4 ** (1 / 3), 9)
    (True, True)
    """
    gamma = check_real("gamma", gamma, 0.0, above=True)
    if isinstance(max_gates, bool) or max_gates not in (4, 5, 6):  # conjunctions of five inputs are needed
        raise InputError(f"max_gates is {max_gates!r}; expected 4, 5 or 6.")
    values, truth = values_on_cube(table, 5)
    listed = small_functions(5, int(max_gates))
    prices = listed.prices(gamma)
    beyond = float((max_gates + 1) ** (1.0 / gamma))
    priced, middle = centred(values, bool(intercept))
    scale = float(np.abs(priced).max()) or 1.0
    f = priced / scale
    relaxed = generate(f, listed, prices, intercept=intercept, ball=beyond)
    u = feasible(relaxed.u, listed, prices, intercept=intercept, ball=beyond)
    lower = max(0.0, float(u @ priced))
    own_gates = _own_gates(truth, listed, circuit)  # f as itself: a circuit was found, maybe not a smallest
    own = max(1.0, own_gates) ** (1.0 / gamma)
    found, upper = relaxed, _value(relaxed, prices, gamma)
    if scale * min(upper, own) - lower > CLOSED * max(scale, lower):
        found = generate(f, listed, prices, intercept=intercept)
        upper = _value(found, prices, gamma)
    tables, gates = listed.tables[found.columns].astype(np.int64), listed.gates[found.columns]
    weights, constant = found.weights, found.constant
    if truth is not None and own <= upper:
        upper, weights, constant = own, np.ones(1), 0.0
        tables, gates = np.array([truth]), np.array([own_gates], np.uint8)
    order = np.argsort(-np.abs(weights) * np.maximum(1, gates) ** (1.0 / gamma), kind="stable")
    return FiveInputBracket(
        lower=lower,
        upper=scale * upper,
        dual=u,
        tables=tables[order],
        gates=gates[order],
        weights=scale * weights[order],
        constant=middle + scale * constant,
        max_gates=int(max_gates),
        gamma=gamma,
        intercept=bool(intercept),
        function=values,
    )


def _value(found: Generated, prices: Floats, gamma: float) -> float:
    """Cost of a decomposition, what its residual adds included."""
    return float(prices[found.columns] @ np.abs(found.weights)) + leftover(found, 5, gamma)


def _own_gates(truth: int | None, listed: FunctionList, circuit: Circuit | None) -> float:
    """Gates of some circuit of f, exact where f is listed; infinite where f is not Boolean."""
    if truth is None:
        if circuit is not None:
            raise InputError("a circuit came with real values; it needs a function with values -1 and +1.")
        return np.inf
    if circuit is not None:
        if (circuit.n_inputs, circuit.n_outputs) != (5, 1):
            raise InputError(
                f"the circuit has {circuit.n_inputs} inputs and {circuit.n_outputs} outputs; expected 5 and 1."
            )
        if circuit.truth_table() not in (truth, truth ^ 0xFFFFFFFF):
            raise InputError("the circuit computes another function than the table; expected it or its complement.")
    place = listed.place(truth)
    if place >= 0:
        return int(listed.gates[place])
    sizes = [from_truth_table(truth, 5).n_gates, *([circuit.n_gates] if circuit is not None else [])]
    return min(sizes)
