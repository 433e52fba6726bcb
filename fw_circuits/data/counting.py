"""Functions of the number of ones: parity, majority, thresholds, any symmetric function.

The function never depends on ``random_state``: two calls that differ in it alone give training and fresh test
rows of one function.
"""

from collections.abc import Sequence

import numpy as np

from fw_circuits._checks import check_integer
from fw_circuits.data.dataset import Dataset, boolean_dataset, random_bits
from fw_circuits.exceptions import InputError


def symmetric(
    n_inputs: int,
    pattern: str | Sequence[int],
    *,
    inputs: Sequence[int] | None = None,
    n_rows: int = 6400,
    random_state: int | None = 0,
    noise: float = 0.0,
    name: str | None = None,
) -> Dataset:
    """Any function of the popcount of some inputs.

    Parameters
    ----------
    n_inputs : int
        Number of columns.
    pattern : str of 0/1 or sequence of 0/1
        ``pattern[c]`` is the label where c of the inputs are one; k + 1 entries for k inputs.
    inputs : sequence of int, optional
        The k distinct columns that are counted; all of them if left out.
    n_rows, random_state, noise
        Rows drawn uniformly, their seed, and the probability that a label is flipped.
    name : str, optional
        Name of the data set.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        A pattern of the wrong length or with other marks, columns out of range or repeated.

    Examples
    --------
    >>> data = symmetric(3, "0110", n_rows=5, random_state=1)
    >>> bool(np.all(data.y == np.isin(data.X.sum(axis=1), (1, 2))))
    True
    """
    check_integer("n_inputs", n_inputs, 1)
    columns = list(range(n_inputs)) if inputs is None else [int(i) for i in inputs]
    if not columns or len(set(columns)) != len(columns) or not all(0 <= i < n_inputs for i in columns):
        raise InputError(f"inputs is {inputs!r}; expected distinct columns in 0..{n_inputs - 1}.")
    marks = [str(int(v)) for v in pattern] if not isinstance(pattern, str) else list(pattern)
    if len(marks) != len(columns) + 1 or not set(marks) <= {"0", "1"}:
        raise InputError(
            f"pattern is {pattern!r}; expected {len(columns) + 1} marks 0 or 1, one for each popcount "
            f"0..{len(columns)}."
        )
    bits, rng = random_bits(n_rows, n_inputs, random_state)
    table = np.array([mark == "1" for mark in marks])
    labels = table[bits[:, columns].sum(axis=1, dtype=np.int64)]
    text = f"label by popcount of {len(columns)} of {n_inputs} inputs: {''.join(marks)}"
    return boolean_dataset(bits, labels, noise, rng, name or f"symmetric {''.join(marks)}", text)


def parity(
    n_inputs: int,
    k: int | None = None,
    *,
    inputs: Sequence[int] | None = None,
    n_rows: int = 6400,
    random_state: int | None = 0,
    noise: float = 0.0,
) -> Dataset:
    """Odd number of ones among k of the inputs: the first k, or ``inputs``; the rest is as in :func:`symmetric`.

    Raises
    ------
    InputError
        k outside 1..n_inputs, both k and ``inputs`` of another length, or what ``symmetric`` refuses.

    Examples
    --------
    >>> data = parity(8, 3, n_rows=10)
    >>> bool(np.all(data.y == data.X[:, :3].sum(axis=1) % 2))
    True
    """
    if k is None:
        k = n_inputs if inputs is None else len(inputs)
    check_integer("n_inputs", n_inputs, 1)
    check_integer("k", k, 1, n_inputs)
    chosen = list(range(k)) if inputs is None else list(inputs)
    if len(chosen) != k:
        raise InputError(f"k is {k} but inputs names {len(chosen)} columns; give one of the two, or make them agree.")
    pattern = [c % 2 for c in range(k + 1)]
    name = f"parity of {k} of {n_inputs}"
    return symmetric(n_inputs, pattern, inputs=chosen, n_rows=n_rows, random_state=random_state, noise=noise, name=name)


def threshold(
    n_inputs: int, at_least: int, *, n_rows: int = 6400, random_state: int | None = 0, noise: float = 0.0
) -> Dataset:
    """At least ``at_least`` ones (0..n_inputs + 1; the two ends are constants); the rest is as in :func:`symmetric`.

    Raises
    ------
    InputError
        A bound out of range.

    Examples
    --------
    >>> data = threshold(5, 2, n_rows=10)
    >>> bool(np.all(data.y == (data.X.sum(axis=1) >= 2)))
    True
    """
    check_integer("n_inputs", n_inputs, 1)
    check_integer("at_least", at_least, 0, n_inputs + 1)
    pattern = [int(c >= at_least) for c in range(n_inputs + 1)]
    name = f"at least {at_least} of {n_inputs}"
    return symmetric(n_inputs, pattern, n_rows=n_rows, random_state=random_state, noise=noise, name=name)


def majority(n_inputs: int, *, n_rows: int = 6400, random_state: int | None = 0, noise: float = 0.0) -> Dataset:
    """More ones than zeros; a tie (even n_inputs) is labelled 0; the rest is as in :func:`symmetric`.

    Raises
    ------
    InputError
        n_inputs below 1.

    Examples
    --------
    >>> data = majority(5, n_rows=10)
    >>> bool(np.all(data.y == (data.X.mean(axis=1) > 0.5)))
    True
    """
    check_integer("n_inputs", n_inputs, 1)
    return threshold(n_inputs, n_inputs // 2 + 1, n_rows=n_rows, random_state=random_state, noise=noise)
