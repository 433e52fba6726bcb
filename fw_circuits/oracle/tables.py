"""Tables over all functions of at most four inputs that the subset search reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fw_circuits._typing import Array, Bits, Floats

N_COSTS = 8


@dataclass(frozen=True)
class Tables:
    """Cost factors of functions; entries of ``fac`` and ``fac4`` are indexed by ``table >> 1`` (f(0) = 0).

    Attributes
    ----------
    factor : (8,)
        ``max(1, c)^(-1/gamma)`` by cost c.
    fac : list of 5 float64 arrays
        By number of inputs (entry 0 unused): the factor of every normal function; -1 where it does not
        depend on all of them.
    fac4 : float32
        ``fac[4]`` rounded up, 0 for -1.
    top : (5,)
        Largest factor by number of inputs.
    nearest : (65536, 8) uint8
        Fewest entries to change in a table, or in its complement, to reach a function of that cost that
        depends on all four inputs; above 16 where there is none.
    """

    factor: Floats
    fac: list[Floats]
    fac4: Array
    top: Floats
    nearest: Bits


def depends_on_all(arity: int) -> Array:
    """Mask over the ``2^(2^arity)`` tables: those that depend on each input.

    Examples
    --------
    >>> [int(depends_on_all(n).sum()) for n in (1, 2, 3, 4)]
    [2, 10, 218, 64594]
    """
    tables = np.arange(1 << (1 << arity), dtype=np.int64)
    result = np.ones(len(tables), bool)
    for i in range(arity):
        low = sum(1 << p for p in range(1 << arity) if not p >> i & 1)
        result &= ((tables >> (1 << i)) ^ tables) & low != 0
    return result


def cost_by_arity(cost: Bits, arity: int) -> Bits:
    """Cost of every table of ``arity`` inputs, from the table for four (unused inputs do not cost)."""
    tables = np.arange(1 << (1 << arity), dtype=np.int64)
    for i in range(arity, 4):
        tables |= tables << (1 << i)
    return cost[tables]


@lru_cache(maxsize=8)
def _nearest(cost: bytes, max_gates: int) -> Bits:
    # Hamming distance on the 16-cube is separable: one relaxation for each of the 16 bits is exact.
    levels = np.frombuffer(cost, np.uint8)
    every = np.arange(1 << 16)
    full = depends_on_all(4)
    nearest = np.full((1 << 16, N_COSTS), 100, np.uint8)
    for m in range(max_gates + 1):
        nearest[full & (levels == m), m] = 0
    for bit in range(16):
        nearest = np.minimum(nearest, nearest[every ^ (1 << bit)] + 1)
    nearest = np.ascontiguousarray(np.minimum(nearest, nearest[every ^ 0xFFFF]))
    nearest.flags.writeable = False
    return nearest


@lru_cache(maxsize=32)
def _tables(cost: bytes, gamma: float, max_gates: int) -> Tables:
    levels = np.frombuffer(cost, np.uint8)
    factor = np.maximum(1.0, np.arange(N_COSTS)) ** (-1.0 / gamma)
    fac = [np.zeros(0)]
    for arity in range(1, 5):
        costs = cost_by_arity(levels, arity)
        values = np.where(depends_on_all(arity) & (costs <= max_gates), factor[costs], -1.0)
        fac.append(np.ascontiguousarray(values[::2]))
    rounded = fac[4].astype(np.float32)
    fac4 = np.where(fac[4] > 0, np.nextafter(rounded, np.float32(np.inf)), np.float32(0)).astype(np.float32)
    top = np.array([0.0] + [float(f.max()) for f in fac[1:]])
    return Tables(factor, fac, fac4, top, _nearest(cost, max_gates))


def tables(cost: Bits, gamma: float, max_gates: int = N_COSTS - 1) -> Tables:
    """The tables for one cost table, (65536,) of values 0 to 7, and one gamma; cached.

    Functions of more than ``max_gates`` gates are left out, as if they did not depend on all inputs.

    Examples
    --------
    >>> from fw_circuits.circuits.catalogue import cost_table
    >>> [round(float(f), 3) for f in tables(cost_table(), 3.0).top[1:]]
    [1.0, 1.0, 0.794, 0.693]
    """
    return _tables(np.ascontiguousarray(cost, dtype=np.uint8).tobytes(), float(gamma), min(max_gates, N_COSTS - 1))
