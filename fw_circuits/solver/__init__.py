"""Frank-Wolfe: active set, directions, step rules, fully-corrective step, and the loop that uses them."""

from fw_circuits.solver.active_set import ActiveSet
from fw_circuits.solver.clock import Clock
from fw_circuits.solver.joint import empty_set
from fw_circuits.solver.loop import frank_wolfe
from fw_circuits.solver.methods import METHODS
from fw_circuits.solver.reference import solve_reference
from fw_circuits.solver.state import Run

__all__ = ["METHODS", "ActiveSet", "Clock", "Run", "empty_set", "frank_wolfe", "solve_reference"]
