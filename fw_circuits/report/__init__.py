"""Tables and sentences about results; nothing is computed here that a result does not hold."""

from fw_circuits.report.comparison import candidate_rows, comparison_lines, comparison_rows, comparison_table
from fw_circuits.report.tables import atoms_table, certificate_lines, experiment_lines, solution_lines

__all__ = [
    "atoms_table",
    "candidate_rows",
    "certificate_lines",
    "comparison_lines",
    "comparison_rows",
    "comparison_table",
    "experiment_lines",
    "solution_lines",
]
