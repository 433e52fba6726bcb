"""The settings of a solve, declared once: name, default and range.

Every public function that takes some of them builds a :class:`Settings` with `Settings.of`, which lists everything that
is wrong at once; a solution keeps the settings that made it.
"""

from __future__ import annotations

import reprlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

import numpy as np

from fw_circuits._checks import check_choice, check_integer, check_real, is_integer, plain
from fw_circuits.exceptions import InputError

LOSSES = ("squared", "logistic", "huber", "multinomial")
METHODS = ("vanilla", "away", "pairwise", "corrective")
DOMAINS = ("minmax", "quantile")
LITERALS = ("bits", "ramps", "thresholds", "both")
KINDS = ("boolean", "number", "category")
MAX_LEVEL = 16

Check = Callable[[str, Any], Any]


def setting(default: Any, check: Check) -> Any:
    """A field of `Settings` with its check, which returns the plain value."""
    return field(default=default, metadata={"check": check})


def optional(check: Check) -> Check:
    """The check, for a setting that may be None."""
    return lambda name, value: None if value is None else check(name, value)


def check_levels(name: str, levels: Any) -> tuple[int, ...]:
    """Distinct whole numbers from 1 to 16; NumPy arrays as tuples."""
    values = levels.tolist() if isinstance(levels, np.ndarray) and levels.ndim == 1 else levels
    good = isinstance(values, tuple | list) and values and all(is_integer(k) and 1 <= k <= MAX_LEVEL for k in values)
    if not good or len(set(values)) != len(values):
        raise InputError(
            f"{name} is {values!r}; expected distinct whole numbers from 1 to {MAX_LEVEL}, such as (1, 2, 3)."
        )
    return tuple(int(k) for k in values)


def check_monotone(name: str, value: Any) -> dict[str, int] | tuple[int, ...]:
    """Directions 1, -1 and 0 of columns, by their names or one per column.

    >>> check_monotone("monotone", {"age": 1, "price": -1}), check_monotone("monotone", np.array([0, 1]))
    ({'age': 1, 'price': -1}, (0, 1))
    """
    if isinstance(value, Mapping):
        directions, good = [plain(d) for d in value.values()], all(isinstance(key, str) for key in value)
    else:
        good = (isinstance(value, np.ndarray) and value.ndim == 1) or isinstance(value, tuple | list)
        directions = [plain(d) for d in value] if good else []
    if not good or not all(is_integer(d) and d in (-1, 0, 1) for d in directions):
        raise InputError(
            f"{name} is {reprlib.repr(value)}; expected 1 (non-decreasing), -1 (non-increasing) or 0 for each column, "
            'such as {"age": 1, "price": -1} or (0, 1, -1).'
        )
    found = map(int, directions)
    return dict(zip(value, found, strict=True)) if isinstance(value, Mapping) else tuple(found)


