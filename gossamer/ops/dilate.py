"""DILATE: elements moved apart, with one value between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.kernels.movement.move import Box, element_kind, strides_of
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import integers, known_vector, made, operands, same_type
from gossamer.ops.steps import bits_of, fill_step, move_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("DILATE", code=203, options="DilateOptions")
class Dilate(Movement):
    """x, steps (rank), value -> x with steps[i] - 1 values between its elements."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, steps, value = operands(self, inputs, 3)
        dtype = same_type(self, (x, value))
        count = value.type.size if value.type.is_static else 1
        require(count == 1, self, f"{value} is not a single value")
        known = known_vector(self, steps, "the steps", len(x.shape))
        if known is None:
            return made(self, dtype, (-1,) * len(x.shape))
        return made(self, dtype, self._sizes(x.shape, known))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, value = np.asarray(inputs[0]), np.asarray(inputs[2])
        steps = integers(inputs[1])
        require(len(steps) == x.ndim, self, f"the steps {list(steps)} do not fit")
        y = np.full(self._sizes(x.shape, steps), value.reshape(()), x.dtype)
        y[tuple(slice(None, None, step) for step in steps)] = x
        return (y,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, steps, value = (node.input(i) for i in range(3))
        y, nbytes = node.output, node.output.dtype.numpy.itemsize
        kind = element_kind(nbytes)
        if steps.data is None or value.data is None or kind is None:
            return None
        if y.dtype.numpy.hasobject or not y.type.size:
            return None
        apart = zip(integers(steps.data), strides_of(y.shape), strict=True)
        strides = tuple(step * stride for step, stride in apart)
        box = Box(x.shape, 0, strides_of(x.shape), 0, strides)
        moved = move_steps(target, [(box, x)], nbytes, y)
        if moved is None:
            return None
        bits = bits_of(value.data)
        return [fill_step(target, kind, y.type.size, bits, y), *moved]

    def _sizes(self, shape: Shape, steps: Shape) -> Shape:
        text = f"the steps {list(steps)} are not 1 or more"
        require(min(steps, default=1) >= 1, self, text)
        pairs = zip(shape, steps, strict=True)
        return tuple(
            size if size <= 0 else (size - 1) * step + 1 for size, step in pairs
        )
