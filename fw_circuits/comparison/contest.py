"""Compiled circuits against residual networks trained by gradient descent, on the same footing.

Every seed splits the rows anew into training, validation and test rows.  Both families get equally many settings to
try, fit each once to the training rows, choose by the validation rows, and fit the chosen one again to both.  Labels
become -1 and 1, numbers get variance 1, and both minimise the squared loss, so that outputs, and so R(theta), are on
one scale.
Everything is measured on networks: rows outside the range of the rows fitted to are clipped to it, and R(theta) is that
over this range, all streams, the largest activations; ``lower`` was met, ``upper`` is certified.

Not checked: whether either family would gain from settings that were not tried.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed
from rich.markup import escape
from rich.progress import track

from fw_circuits._optional import require
from fw_circuits._typing import Array
from fw_circuits._validation import is_boolean
from fw_circuits.columns import columns_for
from fw_circuits.comparison.fitting import Fitted, fit_circuits, fit_gradient
from fw_circuits.comparison.results import FAMILIES, GEOMETRIES, Candidate, Comparison
from fw_circuits.comparison.settings import Settings, default_settings
from fw_circuits.comparison.task import Task, error, split
from fw_circuits.data import Dataset
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.resnet import Box, Bracket

#: Points and ascent steps of the search for the lower end of R(theta).
SEARCH: dict[str, Any] = {"n_samples": 64, "n_steps": 4}


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
    require("torch", "'fw_circuits[torch]'", "the gradient-trained networks")
    if (columns := columns_for(dataset.X)) is not None:  # both families see the derived columns
        dataset = replace(dataset, X=columns.encode(dataset.X), feature_names=columns.names)
    tried = default_settings(is_boolean(dataset.X))
    settings = {
        "circuits": list(tried[0] if circuits is None else circuits),
        "gradient": list(tried[1] if gradient is None else gradient),
    }
    _check(dataset, settings, seeds, test_fraction, validation_fraction)
    task = Task.of(dataset)
    jobs = (
        delayed(_contend)(task, family, settings[family], seed, test_fraction, validation_fraction)
        for seed in range(seeds)
        for family in FAMILIES
    )
    workers = Parallel(n_jobs=n_jobs or cpu_count(), return_as="generator_unordered", inner_max_num_threads=1)
    found = track(workers(jobs), escape(dataset.name), total=seeds * len(FAMILIES), disable=not progress)
    return Comparison(
        name=dataset.name,
        metric="error rate" if task.labels else "1 - R2",
        exact_on=task.exact_on,
        candidates=tuple(sorted(chain.from_iterable(found), key=lambda c: (c.seed, c.family, c.chosen))),
    )


def _contend(task: Task, family: str, settings: Sequence[Settings], seed: int, *fractions: float) -> list[Candidate]:
    """Every setting on the training rows, then the best one on training and validation rows."""
    # a time limit ends a run with what it has; it is timed here
    warnings.simplefilter("ignore", SolverWarning)
    train, validation, test = split(len(task.y), seed, *fractions)
    both = np.sort(np.concatenate([train, validation]))
    none = np.zeros(0, dtype=np.intp)

    def candidates(tried: Sequence[Settings], rows: Array, held_out: Array) -> list[Candidate]:
        X, y = task.X[rows], task.y[rows]
        fitted = fit_circuits(X, y, tried, task.exact_on) if family == "circuits" else fit_gradient(X, y, tried, seed)
        return [
            Candidate(family, seed, dict(options), not held_out.size, **_measured(task, one, rows, held_out, test))
            for options, one in zip(tried, fitted, strict=True)
        ]

    found = candidates(settings, train, validation)
    best = min(found, key=lambda c: c.validation_error)  # of equals the first, which has the larger penalty
    return [*found, *candidates([best.settings], both, none)]


def _measured(task: Task, fitted: Fitted, rows: Array, validation: Array, test: Array) -> dict[str, Any]:
    """Fields of a candidate: what a network fitted to ``rows`` is worth."""
    low, high = task.X[rows].min(axis=0), task.X[rows].max(axis=0)
    solution, net, seconds = fitted
    at = np.clip(task.X[test], low, high)
    output = net.forward(at)
    complexity = (net.complexity(Box(low, high), geometry, **SEARCH) for geometry in GEOMETRIES)
    held_out = net.forward(np.clip(task.X[validation], low, high)) if validation.size else None
    return {
        "validation_error": np.nan if held_out is None else error(task.y[validation], held_out, task.labels),
        "test_error": error(task.y[test], output, task.labels),
        "seconds": seconds,
        "neurons": net.n_neurons,
        "depth": net.depth,
        "complexity": {R.geometry: Bracket(R.lower, R.upper) for R in complexity},
        "deviation": 0.0 if solution is None else float(np.abs(output - solution.decision_function(at)).max()),
    }


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
        problems.append(f"{a} settings of circuits and {b} of gradient descent; expected equally many, at least 1")
    if np.unique(dataset.y).size != 2 and dataset.y.dtype.kind not in "buif":
        problems.append(f"the target has {np.unique(dataset.y).size} labels; expected two labels, or numbers")
    if not problems:
        parts = split(dataset.n_rows, 0, test, validation)
        if min(part.size for part in parts) < 2:
            sizes = ", ".join(str(part.size) for part in parts)
            problems.append(f"the rows split into {sizes} (train, validation, test); expected at least 2 of each")
    if problems:
        raise InputError(f"{dataset.name or 'the data'} cannot be compared on:\n- " + "\n- ".join(problems))
