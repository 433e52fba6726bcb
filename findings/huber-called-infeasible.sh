#!/usr/bin/env bash
# cvxpy 1.9.3 with Clarabel 0.11.1: a Huber regression without any constraint is reported as "infeasible" when the
# targets are large beside the threshold.
#
# The problem  min_{x, b}  sum huber(c y - A x - b, 1) + lam |x|_1  has no constraint: every point is feasible, and x = 0
# has a finite objective.  At c = 1 and c = 1e6 the status is "optimal".  At c = 1e8, the same data in another unit,
# Clarabel's default settings end in status "infeasible" with value inf and no warning.
# The constraints are those of the conic form (residual = quadratic part + linear part).
# Expected: "optimal", or an error about precision; "infeasible" is a statement that is false here.
# Work-around: divide target, threshold and penalty by the spread of the target before solving, and scale back.
#
# Exit code 0 while this is so; another one when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --quiet --disable-pip-version-check install cvxpy==1.9.3 clarabel==0.11.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PY'
import sys

import cvxpy as cp
import numpy as np

rng = np.random.default_rng(0)
A = np.where(rng.random((120, 8)) < 0.5, -1.0, 1.0)
y = A[:, 0] + 0.5 * A[:, 1] * A[:, 2] + 0.1 * rng.standard_t(2, size=120)


def status(target, threshold, penalty):
    x, b = cp.Variable(8), cp.Variable()
    loss = cp.sum(cp.huber(target - A @ x - b, threshold)) / 240
    problem = cp.Problem(cp.Minimize(loss + penalty * cp.norm1(x)))
    assert not problem.constraints
    problem.solve(solver=cp.CLARABEL)
    x.value, b.value = np.zeros(8), 0.0
    return problem.status, float(problem.objective.value)


found = []
for c in (1.0, 1e6, 1e8):
    found.append(status(c * y, 1.0, 0.001))
    print(f"c = {c:g}: {found[-1][0]}; the objective at x = 0, b = 0 is {found[-1][1]:.6g}")
scaled = status(y, 1e-8, 1e-11)
print(f"c = 1e8, everything in units of c: {scaled[0]}")
sys.exit(0 if [word for word, _ in found] == ["optimal", "optimal", "infeasible"] else 1)
PY
