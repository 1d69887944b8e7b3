"""Single operations, against TensorFlow and both runtimes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gossamer.errors import ConversionError
from tests.frontends.tensorflow.compare import (
    assert_same,
    check,
    converted,
    operators,
    spec,
)


def weights(*shape):
    """The same for the same shape, however often a function is called."""
    random = np.random.default_rng(sum(shape))
    return tf.constant(random.normal(0, 0.5, shape).astype(np.float32))


UNARY = {
    "abs": tf.abs,
    "ceil": tf.math.ceil,
    "cos": tf.cos,
    "elu": tf.nn.elu,
    "exp": tf.exp,
    "expm1": tf.math.expm1,
    "floor": tf.floor,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, 0.3),
    "log": lambda x: tf.math.log(tf.abs(x) + 0.1),
    "log1p": lambda x: tf.math.log1p(tf.abs(x)),
    "log_softmax": tf.nn.log_softmax,
    "neg": tf.negative,
    "reciprocal": lambda x: tf.math.reciprocal(tf.abs(x) + 0.5),
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "round": tf.round,
    "rsqrt": lambda x: tf.math.rsqrt(tf.abs(x) + 0.1),
    "selu": tf.nn.selu,
    "sigmoid": tf.sigmoid,
    "sign": tf.sign,
    "silu": tf.nn.silu,
    "sin": tf.sin,
    "softmax": tf.nn.softmax,
    "erf": tf.math.erf,
    "erfc": tf.math.erfc,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "sqrt": lambda x: tf.sqrt(tf.abs(x)),
    "square": tf.square,
    "tanh": tf.tanh,
    "clip": lambda x: tf.clip_by_value(x, -1.0, 1.5),
    "cumsum": lambda x: tf.cumsum(x, 2, exclusive=True),
    "tan": lambda x: tf.tan(tf.clip_by_value(x, -1.0, 1.0)),
}


@pytest.mark.parametrize("name", UNARY)
def test_of_one(name):
    check(UNARY[name], (5, 6))


BINARY = {
    "add": tf.add,
    "atan2": tf.math.atan2,
    "divide": lambda x, y: x / (tf.abs(y) + 1),
    "divide_no_nan": lambda x, y: tf.math.divide_no_nan(x, tf.nn.relu(y)),
    "equal": lambda x, y: tf.cast(tf.equal(tf.round(x), tf.round(y)), tf.float32),
    "floordiv": lambda x, y: tf.math.floordiv(x, tf.abs(y) + 1),
    "floormod": lambda x, y: tf.math.floormod(x, tf.abs(y) + 1),
    "greater": lambda x, y: tf.where(x > y, x, y * 2),
    "less": lambda x, y: tf.where(x <= y, x, y * 2),
    "logic": lambda x, y: tf.where(tf.logical_and(x > 0, y > 0), x, y),
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "mul": tf.multiply,
    "pow": lambda x, y: tf.pow(tf.abs(x) + 0.1, y),
    "squared_difference": tf.math.squared_difference,
    "sub": tf.subtract,
    "einsum": lambda x, y: tf.einsum("bij,bkj->bik", x, y),
    "add_n": lambda x, y: tf.add_n([x, y, x]),
    "concat": lambda x, y: tf.concat([x, y], -1),
    "stack": lambda x, y: tf.stack([x, y], 1),
    "matmul": lambda x, y: tf.matmul(x, y, transpose_b=True),
}


@pytest.mark.parametrize("name", BINARY)
def test_of_two(name):
    check(BINARY[name], (5, 6), (5, 6))


REDUCTIONS = {
    "mean": tf.reduce_mean,
    "sum": tf.reduce_sum,
    "max": tf.reduce_max,
    "min": tf.reduce_min,
    "prod": tf.reduce_prod,
}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("keep", [False, True])
def test_reductions(name, keep):
    check(lambda x: REDUCTIONS[name](x, [1, -1], keepdims=keep), (4, 3, 5))


ARRAYS = {
    "argmax": lambda x: tf.argmax(x, -1, output_type=tf.int32),
    "broadcast": lambda x: x * tf.broadcast_to([[2.0], [3.0]], (2, 6))[:1],
    "expand": lambda x: tf.expand_dims(x, 2),
    "flatten": lambda x: tf.reshape(x, (tf.shape(x)[0], -1)),
    "gather": lambda x: tf.gather(x, [2, 0, 1], axis=1),
    "gather_nd": lambda x: tf.gather_nd(x, [[0, 1], [1, 2]]),
    "mirror": lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1]], "REFLECT"),
    "one_hot": lambda x: tf.one_hot(tf.argmax(x, -1), 6, 2.0, -1.0),
    "pad": lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1]], constant_values=3.0),
    "reverse": lambda x: tf.reverse(x, [1, -1]),
    "slice": lambda x: tf.slice(x, [0, 1, 2], [-1, 2, 3]),
    "split": lambda x: tf.split(x, 3, -1)[1],
    "split_sizes": lambda x: tf.split(x, [1, 4, 1], -1)[1],
    "squeeze": lambda x: tf.squeeze(x[:, :1], 1),
    "strided": lambda x: x[:, ::2, tf.newaxis, 1:-1],
    "tile": lambda x: tf.tile(x, [1, 2, 1]),
    "top_k": lambda x: tf.math.top_k(x, 3)[0],
    "transpose": lambda x: tf.transpose(x, [0, 2, 1]),
    "unstack": lambda x: tf.unstack(x, axis=1)[2],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name):
    check(ARRAYS[name], (5, 6))


IMAGES = {
    "average": lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"),
    "bias": lambda x: tf.nn.bias_add(x, [1.0, 2.0, 3.0, 4.0]),
    "bilinear": lambda x: tf.image.resize(x, (13, 7)),
    "blocks": lambda x: tf.nn.space_to_depth(x, 2),
    "convolution": lambda x: tf.nn.conv2d(x, weights(3, 3, 4, 6), 2, "SAME"),
    "depthwise": lambda x: tf.nn.depthwise_conv2d(
        x, weights(3, 3, 4, 2), [1, 1, 1, 1], "VALID"
    ),
    "dilated": lambda x: tf.nn.conv2d(
        x, weights(3, 3, 4, 6), 1, "SAME", dilations=[1, 2, 2, 1]
    ),
    "explicit": lambda x: tf.nn.conv2d(
        x, weights(3, 3, 4, 6), 1, [[0, 0], [1, 2], [0, 1], [0, 0]]
    ),
    "grouped": lambda x: tf.nn.conv2d(x, weights(3, 3, 2, 6), 1, "SAME"),
    "largest": lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
    "nearest": lambda x: tf.image.resize(x, (16, 20), "nearest"),
}


SPREAD = {
    "same": ("SAME", (16, 20)),
    "same, odd": ("SAME", (15, 19)),
    "valid": ("VALID", (17, 21)),
    "valid, more": ("VALID", (18, 22)),
    "explicit": ([[0, 0], [1, 0], [1, 1], [0, 0]], (16, 19)),
}


@pytest.mark.parametrize("name", SPREAD)
def test_a_transposed_convolution_for_any_batch(name):
    padding, size = SPREAD[name]

    def function(x):
        shape = (tf.shape(x)[0], *size, 6)
        return tf.nn.conv2d_transpose(x, weights(3, 3, 6, 4), shape, 2, padding)

    data = check(function, (8, 10, 4))
    assert operators(data)[-1] == "TRANSPOSE_CONV" or name == "explicit"
    assert len(operators(data)) <= 4


def test_a_transposed_convolution_for_images_of_any_size():
    def function(x):
        _, height, width, _ = tf.unstack(tf.shape(x))
        shape = (tf.shape(x)[0], height * 2 + 1, width * 2 + 1, 6)
        return tf.nn.conv2d_transpose(x, weights(3, 3, 6, 4), shape, 2, "VALID")

    data = converted(function, spec(None, None, None, 4))
    x = np.random.default_rng(4).normal(size=(2, 5, 7, 4)).astype(np.float32)
    assert_same(data, {"x": x}, function(tf.constant(x)))
    assert len(operators(data)) <= 4


def test_a_size_that_does_not_follow_by_the_stride_is_refused():
    def function(x):
        shape = (1, tf.shape(x)[1], tf.shape(x)[2] * 2, 6)
        return tf.nn.conv2d_transpose(x, weights(3, 3, 6, 4), shape, 2, "SAME")

    with pytest.raises(ConversionError, match="does not follow from that of its input"):
        converted(function, spec(1, None, None, 4))


DILATED = {
    "atrous": lambda x: tf.nn.atrous_conv2d(x, weights(3, 3, 4, 6), 2, "SAME"),
    "depthwise": lambda x: tf.nn.depthwise_conv2d(
        x, weights(3, 3, 4, 2), [1, 1, 1, 1], "SAME", dilations=[3, 2]
    ),
    "valid": lambda x: tf.nn.atrous_conv2d(x, weights(2, 3, 4, 6), 3, "VALID"),
}


@pytest.mark.parametrize("name", DILATED)
def test_pixels_dealt_into_batches_are_a_dilated_convolution(name):
    data = check(DILATED[name], (8, 9, 4))
    (found,) = operators(data)
    assert found in {"CONV_2D", "DEPTHWISE_CONV_2D"}


@pytest.mark.parametrize("name", IMAGES)
def test_images(name):
    check(IMAGES[name], (8, 10, 4))


def test_gelu_is_one_operator_in_each_of_its_forms():
    half = lambda x: 0.5 * x * (1.0 + tf.math.erf(x / np.sqrt(2.0)))  # noqa: E731
    for function in (tf.nn.gelu, half):
        data = converted(function, spec(None, 7))
        assert "GELU" in operators(data)
    check(tf.nn.gelu, (7,))


def test_a_dense_product_on_more_axes_is_one_product():
    kernel = weights(6, 9)
    data = check(lambda x: tf.tensordot(x, kernel, 1) + 1.0, (5, 6))
    assert operators(data).count("FULLY_CONNECTED") == 1
    assert len(operators(data)) <= 4


def test_what_no_input_changes_is_computed_beforehand():
    table = weights(4, 4)
    data = converted(lambda x: x + tf.linalg.inv(table), spec(4, 4))
    assert operators(data) == ["ADD"]
