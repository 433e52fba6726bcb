"""Unbiased random pruning with a certified error: keep a neuron with probability p, divide what it writes by p.

The second form of the bound and the deviation recursion below are original to this package.

Let D_l be l2 sensitivities: ``|f(alpha) - f(beta)| <= |D_l (alpha - beta)|`` for all streams after block l and the
blocks behind it.  Exchange the blocks for pruned ones from the first to the last: each exchange moves f by at most
``|D_l (W~_l - W_l) h~_l|``, where h~ are the activations of the *pruned* network, which the choices in block l do not
touch.  Their mean square is ``sum_i |D_l W_l[:, i]|^2 E h~_i^2 (1/p_i - 1)``, and root mean squares add up (Minkowski):

    (E |f~ - f|^2)^(1/2)  <=  sum_l (sum_i (|D_l W_l[:, i]| H~_{l,i})^2 (1/p_i - 1))^(1/2).

The same steps with bounds ``s_j >= |df/dalpha_j|`` on each coordinate alone give ``|f(alpha) - f(beta)| <= sum_j s_j
|alpha_j - beta_j|``, so that root mean squares add up over the coordinates too.  In the place of the inner root then
stands

    sum_j s_j (sum_i W_l[j, i]^2 H~_{l,i}^2 (1/p_i - 1))^(1/2),

the minimum of the former over all D with ``sum_j (s_j / D_j)^2 <= 1``, found after p.  Block by block the smaller
one counts: where blocks write to few coordinates, or to many at very different scales, this is the second.

With ``c = |D W[:, i]| H~``, R_l its sum in block l, R the sum of these and ``p = min(1, n c / R)`` this is at most
``sum_l sqrt(R R_l / n)``, the bound of theory, section 7.  It holds for any p, and needs of the pruned network
only root mean squares H~, so they follow from bounds H on the given one by a *deviation recursion*.  The
streams differ by what the choices of the blocks before l add, of mean 0 given those before them, and by what the
blocks make of that, ``W_m (h~_m - h_m)``.  The former are orthogonal, so that their covariances add; the latter are
bounded by absolute values:

    e_l = diag(V_l S V_l')^(1/2) + |V_l| u,    H~_l = H_l + e_l,
    S += W_l diag(H~_l^2 (1/p - 1)) W_l',     u += |W_l| e_l.

A neuron with p = 0 (it costs nothing as long as its H is 0) is no random choice: it enters as a bias, with its c in
the first bound and its H~ in the last sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from fw_circuits._checks import check_choice, check_real
from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.checks import generator, nonnegative
from fw_circuits.resnet.measure.activation import activation_bounds
from fw_circuits.resnet.measure.keep_probabilities import BUDGETS, keep_probabilities, variance
from fw_circuits.resnet.measure.scaling import column_norms
from fw_circuits.resnet.measure.sensitivity import sensitivities as certified_sensitivities
from fw_circuits.resnet.network import Block, ResNet, check_network

#: Times that the probabilities are chosen anew for the enlarged activations.
ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Pruning:
    """A pruned network and what was known about it before the draw.

    Attributes
    ----------
    resnet : ResNet
        The kept neurons; the stream and the number of blocks are as before.
    n_expected : float
        Expected number of neurons, the sum of all probabilities; at most the n that was asked for.
    n_kept : int
        Number of neurons of ``resnet``.
    bound : float
        Certified: root mean square of ``|f_pruned - f|`` over draws, at every point for which the activations given
        or derived are bounds, is at most this.
    probabilities : tuple of (n_l,) arrays
        Of each neuron of each block of the given network.
    """

    resnet: ResNet
    n_expected: float
    n_kept: int
    bound: float
    probabilities: tuple[Floats, ...]


def prune(
    resnet: ResNet, n: float, random_state: int | np.random.Generator | None = None, *, domain: Any = None,
    sensitivities: Sequence[npt.ArrayLike] | None = None, activations: Sequence[npt.ArrayLike] | None = None,
    budget: str = "tuned",
) -> Pruning:  # fmt: skip
    """Keep about n neurons at random, such that every block's update is unbiased.

    Parameters
    ----------
    resnet : ResNet
        The network.
    n : float
        Expected number of neurons at most, at least 1.
    random_state : int, Generator or None
        The same integer gives the same network.
    domain : pair (low, high) of numbers or (d,) arrays, Box or Lattice, optional
        Lowest and highest value of each raw feature; needed if ``activations`` are not given.
    sensitivities : sequence of L + 1 arrays (width,), optional
        Of l2 geometry: D_0, ..., D_L, valid for all streams (D_0 is not used): pruned networks leave the reached ones.
        Default: ``sensitivities(resnet, "l2")``, and beside them the bounds on each coordinate,
        ``sensitivities(resnet)``.
    activations : sequence of L arrays (n_l,), optional
        Upper bounds on the activations.  Default: ``activation_bounds`` over the domain.
    budget : {"tuned", "theorem"}
        "theorem": p = min(1, n c / R).  "tuned": p chosen per block for the least bound (never a larger one).

    Returns
    -------
    Pruning

    Raises
    ------
    InputError
        If a word is unknown, n < 1, arrays do not match the network, or neither activations nor domain are given.

    Examples
    --------
    One sum of 100 equal neurons, of which 25 remain: an error of 1/sqrt(25) at most, and sqrt(3/100) in fact.

    >>> read, write = np.zeros((100, 2)), np.zeros((2, 100))
    >>> read[:, 0], write[1] = 1.0, 0.01
    >>> net = ResNet([[1.0], [0.0]], [0.0, 0.0], [Block(read, np.zeros(100), write)], [[0.0, 1.0]], [0.0])
    >>> pruned = prune(net, 25, random_state=0, domain=(0.0, 1.0))
    >>> round(pruned.n_expected, 6), pruned.n_kept, round(pruned.bound**2, 6)
    (25.0, 22, 0.03)
    """
    check_real("n", n, 1.0)
    check_network(resnet)
    check_choice("budget", budget, BUDGETS)
    generator(random_state)
    if activations is None:
        if domain is None:
            raise InputError("neither activations nor a domain; pass domain=(low, high) of the raw features.")
        H = activation_bounds(resnet, "sup", domain)
    else:
        H = _checked("activations", activations, [block.n_neurons for block in resnet.blocks])
    alone: list[Floats] | None = None
    if sensitivities is None:
        D = certified_sensitivities(resnet, "l2", domain=domain, activations=H)
        alone = certified_sensitivities(resnet, "l1", domain=domain)
    else:
        D = _checked("sensitivities", sensitivities, [resnet.width] * (resnet.depth + 1))
    p, bound = _choose(resnet, float(n), D, alone, H, budget)
    pruned = draw(resnet, p, random_state)
    return Pruning(pruned, float(sum(q.sum() for q in p)), pruned.n_neurons, bound, p)


def draw(
    resnet: ResNet, probabilities: Sequence[Floats], random_state: int | np.random.Generator | None = None
) -> ResNet:
    """Keep every neuron with its probability, independently, and divide its column of W by it; blocks stay blocks."""
    rng = generator(random_state)
    blocks = []
    for block, p in zip(resnet.blocks, probabilities, strict=True):
        keep = np.flatnonzero(rng.random(len(p)) < p)
        W = sp.csr_array(block.W[:, keep] @ sp.diags_array(1.0 / p[keep]))
        blocks.append(Block(block.V[keep], block.b[keep], W))
    return replace(resnet, blocks=tuple(blocks))


def written(resnet: ResNet, sensitivities: Sequence[Floats]) -> list[Floats]:
    """``|D_l W_l[:, i]|_2``: what one unit of each neuron's activation moves the output at most."""
    return [column_norms(D, block.W, 2) for block, D in zip(resnet.blocks, sensitivities[1:], strict=True)]


