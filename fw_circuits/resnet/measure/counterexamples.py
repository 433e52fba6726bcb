"""Two networks of cancelling neurons on which tempting versions of the pruning bound fail (original to this package).

Both compute f = 0 for all x: what their first neurons write cancels, exactly, before absolute values are taken, and
pruning removes one side.  Sensitivities and activations are exact, the latter over all networks that pruning to n
neurons can leave, so that nothing but the versions themselves is to blame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Floats
from fw_circuits.resnet.network import Block, ResNet

#: Share of the l2 sensitivity that goes to coordinates which a block does not write to.
ETA = 1e-6


@dataclass(frozen=True, eq=False)
class CounterExample:
    """A network, what a version of the bound needs, and the n for which it fails.

    ``sensitivities`` (of the false version) and ``l2_sensitivities`` (of the true one) are D_0, ..., D_L;
    ``activations`` bound the neurons of all pruned networks; ``mean`` is the expected output after pruning by the
    false version's probabilities: its square is a lower bound on the mean square error.
    """

    resnet: ResNet
    n: float
    sensitivities: list[Floats]
    l2_sensitivities: list[Floats]
    activations: list[Floats]
    mean: float


def short_of_a_width(m: int) -> CounterExample:
    """For the l1 geometry with R^2 / n: ``sum_j |alpha_j - 1|`` where m neurons write alpha_j = 1.

    With n = 3 m / 2 every one of them is kept with probability 1/2 and then writes 2, so that each term is 1: the error
    is m, the claim sqrt(6 m), short by a factor that grows with the width.  Independent errors in m coordinates add up
    like sqrt(m) in the l2 norm, like m in the l1 norm.
    """
    width, out = m + 1, m
    eye = sp.csr_array(sp.eye_array(width, m))
    read = sp.csr_array(sp.eye_array(m, width))
    write = sp.csr_array((np.ones(2 * m), (np.full(2 * m, out), np.arange(2 * m))), shape=(width, 2 * m))
    ones = np.ones(m)
    first = Block(sp.csr_array((m, width)), ones, eye)
    second = Block(sp.vstack([read, -read]), np.concatenate([-ones, ones]), write)
    net = _network(width, out, (first, second))
    return CounterExample(
        net,
        1.5 * m,
        [np.ones(width)] * 3,
        [np.full(width, np.sqrt(width))] * 2 + [_unit(width, out)],
        [ones, np.ones(2 * m)],
        float(m),
    )


def short_of_a_depth(stages: int) -> CounterExample:
    """For the l2 geometry without the factor L: ``sum_l |u_l|``, where two neurons of a block write 1 and -1 to u_l.

    With n = 3 stages each is kept with probability 1/2 and then writes 2 or -2.  The absolute values are 1 in the
    mean and never cancel: the error is at least ``stages``, the claim sqrt(12 stages).  Errors of different blocks
    need not have mean 0 at the output: they add up.
    """
    width, out = stages + 1, stages
    blocks, D, H = [], [np.full(width, np.sqrt(width))], []
    for l in range(stages):
        pair = np.array([1.0, -1.0])
        u = _unit(width, l)
        blocks.append(Block(sp.csr_array((2, width)), np.ones(2), np.outer(u, pair)))
        blocks.append(Block(np.outer(pair, u), np.zeros(2), np.outer(_unit(width, out), np.ones(2))))
        D += [_mostly(width, l), _mostly(width, out)]
        H += [np.ones(2), np.full(2, 2.0)]
    return CounterExample(_network(width, out, tuple(blocks)), 3.0 * stages, D, D, H, float(stages))


def _network(width: int, out: int, blocks: tuple[Block, ...]) -> ResNet:
    return ResNet(np.zeros((width, 1)), np.zeros(width), blocks, _unit(width, out)[None, :], np.zeros(1))


def _unit(width: int, i: int) -> Floats:
    return np.eye(1, width, i).ravel()


def _mostly(width: int, i: int) -> Floats:
    """D with ``sum_j D_j^-2 = 1`` and D_i = 1 / sqrt(1 - ETA): all slopes are at most 1 in absolute value."""
    D = np.full(width, np.sqrt((width - 1) / ETA))
    D[i] = 1.0 / np.sqrt(1.0 - ETA)
    return D
