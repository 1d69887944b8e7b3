"""`gossamer.quantize`: files to smaller files."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.errors import FormatError, QuantizationError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.types import DType
from gossamer.quantization.rules import MODES
from tests.quantization import graphs

X = np.random.default_rng(4).uniform(-1, 1, (24, 8, 8, 3)).astype(np.float32)
NEEDY = ("int8", "int16x8")


@pytest.fixture(scope="module")
def content():
    return bytes(write(graphs.network()))


def run(data, x):
    interpreter = gossamer.Interpreter(model_content=data)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return [interpreter.get_tensor(detail["index"]) for detail in details]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(content, mode):
    data = gossamer.quantize(content, mode, X if mode in NEEDY else None)
    for real, found in zip(run(content, X[:1]), run(data, X[:1]), strict=True):
        assert found == pytest.approx(real, abs=0.05 * float(np.abs(real).max()))
    assert f"mode={mode}".encode() in data


def test_a_path_and_rules_and_types(content, tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(content)
    rules = [("stem", "float32"), ("", "int8")]
    made = read(gossamer.quantize(path, rules, X, output_type="int8"))
    types = {node.op.name: node.output.dtype for node in made.main.nodes}
    assert types["SOFTMAX"] is DType.INT8
    stem = next(node for node in made.main.nodes if node.output.name == "stem")
    assert stem.output.dtype is DType.FLOAT32
    assert made.signatures[0].key == "serving_default"


def test_float16_constants_are_float_again(content):
    half = gossamer.quantize(content, "float16")
    assert any(x.dtype is DType.FLOAT16 for x in read(half).main.tensors)
    made = read(gossamer.quantize(half, "int8", X))
    whole = read(gossamer.quantize(content, "int8", X))
    assert [n.op.name for n in made.main.nodes] == [n.op.name for n in whole.main.nodes]
    kinds = {x.dtype for x in made.main.tensors}
    assert DType.FLOAT16 not in kinds
    again = read(gossamer.quantize(half, "float32"))
    assert {x.dtype for x in again.main.tensors} == {DType.FLOAT32, DType.INT32}


def test_a_quantized_file_is_refused(content):
    for mode in ("int8", "weight_int4"):
        data = gossamer.quantize(content, "int8", X)
        with pytest.raises(QuantizationError, match="is quantized already"):
            gossamer.quantize(data, mode, X if mode in NEEDY else None)


def test_what_is_no_file_is_refused():
    with pytest.raises(FormatError):
        gossamer.quantize(b"no model", "dynamic")


@pytest.mark.parametrize(
    ("mode", "calibration", "options", "message"),
    [
        ("int16x8", None, {}, "quantize='int16x8' needs a calibration set"),
        ([("a", "int8")], None, {}, "quantize=~a=int8 float32 needs a calibration"),
        ("weight_int4", X, {}, "quantize='weight_int4' does not use it"),
        ("dynamic", None, {"method": "mse"}, "method and improve are for int8"),
        ("int16x8", X, {"input_type": "uint8"}, "expected one of float32, int16"),
        ("float16", None, {"input_type": "int8"}, "must be tf.float32"),
        ("int7", None, {}, "the mode 'int7' is not known"),
    ],
)
def test_options_that_do_not_fit(content, mode, calibration, options, message):
    with pytest.raises(QuantizationError, match=message):
        gossamer.quantize(content, mode, calibration, **options)
