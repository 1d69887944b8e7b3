"""`TFLiteConverter`: TFLite's attributes, decisions and messages; the short road."""

from __future__ import annotations

import keras
import ml_dtypes
import numpy as np
import pytest

import gossamer as tflite
from gossamer.errors import ConversionError, QuantizationError
from gossamer.flatbuffer.read import read
from gossamer.ir.types import DType

layers = keras.layers


@pytest.fixture(scope="module")
def model():
    made = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(3),
        ]
    )
    random = np.random.default_rng(1)
    for variable in made.weights:
        variable.assign(random.normal(0, 0.3, variable.shape))
    return made


def _images(count=12):
    return np.random.default_rng(2).normal(0, 1, (count, 6, 6, 2)).astype(np.float32)


def _samples():
    for image in _images():
        yield [image[None]]


def _converter(model, **attributes):
    converter = tflite.TFLiteConverter.from_keras_model(model)
    for name, value in attributes.items():
        setattr(converter, name, value)
    return converter


def _types(data):
    return {tensor.dtype for tensor in read(data).main.tensors}


def _ends(data):
    main = read(data).main
    return main.inputs[0].dtype, main.outputs[0].dtype


DEFAULT = tflite.Optimize.DEFAULT
INT8 = tflite.OpsSet.TFLITE_BUILTINS_INT8
BUILTINS = tflite.OpsSet.TFLITE_BUILTINS


