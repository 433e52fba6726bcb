"""Five disjoint 4-input blocks over 20 inputs, put together by their mean or their majority.

The whole function needs many gates, each part at most seven: the setting where a convex combination of small
circuits ought to pay.  Block i reads columns 4i .. 4i + 3.
"""

from collections.abc import Callable

import numpy as np

from fw_circuits._checks import check_choice
from fw_circuits._typing import Array, Bits
from fw_circuits.data.dataset import Dataset, boolean_dataset, random_bits
from fw_circuits.exceptions import InputError

Block = Callable[[Bits], Array]


def _parity(b: Bits) -> Array:
    return np.asarray(b.sum(axis=1) % 2 == 1)


def _at_least(k: int) -> Block:
    return lambda b: b.sum(axis=1) >= k


def _and_or(b: Bits) -> Array:
    return (b[:, 0] & b[:, 1]) | (b[:, 2] & b[:, 3])


def _multiplexer(b: Bits) -> Array:
    return np.where(b[:, 0] ^ b[:, 3], b[:, 1], b[:, 2])


#: The five blocks of each kind, in the order of their columns.
KINDS: dict[str, tuple[Block, ...]] = {
    "threshold": (_at_least(2), _at_least(3), _at_least(2), _at_least(3), _at_least(2)),
    "mixed": (_parity, _at_least(2), _and_or, _multiplexer, _at_least(3)),
    "parity": (_parity,) * 5,
}
COMBINES = ("mean", "majority")


def blocks(
    kind: str,
    combine: str = "mean",
    n_rows: int = 6400,
    random_state: int | None = 0,
    *,
    noise: float = 0.0,
) -> Dataset:
    """A block task.

    Parameters
    ----------
    kind : {"threshold", "mixed", "parity"}
        threshold: at least 2, 3, 2, 3, 2 of four.  mixed: parity; at least 2; (x0 & x1) | (x2 & x3); x1 if
        x0 ^ x3 else x2; at least 3.  parity: five parities of four.
    combine : {"mean", "majority"}
        mean: y = mean of the five bits, a number in {0, .2, ..., 1}.  majority: y = 1 where at least 3 of 5
        are one.
    n_rows, random_state
        Rows drawn uniformly, and their seed.
    noise : float
        majority: probability of a flipped label.  mean: standard deviation of Gaussian noise.

    Raises
    ------
    InputError
        An unknown kind or combine, or a negative noise.

    Examples
    --------
    >>> data = blocks("parity", "mean", n_rows=3)
    >>> parities = data.X.reshape(3, 5, 4).sum(axis=2) % 2
    >>> data.X.shape, bool(np.allclose(data.y, parities.mean(axis=1)))
    ((3, 20), True)
    """
    check_choice("kind", kind, tuple(KINDS))
    check_choice("combine", combine, COMBINES)
    bits, rng = random_bits(n_rows, 20, random_state)
    values = np.column_stack([f(bits[:, 4 * i : 4 * i + 4]) for i, f in enumerate(KINDS[kind])]).astype(np.int64)
    name = f"{combine} of {kind} blocks"
    text = f"{combine} of five disjoint 4-input blocks of kind {kind!r} over 20 inputs"
    if combine == "majority":
        return boolean_dataset(bits, values.sum(axis=1) >= 3, noise, rng, name, text)
    if not noise >= 0:
        raise InputError(f"noise is {noise!r}; expected a standard deviation >= 0.")
    y = values.mean(axis=1) + (noise * rng.standard_normal(n_rows) if noise else 0.0)
    return Dataset(bits.astype(np.float64), y, tuple(f"x{i}" for i in range(20)), "y", name, text)
