"""Tetrakis functions: circuits interpolated from the grid of their level to the whole cube, and sums of them."""

from fw_circuits.tetrakis.atom import Atom, evaluate
from fw_circuits.tetrakis.combination import Combination
from fw_circuits.tetrakis.outputs import OutputAtom, Outputs

__all__ = ["Atom", "Combination", "OutputAtom", "Outputs", "evaluate"]
