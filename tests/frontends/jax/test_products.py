"""Matrix products, reductions and running sums of JAX, compared with JAX."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.frontends.jax.compare import assert_same, floats, integers, operators

X = floats(2, 3, 4)
W = jnp.asarray(floats(4, 5, seed=5))
H = jnp.asarray(floats(4, 2, 3, seed=6))

WITH_WEIGHTS = {
    "dense": (lambda x: x @ W, ["FULLY_CONNECTED"]),
    "dense_turned": (lambda x: jnp.einsum("btc,oc->bto", x, W.T), ["FULLY_CONNECTED"]),
    "heads": (
        lambda x: jnp.einsum("btc,chd->bthd", x, H),
        ["FULLY_CONNECTED", "RESHAPE"],
    ),
    "heads_joined": (
        lambda x: jnp.einsum("btc,tco->bo", x, jnp.asarray(floats(3, 4, 5))),
        ["RESHAPE", "FULLY_CONNECTED"],
    ),
    "weights_first": (
        lambda x: jnp.einsum("oc,btc->obt", W.T, x),
        ["FULLY_CONNECTED", "TRANSPOSE"],
    ),
    "vector": (lambda x: x @ W[:, 0], ["FULLY_CONNECTED", "RESHAPE"]),
    "middle": (
        lambda x: jnp.einsum("btc,to->boc", x, jnp.asarray(floats(3, 6))),
        ["TRANSPOSE", "FULLY_CONNECTED", "TRANSPOSE"],
    ),
}


@pytest.mark.parametrize("name", WITH_WEIGHTS)
@pytest.mark.parametrize("free_axis", [None, 0])
def test_products_with_weights(name, free_axis):
    function, expected = WITH_WEIGHTS[name]
    assert operators(function, X, free_axis=free_axis) == expected
    assert_same(function, X, free_axis=free_axis)


OF_TWO = {
    "attention_scores": ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)),
    "attention_values": ("bhqk,bkhd->bqhd", (2, 2, 3, 5), (2, 5, 2, 4)),
    "batched": ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    "batched_turned": ("bij,bkj->bik", (2, 3, 4), (2, 5, 4)),
    "both_turned": ("bji,bkj->bik", (2, 4, 3), (2, 5, 4)),
    "dot": ("i,i->", (4,), (4,)),
    "matrix": ("ij,jk->ik", (3, 4), (4, 5)),
    "outer": ("i,j->ij", (3,), (4,)),
    "several": ("ijk,jkl->il", (2, 3, 4), (3, 4, 5)),
}


@pytest.mark.parametrize("name", OF_TWO)
def test_products_of_two(name):
    equation, left, right = OF_TWO[name]
    assert_same(
        lambda x, y: jnp.einsum(equation, x, y), floats(*left), floats(*right, seed=8)
    )


def test_a_batched_product_needs_no_transpose():
    def function(x, y):
        return jnp.einsum("bij,bkj->bik", x, y)

    assert operators(function, X, floats(2, 5, 4)) == ["BATCH_MATMUL"]


def test_products_of_whole_numbers():
    assert_same(lambda x, y: x @ y, integers(3, 4), integers(4, 5))


REDUCTIONS = [
    jnp.all,
    jnp.any,
    jnp.argmax,
    jnp.argmin,
    jnp.max,
    jnp.mean,
    jnp.min,
    jnp.prod,
    jnp.std,
    jnp.sum,
    jnp.var,
]


@pytest.mark.parametrize("function", REDUCTIONS)
@pytest.mark.parametrize("axis", [1, -1])
def test_reductions(function, axis):
    x = X > 0 if function in (jnp.all, jnp.any) else X
    assert_same(lambda x: function(x, axis=axis), x, free_axis=0)
    assert_same(lambda x: function(x, axis=axis, keepdims=True), x)


def test_reductions_over_several_axes():
    assert_same(lambda x: (jnp.sum(x), jnp.max(x, (0, 2)), jnp.mean(x, (1, 2))), X)


def test_means_and_kept_axes_are_one_operator():
    assert operators(lambda x: x.mean(-1), X) == ["MEAN"]
    assert operators(lambda x: x.mean(-1, keepdims=True), X) == ["MEAN"]
    assert operators(lambda x: x.max(-1, keepdims=True), X) == ["REDUCE_MAX"]


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin"])
@pytest.mark.parametrize("reverse", [False, True])
def test_running(name, reverse):
    function = getattr(lax, name)
    assert_same(lambda x: function(x, axis=1, reverse=reverse), X)


def test_running_further():
    assert_same(lambda x: lax.cumlogsumexp(x, axis=2), X)
    assert_same(lambda x: jnp.cumsum(x, axis=0), integers(4, 3))
    assert_same(lambda x: lax.cummax(x, axis=0), integers(4, 3))
    assert_same(lambda x: lax.reduce_xor(x > 0, axes=(1,)), X)


def test_a_layer_normalization():
    scale, offset = jnp.asarray(floats(4)), jnp.asarray(floats(4, seed=9))

    def function(x):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + offset

    assert operators(function, X) == [
        "MEAN",
        "SUB",
        "SQUARE",
        "MEAN",
        "ADD",
        "RSQRT",
        "MUL",
        "MUL",
        "ADD",
    ]
    assert_same(function, X, free_axis=0)


def test_numpy_arrays_are_weights_too():
    kernel = floats(4, 5)
    assert operators(lambda x: jnp.dot(x, kernel), X) == ["FULLY_CONNECTED"]
    assert_same(lambda x: np.float32(2) * x @ kernel, X)
