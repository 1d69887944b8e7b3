"""Rules of the operations of `keras.ops` that make spectra of real signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.regrouping import Axis, regroup
from gossamer.frontends.parts.spectrum import frame, halves, of_frames, spectrum
from gossamer.frontends.report import Unsupported
from gossamer.ops.pad import MirrorPad

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.regrouping import Entry


@operation("RFFT")
def _rfft(call: Call) -> RuleResult:
    x = call.real(call.x)
    stated = call.operation.fft_length
    return spectrum(call, x, _samples(call) if stated is None else int(stated))


def _samples(call: Call) -> int:
    size = dims(call.x)[-1]
    if size < 0:
        raise Unsupported(
            "the number of samples is not known", "Fix the last size in keras.Input."
        )
    return size


@operation("STFT")
def _stft(call: Call) -> RuleResult:
    """One CONV_2D with windowed waves."""
    used = call.operation
    x = call.real(call.x)
    rank, half = x.type.rank, int(used.fft_length) // 2
    _samples(call)
    if used.center:
        widths = [(0, 0)] * (rank - 1) + [(half, half)]
        x = call.emit(MirrorPad("reflect"), x, call.indices("paddings", widths))
    given: Any = used.window
    kind = given if given is None or isinstance(given, str) else to_numpy(given)
    shape = frame(kind, int(used.sequence_length), int(used.fft_length))
    y = of_frames(call, x, shape, int(used.sequence_stride))
    batch: list[Entry] = list(dims(x)[:-1])
    if batch.count(-1) > 1:
        raise Unsupported(
            f"more than one size before the samples is not known: {dims(x)}",
            "Fix all sizes but the batch in keras.Input.",
        )
    return halves(call, regroup(call, y, [*batch, Axis(1), Axis(2)]))
