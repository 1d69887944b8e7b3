"""Steps of float products whose weights or bias are computed as the model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.clamp import ACTIVATION_LIMITS
from gossamer.kernels.products.placed import packed_step, plan_product
from gossamer.kernels.products.run_time_pack import packing_step
from gossamer.kernels.products.sums import FloatSums
from gossamer.kernels.windows.border import float_form
from gossamer.kernels.windows.border_steps import bordered
from gossamer.kernels.windows.convolution import border_of
from gossamer.ops.placed_steps import is_modest, sliding_layout

if TYPE_CHECKING:
    from gossamer.ir.types import Shape
    from gossamer.kernels.step import Step
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target
    from gossamer.ops.arithmetic_of import Task


def run_time_steps(
    task: Task, window: Window, shape: Shape, target: Target
) -> list[Step] | None:
    """Steps of a convolution whose weights have (out, rows, columns, in) = `shape`."""
    tensors = [task.x, task.weights, task.y]
    tensors += [] if task.bias is None else [task.bias]
    floats = all(each.dtype is DType.FLOAT32 for each in tensors)
    if not floats or task.activation not in ACTIVATION_LIMITS:
        return None
    if shape[3] != window.channels or 0 in shape or task.y.type.size == 0:
        return None
    places = sliding_layout(window, 4, task, 0)
    if places is None or not is_modest(border_of(window)):
        return None
    limits = ACTIVATION_LIMITS[task.activation]
    known = task.bias.data if task.bias is not None else None
    computed = task.bias if known is None else None
    sums = FloatSums(known, limits, computed)
    steps, source = bordered(target, border_of(window), float_form(), task.x)
    plan = plan_product(target, places, shape[0], sums)
    pack, panels = packing_step(target, plan, task.weights)
    product = packed_step(target, plan, places, panels, sums, (0, 0), (source, task.y))
    return [*steps, pack, product]
