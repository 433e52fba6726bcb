"""Whose turn it is among the finders: time in proportion to what each brought lately (stride scheduling).

Every pass adds to a purse of work, and a finder runs when the purse can pay its next search.  Of several, that one is
next whose *clock* is earliest once it has run: the clock advances by the price of a search over the finder's weight.
So the cheapest come first, nobody waits for ever, and shares of the work are in proportion to the weights.  A weight
doubles with every search that was useful and halves with every one that was not, within 1/16 and 4.

A fixed rule of prices, not of measured seconds: the same run makes the same choices on every machine.  (Stride
scheduling: Waldspurger and Weihl 1995; weights by success are original to this package.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: Weights stay within these.
LEAST, MOST = 1.0 / 16.0, 4.0


@dataclass
class Turn:
    """One finder's place: its weight and its clock."""

    weight: float = 1.0
    clock: float = 0.0


class Turns:
    """The order of ``n`` finders, and the purse that they are paid from.

    Examples
    --------
    Two finders of equal price, the second of which is never useful:

    >>> turns, ran = Turns(2), []
    >>> for _ in range(12):
    ...     turns.purse += 1.0
    ...     for i in turns.paid([1.0, 1.0]):
    ...         turns.ran(i, 1.0, useful=i == 0)
    ...         ran.append(i)
    >>> ran
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    """

    def __init__(self, n: int) -> None:
        self.purse = 0.0
        self._turns = [Turn() for _ in range(n)]

    def order(self, prices: list[float]) -> list[int]:
        """All finders that have something to search (price > 0), the next one first."""
        ready = [i for i, price in enumerate(prices) if price > 0.0]
        return sorted(ready, key=lambda i: self._turns[i].clock + prices[i] / self._turns[i].weight)

    def paid(self, prices: list[float]) -> Iterator[int]:
        """The next ones that the purse can pay, one after the other; none of them twice."""
        for i in self.order(prices):
            if prices[i] > self.purse:
                return
            yield i

    def ran(self, i: int, price: float, *, useful: bool) -> None:
        """Finder ``i`` has searched: it has been paid and is judged."""
        turn = self._turns[i]
        self.purse = max(0.0, self.purse - price)
        turn.clock += price / turn.weight
        turn.weight = min(MOST, 2.0 * turn.weight) if useful else max(LEAST, 0.5 * turn.weight)
