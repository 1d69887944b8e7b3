"""The benchmark networks in ONNX compute what their files compute."""

from __future__ import annotations

from functools import partial

import numpy as np
import onnxruntime
import pytest

import gossamer
from benchmarks import models, zoo
from benchmarks.onnx_model import to_onnx
from gossamer.errors import UnsupportedError
from gossamer.flatbuffer import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Sin

NETWORKS = {
    "mnist_mlp": zoo.mnist_mlp,
    "mnist_cnn": zoo.mnist_cnn,
    "ds_cnn": zoo.ds_cnn,
    "tiny_ae": zoo.tiny_ae,
    "resnet8": zoo.resnet8,
    "mobilenet_v1": partial(zoo.mobilenet_v1, 64, 0.25),
    "mobilenet_v2": partial(zoo.mobilenet_v2, 64, 0.35),
    "mobilenet_v3_small": partial(zoo.mobilenet_v3_small, 64),
    "efficientnet_b0": partial(zoo.efficientnet_b0, 48),
    "resnet50": partial(zoo.resnet50, 48),
    "transformer": partial(zoo.transformer, 1, 12, 2, 16),
    "lstm": partial(zoo.lstm, 5, 6, 16),
}


def outputs(name, mode):
    """The output of a network's file in Gossamer and in ONNX Runtime."""
    model = zoo.build(NETWORKS[name])
    data = models.convert(model, mode)
    x = zoo.samples(model, 1)
    if mode == "int8":
        (detail,) = gossamer.Interpreter(model_content=data).get_input_details()
        scale, zero_point = detail["quantization"]
        x = np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)
    session = onnxruntime.InferenceSession(
        to_onnx(data), providers=["CPUExecutionProvider"]
    )
    # Integers are uint8 in ONNX, 128 higher.
    given = (x.view(np.uint8) ^ 128) if mode == "int8" else x
    (found,) = session.run(None, {"input_0": given})
    found = (found ^ 128).view(np.int8) if mode == "int8" else found
    return gossamer.load(data)(x), found


@pytest.mark.parametrize("name", NETWORKS)
def test_floats_are_equal(name):
    ours, theirs = outputs(name, "float32")
    assert np.ptp(ours) > 0
    np.testing.assert_allclose(theirs, ours, atol=1e-5 * np.abs(ours).max(), rtol=0)


@pytest.mark.parametrize("name", ["mnist_cnn", "ds_cnn", "resnet8", "lstm"])
def test_integers_are_near(name):
    """ONNX Runtime rounds in another way, which may add up over the layers."""
    ours, theirs = outputs(name, "int8")
    assert np.ptp(ours.astype(int)) > 0
    assert np.abs(ours.astype(int) - theirs).max() <= 4


def test_every_network_of_the_benchmark_is_here():
    assert list(NETWORKS) == list(zoo.NETWORKS)


def test_an_operator_without_a_rule_is_refused():
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (4,)))
    data = write(Model((build.finish([build.node(Sin(), x)]),)))
    with pytest.raises(UnsupportedError, match="SIN has no rule for ONNX"):
        to_onnx(data)
