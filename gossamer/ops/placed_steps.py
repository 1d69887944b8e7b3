"""Steps of products that `convolution_steps` has no kernel for.

Grouped and transposed convolutions, volumes, and every type: one placed product per
group, per phase of a stride, or per image.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.products.axes import (
    Axes,
    Axis,
    Layout,
    flat_layout,
    layout,
    phases_of,
)
from gossamer.kernels.products.placed import placed_step
from gossamer.kernels.windows.border import Border
from gossamer.kernels.windows.convolution import border_of, is_pointwise
from gossamer.ops.arithmetic_of import AnySums, Source, Task, arithmetic_of

if TYPE_CHECKING:
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target
    from gossamer.ops.window import Window as Filter

MOST_PRODUCTS = 512
"""Steps beyond which a node is not worth its code."""
_MOST_ELEMENTS = 1 << 29
"""Of an input with its border: a file may state any dilation."""


def grouped_steps(
    task: Task, window: Window, shape: Shape, target: Target
) -> list[Step] | None:
    """Steps of a convolution whose weights have (out, rows, columns, in) = `shape`."""
    outputs, _, _, depth = shape
    groups = window.channels // depth if depth else 0
    arithmetic = arithmetic_of(task, target)
    if arithmetic is None or task.y.type.size == 0 or not 0 < groups <= MOST_PRODUCTS:
        return None
    if not is_modest(border_of(window)):
        return None
    source = arithmetic.source(target, border_of(window))
    places = sliding_layout(window, source.element, task, depth if groups > 1 else 0)
    if places is None:
        return None
    sums = source.sums(window.out_height * window.out_width)
    share = outputs // groups
    weights = arithmetic.weights.reshape(outputs, places.runs, places.elements)
    made: list[Step | None] = []
    for group in range(groups):
        columns = slice(group * share, (group + 1) * share)
        near = (group * depth * source.element, group * share * _item(task))
        part = weights[columns]
        own = sums.part(columns)
        made.append(_product(task, target, places, part, own, source, near))
    return _all(source.steps, made)


def _all(steps: list[Step], products: list[Step | None]) -> list[Step] | None:
    found = [step for step in products if step is not None]
    return [*steps, *found] if len(found) == len(products) else None


def _item(task: Task) -> int:
    return task.y.dtype.numpy.itemsize


def _product(
    task: Task,
    target: Target,
    places: Layout,
    weights: Array,
    sums: AnySums,
    source: Source,
    offsets: tuple[int, int],
) -> Step | None:
    fitted = sums.fitted(weights)
    if fitted is None:
        return None
    arguments = (source.place, task.y)
    return placed_step(target, places, weights, fitted, offsets, arguments)


def sliding_layout(
    window: Window, element: int, task: Task, taken: int
) -> Layout | None:
    """A convolution's product in memory; `taken` channels per group, 0 for all."""
    pixel = task.y.shape[-1] * _item(task)
    if is_pointwise(window):
        rows = window.images * window.height * window.width
        return flat_layout(rows, window.channels, element, pixel, taken=taken)
    edge = border_of(window)
    axes = (
        Axis.still(window.images),
        Axis.sliding(
            edge.rows,
            window.out_height,
            window.filter[0],
            window.stride[0],
            window.dilation[0],
        ),
        Axis.sliding(
            edge.columns,
            window.out_width,
            window.filter[1],
            window.stride[1],
            window.dilation[1],
        ),
    )
    return layout(axes, window.channels, element, pixel, taken=taken)


def transposed_steps(task: Task, window: Filter, target: Target) -> list[Step] | None:
    """Steps of a transposed convolution of images; weights are (O, KH, KW, C)."""
    if 0 in task.x.shape or task.y.type.size == 0:
        return None
    if not has_few_phases(window.stride, task.y.shape):
        return None
    lines, columns = (
        phases_of(
            task.x.shape[1 + axis],
            task.y.shape[1 + axis],
            window.kernel[axis],
            window.stride[axis],
            window.pads(task.y.shape[1 + axis], axis)[0],
        )
        for axis in (0, 1)
    )
    phases = list(product(lines.parts, columns.parts))
    arithmetic = arithmetic_of(task, target)
    if arithmetic is None or not 0 < len(phases) <= MOST_PRODUCTS:
        return None
    images, height, width, channels = task.x.shape
    edge = Border(
        images,
        height,
        width,
        channels,
        lines.before,
        lines.after,
        columns.before,
        columns.after,
    )
    if not is_modest(edge):
        return None
    source = arithmetic.source(target, edge)
    pixel = task.y.shape[-1] * _item(task)
    made: list[Step | None] = []
    for line, column in phases:
        axes: Axes = (Axis.still(images), line.axis, column.axis)
        places = layout(axes, channels, source.element, pixel)
        if places is None:
            return None
        part = picked(arithmetic.weights, 1, line.kernel)
        part = picked(part, 2, column.kernel)
        flat = part.reshape(len(part), places.runs, places.elements)
        sums = source.sums(line.axis.out * column.axis.out)
        made.append(_product(task, target, places, flat, sums, source, (0, 0)))
    return _all(source.steps, made)


def is_modest(edge: Border) -> bool:
    """Whether an input with its border can be held."""
    return edge.elements <= _MOST_ELEMENTS


def has_few_phases(strides: tuple[int, ...], shape: Shape) -> bool:
    """Whether the phases of a transposed window over `shape` are worth their code."""
    sizes = zip(strides, shape[1:-1], strict=True)
    return math.prod(min(stride, size) for stride, size in sizes) <= MOST_PRODUCTS


def picked(weights: Array, axis: int, cells: tuple[int | None, ...]) -> Array:
    """Cells of a kernel along an axis, zeros for None."""
    shape = list(weights.shape)
    shape[axis] = 1
    zero = np.zeros(shape, weights.dtype)
    filled = np.concatenate([weights, zero], axis=axis)
    last = weights.shape[axis]
    indices = [last if cell is None else cell for cell in cells]
    return np.take(filled, indices, axis=axis)
