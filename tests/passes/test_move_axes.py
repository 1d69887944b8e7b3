"""Layout operators move behind what they do not matter to, and cancel."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import (
    Add,
    Cast,
    Concatenation,
    Conv2D,
    ExpandDims,
    FullyConnected,
    Gelu,
    Maximum,
    Mean,
    MirrorPad,
    Mul,
    Pad,
    PRelu,
    ReduceMax,
    Relu,
    Reshape,
    Softmax,
    Squeeze,
    Sum,
    Transpose,
)
from gossamer.passes.move_axes import MOVE_AXES
from tests.passes.graphs import Graph, apply, names, untouched

BACK, FORTH = (0, 3, 1, 2), (0, 2, 3, 1)


def transposed(build, x, axes):
    return build.node(Transpose(), x, build.ints("axes", *axes))


def reshaped(build, x, *shape):
    return build.node(Reshape(), x, build.ints("shape", *shape))


def bordered(build, x, op, *values):
    pads = np.array([[0, 0], [1, 0], [0, 2], [1, 1]], np.int32)
    return build.node(op, x, build.constant("paddings", pads), *values)


# x (2, 3, 4, 5) as (2, 5, 3, 4), something, and back.
BETWEEN = {
    "an activation": lambda b, x: b.node(Relu(), x),
    "a curve": lambda b, x: b.node(Gelu(), x),
    "a cast": lambda b, x: b.node(Cast(DType.FLOAT32, DType.FLOAT32), x),
    "a factor per channel": lambda b, x: b.node(Mul(), x, b.floats("c", 5, 1, 1)),
    "a whole constant": lambda b, x: b.node(Add(), b.floats("c", 5, 3, 4), x),
    "a number": lambda b, x: b.node(Maximum(), x, b.floats("c")),
    "itself": lambda b, x: b.node(Mul(), x, x),
    "a slope per channel": lambda b, x: b.node(PRelu(), x, b.floats("c", 5, 1, 1)),
    "zeros around": lambda b, x: bordered(b, x, Pad()),
    "a mirror": lambda b, x: bordered(b, x, MirrorPad("reflect")),
    "a mean that is kept": lambda b, x: b.node(
        Mean(keep_dims=True), x, b.ints("over", 1, -1)
    ),
    "more channels": lambda b, x: b.node(Concatenation(1), x, b.node(Relu(), x)),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_transposes_cancel_around(name):
    build = Graph()
    inner = transposed(build, build.given(2, 3, 4, 5), BACK)
    model = build.model(transposed(build, BETWEEN[name](build, inner), FORTH))
    end = build.node(Relu(), model.main.outputs[0])
    better, log = apply(build.model(end), MOVE_AXES)
    assert "TRANSPOSE" not in names(better)
    assert log.done()


@pytest.mark.parametrize("op", [Sum(), ReduceMax()])
@pytest.mark.parametrize("axes", [(2, 3), (1,), (0, 2, 3)])
def test_what_a_reduction_leaves(op, axes):
    build = Graph()
    inner = transposed(build, build.given(2, 3, 4, 5), BACK)
    y = build.node(op, inner, build.ints("over", *axes))
    better, _ = apply(build.model(build.node(Relu(), y)), MOVE_AXES)
    assert "TRANSPOSE" not in names(better)


def test_axes_of_size_one_that_are_put_back():
    build = Graph()
    flat = reshaped(build, build.given(2, 1, 4, 5), 2, 4, 5)
    y = build.node(Add(), build.node(Relu(), flat), build.floats("c", 4, 1))
    better, _ = apply(
        build.model(
            build.node(Gelu(), build.node(ExpandDims(), y, build.ints("a", 1)))
        ),
        MOVE_AXES,
    )
    assert names(better) == ["RELU", "ADD", "GELU"]


def test_rows_that_stay_the_last_axis():
    build = Graph()
    flat = build.node(Squeeze((1,)), build.given(2, 1, 4, 5))
    weights = build.floats("w", 3, 5)
    y = build.node(FullyConnected(keep_num_dims=True), flat, weights, None)
    y = reshaped(build, build.node(Softmax(1.0), y), 2, 1, 4, 3)
    better, _ = apply(build.model(build.node(Relu(), y)), MOVE_AXES)
    assert names(better) == ["FULLY_CONNECTED", "SOFTMAX", "RELU"]


def test_a_mean_of_a_flat_signal_takes_its_axis_of_size_one():
    build = Graph()
    flat = reshaped(build, build.given(2, 1, 4, 5), 2, 4, 5)
    y = build.node(Mean(), build.node(Relu(), flat), build.ints("over", 1))
    better, _ = apply(build.model(build.node(Relu(), y)), MOVE_AXES)
    assert names(better) == ["RELU", "MEAN", "RELU"]


def test_arithmetic_meets_the_convolution_before_it():
    build = Graph()
    weights = build.floats("w", 3, 1, 2, 5)
    op = Conv2D("same", stride_w=1, stride_h=1)
    y = build.node(op, build.given(2, 1, 4, 5), weights, build.floats("b", 3))
    y = build.node(Mul(), reshaped(build, y, 2, 4, 3), build.floats("c", 3))
    better, _ = apply(build.model(y), MOVE_AXES)
    assert names(better) == ["CONV_2D", "MUL", "RESHAPE"]


def test_an_output_in_the_middle_is_still_computed():
    build = Graph()
    middle = build.node(Relu(), transposed(build, build.given(2, 3, 4, 5), BACK))
    other = build.node(Gelu(), transposed(build, middle, FORTH))
    third = build.node(Relu(), transposed(build, middle, FORTH))
    better, _ = apply(build.model(middle, other, third), MOVE_AXES)
    assert names(better).count("TRANSPOSE") == 1


def test_an_output_that_is_the_input_again():
    build = Graph()
    y = transposed(build, transposed(build, build.given(2, 3, 4, 5), BACK), FORTH)
    better, _ = apply(build.model(y), MOVE_AXES)
    assert names(better) == ["RESHAPE"]


def _softmax_over_channels(build, x):
    return build.node(Softmax(1.0), transposed(build, x, BACK))


def _one_way(build, x):
    return build.node(Relu(), transposed(build, x, BACK))


def _with_another(build, x):
    y = transposed(build, x, BACK)
    return build.node(Add(), y, build.given(2, 5, 3, 4, name="y"))


@pytest.mark.parametrize("make", [_softmax_over_channels, _one_way, _with_another])
def test_nothing_moves_where_nothing_cancels(make):
    build = Graph()
    untouched(build.model(make(build, build.given(2, 3, 4, 5))), MOVE_AXES)
