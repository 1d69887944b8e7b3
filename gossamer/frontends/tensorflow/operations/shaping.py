"""Rules of shapes: reshaping, broadcasting, and shapes as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.parts import shaping
from gossamer.frontends.tensorflow.framework import dtype_of, shape_of
from gossamer.frontends.tensorflow.registry import operation
from gossamer.frontends.tensorflow.sizes import as_target
from gossamer.ir.types import TensorType
from gossamer.ops.broadcast import BroadcastTo
from gossamer.ops.fill import Fill
from gossamer.ops.range import Range
from gossamer.ops.reduce import ReduceProd
from gossamer.ops.shape import Rank, Shape

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor


@operation("Reshape", known=(1,))
def _reshape(used: Operation) -> Tensor:
    x, sizes = used.tensor(), used.sizes(1)
    static = shape_of(used.node.outputs[0])
    if sizes is None:
        return shaping.reshape(used, x, used.shape())
    return shaping.reshape(used, x, as_target(sizes, static))


@operation("ExpandDims", known=(1,))
def _expand_dims(used: Operation) -> Tensor:
    x = used.tensor()
    axis = axis_of(used.numbers(1, "axis")[0], x.type.rank + 1)
    return shaping.expand_dims(used, x, axis)


@operation("Squeeze")
def _squeeze(used: Operation) -> Tensor:
    axes: list[Any] = list(used.attribute("squeeze_dims"))
    return shaping.squeeze(used, used.tensor(), axes or None)


@operation("BroadcastTo")
def _broadcast(used: Operation) -> Tensor:
    shape, type_ = _size_of_result(used, 1)
    title = f"{used.path}/broadcast_to"
    inputs = used.tensor(), shape
    return used.builder.nodes(BroadcastTo(), *inputs, names=[title], types=[type_])[0]


@operation("Fill")
def _fill(used: Operation) -> Tensor:
    shape, type_ = _size_of_result(used, 0)
    title = f"{used.path}/fill"
    inputs = shape, used.tensor(1)
    return used.builder.nodes(Fill(), *inputs, names=[title], types=[type_])[0]


def _size_of_result(used: Operation, index: int) -> tuple[Tensor, TensorType]:
    """The shape that an input states, as a constant where it can be, and the type."""
    sizes = used.sizes(index)
    shape = used.shape() if sizes is None else as_target(sizes, used.shape())
    type_ = TensorType(used.dtype, shape)
    if min(shape, default=0) >= 0:
        return used.indices("shape", shape), type_
    return used.tensor(index), type_


@operation("Shape")
def _shape(used: Operation) -> Tensor:
    return used.emit(Shape(dtype_of(used.node.outputs[0].dtype)), used.tensor())


@operation("Rank")
def _rank(used: Operation) -> Tensor:
    return used.emit(Rank(), used.tensor())


@operation("Size")
def _size(used: Operation) -> Tensor:
    shape = used.emit(Shape(dtype_of(used.node.outputs[0].dtype)), used.tensor())
    return used.emit(ReduceProd(), shape, used.indices("axis", [0]))


@operation("Range")
def _range(used: Operation) -> Tensor:
    return used.emit(Range(), *used.tensors())
