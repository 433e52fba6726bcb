"""Read a PyTorch module as a :class:`ResNet`: the graph that torch.fx traces, node by node, onto one residual stream.

Understood: ``Linear``, ``ReLU``, ``Identity``, ``Dropout`` (as in evaluation), ``Flatten``; sums and differences,
products and quotients with numbers or parameters, ``torch.cat`` of columns, and the functional forms of these, in any
arrangement and nesting that torch.fx can trace.  A residual MLP comes back with the stream, V_l and W_l that it has
(``_stream`` says how); plain MLPs, projections, long skips and concatenations become exact with a wider stream.

The result is compared with the module at random points before it is returned, because a trace does not see
everything (such as a relu in place on a value that is used again).
"""

from __future__ import annotations

import copy
import operator
from functools import reduce
from typing import Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet._optional import require
from fw_circuits.resnet._stream import Stream, Value
from fw_circuits.resnet.network import ResNet

#: Random points at which module and network are compared; deviation accepted, relative to the largest value.
N_POINTS, TOLERANCE = 64, 1e-9

ADD = {operator.add, operator.iadd, "add", "add_"}
SUBTRACT = {operator.sub, operator.isub, "sub", "sub_", "subtract"}
MULTIPLY = {operator.mul, operator.imul, "mul", "mul_", "multiply"}
DIVIDE = {operator.truediv, operator.itruediv, "div", "div_", "divide", "true_divide"}


def from_torch(module: Any) -> ResNet:
    """The network that a module computes; see :meth:`ResNet.from_torch`."""
    torch = require("torch", "torch", "from_torch")
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"module is a {type(module).__name__}; expected a torch.nn.Module.")
    from fw_circuits.resnet.torch_module import classes, from_residual_mlp

    if type(module) is classes().ResidualMLP:
        return from_residual_mlp(module)
    # A copy in evaluation and float64: neither the caller's module nor its mode changes.
    plain = copy.deepcopy(module).cpu().double().eval()
    net = _Reader(plain, trace(plain)).read()
    _compare(net, plain)
    return net


def trace(module: Any) -> Any:
    """The graph of a module, with sparse layers as nodes."""
    from torch import fx

    class Tracer(fx.Tracer):
        def is_leaf_module(self, m: Any, name: str) -> bool:
            return hasattr(m, "to_scipy") or super().is_leaf_module(m, name)

    try:
        return Tracer().trace(module)
    except Exception as error:  # whatever the module's own code raises on symbolic values
        raise InputError(
            f"{type(module).__name__} cannot be traced by torch.fx ({type(error).__name__}: {error}); expected a "
            "forward pass without branches on the values or the shape of its input."
        ) from error


def operation(node: Any) -> Any:
    """What a node of a graph calls: a name for functions and methods of torch, else the function itself."""
    target = node.target
    if isinstance(target, str):
        return target
    return target if target.__module__ == "_operator" else target.__name__


def _compare(net: ResNet, plain: Any) -> None:
    import torch

    X = np.random.default_rng(0).normal(size=(N_POINTS, net.n_features)) * 3.0
    with torch.no_grad():
        theirs = plain(torch.from_numpy(X)).numpy()
    ours = net.forward(X)
    same = theirs.size == ours.size
    deviation = np.abs(ours - theirs.reshape(ours.shape)).max(initial=0.0) if same else np.inf
    if not deviation <= TOLERANCE * max(1.0, np.abs(theirs).max(initial=0.0)):
        raise InputError(
            f"{type(plain).__name__} and the network read from its trace differ by {deviation:.3g}: its forward pass "
            "changes a value in place that it uses again (such as ReLU(inplace=True) before a skip connection), or "
            "depends on the shape of its input; write it without that."
        )


