"""Spectra of signals: RFFT2D, and products and convolutions with waves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.convolution import convolve, window
from gossamer.frontends.parts.products import fully_connected
from gossamer.frontends.parts.regrouping import Axis, regroup
from gossamer.frontends.parts.slicing import cut
from gossamer.ops.complex import Imag, Real
from gossamer.ops.rfft_2d import Rfft2D
from gossamer.ops.split import SplitV

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


def spectrum(emitter: Emitter, x: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of the `length` // 2 + 1 frequencies of the last axis.

    Of its samples, as many as `length` count, with zeros behind. RFFT2D for a power of
    two; else FULLY_CONNECTED with waves.
    """
    size, rank = dims(x)[-1], x.type.rank
    if length & (length - 1):
        inside = min(size, length)
        x = cut(emitter, x, [..., slice(0, inside)]) if inside < size else x
        both = fully_connected(emitter, x, waves(np.ones(length))[:inside, 0], None)
        return halves(emitter, both)
    row = regroup(emitter, x, [*map(Axis, range(rank - 1)), 1, Axis(rank - 1)])
    made = emitter.emit(Rfft2D(), row, emitter.indices("length", (1, length)))
    parts = emitter.emit(Real(), made), emitter.emit(Imag(), made)
    entries = [*map(Axis, range(rank - 1)), Axis(rank)]
    real, imaginary = (regroup(emitter, part, entries) for part in parts)
    return real, imaginary


def of_frames(emitter: Emitter, x: Tensor, shape: Array, step: int) -> Tensor:
    """The spectra of the frames that a signal's last axis holds, by one CONV_2D.

    Args:
        emitter: where the nodes go.
        x: (..., samples).
        shape: (samples of a frame,): what each is multiplied with.
        step: samples from one frame to the next.

    Returns:
        (rows, frames, real parts and imaginary parts): all signals as rows.
    """
    rows = regroup(emitter, x, [-1, Axis(x.type.rank - 1), 1])
    return convolve(emitter, rows, waves(shape), None, window(1, step, "valid", 1))


def halves(emitter: Emitter, both: Tensor) -> tuple[Tensor, Tensor]:
    """The last axis cut in the middle."""
    rank, count = both.type.rank, dims(both)[-1] // 2
    sizes = emitter.indices("sizes", (count, count))
    axis = emitter.indices("axis", rank - 1)
    first, second = emitter.emit_all(SplitV(2), both, sizes, axis)
    return first, second


def waves(shape: Array) -> Array:
    """(samples, 1, cosines and negative sines of all frequencies), times `shape`."""
    count = len(shape)
    turns = np.outer(np.arange(count), np.arange(count // 2 + 1)) % count
    angles = 2 * np.pi * turns / count
    both = np.concatenate([np.cos(angles), -np.sin(angles)], axis=1)
    return (shape[:, None] * both).astype(np.float32)[:, None]


def frame(kind: Any, length: int, whole: int) -> Array:
    """The weight of each of `whole` samples: a window of `length` in their middle.

    `kind` is "hann", "hamming", an array, or None for ones; None fills the whole.
    """
    if kind is None:
        return np.ones(whole)
    before = (whole - length) // 2
    shape = np.zeros(whole)
    shape[before : before + length] = _window(kind, length)
    return shape


def _window(kind: Any, length: int) -> Array:
    if not isinstance(kind, str):
        return np.asarray(kind, np.float64)
    mean = {"hann": 0.5, "hamming": 0.54}[kind]
    places = 2 * np.pi * np.arange(length) / length
    return mean - (1 - mean) * np.cos(places)
