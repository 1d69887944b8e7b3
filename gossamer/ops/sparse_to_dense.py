"""SPARSE_TO_DENSE: values put into places of a tensor that holds one value else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import SameAsInput, operator, require
from gossamer.ops.gather import check_range
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import (
    INDEX_TYPES,
    integers,
    known_vector,
    made,
    operands,
    same_type,
    vector_length,
)

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType


@operator("SPARSE_TO_DENSE", code=68, options="SparseToDenseOptions")
class SparseToDense(Movement):
    """indices, shape, values, default -> a tensor of the shape.

    Indices are a scalar, a vector, or (count, rank) coordinates; values one for each,
    or one for all. Of several values for one place the last one stays.
    """

    validate_indices: bool = False

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((2, 3))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        indices, shape, values, default = operands(self, inputs, 4)
        dtype = same_type(self, (values, default))
        text = f"{indices} are not coordinates in int32 or int64"
        fits = indices.dtype in INDEX_TYPES and len(indices.shape) <= 2
        require(fits, self, text)
        require(len(values.shape) <= 1, self, f"the values are {values.type}")
        count = default.type.size if default.type.is_static else 1
        require(count == 1, self, f"{default} is not a single value")
        sizes = known_vector(self, shape, "the shape")
        if sizes is None:
            return made(self, dtype, (-1,) * vector_length(self, shape, "the shape"))
        require(min(sizes, default=0) >= 0, self, f"the shape is {list(sizes)}")
        return made(self, dtype, sizes)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        indices, values = np.asarray(inputs[0]), np.asarray(inputs[2])
        sizes = integers(inputs[1])
        require(min(sizes, default=0) >= 0, self, f"the shape is {list(sizes)}")
        points = indices.astype(np.int64)
        if points.ndim < 2:
            points = points.reshape(-1, 1)
        text = f"coordinates {list(indices.shape)} do not fit {list(sizes)}"
        require(points.shape[1] == len(sizes), self, text)
        text = f"{len(points)} places are given for {values.size} values"
        require(values.ndim == 0 or len(values) == len(points), self, text)
        for place, size in zip(points.T, sizes, strict=True):
            check_range(self, place, size)
        default: Array = np.asarray(inputs[3])
        y = np.full(sizes, default.reshape(()), values.dtype)
        y[tuple(points.T)] = values
        return (y,)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(2).dtype, int8=3, uint8=3, int64=2)
