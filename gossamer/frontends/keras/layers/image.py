"""Rules of the layers that prepare images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.resizing import (
    box,
    ended,
    known_size,
    middle,
    resized,
    shape_like,
)
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.layout import channels_last
from gossamer.frontends.parts.resizing import resize
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Div, Mul, Sub
from gossamer.ops.compare import Equal
from gossamer.ops.reduce import ReduceMax, ReduceMin
from gossamer.ops.select import SelectV2

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor

_BYTES = (0.0, 255.0)


@layer("Resizing")
def _resizing(call: Call) -> RuleResult:
    """RESIZE_* of the image, of its middle, or of the image with borders."""
    used = call.operation
    return ended(call, resized(call, _image(call), (int(used.height), int(used.width))))


@layer("CenterCrop")
def _center_crop(call: Call) -> RuleResult:
    """The middle of the image; of one that is too small, a part that is enlarged."""
    used = call.operation
    x = _image(call)
    size = (int(used.height), int(used.width))
    known = known_size(x)
    if known[0] >= size[0] and known[1] >= size[1]:
        starts = [(known[0] - size[0]) // 2, (known[1] - size[1]) // 2]
        return ended(call, box(call, x, starts, size))
    x = middle(call, x, shape_like(x, size, grows=False))
    return ended(call, resize(call, x, size, "bilinear"))


def _image(call: Call) -> Tensor:
    """The input as (batch, height, width, channels) in float32.

    Raises:
        Unsupported: it is one image without a batch, or a dict with more than images.
    """
    x = call.x
    if len(call.inputs) != 1 or x.type.rank != 4:
        raise Unsupported(
            f"it has {len(call.inputs)} inputs, the first with {x.type.rank} axes",
            "Give it one batch of images: (batch, height, width, channels).",
        )
    return channels_last(call, call.real(x), call.operation.data_format)


@layer("AutoContrast")
def _auto_contrast(call: Call) -> RuleResult:
    """Each channel stretched to the whole range; one of a single value stays."""
    used = call.operation
    x = call.real(call.x)
    bytes_ = _ranged(call, x, _range_of(used), _BYTES)
    axes = call.indices("axes", (1, 2))
    low = call.emit(ReduceMin(keep_dims=True), bytes_, axes)
    high = call.emit(ReduceMax(keep_dims=True), bytes_, axes)
    extent = call.emit(Sub(), high, low)
    share = call.emit(Div(), call.emit(Sub(), bytes_, low), extent)
    whole = call.emit(Mul(), share, call.scalar("whole", 255.0))
    y = _ranged(call, whole, _BYTES, _range_of(used))
    is_flat = call.emit(Equal(), extent, call.scalar("zero", 0.0))
    return call.emit(SelectV2(), is_flat, x, y)


def _range_of(used: Any) -> tuple[float, float]:
    low, high = used.value_range
    return float(low), float(high)


def _ranged(
    call: Call, x: Tensor, old: tuple[float, float], new: tuple[float, float]
) -> Tensor:
    """Values of one range as those of another."""
    factor = (new[1] - new[0]) / (old[1] - old[0])
    return affine(call, x, np.asarray(factor), np.asarray(new[0] - old[0] * factor))


@layer(
    "AugMix",
    "CutMix",
    "Equalization",
    "MixUp",
    "RandAugment",
    "RandomCrop",
    "Solarization",
)
def _only_in_training(call: Call) -> RuleResult:
    """What changes images in training alone, and hands on all that it is given."""
    return [call.cast(x, DType.FLOAT32) if x.dtype.is_float else x for x in call.inputs]
