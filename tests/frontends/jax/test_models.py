"""Networks written by hand in JAX: one answer of JAX, LiteRT and Gossamer."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gossamer import Interpreter, TFLiteConverter, convert, from_jax
from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from tests.frontends.jax.compare import assert_same, compare, floats, litert, operators


def gossamer(data, *inputs):
    interpreter = Interpreter(model_content=data)
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], value.shape)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return [interpreter.get_tensor(detail["index"]) for detail in details]


def assert_all_agree(function, weights, x, tolerance=1e-5):
    data = assert_same(function, x, weights=weights, free_axis=0, tolerance=tolerance)
    compare(gossamer(data, x), litert(data, x), tolerance)
    return data


def weight(*shape, seed=0):
    return jnp.asarray(floats(*shape, seed=seed, scale=0.3))


def layer(inputs, units, seed):
    return {
        "kernel": weight(inputs, units, seed=seed),
        "bias": weight(units, seed=seed),
    }


def dense(parameters, x):
    return x @ parameters["kernel"] + parameters["bias"]


def norm(parameters, x):
    mean = x.mean(-1, keepdims=True)
    scaled = (x - mean) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-6)
    return scaled * parameters["scale"] + parameters["bias"]


def mlp(parameters, x):
    x = jax.nn.relu(dense(parameters["first"], x))
    return jax.nn.softmax(dense(parameters["second"], x))


MLP = {"first": layer(6, 16, 1), "second": layer(16, 4, 2)}


def conv(parameters, x, strides=(1, 1)):
    numbers = ("NHWC", "HWIO", "NHWC")
    kernel = parameters["kernel"]
    y = lax.conv_general_dilated(x, kernel, strides, "SAME", dimension_numbers=numbers)
    return y + parameters["bias"]


def batch_norm(parameters, x):
    factor = parameters["scale"] * lax.rsqrt(parameters["variance"] + 1e-3)
    return (x - parameters["mean"]) * factor + parameters["offset"]


def cnn(parameters, x):
    x = jax.nn.relu6(
        batch_norm(parameters["norm"], conv(parameters["conv"], x, (2, 2)))
    )
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = jax.nn.silu(conv(parameters["second"], x))
    return dense(parameters["head"], x.mean((1, 2)))


CNN = {
    "conv": {"kernel": weight(3, 3, 3, 8), "bias": weight(8)},
    "norm": {
        "scale": weight(8, seed=2),
        "variance": jnp.abs(weight(8, seed=3)),
        "mean": weight(8, seed=4),
        "offset": weight(8, seed=5),
    },
    "second": {"kernel": weight(3, 3, 8, 16, seed=6), "bias": weight(16)},
    "head": layer(16, 5, 7),
}


def attention(parameters, x, heads=2):
    q, k, v = (
        dense(parameters[name], x).reshape(*x.shape[:2], heads, -1)
        for name in ("query", "key", "value")
    )
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1])
    mask = jnp.tril(jnp.ones((x.shape[1], x.shape[1]), bool))
    weights = jax.nn.softmax(jnp.where(mask, scores, -1e9))
    mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, v)
    return dense(parameters["out"], mixed.reshape(x.shape))


def block(parameters, x):
    x = x + attention(parameters["attention"], norm(parameters["norm"], x))
    h = jax.nn.gelu(dense(parameters["up"], norm(parameters["norm"], x)))
    return x + dense(parameters["down"], h)


BLOCK = {
    "attention": {
        name: layer(8, 8, seed)
        for seed, name in enumerate(("query", "key", "value", "out"))
    },
    "norm": {"scale": 1 + weight(8, seed=8), "bias": weight(8, seed=9)},
    "up": layer(8, 32, 10),
    "down": layer(32, 8, 11),
}


def test_a_perceptron():
    data = assert_all_agree(mlp, MLP, floats(3, 6))
    assert [node.op.name for node in read(data).main.nodes] == [
        "FULLY_CONNECTED",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]


def test_a_convolutional_network():
    data = assert_all_agree(cnn, CNN, floats(2, 16, 16, 3))
    assert [node.op.name for node in read(data).main.nodes] == [
        "CONV_2D",
        "MAX_POOL_2D",
        "CONV_2D",
        "LOGISTIC",
        "MUL",
        "MEAN",
        "FULLY_CONNECTED",
    ]


def test_a_transformer_block():
    x = floats(2, 5, 8)
    data = assert_all_agree(block, BLOCK, x)
    counts = [node.op.name for node in read(data).main.nodes]
    assert counts.count("FULLY_CONNECTED") == 6
    assert counts.count("BATCH_MATMUL") == 2
    assert counts.count("SOFTMAX") == 1
    assert counts.count("GELU") == 1
    assert len(counts) < 48


def test_weights_keep_their_names():
    names = {
        tensor.name for tensor in from_jax(mlp, floats(3, 6), weights=MLP).main.tensors
    }
    assert {"first/kernel", "first/bias", "second/kernel", "second/bias"} <= names
    assert {"x", "mlp/fully_connected", "mlp/relu/relu"} <= names


def test_scopes_are_part_of_the_names():
    def function(x):
        with jax.named_scope("encoder"):
            return jax.jit(mlp)(MLP, x)

    names = [tensor.name for tensor in from_jax(function, floats(3, 6)).main.tensors]
    assert "function/encoder/mlp/fully_connected" in names


def test_inputs_and_outputs_are_named_by_the_function():
    def function(image, extra):
        return {"sum": image + extra["a"], "pair": (extra["b"], image)}

    example = floats(2, 3)
    model = from_jax(function, example, {"a": example, "b": example})
    (signature,) = model.signatures
    assert list(signature.inputs) == ["image", "extra_a", "extra_b"]
    assert sorted(signature.outputs) == ["pair_0", "pair_1", "sum"]
    assert_same(function, example, {"a": example + 1, "b": example * 2})


def test_shapes_may_be_given_without_arrays():
    batch = jax.export.symbolic_shape("n")[0]
    given = jax.ShapeDtypeStruct((batch, 6), jnp.float32)
    model = from_jax(lambda x: mlp(MLP, x), given)
    assert model.main.inputs[0].signature == (-1, 6)
    data = convert(model)
    x = floats(7, 6)
    compare(litert(data, x), [mlp(MLP, x)])


def test_it_is_quantized_like_any_other_model():
    images = floats(16, 16, 16, 3)
    model = from_jax(cnn, images[:1], weights=CNN, free_axis=0)
    data = convert(model, quantize="int8", calibration=images)
    assert all(
        tensor.dtype.title in ("int8", "int32", "float32")
        for tensor in read(data).main.tensors
    )
    (found,) = litert(data, images)
    expected = np.asarray(cnn(CNN, images))
    assert np.abs(found - expected).max() < 0.1 * np.ptp(expected)


def test_checkpoints_and_custom_derivatives_are_entered():
    @jax.custom_vjp
    def doubled(x):
        return x * 2

    doubled.defvjp(lambda x: (x * 2, None), lambda _, g: (g * 2,))

    def function(x):
        return jax.checkpoint(lambda y: jnp.tanh(doubled(y)))(x)

    assert operators(function, floats(2, 3)) == ["MUL", "TANH"]
    assert_same(function, floats(2, 3))


def test_a_function_over_a_batch():
    def one(x):
        return jnp.dot(MLP["first"]["kernel"].T, x)

    assert_same(jax.vmap(one), floats(3, 6), free_axis=0)
    assert operators(jax.vmap(one), floats(3, 6)) == ["FULLY_CONNECTED"]


def test_the_converter_of_tensorflow_lite():
    x = floats(3, 6)
    converter = TFLiteConverter.experimental_from_jax(
        [lambda x: mlp(MLP, x)], [[("features", x)]]
    )
    data = converter.convert()
    assert list(read(data).signatures[0].inputs) == ["features"]
    compare(litert(data, x), [mlp(MLP, x)])


@pytest.mark.parametrize(
    ("functions", "inputs", "message"),
    [
        ([], [[("x", 1.0)]], "No serving func is specified."),
        ([mlp], [], "Input tensors are not specified."),
        ([mlp], [[("x", 1.0)]] * 2, "Input tensor mapping len 2 does not match"),
        ([mlp], ["x"], "Input tensors should be pass in a tuple list"),
    ],
)
def test_mistakes_with_the_converter(functions, inputs, message):
    with pytest.raises(ConversionError, match=message):
        TFLiteConverter.experimental_from_jax(functions, inputs)
