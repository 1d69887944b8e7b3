"""EMBEDDING_LOOKUP, HASHTABLE_LOOKUP: rows of a table by number and by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.movement.gather import Slices, gather, gather_scaled
from gossamer.kernels.movement.move import element_kind
from gossamer.kernels.step import Alarm, Constant
from gossamer.nest.build import Nest
from gossamer.ops.alarms import checked_indices, checked_steps
from gossamer.ops.gather import check_range, outside
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import made, operands, product, same_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

_BYTES = (DType.INT8, DType.UINT8, DType.INT4)


@operator("EMBEDDING_LOOKUP", code=7)
class EmbeddingLookup(Op):
    """rows (int32 vector), table -> these rows of the table.

    A table of 8 or 4 bits becomes real numbers: its integers times its scale.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        rows, table = operands(self, inputs, 2)
        _check_vector(self, rows)
        text = f"the table {table.type} has less than 2 dimensions"
        require(len(table.shape) >= 2, self, text)
        dtype = DType.FLOAT32 if _is_scaled(table) else table.dtype
        return made(self, dtype, (rows.shape[0], *table.shape[1:]))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        rows, table = np.asarray(inputs[0]).astype(np.int64), np.asarray(inputs[1])
        check_range(self, rows, table.shape[0])
        return (table[rows],)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (found,) = self.reference(*inputs)
        if not node.output.dtype.is_float:
            return (found,)
        rows: Array = np.asarray(inputs[0])
        scales = _scales(self, node.input(1))
        scales = scales[rows] if scales.size > 1 else scales
        shape = (-1, *(1,) * (found.ndim - 1))
        return ((found * scales.reshape(shape)).astype(np.float32),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        rows, table, y = node.input(0), node.input(1), node.output
        element = element_kind(table.dtype.numpy.itemsize)
        if element is None or not (table.type.size and y.type.size):
            return [] if not rows.type.size else None
        slices = Slices(1, 1, table.shape[0], rows.type.size, product(table.shape[1:]))
        nest = Nest("embedding", target)
        source, result = nest.pointer(), nest.pointer()
        checked = checked_indices(nest, rows)
        arguments = (table, y, rows, Alarm(outside(self, slices.size)))
        if table.dtype is y.dtype:
            gather(nest, slices, element, source, checked, result)
            return checked_steps(nest, arguments, slices.units, (1,))
        if not table.is_quantized or y.dtype is not DType.FLOAT32:
            return None
        scales = _scales(self, table)
        is_signed = table.dtype is not DType.UINT8
        factors = Constant(np.broadcast_to(scales, table.shape[:1]).copy())
        gather_scaled(
            nest, slices, is_signed, (source, nest.pointer()), checked, result
        )
        return checked_steps(nest, (*arguments, factors), slices.units, (1,))

    def version(self, node: Node) -> int:
        table = node.input(1).dtype
        if table is DType.INT4:
            return 4
        return 3 if table is DType.INT8 else 1


@operator("HASHTABLE_LOOKUP", code=10)
class HashtableLookup(Movement):
    """wanted, keys (rising int32), table -> rows of the table, and which were found.

    Rows whose key is not there are zeros; the second output (uint8) holds 1 for the
    others.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        wanted, keys, table = operands(self, inputs, 3)
        _check_vector(self, wanted)
        _check_vector(self, keys)
        require(len(table.shape) >= 1, self, "the table is a scalar")
        same_size(self, keys.shape[0], table.shape[0])
        rows = made(self, table.dtype, (wanted.shape[0], *table.shape[1:]))
        return rows + made(self, DType.UINT8, wanted.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        wanted, keys, table = (np.asarray(array) for array in inputs)
        text = f"{keys.size} keys do not fit {table.shape[:1]} rows"
        require(keys.shape == table.shape[:1], self, text)
        y = np.zeros((wanted.size, *table.shape[1:]), table.dtype)
        place = np.minimum(np.searchsorted(keys, wanted), max(keys.size - 1, 0))
        hit = keys[place] == wanted if keys.size else np.zeros(wanted.shape, bool)
        y[hit] = table[place[hit]]
        return y, hit.astype(np.uint8)


def _is_scaled(table: Tensor) -> bool:
    return table.dtype in _BYTES and table.is_quantized


def _scales(op: Op, table: Tensor) -> Array:
    """The table's scale, or one for each row, in float64."""
    quantization = table.quantization
    scales = np.zeros(0) if quantization is None else quantization.scale
    by_row = quantization is not None and quantization.axis == 0
    fits = scales.size == 1 or (by_row and scales.size == table.shape[0])
    require(fits, op, f"the table has {scales.size} scales, not one, nor one per row")
    return scales.astype(np.float64)


def _check_vector(op: Op, tensor: Tensor) -> None:
    text = f"'{tensor.name}' is {tensor.type}, not a vector of int32"
    require(tensor.dtype is DType.INT32 and len(tensor.shape) == 1, op, text)
