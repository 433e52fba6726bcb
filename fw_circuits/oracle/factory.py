"""The oracle that a name stands for."""

from __future__ import annotations

from typing import Any

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle.base import Oracle
from fw_circuits.oracle.subset import SubsetOracle

#: Part of a run's time limit that one pass may take; wider searches are screened.
SHARE_OF_A_PASS = 0.2
#: One a subset would crowd the answer with neighbours of the best subset and take twice the passes.
PER_SUPPORT = 4


def make_oracle(
    oracle: Any, points: Floats, lattice: Lattice, gamma: float, *, max_gates: int | None = None,
    n_jobs: int | None = None, time_limit: float | None = None,
) -> Oracle:  # fmt: skip
    """The oracle called ``oracle`` for data ``points``; an oracle object is checked and passed through.

    "auto" and "subset" are the exact search over all functions of four literals of every level, at most
    ``PER_SUPPORT`` functions of one subset of literals in each answer.  ``time_limit`` is that of the whole run.

    Raises
    ------
    InputError
        For an unknown name, or an object that is no oracle for these data.
    """
    if isinstance(oracle, str):
        if oracle not in ("auto", "subset"):
            raise InputError(
                f"oracle is {oracle!r}; expected 'auto', 'subset' or an object with search and evaluate."
            )
        rows = [lattice.rows(points, level) for level in lattice.levels]
        share = None if time_limit is None else SHARE_OF_A_PASS * time_limit
        return SubsetOracle(
            rows,
            lattice,
            gamma,
            n_jobs=n_jobs,
            per_support=PER_SUPPORT,
            max_gates=max_gates,
            time_limit=share,
        )
    missing = [name for name in ("search", "evaluate", "gamma", "n_rows") if not hasattr(oracle, name)]
    if missing:
        raise InputError(
            f"the oracle {type(oracle).__name__} lacks {', '.join(missing)}; see the Oracle protocol."
        )
    if oracle.n_rows != points.shape[0]:
        raise InputError(
            f"the oracle is for {oracle.n_rows} rows, X has {points.shape[0]}; make it from the same X."
        )
    if oracle.gamma != gamma:
        raise InputError(
            f"the oracle has gamma={oracle.gamma}, solve was called with gamma={gamma}; make them equal."
        )
    found: Oracle = oracle
    return found
