"""The nodes of a traced module, one by one, onto a residual stream.

Three kinds of operations are understood: piecewise linear ones (``activations``); those that move entries, read by
running them on the entries' numbers; and linear ones, read by running them on the unit vectors.  What does not depend
on the input is computed by PyTorch itself.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import fx, nn
from torch.nn import functional as F

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.network import ResNet
from fw_circuits.resnet.torch.activations import ACTIVATIONS, activate, of_layer
from fw_circuits.resnet.torch.module import SparseLinear
from fw_circuits.resnet.torch.runner import ROWS, Runner, callable_of, finite_numbers, operation
from fw_circuits.resnet.torch.stream import Value

ADD = {"add", "iadd"}
SUBTRACT = {"sub", "isub", "subtract"}
MULTIPLY = {"mul", "imul", "multiply"}
DIVIDE = {"div", "divide", "truediv", "itruediv", "true_divide"}
#: Entries keep their values and change their places.
MOVES = frozenset(
    ("view", "reshape", "flatten", "unflatten", "view_as", "reshape_as", "squeeze", "unsqueeze", "permute", "transpose",
     "t", "swapaxes", "swapdims", "movedim", "moveaxis", "getitem", "slice", "narrow", "select", "index_select",
     "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "unbind", "flip", "roll", "expand", "expand_as",
     "broadcast_to", "repeat", "tile", "contiguous", "double", "clone", "detach", "alias", "positive", "pos")
)  # fmt: skip
#: Sums of entries with constant weights.
LINEAR = {"sum", "mean", "neg", "negative", "cumsum", "matmul", "mm", "einsum", "pad"} | MULTIPLY | DIVIDE
JOINS = {"cat", "concat", "concatenate", "stack", "hstack", "column_stack"}
EXTREMES = {"maximum", "minimum", "max", "min", "fmax", "fmin"}
#: What depends on the shape of a value alone.
SHAPES = {"size", "sym_size", "dim", "zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}


def about_shape(node: Any) -> bool:
    """Whether a node asks a value for its shape or type only."""
    if node.op not in ("call_function", "call_method"):
        return False
    called = operation(node)
    return called in SHAPES or (called == "getattr" and node.args[1] in ("shape", "dtype", "device", "ndim"))


class Reader(Runner):
    """The graph of a module; ``left`` counts the uses of each value that are still to come."""

    def __init__(self, module: Any, graph: Any, n_features: int) -> None:
        super().__init__(module, n_features)
        self.graph = graph
        self.left: dict[Any, int] = {}
        self.stream.live = lambda: [
            v
            for node, found in self.values.items()
            if self.left[node]
            for v in (found if isinstance(found, tuple) else (found,))
        ]

    def read(self) -> ResNet:
        """The network of the whole graph."""
        inputs = [node for node in self.graph.nodes if node.op == "placeholder"]
        if len(inputs) != 1:
            raise InputError(f"{self.name} has {len(inputs)} inputs; expected one, of shape (N, features).")
        for node in self.graph.nodes:
            if node.op == "output":
                break
            if about_shape(node):
                continue
            for used in node.all_input_nodes:
                self.left[used] = self.left.get(used, 0) - 1
            self.left[node] = sum(not about_shape(user) for user in node.users)
            shared = self.left[node] > 1
            value = self._evaluate(node, shared)
            if value is None:  # a constant
                continue
            self.values[node] = value
            if isinstance(value, tuple):
                continue
            if shared or operation(node) in ADD | SUBTRACT:
                self.stream.settle(value)
            if shared:
                self.stream.begin_at(value)
        result = node.args[0]
        if isinstance(result, tuple | list) and len(result) == 1:
            result = result[0]
        if not isinstance(self.values.get(result) if hasattr(result, "op") else None, Value):
            raise InputError(f"{self.name} returns {result}; expected one tensor that depends on the input.")
        return self.stream.finish(self.values[result])

    def _evaluate(self, node: Any, shared: bool) -> Any:
        if node.op == "placeholder":
            return self.stream.input()
        operands = [n for n in node.all_input_nodes if n in self.values]
        if not operands:
            return None
        if node.op == "call_module":
            return self._module(node, shared)
        called = operation(node)
        if called in ACTIVATIONS:
            return self._activation(node, called, node.args, node.kwargs, shared)
        value = self.readers[called](self, node) if called in self.readers else None
        return self._entries(node, called, operands) if value is None else value

    def _entries(self, node: Any, called: str, operands: list[Any]) -> Any:
        """What is read by running it on the entries of its one operand."""
        if called not in MOVES | LINEAR:
            raise self.refusal(node, f"it calls {called!r}")
        occurrences = _occurrences(node, operands)
        if len(occurrences) != 1 or (called in DIVIDE and node.args[0] not in self.values):
            raise self.refusal(node, f"{node.name!r} multiplies or divides by what depends on the input", "mul")
        (x,) = operands
        call = lambda t: self.run(node, t.shape[0], {x: t})  # noqa: E731
        return (self.moved if called in MOVES else self.mapped)(node, self._value(node, x), call)

    def _layer(self, node: Any) -> Value:
        given = _arguments(node, "input", "weight", "bias")
        weight, bias = (self.tensor(given.get(k)) for k in ("weight", "bias"))
        return self._linear(node, self._value(node, given["input"]), weight, bias)

    def _addmm(self, node: Any) -> Value | None:
        if len(node.args) != 3 or node.kwargs:
            return None
        matrix = self.tensor(node.args[2])
        product = self.mapped(node, self._value(node, node.args[1]), lambda t: t @ matrix)
        return self.stream.add(*self.terms(node, product, node.args[0]))

    def _dropout(self, node: Any) -> Value | None:
        idle = node.kwargs.get("training") is False or node.args[2:] == (False,)
        return self._value(node, node.args[0]) if idle else None

    def _item(self, node: Any) -> Value | None:
        several = self.values.get(node.args[0])
        return several[node.args[1]] if isinstance(several, tuple) else None

    def _attribute(self, node: Any) -> Value:
        raise self.refusal(node, f"it reads the attribute {node.args[1]!r} of a tensor", "rows")

    def _module(self, node: Any, shared: bool) -> Any:
        layer, x = self.module.get_submodule(node.target), self._value(node, node.args[0])
        found = of_layer(layer)
        if found is not None:
            return self._activation(node, found[0], node.args[:1], found[1], shared)
        if isinstance(layer, nn.Linear):
            return self._linear(node, x, layer.weight, layer.bias)
        if isinstance(layer, SparseLinear):
            return self._linear(node, x, layer.to_scipy(), layer.bias)
        if isinstance(layer, nn.Identity | nn.Dropout | nn.Dropout1d | nn.AlphaDropout | nn.FeatureAlphaDropout):
            return x
        if isinstance(layer, nn.Flatten | nn.Unflatten):
            return self.moved(node, x, layer)
        if isinstance(layer, nn.BatchNorm1d) and layer.running_mean is not None:
            return self._batch_norm(node, x, layer)
        kind = type(layer).__name__
        raise self.refusal(node, f"{node.target!r} is a {kind}", kind)

    def _linear(self, node: Any, x: Value, weight: Any, bias: Any) -> Value:
        where = f"{self.name}: {f'layer {node.target!r}' if node.op == 'call_module' else f'node {node.name!r}'}"
        matrix = finite_numbers(weight, f"{where}: weight")
        shift = np.zeros(matrix.shape[0]) if bias is None else finite_numbers(bias, f"{where}: bias")
        width = x.shape[-1] if x.shape else 0
        if matrix.shape[1] != width:
            raise InputError(f"{where} reads {matrix.shape[1]} columns but is given {width}; expected as many.")
        if x.shape == (width,):
            return x.mapped(sp.csr_array(matrix), shift)
        value = self.mapped(node, x, lambda t: F.linear(t, weight))
        return value.affine(1.0, np.tile(shift, len(value) // len(shift)))

    def _batch_norm(self, node: Any, x: Value, layer: Any) -> Value:
        where = f"{self.name}: layer {node.target!r}"
        mean, variance = (finite_numbers(t, where) for t in (layer.running_mean, layer.running_var))
        factor, shift = 1.0 / np.sqrt(variance + layer.eps), np.zeros_like(mean)
        if layer.affine:
            factor, shift = factor * finite_numbers(layer.weight, where), finite_numbers(layer.bias, where)
        each = [self.of_channels(node, x, v) for v in (factor, shift - mean * factor)]
        return x.affine(*each)

    def _activation(self, node: Any, called: str, args: Any, kwargs: Any, shared: bool) -> Any:
        named = {name: value for name, value in kwargs.items() if name != "input"}
        operands = [kwargs["input"], *args] if "input" in kwargs else list(args)
        if called in EXTREMES:
            operands, named = [*operands, *named.values()], {}
            if not all(hasattr(operand, "op") for operand in operands) or len(operands) < 2:
                raise self.refusal(node, f"{node.name!r} is a {called} over columns", "amax")
            operands.sort(key=lambda operand: operand not in self.values)  # max(a, b) = max(b, a)
        x, *others = operands
        try:
            return activate(_OnStream(self, node, shared), called, self._value(node, x), *others, **named)
        except TypeError as error:
            raise self.refusal(node, f"{node.name!r} is given options that are not read ({error})") from error

    def _sum(self, node: Any) -> Value:
        called, given = operation(node), _arguments(node, "input", "other", "alpha")
        x, y = self.terms(node, given["input"], given["other"])
        if called == "rsub":
            x, y = y, x
        factor = float(given.get("alpha", 1)) * (1.0 if called in ADD else -1.0)
        return self.stream.add(x, y if factor == 1.0 else y.scaled(factor))

    def terms(self, node: Any, *given: Any) -> list[Value]:
        """Operands as values of one shape; those that do not depend on the input become constants."""
        known = [self.values.get(g) if hasattr(g, "op") else g if isinstance(g, Value) else None for g in given]
        tensors = [
            torch.zeros((ROWS, *v.shape), dtype=torch.float64) if isinstance(v, Value) else self.tensor(g)
            for v, g in zip(known, given, strict=True)
        ]
        try:
            n_rows, *axes = np.broadcast_shapes(*(tensor.shape for tensor in tensors))
        except ValueError as error:
            raise self.refusal(node, f"{node.name!r} combines shapes that do not fit ({error})") from error
        shape, found = tuple(axes), []
        for v, tensor in zip(known, tensors, strict=True):
            if isinstance(v, Value):
                spread = lambda t: t.expand(t.shape[0], *shape)  # noqa: E731
                found.append(v if v.shape == shape else self.moved(node, v, spread))
                continue
            numbers = finite_numbers(tensor, f"{self.name}: {node.name!r}: a constant")
            rows = np.broadcast_to(numbers, (n_rows, *shape)).reshape(n_rows, -1)
            if n_rows != ROWS or np.any(rows != rows[0]):
                raise self.refusal(node, f"{node.name!r} has a constant that differs from row to row", "rows")
            found.append(self.stream.constant(rows[0].copy(), shape))
        return found

    def _join(self, node: Any) -> Any:
        parts = node.args[0] if node.args else node.kwargs["tensors"]
        parts = self.values.get(parts, ()) if hasattr(parts, "op") else parts
        parts = [self.values.get(part, part) if hasattr(part, "op") else part for part in parts]
        rows = [p for p in parts if isinstance(p, Value)]
        values = [p if isinstance(p, Value) else self._rows_of(node, p) for p in parts]
        if not rows:
            raise self.refusal(node, f"{node.name!r} joins parts of a list")
        whole = reduce(self.stream.concatenate, values)
        ends = np.cumsum([len(v) for v in values])[:-1].tolist()

        def call(t: Any) -> Any:
            pieces = torch.tensor_split(t, ends, dim=1)
            tensors = [p.reshape(p.shape[0], *v.shape) for p, v in zip(pieces, values, strict=True)]
            others = {k: v for k, v in node.kwargs.items() if k != "tensors"}
            return callable_of(node)(tensors, *node.args[1:], **others)

        return self.moved(node, whole, call)

    def _rows_of(self, node: Any, part: Any) -> Value:
        tensor = self.tensor(part)
        numbers = finite_numbers(tensor, f"{self.name}: {node.name!r}: a constant")
        if numbers.ndim == 0 or len(numbers) != ROWS or np.any(numbers != numbers[:1]):
            raise self.refusal(node, f"{node.name!r} joins rows", "rows")
        return self.stream.constant(numbers[0].ravel(), numbers.shape[1:])

    def _value(self, node: Any, argument: Any) -> Value:
        value = self.values.get(argument) if hasattr(argument, "op") else None
        if not isinstance(value, Value):
            raise self.refusal(
                node, f"{node.name!r} is applied to {argument}, which is no tensor that depends on the input"
            )
        return value

    def of_channels(self, node: Any, x: Value, numbers: Floats) -> Floats:
        """One number, or one per channel (the first axis of a row), for every entry."""
        if numbers.size == 1:
            return np.full(len(x), numbers.item())
        if not x.shape or numbers.shape != (x.shape[0],):
            raise self.refusal(node, f"{node.name!r} has {numbers.size} channels for rows of {x.shape} entries")
        return np.repeat(numbers, len(x) // numbers.size)

    #: Operations that are read in ways of their own; None from one of them: not with these arguments.
    readers = (
        dict.fromkeys(ADD | SUBTRACT | {"rsub"}, _sum)
        | dict.fromkeys(JOINS, _join)
        | {"linear": _layer, "addmm": _addmm, "dropout": _dropout, "getitem": _item, "getattr": _attribute}
    )


class _OnStream:
    """The algebra of ``activations`` over values."""

    def __init__(self, reader: Reader, node: Any, shared: bool) -> None:
        self.reader, self.node, self.shared = reader, node, shared

    def relu(self, x: Value) -> Value:
        return self.reader.stream.relu(x, self.shared)

    def leaky(self, x: Value, slope: Any) -> Value:
        where = f"{self.reader.name}: {self.node.name!r}: slope"
        numbers = finite_numbers(self.reader.tensor(slope), where)
        return self.reader.stream.leaky(x, self.reader.of_channels(self.node, x, numbers))

    def maximum(self, x: Value, y: Any) -> Value:
        return self.reader.stream.maximum(*self.reader.terms(self.node, x, y))

    def minimum(self, x: Value, y: Any) -> Value:
        return self.reader.stream.minimum(*self.reader.terms(self.node, x, y))

    def affine(self, x: Value, factor: float, shift: float) -> Value:
        return x.affine(factor, shift)


def _arguments(node: Any, *names: str) -> dict[str, Any]:
    """The arguments of a node by name, those by position included."""
    return {**dict(zip(names, node.args, strict=False)), **node.kwargs}


def _occurrences(node: Any, operands: list[Any]) -> list[Any]:
    """Every place of a node's arguments at which one of the operands stands."""
    found: list[Any] = []
    fx.map_arg((node.args, node.kwargs), lambda n: found.append(n) if n in operands else None)
    return found
