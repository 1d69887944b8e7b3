"""CAST: the same numbers in another element type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType, limits_of
from gossamer.kernels.elements.element import complex_of, real_part
from gossamer.ops.element_steps import ELEMENTS, STORED, element_step
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind, Value
    from gossamer.nest.target import Target

_NO_NUMBERS = frozenset({DType.STRING, DType.VARIANT, DType.RESOURCE})
_VERSIONS = (
    (7, frozenset({DType.BFLOAT16})),
    (5, frozenset({DType.FLOAT64, DType.FLOAT16})),
    (4, frozenset({DType.UINT16})),
    (3, frozenset({DType.INT8})),
    (2, frozenset({DType.UINT32})),
)


@operator("CAST", code=53, options="CastOptions")
class Cast(Op):
    """x -> x as `out_data_type`; fractions are cut off, anything but 0 is true."""

    in_data_type: DType = DType.FLOAT32
    out_data_type: DType = DType.FLOAT32

    chooses_type: ClassVar[bool] = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        for dtype in (x.dtype, self.out_data_type):
            require(dtype not in _NO_NUMBERS, self, f"{dtype.title} holds no numbers")
        return made(self, self.out_data_type, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (_cast(np.asarray(inputs[0]), self.out_data_type),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The stored integers are cast; scales play no part."""
        return (_cast(np.asarray(inputs[0]), node.output.dtype),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        elements = [_HELD.get(tensor.dtype) for tensor in (x, y)]

        def compute(nest: Nest, value: Value) -> Value:
            if x.dtype is DType.COMPLEX64:
                value = real_part(nest, value)
            if y.dtype is DType.COMPLEX64:
                zero = nest.zero(value.kind.lanes)
                real = _cast_lanes(nest, value, DType.FLOAT32)
                return complex_of(nest, real, zero)
            return _cast_lanes(nest, value, y.dtype)

        if x.dtype is y.dtype:
            return element_step("copy", target, (x,), y, _same, elements)
        return element_step("cast", target, (x,), y, compute, elements)

    def version(self, node: Node) -> int:
        types = {node.input(0).dtype, node.output.dtype}
        if node.input(0).dtype is DType.INT4:
            return 6
        return next((number for number, new in _VERSIONS if types & new), 1)


_HELD = {**ELEMENTS, DType.COMPLEX64: STORED[DType.COMPLEX64]}


def _same(nest: Nest, value: Value) -> Value:  # noqa: ARG001
    return value


def _cast(array: Array, dtype: DType) -> Array:
    """Floats beyond an integer type become its limits, NaN the greatest number."""
    if np.iscomplexobj(array) and not dtype.title.startswith("complex"):
        array = np.real(array)
    with np.errstate(all="ignore"):
        if dtype in (DType.FLOAT16, DType.BFLOAT16):
            return array.astype(np.float32).astype(dtype.numpy)
        if array.dtype.kind in "iub" or not dtype.is_integer:
            return array.astype(dtype.numpy)
        low, high = limits_of(dtype)
        wide = array.astype(np.float64)
        inside = (wide >= low) & (wide < high)
        cut = np.where(inside, wide, 0).astype(np.int64).astype(dtype.numpy)
        return np.where(inside, cut, np.where(wide < low, low, high)).astype(
            dtype.numpy
        )


def _cast_lanes(nest: Nest, value: Value, dtype: DType) -> Value:
    """Lanes as `_cast` has them, of the kind that `dtype` is computed in."""
    kind = ELEMENTS[dtype].computed.of(value.kind.lanes)
    if dtype is DType.BOOL:
        is_truth = value.kind.element == kind.element
        return value if is_truth else nest.compare("ne", value, 0)
    if not value.kind.is_float or kind.is_float:
        return nest.convert(value, kind)
    low, high = limits_of(dtype)
    top = _float_below(high, value.kind)
    held = nest.maximum(nest.minimum(value, top), low)
    inside = nest.compare("le", value, top)
    return nest.select(inside, nest.convert(held, kind), high)


def _float_below(number: int, kind: Kind) -> float:
    """The greatest float of a kind that is not above a whole number."""
    dtype = np.float32 if kind.base == "f32" else np.float64
    nearest = dtype(number)
    if int(nearest) > number:
        nearest = np.nextafter(nearest, dtype(0))
    return float(nearest)
