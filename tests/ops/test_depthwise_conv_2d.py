from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import DepthwiseConv2D
from tests.ops.contract import Case, Constant, Feed, check, prepare
from tests.ops.values import bias, feed, floats, integers, scale, weights


def plain(x: tuple[int, ...], kernel: tuple[int, ...], op: DepthwiseConv2D) -> Case:
    inputs = (
        Feed(floats(*x)),
        Constant(floats(*kernel)),
        Constant(floats(kernel[3])),
    )
    return Case(op, inputs, name=f"{x}-{kernel}-{op!r}")


def fixed(
    x: tuple[int, ...],
    kernel: tuple[int, ...],
    op: DepthwiseConv2D,
    zero_points: tuple[int, int] = (-7, 4),
    out_scale: float = 0.1,
) -> Case:
    given = weights(kernel, 3)
    inputs = (
        feed(np.int8, x, scale(0.02, zero_points[0])),
        given,
        bias(0.02, given, kernel[3], np.int32),
    )
    return Case(op, inputs, scale(out_scale, zero_points[1]))


FLOAT = [
    plain(
        (2, 7, 9, 3),
        (1, kernel, kernel, 3 * multiplier),
        DepthwiseConv2D(padding, *strides, multiplier, "none", *dilation),
    )
    for padding, kernel, multiplier, (strides, dilation) in product(
        ("same", "valid"),
        (2, 3),
        (1, 2),
        (((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2))),
    )
] + [
    plain((1, 5, 1, 8), (1, 3, 3, 8), DepthwiseConv2D("same", 2, 2, 1, "relu6")),
    plain((1, 4, 4, 1), (1, 1, 1, 5), DepthwiseConv2D("valid", 1, 1, 5, "relu")),
    plain((1, 6, 19, 5), (1, 3, 7, 5), DepthwiseConv2D("same", 1, 1, 1)),
    plain((1, 3, 30, 5), (1, 1, 11, 5), DepthwiseConv2D("same", 1, 1, 1)),
    plain((1, 4, 14, 20), (1, 5, 5, 20), DepthwiseConv2D("same", 1, 1, 1)),
    plain((2, 7, 7, 16), (1, 5, 5, 16), DepthwiseConv2D("same", 1, 1, 1, "relu6")),
    plain((1, 8, 31, 5), (1, 3, 3, 5), DepthwiseConv2D("same", 2, 2, 1)),
    plain((1, 12, 28, 17), (1, 5, 5, 17), DepthwiseConv2D("same", 2, 2, 1, "relu")),
    plain((1, 10, 21, 4), (1, 3, 5, 4), DepthwiseConv2D("same", 1, 1, 1, "none", 3, 2)),
    plain((1, 2, 15, 3), (1, 2, 5, 3), DepthwiseConv2D("valid", 1, 1, 1)),
]

INTEGER = [
    fixed((2, 9, 7, 8), (1, 3, 3, 8), DepthwiseConv2D("same", 1, 1, 1)),
    fixed((1, 9, 7, 8), (1, 3, 3, 8), DepthwiseConv2D("same", 2, 2, 1, "relu6")),
    fixed((1, 9, 7, 3), (1, 3, 3, 12), DepthwiseConv2D("valid", 1, 1, 4), (127, -128)),
    fixed(
        (1, 16, 16, 16),
        (1, 5, 5, 16),
        DepthwiseConv2D("same", 1, 1, 1, "relu", 2, 2),
        (-128, -128),
    ),
    fixed((1, 4, 4, 2), (1, 1, 1, 2), DepthwiseConv2D("same", 1, 1, 1), (0, 0), 1e-5),
    fixed((1, 6, 19, 5), (1, 3, 7, 5), DepthwiseConv2D("same", 1, 1, 1)),
    fixed((1, 3, 30, 5), (1, 1, 11, 5), DepthwiseConv2D("same", 1, 1, 1)),
    fixed((1, 20, 31, 5), (1, 11, 11, 5), DepthwiseConv2D("same", 2, 2, 1)),
    Case(
        DepthwiseConv2D("same", 1, 1, 1),
        (
            feed(np.int16, (1, 7, 7, 8), scale(0.0002)),
            given := weights((1, 3, 3, 8), 3),
            bias(0.0002, given, 8, np.int64),
        ),
        scale(0.001),
    ),
    Case(
        DepthwiseConv2D("same", 1, 1, 1),
        (
            feed(np.uint8, (1, 7, 7, 8), scale(0.02, 100)),
            Constant(integers(np.uint8, 1, 3, 3, 8), scale(0.02, 130)),
            Constant(np.arange(8, dtype=np.int32) * 300, scale(0.0004)),
        ),
        scale(0.1, 3),
    ),
]

HYBRID = [
    Case(
        DepthwiseConv2D("same", 2, 2, multiplier, "relu"),
        (
            Feed(floats(3, 9, 9, 8)),
            weights((1, 3, 3, 8 * multiplier), 3),
            Constant(floats(8 * multiplier)),
        ),
    )
    for multiplier in (1, 2)
]


@pytest.mark.parametrize("case", FLOAT + INTEGER + HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("op", "kernel", "words"),
    [
        (DepthwiseConv2D("same", 1, 0, 1), (1, 3, 3, 4), "stride"),
        (DepthwiseConv2D("same", 1, 1, 1), (1, 3, 3, 5), "multiple"),
        (DepthwiseConv2D("same", 1, 1, 1), (2, 3, 3, 4), "first axis"),
        (DepthwiseConv2D("full", 1, 1, 1), (1, 3, 3, 4), "padding"),
    ],
)
def test_inputs_that_do_not_fit(
    op: DepthwiseConv2D, kernel: tuple[int, ...], words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(Case(op, (Feed(floats(1, 4, 4, 4)), Constant(floats(*kernel)))))
