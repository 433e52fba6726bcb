"""Every error that fw_circuits raises on purpose.

A message says what came, what was expected, and what to do.
"""


class FwCircuitsError(Exception):
    """Base class of the errors below."""


class InputError(FwCircuitsError, ValueError):
    """An argument or a data set cannot be used as it is."""


class PathError(InputError, OSError):
    """A file cannot be written where it should go; raised before the work that would fill it."""


class FormatError(FwCircuitsError, ValueError):
    """A file is damaged, or not of the format that its reader expects."""


class CircuitError(FwCircuitsError, ValueError):
    """A netlist is malformed: a cycle, an unknown node, a gate that reads itself."""


class BudgetError(FwCircuitsError, MemoryError):
    """A computation does not fit its stated memory budget; raised before it starts."""


class SolverWarning(UserWarning):
    """The result is valid but the run stopped before the tolerance that was asked for."""
