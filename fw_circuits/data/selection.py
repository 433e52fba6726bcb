"""Which columns of a file are features and which one is the target: one rule for every format."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fw_circuits._tables import match_columns, shown
from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError


class Columns(NamedTuple):
    """What a reader took from a file (X as in `Dataset`); no target where none was asked for."""

    X: Floats
    y: Array | None
    feature_names: tuple[str, ...]
    target_name: str | None


def columns_of(X: Floats, y: Array | None, names: Sequence[str], places: Iterable[int], target: str | None) -> Columns:
    """Features under those of the names that stand at these places."""
    return Columns(np.ascontiguousarray(X), y, tuple(names[i] for i in places), target)


def records(columns: Sequence[Array], names: Sequence[str]) -> Array:
    """Columns of numbers and of objects as one structured array, which takes rows like a matrix.

    >>> records([np.array([1.0, 2.0]), np.array(["a", None], object)], ["n", "t"]).dtype.names
    ('n', 't')
    """
    parts = dict(zip(names, columns, strict=True))
    kinds = [(name, np.float64 if column.dtype.kind == "f" else object) for name, column in parts.items()]
    table = np.empty(len(columns[0]), dtype=kinds)
    for name, column in parts.items():
        table[name] = column
    return table


@dataclass(frozen=True)
class Selection:
    """The columns that are wanted.

    Attributes
    ----------
    target : str, int or None
        Name or index of the target; None: the last column (with ``features`` the last one that is none of them).
    features : tuple of str or None
        The features of a model, matched by name, other columns left out; None: every column but the target.
    labelled : bool
        Whether a target is read.  If not, ``target`` is a column to leave out.
    text : tuple of str or None
        Features whose cells are text, whatever they look like; None: every feature is a number, without gaps.
    """

    target: str | int | None = None
    features: tuple[str, ...] | None = None
    labelled: bool = True
    text: tuple[str, ...] | None = ()

    def split(
        self, names: list[str], path: str | Path, *, named: bool = True, index: Collection[int] = ()
    ) -> tuple[list[int], int | None]:
        """Places of the features and of the target.

        Parameters
        ----------
        names : list of str
            Of all columns of the file.
        path : str or Path
            The file, for messages.
        named : bool
            Whether the file gives names; if not, features go by position and must be as many as the model's.
        index : collection of int
            Columns that are row labels: no features unless a model asks for them by name.

        Raises
        ------
        InputError
            There is no such target, or a feature of the model is missing.

        Examples
        --------
        >>> Selection("label").split(["label", "b", "a"], "t.csv")
        ([1, 2], 0)
        >>> Selection(features=("a", "b")).split(["label", "b", "a"], "t.csv")
        ([2, 1], 0)
        """
        if self.features is None:
            plain = [i for i in range(len(names)) if i not in index]
            last = plain[-1] if plain else -1
            label = last if self.target is None else target_index(names, self.target)
            places = [i for i in plain if i != label]
            if not places:
                raise InputError(f"{path} has the columns {shown(names)}; expected a feature beside the target.")
            return places, label
        at: int | None = None
        if self.target is not None:
            at = target_index(names, self.target)
        elif self.labelled:
            at = self._last_of_the_others(names, path, index)
        rest = [i for i in range(len(names)) if i != at and (i not in index or names[i] in self.features)]
        if not named and len(rest) != len(self.features):
            raise InputError(
                f"{path} has {len(rest)} columns without names{'' if at is None else ' beside the target'}; the "
                f"solution needs {len(self.features)}: name the label's column by --target (in Python target=; -1 is "
                "the last), or give the file a line of names."
            )
        found = match_columns([names[i] for i in rest] if named else None, len(rest), self.features, str(path))
        return [rest[i] for i in found], at

    def _last_of_the_others(self, names: list[str], path: str | Path, index: Collection[int]) -> int:
        """The last column, unless it is a feature: then the only one that is none."""
        others = [i for i in range(len(names)) if names[i] not in (self.features or ()) and i not in index]
        if others and (others[-1] == len(names) - 1 or len(others) == 1):
            return others[-1]
        raise InputError(
            f"{path} has {shown([names[i] for i in others])} beside the features; which one is the target? "
            "Name it by --target (in Python target=)."
        )


def target_index(names: list[str], target: str | int | None) -> int:
    """Column of the target: a name, an index (negative from the right), or None for the last.

    Raises
    ------
    InputError
        If there is no such column; the message lists the names.

    Examples
    --------
    >>> [target_index(["a", "b", "c"], target) for target in ("b", -3, None)]
    [1, 0, 2]
    """
    if target is None:
        return len(names) - 1
    if isinstance(target, str):
        if target in names:
            return names.index(target)
        if not target.lstrip("-").isdigit():
            raise InputError(f"target is {target!r}; there is no such column: the columns are {shown(names)}.")
        target = int(target)
    if not -len(names) <= target < len(names):
        hint = f"; for the column of that name pass {str(target)!r}" if str(target) in names else ""
        raise InputError(f"target is column {target}; expected an index in {-len(names)}..{len(names) - 1}{hint}.")
    return target % len(names)
