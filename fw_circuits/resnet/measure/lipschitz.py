"""Check diagonals that somebody claims: is Lip((alpha_l -> f) o D_l^-1) <= 1 at every level? (theory, section 7)

Three independent answers are kept apart: what random streams showed, what a search by gradient ascent found, and what a
certificate proves.  The first two can refute a claim, with a derivative as witness; only the third can prove it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fw_circuits._checks import check_choice, check_integer
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.checks import nonnegative
from fw_circuits.resnet.measure import lipsdp
from fw_circuits.resnet.measure.activation import forward_steps, stream_ranges
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.enclosure import EPS, Enclosure
from fw_circuits.resnet.measure.lower_bound import (
    ascent_steps,
    coordinate_tangents,
    search_derivatives,
    steepest_tangents,
    stream_units,
)
from fw_circuits.resnet.measure.sensitivity import (
    GEOMETRIES,
    STREAMS,
    backward_steps,
    derivative_bounds,
    sensitivities,
)
from fw_circuits.resnet.network import ResNet, check_network

#: A constant that was attained refutes a claim only if it exceeds 1 by more than rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class LipschitzLevel:
    """Lipschitz constants of ``(alpha_l -> f) o D_l^-1`` at one level: two are attained, one is certified."""

    level: int
    sampled: float
    searched: float
    certified: float

    @property
    def estimate(self) -> float:
        """The largest constant that was attained: a lower bound."""
        return max(self.sampled, self.searched)


@dataclass(frozen=True, eq=False)
class LipschitzCheck:
    """What :func:`verify_lipschitz` found.

    Attributes
    ----------
    levels : tuple of LipschitzLevel
        One per level that was checked.
    geometry, streams : str
        As of :func:`verify_lipschitz`.
    """

    levels: tuple[LipschitzLevel, ...]
    geometry: str
    streams: str

    @property
    def violated(self) -> bool:
        """Whether a derivative was found that refutes the claim."""
        return any(level.estimate > 1.0 + ROUNDING for level in self.levels)

    @property
    def certified(self) -> bool:
        """Whether the claim is proved."""
        return all(level.certified <= 1.0 for level in self.levels)

    @property
    def estimate(self) -> float:
        """The largest constant that was attained at any level."""
        return max((level.estimate for level in self.levels), default=0.0)

    @property
    def bound(self) -> float:
        """The largest certified constant; D times this is certified."""
        return max((level.certified for level in self.levels), default=0.0)

    def describe(self) -> str:
        """The verdict in words, and the levels."""
        verdict = (
            f"REFUTED: a constant of {self.estimate:.6g} was attained"
            if self.violated
            else "certified: at most 1 at every level"
            if self.certified
            else f"OPEN: {self.estimate:.6g} was attained and {self.bound:.6g} is certified"
        )
        where = "at every stream" if self.streams == "all" else "at the streams reached from the domain"
        lines = [f"Lipschitz constants after division by D, geometry {self.geometry}, {where}: {verdict}."]
        lines += [
            f"level {v.level}: sampled {v.sampled:.6g}, searched {v.searched:.6g}, certified {v.certified:.6g}"
            for v in self.levels
        ]
        return "\n".join(lines)


def verify_lipschitz(
    resnet: ResNet,
    D: Sequence[npt.ArrayLike | None],
    geometry: str = "l1",
    domain: Any = None,
    *,
    streams: str = "all",
    sdp: bool | None = None,
    n_samples: int = 256,
    n_steps: int | None = None,
    random_state: int = 0,
) -> LipschitzCheck:
    """Sample, search and certify the Lipschitz constant of ``alpha_l -> f`` after division by D_l.

    Parameters
    ----------
    resnet : ResNet
        The network.
    D : sequence of L + 1 arrays (width,), or None for a level that is not to be checked
        The claimed diagonals for ``alpha_0, ..., alpha_L``; entries >= 0.
    geometry : {"l1", "l2"}
    domain : Box, Lattice, (low, high) or None
        For ``streams="reached"``, and as a source of starting points; None: [0, 1]^d.
    streams : {"all", "reached"}
    sdp : bool, optional
        Whether to certify by a semidefinite program too (l2, every stream, small networks).  Default: where zonotopes
        prove too little and the network is at most 16 wide and 6 blocks deep.
    n_samples, n_steps, random_state : int
        The sampling and the search; ``n_steps`` as in :func:`fw_circuits.resnet.measure.complexity.complexity`.

    Returns
    -------
    LipschitzCheck

    Raises
    ------
    InputError
        If D has the wrong length, shape or entries, a word is unknown, or the domain cannot be used.

    Examples
    --------
    >>> from fw_circuits.resnet import Block, ResNet
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> verify_lipschitz(net, [[1.01], [1.01]]).certified, verify_lipschitz(net, [[0.5], [1.01]]).violated
    (True, True)
    """
    check_network(resnet)
    check_integer("n_samples", n_samples, 1)
    n_steps = ascent_steps(resnet, n_steps)
    check_integer("random_state", random_state, 0)
    check_choice("geometry", geometry, GEOMETRIES)
    check_choice("streams", streams, STREAMS)
    claimed = _check_diagonals(resnet, D)
    if sdp and (geometry == "l1" or streams == "reached"):
        raise InputError("the semidefinite program is for geometry='l2' and streams='all'.")
    if sdp:
        lipsdp.check_size(resnet)
    box = Box.of(domain, resnet.n_features)
    certified = _certify(resnet, claimed, geometry, box, streams)
    X = box.sample(n_samples, np.random.default_rng(random_state))
    within = box if streams == "reached" else stream_units(resnet, X)
    small = geometry == "l2" and streams == "all" and sdp is not False and lipsdp.is_small(resnet)
    levels = []
    for l, diagonal in enumerate(claimed):
        if diagonal is None:
            continue
        steps = n_steps if l < resnet.depth else 0
        towards = coordinate_tangents(np.arange(resnet.width)) if geometry == "l1" else steepest_tangents(diagonal)
        rng = np.random.default_rng((random_state, l))  # the same whichever other levels are checked
        found = search_derivatives(resnet, l, X, within, towards, steps, rng)
        sampled, searched = (_constant(J, diagonal, geometry) for J in found)
        proved = certified[l]
        if small and l < resnet.depth and (sdp or proved > 1.0 >= max(sampled, searched) - ROUNDING):
            proved = min(proved, lipsdp.certified_factor(resnet, l, diagonal))
        levels.append(LipschitzLevel(l, sampled, searched, proved))
    return LipschitzCheck(tuple(levels), geometry, streams)


def _check_diagonals(resnet: ResNet, D: Sequence[npt.ArrayLike | None]) -> list[Floats | None]:
    if not isinstance(D, Sequence | np.ndarray) or len(D) != resnet.depth + 1:
        what = f"has {len(D)} entries" if isinstance(D, Sequence | np.ndarray) else f"is a {type(D).__name__}"
        raise InputError(f"D {what}; expected {resnet.depth + 1}, for the streams before and after every block.")
    return [d if d is None else nonnegative(f"D[{l}]", d, resnet.width) for l, d in enumerate(D)]


def _divide(J: Floats, D: Floats) -> Floats:
    """``J / D`` along the coordinates, 0 / 0 = 0."""
    shape = (1, -1, *(1,) * (J.ndim - 2))
    D = np.broadcast_to(D.reshape(shape), J.shape)
    return np.divide(J, D, out=np.where(J == 0.0, 0.0, np.inf), where=D > 0.0)


def _constant(J: Floats, D: Floats, geometry: str) -> float:
    """The largest operator norm of the derivatives (outputs, width, points) after division by D."""
    if J.shape[2] == 0:
        return 0.0
    ratio = _divide(np.abs(J), D)
    if geometry == "l1":
        return float(ratio.sum(axis=0).max())
    if np.any(np.isinf(ratio)):
        return np.inf
    return float(np.linalg.norm(np.moveaxis(_divide(J, D), 2, 0), ord=2, axis=(1, 2)).max())


def _certify(resnet: ResNet, claimed: list[Floats | None], geometry: str, box: Box, streams: str) -> list[float]:
    """A certified constant for every level, by enclosures."""
    gates = stream_ranges(resnet, box, forward_steps(resnet)).gates if streams == "reached" else None
    squares = np.zeros(resnet.depth + 1)

    def add(l: int, J: Enclosure) -> None:
        D = claimed[l]
        if D is not None and geometry == "l2":
            ratio = _divide(J.magnitude[None], D)[0]
            plain = float(np.linalg.norm(ratio)) * (1.0 + (len(D) + 8) * EPS)
            squares[l] += min(plain, J.euclidean(D)[0] if np.isfinite(plain) else np.inf) ** 2

    bounds = derivative_bounds(resnet, backward_steps(resnet), gates, visit=add)
    if geometry == "l2":
        found = [float(np.sqrt(square) * (1.0 + 8 * EPS)) for square in squares]
        if resnet.n_outputs == 1:
            return found
        # The sum over outputs is a Frobenius norm; a diagonal known to be valid may prove more.
        known = sensitivities(resnet, "l2", domain=box, streams=streams)
        return [
            value if D is None else min(value, float(_divide(valid[None], D).max()))
            for value, D, valid in zip(found, claimed, known, strict=True)
        ]
    return [
        0.0 if D is None else float(_divide(bound, D).sum(axis=0).max() * (1.0 + (len(bound) + 4) * EPS))
        for bound, D in zip(bounds, claimed, strict=True)
    ]
