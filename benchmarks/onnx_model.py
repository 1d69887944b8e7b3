"""A model in ONNX, so that ONNX Runtime can be timed on the same network.

Knows the operators of the benchmark networks, no more. Images are turned to channels
first, as ONNX wants them; a transposition is left only where the network needs one. An
integer model becomes real operators between QuantizeLinear and DequantizeLinear, the
form that ONNX Runtime turns into integer kernels: scales are the same, and int8 tensors
are uint8, 128 higher, which its kernels for x86 prefer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from benchmarks.onnx_rules import RULES
from gossamer.errors import UnsupportedError
from gossamer.flatbuffer.read import read
from gossamer.ir.types import DType
from gossamer.lowering.specialize import specialize

if TYPE_CHECKING:
    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array, Shape

OPSET = 20
FIRST = (0, 3, 1, 2)
"""From channels last to channels first."""
LAST = (0, 2, 3, 1)
_TYPES: dict[DType, int] = {
    DType.FLOAT32: TensorProto.FLOAT,
    DType.INT8: TensorProto.UINT8,
    DType.INT32: TensorProto.INT32,
}


class Graph:
    """Collects ONNX nodes; a tensor has a name for each layout that was asked for."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._names: dict[tuple[Tensor, bool], str] = {}
        self._weights: dict[tuple[Tensor, tuple[int, ...]], str] = {}
        self._integers: dict[Tensor, str] = {}
        self._count = 0

    def fresh(self, prefix: str) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{prefix}_{self._count}"

    def add(self, kind: str, *inputs: str, count: int = 1, **attributes: Any) -> Any:
        """Add a node; its output's name, or a list of `count` names."""
        outputs = [self.fresh(kind) for _ in range(count)]
        made: Any = helper.make_node(kind, inputs, outputs, **attributes)
        self.nodes.append(made)
        return outputs[0] if count == 1 else outputs

    def constant(self, array: Array) -> str:
        """The name of a constant."""
        name = self.fresh("constant")
        made: Any = numpy_helper.from_array(np.array(array, order="C"), name)
        self.initializers.append(made)
        return name

    def is_first(self, tensor: Tensor) -> bool:
        """Whether a tensor was computed with channels first."""
        return (tensor, True) in self._names and (tensor, False) not in self._names

    def read(self, tensor: Tensor, *, first: bool = False) -> str:
        """The name of a tensor's real values, channels first if asked for."""
        key = (tensor, first)
        if key not in self._names:
            if tensor.data is not None:
                self._names[key] = self._known(tensor, first=first)
            else:
                other = self._names[tensor, not first]
                order = FIRST if first else LAST
                self._names[key] = self.add("Transpose", other, perm=order)
        return self._names[key]

    def _known(self, tensor: Tensor, *, first: bool) -> str:
        """A constant operand, in four dimensions if it meets channels first."""
        assert tensor.data is not None
        data = tensor.data
        if tensor.is_quantized and tensor.quantization:
            data = tensor.quantization.dequantize(data)
        if first:
            data = data.reshape((1,) * (4 - data.ndim) + data.shape).transpose(FIRST)
        return self.constant(data)

    def weights(self, tensor: Tensor, order: tuple[int, ...], axis: int) -> str:
        """Weights or a bias with axes in another order.

        Integers are dequantized in the graph; `axis` is that of their channels then.
        """
        key = (tensor, order)
        if key not in self._weights:
            self._weights[key] = self._add_weights(tensor, order, axis)
        return self._weights[key]

    def _add_weights(self, tensor: Tensor, order: tuple[int, ...], axis: int) -> str:
        assert tensor.data is not None
        data = tensor.data.transpose(order)
        quantization = tensor.quantization
        if quantization is None or not tensor.is_quantized:
            return self.constant(data)
        scale, zero = quantization.scale, np.zeros(len(quantization.scale), data.dtype)
        if len(scale) == 1:
            scale, zero = scale.reshape(()), zero.reshape(())
        names = (self.constant(each) for each in (data, scale, zero))
        return self.add("DequantizeLinear", *names, axis=axis)

    def start(self, tensor: Tensor, name: str) -> None:
        """An input of the whole model has this name."""
        if tensor.dtype is DType.INT8:
            name = self.add("DequantizeLinear", name, *self._scale(tensor))
        self._names[tensor, False] = name

    def write(self, tensor: Tensor, name: str, *, first: bool = False) -> None:
        """A tensor is computed: real values of this name, rounded where it asks."""
        if tensor.dtype is DType.INT8:
            scale = self._scale(tensor)
            self._integers[tensor] = self.add("QuantizeLinear", name, *scale)
            name = self.add("DequantizeLinear", self._integers[tensor], *scale)
        self._names[tensor, first] = name

    def _scale(self, tensor: Tensor) -> tuple[str, str]:
        assert tensor.quantization is not None
        scale, zero = tensor.quantization.pair()
        integer = self.constant(np.array(zero + 128, np.uint8))
        return self.constant(np.array(scale, np.float32)), integer

    def end(self, tensor: Tensor) -> str:
        """The name of an output of the whole model, in its own type and layout."""
        name = self.read(tensor)
        if tensor.dtype is not DType.INT8:
            return name
        if self.is_first(tensor) or tensor not in self._integers:
            return self.add("QuantizeLinear", name, *self._scale(tensor))
        return self._integers[tensor]


def to_onnx(data: bytes) -> bytes:
    """The bytes of an ONNX model that computes what a `.tflite` file does.

    Raises:
        UnsupportedError: an operator or an option that no benchmark network has.
    """
    subgraph, _ = specialize(read(data).main, {})
    graph = Graph()
    inputs: list[Any] = []
    for index, tensor in enumerate(subgraph.inputs):
        name = f"input_{index}"
        inputs.append(_information(name, tensor.dtype, tensor.shape))
        graph.start(tensor, name)
    _add_nodes(graph, subgraph)
    outputs = [_information(graph.end(y), y.dtype, y.shape) for y in subgraph.outputs]
    made: Any = helper.make_graph(
        graph.nodes, "main", inputs, outputs, graph.initializers
    )
    opset: Any = helper.make_opsetid("", OPSET)
    model: Any = helper.make_model(made, opset_imports=[opset], ir_version=9)
    check: Any = vars(checker)["check_model"]  # its types are in part unknown
    check(model)
    return bytes(model.SerializeToString())


def _add_nodes(graph: Graph, subgraph: Subgraph) -> None:
    for node in subgraph.nodes:
        rule = RULES.get(node.op.name)
        if rule is None:
            raise UnsupportedError(f"{node.op.name} has no rule for ONNX")
        rule(graph, node)


def _information(name: str, dtype: DType, shape: Shape) -> Any:
    return helper.make_tensor_value_info(name, _TYPES[dtype], shape)
