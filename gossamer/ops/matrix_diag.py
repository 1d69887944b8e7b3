"""MATRIX_DIAG, MATRIX_SET_DIAG: vectors as the diagonals of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import (
    NotQuantized,
    QuantizationRule,
    SameAsInput,
    operator,
    require,
)
from gossamer.kernels.movement.move import Box, element_kind, strides_of
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import made, operands, product, same_size, same_type
from gossamer.ops.steps import fill_step, move_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("MATRIX_DIAG", code=113, options="MatrixDiagOptions")
class MatrixDiag(Movement):
    """(..., n) -> (..., n, n) with the vectors on the diagonals, 0 elsewhere.

    In a quantized tensor 0 stands for another number: the quantizer keeps it in float.
    """

    output_quantization: ClassVar[QuantizationRule] = NotQuantized()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        require(len(x.shape) >= 1, self, f"'{x.name}' is a scalar, not a vector")
        return made(self, x.dtype, (*x.shape, x.shape[-1]))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        y = np.zeros((*x.shape, x.shape[-1]), x.dtype)
        _diagonal(y)[...] = x
        return (y,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        nbytes = y.dtype.numpy.itemsize
        kind = element_kind(nbytes)
        if kind is None or y.dtype.numpy.hasobject or not y.type.size:
            return None
        moved = move_steps(target, [(_diagonal_box(y.shape), x)], nbytes, y)
        if moved is None:
            return None
        return [fill_step(target, kind, y.type.size, 0, y), *moved]


@operator("MATRIX_SET_DIAG", code=115, options="MatrixSetDiagOptions")
class MatrixSetDiag(Movement):
    """(..., rows, columns), (..., min(rows, columns)) -> x with these diagonals."""

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((0, 1))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, diagonal = operands(self, inputs, 2)
        dtype = same_type(self, (x, diagonal))
        self._check(x.shape, diagonal.shape)
        return made(self, dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, diagonal = np.array(inputs[0]), np.asarray(inputs[1])
        self._check(x.shape, diagonal.shape)
        _diagonal(x)[...] = diagonal
        return (x,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, diagonal, y = node.input(0), node.input(1), node.output
        strides = strides_of(y.shape)
        whole = Box(y.shape, 0, strides, 0, strides)
        boxes = [(whole, x), (_diagonal_box(y.shape), diagonal)]
        if y.dtype.numpy.hasobject:
            return None
        return move_steps(target, boxes, y.dtype.numpy.itemsize, y)

    def _check(self, shape: Shape, diagonal: Shape) -> None:
        text = f"a diagonal of {list(diagonal)} does not fit {list(shape)}"
        require(len(shape) >= 2 and len(diagonal) == len(shape) - 1, self, text)
        for first, second in zip(shape, diagonal[:-1], strict=False):
            same_size(self, first, second)
        if min(shape[-2:]) >= 0:
            same_size(self, min(shape[-2:]), diagonal[-1])


def _diagonal(matrices: Array) -> Array:
    """A view of the diagonals, that can be written."""
    count = min(matrices.shape[-2:])
    places = (*matrices.shape[:-2], count)
    strides = (*matrices.strides[:-2], sum(matrices.strides[-2:]))
    return np.lib.stride_tricks.as_strided(matrices, places, strides)


def _diagonal_box(shape: Shape) -> Box:
    """From packed diagonals to those of matrices of a shape."""
    rows, columns = shape[-2:]
    sizes = (product(shape[:-2]), min(rows, columns))
    return Box(sizes, 0, strides_of(sizes), 0, (rows * columns, columns + 1))
