"""Operations of `keras.ops.image` by others: colours, borders, filters."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.parts.layout import FIRST
from gossamer.frontends.report import Unsupported

_GRAY = np.array([0.2989, 0.587, 0.114], np.float32)
_EPSILON = float(np.finfo(np.float32).eps)


@composed("RGBToGrayscale")
def _grayscale(images: Any, *, data_format: str | None = None) -> Any:
    ops = keras().ops
    axis = -3 if data_format == FIRST else -1
    if images.shape[axis] == 1:
        return images
    x = ops.cast(images, "float32")
    if data_format == FIRST:
        return ops.sum(x * _GRAY[:, None, None], axis=axis, keepdims=True)
    return ops.matmul(x, _GRAY[:, None])


def _planes(images: Any, data_format: str | None) -> list[Any]:
    key = (slice(None), slice(None)) if data_format == FIRST else ()
    return [images[(..., channel, *key)] for channel in range(3)]


def _joined(planes: list[Any], data_format: str | None) -> Any:
    return keras().ops.stack(planes, axis=-3 if data_format == FIRST else -1)


@composed("RGBToHSV")
def _rgb_to_hsv(images: Any, *, data_format: str | None = None) -> Any:
    ops = keras().ops
    x = ops.where(ops.abs(images) < _EPSILON, 0.0, images)
    red, green, blue = _planes(x, data_format)
    value = ops.maximum(ops.maximum(red, green), blue)
    extent = value - ops.minimum(ops.minimum(red, green), blue)
    share = extent / ops.where(value > 0, value, 1.0)
    saturation = ops.where(value > 0, share, 0.0)
    sixth = 1.0 / (ops.where(extent > 0, extent, 1.0) * 6.0)
    hue = ops.where(
        ops.equal(value, green),
        sixth * (blue - red) + 2 / 6,
        sixth * (red - green) + 4 / 6,
    )
    hue = ops.where(ops.equal(value, red), sixth * (green - blue), hue)
    turned = ops.where(extent > 0, hue, 0.0) + ops.cast(hue < 0, "float32")
    return _joined([turned, saturation, value], data_format)


@composed("HSVToRGB")
def _hsv_to_rgb(images: Any, *, data_format: str | None = None) -> Any:
    ops = keras().ops
    hue, saturation, value = _planes(images, data_format)
    sixths = (hue - ops.floor(hue)) * 6.0
    shares = (
        ops.abs(sixths - 3.0) - 1.0,
        2.0 - ops.abs(sixths - 2.0),
        2.0 - ops.abs(sixths - 4.0),
    )
    rest = 1.0 - saturation
    planes = [value * (rest + saturation * ops.clip(x, 0.0, 1.0)) for x in shares]
    return _joined(planes, data_format)


@composed("PadImages")
def _pad_images(
    images: Any,
    *,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    height, width = _axes(images, data_format)
    amounts = [(0, 0)] * len(images.shape)
    for axis, before, after, target in (
        (height, top_padding, bottom_padding, target_height),
        (width, left_padding, right_padding, target_width),
    ):
        more = 0 if target is None else target - _size(images, axis)
        first = more - (after or 0) if before is None else before
        amounts[axis] = (first, more - first if after is None else after)
    return keras().ops.pad(images, amounts)


@composed("CropImages")
def _crop_images(
    images: Any,
    *,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    height, width = _axes(images, data_format)
    key: list[slice] = [slice(None)] * len(images.shape)
    for axis, before, after, target in (
        (height, top_cropping, bottom_cropping, target_height),
        (width, left_cropping, right_cropping, target_width),
    ):
        size = _size(images, axis)
        first = size - (target or 0) - (after or 0) if before is None else before
        end = size - after if target is None and after is not None else None
        key[axis] = slice(first, first + (target or 0) if end is None else end)
    return images[tuple(key)]


def _axes(images: Any, data_format: str | None) -> tuple[int, int]:
    """Which axes are height and width."""
    first = len(images.shape) - (2 if data_format == FIRST else 3)
    return first, first + 1


def _size(images: Any, axis: int) -> int:
    size = images.shape[axis]
    if size is None:
        raise Unsupported(
            f"the size of its images is not known: {tuple(images.shape)}",
            "Fix height and width in keras.Input.",
        )
    return int(size)


@composed("GaussianBlur")
def _gaussian_blur(
    images: Any,
    *,
    kernel_size: Any = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Any:
    """One DEPTHWISE_CONV_2D."""
    across, down = (_bell(*row) for row in zip(kernel_size, sigma, strict=True))
    return _filtered(images, [np.outer(down, across)], "same", data_format)


def _bell(size: int, sigma: Any) -> Any:
    """(size,): weights that fall off from the middle, of sum one."""
    places = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (places / float(sigma)) ** 2)
    return weights / weights.sum()


@composed("SobelEdges")
def _sobel_edges(images: Any, *, data_format: str | None = None) -> Any:
    """(..., 2): how fast each channel changes downwards and to the right."""
    ops = keras().ops
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    both = _filtered(images, [down, down.T], "same", data_format)
    axis = 1 if data_format == FIRST else 3
    shape = [-1 if size is None else size for size in images.shape]
    y = ops.reshape(both, (*shape[: axis + 1], 2, *shape[axis + 1 :]))
    return ops.moveaxis(y, axis + 1, -1)


def _filtered(
    images: Any, kernels: list[Any], padding: str, data_format: str | None
) -> Any:
    """Each channel through each kernel, (height, width)."""
    ops = keras().ops
    alone = len(images.shape) == 3
    x = ops.expand_dims(images, 0) if alone else images
    channels = x.shape[1 if data_format == FIRST else -1]
    filters = np.stack(kernels, axis=-1)[:, :, None]
    kernel = np.tile(filters, (1, 1, channels, 1)).astype(np.float32)
    y = ops.depthwise_conv(
        x, kernel, strides=1, padding=padding, data_format=data_format
    )
    return ops.squeeze(y, 0) if alone else y


@composed("SSIM")
def _structural_similarity(
    image1: Any,
    image2: Any,
    *,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """How alike means, variances and covariances of small windows are: (batch,)."""
    ops = keras().ops
    bell = _bell(filter_size, filter_sigma)
    x, y = (ops.cast(image, "float32") for image in (image1, image2))

    def mean(values: Any) -> Any:
        return _filtered(values, [np.outer(bell, bell)], "valid", data_format)

    mean_x, mean_y = mean(x), mean(y)
    squares_x, squares_y, product = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    variance_x, variance_y = mean(x * x) - squares_x, mean(y * y) - squares_y
    covariance = mean(x * y) - product
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    above = (product * 2.0 + c1) * (covariance * 2.0 + c2)
    below = (squares_x + squares_y + c1) * (variance_x + variance_y + c2)
    return ops.mean(above / below, axis=(-3, -2, -1))
