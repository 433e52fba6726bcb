"""``ResNet``: the layered form that the theory measures (section 6).

``alpha_0 = A x + a``,  ``alpha_l = alpha_{l-1} + W_l relu(V_l alpha_{l-1} + b_l)``,  ``f = C alpha_L + c``,
with sparse matrices.  alpha is the *residual stream*, its entries are *coordinates*, a row of V_l is a *neuron*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._optional import require
from fw_circuits._tables import as_array
from fw_circuits._typing import Array, Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.checks import freeze

if TYPE_CHECKING:
    from fw_circuits.resnet.measure.complexity import Complexity
    from fw_circuits.resnet.measure.pruning import Pruning

#: Rows of X that go through the network together: as many as keep the stream within these bytes.
BLOCK_BYTES = 1 << 21


@dataclass(frozen=True, eq=False)
class Block:
    """One residual block, ``alpha + W relu(V alpha + b)``; n neurons on a stream of the given width.

    Parameters
    ----------
    V, b, W : (n, width), (n,), (width, n)
        Matrices may be sparse or dense.

    Raises
    ------
    InputError
        If the shapes do not fit together or an entry is not finite.
    """

    V: sp.csr_array
    b: Floats
    W: sp.csr_array

    def __post_init__(self) -> None:
        freeze(self, matrices=("V", "W"), vectors=("b",))
        if self.b.shape != (self.V.shape[0],) or self.W.shape != self.V.shape[::-1]:
            raise InputError(
                f"a block has V {self.V.shape}, b {self.b.shape}, W {self.W.shape}; "
                "expected (n, width), (n,), (width, n)."
            )

    @property
    def n_neurons(self) -> int:
        """Number of neurons of the block."""
        return int(self.V.shape[0])

    @cached_property
    def written(self) -> tuple[Array, sp.csr_array]:
        """Coordinates that the block writes to, and the rows of W that do it."""
        coordinates = np.flatnonzero(np.diff(self.W.indptr))
        return coordinates, self.W[coordinates]

    def advance(self, stream: Floats) -> None:
        """Add the block's output to a stream of shape (width, rows), in place."""
        active = self.V @ stream
        active += self.b[:, None]
        np.maximum(active, 0.0, out=active)
        coordinates, write = self.written
        stream[coordinates] += write @ active


