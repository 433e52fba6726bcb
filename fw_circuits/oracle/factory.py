"""The oracle that a name stands for."""

from __future__ import annotations

from typing import Any

import numpy as np

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle.base import Oracle
from fw_circuits.oracle.composition import CompositionOracle
from fw_circuits.oracle.data import OracleData
from fw_circuits.oracle.deep import DeepOracle
from fw_circuits.oracle.exact.gates import GateOracle
from fw_circuits.oracle.exact.literal_choice import RATE
from fw_circuits.oracle.exact.shaped import ShapedOracle
from fw_circuits.oracle.exact.subset import SubsetOracle
from fw_circuits.oracle.families.carry import CarryOracle
from fw_circuits.oracle.families.parity import ParityOracle
from fw_circuits.oracle.families.symmetric import SymmetricOracle
from fw_circuits.oracle.lazy import LazyOracle
from fw_circuits.oracle.sampled import SampledOracle
from fw_circuits.oracle.shape import Shape

NAMES = ("auto", "subset", "gates4", "gates5", "deep")
#: Members of its pool that "deep" takes quadruples from: as good as more on the examples tried, a third of the work.
QUADS = 72
#: Gates of one atom of the "deep" oracle, if the user sets no limit.
MAX_GATES = 128
#: Fraction of a run's time limit that one pass may take; wider searches are screened.
SHARE_OF_A_PASS = 0.05
#: Without a time limit, searches estimated to take longer are screened (`SubsetOracle`, ``pass_seconds``).
PASS_SECONDS = 6.0
#: The same for the exact part of "deep", whose passes are many.
DEEP_SECONDS = 1.0
#: Searches that take long on many rows begin on samples of them.
SAMPLED_FROM, SAMPLED_SECONDS = 100_000, 0.1
#: A screened search takes this fraction of it: passes are many, and a wider choice would bring little.
SCREENED = 1 / 3
#: Work of the draws of parities in one search of "deep", which has many: they go on from one to the next.
PARITY_WORK = 2e8
#: With one per subset, neighbours of the best subset would crowd the answer and take twice the passes.
PER_SUPPORT = 4


def make_oracle(
    oracle: Any, points: Floats, lattice: Lattice, gamma: float, *, max_gates: int | None = None,
    n_jobs: int | None = None, time_limit: float | None = None, random_state: int | None = 0,
    shape: Shape | None = None,
) -> Oracle:  # fmt: skip
    """The oracle called ``oracle`` for data ``points``; an oracle object is checked and passed through.

    "auto" and "subset" are the exact search over all functions of four literals of every level, at most
    ``PER_SUPPORT`` functions of one subset of literals in each answer.  Where that would take long, literals are
    screened, and the scope of every answer says so.  "gates4" and "gates5" add all circuits of at most 4 or 5 gates,
    exactly.  "deep" adds finders: compositions of the active circuits, parities, symmetric functions and carry
    chains.

    Parameters
    ----------
    oracle : str or Oracle
        One of `NAMES`, or an oracle for these data.
    points : (N, n_features)
        The data; checked.
    lattice, gamma
        As in :meth:`OracleData.of`.
    max_gates : int or None
        Largest circuits; None: no limit.
    n_jobs : int or None
        Threads.
    time_limit : float or None
        Seconds of the whole run.
    random_state : int or None
        Seed of the samples that literals are screened with, and of the draws of parities; None: another each time.
    shape : Shape or None
        Constraints; only the exact search over functions of four literals knows them.

    Returns
    -------
    Oracle

    Raises
    ------
    InputError
        For an unknown name, or an object that is no oracle for these data.
    """
    if shape and oracle not in ("auto", "subset"):
        raise _unconstrained(oracle)
    if not isinstance(oracle, str):
        return _checked(oracle, points.shape[0], gamma)
    if oracle not in NAMES:
        raise InputError(
            f"oracle is {oracle!r}; expected one of {', '.join(map(repr, NAMES))}, or an object with search "
            "and evaluate."
        )
    rows = [lattice.rows(points, level, check_input=i == 0) for i, level in enumerate(lattice.levels)]
    data = OracleData.of(rows, lattice, gamma, n_jobs)
    share = None if time_limit is None else SHARE_OF_A_PASS * time_limit
    if shape:
        return ShapedOracle(data, shape=shape, per_support=PER_SUPPORT, max_gates=max_gates, time_limit=share,
                            pass_seconds=PASS_SECONDS if time_limit is None else None)  # fmt: skip
    if oracle in ("gates4", "gates5"):
        if max_gates is not None:
            raise InputError(
                f"oracle={oracle!r} covers all functions of four literals, so max_gates={max_gates} cannot hold; "
                "leave max_gates out, or use 'subset'."
            )
        return GateOracle(data, gates=int(oracle[-1]), per_support=PER_SUPPORT, time_limit=share)
    deep = oracle == "deep" and max_gates != 0
    seconds = DEEP_SECONDS if deep else PASS_SECONDS if time_limit is None else None
    subset = SubsetOracle(
        data, per_support=PER_SUPPORT, max_gates=max_gates, time_limit=share,
        pass_seconds=None if seconds is None else SCREENED * seconds, whole_seconds=seconds, random_state=random_state,
    )  # fmt: skip
    tall = data.n_rows >= SAMPLED_FROM and subset.price() >= SAMPLED_SECONDS * RATE
    exact = SampledOracle(subset) if tall else subset
    if not deep:
        return exact
    composition = CompositionOracle(subset, quads=QUADS, max_gates=MAX_GATES if max_gates is None else max_gates)
    seed = int(np.random.default_rng().integers(2**63)) if random_state is None else random_state
    families = ParityOracle(data, random_state=seed, work=PARITY_WORK), SymmetricOracle(data), CarryOracle(data)
    return LazyOracle(DeepOracle(exact, [composition, *families]))


def _unconstrained(oracle: Any) -> InputError:
    """What is wrong with constraints and another oracle."""
    if isinstance(oracle, str):
        return InputError(
            f"oracle={oracle!r} finds circuits that monotone and positive do not allow; expected 'auto' or 'subset', "
            "whose search over the functions of four literals is exact for those that are allowed."
        )
    return InputError(
        f"the oracle {type(oracle).__name__} is an object, whose atoms monotone and positive do not reach; leave them "
        "out, and say which signs coefficients may have by its method signs, as DictionaryOracle(positive=True) does."
    )


def _checked(oracle: Any, n_rows: int, gamma: float) -> Oracle:
    """An oracle of the user's own, if it fits the data."""
    missing = [name for name in ("search", "evaluate", "gamma", "n_rows") if not hasattr(oracle, name)]
    if missing:
        raise InputError(f"the oracle {type(oracle).__name__} lacks {', '.join(missing)}; see the Oracle protocol.")
    if oracle.n_rows != n_rows:
        raise InputError(
            f"the oracle is for {oracle.n_rows} rows, X has {n_rows}; "
            "make it from the same X, or name one, such as oracle='auto'."
        )
    if oracle.gamma != gamma:
        raise InputError(f"the oracle has gamma={oracle.gamma}, solve was called with gamma={gamma}; make them equal.")
    found: Oracle = oracle
    return found