class _Reader:
    """The values of the graph's nodes that are still needed, on the stream."""

    def __init__(self, module: Any, graph: Any) -> None:
        self.module, self.graph, self.name = module, graph, type(module).__name__
        self.values: dict[Any, Value] = {}
        self.left: dict[Any, int] = {}

    def read(self) -> ResNet:
        """The network of the whole graph."""
        inputs = [node for node in self.graph.nodes if node.op == "placeholder"]
        if len(inputs) != 1:
            raise InputError(f"{self.name} has {len(inputs)} inputs; expected one, of shape (N, features).")
        self.stream = stream = Stream(self._n_features())
        stream.live = lambda: [v for node, v in self.values.items() if self.left[node]]
        for node in self.graph.nodes:
            if node.op == "output":
                break
            for used in node.all_input_nodes:
                self.left[used] -= 1
            shared = len(node.users) > 1
            value = self._evaluate(node, shared)
            self.left[node] = len(node.users)
            if value is None:  # a parameter
                continue
            self.values[node] = value
            if shared or operation(node) in ADD | SUBTRACT:
                stream.settle(value)
            if shared:
                stream.begin_at(value)
        result = node.args[0]
        if not hasattr(result, "op") or result not in self.values:
            raise InputError(f"{self.name} returns {result}; expected one tensor that depends on the input.")
        return stream.finish(self.values[result])

    def _n_features(self) -> int:
        """Columns that the first linear layer reads: only shapes change before it."""
        for node in self.graph.nodes:
            if node.op == "call_module":
                layer = self.module.get_submodule(node.target)
                if hasattr(layer, "in_features"):
                    return int(layer.in_features)
            if node.op == "call_function" and operation(node) == "linear":
                return int(self._parameter(_arguments(node, "input", "weight")["weight"]).shape[1])
        raise InputError(f"{self.name} has no linear layer; expected a residual ReLU MLP.")

    def _evaluate(self, node: Any, shared: bool) -> Value | None:
        if node.op == "placeholder":
            return self.stream.input()
        if node.op == "get_attr":
            return None
        if node.op == "call_module":
            return self._module(node, shared)
        called = operation(node)
        if called in ADD:
            return self._sum(node, 1.0)
        if called in SUBTRACT:
            return self._sum(node, -1.0)
        if called in MULTIPLY | DIVIDE:
            return self._product(node, inverse=called in DIVIDE)
        if called in ("cat", "concat", "concatenate"):
            return self._concatenate(node)
        if called == "linear":
            given = _arguments(node, "input", "weight", "bias")
            bias = given.get("bias")
            weight, bias = self._parameter(given["weight"]), None if bias is None else self._parameter(bias)
            return self._linear(self._operand(node, given["input"]), weight, bias, f"node {node.name!r}")
        operands = [*node.args, *node.kwargs.values()]
        first, rest = operands[0], operands[1:]
        if called in ("relu", "relu_"):
            return self.stream.relu(self._operand(node, first), shared)
        if called in ("neg", operator.neg):
            return self._operand(node, first).scaled(-1.0)
        x = self._operand(node, first)
        if (
            (called == "flatten" and rest == [1])
            or (called == "squeeze" and rest in ([1], [-1]) and len(x) == 1)
            or (called == "dropout" and node.kwargs.get("training") is False)
            or called in ("contiguous", "double")
        ):
            return x
        raise self._refusal(node, f"it calls {called if isinstance(called, str) else called.__name__!r}")

    def _module(self, node: Any, shared: bool) -> Value:
        from torch import nn

        layer, x = self.module.get_submodule(node.target), self._operand(node, node.args[0])
        if type(layer) is nn.Linear:
            return self._linear(x, layer.weight, layer.bias, f"layer {node.target!r}")
        if hasattr(layer, "to_scipy"):
            return self._linear(x, layer.to_scipy(), layer.bias, f"layer {node.target!r}")
        if type(layer) is nn.ReLU:
            return self.stream.relu(x, shared)
        if type(layer) in (nn.Identity, nn.Dropout) or (type(layer) is nn.Flatten and layer.start_dim == 1):
            return x
        raise self._refusal(node, f"{node.target!r} is a {type(layer).__name__}")

    def _linear(self, x: Value, weight: Any, bias: Any, where: str) -> Value:
        where = f"{self.name}: {where}"
        matrix = _numbers(weight, f"{where}: weight")
        if matrix.shape[1] != len(x):
            raise InputError(
                f"{where} reads {matrix.shape[1]} columns but is given {len(x)}; expected as many."
            )
        return x.mapped(sp.csr_array(matrix), 0.0 if bias is None else _numbers(bias, f"{where}: bias"))

    def _sum(self, node: Any, sign: float) -> Value:
        x, y = self._pair(node)
        if isinstance(x, Value) and isinstance(y, Value):
            if len(x) != len(y):
                raise self._refusal(node, f"{node.name!r} combines {len(x)} columns with {len(y)}")
            return self.stream.add(x, y.scaled(sign) if sign != 1.0 else y)
        if isinstance(x, Value):
            return x.mapped(_same(x), sign * self._constant(node, y, len(x)))
        return y.mapped(sign * _same(y), self._constant(node, x, len(y)))

    def _product(self, node: Any, inverse: bool) -> Value:
        x, y = self._pair(node)
        if isinstance(x, Value) == isinstance(y, Value) or (inverse and isinstance(y, Value)):
            raise self._refusal(node, f"{node.name!r} multiplies or divides by what depends on the input")
        value, factor = (x, y) if isinstance(x, Value) else (y, x)
        numbers = self._constant(node, factor, len(value))
        if inverse and not np.all(numbers):
            raise self._refusal(node, f"{node.name!r} divides by 0")
        return value.scaled(1.0 / numbers if inverse else numbers)

    def _concatenate(self, node: Any) -> Value:
        operands = [*node.args, *node.kwargs.values()]
        parts, rest = operands[0], operands[1:]
        if rest not in ([1], [-1]):
            raise self._refusal(node, f"{node.name!r} joins rows")
        return reduce(self.stream.concatenate, [self._operand(node, part) for part in parts])

    def _pair(self, node: Any) -> tuple[Any, Any]:
        """The two operands: values where they depend on the input, else as they are."""
        operands = [*node.args, *node.kwargs.values()]
        if len(operands) != 2:
            raise self._refusal(node, f"{node.name!r} is given options ({dict(node.kwargs)})")
        first, second = (self.values.get(p, p) if hasattr(p, "op") else p for p in operands)
        if not isinstance(first, Value) and not isinstance(second, Value):
            raise self._refusal(node, f"{node.name!r} does not depend on the input")
        return first, second

    def _operand(self, node: Any, argument: Any) -> Value:
        value = self.values.get(argument) if hasattr(argument, "op") else None
        if value is None:
            raise self._refusal(
                node, f"{node.name!r} is applied to {argument}, which does not depend on the input"
            )
        return value

    def _constant(self, node: Any, argument: Any, n: int) -> Floats:
        """A number or a parameter as a vector of n entries."""
        value = self._parameter(argument) if hasattr(argument, "op") else argument
        numbers = _numbers(value, f"{self.name}: {argument}")
        if numbers.size not in (1, n):
            raise self._refusal(node, f"{node.name!r} combines {n} columns with a constant {numbers.shape}")
        return np.broadcast_to(numbers.ravel(), (n,))

    def _parameter(self, node: Any) -> Any:
        if node.op != "get_attr":
            raise self._refusal(node, f"{node.name!r} is computed where a parameter or a number is expected")
        return operator.attrgetter(node.target)(self.module)

    def _refusal(self, node: Any, what: str) -> InputError:
        return InputError(
            f"{self.name} is not a residual ReLU MLP: {what} (node {node.name!r}); expected Linear, ReLU, Identity, "
            "Dropout, Flatten, sums, and products with constants. A BatchNorm can be folded into the linear layer "
            "before it: torch.nn.utils.fusion.fuse_linear_bn_eval."
        )


def _arguments(node: Any, *names: str) -> dict[str, Any]:
    return {**dict(zip(names, node.args, strict=False)), **node.kwargs}


def _same(x: Value) -> sp.dia_array:
    return sp.eye_array(len(x))


def _numbers(tensor: Any, where: str) -> Any:
    """Finite float64 numbers of a tensor, a sparse matrix or a number."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu().double().numpy()
    values = tensor if sp.issparse(tensor) else np.asarray(tensor, dtype=np.float64)
    if not np.all(np.isfinite(values.data if sp.issparse(values) else values)):
        raise InputError(f"{where} holds NaN or infinity; expected finite entries.")
    return values
