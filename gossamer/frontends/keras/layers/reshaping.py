"""Rules of the layers that move values and compute nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts import shaping
from gossamer.frontends.parts.convolution import require_channels_last
from gossamer.frontends.parts.slicing import cut
from gossamer.ops.pad import Pad
from gossamer.ops.tile import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.keras.call import Call


@layer("Flatten")
def _flatten(call: Call) -> RuleResult:
    if call.x.type.rank > 2:
        require_channels_last(call.operation.data_format)
    if call.x.type.rank == 1:
        return shaping.expand_dims(call, call.x, 1)
    return shaping.flatten(call, call.x)


@layer("Reshape")
def _reshape(call: Call) -> RuleResult:
    batch = dims(call.x)[0]
    return shaping.reshape(call, call.x, (batch, *call.operation.target_shape))


@layer("Permute")
def _permute(call: Call) -> RuleResult:
    return shaping.transpose(call, call.x, (0, *call.operation.dims))


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _zero_padding(call: Call) -> RuleResult:
    require_channels_last(call.operation.data_format)
    amounts = [(0, 0), *_pairs(call.operation.padding), (0, 0)]
    return call.emit(Pad(), call.x, call.indices("paddings", amounts))


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def _cropping(call: Call) -> RuleResult:
    require_channels_last(getattr(call.operation, "data_format", None))
    pairs = [(0, 0), *_pairs(call.operation.cropping), (0, 0)]
    slices = [slice(begin, -end or None) for begin, end in pairs]
    return cut(call, call.x, tuple(slices))


@layer("RepeatVector")
def _repeat_vector(call: Call) -> RuleResult:
    step = shaping.expand_dims(call, call.x, 1)
    return call.emit(Tile(), step, call.indices("multiples", (1, call.operation.n, 1)))


def _pairs(amounts: Sequence[int] | Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """One (begin, end) per spatial axis; a layer over one axis states it flat."""
    flat = [amounts] if isinstance(amounts[0], int) else amounts
    pairs = cast("Sequence[Sequence[int]]", flat)
    return [(int(pair[0]), int(pair[1])) for pair in pairs]
