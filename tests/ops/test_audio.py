from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import AudioSpectrogram, Mfcc
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import refused, tensor


def sound(samples, channels):
    rng = np.random.default_rng([samples, channels])
    return Feed(np.asarray(rng.normal(size=(samples, channels)), np.float32))


SPECTROGRAMS = [
    # samples, channels, window, stride
    (1600, 1, 480, 320),
    (512, 2, 512, 1),
    (64, 3, 16, 40),
    (10, 1, 2, 1),
    (1000, 1, 100, 64),
    (700, 1, 480, 321),
]


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("row", SPECTROGRAMS, ids=str)
def test_spectrogram(row, squared):
    samples, channels, window, stride = row
    op = AudioSpectrogram(window, stride, squared)
    check(Case(op, (sound(samples, channels),)))


def test_too_short_for_a_window():
    (found,) = AudioSpectrogram(480, 320).reference(np.zeros((100, 2), np.float32))
    assert found.shape == (2, 0, 257)


MFCCS = [
    # channels, windows, frequencies, rate, low, high, bands, coefficients
    (1, 49, 257, 16000, 20, 4000, 40, 13),
    (2, 3, 513, 44100, 0, 8000, 20, 20),
    (1, 1, 129, 8000, 20, 3999, 10, 1),
    (3, 2, 65, 16000, 100, 7999, 40, 40),
    (1, 2, 33, 16000, 300, 500, 6, 5),
]


@pytest.mark.parametrize("kind", [Constant, Feed])
@pytest.mark.parametrize("row", MFCCS, ids=str)
def test_mfcc(row, kind):
    *shape, rate, low, high, bands, coefficients = row
    op = Mfcc(high, low, bands, coefficients)
    x = np.random.default_rng(shape).uniform(0, 100, shape).astype(np.float32)
    check(Case(op, (Feed(x), kind(np.array([rate], np.int32)))))


def test_what_is_refused():
    x, rate = tensor((1, 9, 257)), tensor((1,), DType.INT32)
    op = AudioSpectrogram(4, 1)
    refused(op, tensor((4,)), match="not float32 of two dimensions")
    refused(op, tensor((4, 1), DType.INT16), match="not float32 of two dimensions")
    refused(AudioSpectrogram(1, 1), tensor((4, 1)), match="window_size is 1")
    refused(AudioSpectrogram(4, 0), tensor((4, 1)), match="stride 0")
    refused(AudioSpectrogram(2**40, 1), tensor((4, 1)), match="window_size is")
    fine = Mfcc(4000, 20, 40, 13)
    refused(fine, tensor((9, 257)), rate, match="not float32 of three dimensions")
    refused(fine, tensor((1, 0, 257)), rate, match="not float32 of three dimensions")
    refused(fine, x, tensor((2,), DType.INT32), match="not one int32")
    refused(fine, x, tensor((1,)), match="not one int32")
    refused(Mfcc(4000, 20, 12, 13), x, rate, match="13 coefficients of 12 bands")
    refused(Mfcc(4000, 20, 0, 0), x, rate, match="0 coefficients of 0 bands")


@pytest.mark.parametrize(
    ("low", "high", "rate"), [(20, 9000, 16000), (40, 20, 16000), (20, 40, 0)]
)
def test_limits_that_the_spectrogram_does_not_reach(low, high, rate):
    """LiteRT computes nothing then, and reports that the sizes differ."""
    x = np.ones((1, 1, 257), np.float32)
    with pytest.raises(GraphError, match="257 frequencies of"):
        Mfcc(high, low, 40, 13).reference(x, np.array([rate]))
