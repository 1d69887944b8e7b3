"""PAD before a "valid" convolution becomes "same" padding where it is the same."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ops import Conv2D, DepthwiseConv2D, Pad
from gossamer.passes.fold_padding import FOLD_PADDING
from tests.passes.graphs import Graph, apply, untouched


def padded(build, border, op, weights, size=8):
    widths = build.constant("widths", _int32([[0, 0], *border, [0, 0]]))
    x = build.given(1, size, size, 3)
    bias = build.floats("bias", weights[0] if weights[0] > 1 else weights[3])
    y = build.node(op, build.node(Pad(), x, widths), build.floats("w", *weights), bias)
    return build.model(y)


def _int32(values):
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("border", "stride", "size", "kernel"),
    [
        ([[1, 1], [1, 1]], 1, 8, 3),
        ([[0, 1], [0, 1]], 2, 8, 3),
        ([[1, 1], [1, 1]], 2, 7, 3),
        ([[2, 2], [2, 2]], 1, 8, 5),
        ([[1, 2], [1, 2]], 2, 8, 5),
    ],
)
def test_same_border(border, stride, size, kernel):
    conv = Conv2D("valid", stride, stride)
    model = padded(Graph(), border, conv, (4, kernel, kernel, 3), size)
    better, log = apply(model, FOLD_PADDING)
    assert [node.op for node in better.main.nodes] == [Conv2D("same", stride, stride)]
    assert len(log.done()) == 1


def test_depthwise():
    op = DepthwiseConv2D("valid", 2, 2, 1)
    model = padded(Graph(), [[0, 1], [0, 1]], op, (1, 3, 3, 3))
    better, _ = apply(model, FOLD_PADDING)
    assert [node.op.name for node in better.main.nodes] == ["DEPTHWISE_CONV_2D"]
    assert better.main.nodes[0].op.padding == "same"


@pytest.mark.parametrize(
    ("border", "op"),
    [
        ([[1, 1], [1, 1]], Conv2D("valid", 2, 2)),
        ([[3, 3], [3, 3]], Conv2D("valid", 1, 1)),
        ([[1, 0], [1, 0]], Conv2D("valid", 2, 2)),
    ],
)
def test_another_border_stays(border, op):
    log = untouched(padded(Graph(), border, op, (4, 3, 3, 3)), FOLD_PADDING)
    assert "that of 'same' is" in log[0]


def test_same_convolution_stays():
    model = padded(Graph(), [[1, 1], [1, 1]], Conv2D("same", 1, 1), (4, 3, 3, 3))
    untouched(model, FOLD_PADDING)
