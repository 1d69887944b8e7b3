"""Rules of windows that are reduced: poolings, and REDUCE_WINDOW for the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.jax import framework
from gossamer.frontends.jax.primitives.convolution import same_border
from gossamer.frontends.jax.primitives.shaping import padded, reshaped
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.report import Unsupported
from gossamer.ops.arithmetic import Mul
from gossamer.ops.pool import AveragePool2D, MaxPool2D
from gossamer.ops.reduce_window import ReduceWindow
from gossamer.ops.unary import Neg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, DType, Shape

_FUNCTIONS = {
    "reduce_window_max": "maximum",
    "reduce_window_min": "minimum",
    "reduce_window_sum": "add",
}


@dataclass(frozen=True, slots=True)
class _Window:
    """One entry for each axis of the operand."""

    size: Shape
    strides: Shape
    dilation: Shape
    borders: tuple[tuple[int, int], ...]

    @property
    def axes(self) -> Shape:
        """Those along which the window is more than a point."""
        rows = zip(self.size, self.strides, self.borders, strict=True)
        return tuple(
            axis
            for axis, (size, stride, border) in enumerate(rows)
            if size != 1 or stride != 1 or any(border)
        )


@primitive(*_FUNCTIONS)
def _reduce_window(call: Call) -> RuleResult:
    window = _window(call)
    is_plane = len(window.axes) <= 2 and max(window.dilation, default=1) == 1
    if not call.dtype.is_float or not is_plane or len(window.size) > 4:
        return _general(call, window)
    return _pooled(call, window)


def _window(call: Call) -> _Window:
    params = call.params
    base = params["base_dilation"]
    call.require(
        all(int(step) == 1 for step in base),
        f"it reduces windows with base_dilation={tuple(base)}",
        "Spread the operand with jax.lax.pad first.",
    )
    borders = params["padding"]
    if not all(framework.is_size(x) for pair in borders for x in pair):
        raise Unsupported(
            f"its padding {borders} depends on a free size",
            "Fix the height and the width; the batch may stay free.",
        )
    return _Window(
        tuple(int(x) for x in params["window_dimensions"]),
        tuple(int(x) for x in params["window_strides"]),
        tuple(int(x) for x in params["window_dilation"]),
        tuple((int(low), int(high)) for low, high in borders),
    )


def _pooled(call: Call, window: _Window) -> Tensor:
    """MAX_POOL_2D or AVERAGE_POOL_2D over the axes of the window, brought in place."""
    rank = len(window.size)
    axes = list(window.axes)
    others = [axis for axis in range(rank) if axis not in axes]
    while len(axes) < 2 and len(others) > 2:
        axes = sorted([*axes, others.pop(1)])
    order = [*others[:1], *axes, *others[1:]]
    lacking = 2 - len(axes)
    moved = transpose(call, call.x, order)
    shape = _plane(call.step.operands[0].shape, axes, others)
    plane = reshaped(call, moved, framework.sizes_of(shape), shape)
    y = _over_plane(
        call,
        plane,
        [*[1] * lacking, *(window.size[axis] for axis in axes)],
        [*[1] * lacking, *(window.strides[axis] for axis in axes)],
        [*[(0, 0)] * lacking, *(window.borders[axis] for axis in axes)],
    )
    result = [call.step.results[0].shape[axis] for axis in order]
    y = reshaped(call, y, framework.sizes_of(result), result)
    return transpose(call, y, [order.index(axis) for axis in range(rank)])


def _plane(shape: Sequence[Any], axes: list[int], others: list[int]) -> list[Any]:
    """Batch, height, width and channels, with ones for what is missing."""
    first, last = others[:1], others[1:]
    return [
        *(shape[axis] for axis in first),
        *[1] * (1 - len(first)),
        *[1] * (2 - len(axes)),
        *(shape[axis] for axis in axes),
        *(shape[axis] for axis in last),
        *[1] * (1 - len(last)),
    ]


def _over_plane(
    call: Call,
    x: Tensor,
    sizes: list[int],
    strides: list[int],
    borders: list[tuple[int, int]],
) -> Tensor:
    name = call.step.name
    spatial = dims(x)[1:3]
    is_same = all(
        n >= 0 and border == same_border(n, size, step)
        for n, size, step, border in zip(spatial, sizes, strides, borders, strict=True)
    )
    padding = "same" if is_same and np.any(borders) else "valid"
    if padding == "valid" and np.any(borders):
        limit = 0.0 if name == "reduce_window_sum" else -np.inf
        if name == "reduce_window_min":
            limit = np.inf
        around = [(0, 0, 0), *((a, b, 0) for a, b in borders), (0, 0, 0)]
        x = padded(call, x, around, call.scalar("border", limit))
    kind = AveragePool2D if name == "reduce_window_sum" else MaxPool2D
    op = kind(padding, strides[1], strides[0], sizes[1], sizes[0])
    if name == "reduce_window_min":
        return call.emit(Neg(), call.emit(op, call.emit(Neg(), x)))
    pooled = call.emit(op, x)
    if name == "reduce_window_max":
        return pooled
    counts = _counts(spatial, sizes, strides, borders, is_same=padding == "same")
    return call.emit(Mul(), pooled, call.constant("counts", counts))


def _counts(
    spatial: Shape,
    sizes: list[int],
    strides: list[int],
    borders: list[tuple[int, int]],
    *,
    is_same: bool,
) -> Array:
    """How many elements the mean of each window is of: one number, or (H, W, 1)."""
    if not is_same:
        return np.array(math.prod(sizes), np.float32)
    along = [
        _inside(n, size, step, border)
        for n, size, step, border in zip(spatial, sizes, strides, borders, strict=True)
    ]
    counts = np.outer(*along).astype(np.float32)[..., None]
    return counts.reshape(-1)[0] if np.ptp(counts) == 0 else counts


def _inside(n: int, size: int, step: int, border: tuple[int, int]) -> Array:
    """How many elements of each window along an axis lie inside of it."""
    starts = np.arange(-border[0], n + border[1] - size + 1, step)
    return np.minimum(starts + size, n) - np.maximum(starts, 0)


def _general(call: Call, window: _Window) -> Tensor:
    """REDUCE_WINDOW, with the borders padded first."""
    name = call.step.name
    x = call.x
    start = call.constant("start", _start(name, x.dtype))
    x = padded(call, x, [(low, high, 0) for low, high in window.borders], start)
    numbers = (
        call.constant("window", np.array(values, np.int64))
        for values in (window.size, window.strides, window.dilation)
    )
    return call.emit(ReduceWindow(_FUNCTIONS[name]), x, start, *numbers)


def _start(name: str, dtype: DType) -> Array:
    if name == "reduce_window_sum":
        return np.zeros((), dtype.numpy)
    sign = 1 if name == "reduce_window_min" else -1
    if dtype.is_float:
        return np.array(sign * np.inf, dtype.numpy)
    limits = np.iinfo(dtype.numpy)
    return np.array(limits.max if sign > 0 else limits.min, dtype.numpy)