def _check_flag(name: str, value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise InputError(f"{name} is {value!r}; expected True or False.")


def check_random_state(random_state: Any, name: str = "random_state") -> int | None:
    """A seed as an int >= 0, or None for another one each time; a NumPy generator draws it.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> check_random_state(np.int64(3)), check_random_state(np.random.RandomState(0)) >= 0
    (3, True)
    """
    if random_state is None:
        return None
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    seed = plain(random_state)
    if not is_integer(seed) or seed < 0:
        raise InputError(
            f"{name} is {random_state!r}; expected an integer of at least 0, a NumPy RandomState or Generator, or None."
        )
    return int(seed)


def _check_loss(name: str, value: Any) -> Any:
    if isinstance(value, type) or (isinstance(value, str) and value in LOSSES):
        return value
    known = f"{', '.join(LOSSES)}, or a loss of your own (its class)"
    raise InputError(f"{name} is {reprlib.repr(value)}; known losses: {known}.")


def _check_kinds(name: str, value: Any) -> dict[str, Any]:
    """Kinds by column: a word, or the categories from low to high (as a tuple)."""
    if not isinstance(value, Mapping) or not all(isinstance(column, str) for column in value):
        raise InputError(f"{name} is {value!r}; expected a dictionary from names of columns to kinds.")
    kinds = {
        column: kind if isinstance(kind, str) else _check_order(name, column, kind) for column, kind in value.items()
    }
    for column, kind in kinds.items():
        if isinstance(kind, str) and kind not in KINDS:
            raise InputError(
                f"{name} of column {column!r} is {kind!r}; expected one of {', '.join(map(repr, KINDS))}, or a list of "
                "the categories from low to high."
            )
    return kinds


def _check_order(name: str, column: str, listed: Any) -> tuple[Any, ...]:
    values = listed.tolist() if isinstance(listed, np.ndarray) else listed
    good = isinstance(values, list | tuple) and len(values) > 1
    if good:
        values = [plain(v) for v in values]
        good = all(isinstance(v, str | int | float) for v in values) and len(set(map(str, values))) == len(values)
    if not good:
        raise InputError(
            f"{name} of column {column!r} is {listed!r}; expected two or more distinct categories, text or numbers, "
            "from low to high."
        )
    return tuple(values)


def _check_threads(name: str, value: Any) -> int:
    if is_integer(plain(value)) and plain(value) != 0:
        return int(plain(value))
    raise InputError(f"{name} is {value!r}; expected a number of threads, -1 for all of them, or None.")


_POSITIVE = partial(check_real, low=0.0, above=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What :func:`fw_circuits.solve` is told, as plain Python values.

    Attributes
    ----------
    gamma : float
        > 0; up to 2 with a warning (theory, section 3).
    tau, lam, eps : float or None
        At most one: >= 0, > 0, > 0.
    loss : str or type
        "squared", "logistic", "huber", "multinomial", or a class of one's own.
    levels : tuple of int or None
        Distinct, from 1 to 16.
    oracle : str or Oracle
        Checked where the oracle is made, against the data.
    max_gates, n_jobs : int or None
        >= 0; other than 0.
    method : {"vanilla", "away", "pairwise", "corrective"}
    tol : float
        >= 0.
    max_iter : int
        >= 1.
    time_limit : float or None
        > 0, in seconds.
    random_state : int or None
        A seed >= 0; a NumPy generator has drawn it.
    domain : {"minmax", "quantile"}
    huber_threshold : float
        > 0.
    kinds : dict or None
        From names of columns to "boolean", "number", "category" or a tuple of categories from low to high.
    literals : {"bits", "ramps", "thresholds", "both"}
    n_thresholds : int
        >= 1.
    monotone : dict, tuple of int or None
        Directions 1, -1 and 0 of columns, by their names or one per column.
    positive : bool

    Examples
    --------
    >>> Settings.of(gamma=np.int64(4), levels=[1, 2]).levels
    (1, 2)
    >>> Settings.of(gamma=-1.0, loss="hinge")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: 2 settings cannot be used:
    - gamma is -1.0; expected a finite number > 0 (and > 2 for the HTMC statements)
    - loss is 'hinge'; known losses: squared, logistic, huber, multinomial, or a loss of your own (its class)
    """

    gamma: float = setting(3.0, partial(_POSITIVE, note=" (and > 2 for the HTMC statements)"))
    tau: float | None = setting(None, optional(partial(check_real, low=0.0)))
    lam: float | None = setting(None, optional(_POSITIVE))
    eps: float | None = setting(None, optional(_POSITIVE))
    loss: Any = setting("squared", _check_loss)
    levels: tuple[int, ...] | None = setting(None, optional(check_levels))
    oracle: Any = setting("auto", lambda name, value: value)
    max_gates: int | None = setting(
        None, optional(partial(check_integer, low=0, note=", or None for the oracle's own limit"))
    )
    method: str = setting("corrective", partial(check_choice, known=METHODS))
    tol: float = setting(1e-3, partial(check_real, low=0.0))
    max_iter: int = setting(500, partial(check_integer, low=1))
    time_limit: float | None = setting(None, optional(partial(_POSITIVE, finite=False)))
    n_jobs: int | None = setting(None, optional(_check_threads))
    random_state: int | None = setting(0, lambda name, value: check_random_state(value, name))
    domain: str = setting("minmax", partial(check_choice, known=DOMAINS))
    huber_threshold: float = setting(1.0, _POSITIVE)
    kinds: dict[str, Any] | None = setting(None, optional(_check_kinds))
    literals: str = setting("bits", partial(check_choice, known=LITERALS))
    n_thresholds: int = setting(8, partial(check_integer, low=1))
    monotone: dict[str, int] | tuple[int, ...] | None = setting(None, optional(check_monotone))
    positive: bool = setting(False, _check_flag)

    @classmethod
    def of(cls, **given: Any) -> Settings:
        """Settings from what a user gave; the others have their defaults.

        Raises
        ------
        InputError
            One error that lists everything that is wrong.
        TypeError
            For a name that is no setting.

        Warns
        -----
        UserWarning
            If gamma is not above 2.
        """
        checks = {f.name: f.metadata["check"] for f in fields(cls)}
        if unknown := sorted(set(given) - set(checks)):
            raise TypeError(f"got an unexpected keyword argument {unknown[0]!r}; settings: {', '.join(checks)}")
        problems, values = [], {}
        for name, value in given.items():
            try:
                values[name] = checks[name](name, value)
            except InputError as error:
                problems.append(str(error).removesuffix("."))
        forms = [f"{name}={plain(given[name])!r}" for name in ("tau", "lam", "eps") if given.get(name) is not None]
        if len(forms) > 1:
            problems.append(f"{' and '.join(forms)} were given; expected at most one of tau, lam and eps")
        if problems:
            head = "1 setting" if len(problems) == 1 else f"{len(problems)} settings"
            raise InputError(f"{head} cannot be used:\n" + "\n".join(f"- {p}" for p in problems))
        if values.get("gamma", 3.0) <= 2:
            warnings.warn(
                f"gamma is {given['gamma']!r}, not above 2: the gauge is still a norm, but the statements about HTMC "
                "norms and circuit size do not apply; use gamma > 2 for them.",
                UserWarning,
                stacklevel=3,
            )
        return cls(**values)

    def __getstate__(self) -> dict[str, Any]:
        """As in a file, an oracle of one's own stays behind when a solution is pickled: it has the rows, and more."""
        return vars(self) | {"oracle": self.oracle if isinstance(self.oracle, str) else "auto"}

    def __deepcopy__(self, memo: dict[int, Any]) -> Settings:
        return self

    @property
    def form(self) -> dict[str, float]:
        """The one of tau, lam and eps that is given, by its name; empty without."""
        return {name: value for name in ("tau", "lam", "eps") if (value := getattr(self, name)) is not None}

    def at(self, form: dict[str, float]) -> Settings:
        """The same settings with this one of tau, lam and eps."""
        return replace(self, tau=form.get("tau"), lam=form.get("lam"), eps=form.get("eps"))


def check_penalties(lams: Any, n_lams: Any, ratio: Any, name: str = "lams") -> None:
    """Check the penalties of a path: the list ``lams`` if there is one, else how many and down to which ratio.

    Raises
    ------
    InputError
        An empty list or one with anything but finite numbers > 0; n_lams not a whole number >= 1; ratio not in (0, 1).

    Examples
    --------
    >>> check_penalties([0.1, 0.0], 20, 1e-3)
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: lams is [0.1, 0.0]; expected one or more finite numbers > 0.
    """
    if lams is None:
        check_integer("n_lams", n_lams, 1)
        check_real("ratio", ratio, 0.0, above=True, note=" and < 1")
        if ratio >= 1.0:
            raise InputError(f"ratio is {ratio!r}; expected a finite number > 0 and < 1.")
        return
    try:
        good = np.ndim(lams) == 1 and len(lams) > 0 and all(_POSITIVE(name, lam) for lam in lams)
    except InputError:
        good = False
    if not good:
        shown = lams.tolist() if isinstance(lams, np.ndarray) else lams
        raise InputError(f"{name} is {shown!r}; expected one or more finite numbers > 0.")
