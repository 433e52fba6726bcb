"""A network arranged for float32: the offsets that the stream starts from are made exact (original to this package).

Raw columns far from 0, such as 1e5 +- 10, meet their offset first, and an offset rounded to float32 moves every one of
them by up to half a resolution of 1e5, which is 0.004.  So the stream is shifted by a constant, ``alpha + delta`` with
``delta = float32(a) - a``, and all that reads it makes up for it in float64, ``b - V delta`` and ``c - C delta``.  Then
``x - offset`` has no error but that of x itself.
"""

from __future__ import annotations

import numpy as np

from fw_circuits.exceptions import InputError
from fw_circuits.resnet.network import Block, ResNet

LARGEST = float(np.finfo(np.float32).max)


def arranged(net: ResNet) -> ResNet:
    """The same function, where the entries of ``a`` are numbers of float32.

    Raises
    ------
    InputError
        If an entry is beyond the range of float32.

    Examples
    --------
    >>> net = ResNet([[1.0]], [-100000.003], [], [[1.0]], [0.0])
    >>> float(arranged(net).a[0]), round(float(arranged(net).c[0]), 9)
    (-100000.0, -0.003)
    """
    vectors = [net.a, net.c, *(block.b for block in net.blocks)]
    entries = [*vectors, *(matrix.data for matrix in net.matrices)]
    largest = max(float(np.abs(array).max(initial=0.0)) for array in entries)
    if largest > LARGEST:
        raise InputError(
            f"an entry of the network is {largest:.3g}, beyond {LARGEST:.3g}, the range of float32; use "
            "dtype='float64', or scale the features."
        )
    delta = net.a.astype(np.float32).astype(np.float64) - net.a
    blocks = tuple(Block(block.V, block.b - block.V @ delta, block.W) for block in net.blocks)
    return ResNet(net.A, net.a + delta, blocks, net.C, net.c - net.C @ delta)
