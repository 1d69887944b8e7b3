"""The steps of a softmax become one operator."""

from __future__ import annotations

import pytest

from gossamer.ops import Div, Exp, Log, ReduceMax, Sub, Sum, Transpose
from gossamer.passes.fuse_softmax import FUSE_SOFTMAX
from gossamer.passes.remove_dead import REMOVE_DEAD
from tests.passes.graphs import Graph, apply, names, untouched


def steps(build, x, axis, *, shift=True, keep=True):
    """exp(x - max(x)), and its sum."""
    axes = build.ints("axes", axis)
    if shift:
        x = build.node(Sub(), x, build.node(ReduceMax(keep_dims=True), x, axes))
    powers = build.node(Exp(), x)
    return x, powers, build.node(Sum(keep_dims=keep), powers, axes)


@pytest.mark.parametrize("shift", [True, False])
@pytest.mark.parametrize("axis", [-1, 2])
def test_a_softmax(shift, axis):
    build = Graph()
    _, powers, total = steps(build, build.given(2, 3, 4), axis, shift=shift)
    model = build.model(build.node(Div(), powers, total))
    better, log = apply(model, FUSE_SOFTMAX, REMOVE_DEAD)
    assert names(better) == ["SOFTMAX"]
    assert better.main.nodes[0].input(0) is better.main.inputs[0]
    assert log.done()[0].pass_name == "fuse_softmax"


def test_its_logarithm():
    build = Graph()
    shifted, _, total = steps(build, build.given(2, 4), 1)
    model = build.model(build.node(Sub(), shifted, build.node(Log(), total)))
    better, _ = apply(model, FUSE_SOFTMAX, REMOVE_DEAD)
    assert names(better) == ["LOG_SOFTMAX"]


def test_what_else_is_read_stays():
    build = Graph()
    _, powers, total = steps(build, build.given(2, 4), 1)
    model = build.model(build.node(Div(), powers, total), powers)
    better, _ = apply(model, FUSE_SOFTMAX, REMOVE_DEAD)
    assert names(better) == ["REDUCE_MAX", "SUB", "EXP", "SOFTMAX"]


def test_reasons_to_decline():
    build = Graph()
    _, powers, total = steps(build, build.given(2, 3, 4), 1)
    reasons = untouched(build.model(build.node(Div(), powers, total)), FUSE_SOFTMAX)
    assert reasons == ["it is along axes [1]; the operator is along the last"]
    build = Graph()
    _, powers, total = steps(build, build.given(4), 0, keep=False)
    reasons = untouched(build.model(build.node(Div(), powers, total)), FUSE_SOFTMAX)
    assert reasons == ["its sum does not keep the axis"]


def test_what_only_looks_alike_stays():
    build = Graph()
    x = build.given(2, 4)
    _, powers, total = steps(build, x, 1)
    other = build.node(Exp(), x)
    assert untouched(build.model(build.node(Div(), other, total)), FUSE_SOFTMAX) == []
    turned = build.node(Transpose(), powers, build.ints("order", 0, 1))
    assert untouched(build.model(build.node(Div(), turned, total)), FUSE_SOFTMAX) == []


def test_a_shift_by_something_else_is_kept():
    build = Graph()
    x, y = build.given(2, 4), build.given(2, 1, name="y")
    shifted = build.node(Sub(), x, y)
    powers = build.node(Exp(), shifted)
    total = build.node(Sum(keep_dims=True), powers, build.ints("axes", 1))
    better, _ = apply(
        build.model(build.node(Div(), powers, total)), FUSE_SOFTMAX, REMOVE_DEAD
    )
    assert names(better) == ["SUB", "SOFTMAX"]
