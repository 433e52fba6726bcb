"""Gradient-trained networks to compare with: the same layered form, trained by AdamW with a penalty on its R.

An unregularised network is a straw man (theory, section 7), so the objective is

    loss  +  penalty * R~  (the path norm of ``fw_circuits.resnet.torch.path_norm``),  with weight decay on matrices,

both in standardised inputs and, for the squared loss, a standardised target; the returned network acts on raw inputs
and in units of y.  One learning-rate cycle, no BatchNorm, W_l drawn with a factor 1 / depth.  A fraction of the rows is
held out: the parameters returned are those that did best on it.  Not checked: whether the optimum was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fw_circuits._checks import check_choice, check_integer, check_real
from fw_circuits._optional import require
from fw_circuits._settings import optional, setting
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.checks import DTYPES
from fw_circuits.resnet.network import ResNet

__all__ = ["Training", "fit", "fit_many", "train"]

LOSSES = ("squared", "logistic")
#: Default penalty of each loss: the best of 1e-4, 2e-4, 3e-4, 1e-3, 1e-2 on parities and majorities of 8 inputs.
PENALTY = {"squared": 3e-4, "logistic": 1e-4}


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """The settings of a training: the keywords of :func:`fit`, :func:`train` and :func:`fit_many`.

    Parameters
    ----------
    width, depth, neurons : int
        Coordinates of the residual stream, blocks, and neurons per block (default: ``width``).
    loss : {"squared", "logistic"}
    penalty : float >= 0, optional
        Weight of the path norm in the objective; default: 3e-4 (squared) or 1e-4 (logistic).
    weight_decay : float >= 0
        AdamW's decay of the matrices.
    learning_rate, steps : float > 0, int >= 10
        Peak of the cycle and its length.
    batch_size : int, optional
        Rows per step; default: all of them up to 1024, else 256, which on 6,400 rows of the block tasks did better
        than 1024, in a fifth of the time.
    validation_fraction : float in [0, 0.5]
        Fraction of the rows held out to choose the step (stratified for the logistic loss); 0: the last step is taken,
        which is better where rows are few and the penalty keeps the network from overfitting.
    patience : int, optional
        Stop after this many looks (of 100) without progress on the held-out rows; default: run to the end.
    random_state : int >= 0
        Of the initial parameters, the split and the batches.  On a CPU the result is the same every time.
    dtype : {"float64", "float32"}
    device : str, optional
        Of torch; default: a GPU where there is one.
    n_jobs : int >= 1
        Threads of torch during the training; its own setting is restored.
    progress : bool
        Show a progress bar.
    """

    width: int = setting(16, partial(check_integer, low=1))
    depth: int = setting(4, partial(check_integer, low=0))
    neurons: int | None = setting(None, optional(partial(check_integer, low=1)))
    loss: str = setting("squared", partial(check_choice, known=LOSSES))
    penalty: float | None = setting(None, optional(partial(check_real, low=0.0)))
    weight_decay: float = setting(1e-4, partial(check_real, low=0.0))
    learning_rate: float = setting(1e-2, partial(check_real, low=0.0, above=True))
    steps: int = setting(2000, partial(check_integer, low=10))
    batch_size: int | None = setting(None, optional(partial(check_integer, low=1)))
    validation_fraction: float = setting(0.1, partial(check_real, low=0.0, high=0.5))
    patience: int | None = setting(None, optional(partial(check_integer, low=1)))
    random_state: int = setting(0, partial(check_integer, low=0))
    dtype: str = setting("float64", partial(check_choice, known=DTYPES))
    device: str | None = None
    n_jobs: int = setting(1, partial(check_integer, low=1))
    progress: bool = False

    def problems(self) -> Iterator[str]:
        """A sentence about each setting that cannot be used."""
        for one in fields(self):
            if one.metadata:
                yield from _problems(one.name, getattr(self, one.name), one.metadata["check"])


def _problems(name: str, value: Any, check: Callable[[str, Any], Any]) -> Iterator[str]:
    try:
        check(name, value)
    except InputError as error:
        yield str(error).removesuffix(".")


class Check(NamedTuple):
    """What was seen at one look: mean losses, in the units of the training, and the surrogate R~."""

    step: int
    loss: float
    surrogate: float
    validation: float


@dataclass(frozen=True, eq=False)
class Training:
    """A trained network and how it came about.

    Attributes
    ----------
    resnet : ResNet
        On raw inputs; one output, in units of y or (logistic) with the sign of the second label.
    history : tuple of Check
        In order of steps.
    best_step : int
        Where the parameters of ``resnet`` were found.
    seconds : float
        Wall time; of networks trained side by side, the time of the run divided by their number.
    """

    resnet: ResNet
    history: tuple[Check, ...]
    best_step: int
    seconds: float


def train(X: npt.ArrayLike, y: npt.ArrayLike, **settings: Any) -> ResNet:
    """The network of a training; parameters and errors are those of :func:`fit`, which tells how it came about.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = train(X, np.abs(X[:, 0]), width=8, depth=1, steps=300)  # doctest: +SKIP
    >>> bool(np.abs(net.forward(X) - np.abs(X[:, 0])).max() < 0.1)  # doctest: +SKIP
    True
    """
    return fit(X, y, **settings).resnet


def fit(X: npt.ArrayLike, y: npt.ArrayLike, *, module: Any = None, **settings: Any) -> Training:
    """Train a residual ReLU network by gradient descent; needs PyTorch.

    Parameters
    ----------
    X : (N, d)
        Finite numbers.
    y : (N,)
        Numbers; for the logistic loss two labels of any kind.
    module : torch.nn.Module, optional
        Trained in place of a new network: a copy of it, from the parameters that it has, on standardised inputs.  One
        output, of a kind that :meth:`ResNet.from_torch` reads.
    **settings
        Those of :class:`TrainingSettings`.

    Returns
    -------
    Training

    Raises
    ------
    InputError
        PyTorch is not installed; data or settings that cannot be used (all of these named at once); a module that is
        no residual ReLU MLP of d inputs and one output; a training that diverges.
    TypeError
        A setting of another name.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 2))
    >>> training = fit(X, X[:, 0] > 0, loss="logistic", steps=200)  # doctest: +SKIP
    >>> training.resnet.depth, len(training.history)  # doctest: +SKIP
    (4, 100)
    """
    chosen = TrainingSettings(**settings)
    _refuse(list(chosen.problems()))
    penalty = PENALTY[chosen.loss] if chosen.penalty is None else chosen.penalty
    return _trained(X, y, (float(penalty),), module, chosen)[0]


def fit_many(X: npt.ArrayLike, y: npt.ArrayLike, *, penalties: Sequence[float], **settings: Any) -> list[Training]:
    """Networks that differ in ``penalty`` alone, trained side by side: :func:`fit` with each, up to rounding.

    Small networks cost little more together than one alone.  Initial parameters, held-out rows and batches are the
    same for all; each network's step is chosen on its own.

    Parameters
    ----------
    X, y
        As for :func:`fit`.
    penalties : sequence of numbers >= 0
        One network for each.
    **settings
        Those of :class:`TrainingSettings` but ``penalty`` and ``patience``.

    Returns
    -------
    list of Training
        In the order of ``penalties``.

    Raises
    ------
    InputError
        As for :func:`fit`; if one network diverges, the run ends and the error names its penalty.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> many = fit_many(X, np.abs(X[:, 0]), penalties=(0.0, 1e-3), steps=300)  # doctest: +SKIP
    >>> many[0].history[-1].surrogate > many[1].history[-1].surrogate  # doctest: +SKIP
    True
    """
    known = [one.name for one in fields(TrainingSettings) if one.name not in ("penalty", "patience")]
    words = f"is no option of fit_many; expected penalties, and any of {', '.join(known)}"
    problems = [f"{name} {words}" for name in settings if name not in known]
    listed = isinstance(penalties, Sequence | np.ndarray) and not isinstance(penalties, str)
    if not listed or np.ndim(penalties) != 1:
        problems.append(f"penalties is {penalties!r}; expected a sequence of numbers")
    elif not len(penalties):
        problems.append("penalties is empty; expected at least one number")
    else:
        for k, penalty in enumerate(penalties):
            problems += _problems(f"penalties[{k}]", penalty, partial(check_real, low=0.0))
    chosen = TrainingSettings(**{name: value for name, value in settings.items() if name in known})
    _refuse([*problems, *chosen.problems()])
    return _trained(X, y, tuple(map(float, penalties)), None, chosen)


def _refuse(problems: list[str]) -> None:
    """All that is wrong with the settings, in one error."""
    if problems:
        raise InputError(f"{len(problems)} settings cannot be used:\n- " + "\n- ".join(problems))


def _trained(
    X: npt.ArrayLike, y: npt.ArrayLike, penalties: tuple[float, ...], module: Any, settings: TrainingSettings
) -> list[Training]:
    """One network per penalty: the way to PyTorch, which is imported at the first training."""
    require("torch", "'fw_circuits[torch]'", "the gradient-trained baseline")
    from fw_circuits.resnet.torch.training import trainings

    return trainings(X, y, penalties, module, settings)
