"""Make a clamp (RELU, RELU6, RELU_N1_TO_1) part of the operator before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.conv_3d import Conv3D
from gossamer.ops.conv_3d_transpose import Conv3DTranspose
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.pool import AveragePool2D, MaxPool2D
from gossamer.ops.relu import Relu, Relu6, ReluN1To1
from gossamer.ops.transpose_conv import TransposeConv
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.ir.op import Op
    from gossamer.passes.base import Note

_NAMES: dict[type[Op], str] = {Relu: "relu", Relu6: "relu6", ReluN1To1: "relu_n1_to_1"}


def fuse_activation(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every clamp that follows an operator with a fused activation."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    activation = _NAMES.get(type(node.op))
    if activation is None:
        return None
    op = producer.op
    if not isinstance(
        op,
        Conv2D
        | DepthwiseConv2D
        | FullyConnected
        | Add
        | Sub
        | Mul
        | Div
        | AveragePool2D
        | MaxPool2D
        | Conv3D
        | Conv3DTranspose
        | TransposeConv,
    ):
        return Skip(f"{op.name} has no fused activation")
    if op.fused_activation_function != "none":
        return Skip(f"{op.name} has {op.fused_activation_function} fused already")
    if node.output.dtype is not DType.FLOAT32:
        return Skip("fusing quantized values would drop a rounding step")
    fused = replace(op, fused_activation_function=activation)
    return replace(producer, op=fused, outputs=node.outputs)


FUSE_ACTIVATION = Pass("fuse_activation", fuse_activation)
