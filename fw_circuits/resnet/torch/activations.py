"""The piecewise linear operations that are read, each from relus and affine maps alone.

They are written once, for anything that has the methods of :class:`Algebra`: values on a residual stream when a module
is read, tensors when its path norm is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import nn


class Algebra(Protocol):
    """What the operations are made of; operands of ``maximum`` may also be constants."""

    def relu(self, x: Any) -> Any:
        """``max(x, 0)``."""

    def leaky(self, x: Any, slope: Any) -> Any:
        """``x`` where it is positive, ``slope x`` elsewhere; a slope for all, or one per channel."""

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger one."""

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller one."""

    def affine(self, x: Any, factor: float, shift: float) -> Any:
        """``factor x + shift``."""


def _clamp(a: Algebra, x: Any, min: Any = None, max: Any = None) -> Any:
    x = x if min is None else a.maximum(x, min)
    return x if max is None else a.minimum(x, max)


#: By the names of torch; options as there, of which that of working in place (``*_``) changes nothing.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "relu": lambda a, x, *_: a.relu(x),
    "relu6": lambda a, x, *_: _clamp(a, x, 0.0, 6.0),
    "hardtanh": lambda a, x, min_val=-1.0, max_val=1.0, *_: _clamp(a, x, min_val, max_val),
    "hardsigmoid": lambda a, x, *_: _clamp(a, a.affine(x, 1.0 / 6.0, 0.5), 0.0, 1.0),
    "leaky_relu": lambda a, x, negative_slope=0.01, *_: a.leaky(x, negative_slope),
    "prelu": lambda a, x, weight: a.leaky(x, weight),
    "abs absolute": lambda a, x: a.leaky(x, -1.0),
    "clamp clip": _clamp,
    "clamp_min": lambda a, x, min: a.maximum(x, min),
    "clamp_max": lambda a, x, max: a.minimum(x, max),
    "maximum max fmax": lambda a, x, other: a.maximum(x, other),
    "minimum min fmin": lambda a, x, other: a.minimum(x, other),
}
ACTIVATIONS = {name: operation for names, operation in OPERATIONS.items() for name in names.split()}


def activate(algebra: Algebra, name: str, x: Any, *args: Any, **options: Any) -> Any:
    """The operation of this name, with the arguments that torch would get."""
    options.pop("inplace", None)
    return ACTIVATIONS[name](algebra, x, *args, **options)


#: Layers of torch in evaluation: the operation that each is, and its arguments.
LAYERS: dict[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    nn.ReLU: ("relu", lambda layer: {}),
    nn.ReLU6: ("relu6", lambda layer: {}),
    nn.Hardtanh: ("hardtanh", lambda layer: {"min_val": layer.min_val, "max_val": layer.max_val}),
    nn.Hardsigmoid: ("hardsigmoid", lambda layer: {}),
    nn.LeakyReLU: ("leaky_relu", lambda layer: {"negative_slope": layer.negative_slope}),
    nn.RReLU: ("leaky_relu", lambda layer: {"negative_slope": (layer.lower + layer.upper) / 2}),
    nn.PReLU: ("prelu", lambda layer: {"weight": layer.weight}),
}


def of_layer(layer: nn.Module) -> tuple[str, dict[str, Any]] | None:
    """The operation that a layer is, in evaluation, with its arguments; None if it is none of them."""
    if type(layer) not in LAYERS:
        return None
    name, arguments = LAYERS[type(layer)]
    return name, arguments(layer)
