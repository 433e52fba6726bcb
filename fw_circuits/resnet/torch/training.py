"""The trainings of ``fw_circuits.resnet.baseline``: data to the scale of the training, descent, and back."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn

from fw_circuits._threads import is_forked
from fw_circuits._typing import Array, Floats
from fw_circuits._validation import check_target, check_X
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.baseline import Training, TrainingSettings
from fw_circuits.resnet.network import ResNet
from fw_circuits.resnet.torch.descent import Descent
from fw_circuits.resnet.torch.models import Single, Stack
from fw_circuits.resnet.torch.module import ResidualMLP
from fw_circuits.resnet.torch.path_norm import path_norm


def trainings(
    X: Any, y: Any, penalties: tuple[float, ...], module: nn.Module | None, settings: TrainingSettings
) -> list[Training]:
    """Train one network per penalty; see :func:`fw_circuits.resnet.baseline.fit`."""
    start = time.perf_counter()
    rows = check_X(X)
    target, _ = check_target(y, len(rows), settings.loss)
    device = _device(settings.device)
    with _torch_settings(settings.random_state, device, settings.n_jobs):
        number: torch.dtype = getattr(torch, settings.dtype)
        tensor = partial(torch.as_tensor, dtype=number, device=device)
        made = _module(module, rows.shape[1], settings, number).to(device=device, dtype=number).train()
        kept, held = _split(target, settings)
        scale = _Scale.of(rows[kept], target[kept], settings.loss)
        x, t = scale.apply(rows, target)
        rho = tensor(np.abs(x[kept]).max(axis=0))
        if module is None:
            model: Stack | Single = Stack(made, len(penalties), rho)
        else:
            model = Single(made, partial(path_norm(made), rho), rows.shape[1])
        training, validation = ((tensor(x[some]), tensor(t[some])) for some in (kept, held))
        history, best_steps = Descent(settings, penalties).run(model, training, validation)
    nets = [scale.fold(net) for net in model.resnets()]
    seconds = (time.perf_counter() - start) / len(nets)
    looks = zip(*history, strict=True)
    return [Training(*found, seconds) for found in zip(nets, looks, best_steps, strict=True)]


def _module(given: nn.Module | None, d: int, settings: TrainingSettings, number: torch.dtype) -> nn.Module:
    """A new network, or a copy of the one that was given."""
    if given is None:
        return ResidualMLP(d, settings.width, settings.depth, neurons=settings.neurons, dtype=number)
    net = ResNet.from_torch(given)
    if net.n_features != d or net.n_outputs != 1:
        raise InputError(
            f"module maps {net.n_features} features to {net.n_outputs} outputs; expected {d} (the columns of X) to 1."
        )
    return copy.deepcopy(given)


def _split(target: Floats, settings: TrainingSettings) -> tuple[Array, Array]:
    """Rows trained on and rows held out, both in order; for labels the same fraction of each."""
    groups = [np.arange(len(target))]
    if settings.loss == "logistic":
        groups = [np.flatnonzero(target == v) for v in (-1.0, 1.0)]
    rng, fraction = np.random.default_rng(settings.random_state), settings.validation_fraction
    held = np.concatenate([rng.permutation(rows)[: round(fraction * len(rows))] for rows in groups])
    held = np.sort(held).astype(np.intp)
    return np.setdiff1d(np.arange(len(target)), held), held


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


def _device(device: str | None) -> str:
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


@contextmanager
def _torch_settings(seed: int, device: str, n_threads: int) -> Iterator[None]:
    """Seed and threads of torch for a while."""
    before = torch.get_num_threads()
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        try:
            torch.set_num_threads(1 if is_forked() else n_threads)
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(before)
