"""Boolean circuits: the netlist, its evaluation, the catalogue of smallest circuits, and rewriting.

The submodules `catalogue` and `passes` and the function `merge` are loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.gate import Gate

if TYPE_CHECKING:
    from fw_circuits.circuits import catalogue, passes
    from fw_circuits.circuits.merging import merge

__all__ = ["Circuit", "Gate", "catalogue", "merge", "passes"]


def __getattr__(name: str) -> Any:
    if name == "merge":
        return import_module("fw_circuits.circuits.merging").merge
    if name in ("catalogue", "passes"):
        return import_module(f"fw_circuits.circuits.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
