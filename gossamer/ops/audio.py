"""AudioSpectrogram and Mfcc: sound as the strength of its frequencies over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.custom_options import CustomOperator
from gossamer.ir.custom_registry import custom_operator
from gossamer.ir.op import require
from gossamer.ir.types import DType
from gossamer.ops.shapes import made, operands, scalar

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType

QUIETEST = 1e-12
"""What is put in the place of a lesser strength before its logarithm is taken."""


@custom_operator("AudioSpectrogram")
class AudioSpectrogram(CustomOperator):
    """x (samples, channels) -> (channels, windows, frequencies), all float32.

    Every `stride` samples the next `window_size` are weighted by a Hann window and
    transformed, with zeros up to a power of two. The result is the magnitude, or its
    square with `magnitude_squared`.
    """

    window_size: int = 0
    stride: int = 0
    magnitude_squared: bool = False

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        fits = x.dtype is DType.FLOAT32 and len(x.shape) == 2
        require(fits, self, f"the input is {x.type}, not float32 of two dimensions")
        samples, channels = x.shape
        windows = -1 if samples < 0 else self._windows(samples)
        frequencies = 1 + self._length() // 2
        return made(self, DType.FLOAT32, (channels, windows, frequencies))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        count, length = self._windows(x.shape[0]), self._length()
        if not count or not x.shape[1]:
            return (np.zeros((x.shape[1], count, 1 + length // 2), np.float32),)
        views = np.lib.stride_tricks.sliding_window_view(x.T, self.window_size, axis=1)
        places = np.arange(self.window_size) / self.window_size
        window = 0.5 - 0.5 * np.cos(2 * np.pi * places)
        found = np.fft.rfft(views[:, :: self.stride] * window, length)
        squared = (found.real**2 + found.imag**2).astype(np.float32)
        return (squared if self.magnitude_squared else np.sqrt(squared),)

    def _windows(self, samples: int) -> int:
        self._check()
        return max(0, (samples - self.window_size) // self.stride + 1)

    def _length(self) -> int:
        """The samples of a transform: the next power of two."""
        self._check()
        return 1 << (self.window_size - 1).bit_length()

    def _check(self) -> None:
        text = f"window_size is {self.window_size} and stride {self.stride}"
        fits = 2 <= self.window_size < 2**31 and 1 <= self.stride < 2**31
        require(fits, self, f"{text}, not 2 and 1 or more")


@custom_operator("Mfcc")
class Mfcc(CustomOperator):
    """x (channels, windows, frequencies) float32, sample rate in Hz (int32) ->
    (channels, windows, `dct_coefficient_count`): mel-frequency cepstral coefficients.

    x is a spectrogram of squared magnitudes. Its magnitudes are summed under triangles
    that lie evenly on the mel scale between the two limits in Hz; of the logarithms
    the first coefficients of a cosine transform are taken.
    """

    upper_frequency_limit: float = 0.0
    lower_frequency_limit: float = 0.0
    filterbank_channel_count: int = 0
    dct_coefficient_count: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, rate = operands(self, inputs, 2)
        fits = x.dtype is DType.FLOAT32 and len(x.shape) == 3 and 0 not in x.shape
        require(fits, self, f"the input is {x.type}, not float32 of three dimensions")
        count = rate.type.size if rate.type.is_static else 1
        text = f"the sample rate is {rate.type}, not one int32"
        require(rate.dtype is DType.INT32 and count == 1, self, text)
        self._check_counts()
        shape = (*x.shape[:2], self.dct_coefficient_count)
        return made(self, DType.FLOAT32, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x = np.asarray(inputs[0], np.float64)
        rate = scalar(self, inputs[1], "the sample rate")
        self._check_counts()
        bands = self._bands(x.shape[2], rate)
        with np.errstate(all="ignore"):
            logs = np.log(np.maximum(np.sqrt(x) @ bands, QUIETEST))
        return ((logs @ self._cosines()).astype(np.float32),)

    def _bands(self, frequencies: int, rate: int) -> Array:
        """(frequencies, bands): how much of each frequency falls under each triangle.

        Triangle b rises from the center of b - 1 to its own, and falls to that of
        b + 1. The constant part of the sound, frequency 0, is left out.
        """
        low, high = int(self.lower_frequency_limit), int(self.upper_frequency_limit)
        apart = 0.5 * rate / (frequencies - 1) if frequencies > 1 else 0.0
        text = f"{frequencies} frequencies of {rate} Hz do not reach {low} to {high} Hz"
        require(apart > 0 and 0 <= low < high, self, text)
        first, last = int(1.5 + low / apart), int(high / apart)
        require(last < frequencies, self, text)
        count = self.filterbank_channel_count
        ends = _mel(np.array([low, high]))
        edges: Array = np.linspace(float(ends[0]), float(ends[1]), count + 2)
        widths: Array = np.diff(edges)
        at = _mel(np.arange(frequencies) * apart)[:, None]
        rising = (at - edges[:-2]) / widths[:-1]
        falling = (edges[2:] - at) / widths[1:]
        bands = np.clip(np.minimum(rising, falling), 0, None)
        bands[:first] = 0
        bands[last + 1 :] = 0
        return bands

    def _cosines(self) -> Array:
        """(bands, coefficients) of the transform."""
        count = self.filterbank_channel_count
        angles = np.outer(np.arange(count) + 0.5, np.arange(self.dct_coefficient_count))
        return np.sqrt(2 / count) * np.cos(np.pi / count * angles)

    def _check_counts(self) -> None:
        bands, coefficients = self.filterbank_channel_count, self.dct_coefficient_count
        text = f"{coefficients} coefficients of {bands} bands cannot be taken"
        require(0 < coefficients <= bands < 2**31, self, text)


def _mel(frequencies: Array) -> Array:
    """Hz on the mel scale."""
    return 1127.0 * np.log1p(frequencies / 700.0)
