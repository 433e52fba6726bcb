"""Round a convex combination of circuits to one Boolean circuit (theory, section 8; original to this package).

``f = c + sum_j b_j T_j`` with ``T_j = 2 t_j - 1`` and t_j a bit, wherever every atom sees a grid point.  The
coefficients become integers, ``b_j ~ step * w_j``, and an adder tree (`fw_circuits.circuits.weighted_sum`) adds
the w_j.  The answer of a classifier is the sign bit of ``sum_j w_j t_j - K``: the comparison costs no gate, and
the intercept is not rounded because only the integer K depends on it.  A regression puts out the integer
itself.  Since |T_j| <= 1, ``|f - rounded f| <= sum_j |b_j - step w_j|`` (plus the shift of the intercept, if any).

*Inputs.*  For 0/1 data (level 1) the inputs are the features.  Otherwise they are the literals of the levels
that the atoms use, all of them, named by `Lattice.literal_name` (with ``@level`` where several levels above 1
are used); `Rounded.encode` computes them: each point is moved to the nearest grid point of each level.  The
bound above then holds for points that lie on the grids; between them the measured agreement is what counts.
"""

from fw_circuits.rounding.rounded import Rounded
from fw_circuits.rounding.sampling import SizeAndError, sample_circuit, sample_to_error, size_against_error
from fw_circuits.rounding.search import round_solution

__all__ = ["Rounded", "SizeAndError", "round_solution", "sample_circuit", "sample_to_error", "size_against_error"]
