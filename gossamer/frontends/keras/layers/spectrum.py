"""Rules of the layers that make spectra of signals, by convolution with waves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.convolution import convolve, window
from gossamer.frontends.parts.products import fully_connected
from gossamer.frontends.parts.regrouping import Axis, regroup, split
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.parts.spectrum import frame, halves, of_frames
from gossamer.frontends.report import Unsupported
from gossamer.ops.arithmetic import Mul, Sub
from gossamer.ops.atan2 import Atan2
from gossamer.ops.maximum import Maximum
from gossamer.ops.pad import MirrorPad
from gossamer.ops.pow import Pow
from gossamer.ops.reduce import ReduceMax, Sum
from gossamer.ops.unary import Log, Sqrt, Square

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array

_EPSILON = 1e-7


@layer("STFTSpectrogram")
def _stft_spectrogram(call: Call) -> RuleResult:
    """One CONV_2D with the waves of both parts, real and imaginary."""
    used = call.operation
    x = call.real(call.x)
    is_first = used.data_format == "channels_first"
    channels = dims(x)[1 if is_first else 2]
    if channels != 1 and not is_first:
        x = transpose(call, x, (0, 2, 1))
    if channels != 1 or is_first:
        x = regroup(call, x, [-1, Axis(2), 1])
    waves = [
        to_numpy(getattr(used, f"{part}_kernel"))
        for part in ("real", "imag")
        if hasattr(used, f"{part}_kernel")
    ]
    step = used.frame_step or used.frame_length // 2
    moves = window(1, step, used.padding, 1)
    y = convolve(call, x, np.concatenate(waves, axis=-1), None, moves)
    return _arranged(call, _shown(call, y, used.mode), channels, is_first=is_first)


def _shown(call: Call, y: Tensor, mode: str) -> Tensor:
    """What the mode tells of (rows, frames, both parts of all frequencies)."""
    if mode in ("real", "imag", "stft"):
        return y
    count = dims(y)[2] // 2
    if mode == "angle":
        real, imaginary = halves(call, y)
        return call.emit(Atan2(), imaginary, real)
    power = _power(call, y)
    if mode == "psd":
        # All frequencies but the first and the last occur with both signs.
        twice = np.full(count, 2, np.float32)
        twice[[0, -1]] = 1
        return call.emit(Mul(), power, call.constant("twice", twice))
    y = call.emit(Sqrt(), _at_least(call, power, _EPSILON))
    return y if mode == "magnitude" else call.emit(Log(), _at_least(call, y, _EPSILON))


def _power(call: Call, y: Tensor) -> Tensor:
    """The sum of the squares of both parts: (rows, frames, frequencies)."""
    parts = call.emit(Square(), split(call, y, 2, (2, dims(y)[2] // 2)))
    return call.emit(Sum(keep_dims=False), parts, call.indices("axis", [2]))


def _at_least(call: Call, x: Tensor, limit: float) -> Tensor:
    return call.emit(Maximum(), x, call.scalar("limit", limit))


def _arranged(call: Call, y: Tensor, channels: int, *, is_first: bool) -> Tensor:
    """(batch * channels, frames, frequencies) in the order that the layer states."""
    expands = bool(call.operation.expand_dims)
    count = dims(y)[2]
    if channels == 1 and not is_first:
        return regroup(call, y, [Axis(0), Axis(1), Axis(2), 1]) if expands else y
    y = regroup(call, y, [-1, channels, Axis(1), Axis(2)])
    if is_first:
        if expands:
            return y
        turned = transpose(call, y, (0, 1, 3, 2))
        return regroup(call, turned, [Axis(0), channels * count, Axis(3)])
    if expands:
        return transpose(call, y, (0, 2, 3, 1))
    turned = transpose(call, y, (0, 2, 1, 3))
    return regroup(call, turned, [Axis(0), Axis(1), channels * count])


@layer("MelSpectrogram")
def _mel_spectrogram(call: Call) -> RuleResult:
    """Frames by CONV_2D with windowed waves, bands by FULLY_CONNECTED."""
    used = call.operation
    x = call.real(call.x)
    rank, half = x.type.rank, used.fft_length // 2
    if rank not in (1, 2):
        raise Unsupported(
            f"its input has {rank} axes", "Give it (batch, samples), or (samples,)."
        )
    widths = [(0, 0)] * (rank - 1) + [(half, half)]
    x = call.emit(MirrorPad("reflect"), x, call.indices("paddings", widths))
    length, whole = int(used.sequence_length), int(used.fft_length)
    shape = frame(_shape_of(used.window, length), length, whole)
    power = _power(call, of_frames(call, x, shape, int(used.sequence_stride)))
    y = fully_connected(call, _raised(call, power, used.mag_exp), _bands(used), None)
    if used.power_to_db:
        y = _decibels(call, y)
    y = transpose(call, y, (0, 2, 1))
    return regroup(call, y, [Axis(1), Axis(2)]) if rank == 1 else y


def _raised(call: Call, power: Tensor, exponent: float) -> Tensor:
    """The magnitude, whose square is given, to `exponent`."""
    if exponent == 2:
        return power
    if exponent == 1:
        return call.emit(Sqrt(), power)
    return call.emit(Pow(), power, call.scalar("exponent", exponent / 2))


def _shape_of(window: Any, length: int) -> Any:
    """A window by name or as an array; without one, each sample counts alike."""
    if window is None:
        return np.ones(length)
    return window if isinstance(window, str) else to_numpy(window)


def _bands(used: Any) -> Array:
    """(frequencies, bands): the share of each frequency in each band."""
    made = used.linear_to_mel_weight_matrix(
        num_mel_bins=used.num_mel_bins,
        num_spectrogram_bins=used.fft_length // 2 + 1,
        sampling_rate=used.sampling_rate,
        lower_edge_hertz=used.min_freq,
        upper_edge_hertz=used.max_freq,
    )
    return to_numpy(made)


def _decibels(call: Call, x: Tensor) -> Tensor:
    """10 * log10(x / reference), cut off at a distance below the largest of all."""
    used = call.operation
    reference = max(abs(float(used.ref_power)), float(used.min_power))
    logarithm = call.emit(Log(), _at_least(call, x, float(used.min_power)))
    scale, offset = np.asarray(10 / math.log(10)), -10 * math.log10(reference)
    y = affine(call, logarithm, scale, np.asarray(offset))
    axes = call.indices("axes", range(y.type.rank))
    largest = call.emit(ReduceMax(), y, axes)
    lowest = call.emit(Sub(), largest, call.scalar("range", float(used.top_db)))
    return call.emit(Maximum(), y, lowest)
