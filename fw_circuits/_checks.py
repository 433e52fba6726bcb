"""Checks of single values: what came, what was expected; what is right comes back as a plain Python value.

NumPy scalars and arrays of no axes count as the numbers that they contain, so that a saved solution has plain numbers.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from fw_circuits.exceptions import InputError


def plain(value: Any) -> Any:
    """The entry of an array of no axes; everything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def is_integer(value: Any) -> bool:
    """Whether the value is a whole number, of Python or NumPy, and no Boolean."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


def check_integer(name: str, value: Any, low: int | None = None, high: int | None = None, note: str = "") -> int:
    """A whole number from ``low`` to ``high``.

    Raises
    ------
    InputError
        If it is anything else; ``note`` is added to what is expected.

    Examples
    --------
    >>> check_integer("max_iter", np.int64(3), 1)
    3
    >>> check_integer("bits", 1.5, 1, 30)
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: bits is 1.5; expected a whole number from 1 to 30.
    """
    number = plain(value)
    if is_integer(number) and (low is None or number >= low) and (high is None or number <= high):
        return int(number)
    least = "" if low is None else f" >= {low}"
    span = least if high is None else f" from {low} to {high}"
    raise InputError(f"{name} is {number!r}; expected a whole number{span}{note}.")


def check_real(
    name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False,
    finite: bool = True, note: str = "",
) -> float:  # fmt: skip
    """A number >= ``low`` (> ``low`` if ``above``) and <= ``high``, finite unless said otherwise.

    Raises
    ------
    InputError
        If it is anything else, a Boolean or NaN included; ``note`` is added to what is expected.

    Examples
    --------
    >>> check_real("gamma", 3, 0.0, above=True)
    3.0
    >>> check_real("gamma", -1.0, 0.0, above=True)
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: gamma is -1.0; expected a finite number > 0.
    """
    number = plain(value)
    if isinstance(number, numbers.Real) and not isinstance(number, bool | np.bool_):
        try:
            real = float(number)
        except OverflowError:  # a whole number beyond all floats
            real = math.nan
        inside = (real > low if above else real >= low) and real <= high
        if inside and (math.isfinite(real) or not finite):
            return real
    bounds = "" if low == -math.inf else f" {'>' if above else '>='} {low:g}"
    if high < math.inf:
        bounds += f"{' and' if bounds else ''} <= {high:g}"
    raise InputError(f"{name} is {number!r}; expected a {'finite ' if finite else ''}number{bounds}{note}.")


def check_choice(name: str, value: Any, known: Sequence[str]) -> str:
    """One of a few words.

    Raises
    ------
    InputError
        If it is none of them.

    Examples
    --------
    >>> check_choice("domain", "rank", ("minmax", "quantile"))
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: domain is 'rank'; expected one of 'minmax', 'quantile'.
    """
    if isinstance(value, str) and value in known:
        return str(value)
    raise InputError(f"{name} is {value!r}; expected one of {', '.join(map(repr, known))}.")
