"""The rate gamma: how the size of circuits grows as the error falls (theory, sections 3 and 8).

A function of HTMC norm 1 is computed within eps by circuits of ``eps^-gamma`` gates at most.  Where least sizes grow as
that power of the error, and the solutions of a path are near them, log(gates) against log(1 / error) has slope gamma;
neither is checked.  What is fitted is a line by least squares; the interval is that of its slope by Student's t.

What the interval does *not* say: points along a path come from the same data and depend on each other, so it describes
the scatter about the line and not the error of gamma over new data.  Gates are those that were found, an upper bound on
what is needed; and where the target is noisy the error stops at the noise, which bends the line.  A curvature that the
points themselves show is noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from fw_circuits._checks import check_real
from fw_circuits._typing import Floats
from fw_circuits._validation import check_target
from fw_circuits.exceptions import InputError
from fw_circuits.solution import Solution

#: Fewer points, or a shorter range in gates or in error, are noted.
FEW_POINTS = 6
SHORT_DECADES = 1.0
#: Errors below this fraction of the largest one count as rounding.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Rate:
    """Slope of log(gates) against log(1 / error).

    Attributes
    ----------
    gamma, low, high : float
        The slope, and its confidence interval of probability ``level`` about the line (see the module's text).
    level : float
    gates, errors : (n_points,)
        The points used, largest error first.
    notes : tuple of str
        What makes the figure doubtful, one sentence per reason.
    """

    gamma: float
    low: float
    high: float
    level: float
    gates: Floats
    errors: Floats
    notes: tuple[str, ...] = ()

    @property
    def n_points(self) -> int:
        """How many points were used."""
        return len(self.gates)

    @property
    def decades_gates(self) -> float:
        """Range covered, in powers of ten."""
        return float(np.log10(self.gates.max() / self.gates.min()))

    @property
    def decades_error(self) -> float:
        """Range covered, in powers of ten."""
        return float(np.log10(self.errors.max() / self.errors.min()))

    def describe(self) -> str:
        """Slope, interval, range and notes in words."""
        first = (
            f"gates ~ error^-{self.gamma:.3g} ({100 * self.level:g} % interval about the line {self.low:.3g} to "
            f"{self.high:.3g}; {self.n_points} points of one path, which depend on each other): "
            f"{self.gates.min():g} to {self.gates.max():g} gates, error {self.errors.max():.3g} to "
            f"{self.errors.min():.3g}."
        )
        return "\n".join([first, *(f"Note: {note}" for note in self.notes)])


def rate(path: Sequence[Solution], X: Any = None, y: Any = None, *, level: float = 0.95) -> Rate:
    """Estimate gamma from solutions along a path: distinct gates against root mean square error.

    Parameters
    ----------
    path : sequence of Solution
        From :func:`fw_circuits.path`, or any solutions of one problem.
    X, y : array_like, optional
        Rows and values on which the error is measured: fresh ones without noise are best.  Without them it is the
        training error, which solutions of the squared loss with ``lam`` or ``tau`` carry in their certificates.
    level : float
        Probability of the interval, in (0, 1).

    Returns
    -------
    Rate

    Raises
    ------
    InputError
        If fewer than three solutions have gates and an error above rounding, all have the same, or the error is not
        known.

    Examples
    --------
    >>> import numpy as np, fw_circuits
    >>> X = np.random.default_rng(0).integers(0, 2, (64, 5)); y = X @ 0.5 ** np.arange(5) + (X[:, 0] ^ X[:, 3])
    >>> found = rate(fw_circuits.path(X, y, n_lams=5))
    >>> found.low <= found.gamma <= found.high, found.notes[0]
    (True, 'only 4 points; at least 6 are wanted.')
    """
    solutions = list(path)
    if not solutions or not all(isinstance(s, Solution) for s in solutions):
        raise InputError(f"path is {type(path).__name__}; expected one or more Solution objects.")
    if (X is None) != (y is None):
        raise InputError("only one of X and y was given; expected both, or neither for the training error.")
    errors = [_training_error(s) for s in solutions] if X is None else _errors_on(solutions, X, y)
    return rate_of_points([s.n_gates for s in solutions], errors, level=level)


def rate_of_points(gates: Any, errors: Any, *, level: float = 0.95) -> Rate:
    """The line through points that you measured yourself; see `rate`.

    Parameters
    ----------
    gates, errors : array_like of shape (n,)
        Points without gates, and errors of 0 or of rounding (1e-6 of the largest), are left out and counted in a note.
    level : float
        Probability of the interval, in (0, 1).

    Returns
    -------
    Rate

    Raises
    ------
    InputError
        If fewer than three points are left, they do not differ, or an argument is out of range.

    Examples
    --------
    >>> found = rate_of_points([1, 8, 64, 512, 4096, 32768], [1, 0.5, 0.25, 0.125, 0.0625, 0.03125])
    >>> round(found.gamma, 9), found.notes
    (3.0, ())
    """
    level = check_real("level", level, 0.0, above=True)
    if level >= 1.0:
        raise InputError(f"level is {level!r}; expected a probability between 0 and 1, such as 0.95.")
    sizes, eps = (np.asarray(v, dtype=np.float64) for v in (gates, errors))
    if sizes.ndim != 1 or sizes.shape != eps.shape:
        raise InputError(f"gates and errors have shapes {sizes.shape} and {eps.shape}; expected two equal vectors.")
    if np.isnan(sizes).any() or np.isnan(eps).any() or (sizes < 0).any() or (eps < 0).any():
        raise InputError("gates and errors contain negative numbers or NaN; expected numbers >= 0.")
    finite = np.isfinite(eps) & np.isfinite(sizes)
    usable = finite & (sizes > 0) & (eps > ROUNDING * eps[finite].max(initial=0.0))
    order = np.argsort(-eps[usable], kind="stable")
    sizes, eps = sizes[usable][order], eps[usable][order]
    if len(sizes) < 3 or eps.min() == eps.max() or sizes.min() == sizes.max():
        raise InputError(
            f"{len(sizes)} of {len(usable)} points have gates and an error above rounding; expected three or more that "
            "differ: ask path for more penalties (n_lams), or smaller ones (ratio)."
        )
    x, z = -np.log(eps), np.log(sizes)
    line = stats.linregress(x, z)
    half = float(stats.t.ppf(0.5 + level / 2.0, len(x) - 2)) * float(line.stderr)
    slope = float(line.slope)
    found = Rate(slope, slope - half, slope + half, level, sizes, eps)
    return replace(found, notes=tuple(_notes(found, x, z, int((~usable).sum()))))


def _notes(found: Rate, x: Floats, z: Floats, left_out: int) -> list[str]:
    """What makes the slope doubtful."""
    notes = []
    if found.n_points < FEW_POINTS:
        notes.append(f"only {found.n_points} points; at least {FEW_POINTS} are wanted.")
    for what, decades in (("gates", found.decades_gates), ("errors", found.decades_error)):
        if decades < SHORT_DECADES - 1e-9:
            notes.append(f"the {what} cover only {decades:.2g} of a power of ten.")
    if left_out:
        total = found.n_points + left_out
        notes.append(f"{left_out} of {total} points have no gates or no error above rounding, and were left out.")
    if found.n_points >= FEW_POINTS:
        bend = _bend(x, z)
        if bend is not None:
            notes.append(
                f"the points bend: the slope goes from {bend[0]:.3g} at the largest error to {bend[1]:.3g} at the "
                "smallest, so no single power law fits them."
            )
    return notes


def _bend(x: Floats, z: Floats) -> tuple[float, float] | None:
    """Slopes of the fitted parabola at both ends, if its curvature is significant at 1 %."""
    centre = x - x.mean()
    A = np.stack([np.ones_like(x), centre, centre**2], axis=1)
    if np.linalg.matrix_rank(A) < 3:
        return None
    coef = np.linalg.lstsq(A, z, rcond=None)[0]
    free = len(x) - 3
    variance = float(np.sum((z - A @ coef) ** 2)) / free
    error = np.sqrt(variance * np.linalg.inv(A.T @ A)[2, 2])
    curvature = float(coef[2])
    change = 2.0 * curvature * float(np.ptp(centre))
    if abs(curvature) <= float(stats.t.ppf(0.995, free)) * error or abs(change) <= 1e-6 * abs(float(coef[1])):
        return None
    return float(coef[1] + 2.0 * curvature * centre.min()), float(coef[1] + 2.0 * curvature * centre.max())


def _training_error(solution: Solution) -> float:
    """Root mean square error, from the certificate: the loss is half the mean square."""
    if solution.loss != "squared" or solution.form not in ("lam", "tau"):
        raise InputError(
            f"a solution of loss {solution.loss!r} with {solution.form!r} does not carry its root mean square error; "
            "give X and y, or measure errors of your own and call rate_of_points(gates, errors)."
        )
    paid = solution.parameter * solution.norm if solution.form == "lam" else 0.0
    loss = solution.certificate.primal - paid
    return float(np.sqrt(2.0 * loss)) if loss > 1e-12 * solution.certificate.baseline else 0.0


def _errors_on(solutions: Sequence[Solution], X: Any, y: Any) -> list[float]:
    """Root mean square errors on data."""
    if any(s.classes is not None for s in solutions):
        raise InputError(
            "the decision function of a classifier does not approximate its labels, so its distance from them is no "
            "error; measure one of your own and call rate_of_points(gates, errors)."
        )
    points = solutions[0].encode(X)
    target, _ = check_target(y, len(points), "squared")
    return [float(np.sqrt(np.mean((s.combination.values(points) - target) ** 2))) for s in solutions]