def _run(data, x):
    with tflite.Interpreter(model_content=data) as interpreter:
        interpreter.resize_tensor_input(0, x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_defaults_are_tflites(model):
    converter = _converter(model)
    assert converter.optimizations == set()
    assert converter.representative_dataset is None
    assert converter.target_spec.supported_ops == {BUILTINS}
    assert converter.target_spec.supported_types == set()
    assert converter.inference_input_type is np.float32
    assert not converter.allow_custom_ops
    assert not converter.exclude_conversion_metadata
    assert converter.experimental_new_converter
    assert converter._experimental_lower_tensor_list_ops


def test_no_optimization_is_float32(model):
    data = _converter(model).convert()
    assert DType.INT8 not in _types(data)
    assert DType.FLOAT16 not in _types(data)
    np.testing.assert_allclose(_run(data, _images()), model(_images()), atol=1e-5)


def test_default_without_data_is_dynamic_range(model):
    data = _converter(model, optimizations=[DEFAULT]).convert()
    weights = [x for x in read(data).main.constants() if x.dtype is DType.INT8]
    assert [x.shape for x in weights] == [(32, 128)]  # the others are small
    assert _ends(data) == (DType.FLOAT32, DType.FLOAT32)


@pytest.mark.parametrize("dataset", [None, _samples])
def test_float16_as_supported_type(model, dataset):
    spec = tflite.TargetSpec(supported_types=[np.float16])
    converter = _converter(
        model,
        optimizations={DEFAULT},
        target_spec=spec,
        representative_dataset=dataset,
    )
    data = converter.convert()
    assert DType.FLOAT16 in _types(data)
    assert DType.INT8 not in _types(data)
    np.testing.assert_allclose(_run(data, _images()), model(_images()), atol=1e-2)


def test_data_makes_int8_with_float_ends(model):
    converter = _converter(
        model, optimizations=[DEFAULT], representative_dataset=_samples
    )
    data = converter.convert()
    assert _ends(data) == (DType.FLOAT32, DType.FLOAT32)
    names = [node.op.name for node in read(data).main.nodes]
    assert (names[0], names[-1]) == ("QUANTIZE", "DEQUANTIZE")
    np.testing.assert_allclose(_run(data, _images()), model(_images()), atol=0.2)


@pytest.mark.parametrize(
    "spec",
    [
        tflite.TargetSpec(supported_ops={INT8}),
        tflite.TargetSpec(supported_types={np.int8}),
        tflite.TargetSpec(supported_ops=[BUILTINS, INT8]),
        tflite.TargetSpec(),
    ],
    ids=["ops", "types", "with fallback", "default"],
)
@pytest.mark.parametrize("kind", [np.int8, "int8", DType.INT8, np.dtype("int8")])
def test_int8_ends(model, spec, kind):
    converter = _converter(
        model,
        optimizations=[DEFAULT],
        representative_dataset=tflite.RepresentativeDataset(_samples),
        target_spec=spec,
        inference_input_type=kind,
        inference_output_type=np.uint8,
    )
    assert _ends(converter.convert()) == (DType.INT8, DType.UINT8)


def test_a_type_of_tensorflows_kind(model):
    class TensorFlowInt8:
        as_numpy_dtype = np.int8

    converter = _converter(
        model,
        optimizations=[DEFAULT],
        representative_dataset=_samples,
        inference_input_type=TensorFlowInt8(),
    )
    assert _ends(converter.convert()) == (DType.INT8, DType.FLOAT32)


SAMPLES = {
    "list": lambda x, name: [x],
    "dict": lambda x, name: {name: x},
    "keyed": lambda x, name: ("serving_default", {name: x}),
    "double": lambda x, name: [x.astype(np.float64)],
}


@pytest.mark.parametrize("form", SAMPLES)
def test_every_form_of_sample_gives_the_same_model(model, form):
    name = model.inputs[0].name

    def generate():
        for image in _images():
            yield SAMPLES[form](image[None], name)

    first = _converter(model, optimizations=[DEFAULT], representative_dataset=generate)
    other = _converter(model, optimizations=[DEFAULT], representative_dataset=_samples)
    assert first.convert() == other.convert()


BAD_SAMPLES = {
    "empty": (lambda: iter(()), "gave no samples"),
    "shape": (lambda: [[np.zeros((1, 6, 8, 2), np.float32)]], "6x8x2"),
    "count": (lambda: [[1, 2]], "has 2 values; expected one for each of"),
    "bare array": (_images, "You need to provide either a dictionary"),
    "name": (lambda: [{"other": _images(1)}], "'other'"),
    "signature": (lambda: [("train", {})], "names the signature 'train'"),
    "bytes": (lambda: [[_images(1).astype(np.uint8)]], "uint8"),
    "no iterable": (lambda: 5, "returned a int"),
}


@pytest.mark.parametrize("name", BAD_SAMPLES)
def test_a_representative_dataset_that_does_not_fit(model, name):
    generate, expected = BAD_SAMPLES[name]
    converter = _converter(
        model, optimizations=[DEFAULT], representative_dataset=generate
    )
    with pytest.raises(QuantizationError) as caught:
        converter.convert()
    assert expected in str(caught.value)


CONTRADICTIONS = {
    "int8 without data": (
        {"target_spec": tflite.TargetSpec(supported_ops={INT8})},
        "For full integer quantization, a `representative_dataset` must be specified.",
    ),
    "int8 types without data": (
        {"target_spec": tflite.TargetSpec(supported_types={np.int8})},
        "For full integer quantization, a `representative_dataset` must be specified.",
    ),
    "int8 operators, other types": (
        {
            "target_spec": tflite.TargetSpec({INT8}, {np.float16}),
            "representative_dataset": _samples,
        },
        "`target_spec.supported_types` should be left uninitialized or set to",
    ),
    "integer ends without int8": (
        {"inference_input_type": np.int8},
        "The inference_input_type and inference_output_type must be tf.float32.",
    ),
    "integer ends on dynamic range": (
        {"inference_output_type": np.uint8, "optimizations": [DEFAULT]},
        "The inference_input_type and inference_output_type must be tf.float32.",
    ),
    "int32 ends": (
        {
            "inference_input_type": np.int32,
            "representative_dataset": _samples,
            "optimizations": [DEFAULT],
        },
        "must be in ['tf.float32', 'tf.int8', 'tf.uint8']. Found tf.int32.",
    ),
    "no function": (
        {"representative_dataset": [1], "optimizations": [DEFAULT]},
        "representative_dataset is a list; expected a function",
    ),
    "strings for optimizations": (
        {"optimizations": ["DEFAULT"]},
        "expected Optimize.DEFAULT",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_attributes_that_contradict_each_other(model, name):
    attributes, expected = CONTRADICTIONS[name]
    with pytest.raises(ValueError) as caught:
        _converter(model, **attributes).convert()
    assert isinstance(caught.value, QuantizationError)
    assert expected in str(caught.value)


UNAVAILABLE = {
    "StableHLO": {
        "target_spec": tflite.TargetSpec([tflite.OpsSet.EXPERIMENTAL_STABLEHLO_OPS])
    },
    "calibration alone": {"_experimental_calibrate_only": True},
    "no operators": {"target_spec": tflite.TargetSpec(supported_ops=set())},
    "a type that is none": {"inference_input_type": "digits"},
}


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_what_is_not_available_is_refused(model, name):
    with pytest.raises(ConversionError):
        _converter(model, **UNAVAILABLE[name]).convert()


def test_an_operator_without_an_int8_form_is_an_error_only_where_int8_is_demanded():
    x = keras.Input((4,))
    odd = keras.Model(x, keras.ops.sin(layers.Dense(3)(x)))

    def generate():
        yield [np.ones((1, 4), np.float32)]

    attributes = {"optimizations": [DEFAULT], "representative_dataset": generate}
    data = _converter(odd, **attributes).convert()
    assert "SIN" in [node.op.name for node in read(data).main.nodes]
    spec = tflite.TargetSpec({INT8})
    with pytest.raises(QuantizationError, match="SIN"):
        _converter(odd, target_spec=spec, **attributes).convert()


def test_data_without_optimization_is_told(model):
    converter = _converter(model, representative_dataset=_samples)
    with pytest.warns(UserWarning, match="representative_dataset is set but not used"):
        data = converter.convert()
    assert DType.INT8 not in _types(data)


def test_a_misspelt_attribute_names_the_right_one(model):
    converter = _converter(model)
    with pytest.raises(AttributeError, match="Did you mean 'optimizations'"):
        converter.optimisations = [DEFAULT]


def test_names_of_operator_sets():
    assert "TFLITE_BUILTINS" in tflite.OpsSet.get_options()
    assert str(INT8) == "TFLITE_BUILTINS_INT8"


def test_a_dataset_must_be_callable():
    with pytest.raises(QuantizationError, match="expected a function"):
        tflite.RepresentativeDataset([1])  # type: ignore[arg-type]


def test_metadata(model):
    data = _converter(model).convert()
    metadata = read(data).metadata
    assert metadata["min_runtime_version"] == b"1.5.0".ljust(16, b"\0")
    assert b"float32" in metadata["gossamer_conversion"]
    bare = _converter(model, exclude_conversion_metadata=True).convert()
    assert set(read(bare).metadata) == {"min_runtime_version"}


RUNTIMES = {"dynamic": b"2.17.0", "float16": b"1.15.0", "int8": b"1.14.0"}


@pytest.mark.parametrize("mode", RUNTIMES)
def test_the_runtime_that_each_mode_needs(model, mode):
    calibration = _images() if mode == "int8" else None
    data = tflite.convert(model, mode, calibration)
    found = read(data).metadata["min_runtime_version"]
    assert found == RUNTIMES[mode].ljust(16, b"\0")


def test_the_short_road_gives_the_same_bytes(model):
    long = _converter(
        model, optimizations=[DEFAULT], representative_dataset=_samples
    ).convert()
    name = model.inputs[0].name
    for calibration in (_images(), [_images()], {name: _images()}, _samples):
        assert tflite.convert(model, "int8", calibration) == long


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"quantize": "int4"}, "the mode 'int4' is not known"),
        ({"quantize": "int8"}, "needs a calibration set"),
        ({"calibration": [1]}, "does not use it"),
        ({"input_type": "int8"}, "must be tf.float32"),
    ],
)
def test_errors_of_the_short_road(model, arguments, expected):
    with pytest.raises(QuantizationError, match=expected):
        tflite.convert(model, **arguments)


def test_calibration_arrays_of_different_lengths():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    two = keras.Model([a, b], a + b)
    data = {"a": np.zeros((3, 2)), "b": np.zeros((4, 2))}
    with pytest.raises(QuantizationError, match="'a': 3, 'b': 4"):
        tflite.convert(two, "int8", data)


def test_bfloat16_is_no_type_of_ends(model):
    converter = _converter(
        model,
        optimizations=[DEFAULT],
        representative_dataset=_samples,
        inference_input_type=ml_dtypes.bfloat16,
    )
    with pytest.raises(QuantizationError, match="bfloat16"):
        converter.convert()
