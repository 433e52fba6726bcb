"""The domain of a network: an axis-parallel box of inputs, closed and bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.resnet.checks import real_array


@dataclass(frozen=True, eq=False)
class Box:
    """All x with ``low <= x <= high``; an edge may have length 0.

    Parameters
    ----------
    low, high : (d,)
        Finite, d >= 1, low <= high.
    assumed : bool
        Whether nobody asked for this box; ``describe`` says so.

    Raises
    ------
    InputError
        If the box is empty, inverted, unbounded, or contains NaN.

    Examples
    --------
    >>> Box([0.0, -1.0], [1.0, 1.0]).describe()
    'a box of 2 edges within [-1, 1]'
    """

    low: Floats
    high: Floats
    assumed: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            vector = real_array(name, getattr(self, name))
            vector.setflags(write=False)
            object.__setattr__(self, name, vector)
        low, high = self.low, self.high
        if low.ndim != 1 or low.shape != high.shape or low.size == 0:
            raise InputError(
                f"a domain has low of shape {low.shape} and high of shape {high.shape}; expected (d,) twice, d >= 1."
            )
        if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
            raise InputError("the domain contains NaN or infinity; expected finite ends, for example of the data.")
        wrong = np.flatnonzero(low > high)
        if wrong.size:
            i = int(wrong[0])
            raise InputError(f"the domain is empty: coordinate {i} runs from {low[i]} to {high[i]}; swap the ends.")

    @classmethod
    def of(cls, domain: Any, n_features: int, data: Floats | None = None) -> Box:
        """The box that a caller means.

        Parameters
        ----------
        domain : Box, Lattice, pair (low, high) of numbers or vectors, or None
            None: the smallest box around ``data``, or ``[0, 1]^d`` without data (then ``assumed`` is set).
        n_features : int
            What the domain is to have.
        data : (N, d), optional
            Finite numbers.

        Returns
        -------
        Box

        Examples
        --------
        >>> Box.of((0, [1, 2]), 2).high.tolist()
        [1.0, 2.0]
        """
        if domain is None:
            if data is None:
                return cls(np.zeros(n_features), np.ones(n_features), assumed=True)
            return cls(data.min(axis=0), data.max(axis=0))
        if isinstance(domain, Lattice):
            knots = domain.knots
            domain = cls(np.array([t[0] for t in knots]), np.array([t[-1] for t in knots]))
        if isinstance(domain, Box):
            box = domain
        else:
            try:
                low, high = (real_array("an end", end) for end in domain)
                low, high = (np.full(n_features, end) if end.ndim == 0 else end for end in (low, high))
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"domain is {domain!r}; expected (low, high), a Box, a Lattice, or None ({error})"
                ) from None
            box = cls(low, high)
        if box.low.size != n_features:
            raise InputError(f"the domain has {box.low.size} coordinates; the network reads {n_features}.")
        return box

    @property
    def center(self) -> Floats:
        """Middle of every edge."""
        return 0.5 * self.low + 0.5 * self.high

    @property
    def radius(self) -> Floats:
        """Half the length of every edge, rounded up: ``center +- radius`` covers the box."""
        center = self.center
        return np.nextafter(np.maximum(self.high - center, center - self.low), np.inf) * (self.high > self.low)

    @property
    def magnitude(self) -> Floats:
        """``sup |x_j|`` of every coordinate."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    def halves(self, j: int) -> tuple[Box, Box]:
        """The two boxes that coordinate j cut in the middle gives."""
        middle = self.center[j]
        high, low = self.high.copy(), self.low.copy()
        high[j] = low[j] = middle
        return Box(self.low, high), Box(low, self.high)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """(n, d) points: the centre, then vertices and uniform points in turn."""
        points = rng.uniform(size=(n, self.low.size))
        points[1::2] = points[1::2] < 0.5
        points[:1] = 0.5
        return np.clip(self.low + points * (self.high - self.low), self.low, self.high)

    def describe(self) -> str:
        """The box in a few words."""
        if self.assumed:
            return f"[0, 1]^{self.low.size} (assumed: no domain was given)"
        return f"a box of {self.low.size} edges within [{self.low.min():.6g}, {self.high.max():.6g}]"
