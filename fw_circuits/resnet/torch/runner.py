"""Operations of a module on values of a residual stream, found out by running them on tensors.

What only moves entries is run on the entries' numbers, what is linear on the unit vectors; both show whether the rows
stay apart.  What does not depend on the input is computed for as many rows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import fx

from fw_circuits.exceptions import InputError
from fw_circuits.resnet.torch.hints import hint
from fw_circuits.resnet.torch.stream import Stream, Value

#: Rows of the tensors that entries are followed with; unit vectors of a pass.
ROWS, UNITS = 3, 1024


class Runner:
    """A module, the values of its graph's nodes (tuples for several at once), and the stream that they live on."""

    def __init__(self, module: Any, n_features: int) -> None:
        self.module, self.name = module, type(module).__name__
        self.values: dict[Any, Any] = {}
        self.stream = Stream(n_features)

    def moved(self, node: Any, x: Value, call: Callable[[Any], Any]) -> Any:
        """What an operation makes of a value whose entries it only moves or drops: a value, or several in a tuple."""
        n = len(x)
        numbers = torch.arange(ROWS * n, dtype=torch.float64).reshape(ROWS, *x.shape)
        found = self._try(node, call, numbers)
        several = isinstance(found, tuple | list)
        if several:
            self.stream.settle(x)
        values = []
        for tensor in found if several else [found]:
            rows = tensor.reshape(tensor.shape[0], -1).numpy() if tensor.ndim else np.zeros((1, 1))
            if len(rows) != ROWS or np.any(rows != rows[:1] + n * np.arange(ROWS)[:, None]):
                raise self.refusal(node, f"{node.name!r} joins, moves or drops rows", "rows")
            values.append(x.selected(rows[0].astype(np.intp), tuple(tensor.shape[1:])))
        return tuple(values) if several else values[0]

    def mapped(self, node: Any, x: Value, call: Callable[[Any], Any]) -> Value:
        """What a linear operation makes of a value (``pad``: an affine one)."""
        n, columns, shift, shape = len(x), [], np.zeros(0), x.shape
        for start in range(0, max(n, 1), UNITS):
            m = min(UNITS, n - start)
            units = torch.zeros((m + 2, n), dtype=torch.float64)
            units[torch.arange(m) + 1, start + torch.arange(m)] = 1.0
            found = self._try(node, call, units.reshape(m + 2, *x.shape))
            if not found.ndim or found.shape[0] != m + 2:
                raise self.refusal(node, f"{node.name!r} joins rows", "rows")
            rows, shape = found.reshape(m + 2, -1).numpy(), tuple(found.shape[1:])
            if not np.all(np.isfinite(rows)):
                raise self.refusal(node, f"{node.name!r} divides by 0, or by NaN or infinity", "finite")
            if np.any(rows[0] != rows[-1]):
                raise self.refusal(node, f"{node.name!r} mixes rows", "rows")
            shift = rows[0]
            columns.append(sp.csr_array((rows[1:-1] - shift).T))
        return x.mapped(sp.hstack(columns, format="csr"), shift, shape)

    def _try(self, node: Any, call: Callable[[Any], Any], tensor: Any) -> Any:
        try:
            with torch.no_grad():
                return call(tensor)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            what = f"{node.name!r} cannot be applied to {tuple(tensor.shape)[1:]} columns per row ({error})"
            raise self.refusal(node, what, "shape") from error

    def run(self, node: Any, n_rows: int, given: dict[Any, Any]) -> Any:
        """The node on these tensors, everything else computed for as many rows."""

        def tensor(n: Any) -> Any:
            return given[n] if n in given else self.constant(n, n_rows)

        args, kwargs = (fx.map_arg(a, tensor) for a in (node.args, node.kwargs))
        if node.op == "call_module":
            return self.module.get_submodule(node.target)(*args, **kwargs)
        return callable_of(node)(*args, **kwargs)

    def constant(self, node: Any, n_rows: int) -> Any:
        """What a node that does not depend on the values of the input computes, for this many rows."""
        if node.op == "get_attr":
            found: Any = attrgetter(node.target)(self.module)
        elif node in self.values:
            if isinstance(self.values[node], tuple):
                raise self.refusal(node, f"{node.name!r} is several tensors where one is expected")
            found = torch.zeros((n_rows, *self.values[node].shape), dtype=torch.float64)
        else:
            found = self.run(node, n_rows, {})
        if isinstance(found, torch.Tensor):
            found = found.detach()
            return found.double() if found.is_floating_point() else found
        return found

    def tensor(self, argument: Any) -> Any:
        """A constant operand as a tensor, for ROWS rows; None stays None."""
        if hasattr(argument, "op"):
            argument = self.constant(argument, ROWS)
        return None if argument is None else torch.as_tensor(argument, dtype=torch.float64)

    def refusal(self, node: Any, what: str, about: str = "") -> InputError:
        return InputError(
            f"{self.name} is not a residual ReLU MLP: {what} (node {node.name!r}{_line(node)}). "
            + hint(about or operation(node))
        )


def operation(node: Any) -> str:
    """The name of what a node calls, without the mark of an operation in place."""
    target = node.target
    name = target if isinstance(target, str) else target.__name__.partition(".")[0]
    return str(name).rstrip("_")


def callable_of(node: Any) -> Callable[..., Any]:
    """What a node calls, as a function."""
    target: str | Callable[..., Any] = node.target
    if isinstance(target, str):
        return lambda x, *args, **kwargs: getattr(x, target)(*args, **kwargs)
    return target


def _line(node: Any) -> str:
    """The last line of the module's own code that led to a node."""
    frames = re.findall(r'File "([^"]*)", line (\d+), in [^\n]*\n([^\n]*)', node.stack_trace or "")
    own = [
        (line, code)
        for path, line, code in frames
        if f"{os.sep}torch{os.sep}" not in path and "fw_circuits" not in path
    ]
    return f", line {own[-1][0]}: {own[-1][1].strip()[:80]}" if own else ""


def finite_numbers(tensor: Any, where: str) -> Any:
    """Finite float64 numbers of a tensor, a sparse matrix or a number."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu().double().numpy()
    values = tensor if sp.issparse(tensor) else np.asarray(tensor, dtype=np.float64)
    if not np.all(np.isfinite(values.data if sp.issparse(values) else values)):
        raise InputError(f"{where} contains NaN or infinity; expected finite entries.")
    return values
