"""Boolean circuits: the netlist, its evaluation, the catalogue of smallest circuits, and rewriting."""

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import Gate

__all__ = ["Circuit", "Gate"]
