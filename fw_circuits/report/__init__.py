"""Tables, sentences and pages about results; nothing is computed here that a result does not contain."""

from fw_circuits.report.comparison import candidate_rows, comparison_lines, comparison_rows, comparison_table
from fw_circuits.report.explain import explain_page
from fw_circuits.report.page import Part, page
from fw_circuits.report.results import read_results, write_page
from fw_circuits.report.tables import atoms_table, certificate_lines, experiment_lines, solution_lines

__all__ = [
    "Part",
    "atoms_table",
    "candidate_rows",
    "certificate_lines",
    "comparison_lines",
    "comparison_rows",
    "comparison_table",
    "experiment_lines",
    "explain_page",
    "page",
    "read_results",
    "solution_lines",
    "write_page",
]
