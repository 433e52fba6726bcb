"""Frank-Wolfe: active set, directions, step rules, corrective step, and the loop that uses them."""

from fw_circuits.solver.active_set import ActiveSet
from fw_circuits.solver.loop import METHODS, Run, frank_wolfe
from fw_circuits.solver.reference import solve_reference

__all__ = ["METHODS", "ActiveSet", "Run", "frank_wolfe", "solve_reference"]
