"""Networks of the kinds that people build, in ours, in LiteRT and in Keras."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import Interpreter, api
from tests.frontends.keras.compare import (
    answers,
    input_names,
    litert,
    operators,
    sample,
)

layers = keras.layers


def _block(x, filters, **options):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, **options)(x)
        x = layers.BatchNormalization(axis=_channels(options))(x)
        x = layers.ReLU()(x)
    return x


def _channels(options):
    return 1 if options.get("data_format") == "channels_first" else -1


def _u_net(batch=None, **options):
    """Two steps down, two up by transposed convolutions, with skips."""
    is_first = _channels(options) == 1
    shape = (3, 16, 16) if is_first else (16, 16, 3)
    x = start = keras.Input(shape, batch_size=batch)
    skips = []
    for filters in (4, 8):
        x = _block(x, filters, **options)
        skips.append(x)
        x = layers.MaxPooling2D(**options)(x)
    x = _block(x, 16, **options)
    for filters in (8, 4):
        x = layers.Conv2DTranspose(filters, 2, 2, **options)(x)
        x = layers.Concatenate(axis=_channels(options))([skips.pop(), x])
        x = _block(x, filters, **options)
    y = layers.Conv2D(2, 1, activation="sigmoid", **options)(x)
    return keras.Model(start, y)


def _wave_net():
    """Gated, dilated, causal convolutions over time with residuals and skips."""
    x = start = keras.Input((24, 2))
    x = layers.Conv1D(6, 2, padding="causal")(x)
    skips = []
    for dilation in (1, 2, 4):
        options = {"padding": "causal", "dilation_rate": dilation}
        gate = layers.Conv1D(6, 2, activation="sigmoid", **options)(x)
        wave = layers.Conv1D(6, 2, activation="tanh", **options)(x)
        inner = layers.Conv1D(6, 1)(layers.Multiply()([gate, wave]))
        skips.append(inner)
        x = layers.Add()([x, inner])
    y = layers.ReLU()(layers.Add()(skips))
    y = layers.Conv1D(6, 1, activation="relu")(y)
    return keras.Model(start, layers.Conv1D(4, 1, activation="softmax")(y))


def _autoencoder():
    x = start = keras.Input((16, 16, 1))
    for filters in (4, 8):
        x = layers.Conv2D(filters, 3, 2, padding="same", activation="relu")(x)
    x = layers.Dense(6)(layers.Flatten()(x))
    x = layers.Reshape((4, 4, 8))(layers.Dense(128, activation="relu")(x))
    for filters in (8, 4):
        x = layers.Conv2DTranspose(filters, 3, 2, padding="same")(x)
        x = layers.LeakyReLU()(x)
    return keras.Model(start, layers.Conv2D(1, 3, padding="same")(x))


def _upsampling_decoder():
    x = start = keras.Input((5,))
    x = layers.Reshape((4, 4, 4))(layers.Dense(64)(x))
    for interpolation in ("nearest", "bilinear"):
        x = layers.UpSampling2D(interpolation=interpolation)(x)
        x = layers.Conv2D(8, 3, padding="same")(x)
        x = layers.Activation("silu")(layers.GroupNormalization(4)(x))
    return keras.Model(start, layers.Conv2D(3, 1, activation="tanh")(x))


def _video():
    x = start = keras.Input((6, 8, 8, 2))
    for filters in (4, 6):
        x = layers.Conv3D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling3D((1, 2, 2))(x)
    x = layers.Dense(5)(layers.GlobalAveragePooling3D()(x))
    return keras.Model(start, x)


FIRST = {"data_format": "channels_first"}
NETWORKS = {
    "u-net": _u_net,
    "u-net of one image": lambda: _u_net(batch=1),
    "u-net with channels first": lambda: _u_net(**FIRST),
    "wave-net": _wave_net,
    "autoencoder": _autoencoder,
    "decoder": _upsampling_decoder,
    "video": _video,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name):
    keras.utils.set_random_seed(6)
    model = NETWORKS[name]()
    shape = model.inputs[0].shape
    x = sample(shape[1:], shape[0] or 2)
    expected = answers(model, x)[0]
    data = api.convert(model)
    limit = 1e-5 * max(1.0, float(np.ptp(expected)))
    for run in (litert, _ours):
        found = run(data, x)["output_0"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


def _ours(data, x):
    runner = Interpreter(model_content=data).get_signature_runner()
    return runner(**dict(zip(input_names(data), [x], strict=True)))


def test_channels_first_costs_the_two_transposes_at_the_ends():
    first, last = operators(_u_net(1, **FIRST)), operators(_u_net(1))
    assert first == ["TRANSPOSE", *last, "TRANSPOSE"]


def test_convolutions_over_time_stay_in_a_plane():
    found = operators(_wave_net())
    assert found.count("RESHAPE") == 2
    assert found.count("PAD") == 4
