"""fw_circuits: certified convex combinations of Boolean circuits, found by Frank-Wolfe, compiled to exact ResNets.

Start with :func:`solve`; ``docs/architecture.md`` has the whole flow, ``solver/loop.py`` the algorithm.
"""

from importlib.metadata import PackageNotFoundError, version

from fw_circuits.certificate import certify
from fw_circuits.circuits import Circuit
from fw_circuits.estimators import (
    CircuitClassifier,
    CircuitClassifierCV,
    CircuitRegressor,
    CircuitRegressorCV,
)
from fw_circuits.lattice import Lattice
from fw_circuits.pipeline import lam_max, path, solve
from fw_circuits.resnet import ResNet
from fw_circuits.solution import Certificate, Solution, Status, load
from fw_circuits.tetrakis import Atom

try:
    __version__ = version("fw_circuits")
except PackageNotFoundError:  # run from a source tree that was not installed
    __version__ = "0+unknown"

__all__ = [
    "Atom",
    "Certificate",
    "Circuit",
    "CircuitClassifier",
    "CircuitClassifierCV",
    "CircuitRegressor",
    "CircuitRegressorCV",
    "Lattice",
    "ResNet",
    "Solution",
    "Status",
    "certify",
    "lam_max",
    "load",
    "path",
    "solve",
]
