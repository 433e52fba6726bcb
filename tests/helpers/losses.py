"""Losses of one's own: the example of CONTRIBUTING.md as it stands there, and one with all that may be added."""

import re
from pathlib import Path

import numpy as np

from fw_circuits.objective import Loss

GUIDE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


def example() -> str:
    """The code of the section on losses."""
    section = GUIDE.read_text(encoding="utf-8").split("## Add a loss")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    return code


_names = {}
exec(compile(example().split("\nrng = ")[0], "CONTRIBUTING.md", "exec"), _names)
Poisson = _names["Poisson"]


class SquaredHinge(Loss):
    """``max(0, 1 - y f)^2 / 2``: of labels, with a second derivative that jumps to 0."""

    labels = True
    smoothness = 1.0

    def _short(self, f):
        return np.maximum(0.0, 1.0 - self.y * f)

    def row_losses(self, f):
        return 0.5 * self._short(f) ** 2

    def negative_gradient(self, f):
        return self.weights * self.y * self._short(f)

    def hessian_diagonal(self, f):
        return self.weights * (self._short(f) > 0.0)

    def dual(self, theta):
        u = self.per_weight(theta * self.y)
        return float(self.weights @ (u - 0.5 * u**2)) if u.min(initial=0.0) >= -1e-14 else -np.inf

    def expression(self, f, cp):
        return 0.5 * (self.weights @ cp.square(cp.pos(1.0 - cp.multiply(self.y, f))))
