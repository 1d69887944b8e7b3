"""STRIDED_SLICE: Python's slicing, with its steps, ellipsis and new dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import operator, require
from gossamer.kernels.movement.move import Box, strides_of
from gossamer.ops.alarms import Start, slice_steps
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known_vector, made, operands, vector_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True)
class _Axis:
    """What happens to one dimension of the input, or to a new one (`size` None).

    `spec` is the place in begin, end and strides; None takes the whole dimension.
    """

    size: int | None
    spec: int | None = None


@operator("STRIDED_SLICE", code=45, options="StridedSliceOptions")
class StridedSlice(Movement):
    """x, begin, end, strides -> x[begin:end:strides].

    Bit i of a mask speaks of place i of begin, end and strides: `begin_mask` and
    `end_mask` ignore the value there, `ellipsis_mask` is Python's `...`,
    `new_axis_mask` its `None`, `shrink_axis_mask` a plain index. With `offset`, end
    counts from begin.
    """

    begin_mask: int = 0
    end_mask: int = 0
    ellipsis_mask: int = 0
    new_axis_mask: int = 0
    shrink_axis_mask: int = 0
    offset: bool = False

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, begin, end, strides = operands(self, inputs, 4)
        count = vector_length(self, begin, "begin")
        starts = known_vector(self, begin, "begin")
        ends = known_vector(self, end, "end", count)
        steps = known_vector(self, strides, "strides", count)
        sizes: list[int] = []
        for axis in self._axes(x.shape, count):
            if axis.size is None:
                sizes.append(1)
            elif axis.spec is None:
                sizes.append(axis.size)
            elif not _bit(self.shrink_axis_mask, axis.spec):
                sizes.append(self._size(axis.size, axis.spec, starts, ends, steps))
            elif starts is not None and axis.size >= 0:
                self._index(axis.size, starts[axis.spec])
        return made(self, x.dtype, sizes)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        starts, ends, steps = (integers(array) for array in inputs[1:4])
        text = "begin, end and strides differ in length"
        require(len(starts) == len(ends) == len(steps), self, text)
        picks: list[Any] = []
        for axis in self._axes(x.shape, len(starts)):
            if axis.size is None:
                picks.append(None)
            elif axis.spec is None:
                picks.append(slice(None))
            elif _bit(self.shrink_axis_mask, axis.spec):
                picks.append(self._index(axis.size, starts[axis.spec]))
            else:
                place = axis.spec
                span = self._span(
                    axis.size, place, starts[place], ends[place], steps[place]
                )
                picks.append(_as_slice(span))
        return (x[(*picks, ...)],)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """As all movement; plain indices that come from data are checked."""
        x, begin, y = node.input(0), node.input(1), node.output
        if begin.data is not None or not x.type.size:
            return Movement.lower(self, node, target)
        starts: list[Start] = []
        kept: list[int] = []
        strides = iter(strides_of(x.shape))
        for axis in self._axes(x.shape, begin.type.size):
            if axis.size is None:
                kept.append(0)
                continue
            stride = next(strides)
            if axis.spec is not None and _bit(self.shrink_axis_mask, axis.spec):
                starts.append(Start(axis.spec, axis.size, stride, wraps=True))
            elif axis.spec is None or self._takes_all(axis.spec, node.input(3)):
                kept.append(stride)
            else:
                return None
        box = Box(y.shape, 0, tuple(kept), 0, strides_of(y.shape))
        text = f"{self.name}: index {{value}} lies outside the input {list(x.shape)}"
        return slice_steps(target, box, x, begin, starts, y, text)

    def _takes_all(self, place: int, strides: Tensor) -> bool:
        """Whether a dimension is taken as it is, whatever begin and end hold."""
        masked = _bit(self.begin_mask, place) and _bit(self.end_mask, place)
        return masked and strides.data is not None and int(strides.data[place]) == 1

    def version(self, node: Node) -> int:
        x, begin = node.input(0), node.input(1)
        if self.offset:
            return 8
        if x.dtype.title == "uint32":
            return 7
        if self.ellipsis_mask or self.new_axis_mask:
            return 6
        by_type = version_of_type(x.dtype, string=5, bool=3, int8=2)
        return max(by_type, 4 if len(x.shape) > 4 or begin.shape > (4,) else 1)

    def _axes(self, shape: Shape, count: int) -> list[_Axis]:
        """The dimensions of the result before plain indices are dropped."""
        places = list(range(count))
        ellipses = [i for i in places if _bit(self.ellipsis_mask, i)]
        require(len(ellipses) <= 1, self, "there is more than one ellipsis")
        new = [i for i in places if _bit(self.new_axis_mask, i) and i not in ellipses]
        taken = count - len(ellipses) - len(new)
        text = f"{taken} dimensions are sliced, but the input has {len(shape)}"
        require(taken <= len(shape), self, text)
        whole = len(shape) - taken
        sizes = iter(shape)
        axes: list[_Axis] = []
        for place in places:
            if place in ellipses:
                axes += [_Axis(next(sizes)) for _ in range(whole)]
            elif place in new:
                axes.append(_Axis(None))
            else:
                axes.append(_Axis(next(sizes), place))
        return axes + [_Axis(size) for size in sizes]

    def _size(
        self,
        whole: int,
        place: int,
        starts: Shape | None,
        ends: Shape | None,
        steps: Shape | None,
    ) -> int:
        """The elements taken along one dimension, -1 where that is not known."""
        if steps is None:
            return -1
        require(steps[place] != 0, self, "a stride is 0")
        if whole < 0:
            return -1
        start = 0 if _bit(self.begin_mask, place) else _at(starts, place)
        end = 0 if _bit(self.end_mask, place) else _at(ends, place)
        if start is None or end is None:
            return -1
        return len(range(*self._span(whole, place, start, end, steps[place])))

    def _span(
        self, whole: int, place: int, start: int, end: int, step: int
    ) -> tuple[int, int, int]:
        """First, past-the-last and step, all inside the dimension; -1 is before it."""
        require(step != 0, self, "a stride is 0")
        low, high = (0, whole) if step > 0 else (-1, whole - 1)
        start = min(max(start + whole if start < 0 else start, low), high)
        if _bit(self.begin_mask, place):
            start = low if step > 0 else high
        end = end + start if self.offset else end
        end = min(max(end + whole if end < 0 else end, low), high)
        if _bit(self.end_mask, place):
            end = high if step > 0 else low
        return start, end, step

    def _index(self, whole: int, index: int) -> int:
        if not -whole <= index < whole:
            raise GraphError(
                f"{self.name}: index {index} is outside a dimension of size {whole}"
            )
        return index + whole if index < 0 else index


def _bit(mask: int, place: int) -> bool:
    return bool(mask >> place & 1)


def _at(values: Shape | None, place: int) -> int | None:
    return None if values is None else values[place]


def _as_slice(span: tuple[int, int, int]) -> slice:
    """A Python slice for the range, whose end may lie before the first element."""
    start, end, step = span
    if not range(start, end, step):
        return slice(0, 0)
    return slice(start, None if end < 0 else end, step)
