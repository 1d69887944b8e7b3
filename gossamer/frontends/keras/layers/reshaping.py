"""Rules of the layers that move values and compute nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts import shaping
from gossamer.frontends.parts.convolution import lowered, raised
from gossamer.frontends.parts.layout import channels_last, restored, spatial_axes
from gossamer.frontends.parts.resizing import enlarge, repeat
from gossamer.frontends.parts.slicing import cut
from gossamer.ops.pad import Pad
from gossamer.ops.tile import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.keras.call import Call


@layer("Flatten")
def _flatten(call: Call) -> RuleResult:
    if call.x.type.rank == 1:
        return shaping.expand_dims(call, call.x, 1)
    x = channels_last(call, call.x, call.operation.data_format)
    return shaping.flatten(call, x)


@layer("Reshape")
def _reshape(call: Call) -> RuleResult:
    batch = dims(call.x)[0]
    return shaping.reshape(call, call.x, (batch, *call.operation.target_shape))


@layer("Permute")
def _permute(call: Call) -> RuleResult:
    return shaping.transpose(call, call.x, (0, *call.operation.dims))


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _zero_padding(call: Call) -> RuleResult:
    amounts = _per_axis(call, call.operation.padding)
    return call.emit(Pad(), call.x, call.indices("paddings", amounts))


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def _cropping(call: Call) -> RuleResult:
    pairs = _per_axis(call, call.operation.cropping)
    slices = [slice(begin or None, -end or None) for begin, end in pairs]
    return cut(call, call.x, tuple(slices))


@layer("RepeatVector")
def _repeat_vector(call: Call) -> RuleResult:
    step = shaping.expand_dims(call, call.x, 1)
    return call.emit(Tile(), step, call.indices("multiples", (1, call.operation.n, 1)))


@layer("UpSampling1D")
def _up_sampling_1d(call: Call) -> RuleResult:
    flat = raised(call, call.real(call.x))
    return lowered(call, enlarge(call, flat, (1, int(call.operation.size)), "nearest"))


@layer("UpSampling2D")
def _up_sampling_2d(call: Call) -> RuleResult:
    used = call.operation
    x = channels_last(call, call.real(call.x), used.data_format)
    y = enlarge(call, x, (used.size[0], used.size[1]), used.interpolation)
    return restored(call, y, used.data_format)


@layer("UpSampling3D")
def _up_sampling_3d(call: Call) -> RuleResult:
    x = call.real(call.x)
    axes = spatial_axes(x.type.rank, call.operation.data_format)
    factors = [1] * x.type.rank
    factors[axes.start : axes.stop] = call.operation.size
    return repeat(call, x, factors)


def _per_axis(
    call: Call, amounts: Sequence[int] | Sequence[Sequence[int]]
) -> list[tuple[int, int]]:
    """(begin, end) for each axis of the input, from those of the spatial axes.

    A layer over one axis states its pair flat.
    """
    flat = [amounts] if isinstance(amounts[0], int) else amounts
    pairs = cast("Sequence[Sequence[int]]", flat)
    rank = call.x.type.rank
    every = [(0, 0)] * rank
    axes = spatial_axes(rank, getattr(call.operation, "data_format", None))
    for axis, pair in zip(axes, pairs, strict=True):
        every[axis] = (int(pair[0]), int(pair[1]))
    return every
