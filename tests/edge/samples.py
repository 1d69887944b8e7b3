"""Models to build, inputs for them, and what the desk gives for these."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import keras
import numpy as np

import gossamer
from benchmarks import zoo
from gossamer.flatbuffer.write import write
from tests.models import packages
from tests.runtime import calls

STEPS = 3
"""Invocations one after another; those of a streaming model go on from each other."""


@dataclass(frozen=True)
class Sample:
    """A model with inputs for each step, and the outputs that the desk gives.

    `exact` tells whether these must come out to the bit.
    """

    content: bytes
    inputs: list[list[np.ndarray]]
    outputs: list[list[np.ndarray]]
    exact: bool

    @property
    def input_bytes(self):
        return b"".join(x.tobytes() for step in self.inputs for x in step)

    def check(self, made):
        """Compare the bytes of all outputs of all steps, as a program wrote them."""
        wanted = [y for step in self.outputs for y in step]
        assert len(made) == sum(y.nbytes for y in wanted)
        position = 0
        for y in wanted:
            found = np.frombuffer(made, y.dtype, y.size, position).reshape(y.shape)
            position += y.nbytes
            if self.exact:
                np.testing.assert_array_equal(found, y)
            else:
                reach = float(np.abs(y).max()) or 1.0
                np.testing.assert_allclose(found, y, rtol=0, atol=1e-5 * reach)


def _zoo(name, mode):
    return _converted(zoo.build(getattr(zoo, name)), mode)


def _odd_sizes():
    """Products that are no multiple of any vector, and of every kind of layout."""
    inputs = keras.Input((9, 11, 3))
    x = keras.layers.Conv2D(5, 3, activation="relu")(inputs)
    x = keras.layers.Conv2D(24, 1)(x)
    x = keras.layers.Conv2D(6, 3, dilation_rate=2, padding="same")(x)
    x = keras.layers.Conv2D(8, (2, 3), groups=2, padding="same")(x)
    x = keras.layers.Conv2D(20, 3, strides=2, padding="same", activation="relu6")(x)
    x = keras.layers.Conv2DTranspose(7, 3, strides=2)(x)
    x = keras.layers.Conv2D(3, 2)(x)
    x = keras.layers.Dense(37)(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(2)(x))


def _converted(model, mode):
    calibration = zoo.samples(model, 8) if mode == "int8" else None
    options = {"input_type": "int8", "output_type": "int8"} if mode == "int8" else {}
    return gossamer.convert(model, mode, calibration, **options)


def _shrunk(mode):
    """A network for digits with 15 values and four fifths of zeros in its weights."""
    model = zoo.build(zoo.mnist_mlp)
    random = np.random.default_rng(3)
    for layer in model.layers:
        if layer.weights:
            kernel, *rest = layer.get_weights()
            reach = np.abs(kernel).max() / 7
            kernel = np.round(kernel / reach) * reach
            kernel[random.random(kernel.shape) < 0.8] = 0
            layer.set_weights([kernel, *rest])
    if mode == "float32":
        return gossamer.convert(model)
    given = zoo.samples(model, 8)
    return gossamer.convert(model, mode, given, input_type="int8", output_type="int8")


CONTENTS = {
    "mnist_float32": lambda: _zoo("mnist_mlp", "float32"),
    "mnist_dynamic": lambda: _zoo("mnist_mlp", "dynamic"),
    "mnist_int8": lambda: _zoo("mnist_mlp", "int8"),
    "mnist_shrunk_float32": lambda: _shrunk("float32"),
    "mnist_shrunk_int8": lambda: _shrunk("int8"),
    "ds_cnn_int8": lambda: _zoo("ds_cnn", "int8"),
    "resnet8_int8": lambda: _zoo("resnet8", "int8"),
    "mobilenet_v2_int8": lambda: _zoo("mobilenet_v2", "int8"),
    "odd_sizes_int8": lambda: _converted(zoo.build(_odd_sizes), "int8"),
    "okay_nabu": lambda: packages.model("okay_nabu.tflite"),
    "counter": lambda: bytes(write(calls.counter())),
}
INTEGER = (
    "mnist_int8",
    "mnist_shrunk_int8",
    "ds_cnn_int8",
    "resnet8_int8",
    "mobilenet_v2_int8",
    "odd_sizes_int8",
    "okay_nabu",
)


@cache
def sample(name):
    """The sample of a name in `CONTENTS`."""
    content = CONTENTS[name]()
    desk = gossamer.Interpreter(model_content=content)
    desk.allocate_tensors()
    random = np.random.default_rng(5)
    inputs, outputs = [], []
    for _ in range(STEPS):
        given = [_values(random, x) for x in desk.get_input_details()]
        for detail, value in zip(desk.get_input_details(), given, strict=True):
            desk.set_tensor(detail["index"], value)
        desk.invoke()
        inputs.append(given)
        outputs.append(
            [desk.get_tensor(each["index"]) for each in desk.get_output_details()]
        )
    return Sample(content, inputs, outputs, name in INTEGER)


def _values(random, detail):
    shape, dtype = detail["shape"], np.dtype(detail["dtype"])
    if dtype.kind == "f":
        return random.random(shape, dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max + 1, shape, dtype)
