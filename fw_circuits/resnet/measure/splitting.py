"""Domain splitting: cut the box where it costs most, bound each cell, take the worst cell (theory, section 7).

In a small cell many neurons are decided, and both factors of R shrink.  What results holds for the streams that are
reached from the domain, not for every stream.  Useful for few inputs: a cell is cut along one coordinate.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.resnet.measure.activation import forward_steps, stream_ranges
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.enclosure import EPS, Enclosure
from fw_circuits.resnet.measure.sensitivity import backward_steps, derivative_bounds
from fw_circuits.resnet.network import ResNet


@dataclass(frozen=True, eq=False)
class Cell:
    """Bounds that hold on a box: derivatives (outputs, width), pre-activations, absolute streams."""

    box: Box
    derivatives: list[Floats]
    high: list[Floats]
    magnitudes: list[Floats]
    folded: int = 0

    def cost(self, resnet: ResNet) -> float:
        """The l1 complexity of the cell alone."""
        return sum(
            float((abs(block.W).T @ J.sum(axis=0)) @ np.maximum(high, 0.0))
            for block, J, high in zip(resnet.blocks, self.derivatives[1:], self.high, strict=True)
        )

    def cut(self, resnet: ResNet) -> int:
        """The coordinate along which the output may change most."""
        return int(np.argmax((abs(resnet.A).T @ self.derivatives[0].sum(axis=0)) * (self.box.high - self.box.low)))


def split(resnet: ResNet, box: Box, n_cells: int) -> tuple[Cell, list[Cell]]:
    """Bounds for all of the box from at most ``n_cells`` cells, and the cells; more cells are never worse."""
    forward, backward = forward_steps(resnet), backward_steps(resnet)

    def bound(part: Box, parent: Cell | None) -> Cell:
        ranges = stream_ranges(resnet, part, forward)
        J = derivative_bounds(resnet, backward, ranges.gates)
        cell = Cell(part, J, ranges.high, ranges.magnitudes, ranges.folded)
        return cell if parent is None else _combine(part, [cell, parent], np.minimum)

    root = bound(box, None)
    heap = [(-root.cost(resnet), 0, root)]
    done: list[Cell] = []
    n_made = 1
    while heap and len(heap) + len(done) < n_cells:
        cell = heapq.heappop(heap)[2]
        j = cell.cut(resnet)
        middle = cell.box.center[j]
        if not cell.box.low[j] < middle < cell.box.high[j]:
            done.append(cell)  # a point, as far as it matters
            continue
        for half in cell.box.halves(j):
            child = bound(half, cell)
            heapq.heappush(heap, (-child.cost(resnet), n_made, child))
            n_made += 1
    cells = [*done, *(cell for _, _, cell in heap)]
    return _combine(box, cells, np.maximum), cells


def shrink(resnet: ResNet, cells: list[Cell], diagonals: list[Floats]) -> list[Floats]:
    """Valid l2 diagonals of all cells, made smaller where generators cancel in every cell."""
    forward, backward = forward_steps(resnet), backward_steps(resnet)
    largest = np.zeros(len(diagonals))
    for cell in cells:
        squares = np.zeros(len(diagonals))

        def add(l: int, J: Enclosure, squares: Floats = squares) -> None:
            squares[l] += J.euclidean(diagonals[l])[0] ** 2

        gates = stream_ranges(resnet, cell.box, forward).gates
        derivative_bounds(resnet, backward, gates, visit=add)
        largest = np.maximum(largest, squares)
    factors = np.minimum(np.sqrt(largest) * (1.0 + 8 * EPS), 1.0)
    return [factor * D for factor, D in zip(factors, diagonals, strict=True)]


def _combine(box: Box, cells: list[Cell], ufunc: np.ufunc) -> Cell:
    """Entry by entry, the least (both hold) or the largest (one of them holds)."""
    merged = [
        [ufunc.reduce(arrays) for arrays in zip(*(getattr(cell, name) for cell in cells), strict=True)]
        for name in ("derivatives", "high", "magnitudes")
    ]
    return Cell(box, merged[0], merged[1], merged[2], sum(cell.folded for cell in cells))
