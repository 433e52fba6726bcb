"""Gradient-trained networks to compare with: the same layered form, trained by AdamW with a penalty on its R.

An unregularised network is a straw man (theory, section 7), so the objective is

    loss  +  penalty * R~  (the path norm of ``path_norm``),  with weight decay on the matrices,

both in standardised inputs and, for the squared loss, a standardised target; the returned network acts on raw inputs
and in units of y.  One learning-rate cycle, no BatchNorm, W_l drawn with a factor 1 / depth.  Part of the rows is held
out: the parameters returned are those that did best on it.  Not checked: whether the optimum was found.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from fw_circuits._optional import require
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_target, check_X
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.network import ResNet
from fw_circuits.resnet.torch.descent import Check, Descent, torch_settings
from fw_circuits.resnet.torch.module import classes
from fw_circuits.resnet.torch.path_norm import path_norm
from fw_circuits.resnet.torch.trained import Single, Stack

__all__ = ["Training", "fit", "fit_many", "train"]

LOSSES = ("squared", "logistic")
#: Up to this many rows every step sees all of them; above, batches of BATCH_ROWS.
FULL_BATCH_ROWS, BATCH_ROWS = 1024, 256
#: Default penalty of each loss: the best of 1e-4, 2e-4, 3e-4, 1e-3, 1e-2 on parities and majorities of 8 inputs.
PENALTY = {"squared": 3e-4, "logistic": 1e-4}


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
        Wall time; of networks trained side by side, its share of the time.
    """

    resnet: ResNet
    history: tuple[Check, ...]
    best_step: int
    seconds: float


def train(X: Any, y: Any, **options: Any) -> ResNet:
    """The network of :func:`fit`, which takes the same arguments and tells how it came about.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = train(X, np.abs(X[:, 0]), width=8, depth=1, steps=300)  # doctest: +SKIP
    >>> bool(np.abs(net.forward(X) - np.abs(X[:, 0])).max() < 0.1)  # doctest: +SKIP
    True
    """
    return fit(X, y, **options).resnet


