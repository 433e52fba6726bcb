"""Compiled circuits against residual networks trained by gradient descent, on the same rows."""

from fw_circuits.comparison.contest import compare
from fw_circuits.comparison.results import FAMILIES, GEOMETRIES, Candidate, Comparison, quantities
from fw_circuits.comparison.settings import PENALTIES, default_settings
from fw_circuits.comparison.task import error, split

__all__ = [
    "FAMILIES",
    "GEOMETRIES",
    "PENALTIES",
    "Candidate",
    "Comparison",
    "compare",
    "default_settings",
    "error",
    "quantities",
    "split",
]
