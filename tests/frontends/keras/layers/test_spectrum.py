"""Spectra: Keras's own answer against the converted file in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from tests.frontends.keras.compare import (
    answers,
    input_names,
    litert,
    of_layer,
    operators,
)

layers = keras.layers
MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


def _signal(shape):
    steps = np.arange(np.prod(shape)).reshape(2, -1)
    wave = np.sin(0.7 * steps) + 0.3 * np.cos(2.1 * steps + 1)
    noise = np.random.default_rng(3).normal(0, 0.1, steps.shape)
    return (wave + noise).astype(np.float32).reshape(shape)


def _assert_same(model, x, tolerance=1e-5):
    """The weights are waves, and stay as they are."""
    (expected,) = answers(model, x)
    data = api.convert(model)
    assert len(input_names(data)) == 1
    (found,) = litert(data, x).values()
    assert found.shape == expected.shape
    limit = tolerance * np.ptp(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("expands", [False, True])
def test_stft(mode, channels, expands):
    layer = layers.STFTSpectrogram(mode, 16, 6, expand_dims=expands, padding="same")
    model = of_layer(layer, (50, channels))
    # The angle of a small number jumps between both ends of the range.
    tolerance = 1e-3 if mode == "angle" else 1e-5
    _assert_same(model, _signal((2, 50, channels)), tolerance)


@pytest.mark.parametrize("expands", [False, True])
def test_channels_first(expands):
    layer = layers.STFTSpectrogram(
        "magnitude", 16, fft_length=32, expand_dims=expands, data_format="channels_last"
    )
    first = layers.STFTSpectrogram(
        "magnitude",
        16,
        fft_length=32,
        expand_dims=expands,
        data_format="channels_first",
    )
    x = _signal((2, 2, 50))
    expected = np.moveaxis(np.asarray(layer(np.swapaxes(x, 1, 2))), -1, 1)
    (found,) = litert(api.convert(of_layer(first, (2, 50))), x).values()
    if not expands:
        expected = expected.reshape(found.shape)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.ptp(expected))


def test_one_convolution_makes_both_parts():
    model = of_layer(layers.STFTSpectrogram("log", 16), (50, 1))
    names = operators(model)
    assert names == [
        *("RESHAPE", "CONV_2D", "RESHAPE", "SQUARE"),
        *("SUM", "MAXIMUM", "SQRT", "MAXIMUM", "LOG"),
    ]


OPTIONS = {
    "plain": {},
    "magnitude": {"mag_exp": 1.0},
    "another exponent": {"mag_exp": 1.5, "power_to_db": False},
    "a longer transform": {"sequence_length": 24, "window": "hamming"},
    "no window": {"window": None},
    "another reference": {"ref_power": 3.0, "top_db": 20.0},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_mel(options):
    layer = layers.MelSpectrogram(
        **{
            "fft_length": 32,
            "sequence_stride": 10,
            "sampling_rate": 1000,
            "num_mel_bins": 6,
            "max_freq": 400.0,
            **options,
        }
    )
    _assert_same(of_layer(layer, (100,)), _signal((2, 100)))
