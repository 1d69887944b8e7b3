"""Compare a JAX function with its converted file, run by LiteRT."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from gossamer import api, from_jax
from gossamer.flatbuffer.read import read

TOLERANCE = 1e-5


def floats(*shape, seed=3, scale=2.0):
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def integers(*shape, seed=3, low=0, high=5):
    return np.random.default_rng(seed).integers(low, high, shape).astype(np.int32)


def litert(data, *inputs):
    """The outputs in order, for inputs in the order of the graph's."""
    interpreter = Interpreter(
        model_content=data,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], value.shape, strict=True)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [
        interpreter.get_tensor(detail["index"])
        for detail in interpreter.get_output_details()
    ]


def operators(function, *inputs, **options):
    """The operators of the converted, optimized file, in order."""
    return [
        node.op.name for node in read(file(function, *inputs, **options)).main.nodes
    ]


def file(function, *inputs, **options):
    return api.convert(from_jax(function, *inputs, **options))


def assert_same(function, *inputs, tolerance=TOLERANCE, weights=None, free_axis=None):
    """The function and its file answer alike; returns the file's bytes."""
    data = file(function, *inputs, weights=weights, free_axis=free_axis)
    leaves = jax.tree_util.tree_leaves(inputs)
    arrays = jax.tree_util.tree_map(jnp.asarray, inputs)
    given = arrays if weights is None else (weights, *arrays)
    expected = jax.tree_util.tree_leaves(function(*given))
    compare(litert(data, *leaves), expected, tolerance)
    return data


def compare(found, expected, tolerance=TOLERANCE):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        array = np.asarray(other)
        assert one.shape == array.shape
        if array.dtype == np.float32:
            limit = tolerance * max(1.0, float(np.ptp(array.astype(np.float64))))
            np.testing.assert_allclose(one, array, rtol=0, atol=limit)
        else:
            assert one.dtype == array.dtype
            np.testing.assert_array_equal(one, array)
