"""PAD, PADV2, MIRROR_PAD: put a border around a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import QuantizationRule, SameAsInput, operator, require
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import known, made, operands, same_type
from gossamer.ops.steps import bits_of, surround_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

Border: TypeAlias = "tuple[tuple[int, int], ...]"
"""The widths before and after, for each dimension."""


@operator("PAD", code=34, options="PadOptions")
class Pad(Movement):
    """x, widths (rank, 2) -> x with real zeros around it."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, widths = operands(self, inputs, 2)
        return made(self, x.dtype, _padded(self, x, widths))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (_surround(self, inputs[0], inputs[1], 0),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        quantization = node.output.quantization
        zero_point = 0
        if quantization is not None and quantization.is_set:
            zero_point = quantization.pair()[1]
        return (_surround(self, inputs[0], inputs[1], zero_point),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        quantization = node.output.quantization
        is_set = quantization is not None and quantization.is_set
        value = quantization.pair()[1] if quantization is not None and is_set else 0
        return _surround_steps(self, node, target, value)

    def version(self, node: Node) -> int:
        return _pad_version(node)


@operator("PADV2", code=60, options="PadV2Options")
class PadV2(Movement):
    """x, widths (rank, 2), value -> x with `value` around it."""

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((0, 2))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, widths, value = operands(self, inputs, 3)
        same_type(self, (x, value))
        count = value.type.size if value.type.is_static else 1
        require(count == 1, self, f"the value has {count} elements, not 1")
        return made(self, x.dtype, _padded(self, x, widths))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        value = np.asarray(inputs[2])
        require(value.size == 1, self, f"the value has {value.size} elements, not 1")
        return (_surround(self, inputs[0], inputs[1], value.reshape(())),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        value = node.input(2).data
        if value is None or value.size != 1:
            return None
        return _surround_steps(self, node, target, bits_of(value))

    def version(self, node: Node) -> int:
        return _pad_version(node)


@operator("MIRROR_PAD", code=100, options="MirrorPadOptions")
class MirrorPad(Movement):
    """x, widths (rank, 2) -> x with its own mirror image around it.

    `mode` "reflect" leaves out the edge itself, "symmetric" repeats it.
    """

    mode: str = "reflect"

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, widths = operands(self, inputs, 2)
        border = _border(self, widths, x.shape)
        if border is not None:
            self._check(x.shape, border)
        return made(self, x.dtype, _padded(self, x, widths))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        border = _as_border(self, inputs[1], x.ndim)
        self._check(x.shape, border)
        # Like the compiled index arithmetic: position p of the output reads x at
        # `p - before`, folded back at either edge.
        for axis, indices in self._mirrored(x.shape, border).items():
            x = np.take(x, indices, axis=axis)
        return (x,)

    def picks(self, *inputs: Any) -> Mapping[int, Array] | None:
        x, widths = inputs
        border = _as_border(self, widths, x.ndim)
        self._check(x.shape, border)
        return self._mirrored(x.shape, border)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)

    def _check(self, shape: Shape, border: Border) -> None:
        require(
            self.mode in ("reflect", "symmetric"),
            self,
            f"the mode is {self.mode!r}, not 'reflect' or 'symmetric'",
        )
        for axis, (size, widths) in enumerate(zip(shape, border, strict=True)):
            most = size if self.mode == "symmetric" else size - 1
            text = f"dimension {axis} of size {size} cannot be mirrored by {widths}"
            require(size < 0 or max(widths) <= max(most, 0), self, text)

    def _mirrored(self, shape: Shape, border: Border) -> Mapping[int, Array]:
        """The indices to read along each dimension that has a border."""
        pairs = enumerate(zip(shape, border, strict=True))
        return {
            axis: self._sources(size, *widths)
            for axis, (size, widths) in pairs
            if any(widths)
        }

    def _sources(self, size: int, before: int, after: int) -> Array:
        edge = 0 if self.mode == "symmetric" else 1
        left = np.arange(before, 0, -1) - 1 + edge
        right = size - 1 - edge - np.arange(after)
        return np.concatenate([left, np.arange(size), right]).astype(np.int64)


def _padded(op: Op, x: Tensor, widths: Tensor) -> Shape:
    border = _border(op, widths, x.shape)
    if border is None:
        return (-1,) * len(x.shape)
    return tuple(
        -1 if size < 0 else size + before + after
        for size, (before, after) in zip(x.shape, border, strict=True)
    )


def _border(op: Op, widths: Tensor, shape: Shape) -> Border | None:
    text = f"the widths are {widths.type}, not one pair for each of {list(shape)}"
    fits = widths.type.is_static and widths.shape == (len(shape), 2)
    require(fits or not widths.type.is_static, op, text)
    values = known(op, widths, "the widths")
    return None if values is None else _checked(op, values)


def _as_border(op: Op, widths: Any, rank: int) -> Border:
    array: Array = np.asarray(widths)
    if array.shape != (rank, 2):
        raise GraphError(f"{op.name}: the widths have shape {list(array.shape)}")
    return _checked(op, tuple(int(value) for value in array.ravel()))


def _checked(op: Op, values: tuple[int, ...]) -> Border:
    border = tuple(zip(values[::2], values[1::2], strict=True))
    least = min(values, default=0)
    require(least >= 0, op, f"the widths {list(border)} must not be below 0")
    return border


def _surround_steps(
    op: Op, node: Node, target: Target, value: int
) -> list[Step] | None:
    """Fill all with an element of the bits `value`, then put the input inside."""
    x, widths, y = node.input(0), node.input(1), node.output
    if widths.data is None or not y.type.size:
        return None
    border = _as_border(op, widths.data, len(x.shape))
    return surround_steps(target, x, border, value, y)


def _surround(op: Op, x: Any, widths: Any, value: Any) -> Array:
    array: Array = np.asarray(x)
    border = _as_border(op, widths, array.ndim)
    sizes = [
        size + before + after
        for size, (before, after) in zip(array.shape, border, strict=True)
    ]
    padded = np.full(sizes, value, array.dtype)
    inside = tuple(
        slice(before, before + size)
        for size, (before, _) in zip(array.shape, border, strict=True)
    )
    padded[inside] = array
    return padded


def _pad_version(node: Node) -> int:
    x = node.input(0)
    if x.dtype.title == "bool":
        return 5
    if len(x.shape) > 4:
        return 4
    return version_of_type(x.dtype, int16=3, int8=2)
