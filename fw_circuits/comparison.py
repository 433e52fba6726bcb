"""Compiled circuits against residual networks trained by gradient descent, on the same footing.

Every seed splits the rows anew into training, validation and test rows.  Both families get equally many settings to
try, fit each once to the training rows, choose by the validation rows, and fit the chosen one again to both.  Labels
become -1 and 1, numbers get variance 1, and both minimise the squared loss, so that outputs, and so R(theta), are on
one scale.
Everything is measured on networks: rows outside the range of the rows fitted to are clipped to it, and R(theta) is that
over this range, all streams, the largest activations; ``lower`` was met, ``upper`` is certified.

Not checked: whether either family would gain from settings that were not tried.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, cpu_count, delayed

from fw_circuits._optional import require
from fw_circuits._typing import Array, Floats
from fw_circuits.data import Dataset
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.pipeline import lam_max, solve
from fw_circuits.resnet import Box, Bracket, ResNet
from fw_circuits.resnet.baseline import Training, fit, fit_many

__all__ = ["Candidate", "Comparison", "compare", "default_settings", "quantities"]

Settings = Mapping[str, Any]
FAMILIES = ("circuits", "gradient")
GEOMETRIES = ("l1", "l2")
#: Share of the seeds on which a family must be ahead to be called the winner.
DECIDED = 0.8
#: Kinds of circuits, and for each the weights of the norm, as shares of the smallest that leaves the constant alone.
BOOLEAN_CIRCUITS = (({"oracle": "auto"}, (0.3, 0.2, 0.1)), ({"oracle": "deep"}, (0.2, 0.05, 0.01)))
REAL_CIRCUITS = (({"levels": (1,)}, (0.3, 0.1, 0.03)), ({"levels": (1, 2, 3)}, (0.1, 0.02, 0.004)))
#: Seconds of a run of the solver; what it has then is compiled.
TIME_LIMIT = 6.0
#: Weights of the path norm, the largest first: of equals on the validation rows the first is chosen, in both families.
PENALTIES = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 0.0)
#: From so many rows on, gradient descent keeps a tenth of them to choose the step; fewer are worth more fitted to.
EARLY_STOPPING_ROWS = 1000
#: Points and ascent steps of the search for the lower end of R(theta).
SEARCH: dict[str, Any] = {"n_samples": 64, "n_steps": 4}


@dataclass(frozen=True, eq=False)
class Candidate:
    """One fitted network.

    Attributes
    ----------
    family : {"circuits", "gradient"}
    seed : int
    settings : mapping
        What was tried.
    chosen : bool
        Fitted to training and validation rows with the settings that did best on the latter.
    validation_error, test_error : float
        Share of wrong labels, or mean squared error over the variance of the test rows' targets (1 - R2).  NaN where no
        validation rows were kept.
    seconds : float
        Wall time of one thread from rows to network; of networks trained side by side, its share of the time.
    neurons, depth : int
    complexity : mapping of geometry to Bracket
    deviation : float
        Largest difference between network and solution over the test rows; 0 for gradient descent.
    """

    family: str
    seed: int
    settings: Settings
    chosen: bool
    validation_error: float
    test_error: float
    seconds: float
    neurons: int
    depth: int
    complexity: Mapping[str, Bracket]
    deviation: float = 0.0


class Fitted(NamedTuple):
    """A network, the solution that it was compiled from (none for gradient descent), and the time taken."""

    solution: Any
    net: ResNet
    seconds: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What :func:`compare` found.

    Attributes
    ----------
    name : str
        Of the data.
    metric : {"error rate", "1 - R2"}
    exact_on : str
        Where the compiled networks equal their solutions: "corners" for Boolean columns, else "domain".
    candidates : tuple of Candidate
    """

    name: str
    metric: str
    exact_on: str
    candidates: tuple[Candidate, ...]

    def chosen(self, family: str) -> list[Candidate]:
        """The network that each seed ends with, in order of seeds."""
        found = [c for c in self.candidates if c.chosen and c.family == family]
        return sorted(found, key=lambda c: c.seed)

    def median(self, family: str, quantity: str) -> float:
        """Median over seeds of the chosen networks; see :func:`quantities` for the names."""
        return float(np.median([quantities(c)[quantity] for c in self.chosen(family)]))

    def wins(self, quantity: str) -> tuple[int, int]:
        """Seeds on which circuits and on which gradient descent have the smaller value.

        For "l1" and "l2" a bracket counts as smaller if it lies below the other one altogether.
        """
        least, most = (
            (f"{quantity}_lower", f"{quantity}_upper") if quantity in GEOMETRIES else (quantity,) * 2
        )
        pairs = [
            (quantities(a), quantities(b))
            for a, b in zip(self.chosen("circuits"), self.chosen("gradient"), strict=True)
        ]
        return sum(a[most] < b[least] for a, b in pairs), sum(b[most] < a[least] for a, b in pairs)

    def winner(self, quantity: str) -> str | None:
        """The family with the smaller value on four seeds of five or more; None if there is no such family."""
        for family, wins in zip(FAMILIES, self.wins(quantity), strict=True):
            if wins >= DECIDED * len(self.chosen(family)):
                return family
        return None

    def front(self, family: str, quantity: str) -> list[Candidate]:
        """Networks of a family that no other of it matches in test error with less of the quantity, by quantity."""
        best, kept = np.inf, []
        for c in sorted(
            (c for c in self.candidates if c.family == family),
            key=lambda c: (quantities(c)[quantity], c.test_error),
        ):
            if c.test_error < best:
                best = c.test_error
                kept.append(c)
        return kept


