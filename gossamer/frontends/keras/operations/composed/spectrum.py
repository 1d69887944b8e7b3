"""Fourier transforms of `keras.ops` as products with waves."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.parts.spectrum import frame
from gossamer.frontends.report import Unsupported


@composed("FFT")
def _fft(x: Any) -> Any:
    return _transformed(x, -1, inverse=False)


@composed("FFT2")
def _fft2(x: Any) -> Any:
    return _transformed(_transformed(x, -1, inverse=False), -2, inverse=False)


@composed("IFFT2")
def _ifft2(x: Any) -> Any:
    return _transformed(_transformed(x, -1, inverse=True), -2, inverse=True)


def _transformed(x: Any, axis: int, *, inverse: bool) -> Any:
    """Both parts, side by side, times the waves of all frequencies of one axis."""
    ops = keras().ops
    count = _size(x[0], axis)
    angles = 2 * np.pi / count * (np.outer(np.arange(count), np.arange(count)) % count)
    cosines, sines = np.cos(angles), np.sin(angles) * (1 if inverse else -1)
    waves = np.block([[cosines, sines], [-sines, cosines]]) / (count if inverse else 1)
    parts = [ops.swapaxes(part, axis, -1) for part in x]
    both = ops.matmul(ops.concatenate(parts, axis=-1), waves.astype(np.float32))
    return tuple(ops.swapaxes(part, axis, -1) for part in ops.split(both, 2, axis=-1))


@composed("IRFFT")
def _irfft(x: Any, *, fft_length: int | None = None) -> Any:
    ops = keras().ops
    stored = _size(x[0], -1)
    length = 2 * (stored - 1) if fft_length is None else int(fft_length)
    used = min(stored, length // 2 + 1)
    parts = [part[..., :used] for part in x] if used < stored else list(x)
    waves = _inverse_waves(length)[:, :used].reshape(2 * used, length)
    return ops.matmul(ops.concatenate(parts, axis=-1), waves)


def _inverse_waves(length: int) -> Any:
    """(2, frequencies, samples): what real and imaginary parts add to each sample."""
    frequencies = np.arange(length // 2 + 1)
    angles = 2 * np.pi / length * (np.outer(frequencies, np.arange(length)) % length)
    # All frequencies but the first and a last of half the length occur twice.
    share = np.where((frequencies == 0) | (2 * frequencies == length), 1, 2) / length
    both = np.stack([np.cos(angles), -np.sin(angles)]) * share[:, None]
    return both.astype(np.float32)


@composed("ISTFT")
def _istft(
    x: Any,
    *,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Frames of windowed waves, added up where they overlap by one TRANSPOSE_CONV."""
    ops = keras().ops
    frames, frequencies = _size(x[0], -2), _size(x[0], -1)
    kind = window if window is None or isinstance(window, str) else to_numpy(window)
    shape = frame(kind, sequence_length, fft_length)
    waves = _inverse_waves(fft_length).reshape(2 * frequencies, fft_length) * shape
    before = [-1 if size is None else size for size in x[0].shape[:-2]]
    rows = ops.reshape(ops.concatenate(x, axis=-1), (-1, frames, 2 * frequencies))
    kernel = waves.T[:, None].astype(np.float32)
    y = ops.conv_transpose(rows, kernel, strides=sequence_stride)
    weight = np.zeros(y.shape[1])
    for start in range(0, frames * sequence_stride, sequence_stride):
        weight[start : start + fft_length] += shape**2
    scale = 1.0 if window is not None else shape.sum() / sequence_stride
    factor = scale / np.where(weight > 1e-10, weight, 1)
    y = ops.squeeze(y * factor.astype(np.float32)[:, None], -1)
    first = fft_length // 2 if center else 0
    end = y.shape[1] - first if length is None else min(first + length, y.shape[1])
    return ops.reshape(y[:, first:end], (*before, end - first))


def _size(x: Any, axis: int) -> int:
    size = x.shape[axis]
    if size is None:
        raise Unsupported(
            f"the size of axis {axis} is not known: {tuple(x.shape)}",
            "Fix that size in keras.Input.",
        )
    return int(size)
