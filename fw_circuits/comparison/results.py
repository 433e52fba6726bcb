"""What a comparison finds: the networks of both families, and who is ahead on how many seeds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fw_circuits.comparison.settings import Settings
from fw_circuits.resnet import Bracket

FAMILIES = ("circuits", "gradient")
GEOMETRIES = ("l1", "l2")
#: Share of the seeds on which a family must be ahead to be called the winner.
DECIDED = 0.8


@dataclass(frozen=True, eq=False)
class Candidate:
    """One fitted network.

    Attributes
    ----------
    family : {"circuits", "gradient"}
    seed : int
    settings : mapping
        What was tried.
    chosen : bool
        Fitted to training and validation rows with the settings that did best on the latter.
    validation_error, test_error : float
        Share of wrong labels, or mean squared error over the variance of the test rows' targets (1 - R2).  NaN where no
        validation rows were kept.
    seconds : float
        Wall time of one thread from rows to network; of networks trained side by side, its share of the time.
    neurons, depth : int
    complexity : mapping of geometry to Bracket
    deviation : float
        Largest difference between network and solution over the test rows; 0 for gradient descent.
    """

    family: str
    seed: int
    settings: Settings
    chosen: bool
    validation_error: float
    test_error: float
    seconds: float
    neurons: int
    depth: int
    complexity: Mapping[str, Bracket]
    deviation: float = 0.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """What :func:`compare` found.

    Attributes
    ----------
    name : str
        Of the data.
    metric : {"error rate", "1 - R2"}
    exact_on : str
        Where the compiled networks equal their solutions: "corners" for Boolean columns, else "domain".
    candidates : tuple of Candidate
    """

    name: str
    metric: str
    exact_on: str
    candidates: tuple[Candidate, ...]

    def chosen(self, family: str) -> list[Candidate]:
        """The network that each seed ends with, in order of seeds."""
        found = [c for c in self.candidates if c.chosen and c.family == family]
        return sorted(found, key=lambda c: c.seed)

    def median(self, family: str, quantity: str) -> float:
        """Median over seeds of the chosen networks; see :func:`quantities` for the names."""
        return float(np.median([quantities(c)[quantity] for c in self.chosen(family)]))

    def wins(self, quantity: str) -> tuple[int, int]:
        """Seeds on which circuits and on which gradient descent have the smaller value.

        For "l1" and "l2" a bracket counts as smaller if it lies below the other one altogether.
        """
        least, most = (f"{quantity}_lower", f"{quantity}_upper") if quantity in GEOMETRIES else (quantity,) * 2
        pairs = [
            (quantities(a), quantities(b))
            for a, b in zip(self.chosen("circuits"), self.chosen("gradient"), strict=True)
        ]
        return sum(a[most] < b[least] for a, b in pairs), sum(b[most] < a[least] for a, b in pairs)

    def winner(self, quantity: str) -> str | None:
        """The family with the smaller value on four seeds of five or more; None if there is no such family."""
        for family, wins in zip(FAMILIES, self.wins(quantity), strict=True):
            if wins >= DECIDED * len(self.chosen(family)):
                return family
        return None

    def front(self, family: str, quantity: str) -> list[Candidate]:
        """Networks of a family that no other of it matches in test error with less of the quantity, by quantity."""
        best, kept = np.inf, []
        mine = (c for c in self.candidates if c.family == family)
        for c in sorted(mine, key=lambda c: (quantities(c)[quantity], c.test_error)):
            if c.test_error < best:
                best = c.test_error
                kept.append(c)
        return kept


def quantities(candidate: Candidate) -> dict[str, float]:
    """All numbers of a candidate under one name each.

    ``test_error``, ``neurons``, ``depth``, ``seconds``, and ``l1_lower``, ``l1_upper``, ``l2_lower``, ``l2_upper``.
    """
    named: dict[str, float] = {name: getattr(candidate, name) for name in ("test_error", "neurons", "depth", "seconds")}
    for geometry, bracket in candidate.complexity.items():
        named |= {f"{geometry}_lower": bracket.lower, f"{geometry}_upper": bracket.upper}
    return named
