"""Layers of large networks as cases: MobileNet, ResNet50, EfficientNet."""

from __future__ import annotations

from itertools import product

from gossamer.ops import Conv2D, DepthwiseConv2D, FullyConnected
from tests.ops import test_conv_2d as conv
from tests.ops import test_depthwise_conv_2d as depthwise
from tests.ops.contract import Case, Constant, Feed
from tests.ops.values import floats

CONVOLUTIONS = (
    ((1, 224, 224, 3), (32, 3, 3, 3), 2),
    ((1, 112, 112, 3), (64, 7, 7, 3), 2),
    ((1, 28, 28, 128), (128, 3, 3, 128), 1),
    ((1, 56, 56, 64), (256, 1, 1, 64), 1),
    ((1, 14, 14, 240), (40, 1, 1, 240), 1),
)
FILTERS = ((3, 1), (3, 2), (5, 1), (5, 2))
"""Sizes and strides of depthwise filters."""


def product_of(rows: int, depth: int, columns: int) -> Case:
    """A dense layer without bias."""
    inputs = Feed(floats(rows, depth)), Constant(floats(columns, depth)), None
    return Case(FullyConnected(), inputs)


def layers() -> list[Case]:
    """Convolutions in float, int8 and hybrid, and depthwise ones in float and int8."""
    made: list[Case] = [product_of(256, 512, 512)]
    for x, kernel, stride in CONVOLUTIONS:
        op = Conv2D("same", stride, stride, "relu6")
        made += [
            conv.plain(x, kernel, op),
            conv.fixed(x, kernel, op),
            conv.hybrid(x, kernel, 0),
        ]
    for (size, stride), channels in product(FILTERS, (96, 240)):
        op = DepthwiseConv2D("same", stride, stride, 1, "relu6")
        x, kernel = (1, 28, 28, channels), (1, size, size, channels)
        made += [depthwise.plain(x, kernel, op), depthwise.fixed(x, kernel, op)]
    return made