def enlarged_activations(
    resnet: ResNet, probabilities: Sequence[Floats], activations: Sequence[Floats]
) -> list[Floats]:
    """Bounds on the root mean squares of the pruned network's activations: the deviation recursion."""
    S, u, enlarged = sp.csr_array((resnet.width, resnet.width)), np.zeros(resnet.width), []
    for block, p, H in zip(resnet.blocks, probabilities, activations, strict=True):
        spread = np.asarray((block.V @ S).multiply(block.V).sum(axis=1))
        moved = np.sqrt(np.maximum(spread, 0.0)) + abs(block.V) @ u
        enlarged.append(H + moved)
        S = sp.csr_array(S + block.W @ sp.diags_array(enlarged[-1] ** 2 * variance(p)) @ block.W.T)
        u = u + abs(block.W) @ (moved + np.where(p > 0.0, 0.0, enlarged[-1]))
    return enlarged


def error_bound(
    resnet: ResNet,
    probabilities: Sequence[Floats],
    enlarged: Sequence[Floats],
    sensitivities: Sequence[Floats],
    alone: Sequence[Floats] | None = None,
) -> float:
    """The bound of the module's text: block by block the smaller of both forms, or the first if ``alone`` are unknown.

    ``enlarged`` are L arrays H~, (n_l,); ``sensitivities`` are L + 1 l2 diagonals D, (width,), and ``alone`` as many l1
    diagonals s: with several outputs, ``|J_j|_2 <= |J_j|_1 <= s_j``.

    Examples
    --------
    Two neurons write 3 and 4 to coordinates of their own; f is the sum of both.  D = (sqrt 2, sqrt 2) is valid.

    >>> block = Block(np.zeros((2, 2)), np.ones(2), np.diag([3.0, 4.0]))
    >>> net = ResNet(np.zeros((2, 1)), np.zeros(2), (block,), np.ones((1, 2)), np.zeros(1))
    >>> half, H, D, s = [np.full(2, 0.5)], [np.ones(2)], [np.full(2, 2**0.5)] * 2, [np.ones(2)] * 2
    >>> round(error_bound(net, half, H, D) ** 2, 6), round(error_bound(net, half, H, D, s), 6)
    (50.0, 7.0)
    """
    total, alone = 0.0, alone or [np.full(resnet.width, np.inf)] * (resnet.depth + 1)
    sizes = written(resnet, sensitivities)
    for block, p, H, D, size, s in zip(
        resnet.blocks, probabilities, enlarged, sensitivities[1:], sizes, alone[1:], strict=True
    ):
        squares, certain = block.W.power(2) @ (H**2 * variance(p)), np.where(p > 0.0, 0.0, H)
        moved = np.sqrt(squares) + abs(block.W) @ certain
        by_coordinate = float(np.sum(np.multiply(s, moved, out=np.zeros_like(moved), where=moved > 0.0)))
        total += min(float(np.sqrt(D**2 @ squares) + size @ certain), by_coordinate)
    return total


