"""The three public functions: `solve`, `path` and `lam_max`."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from fw_circuits._files import check_writable
from fw_circuits._settings import Settings, check_penalties
from fw_circuits.exceptions import InputError, SolverWarning
from fw_circuits.objective import Loss
from fw_circuits.oracle import OracleAnswer
from fw_circuits.pipeline.fit import fit
from fw_circuits.pipeline.problem import Problem, first_search, lam_max_of, prepare
from fw_circuits.progress import live_line
from fw_circuits.solution import Solution, Status
from fw_circuits.solver import ActiveSet, Clock, Run


def solve(
    X: Any,
    y: Any,
    *,
    gamma: float = 3.0,
    tau: float | None = None,
    lam: float | None = None,
    eps: float | None = None,
    loss: str | type[Loss] = "squared",
    levels: Sequence[int] | None = None,
    oracle: Any = "auto",
    max_gates: int | None = None,
    method: str = "corrective",
    tol: float = 1e-3,
    max_iter: int = 500,
    time_limit: float | None = None,
    n_jobs: int | None = None,
    random_state: Any = 0,
    warm_start: Solution | None = None,
    checkpoint: str | PathLike[str] | None = None,
    callback: Callable[[Run], Any] | None = None,
    progress: bool = False,
    sample_weight: Any = None,
    domain: str = "minmax",
    huber_threshold: float = 1.0,
    kinds: Mapping[str, Any] | None = None,
    literals: str = "bits",
    n_thresholds: int = 8,
    monotone: Mapping[str, int] | Sequence[int] | None = None,
    positive: bool = False,
) -> Solution:
    """Fit a convex combination of circuits to data, with a certificate.

    Parameters
    ----------
    X : array_like of shape (N, d)
        Numbers; a frame (pandas, polars, Arrow) keeps its column names, but for pandas' 0, 1, ...  0/1 data are level 1
        as they are, other data are mapped to the unit cube column by column; new values outside the training range are
        clipped to it.  A frame may contain text, categories and gaps: a category is one 0/1 column per value (those of
        less than 1 % of the weight share one, values that the fit did not see have none), an ordered one is one column
        per "at least", and a gap is the column "is missing" beside the weighted median.  Dates and nested values are
        refused.
    y : array_like of shape (N,)
        Numbers (squared, huber) or labels of any kind: two (logistic), or two and more (multinomial).
    gamma : float, default 3.0
        Cost exponent, > 0: a circuit of kappa gates weighs ``kappa^(1/gamma)``.  The HTMC statements need > 2.
    tau, lam, eps : float, optional
        One of: bound on the norm; weight of the norm in the objective; bound on the mean loss (met up to a millionth
        of itself).  None of them: ``lam = 0.01 * lam_max``.
    loss : {"squared", "logistic", "huber", "multinomial"} or class
        Mean loss; "squared" is half the mean squared error, "multinomial" the cross-entropy of one function per class,
        whose norms are added.  A class derived from `fw_circuits.objective.Loss` is a
        loss of your own.
    levels : sequence of int, optional
        Lattice levels; default (1,) for 0/1 data, else (1, 2, 3).
    oracle : str or Oracle, default "auto"
        "auto" or "subset": the exact search over all functions of four literals, or, where a pass would take more
        than a few seconds, of four of the screened literals (``certificate.scope`` says which).  "gates4" and
        "gates5" add all circuits of 4 or 5 gates, "deep" finders of larger ones.  Or an object of your own.
    max_gates : int, optional
        Leave out circuits of more gates.
    method : {"corrective", "pairwise", "away", "vanilla"}
        Frank-Wolfe variant; "multinomial" has the first only.
    tol : float, default 1e-3
        Relative certified gap, in the oracle's scope, at which to stop.
    max_iter : int, default 500
        Oracle passes at most.
    time_limit : float, optional
        Seconds; the best solution so far is returned with its certificate.
    n_jobs : int, optional
        Threads; -1: all cores.  None: the least of the cores, the CPU quota of the container, ``OMP_NUM_THREADS``
        and what joblib and threadpoolctl allow.  A forked child runs on one thread.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default 0
        Seed of the sample of rows by which literals are screened on tables too large for an exact pass, and of the
        parities that "deep" draws.
    warm_start : Solution, optional
        A solution on the same columns, in the same order where both have names, and levels to start from.
    checkpoint : path-like, optional
        File to which the solution so far is saved about every 30 seconds and at the end.  The path is tried before
        the work; a save that fails later is a warning.
    callback : callable, optional
        Called with the solver's state after each pass; a true return value stops the run.
    progress : bool, default False
        Show a live line: pass, objective, certified gap, atoms, gates.
    sample_weight : array_like of shape (N,), optional
        Weights >= 0 of the rows in the loss: a row of weight 3 is three rows, one of weight 0 is none.
    domain : {"minmax", "quantile"}
        How columns that are not 0/1 are mapped to [0, 1]; quantiles are those of the weighted rows.
    huber_threshold : float, default 1.0
        Where the Huber loss turns from square to linear, in the units of ``y``: give it with the scale of ``y``.
    kinds : dict, optional
        Kinds of columns by name, where they are not those that the frame says: "boolean", "number", "category", or a
        list of the categories from low to high.  An array has the names x0, x1, ..., and may then have gaps, too.
    literals : {"bits", "ramps", "thresholds", "both"}
        What circuits read of a column of numbers: its bits on the lattice's levels; or, on level 1 unless ``levels``
        are given, the whole column, clipped ramps between consecutive quantiles (`age >= 36.5`), or both of these.  A
        comparison is a circuit of at most k - 1 gates over k bits, so the norms differ by a constant factor.
    n_thresholds : int, default 8
        Ramps of a column; fewer where it has few distinct values, none beside itself where it has two.
    monotone : dict or sequence of int, optional
        Columns in which f may not fall (1) or not rise (-1), by name, or one number per column with 0 for the others;
        scikit-learn's ``monotonic_cst``.  Every term is monotone by itself, so that f is, exactly, everywhere; the
        certificate is over these terms.  With the oracles "auto" and "subset" only.
    positive : bool, default False
        Whether coefficients are at least 0, those of circuits that are false where their literals are all 0 (without
        that, every sign could be had: the negative of a circuit is its complement).

    Returns
    -------
    Solution
        With ``loss="multinomial"`` a `fw_circuits.solution.MultinomialSolution`.

    Raises
    ------
    InputError
        If an argument or the data cannot be used, or ``checkpoint`` cannot be written; the message says what to do.

    Warns
    -----
    SolverWarning
        If the run ended before the tolerance, or a checkpoint could not be saved.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> solution = solve(X, X[:, 0] ^ X[:, 1], lam=0.01)
    >>> solution.atoms[0].formula(), solution.certificate.certified
    ('x0 ^ x1', True)
    """
    start = time.perf_counter()
    settings = Settings.of(
        gamma=gamma, tau=tau, lam=lam, eps=eps, loss=loss, levels=levels, oracle=oracle, max_gates=max_gates,
        method=method, tol=tol, max_iter=max_iter, time_limit=time_limit, n_jobs=n_jobs, random_state=random_state,
        domain=domain, huber_threshold=huber_threshold, kinds=kinds, literals=literals, n_thresholds=n_thresholds,
        monotone=monotone, positive=positive,
    )  # fmt: skip
    if checkpoint is not None:
        check_writable(checkpoint, "checkpoint")
    if callback is not None and not callable(callback):
        raise InputError(f"callback is {callback!r}; expected a function of the solver's state, or None.")
    problem = prepare(X, y, settings, sample_weight)
    clock = clock_of(start, settings.time_limit)
    penalty, first = settings.form, None
    if not penalty:
        search = first_search(problem, clock)
        penalty = {"lam": 0.01 * search.lam_max or 1.0}  # a constant target: any penalty gives the intercept
        first = search.answer
    with live_line(progress, start) as show:
        return fit(problem, penalty, clock, first=first, warm_start=warm_start, checkpoint=checkpoint,
                   callbacks=(show, callback))  # fmt: skip


def path(
    X: Any,
    y: Any,
    *,
    lams: Sequence[float] | None = None,
    n_lams: int = 20,
    ratio: float = 1e-3,
    gamma: float = 3.0,
    loss: str | type[Loss] = "squared",
    levels: Sequence[int] | None = None,
    oracle: Any = "auto",
    max_gates: int | None = None,
    method: str = "corrective",
    tol: float = 1e-3,
    max_iter: int = 500,
    time_limit: float | None = None,
    n_jobs: int | None = None,
    sample_weight: Any = None,
    domain: str = "minmax",
    random_state: Any = 0,
    huber_threshold: float = 1.0,
    kinds: Mapping[str, Any] | None = None,
    literals: str = "bits",
    n_thresholds: int = 8,
    monotone: Mapping[str, int] | Sequence[int] | None = None,
    positive: bool = False,
) -> list[Solution]:
    """Solutions for decreasing penalties, each started from the one before.

    Parameters
    ----------
    X, y
        Data, and every argument that is not named here: as in :func:`solve`.
    lams : sequence of float, optional
        Penalties > 0; solved from the largest down.  Default: ``n_lams`` values from ``lam_max`` to
        ``ratio * lam_max`` in equal ratios.
    time_limit : float, optional
        Seconds for the whole path, with preparing the data and the search for ``lam_max``; penalties not reached are
        left out.

    Returns
    -------
    list of Solution
        One per penalty, largest penalty first.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> [len(s.atoms) for s in path(X, X[:, 0] & X[:, 1], n_lams=3, ratio=0.1)]
    [0, 1, 1]
    """
    start = time.perf_counter()
    settings = Settings.of(
        gamma=gamma, loss=loss, levels=levels, oracle=oracle, max_gates=max_gates, method=method, tol=tol,
        max_iter=max_iter, time_limit=time_limit, n_jobs=n_jobs, random_state=random_state, domain=domain,
        huber_threshold=huber_threshold, kinds=kinds, literals=literals, n_thresholds=n_thresholds,
        monotone=monotone, positive=positive,
    )  # fmt: skip
    check_penalties(lams, n_lams, ratio)
    problem = prepare(X, y, settings, sample_weight)
    clock = clock_of(start, settings.time_limit)
    first = None
    if lams is None:
        search = first_search(problem, clock)
        first = search.answer
        lams = [float(v) for v in (search.lam_max or 1.0) * np.geomspace(1.0, float(ratio), n_lams)]
    solutions: list[Solution] = []
    try:
        solutions.extend(path_of(problem, lams, clock, first=first))
    except KeyboardInterrupt:  # between two penalties
        if not solutions:
            raise
    return solutions


def path_of(
    problem: Problem, lams: Sequence[float], clock: Clock | None = None, *, first: OracleAnswer | None = None,
    warm_start: Solution | ActiveSet | None = None,
) -> Iterator[Solution]:  # fmt: skip
    """:func:`path` on prepared data, one solution at a time; the first one in any case."""
    clock, previous = clock or Clock(), warm_start
    for i, lam in enumerate(sorted(map(float, lams), reverse=True)):
        if i and clock.expired():
            return
        previous = fit(problem, {"lam": lam}, clock, first=None if i else first, warm_start=previous)
        yield previous
        if previous.status is Status.INTERRUPTED:
            return


def lam_max(X: Any, y: Any, *, sample_weight: Any = None, **settings: Any) -> float:
    """Smallest penalty at which the constant alone is optimal in the oracle's scope: its bound on the polar.

    Parameters
    ----------
    X, y, sample_weight
        As in :func:`solve`.
    **settings
        As in :func:`solve`; what belongs to a run, such as ``method`` and ``tol``, changes nothing.  A search that
        ``time_limit`` ends gives the best score found so far.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If an argument or the data cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> lam_max(X, X[:, 0] ^ X[:, 1])
    0.5
    """
    start = time.perf_counter()
    given = Settings.of(**settings)
    problem = prepare(X, y, given, sample_weight)
    return lam_max_of(problem, clock_of(start, given.time_limit))


def clock_of(start: float, time_limit: float | None) -> Clock:
    """The clock of a run that began at ``start``; warns where preparing the data has already used the time."""
    clock = Clock(time_limit, start)
    if clock.expired():
        warnings.warn(
            f"preparing the data alone took {time.perf_counter() - start:.2g} s of time_limit={time_limit:g}; "
            "the bounds will be those of pairs of literals: give more time, or fewer rows.",
            SolverWarning,
            stacklevel=3,
        )
    return clock
