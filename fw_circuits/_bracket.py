"""A quantity that is known from below and from above."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Bracket(NamedTuple):
    """A lower and an upper value of one quantity.

    Examples
    --------
    >>> Bracket(2.0, 3.0).ratio, Bracket(0.0, 3.0).ratio, Bracket(0.0, 0.0).ratio
    (1.5, inf, 1.0)
    """

    lower: float
    upper: float

    @property
    def ratio(self) -> float:
        """``upper / lower``: 1 for an exact value, infinite where nothing is known from below."""
        if self.lower > 0.0:
            return self.upper / self.lower
        return 1.0 if self.upper == 0.0 else np.inf
