"""Element-wise primitives of JAX, compared with JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.frontends.jax.compare import assert_same, floats, integers, operators

X = floats(2, 3, 4)
POSITIVE = np.abs(X) + 0.1
SMALL = np.tanh(X) * 0.9

UNARY = {
    "abs": (jnp.abs, X),
    "acos": (jnp.arccos, SMALL),
    "acosh": (jnp.arccosh, POSITIVE + 1),
    "asin": (jnp.arcsin, SMALL),
    "asinh": (jnp.arcsinh, X),
    "atan": (jnp.arctan, X),
    "atanh": (jnp.arctanh, SMALL),
    "cbrt": (jnp.cbrt, X),
    "ceil": (jnp.ceil, X),
    "cos": (jnp.cos, X),
    "cosh": (jnp.cosh, X),
    "erf": (lax.erf, X),
    "erfc": (lax.erfc, X),
    "exp": (jnp.exp, X),
    "exp2": (jnp.exp2, X),
    "expm1": (jnp.expm1, X),
    "floor": (jnp.floor, X),
    "is_finite": (jnp.isfinite, np.float32([1, np.inf, -np.inf, np.nan])),
    "log": (jnp.log, POSITIVE),
    "log1p": (jnp.log1p, POSITIVE),
    "logistic": (lax.logistic, X),
    "nan_to_num": (jnp.nan_to_num, np.float32([1, np.inf, -np.inf, np.nan])),
    "neg": (jnp.negative, X),
    "power_0": (lambda x: x**0, X),
    "power_3": (lambda x: x**3, X),
    "power_5": (lambda x: x**5, X),
    "power_-2": (lambda x: x**-2, POSITIVE),
    "power_half": (lambda x: x**0.5, POSITIVE),
    "reciprocal": (jnp.reciprocal, POSITIVE),
    "round": (jnp.round, X),
    "round_away": (lax.round, X),
    "rsqrt": (lax.rsqrt, POSITIVE),
    "sign": (jnp.sign, X),
    "sin": (jnp.sin, X),
    "sinh": (jnp.sinh, X),
    "sqrt": (jnp.sqrt, POSITIVE),
    "square": (jnp.square, X),
    "tan": (jnp.tan, SMALL),
    "tanh": (jnp.tanh, X),
}
BINARY = {
    "add": jnp.add,
    "atan2": jnp.arctan2,
    "divide": jnp.divide,
    "equal": jnp.equal,
    "floor_divide": jnp.floor_divide,
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "logaddexp": jnp.logaddexp,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "mod": jnp.mod,
    "multiply": jnp.multiply,
    "not_equal": jnp.not_equal,
    "remainder": lax.rem,
    "subtract": jnp.subtract,
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("free_axis", [None, 0])
def test_unary(name, free_axis):
    function, x = UNARY[name]
    assert_same(function, x, free_axis=free_axis)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    other = floats(2, 3, 4, seed=4)
    assert_same(BINARY[name], X, other)


@pytest.mark.parametrize("name", [name for name in BINARY if name != "remainder"])
def test_shapes_that_are_stretched(name):
    assert_same(BINARY[name], X, floats(3, 1, seed=4))


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint8"])
@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "less", "floor_divide"])
def test_whole_numbers(name, dtype):
    x = integers(3, 4, low=1, high=100).astype(dtype)
    y = integers(3, 4, low=1, high=9, seed=5).astype(dtype)
    assert_same(BINARY[name], x, y)


def test_whole_powers_signs_and_bits():
    x = integers(3, 4, low=-9, high=9)
    assert_same(lambda x: (x**3, jnp.sign(x), ~x, x ^ 5, x >> 1, x << 2, -x), x)


def test_logic():
    x, y = X > 0, floats(2, 3, 4, seed=5) > 0
    assert_same(lambda x, y: (x & y, x | y, x ^ y, ~x, jnp.where(x, 1.0, 2.0)), x, y)


def test_choice():
    x, y = floats(3, 4), floats(3, 4, seed=4)
    assert_same(lambda x, y: jnp.where(x > y, x, 0.0), x, y)
    which = integers(3, 4, high=3)
    assert_same(lambda w, x, y: lax.select_n(w, x, y, x * y), which, x, y)
    assert_same(lambda x: jnp.clip(x, -0.5, 0.25), x)
    assert_same(lambda x: lax.clamp(-0.5, x, 0.25), x)
    assert_same(lambda x: jnp.clip(x, jnp.zeros(4), jnp.ones(4)), x)


def test_types():
    assert_same(lambda x: x.astype(jnp.int32), X)
    assert_same(lambda x: x.astype(bool), np.float32([0, 1, -2]))
    assert_same(lambda x: x.astype(jnp.float32) / 3, integers(3, 4))
    assert_same(lambda x: lax.bitcast_convert_type(x, jnp.int32), X)


def test_half_floats_are_computed_in_float32():
    def function(x):
        return (x.astype(jnp.bfloat16) * 2).astype(jnp.float32)

    assert operators(function, X) == ["MUL"]


def test_what_is_known_is_computed_at_once():
    table = floats(5, 4)

    def function(x):
        angles = jnp.sin(jnp.arange(4) * 0.1) + jnp.asarray(table).sum(0)
        noise = jax.random.normal(jax.random.key(0), (4,))
        return x * (angles + noise)

    assert operators(function, X) == ["MUL"]
    assert_same(function, X)


def test_broadcasts_cost_nothing():
    bias = floats(4)
    assert operators(lambda x: x + bias, X, free_axis=0) == ["ADD"]
    assert operators(lambda x: x + jnp.ones((2, 3, 4)) * 2, X) == ["ADD"]


def test_an_output_that_is_stretched():
    assert_same(lambda x: jnp.broadcast_to(x, (5, 2, 3, 4)), X)
    assert_same(lambda x: jnp.broadcast_to(x[:, :1], x.shape) * 1.0, X, free_axis=0)
    assert_same(lambda x: x[:, None] + jnp.zeros((2, 7, 3, 4)), X)


def test_outputs_that_are_inputs_known_or_the_same():
    assert_same(lambda x: (x, x, x + 1), X)
    assert_same(lambda x: (jnp.ones((2, 2)), x * 2), X)

    def twice(x):
        y = x * 2
        return y, y

    assert_same(twice, X)
