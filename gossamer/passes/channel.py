"""Per-channel arithmetic after a linear layer, and the layer's own weights and bias.

A linear layer here is a convolution, transposed or not, or FULLY_CONNECTED in float32,
with constant weights; its output channels are the last dimension of its output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.conv_3d import Conv3D
from gossamer.ops.conv_3d_transpose import Conv3DTranspose
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.transpose_conv import TransposeConv
from gossamer.passes.base import Skip

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array

LinearOp: TypeAlias = (
    Conv2D | DepthwiseConv2D | FullyConnected | Conv3D | TransposeConv | Conv3DTranspose
)

_CHANNEL_AXES: dict[type[Op], int] = {
    DepthwiseConv2D: 3,
    Conv3D: 4,
    Conv3DTranspose: 3,
}
"""The axis of the output channels in the weights, where it is not the first."""


@dataclass(frozen=True, slots=True)
class LinearLayer:
    """A linear node with its constants taken out."""

    node: Node
    op: LinearOp
    weights: Array  # as the operator lays them out, float32
    bias: Array | None  # (channels,), float32
    axis: int  # of the output channels in `weights`

    @property
    def channels(self) -> int:
        return self.weights.shape[self.axis]

    def along_channels(self, values: Array) -> Array:
        """(channels,) -> a shape that broadcasts against `weights`."""
        shape = [1] * self.weights.ndim
        shape[self.axis] = -1
        return values.reshape(shape)

    def joined(
        self,
        after: Node,
        activation: str,
        *,
        weights: Array | None = None,
        bias: Array | None = None,
    ) -> Node:
        """This layer with other constants, computing what `after` computed."""
        old = self.node.input(1)
        kernel = old
        if weights is not None:
            kernel = replace(old, data=weights.astype(np.float32))
        offset = self.node.optional(_bias_place(self.op))
        if bias is not None:
            offset = self._bias_tensor(after, bias.astype(np.float32))
        op = replace(self.op, fused_activation_function=activation)
        inputs: tuple[Tensor | None, ...] = (self.node.input(0), kernel)
        if _bias_place(self.op) == 3:
            inputs = (*inputs, self.node.input(2))
        return replace(
            self.node,
            op=op,
            inputs=inputs if offset is None else (*inputs, offset),
            outputs=after.outputs,
            version=0,
        )

    def _bias_tensor(self, after: Node, bias: Array) -> Tensor:
        old = self.node.optional(_bias_place(self.op))
        if old is not None:
            return replace(old, data=bias)
        type_ = TensorType(DType.FLOAT32, (self.channels,))
        return Tensor(f"{after.output.name}/bias", type_, bias)


def _bias_place(op: LinearOp) -> int:
    """Which input is the bias: transposed operators have x as the third."""
    return 3 if isinstance(op, TransposeConv | Conv3DTranspose) else 2


def linear_layer(node: Node) -> LinearLayer | Skip | None:
    """The parts of a linear node; None where it is another operator."""
    op = node.op
    if not isinstance(op, LinearOp) or len(node.inputs) < 2:
        return None
    axis = _CHANNEL_AXES.get(type(op), 0)
    if op.fused_activation_function != "none":
        return Skip(f"{node.op.name} has a fused activation in between")
    weights, bias = node.inputs[1], node.optional(_bias_place(op))
    if not _is_plain_constant(weights):
        return Skip(f"the weights of {node.op.name} are not a float32 constant")
    if bias is not None and not _is_plain_constant(bias):
        return Skip(f"the bias of {node.op.name} is not a float32 constant")
    data = _data(weights)
    if data.ndim <= axis:
        return Skip(f"the weights of {node.op.name} have {data.ndim} dimensions")
    return LinearLayer(node, op, data, None if bias is None else _data(bias), axis)


def channel_constant(node: Node, layer: LinearLayer) -> Array | Skip:
    """The constant operand of `node` as one value per output channel: (channels,)."""
    constants = [x for x in node.inputs if _is_plain_constant(x)]
    if not constants:
        return Skip("its other operand is not a float32 constant")
    values = _data(constants[0])
    shape = values.shape
    per_channel = values.size in (1, layer.channels) and all(
        size == 1 for size in shape[:-1]
    )
    if not per_channel or len(shape) > len(layer.node.output.shape):
        return Skip(f"its constant has shape {list(shape)}, not one value a channel")
    return np.broadcast_to(values.reshape(-1), (layer.channels,))


def _is_plain_constant(tensor: Tensor | None) -> bool:
    return (
        tensor is not None
        and tensor.data is not None
        and tensor.dtype is DType.FLOAT32
        and tensor.sparsity is None
        and not tensor.is_quantized
    )


def _data(tensor: Tensor | None) -> Array:
    if tensor is None or tensor.data is None:
        raise ValueError("the tensor is not a constant")
    return tensor.data
