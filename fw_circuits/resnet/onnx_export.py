"""A :class:`ResNet` as an ONNX model: Gather, MatMul, Add, Relu and ScatterND over a stream of shape (width, N).

The coordinates come first, so that a block gathers those that it reads, multiplies by a small dense matrix, and
scatters its sums into those that it writes: a compiled network, sparse and thousands of coordinates wide, does not
become a stack of huge dense matrices.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._files import check_writable, write_atomically
from fw_circuits._optional import require
from fw_circuits._typing import Array
from fw_circuits.exceptions import BudgetError
from fw_circuits.resnet.checks import dtype_name
from fw_circuits.resnet.float32 import arranged
from fw_circuits.resnet.network import ResNet

#: Opset and format version: old enough for every runtime of the last years.  All operators here have float64 kernels
#: in onnxruntime from opset 13 on, which LeakyRelu, PRelu and Elu have not.
OPSET, IR_VERSION = 17, 8
MAX_BYTES = (1 << 31) - (1 << 20)


def to_onnx(net: ResNet, path: str | PathLike[str], dtype: str = "float64") -> None:
    """Write the network to a file; see :meth:`ResNet.to_onnx`."""
    onnx = require("onnx", "'fw_circuits[onnx]'", "to_onnx")
    kind = np.dtype(dtype_name(dtype))
    target = check_writable(path)
    model = _Graph(onnx, kind).build(arranged(net) if kind == np.float32 else net)
    onnx.checker.check_model(model, full_check=True)
    write_atomically(target, model.SerializeToString())


class _Graph:
    """Nodes and constants as they come; every method returns the name of its result."""

    def __init__(self, onnx: Any, dtype: np.dtype[Any]) -> None:
        self.onnx, self.dtype = onnx, dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.bytes = 0

    def build(self, net: ResNet) -> Any:
        """The model of a network."""
        stream = self._affine(net.A, net.a, self._call("Transpose", "X", perm=[1, 0]))
        for block in net.blocks:
            active = self._call("Relu", self._affine(block.V, block.b, stream))
            coordinates, write = block.written
            if not len(coordinates):
                continue
            before = self._call("Gather", stream, self._constant(coordinates), axis=0)
            after = self._call("Add", before, self._affine(write, None, active))
            stream = self._call("ScatterND", stream, self._constant(coordinates[:, None]), after)
        values, make, shape = self._affine(net.C, net.c, stream), self.onnx.helper, ["N", net.n_outputs]
        if net.n_outputs == 1:
            shape = ["N"]
            last = make.make_node("Squeeze", (values, self._constant(np.array([0]))), ["f"])
        else:
            last = make.make_node("Transpose", (values,), ["f"], perm=[1, 0])
        kind = make.np_dtype_to_tensor_dtype(self.dtype)
        inputs = [make.make_tensor_value_info("X", kind, ["N", net.n_features])]
        outputs = [make.make_tensor_value_info("f", kind, shape)]
        graph = make.make_graph([*self.nodes, last], "ResNet", inputs, outputs, self.constants)
        opsets = [make.make_opsetid("", OPSET)]
        return make.make_model(graph, producer_name="fw_circuits", ir_version=IR_VERSION, opset_imports=opsets)

    def _affine(self, matrix: sp.csr_array, bias: Array | None, source: str) -> str:
        """``matrix @ source + bias`` over the columns of the matrix that are not zero."""
        columns = np.unique(matrix.indices)
        if 0 < len(columns) < matrix.shape[1]:
            source = self._call("Gather", source, self._constant(columns), axis=0)
            matrix = matrix[:, columns]
        self.bytes += matrix.shape[0] * matrix.shape[1] * self.dtype.itemsize
        if self.bytes > MAX_BYTES:
            raise BudgetError(
                f"the network needs more than {MAX_BYTES >> 20} MiB as an ONNX model, the limit of one file; "
                "compile fewer or smaller circuits, or use dtype='float32'."
            )
        product = self._call("MatMul", self._constant(matrix.toarray()), source)
        return product if bias is None else self._call("Add", product, self._constant(bias[:, None]))

    def _call(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def _constant(self, array: Array) -> str:
        name = f"c{len(self.constants)}"
        kind = np.int64 if array.dtype.kind in "iu" else self.dtype
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(array, dtype=kind), name))
        return name
