"""Read a PyTorch module as a :class:`ResNet`: the graph that torch.fx traces, read by ``reader``, then compared.

The module is read as in evaluation and in float64, from a copy without wrappers (``torch.compile``, ``DataParallel``).
The result is compared with it at random points before it is returned, because a trace does not see everything (such
as a relu in place on a value that is used again).
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from fw_circuits._checks import check_integer
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.network import ResNet
from fw_circuits.resnet.torch.module import ResidualMLP, SparseLinear, from_residual_mlp
from fw_circuits.resnet.torch.reader import Reader

#: Random points at which module and network are compared; deviation accepted, relative to the largest value.
N_POINTS, TOLERANCE = 64, 1e-9
#: Two numbers of rows with which a module must run; numbers of columns that are tried where no layer tells.
ROWS, MAX_FEATURES = (7, 11), 1024


def from_torch(module: Any, n_features: int | None = None) -> ResNet:
    """The network that a module computes; see :meth:`ResNet.from_torch`."""
    if isinstance(module, torch.export.ExportedProgram):
        module = module.module()
    _check_kind(module)
    if n_features is not None:
        check_integer("n_features", n_features, 1)
    module = _unwrapped(module)
    if type(module) is ResidualMLP:
        return from_residual_mlp(module)
    plain = _plain(module)
    graph = trace(plain)
    net = Reader(plain, graph, n_features or _n_features(plain, graph)).read()
    _compare(net, plain)
    return net


def _check_kind(module: Any) -> None:
    if not isinstance(module, nn.Module):
        raise InputError(f"module is a {type(module).__name__}; expected a torch.nn.Module.")
    if isinstance(module, torch.jit.ScriptModule):
        raise InputError(
            "module is compiled by torch.jit, which hides its operations; expected the torch.nn.Module that it was "
            "made from: build that one and load the weights, module.load_state_dict(scripted.state_dict())."
        )


def _unwrapped(module: Any) -> Any:
    """What ``torch.compile`` or a wrapper for several devices was given."""
    several = isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel)
    inner = getattr(module, "_orig_mod", module.module if several else None)
    return module if inner is None else _unwrapped(inner)


def _plain(module: Any) -> Any:
    """A copy in evaluation and float64, so that neither the caller's module nor its mode changes."""
    # Tensors that hooks of torch.nn.utils compute (weight_norm) cannot be copied as they are.
    computed = [t for m in module.modules() for t in vars(m).values() if isinstance(t, torch.Tensor)]
    try:
        plain = copy.deepcopy(module, {id(t): t.detach().clone() for t in computed}).cpu().double()
        for lazy in (p for p in plain.parameters() if nn.parameter.is_lazy(p)):
            raise ValueError(f"a {type(lazy).__name__}: run the module once on data")
    except Exception as error:  # whatever the parts of the module raise
        raise InputError(
            f"{type(module).__name__} cannot be copied to float64 on the CPU ({type(error).__name__}: {error}); "
            "expected a module with all its parameters in memory."
        ) from error
    for layer in list(plain.modules()):
        for name, child in layer.named_children():
            setattr(layer, name, _unwrapped(child))
        layer.training = False
    for layer in plain.modules():
        for name, value in list(vars(layer).items()):
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                setattr(layer, name, value.cpu().double())
        for hook in vars(layer)["_forward_pre_hooks"].values():
            if type(hook).__module__.startswith("torch.nn.utils."):
                hook(layer, ())
    return plain


class _Tracer(fx.Tracer):
    """Sparse and parametrized layers are nodes."""

    record_stack_traces = True

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        parametrized = isinstance(m, nn.Linear) and nn.utils.parametrize.is_parametrized(m)
        return isinstance(m, SparseLinear) or parametrized or super().is_leaf_module(m, module_qualified_name)


def trace(module: nn.Module) -> fx.Graph:
    """The graph of a module, with sparse and parametrized layers as nodes."""
    try:
        return _Tracer().trace(module)
    except Exception as error:  # whatever the module's own code raises on symbolic values
        raise InputError(
            f"{type(module).__name__} cannot be traced by torch.fx ({type(error).__name__}: {error}); expected a "
            "forward pass without branches on the values or the shape of its input."
        ) from error


def _n_features(plain: Any, graph: Any) -> int:
    """Columns of the input: those that a layer or a parameter suggests, else the fewest, with which the module runs."""
    layers = [plain.get_submodule(n.target) for n in graph.nodes if n.op == "call_module"]
    read = [int(layer.in_features) for layer in layers if hasattr(layer, "in_features")]
    shapes = [p.shape for p in plain.parameters()]
    read += [shape[-1] for shape in shapes if len(shape) == 2] + [shape[0] for shape in shapes if len(shape) == 1]
    if not read:
        raise InputError(
            f"{type(plain).__name__} has no linear layer, so that the number of its inputs is unknown; expected a "
            "residual ReLU MLP, or n_features."
        )
    tried = dict.fromkeys([*read, *range(1, MAX_FEATURES + 1)])
    return next((d for d in tried if _runs(plain, d)), read[0])


def _runs(plain: Any, d: int) -> bool:
    try:
        with torch.no_grad():
            shapes = [plain(torch.zeros(n, d, dtype=torch.float64)).shape for n in ROWS]
    except Exception:  # whatever the module's own code raises on another number of columns
        return False
    return all(len(shape) and shape[0] == n for shape, n in zip(shapes, ROWS, strict=True))


def _compare(net: ResNet, plain: Any) -> None:
    X = np.random.default_rng(0).normal(size=(N_POINTS, net.n_features)) * 3.0
    name = type(plain).__name__
    try:
        with torch.no_grad():
            theirs = plain(torch.from_numpy(X))
    except Exception as error:  # whatever the module's own code raises
        raise InputError(
            f"{name} cannot be run on {X.shape[0]} rows of {X.shape[1]} float64 columns "
            f"({type(error).__name__}: {error}); expected a module of one input, (N, features), that computes in "
            "the type of its input."
        ) from error
    theirs = (theirs[0] if isinstance(theirs, tuple | list) else theirs).numpy()
    ours = net.forward(X)
    same = theirs.size == ours.size
    deviation = np.abs(ours - theirs.reshape(ours.shape)).max(initial=0.0) if same else np.inf
    if not deviation <= TOLERANCE * max(1.0, np.abs(theirs).max(initial=0.0)):
        raise InputError(
            f"{name} and the network read from its trace differ by {deviation:.3g}: its forward pass changes a value "
            "in place that it uses again (such as ReLU(inplace=True) before a skip connection), depends on the "
            "shape of its input, mixes rows, or has hooks; write it without that."
        )
