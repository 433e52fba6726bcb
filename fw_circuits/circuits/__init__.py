"""Boolean circuits: the netlist, its evaluation, the catalogue of smallest circuits, and rewriting."""

from fw_circuits.circuits import catalogue, passes
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import Gate
from fw_circuits.circuits.merging import merge

__all__ = ["Circuit", "Gate", "catalogue", "merge", "passes"]
