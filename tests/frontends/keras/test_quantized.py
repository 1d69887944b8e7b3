"""Layers that Keras itself has quantized are read as what their weights mean."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest

from gossamer import api
from tests.frontends.keras.compare import litert, sample

layers = keras.layers
BLOCKS = keras.quantizers.Int4QuantizationConfig
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

LAYERS = {
    "dense": (lambda: layers.Dense(7, activation="relu"), (200,), "float32"),
    "einsum": (
        lambda: layers.EinsumDense("abc,cde->abde", (None, 3, 5), bias_axes="de"),
        (4, 200),
        "float32",
    ),
    "einsum of two axes": (
        lambda: layers.EinsumDense("abcd,cde->abe", (None, 5)),
        (4, 10, 20),
        "float32",
    ),
    "embedding": (lambda: layers.Embedding(10, 200), (4,), "int32"),
}
MODES = {
    # The inputs are rounded too, to 8 bits, which is not done in the file.
    "int8": ("int8", None, 1e-2),
    "float8": ("float8", None, 8e-2),
    "int4": ("int4", None, 1e-5),
    "int4 per channel": ("int4", BLOCKS(block_size=-1), 1e-5),
    "int4 in blocks": ("int4", BLOCKS(block_size=32), 1e-5),
}


# Keras does not make float8 of an Embedding.
CASES = [pair for pair in product(LAYERS, MODES) if pair != ("embedding", "float8")]


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_quantized_layer(name, mode):
    make, shape, dtype = LAYERS[name]
    keras.utils.set_random_seed(4)
    layer = make()
    x = keras.Input(shape, dtype=dtype)
    model = keras.Model(x, layer(x))
    kind, config, tolerance = MODES[mode]
    layer.quantize(kind, **({} if config is None else {"config": config}))
    values = sample(shape, 4, dtype)
    expected = np.asarray(model(values))
    found = litert(api.convert(model), values)["output_0"]
    limit = tolerance * np.ptp(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


def test_what_was_added_by_low_rank_adaptation_counts():
    x = keras.Input((9,))
    layer = layers.Dense(6)
    model = keras.Model(x, layer(x))
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(np.ones((2, 6)))
    layer.quantize("int8")
    values = sample((9,))
    expected = np.asarray(model(values))
    found = litert(api.convert(model), values)["output_0"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-2 * np.ptp(expected))


GROUPED = {
    "GPTQ of 4 bits": ("gptq", 4),
    "GPTQ of 8 bits": ("gptq", 8),
    "AWQ": ("awq", 4),
}
CALIBRATED = [pair for pair in product(LAYERS, GROUPED) if pair[0] != "embedding"]


@pytest.mark.parametrize(("name", "mode"), CALIBRATED)
def test_weights_with_a_scale_for_each_group_of_inputs(name, mode):
    """As calibration leaves them: integers, scales and zero points in groups of 25."""
    make, shape, _ = LAYERS[name]
    kind, bits = GROUPED[mode]
    configure = {"gptq": keras.quantizers.GPTQConfig, "awq": keras.quantizers.AWQConfig}
    layer = make()
    x = keras.Input(shape)
    model = keras.Model(x, layer(x))
    config = configure[kind](None, None, weight_bits=bits, group_size=25)
    layer.quantize(kind, config=config)
    random = np.random.default_rng(2)
    for variable in layer.weights:
        sizes = tuple(variable.shape)
        if variable.name == "g_idx":
            variable.assign(np.arange(sizes[0]) // 25)
        elif "int" in str(variable.dtype):
            variable.assign(random.integers(0, 255, sizes))
        else:
            variable.assign(random.uniform(0.01, 0.1, sizes))
    setattr(layer, f"is_{kind}_calibrated", True)
    values = sample(shape, 3)
    expected = np.asarray(model(values))
    found = litert(api.convert(model), values)["output_0"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.ptp(expected))
