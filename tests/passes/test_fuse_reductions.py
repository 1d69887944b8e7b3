"""Reductions keep their axes, sums become means, factors and results are joined."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ops import (
    Add,
    Div,
    Exp,
    ExpandDims,
    Mul,
    RandomUniform,
    ReduceMax,
    Reshape,
    Sum,
    Tanh,
)
from gossamer.passes.fuse_keep_dims import FUSE_KEEP_DIMS
from gossamer.passes.fuse_mean import FUSE_MEAN
from gossamer.passes.merge_factors import MERGE_FACTORS
from gossamer.passes.share_results import SHARE_RESULTS
from tests.passes.graphs import Graph, apply, names, untouched


def scalar(build, value):
    return build.constant("scalar", np.float32(value))


def test_a_reshape_that_puts_axes_back():
    build = Graph()
    total = build.node(Sum(), build.given(2, 3, 4), build.ints("axes", 1))
    y = build.node(Reshape(), total, build.ints("shape", 2, 1, 4))
    better, _ = apply(build.model(y), FUSE_KEEP_DIMS)
    assert [node.op for node in better.main.nodes] == [Sum(keep_dims=True)]


def test_an_axis_that_is_put_back():
    build = Graph()
    most = build.node(ReduceMax(), build.given(2, 3), build.ints("axes", -1))
    y = build.node(ExpandDims(), most, build.ints("axis", 1))
    better, _ = apply(build.model(y), FUSE_KEEP_DIMS)
    assert [node.op for node in better.main.nodes] == [ReduceMax(keep_dims=True)]


def test_axes_put_elsewhere():
    build = Graph()
    total = build.node(Sum(), build.given(2, 3, 4), build.ints("axes", 1))
    y = build.node(Reshape(), total, build.ints("shape", 1, 2, 4))
    reasons = untouched(build.model(y), FUSE_KEEP_DIMS)
    assert reasons == ["it does not put the axes of SUM back in their places"]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("divides", [True, False])
def test_a_mean(keep, divides):
    build = Graph()
    total = build.node(Sum(keep), build.given(2, 3, 4), build.ints("axes", 1, 2))
    factor = scalar(build, 12 if divides else 1 / 12)
    y = build.node(Div() if divides else Mul(), total, factor)
    better, _ = apply(build.model(y), FUSE_MEAN)
    assert names(better) == ["MEAN"]
    assert better.main.nodes[0].op.keep_dims is keep


def test_what_is_no_mean():
    build = Graph()
    total = build.node(Sum(), build.given(2, 3), build.ints("axes", 1))
    (reason,) = untouched(
        build.model(build.node(Div(), total, scalar(build, 4))), FUSE_MEAN
    )
    assert reason == "the sum of 3 elements is multiplied by 0.25"
    build = Graph()
    total = build.node(Sum(), build.given(2, 3), build.ints("axes", 1))
    divided = build.node(Div("relu"), total, scalar(build, 3))
    (reason,) = untouched(build.model(divided), FUSE_MEAN)
    assert reason == "DIV has a fused activation"
    build = Graph()
    total = build.node(Sum(), build.given(-1, 3), build.ints("axes", 0))
    (reason,) = untouched(
        build.model(build.node(Div(), total, scalar(build, 3))), FUSE_MEAN
    )
    assert reason == "the number of elements that are summed is free"
    build = Graph()
    total = build.node(Sum(), build.given(2, 3), build.ints("axes", 1))
    model = build.model(build.node(Div(), scalar(build, 3), total))
    assert untouched(model, FUSE_MEAN) == []


def test_factors_in_a_row():
    build = Graph()
    y = build.node(Mul(), build.given(2, 3), build.floats("a", 3))
    y = build.node(Mul(), scalar(build, 2.0), y)
    y = build.node(Div("relu"), y, scalar(build, 0.5))
    better, _ = apply(build.model(y), MERGE_FACTORS)
    assert [node.op for node in better.main.nodes] == [Mul("relu")]


def test_factors_that_stay():
    build = Graph()
    y = build.node(Mul("relu"), build.given(2, 3), scalar(build, 2.0))
    (reason,) = untouched(
        build.model(build.node(Mul(), y, scalar(build, 3.0))), MERGE_FACTORS
    )
    assert reason == "MUL has a fused activation in between"
    build = Graph()
    y = build.node(Mul(), build.given(2, 3), scalar(build, 2.0))
    (reason,) = untouched(
        build.model(build.node(Div(), y, scalar(build, 0.0))), MERGE_FACTORS
    )
    assert reason == "the product of the constants is not finite"
    build = Graph()
    y = build.node(Mul(), build.given(3), build.floats("a", 2, 3))
    (reason,) = untouched(
        build.model(build.node(Mul(), y, scalar(build, 3.0))), MERGE_FACTORS
    )
    assert reason == "the constants give the result another shape"
    build = Graph()
    divided = build.node(Div(), scalar(build, 1.0), build.given(2, 3))
    model = build.model(build.node(Mul(), divided, scalar(build, 3.0)))
    assert untouched(model, MERGE_FACTORS) == []


def test_what_is_computed_twice():
    build = Graph()
    x = build.given(2, 3)
    one = build.node(Sum(), build.node(Exp(), x), build.ints("axes", 1))
    other = build.node(Sum(), build.node(Exp(), x), build.ints("axes", 1))
    better, log = apply(build.model(build.node(Add(), one, other)), SHARE_RESULTS)
    assert names(better) == ["EXP", "SUM", "ADD"]
    assert len(log.done()) == 2


def test_what_is_computed_alike_but_for_an_axis():
    build = Graph()
    x = build.given(3, 3)
    one = build.node(Sum(), x, build.ints("axes", 0))
    other = build.node(Sum(), x, build.ints("axes", 1))
    assert untouched(build.model(build.node(Add(), one, other)), SHARE_RESULTS) == []


def test_two_outputs_stay_two():
    build = Graph()
    x = build.given(2, 3)
    model = build.model(build.node(Tanh(), x), build.node(Tanh(), x))
    (reason,) = untouched(model, SHARE_RESULTS)
    assert reason.startswith("it computes an output")


def test_random_numbers_stay_apart():
    build = Graph()
    shape = build.ints("shape", 2, 3)
    one, other = (build.node(RandomUniform(), shape) for _ in range(2))
    model = build.model(build.node(Add(), one, other))
    assert names(model) == ["RANDOM_UNIFORM", "RANDOM_UNIFORM", "ADD"]
    assert untouched(model, SHARE_RESULTS) == []
