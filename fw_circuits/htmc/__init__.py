"""What functions cost: the gauge of circuits on small cubes, brackets for fitted functions, and the rate gamma.

``Omega(f) = min sum_j |b_j| kappa(C_j)^(1/gamma)`` over all combinations ``f = sum_j b_j T_{C_j}`` is the norm that the
solver penalises (theory, section 3; original to this package).  Here it is computed exactly where that is possible
(`exact_norm`, `norm_table`: up to four inputs), from both sides where it is not (`five_input_bracket`; `norm_bracket`
for a solution), and read off a path of solutions (`rate`).
"""

from fw_circuits.htmc.bracket import NormBracket, norm_bracket
from fw_circuits.htmc.classes import ClassNorm, norm_table, npn_classes
from fw_circuits.htmc.exact import ExactNorm, exact_norm
from fw_circuits.htmc.five import FiveInputBracket, five_input_bracket
from fw_circuits.htmc.rate import Rate, rate, rate_of_points

__all__ = [
    "ClassNorm",
    "ExactNorm",
    "FiveInputBracket",
    "NormBracket",
    "Rate",
    "exact_norm",
    "five_input_bracket",
    "norm_bracket",
    "norm_table",
    "npn_classes",
    "rate",
    "rate_of_points",
]