def fit(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    width: int = 16,
    depth: int = 4,
    neurons: int | None = None,
    module: Any = None,
    loss: str = "squared",
    penalty: float | None = None,
    weight_decay: float = 1e-4,
    learning_rate: float = 1e-2,
    steps: int = 2000,
    batch_size: int | None = None,
    validation_fraction: float = 0.1,
    patience: int | None = None,
    random_state: int = 0,
    dtype: str = "float64",
    device: str | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> Training:
    """Train a residual ReLU network by gradient descent; needs PyTorch.

    Parameters
    ----------
    X : (N, d) of finite numbers
    y : (N,)
        Numbers; for the logistic loss two labels of any kind.
    width, depth, neurons : int
        Slots of the stream, blocks, and neurons of a block (default: ``width``).
    module : torch.nn.Module, optional
        Trained in place of a new network: a copy of it, from the parameters that it has, on standardised inputs.  One
        output, of a kind that :meth:`ResNet.from_torch` reads.
    loss : {"squared", "logistic"}
    penalty : float >= 0, optional
        Weight of the path norm in the objective; default: 3e-4 (squared) or 1e-4 (logistic).
    weight_decay : float >= 0
        AdamW's decay of the matrices.
    learning_rate, steps : float > 0, int >= 10
        Peak of the cycle and its length.
    batch_size : int, optional
        Rows of a step; default: all of them up to 1024, else 256, which on 6,400 rows of the block tasks did better
        than 1024, in a fifth of the time.
    validation_fraction : float in [0, 0.5]
        Rows held out to choose the step (stratified for the logistic loss); 0: the last step is taken, which is
        better where rows are few and the penalty keeps the network from overfitting.
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

    Returns
    -------
    Training

    Raises
    ------
    InputError
        PyTorch is not installed; data or settings that cannot be used (all of these named at once); a module that is
        no residual ReLU MLP of d inputs and one output; a training that diverges.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 2))
    >>> training = fit(X, X[:, 0] > 0, loss="logistic", steps=200)  # doctest: +SKIP
    >>> training.resnet.depth, len(training.history)  # doctest: +SKIP
    (4, 100)
    """
    options: dict[str, Any] = dict(
        width=width, depth=depth, neurons=neurons, loss=loss, weight_decay=weight_decay, learning_rate=learning_rate,
        steps=steps, batch_size=batch_size, validation_fraction=validation_fraction, patience=patience,
        random_state=random_state, dtype=dtype, device=device, n_jobs=n_jobs, progress=progress,
    )  # fmt: skip
    weight = PENALTY.get(loss, 0.0) if penalty is None else penalty
    _check_settings({"penalty": weight}, [], **options)
    return _fit(X, y, (weight,), module, **options)[0]


def fit_many(
    X: npt.ArrayLike, y: npt.ArrayLike, *, penalties: Sequence[float], **options: Any
) -> list[Training]:
    """Networks that differ in ``penalty`` alone, trained side by side: :func:`fit` with each, up to rounding.

    Small networks cost little more together than one alone.  Initial parameters, held-out rows and batches are the
    same for all; each network's step is chosen on its own.

    Parameters
    ----------
    X, y
        As for :func:`fit`.
    penalties : sequence of numbers >= 0
        One network for each.
    **options
        Those of :func:`fit` but ``penalty``, ``module`` and ``patience``.

    Returns
    -------
    list of Training
        In the order of ``penalties``.  ``seconds`` is its share of the time: that of the whole run, divided by the
        number of networks.

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
    known = {
        name: p.default for name, p in inspect.signature(fit).parameters.items() if p.kind is p.KEYWORD_ONLY
    }
    for name in ("penalty", "module", "patience"):
        del known[name]
    problems = [
        f"{name} is no option of fit_many; expected penalties, and any of {', '.join(known)}"
        for name in options
        if name not in known
    ]
    given: dict[str, Any] = {}
    if (
        not isinstance(penalties, Sequence | np.ndarray)
        or isinstance(penalties, str)
        or np.ndim(penalties) != 1
    ):
        problems.append(f"penalties is {penalties!r}; expected a sequence of numbers")
    elif not len(penalties):
        problems.append("penalties is empty; expected at least one number")
    else:
        given = {f"penalties[{k}]": penalty for k, penalty in enumerate(penalties)}
    used = {name: options.get(name, default) for name, default in known.items()} | {"patience": None}
    _check_settings(given, problems, **used)
    return _fit(X, y, tuple(map(float, penalties)), None, **used)


def _fit(
    X: npt.ArrayLike, y: npt.ArrayLike, penalties: tuple[float, ...], module: Any, *, width: int, depth: int,
    neurons: int | None, loss: str, weight_decay: float, learning_rate: float, steps: int, batch_size: int | None,
    validation_fraction: float, patience: int | None, random_state: int, dtype: str, device: str | None, n_jobs: int,
    progress: bool,
) -> list[Training]:  # fmt: skip
    torch = require("torch", "torch", "the gradient-trained baseline")
    start = time.perf_counter()
    rows = check_X(X)
    target, _ = check_target(y, len(rows), loss)
    number = getattr(torch, dtype)
    device = _device(torch, device)
    with torch_settings(torch, random_state, device, n_jobs):
        if module is None:
            made = classes().ResidualMLP(rows.shape[1], width, depth, neurons=neurons, dtype=number)
        else:
            _check_module(module, rows.shape[1])
            made = copy.deepcopy(module)
        made = made.to(device=device, dtype=number).train()
        kept, held = _split(target, validation_fraction, loss, random_state)
        scale = _Scale.of(rows[kept], target[kept], loss)
        x, t = scale.apply(rows, target)
        tensor = lambda array: torch.as_tensor(array, dtype=number, device=device)  # noqa: E731
        data = [tensor(array) for array in (x[kept], t[kept], x[held], t[held])]
        rho = tensor(np.abs(x[kept]).max(axis=0))
        if module is None:
            model: Stack | Single = Stack(made, len(penalties), rho)
        else:
            surrogate = path_norm(made)
            model = Single(made, lambda: surrogate(rho), rows.shape[1])
        batch = batch_size or (len(kept) if len(kept) <= FULL_BATCH_ROWS else BATCH_ROWS)
        descent = Descent(loss, penalties, weight_decay, learning_rate, steps, batch, patience, progress)
        history, best_steps = descent.run(model, data[:2], data[2:])
    nets = [scale.fold(net) for net in model.resnets()]
    seconds = (time.perf_counter() - start) / len(nets)
    looks = zip(*history, strict=True)
    return [Training(*found, seconds) for found in zip(nets, looks, best_steps, strict=True)]


@dataclass(frozen=True)
class _Scale:
    """Standardisation of the inputs and, for the squared loss, of the target."""

    shift: Floats
    spread: Floats
    target_shift: float
    target_spread: float

    @classmethod
    def of(cls, X: Floats, y: Floats, loss: str) -> _Scale:
        spread = X.std(axis=0)
        shift, size = (float(y.mean()), float(y.std())) if loss == "squared" else (0.0, 1.0)
        return cls(X.mean(axis=0), np.where(spread > 0, spread, 1.0), shift, size if size > 0 else 1.0)

    def apply(self, X: Floats, y: Floats) -> tuple[Floats, Floats]:
        return (X - self.shift) / self.spread, (y - self.target_shift) / self.target_spread

    def fold(self, net: ResNet) -> ResNet:
        """The same network on raw inputs, in raw units."""
        A = sp.csr_array(net.A / self.spread)
        C, c = net.C * self.target_spread, net.c * self.target_spread + self.target_shift
        return ResNet(A, net.a - A @ self.shift, net.blocks, sp.csr_array(C), c)


def _split(target: Floats, fraction: float, loss: str, seed: int) -> tuple[Array, Array]:
    """Rows trained on and rows held out, both in order; for labels the same share of each."""
    groups = (
        [np.flatnonzero(target == v) for v in (-1.0, 1.0)] if loss == "logistic" else [np.arange(len(target))]
    )
    rng = np.random.default_rng(seed)
    held = np.concatenate([rng.permutation(rows)[: round(fraction * len(rows))] for rows in groups])
    held = np.sort(held).astype(np.intp)
    return np.setdiff1d(np.arange(len(target)), held), held


def _device(torch: Any, device: str | None) -> str:
    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"device is {device!r}, which PyTorch cannot use here ({str(error).splitlines()[0]}); "
            "expected for example 'cpu'."
        ) from error
    return device


def _check_module(module: Any, d: int) -> None:
    net = ResNet.from_torch(module)
    if net.n_features != d or net.n_outputs != 1:
        raise InputError(
            f"module maps {net.n_features} features to {net.n_outputs} outputs; expected {d} (the columns of X) to 1."
        )


def _check_settings(penalties: Mapping[str, Any], problems: list[str], **given: Any) -> None:
    """Everything wrong with the settings, beside the problems known before, in one error."""
    whole = {"width": 1, "depth": 0, "steps": 10, "random_state": 0, "n_jobs": 1}
    optional = {"neurons": 1, "batch_size": 1, "patience": 1}
    for name, low in {**whole, **optional}.items():
        value = given[name]
        if value is None and name in optional:
            continue
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
            problems.append(f"{name} is {value!r}; expected a whole number >= {low}")
    others = {name: given[name] for name in ("weight_decay", "learning_rate", "validation_fraction")}
    for name, value in {**penalties, **others}.items():
        real = (
            isinstance(value, int | float | np.floating)
            and not isinstance(value, bool)
            and np.isfinite(value)
        )
        if not real or value < 0 or (name == "learning_rate" and value == 0):
            problems.append(
                f"{name} is {value!r}; expected a finite number {'>' if name[0] == 'l' else '>='} 0"
            )
        elif name == "validation_fraction" and value > 0.5:
            problems.append(f"{name} is {value!r}; expected at most 0.5")
    for name, known in (("loss", LOSSES), ("dtype", ("float64", "float32"))):
        if given[name] not in known:
            problems.append(f"{name} is {given[name]!r}; expected one of {', '.join(known)}")
    if problems:
        raise InputError(f"{len(problems)} settings cannot be used:\n- " + "\n- ".join(problems))
