"""Steps of depthwise convolutions beyond one kernel per channel, float and int8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.arithmetic import centered, parameters
from gossamer.ir.types import DType
from gossamer.kernels.movement.move import Box
from gossamer.kernels.step import Argument, Scratch, Step
from gossamer.kernels.windows.depthwise_types import (
    EXACT_IN_FLOAT32,
    unsigned_depthwise,
    wide_depthwise,
)
from gossamer.ops.arithmetic_of import Task, integer_output, wide_sums
from gossamer.ops.steps import move_step

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target


def repeated(
    target: Target, x: Tensor, multiplier: int
) -> tuple[list[Step], Argument] | None:
    """The input with each channel `multiplier` times, and the step that makes it."""
    if multiplier == 1:
        return [], x
    count, item = x.type.size, x.dtype.numpy.itemsize
    scratch = Scratch(count * multiplier * item)
    box = Box((count, multiplier), 0, (1, 0), 0, (multiplier, 1))
    step = move_step(target, box, item, x, scratch)
    return None if step is None else ([step], scratch)


def typed_depthwise(
    task: Task, window: Window, x: Argument, target: Target
) -> list[Step] | None:
    """Steps for uint8 and int16; `x` holds the input with repeated channels."""
    kinds = (task.x.dtype, task.weights.dtype, task.y.dtype)
    bias = None if task.bias is None else task.bias.data
    assert task.weights.data is not None
    kernel = centered(task.weights, task.weights.data)
    start = np.zeros(window.channels, np.int64) if bias is None else bias
    if kinds == (DType.UINT8, DType.UINT8, DType.UINT8):
        taps = window.filter[0] * window.filter[1]
        if taps * 255 * 255 >= EXACT_IN_FLOAT32 or start.dtype.kind != "i":
            return None
        output = integer_output(target, task, window.channels, 128)
        _, zero_point = parameters(task.x)
        return unsigned_depthwise(
            target,
            window,
            kernel,
            start.astype(np.int64),
            zero_point,
            output,
            x,
            task.y,
        )
    if kinds == (DType.INT16, DType.INT8, DType.INT16) and start.dtype == np.int64:
        if parameters(task.x)[1] or parameters(task.y)[1]:
            return None
        sums = wide_sums(task, start)
        if sums is None:
            return None
        filters = kernel.astype(np.int8)
        return wide_depthwise(target, window, filters, sums, x, task.y)
    return None
