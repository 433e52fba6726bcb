"""The path-norm surrogate of R(theta): differentiable, from the parameters alone, for any module that is read here.

Original to this package (theory, section 7, last paragraph).  Take the network with the absolute values of its
parameters and the relus left out, at the bounds rho_i >= |x_i|.  There the value h_j that reaches neuron j bounds its
activation, and the derivative g_j of the summed outputs by h_j bounds how strongly the outputs can react to it.  Then

    R~ = sum over neurons of g_j h_j  +  sum of the outputs.

In the layered form ``g = |W_l|^T D_l`` with ``D_L = |C|^T 1``, ``D_{l-1} = D_l + |V_l|^T |W_l|^T D_l`` and
``h = |V_l| rho_l + |b_l|``: every path from an input or a bias to an output counts once, and once more for each
neuron on it.  So R~ bounds the l1 form of R on the box ``|x_i| <= rho_i``, from far above: it is a penalty, not a
measurement.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from fw_circuits.exceptions import InputError
from fw_circuits.resnet.torch.activations import ACTIVATIONS, activate, of_layer
from fw_circuits.resnet.torch.importer import trace
from fw_circuits.resnet.torch.module import ResidualMLP, SparseLinear
from fw_circuits.resnet.torch.reader import ADD, DIVIDE, MULTIPLY, SUBTRACT
from fw_circuits.resnet.torch.runner import operation

#: What becomes of the operations on two values, or a value and a constant, under absolute values.
COMBINE = (
    dict.fromkeys(ADD | SUBTRACT | {"rsub"}, operator.add)
    | dict.fromkeys(MULTIPLY, operator.mul)
    | dict.fromkeys(DIVIDE, operator.truediv)
)

#: Layers whose absolute value is the layer of the absolute parameters.
SIMPLE = (nn.Linear, nn.Identity, nn.Flatten, nn.Unflatten, SparseLinear)


def path_norm(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The surrogate of a module as a function of rho, (n_features,); its value is a differentiable scalar.

    The module is one that :meth:`ResNet.from_torch` accepts: what this one does not know is not checked again here.

    Raises
    ------
    InputError
        A layer whose absolute value is not known, such as BatchNorm1d.

    Examples
    --------
    ``-x + 2 relu(x)`` on [-3, 3]: the paths are 3 and 6, and the second passes a neuron.

    >>> from fw_circuits.resnet import Block, ResNet
    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> path_norm(net.to_torch())(torch.tensor([3.0], dtype=torch.float64)).item()
    15.0
    """
    if type(module) is ResidualMLP and not any(isinstance(layer, SparseLinear) for layer in module.modules()):
        parts = list(module.parameters())

        def layered(rho: Tensor) -> Tensor:
            matrices = [p.abs()[None] for p in parts if p.ndim == 2]
            return layered_norm(matrices, [p.abs()[None, :, None] for p in parts if p.ndim == 1], rho)[0]

        return layered
    network = _Absolute(fx.GraphModule(module, trace(module)))

    def surrogate(rho: Tensor) -> Tensor:
        network.active = []
        total: Tensor = network.run(rho[None, :]).sum()
        if not network.active:
            return total
        slopes = torch.autograd.grad(total, network.active, create_graph=True)
        return total + sum((g * h).sum() for g, h in zip(slopes, network.active, strict=True))

    return surrogate


def layered_norm(matrices: list[Tensor], vectors: list[Tensor], rho: Tensor) -> Tensor:
    """The path norm of K networks of the layered form, (K,), from absolute values: one sweep, no derivative by h.

    A path that counts 1 + (its neurons) times is carried as a pair (s, v): s counts it once, v as often as it has
    passed neurons, plus once.  ``h = V s + b`` and ``p = V v + b`` reach a block's neurons, each of which adds one
    to the count: ``s + W h`` and ``v + W (p + h)``.  Then ``R~ = C v_L + c``; the pair is the last axis here.

    ``matrices``, (K, n, m), are |A|, then |V_l|, |W_l| of each block, then |C|; ``vectors``, (K, n, 1), |a|, then |b_l|
    of each block, then |c|; rho is (d,).
    """
    (A, *weights, C), (a, *biases, c) = matrices, vectors
    pair = torch.baddbmm(a, A, rho[:, None].expand(len(A), -1, 2))
    for V, b, W in zip(weights[::2], biases, weights[1::2], strict=True):
        pair = torch.baddbmm(pair, W, torch.baddbmm(b, V, pair).cumsum(dim=2))  # (h, p) -> (h, h + p)
    return torch.baddbmm(c, C, pair)[:, :, 1].sum(dim=1)


class _Absolute(fx.Interpreter):
    """Runs a module's graph with absolute values of its constants and without relus.

    ``active`` collects what reaches the neurons.
    """

    active: list[Tensor]

    def relu(self, x: Tensor) -> Tensor:
        x = x if x.requires_grad else x.requires_grad_()
        self.active.append(x)
        return x

    def leaky(self, x: Tensor, slope: Any) -> Tensor:
        factor = (1.0 - torch.as_tensor(slope)).abs()
        channels = factor.reshape(-1, *(1,) * (x.ndim - 2)) if factor.numel() > 1 else factor
        return x + channels * self.relu(x)

    def maximum(self, x: Tensor, y: Any) -> Tensor:
        other = torch.as_tensor(y, dtype=x.dtype, device=x.device).abs()
        return other + self.relu(x + other)

    minimum = maximum

    def affine(self, x: Tensor, factor: float, shift: float) -> Tensor:
        return abs(factor) * x + abs(shift)

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        return super().get_attr(target, args, kwargs).abs()

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        layer = self.fetch_attr(target)
        found = of_layer(layer)
        if found is not None:
            return activate(self, found[0], args[0], **found[1])
        if isinstance(layer, nn.Dropout):
            return args[0]
        if not isinstance(layer, SIMPLE):
            raise InputError(
                f"the path norm of a {type(layer).__name__} ({target!r}) is not known; expected Linear layers, "
                "piecewise linear activations, and operations that move or add columns."
            )
        return torch.func.functional_call(layer, {k: p.abs() for k, p in layer.named_parameters()}, args)

    def run_node(self, n: fx.Node) -> Any:
        if n.op not in ("call_function", "call_method"):
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        called = operation(n)
        if called in ACTIVATIONS:
            return activate(self, called, *args, **kwargs)
        if called in COMBINE:
            x, y, *alpha = (torch.as_tensor(v).abs() for v in (*args, *kwargs.values()))
            return COMBINE[called](x, y * alpha[0] if alpha else y)
        if called in ("neg", "negative", "dropout"):
            return args[0]
        return getattr(self, n.op)(n.target, args, kwargs)
