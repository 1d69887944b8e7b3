"""SEGMENT_SUM and UNSORTED_SEGMENT_*: rows folded into one per segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.movement.gather import Points
from gossamer.kernels.movement.scatter import Joining, scatter
from gossamer.kernels.step import Alarm
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I32
from gossamer.ops.alarms import checked_indices, checked_steps
from gossamer.ops.gather import outside
from gossamer.ops.shapes import (
    known,
    known_scalar,
    made,
    operands,
    product,
    same_size,
    scalar,
)
from gossamer.ops.steps import bits_of, fill_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

_KINDS = {DType.FLOAT32: F32, DType.INT32: I32}


class _Segments(Op):
    """What the operators share: rows of x (float32 or int32), a segment for each."""

    __slots__ = ()

    join: ClassVar[str]
    """The operator of two rows: a method of NumPy's ufunc, and one of the nest."""

    def ufunc(self) -> Any:
        """The operator in NumPy."""
        return {
            "add": np.add,
            "mul": np.multiply,
            "max": np.maximum,
            "min": np.minimum,
        }[self.join]

    def first(self, dtype: np.dtype[Any]) -> Any:
        """What a segment without rows holds."""
        if self.join in ("add", "mul"):
            return dtype.type(self.join == "mul")
        limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        return dtype.type(limits.min if self.join == "max" else limits.max)

    def folded(self, x: Array, ids: Array, count: int) -> Array:
        """Rows of each segment joined; those of a segment below 0 are left out."""
        y = np.full((count, *x.shape[1:]), self.first(x.dtype), x.dtype)
        used = ids >= 0
        self.ufunc().at(y, ids[used], x[used])
        return y

    def check_rows(self, x: Tensor, ids: Tensor) -> None:
        text = f"{x.type} and segments {ids.type} do not fit together"
        fits = len(ids.shape) == 1 and len(x.shape) >= 1
        require(fits and ids.dtype is DType.INT32, self, text)
        for rows, count in zip(x.shape, ids.shape, strict=False):
            same_size(self, rows, count)

    def steps(self, node: Node, target: Target, ids: Tensor) -> Sequence[Step] | None:
        """Fill the output, then join row after row."""
        x, y = node.input(0), node.output
        element = _KINDS.get(x.dtype)
        if element is None or not x.type.size or not y.type.size:
            return None
        value = bits_of(np.array(self.first(x.dtype.numpy)))
        filled = fill_step(target, I32, y.type.size, value, y)
        points = Points(x.shape[0], y.shape[:1], product(x.shape[1:]))
        sign = "s" if self.join in ("max", "min") and element == I32 else ""
        nest = Nest("segments", target)
        source, result = nest.pointer(), nest.pointer()
        checked = checked_indices(nest, ids)
        joining = Joining(element, sign + self.join)
        scatter(nest, points, joining, source, checked, result)
        alarm = Alarm(outside(self, *points.sizes))
        return [filled, *checked_steps(nest, (x, y, ids, alarm), 1, (1,))]


@operator("SEGMENT_SUM", code=125, options="SegmentSumOptions")
class SegmentSum(_Segments):
    """x, segments (rising from 0 without a gap) -> the sum of each segment's rows."""

    join = "add"

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, ids = operands(self, inputs, 2)
        self.check_rows(x, ids)
        values = known(self, ids, "the segments")
        count = -1 if values is None else self._count(np.array(values, np.int64))
        return made(self, x.dtype, (count, *x.shape[1:]))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, ids = np.asarray(inputs[0]), np.asarray(inputs[1]).astype(np.int64)
        text = f"{x.shape[:1]} rows have {ids.shape} segments"
        require(x.shape[:1] == ids.shape, self, text)
        return (self.folded(x, ids, self._count(ids)),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        ids = node.input(1)
        return self.steps(node, target, ids) if ids.is_constant else None

    def _count(self, ids: Array) -> int:
        if not ids.size:
            return 0
        steps = np.diff(ids)
        if ids[0] != 0 or ((steps != 0) & (steps != 1)).any():
            raise GraphError(
                f"{self.name}: the segments do not rise from 0 by steps of 0 or 1"
            )
        return int(ids[-1]) + 1


class _Unsorted(_Segments):
    """x, segments, count -> rows folded; a segment below 0 is left out."""

    __slots__ = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, ids, number = operands(self, inputs, 3)
        self.check_rows(x, ids)
        count = known_scalar(self, number, "the number of segments")
        require(count is None or count >= 0, self, f"there are {count} segments")
        return made(self, x.dtype, (-1 if count is None else count, *x.shape[1:]))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, ids = np.asarray(inputs[0]), np.asarray(inputs[1]).astype(np.int64)
        count = scalar(self, inputs[2], "the number of segments")
        text = f"{x.shape[:1]} rows have {ids.shape} segments"
        require(x.shape[:1] == ids.shape and count >= 0, self, text)
        most = int(ids.max(initial=-1))
        require(most < count, self, f"segment {most} is not below {count}")
        return (self.folded(x, ids, count),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """Segments that leave rows out, or come from data, run through the meaning."""
        ids = node.input(1)
        if ids.data is None or int(ids.data.min(initial=0)) < 0:
            return None
        return self.steps(node, target, ids)


@operator("UNSORTED_SEGMENT_PROD", code=153, options="UnsortedSegmentProdOptions")
class UnsortedSegmentProd(_Unsorted):
    """The product of each segment's rows; 1 where there is none."""

    join = "mul"


@operator("UNSORTED_SEGMENT_MAX", code=154, options="UnsortedSegmentMaxOptions")
class UnsortedSegmentMax(_Unsorted):
    """The greatest of each segment's rows; the least number where there is none."""

    join = "max"


@operator("UNSORTED_SEGMENT_SUM", code=155, options="UnsortedSegmentSumOptions")
class UnsortedSegmentSum(_Unsorted):
    """The sum of each segment's rows."""

    join = "add"


@operator("UNSORTED_SEGMENT_MIN", code=157, options="UnsortedSegmentMinOptions")
class UnsortedSegmentMin(_Unsorted):
    """The least of each segment's rows; the greatest number where there is none."""

    join = "min"
