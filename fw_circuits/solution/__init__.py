"""What a run returns: status, trace, certificate and solution.  Nothing is searched or solved here."""

from fw_circuits._settings import Settings
from fw_circuits.solution.certificate import Certificate
from fw_circuits.solution.loading import load
from fw_circuits.solution.multinomial import MultinomialSolution
from fw_circuits.solution.solution import Solution
from fw_circuits.solution.trace import Status, Step, Trace

__all__ = ["Certificate", "MultinomialSolution", "Settings", "Solution", "Status", "Step", "Trace", "load"]