@dataclass(frozen=True, eq=False)
class ResNet:
    """A residual ReLU network in float64; immutable.

    Parameters
    ----------
    A, a : (width, n_features), (width,)
        Of the encoder; matrices may be sparse or dense.
    blocks : iterable
        Of Block or (V, b, W).
    C, c : (n_outputs, width), (n_outputs,)
        Of the readout.
    feature_names : sequence of str, optional
        Names of the inputs; ``Solution.to_resnet`` gives those of the solution.

    Raises
    ------
    InputError
        If the shapes do not fit together or an entry is not finite.

    Examples
    --------
    The absolute value, ``-x + 2 relu(x)``:

    >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
    >>> net.forward([[-3.0], [2.0]]).tolist()
    [3.0, 2.0]
    >>> net.n_neurons, net.depth, net.n_nonzeros
    (1, 1, 4)
    >>> ResNet([[-1.0]], [0.0], [([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0]).n_neurons
    1
    """

    A: sp.csr_array
    a: Floats
    blocks: tuple[Block, ...]
    C: sp.csr_array
    c: Floats
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, matrices=("A", "C"), vectors=("a", "c"))
        object.__setattr__(self, "feature_names", tuple(map(str, self.feature_names)))
        object.__setattr__(self, "blocks", tuple(_blocks(self.blocks)))
        width = self.A.shape[0]
        if self.a.shape != (width,) or self.C.shape[1] != width or self.c.shape != (self.C.shape[0],):
            raise InputError(
                f"A {self.A.shape}, a {self.a.shape}, C {self.C.shape}, c {self.c.shape} do not fit; "
                "expected (width, features), (width,), (outputs, width), (outputs,)."
            )
        if self.feature_names and len(self.feature_names) != self.n_features:
            raise InputError(f"{len(self.feature_names)} feature_names for {self.n_features} inputs; expected as many.")
        for l, block in enumerate(self.blocks):
            if block.V.shape[1] != width:
                raise InputError(f"block {l} is for a stream of width {block.V.shape[1]}; this one has {width}.")

    @property
    def n_features(self) -> int:
        """Number of inputs."""
        return int(self.A.shape[1])

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return int(self.C.shape[0])

    @property
    def width(self) -> int:
        """Number of coordinates of the residual stream."""
        return int(self.A.shape[0])

    @property
    def depth(self) -> int:
        """Number of residual blocks."""
        return len(self.blocks)

    @property
    def n_neurons(self) -> int:
        """Number of neurons of all blocks."""
        return sum(block.n_neurons for block in self.blocks)

    @property
    def n_nonzeros(self) -> int:
        """Stored entries of all matrices (biases not counted)."""
        return sum(int(matrix.nnz) for matrix in self.matrices)

    @property
    def matrices(self) -> list[sp.csr_array]:
        """A and C, then V and W of each block."""
        return [self.A, self.C, *(matrix for block in self.blocks for matrix in (block.V, block.W))]

    def prune(self, n: float, random_state: int | np.random.Generator | None = None, **options: Any) -> Pruning:
        """Keep about n neurons at random; parameters and errors are those of :func:`fw_circuits.resnet.prune`.

        Examples
        --------
        >>> net = ResNet([[1.0]], [0.0], [([[1.0]] * 100, [0.0] * 100, [[0.01] * 100])], [[1.0]], [0.0])
        >>> net.prune(25, random_state=0, domain=(0.0, 1.0)).n_kept
        22
        """
        from fw_circuits.resnet.measure.pruning import prune

        return prune(self, n, random_state, **options)

    def forward(self, X: Any) -> Floats:
        """Outputs at the rows of X, block of rows by block of rows.

        Parameters
        ----------
        X : (N, n_features) of finite numbers
            Columns of a table with names are matched with ``feature_names``, if the network has them.

        Returns
        -------
        (N,) float64 for one output, else (N, n_outputs)

        Raises
        ------
        InputError
            If X has another shape or contains NaN or infinity.
        """
        rows = as_array(X, self.feature_names or None)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise InputError(f"X has shape {rows.shape}; expected (N, {self.n_features}).")
        if rows.dtype.kind not in "buif":
            raise InputError(f"X has type {rows.dtype}; expected real numbers.")
        values = np.empty((len(rows), self.n_outputs))
        step = min(max(16, BLOCK_BYTES // (8 * max(1, self.width))), 1024)
        for start in range(0, len(rows), step):
            x = np.ascontiguousarray(rows[start : start + step].T, dtype=np.float64)
            if not np.all(np.isfinite(x)):
                raise InputError("X contains NaN or infinity; impute or drop these rows first.")
            stream = np.asarray(self.A @ x) + self.a[:, None]
            for block in self.blocks:
                block.advance(stream)
            values[start : start + step] = (self.C @ stream + self.c[:, None]).T
        return values[:, 0] if self.n_outputs == 1 else values

    def to_torch(self, dtype: Any = "float64", *, dense: bool = False) -> Any:
        """The network as a ``torch.nn.Module`` with trainable parameters; needs PyTorch.

        Parameters
        ----------
        dtype : {"float64", "float32"} or the torch.dtype of that name
            Of the parameters and of the input.  In float32 the network errs by about 1e-6 of its largest values; but x
            is rounded too: subtract large offsets of its columns, in float64, before the fit.
        dense : bool
            Whether all layers are ``Linear``.  Default: large matrices with few entries are ``SparseLinear``, which
            ``torch.export`` and ``torch.onnx.export`` make dense.

        Returns
        -------
        ResidualMLP
            Maps (N, n_features) to (N,) for one output, else (N, n_outputs), as :meth:`forward` does.

        Raises
        ------
        InputError
            PyTorch is not installed, another dtype, or entries beyond the range of float32.
        BudgetError
            Dense layers would take more than 2 GiB.

        Examples
        --------
        >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
        >>> import torch  # doctest: +SKIP
        >>> net.to_torch()(torch.tensor([[-3.0], [2.0]], dtype=torch.float64)).tolist()  # doctest: +SKIP
        [3.0, 2.0]
        """
        require("torch", "'fw_circuits[torch]'", "to_torch")
        from fw_circuits.resnet.torch.module import to_torch

        return to_torch(self, dtype, dense)

    @classmethod
    def from_torch(cls, module: Any, n_features: int | None = None) -> ResNet:
        """The network that a piecewise linear MLP of PyTorch computes, in evaluation mode; needs PyTorch.

        Parameters
        ----------
        module : torch.nn.Module or torch.export.ExportedProgram
            One input of shape (N, features), one output.  Any arrangement that torch.fx can trace of ``Linear``,
            ``BatchNorm1d``, ``Dropout``, ``Flatten``; relu, its leaky and clipped kinds, abs, maximum, minimum;
            sums, products with numbers or parameters; slices, reshapes, sums, means and ``torch.cat`` of columns.
            A residual MLP keeps its stream, V_l and W_l; anything else becomes exact with a wider stream.
        n_features : int, optional
            Columns of the input.  Default: what the first linear layer reads if the module runs with it, else the
            fewest with which it runs.

        Returns
        -------
        ResNet
            Equal to the module at random points up to rounding: this is checked.

        Raises
        ------
        InputError
            PyTorch is not installed; another operation (named, with what to do); NaN or infinity in a parameter;
            shapes that do not fit; a forward pass that cannot be traced.

        Examples
        --------
        >>> from torch import nn  # doctest: +SKIP
        >>> ResNet.from_torch(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))).n_neurons  # doctest: +SKIP
        8
        """
        require("torch", "'fw_circuits[torch]'", "from_torch")
        from fw_circuits.resnet.torch.importer import from_torch

        return from_torch(module, n_features)

    def to_onnx(self, path: str | PathLike[str], dtype: str = "float64") -> None:
        """Write the network as an ONNX model, input ``X`` (N, n_features), output ``f`` as of :meth:`forward`.

        Needs the package onnx.  The file is written beside its target and then renamed.

        Parameters
        ----------
        path : path-like
            A file that is made, or replaced.
        dtype : {"float64", "float32"}
            Of the parameters, the input and the output; see :meth:`to_torch`.

        Raises
        ------
        InputError
            onnx is not installed, the path cannot be written, another dtype, or entries beyond the range of float32.
        BudgetError
            The model would not fit into the 2 GiB of an ONNX file.

        Examples
        --------
        >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
        >>> net.to_onnx("absolute.onnx")  # doctest: +SKIP
        """
        from fw_circuits.resnet.onnx_export import to_onnx

        to_onnx(self, path, dtype)

    def complexity(
        self, domain: Any = None, geometry: str = "l1", activation: str = "sup", method: str = "affine", **options: Any
    ) -> Complexity:
        """A bracket of R(theta), certified from above and attained from below.

        Parameters and errors are those of :func:`fw_circuits.resnet.measure.complexity.complexity`.

        Examples
        --------
        >>> net = ResNet([[-1.0]], [0.0], [Block([[-1.0]], [0.0], [[2.0]])], [[1.0]], [0.0])
        >>> net.complexity(domain=(-1.0, 3.0)).ratio < 1.001
        True
        """
        from fw_circuits.resnet.measure.complexity import complexity

        return complexity(self, domain, geometry, activation, method, **options)


def check_network(resnet: Any) -> None:
    """Refuse what is no ResNet."""
    if not isinstance(resnet, ResNet):
        raise InputError(
            f"resnet is a {type(resnet).__name__}; expected a ResNet, as of Solution.to_resnet or ResNet.from_torch."
        )


def _blocks(given: Any) -> Iterator[Block]:
    """The blocks that a caller means: each a Block, or its parts."""
    if isinstance(given, Block | str) or not isinstance(given, Iterable):
        raise InputError(f"blocks is a {type(given).__name__}; expected a sequence of Block or (V, b, W), [] for none.")
    for l, block in enumerate(given):
        if isinstance(block, Block):
            yield block
            continue
        if not isinstance(block, tuple | list) or len(block) != 3:
            many = f" of {len(block)}" if isinstance(block, tuple | list) else ""
            raise InputError(
                f"block {l} is a {type(block).__name__}{many}; expected a Block or (V, b, W): "
                "a single block is [(V, b, W)]."
            )
        try:
            yield Block(*block)
        except InputError as error:
            raise InputError(f"block {l}: {error}") from error
