"""From data to a certified solution.

X, y, Settings --prepare--> Problem --Frank-Wolfe loop--> Run --> Combination --derive--> Certificate --> Solution

`problem` checks the data and sets up lattice, loss and oracle; `fit` runs the loop and finishes the solution, once;
`front` has the three public functions.
"""

from fw_circuits.pipeline.front import lam_max, path, path_of, solve
from fw_circuits.pipeline.problem import Problem, first_search, lam_max_of, prepare

__all__ = ["Problem", "first_search", "lam_max", "lam_max_of", "path", "path_of", "prepare", "solve"]
