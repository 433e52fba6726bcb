"""What ``Descent`` trains: ``Stack``, several layered networks at once, or ``Single``, any module that is read here.

A step of a small network costs what PyTorch spends per operation, not the arithmetic.  So the parameters of K networks
of one shape lie side by side, matrices in a (K, P) tensor and vectors in another, and every product is one batched
product for all K.  The networks never meet: AdamW is elementwise, and the derivative of a sum of K objectives by the
parameters of one is that of its own objective.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from fw_circuits._typing import Floats
from fw_circuits.resnet.network import Block, ResNet
from fw_circuits.resnet.torch.path_norm import layered_norm


class Stack:
    """``size`` copies of a dense ``ResidualMLP`` of one output, to be trained apart from then on.

    ``matrices`` and ``vectors`` are leaves; streams are (K, width, N), so that V_l h is one product, bias included.
    """

    def __init__(self, model: nn.Module, size: int, rho: Tensor) -> None:
        parts = list(model.parameters())
        matrices, vectors = ([p.detach() for p in parts if (p.ndim > 1) == many] for many in (True, False))
        self.size, self._rho = size, rho
        self._shapes = [tuple(m.shape) for m in matrices]
        self._sizes = [m.numel() for m in matrices], [v.numel() for v in vectors]
        flat = [torch.cat([p.flatten() for p in kind]).repeat(size, 1) for kind in (matrices, vectors)]
        self._best = [leaf.clone() for leaf in flat]
        self._leaves = [leaf.requires_grad_() for leaf in flat]

    @property
    def groups(self) -> list[list[Tensor]]:
        """What decays and what does not."""
        return [[leaf] for leaf in self._leaves]

    def outputs(self, x: Tensor) -> Tensor:
        """(K, N) for the rows x, (N, d)."""
        (A, *weights, C), (a, *biases, c) = self._views(*self._leaves)
        stream = torch.baddbmm(a, A, x.T.expand(self.size, -1, -1))
        for V, b, W in zip(weights[::2], biases, weights[1::2], strict=True):
            stream = torch.baddbmm(stream, W, torch.baddbmm(b, V, stream).relu_())
        return torch.baddbmm(c, C, stream)[:, 0]

    def norms(self, which: Tensor | None = None) -> Tensor:
        """The path norm of each, (K,), or of those with the numbers ``which``."""
        some = which is not None and len(which) < self.size
        leaves = [leaf[which] for leaf in self._leaves] if some else self._leaves
        return layered_norm(*self._views(*(leaf.abs() for leaf in leaves)), self._rho)

    def train(self, mode: bool) -> None:
        """Nothing here differs between training and use."""

    def keep(self, k: int) -> None:
        """Remember the parameters that network k has now."""
        for best, leaf in zip(self._best, self._leaves, strict=True):
            best[k] = leaf.detach()[k]

    def resnets(self) -> list[ResNet]:
        """The networks with the parameters last kept."""
        matrices, vectors = self._views(*(best.cpu().double() for best in self._best))
        return [self._resnet([m[k].numpy() for m in matrices], [v[k, :, 0].numpy() for v in vectors])
                for k in range(self.size)]  # fmt: skip

    def _resnet(self, matrices: list[Floats], vectors: list[Floats]) -> ResNet:
        (A, *weights, C), (a, *biases, c) = matrices, vectors
        layers = zip(weights[::2], biases, weights[1::2], strict=True)
        return ResNet(A, a, tuple(Block(V, b, W) for V, b, W in layers), C, c)

    def _views(self, matrices: Tensor, vectors: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Matrices (K, n, m) and vectors (K, n, 1) in the order encoder, blocks, readout."""
        parts = zip(torch.split(matrices, self._sizes[0], dim=1), self._shapes, strict=True)
        return (
            [part.view(len(part), *shape) for part, shape in parts],
            [part[:, :, None] for part in torch.split(vectors, self._sizes[1], dim=1)],
        )


class Single:
    """A module with its path norm."""

    size = 1

    def __init__(self, module: nn.Module, norm: Callable[[], Tensor], n_features: int | None = None) -> None:
        self._module, self._norm, self._n_features = module, norm, n_features
        self._best: dict[str, Any] = {}
        parameters = [p for p in module.parameters() if p.requires_grad]
        self.groups = [[p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]]

    def outputs(self, x: Tensor) -> Tensor:
        values: Tensor = self._module(x)
        return values.reshape(1, len(x))

    def norms(self, which: Tensor | None = None) -> Tensor:
        return self._norm()[None]

    def train(self, mode: bool) -> None:
        self._module.train(mode)

    def keep(self, k: int) -> None:
        self._best = copy.deepcopy(self._module.state_dict())

    def resnets(self) -> list[ResNet]:
        self._module.load_state_dict(self._best)
        return [ResNet.from_torch(self._module, self._n_features)]