def _choose(
    resnet: ResNet, n: float, D: list[Floats], alone: list[Floats] | None, H: list[Floats], budget: str
) -> tuple[tuple[Floats, ...], float]:
    """Probabilities of the least certified bound among a few choices, the theorem's first.

    Sensitivities over paths are coarse, but know what a neuron does to H~; so they may propose better probabilities.
    """
    proposals = [written(resnet, D)]
    if budget == "tuned":
        paths = written(resnet, certified_sensitivities(resnet, "l2", "path", activations=H))
        proposals += [paths, [np.sqrt(s * t) for s, t in zip(proposals[0], paths, strict=True)]]
    best: tuple[tuple[Floats, ...], float] | None = None
    for name in BUDGETS[: BUDGETS.index(budget) + 1]:
        for proposal in proposals:
            enlarged = H
            for _ in range(ROUNDS):
                p = tuple(keep_probabilities([s * h for s, h in zip(proposal, enlarged, strict=True)], n, name))
                enlarged = enlarged_activations(resnet, p, H)
                bound = error_bound(resnet, p, enlarged, D, alone)
                if best is None or bound < best[1]:
                    best = p, bound
    assert best is not None
    return best


def _checked(name: str, arrays: Sequence[npt.ArrayLike], sizes: Sequence[int]) -> list[Floats]:
    given = list(arrays) if isinstance(arrays, Iterable) else []
    if len(given) != len(sizes):
        what = f"has {len(given)} entries" if isinstance(arrays, Iterable) else f"is {arrays!r}"
        raise InputError(f"{name} {what}; expected {len(sizes)} arrays.")
    return [nonnegative(f"{name}[{l}]", *pair) for l, pair in enumerate(zip(given, sizes, strict=True))]
