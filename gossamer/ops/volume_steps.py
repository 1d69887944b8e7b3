"""Steps of convolutions over volumes: one placed product per image and phase."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import TensorType
from gossamer.kernels.products.axes import Axes, Axis, Phase, Phases, layout, phases_of
from gossamer.kernels.products.placed import placed_step
from gossamer.kernels.windows.border import Border, float_form
from gossamer.kernels.windows.border_steps import bordered
from gossamer.ops.arithmetic_of import Source, Task, arithmetic_of
from gossamer.ops.placed_steps import (
    MOST_PRODUCTS,
    has_few_phases,
    is_modest,
    picked,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target
    from gossamer.ops.volume import VolumeWindow


_MOST_REACH = 4096
"""Cells that a dilated kernel may span where it is filled up with zeros."""


def oriented(weights: Tensor, order: tuple[int, ...]) -> Tensor:
    """Constant weights with their axes in another order, output channels first."""
    if weights.data is None:
        return weights
    data = np.ascontiguousarray(weights.data.transpose(order))
    return replace(weights, data=data, type=TensorType(weights.dtype, data.shape))


def volume_steps(task: Task, window: VolumeWindow, target: Target) -> list[Step] | None:
    """Steps of a convolution of volumes; weights are (O, KD, KH, KW, C)."""
    if (window.kernel[2] - 1) * window.dilation[2] >= _MOST_REACH:
        return None
    pads = window.pads(task.x.shape)
    sizes, outs = task.x.shape[1:4], task.y.shape[1:4]
    axes: list[Phases] = []
    for index in range(3):
        reach = (window.kernel[index] - 1) * window.dilation[index] + 1
        before = pads[index][0]
        used = (outs[index] - 1) * window.stride[index] + reach
        after = max(used - before - sizes[index], 0)
        cells = tuple(range(window.kernel[index]))
        step, spread = window.stride[index], window.dilation[index]
        if index == 2 and spread > 1:
            cells, spread = spaced(window.kernel[2], spread), 1
        size = sizes[index] + before + after
        axis = Axis.sliding(size, outs[index], len(cells), step, spread)
        axes.append(Phases((Phase(axis, cells),), before, after))
    return _products(task, axes, target)


def spaced(size: int, dilation: int) -> tuple[int | None, ...]:
    """The cells of a dilated kernel with what lies between them."""
    reach = range((size - 1) * dilation + 1)
    return tuple(None if cell % dilation else cell // dilation for cell in reach)


def transposed_volume_steps(
    task: Task, window: VolumeWindow, target: Target
) -> list[Step] | None:
    """Steps of a transposed one; weights are (O, KD, KH, KW, C)."""
    if 0 in task.x.shape or task.y.type.size == 0:
        return None
    spans = zip(window.kernel, window.dilation, strict=True)
    if any((kernel - 1) * dilation >= _MOST_REACH for kernel, dilation in spans):
        return None
    if not has_few_phases(window.stride, task.y.shape):
        return None
    pads = window.pads(task.y.shape)
    axes = [
        phases_of(
            task.x.shape[1 + index],
            task.y.shape[1 + index],
            window.kernel[index],
            window.stride[index],
            pads[index][0],
            window.dilation[index],
        )
        for index in range(3)
    ]
    return _products(task, axes, target)


def _products(task: Task, axes: Sequence[Phases], target: Target) -> list[Step] | None:
    phases = list(product(*(axis.parts for axis in axes)))
    images = task.x.shape[0]
    arithmetic = arithmetic_of(task, target)
    if arithmetic is None or task.y.type.size == 0 or 0 in task.x.shape:
        return None
    if len(phases) * images > MOST_PRODUCTS:
        return None
    planes, lines, columns = axes
    channels = task.x.shape[4]
    edge = Border(
        images * task.x.shape[1],
        task.x.shape[2],
        task.x.shape[3],
        channels,
        lines.before,
        lines.after,
        columns.before,
        columns.after,
    )
    if not is_modest(edge):
        return None
    source = arithmetic.source(target, edge)
    cell = edge.rows * edge.columns
    depth = Border(
        images, task.x.shape[1], cell, channels, planes.before, planes.after, 0, 0
    )
    steps, place = bordered(target, depth, float_form(), source.place)
    whole = replace(source, steps=[*source.steps, *steps], place=place)
    if not is_modest(depth):
        return None
    step = depth.elements // images * source.element
    made = list(whole.steps)
    for image, each in product(range(images), phases):
        near = (image * step, image * _image_bytes(task.y.shape))
        one = _phase(task, each, arithmetic.weights, whole, near, target)
        if one is None:
            return None
        made.append(one)
    return made


def _image_bytes(shape: Shape) -> int:
    return int(np.prod(shape[1:])) * 4


def _phase(
    task: Task,
    phases: tuple[Phase, ...],
    weights: Array,
    source: Source,
    offsets: tuple[int, int],
    target: Target,
) -> Step | None:
    planes, lines, columns = phases
    axes: Axes = (planes.axis, lines.axis, columns.axis)
    places = layout(axes, task.x.shape[4], source.element, task.y.shape[4] * 4)
    if places is None:
        return None
    for axis, phase in enumerate(phases):
        weights = picked(weights, axis + 1, phase.kernel)
    flat = weights.reshape(len(weights), places.runs, places.elements)
    sums = source.sums(1).fitted(flat)
    if sums is None:
        return None
    return placed_step(target, places, flat, sums, offsets, (source.place, task.y))
