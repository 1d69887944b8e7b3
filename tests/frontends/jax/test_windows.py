"""Convolutions and poolings of JAX in every layout, compared with JAX."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.frontends.jax.compare import assert_same, floats, operators

IMAGE = floats(2, 9, 8, 6)
KERNEL = jnp.asarray(floats(3, 2, 6, 4, seed=5, scale=0.5))
NHWC = ("NHWC", "HWIO", "NHWC")


def convolution(kernel, numbers=NHWC, **options):
    given = {"window_strides": (1, 1), "padding": "SAME", **options}
    return lambda x: lax.conv_general_dilated(
        x, kernel, dimension_numbers=numbers, **given
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["CONV_2D"]),
        ({"padding": "VALID"}, ["CONV_2D"]),
        ({"window_strides": (2, 3)}, ["CONV_2D"]),
        ({"rhs_dilation": (2, 3)}, ["CONV_2D"]),
        ({"rhs_dilation": (2, 1), "window_strides": (2, 2)}, ["CONV_2D"]),
        ({"padding": ((1, 2), (0, 3))}, ["PAD", "CONV_2D"]),
        ({"padding": ((-1, 2), (0, 0))}, ["PAD", "STRIDED_SLICE", "CONV_2D"]),
    ],
)
@pytest.mark.parametrize("free_axis", [None, 0])
def test_convolutions(options, expected, free_axis):
    function = convolution(KERNEL, **options)
    assert operators(function, IMAGE, free_axis=free_axis) == expected
    assert_same(function, IMAGE, free_axis=free_axis)


def test_a_bias_and_an_activation_are_part_of_it():
    bias = jnp.asarray(floats(4))
    convolve = convolution(KERNEL)
    assert operators(lambda x: jnp.maximum(convolve(x) + bias, 0), IMAGE) == ["CONV_2D"]
    assert_same(lambda x: jnp.maximum(convolve(x) + bias, 0), IMAGE)


@pytest.mark.parametrize(
    ("numbers", "image", "kernel"),
    [
        (("NCHW", "OIHW", "NCHW"), (2, 6, 9, 8), (4, 6, 3, 2)),
        (("NHWC", "OIHW", "NCHW"), (2, 9, 8, 6), (4, 6, 3, 2)),
        (("NWC", "WIO", "NWC"), (2, 9, 6), (3, 6, 4)),
        (("NCW", "OIW", "NCW"), (2, 6, 9), (4, 6, 3)),
        (("NDHWC", "DHWIO", "NDHWC"), (2, 5, 6, 7, 3), (2, 3, 2, 3, 4)),
        (("NCDHW", "OIDHW", "NCDHW"), (2, 3, 5, 6, 7), (4, 3, 2, 3, 2)),
    ],
)
def test_layouts(numbers, image, kernel):
    rank = len(image) - 2
    weights = jnp.asarray(floats(*kernel, seed=5, scale=0.5))
    function = convolution(weights, numbers, window_strides=(2,) * rank)
    assert_same(function, floats(*image), free_axis=0)


def test_groups():
    grouped = convolution(KERNEL[:, :, :3], feature_group_count=2)
    assert operators(grouped, IMAGE) == ["CONV_2D"]
    assert_same(grouped, IMAGE)
    deep = jnp.asarray(floats(3, 3, 1, 12, seed=4))
    depthwise = convolution(deep, feature_group_count=6, window_strides=(2, 2))
    assert operators(depthwise, IMAGE) == ["DEPTHWISE_CONV_2D"]
    assert_same(depthwise, IMAGE, free_axis=0)


def test_a_kernel_that_is_computed():
    def function(x, kernel):
        return convolution(kernel * 2)(x)

    assert_same(function, IMAGE, np.asarray(KERNEL))


@pytest.mark.parametrize("padding", ["SAME", "VALID", ((1, 1), (2, 0))])
@pytest.mark.parametrize("strides", [(2, 2), (3, 2), (2, 1)])
@pytest.mark.parametrize("free_axis", [None, 0])
def test_transposed_convolutions(padding, strides, free_axis):
    def function(x):
        return lax.conv_transpose(x, KERNEL, strides, padding)

    assert_same(function, IMAGE, free_axis=free_axis)


def test_transposed_convolutions_of_every_kind():
    line = jnp.asarray(floats(4, 3, 5, seed=5))
    assert_same(lambda x: lax.conv_transpose(x, line, (2,), "SAME"), floats(2, 7, 3))
    assert_same(
        lambda x: lax.conv_transpose(x, KERNEL, (2, 2), "VALID", rhs_dilation=(2, 3)),
        IMAGE,
    )
    grouped = convolution(
        KERNEL[:, :, :3],
        lhs_dilation=(2, 2),
        padding=((2, 1), (1, 0)),
        feature_group_count=2,
    )
    assert_same(grouped, IMAGE)


def test_a_transposed_convolution_is_one_operator():
    kernel = jnp.asarray(floats(3, 3, 6, 4))
    assert operators(
        lambda x: lax.conv_transpose(x, kernel, (2, 2), "VALID"), IMAGE
    ) == ["TRANSPOSE_CONV"]
    assert operators(
        lambda x: lax.conv_transpose(x, kernel, (2, 2), "SAME"), IMAGE
    ) == ["TRANSPOSE_CONV"]


def largest(x, size, strides, padding):
    return lax.reduce_window(x, -jnp.inf, lax.max, size, strides, padding)


def mean(x, size, strides, padding):
    total = lax.reduce_window(x, 0.0, lax.add, size, strides, padding)
    ones = jnp.ones(x.shape[1:])[None]
    return total / lax.reduce_window(ones, 0.0, lax.add, size, strides, padding)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("free_axis", [None, 0])
@pytest.mark.parametrize(
    ("function", "expected"), [(largest, "MAX_POOL_2D"), (mean, "AVERAGE_POOL_2D")]
)
def test_poolings(function, expected, padding, free_axis):
    def pool(x):
        return function(x, (1, 3, 2, 1), (1, 2, 2, 1), padding)

    assert operators(pool, IMAGE, free_axis=free_axis) == [expected]
    assert_same(pool, IMAGE, free_axis=free_axis)


def test_windows_of_every_kind():
    assert_same(lambda x: largest(x, (1, 1, 3, 2), (1, 1, 2, 2), "SAME"), IMAGE)
    assert_same(lambda x: largest(x, (1, 3, 1), (1, 2, 1), "VALID"), floats(2, 9, 4))
    assert_same(lambda x: largest(x, (3,), (2,), "SAME"), floats(9))
    assert_same(lambda x: largest(x, (2, 3), (2, 2), "VALID"), floats(8, 9))
    assert_same(
        lambda x: largest(x, (1, 2, 2, 2, 1), (1,) * 5, "SAME"), floats(1, 4, 5, 6, 2)
    )
    assert_same(
        lambda x: lax.reduce_window(
            x,
            jnp.inf,
            lax.min,
            (1, 3, 2, 1),
            (1, 2, 1, 1),
            ((0, 0), (1, 1), (0, 1), (0, 0)),
        ),
        IMAGE,
    )
    assert_same(
        lambda x: lax.reduce_window(
            x, 0.0, lax.add, (1, 2, 2, 1), (1, 1, 1, 1), "SAME"
        ),
        IMAGE,
    )
    assert_same(
        lambda x: lax.reduce_window(
            x,
            -jnp.inf,
            lax.max,
            (1, 2, 2, 1),
            (1, 1, 1, 1),
            "VALID",
            None,
            (1, 2, 3, 1),
        ),
        IMAGE,
    )