def quantities(candidate: Candidate) -> dict[str, float]:
    """All numbers of a candidate under one name each.

    ``test_error``, ``neurons``, ``depth``, ``seconds``, and ``l1_lower``, ``l1_upper``, ``l2_lower``, ``l2_upper``.
    """
    named: dict[str, float] = {
        name: getattr(candidate, name) for name in ("test_error", "neurons", "depth", "seconds")
    }
    for geometry, bracket in candidate.complexity.items():
        named |= {f"{geometry}_lower": bracket.lower, f"{geometry}_upper": bracket.upper}
    return named


def default_settings(boolean: bool) -> tuple[list[Settings], list[Settings]]:
    """Six settings of each family: three penalties of two kinds of circuits; six penalties of gradient descent."""
    circuits: list[Settings] = [
        {**kind, "share": share, "time_limit": TIME_LIMIT}
        for kind, shares in (BOOLEAN_CIRCUITS if boolean else REAL_CIRCUITS)
        for share in shares
    ]
    return circuits, [{"penalty": penalty} for penalty in PENALTIES]


def compare(
    dataset: Dataset,
    *,
    seeds: int = 5,
    test_fraction: float = 0.25,
    validation_fraction: float = 0.2,
    circuits: Sequence[Settings] | None = None,
    gradient: Sequence[Settings] | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Comparison:
    """Fit both families with every setting on every seed; needs PyTorch.

    Parameters
    ----------
    dataset : Dataset
        Two labels of any kind, or numbers.
    seeds : int >= 1
        Splits 0, ..., seeds - 1; the same rows for both families.
    test_fraction, validation_fraction : float in (0, 1)
        Of all rows, and of those not tested on.
    circuits, gradient : sequences of mappings, equally many
        Options of :func:`fw_circuits.solve`, with ``share`` in place of ``lam``: lam as a share of ``lam_max``; and of
        :func:`fw_circuits.resnet.baseline.fit`.  Default: :func:`default_settings`.
    n_jobs : int, optional
        Processes of one thread each; default: all cores.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        PyTorch is not installed; data or settings that cannot be used; too few rows to split.

    Examples
    --------
    >>> from fw_circuits.data import parity
    >>> found = compare(parity(4, n_rows=64, random_state=0), seeds=2)  # doctest: +SKIP
    >>> found.median("circuits", "test_error")  # doctest: +SKIP
    0.0
    """
    require("torch", "torch", "the gradient-trained networks")
    X, values = np.asarray(dataset.X, dtype=np.float64), np.unique(dataset.y)
    boolean = bool(np.isin(X, (0.0, 1.0)).all())
    tried = default_settings(boolean)
    settings = {
        "circuits": list(tried[0] if circuits is None else circuits),
        "gradient": list(tried[1] if gradient is None else gradient),
    }
    _check(dataset, settings, seeds, test_fraction, validation_fraction)
    labels = values.size == 2
    y = np.where(dataset.y == values[1], 1.0, -1.0) if labels else _standard(dataset.y)
    jobs = (
        delayed(_contend)(family, settings[family], seed, X, y, labels, boolean, test_fraction, validation_fraction)
        for seed in range(seeds)
        for family in FAMILIES
    )  # fmt: skip
    workers = Parallel(n_jobs=n_jobs or cpu_count(), return_as="generator_unordered", inner_max_num_threads=1)
    found = [
        c for part in _watched(workers(jobs), seeds * len(FAMILIES), dataset.name, progress) for c in part
    ]
    return Comparison(
        name=dataset.name,
        metric="error rate" if labels else "1 - R2",
        exact_on="corners" if boolean else "domain",
        candidates=tuple(sorted(found, key=lambda c: (c.seed, c.family, c.chosen))),
    )


def _contend(
    family: str, settings: Sequence[Settings], seed: int, X: Floats, y: Floats, labels: bool, boolean: bool,
    test_fraction: float, validation_fraction: float,
) -> list[Candidate]:  # fmt: skip
    """Every setting on the training rows, then the best one on training and validation rows."""
    warnings.simplefilter(
        "ignore", SolverWarning
    )  # a time limit ends a run with what it has; it is timed here
    train, validation, test = split(len(y), seed, test_fraction, validation_fraction)
    both = np.sort(np.concatenate([train, validation]))
    none = np.zeros(0, dtype=np.intp)
    fits = _circuits if family == "circuits" else _gradient

    def candidates(tried: Sequence[Settings], rows: Array, held: Array) -> list[Candidate]:
        fitted = fits(X[rows], y[rows], tried, seed, boolean)
        return [
            _candidate(family, options, seed, one, X, y, rows, held, test, labels)
            for options, one in zip(tried, fitted, strict=True)
        ]

    found = candidates(settings, train, validation)
    best = min(found, key=lambda c: c.validation_error)  # of equals the first, which has the larger penalty
    return [*found, *candidates([best.settings], both, none)]


def split(n: int, seed: int, test_fraction: float, validation_fraction: float) -> tuple[Array, Array, Array]:
    """Training, validation and test rows, each in order.

    >>> [part.size for part in split(100, 0, 0.25, 0.2)]
    [60, 15, 25]
    """
    order = np.random.default_rng(seed).permutation(n)
    n_test = round(test_fraction * n)
    n_validation = round(validation_fraction * (n - n_test))
    parts = np.split(order, [n_test, n_test + n_validation])
    test, validation, train = (np.sort(part) for part in parts)
    return train, validation, test


def _candidate(
    family: str, settings: Settings, seed: int, fitted: Fitted, X: Floats, y: Floats, rows: Array, validation: Array,
    test: Array, labels: bool,
) -> Candidate:  # fmt: skip
    """What a network fitted to ``rows`` is worth."""
    low, high = X[rows].min(axis=0), X[rows].max(axis=0)
    solution, net, seconds = fitted
    at = np.clip(X[test], low, high)
    output = net.forward(at)
    deviation = 0.0 if solution is None else float(np.abs(output - solution.decision_function(at)).max())
    held = net.forward(np.clip(X[validation], low, high)) if validation.size else np.zeros(0)
    return Candidate(
        family=family,
        seed=seed,
        settings=dict(settings),
        chosen=not validation.size,
        validation_error=error(y[validation], held, labels) if validation.size else np.nan,
        test_error=error(y[test], output, labels),
        seconds=seconds,
        neurons=net.n_neurons,
        depth=net.depth,
        complexity=_brackets(net, Box(low, high)),
        deviation=deviation,
    )


def _circuits(
    X: Floats, y: Floats, settings: Sequence[Settings], seed: int, boolean: bool
) -> Iterator[Fitted]:
    for tried in settings:
        start = time.perf_counter()
        options = dict(tried)
        share = options.pop("share", None)
        if share is not None:
            same = {
                name: options[name] for name in ("levels", "oracle", "max_gates", "gamma") if name in options
            }
            options["lam"] = share * lam_max(X, y, n_jobs=1, **same)
        solution = solve(X, y, n_jobs=1, **options)
        net = solution.to_resnet("corners" if boolean else "domain")
        yield Fitted(solution, net, time.perf_counter() - start)


def _gradient(X: Floats, y: Floats, settings: Sequence[Settings], seed: int, boolean: bool) -> list[Fitted]:
    """Networks whose settings differ in the penalty alone are trained side by side."""
    common = {"validation_fraction": 0.1 if len(y) >= EARLY_STOPPING_ROWS else 0.0, "random_state": seed}
    trained: dict[int, Training] = {}
    groups: list[tuple[dict[str, Any], list[int]]] = []
    for k, tried in enumerate(settings):
        options = {**common, **tried}
        if "penalty" not in options or {"module", "patience"} & options.keys():
            trained[k] = fit(X, y, **options)
            continue
        del options["penalty"]
        same = next((members for shared, members in groups if shared == options), None)
        if same is None:
            groups.append((options, [k]))
        else:
            same.append(k)
    for options, members in groups:
        penalties = [settings[k]["penalty"] for k in members]
        trained |= zip(members, fit_many(X, y, penalties=penalties, **options), strict=True)
    return [Fitted(None, trained[k].resnet, trained[k].seconds) for k in range(len(settings))]


def _brackets(net: ResNet, box: Box) -> dict[str, Bracket]:
    found = (net.complexity(box, geometry, **SEARCH) for geometry in GEOMETRIES)
    return {R.geometry: Bracket(R.lower, R.upper) for R in found}


def error(y: Floats, output: Floats, labels: bool) -> float:
    """Share of wrong signs, or mean squared error over the variance of y.

    >>> error(np.array([1.0, -1.0]), np.array([0.3, 0.2]), labels=True)
    0.5
    """
    if labels:
        return float(np.mean(np.where(output > 0.0, 1.0, -1.0) != y))
    return float(np.mean((output - y) ** 2) / max(float(np.var(y)), 1e-300))


def _standard(y: Array) -> Floats:
    """Numbers with mean 0 and variance 1, so that R(theta) is on the scale that labels have."""
    numbers = np.asarray(y, dtype=np.float64)
    spread = float(numbers.std())
    return (numbers - numbers.mean()) / (spread if spread > 0.0 else 1.0)


def _watched(parts: Any, total: int, name: str, show: bool) -> Iterator[Any]:
    if not show:
        yield from parts
        return
    from rich.markup import escape
    from rich.progress import track

    yield from track(parts, description=escape(name), total=total)


def _check(
    dataset: Dataset, settings: Mapping[str, Sequence[Settings]], seeds: int, test: float, validation: float
) -> None:
    """Everything wrong with the arguments, in one error."""
    problems = []
    if isinstance(seeds, bool) or not isinstance(seeds, int | np.integer) or seeds < 1:
        problems.append(f"seeds is {seeds!r}; expected a whole number >= 1")
    for name, value in (("test_fraction", test), ("validation_fraction", validation)):
        if not (isinstance(value, int | float | np.floating) and 0.0 < value < 1.0):
            problems.append(f"{name} is {value!r}; expected a number between 0 and 1")
    a, b = (len(settings[family]) for family in FAMILIES)
    if a != b or a == 0:
        problems.append(
            f"{a} settings of circuits and {b} of gradient descent; expected equally many, at least 1"
        )
    if np.unique(dataset.y).size != 2 and dataset.y.dtype.kind not in "buif":
        problems.append(f"the target has {np.unique(dataset.y).size} labels; expected two labels, or numbers")
    if not problems:
        parts = split(dataset.n_rows, 0, test, validation)
        if min(part.size for part in parts) < 2:
            sizes = ", ".join(str(part.size) for part in parts)
            problems.append(
                f"the rows split into {sizes} (train, validation, test); expected at least 2 of each"
            )
    if problems:
        raise InputError(f"{dataset.name or 'the data'} cannot be compared on:\n- " + "\n- ".join(problems))
