"""The converter's attributes for int16 activations, biases and scales of weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import gossamer as tflite
from gossamer.errors import ConversionError, QuantizationError
from gossamer.flatbuffer.read import read
from gossamer.ir.types import DType

layers = keras.layers
DEFAULT = tflite.Optimize.DEFAULT


@pytest.fixture(scope="module")
def model():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(3),
        ]
    )


def _samples():
    random = np.random.default_rng(2)
    for _ in range(12):
        yield [random.normal(0, 1, (1, 6, 6, 2)).astype(np.float32)]


def _converter(model, **attributes):
    converter = tflite.TFLiteConverter.from_keras_model(model)
    for name, value in attributes.items():
        setattr(converter, name, value)
    return converter


INT16 = tflite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8


@pytest.mark.parametrize("bias", [None, np.int32, np.int64])
def test_int16_activations(model, bias):
    data = _converter(
        model,
        optimizations=[DEFAULT],
        representative_dataset=_samples,
        target_spec=tflite.TargetSpec({INT16}),
        inference_input_type=np.int16,
        _experimental_full_integer_quantization_bias_type=bias,
    ).convert()
    graph = read(data).main
    assert graph.inputs[0].dtype is DType.INT16
    assert graph.outputs[0].dtype is DType.FLOAT32
    products = [node for node in graph.nodes if node.op.weights is not None]
    assert {node.input(1).dtype for node in products} == {DType.INT8}
    wanted = DType.INT32 if bias is np.int32 else DType.INT64
    assert {node.input(2).dtype for node in products} == {wanted}


@pytest.mark.parametrize(
    "name",
    [
        "_experimental_disable_per_channel",
        "_experimental_disable_per_channel_quantization_for_dense_layers",
    ],
)
@pytest.mark.parametrize("dataset", [None, _samples])
def test_weights_with_one_scale(model, name, dataset):
    converter = _converter(
        model, optimizations=[DEFAULT], representative_dataset=dataset
    )
    setattr(converter, name, True)
    graph = read(converter.convert()).main
    scales = [
        node.input(1).quantization.scale.size
        for node in graph.nodes
        if node.op.name == "FULLY_CONNECTED" and node.input(1).dtype is DType.INT8
    ]
    assert scales
    assert set(scales) == {1}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {"inference_input_type": np.int8},
            "must be in ['tf.float32', 'tf.int16']. Found tf.int8",
        ),
        (
            {"_experimental_full_integer_quantization_bias_type": np.int8},
            "Expected bias type to be `dtypes.int32` or `dtypes.int64` for Int16Quant.",
        ),
        (
            {"representative_dataset": None},
            "For full integer quantization, a `representative_dataset` must be",
        ),
    ],
)
def test_what_does_not_go_with_int16(model, attributes, expected):
    spec = tflite.TargetSpec({INT16})
    given = {
        "optimizations": [DEFAULT],
        "representative_dataset": _samples,
        "target_spec": spec,
        **attributes,
    }
    with pytest.raises(QuantizationError) as caught:
        _converter(model, **given).convert()
    assert expected in str(caught.value)


def test_sparsity_is_asked_for():
    pruned = keras.Sequential([keras.Input((64,)), layers.Dense(64)])
    kernel, bias = pruned.get_weights()
    kept = np.random.default_rng(0).random(kernel.shape) < 0.1
    pruned.set_weights([np.where(kept, kernel, 0), bias])
    sparsity = tflite.Optimize.EXPERIMENTAL_SPARSITY
    made = {
        wanted: _converter(pruned, optimizations=list(wanted)).convert()
        for wanted in [(), (sparsity,)]
    }
    names = [n.op.name for n in read(made[sparsity,]).main.nodes]
    assert names == ["DENSIFY", "FULLY_CONNECTED"]
    assert len(made[sparsity,]) < 0.35 * len(made[()])
    assert tflite.convert(pruned) == tflite.convert(pruned, sparse="auto")
    dense = tflite.convert(pruned, sparse="never")
    assert len(tflite.convert(pruned)) < 0.35 * len(dense)
    with pytest.raises(ConversionError, match="'auto', 'always' or 'n"):
        tflite.convert(pruned, sparse="some")
