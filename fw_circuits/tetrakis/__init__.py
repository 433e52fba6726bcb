"""Tetrakis functions: circuits interpolated from the grid of their level to the whole cube."""

from fw_circuits.tetrakis.atom import Atom, evaluate

__all__ = ["Atom", "evaluate"]
