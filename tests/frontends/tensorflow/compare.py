"""Compare a TensorFlow function with its converted file, in both runtimes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter as LiteRT

import gossamer
from gossamer.flatbuffer.read import read

TOLERANCE = 1e-5


def converted(function, *specs):
    """The file of a Python function of tensors."""
    traced = tf.function(function).get_concrete_function(*specs)
    return gossamer.TFLiteConverter.from_concrete_functions([traced]).convert()


def spec(*shape, dtype=tf.float32, name="x"):
    return tf.TensorSpec(shape, dtype, name=name)


def operators(data):
    return [node.op.name for node in read(data).main.nodes]


def answers(data, inputs, key=None):
    """The outputs by name of ours and of LiteRT, for inputs by name."""
    for kind in (gossamer.Interpreter, LiteRT):
        runner = kind(model_content=data).get_signature_runner(key)
        yield runner(**inputs)


def assert_same(data, inputs, expected, key=None):
    """Both runtimes answer as TensorFlow does."""
    flat = [np.asarray(y) for y in tf.nest.flatten(expected)]
    for found in answers(data, inputs, key):
        assert len(found) == len(flat)
        for name, one in zip(sorted(found), flat, strict=True):
            limit = TOLERANCE * max(1.0, float(np.ptp(one.astype(np.float64))))
            assert found[name].shape == one.shape
            np.testing.assert_allclose(found[name], one, rtol=0, atol=limit)


def check(function, *shapes, batch=2, dtype=np.float32):
    """Convert a function of tensors with a free first size, and compare."""
    random = np.random.default_rng(5)
    names = [f"x{index}" for index in range(len(shapes))]
    specs = [
        spec(None, *shape, dtype=dtype, name=name)
        for name, shape in zip(names, shapes, strict=True)
    ]
    data = converted(function, *specs)
    inputs = {
        name: random.normal(0, 2, (batch, *shape)).astype(dtype)
        for name, shape in zip(names, shapes, strict=True)
    }
    assert_same(data, inputs, function(*map(tf.constant, inputs.values())))
    return data
