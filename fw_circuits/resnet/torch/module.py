"""``ResidualMLP``: the layered form of a :class:`ResNet` as a PyTorch module, and the way there and back.

The module has the submodules ``encoder`` (A, a), ``blocks[l].expand`` (V_l, b_l), ``blocks[l].contract`` (W_l) and
``readout`` (C, c).  A compiled network is thousands of neurons wide and has a few entries per row: such a matrix is
kept sparse, with its non-zero entries as one trainable parameter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from fw_circuits._typing import Floats
from fw_circuits.exceptions import BudgetError
from fw_circuits.resnet.checks import dtype_name
from fw_circuits.resnet.float32 import arranged
from fw_circuits.resnet.network import Block, ResNet

#: A matrix with more entries than this, of which at most a quarter is not zero, is kept sparse.
SPARSE_ABOVE = 1 << 16
#: Dense layers may take this much, the limit of one ONNX file.
MAX_DENSE_BYTES = (1 << 31) - (1 << 20)


class SparseLinear(nn.Module):
    """``x -> x M^T + bias`` for a sparse M: ``values`` are its entries in row order, ``indices`` their places."""

    indices: Tensor

    def __init__(self, matrix: sp.csr_array, bias: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.out_features, self.in_features = matrix.shape
        entries = matrix.tocoo()
        self.register_buffer("indices", torch.from_numpy(np.stack(entries.coords).astype(np.int64)))
        self.values = nn.Parameter(torch.from_numpy(entries.data.copy()).to(dtype))
        self.bias = nn.Parameter(torch.zeros(self.out_features, dtype=dtype)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_features) -> (N, out_features)."""
        shape = (self.out_features, self.in_features)
        is_exporting = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)
        if is_exporting() or torch.onnx.is_in_onnx_export():  # neither knows sparse tensors
            zeros = torch.zeros(shape, dtype=self.values.dtype, device=self.values.device)
            matrix = zeros.index_put((self.indices[0], self.indices[1]), self.values)
            return nn.functional.linear(x, matrix, self.bias)
        matrix = torch.sparse_coo_tensor(self.indices, self.values, shape, check_invariants=False, is_coalesced=True)
        y: Tensor = torch.sparse.mm(matrix, x.T).T
        return y if self.bias is None else y + self.bias

    def to_scipy(self) -> sp.csr_array:
        """The matrix in float64."""
        rows, columns = self.indices.cpu().numpy()
        values = self.values.detach().cpu().double().numpy()
        return sp.csr_array((values, (rows, columns)), shape=(self.out_features, self.in_features))

    def extra_repr(self) -> str:
        """The sizes, for ``print``."""
        return f"{self.in_features}, {self.out_features}, non-zeros={self.values.numel()}"


class ResidualBlock(nn.Module):
    """``x -> x + contract(relu(expand(x)))``."""

    def __init__(self, expand: nn.Module, contract: nn.Module) -> None:
        super().__init__()
        self.expand, self.contract = expand, contract

    def forward(self, x: Tensor) -> Tensor:
        """The stream after the block."""
        update: Tensor = self.contract(torch.relu(self.expand(x)))
        return x + update


class ResidualMLP(nn.Module):
    """A residual ReLU network; (N, n_features) -> (N,) for one output, else (N, n_outputs).

    ``depth`` blocks of ``neurons`` (default: ``width``) on a stream of ``width``.  Drawn so that the output is of
    order 1 at every depth: V by He's rule, A and C by 1/sqrt(fan-in), W the same times 1/depth.
    """

    def __init__(
        self,
        n_features: int,
        width: int,
        depth: int,
        n_outputs: int = 1,
        neurons: int | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        n = width if neurons is None else neurons
        self.encoder: nn.Module = nn.Linear(n_features, width, dtype=dtype)
        self.blocks = nn.ModuleList(
            ResidualBlock(nn.Linear(width, n, dtype=dtype), nn.Linear(n, width, bias=False, dtype=dtype))
            for _ in range(depth)
        )
        self.readout: nn.Module = nn.Linear(width, n_outputs, dtype=dtype)
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Linear):
                gain = 2.0**0.5 if name.endswith("expand") else 1.0
                shrink = depth if name.endswith("contract") else 1
                nn.init.normal_(layer.weight, std=gain * layer.in_features**-0.5 / shrink)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_features) -> (N,) for one output, else (N, n_outputs)."""
        stream = self.encoder(x)
        for block in self.blocks:
            stream = block(stream)
        values: Tensor = self.readout(stream)
        return values.squeeze(1) if self.readout.out_features == 1 else values


def to_torch(net: ResNet, dtype: Any = "float64", dense: bool = False) -> ResidualMLP:
    """The network as a ``ResidualMLP``; see :meth:`ResNet.to_torch`."""
    name = dtype_name(dtype)
    number: torch.dtype = getattr(torch, name)
    net = arranged(net) if name == "float32" else net
    n_bytes = number.itemsize * sum(m.shape[0] * m.shape[1] for m in net.matrices)
    if dense and n_bytes > MAX_DENSE_BYTES:
        raise BudgetError(
            f"dense layers would take {n_bytes >> 20} MiB, above {MAX_DENSE_BYTES >> 20}; expected a smaller network: "
            "compile fewer or smaller circuits, use dtype='float32', or leave out dense=True."
        )
    module = ResidualMLP.__new__(ResidualMLP)
    nn.Module.__init__(module)
    module.encoder = _layer(net.A, net.a, number, dense)
    module.blocks = nn.ModuleList(
        ResidualBlock(_layer(block.V, block.b, number, dense), _layer(block.W, None, number, dense))
        for block in net.blocks
    )
    module.readout = _layer(net.C, net.c, number, dense)
    return module.eval()


def _layer(matrix: sp.csr_array, bias: Floats | None, dtype: torch.dtype, dense: bool) -> nn.Module:
    """A linear layer with these entries, dense or sparse."""
    rows, columns = matrix.shape
    layer: SparseLinear | nn.Linear
    if not dense and rows * columns > SPARSE_ABOVE and 4 * matrix.nnz <= rows * columns:
        layer = SparseLinear(matrix, bias is not None, dtype)
    else:  # made without memory, so that nothing is drawn
        layer = nn.Linear(columns, rows, bias=bias is not None, dtype=dtype, device="meta")
        layer.weight = nn.Parameter(torch.from_numpy(matrix.toarray()).to(dtype))
    if bias is not None:
        layer.bias = nn.Parameter(torch.from_numpy(bias.copy()).to(dtype))
    return layer


def from_residual_mlp(module: ResidualMLP) -> ResNet:
    """The ``ResNet`` with the parameters of a ``ResidualMLP``, entry by entry."""
    blocks = tuple(
        Block(_matrix(block.expand), _vector(block.expand), _matrix(block.contract)) for block in module.blocks
    )
    encoder, readout = module.encoder, module.readout
    return ResNet(_matrix(encoder), _vector(encoder), blocks, _matrix(readout), _vector(readout))


def _matrix(layer: Any) -> Any:
    """Weights of either kind of layer, in float64."""
    if isinstance(layer, SparseLinear):
        return layer.to_scipy()
    return layer.weight.detach().cpu().double().numpy()


def _vector(layer: Any) -> Any:
    return layer.bias.detach().cpu().double().numpy()
