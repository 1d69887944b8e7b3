"""Rules of the layers that prepare images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.layout import channels_last, restored
from gossamer.frontends.parts.resizing import resize
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Div, Mul, Sub
from gossamer.ops.compare import Equal
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pad import Pad, PadV2
from gossamer.ops.reduce import ReduceMax, ReduceMin
from gossamer.ops.select import SelectV2
from gossamer.ops.unary import Round

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor

_BYTES = (0.0, 255.0)


@layer("Resizing")
def _resizing(call: Call) -> RuleResult:
    """RESIZE_* of the image, of its middle, or of the image with borders."""
    used = call.operation
    x = _image(call)
    size = (int(used.height), int(used.width))
    if used.crop_to_aspect_ratio:
        x = _middle(call, x, _shape_like(x, size, grows=False))
    elif used.pad_to_aspect_ratio:
        x = _bordered(call, x, _shape_like(x, size, grows=True), used.fill_value)
    y = resize(call, x, size, used.interpolation, antialias=bool(used.antialias))
    return _ended(call, y)


@layer("CenterCrop")
def _center_crop(call: Call) -> RuleResult:
    """The middle of the image; of one that is too small, a part that is enlarged."""
    used = call.operation
    x = _image(call)
    size = (int(used.height), int(used.width))
    known = _known_size(x)
    if known[0] >= size[0] and known[1] >= size[1]:
        starts = [(known[0] - size[0]) // 2, (known[1] - size[1]) // 2]
        return _ended(call, _box(call, x, starts, size))
    x = _middle(call, x, _shape_like(x, size, grows=False))
    return _ended(call, resize(call, x, size, "bilinear"))


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


def _ended(call: Call, y: Tensor) -> Tensor:
    """In the layer's order of axes; whole numbers are rounded, and kept in range."""
    y = restored(call, y, call.operation.data_format)
    if call.dtype.is_float:
        return y
    limits = np.iinfo(call.dtype.numpy)
    low, high = (call.scalar("limit", float(x)) for x in (limits.min, limits.max))
    whole = call.emit(Round(), y)
    return call.cast(
        call.emit(Minimum(), call.emit(Maximum(), whole, low), high), call.dtype
    )


def _known_size(x: Tensor) -> tuple[int, int]:
    height, width = dims(x)[1:3]
    if min(height, width) < 0:
        raise Unsupported(
            f"the size of its images is not known: {dims(x)}",
            "Fix height and width in keras.Input.",
        )
    return height, width


def _shape_like(x: Tensor, size: tuple[int, int], *, grows: bool) -> tuple[int, int]:
    """A size in the proportions of `size`, around the image or within it."""
    height, width = _known_size(x)
    # Rounded as Keras does it.
    high = int(float(width * size[0]) / size[1])
    wide = int(float(height * size[1]) / size[0])
    if grows:
        return max(height, high), max(width, wide)
    return max(min(height, high), 1), max(min(width, wide), 1)


def _middle(call: Call, x: Tensor, size: tuple[int, int]) -> Tensor:
    known = _known_size(x)
    starts = [int((known[0] - size[0]) / 2), int((known[1] - size[1]) / 2)]
    return _box(call, x, starts, size)


def _box(call: Call, x: Tensor, starts: list[int], size: tuple[int, int]) -> Tensor:
    bounds = zip(starts, size, _known_size(x), strict=True)
    cuts = [
        slice(None) if length == whole else slice(start, start + length)
        for start, length, whole in bounds
    ]
    return cut(call, x, (slice(None), *cuts))


def _bordered(call: Call, x: Tensor, size: tuple[int, int], value: Any) -> Tensor:
    """Borders above and below, or else at the sides, each of one width."""
    height, width = _known_size(x)
    above, beside = int((size[0] - height) / 2), int((size[1] - width) / 2)
    if not above and not beside:
        return x
    widths = (above, 0) if above else (0, beside)
    amounts = [(0, 0), *((border, border) for border in widths), (0, 0)]
    paddings = call.indices("paddings", amounts)
    if not value:
        return call.emit(Pad(), x, paddings)
    return call.emit(PadV2(), x, paddings, call.scalar("fill", float(value)))


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
