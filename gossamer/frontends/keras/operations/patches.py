"""Rules of the operations of `keras.ops` between pixels and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts import patches
from gossamer.frontends.parts.convolution import Window, spread, window
from gossamer.frontends.parts.layout import FIRST, channels_last, restored
from gossamer.frontends.parts.shaping import expand_dims, reshape, squeeze, transpose
from gossamer.frontends.report import Unsupported
from gossamer.ops.space_to_depth import DepthToSpace, SpaceToDepth

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


@operation("ExtractPatches")
def _extract_patches(call: Call) -> RuleResult:
    """Windows of an image or a volume, with or without a batch in front."""
    used = call.operation
    size = tuple(int(n) for n in used.size)
    alone = call.x.type.rank == len(size) + 1
    batched = expand_dims(call, call.x, 0) if alone else call.x
    x = channels_last(call, batched, used.data_format)
    moves = window(len(size), used.strides, used.padding, used.dilation_rate)
    y = restored(call, patches.patches(call, x, size, moves), used.data_format)
    return squeeze(call, y, (0,)) if alone else y


@operation("Unfold")
def _unfold(call: Call) -> RuleResult:
    size, moves, border = _windows(call.operation)
    return patches.unfold(call, call.x, size, moves, border)


@operation("Fold")
def _fold(call: Call) -> RuleResult:
    size, moves, border = _windows(call.operation)
    result = spread(call.operation.output_size, 2)
    return patches.fold(call, call.x, result, size, moves, border)


def _windows(used: Any) -> tuple[tuple[int, ...], Window, tuple[int, ...]]:
    moves = window(2, used.stride, "valid", used.dilation)
    return spread(used.kernel_size, 2), moves, spread(used.padding, 2)


@operation("SpaceToDepth")
def _space_to_depth(call: Call) -> RuleResult:
    block = int(call.operation.block_size)
    if call.operation.data_format != FIRST:
        return call.emit(SpaceToDepth(block), call.x)
    channels, height, width = _known(call.x)
    high, wide = height // block, width // block
    parts = reshape(call, call.x, (-1, channels, high, block, wide, block))
    turned = transpose(call, parts, (0, 1, 3, 5, 2, 4))
    return reshape(call, turned, (-1, channels * block * block, high, wide))


@operation("DepthToSpace")
def _depth_to_space(call: Call) -> RuleResult:
    block = int(call.operation.block_size)
    if call.operation.data_format != FIRST:
        return call.emit(DepthToSpace(block), call.x)
    channels, height, width = _known(call.x)
    left = channels // (block * block)
    parts = reshape(call, call.x, (-1, left, block, block, height, width))
    turned = transpose(call, parts, (0, 1, 4, 2, 5, 3))
    return reshape(call, turned, (-1, left, height * block, width * block))


def _known(x: Tensor) -> tuple[int, int, int]:
    _, channels, height, width = dims(x)
    if min(channels, height, width) < 0:
        raise Unsupported(
            f"its blocks depend on sizes that are not known: {dims(x)}",
            "Fix all sizes but the batch in keras.Input.",
        )
    return channels, height, width
