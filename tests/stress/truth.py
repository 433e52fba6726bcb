"""What is true of a small problem, computed another way than the package does.

Points are cut into vertices one coordinate at a time, circuits run gate by gate over them, the polar is the largest
score among all functions of at most four literals (65,536 per subset) and, for gates4, among all formulas of five, and
a dual bound is maximised over the multiples of its point.  Taken over from the package: the sizes of the smallest
circuits of four inputs, which `tests/circuits/test_catalogue.py` proves, and the knots of the domain map.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from fw_circuits.circuits.catalogue import cost_table

#: Where the Huber loss turns from square to linear.
HUBER = 1.0


def unit(X, lattice):
    """Columns on [0, 1] through the knots."""
    return np.column_stack(
        [
            np.interp(x, t, np.linspace(0.0, 1.0, len(t))) if len(t) > 1 else np.zeros(len(x))
            for x, t in zip(np.asarray(X, float).T, lattice.knots, strict=True)
        ]
    )


def vertices(U, level):
    """Bits (n, d + 1, d * level) of the J1 vertices of points of the unit cube, and their weights (n, d + 1)."""
    n, d = U.shape
    z = U * (2**level - 1)
    low = np.minimum(np.floor(z), 2**level - 2)
    even = np.where(low % 2 == 0, low, low + 1)
    reach = np.abs(z - even)
    toward = np.where(z >= even, 1, -1)
    order = np.argsort(-reach, axis=1, kind="stable")
    falling = np.take_along_axis(reach, order, axis=1)
    weights = -np.diff(np.column_stack([np.ones(n), falling, np.zeros(n)]), axis=1)
    place = np.argsort(order, axis=1)
    moved = np.arange(d + 1)[None, :, None] > place[:, None, :]
    at = (even[:, None, :] + moved * toward[:, None, :]).astype(np.int64)
    bits = at[:, :, :, None] >> np.arange(level) & 1
    return bits.reshape(n, d + 1, d * level), weights


class Values:
    """Atoms and scores on the rows of X."""

    def __init__(self, X, lattice):
        self.levels = {k: vertices(unit(X, lattice), k) for k in lattice.levels}

    def atom(self, atom):
        """Values of one atom at the rows."""
        bits, weights = self.levels[atom.level]
        circuit = atom.circuit
        nodes = [np.zeros(bits.shape[:2], np.int64), *(bits[:, :, i] for i in atom.literals)]
        for table, a, b in circuit.gates:
            nodes.append(table >> (nodes[a] + 2 * nodes[b]) & 1)
        signal = circuit.outputs[0]
        return (weights * (2 * (nodes[signal >> 1] ^ (signal & 1)) - 1)).sum(axis=1)

    def polar(self, theta, gamma, max_gates=7, five=False):
        """Largest ``|<theta, T>| kappa^(-1/gamma)`` over all functions of at most four literals of one level."""
        factor = np.where(cost_table() <= max_gates, np.maximum(1.0, cost_table()) ** (-1.0 / gamma), 0.0)
        best = 0.0
        for bits, weights in self.levels.values():
            mass = (weights * theta[:, None]).ravel()
            flat = bits.reshape(len(mass), -1)
            n = flat.shape[1]
            for subset in combinations(range(n), min(4, n)):
                h = np.bincount(flat[:, subset] @ (1 << np.arange(len(subset))), mass, 16)
                if np.abs(h).sum() > best:
                    best = max(best, float((np.abs(_signed(h)) * factor).max()))
            if five:
                for subset in combinations(range(n), 5):
                    h = np.bincount(flat[:, subset] @ (1 << np.arange(5)), mass, 32)
                    if np.abs(h).sum() * 4 ** (-1 / gamma) > best:
                        best = max(best, float(np.abs(_formulas_of_five() @ h).max()) * 4 ** (-1 / gamma))
        return best


@cache
def _signs(n):
    return 2.0 * (np.arange(1 << n)[:, None] >> np.arange(n) & 1) - 1.0


def _signed(h):
    """Sum of +-h for all 65,536 functions."""
    return (_signs(8) @ h[8:])[:, None].repeat(256, 1).ravel() + np.tile(_signs(8) @ h[:8], 256)


@cache
def _formulas_of_five():
    """Signs of all functions of five inputs that a formula of four gates computes, up to complement."""
    wires = [sum(1 << v for v in range(32) if v >> i & 1) for i in range(5)]
    ones = (1 << 32) - 1
    found = {1 << i: {wires[i]} for i in range(5)}
    for mask in sorted(range(1, 32), key=int.bit_count):
        if mask in found:
            continue
        whole = set()
        part = (mask - 1) & mask
        while part:
            for f in found[part]:
                for g in found[mask ^ part]:
                    for x in (f & g, f & (g ^ ones), (f ^ ones) & g, f | g, f ^ g):
                        whole.add(min(x, x ^ ones))
            part = (part - 1) & mask
        found[mask] = whole
    tables = np.array(sorted(found[31]), dtype=np.int64)
    return 2.0 * (tables[:, None] >> np.arange(32) & 1) - 1.0


def loss_value(loss, y, q, f):
    """Mean loss."""
    r = y - f
    if loss == "squared":
        return float(q @ (r * r)) / 2
    if loss == "logistic":
        return float(q @ np.logaddexp(0.0, -y * f))
    size = np.abs(r)
    return float(q @ np.where(size <= HUBER, r * r / 2, HUBER * size - HUBER**2 / 2))


def dual_bound(form, parameter, loss, y, q, theta, polar, most):
    """Largest lower bound on the optimum that the multiples ``s theta``, ``s <= most``, give."""
    if form == "eps" and polar == 0.0:
        return np.inf
    some = q > 0
    y, q, theta = y[some], q[some], theta[some]
    if loss == "logistic":
        p = theta * y / q
        if p.min(initial=0.0) < -1e-12:
            return -np.inf
        limit = 1.0 / p.max() if p.max(initial=0.0) > 0 else np.inf
    else:
        limit = HUBER / np.abs(theta / q).max() if loss == "huber" and theta.any() else np.inf
    limit = min(limit, most)
    if form == "lam":
        limit = min(limit, parameter / polar if polar > 0 else np.inf)

    def bound(s):
        if loss == "logistic":
            p = np.clip(s * theta * y / q, 0.0, 1.0)
            inside = (p > 0) & (p < 1)
            value = -q[inside] @ (p[inside] * np.log(p[inside]) + (1 - p[inside]) * np.log1p(-p[inside]))
        else:
            value = s * (theta @ y) - s * s * (theta @ (theta / q)) / 2
        if form == "lam":
            return value
        if form == "tau":
            return value - s * parameter * polar
        return (value - parameter) / (s * polar) if s > 0 and polar > 0 else 0.0

    square = theta @ (theta / q)
    tries = [0.0, 1.0, limit]
    if square > 0:
        gain = theta @ y
        tries += [gain / square, (gain - parameter * polar) / square]
        tries.append(np.sqrt(2 * parameter / square) if form == "eps" else 1.0)
    low, high = 0.0, min(limit, 1e6)
    for _ in range(60 if loss == "logistic" else 0):  # quasi-concave: shrink by golden section
        a, b = high - 0.618 * (high - low), low + 0.618 * (high - low)
        low, high = (low, b) if bound(a) >= bound(b) else (a, high)
    tries.append(low)
    return max(bound(min(max(s, 0.0), limit)) for s in tries if np.isfinite(s))
