"""Activation functions: few operators, however they are written."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.frontends.jax.compare import assert_same, floats, operators

X = floats(3, 8, scale=4)


def hard_swish(x):
    return x * jnp.clip(x + 3, 0, 6) / 6


def gelu_by_erf(x):
    return 0.5 * x * (1 + jax.scipy.special.erf(x / np.sqrt(2).astype(np.float32)))


def gelu_by_tanh(x):
    inner = jnp.sqrt(2 / jnp.pi) * (x + 0.044715 * x**3)
    return x * 0.5 * (1 + jnp.tanh(inner))


EXPECTED = {
    "celu": (jax.nn.celu, ["ELU"]),
    "elu": (jax.nn.elu, ["ELU"]),
    "gelu": (jax.nn.gelu, ["GELU"]),
    "gelu_by_erf": (gelu_by_erf, ["GELU"]),
    "gelu_by_tanh": (gelu_by_tanh, ["GELU"]),
    "gelu_exact": (lambda x: jax.nn.gelu(x, approximate=False), ["GELU"]),
    "hard_sigmoid": (jax.nn.hard_sigmoid, ["ADD", "MUL"]),
    "hard_silu": (jax.nn.hard_silu, ["HARD_SWISH"]),
    "hard_swish": (hard_swish, ["HARD_SWISH"]),
    "hard_tanh": (jax.nn.hard_tanh, ["RELU_N1_TO_1"]),
    "leaky_relu": (jax.nn.leaky_relu, ["LEAKY_RELU"]),
    "leaky_relu_by_max": (lambda x: jnp.maximum(x, 0.1 * x), ["LEAKY_RELU"]),
    "log_softmax": (jax.nn.log_softmax, ["LOG_SOFTMAX"]),
    "relu": (jax.nn.relu, ["RELU"]),
    "relu6": (jax.nn.relu6, ["RELU6"]),
    "relu_0_to_1": (lambda x: jnp.clip(x, 0, 1), ["RELU_0_TO_1"]),
    "sigmoid": (jax.nn.sigmoid, ["LOGISTIC"]),
    "sigmoid_by_exp": (lambda x: 1 / (1 + jnp.exp(-x)), ["LOGISTIC"]),
    "silu": (jax.nn.silu, ["LOGISTIC", "MUL"]),
    "softmax": (jax.nn.softmax, ["SOFTMAX"]),
    "tanh": (jax.nn.tanh, ["TANH"]),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("free_axis", [None, 0])
def test_operators(name, free_axis):
    function, expected = EXPECTED[name]
    assert operators(function, X, free_axis=free_axis) == expected
    assert_same(function, X, free_axis=free_axis)


@pytest.mark.parametrize(
    "function",
    [
        jax.nn.glu,
        jax.nn.log_sigmoid,
        jax.nn.logsumexp,
        jax.nn.mish,
        jax.nn.selu,
        jax.nn.soft_sign,
        jax.nn.softplus,
        jax.nn.sparse_plus,
        jax.nn.squareplus,
        jax.nn.standardize,
        lambda x: jax.nn.celu(x, 0.5),
        lambda x: jax.nn.elu(x, 0.3),
        lambda x: jax.nn.softmax(x, axis=0),
        lambda x: jax.nn.softmax(x, axis=(0, 1)),
        lambda x: jax.nn.log_softmax(x, axis=0),
        lambda x: jax.nn.softmax(x, where=jnp.arange(8) < 5),
    ],
)
def test_values(function):
    assert_same(function, X)


def test_softplus_is_one_chain():
    assert operators(jax.nn.softplus, X) == [
        "ABS",
        "LOGISTIC",
        "LOG",
        "RELU",
        "SUB",
    ]


def test_functions_that_only_look_alike_stay():
    assert operators(lambda x: jnp.minimum(jax.nn.relu(x), 5.5), X) == [
        "RELU",
        "MINIMUM",
    ]
    assert "GELU" not in operators(lambda x: x * 0.5 * (1 + jnp.tanh(0.8 * x)), X)
    assert_same(lambda x: jnp.where(x > 3.75, 1.0, jax.nn.relu(x)), X)
    assert_same(lambda x: jax.nn.relu(x) + (jnp.abs(x - 2) < 1e-4), X)


def test_what_is_read_elsewhere_stays():
    def function(x):
        inner = jnp.tanh(jnp.sqrt(2 / jnp.pi) * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + inner), inner

    assert "TANH" in operators(function, X)
    assert "GELU" in operators(function, X)
    assert_same(function, X)


def test_one_hot_and_classes():
    labels = np.int32([0, 3, 1])
    assert_same(lambda i: jax.nn.one_hot(i, 4), labels)
    assert_same(lambda x: jnp.argmax(x, -1), X)
