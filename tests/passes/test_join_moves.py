"""Two moves in a row are one."""

from __future__ import annotations

from gossamer.ops import Reshape, Transpose
from gossamer.passes.join_moves import JOIN_MOVES
from gossamer.passes.remove_identity import REMOVE_IDENTITY
from tests.passes.graphs import Graph, apply, names, untouched


def test_reshapes_are_joined():
    build = Graph()
    first = build.node(Reshape(), build.given(2, 3, 4), build.ints("a", 6, 4))
    second = build.node(Reshape(), first, build.ints("b", 4, -1))
    better, _ = apply(build.model(second), JOIN_MOVES)
    assert names(better) == ["RESHAPE"]


def test_transposes_are_joined_until_nothing_is_left():
    build = Graph()
    y = build.given(2, 3, 4)
    for index in range(3):
        y = build.node(Transpose(), y, build.ints(f"axes{index}", 1, 2, 0))
    better, _ = apply(
        build.model(build.node(Reshape(), y, build.ints("s", 24))), JOIN_MOVES
    )
    assert names(better) == ["TRANSPOSE", "RESHAPE"]
    better, _ = apply(better, REMOVE_IDENTITY)
    assert names(better) == ["RESHAPE"]


def test_what_is_read_elsewhere_stays():
    build = Graph()
    first = build.node(Reshape(), build.given(2, 3, 4), build.ints("a", 6, 4))
    second = build.node(Reshape(), first, build.ints("b", 24))
    declined = untouched(build.model(first, second), JOIN_MOVES)
    assert declined == ["'reshape' is read elsewhere too"]


def test_an_order_that_a_run_computes_is_left_alone():
    build = Graph()
    x, axes = build.given(2, 3), build.ints("axes", 1, 0)
    order = build.input("order", axes.type)
    y = build.node(Transpose(), build.node(Transpose(), x, order), axes)
    model = build.model(y)
    reason = "an order of axes is known only when the model runs"
    assert untouched(model, JOIN_MOVES) == [reason]
